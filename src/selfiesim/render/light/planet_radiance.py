"""The planet's radiance along any ray, in numpy: the shader's formulas over again, in double precision.

What the path tracer is lit by, and what stands behind its craft. Left out: clouds, and the small craters and dunes that
the shader invents below the maps' pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.core.vectors import Vector, unit
from selfiesim.planet.light.atmosphere import Atmosphere, build_atmosphere
from selfiesim.planet.light.photometry import LAWS, ice
from selfiesim.planet.light.weather import FROST_REFLECTANCE, frost_fraction
from selfiesim.planet.maps.albedo import smoothstep
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance, relief

if TYPE_CHECKING:
    from selfiesim.view.poses import PlanetPose
    from selfiesim.view.view import View

Floats = NDArray[np.float64]

_CHUNK_SIZE = 2**18  # rays worked on at a time
_LIMB_HEIGHTS = 12.0  # scale heights of air that are drawn above the limb


def planet_radiance(view: View, maps: PlanetMaps, eye: Vector, rays: Floats) -> NDArray[np.float32]:
    """Radiance (N, 3), W m^-2 sr^-1 nm^-1, that comes along unit vectors ``rays`` (N, 3) to ``eye`` (3,), m.

    Both in camera axes. 0 for sky, and for rays that are no numbers.
    """
    out = np.zeros((len(rays), 3), np.float32)
    for start in range(0, len(rays), _CHUNK_SIZE):
        out[start : start + _CHUNK_SIZE] = _radiance(view, maps, eye, rays[start : start + _CHUNK_SIZE])
    return out


def _radiance(view: View, maps: PlanetMaps, eye: Vector, rays: Floats) -> Floats:
    planet = view.planet
    assert planet is not None
    turn = planet.camera_to_bodyfixed
    start, along = turn @ (eye - planet.position), rays @ turn.T
    sun = turn @ view.sun.direction
    points = intersect_ellipsoid(start, along, planet.body)
    seen = np.isfinite(points[:, 0])
    shares = np.zeros((len(rays), 3))
    if seen.any():
        shares[seen] = _ground(planet, maps, points[seen], along[seen], sun)
    if planet.weather.dust_opacity > 0.0:
        sky = ~seen & np.isfinite(along[:, 0])
        shares[sky] = _limb(planet, start, along[sky], sun)
    return shares * view.sun.irradiance / np.pi


def _air(planet: PlanetPose) -> Atmosphere:
    return build_atmosphere(planet.weather.dust_opacity, float(np.mean(planet.body.radii_m)))


def _ground(planet: PlanetPose, maps: PlanetMaps, points: Floats, along: Floats, sun: Vector) -> Floats:
    """I/F (N, 3) of the ground at ``points`` (N, 3), seen along ``along`` (N, 3); body-fixed axes."""
    direction, normal = unit(points), unit(points / np.array(planet.body.radii_m) ** 2)
    latitude, longitude = np.arcsin(np.clip(direction[:, 2], -1.0, 1.0)), np.arctan2(direction[:, 1], direction[:, 0])
    albedo = reflectance(maps, latitude, longitude).astype(float)
    gradient, ground_ice = relief(maps, latitude, longitude)
    frost = frost_fraction(planet.weather, latitude)
    albedo += (np.array(FROST_REFLECTANCE) - albedo) * frost[:, None]
    white = ground_ice + (1.0 - ground_ice) * frost
    facet = unit(normal - gradient)
    mu0, cos_phase = normal @ sun, -(along @ sun)
    # Hills beyond the terminator still catch light, but none that a horizon would hide.
    facing, seen = (facet @ sun) * smoothstep(-0.01, 0.03, mu0), -(facet * along).sum(axis=1)
    share = LAWS[planet.law or maps.law](facing, seen, cos_phase)
    share = share + (ice(facing, seen, cos_phase) - share) * white
    if planet.weather.dust_opacity <= 0.0:
        return np.asarray(albedo * share[:, None])
    air = _air(planet)
    lit = albedo * (share[:, None] * air.beam_transmittance(mu0) + 1.5 * air.sky_irradiance(mu0))
    return np.asarray(air.radiance_over_ground(lit, mu0, np.maximum(-(normal * along).sum(axis=1), 0.0), cos_phase))


def _limb(planet: PlanetPose, start: Vector, along: Floats, sun: Vector) -> Floats:
    """I/F (N, 3) of the air beside the planet."""
    radii = np.array(planet.body.radii_m)
    # In axes in which the planet is the unit sphere: the ray's point nearest to its centre.
    eye, ray = start / radii, unit(along / radii)
    forward = -(ray @ eye)
    nearest = eye + forward[:, None] * ray
    miss = np.linalg.norm(nearest, axis=1)
    air = _air(planet)
    shares = np.zeros((len(along), 3))
    near = (forward > 0.0) & (miss - 1.0 < _LIMB_HEIGHTS * air.height)
    if near.any():
        up = nearest[near] / miss[near, None]
        shares[near] = air.radiance_above_limb(np.maximum(miss[near] - 1.0, 0.0), up @ sun, -(along[near] @ sun))
    return shares
