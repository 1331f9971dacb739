"""Epochs: parsing, ordering and resolution."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.core.errors import SceneError

nanosecond = 1e-9
# One part in 2^53 of half a day, a few times over.
rounding_s = 5e-11

# UTC has had whole leap seconds since 1972; before, it had rate changes and steps of a tenth of a second.
moments = st.datetimes(datetime.datetime(1972, 1, 1), datetime.datetime(2100, 12, 30))
julian_dates = st.floats(2437000.0, 2488000.0)


@given(moments)
def test_utc_text_survives_the_round_trip_through_tdb(moment):
    text = moment.isoformat(timespec="microseconds") + "Z"
    assert Epoch.from_utc(text).utc(6) == text


@pytest.mark.parametrize(
    "text",
    ["2016-12-31T23:59:60.000000000Z", "2021-12-31T16:30:00.123456789Z", "1999-01-01T00:00:00.000000001Z"],
)
def test_a_nanosecond_survives(text):
    assert Epoch.from_utc(text).utc(9) == text


def test_nanoseconds_are_resolved_after_ten_years():
    start = Epoch.from_utc("2021-12-31T16:30:00Z")
    later = start + 10 * 365.25 * DAY_S
    assert (later + nanosecond) - later == pytest.approx(nanosecond, abs=rounding_s)
    assert later < later + nanosecond


def test_the_leap_second_of_2016_lasts_one_second():
    # IERS Bulletin C 52: a positive leap second at the end of December 2016.
    before = Epoch.from_utc("2016-12-31T23:59:59Z")
    leap = Epoch.from_utc("2016-12-31T23:59:60Z")
    after = Epoch.from_utc("2017-01-01T00:00:00Z")
    # The rates of TDB and TT differ by 3e-10.
    assert leap - before == pytest.approx(1.0, abs=1e-9)
    assert after - leap == pytest.approx(1.0, abs=1e-9)
    assert leap.utc() == "2016-12-31T23:59:60Z"


def test_an_ordinary_day_has_no_sixtieth_second():
    with pytest.raises(SceneError, match="not a date in the calendar"):
        Epoch.from_utc("2017-12-31T23:59:60Z")


@pytest.mark.parametrize(
    "text",
    [
        "2021-02-29", "2021-13-01", "2021-00-10", "2021-04-31T00:00:00Z", "2021-12-31T24:00:00Z",
        "2021-12-31T10:60:00Z", "2021-12-31T10:00:60Z", "1959-12-31", "2101-01-01", "31.12.2021", "yesterday", "",
        "2021-12-31T16", "2021-12-31T16:30:00+02:00", "2021-12-31T16:30:00Zz", "20211231T163000Z",
        "2021-12-31T16:30:nan",
    ],
)  # fmt: skip
def test_an_invalid_date_is_rejected_and_quoted(text):
    with pytest.raises(SceneError) as caught:
        Epoch.from_utc(text)
    assert repr(text) in str(caught.value)


def test_several_formats_give_one_instant():
    expected = Epoch.from_utc("2021-12-31T16:30:00Z")
    for text in (
        "2021-12-31 16:30",
        "2021-12-31T16:30:00.000",
        " 2021-12-31T16:30:00 UTC ",
        "2021-12-31T16:30:00+00:00",
    ):
        assert Epoch.from_utc(text) == expected
    assert Epoch.from_utc("2021-12-31") == Epoch.from_utc("2021-12-31T00:00:00Z")


@given(julian_dates, st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_epochs_are_ordered_as_instants_are(day, first, second):
    start = Epoch.from_tdb_jd(day)
    one, other = start + first, start + second
    if abs(first - second) > 1e-6:
        assert (one < other) == (first < second)
    assert -0.5 <= one.fraction <= 0.5
    assert one.day == round(one.day)


@given(julian_dates, st.floats(-1e9, 1e9))
def test_adding_and_subtracting_are_inverse(day, seconds):
    start = Epoch.from_tdb_jd(day)
    # A float of 1e9 s itself is good to 1e-7 s.
    assert (start + seconds) - start == pytest.approx(seconds, abs=rounding_s, rel=1e-15)


def test_an_instant_has_one_representation():
    assert Epoch.from_tdb_jd(2459581.0) == Epoch.from_tdb_jd(2459580.0, 1.0) == Epoch.from_tdb_jd(2459580.5, 0.5)
    assert Epoch.from_tdb_jd(2459580.0) + 86400.0 == Epoch.from_tdb_jd(2459581.0)


def test_centuries_are_measured_from_j2000():
    # The J2000 epoch is JD 2451545.0 TDB; a Julian century is 36,525 days.
    assert Epoch.from_tdb_jd(2451545.0).centuries_since_j2000 == 0.0
    assert Epoch.from_tdb_jd(2488070.0).centuries_since_j2000 == 1.0


def test_repr_is_a_readable_date():
    assert repr(Epoch.from_utc("2021-12-31T16:30:00.25Z")) == "Epoch(2021-12-31T16:30:00.250Z)"
