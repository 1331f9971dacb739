"""The viewer in three dimensions: its numbers against the scene's views, and what a browser draws."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from web_page import shown

from selfiesim.pages.html import document
from selfiesim.pages.path_viewer import MAX_TRIANGLES, path_viewer
from selfiesim.scene.scene import Scene

TIMES = [0.0, 40.0, 80.0]


@pytest.fixture(scope="module")
def scene():
    return Scene.load("tianwen1-mars")


@pytest.fixture(scope="module")
def viewer(scene):
    """The viewer's HTML; a caption that would end the script around it is its second."""
    return path_viewer(scene, TIMES, ["first", "</script><b>second", "third"], "body", 72.0)


@pytest.fixture(scope="module")
def data(viewer):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', viewer, re.DOTALL)[1])


def test_the_page_stays_small_and_a_caption_cannot_end_the_script(viewer, data):
    assert len(viewer) < 1_500_000
    assert data["frames"][1]["caption"] == "</script><b>second"


def test_the_mesh_is_the_posed_craft(scene, data):
    view = scene.view(72.0)
    corners = np.frombuffer(base64.b64decode(data["mesh"]["corners"]), "<i2").reshape(-1, 3) * data["mesh"]["scale"]
    assert 1000 < len(corners) / 3 <= MAX_TRIANGLES
    assert len(base64.b64decode(data["mesh"]["colours"])) == len(corners)
    placed = (view.craft.outline() - view.craft.position) @ view.craft.body_to_camera
    size = np.ptp(placed, axis=0).max()
    np.testing.assert_allclose(corners.min(axis=0), placed.min(axis=0), atol=0.01 * size)
    np.testing.assert_allclose(corners.max(axis=0), placed.max(axis=0), atol=0.01 * size)


def test_each_frame_shows_the_craft_where_the_picture_has_it(scene, data):
    for t, frame in zip(TIMES[1:], data["frames"][1:], strict=True):
        view = scene.view(t)
        axes = np.array([frame["right"], frame["down"], frame["ahead"]])
        x, y, z = axes @ -np.array(frame["position"])
        # The craft's origin, across and down as a share of half the picture's size.
        expected = view.craft.position[:2] / view.craft.position[2] * [view.camera.fx, view.camera.fy]
        expected /= [view.camera.width / 2.0, view.camera.height / 2.0]
        assert [x / z / data["slopes"][0], y / z / data["slopes"][1]] == pytest.approx(expected.tolist(), abs=2e-3)


def test_the_browser_draws_and_turns_it(viewer, tmp_path, browser):
    (tmp_path / "page.html").write_text(document("A story", "Two sentences.", viewer), encoding="utf-8")
    with shown(browser, tmp_path / "page.html", width=390) as page:
        canvas = page.locator("canvas")
        canvas.wait_for()
        assert page.locator("figcaption span").inner_text() == "third"
        first = canvas.screenshot()
        canvas.press("ArrowLeft")
        turned = canvas.screenshot()
        page.locator("[type=range]").fill("1")
        page.locator("[type=checkbox]").check()
        assert len({first, turned, canvas.screenshot()}) == 3
        assert page.locator("figcaption span").inner_text() == "</script><b>second"
        assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_craft_path_and_camera_are_all_in_view_at_first(viewer, tmp_path, browser):
    (tmp_path / "page.html").write_text(document("A story", "Two sentences.", viewer), encoding="utf-8")
    for width in (390, 1440):
        with shown(browser, tmp_path / "page.html", width=width) as page:
            page.locator("canvas").wait_for()
            pixels = np.asarray(Image.open(io.BytesIO(page.locator("canvas").screenshot())).convert("RGB"), int)
        drawn = pixels[3:-3, 3:-3].max(axis=-1) > 60  # without the page, where the canvas ends within a pixel
        border = np.concatenate([drawn[0], drawn[-1], drawn[:, 0], drawn[:, -1]])
        assert not border.any()
        # And not small in the middle: one of height and width is filled.
        rows, columns = np.nonzero(drawn)
        assert max(np.ptp(rows) / drawn.shape[0], np.ptp(columns) / drawn.shape[1]) > 0.75
