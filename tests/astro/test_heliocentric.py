"""The splines of Mars and Jupiter: agreement with scipy, smoothness and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import BSpline

from selfiesim.astro.bodies import MARS
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.heliocentric import load_planet_splines
from selfiesim.astro.mars_time import mars_date, solar_longitude
from selfiesim.core.errors import EphemerisError


@pytest.mark.parametrize("planet", ["mars", "jupiter"])
def test_the_spline_agrees_with_scipy(planet):
    path = load_planet_splines()[planet]
    knots = path.start + path.step * np.arange(-7, len(path.coefficients) + 1.0)
    theirs = BSpline(knots, path.coefficients, 7)
    for date in np.linspace(path.start, path.end, 400, endpoint=False):
        position, velocity = path.state(Epoch.from_tdb_jd(date))
        # A Julian date in one double is good to 40 microseconds.
        np.testing.assert_allclose(position, theirs(date), rtol=0, atol=2.0)
        np.testing.assert_allclose(velocity, theirs(date, 1) / DAY_S, rtol=0, atol=1e-6)


@pytest.mark.parametrize("planet", ["mars", "jupiter"])
def test_the_spline_is_smooth_at_its_knots(planet):
    path = load_planet_splines()[planet]
    for number in range(1, 290):
        knot = Epoch.from_tdb_jd(path.start, float(number * path.step))
        before, after = path.state(knot + -1e-3), path.state(knot + 1e-3)
        np.testing.assert_allclose(after[0] - before[0], 2e-3 * after[1], rtol=0, atol=1e-3)
        np.testing.assert_allclose(after[1], before[1], rtol=0, atol=1e-4)


@pytest.mark.parametrize("date", ["1960-01-01", "2100-12-31T23:59:59Z"])
def test_every_valid_scene_date_is_covered(date):
    epoch = Epoch.from_utc(date)
    assert 0.0 <= solar_longitude(MARS, epoch) < 2.0 * np.pi
    assert mars_date(epoch).sol < 669.0  # mars_date needs the equinox up to a Mars year earlier


@pytest.mark.parametrize("planet", ["mars", "phobos", "jupiter"])
@pytest.mark.parametrize(
    ("day", "fraction"), [(2433282.5, -1e-9), (2433282.5, -1e7), (2491882.5, 0.0), (2491882.5, 1e7)]
)
def test_dates_beyond_the_table_are_an_error(planet, day, fraction):
    known = "jupiter" if planet == "jupiter" else "mars"
    with pytest.raises(EphemerisError, match=f"covers {known} from 1950 to 2110 only; give SPICE kernels"):
        BUILTIN_EPHEMERIS.position(planet, "sun", Epoch.from_tdb_jd(day, fraction))


def test_the_spline_covers_its_stated_dates():
    for path in load_planet_splines().values():
        path.state(Epoch.from_tdb_jd(path.start))
        path.state(Epoch.from_tdb_jd(path.end, -1e-9))
