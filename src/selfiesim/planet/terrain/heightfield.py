"""The height of the ground at any place: fractal plains, clods, level pads, wheel tracks, the planet's curve.

A function of (x, y), so that meshes of any fineness agree. Amplitudes are assumed: chosen by eye beside the published
surface pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

WAVELENGTHS_M = tuple(48.0 / 1.9**k for k in range(13))
_UNIT_WAVE_AMPLITUDE_M, _HURST = 0.011, 0.75  # of the wave 1 m long; how amplitude grows with wavelength
_CRUST_OCTAVES = (
    (0.30, 0.012),
    (0.12, 0.009),
    (0.05, 0.008),
    (0.022, 0.005),
    (0.010, 0.0022),
)  # wavelength and height, m

_PAD_SINK_M = 0.004
_GRADIENT_ANGLES = np.arange(256) * (2.0 * np.pi / 256)
_GRADIENTS = np.stack([np.cos(_GRADIENT_ANGLES), np.sin(_GRADIENT_ANGLES)], axis=1)


@dataclass(frozen=True)
class Pad:
    """A place where a vehicle stands: the ground is level within ``radius_m`` of (x, y)."""

    x_m: float
    y_m: float
    radius_m: float


@dataclass(frozen=True)
class Track:
    """What a rover's wheels left along a path of points (x, y), m: two ruts ``2 half_m`` apart.

    The print of one turn of a wheel holds ``grousers`` marks.
    """

    path_m: tuple[tuple[float, float], ...]
    half_m: float = 0.60
    width_m: float = 0.22
    depth_m: float = 0.014
    wheel_diameter_m: float = 0.30
    grousers: int = 20

    @property
    def grouser_pitch_m(self) -> float:
        """From one grouser's mark to the next."""
        return np.pi * self.wheel_diameter_m / self.grousers


@dataclass(frozen=True)
class Crater:
    """A small old bowl about (x, y): its rim has ``radius_m``, its floor lies ``depth_m`` below the rim."""

    x_m: float
    y_m: float
    radius_m: float
    depth_m: float


def plain_height(x: Floats, y: Floats, spacing_m: Floats, seed: int) -> Floats:
    """Height (N,) of the bare plain, m; waves shorter than two cells of a mesh of ``spacing_m`` (N,) are left out."""
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
    for k, (wave, tall) in enumerate(_CRUST_OCTAVES):
        shown = np.clip(wave / spacing_m - 2.0, 0.0, 1.0)
        near = shown > 0.0
        if not near.any():
            continue
        # Broken crust: sharp-edged plates, in patches.
        bump = _perlin_noise(x[near] / wave, y[near] / wave, seed + 40 + k)
        patch = np.clip(0.65 + 1.0 * _perlin_noise(x[near] / 0.7, y[near] / 0.7, seed + 50 + k), 0.15, 1.0)
        height[near] += shown[near] * tall * patch * (np.tanh(3.5 * bump) * 0.35 + 0.5 * bump)
    return height


def dust_mottling(x: Floats, y: Floats, seed: int) -> Floats:
    """Where dust lies thick, (N,), -1 to 1: patches of one to twenty metres, not in step with the heights."""
    waves = (19.0, 6.1, 1.7)
    return np.asarray(np.tanh(sum(_perlin_noise(x / wave, y / wave, seed + 70 + k) for k, wave in enumerate(waves))))


def flatten_pads(height: Floats, x: Floats, y: Floats, pads: tuple[Pad, ...]) -> Floats:
    """The heights with the pads pressed nearly flat, a hair above 0: what stands there sinks in rather than floats."""
    share = np.ones_like(height)
    for pad in pads:
        away = np.hypot(x - pad.x_m, y - pad.y_m) / pad.radius_m
        share = np.minimum(share, 0.05 + 0.95 * _smoothstep((away - 1.0) / 0.9))
    return height * share + _PAD_SINK_M * (1.0 - share)


def track_displacement(x: Floats, y: Floats, spacing_m: Floats, track: Track) -> tuple[Floats, Floats]:
    """What a track adds to the height (N,), m, and how much of each place (N,) lies in its ruts, 0 to 1."""
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
    """What craters add to the height (N,), m: a paraboloid to the rim, then a blanket that falls with the cube.

    The rim stands a fifth of the depth above the plain: a simple crater's is 0.04 of the diameter high over a depth of
    0.2 (Pike 1977, in Impact and Explosion Cratering, p. 489; recalled, not checked).
    """
    added = np.zeros_like(x)
    for crater in craters:
        r = np.hypot(x - crater.x_m, y - crater.y_m) / crater.radius_m
        rim = 0.2 * crater.depth_m
        bowl = rim - crater.depth_m * (1.0 - np.minimum(r, 1.0) ** 2)
        added += np.where(r < 1.0, bowl, rim * np.maximum(r, 1.0) ** -3.0)
    return added


def curvature_drop(x: Floats, y: Floats, radius_m: float) -> Floats:
    """How far the planet has curved away below the plane through the origin, m."""
    return np.asarray((x**2 + y**2) / (2.0 * radius_m))


def _path_coordinates(x: Floats, y: Floats, path: Floats) -> tuple[Floats, Floats]:
    """Length along a path and distance to its left of places beside it; very far off where beside no part of it."""
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
    """Gradient noise (Perlin 1985, 2002) in about [-1, 1], turned by an angle of its own for each seed."""
    turn = 2.39996 * seed
    u, v = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
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
    """A number below 256 for each cell, the same on every machine."""
    # Thirty-two bits that wrap round, as everywhere.
    h = i.astype(np.uint32) * np.uint32(0x9E3779B1) + j.astype(np.uint32) * np.uint32(0x85EBCA77)
    h += np.uint32(seed * 0xC2B2AE3D & 0xFFFFFFFF)
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        h ^= h >> np.uint32(shift)
        h *= np.uint32(factor)
    return np.asarray(h >> np.uint32(24), dtype=np.intp)
