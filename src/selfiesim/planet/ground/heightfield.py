"""Height of the ground at any place: fractal plains, crust, level pads, wheel tracks, the planet's curvature.

The height is a function of (x, y), so meshes of any resolution agree. Amplitudes are assumed: they were chosen by eye
against published images of the surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WAVELENGTHS_M = tuple(48.0 / 1.9**k for k in range(13))
_UNIT_WAVE_AMPLITUDE_M, _HURST = 0.011, 0.75  # amplitude at a wavelength of 1 m; its exponent with wavelength
# Lumps of crust and the pits between them: spacing, m, and the share of places that have one.
_LUMP_SIZES = ((0.16, 0.4), (0.075, 0.6), (0.034, 0.6))
_LUMP_RADII, _LUMP_HEIGHTS = (0.22, 0.5), (0.05, 0.22)  # relative to the spacing; to the radius
_PIT_SHARE = 0.3  # of the lumps that are pits

_PAD_SINK_M = 0.009
_GRADIENT_ANGLES = np.arange(256) * (2.0 * np.pi / 256)
_GRADIENTS = np.stack([np.cos(_GRADIENT_ANGLES), np.sin(_GRADIENT_ANGLES)], axis=1)


@dataclass(frozen=True)
class Pad:
    """Level ground for a vehicle, within ``radius_m`` of (x, y)."""

    x_m: float
    y_m: float
    radius_m: float


@dataclass(frozen=True)
class Track:
    """Tracks of a rover along a path of points (x, y), m: two ruts ``2 half_m`` apart.

    One revolution of a wheel leaves ``grousers`` marks.
    """

    path_m: tuple[tuple[float, float], ...]
    half_m: float = 0.60
    width_m: float = 0.22
    depth_m: float = 0.014
    wheel_diameter_m: float = 0.30
    grousers: int = 20

    @property
    def grouser_pitch_m(self) -> float:
        """Distance between the marks of two grousers, m."""
        return np.pi * self.wheel_diameter_m / self.grousers


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
                * _perlin_noise(x[near] / wave, y[near] / wave, seed + k)
            )
    for k, (apart, share) in enumerate(_LUMP_SIZES):
        shown = np.clip(0.5 * apart / spacing_m - 2.0, 0.0, 1.0)
        near = shown > 0.0
        if near.any():
            height[near] += shown[near] * _lumps(x[near] / apart, y[near] / apart, share, seed + 40 + k) * apart
    return height


def _lumps(x: Floats, y: Floats, share: float, seed: int) -> Floats:
    """Return the height (N,) of lumps and pits scattered one to a unit square, some of which are left out."""
    # Bent, so that outlines are irregular; patches have more or fewer.
    u = x + 0.30 * _perlin_noise(1.7 * x, 1.7 * y, seed + 20)
    v = y + 0.30 * _perlin_noise(1.7 * x, 1.7 * y, seed + 21)
    i, j = np.floor(u).astype(np.int64), np.floor(v).astype(np.int64)
    # None is wider than a square, so it reaches a point from its own square and the nearer neighbours.
    di, dj = np.where(u - i < 0.5, -1, 1), np.where(v - j < 0.5, -1, 1)
    height = np.zeros_like(x)
    for column, row in ((i, j), (i + di, j), (i, j + dj), (i + di, j + dj)):
        across, along, size, tall = (_hash(column, row, seed + 1000 * k) / 255.0 for k in range(4))
        radius = _LUMP_RADII[0] + (_LUMP_RADII[1] - _LUMP_RADII[0]) * size
        away = ((u - column - across) ** 2 + (v - row - along) ** 2) / radius**2
        near = np.clip(1.0 - away, 0.0, 1.0)
        kind = tall / share  # below 1 where there is one
        up = np.where(kind < _PIT_SHARE, -0.6, 1.0) * (kind < 1.0)
        tallness = _LUMP_HEIGHTS[0] + (_LUMP_HEIGHTS[1] - _LUMP_HEIGHTS[0]) * size * (1.0 - kind)
        height += up * radius * tallness * near * (2.0 - near)
    return height


def dust_mottling(x: Floats, y: Floats, seed: int) -> Floats:
    """Return dust thickness (N,), -1 to 1, in patches of one to twenty metres, independent of height."""
    waves = (19.0, 6.1, 1.7)
    return np.asarray(np.tanh(sum(_perlin_noise(x / wave, y / wave, seed + 70 + k) for k, wave in enumerate(waves))))


def bare_soil(x: Floats, y: Floats, seed: int) -> Floats:
    """Return where the dust crust is gone (N,), 0 to 1: patches of a few decimetres with ragged edges."""
    waves = ((0.9, 1.0), (0.37, 0.6), (0.14, 0.45), (0.06, 0.3))
    patches = sum(weight * _perlin_noise(x / w, y / w, seed + 80 + k) for k, (w, weight) in enumerate(waves))
    return _smoothstep(1.6 * np.asarray(patches) - 0.1)


def broken_crust(x: Floats, y: Floats, seed: int) -> Floats:
    """Return how much the crust is broken into clods (N,), 0 to 1, in patches of decimetres."""
    return _smoothstep(
        0.5 + 0.9 * _perlin_noise(x / 0.8, y / 0.8, seed + 90) + 0.6 * _perlin_noise(x / 0.3, y / 0.3, seed + 91)
    )


def flatten_pads(height: Floats, x: Floats, y: Floats, pads: tuple[Pad, ...]) -> Floats:
    """Flatten pads to slightly above 0, so that wheels and feet sink in rather than float."""
    share = np.ones_like(height)
    for pad in pads:
        away = np.hypot(x - pad.x_m, y - pad.y_m) / pad.radius_m
        share = np.minimum(share, 0.05 + 0.95 * _smoothstep((away - 1.0) / 0.9))
    return height * share + _PAD_SINK_M * (1.0 - share)


def track_displacement(x: Floats, y: Floats, spacing_m: Floats, track: Track) -> tuple[Floats, Floats]:
    """Return what a track adds to the height (N,), m, and the fraction of each place (N,) inside its ruts."""
    added, inside = np.zeros_like(x), np.zeros_like(x)
    path = np.asarray(track.path_m, float)
    reach = track.half_m + 2.0 * track.width_m
    near = np.all((np.stack([x, y], 1) > path.min(0) - reach) & (np.stack([x, y], 1) < path.max(0) + reach), axis=1)
    if not near.any():
        return added, inside
    along, lateral = _path_coordinates(x[near], y[near], path)
    from_rut = np.abs(np.abs(lateral) - track.half_m) / (0.5 * track.width_m)
    rut = np.clip(1.0 - from_rut**4, 0.0, 1.0)
    berm = np.exp(-(((from_rut - 1.25) / 0.22) ** 2))
    seen = np.clip(track.grouser_pitch_m / spacing_m[near] - 2.0, 0.0, 1.0)
    marks = 0.35 * seen * np.cos(2.0 * np.pi * along / track.grouser_pitch_m)
    added[near] = track.depth_m * (rut * (marks - 1.0) + 0.35 * berm)
    inside[near] = rut
    return added, inside


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


def _path_coordinates(x: Floats, y: Floats, path: Floats) -> tuple[Floats, Floats]:
    """Return the length along a path and the distance to its left of places (N,), m."""
    along, lateral = np.zeros_like(x), np.full_like(x, 1e6)
    start = 0.0
    for a, b in pairwise(path):
        length = float(np.hypot(*(b - a)))
        u = (b - a) / length
        s = np.clip((x - a[0]) * u[0] + (y - a[1]) * u[1], 0.0, length)
        dx, dy = x - a[0] - s * u[0], y - a[1] - s * u[1]
        side = np.where(u[0] * dy - u[1] * dx >= 0.0, 1.0, -1.0) * np.hypot(dx, dy)
        closer = np.abs(side) < np.abs(lateral)
        along, lateral = np.where(closer, start + s, along), np.where(closer, side, lateral)
        start += length
    return along, lateral


def _smoothstep(t: Floats) -> Floats:
    t = np.clip(t, 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t))


def _perlin_noise(x: Floats, y: Floats, seed: int) -> Floats:
    """Return gradient noise (Perlin 1985, 2002) of about -1 to 1, rotated by an angle that depends on the seed."""
    angle = 2.39996 * seed
    u, v = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    column, row = np.floor(u), np.floor(v)
    fu, fv = u - column, v - row
    wu, wv = (f * f * f * (f * (6.0 * f - 15.0) + 10.0) for f in (fu, fv))
    i, j = column.astype(np.int64), row.astype(np.int64)

    def corner(di: int, dj: int) -> Floats:
        which = _hash(i + di, j + dj, seed)
        return np.asarray(_GRADIENTS[which, 0] * (fu - di) + _GRADIENTS[which, 1] * (fv - dj))

    low = corner(0, 0) + wu * (corner(1, 0) - corner(0, 0))
    high = corner(0, 1) + wu * (corner(1, 1) - corner(0, 1))
    return np.asarray(1.6 * (low + wv * (high - low)))


def _hash(i: NDArray[np.int64], j: NDArray[np.int64], seed: int) -> NDArray[np.intp]:
    """Return a number below 256 for each cell, the same on every machine."""
    # Arithmetic modulo 2^32.
    h = i.astype(np.uint32) * np.uint32(0x9E3779B1) + j.astype(np.uint32) * np.uint32(0x85EBCA77)
    h += np.uint32(seed * 0xC2B2AE3D & 0xFFFFFFFF)
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(factor)
    return np.asarray(h >> np.uint32(24), dtype=np.intp)
