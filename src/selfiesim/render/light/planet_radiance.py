"""The planet's radiance along any ray in numpy: the shader's formulas in double precision.

It lights the path tracer's craft and fills its background. Left out: a detached haze layer, moons' shadows, the
raggedness of clouds and of the frost's edge, and the small craters, mottling and grain that the shader invents below
the maps' pixels. Relief shadows cover the ground in the picture; beyond it, as reflections see it, the terminator is
smooth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.core.vectors import Vector, unit
from selfiesim.planet.earth.air import airglow
from selfiesim.planet.earth.sea import SEA_ICE_REFLECTANCE
from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.light.atmosphere import Atmosphere
from selfiesim.planet.light.photometry import LAWS, ice, lambert_share, valley_light
from selfiesim.planet.light.weather import FROST_REFLECTANCE, cloud_optical_depth, cover_with_clouds, frost_fraction
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance, relief, water_share
from selfiesim.render.light.earth_radiance import surface_light
from selfiesim.render.light.relief_shadows import relief_shadows

if TYPE_CHECKING:
    from selfiesim.planet.terrain.cast_shadows import ShadowMap
    from selfiesim.view.poses import PlanetPose
    from selfiesim.view.view import View

Floats = NDArray[np.float64]

_GREEN = 1
_CHUNK_SIZE = 2**18  # rays evaluated at a time


def planet_radiance(view: View, maps: PlanetMaps, eye: Vector, rays: Floats) -> NDArray[np.float32]:
    """Return the planet's radiance along rays.

    Parameters
    ----------
    view : View
        A view with a planet.
    maps : PlanetMaps
        Maps of that planet.
    eye : (3,) array
        Where the rays start, m, camera axes.
    rays : (N, 3) array
        Unit vectors, camera axes.

    Returns
    -------
    (N, 3) array
        W m^-2 sr^-1 nm^-1; 0 for sky, and for rays that are NaN.
    """
    out = np.zeros((len(rays), 3), np.float32)
    for start in range(0, len(rays), _CHUNK_SIZE):
        out[start : start + _CHUNK_SIZE] = _radiance(view, maps, eye, rays[start : start + _CHUNK_SIZE])
    return out


def ground_properties(planet: PlanetPose, maps: PlanetMaps, directions: Floats) -> tuple[Floats, Floats, Floats]:
    """Look up the maps and add the seasonal frost.

    Parameters
    ----------
    planet : PlanetPose
        For the weather.
    maps : PlanetMaps
        Maps of the planet.
    directions : (N, 3) array
        Unit vectors from the planet's centre, body-fixed axes.

    Returns
    -------
    albedo : (N, 3) array
        Reflectance.
    gradient : (N, 3) array
        Gradient of the height, body-fixed axes.
    ice_fraction : (N,) array
        Fraction of the light that ice or frost reflects.
    """
    latitude, longitude = (
        np.arcsin(np.clip(directions[:, 2], -1.0, 1.0)),
        np.arctan2(directions[:, 1], directions[:, 0]),
    )
    albedo = reflectance(maps, latitude, longitude).astype(float)
    gradient, ground_ice = relief(maps, latitude, longitude)
    frost = frost_fraction(planet.weather, latitude)
    if maps.water is not None:  # on the Earth it is sea ice
        frost = frost * water_share(maps, latitude, longitude)
    white = FROST_REFLECTANCE if maps.water is None else SEA_ICE_REFLECTANCE
    albedo += (np.array(white) - albedo) * frost[:, None]
    return albedo, gradient.astype(float), ground_ice + (1.0 - ground_ice) * frost


def reflection_shape(
    planet: PlanetPose, maps: PlanetMaps, mu0: Floats, mu: Floats, cos_phase: Floats, ice_fraction: Floats
) -> Floats:
    """Return the shape f (N,) of the reflection law, a blend of the laws of bare ground and of ice."""
    shape = LAWS[planet.law or maps.law](mu0, mu, cos_phase)
    return np.asarray(shape + (ice(mu0, mu, cos_phase) - shape) * ice_fraction)


def _radiance(view: View, maps: PlanetMaps, eye: Vector, rays: Floats) -> Floats:
    planet = view.planet
    assert planet is not None
    to_fixed = planet.camera_to_bodyfixed
    start, along = to_fixed @ (eye - planet.position), rays @ to_fixed.T
    sun = to_fixed @ view.sun.direction
    points = intersect_ellipsoid(start, along, planet.body)
    is_ground = np.isfinite(points[:, 0])
    radiance_factor = np.zeros((len(rays), 3))
    if is_ground.any():
        shadows = relief_shadows(view, maps)
        radiance_factor[is_ground] = _ground(planet, maps, points[is_ground], along[is_ground], sun, shadows)
    if planet.weather.has_air:
        sky = ~is_ground & np.isfinite(along[:, 0])
        radiance_factor[sky] = _limb(planet, start, along[sky], sun)
    radiance = radiance_factor * view.sun.irradiance / np.pi
    if planet.weather.has_air and maps.water is not None:
        radiance[sky, _GREEN] += _airglow(planet, start, along[sky])
    return radiance


def _ground(
    planet: PlanetPose, maps: PlanetMaps, points: Floats, along: Floats, sun: Vector, shadows: ShadowMap | None
) -> Floats:
    """Return I/F (N, 3) of the ground at ``points`` (N, 3), seen along ``along`` (N, 3); body-fixed axes."""
    normal = unit(points / np.array(planet.body.radii_m) ** 2)
    if maps.water is not None:
        return _earth(planet, maps, unit(points), normal, along, sun)
    albedo, gradient, ice_fraction = ground_properties(planet, maps, unit(points))
    facet = unit(normal - gradient)
    mu0, cos_phase = normal @ sun, -(along @ sun)
    facet_mu0, facet_mu = facet @ sun, -(facet * along).sum(axis=1)
    if shadows is None:
        # Slopes beyond the terminator still catch sunlight, but not where the horizon would block it.
        facet_mu0 *= smoothstep(-0.01, 0.03, mu0)
    shape = reflection_shape(planet, maps, facet_mu0, facet_mu, cos_phase, ice_fraction)
    if shadows is not None:
        shape = shape * shadows.visible_fraction(unit(points))
    hidden, across = valley_light(normal, facet, sun)
    diffuse = 1.5 * min(lambert_share(planet.law or maps.law), 1.0) * albedo
    direct = shape[:, None] * albedo + (hidden * across)[:, None] * diffuse**2
    latitude = np.arcsin(np.clip(unit(points)[:, 2], -1.0, 1.0))
    mu = np.clip(-(normal * along).sum(axis=1), 0.0, 1.0)
    clouds = cloud_optical_depth(planet.weather, latitude)
    if not planet.weather.has_air:
        return cover_with_clouds(direct, clouds, mu0, mu)
    air = Atmosphere.from_weather(planet.weather, planet.body)
    sky = 1.5 * albedo * air.sky_on_slope(facet, normal, sun, latitude)
    lit = direct * air.beam_transmittance(mu0, latitude) + sky
    return cover_with_clouds(air.radiance_over_ground(lit, mu0, mu, cos_phase, latitude), clouds, mu0, mu)


def _earth(planet: PlanetPose, maps: PlanetMaps, up: Floats, normal: Floats, along: Floats, sun: Vector) -> Floats:
    """Return I/F (N, 3) of the Earth, its relief left out, in the directions ``up`` (N, 3)."""
    reflected, _gradient, ice_fraction = ground_properties(planet, maps, up)
    latitude, longitude = np.arcsin(np.clip(up[:, 2], -1.0, 1.0)), np.arctan2(up[:, 1], up[:, 0])
    air = Atmosphere.from_weather(planet.weather, planet.body)
    water = water_share(maps, latitude, longitude) - ice_fraction
    light, share = surface_light(planet.weather, air, up, reflected, water, normal, along, sun)
    mu = np.clip(-(normal * along).sum(axis=1), 0.0, 1.0)
    return air.radiance_over_ground(light, normal @ sun, mu, -(along @ sun), share=share)


def _airglow(planet: PlanetPose, start: Vector, along: Floats) -> Floats:
    """Return the green radiance (N,) of the airglow along rays that miss the ground."""
    radii = np.array(planet.body.radii_m)
    eye, ray = start / radii, unit(along / radii)
    forward = -(ray @ eye)
    lowest = np.linalg.norm(eye + forward[:, None] * ray, axis=1) - 1.0
    return np.where(forward > 0.0, airglow(np.maximum(lowest, 0.0)), 0.0)


def _limb(planet: PlanetPose, start: Vector, along: Floats, sun: Vector) -> Floats:
    """Return I/F (N, 3) of the air above the limb."""
    radii = np.array(planet.body.radii_m)
    # In axes in which the planet is the unit sphere: the point of the ray nearest to its centre.
    eye, ray = start / radii, unit(along / radii)
    forward = -(ray @ eye)
    nearest = eye + forward[:, None] * ray
    miss = np.linalg.norm(nearest, axis=1)
    air = Atmosphere.from_weather(planet.weather, planet.body)
    radiance_factor = np.zeros((len(along), 3))
    near = (forward > 0.0) & (miss - 1.0 < air.top)
    if near.any():
        up = nearest[near] / miss[near, None]
        radiance_factor[near] = air.radiance_above_limb(
            np.maximum(miss[near] - 1.0, 0.0), up @ sun, -(along[near] @ sun), np.arcsin(np.clip(up[:, 2], -1.0, 1.0))
        )
    return radiance_factor
