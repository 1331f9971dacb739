"""Seasons of Mars: solar longitude, subsolar latitude and distance of the Sun."""

from __future__ import annotations

import numpy as np
import pytest
from figures import largest

from selfiesim.astro.bodies import AU_M, MARS
from selfiesim.astro.ephemeris import position_from_body
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.astro.mars_time import solar_longitude
from selfiesim.scene.scene import Scene

last_distance_digit_au = 0.6e-4


def subsolar_latitude_deg(epoch):
    return np.degrees(direction_to_lonlat(icrf_to_bodyfixed(MARS, epoch) @ position_from_body(MARS, "sun", epoch))[1])


# astropy's built-in ephemeris (2021-2022, Mars year 36): date, Ls, subsolar latitude, distances in AU and 1e6 km.
@pytest.mark.parametrize(
    ("date", "ls_deg", "latitude_deg", "sun_au", "earth_mkm"),
    [
        ("2021-11-08", 124.1, 20.6, 1.6005, 383.9),
        ("2021-11-15", 127.4, 19.8, 1.5931, 380.7),
        ("2021-12-01", 135.1, 17.5, 1.5750, 372.0),
        ("2021-12-15", 142.1, 15.2, 1.5581, 362.8),
        ("2021-12-31T16:30Z", 150.5, 12.1, 1.5370, 350.5),
        ("2022-01-31", 166.4, 5.7, 1.4976, 325.0),
    ],
)
def test_season_sun_and_earth_in_the_winter_of_2021(figure, date, ls_deg, latitude_deg, sun_au, earth_mkm):
    epoch = Epoch.from_utc(date)
    ours = np.degrees(solar_longitude(MARS, epoch)), subsolar_latitude_deg(epoch)
    worst = largest(ours, (ls_deg, latitude_deg))
    figure("time", "Ls and subsolar latitude of Mars, six dates", "astropy's built-in ephemeris", worst, 0.06, "deg")
    assert np.linalg.norm(position_from_body(MARS, "sun", epoch)) / AU_M == pytest.approx(
        sun_au, abs=last_distance_digit_au
    )
    assert np.linalg.norm(position_from_body(MARS, "earth", epoch)) / 1e9 == pytest.approx(earth_mkm, abs=0.06)


def test_the_shipped_scene_has_the_sun_of_new_year_2022():
    # Ls 150.5, subsolar latitude 12.1 N, 1.537 AU (astropy's ephemeris, 2021-12-31T16:30Z).
    facts = Scene.load("tianwen1-mars").view().facts
    assert facts["solar_longitude_deg"] == pytest.approx(150.5, abs=0.1)
    assert facts["subsolar_latitude_deg"] == pytest.approx(12.1, abs=0.1)
    assert facts["sun_distance_au"] == pytest.approx(1.537, abs=0.001)


# The calendar of Mars year 36 (published dates of the seasons, to a day).
@pytest.mark.parametrize(("date", "ls_deg"), [("2021-02-07", 0.0), ("2021-08-25", 90.0), ("2022-02-24", 180.0)])
def test_seasons_begin_on_their_published_days(date, ls_deg):
    degrees_per_day = 0.65  # at its fastest, near perihelion
    measured = np.degrees(solar_longitude(MARS, Epoch.from_utc(f"{date}T12:00Z")))
    assert abs((measured - ls_deg + 180.0) % 360.0 - 180.0) < degrees_per_day


def test_the_subsolar_latitude_is_highest_at_the_summer_solstice():
    # Obliquity 25.19 degrees (NSSDC Mars Fact Sheet).
    start = Epoch.from_utc("2021-02-07")
    days = [start + float(day) * DAY_S for day in range(687)]
    latitudes = np.array([subsolar_latitude_deg(day) for day in days])
    longitudes = np.degrees([solar_longitude(MARS, day) for day in days])
    assert latitudes.max() == pytest.approx(25.19, abs=0.01)
    assert latitudes.min() == pytest.approx(-25.19, abs=0.01)
    assert longitudes[np.argmax(latitudes)] == pytest.approx(90.0, abs=0.5)
    assert longitudes[np.argmin(latitudes)] == pytest.approx(270.0, abs=0.7)
    # Each latitude follows from the season: sin(latitude) = sin(obliquity) sin(Ls).
    np.testing.assert_allclose(
        np.sin(np.radians(latitudes)), np.sin(np.radians(25.19)) * np.sin(np.radians(longitudes)), atol=2e-4
    )


def test_a_martian_year_is_668_6_sols():
    # One year is 668.6 sols of 88,775.245 s (Laboratoire de Meteorologie Dynamique, Mars calendar).
    start = Epoch.from_utc("2021-02-07")
    ls = [solar_longitude(MARS, start + sols * 88775.245) for sols in (0.0, 668.6)]
    assert (np.degrees(ls[1] - ls[0]) + 180.0) % 360.0 - 180.0 == pytest.approx(0.0, abs=0.06)
