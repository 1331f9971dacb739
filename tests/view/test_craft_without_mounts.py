"""A mesh without a description takes the place of a scene's craft: the camera leaves from its surface."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_files import cube_obj, write
from numpy.testing import assert_allclose

from selfiesim.core.errors import ModelWarning
from selfiesim.core.vectors import unit
from selfiesim.craft.load import load_craft
from selfiesim.craft.model import farthest_surface_point
from selfiesim.scene.scene import Scene


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def cube(tmp_path):
    """A cube of 2 m around its origin."""
    return write(tmp_path / "cube.obj", cube_obj(2.0, (-1.0, -1.0, -1.0)))


@pytest.mark.parametrize("name", ["tianwen1-mars", "ikaros-dcam2"])
def test_the_camera_leaves_from_the_surface_in_the_direction_of_the_scene(cube, name):
    scene = Scene.load(name)
    own = load_craft(scene.craft.model).mounts["camera"].axis
    axis = unit(np.array(scene.release.axis or own))
    with pytest.warns(ModelWarning, match="leaves from its surface"):
        view = scene.with_craft(cube).view(at="release+1s")
    # The axis leaves a cube of half a side 1 through the wall of its largest component.
    start = axis / np.abs(axis).max()
    assert_allclose(farthest_surface_point(load_craft(cube), tuple(axis)), start, atol=1e-6)
    to_camera = -view.craft.body_to_camera.T @ view.craft.position
    assert unit(to_camera) @ axis > 0.99  # one of the craft spins


def test_the_line_has_what_to_copy_and_copying_it_changes_nothing_but_the_line(cube, recwarn):
    scene = Scene.load("tianwen1-mars").with_craft(cube)
    before = scene.view().craft.position
    (text,) = [str(each.message) for each in recwarn if "leaves from its surface" in str(each.message)]
    head, line = text.split("next to it: ")  # on one line, since a terminal shows line feeds of warnings as \\n
    assert head.endswith("cube.toml ")
    assert line.startswith("mounts.camera = ")
    write(cube.with_suffix(".toml"), line)
    recwarn.clear()
    after = Scene.load("tianwen1-mars").with_craft(cube).view().craft.position
    assert_allclose(after, before, atol=0.02)
    assert not [each for each in recwarn if "leaves from its surface" in str(each.message)]


def test_a_mounted_camera_stands_on_the_surface(cube):
    with pytest.warns(ModelWarning, match="leaves from its surface"):
        view = Scene.load("juice-jmc-moon").with_craft(cube).view()
    assert np.abs(-view.craft.body_to_camera.T @ view.craft.position).max() == pytest.approx(1.0, abs=1e-6)


def test_a_craft_with_other_mounts_uses_its_first(cube):
    write(cube.with_suffix(".toml"), "[mounts.nose]\nposition_m = [1, 0, 0]\naxis = [1, 0, 0]\n")
    scene = Scene.load("tianwen1-mars").with_craft(cube)
    assert scene.release.mount == "nose"
    assert scene.release.axis is None


def test_where_the_line_misses_the_mesh_the_farthest_vertex_serves(tmp_path):
    craft = load_craft(write(tmp_path / "a.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"))
    # A line through (0.5, 0.5, 0) and along the triangle's plane hits nothing.
    assert_allclose(farthest_surface_point(craft, (1.0, 0.0, 0.0)), [1, 0, 0], atol=1e-6)
