"""The Martian calendar: solar longitude (Ls), year and sol, mean and true solar time.

Years are those of Clancy et al. (2000): year 1 began on 11 April 1955. Mean solar time is that of Allison and McEwen
(2000) with the constants of NASA's Mars24; true solar time is computed from the position of the Sun.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from selfiesim.astro.bodies import MARS, Body
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS, Ephemeris, position_from_body
from selfiesim.astro.epoch import DAY_S, J2000_JD, Epoch
from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.core.vectors import cross, unit

SOL_S = 1.0274912517 * DAY_S
"""Mean solar day of Mars, 88775.244 s (Allison and McEwen 2000, as in Mars24)."""

MARS_YEAR_DAYS = 686.9725
"""Tropical year of Mars, days (Allison and McEwen 2000)."""

_YEAR_1 = Epoch.from_tdb_jd(2435208.956)  # 11 April 1955, 10:56 UT
_SEASONS = ("spring", "summer", "autumn", "winter")


def solar_longitude(body: Body, epoch: Epoch, ephemeris: Ephemeris = BUILTIN_EPHEMERIS) -> float:
    """Return Ls, the planetocentric longitude of the Sun, rad in [0, 2 pi): 0 at the northern spring equinox.

    It is measured in the instantaneous orbit plane from the ascending node of the Sun's apparent path on the equator.
    """
    position = -position_from_body(body, "sun", epoch, ephemeris)
    velocity = ephemeris.velocity(body.name, "sun", epoch)
    pole = icrf_to_bodyfixed(body, epoch)[2]
    orbit_normal = unit(cross(position, velocity))
    equinox = unit(cross(pole, orbit_normal))  # where the Sun crosses the equator northward, seen from the planet
    sun = -unit(position)
    return float(np.arctan2(np.dot(cross(equinox, sun), orbit_normal), np.dot(equinox, sun)) % (2.0 * np.pi))


@dataclass(frozen=True)
class MarsDate:
    """A date on Mars: the year (Clancy et al. 2000) and the sols elapsed since its northern spring equinox."""

    year: int
    sol: float


def mars_date(epoch: Epoch) -> MarsDate:
    """Return the date on Mars at ``epoch``."""
    ls = solar_longitude(MARS, epoch)
    # The true Sun is within 12 degrees of the mean Sun, so rounding to whole years at this Ls is safe.
    years_elapsed = (epoch - _YEAR_1) / (MARS_YEAR_DAYS * DAY_S) - ls / (2.0 * math.pi)
    return MarsDate(year=1 + round(years_elapsed), sol=(epoch - _equinox_before(epoch, ls)) / SOL_S)


def _equinox_before(epoch: Epoch, ls: float) -> Epoch:
    """Return the last northern spring equinox, by Newton's method with the mean rate.

    Each iteration reduces the error by a factor of five.
    """
    rate = 2.0 * math.pi / (MARS_YEAR_DAYS * DAY_S)
    equinox = epoch + -ls / rate
    for _ in range(20):
        excess = (solar_longitude(MARS, equinox) + math.pi) % (2.0 * math.pi) - math.pi
        equinox = equinox + -excess / rate
    return equinox


def mars_sol_date(epoch: Epoch) -> float:
    """Return the MSD, mean solar days at the prime meridian since 29 December 1873 (Mars24, equation C-2).

    TDB is used for TT, from which it differs by 2 ms at most.
    """
    return (epoch.days_since_j2000 + (J2000_JD - 2451549.5)) * DAY_S / SOL_S + 44796.0 - 0.0009626


def mean_solar_time(epoch: Epoch, longitude: float = 0.0) -> float:
    """Return the local mean solar time on Mars at an east longitude (rad), in hours of 1/24 sol, [0, 24).

    At longitude 0 it is Coordinated Mars Time (MTC).
    """
    return (24.0 * (mars_sol_date(epoch) % 1.0) + longitude * 12.0 / math.pi) % 24.0


def true_solar_time(body: Body, epoch: Epoch, longitude: float, ephemeris: Ephemeris = BUILTIN_EPHEMERIS) -> float:
    """Return the local true solar time at an east longitude (rad), in hours of 1/24 of the body's day, [0, 24).

    It is 12 when the Sun is on the meridian. Light time is ignored.
    """
    sun_longitude, _latitude = direction_to_lonlat(
        icrf_to_bodyfixed(body, epoch) @ position_from_body(body, "sun", epoch, ephemeris)
    )
    return (12.0 + (longitude - sun_longitude) * 12.0 / math.pi) % 24.0


def season_name(solar_longitude: float, latitude: float) -> str:
    """Return ``spring``, ``summer``, ``autumn`` or ``winter`` for Ls (rad) and a latitude (rad, north positive).

    The equator has the northern names.
    """
    quarter = int((solar_longitude % (2.0 * math.pi)) // (math.pi / 2.0)) % 4
    return _SEASONS[(quarter + (2 if latitude < 0.0 else 0)) % 4]
