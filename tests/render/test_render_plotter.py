"""The live PyVista scene shows craft and planet where the picture does."""

import numpy as np
import pytest

from selfiesim.render.common.truth import FIRST_PART, SKY
from selfiesim.scene.scene import Scene

SIZE = (480, 270)


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=SIZE).view()


def test_craft_and_limb_stand_where_the_picture_has_them(view):
    stage = view.plotter(off_screen=True)
    stage.render()
    colours = stage.screenshot(return_img=True).astype(int)
    shown = colours.sum(axis=-1)
    stage.close()
    truth = view.render().truth
    assert shown.shape == truth.part.shape
    craft, sky = truth.part >= FIRST_PART, truth.part == SKY
    assert shown[sky].mean() < 3.0
    # The radar rods and the far wing are thin and dark: the solar cells' blue tells best, bluer than all of Mars.
    rows, columns = np.nonzero(
        craft & np.isin(truth.part, [n for n, node in truth.part_names.items() if "cell" in node])
    )
    blue = np.argwhere(colours[..., 2] > 1.5 * colours[..., 0] + 10)
    assert np.median(blue, axis=0) == pytest.approx([np.median(rows), np.median(columns)], abs=8)
    # Where the sky begins, row by row, on the right of the picture.
    for row in (20, 60, 220):
        ours = np.argmax(sky[row])
        theirs = SIZE[0] - np.argmax(shown[row, ::-1] > 6)
        assert theirs == pytest.approx(ours, abs=12)  # the planet's rim is in twilight


def test_one_may_add_ones_own(view):
    import pyvista

    stage = view.plotter(off_screen=True)
    before = len(stage.actors)
    stage.add_mesh(pyvista.Sphere(radius=1.0, center=view.craft.position), name="mine")
    assert len(stage.actors) == before + 1
    assert {"mars", "mine", "bus.gold_foil"} <= set(stage.actors)
    stage.close()
