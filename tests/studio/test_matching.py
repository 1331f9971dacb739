"""The camera of a photograph found on the page by clicking pairs of points."""

from __future__ import annotations

import tomllib
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from studio_server import Browserless, drawing_process

from selfiesim.core.errors import MatchError
from selfiesim.render.engine import truth
from selfiesim.scene.scene import Scene
from selfiesim.studio.matching import surface_point

pytestmark = pytest.mark.xdist_group("studio")


@pytest.fixture(scope="module")
def known(shared_studio):
    """The studio's view, its truth, and another view whose picture is the photograph."""
    scene = Scene.load(shared_studio[0] / "shot.toml")
    view = scene.view()
    fov = 0.9 * scene.camera.horizontal_fov_deg
    other = scene.with_changes(camera__horizontal_fov_deg=fov, camera__roll_deg=scene.camera.roll_deg + 7.0).view()
    return view, truth(view), other, fov


def projected(view, point):
    """Pixel of a point of the craft in a view."""
    place = view.craft.body_to_camera @ np.array(point["craft_m"]) + view.craft.position
    return view.camera.project(place[None])[0]


def pairs(view, ground_truth, other, count=8):
    """Fractions of the render, and pixels of the photograph, of points all over the craft."""
    found = []
    for row, column in np.argwhere(ground_truth.part > 1):
        at = (column + 0.5) / view.camera.width, (row + 0.5) / view.camera.height
        pixel = projected(other, surface_point(view, ground_truth, *at))
        inside = (pixel > 1).all() and (pixel < [other.camera.width - 2, other.camera.height - 2]).all()
        if inside and all(np.linalg.norm(np.array([column, row]) - place) > 7 for _, _, place in found):
            found.append((at, pixel, np.array([column, row])))
    return [(at, pixel) for at, pixel, _ in found[:count]]


def test_a_click_gives_the_point_of_the_craft_that_is_seen_there(known):
    view, ground_truth, _, _ = known
    rows, columns = np.nonzero(ground_truth.part > 1)
    for k in range(0, len(rows), max(1, len(rows) // 20)):
        point = surface_point(view, ground_truth, (columns[k] + 0.7) / 160, (rows[k] + 0.3) / 90)
        np.testing.assert_allclose(projected(view, point), [columns[k] + 0.2, rows[k] - 0.2], atol=0.3)


def test_a_click_on_the_planet_gives_its_place_and_on_the_sky_nothing(known):
    view, ground_truth, _, _ = known
    row, column = np.argwhere(ground_truth.part == 1)[0]
    point = surface_point(view, ground_truth, (column + 0.5) / 160, (row + 0.5) / 90)
    latitude, longitude = np.radians(point["lat_lon_deg"])
    up = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    seen = view.planet.camera_to_bodyfixed @ (ground_truth.position[row, column] - view.planet.position)
    np.testing.assert_allclose(seen / np.linalg.norm(seen), up, atol=1e-6)
    assert abs(point["height_m"]) < 25_000  # Olympus Mons is 21.9 km high
    row, column = np.argwhere(ground_truth.part == 0)[0]
    with pytest.raises(MatchError, match="neither a craft nor the planet"):
        surface_point(view, ground_truth, (column + 0.5) / 160, (row + 0.5) / 90)


def test_pairs_of_clicks_give_the_camera_of_a_photograph(studio_page, shared_studio, known, tmp_path):
    view, ground_truth, other, fov = known
    page = studio_page.page
    clicked = pairs(view, ground_truth, other)
    assert len(clicked) >= 6
    studio_page.finish()
    Image.fromarray(other.render("draft").expose().pixels).save(tmp_path / "photo.png")
    page.set_input_files("#photo", tmp_path / "photo.png")
    page.wait_for_selector("#comparison:not([hidden])")
    choose(page, "match")
    page.fill("#match-fit", "attitude,fov")  # at this size, range and field are not told apart
    box = page.locator("#match-layer").bounding_box()
    half = box["width"] / 2
    for number, (at, pixel) in enumerate(clicked):
        page.mouse.click(box["x"] + at[0] * half, box["y"] + at[1] * box["height"])
        x, y = (pixel + 0.5) / [160, 90]
        page.mouse.click(box["x"] + half + x * half, box["y"] + y * box["height"])
        page.wait_for_function(
            "count => document.querySelectorAll('#match-points tr').length === count", arg=number + 1
        )
        if number == 0:
            page.wait_for_selector("#match-note.error")
            assert page.is_disabled("#match-use")
    page.wait_for_selector("#match-use:not([disabled])")
    assert page.locator("#match-points .worst").count() == 1
    assert page.locator("#match-layer line").count() == len(clicked)
    page.wait_for_selector("#match-others >> text=/minimum/")  # after a while in which nothing changes
    with page.expect_download() as waiting:
        page.click("#match-save")
    saved = tomllib.loads(waiting.value.path().read_text())
    assert len(saved["points"]) == len(clicked)
    assert saved["size_px"] == [160, 90]
    before = studio_page.text
    studio_page.change(lambda: page.click("#match-use"))
    assert_same_camera(studio_page.text, shared_studio[0], other, fov)
    studio_page.change(lambda: page.click("#undo"))
    assert studio_page.text == before
    choose(page, "off")
    assert not page.is_visible("#match-layer")


def test_points_are_set_moved_and_removed_by_keys_and_seen_in_true_pixels(studio_page, tmp_path):
    page = studio_page.page
    stripes = np.zeros((60, 3000, 3), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "wide.png")
    page.set_input_files("#photo", tmp_path / "wide.png")
    page.wait_for_selector("#comparison:not([hidden])")
    choose(page, "match")
    layer = page.locator("#match-layer")
    layer.focus()
    for key, times in (("ArrowLeft", 11), ("ArrowUp", 15), ("Enter", 1)):  # from the middle to the craft
        for _ in range(times):
            page.keyboard.press(key)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowLeft")
    # Its canvas is smaller than the photograph, in which every other column is white.
    row = page.evaluate("""() => {
        const canvas = document.querySelector(".loupe");
        const { data } = canvas.getContext("2d").getImageData(0, canvas.height / 2 - 12, canvas.width, 1);
        return [...data].filter((_, k) => k % 24 === 12);
    }""")
    assert set(row) == {0, 255}
    assert all(one != other for one, other in pairwise(row))
    page.keyboard.press("Enter")
    page.wait_for_selector("#match-save:not([disabled])")
    page.locator("[data-pair='0'][data-side=render]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.dataset.side") == "photo"
    page.wait_for_selector("#match-save:not([disabled])")
    with page.expect_download() as waiting:
        page.click("#match-save")
    pixel = tomllib.loads(waiting.value.path().read_text())["points"][0]["pixel"]
    craft = np.array([0.5 - 11 / 160, 0.5 - 15 / 90]) * [3000, 60] - 0.5
    np.testing.assert_allclose(pixel - craft, [20 - 1, 1])
    page.locator("[data-pair='0'][data-side=photo]").focus()
    page.keyboard.press("Delete")
    assert page.locator("#match-layer .pair").count() == 0
    assert page.evaluate("document.activeElement.id") == "match-layer"
    choose(page, "off")


def test_points_whose_process_ends_are_sent_again_when_one_is_moved(studio_page, shared_server, tmp_path):
    page = studio_page.page
    Image.new("RGB", (320, 180), (90, 60, 50)).save(tmp_path / "photo.png")
    page.set_input_files("#photo", tmp_path / "photo.png")
    page.wait_for_selector("#comparison:not([hidden])")
    choose(page, "match")
    box = page.locator("#match-layer").bounding_box()
    studio_page.finish()
    worker = drawing_process(shared_server[2])
    worker.suspend()
    for across in (0.2, 0.7):
        page.mouse.click(box["x"] + across * box["width"], box["y"] + 0.4 * box["height"])
    worker.kill()
    page.wait_for_selector("#match-note.error >> text=has ended")
    page.locator("[data-pair='0'][data-side=photo]").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#match-note.error >> text=fewer points than unknowns")
    choose(page, "off")


def test_two_pages_that_ask_at_once_get_their_own_answers(shared_studio, known):
    view, ground_truth, other, _ = known
    points = [{"at": at, "pixel": list(pixel)} for at, pixel in pairs(view, ground_truth, other)]
    address, _, token = shared_studio[1].partition("#")
    client = Browserless(address)
    with client.live(token) as one, client.live(token) as two:
        for page, count in ((one, 6), (two, 1)):
            page.send("match", number=1, size_px=[160, 90], fit="attitude,fov", points=points[:count], search=False)
        answers = [page.wait_for(lambda each: each["type"] == "match") for page in (one, two)]
    assert [(each["number"], len(each["points"])) for each in answers] == [(1, 6), (1, 1)]


def assert_same_camera(text, folder, other, fov):
    scene = Scene.from_table(tomllib.loads(text), "matched", folder)
    assert scene.camera.horizontal_fov_deg == pytest.approx(fov, rel=0.02)
    turned = scene.view().craft.body_to_camera @ other.craft.body_to_camera.T
    assert np.degrees(np.arccos(min((np.trace(turned) - 1.0) / 2.0, 1.0))) < 1.0


def choose(page, mode):
    page.evaluate("mode => { const select = document.getElementById('compare-mode'); select.value = mode;"
                  " select.dispatchEvent(new Event('input')); }", mode)  # fmt: skip
