"""Height of the ground at any place: fractal plains, crust, craters, swells, the planet's curvature.

The height is a function of (x, y), so meshes of any resolution agree. Amplitudes are assumed: they were chosen by eye
against published images of the surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.ground.noise import cell_hash, perlin_noise, smoothstep

Floats = NDArray[np.float64]

WAVELENGTHS_M = tuple(48.0 / 1.9**k for k in range(13))
_UNIT_WAVE_AMPLITUDE_M, _HURST = 0.011, 0.75  # amplitude at a wavelength of 1 m; its exponent with wavelength
# Of lumps of crust and the pits between them: relative to the spacing; to the radius.
_LUMP_RADII, _LUMP_HEIGHTS = (0.22, 0.5), (0.05, 0.22)


@dataclass(frozen=True)
class Crater:
    """A small degraded crater at (x, y) with a rim of ``radius_m``, its floor ``depth_m`` below the rim."""

    x_m: float
    y_m: float
    radius_m: float
    depth_m: float


@dataclass(frozen=True)
class Swell:
    """A smooth mound, or a hollow where ``height_m`` is negative: a Gaussian around (x, y)."""

    x_m: float
    y_m: float
    radius_m: float
    height_m: float


def plain_height(x: Floats, y: Floats, spacing_m: Floats, seed: int) -> Floats:
    """Return the height (N,) of the bare plain, m, without waves shorter than two cells of ``spacing_m`` (N,)."""
    height = np.zeros_like(x)
    for k, wave in enumerate(WAVELENGTHS_M):
        shown = np.clip(wave / spacing_m - 2.0, 0.0, 1.0)
        near = shown > 0.0
        if near.any():
            height[near] += (
                shown[near]
                * _UNIT_WAVE_AMPLITUDE_M
                * wave**_HURST
                * perlin_noise(x[near] / wave, y[near] / wave, seed + k)
            )
    return height


def lump_height(
    x: Floats, y: Floats, spacing_m: Floats, seed: int, sizes: tuple[tuple[float, float], ...], pit_share: float
) -> Floats:
    """Return the height (N,) of lumps and pits, m, without those that cells of ``spacing_m`` (N,) do not resolve.

    Parameters
    ----------
    x, y, spacing_m : (N,) array
        Places and the cells of the mesh there, m.
    seed : int
        Random seed.
    sizes : tuple of (float, float)
        Spacings, m, and the share of places at each that have one.
    pit_share : float
        Share of them that are pits.
    """
    height = np.zeros_like(x)
    for k, (apart, share) in enumerate(sizes):
        shown = np.clip(0.5 * apart / spacing_m - 2.0, 0.0, 1.0)
        near = shown > 0.0
        if near.any():
            height[near] += (
                shown[near] * _lumps(x[near] / apart, y[near] / apart, share, pit_share, seed + 40 + k) * apart
            )
    return height


def _lumps(x: Floats, y: Floats, share: float, pit_share: float, seed: int) -> Floats:
    """Return the height (N,) of lumps and pits scattered one to a unit square, some of which are left out."""
    # Bent, so that outlines are irregular; patches have more or fewer.
    u = x + 0.30 * perlin_noise(1.7 * x, 1.7 * y, seed + 20)
    v = y + 0.30 * perlin_noise(1.7 * x, 1.7 * y, seed + 21)
    i, j = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    # None is wider than a square, so it reaches a point from its own square and the nearer neighbours.
    di, dj = np.where(u - i < 0.5, -1, 1), np.where(v - j < 0.5, -1, 1)
    height = np.zeros_like(x)
    for column, row in ((i, j), (i + di, j), (i, j + dj), (i + di, j + dj)):
        across, along, size, tall = (cell_hash(column, row, seed + 1000 * k) / 255.0 for k in range(4))
        radius = _LUMP_RADII[0] + (_LUMP_RADII[1] - _LUMP_RADII[0]) * size
        away = ((u - column - across) ** 2 + (v - row - along) ** 2) / radius**2
        near = np.clip(1.0 - away, 0.0, 1.0)
        kind = tall / share  # below 1 where there is one
        up = np.where(kind < pit_share, -0.6, 1.0) * (kind < 1.0)
        tallness = _LUMP_HEIGHTS[0] + (_LUMP_HEIGHTS[1] - _LUMP_HEIGHTS[0]) * size * (1.0 - kind)
        height += up * radius * tallness * near * (2.0 - near)
    return height


def dust_mottling(x: Floats, y: Floats, seed: int) -> Floats:
    """Return dust thickness (N,), -1 to 1, in patches of one to twenty metres, independent of height."""
    waves = (19.0, 6.1, 1.7)
    return np.asarray(np.tanh(sum(perlin_noise(x / wave, y / wave, seed + 70 + k) for k, wave in enumerate(waves))))


def bare_soil(x: Floats, y: Floats, seed: int) -> Floats:
    """Return where the dust crust is gone (N,), 0 to 1: patches of a few decimetres with ragged edges."""
    waves = ((0.9, 1.0), (0.37, 0.6), (0.14, 0.45), (0.06, 0.3))
    patches = sum(weight * perlin_noise(x / w, y / w, seed + 80 + k) for k, (w, weight) in enumerate(waves))
    return smoothstep(1.6 * np.asarray(patches) - 0.1)


def broken_crust(x: Floats, y: Floats, seed: int) -> Floats:
    """Return how much the crust is broken into clods (N,), 0 to 1, in patches of decimetres."""
    return smoothstep(
        0.5 + 0.9 * perlin_noise(x / 0.8, y / 0.8, seed + 90) + 0.6 * perlin_noise(x / 0.3, y / 0.3, seed + 91)
    )


def crater_displacement(x: Floats, y: Floats, craters: tuple[Crater, ...]) -> Floats:
    """Return what craters add to the height (N,), m: a paraboloid inside the rim, an inverse-cube blanket outside.

    The rim is a fifth of the depth above the plain: a simple crater's rim height is 0.04 and its depth 0.2 of the
    diameter (Pike 1977, in Impact and Explosion Cratering, p. 489; recalled, not checked).
    """
    added = np.zeros_like(x)
    for crater in craters:
        r = np.hypot(x - crater.x_m, y - crater.y_m) / crater.radius_m
        rim = 0.2 * crater.depth_m
        bowl = rim - crater.depth_m * (1.0 - np.minimum(r, 1.0) ** 2)
        added += np.where(r < 1.0, bowl, rim * np.maximum(r, 1.0) ** -3.0)
    return added


def swell_displacement(x: Floats, y: Floats, swells: tuple[Swell, ...]) -> Floats:
    """Return what mounds and hollows add to the height (N,), m."""
    added = np.zeros_like(x)
    for swell in swells:
        away = np.hypot(x - swell.x_m, y - swell.y_m) / swell.radius_m
        added += swell.height_m * np.exp(-(np.minimum(away, 20.0) ** 2))
    return added


def curvature_drop(x: Floats, y: Floats, radius_m: float) -> Floats:
    """Return how far the planet's surface falls below the tangent plane at the origin, m."""
    return np.asarray((x**2 + y**2) / (2.0 * radius_m))
