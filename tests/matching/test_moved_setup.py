"""The closed form of the drift between releases, against the drift itself."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.matching.moved_setup import Push, SceneMotion
from selfiesim.scene.scene import Scene
from selfiesim.view.scene_setup import set_up_scene


@pytest.fixture(scope="module")
def motion():
    scene = Scene.load("tianwen1-mars")
    return SceneMotion(set_up_scene(scene, scene.load_craft("craft", scene.craft)))


def test_the_gradient_of_gravity_is_its_derivative(motion):
    place, gm = np.array([2.1e6, -3.3e6, 1.2e6]), motion.setup.body.gm_m3_s2

    def gravity(at):
        return -gm * at / np.linalg.norm(at) ** 3

    steps = 10.0 * np.eye(3)
    differences = np.stack([(gravity(place + step) - gravity(place - step)) / 20.0 for step in steps], axis=-1)
    np.testing.assert_allclose(motion.gravity_gradient(place), differences, atol=1e-9 * np.abs(differences).max())


def test_the_shift_of_the_lens_is_that_of_the_drift(motion):
    axis = motion.setup.axis
    view, before = motion.view(300.0), Push(0.0, 1.0, axis)
    after = Push(0.0, 1.01, axis + np.array([0.0, 0.0, 0.01]))
    moved = motion.view(300.0, after)
    there, here = (-each.icrf_to_camera.T @ each.craft.position for each in (moved, view))
    shift = motion.lens_shift(view, before, after)
    np.testing.assert_allclose(shift, there - here, atol=2e-3 * np.linalg.norm(shift))
