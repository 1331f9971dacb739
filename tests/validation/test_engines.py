"""The comparison of three renderers: figures of pictures made by hand, and what it says when a renderer is absent."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import engines
import numpy as np
import pytest


@pytest.fixture
def result():
    grey = np.random.default_rng(1).uniform(0.2, 0.4, (40, 60, 1)) * np.ones(3)
    mask = np.zeros((40, 60), bool)
    mask[:20] = True
    brighter = grey * 1.1
    return engines.Result("Made up", {"one": grey, "two": brighter}, {"wing": mask})


def test_region_means_are_of_luminance_and_in_proportion(result):
    means = engines.region_means(result)["wing"]
    assert means["two"] == pytest.approx(1.1 * means["one"])
    # A neutral grey has its own value as luminance: the weights of IEC 61966-2-1 add up to 1.
    assert means["one"] == pytest.approx(result.pictures["one"][:20].mean())


def test_equal_pictures_have_a_similarity_of_one_and_others_less(result):
    same = engines.similarities({"a": result.pictures["one"], "b": result.pictures["one"]})
    assert same["a", "b"] == pytest.approx(1.0)
    assert engines.similarities(result.pictures)["one", "two"] < 1.0
    (scene,) = engines.figures([result])
    assert [row["label"] for row in scene["rows"]] == ["SSIM to two", "mean of `wing`"]
    assert float(scene["rows"][0]["values"][1]) == 1.0
    assert engines.beside([result]).shape == (40, 120, 3)


def test_shown_values_are_those_of_the_standard():
    # IEC 61966-2-1: linear 0.2140 is display value 0.5; 0.0031308 is where its two pieces meet.
    assert engines.shown(np.array([[[0.21404, 1.5, -1.0]]])).ravel().tolist() == [pytest.approx(127.5, abs=0.5), 255, 0]


def test_regions_leave_out_the_sky_and_small_parts():
    part = np.zeros((60, 60), int)
    part[10:50, 10:50], part[0:3, 0:3] = 1, 2
    found = engines.regions(SimpleNamespace(part=part, part_names={0: "sky", 1: "bus", 2: "speck"}))
    assert list(found) == ["bus"]
    assert found["bus"].sum() == 38 * 38  # without a pixel at each edge


def test_an_absent_blender_is_said_and_nothing_is_written(monkeypatch):
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(engines.AbsentError, match="bpy is not installed here; give --blender-python PYTHON"):
        engines._cycles(None, None, None)


def test_a_python_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(engines, "scene_glb", lambda view: b"")
    monkeypatch.setattr(engines, "blender_script", lambda *given: "")
    with pytest.raises(engines.AbsentError, match=r"no-python cannot be run \(No such file"):
        engines._cycles(None, None, str(tmp_path / "no-python"))
    with pytest.raises(engines.AbsentError, match="did not render the scene"):
        engines._cycles(None, None, sys.executable)  # has no bpy
