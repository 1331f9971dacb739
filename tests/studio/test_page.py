"""The studio in a real browser: what a person does on its page."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import time

import pytest
from studio_server import running, write_scene

from selfiesim.scene.scene import Scene

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium; apt-get install chromium")
PATIENCE_MS = 120_000


@pytest.fixture(scope="module")
def browser():
    """A headless browser."""
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A running studio: its folder, and address with token."""
    folder = tmp_path_factory.mktemp("studio")
    write_scene(folder)
    with running(folder) as (address, token, process):
        yield folder, f"{address}#{token}", process


@pytest.fixture
def page(browser, studio):
    """A page that shows its first picture, and has no error in its console at the end."""
    _, address, _ = studio
    # Waiting for a condition evaluates text, which the page's policy forbids; one test below is without this.
    context = browser.new_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    shown = context.new_page()
    shown.set_default_timeout(PATIENCE_MS)
    errors = []
    shown.on("pageerror", lambda error: errors.append(str(error)))
    shown.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    shown.goto(address)
    shown.wait_for_selector("#canvas[data-stage=done]")
    yield shown
    context.close()
    assert errors == []


def text(page):
    return page.input_value("#toml")


def picture_hash(page):
    data = page.evaluate("document.getElementById('canvas').toDataURL()")
    return hashlib.sha256(data.encode()).hexdigest()


def settle(page):
    """Wait until the page shows the final picture of the scene as it is."""
    page.wait_for_function(
        """() => {
            const { stage, revision } = document.getElementById("canvas").dataset;
            return stage === "done" && revision === document.body.dataset.revision;
        }"""
    )


def change(page, action):
    """Do something that changes the scene, and wait until the page shows it."""
    before = page.get_attribute("body", "data-revision")
    action()
    page.wait_for_function("before => document.body.dataset.revision !== before", arg=before)
    settle(page)


def set_roll(page, degrees):
    """Type a roll into its field."""
    page.click("#tab-camera")
    page.fill("[data-path='camera.roll_deg'] input[type=number]", degrees)
    page.keyboard.press("Enter")


def drag(page, across, down):
    box = page.locator("#viewport").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=3)
    page.mouse.up()


def test_dragging_moves_the_craft_in_the_frame_and_undo_takes_it_back(page):
    settle(page)
    before, old = text(page), picture_hash(page)
    change(page, lambda: drag(page, 90, 40))
    place = re.search(r"place = \[([\d.]+), ([\d.]+)\]", text(page))
    assert 0.43 < float(place[1]) < 0.6
    assert 0.33 < float(place[2]) < 0.6
    assert picture_hash(page) != old
    change(page, lambda: page.click("#undo"))
    assert text(page) == before
    assert picture_hash(page) == old


def test_scrubbing_the_drift_sets_the_moment(page):
    change(page, lambda: page.fill("#time", "90"))
    assert 'at = "release+90.0s"' in text(page)
    change(page, lambda: page.click("#undo"))


def test_a_fault_in_the_text_is_marked_at_its_line_and_goes_when_it_is_mended(page):
    page.click("#tab-toml")
    good = text(page)
    page.fill("#toml", good.replace("roll_deg = 1", "roll_degrees = 1"))
    fault = page.locator(".faults button")
    fault.wait_for()
    assert "did you mean 'roll_deg'" in fault.inner_text()
    line = good.splitlines().index("roll_deg = 1") + 1
    assert page.locator(".editor pre .bad").inner_text().strip() == str(line)
    page.fill("#toml", good)
    fault.wait_for(state="detached")
    settle(page)


def test_every_key_of_the_schema_has_a_field(page):
    from selfiesim.scene.scene import schema

    shown = set(page.locator("[data-path]").evaluate_all("all => all.map(each => each.dataset.path)"))
    root = schema()
    for section in ("camera", "photo", "planet", "sky", "craft", "attitude"):
        reference = root["properties"][section]
        name = (reference.get("$ref") or reference["allOf"][0]["$ref"]).rsplit("/", 1)[1]
        assert {f"{section}.{key}" for key in root["$defs"][name]["properties"]} <= shown


def test_what_is_assumed_is_marked_with_its_reason(page):
    page.click("#tab-camera")
    field = page.locator("[data-path='camera.roll_deg'] .assumed")
    assert field.inner_text() == "Assumed: The camera tumbled freely."


def test_a_reload_keeps_unsaved_changes(page):
    change(page, lambda: set_roll(page, "33"))
    page.reload()
    page.wait_for_selector("#canvas[data-stage=done]")
    assert "roll_deg = 33" in text(page)
    change(page, lambda: page.click("#undo"))


def test_two_pages_show_the_same_scene(page, studio):
    other = page.context.new_page()
    other.set_default_timeout(PATIENCE_MS)
    other.goto(studio[1].partition("#")[0])
    other.wait_for_selector("#canvas[data-stage=done]")
    change(page, lambda: set_roll(page, "-20"))
    settle(other)
    assert "roll_deg = -20" in text(other)
    assert picture_hash(other) == picture_hash(page)
    other.close()
    change(page, lambda: page.click("#undo"))


def test_the_picture_at_rest_is_that_of_the_saved_scene(page, studio, tmp_path):
    folder, _, _ = studio
    settle(page)
    page.once("dialog", lambda dialog: dialog.accept("kept.toml"))
    page.click("#save")
    page.wait_for_function("() => document.getElementById('status').textContent.includes('Saved')")
    scene = Scene.load(folder / "kept.toml")
    scene.view().render("final").expose().save(tmp_path / "by-command.png")
    page.click("#render")
    page.click("#start")
    with page.expect_download() as download:
        page.click("#download")
    downloaded = tmp_path / download.value.suggested_filename
    download.value.save_as(downloaded)
    assert downloaded.name == "kept.png"
    pixels = page.evaluate(
        "Array.from(document.getElementById('canvas').getContext('2d').getImageData(0, 0, 160, 90).data)"
    )
    assert_same_pixels(tmp_path / "by-command.png", downloaded, pixels)


def assert_same_pixels(one, other, rgba):
    import numpy as np
    from PIL import Image

    with Image.open(one) as first, Image.open(other) as second:
        expected = np.asarray(first)
        assert np.array_equal(expected, np.asarray(second))
    assert np.array_equal(expected, np.array(rgba, np.uint8).reshape(*expected.shape[:2], 4)[..., :3])


def test_a_file_outside_the_folder_is_not_written(page, studio):
    for name in ("../escaped.toml", "/tmp/escaped.toml", "plain.txt", ".hidden.toml"):
        page.once("dialog", lambda dialog, name=name: dialog.accept(name))
        page.click("#save")
        page.wait_for_function("() => document.getElementById('status').className === 'error'")
        page.evaluate("document.getElementById('status').className = ''")
    assert not (studio[0].parent / "escaped.toml").exists()


def test_a_worker_that_is_killed_comes_back(page, studio):
    import psutil

    settle(page)
    children = psutil.Process(studio[2].pid).children(recursive=True)
    workers = [each for each in children if "spawn_main" in " ".join(each.cmdline())]
    assert workers
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
    page.wait_for_function("() => document.getElementById('status').textContent.includes('was replaced')")
    change(page, lambda: set_roll(page, "5"))
    change(page, lambda: page.click("#undo"))


def test_nothing_is_drawn_while_nothing_changes(page, studio):
    import psutil

    settle(page)
    processes = [psutil.Process(studio[2].pid), *psutil.Process(studio[2].pid).children(recursive=True)]
    before = sum(sum(each.cpu_times()[:2]) for each in processes)
    time.sleep(3.0)
    assert sum(sum(each.cpu_times()[:2]) for each in processes) - before < 0.3


def test_the_page_keeps_to_its_own_policy(browser, studio):
    context = browser.new_context()
    page = context.new_page()
    errors = []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(studio[1])
    page.wait_for_selector("#canvas[data-stage=done]", timeout=PATIENCE_MS)
    for tab in page.locator("[role=tab]").all():
        tab.click()
    context.close()
    assert errors == []


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_the_page_does_not_scroll_sideways(page, size):
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(300)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_every_control_has_a_name(page):
    nameless = page.locator("button, input, select, textarea").evaluate_all(
        """all => all.filter(each => !each.labels?.length && !each.getAttribute('aria-label')
            && !each.textContent.trim()).map(each => each.outerHTML)"""
    )
    assert nameless == []
