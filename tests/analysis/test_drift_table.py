"""The drift table, its formats, and ``selfiesim drift``."""

import csv
import io
import json

import numpy as np
import pytest

from selfiesim import Scene
from selfiesim.analysis.drift_table import as_csv, as_records, drift, sample_times
from selfiesim.core.errors import SceneError

KEYS = {
    "t_s",
    "position_rtn_m",
    "velocity_rtn_m_s",
    "position_body_m",
    "quaternion_icrf_to_camera",
    "range_m",
    "craft_px",
    "in_frame",
}


@pytest.fixture(scope="module")
def samples():
    return drift(
        Scene.load("tianwen1-mars").with_changes(release__axis=[-0.30, 0.88, -0.36]), sample_times(0.0, 120.0, 1.0)
    )


def test_velocity_is_the_slope_of_position(samples):
    # Central differences of the positions in the same rotating axes; the third derivative makes an error of ~1e-7.
    positions = np.array([each.position_rtn_m for each in samples])
    rates = np.array([each.velocity_rtn_m_s for each in samples])
    assert (positions[2:] - positions[:-2]) / 2.0 == pytest.approx(rates[1:-1], abs=1e-6)


def test_range_rate_is_the_slope_of_range(samples):
    ranges = np.array([each.range_m for each in samples])
    rates = np.array([each.range_rate_m_s for each in samples])
    assert (ranges[2:] - ranges[:-2]) / 2.0 == pytest.approx(rates[1:-1], abs=1e-6)


def test_range_rate_counts_the_rotation_of_the_craft():
    # IKAROS spins at 1.1 rpm and its mount is off the axis: without the mount's own motion the rate would be 0.4096.
    samples = drift(Scene.load("ikaros-dcam2"), sample_times(19.0, 23.0, 1.0))
    ranges = [each.range_m for each in samples]
    rate = samples[2].range_rate_m_s
    assert rate == pytest.approx(0.4304, abs=5e-5)
    # Positions from the Sun have 30 micrometres of rounding; five points allow steps of a second.
    slope = (8.0 * (ranges[3] - ranges[1]) - (ranges[4] - ranges[0])) / 12.0
    assert rate == pytest.approx(slope, abs=5e-5)


def test_the_spring_pushes_along_its_axis(samples):
    # In body axes the path of the first second is the mount's axis times 0.2 m/s.
    scene = Scene.load("tianwen1-mars").with_changes(release__axis=[-0.30, 0.88, -0.36])
    axis = np.array(scene.view().craft.craft.mounts["camera"].axis)
    moved = np.array(samples[1].position_body_m) - np.array(samples[0].position_body_m)
    assert moved == pytest.approx(0.2 * axis, abs=1e-4)


def test_rtn_positions_follow_clohessy_wiltshire_at_first(samples):
    # Authority: Clohessy and Wiltshire 1960; the orbit is not circular, so for a minute only and to 1 percent.
    start = samples[0]
    host = Scene.load("tianwen1-mars").view("release+0s").track.host
    n = np.linalg.norm(np.cross(host.position, host.velocity)) / (host.position @ host.position)
    x, _, z = start.position_rtn_m
    vx, vy, vz = start.velocity_rtn_m_s
    t = 60.0
    c, s = np.cos(n * t), np.sin(n * t)
    radial = (4 - 3 * c) * x + s / n * vx + 2 / n * (1 - c) * vy
    across = z * c + vz / n * s
    assert samples[60].position_rtn_m[0] == pytest.approx(radial, rel=0.01)
    assert samples[60].position_rtn_m[2] == pytest.approx(across, rel=0.01)


@pytest.mark.parametrize(
    ("start", "stop", "step"), [(0, 10, 0), (0, 10, -1), (10, 0, 1), (-1, 5, 1), (0, 1e9, 1), (0, float("nan"), 1)]
)
def test_impossible_times_are_refused(start, stop, step):
    with pytest.raises(SceneError):
        sample_times(start, stop, step)


def test_times_include_both_ends():
    assert sample_times(0.0, 0.3, 0.1) == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert sample_times(5.0, 5.0, 1.0) == [5.0]


def test_csv_and_records_agree(samples):
    some = samples[:3]
    rows = list(csv.DictReader(io.StringIO(as_csv(some))))
    records = as_records(some)
    assert set(records[0]) >= KEYS
    json.dumps(records, allow_nan=False)
    for row, record in zip(rows, records, strict=True):
        assert float(row["position_rtn_m_y"]) == record["position_rtn_m"][1]
        assert row["in_frame"] == str(record["in_frame"])


def test_the_command_prints_a_list_of_samples(run):
    code, out, err = run("drift", "tianwen1-mars", "--from", "60", "--to", "100", "--step", "20", "--json")
    records = json.loads(out)
    assert (code, err) == (0, "")
    assert [record["t_s"] for record in records] == [60.0, 80.0, 100.0]
    assert set(records[0]) >= KEYS
    assert [record["range_m"] for record in records] == pytest.approx([12.0, 16.0, 20.0], rel=0.01)


def test_the_commands_figure_is_reproducible(run, tmp_path):
    for name in ("a.png", "b.png"):
        assert run("drift", "tianwen1-mars", "--to", "40", "--plot", name)[0] == 0
    first = (tmp_path / "a.png").read_bytes()
    assert first == (tmp_path / "b.png").read_bytes()
    assert first[:4] == b"\x89PNG"


def test_the_command_takes_moments_or_seconds(run):
    asked = (["--from", "60", "--to", "80"], ["--from", "release+60s", "--to", "release+80s"])
    numbers = [run("drift", "tianwen1-mars", *words, "--step-s", "20", "--json")[1] for words in asked]
    assert [row["t_s"] for row in json.loads(numbers[0])] == [60.0, 80.0]
    assert numbers[0] == numbers[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--step", "0"), "a step above 0"),
        (("--from", "50", "--to", "10"), "0 <= from <= to"),
        (("--to", "1e9"), "choose a larger step"),
        (("--plot", "figure.bmp"), "choose one of these endings"),
        (("--from", "yesterday"), "--from: 'yesterday' is not a moment"),
    ],
)
def test_the_command_refuses_clearly(run, tmp_path, words, message):
    code, out, err = run("drift", "tianwen1-mars", *words)
    assert (code, out) == (2, "")
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_mounted_camera_has_no_drift():
    table = {
        key: value for key, value in Scene.load("tianwen1-mars")._table.items() if key not in ("release", "assumed")
    }
    mounted = Scene.from_table(table | {"mounted": {"out_m": 1.6}, "at": "max-latitude"})
    with pytest.raises(SceneError, match="mounted: this camera stays"):
        drift(mounted, [0.0])
