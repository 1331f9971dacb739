"""The almanac of several ephemerides, and the interpolated vector to the Sun."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.astro.bodies import BODIES, SOLAR_IRRADIANCE_1AU, custom_body
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.orbit import Elements, elements_to_state
from selfiesim.astro.solar_system import SUN, Almanac, HeliocentricBody, SunVectorInterpolator, find_body
from selfiesim.core.errors import EphemerisError
from selfiesim.core.vectors import unit

NOW = Epoch.from_utc("2021-12-31T16:30:00Z")
ROCK = custom_body("rock", (300.0, 200.0, 200.0), 1e3)
WANDERER = HeliocentricBody(ROCK, NOW, elements_to_state(Elements(2.0e11, 0.3, 0.2, 1.0, 2.0, 0.5), GM_SUN_M3_S2))


def test_without_kernels_the_built_in_ephemeris_is_used():
    almanac = Almanac()
    for target, center in (("sun", "mars"), ("earth", "mars"), ("phobos", "mars")):
        np.testing.assert_array_equal(
            almanac.position(target, center, NOW), BUILTIN_EPHEMERIS.position(target, center, NOW)
        )
        np.testing.assert_array_equal(
            almanac.velocity(target, center, NOW), BUILTIN_EPHEMERIS.velocity(target, center, NOW)
        )
    np.testing.assert_array_equal(almanac.position("mars", "mars", NOW), 0.0)


def test_a_heliocentric_body_is_linked_to_the_other_bodies():
    almanac = Almanac(heliocentric_body=WANDERER)
    there = almanac.position("rock", "earth", NOW + 1e6)
    expected = WANDERER.heliocentric_state(NOW + 1e6).position - BUILTIN_EPHEMERIS.position("earth", "sun", NOW + 1e6)
    np.testing.assert_allclose(there, expected, rtol=1e-15)
    np.testing.assert_allclose(almanac.position("earth", "rock", NOW + 1e6), -there, rtol=1e-15)
    step = 10.0
    slope = (almanac.position("rock", "earth", NOW + step) - almanac.position("rock", "earth", NOW + -step)) / (
        2 * step
    )
    np.testing.assert_allclose(almanac.velocity("rock", "earth", NOW), slope, atol=1e-3)


def test_bodies_are_found_by_name():
    assert find_body("mars") is BODIES["mars"]
    assert find_body("sun") is SUN
    assert find_body("rock", ROCK) is ROCK
    with pytest.raises(EphemerisError, match="unknown body 'rock'; known bodies are mars"):
        find_body("rock")


def test_the_gm_of_the_sun_gives_the_length_of_the_year():
    # The Earth's year follows from the GM of IAU 2015 B3, up to the mass of the Earth.
    year = 2.0 * np.pi * np.sqrt(149_597_870_700.0**3 / SUN.gm_m3_s2) / DAY_S
    assert year == pytest.approx(365.2569, abs=1e-3)  # the Gaussian year
    assert len(SOLAR_IRRADIANCE_1AU) == 3


def test_the_sun_interpolator_is_within_ten_metres():
    # This requires velocities that are the derivatives of the positions.
    sunward = SunVectorInterpolator(BUILTIN_EPHEMERIS, "mars", NOW)
    for seconds in np.linspace(-40.0 * DAY_S, 40.0 * DAY_S, 61):
        truth = BUILTIN_EPHEMERIS.position("sun", "mars", NOW + seconds)
        assert np.linalg.norm(sunward(seconds) - truth) < 10.0


def test_the_sun_interpolator_is_within_half_an_arcsecond_of_de421(de421):
    from skyfield.api import load

    seconds = np.linspace(-40.0 * DAY_S, 40.0 * DAY_S, 61)
    times = load.timescale(builtin=True).tdb_jd(NOW.day, NOW.fraction + seconds / DAY_S)
    theirs = (de421["sun"].at(times).position.m - de421["mars"].at(times).position.m).T
    sunward = SunVectorInterpolator(BUILTIN_EPHEMERIS, "mars", NOW)
    ours = np.array([sunward(each) for each in seconds])
    assert np.linalg.norm(unit(ours) - unit(theirs), axis=1).max() < np.radians(0.5 / 3600)
