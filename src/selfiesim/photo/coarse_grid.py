"""The coarse grid, cells of 8 by 8 pixels, on which slowly varying light such as veiling glare is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.parallel import for_each_band

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera

Floats = NDArray[np.float32]

COARSE_CELL_PX = 8
"""Pixels across a cell."""


def block_mean(planes: Floats) -> Floats:
    """Mean (3, h, w) of ``planes`` (3, H, W) over each cell of the coarse grid; pixels beyond the edges count as 0."""
    height, width = planes.shape[1:]
    ragged = (-height % COARSE_CELL_PX, -width % COARSE_CELL_PX)
    if any(ragged):
        planes = np.pad(planes, ((0, 0), (0, ragged[0]), (0, ragged[1])))
    out = np.empty((3, planes.shape[1] // COARSE_CELL_PX, planes.shape[2] // COARSE_CELL_PX), np.float32)

    def work(_number: int, rows: slice) -> None:
        tall = planes[:, rows].reshape(3, -1, COARSE_CELL_PX, planes.shape[2]).sum(axis=2)
        cells = tall.reshape(3, len(tall[0]), -1, COARSE_CELL_PX).sum(axis=-1)
        out[:, rows.start // COARSE_CELL_PX : rows.start // COARSE_CELL_PX + cells.shape[1]] = cells / np.float32(
            COARSE_CELL_PX**2
        )

    for_each_band(planes.shape[1], work)
    return out


def coarse_row_range(top: int, height: int, picture_height: int) -> slice:
    """Rows of the coarse grid from which ``height`` rows of a picture, from ``top`` on, can be interpolated."""
    last = -(-picture_height // COARSE_CELL_PX)
    first = min(max((top - COARSE_CELL_PX) // COARSE_CELL_PX, 0), max(last - 2, 0))
    return slice(first, min(max((top + height) // COARSE_CELL_PX + 2, first + 2), last))


def coarse_cell_centres(camera: Camera, rows: slice) -> NDArray[np.float64]:
    """Pixel coordinates (h, w, 2), x and y, of the cell centres in some rows of the coarse grid."""
    x = (np.arange(-(-camera.width // COARSE_CELL_PX)) + 0.5) * COARSE_CELL_PX - 0.5
    y = (np.arange(rows.start, rows.stop) + 0.5) * COARSE_CELL_PX - 0.5
    return np.stack(np.meshgrid(x, y), -1)


def add_upsampled(planes: Floats, coarse: Floats, top: int = 0) -> None:
    """Add a coarse grid (3, h, w), interpolated bilinearly between cell centres, to ``planes`` (3, H, W) in place.

    The first row of the planes is row ``top`` of the picture that the coarse grid covers.
    """
    height, width = planes.shape[1:]
    left, weight = _bilinear_weights(np.arange(width), coarse.shape[2])
    above, share = _bilinear_weights(np.arange(height) + top, coarse.shape[1])
    low, high = int(above.min()), min(int(above.max()) + 2, coarse.shape[1])
    part = coarse[:, low:high]
    wide = np.take(part, left, axis=2)
    wide += (np.take(part, np.minimum(left + 1, coarse.shape[2] - 1), axis=2) - wide) * weight
    step = np.diff(wide, axis=1, append=wide[:, -1:])
    above -= low

    def work(_number: int, rows: slice) -> None:
        for band in range(3):
            value = step[band, above[rows]]
            value *= share[rows, None]
            value += wide[band, above[rows]]
            planes[band, rows] += value

    for_each_band(height, work)


def _bilinear_weights(pixels: NDArray[np.int64], cells: int) -> tuple[NDArray[np.int64], Floats]:
    """The cell before each of some pixels (N,) of a row or column, and the weight (N,) of the next cell."""
    at = np.clip((pixels - 0.5 * (COARSE_CELL_PX - 1)) / COARSE_CELL_PX, 0, cells - 1)
    before = np.minimum(at.astype(np.int64), max(cells - 2, 0))
    return before, (at - before).astype(np.float32)
