"""Scene files: the shipped ones load, and every mistake gives one sentence that names file and key."""

from __future__ import annotations

import json
import os
import re
import time
import tomllib

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.astro.epoch import Epoch
from selfiesim.core.errors import CcsdsError, SceneError
from selfiesim.core.files import shipped
from selfiesim.scene.moments import EVENTS, parse_moment
from selfiesim.scene.scene import Scene, schema
from selfiesim.scene.shipped import scenes

GOOD = """
title = "a test"
at = "release+100s"
[craft]
model = "tianwen1-orbiter"
[orbit]
epoch_utc = "2021-12-31T16:30:00Z"
semi_major_axis_km = 8898.75
eccentricity = 0.5884
inclination_deg = 86.3
raan_deg = 100.72
arg_periapsis_deg = 57.1
true_anomaly_deg = 32.9
[attitude]
primary = { axis = [0, 0, -1], toward = "sun" }
secondary = { axis = [1, 0, 0], toward = "earth" }
[release]
at = "max-latitude"
[camera]
size_px = [640, 360]
roll_deg = 0
"""

UNIT = re.compile(r"_(km|m|deg|s|m_s|px|utc|nm|kg)$")

KEYS = ", ".join(sorted(Scene.model_fields))


def write(folder, text):
    path = folder / "shot.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def view_of(path):
    return Scene.load(path).view()


def fault(path, view=False):
    """The single error message of a scene file, without the file name it begins with."""
    with pytest.raises(SceneError) as caught:
        (view_of if view else Scene.load)(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert "Traceback" not in message
    return message.removeprefix(f"{path}: ")


def changed(folder, old, new):
    assert GOOD.count(old) == 1
    return write(folder, GOOD.replace(old, new))


# Good scenes


@pytest.mark.parametrize("name", sorted(scenes()))
def test_shipped_scenes_load_and_satisfy_the_published_schema(name):
    path = scenes()[name]
    scene = Scene.load(name)
    assert scene == Scene.load(path)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema()).validate(table)
    jsonschema.Draft202012Validator(schema()).validate(json.loads(scene.to_json()))


@pytest.mark.parametrize("name", sorted(scenes()))
def test_shipped_scenes_name_a_shipped_craft(name):
    assert (shipped("models") / f"{Scene.load(name).craft.model}.glb").is_file()


def test_a_scene_written_out_reads_back_the_same(tmp_path):
    scene = Scene.load(write(tmp_path, GOOD))
    again = Scene.from_table(json.loads(scene.to_json()))
    assert again.model_dump() == scene.model_dump()
    assert again.view().facts == scene.view().facts


def test_published_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_key_of_the_schema_has_a_unit_or_a_description():
    published = schema()
    for owner, part in [("scene", published), *published["$defs"].items()]:
        for key, entry in part["properties"].items():
            section = published["$defs"].get(entry.get("$ref", "").rpartition("/")[2], {})
            explained = entry.get("description") or section.get("description") or UNIT.search(key)
            assert explained, f"{owner}.{key}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("roll_deg = 0", "rol_deg = 0"), ("roll_deg = 0", "roll_deg = 361"), ("roll_deg = 0", 'roll_deg = "0"'),
        ("roll_deg = 0", "roll_deg = true"), ("eccentricity = 0.5884", "eccentricity = 1.0"),
        ("[640, 360]", "[640]"), ("[640, 360]", "[640, 8]"), ('toward = "sun"', 'toward = "moon"'),
        ('model = "tianwen1-orbiter"', ""), ('title = "a test"', "title = 5"),
    ],
)  # fmt: skip
def test_what_the_schema_rejects_is_refused_on_loading(tmp_path, old, new):
    path = changed(tmp_path, old, new)
    assert not jsonschema.Draft202012Validator(schema()).is_valid(tomllib.loads(path.read_text()))
    fault(path)


# Files that are not scenes


def test_a_missing_file_is_refused_with_where_the_shipped_scenes_are_listed(tmp_path):
    message = fault(tmp_path / "none.toml")
    assert "no such file" in message
    assert "'selfiesim scenes'" in message


def test_a_misspelt_scene_name_is_corrected():
    with pytest.raises(SceneError, match="no scene named 'tianwen-mars'; did you mean 'tianwen1-mars'"):
        Scene.load("tianwen-mars")


def test_a_folder_is_refused(tmp_path):
    assert "folder" in fault(tmp_path)


def test_a_name_too_long_for_a_file_is_refused():
    with pytest.raises(SceneError, match="aaa"):
        Scene.load("a" * 5000)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("title = ", "not valid TOML"),
        ("a = 1\na = 2", "not valid TOML"),
        ("x = " + "[" * 50_000, "nested too deeply"),
        ("x = " + "1" * 5_000, "not valid TOML"),
        ("\0", "not valid TOML"),
        (b"title = '\xff\xfe'", "not UTF-8"),
        (b"\x89PNG\r\n\x1a\n", "not UTF-8"),
        ("#" * ((1 << 20) + 1), "too large; the limit is 1 MB"),
    ],
    ids=["cut", "twice", "deep", "long-number", "zero", "latin", "picture", "large"],
)
def test_a_file_that_is_not_a_scene_is_refused(tmp_path, content, words):
    assert words in fault(write(tmp_path, content))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_refused_by_name(tmp_path):
    path = write(tmp_path, GOOD)
    path.chmod(0)
    assert "cannot be read" in fault(path)


def test_an_empty_file_misses_every_required_key(tmp_path):
    with pytest.raises(SceneError) as caught:
        Scene.load(write(tmp_path, ""))
    lines = str(caught.value).splitlines()
    assert [line.split(": ")[1] for line in lines] == ["title", "craft", "orbit", "release"]


# Keys and values


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('title = "a test"', 'titel = "a test"\ntitle = "a test"', "titel: unknown key; did you mean 'title'?"),
        ("roll_deg = 0", "rol_deg = 0", "camera.rol_deg: unknown key; did you mean 'roll_deg'?"),
        ("raan_deg = 100.72", "raan_deg = 1\nraan = 1", "orbit.raan: unknown key; did you mean 'raan_deg'?"),
        ("{ axis = [0, 0, -1],", "{ axsi = 1, axis = [0, 0, -1],",
         "attitude.primary.axsi: unknown key; did you mean 'axis'?"),
        ("[camera]", "[camrea]\nroll_deg = 0\n[camera]", "camrea: unknown key; did you mean 'camera'?"),
        ("[camera]", "[zzzzzz]\nx = 0\n[camera]", f"zzzzzz: unknown key; known keys are {KEYS}"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_named_with_the_nearest_known_one(tmp_path, old, new, message):
    assert fault(changed(tmp_path, old, new)) == message


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("roll_deg = 0", "roll_deg = 'up'", "camera.roll_deg"),
        ("roll_deg = 0", "roll_deg = '0'", "camera.roll_deg"),
        ("roll_deg = 0", "roll_deg = true", "camera.roll_deg"),
        ("roll_deg = 0", "roll_deg = [1]", "camera.roll_deg"),
        ("roll_deg = 0", "roll_deg = nan", "camera.roll_deg"),
        ("roll_deg = 0", "roll_deg = -inf", "camera.roll_deg"),
        ("roll_deg = 0", "roll_deg = 361", "camera.roll_deg"),
        ("roll_deg = 0", "horizontal_fov_deg = 0", "camera.horizontal_fov_deg"),
        ("roll_deg = 0", "horizontal_fov_deg = 180", "camera.horizontal_fov_deg"),
        ("roll_deg = 0", "place = [0.5, 1.5]", "camera.place.1"),
        ("roll_deg = 0", "place = [0.5]", "camera.place.1"),
        ("roll_deg = 0", "up = 'down'", "camera.up"),
        ("[640, 360]", "[640.5, 360]", "camera.size_px.0"),
        ("[640, 360]", "[8, 360]", "camera.size_px.0"),
        ("[640, 360]", "[16385, 16384]", "camera.size_px.0"),
        ("[640, 360]", "'640x360'", "camera.size_px"),
        ("semi_major_axis_km = 8898.75", "semi_major_axis_km = -1", "orbit.semi_major_axis_km"),
        ("semi_major_axis_km = 8898.75", "semi_major_axis_km = inf", "orbit.semi_major_axis_km"),
        ("eccentricity = 0.5884", "eccentricity = 1.0", "orbit.eccentricity"),
        ("eccentricity = 0.5884", "eccentricity = nan", "orbit.eccentricity"),
        ("inclination_deg = 86.3", "inclination_deg = 181", "orbit.inclination_deg"),
        ('epoch_utc = "2021-12-31T16:30:00Z"', 'epoch_utc = "2021-02-30"', "orbit.epoch_utc"),
        ("[0, 0, -1]", "[0, 0, 0]", "attitude.primary.axis"),
        ("[0, 0, -1]", "[0, 1]", "attitude.primary.axis.2"),
        ("[0, 0, -1]", "[0, 1, nan]", "attitude.primary.axis.2"),
        ("[0, 0, -1]", "[0, 0, 1e-300]", "attitude.primary.axis"),
        ("[0, 0, -1]", "[0, 0, 1e300]", "attitude.primary.axis"),
        ('toward = "sun"', 'toward = "moon"', "attitude.primary.toward"),
        ('at = "max-latitude"', 'at = "max-latitude"\nspeed_m_s = 0', "release.speed_m_s"),
        ('at = "max-latitude"', 'at = "release+5s"', "release"),
        ('at = "max-latitude"', 'at = "noon"', "release.at"),
        ('at = "release+100s"', 'at = "release+100"', "at"),
        ('at = "release+100s"', 'at = "release+1e3s"', "at"),
        ('at = "release+100s"', 'at = "release+9999999999s"', "at"),
        ('at = "release+100s"', "at = 5", "at"),
        ('model = "tianwen1-orbiter"', 'model = ""', "craft.model"),
        ('title = "a test"', f'title = "{"x" * 300}"', "title"),
        ("[camera]", "[photo]\nshutter_s = 0\n[camera]", "photo.shutter_s"),
        ("[camera]", "[photo]\nshutter_s = 'bright'\n[camera]", "photo.shutter_s"),
    ],
)  # fmt: skip
def test_a_bad_value_is_named_by_its_key(tmp_path, old, new, key):
    assert fault(changed(tmp_path, old, new)).startswith(f"{key}: ")


def test_all_faults_are_listed_at_once(tmp_path):
    text = GOOD.replace("roll_deg = 0", "rol_deg = 0").replace("eccentricity = 0.5884", "eccentricity = 2")
    with pytest.raises(SceneError) as caught:
        Scene.load(write(tmp_path, text))
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("key", "near"), [("camera.rol_deg", "'roll_deg'"), ("camrea", "'camera'"), ("title.x", ""), ("", "")]
)
def test_an_assumed_key_must_exist(tmp_path, key, near):
    message = fault(write(tmp_path, f'{GOOD}[assumed]\n"{key}" = "because"\n'))
    assert repr(key) in message
    assert near in message


@pytest.mark.parametrize("key", ["camera.roll_deg", "at", "attitude.primary.axis", "orbit", "release.axis"])
def test_a_key_that_exists_may_be_assumed(tmp_path, key):
    scene = Scene.load(write(tmp_path, f'{GOOD}[assumed]\n"{key}" = "because"\n'))
    assert scene.view().facts["assumed"][key] == "because"


# Faults that only the geometry reveals


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('at = "release+100s"', 'at = "release-5s"', "at: 'release-5s' is 5 s before the release"),
        ('at = "release+100s"', 'at = "2021-12-30T00:00:00Z"', "before the release"),
        ("semi_major_axis_km = 8898.75", "semi_major_axis_km = 5000", "orbit: semi_major_axis_km"),
        ("secondary = { axis = [1, 0, 0]", "secondary = { axis = [0, 0, 2]", "attitude: primary and secondary"),
        ('toward = "earth"', 'toward = "sun"', "attitude: primary and secondary"),
        ('at = "max-latitude"', 'at = "max-latitude"\nmount = "camra"', "release.mount: "),
        ("inclination_deg = 86.3", "inclination_deg = 40", "release.at: no cap-crossing occurs from 2021"),
        ("= 8898.75", '= 41\nbody = "phobos"\nframe = "icrf"', "release.speed_m_s: the push puts the camera"),
    ],
)  # fmt: skip
def test_impossible_geometry_is_named_by_file_and_key(tmp_path, old, new, words):
    text = GOOD.replace('at = "max-latitude"', 'at = "max-latitude"\nspeed_m_s = 100') if "phobos" in new else GOOD
    text = text.replace('at = "max-latitude"', 'at = "cap-crossing"') if "= 40" in new else text
    assert words in fault(write(tmp_path, text.replace(old, new, 1)), view=True)


def test_a_camera_pushed_into_the_ground_is_refused(tmp_path):
    low = GOOD.replace("8898.75", "3500").replace("0.5884", "0.029").replace("release+100s", "release+3000s")
    backward = low.replace('[0, 0, -1], toward = "sun"', '[0, 0, 1], toward = "velocity"')
    text = backward.replace('at = "max-latitude"', 'at = "max-latitude"\nspeed_m_s = 100\naxis = [0, 0, -1]')
    assert "after its push the camera has hit mars" in fault(write(tmp_path, text), view=True)


def test_an_unknown_mount_is_refused_with_a_list_of_mounts(tmp_path):
    message = fault(changed(tmp_path, 'at = "max-latitude"', 'at = "max-latitude"\nmount = "camra"'), view=True)
    assert message.endswith("it has: camera, flag, emblem")


def test_up_along_the_line_of_sight_is_refused(tmp_path):
    # A nadir-pointing craft pushes the camera straight up from its centre, with zenith upward.
    (tmp_path / "dot.ply").write_text(
        "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
        "element face 1\nproperty list uchar int vertex_indices\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
    )
    (tmp_path / "dot.toml").write_text("[mounts.camera]\nposition_m = [0, 0, 1]\naxis = [0, 0, 1]\n")
    text = GOOD.replace('"tianwen1-orbiter"', '"dot.ply"').replace("release+100s", "release")
    text = text.replace('[0, 0, -1], toward = "sun"', '[0, 0, 1], toward = "zenith"')
    assert "camera.up: 'zenith' lies along" in fault(write(tmp_path, text), view=True)
    assert Scene.load(write(tmp_path, text + 'up = "sun"\n')).view().facts["range_to_craft_m"] == pytest.approx(1.0)


# Meshes that a scene may name


@pytest.mark.parametrize(
    "model", ["../x.glb", "sub/../../x.glb", "/etc/passwd.glb", "/etc/passwd", "../x", "a/../../x"]
)
def test_a_mesh_outside_the_scenes_folder_is_refused(tmp_path, model):
    folder = tmp_path / "scene"
    folder.mkdir()
    message = fault(changed(folder, '"tianwen1-orbiter"', f'"{model}"'), view=True)
    assert message.startswith(f"craft.model: {model!r} lies outside the scene's folder")


def test_a_link_that_leaves_the_folder_is_refused(tmp_path):
    folder = tmp_path / "scene"
    folder.mkdir()
    (tmp_path / "x.glb").write_bytes((shipped("models") / "tianwen1-orbiter.glb").read_bytes())
    (folder / "x.glb").symlink_to(tmp_path / "x.glb")
    assert "lies outside" in fault(changed(folder, '"tianwen1-orbiter"', '"x.glb"'), view=True)


@pytest.mark.parametrize("model", ["loop.glb", "a\\u0000b.glb", "a\\u0000b/c"])
def test_an_unusable_path_is_refused(tmp_path, model):
    (tmp_path / "loop.glb").symlink_to(tmp_path / "loop.glb")
    assert "craft.model: " in fault(changed(tmp_path, '"tianwen1-orbiter"', f'"{model}"'), view=True)


def test_a_copy_of_a_shipped_scene_finds_the_shipped_files(tmp_path):
    copy = tmp_path / "mine.toml"
    copy.write_bytes(scenes()["juice-jmc-moon"].read_bytes())
    first = Scene.load(copy).view().facts["camera_altitude_km"]
    assert first == Scene.load("juice-jmc-moon").view().facts["camera_altitude_km"]
    # A file of the same name next to the scene takes precedence.
    (tmp_path / "juice-moon.oem").write_text("no path", encoding="utf-8")
    with pytest.raises(CcsdsError, match=r"mine\.toml: .*juice-moon\.oem"):
        Scene.load(copy).view()


def test_a_mesh_next_to_the_scene_file_is_found_from_any_working_folder(tmp_path, monkeypatch):
    scene = Scene.load(changed(tmp_path, '"tianwen1-orbiter"', '"sub/x.glb"'))
    monkeypatch.chdir("/")
    assert scene.craft_source == (tmp_path / "sub" / "x.glb").resolve()
    assert Scene.load("tianwen1-mars").craft_source == Scene.load("tianwen1-mars").craft.model


# Moments


@pytest.mark.parametrize(
    ("text", "event", "seconds"),
    [
        ("release", "release", 0.0), ("release+60s", "release", 60.0), ("max-latitude-30.5s", "max-latitude", -30.5),
        ("periapsis+0s", "periapsis", 0.0), ("release+999999999s", "release", 999999999.0),
    ],
)  # fmt: skip
def test_a_moment_is_an_event_and_seconds(text, event, seconds):
    assert parse_moment(text) == (event, seconds)


def test_a_moment_may_be_a_utc_time():
    assert parse_moment("2021-12-31T16:30:00Z") == Epoch.from_utc("2021-12-31T16:30:00Z")


@given(st.text(max_size=40).filter(lambda text: not text.startswith(EVENTS) and not text.strip()[:4].isdigit()))
def test_any_other_text_is_not_a_moment(text):
    with pytest.raises(SceneError, match=re.escape(repr(text))):
        parse_moment(text)


# Changes


def test_with_changes_returns_a_copy():
    scene = Scene.load("tianwen1-mars")
    other = scene.with_changes(camera__roll_deg=12.5, at="release+1s", attitude__primary__toward="nadir")
    assert (other.camera.roll_deg, other.at, other.attitude.primary.toward) == (12.5, "release+1s", "nadir")
    assert scene == Scene.load("tianwen1-mars")
    assert (
        other.with_changes(
            camera__roll_deg=scene.camera.roll_deg,
            at=scene.at,
            attitude__primary__toward=scene.attitude.primary.toward,
        )
        == scene
    )


def test_with_changes_accepts_numpy_values():
    scene = Scene.load("tianwen1-mars").with_changes(
        camera__roll_deg=np.float32(1.5), camera__size_px=np.array([100, 50]), photo__iso=np.int64(200)
    )
    assert (scene.camera.roll_deg, scene.camera.size_px, scene.photo.iso) == (1.5, (100, 50), 200.0)


def test_with_changes_keeps_the_scenes_folder(tmp_path):
    scene = Scene.load(changed(tmp_path, '"tianwen1-orbiter"', '"x.glb"')).with_changes(at="release+1s")
    assert scene.craft_source == (tmp_path / "x.glb").resolve()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"camera__rol_deg": 1}, "camera.rol_deg: unknown key; did you mean 'roll_deg'?"),
        ({"camra__roll_deg": 1}, "camra: unknown key; did you mean 'camera'?"),
        ({"title__text": 1}, "title: is a value"),
        ({"camera__roll_deg": float("nan")}, "camera.roll_deg: "),
        ({"camera__roll_deg": None}, "camera.roll_deg: "),
        ({"camera": 5}, "camera: "),
    ],
)
def test_a_bad_change_is_named_by_its_key(change, words):
    with pytest.raises(SceneError, match=re.escape(words)):
        Scene.load("tianwen1-mars").with_changes(**change)


@pytest.mark.parametrize("table", [[], None, "x", 5])
def test_from_table_refuses_what_is_not_a_dict(table):
    with pytest.raises(SceneError, match=r"scene: \(top level\)"):
        Scene.from_table(table)


def test_scenes_are_immutable():
    scene = Scene.load("tianwen1-mars")
    with pytest.raises(ValueError, match="frozen"):
        scene.title = "another"


def test_a_bare_model_name_is_looked_for_in_the_scenes_folder_only(tmp_path, monkeypatch):
    folder, elsewhere = tmp_path / "scene", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "mesh").write_text("read from the working folder")
    monkeypatch.chdir(elsewhere)
    message = fault(changed(folder, '"tianwen1-orbiter"', '"mesh"'), view=True)
    assert message.startswith("craft.model: no model is called 'mesh'")
    (folder / "mesh").symlink_to(elsewhere / "mesh")
    message = fault(changed(folder, '"tianwen1-orbiter"', '"mesh"'), view=True)
    assert message.startswith("craft.model: 'mesh' lies outside the scene's folder")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (".".join("a" * 8_000) + " = 1\n" + GOOD, "too many dots; the limit is 32"),
        ("[[objects]]\n" * 40_000, "has 40,000 entries; the limit is 32"),
        ("".join(f"[a{k}]\n" for k in range(80_000)), "and 79,97"),
    ],
)
def test_endless_scenes_are_refused_soon(tmp_path, text, words):
    start = time.process_time()
    with pytest.raises(SceneError, match=words) as caught:
        Scene.load(write(tmp_path, text))
    assert len(str(caught.value)) < 20_000
    assert time.process_time() - start < 5.0


def test_faults_of_a_table_name_its_keys_alone(tmp_path):
    path = write(tmp_path, GOOD + '[planet]\nmap = { file = "z.img", shape = [200, 100], dtype = "f1" }\n')
    assert fault(path).startswith("planet.map.dtype: string should match pattern")
