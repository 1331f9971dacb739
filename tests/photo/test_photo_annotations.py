"""Marks: the scale bar has its length at the craft, the watermark is in its corner, and recipes reproduce both."""

import numpy as np
import pytest

from selfiesim.files.replay import replay
from selfiesim.photo.annotations import draw_marks, scale_bar_length
from selfiesim.scene.scene import Scene

SIZE = (480, 270)


@pytest.fixture(scope="module")
def radiance():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=SIZE).view().render()


@pytest.mark.parametrize("at", ["release+30s", "release+72s", "release+3000s"])
def test_the_scale_bar_has_the_length_of_a_rod_at_the_craft(at):
    view = Scene.load("tianwen1-mars").view(at)
    metres, pixels = scale_bar_length(view)
    # A rod perpendicular to the line of sight at the craft's origin, imaged on the axis.
    distance = np.linalg.norm(view.craft.position)
    rod = view.camera.project(np.array([[0.0, 0.0, distance], [1e-3 * metres, 0.0, distance]]))
    assert pixels == pytest.approx(1e3 * (rod[1, 0] - rod[0, 0]), rel=1e-3)
    assert 0.1 * view.camera.width <= pixels <= 0.25 * view.camera.width
    assert f"{metres:.0e}"[0] in "125"


def test_marks_are_confined_to_their_corners(radiance):
    plain, both = radiance.expose().pixels, radiance.expose(marks=["scale-bar", "watermark"]).pixels
    changed = (plain != both).any(axis=-1)
    height, width = changed.shape
    assert not changed[: int(0.88 * height)].any()
    assert changed[:, : width // 3].any()
    assert changed[:, 2 * width // 3 :].any()
    bar = radiance.expose(marks=["scale-bar"]).pixels
    # The bar has the longest row of white.
    white = (bar == round(0.92 * 255)).all(axis=-1) & (plain != bar).any(axis=-1)
    assert white.sum(axis=1).max() == pytest.approx(scale_bar_length(radiance.view)[1], abs=2)


def test_16_bit_pictures_have_the_same_marks(radiance):
    photo = radiance.expose(marks=["watermark"])
    pixels16 = (photo.pixels16 >> 8).astype(int)
    assert np.abs(pixels16 - photo.pixels).max() <= 2
    grey = np.full((270, 480, 3), 20_000, np.uint16)
    assert draw_marks(grey, radiance.view, ()) is grey


def test_replay_reproduces_the_marks(radiance, tmp_path):
    first = radiance.expose(marks=["scale-bar", "watermark"])
    again, differs = replay(first.save(tmp_path / "a.png"))
    assert differs == []
    assert np.array_equal(again.pixels, first.pixels)
