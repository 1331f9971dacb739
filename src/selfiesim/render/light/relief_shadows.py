"""The shadows of a planet's relief in a view: which part of the planet needs them, and how fine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import Matrix, Vector, unit
from selfiesim.planet.terrain.cast_shadows import ShadowGrid, ShadowMap, cast_shadows

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.planet.maps.planet_maps import PlanetMaps
    from selfiesim.planet.terrain.surface_heights import SurfaceHeights
    from selfiesim.view.poses import PlanetPose
    from selfiesim.view.view import View

_SUN_STEP_RAD = float(np.radians(0.02))  # to which the Sun's place is rounded, so that frames of a film share a map
_FRAME_STEP_RAD = float(np.radians(0.5))  # likewise for the axes of maps, which share heights
_FINEST_KM, _COARSEST_KM = 1.2, 3.4  # side of a texel, where the number of texels leaves a choice
_VISIBLE_KM = 20.0  # size of a pixel on the ground, below the camera, that shows no shadows
_FULL_RADIUS_KM = 1000.0  # of a planet, below which these lengths shrink with it
_MAX_TEXELS = 0.8e6
_NET = (49, 31)  # rays across the picture and down it
_SNAP_RAD = float(np.radians(2.0))  # to which a map's borders are rounded
_KEPT = 8  # maps: a lens with distortion is rendered as several pictures


def relief_shadows(view: View, maps: PlanetMaps) -> ShadowMap | None:
    """Return the shadows on the part of the planet that the camera sees.

    None if the scene wants none, if the maps have no heights, if the Sun is high, or down, wherever the camera sees, or
    if a pixel is too large to show them.
    """
    pose = view.planet
    if pose is None or not pose.shadows or maps.heights is None:
        return None
    to_sun = pose.camera_to_bodyfixed @ view.sun.direction
    latitude, longitude = float(np.arcsin(np.clip(to_sun[2], -1, 1))), float(np.arctan2(to_sun[1], to_sun[0]))
    place = _FRAME_STEP_RAD * round(latitude / _FRAME_STEP_RAD), _FRAME_STEP_RAD * round(longitude / _FRAME_STEP_RAD)
    sun = _SUN_STEP_RAD * round(latitude / _SUN_STEP_RAD), _SUN_STEP_RAD * round(longitude / _SUN_STEP_RAD)
    frame = _sun_frame(*place)
    distance = float(np.linalg.norm(pose.position))
    radius = float(np.mean(pose.body.radii_m))
    reach = float(np.arccos(min(min(pose.body.radii_m) / distance, 1.0))) + _SNAP_RAD
    below = pose.camera_to_bodyfixed @ -pose.position / distance
    dip = float(np.sqrt(2 * maps.heights.range_within(below, reach) / radius))
    scale = min(radius / 1000 / _FULL_RADIUS_KM, 1.0)
    footprint_km = (distance - radius) / 1000 * view.camera.pixel_angle
    if footprint_km > _VISIBLE_KM * scale:
        return None
    limits = _view_limits(frame @ below, reach, dip, maps.heights.highest_sun_rad)
    if limits is None:
        return None
    limits = _crop_to_picture(limits, view.camera, pose, frame)
    if limits is None:
        return None
    grid = _grid(limits, radius, float(np.clip(footprint_km / scale, _FINEST_KM, _COARSEST_KM)), scale)
    return _shadow_map(maps.heights, grid, place, sun, tuple(pose.body.radii_m), round(view.sun.angular_radius, 5))


@lru_cache(maxsize=_KEPT)
def _shadow_map(
    heights: SurfaceHeights,
    grid: ShadowGrid,
    place: tuple[float, float],
    sun: tuple[float, float],
    radii_m: tuple[float, ...],
    sun_radius: float,
) -> ShadowMap:
    return cast_shadows(heights, grid, _sun_frame(*place), radii_m, sun_radius, _sun_frame(*sun)[2])


def _sun_frame(lat: float, lon: float) -> Matrix:
    """Return the axes of the maps, body-fixed: across a direction near the Sun's, first toward the north, and along it.

    Places are in rad.
    """
    sun = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    north = np.array([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)])
    return np.stack([north, np.cross(sun, north), sun])


@dataclass(frozen=True)
class _Limits:
    """Part of a planet in the Sun's axes, rad: the Sun's elevation, and the angle around the Sun's direction."""

    low: float
    high: float
    middle: float
    half: float


def _view_limits(below: Vector, reach: float, dip: float, highest: float) -> _Limits | None:
    """Return the ground within ``reach``, rad, of the place below the camera where relief may cast shadows.

    ``dip`` is how far below the horizon, rad, the Sun lights the highest summit, and ``highest`` the elevation of the
    Sun above which there are no shadows.
    """
    across, aside, sine = unit(below)
    elevation = float(np.arcsin(np.clip(sine, -1, 1)))
    low, high = max(elevation - reach, -dip), min(elevation + reach, highest)
    if low >= high:
        return None
    # The widest angle around the Sun's direction that the ground in view spans on either side.
    rows = np.linspace(low, high, 64)
    cosine = (np.cos(reach) - np.sin(rows) * sine) / (np.cos(rows) * max(np.cos(elevation), 1e-9))
    half = float(np.arccos(np.clip(cosine.min(), -1, 1))) + _SNAP_RAD
    return _Limits(low, high, float(np.arctan2(aside, across)), min(half, np.pi))


def _crop_to_picture(limits: _Limits, camera: Camera, pose: PlanetPose, frame: Matrix) -> _Limits | None:
    """Return the part of ``limits`` inside the picture; None if there is none.

    The picture is a net of rays; where one is above the limb, the mesh ends at the limb's nearest point.
    """
    columns, rows = np.linspace(-0.5, camera.width - 0.5, _NET[0]), np.linspace(-0.5, camera.height - 0.5, _NET[1])
    rays = camera.unproject(np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)) @ pose.camera_to_bodyfixed.T
    radii = np.array(pose.body.radii_m)
    eye, ray = -(pose.camera_to_bodyfixed @ pose.position) / radii, unit(rays / radii)
    along = -(ray @ eye)
    nearest = eye + along[:, None] * ray
    miss = np.linalg.norm(nearest, axis=1)
    hit = nearest / np.maximum(miss, 1.0)[:, None] - np.sqrt(np.maximum(1 - miss**2, 0.0))[:, None] * ray
    across, aside, sine = frame @ unit(hit * radii).T
    elevation = np.arcsin(np.clip(sine, -1, 1))
    turn = np.mod(np.arctan2(aside, across) - limits.middle + np.pi, 2 * np.pi) - np.pi
    hits = ((along > 0) & (miss < 1)).reshape(_NET[::-1])
    if not hits.any():
        return None
    (low, high), (left, right) = (_bounds(angle.reshape(_NET[::-1]), hits) for angle in (elevation, turn))
    low, high = max(low, limits.low), min(high, limits.high)
    left, right = max(left, -limits.half), min(right, limits.half)
    if low >= high or left >= right:
        return None
    return _Limits(low, high, limits.middle + 0.5 * (left + right), 0.5 * (right - left))


def _bounds(angle: NDArray[np.float64], hits: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the bounds of a net of angles where it hits the ground, and a margin of its widest mesh there."""
    down, right = (
        np.abs(np.diff(angle, axis=0))[hits[1:] | hits[:-1]],
        np.abs(np.diff(angle))[hits[:, 1:] | hits[:, :-1]],
    )
    widest = max(float(down.max(initial=0.0)), float(right.max(initial=0.0)))
    return float(angle[hits].min()) - widest, float(angle[hits].max()) + widest


def _grid(limits: _Limits, radius_m: float, finest_km: float, scale: float) -> ShadowGrid:
    """Return the grid over ``limits``, with texels no finer than ``finest_km`` times ``scale``."""
    low, high = _SNAP_RAD * np.floor(limits.low / _SNAP_RAD), _SNAP_RAD * np.ceil(limits.high / _SNAP_RAD)
    half = min(_SNAP_RAD * np.ceil(limits.half / _SNAP_RAD + 1), np.pi)
    middle = _SNAP_RAD * round(limits.middle / _SNAP_RAD)
    area_km2 = (high - low) * 2 * half * (radius_m / 1000) ** 2
    # Steps of a quarter of an octave, so that a film changes its resolution seldom.
    wanted_km = max(np.sqrt(area_km2 / _MAX_TEXELS) / scale, finest_km)
    times = max(np.ceil(4 * np.log2(wanted_km / _FINEST_KM)), 0)
    per_turn = int(2 * np.pi * radius_m / 1000 / (scale * _FINEST_KM * 2 ** (times / 4)))
    step = 2 * np.pi / per_turn
    first, last = int(np.floor((middle - half) / step)), int(np.ceil((middle + half) / step))
    bottom, top = int(np.floor(np.sin(low) / step)), int(np.ceil(np.sin(high) / step))
    return ShadowGrid(per_turn, first, last - first, bottom, top - bottom)
