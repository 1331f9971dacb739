"""From one colour a pixel to three: Malvar, He and Cutler, ICASSP 2004, table of filters in their figure 2.

Own code in place of colour-demosaicing, which gives the same colours in the tests: that takes 0.19 s for 1920x1080,
this 0.035 s, and a whole photograph may take 0.25 s; and it brings a hundred megabytes of colour science. OpenCV's
for 16 bits follow other filters.
"""

from __future__ import annotations

import numpy as np

from selfiesim.photo.optics import Floats

MARGIN = 2
"""Rows and columns that a band needs on each side."""


def pad_mosaic(raw: Floats) -> Floats:
    """A mosaic (H, W) with a margin mirrored so that colours fall on colours, and even height and width within."""
    height, width = raw.shape
    return np.pad(raw, ((MARGIN, MARGIN + height % 2), (MARGIN, MARGIN + width % 2)), mode="reflect")


def demosaic(raw: Floats) -> Floats:
    """Colours (3, h, w) of a mosaic (h + 4, w + 4) with its margin; red in the upper left corner, h and w even."""
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
