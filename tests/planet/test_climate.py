"""Dust and clouds by season, latitude and height."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.planet.light.air_column import AirColumn
from selfiesim.planet.light.climate import dust_top, raised_dust_top, seasonal_clouds, seasonal_dust


def reach_km(ls_deg: float, lat_deg: float) -> float:
    """Height at which the extinction by dust is 1 percent of that at the ground."""
    height = np.linspace(0.0, 80e3, 801)
    column = AirColumn(0.2, dust_top(np.radians(ls_deg), np.radians(lat_deg)), 1.0, 3_389_500.0)
    profile = column.dust_profile(height)
    return float(height[np.argmax(profile < 0.01 * profile[0])] / 1000.0)


# Smith et al. 2013, JGR Planets 118, 321 (CRISM at the limb): dust extends to 40 to 50 km in the perihelion season and
# to less than 20 km in the aphelion season.
@pytest.mark.parametrize("lat_deg", [-60.0, -30.0, 0.0, 30.0, 60.0, 85.0])
def test_dust_stays_under_20_km_at_aphelion(lat_deg: float) -> None:
    assert max(reach_km(ls, lat_deg) for ls in (50, 70, 90)) < 20.0


def test_dust_reaches_40_km_at_perihelion() -> None:
    assert 38.0 < reach_km(250.0, 0.0) < 50.0


# Montabone et al. 2015, Icarus 251, 65, 9.3 micrometres times 2.6, as averaged by the Mars Climate Database: the
# planet's mean has a minimum of 0.20 near Ls 80 and 0.38 over the year. Its maximum of 0.76 includes regional storms.
def test_opacity_over_the_year_is_that_of_the_maps() -> None:
    lat = np.radians(np.linspace(-90, 90, 181))

    def mean(ls_deg: float) -> float:
        values = [seasonal_dust(np.radians(ls_deg), each) for each in lat]
        return float(np.average(values, weights=np.cos(lat)))

    assert mean(80.0) == pytest.approx(0.20, abs=0.04)
    year = [mean(ls) for ls in range(0, 360, 20)]
    assert max(year) == max(year[12], year[13])
    assert 0.2 < np.mean(year) < 0.38


@given(st.floats(-10.0, 10.0), st.floats(-1.57, 1.57))
def test_seasons_repeat(ls: float, lat: float) -> None:
    assert seasonal_dust(ls, lat) == pytest.approx(seasonal_dust(ls + 2 * np.pi, lat), abs=1e-9)
    assert dust_top(ls, lat) == pytest.approx(dust_top(ls + 2 * np.pi, lat), abs=1e-3)
    assert 5e3 < dust_top(ls, lat) < 60e3
    assert all(each >= 0.0 for each in seasonal_clouds(ls))


def test_storms_lift_the_dust() -> None:
    assert raised_dust_top(20e3, 0.2) == 20e3
    assert 20e3 < raised_dust_top(20e3, 1.0) < raised_dust_top(20e3, 5.0) == 60e3


# Mateshvili et al. 2007, JGR 112, E07004: the belt has 0.1 to 0.3 at Ls 20 to 60, 0.3 to 0.8 at 93 to 140; hoods of
# 0.35, the north's from Ls 160, the south's from 330.
def test_clouds_follow_the_seasons() -> None:
    tropics, north, south = zip(*(seasonal_clouds(np.radians(ls)) for ls in (40.0, 110.0, 250.0)), strict=True)
    assert 0.1 <= tropics[0] <= 0.3 <= tropics[1] <= 0.8
    assert tropics[2] < 0.05
    assert north == (0.0, 0.0, 0.35)
    assert south[:2] == pytest.approx((0.35, 0.35))
    assert seasonal_clouds(np.radians(158.0))[1] == 0.0
    assert seasonal_clouds(np.radians(175.0))[1] > 0.1
