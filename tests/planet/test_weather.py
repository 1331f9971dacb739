"""Seasons of Mars: extent of frost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.planet.light.weather import (
    AIRLESS,
    FROST_EDGE_HALF_WIDTH_RAD,
    MAX_FROST_COVER,
    Weather,
    frost_edge_latitudes,
    frost_fraction,
)


def frost_edges_deg(ls_deg: float) -> tuple[float, float]:
    north, south = frost_edge_latitudes(np.radians(ls_deg))
    return float(np.degrees(north)), float(np.degrees(south))


# CRISM mapped the recession of the north's seasonal cap from Ls 304 to 92 (Brown, Calvin and Murchie 2012; recalled).
def test_northern_frost_recedes_through_spring_and_is_gone_by_ls_92() -> None:
    edges = [frost_edges_deg(ls)[0] for ls in (304, 330, 345, 0, 20, 40, 60, 80, 92)]
    assert np.all(np.diff(edges) > 0)
    assert edges[-1] == 90.0
    assert 50.0 < edges[0] < 60.0


# In northern spring the seasonal cap reaches 60-65 N; in late summer (Ls 150, the date of the selfie) only the residual
# cap is left, and the south has its own seasonal cap.
def test_only_the_residual_cap_is_left_in_late_summer() -> None:
    north, south = frost_edges_deg(150.5)
    assert north == 90.0
    assert -55.0 < south < -45.0
    assert 57.0 < frost_edges_deg(10.0)[0] < 66.0


@given(st.floats(-10.0, 10.0))
def test_seasons_repeat(ls: float) -> None:
    assert frost_edge_latitudes(ls) == pytest.approx(frost_edge_latitudes(ls + 2 * np.pi), abs=1e-9)
    north, south = frost_edge_latitudes(ls)
    assert np.radians(45) < north <= np.pi / 2
    assert -np.pi / 2 <= south < np.radians(-45)


def test_frost_covers_the_ground_poleward_of_its_edge() -> None:
    weather = Weather(frost_north=np.radians(62.0), frost_south=np.radians(-50.0))
    lat = np.radians([80.0, 62.0, 55.0, 0.0, -45.0, -50.0, -70.0])
    assert frost_fraction(weather, lat) == pytest.approx(
        np.array([1, 0.5, 0, 0, 0, 0.5, 1]) * MAX_FROST_COVER, abs=1e-6
    )
    assert np.all(
        np.diff(
            frost_fraction(
                weather, np.radians(62.0) + np.linspace(-FROST_EDGE_HALF_WIDTH_RAD, FROST_EDGE_HALF_WIDTH_RAD, 50)
            )
        )
        >= 0
    )
    assert not frost_fraction(AIRLESS, np.linspace(-1.5, 1.5, 20)).any()
