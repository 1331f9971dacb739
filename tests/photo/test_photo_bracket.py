"""Exposure reports, and the command-line tools for photographs."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from selfiesim.photo.bracket import exposure_report, format_exposure_report
from selfiesim.render.common.radiance import Radiance
from selfiesim.scene.scene import Scene


@pytest.fixture(scope="module")
def frame():
    view = Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 40], photo__stops=0.0).view()

    def of(craft, planet):
        rgb = np.zeros((40, 64, 3), np.float32)
        part = np.zeros((40, 64), np.int32)
        rgb[20:], part[20:] = planet * view.sun.irradiance / np.pi, 1
        rgb[20:30, :32], part[20:30, :32] = craft * view.sun.irradiance / np.pi, 2
        radiance = Radiance(rgb, view, "draft", "made up")
        radiance.__dict__["_truth"] = SimpleNamespace(part=part, sun_visibility=(part > 0).astype(np.float32))
        return radiance

    return of


def test_shares_are_counted_by_part(frame):
    report = exposure_report(frame(0.2, 0.2).expose())
    shares = {name: part["share"] for name, part in report["parts"].items()}
    assert shares == {
        "craft": 0.125,
        "planet": 0.375,
        "sky": 0.5,
    }
    assert sum(report["histogram"]) == 40 * 64
    assert report["parts"]["sky"]["black"] == 1.0
    assert "Well exposed" in report["advice"]
    assert "craft" in format_exposure_report(report)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"shutter_s": 10.0}, "White where the craft and the planet is.*halve photo.shutter_s"),
        ({"stops": 6.0}, "lower photo.stops"),
        ({"shutter_s": 1e-6}, "Black because 1/1e\\+06 s.*photo.shutter_s = 'auto'"),
    ],
)
def test_the_advice_names_the_fault_and_the_setting(frame, settings, words):
    advice = exposure_report(frame(0.2, 0.2).expose(**settings))["advice"]
    assert re.search(words, advice), advice


def test_a_dark_craft_before_a_bright_planet_is_reported(frame):
    assert "The craft is black" in exposure_report(frame(1e-5, 0.3).expose())["advice"]


def test_expose_replay_and_caption_from_the_command_line(run, tmp_path):
    code, out, err = run("expose", "tianwen1-mars", "--size", "160x90", "-o", "b.png", "--json")
    assert code == 0, err
    report = json.loads(out)
    assert report["parts"]["craft"]["share"] > 0.01
    with Image.open(tmp_path / "b.png") as sheet:
        assert sheet.size == (480, 3 * 108)
    code, _out, err = run("render", "tianwen1-mars", "--draft", "--size", "96x64", "--look", "press", "-o", "a.jpg")
    assert code == 0, err
    code, out, _err = run("replay", "a.jpg")
    assert (code, out.strip()) == (0, "a.jpg: the same, bit for bit")
    code, out, _err = run("caption", "a.json")
    assert code == 0
    assert "synthetic image" in out
    assert "m from the camera" in out
    assert "82.8 degrees north" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("replay", "none.png"), "none.png: cannot be read"),
        (("caption", "b.txt"), "b.txt"),
        (("expose", "tianwen1-mars", "--size", "64x36", "-o", "b.jpg"), "ends in .png"),
        (("render", "tianwen1-mars", "-o", "a.jpg", "--bits", "16"), "does not hold 16 bits"),
    ],
)
def test_bad_input_is_refused_with_a_message(run, tmp_path, words, message):
    (tmp_path / "b.txt").write_text("no picture")
    code, _out, err = run(*words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err


def test_the_recipes_schema_is_printed(run):
    _code, out, _err = run("schema", "--recipe")
    assert "receipt" in json.loads(out)["properties"]
