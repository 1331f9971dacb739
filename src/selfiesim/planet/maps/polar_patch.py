"""Polar patches sampled straight from a map, with nothing added: the map is fine enough itself, or all there is.

The layout is that of :class:`selfiesim.planet.maps.planet_maps.PlanetMaps`: Lambert's azimuthal equal-area projection, lon 0 E at
the bottom, 90 E at the right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.readers.conventions import Edges
from selfiesim.planet.readers.resample import Values

_POLE_PADDING = 6  # rows and columns repeated past the pole and round the ends, for the spline
_LONGITUDE_BLUR_PX = (
    0.4  # rms of the blur along longitude over a pixel of the patch: enough against aliasing near the pole
)


def patch_row_edges(size: int, span_rad: float, rows_to_pole: float, north: bool) -> Edges:
    """Edges (rad, falling) of the rows that a patch is sampled from: from its corners to the pole.

    ``rows_to_pole`` is how many rows the map has from the equator to the pole; the patch's own pixel is the finest that
    is any use.
    """
    reach = 2 * np.arcsin(min(np.sqrt(2.0) * np.sin(span_rad / 2), 1.0)) + 0.01
    finest = 4 * np.sin(span_rad / 2) / size
    count = int(np.ceil(reach / max(np.pi / 2 / rows_to_pole, finest)))
    edges = np.linspace(np.pi / 2, np.pi / 2 - reach, count + 1)
    return edges if north else -edges[::-1]


def sample_polar_patch(band: Values, edges: Edges, size: int, span_rad: float) -> Values:
    """A patch (size, size, 3) from the rows around a pole.

    Parameters
    ----------
    band : (n, W, 3) float32
        Reflectance between ``edges`` (falling), column 0 at lon 0 E.
    """
    from scipy import ndimage

    north = edges[0] > 0
    rows = band if north else band[::-1]
    step = float(abs(edges[0] - edges[1]))
    colatitude, longitude = _patch_coordinates(size, span_rad)
    width = rows.shape[1]
    row = colatitude / np.float32(step) - np.float32(0.5 - _POLE_PADDING)
    column = longitude * np.float32(width / (2 * np.pi)) - np.float32(0.5 - _POLE_PADDING)
    pixel = 4 * np.sin(span_rad / 2) / size
    order = 3 if step > pixel else 1  # a coarser map is drawn smoothly between its values
    out = np.empty((size, size, 3), np.float32)
    for index in range(3):
        # The root: near to even steps for the eye, so that a bright edge does not ring.
        field = _blur_longitude(np.sqrt(np.maximum(rows[..., index], 0.0)), step, _LONGITUDE_BLUR_PX * pixel)
        across = np.roll(
            field[:_POLE_PADDING][::-1], width // 2, axis=1
        )  # over the pole a meridian goes on as the opposite one
        field = np.pad(np.concatenate([across, field]), ((0, 0), (_POLE_PADDING, _POLE_PADDING)), mode="wrap")
        found = ndimage.map_coordinates(field, [row, column], order=order, mode="nearest", output=np.float32)
        out[..., index] = np.maximum(found, 0.0) ** 2
    return out


def _patch_coordinates(size: int, span_rad: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Colatitude and east longitude (rad) of a patch's pixels."""
    axis = (2 * (np.arange(size, dtype=np.float32) + 0.5) / size - 1) * np.float32(2 * np.sin(span_rad / 2))
    x, y = axis[:, None], axis[None, :]
    colatitude = 2 * np.arcsin(np.minimum(np.hypot(x, y) / 2, 1))
    return colatitude, np.mod(np.arctan2(y, x), np.float32(2 * np.pi))


def _blur_longitude(field: Values, step: float, blur_rad: float) -> Values:
    """Rows blurred along longitude by ``blur_rad`` on the ground: near the pole a map has more columns than detail."""
    count, width = field.shape
    colatitude = (np.arange(count) + 0.5) * step
    sigma = blur_rad / (np.sin(colatitude) * 2 * np.pi / width)
    steep = sigma > 0.3  # columns; below, the blur does nothing
    if not steep.any():
        return field
    frequency = np.fft.rfftfreq(width)
    gain = np.exp(-2 * (np.pi * frequency[None, :] * sigma[steep][:, None]) ** 2)
    out = field.copy()
    out[steep] = np.fft.irfft(np.fft.rfft(field[steep], axis=1) * gain, width, axis=1)
    return out
