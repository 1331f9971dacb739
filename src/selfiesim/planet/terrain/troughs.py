"""The spiral troughs of a polar cap: which way they run, and the shape of the ice they are cut into.

The colour map shows a trough as a dark band, and that band is the wall that faces the equator: steep, bare, layered.
The wall that faces the pole is gentle and white. So the map itself says where the ground falls: outward across each
dark band, steeply, and slowly up again to the next (the troughs' width and depth: FACTS of the trade in
design/maps.md). A height that has these slopes is found by Poisson's equation; relief and colour then agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.planet.maps.albedo import Field, smoothstep
from selfiesim.planet.maps.polar_grid import PolarGrid

WALL_SLOPE = 0.20  # of the walls that face the equator, 5 to 15 degrees: assumed
TROUGH_SPACING_KM = 44.0  # along a meridian, median of an albedo mosaic
DOME_M = 2600.0  # Planum Boreum stands 2 to 3 km over the plains
DOME_COLATITUDE_RAD = float(np.radians(13.0))


@dataclass(frozen=True)
class BandOrientation:
    """Which way bands run on a grid, each (N, N).

    Attributes
    ----------
    along_x, along_y
        Unit vector along the bands, x along rows, y along columns; its sign has no meaning.
    coherence
        0 where there is no direction, 1 where there is one only.
    """

    along_x: Field
    along_y: Field
    coherence: Field


def estimate_band_orientation(field: Field, grid: PolarGrid) -> BandOrientation:
    """Direction of the bands in a field by its structure tensor over some 10 km."""
    from scipy.ndimage import gaussian_filter

    gx, gy = _gradient(gaussian_filter(field, grid.km_to_pixels(3.5), truncate=3.0))
    width = grid.km_to_pixels(10.0)
    xx, yy, xy = (gaussian_filter(v, width, truncate=3.0) for v in (gx * gx, gy * gy, gx * gy))
    spread = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.float32(np.pi / 2)
    coherence = spread / (xx + yy + np.float32(1e-5))
    return BandOrientation(np.cos(angle), np.sin(angle), coherence.astype(np.float32))


def smooth_along_bands(field: Field, grain: BandOrientation, grid: PolarGrid, reach_km: float) -> Field:
    """Each pixel's mean over its band's direction, Gaussian of ``reach_km`` rms: frays go, profiles stay."""
    from scipy.ndimage import map_coordinates

    n = grid.size
    row, column = np.arange(n, dtype=np.float32)[:, None], np.arange(n, dtype=np.float32)[None, :]
    total, weights = field.copy(), 1.0
    for step in (-2.0, -1.5, -1.0, -0.5, 0.5, 1.0, 1.5, 2.0):
        weight, far = float(np.exp(-(step**2) / 2)), np.float32(grid.km_to_pixels(step * reach_km))
        place = np.stack([row + far * grain.along_x, column + far * grain.along_y])
        total += np.float32(weight) * map_coordinates(field, place, order=1, mode="nearest", output=np.float32)
        weights += weight
    share = smoothstep(0.3, 0.7, grain.coherence)
    return np.asarray(field + (total / np.float32(weights) - field) * share, dtype=np.float32)


def plateau_mask(share: Field, grid: PolarGrid) -> Field:
    """1 on the cap proper, 0 on the plains and in the great chasma, 0..1 over its margins."""
    from scipy.ndimage import gaussian_filter

    iced = gaussian_filter(share, grid.km_to_pixels(11.0), truncate=3.0)
    inner = smoothstep(DOME_COLATITUDE_RAD * 0.995, DOME_COLATITUDE_RAD * 0.93, grid.colatitude())
    return np.asarray(gaussian_filter(smoothstep(0.25, 0.6, iced) * inner, grid.km_to_pixels(4.0)), dtype=np.float32)


def cap_height(share: Field, grain: BandOrientation, grid: PolarGrid) -> Field:
    """Height over the plains, m, (N, N): dome, margins, troughs.

    ``share`` of ice in each pixel, 0..1, is what decides: see the module.
    """
    from scipy.ndimage import gaussian_filter

    plateau = plateau_mask(share, grid)
    around = gaussian_filter(share, grid.km_to_pixels(11.0), truncate=3.0)
    bare = np.clip((around - share) * 2.2, 0, 1) * smoothstep(0.1, 0.6, plateau)
    x, y = grid.plane_coordinates()
    radius = np.maximum(np.sqrt(x * x + y * y), np.float32(1e-6))
    # Across the band, turned outward. Where a band runs along the meridian neither side faces the equator.
    across_x, across_y = -grain.along_y, grain.along_x
    outward = (across_x * x + across_y * y) / radius
    turn = outward / np.sqrt(outward * outward + np.float32(0.06))
    fall = -np.float32(WALL_SLOPE * 1000) * bare * turn * smoothstep(0.1, 0.4, grain.coherence)
    troughs = _integrate_gradient(fall * across_x, fall * across_y, grid, 1.9 * TROUGH_SPACING_KM)
    dome = np.float32(DOME_M) * (1 - 0.8 * (grid.colatitude() / np.float32(DOME_COLATITUDE_RAD)) ** 2)
    return np.asarray(plateau * dome + troughs, dtype=np.float32)


def _gradient(field: Field) -> tuple[Field, Field]:
    """Central differences a pixel, along rows and columns."""
    gx, gy = np.empty_like(field), np.empty_like(field)
    gx[1:-1], gy[:, 1:-1] = (field[2:] - field[:-2]) / 2, (field[:, 2:] - field[:, :-2]) / 2
    gx[0] = gx[-1] = 0
    gy[:, 0] = gy[:, -1] = 0
    return gx, gy


def _integrate_gradient(gx: Field, gy: Field, grid: PolarGrid, longest_km: float) -> Field:
    """The height, m, whose gradient (m per km) is nearest to the one given, without waves beyond ``longest_km``."""
    from scipy import fft

    km = grid.km_per_pixel
    kx = (2 * np.pi * np.fft.fftfreq(grid.size, km)).astype(np.float32)[:, None]
    ky = (2 * np.pi * np.fft.rfftfreq(grid.size, km)).astype(np.float32)[None, :]
    squared = kx * kx + ky * ky
    squared[0, 0] = 1
    spectrum = -1j * (kx * fft.rfft2(gx, workers=2) + ky * fft.rfft2(gy, workers=2)) / squared
    spectrum *= 1 - np.exp(-squared * np.float32((longest_km / (2 * np.pi)) ** 2))
    return np.asarray(fft.irfft2(spectrum, gx.shape, workers=2), dtype=np.float32)
