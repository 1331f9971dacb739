"""Disc-integrated light of a planet: ground, air in front of it, air above the limb, and twilight."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM
from selfiesim.planet.light.air_column import AirColumn
from selfiesim.planet.light.atmosphere import Atmosphere
from selfiesim.planet.light.photometry import PhotometricLaw

CLEAR_DAY = Atmosphere((AirColumn(0.2, 30_000.0, 1.0, 1000.0 * MARS_RADIUS_KM),))
"""The air in which the disc has its published light: a usual amount of dust outside storms (assumed)."""

Array = NDArray[np.float64]


def disc_brightness(
    law: PhotometricLaw, reflectance: ArrayLike, air: Atmosphere, phase_rad: float, nodes: int = 80
) -> Array:
    """Return the light (3,) of a uniform planet relative to a white Lambert disc of its size that faces Sun and eye.

    At phase 0 it is the geometric albedo. The formulas are the shader's, integrated over the disc.

    Parameters
    ----------
    law : PhotometricLaw
        Reflection law of the ground.
    reflectance : (3,) array_like
        Reflectance of the ground, in the sense of the maps.
    air : Atmosphere
        The air.
    phase_rad : float
        Angle at the planet between Sun and eye, rad.
    nodes : int
        Quadrature nodes per dimension.
    """
    albedo = np.broadcast_to(np.asarray(reflectance, float), (3,))
    mu0, mu, weight = _disc_quadrature(phase_rad - np.pi / 2, np.pi / 2, phase_rad, nodes)
    cosine = np.full_like(mu, np.cos(phase_rad))
    ground = albedo * (law(mu0, mu, cosine)[:, None] * air.beam_transmittance(mu0) + 1.5 * air.sky_irradiance(mu0))
    total = weight @ air.radiance_over_ground(ground, mu0, mu, cosine)
    if phase_rad > 0:
        mu0, mu, weight = _disc_quadrature(-np.pi / 2, phase_rad - np.pi / 2, phase_rad, nodes)
        cosine = np.full_like(mu, np.cos(phase_rad))
        total = total + weight @ air.radiance_over_ground(1.5 * albedo * air.sky_irradiance(mu0), mu0, mu, cosine)
    height = air.top * np.linspace(0.0, 1.0, 90)[:, None] ** 2
    azimuth = (np.arange(180) + 0.5) / 180 * 2 * np.pi
    mu0 = np.broadcast_to(np.cos(azimuth) * np.sin(phase_rad), (len(height), 180))
    ring = air.radiance_above_limb(height * np.ones(180), mu0, np.full_like(mu0, np.cos(phase_rad))).mean(axis=1)
    return np.asarray(total + 2.0 * np.trapezoid(ring * (1.0 + height), height[:, 0], axis=0))


def solve_ground_reflectance(law: PhotometricLaw, geometric_albedo: ArrayLike) -> Array:
    """Solve for the ground's reflectance (3,) that gives a planet its geometric albedo under the air of a clear day."""
    dark, bright = (disc_brightness(law, level, CLEAR_DAY, 0.0) for level in (0.0, 1.0))
    return np.asarray((np.asarray(geometric_albedo) - dark) / (bright - dark))


def _disc_quadrature(low: float, high: float, phase_rad: float, nodes: int) -> tuple[Array, Array, Array]:
    """Return mu0, mu and weights of a Gauss-Legendre grid in luminance longitude and latitude."""
    x, weight = np.polynomial.legendre.leggauss(nodes)
    longitude = (low + (high - low) * (x + 1) / 2)[:, None]
    cos_lat = np.sqrt(1 - x**2)[None, :]
    mu, mu0 = cos_lat * np.cos(longitude), cos_lat * np.cos(longitude - phase_rad)
    share = weight[:, None] * weight[None, :] * mu * (high - low) / 2 / np.pi
    return mu0.ravel(), mu.ravel(), share.ravel()
