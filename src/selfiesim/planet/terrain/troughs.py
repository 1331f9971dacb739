"""The bands of a polar cap: their direction, and where the cap proper lies.

A colour map shows a trough as a dark band: the wall that faces the equator, which is steep, bare and layered. The wall
that faces the pole is gentle and white.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.grids.polar_grid import PolarGrid

_DOME_COLATITUDE_RAD = float(np.radians(13.0))  # of the rim of Planum Boreum


@dataclass(frozen=True)
class BandOrientation:
    """Direction of the bands in a field, each (N, N).

    Attributes
    ----------
    along_x, along_y
        Unit vector along the bands, x along rows, y along columns; its sign is arbitrary.
    coherence
        0 where there is no preferred direction, 1 where there is exactly one.
    """

    along_x: Field
    along_y: Field
    coherence: Field


def estimate_band_orientation(field: Field, grid: PolarGrid) -> BandOrientation:
    """Estimate the direction of the bands in a field from its structure tensor over some 10 km."""
    from scipy.ndimage import gaussian_filter

    gx, gy = _gradient(gaussian_filter(field, grid.km_to_pixels(3.5), truncate=3.0))
    width = grid.km_to_pixels(10.0)
    xx, yy, xy = (gaussian_filter(v, width, truncate=3.0) for v in (gx * gx, gy * gy, gx * gy))
    spread = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.float32(np.pi / 2)
    coherence = spread / (xx + yy + np.float32(1e-5))
    return BandOrientation(np.cos(angle), np.sin(angle), coherence.astype(np.float32))


def smooth_along_bands(field: Field, orientation: BandOrientation, grid: PolarGrid, reach_km: float) -> Field:
    """Smooth along the bands with a Gaussian of ``reach_km`` rms, which removes ragged edges and keeps profiles."""
    from scipy.ndimage import map_coordinates

    n = grid.size
    row, column = np.arange(n, dtype=np.float32)[:, None], np.arange(n, dtype=np.float32)[None, :]
    total, weights = field.copy(), 1.0
    for step in (-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0):
        weight, far = float(np.exp(-(step**2) / 2)), np.float32(grid.km_to_pixels(step * reach_km))
        place = np.stack([row + far * orientation.along_x, column + far * orientation.along_y])
        total += np.float32(weight) * map_coordinates(field, place, order=1, mode="nearest", output=np.float32)
        weights += weight
    share = smoothstep(0.3, 0.7, orientation.coherence)
    return np.asarray(field + (total / np.float32(weights) - field) * share, dtype=np.float32)


def plateau_mask(share: Field, grid: PolarGrid) -> Field:
    """Return 1 on the cap proper, 0 on the plains and in the great chasma, and values between at the margins."""
    from scipy.ndimage import gaussian_filter

    iced = gaussian_filter(share, grid.km_to_pixels(11.0), truncate=3.0)
    inner = smoothstep(_DOME_COLATITUDE_RAD * 0.995, _DOME_COLATITUDE_RAD * 0.93, grid.colatitude())
    return np.asarray(gaussian_filter(smoothstep(0.25, 0.6, iced) * inner, grid.km_to_pixels(4.0)), dtype=np.float32)


def _gradient(field: Field) -> tuple[Field, Field]:
    """Return central differences per pixel, along rows and columns."""
    gx, gy = np.empty_like(field), np.empty_like(field)
    gx[1:-1], gy[:, 1:-1] = (field[2:] - field[:-2]) / 2, (field[:, 2:] - field[:, :-2]) / 2
    gx[0] = gx[-1] = 0
    gy[:, 0] = gy[:, -1] = 0
    return gx, gy
