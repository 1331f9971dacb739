"""Image regions with specialized shaders look the same as one shader over the whole image."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_scenes import box, looking, stage, write_craft

from selfiesim.render import render_thread
from selfiesim.render.layers import planet_layer, planet_tiles
from selfiesim.render.raster.renderer import PyVistaRenderer

SIZE = (640, 360)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles")
    model = write_craft(folder, "crumb", [box((0.01, 0.01, 0.01))], (0.3, 0.1, -3.0))
    return stage(folder, model, planet__dust_opacity=0.3, planet__haze_layer_opacity=0.001)


@pytest.fixture(scope="module")
def renderer():
    return PyVistaRenderer()


def view_from(scene, lat_deg, lon_deg, height_km, aside_deg, fov_deg):
    """A view from above a point, pointed ``aside_deg`` to the east of nadir."""
    view = scene.view()
    lat, lon = np.radians([lat_deg, lon_deg])
    up = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    to_camera = view.planet.camera_to_bodyfixed.T
    planet = replace(view.planet, position=-(to_camera @ up) * (3.39e6 + 1e3 * height_km))
    view = replace(view, planet=planet, craft=replace(view.craft, position=1000.0 * (to_camera @ up)))
    aside = np.radians(aside_deg)
    return looking(view, to_camera @ (np.sin(aside) * east - np.cos(aside) * up), fov_deg, SIZE)


# The pole, the equator, the seam between map and patch, the limb, the globe in a corner, a planet smaller than a tile.
VIEWS = [
    (88.0, 10.0, 800.0, 20.0, 80.0),
    (5.0, 200.0, 1500.0, 0.0, 90.0),
    (68.0, 359.0, 700.0, 30.0, 70.0),
    (-86.0, 100.0, 500.0, 60.0, 70.0),
    (30.0, 0.0, 20_000.0, 9.0, 20.0),
    (30.0, 0.0, 900_000.0, 0.1, 3.0),
]


@pytest.mark.parametrize("viewpoint", VIEWS, ids=["pole", "equator", "rim", "south-limb", "corner", "speck"])
def test_specialized_shaders_agree_with_the_general_one(scene, renderer, monkeypatch, viewpoint):
    view = view_from(scene, *viewpoint)
    monkeypatch.setattr(planet_tiles, "_MIN_REGION_PX", 0)
    by_region = renderer.render(view, "draft").rgb
    used = {
        name
        for name, quads in render_thread.call(renderer._stages.get).planet._regions.items()
        if quads.actor.GetVisibility()
    }
    assert ("edge" in used) or len(used) == 1
    whole = np.array([[0.0, 0.0, *SIZE]])
    none = np.zeros((0, 4))
    monkeypatch.setattr(
        planet_layer, "classify_tiles", lambda *_: {n: whole if n == "edge" else none for n in planet_tiles.REGIONS}
    )
    in_one_shader = renderer.render(view, "draft").rgb
    assert in_one_shader.max() > 0.0
    difference = np.abs(by_region - in_one_shader) / np.maximum(in_one_shader, 0.01 * in_one_shader.max())
    assert difference.max() < 0.1  # rounding, at the border between ground and ice
    assert (difference > 2e-3).mean() < 0.002
    np.testing.assert_array_equal(by_region[in_one_shader == 0.0], 0.0)


def test_the_views_above_use_every_region(scene, renderer, monkeypatch):
    monkeypatch.setattr(planet_tiles, "_MIN_REGION_PX", 0)
    used = set()
    for viewpoint in VIEWS:
        renderer.render(view_from(scene, *viewpoint), "draft")
        used |= {
            name
            for name, quads in render_thread.call(renderer._stages.get).planet._regions.items()
            if quads.actor.GetVisibility()
        }
    assert used == set(planet_tiles.REGIONS)


def test_rectangles_cover_tiles_once():
    tiles = np.random.default_rng(3).random((20, 31)) < 0.7
    count = np.zeros(tiles.shape, int)
    for left, bottom, right, top in planet_tiles._merge_tiles(tiles):
        count[bottom:top, left:right] += 1
    np.testing.assert_array_equal(count, tiles)
