"""Time, seasons, distances and sizes, against published numbers."""

from __future__ import annotations

import numpy as np

from selfiesim.astro.bodies import AU_M, MARS
from selfiesim.astro.ellipsoid import planet_angular_diameter
from selfiesim.astro.ephemeris import position_from_body
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.astro.mars_time import solar_longitude
from selfiesim.validation.registry import Measured, check

# What astropy's own, built-in ephemeris rests on.
PEER = "ERFA plan94, which astropy's built-in ephemeris uses, states at most 17 arcsec and 7700 km for Mars"


@check("time", "the leap second at the end of 2016", "IERS Bulletin C 52: 2 s from 23:59:59 to 00:00:00")
def leap_second() -> Measured:
    """Seconds between the two; TDB and TT differ in rate by 3e-10."""
    seconds = Epoch.from_utc("2017-01-01T00:00:00Z") - Epoch.from_utc("2016-12-31T23:59:59Z")
    return Measured(float(seconds), 2.0, 1e-8, "s")


@check("positions", "season of Mars on 31 December 2021", "Ls 150.5 degrees, by astropy's built-in ephemeris", (), PEER)
def season() -> Measured:
    """Solar longitude, degrees."""
    return Measured(float(np.degrees(solar_longitude(MARS, Epoch.from_utc("2021-12-31T16:30Z")))), 150.5, 0.06, "deg")


@check("positions", "latitude below the Sun on Mars, 31 December 2021", "12.1 N, by the same; IAU 2015 orientation")
def subsolar_latitude() -> Measured:
    """Planetocentric latitude, degrees."""
    epoch = Epoch.from_utc("2021-12-31T16:30Z")
    below = direction_to_lonlat(icrf_to_bodyfixed(MARS, epoch) @ position_from_body(MARS, "sun", epoch))
    return Measured(float(np.degrees(below[1])), 12.1, 0.06, "deg")


@check("positions", "distance from Mars to the Earth, 31 December 2021", "350.5 million km, by the same", (), PEER)
def distance_of_the_earth() -> Measured:
    """Distance, million km."""
    away = position_from_body(MARS, "earth", Epoch.from_utc("2021-12-31T16:30Z"))
    return Measured(float(np.linalg.norm(away)) / 1e9, 350.5, 0.06, "Gm")


@check("positions", "distance of the Sun from Mars at perihelion and aphelion", "NSSDC: 1.3814 and 1.6660 au")
def perihelion_and_aphelion() -> Measured:
    """Largest difference of the extremes over 16 years from the published mean ones, au: they vary by 1e-3."""
    dates = [Epoch.from_utc("2010-01-01") + 86400.0 * days for days in np.arange(0.0, 16 * 365.25, 4.0)]
    away = np.array([np.linalg.norm(position_from_body(MARS, "sun", date)) for date in dates]) / AU_M
    return Measured(float(max(abs(away.min() - 1.3814), abs(away.max() - 1.6660))), 0.0, 2e-3, "au")


@check("limb", "angular diameter of Mars from 500 km above the pole", "tangents to the ellipsoid, in closed form")
def angular_diameter() -> Measured:
    """Degrees; from above a pole the limb is a circle: sin = a / sqrt(h^2 + 2 h c + ...), by the polar of the point."""
    equator, pole = MARS.radii_m[0], MARS.radii_m[2]
    height = pole + 500e3
    # The polar plane of the point is z = c^2 / height; there the ellipsoid has this radius.
    z = pole**2 / height
    radius = equator * np.sqrt(1.0 - (z / pole) ** 2)
    law = 2.0 * np.degrees(np.arctan2(radius, height - z))
    return Measured(
        float(np.degrees(planet_angular_diameter(np.array([0.0, 0.0, height]), MARS))), float(law), 0.02, "deg"
    )
