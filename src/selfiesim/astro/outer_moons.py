"""Enceladus, Titan and Triton: precessing ellipses by the mean elements of JPL's satellite ephemerides.

Periodic terms are left out: longitudes are good to 3 degrees (Titan), which moves the planet in the sky of its moon by
as much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.astro.bodies import AngleSeries, Body
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import mean_to_true
from selfiesim.core.vectors import Vector, rotation_x, rotation_z

_TRITON_NODE = (177.85, 52.316)  # N7 of the IAU report: phase, and rate per century
_TRITON_POLE_RA = (-32.35, -6.28, -2.08, -0.74, -0.28, -0.11, -0.07, -0.02, -0.01)
_TRITON_POLE_DEC = (22.55, 2.10, 0.55, 0.16, 0.05, 0.02, 0.01)
_TRITON_MERIDIAN = (22.25, 6.73, 2.05, 0.74, 0.28, 0.11, 0.05, 0.02, 0.01)


def _harmonics(amplitudes: tuple[float, ...]) -> tuple[tuple[float, float, float], ...]:
    phase, rate = _TRITON_NODE
    return tuple((amplitude, k * phase, k * rate) for k, amplitude in enumerate(amplitudes, 1))


# Radii and rotation: IAU 2015 as in NAIF's pck00011.tpc; gravitational parameters: gm_de440.tpc (Park et al. 2021).
OUTER_MOONS = {
    "enceladus": Body(
        name="enceladus",
        radii_m=(256_600.0, 251_400.0, 248_300.0),
        gm_m3_s2=7.210366689e9,
        pole_ra=AngleSeries(40.66, -0.036),
        pole_dec=AngleSeries(83.52, -0.004),
        meridian=AngleSeries(6.32, 262.7318996),
    ),
    "titan": Body(
        name="titan",
        radii_m=(2_575_150.0, 2_574_780.0, 2_574_470.0),
        gm_m3_s2=8.978137096e12,
        pole_ra=AngleSeries(39.4827),
        pole_dec=AngleSeries(83.4279),
        meridian=AngleSeries(186.5855, 22.5769768),
    ),
    "triton": Body(
        name="triton",
        radii_m=(1_352_600.0,) * 3,
        gm_m3_s2=1.428495463e12,
        pole_ra=AngleSeries(299.36, 0.0, _harmonics(_TRITON_POLE_RA)),
        pole_dec=AngleSeries(41.17, 0.0, _harmonics(_TRITON_POLE_DEC)),
        meridian=AngleSeries(296.53, -61.2572637, _harmonics(_TRITON_MERIDIAN)),
    ),
}
"""Those moons by name."""

OUTER_MOON_PLANETS = {"enceladus": "saturn", "titan": "saturn", "triton": "neptune"}
"""The planet of each."""


@dataclass(frozen=True)
class _MeanElements:
    """A precessing ellipse at J2000, referred to its Laplace plane, in km, days, years and degrees.

    The node is measured along the plane from that plane's own node on the ICRF equator. Periods of precession are
    positive where the angle grows. The period of revolution is sidereal.
    """

    semi_major_axis_km: float
    eccentricity: float
    periapsis: float
    anomaly: float
    inclination: float
    node: float
    period_days: float
    periapsis_years: float
    node_years: float
    plane_pole: tuple[float, float]


# https://ssd.jpl.nasa.gov/sats/elem, as of 2015 (Triton: Jacobson 2009, Astronomical Journal 137, 4322); node_years has
# the sign of the node's motion, which the table leaves out.
_ELEMENTS = {
    "enceladus": _MeanElements(
        238_042.0, 0.0, 0.076, 199.686, 0.003, 342.507, 1.370218, 1.184, -2.360, (40.586, 83.536)
    ),
    "titan": _MeanElements(
        1_221_865.0, 0.0288, 180.532, 163.310, 0.306, 28.060, 15.945448, 352.120, -704.600, (36.214, 83.949)
    ),
    "triton": _MeanElements(
        354_759.0, 0.0, 66.142, 352.257, 156.865, 177.608, 5.876854, 386.371, 687.446, (299.456, 43.414)
    ),
}

_RATE_STEP_S = 30.0


def outer_moon_state(name: str, epoch: Epoch) -> tuple[Vector, Vector]:
    """Return position (m) and velocity (m/s) of one of :data:`OUTER_MOONS` from its planet, ICRF axes, (3,) each."""
    before, now, after = (_position(_ELEMENTS[name], epoch + step) for step in (-_RATE_STEP_S, 0.0, _RATE_STEP_S))
    return now, (after - before) / (2.0 * _RATE_STEP_S)


def _position(moon: _MeanElements, epoch: Epoch) -> Vector:
    days = epoch.days_since_j2000
    years = days / 365.25
    node_change, periapsis_change = 360.0 * years / moon.node_years, 360.0 * years / moon.periapsis_years
    # The longitude that the period is of is counted from the node backward for a retrograde orbit.
    against = -1.0 if moon.inclination > 90.0 else 1.0
    since_node = moon.periapsis + moon.anomaly + 360.0 * days / moon.period_days - against * node_change
    periapsis = moon.periapsis + periapsis_change
    anomaly = mean_to_true(np.radians((since_node - periapsis) % 360.0), moon.eccentricity)
    distance = (
        moon.semi_major_axis_km * 1e3 * (1.0 - moon.eccentricity**2) / (1.0 + moon.eccentricity * np.cos(anomaly))
    )
    argument = np.radians(periapsis) + anomaly
    right_ascension, declination = np.radians(moon.plane_pole)
    to_orbit = (
        rotation_x(np.radians(moon.inclination))
        @ rotation_z(np.radians(moon.node + node_change))
        @ rotation_x(0.5 * np.pi - declination)
        @ rotation_z(0.5 * np.pi + right_ascension)
    )
    return np.asarray(distance * (np.array([np.cos(argument), np.sin(argument), 0.0]) @ to_orbit))
