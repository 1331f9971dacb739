"""Polar patches resampled from a map without added detail.

The layout is that of :class:`selfiesim.planet.maps.planet_maps.PlanetMaps`: Lambert's azimuthal equal-area projection,
lon 0 E at the bottom, 90 E at the right.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.readers.conventions import Edges
from selfiesim.planet.readers.resample import Values

_POLE_PADDING = 6  # rows and columns repeated past the pole and past the map's left and right edges, for the spline
# Rms blur along longitude, in pixels of the patch: enough against aliasing near the pole.
_LONGITUDE_BLUR_PX = 0.4
_RIM_RAD = 0.02  # how far beyond its rim a patch is filled; nobody reads the corners


def patch_row_edges(size: int, span_rad: float, rows_to_pole: float, north: bool) -> Edges:
    """Return the edges of the rows that a patch is sampled from, from its rim to the pole.

    Parameters
    ----------
    size, span_rad
        Pixels per side of the patch and colatitude at the middle of a side.
    rows_to_pole : float
        Rows of the map from the equator to the pole; rows finer than the patch's own pixel are not used.
    north : bool
        Whether the pole is the north pole.

    Returns
    -------
    (n + 1,) array
        Latitudes, rad, decreasing.
    """
    reach = min(span_rad + _RIM_RAD, np.pi / 2)
    finest = 4 * np.sin(span_rad / 2) / size
    count = int(np.ceil(reach / max(np.pi / 2 / rows_to_pole, finest)))
    edges = np.linspace(np.pi / 2, np.pi / 2 - reach, count + 1)
    return edges if north else -edges[::-1]


def sample_polar_patch(band: Values, edges: Edges, size: int, span_rad: float) -> Values:
    """Return a patch (size, size, 3) from the rows around a pole; its corners beyond the rows are 0.

    Parameters
    ----------
    band : (n, W, 3) float32
        Reflectance between ``edges``, column 0 at lon 0 E.
    edges : (n + 1,) array
        Latitudes of the rows' edges, rad, decreasing.
    size, span_rad
        Pixels per side of the patch and colatitude at the middle of a side.
    """
    from scipy import ndimage

    north = edges[0] > 0
    rows = band if north else band[::-1]
    step = float(abs(edges[0] - edges[1]))
    colatitude, longitude = _patch_coordinates(size, span_rad)
    near = colatitude < abs(edges[-1] - edges[0])
    colatitude, longitude = colatitude[near], longitude[near]
    width = rows.shape[1]
    row = colatitude / np.float32(step) - np.float32(0.5 - _POLE_PADDING)
    column = longitude * np.float32(width / (2 * np.pi)) - np.float32(0.5 - _POLE_PADDING)
    pixel = 4 * np.sin(span_rad / 2) / size
    order = 3 if step > pixel else 1  # interpolate a coarser map smoothly
    out = np.zeros((size, size, 3), np.float32)
    for index in range(3):
        # In the square root, close to even steps for the eye, a bright edge does not ring.
        field = _blur_longitude(np.sqrt(np.maximum(rows[..., index], 0.0)), step, _LONGITUDE_BLUR_PX * pixel)
        # Over the pole a meridian continues as the opposite one.
        across = np.roll(field[:_POLE_PADDING][::-1], width // 2, axis=1)
        field = np.pad(np.concatenate([across, field]), ((0, 0), (_POLE_PADDING, _POLE_PADDING)), mode="wrap")
        if order > 1:
            field = ndimage.spline_filter(field, order=order, output=np.float32, mode="mirror")
        found = ndimage.map_coordinates(
            field, [row, column], order=order, mode="nearest", prefilter=False, output=np.float32
        )
        out[near, index] = np.maximum(found, 0.0) ** 2
    return out


def _patch_coordinates(size: int, span_rad: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return colatitude and east longitude (size, size), rad, of a patch's pixels."""
    axis = (2 * (np.arange(size, dtype=np.float32) + 0.5) / size - 1) * np.float32(2 * np.sin(span_rad / 2))
    x, y = axis[:, None], axis[None, :]
    colatitude = 2 * np.arcsin(np.minimum(np.hypot(x, y) / 2, 1))
    return colatitude, np.mod(np.arctan2(y, x), np.float32(2 * np.pi))


def _blur_longitude(field: Values, step: float, blur_rad: float) -> Values:
    """Blur rows along longitude by ``blur_rad`` on the ground: near the pole a map has more columns than detail."""
    from scipy import fft

    count, width = field.shape
    colatitude = (np.arange(count) + 0.5) * step
    sigma = blur_rad / (np.sin(colatitude) * 2 * np.pi / width)
    blurred = sigma > 0.3  # columns; a narrower blur has no effect
    if not blurred.any():
        return field
    frequency = np.fft.rfftfreq(width).astype(np.float32)
    gain = np.exp(-2 * (np.pi * frequency[None, :] * sigma[blurred][:, None].astype(np.float32)) ** 2)
    out = field.copy()
    spectrum = fft.rfft(field[blurred], axis=1, overwrite_x=True, workers=2)
    out[blurred] = fft.irfft(spectrum * gain, width, axis=1, overwrite_x=True, workers=2)
    return out
