"""Scenes, views, light and photographs travel between processes, and compare equal by what they hold."""

from __future__ import annotations

import pickle
from dataclasses import dataclass, replace

import numpy as np
import pytest
from child_python import run_python
from shipped_scene import scene
from spice_mission import ALL

from selfiesim.core.equality import has_equal_content
from selfiesim.scene.scene import Scene
from selfiesim.scene.shipped import scenes

SMALL = {"camera__size_px": [64, 36]}

# Reads a pickled pair of scene and view, and sends back what it makes of them.
OTHER_PROCESS = """
import pickle, sys
from pathlib import Path
shot, view = pickle.loads(Path(sys.argv[1]).read_bytes())
made = shot.view()
assert view == made, "the view from another process equals the one worked out here"
assert view.after(5.0) == made.after(5.0)
assert pickle.loads(pickle.dumps(view)).craft.craft is view.craft.craft
photo = view.render().expose()
Path(sys.argv[2]).write_bytes(pickle.dumps((shot, view, photo.radiance, photo)))
"""


@pytest.mark.parametrize("name", scenes())
def test_scenes_and_views_survive_pickling_after_use(name):
    shot = Scene.load(name).with_changes(**SMALL)
    view = shot.view()
    again, seen = pickle.loads(pickle.dumps((shot, view)))
    assert again == shot
    assert again.view() == view
    assert seen == view
    assert seen.after(10.0) == view.after(10.0)
    assert seen.after(10.0) != view


def test_a_photograph_from_another_process_equals_that_of_this_one(tmp_path):
    shot = Scene.load("tianwen1-mars").with_changes(**SMALL)
    view = shot.view()
    photo = view.render().expose()
    (tmp_path / "sent").write_bytes(pickle.dumps((shot, view)))
    run_python(OTHER_PROCESS, tmp_path / "sent", tmp_path / "back")
    found = pickle.loads((tmp_path / "back").read_bytes())
    assert found == (shot, view, photo.radiance, photo)
    assert found[1].craft.craft is view.craft.craft  # the same object, which the renderer has layers of
    assert has_equal_content(found[3].radiance.truth, photo.radiance.truth)
    assert np.array_equal(found[3].pixels16, photo.pixels16)


def test_a_view_with_kernels_is_pickled_with_their_names(mission):
    changes = {"kernels": ALL, "path__target": "SELFIE", "attitude": {"ck_frame": "SELFIE_BODY"}}
    view = scene(mission, without=("orbit",), **changes, **SMALL).view()
    seen = pickle.loads(pickle.dumps(view))
    assert seen == view
    assert seen.almanac.kernels is not view.almanac.kernels
    assert seen.after(2.0) == view.after(2.0)


def test_what_differs_is_unequal():
    view = Scene.load("tianwen1-mars").with_changes(**SMALL).view()
    photo = view.render().expose()
    assert view != view.after(1.0)
    assert view != "view"
    assert view != replace(view, camera=replace(view.camera, fx=view.camera.fx + 1.0))
    brighter = replace(photo.radiance, rgb=photo.radiance.rgb * np.float32(2.0))
    assert photo.radiance != brighter
    assert photo != replace(photo, radiance=brighter)
    assert photo == replace(photo, pixels=photo.pixels.copy())
    for each in (view, photo.radiance, photo):
        with pytest.raises(TypeError, match="unhashable"):
            hash(each)


@dataclass(frozen=True, eq=False)
class Holder:
    content: object


def test_content_is_compared_through_dataclasses_mappings_and_sequences():
    array, other = np.array([1.0, np.nan]), np.array([1.0, 2.0])
    for wrap in (Holder, lambda each: {"key": each}, lambda each: [each], lambda each: (0, each)):
        assert has_equal_content(wrap(array), wrap(array.copy()))
        assert not has_equal_content(wrap(array), wrap(other))
        assert not has_equal_content(wrap(array), wrap(array.astype(np.float32)))
        assert has_equal_content(wrap(float("nan")), wrap(-float("nan")))
    assert not has_equal_content([1], (1,))
    assert not has_equal_content([1], [1, 2])
    assert not has_equal_content({"a": 1}, {"b": 1})
