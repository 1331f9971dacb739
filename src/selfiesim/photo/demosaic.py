"""Demosaicing, from one colour per pixel to three, by Malvar, He and Cutler, ICASSP 2004 (filters of their figure 2).

The package colour-demosaicing gives the same colours, as the tests verify, but takes 0.19 s for 1920x1080 where this
takes 0.035 s and a whole photograph may take 0.25 s, and it depends on a hundred megabytes of colour science. OpenCV
has other filters for 16 bits.
"""

from __future__ import annotations

import numpy as np

from selfiesim.photo.optics import Floats

MARGIN = 2
"""Rows and columns that the filters need beyond each edge."""


def pad_mosaic(raw: Floats) -> Floats:
    """Pad a mosaic (H, W) to even height and width plus margins, mirrored so that the colour pattern continues."""
    height, width = raw.shape
    return np.pad(raw, ((MARGIN, MARGIN + height % 2), (MARGIN, MARGIN + width % 2)), mode="reflect")


# Long for its docstring.
def demosaic(raw: Floats) -> Floats:
    """Interpolate colours.

    Parameters
    ----------
    raw : (h + 4, w + 4) float32
        RGGB mosaic with its margins, red in the upper left corner; h and w even.

    Returns
    -------
    (3, h, w) float32
        Red, green and blue planes.
    """
    height, width = raw.shape[0] - 2 * MARGIN, raw.shape[1] - 2 * MARGIN
    out = np.empty((3, height, width), np.float32)

    def tap(row: int, column: int, down: int, right: int) -> Floats:
        top, left = MARGIN + row + down, MARGIN + column + right
        return raw[top : top + height - 1 : 2, left : left + width - 1 : 2]

    for row in (0, 1):
        for column in (0, 1):
            at = np.s_[row::2, column::2]
            here = tap(row, column, 0, 0)
            beside = tap(row, column, 0, -1) + tap(row, column, 0, 1)
            above = tap(row, column, -1, 0) + tap(row, column, 1, 0)
            far_beside = tap(row, column, 0, -2) + tap(row, column, 0, 2)
            far_above = tap(row, column, -2, 0) + tap(row, column, 2, 0)
            diagonal = sum(tap(row, column, down, right) for down in (-1, 1) for right in (-1, 1))
            if row == column:
                own, other = (0, 2) if row == 0 else (2, 0)
                out[own][at] = here
                out[1][at] = 0.5 * here + 0.25 * (beside + above) - 0.125 * (far_beside + far_above)
                out[other][at] = 0.75 * here + 0.25 * diagonal - 0.1875 * (far_beside + far_above)
            else:
                along, across = (0, 2) if row == 0 else (2, 0)
                out[1][at] = here
                out[along][at] = (
                    0.625 * here + 0.5 * beside - 0.125 * (diagonal + far_beside) + 0.0625 * far_above
                )  # fmt: skip
                out[across][at] = (
                    0.625 * here + 0.5 * above - 0.125 * (diagonal + far_above) + 0.0625 * far_beside
                )  # fmt: skip
    return out
