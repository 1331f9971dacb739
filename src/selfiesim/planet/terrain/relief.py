"""Slopes of the ground, as a renderer shades with them.

Slopes are stored as the three components of the height's gradient in body-fixed axes: they need no rotation at the
poles, have no seam between maps, and their mean over an area is the area's mean slope.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import Field
from selfiesim.planet.grids.polar_grid import PolarGrid
from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.surface_heights import encode_heights

MAX_SLOPE = 0.5  # slope of the code 255
_BAND = 256  # rows at a time, to bound memory


def resize_plate_carree(field: Field, rows: int, band: slice = slice(None)) -> Field:
    """Resize a plate carree field to (rows, 2 rows), linearly and across the seam; return a band of its rows."""
    at_row = np.clip((np.arange(rows)[band] + 0.5) / rows * len(field) - 0.5, 0, len(field) - 1)
    at_column = (np.arange(2 * rows) + 0.5) / rows * len(field) - 0.5
    top, left = np.floor(at_row).astype(int), np.floor(at_column).astype(int)
    down, right = (at_row - top).astype(np.float32)[:, None], (at_column - left).astype(np.float32)[None, :]
    bottom, width = np.minimum(top + 1, len(field) - 1), field.shape[1]
    tall = field[top] + (field[bottom] - field[top]) * down
    here = np.take(tall, left % width, axis=1)
    next_east = np.take(tall, (left + 1) % width, axis=1)
    next_east -= here
    next_east *= right
    return np.asarray(here + next_east)


def encode_globe_relief(heights: HeightGrid, ice: Field) -> NDArray[np.uint8]:
    """Encode gradient and ice fraction, (rows, 2 rows, 4), at the pixels of a grid of heights; ice may be coarser."""
    rows = heights.rows
    lat = (0.5 - (np.arange(rows, dtype=np.float32) + 0.5) / rows) * np.float32(np.pi)
    lon = (np.arange(2 * rows, dtype=np.float32) + 0.5) / rows * np.float32(np.pi)
    sin_lon, cos_lon = np.sin(lon)[None, :], np.cos(lon)[None, :]
    out = np.empty((rows, 2 * rows, 4), np.uint8)
    for start in range(0, rows, _BAND):
        band = slice(start, min(start + _BAND, rows))
        east, north = heights.gradient(band)
        sin_lat, cos_lat = np.sin(lat[band])[:, None], np.cos(lat[band])[:, None]
        out[band, :, 0] = encode_slope(-sin_lon * east - sin_lat * cos_lon * north)
        out[band, :, 1] = encode_slope(cos_lon * east - sin_lat * sin_lon * north)
        out[band, :, 2] = encode_slope(cos_lat * north)
        out[band, :, 3] = _encode_fraction(resize_plate_carree(ice, rows, band))
    return out


def encode_patch_relief(height: Field, cover: Field, grid: PolarGrid, north: bool, columns: slice) -> NDArray[np.uint8]:
    """Encode gradient and ice fraction of columns of a polar patch; ``height`` has one more column on either side."""
    step = np.float32(grid.km_per_pixel * 1000)
    down = np.gradient(height, step, axis=0)[:, 1:-1]
    right = (height[:, 2:] - height[:, :-2]) / (2 * step)
    x, y = grid.plane_coordinates(columns)
    # The plane's axes, carried to each place by the shortest rotation from the pole.
    colatitude = grid.colatitude(columns)
    shrink = np.cos(colatitude / 2)  # sin(c) over the plane's radius
    dx, dy, dz = x * shrink, y * shrink, np.cos(colatitude)
    along = (down * dx + right * dy) / (1 + dz)
    out = np.empty((*cover.shape, 4), np.uint8)
    out[..., 0] = encode_slope(down - along * dx)
    out[..., 1] = encode_slope(right - along * dy)
    out[..., 2] = encode_slope(-(down * dx + right * dy) * np.float32(1.0 if north else -1.0))
    out[..., 3] = _encode_fraction(cover)
    return out


def encode_relief(heights: HeightGrid, span_rad: float, size: int) -> dict[str, NDArray[np.uint8]]:
    """Encode slopes and heights of a body without ice: of the globe, and of polar patches ``size`` pixels a side."""
    grid = PolarGrid(size, span_rad, heights.radius_km)
    parts = {
        "globe-relief": encode_globe_relief(heights, np.zeros((2, 4), np.float32)),
        "globe-height": encode_heights(heights.coefficients),
    }
    cover = np.zeros((size, size), np.float32)
    for pole in ("north", "south"):
        height = heights.on_polar_grid(grid, pole == "north")
        wide = np.pad(height, ((0, 0), (1, 1)), "reflect", reflect_type="odd")
        parts[f"{pole}-relief"] = encode_patch_relief(wide, cover, grid, pole == "north", slice(None))
        parts[f"{pole}-height"] = encode_heights(height)
    return parts


def encode_slope(slope: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Encode slopes around 128, a quarter linear and three quarters cubic, so that flat ground has the finest steps."""
    index = np.asarray(slope, np.float32) * np.float32(_TABLE_HALF / MAX_SLOPE)
    return np.asarray(_TABLE[np.clip(index, -_TABLE_HALF, _TABLE_HALF).astype(np.int32) + _TABLE_HALF])


def decode_slope(code: NDArray[np.uint8]) -> Field:
    """Decode codes of :func:`encode_slope` to slopes, as the shader does."""
    t = (np.asarray(code, np.float32) - 128) / 127
    return np.asarray(MAX_SLOPE * t * (0.25 + 0.75 * t * t), np.float32)


def _code_table(half: int) -> NDArray[np.uint8]:
    t = np.arange(-127, 128) / 127
    value = np.arange(-half, half + 1) / half
    return np.asarray(np.rint(np.interp(value, t * (0.25 + 0.75 * t * t), t) * 127) + 128, np.uint8)


_TABLE_HALF = 4096
_TABLE = _code_table(_TABLE_HALF)


def _encode_fraction(share: Field) -> NDArray[np.uint8]:
    return np.asarray(np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8)
