"""The Earth's surface and clouds under sunlight in numpy: the formulas of ``earth.glsl``, without the grain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import Vector, unit
from selfiesim.planet.earth import cloud_light, clouds, sea
from selfiesim.planet.light.atmosphere import Atmosphere

if TYPE_CHECKING:
    from selfiesim.planet.light.weather import Weather

Floats = NDArray[np.float64]

_LOWEST_SUN = 0.12  # cosine down to which the shadows of clouds grow longer


def surface_light(
    weather: Weather, air: Atmosphere, directions: Floats, reflectance: Floats, water: Floats, normal: Floats,
    along: Floats, sun: Vector,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return I/F (N, 3) of land, sea and the clouds over them, and the share (N,) of the air above what is seen.

    Parameters
    ----------
    weather, air
        Clouds and wind, and the air.
    directions : (N, 3) array
        Unit vectors from the planet's centre, body-fixed axes, as all others.
    reflectance : (N, 3) array
        A of the surface.
    water : (N,) array
        Share of open water.
    normal, along : (N, 3) array
        Normals of the level ground, and directions of sight.
    sun : (3,) array
        Unit vector to the Sun.
    """
    mu0, cos_phase = normal @ sun, -(along @ sun)
    mu = np.clip(-(normal * along).sum(axis=1), 0.0, 1.0)
    high = np.maximum(mu0, 0.0)
    beam, sky = air.beam_transmittance(mu0), air.sky_irradiance(mu0)
    glint = (water * sea.glint(mu0, mu, cos_phase, weather.wind_m_s))[:, None] * beam
    mirror = (water * sea.mean_fresnel(mu, weather.wind_m_s))[:, None] * sky
    if weather.cloud_cover == 0.0:
        return 1.5 * reflectance * (high[:, None] * beam + sky) + glint + mirror, np.ones(len(mu))
    image = clouds.cloud_map(clouds.scene_of(weather))
    amount, top = clouds.clouds_at(image, directions)
    aside = unit(directions + (sun - mu0[:, None] * normal) * (top / np.maximum(mu0, _LOWEST_SUN))[:, None])
    beyond = clouds.clouds_at(image, aside)[0]
    depth = cloud_light.opacity(amount)
    shade = cloud_light.beam(cloud_light.opacity(beyond), mu0)
    through = np.maximum(1.0 - cloud_light.reflectance(depth, mu0) - cloud_light.beam(depth, mu0), 0.0)
    surface = 1.5 * reflectance * ((high * (shade + through))[:, None] * beam + sky) + mirror
    surface = surface + (shade * cloud_light.beam(depth, mu))[:, None] * glint
    share, dip = np.exp(-top * cloud_light.AIR_FALL), np.sqrt(2.0 * top)
    sunward = (mu0 + dip) / (1.0 + dip)
    white = cloud_light.reflectance(depth, sunward) * np.clip(1.0 - 1.3 * (beyond - amount), 0.55, 1.2)
    white = white * cloud_light.toward_the_eye(cos_phase)
    top_beam = np.maximum(air.beam_transmittance(sunward), 1e-6) ** share[:, None] * np.maximum(sunward, 0.0)[:, None]
    light = surface * (1.0 - cloud_light.reflectance(depth, mu))[:, None] + white[:, None] * (
        top_beam + share[:, None] * sky
    )
    hidden = -np.expm1(-0.3 * depth / np.maximum(mu, 0.1))
    return light, 1.0 + (share - 1.0) * hidden
