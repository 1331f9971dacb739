"""The interactive PyVista scene shows craft and planet where the render does."""

import numpy as np
import pytest

from selfiesim.render.common.truth import FIRST_PART, SKY
from selfiesim.scene.scene import Scene

SIZE = (480, 270)


@pytest.fixture(scope="module")
def view():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=SIZE).view()


def test_craft_and_limb_are_where_the_render_has_them(view):
    plotter = view.plotter(off_screen=True)
    plotter.render()
    colours = plotter.screenshot(return_img=True).astype(int)
    brightness = colours.sum(axis=-1)
    plotter.close()
    truth = view.render().truth
    assert brightness.shape == truth.part.shape
    craft, sky = truth.part >= FIRST_PART, truth.part == SKY
    assert brightness[sky].mean() < 3.0
    # The radar rods and the far wing are thin and dark: the solar cells are bluer than all of Mars.
    rows, columns = np.nonzero(
        craft & np.isin(truth.part, [n for n, node in truth.part_names.items() if "cell" in node])
    )
    blue = np.argwhere(colours[..., 2] > 1.5 * colours[..., 0] + 10)
    assert np.median(blue, axis=0) == pytest.approx([np.median(rows), np.median(columns)], abs=8)
    # Where the sky begins on the right of the image, row by row.
    for row in (20, 60, 220):
        expected = np.argmax(sky[row])
        found = SIZE[0] - np.argmax(brightness[row, ::-1] > 6)
        assert found == pytest.approx(expected, abs=12)  # the limb is in twilight


def test_actors_can_be_added(view):
    import pyvista

    plotter = view.plotter(off_screen=True)
    before = len(plotter.actors)
    plotter.add_mesh(pyvista.Sphere(radius=1.0, center=view.craft.position), name="mine")
    assert len(plotter.actors) == before + 1
    assert {"mars", "mine", "bus.gold_foil"} <= set(plotter.actors)
    plotter.close()
