"""Where a time is wanted: TOML dates, datetimes and epochs are accepted; everything else is refused by its key."""

from __future__ import annotations

import datetime
import math

import numpy as np
import pytest
from shipped_scene import scene

from selfiesim.astro.epoch import Epoch
from selfiesim.batches.job import Job
from selfiesim.batches.vary import Frames
from selfiesim.core.errors import BatchError, SceneError
from selfiesim.scene.scene import Scene

AT = "2021-12-31T13:20:00Z"
SAME_TIMES = [
    AT,
    datetime.datetime(2021, 12, 31, 13, 20, tzinfo=datetime.UTC),
    datetime.datetime(2021, 12, 31, 13, 20),
    datetime.datetime(2021, 12, 31, 21, 20, tzinfo=datetime.timezone(datetime.timedelta(hours=8))),
    Epoch.from_utc(AT),
    np.datetime64("2021-12-31T13:20:00"),
]


@pytest.mark.parametrize("time", SAME_TIMES, ids=lambda time: type(time).__name__)
def test_a_time_may_be_text_a_datetime_or_an_epoch(time):
    start = scene()
    assert abs(start.view(time).epoch - Epoch.from_utc(AT)) < 1e-6
    assert abs(start.with_changes(at=time).view().epoch - Epoch.from_utc(AT)) < 1e-6


def test_unquoted_toml_dates_are_times(tmp_path):
    text = Scene.load("tianwen1-mars").folder.joinpath("tianwen1-mars.toml").read_text()
    quoted = 'epoch_utc = "2021-12-31T13:18:00Z"'
    assert quoted in text
    (tmp_path / "dates.toml").write_text(text.replace(quoted, quoted.replace('"', "")))
    dates = Scene.load(tmp_path / "dates.toml")
    assert dates.orbit == Scene.load("tianwen1-mars").orbit
    assert '"2021-12-31T13:18:00Z"' in dates.to_json()


def test_unquoted_toml_dates_may_vary_in_a_job(tmp_path):
    table = {"scene": "tianwen1-mars", "vary": {"time": {"values": [datetime.datetime(2021, 12, 31, 13, 20)]}}}
    assert Frames(Job.from_table(table))[0].changes == {"at": "2021-12-31T13:20:00Z"}


@pytest.mark.parametrize(
    "moment",
    [math.nan, math.inf, 10**400, -1e12, True, b"periapsis", [1], datetime.time(1), Epoch(math.nan, 0.0), 1 + 2j,
     datetime.datetime.max.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-5)))],
)  # fmt: skip
def test_what_is_no_moment_is_refused(moment):
    with pytest.raises(SceneError, match="at: "):
        scene().view(moment)


@pytest.mark.parametrize("moment", [np.float32(60.0), np.int64(60), np.array(60.0)])
def test_seconds_after_the_release_may_be_numbers_of_numpy(moment):
    start = scene()
    assert start.view(moment).epoch == start.view("release+60s").epoch


@pytest.mark.parametrize("axis", [{"uniform": [-1e308, 1e308]}, {"normal": [0.0, 1e300]}, {"values": [math.nan]}])
def test_numbers_that_no_key_takes_are_refused_in_a_job(axis):
    with pytest.raises(BatchError, match=r"vary\.release\.speed_m_s"):
        Job.from_table(
            {"scene": "tianwen1-mars", "vary": {"release.speed_m_s": axis}} | ({} if "values" in axis else {"draws": 3})
        )


def test_an_epoch_that_is_no_date_can_still_be_printed():
    assert "nan" in repr(Epoch(math.nan, 0.0))
    with pytest.raises(SceneError, match="finite"):
        Epoch.from_tdb_jd(math.inf)
