"""What pulls and pushes beside the planet's central gravity: its flattening, the Sun's tide, sunlight.

Each function gives the acceleration (m/s2) at positions (..., 3) from the planet's centre, in any non-turning axes, the
other vectors in the same ones. To move something under them, hand their sum to
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
"""Pressure of sunlight on a black surface facing it at 1 AU, N/m2: nominal irradiance (IAU 2015 B3) over c."""


@dataclass(frozen=True)
class ZonalHarmonics:
    """A planet's gravity field as far as it does not depend on longitude.

    Attributes
    ----------
    gm_m3_s2 : float
        Gravitational parameter the coefficients go with.
    radius_m : float
        Reference radius the coefficients go with; not always the planet's equator.
    j2, j3, j4 : float
        Zonal coefficients, not normalised: J_n = -C_n0, from the normalised one by J_n = -sqrt(2 n + 1) C_n0.
    """

    gm_m3_s2: float
    radius_m: float
    j2: float
    j3: float = 0.0
    j4: float = 0.0


MARS_ZONALS = ZonalHarmonics(
    gm_m3_s2=4.2828370371e13, radius_m=3.3942e6, j2=1.958616127e-3, j3=3.157457584e-5, j4=-1.545157480e-5
)
"""Mars-50c (Konopliv and Sjogren 1995, JPL Publication 95-5), as GMAT carries it in Mars50c.cof.

Its normalised C20, C30, C40 are -8.75919760273e-4, -1.19340679166e-5 and 5.15052493229e-6. On a radius of 3396 km J2
reads 1956.5e-6; MRO120D, two decades younger, has 1956.6e-6 there.
"""


def zonal_acceleration(position: Vector, field: ZonalHarmonics, pole: Vector) -> Vector:
    """Acceleration (..., 3) from J2, J3 and J4 at ``position`` (..., 3), about the unit vector ``pole`` (3,).

    The gradient of -(GM / r) J_n (R / r)^n P_n(sin latitude) for each n (Montenbruck and Gill, Satellite Orbits,
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
    """Central gravity at ``origin + offset`` less that at ``origin``, (..., 3) each, from the attracting centre.

    Battin's form (An Introduction to the Mathematics and Methods of Astrodynamics, section 8.4), in which nothing
    cancels however small the offset.
    """
    squared = np.sum(origin * origin, axis=-1, keepdims=True)
    q = np.sum(offset * (offset + 2.0 * origin), axis=-1, keepdims=True) / squared
    grown = (1.0 + q) * np.sqrt(1.0 + q)
    f = q * (3.0 + q * (3.0 + q)) / (grown * (1.0 + grown))
    return np.asarray(gm / (squared * np.sqrt(squared)) * (f * (origin + offset) - offset))


def third_body_acceleration(position: Vector, to_body: Vector, gm: float) -> Vector:
    """Acceleration (..., 3) at ``position`` (..., 3) by a far body at ``to_body`` (3,) m from the planet's centre.

    What it does to the craft less what it does to the planet; ``gm`` is its own (:data:`GM_SUN_M3_S2`).
    """
    return tidal_acceleration(-np.asarray(to_body, float), position, gm)


def radiation_pressure_acceleration(
    position: Vector, to_sun: Vector, area_to_mass: float, reflectivity: float = 1.0
) -> Vector:
    """Acceleration (..., 3) by the pressure of sunlight on a ball at ``position`` (..., 3).

    Outside the planet's shadow: whether it shines there is for the caller to say.

    Parameters
    ----------
    to_sun : (3,) array
        The Sun from the planet's centre, m.
    area_to_mass : float
        Area turned to the Sun over mass, m2/kg.
    reflectivity : float
        1 for black, 2 for a mirror that faces the Sun (Montenbruck and Gill, section 3.4).
    """
    away = position - np.asarray(to_sun, float)
    distance = np.linalg.norm(away, axis=-1, keepdims=True)
    pressure = SOLAR_RADIATION_PRESSURE_1AU * (AU_M / distance) ** 2
    return np.asarray(reflectivity * area_to_mass * pressure * away / distance)
