"""Dispersion: each release of a cloud agrees with a single release of the same push."""

import json

import numpy as np
import pytest

from selfiesim import Scene
from selfiesim.analysis import dispersion
from selfiesim.analysis.dispersion import disperse, sample_release_errors
from selfiesim.analysis.drift_table import drift
from selfiesim.analysis.framing import framing
from selfiesim.core.errors import SceneError
from selfiesim.motion.ejection import Normal, Scatter, Uniform, draw_samples, tilt_axes
from selfiesim.scene.shipped import scenes

TIMES = [20.0, 55.0, 60.0, 65.0, 70.0, 90.0, 150.0]


@pytest.fixture(scope="module")
def scene():
    return Scene.load("tianwen1-mars").with_changes(release__axis=[-0.30, 0.88, -0.36])


def scattered(scene, **parts):
    return scene.with_changes(release__scatter=parts)


def test_without_scatter_every_release_is_the_planned_one(scene):
    cloud = disperse(scattered(scene), 3, TIMES)
    path = drift(scene, TIMES)
    for each in range(3):
        assert cloud.craft_in_frame[each].tolist() == [sample.in_frame for sample in path]
        assert cloud.sun_out_of_frame[each].tolist() == [not sample.sun_in_frame for sample in path]
        assert cloud.range_m[each] == pytest.approx([sample.craft_distance_m for sample in path], abs=1e-6)


def test_a_cloud_in_pieces_is_the_same(scene, monkeypatch):
    changed = scattered(scene, speed_m_s={"normal": 0.01}, seed=3)
    whole = disperse(changed, 12, TIMES[:2])
    monkeypatch.setattr(dispersion, "_CHUNK", 5)
    np.testing.assert_array_equal(disperse(changed, 12, TIMES[:2]).range_m, whole.range_m)


def test_angles_of_the_scatter_are_in_degrees(scene):
    changed = scattered(scene, tilt_deg={"normal": 4.0}, spin_deg_s={"uniform": [-3.0, 6.0]}, seed=5)
    found = sample_release_errors(changed, None, 50)  # the state is for springs
    tilt, spin = Normal(0.0, np.radians(4.0)), Uniform(np.radians(-3.0), np.radians(6.0))
    expected = draw_samples(Scatter(tilt_first=tilt, tilt_second=tilt, spin=spin), 50, 5)
    np.testing.assert_allclose(found.tilt, expected.tilt, rtol=1e-12)
    np.testing.assert_allclose(found.spin, expected.spin, rtol=1e-12)


def test_tilted_releases_agree_with_single_scenes(scene):
    # The same draws by hand, each written into a scene and resolved on its own.
    count, sigma, seed = 8, 4.0, 5
    spread = Normal(0.0, np.radians(sigma))
    draws = draw_samples(Scatter(tilt_first=spread, tilt_second=spread), count, seed)
    cloud = disperse(scattered(scene, tilt_deg={"normal": sigma}, seed=seed), count, TIMES)
    axis = np.array(scene.view().craft.craft.mounts["camera"].axis)
    first, second = tilt_axes(axis)
    compared = 0
    for each, (one, other) in enumerate(draws.tilt):
        angle = np.hypot(one, other)
        lean = np.cos(angle) * axis + np.sin(angle) / angle * (one * first + other * second)
        single = scene.with_changes(release__axis=lean)
        for k, t in enumerate(TIMES):
            view = single.view(at=t)
            assert cloud.range_m[each, k] == pytest.approx(np.linalg.norm(view.craft.position), abs=1e-3)
            framed = framing(view)
            box = np.array(framed.craft_box_px).reshape(2, 2)
            edge = np.min(np.abs([box, box - [view.camera.width, view.camera.height]]))
            if np.isnan(edge) or edge > 1.0:  # not within a pixel of the edge
                assert cloud.craft_in_frame[each, k] == framed.craft_in_frame
                compared += 1
    assert compared > 0.9 * count * len(TIMES)


@pytest.mark.parametrize("inertia", [[1.0, 1.0, 1.6], [1.0, 1.4, 1.8]], ids=["top", "box"])
def test_a_tumbling_cloud_agrees_with_single_tumbling_releases(scene, inertia):
    count, seed, times = 6, 3, [0.0, 8.0, 21.0, 40.0, 90.0]
    spread, spin = Normal(0.0, np.radians(2.0)), Normal(0.0, np.radians(3.0))
    draws = draw_samples(Scatter(tip_off_x=spread, tip_off_y=spread, tip_off_z=spread, spin=spin), count, seed)
    camera = {"horizontal_fov_deg": 110, "look": "tumbling", "inertia_kg_m2": inertia}
    tumbling = scene.with_changes(camera=camera, release__tip_off_deg_s=[1.0, -0.5, 0.3])
    scatter = {"tip_off_deg_s": {"normal": 2.0}, "spin_deg_s": {"normal": 3.0}, "seed": seed}
    cloud = disperse(scattered(tumbling, **scatter), count, times)
    seen = set()
    for each in range(count):
        tip_off = np.array([1.0, -0.5, 0.3]) + np.degrees(draws.tip_off[each])
        single = tumbling.with_changes(
            release__tip_off_deg_s=tip_off, release__spin_deg_s=float(np.degrees(draws.spin[each]))
        )
        for k, t in enumerate(times):
            framed = framing(single.view(at=t))
            assert cloud.craft_in_frame[each, k] == framed.craft_in_frame
            assert cloud.sun_out_of_frame[each, k] == (not framed.sun_in_frame)
            seen.add(framed.craft_in_frame)
    assert seen == {True, False}


def test_faster_springs_spread_the_range(scene):
    # After 100 s, a speed error of 0.01 m/s is a metre along the path.
    cloud = disperse(scattered(scene, speed_m_s={"normal": 0.01}), 2000, [100.0])
    assert cloud.range_m.std() == pytest.approx(1.0, rel=0.1)


def test_a_late_release_frames_nothing_before_it(scene):
    cloud = disperse(scattered(scene, delay_s={"uniform": [80.0, 81.0]}), 5, [75.0, 160.0])
    assert not cloud.craft_in_frame[:, 0].any()
    assert cloud.craft_in_frame[:, 1].all()


def test_the_seed_determines_the_cloud(scene):
    one, again, other = (
        disperse(scattered(scene, tilt_deg={"normal": 3.0}, seed=seed), 20, [60.0]) for seed in (1, 1, 2)
    )
    assert np.array_equal(one.range_m, again.range_m)
    assert not np.array_equal(one.range_m, other.range_m)


def test_the_command_prints_json(run, tmp_path):
    # Pushed off along the mount's own axis, so that the cap is behind the craft.
    text = scenes()["tianwen1-mars"].read_text(encoding="utf-8")
    own = tmp_path / "own.toml"
    for old, new in {
        "axis = [0.425, 0.697, -0.577]": "axis = [-0.30, 0.88, -0.36]",
        "max-latitude+35s": "max-latitude-95s",
        "true_anomaly_deg = 39.3": "true_anomaly_deg = 32.9",
        "2021-12-31T13:18:00Z": "2021-12-31T13:05:00Z",
    }.items():
        assert old in text
        text = text.replace(old, new)
    own.write_text(text, encoding="utf-8")
    words = ("--samples", "50", "--from", "60", "--to", "80", "--step", "10", "--json")
    code, out, err = run("drift", str(own), *words)
    result = json.loads(out)
    assert (code, err) == (0, "")
    assert result["summary"]["releases"] == 50
    assert 0.2 < result["summary"]["good_share"] <= 1.0
    assert [each["t_s"] for each in result["times"]] == [60.0, 70.0, 80.0]
    assert all(0.0 <= each["good"] <= each["craft_in_frame"] <= 1.0 for each in result["times"])


def test_the_command_prints_a_summary(run):
    code, out, _ = run("drift", "tianwen1-mars", "--samples", "20", "--from", "60", "--to", "80", "--step", "10")
    assert code == 0
    assert "of 20 releases have all three" in out
    assert [line.split()[1] for line in out.splitlines() if line.startswith("│")] == ["60", "70", "80"]


@pytest.mark.parametrize(
    ("parts", "count", "message"),
    [({"speed_m_s": {"normal": 1.0}}, 50, "release.scatter"), ({}, 0, "from 1"), ({}, 10**9, "the limit is 100,000")],
)
def test_impossible_clouds_are_refused(scene, parts, count, message):
    with pytest.raises(SceneError, match=message):
        disperse(scattered(scene, **parts), count, [10.0])


def test_a_scene_without_scatter_is_refused_with_advice(scene):
    with pytest.raises(SceneError, match=r"release.scatter: missing; add"):
        disperse(scene.with_changes(release__scatter=None), 10, [10.0])


@pytest.mark.parametrize(
    "part", [{}, {"normal": 1.0, "uniform": [0, 1]}, {"normal": -1.0}, {"uniform": [1, 0]}, {"uniform": [0]}]
)
def test_invalid_spreads_are_refused(scene, part):
    with pytest.raises(SceneError, match=r"release\.scatter\.tilt_deg"):
        scattered(scene, tilt_deg=part)
