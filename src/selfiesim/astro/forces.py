"""Orbit perturbations: zonal harmonics, third bodies and solar radiation pressure.

Each function returns the acceleration (m/s2) at positions (..., 3) from the planet's centre. All vectors are in the
same inertial axes. To propagate an orbit under them, pass their sum to
:func:`selfiesim.astro.orbit.propagate_perturbed`::

    def acceleration(seconds, position):
        return zonal(position, MARS_ZONALS, pole) + third_body_acceleration(position, to_sun, GM_SUN_M3_S2)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.astro.bodies import AU_M
from selfiesim.core.vectors import Vector

GM_SUN_M3_S2 = 1.3271244e20
"""Nominal solar mass parameter, m3/s2 (IAU 2015 Resolution B3)."""

SOLAR_RADIATION_PRESSURE_1AU = 1361.0 / 299_792_458.0
"""Radiation pressure on a black surface facing the Sun at 1 AU, N/m2: nominal irradiance (IAU 2015 B3) over c."""


@dataclass(frozen=True)
class ZonalHarmonics:
    """The zonal harmonics of a planet's gravity field, the part that does not depend on longitude.

    Attributes
    ----------
    gm_m3_s2 : float
        Gravitational parameter of the field.
    radius_m : float
        Reference radius of the coefficients; not always the equatorial radius.
    j2, j3, j4 : float
        Unnormalised coefficients J_n = -C_n0; from normalised ones, J_n = -sqrt(2 n + 1) C_n0.
    """

    gm_m3_s2: float
    radius_m: float
    j2: float
    j3: float = 0.0
    j4: float = 0.0


MARS_ZONALS = ZonalHarmonics(
    gm_m3_s2=4.2828370371e13, radius_m=3.3942e6, j2=1.958616127e-3, j3=3.157457584e-5, j4=-1.545157480e-5
)
"""Mars-50c (Konopliv and Sjogren 1995, JPL Publication 95-5), from GMAT's file Mars50c.cof.

Its normalised C20, C30, C40 are -8.75919760273e-4, -1.19340679166e-5 and 5.15052493229e-6. Scaled to a radius of 3396
km, J2 is 1956.5e-6; the value of MRO120D, two decades younger, is 1956.6e-6.
"""


def zonal_acceleration(position: Vector, field: ZonalHarmonics, pole: Vector) -> Vector:
    """Return the acceleration (..., 3) from J2, J3 and J4 at ``position`` (..., 3), for a pole (3,) of unit length.

    It is the gradient of -(GM / r) J_n (R / r)^n P_n(sin latitude) for each n (Montenbruck and Gill, Satellite Orbits,
    section 3.2). With u the sine of the latitude it is GM J_n R^n / r^(n + 2) (P'_(n+1)(u) up - P'_n(u) pole).
    """
    square = (position * position).sum(-1, keepdims=True)
    radius = np.sqrt(square)
    u = (position @ pole)[..., None] / radius
    uu, ratio = u * u, field.radius_m / radius
    second, third, fourth = field.j2, field.j3 * ratio, field.j4 * ratio * ratio
    # Derivatives of the Legendre polynomials P2 to P5.
    p2, p3, p4 = 3.0 * u, 7.5 * uu - 1.5, (17.5 * uu - 7.5) * u
    p5 = (39.375 * uu - 26.25) * uu + 1.875
    along_up, along_pole = second * p3 + third * p4 + fourth * p5, second * p2 + third * p3 + fourth * p4
    return np.asarray(field.gm_m3_s2 * ratio * ratio / square * (along_up / radius * position - along_pole * pole))


def tidal_acceleration(origin: Vector, offset: Vector, gm: float) -> Vector:
    """Return central gravity at ``origin + offset`` minus that at ``origin``; all are (..., 3) from the attractor.

    Battin's form (An Introduction to the Mathematics and Methods of Astrodynamics, section 8.4), which has no
    cancellation even for a small offset.
    """
    squared = np.sum(origin * origin, axis=-1, keepdims=True)
    q = np.sum(offset * (offset + 2.0 * origin), axis=-1, keepdims=True) / squared
    grown = (1.0 + q) * np.sqrt(1.0 + q)
    f = q * (3.0 + q * (3.0 + q)) / (grown * (1.0 + grown))
    return np.asarray(gm / (squared * np.sqrt(squared)) * (f * (origin + offset) - offset))


def third_body_acceleration(position: Vector, to_body: Vector, gm: float) -> Vector:
    """Return the tidal acceleration (..., 3) at ``position`` (..., 3) from a third body.

    It is the body's attraction of the craft minus that of the planet.

    Parameters
    ----------
    to_body : (3,) array
        The third body from the planet's centre, m.
    gm : float
        Gravitational parameter of the third body, m3/s2 (:data:`GM_SUN_M3_S2`).
    """
    return tidal_acceleration(-np.asarray(to_body, float), position, gm)


def radiation_pressure_acceleration(
    position: Vector, to_sun: Vector, area_to_mass: float, reflectivity: float = 1.0
) -> Vector:
    """Return the acceleration (..., 3) by solar radiation pressure on a sphere at ``position`` (..., 3).

    The planet's shadow is not considered; the caller accounts for eclipses.

    Parameters
    ----------
    to_sun : (3,) array
        The Sun from the planet's centre, m.
    area_to_mass : float
        Cross-section over mass, m2/kg.
    reflectivity : float
        1 for black, 2 for a mirror facing the Sun (Montenbruck and Gill, section 3.4).
    """
    away = position - np.asarray(to_sun, float)
    distance = np.linalg.norm(away, axis=-1, keepdims=True)
    pressure = SOLAR_RADIATION_PRESSURE_1AU * (AU_M / distance) ** 2
    return np.asarray(reflectivity * area_to_mass * pressure * away / distance)
