"""Job files: the frames they describe, and the messages about invalid ones."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim import Scene
from selfiesim.analysis.dispersion import disperse
from selfiesim.astro.epoch import Epoch
from selfiesim.batches.job import Job
from selfiesim.batches.vary import Frames
from selfiesim.core.errors import BatchError, SceneError, UserError


def frames_of(**keys):
    return Frames(Job.from_table({"scene": "tianwen1-mars", "size": [64, 36], **keys}))


def test_axes_are_combined_and_the_last_varies_fastest():
    frames = frames_of(vary={
        "time": {"from": "release+30s", "to": "release+50s", "step_s": 10},
        "release.speed_m_s": {"values": [0.1, 0.2]},
    })  # fmt: skip
    assert len(frames) == 6
    assert [frames[k].changes["release.speed_m_s"] for k in range(3)] == [0.1, 0.2, 0.1]
    assert frames[5].changes["at"] == "release+50.000000000s"
    assert len({task.name for task in frames}) == 6


def test_linked_keys_vary_together():
    frames = frames_of(vary={
        "camera.roll_deg": {"values": [0, 90], "link": "a"},
        "release.speed_m_s": {"linspace": [0.1, 0.2, 2], "link": "a"},
    })  # fmt: skip
    assert [task.changes for task in frames] == [
        {"camera.roll_deg": 0, "release.speed_m_s": 0.1}, {"camera.roll_deg": 90, "release.speed_m_s": 0.2},
    ]  # fmt: skip


def test_random_keys_follow_their_distribution_and_seed():
    vary = {"camera.roll_deg": {"uniform": [0, 90]}, "release.speed_m_s": {"normal": [0.2, 0.01]}}
    frames = frames_of(vary=vary, draws=2000)
    speeds = np.array([frames.changes(k)["release.speed_m_s"] for k in range(2000)])
    rolls = np.array([frames.changes(k)["camera.roll_deg"] for k in range(2000)])
    assert abs(speeds.mean() - 0.2) < 4 * 0.01 / 2000**0.5
    assert abs(speeds.std() - 0.01) < 0.001
    assert rolls.min() >= 0
    assert rolls.max() <= 90
    assert (
        frames_of(vary={"camera.roll_deg": vary["camera.roll_deg"]}, draws=5).changes(4)["camera.roll_deg"] == rolls[4]
    )
    assert frames_of(vary=vary, draws=5, seed=1).changes(4) != frames.changes(4)


def test_releases_equal_those_of_the_drift_command():
    # `drift --samples` propagates two-body motion, by other code than a view.
    frames = frames_of(releases=5)
    dispersion = disperse(Scene.load("tianwen1-mars"), 5, [72.0])
    for k, task in enumerate(frames):
        found = Scene.from_table(task.scene).view().facts["range_to_craft_m"]
        assert found == pytest.approx(dispersion.range_m[k, 0], abs=0.02)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"vary": {"release.sped_m_s": {"values": [1.0]}}}, "did you mean 'speed_m_s'"),
        ({"vary": {"camera.roll_deg": {"uniform": [0, 1]}}}, "draws: required key is missing"),
        ({"vary": {"camera.roll_deg": {"values": [1], "linspace": [0, 1, 2]}}}, "give one of values"),
        ({"vary": {"camera.roll_deg": {"linspace": [0, 1, 10**9]}}}, "the limit is 100,000"),
        ({"quallity": "draft"}, "did you mean 'quality'"),
        ({"vary": {"time": {"from": "release", "to": "release+9999999s", "step_s": 0.01}}}, "the limit is 100,000"),
        (
            {"vary": {a: {"linspace": [0, 1, 2000]} for a in ("camera.roll_deg", "planet.dust_opacity")}},
            "4,000,000 frames; the limit is 1,000,000",
        ),
        ({"scene": "../../etc/passwd"}, "outside the job's folder"),
        ({"releases": 3, "vary": {"release.speed_m_s": {"values": [1.0]}}}, "remove one"),
        (
            {
                "releases": 3,
                "vary": {
                    "time": {"values": ["release+1s", "release+2s"], "link": "a"},
                    "camera.roll_deg": {"values": [1, 2], "link": "a"},
                },
            },
            "cannot be linked",
        ),
        ({"vary": {"title.x": {"values": [1]}}}, "is a value"),
        ({"vary": {"camera.roll_deg": {"values": [1, 2, 1]}}}, "is listed twice"),
        ({"vary": {"release.speed_m_s": {"values": [-1.0]}}}, "greater than 0"),
    ],
)
def test_errors_name_the_key(keys, message):
    with pytest.raises(UserError, match=message) as caught:
        frames_of(**keys)
    assert isinstance(caught.value, (BatchError, SceneError))


def test_a_scene_given_as_a_job_is_recognised(tmp_path):
    (tmp_path / "mine.toml").write_text('title = "a scene"\n[craft]\nmodel = "tianwen1-orbiter"\n')
    with pytest.raises(BatchError, match=r'is a scene; a job names it .* scene = "mine.toml"'):
        Job.load(tmp_path / "mine.toml")


def test_a_calibrated_camera_keeps_its_field_of_view_at_each_image_size(tmp_path):
    from test_batch_run import MINE

    matrix = "[[900.0, 0, 319.5], [0, 900.0, 179.5], [0, 0, 1]]"
    (tmp_path / "mine.toml").write_text(f"{MINE}[camera]\nsize_px = [640, 360]\nmatrix = {matrix}\n")
    table = {"scene": "mine.toml", "vary": {"camera.size_px": {"values": [[640, 360], [320, 180]]}}}
    large, small = (
        Scene.from_table(task.scene).resolve().camera for task in Frames(Job.from_table(table, folder=tmp_path))
    )
    assert (large.fx, small.fx) == (900.0, 450.0)
    assert small.horizontal_fov == pytest.approx(large.horizontal_fov, rel=1e-12)


def test_the_moments_of_a_camera_that_stays_on_board_go_forward_from_the_first():
    vary = {"time": {"from": "2021-12-31T13:00:00Z", "to": "2021-12-31T13:01:00Z", "step_s": 20}}
    frames = frames_of(scene="tianwen1-boom", vary=vary)
    moments = [Epoch.from_utc(frames.changes(number)["at"]) for number in range(len(frames))]
    first = Epoch.from_utc("2021-12-31T13:00:00Z")
    assert [moment - first for moment in moments] == pytest.approx([0.0, 20.0, 40.0, 60.0], abs=1e-7)
