"""Where vehicles touch the ground: level pads, prints of feet and wheels, tracks, and what landing engines swept.

How soil gives way is assumed throughout: no measurement of it is published for the landings that are shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.ground.noise import perlin_noise, smoothstep

Floats = NDArray[np.float64]

FRESH_SOIL_LOSS = 0.12
"""How much darker soil from below the dust is."""

PRINT_REACH = 2.4
"""Distance to which a print disturbs the ground, in its radii."""

_RIM_MIDDLE, _RIM_WIDTHS = 1.16, (0.10, 0.34)  # of a print's pushed-up ring, in its radii: middle; inward and outward
_RUT_RIM = 0.6  # height of the rims beside a rut, in its depths
_STREAKS = ((0.84, 0.5), (3.8, 0.8), (11.1, 0.5))  # around a blast zone: waves in a radian; weights
_STREAK_REACH = 2.4  # radii of the blast zone at which the last streak ends


@dataclass(frozen=True)
class Pad:
    """Level ground for a vehicle within ``radius_m`` of (x, y), which sinks ``sink_m`` into it."""

    x_m: float
    y_m: float
    radius_m: float
    sink_m: float = 0.009


@dataclass(frozen=True)
class Print:
    """Ground at (x, y) pressed to the level that vehicles stand on, with a pushed-up ring ``rim_m`` high around it."""

    x_m: float
    y_m: float
    radius_m: float
    rim_m: float


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
class BlastZone:
    """Ground around (x, y) that the landing engines cleared of dust: darker by ``darker`` at the centre."""

    x_m: float
    y_m: float
    radius_m: float = 6.0  # assumed
    darker: float = 0.30  # assumed


def flatten_pads(height: Floats, x: Floats, y: Floats, pads: tuple[Pad, ...]) -> Floats:
    """Flatten pads to slightly above 0, so that wheels and feet sink in rather than float."""
    share, weight, level = np.ones_like(height), np.full_like(height, 1e-12), np.zeros_like(height)
    for pad in pads:
        away = np.hypot(x - pad.x_m, y - pad.y_m) / pad.radius_m
        rough = 0.05 + 0.95 * smoothstep((away - 1.0) / 0.9)
        share = np.minimum(share, rough)
        # Where two pads meet, the one whose ground is the more level decides.
        weight += (1.0 - rough) ** 4
        level += (1.0 - rough) ** 4 * pad.sink_m
    return height * share + level / weight * (1.0 - share)


def press_prints(height: Floats, x: Floats, y: Floats, prints: tuple[Print, ...]) -> Floats:
    """Return the height (N,) with prints pressed to 0 and ragged rings of soil around them, m."""
    height = height.copy()
    for each, near, away in _disturbed(x, y, prints):
        # A ring is pushed up in lobes, higher here and wider there.
        lobes = 1.0 + 0.7 * perlin_noise(*_in_radii(x, y, near, each, 1.3), 500)
        lobes += 0.5 * perlin_noise(*_in_radii(x, y, near, each, 4.0), 600)
        from_rim = away - _RIM_MIDDLE
        ring = np.exp(-((from_rim / np.where(from_rim < 0.0, *_RIM_WIDTHS)) ** 2))
        inside = smoothstep((1.06 - away) / 0.12)
        height[near] = (1.0 - inside) * (height[near] + each.rim_m * np.maximum(lobes, 0.15) * ring)
    return height


def turned_soil(x: Floats, y: Floats, prints: tuple[Print, ...]) -> Floats:
    """Return how much of the ground at places (N,) is soil that prints have turned up, 0 to 1."""
    turned = np.zeros_like(x)
    for _, near, away in _disturbed(x, y, prints):
        turned[near] = np.maximum(turned[near], np.exp(-((np.maximum(away - 1.1, 0.0) / 0.5) ** 2)))
    return turned


def _disturbed(x: Floats, y: Floats, prints: tuple[Print, ...]) -> Iterator[tuple[Print, NDArray[np.intp], Floats]]:
    """Yield each print with the indices of the places (N,) it disturbs, and their distances in its radii."""
    if not prints:
        return
    east, north, reach = np.array([(each.x_m, each.y_m, PRINT_REACH * each.radius_m) for each in prints]).T
    most = reach.max()
    (some,) = np.nonzero(
        (x > east.min() - most) & (x < east.max() + most) & (y > north.min() - most) & (y < north.max() + most)
    )
    for each in prints:
        away = np.hypot(x[some] - each.x_m, y[some] - each.y_m) / each.radius_m
        near = away < PRINT_REACH
        if near.any():
            yield each, some[near], away[near]


def _in_radii(x: Floats, y: Floats, near: NDArray[np.intp], each: Print, scale: float) -> tuple[Floats, Floats]:
    """Return coordinates of places near a print for noise, in its radii, the same for no two prints."""
    return scale * (x[near] / each.radius_m), scale * (y[near] / each.radius_m)


def track_displacement(x: Floats, y: Floats, spacing_m: Floats, track: Track) -> tuple[Floats, Floats]:
    """Return what a track adds to the height (N,), m, and the fraction of each place (N,) inside its ruts."""
    added, inside = np.zeros_like(x), np.zeros_like(x)
    path = np.asarray(track.path_m, float)
    reach = track.half_m + 2.0 * track.width_m
    near = np.all((np.stack([x, y], 1) > path.min(0) - reach) & (np.stack([x, y], 1) < path.max(0) + reach), axis=1)
    if not near.any():
        return added, inside
    along, lateral, beyond = _path_coordinates(x[near], y[near], path)
    half_width = 0.5 * track.width_m
    from_rut = np.abs(np.abs(lateral) - track.half_m) / half_width
    from_rut = (from_rut**4 + (beyond / half_width) ** 4) ** 0.25  # a rut ends where its wheel stood
    rut = np.clip(1.0 - from_rut**4, 0.0, 1.0)
    # Soil is pushed aside in crumbs, more here than there.
    uneven = 1.0 + 0.8 * perlin_noise(x[near] / 0.17, y[near] / 0.17, 700)
    rim = _RUT_RIM * np.maximum(uneven, 0.2) * np.exp(-(((from_rut - 1.3) / 0.28) ** 2))
    seen = np.clip(track.grouser_pitch_m / spacing_m[near] - 2.0, 0.0, 1.0)
    marks = 0.35 * seen * np.cos(2.0 * np.pi * along / track.grouser_pitch_m)
    added[near] = track.depth_m * (rut * (marks - 1.0) + rim)
    inside[near] = rut
    return added, inside


def _path_coordinates(x: Floats, y: Floats, path: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the length along a path, the distance to its left, and that past its ends of places (N,), m."""
    along, lateral, beyond = np.zeros_like(x), np.full_like(x, 1e6), np.zeros_like(x)
    closest = np.full_like(x, np.inf)
    start, last = 0.0, len(path) - 2
    for k, (a, b) in enumerate(pairwise(path)):
        length = float(np.hypot(*(b - a)))
        u = (b - a) / length
        reached = (x - a[0]) * u[0] + (y - a[1]) * u[1]
        s = np.clip(reached, 0.0, length)
        away = np.hypot(x - a[0] - s * u[0], y - a[1] - s * u[1])
        across = u[0] * (y - a[1]) - u[1] * (x - a[0])
        past = np.maximum(-reached, 0.0) * (k == 0) + np.maximum(reached - length, 0.0) * (k == last)
        # At the outer side of a bend both segments are equally far.
        side = np.where(past > 0.0, across, np.where(across >= 0.0, away, -away))
        closer = away < closest
        closest = np.where(closer, away, closest)
        along, lateral, beyond = (
            np.where(closer, new, old) for new, old in ((start + s, along), (side, lateral), (past, beyond))
        )
        start += length
    return along, lateral, beyond


def swept(x: Floats, y: Floats, blast: BlastZone, seed: int) -> Floats:
    """Return how much of the dust (N,) the engines blew off, 0 to 1: all in the middle, then streaks that thin out."""
    east, north = (x - blast.x_m) / blast.radius_m, (y - blast.y_m) / blast.radius_m
    share = np.zeros_like(x)
    near = east**2 + north**2 < _STREAK_REACH**2
    east, north = east[near], north[near]
    away = np.hypot(east, north)
    bent = np.arctan2(north, east) + 0.06 * perlin_noise(2.0 * east, 2.0 * north, seed + 60)
    u, v = np.cos(bent), np.sin(bent)
    streaks = np.zeros_like(away)
    for k, (waves, weight) in enumerate(_STREAKS):
        streaks += weight * perlin_noise(waves * u, waves * v, seed + 61 + k)
    # A streak is where the noise exceeds a threshold that rises outward: it gets narrower and ends in a point.
    end = smoothstep((_STREAK_REACH - away) / 1.6)
    ray = smoothstep((streaks + 0.45 - 0.65 * away) / 0.4) * end
    streaked = smoothstep((away - 0.1) / 0.4)  # below the engine all is gone
    core = np.exp(-(away**2)) * (1.0 - 0.45 * streaked * (1.0 - ray)) * np.minimum(4.0 * end, 1.0)
    share[near] = np.maximum(core, 0.9 * ray * streaked * np.exp(-0.35 * away))
    return share
