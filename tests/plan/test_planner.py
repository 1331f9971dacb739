"""Plans: what they find is what a view of it shows; why not; what is refused."""

from __future__ import annotations

import json
import re
import tomllib

import numpy as np
import pytest
from shot_geometry import project_lonlat

from selfiesim.analysis.framing import framing
from selfiesim.core.errors import SceneError
from selfiesim.plan.chances import Chances, chances
from selfiesim.plan.instants import Instants
from selfiesim.plan.motion import Motion
from selfiesim.plan.outputs import record, scene_toml
from selfiesim.plan.planner import craft_outline, plan, scene_pictures
from selfiesim.plan.ranges import Ranges
from selfiesim.plan.wants import FORMS, Subject, parse_wants
from selfiesim.scene.scene import Scene

FROM, TO = "2021-12-31T06:00:00Z", "2021-12-31T21:00:00Z"


@pytest.fixture(scope="module")
def shipped():
    return Scene.load("tianwen1-mars")


@pytest.fixture(scope="module")
def korolev_plan(shipped):
    return plan(shipped, FROM, TO, ["craft whole", "feature Korolev in frame", "phase 30..70 weight 2"])


def parts(scene, moment=None, **changes):
    """The planner's picture of a view, and the view."""
    changed = scene.with_changes(**changes) if changes else scene
    resolved, view = changed.resolve(), changed.view(moment)
    motion = Motion(resolved, view.epoch + -300.0, 600.0, 600.0)
    pictures = scene_pictures(motion)
    since = view.track.seconds_since_release
    if since is not None:
        pictures = Instants(motion, pictures.lens, type(pictures.push)(
            since, pictures.push.speed_m_s, pictures.push.axis, pictures.push.roll), pictures.t)  # fmt: skip
    return pictures.at(np.array([300.0])), view


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"camera__target": "nadir", "camera__up": "velocity"},
        {"attitude__spin_deg_s": 2.0, "release__at": "2021-12-31T13:10:00Z"},
        {"orbit__forces": {}},
        {"release__recoil": True, "camera__mass_kg": 20.0, "craft__mass_kg": 1600.0},
    ],
    ids=["tracking", "nadir", "spin", "forces", "recoil"],
)
def test_the_planners_picture_is_that_of_the_view(shipped, changes):
    pictures, view = parts(shipped, **changes)
    track = view.track
    # With forces, craft and camera are followed by two-body motion since the release.
    is_rough = "orbit__forces" in changes
    offset = track.camera.position - track.host.position
    np.testing.assert_allclose(pictures.relative[0], offset, rtol=0.0, atol=2e-3 if is_rough else 1e-6)
    np.testing.assert_allclose(pictures.icrf_to_camera[0], view.icrf_to_camera, atol=3e-5 if is_rough else 1e-8)
    np.testing.assert_allclose(pictures.attitude[0], track.icrf_to_body, atol=1e-9)
    np.testing.assert_allclose(pictures.to_bodyfixed[0], track.icrf_to_bodyfixed, atol=1e-12)


def test_a_tumbling_and_a_mounted_camera_are_those_of_the_view():
    for name in ("tianwen1-boom", "ikaros-dcam2"):
        pictures, view = parts(Scene.load(name))
        np.testing.assert_allclose(pictures.icrf_to_camera[0], view.icrf_to_camera, atol=1e-7)


def test_shots_show_what_was_asked_and_their_windows_end_where_it_ends(korolev_plan):
    assert len(korolev_plan.shots) == 2
    shot = korolev_plan.shots[0]
    view = shot.view()
    assert abs(view.epoch - shot.best) < 1e-4
    assert framing(view).craft_in_frame
    assert project_lonlat(view, *np.radians([72.77, 164.58])) is not None
    assert shot.view_difference_px < 0.01
    since = float(np.asarray(shot.push.since_s))
    for edge, outward in ((shot.start, -1.0), (shot.end, 1.0)):
        for step, is_inside in ((-1.0, True), (1.0, False)):
            at = edge + outward * step
            moved = shot.scene.with_changes(release__at=(at + -since).utc(6)).view()
            shown = framing(moved).craft_in_frame and project_lonlat(moved, *np.radians([72.77, 164.58])) is not None
            assert shown == is_inside


def test_a_shots_file_is_a_scene_that_gives_the_same_view(korolev_plan, tmp_path):
    shot = korolev_plan.shots[0]
    file = tmp_path / "shot.toml"
    file.write_text(scene_toml(shot), encoding="utf-8")
    assert tomllib.loads(file.read_text())["release"]["at"].startswith("2021-12-31T")
    np.testing.assert_allclose(Scene.load(file).view().icrf_to_camera, shot.view().icrf_to_camera, atol=1e-9)


def test_a_record_is_json(korolev_plan):
    found = record(korolev_plan)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["shots"][0]["score_by_want"].keys() == {want["want"] for want in found["wants"]}


def test_choices_beat_the_scenes_own_release(shipped, korolev_plan, monkeypatch):
    monkeypatch.setattr("selfiesim.plan.optimise._FIRST", 6000)
    wants = [want.text for want in korolev_plan.wants]
    ranges = Ranges(since_s=(40.0, 150.0), lean_deg=(0.0, 40.0), roll_deg=(-180.0, 180.0))
    found = plan(shipped, FROM, TO, wants, ranges, top=2)
    assert found.shots[0].score > korolev_plan.shots[0].score
    for shot in found.shots:
        assert framing(shot.view()).craft_in_frame
        assert shot.view_difference_px < 0.01
    # The same again: nothing is left to chance.
    assert plan(shipped, FROM, TO, wants, ranges, top=2).shots[0].best == found.shots[0].best


@pytest.mark.parametrize(
    ("wants", "words"),
    [
        (["phase 170..180"], "'phase 170..180' never occurs; it comes nearest at .*, 1.. deg short of it"),
        (["eclipse"], "'eclipse' never occurs"),
        (["latitude 60..90", "latitude -90..0 or altitude > 5000km"], "both occur, but never together"),
    ],
)
def test_why_not(shipped, wants, words):
    found = plan(shipped, FROM, TO, wants)
    assert found.shots == []
    assert any(re.search(words, reason.text) for reason in found.reasons)


@pytest.mark.parametrize(
    ("wants", "words"),
    [
        (["craft hole"], "want 'craft hole': not a condition; did you mean 'craft whole'"),
        (["feature Korolov in frame"], "unknown place 'Korolov'.*did you mean 'Korolev'"),
        (["phase 30..70", "phase 90..100"], "contradict each other: no phase is in both; the first .* reach 90"),
        (["craft whole", "not craft whole"], "contradict each other"),
        (["phase 200..300"], "the nearest that occurs is 180"),
        (["phase 70..30"], "the lower bound 70 must be below the upper bound 30"),
        (["mars in frame"], "the craft is at mars"),
        (["vulcan in frame"], "does not know 'vulcan'"),
        (["shadow of craft on sail"], "the craft has no part 'sail'"),
        (["craft whole weight 0"], "a weight must be above 0"),
        (["place 95,0 in frame"], "the nearest is 90"),
        ([], "say what the picture should show"),
        (["craft whole and " * 40 + "craft whole"], "longer than 400 characters"),
    ],
)  # fmt: skip
def test_wants_that_cannot_be_are_refused_in_a_sentence(shipped, wants, words):
    with pytest.raises(SceneError, match=words):
        plan(shipped, FROM, TO, wants)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((TO, FROM, ["eclipse"]), "it must come after --from"),
        (("2109-01-01T00:00:00Z", TO, ["eclipse"]), "between 1960 and 2100"),
        ((FROM, TO, ["eclipse"], Ranges(), 0), "--top 0: give a number from 1 to 50"),
    ],
)
def test_spans_that_cannot_be_are_refused(shipped, arguments, words):
    with pytest.raises(SceneError, match=words):
        plan(shipped, *arguments)


def test_ranges_that_do_not_fit_are_refused():
    with pytest.raises(SceneError, match=r"--fov 200\.\.300: give bounds from 0.01 to 140"):
        Ranges(fov_deg=(200.0, 300.0))
    with pytest.raises(SceneError, match="--speed: this camera is mounted"):
        plan(Scene.load("tianwen1-boom"), FROM, TO, ["eclipse"], Ranges(speed_m_s=(0.1, 0.2)))
    with pytest.raises(SceneError, match="no orbit to plan on"):
        plan(Scene.load("zhurong-view"), FROM, TO, ["eclipse"])


def test_every_form_of_condition_reads_its_own_example(shipped):
    resolved = shipped.resolve()
    subject = Subject(resolved, craft_outline(resolved))
    pictures = scene_pictures(Motion(resolved, resolved.start, 600.0, 200.0))
    for form in FORMS:
        room = parse_wants([form.example], subject)[0].expression.room(pictures)
        assert room.shape == pictures.t.shape
        assert np.isfinite(room).all()


def test_probabilities_are_those_of_the_dispersion(shipped):
    from selfiesim.analysis.dispersion import disperse

    times = [55.0, 60.0, 65.0]
    ours = chances(shipped, 400, times, ["craft whole", "sun out"])
    theirs = disperse(shipped, 400, times)
    assert (ours.met[0] == theirs.craft_in_frame).all()
    assert (ours.met[1] == theirs.sun_out_of_frame).all()
    assert 0.0 < ours.records()[1]["wants"]["craft whole"] < 1.0


def test_the_summary_counts_releases_not_times(shipped):
    resolved = shipped.resolve()
    subject = Subject(resolved, craft_outline(resolved))
    wants = parse_wants(["craft whole", "phase 30..70"], subject)
    met = np.array([[[True, False, True], [False, False, False]], [[False, True, True], [True, True, True]]])
    found = Chances(np.array([10.0, 20.0, 30.0]), wants, met).summary()
    assert found["ever"] == {"craft whole": 0.5, "phase 30..70": 1.0}
    assert (found["releases"], found["all_ever"], found["best_s"], found["best_share"]) == (2, 0.5, 30.0, 0.5)
