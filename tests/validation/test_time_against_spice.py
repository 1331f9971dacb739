"""UTC to TDB against SPICE's str2et."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.astro.epoch import Epoch

J2000 = Epoch.from_tdb_jd(2451545.0)

# SPICE has only the largest periodic term of TDB - TT, ERFA has 787: they differ by up to 35 microseconds.
largest_difference_s = 40e-6


def spice_minus_ours(spice, text):
    return spice.str2et(text.removesuffix("Z")) - (Epoch.from_utc(text) - J2000)


@pytest.mark.parametrize(
    "text",
    [
        "1972-01-01T00:00:00Z", "1972-06-30T23:59:60Z", "1990-12-31T23:59:59Z", "1998-12-31T23:59:60Z",
        "2000-01-01T12:00:00Z", "2008-12-31T23:59:60.5Z", "2012-07-01T00:00:00Z", "2015-06-30T23:59:60Z",
        "2016-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", "2021-12-31T16:30:00Z",
        "2050-01-01T00:00:00Z", "2099-12-31T23:59:59.999Z",
    ],
)  # fmt: skip
def test_utc_to_tdb_agrees_with_spice_on_both_sides_of_leap_seconds(spice, text):
    assert abs(spice_minus_ours(spice, text)) < largest_difference_s


def test_utc_to_tdb_agrees_with_spice_from_1972_to_2100(figure, spice):
    days = np.arange("1972-01-01", "2100-12-31", 97, dtype="datetime64[D]")
    differences = [spice_minus_ours(spice, f"{day}T{n % 24:02d}:17:31.25Z") for n, day in enumerate(days)]
    worst_us = 1e6 * np.max(np.abs(differences))
    figure("time", "UTC to TDB, 1972 to 2100", "SPICE `str2et`, its short formula for TDB", worst_us, 40.0, "us")


@given(seconds=st.floats(-8.8e8, 3.0e9))
def test_tdb_to_utc_agrees_with_spice(spice, seconds):
    ours = (J2000 + seconds).utc(6).removesuffix("Z")
    # To text with microseconds, and back with SPICE.
    assert spice.str2et(ours) == pytest.approx(seconds, abs=largest_difference_s + 1e-6)
