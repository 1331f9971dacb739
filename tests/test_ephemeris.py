"""Sun and Earth as Mars sees them."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.bodies import AU_M, MARS
from selfiesim.ephemeris import from_body, sun_to_body
from selfiesim.epoch import DAY_S, Epoch
from selfiesim.season import solar_longitude

NOW = Epoch.from_utc("2021-12-31T16:30:00Z")


def test_the_sun_from_mars_is_the_way_back_from_mars_to_the_sun():
    np.testing.assert_array_equal(from_body(MARS, "sun", NOW), -sun_to_body("mars", NOW)[0])


def test_sun_mars_and_earth_close_a_triangle():
    around = from_body(MARS, "earth", NOW) - from_body(MARS, "sun", NOW)
    np.testing.assert_allclose(around, sun_to_body("earth", NOW)[0], rtol=1e-15, atol=1e-4)


@pytest.mark.parametrize(("body", "slowest", "fastest"), [("mars", 21.97e3, 26.50e3), ("earth", 29.29e3, 30.29e3)])
def test_planets_move_at_their_published_speeds(body, slowest, fastest):
    # NSSDC planetary fact sheets: minimum and maximum orbital velocity.
    speeds = [np.linalg.norm(sun_to_body(body, NOW + day * DAY_S)[1]) for day in range(0, 690, 2)]
    assert min(speeds) == pytest.approx(slowest, rel=2e-3)
    assert max(speeds) == pytest.approx(fastest, rel=2e-3)


@pytest.mark.parametrize("body", ["mars", "earth"])
def test_velocity_is_the_change_of_position(body):
    hour = 3600.0
    change = sun_to_body(body, NOW + hour)[0] - sun_to_body(body, NOW + -hour)[0]
    np.testing.assert_allclose(change / (2 * hour), sun_to_body(body, NOW)[1], rtol=0, atol=2.0)


def test_seasons_only_go_forward():
    days = np.arange(0.0, 687.0)
    ls = np.array([solar_longitude(MARS, NOW + day * DAY_S) for day in days])
    steps = np.degrees((np.diff(ls) + np.pi) % (2 * np.pi) - np.pi)
    assert steps.min() > 0.43
    assert steps.max() < 0.65
    assert ls.min() >= 0.0
    assert ls.max() < 2 * np.pi


def test_an_astronomical_unit_is_that_of_the_iau():
    assert AU_M == 149_597_870_700.0  # IAU 2012 Resolution B2
