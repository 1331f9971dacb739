"""The four large moons of Jupiter: the leading terms of Lieske's theory E5.

Source: Lieske (1998), Astronomy and Astrophysics Supplement 129, 205, as Meeus prints it (Astronomical Algorithms,
second edition, chapter 44). Terms below 0.01 degrees in longitude are left out; shadows on Jupiter are then within a
fiftieth of its radius.
"""

from __future__ import annotations

import numpy as np

from selfiesim.astro.bodies import AngleSeries, Body
from selfiesim.astro.epoch import Epoch
from selfiesim.core.vectors import Vector, rotation_x, rotation_z

# Radii and rotation without its periodic terms: IAU 2015 (Archinal et al. 2018, Celest. Mech. Dyn. Astr. 130:22;
# recalled, not checked). Gravitational parameters: Jacobson's JUP230 (recalled, not checked).
GALILEAN_MOONS = {
    name: Body(
        name=name,
        radii_m=radii,
        gm_m3_s2=gm,
        pole_ra=AngleSeries(right_ascension, -0.009),
        pole_dec=AngleSeries(declination, 0.003),
        meridian=AngleSeries(meridian, rate),
    )
    for name, radii, gm, right_ascension, declination, meridian, rate in (
        ("io", (1_829_400.0, 1_819_400.0, 1_815_700.0), 5.95992e12, 268.05, 64.50, 200.39, 203.4889538),
        ("europa", (1_562_600.0, 1_560_300.0, 1_559_500.0), 3.20274e12, 268.08, 64.51, 36.022, 101.3747235),
        ("ganymede", (2_631_200.0,) * 3, 9.88783e12, 268.20, 64.57, 44.064, 50.3176081),
        ("callisto", (2_410_300.0,) * 3, 7.17929e12, 268.72, 64.83, 259.51, 21.5710715),
    )
}
"""Io, Europa, Ganymede and Callisto, by name."""

_UNIT_M = 71_420_000.0  # of the distances: Io's is then 421,780 km
_RATE_STEP_S = 30.0


def galilean_moon_state(name: str, epoch: Epoch) -> tuple[Vector, Vector]:
    """Return position (m) and velocity (m/s) of one of :data:`GALILEAN_MOONS` from Jupiter, ICRF axes, (3,) each."""
    number = list(GALILEAN_MOONS).index(name)
    before, now, after = (_position(number, epoch + step) for step in (-_RATE_STEP_S, 0.0, _RATE_STEP_S))
    return now, (after - before) / (2.0 * _RATE_STEP_S)


def _position(number: int, epoch: Epoch) -> Vector:
    import erfa

    longitude, tangent, distance, node = _equatorial(number, epoch.days_since_j2000 + 2_451_545.0 - 2_443_000.5)
    along = np.array([np.cos(longitude - node), np.sin(longitude - node), tangent])
    # From Jupiter's equator to the plane of its orbit, the ecliptic of B1950 and the equator of B1950.
    to_orbit = rotation_x(-np.radians(3.12064))
    orbit_node, inclination = np.radians([99.9534, 1.30602])
    to_ecliptic = rotation_z(-orbit_node) @ rotation_x(-inclination) @ rotation_z(-(node - orbit_node))
    to_equator = rotation_x(-np.radians(23.4457889))
    to_icrf = np.array(erfa.pmat76(2433282.42345905, 0.0)).T
    inertial = to_icrf @ to_equator @ to_ecliptic @ to_orbit @ along
    return np.asarray(inertial * (_UNIT_M * distance / np.sqrt(1.0 + tangent * tangent)))


# Long: the terms of the theory, in degrees, under its own names.
def _equatorial(number: int, t: float) -> tuple[float, float, float, float]:
    """Longitude (rad), tangent of the latitude, and distance in Jupiter's equator, and the equator's node (rad).

    ``t`` is in days from 1976 August 10, 0 h. Longitudes are from the equinox of B1950.
    """
    l1, l2, l3, l4 = np.radians(
        [106.07719 + 203.488955790 * t, 175.73161 + 101.374724735 * t, 120.55883 + 50.317609207 * t,
         84.44459 + 21.571071177 * t]
    )  # fmt: skip
    p2, p3, p4 = np.radians([154.8663 + 0.04726307 * t, 188.1840 + 0.00712734 * t, 335.2868 + 0.00184000 * t])
    w1, w2, w3, w4 = np.radians(
        [312.3346 - 0.13279386 * t, 100.4411 - 0.03263064 * t, 119.1942 - 0.00717703 * t, 322.6186 - 0.00175934 * t]
    )
    psi, libration = np.radians([316.5182 - 0.00000208 * t, 199.6766 + 0.17379190 * t])
    sun = np.radians(30.23756 + 0.0830925701 * t + 0.33033 * np.sin(np.radians(163.679 + 0.0010512 * t)))
    perihelion = np.radians(13.469942)
    sin, cos = np.sin, np.cos
    if number == 0:
        change = 0.47259 * sin(2 * (l1 - l2)) - 0.03478 * sin(p3 - p4) + 0.01081 * sin(l2 - 2 * l3 + p3)
        at = l1 + np.radians(change)
        tangent = 0.0006393 * sin(at - w1) + 0.0001825 * sin(at - w2)
        distance = 5.90569 * (1.0 - 0.0041339 * cos(2 * (l1 - l2)))
    elif number == 1:
        change = (
            1.06476 * sin(2 * (l2 - l3)) + 0.04256 * sin(l1 - 2 * l2 + p3) + 0.03581 * sin(l2 - p3)
            + 0.02395 * sin(l1 - 2 * l2 + p4) + 0.01984 * sin(l2 - p4) - 0.01778 * sin(libration)
            + 0.01654 * sin(l2 - p2) + 0.01334 * sin(l2 - 2 * l3 + p2) + 0.01294 * sin(p3 - p4)
            - 0.01142 * sin(l2 - l3) - 0.01057 * sin(sun)
        )  # fmt: skip
        at = l2 + np.radians(change)
        tangent = 0.0081004 * sin(at - w2) + 0.0004512 * sin(at - w3) - 0.0003284 * sin(at - psi)
        distance = 9.39657 * (1.0 + 0.0093848 * cos(l1 - l2) - 0.0003116 * cos(l2 - p3))
    elif number == 2:
        change = (
            0.16490 * sin(l3 - p3) + 0.09081 * sin(l3 - p4) - 0.06907 * sin(l2 - l3) + 0.03784 * sin(p3 - p4)
            + 0.01846 * sin(2 * (l3 - l4)) - 0.01340 * sin(sun) - 0.01014 * sin(2 * (psi - perihelion))
        )  # fmt: skip
        at = l3 + np.radians(change)
        tangent = 0.0032402 * sin(at - w3) - 0.0016911 * sin(at - psi) + 0.0006847 * sin(at - w4)
        distance = 14.98832 * (1.0 - 0.0014388 * cos(l3 - p3) - 0.0007919 * cos(l3 - p4) + 0.0006342 * cos(l2 - l3))
    else:
        change = (
            0.84287 * sin(l4 - p4) + 0.03431 * sin(p4 - p3) - 0.03305 * sin(2 * (psi - perihelion))
            - 0.03211 * sin(sun) - 0.01862 * sin(l4 - p3) + 0.01186 * sin(psi - w4)
        )  # fmt: skip
        at = l4 + np.radians(change)
        tangent = -0.0076579 * sin(at - psi) + 0.0044134 * sin(at - w4) - 0.0005112 * sin(at - w3)
        distance = 26.36273 * (1.0 - 0.0073546 * cos(l4 - p4))
    return float(at), float(tangent), float(distance), float(psi)
