"""Positions, brightness and colours of the stars."""

import numpy as np
import pytest

from selfiesim.astro.bodies import SOLAR_IRRADIANCE_1AU
from selfiesim.astro.epoch import Epoch
from selfiesim.sky.band_photometry import SUN_B_V, b_v_to_temperature, irradiance
from selfiesim.sky.stars import stars

# HR; right ascension and declination (degrees, ICRS, epoch J1991.25) and proper motion (mas per year, in right
# ascension times cos dec): Hipparcos, the new reduction (van Leeuwen 2007). V: the Hipparcos catalogue (ESA 1997).
KNOWN = {
    "Sirius": (2491, 101.288541, -16.713143, -546.01, -1223.07, -1.44),
    "Canopus": (2326, 95.987878, -52.695718, 19.93, 23.24, -0.62),
    "Arcturus": (5340, 213.918114, 19.187270, -1093.39, -2000.06, -0.05),
    "Vega": (7001, 279.234108, 38.782993, 200.94, 286.23, 0.03),
    "Capella": (1708, 79.172065, 45.999029, 75.25, -426.89, 0.08),
    "Rigel": (1713, 78.634464, -8.201640, 1.31, 0.50, 0.18),
    "Betelgeuse": (2061, 88.792871, 7.407037, 27.54, 11.30, 0.45),
    "Achernar": (472, 24.428132, -57.236660, 87.00, -38.24, 0.45),
    "Altair": (7557, 297.694508, 8.867385, 536.23, 385.29, 0.76),
    "Spica": (5056, 201.298352, -11.161245, -42.35, -30.67, 0.98),
    "Polaris": (424, 37.946143, 89.264138, 44.48, -11.85, 1.97),
}


def hipparcos_direction(name, year):
    _, ra, dec, east, north, _ = KNOWN[name]
    years = year - 1991.25
    dec_then = np.radians(dec + years * north / 3.6e6)
    ra_then = np.radians(ra + years * east / 3.6e6 / np.cos(np.radians(dec)))
    return np.array([np.cos(dec_then) * np.cos(ra_then), np.cos(dec_then) * np.sin(ra_then), np.sin(dec_then)])


@pytest.mark.parametrize("year", [2000, 2021])
@pytest.mark.parametrize("name", KNOWN)
def test_bright_stars_have_hipparcos_positions(name, year):
    ours = stars().directions(Epoch.from_utc(f"{year}-01-01T12:00:00Z"))[stars().number == KNOWN[name][0]][0]
    assert np.degrees(np.linalg.norm(ours - hipparcos_direction(name, year))) * 3600.0 < 2.0


@pytest.mark.parametrize("name", KNOWN)
def test_bright_stars_have_hipparcos_magnitudes(name):
    assert stars().magnitude[stars().number == KNOWN[name][0]] == pytest.approx(KNOWN[name][5], abs=0.11)


# Counts of stars brighter than a magnitude, whole sky (Allen's Astrophysical Quantities, Cox 2000): about 15 to V = 1,
# 48 to 2, 171 to 3, 513 to 4, 1602 to 5.
def test_star_counts_agree_with_the_published_ones():
    counts = [int((stars().magnitude < limit).sum()) for limit in (2.0, 3.0, 4.0, 5.0)]
    assert counts == pytest.approx([48, 171, 513, 1602], rel=0.06)


# The Sun's V is -26.76 and its B-V 0.653 (Willmer 2018; Ramirez et al. 2012); sunlight is from ASTM G173-03.
def test_a_star_of_the_suns_magnitude_and_colour_is_the_sun():
    assert irradiance(-26.76, SUN_B_V) == pytest.approx(np.array(SOLAR_IRRADIANCE_1AU), rel=0.03)


# Bessell, Castelli and Plez 1998: a star of magnitude 0 in B, V and R gives 6.32, 3.631 and 2.177e-11 W m^-2 nm^-1 at
# 438, 545 and 641 nm; interpolated logarithmically here.
def test_a_white_star_has_the_irradiance_of_the_zero_points():
    zero = np.exp(np.interp([620.0, 545.0, 460.0], [438.0, 545.0, 641.0], np.log([6.32e-11, 3.631e-11, 2.177e-11])))
    ours = irradiance(0.0, 0.0)
    assert ours[1] == pytest.approx(zero[1], rel=1e-3)
    assert ours == pytest.approx(zero, rel=0.12)


# Effective temperatures: Betelgeuse 3600 K (Dolan et al. 2016), Arcturus 4286 K (Ramirez and Allende Prieto 2011),
# Procyon 6530 K (Aufdenberg et al. 2005), Sirius 9940 K (Adelman 2004).
@pytest.mark.parametrize(("number", "kelvin"), [(2061, 3600), (5340, 4286), (2943, 6530), (2491, 9940)])
def test_colours_give_effective_temperatures(number, kelvin):
    assert b_v_to_temperature(stars().colour[stars().number == number][0]) == pytest.approx(kelvin, rel=0.08)


def test_red_stars_are_red_and_blue_stars_blue():
    red, blue = (stars().irradiance[stars().number == number][0] for number in (2061, 1713))
    sun = np.array(SOLAR_IRRADIANCE_1AU)
    assert (red / sun)[0] > 1.3 * (red / sun)[2]
    assert (blue / sun)[2] > 1.3 * (blue / sun)[0]
