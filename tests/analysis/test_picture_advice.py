"""What is said of a picture that is probably not what its maker wanted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selfiesim import Scene, scenes
from selfiesim.analysis.picture_advice import picture_advice

LOW_ORBIT = {"orbit__semi_major_axis_km": 3800.0, "orbit__eccentricity": 0.01, "orbit__raan_deg": 0.0}
IN_SHADOW = {"release__at": "periapsis+1500s", "at": "release+20s", **LOW_ORBIT}


def advice(name, **changes):
    scene = Scene.load(name).with_changes(**changes)
    return picture_advice(scene, scene.view())


# Philae saw the dark side of Rosetta's wing, with the Sun behind it.
MEANT = {"rosetta-civa-mars": "against the Sun"}


@pytest.mark.parametrize("name", sorted(scenes()))
def test_nothing_is_said_of_shipped_scenes_that_is_not_meant(name):
    found = advice(name)
    assert len(found) == (name in MEANT)
    assert all(MEANT[name] in sentence for sentence in found)


def test_a_shadow_is_named_with_its_end():
    shadow, night = advice("tianwen1-mars", **IN_SHADOW)
    assert shadow.startswith("Mars hides the Sun from the craft until 2021-12-31T14:10")
    assert "night" in night
    # A moment later than that end, the Sun is seen.
    scene = Scene.load("tianwen1-mars").with_changes(**IN_SHADOW)
    end = float(shadow.partition("Z, ")[2].partition(" minutes")[0]) * 60.0
    assert scene.view().after(end - 90.0).craft.sun_visible_fraction == 0.0
    assert scene.view().after(end + 90.0).craft.sun_visible_fraction > 0.0


def test_a_craft_outside_the_picture_is_named():
    (sentence,) = advice(
        "zhurong-view", camera__model="pinhole", camera__horizontal_fov_deg=40.0, camera__elevation_deg=10.0
    )
    assert "outside the picture" in sentence
    assert 'camera.look = "craft"' in sentence


@pytest.mark.parametrize(
    ("name", "offset", "inside"),
    [
        ("tianwen1-boom", [0.3, 0.2, 0.1], True),
        ("zhurong-group", [0.1, 0.0, 0.45], True),
        ("tianwen1-boom", [1.0, 1.2, -1.5], False),
    ],
)
def test_a_lens_inside_a_mesh_is_noticed(name, offset, inside):
    found = advice(name, mounted__offset_m=offset)
    assert any("inside the mesh" in sentence for sentence in found) == inside


def test_a_craft_against_the_sun_is_noticed():
    (sentence,) = advice("tianwen1-cruise", release__axis=[-1.0, 0.0, 0.0])
    assert "against the Sun (phase angle 154 degrees)" in sentence


def test_the_commands_say_so(run):
    code, out, err = run("check", "zhurong-view", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["advice"] == []


def test_rendering_says_so_and_goes_on(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = Path(scenes()["tianwen1-mars"]).read_text()
    for old, new in (
        ("semi_major_axis_km = 8898.75", "semi_major_axis_km = 3800.0"),
        ("eccentricity = 0.5884", "eccentricity = 0.01"),
        ("raan_deg = 100.72", "raan_deg = 0.0"),
        ('at = "max-latitude+35s"', 'at = "periapsis+1500s"'),
    ):
        assert old in text
        text = text.replace(old, new)
    Path("dark.toml").write_text(text)
    code, out, err = run("render", "dark.toml", "--draft", "--size", "64x36", "-o", "dark.png")
    assert code == 0, err
    assert "selfiesim: note: Mars hides the Sun from the craft until" in err
    assert "(draft, " in out
