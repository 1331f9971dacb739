"""The Martian calendar against Mars24 and published dates."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.astro import mars_time
from selfiesim.astro.bodies import EARTH, MARS
from selfiesim.astro.epoch import DAY_S, Epoch

second_h = 1.0 / 3600.0


def hours_apart(hours, expected):
    return abs((hours - expected + 12.0) % 24.0 - 12.0)


# NASA GISS, "Mars24 Sunclock: Algorithm and Worked Examples": UTC, longitude west; MSD, MTC, LMST, LTST (hours), Ls.
# Its Ls and LTST come from a fit good to 0.01 degree; ours from the position of Mars.
WORKED = [
    ("2000-01-06T00:00:00Z", 0.0, 44795.9997604, 23.99425, 23.99425, 23 + 38 / 60 + 54 / 3600, 277.18758),
    ("2004-01-03T13:46:31Z", 184.702, 1109173.16537 / 24, 13.16537, 0.85190, 0.0, 327.32416),
]


@pytest.mark.parametrize(("utc", "west_deg", "msd", "mtc", "lmst", "ltst", "ls_deg"), WORKED)
def test_worked_examples_of_mars24(utc, west_deg, msd, mtc, lmst, ltst, ls_deg):
    epoch, longitude = Epoch.from_utc(utc), -np.radians(west_deg)
    assert mars_time.mars_sol_date(epoch) == pytest.approx(msd, abs=1e-6)
    assert hours_apart(mars_time.mean_solar_time(epoch), mtc) < 1e-5
    assert hours_apart(mars_time.mean_solar_time(epoch, longitude), lmst) < 1e-5
    assert hours_apart(mars_time.true_solar_time(MARS, epoch, longitude), ltst) < 1.0 * second_h
    assert np.degrees(mars_time.solar_longitude(MARS, epoch)) == pytest.approx(ls_deg, abs=0.01)


# First days of the Mars years (Clancy et al. 2000, Piqueux et al. 2015; published calendars).
@pytest.mark.parametrize(
    ("date", "year"),
    [("1998-07-14", 24), ("2000-05-31", 25), ("2021-02-07", 36), ("2022-12-26", 37), ("2024-11-12", 38)],
)
def test_mars_years_begin_on_their_published_days(date, year):
    noon = Epoch.from_utc(f"{date}T12:00:00Z")
    before, after = mars_time.mars_date(noon + -1.5 * DAY_S), mars_time.mars_date(noon + 1.5 * DAY_S)
    assert (before.year, after.year) == (year - 1, year)
    assert before.sol > 666.0
    assert after.sol < 3.0


def test_new_year_2022_is_late_summer_of_mars_year_36():
    # Ls 150 is sol 317.5 (Laboratoire de Meteorologie Dynamique); 0.5 degree later is one sol more.
    epoch = Epoch.from_utc("2021-12-31T16:30:00Z")
    date = mars_time.mars_date(epoch)
    assert date.year == 36
    assert date.sol == pytest.approx(317.5 + 0.5 / 0.5, abs=0.6)
    assert mars_time.season_name(mars_time.solar_longitude(MARS, epoch), np.radians(85.0)) == "summer"
    assert mars_time.season_name(mars_time.solar_longitude(MARS, epoch), np.radians(-85.0)) == "winter"


def test_the_sol_of_the_year_advances_by_one_per_sol():
    start = Epoch.from_utc("2021-02-10")
    sols = [mars_time.mars_date(start + n * mars_time.SOL_S).sol for n in range(0, 650, 50)]
    np.testing.assert_allclose(np.diff(sols), 50.0, atol=1e-6)


@pytest.mark.parametrize(
    ("ls_deg", "north", "south"),
    [(0.0, "spring", "autumn"), (89.9, "spring", "autumn"), (90.0, "summer", "winter"), (200.0, "autumn", "spring"),
     (359.9, "winter", "summer"), (-10.0, "winter", "summer")],
)  # fmt: skip
def test_seasons_of_the_two_hemispheres(ls_deg, north, south):
    assert mars_time.season_name(np.radians(ls_deg), 0.5) == north
    assert mars_time.season_name(np.radians(ls_deg), -0.5) == south


def test_equinoxes_and_solstices_of_the_earth():
    # Equinox and solstices of 2020 (Astronomical Almanac): 20 March 03:50, 20 June 21:44, 22 September 13:31 UT.
    for text, ls_deg in (("2020-03-20T03:50Z", 0.0), ("2020-06-20T21:44Z", 90.0), ("2020-09-22T13:31Z", 180.0)):
        ls = np.degrees(mars_time.solar_longitude(EARTH, Epoch.from_utc(text)))
        # The Moon moves the Earth about their barycentre, and the plane of its orbit with it: 0.03 degree.
        assert abs((ls - ls_deg + 180.0) % 360.0 - 180.0) < 0.05


def test_true_solar_time_follows_longitude_and_rotation():
    epoch = Epoch.from_utc("2021-12-31T16:30:00Z")
    here = mars_time.true_solar_time(MARS, epoch, 0.3)
    assert mars_time.true_solar_time(MARS, epoch, 0.3 + np.radians(15.0)) == pytest.approx((here + 1.0) % 24.0)
    assert mars_time.true_solar_time(MARS, epoch + mars_time.SOL_S, 0.3) == pytest.approx(here, abs=0.02)
