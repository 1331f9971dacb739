"""A match as a whole: the scene that it writes, its files, and bad input."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim import MatchError, Scene, match
from selfiesim.cli.app import main
from selfiesim.matching.photograph import read_photograph
from selfiesim.matching.points.observations import Observations
from selfiesim.matching.priors import plausible_range
from selfiesim.matching.report import lines

EXAMPLES = Path(__file__).parents[2] / "examples"
GROUP_PHOTO = Path(__file__).parents[3] / "shared/reference/look_zhurong_group_photo.jpg"
SIZE = (480, 270)
POINTS = [(0.7, 0.42, 0.2), (0.7, -0.42, 0.8), (0.2, 1.5, 0.83), (-1.0, -1.4, 0.83), (0.6, 0.1, 1.7), (0.7, -0.6, 0.1)]
POINTS += [(-0.7, 0.4, 0.8), (0.64, 0.28, 1.03)]


@pytest.fixture(scope="module")
def scene():
    """The group photo, small."""
    return Scene.load("zhurong-group").with_changes(camera__size_px=list(SIZE))


def observations(scene, **more):
    """Points of the rover as a lens 0.5 m further east and up sees them, turned by two degrees."""
    view = scene.with_changes(mounted__offset_m=[0.86, -7.5, 0.6], camera__roll_deg=2.0).view()
    pixels = view.camera.project(np.array(POINTS) @ view.craft.body_to_camera.T + view.craft.position)
    points = [{"pixel": q.tolist(), "craft_m": list(p)} for p, q in zip(POINTS, pixels, strict=True)]
    return Observations.from_table({"sigma_px": 0.2, "points": points, **more})


@pytest.fixture(scope="module")
def found(scene):
    """The match of that picture, which is black."""
    return match(np.zeros((*SIZE[::-1], 3), np.uint8), scene, observations(scene), fit=["pose"])


def test_the_camera_is_found(found):
    values = {each.name: each.value for each in found.estimates}
    assert [values[f"position.{axis}"] for axis in ("east", "north", "up")] == pytest.approx(
        [0.86, -7.5, 0.6], abs=1e-6
    )
    assert found.rms_px < 1e-6
    assert {each.name: each.value for each in found.derived}["height above ground"] == pytest.approx(0.6, abs=1e-6)


def test_the_scene_that_is_written_reproduces_the_points(found, tmp_path):
    view = Scene.load(found.save(tmp_path / "matched.toml")).view()
    pixels = view.camera.project(np.array(POINTS) @ view.craft.body_to_camera.T + view.craft.position)
    assert np.abs(pixels - found.predicted).max() < 1e-6


def test_a_warm_start_gives_the_same(found, scene):
    again = match(np.zeros((*SIZE[::-1], 3), np.uint8), scene, observations(scene), fit=["pose"], start=found)
    assert [each.value for each in again.estimates] == pytest.approx([each.value for each in found.estimates], abs=1e-6)


def test_the_overlay_shows_the_points(found):
    assert found.overlay().shape == (*SIZE[::-1], 3)
    assert found.overlay().any()


def test_the_report_has_strong_correlations(found):
    correlation = np.eye(len(found.estimates))
    correlation[0, 1] = correlation[1, 0] = -0.99
    related = replace(found, statistics=replace(found.statistics, covariance=correlation))
    one, other = (each.name for each in found.estimates[:2])
    assert [line for line in lines(related) if "correlation" in line] == [f"  correlation of {other} and {one} -0.990"]


def test_the_command_reports_as_json(scene, tmp_path, capsys):
    Image.new("RGB", SIZE).save(tmp_path / "photo.png")
    table = observations(scene).model_dump(exclude_unset=True)
    rows = [f"[[points]]\npixel = {list(p['pixel'])}\ncraft_m = {list(p['craft_m'])}" for p in table["points"]]
    (tmp_path / "points.toml").write_text("sigma_px = 0.2\n" + "\n".join(rows))
    files = ["match", str(tmp_path / "photo.png"), "zhurong-group", "--points", str(tmp_path / "points.toml")]
    with pytest.raises(SystemExit) as done:
        main([*files, "--fit", "pose", "-o", str(tmp_path / "m.toml"), "--no-pictures", "--json"])
    assert not done.value.code
    report = json.loads(capsys.readouterr().out)
    assert report["parameters"]["position.up"]["value"] == pytest.approx(0.6, abs=1e-5)
    assert report["parameters"]["position.up"]["unit"] == "m"
    assert (tmp_path / "m.toml").is_file()


def test_uncertain_points_widen_the_result(scene, found):
    table = observations(scene).model_dump(exclude_unset=True)
    for point in table["points"]:
        point["sigma_m"] = 0.05
    loose = match(np.zeros((*SIZE[::-1], 3), np.uint8), scene, Observations.from_table(table), fit=["pose"])
    assert loose.estimates[5].sigma > 3.0 * found.estimates[5].sigma
    assert loose.estimates[5].value == pytest.approx(found.estimates[5].value, abs=1e-6)


def test_points_outside_the_photograph_are_refused(scene):
    table = observations(scene).model_dump(exclude_unset=True)
    table["points"][2]["pixel"] = (900.0, 10.0)
    with pytest.raises(MatchError, match=r"outside photo, which is 480x270: points\[3\] at 900, 10"):
        match(np.zeros((*SIZE[::-1], 3), np.uint8), scene, Observations.from_table(table), fit=["pose"])


def test_another_size_than_measured_in_is_refused(scene):
    with pytest.raises(MatchError, match="measured in a picture of 960x540, but photo is 480x270"):
        match(np.zeros((*SIZE[::-1], 3), np.uint8), scene, observations(scene, size_px=[960, 540]), fit=["pose"])


@pytest.mark.parametrize("content", [b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + bytes(40)])
def test_an_unreadable_photograph_is_refused(content, tmp_path):
    (tmp_path / "photo.png").write_bytes(content)
    with pytest.raises(MatchError, match=r"photo\.png: not a picture that can be read"):
        read_photograph(tmp_path / "photo.png")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("points = []", "no points: give at least one"),
        ("[[points]]\npixel = [1, 2]", "pixel without a meaning: give one of craft_m"),
        ("[[points]]\npixel = [1, 2]\nsun = true\nlimb = true", "sun and limb: give one of"),
        ("[[points]]\npixel = [1, 2]\nsunn = true", "unknown key; did you mean 'sun'"),
        ("[[points]\n", "not valid TOML"),
    ],
)
def test_faults_of_a_points_file_are_explained(text, message, tmp_path):
    (tmp_path / "points.toml").write_text(text)
    with pytest.raises(MatchError) as raised:
        Observations.load(tmp_path / "points.toml")
    assert message in str(raised.value)
    assert "points.toml" in str(raised.value)


# FocalPlaneResolutionUnit: 2 inch, 3 centimetre (Exif 2.3); 4, millimetre, is not standard but occurs (ExifTool).
@pytest.mark.parametrize(("unit", "mm"), [(2, 25.4), (3, 10.0), (4, 1.0)])
def test_exif_gives_time_and_focal_length(tmp_path, unit, mm):
    exif = Image.Exif()
    section = exif.get_ifd(0x8769)
    section |= {0x9003: "2021:06:01 13:10:00", 0x9011: "+08:00", 0x920A: 8.0, 0xA20E: 2000.0, 0xA210: unit}
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new("RGB", (60, 40)).save(tmp_path / "photo.jpg", exif=exif)
    picture = read_photograph(tmp_path / "photo.jpg")
    assert picture.size_px == (40, 60)
    assert picture.taken_utc == "2021-06-01T05:10:00Z"
    assert picture.focal_px == pytest.approx(8.0 * 2000.0 / mm)


def test_plausible_ranges_are_read_from_reasons():
    assert plausible_range("Published only as wide-angle; 60 to 120 is plausible.") == (60.0, 120.0)
    assert plausible_range("The range is not published; 40 s to 150 s (8 m to 30 m) is plausible.") == (40.0, 150.0)
    assert plausible_range("0.3 to 0.6 is usual for the season.") is None


@pytest.mark.skipif(not GROUP_PHOTO.is_file(), reason="the photograph is not part of the project")
def test_the_group_photo_is_matched():
    """Published: about 10 m south of the platform, lens close to the ground (CNSA, 11 June 2021)."""
    points = Observations.load(EXAMPLES / "zhurong-group-points.toml")
    assert len(points.points) >= 20
    fit = ["pose", "fov", "craft.tilt", "platform.position", "platform.heading"]
    matched = match(GROUP_PHOTO, "zhurong-group", points, fit=fit)
    assert "# Zhurong next to its landing platform" in matched.text  # the comments of the scene stay
    found = {each.name: each for each in matched.derived}
    assert 0.0 < found["height above ground"].value < 0.2
    assert found["height above ground"].sigma < 0.03
    assert abs(found["distance to craft"].value - 9.0) < 2.0 * found["distance to craft"].sigma
