"""Stars and the Sun's disc, against Hipparcos and published photometry."""

from __future__ import annotations

import numpy as np

from selfiesim.astro.bodies import SOLAR_IRRADIANCE_1AU
from selfiesim.astro.epoch import Epoch
from selfiesim.sky.band_photometry import SUN_B_V, irradiance
from selfiesim.sky.solar_disc import disc_radiance
from selfiesim.sky.stars import stars
from selfiesim.validation.registry import Measured, check

# Number in the Bright Star Catalogue; right ascension and declination (degrees, ICRS, epoch J1991.25), proper motion
# (mas per year, in right ascension times cos dec): Hipparcos, the new reduction (van Leeuwen 2007). V: ESA 1997.
HIPPARCOS = {
    "Sirius": (2491, 101.288541, -16.713143, -546.01, -1223.07, -1.44),
    "Arcturus": (5340, 213.918114, 19.187270, -1093.39, -2000.06, -0.05),
    "Vega": (7001, 279.234108, 38.782993, 200.94, 286.23, 0.03),
    "Rigel": (1713, 78.634464, -8.201640, 1.31, 0.50, 0.18),
    "Altair": (7557, 297.694508, 8.867385, 536.23, 385.29, 0.76),
    "Polaris": (424, 37.946143, 89.264138, 44.48, -11.85, 1.97),
}


@check("stars", "positions of six bright stars in 2021", "Hipparcos, van Leeuwen 2007, with proper motion")
def positions_of_stars() -> Measured:
    """Largest angle, arcseconds."""
    ours, years, worst = stars().directions(Epoch.from_utc("2021-01-01T12:00:00Z")), 2021 - 1991.25, 0.0
    for number, ra_deg, dec_deg, east, north, _magnitude in HIPPARCOS.values():
        dec = np.radians(dec_deg + years * north / 3.6e6)
        ra = np.radians(ra_deg + years * east / 3.6e6 / np.cos(np.radians(dec_deg)))
        theirs = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
        worst = max(worst, float(np.linalg.norm(ours[stars().number == number][0] - theirs)))
    return Measured(float(np.degrees(worst)) * 3600.0, 0.0, 2.0, "arcsec")


@check("stars", "magnitudes of the same", "Hipparcos, V (ESA 1997)")
def magnitudes_of_stars() -> Measured:
    """Largest difference, magnitudes."""
    off = [abs(float(stars().magnitude[stars().number == each[0]][0]) - each[5]) for each in HIPPARCOS.values()]
    return Measured(max(off), 0.0, 0.11, "mag")


@check("stars", "number of stars brighter than V = 2 to 5", "Cox 2000: 48, 171, 513, 1602")
def counts_of_stars() -> Measured:
    """Count over the published one, where it is farthest off."""
    counts = [(stars().magnitude < limit).sum() for limit in (2.0, 3.0, 4.0, 5.0)]
    ratios = [float(count / known) for count, known in zip(counts, (48, 171, 513, 1602), strict=True)]
    return Measured(max(ratios, key=lambda ratio: abs(ratio - 1.0)), 1.0, 0.06)


@check("stars", "light of a star with the Sun's V and B-V", "ASTM G173 sunlight; V -26.76, B-V 0.653 (Willmer 2018)")
def the_sun_as_a_star() -> Measured:
    """Irradiance over sunlight's, of three bands the worst."""
    ratios = irradiance(-26.76, SUN_B_V) / np.array(SOLAR_IRRADIANCE_1AU)
    return Measured(float(ratios[np.argmax(np.abs(ratios - 1.0))]), 1.0, 0.03)


@check("stars", "limb darkening of the Sun at 550 nm", "Cox 2000: 0.30 + 0.93 mu - 0.23 mu^2")
def limb_darkening() -> Measured:
    """Largest difference from mu 0.2 to 1, in units of the centre."""
    mu = np.array([1.0, 0.8, 0.6, 0.4, 0.2])
    disc = disc_radiance(np.ones(3), 0.003, mu)[:, 1]
    return Measured(float(np.abs(disc / disc[0] - (0.30 + 0.93 * mu - 0.23 * mu**2)).max()), 0.0, 0.012)


@check(
    "stars", "mean over centre of the Sun's disc at 620, 550 and 460 nm", "Neckel and Labs 1994: 0.824, 0.803, 0.7665"
)
def mean_of_the_disc() -> Measured:
    """Largest difference."""
    (centre,) = disc_radiance(np.full(3, np.pi * np.sin(0.003) ** 2), 0.003, np.ones(1))
    return Measured(float(np.abs(1.0 / centre - [0.824, 0.803, 0.7665]).max()), 0.0, 0.002)
