"""The studio in a real browser: what a person does on its page. One page serves all tests; each leaves it as it was."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from studio_server import running, write_scene

from selfiesim.cli.app import main

pytestmark = pytest.mark.xdist_group("studio")


def save_as(page, name):
    """Save the scene under a name, in the dialog that asks for it."""
    page.click("#save")
    page.fill("#save-name", name)
    page.click("#save-dialog button.primary")


def command(*words):
    """Run a command of selfiesim in this process, where the renderer is warm."""
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    assert not end.value.code


class Frames:
    """The pictures that a page has received: bytes by revision and stage."""

    def __init__(self, page):
        self.found = {}
        page.on("websocket", lambda socket: socket.on("framereceived", self._receive))

    def _receive(self, payload):
        if isinstance(payload, bytes):
            length = 4 + int.from_bytes(payload[:4], "big")
            header = json.loads(payload[4:length])
            self.found[str(header["revision"]), header["stage"]] = payload[length:]


class Shown:
    """A page of the studio, its frames, and the errors in its console."""

    def __init__(self, context, address):
        self.page = context.new_page()
        self.frames = Frames(self.page)
        self.errors = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda each: self.errors.append(each.text) if each.type == "error" else None)
        self.page.goto(address)
        self.page.wait_for_selector("#canvas[data-stage=done]")

    def begin(self):
        """Forget errors of before, and close what a test that failed left open."""
        self.errors.clear()
        self.page.locator("dialog").evaluate_all("all => all.forEach(each => each.close())")

    @property
    def text(self):
        return self.page.input_value("#toml")

    @property
    def revision(self):
        return self.page.get_attribute("body", "data-revision")

    # Waiting for selectors evaluates no text, which the page's policy forbids.
    def settle(self):
        """Wait for the final picture of the scene as it is; return the hash of its bytes."""
        self.page.wait_for_selector(f"#canvas[data-stage=done][data-revision='{self.revision}']")
        return hashlib.sha256(self.frames.found[self.revision, "done"]).hexdigest()

    def change(self, action):
        """Do something that changes the scene, and wait until the page shows a picture of it."""
        before = self.revision
        action()
        self.page.wait_for_selector(f"body:not([data-revision='{before}'])")
        self.page.wait_for_selector(f"#canvas[data-revision='{self.revision}']")

    def undo(self):
        self.change(lambda: self.page.click("#undo"))

    def set_roll(self, degrees):
        """Type a roll into its field."""
        self.page.click("#tab-camera")
        self.page.fill("[data-path='camera.roll_deg'] input[type=number]", degrees)
        self.page.keyboard.press("Enter")

    def drag(self, across, down):
        box = self.page.locator("#viewport").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + across, y + down)
        self.page.mouse.up()

    def wait_for_status(self, words):
        self.page.locator("#status", has_text=words).wait_for()


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """A running studio: its folder, and address with token."""
    folder = tmp_path_factory.mktemp("studio")
    write_scene(folder)
    with running(folder) as (address, token, process):
        yield folder, f"{address}#{token}", process


@pytest.fixture(scope="module")
def opened(open_context, studio):
    """The page, with its first picture."""
    context = open_context(viewport={"width": 1280, "height": 720})
    yield Shown(context, studio[1])
    context.close()


@pytest.fixture
def shown(opened):
    """The page; at the end it shows the text that it began with, and has no error in its console."""
    opened.begin()
    text = opened.text
    yield opened
    assert opened.text == text
    assert opened.errors == []


def test_opening_takes_the_token_out_of_the_address(shown, studio):
    assert "#" in studio[1]
    assert "#" not in shown.page.url
    assert shown.page.get_attribute("body", "data-ready") == "yes"


def test_dragging_moves_the_craft_in_the_frame_and_undo_takes_it_back(shown):
    before, old = shown.text, shown.settle()
    shown.change(lambda: shown.drag(90, 40))
    place = re.search(r"place = \[([\d.]+), ([\d.]+)\]", shown.text)
    assert 0.43 < float(place[1]) < 0.6
    assert 0.33 < float(place[2]) < 0.6
    assert shown.settle() != old
    shown.undo()
    assert shown.text == before
    assert shown.settle() == old


def test_scrubbing_the_drift_sets_the_moment(shown):
    shown.change(lambda: shown.page.fill("#time", "90"))
    assert 'at = "release+90.0s"' in shown.text
    shown.undo()


def test_a_fault_in_the_text_is_marked_at_its_line_and_goes_when_it_is_mended(shown):
    shown.page.click("#tab-toml")
    good = shown.text
    shown.page.fill("#toml", good.replace("roll_deg = 1", "roll_degrees = 1"))
    fault = shown.page.locator(".faults button")
    fault.wait_for()
    assert "did you mean 'roll_deg'" in fault.inner_text()
    line = good.splitlines().index("roll_deg = 1") + 1
    assert shown.page.locator(".editor pre .bad").inner_text().strip() == str(line)
    shown.change(lambda: shown.page.fill("#toml", good))
    fault.wait_for(state="detached")


def test_every_key_of_the_schema_has_a_field(shown):
    from selfiesim.scene.scene import schema

    for tab in shown.page.locator("[role=tab]").all():  # fields are made when their panel is first shown
        tab.click()
    fields = set(shown.page.locator("[data-path]").evaluate_all("all => all.map(each => each.dataset.path)"))
    root = schema()
    for section in ("camera", "photo", "planet", "sky", "craft", "attitude"):
        reference = root["properties"][section]
        name = (reference.get("$ref") or reference["allOf"][0]["$ref"]).rsplit("/", 1)[1]
        assert {f"{section}.{key}" for key in root["$defs"][name]["properties"]} <= fields


def test_what_is_assumed_is_marked_with_its_reason(shown):
    shown.page.click("#tab-camera")
    field = shown.page.locator("[data-path='camera.roll_deg'] .assumed")
    assert field.inner_text() == "Assumed: The camera tumbled freely."


def test_a_reload_keeps_unsaved_changes(shown):
    shown.change(lambda: shown.set_roll("33"))
    shown.page.reload()
    shown.page.wait_for_selector("#canvas[data-stage]")
    assert "roll_deg = 33" in shown.text
    shown.undo()


def test_what_is_typed_while_the_connection_is_broken_is_not_lost(shown):
    page, sockets = shown.page.context.new_page(), []
    page.route_web_socket("**/live", lambda socket: (socket.connect_to_server(), sockets.append(socket)))
    page.goto(shown.page.url)
    page.wait_for_selector("#canvas[data-stage]")
    before, text = page.get_attribute("body", "data-revision"), shown.text
    sockets[0].close()
    page.locator("#status", has_text="No connection").wait_for()
    page.click("#tab-toml")
    page.fill("#toml", text + "# kept")
    page.wait_for_selector(f"body:not([data-revision='{before}'])")
    assert page.input_value("#toml") == text + "# kept"
    page.close()
    shown.undo()


def test_two_pages_show_the_same_scene(shown):
    other = Shown(shown.page.context, shown.page.url)
    shown.change(lambda: shown.set_roll("-20"))
    other.page.wait_for_selector(f"body[data-revision='{shown.revision}']")
    assert other.settle() == shown.settle()
    assert "roll_deg = -20" in other.text
    assert other.errors == []
    other.page.close()
    shown.undo()


def test_the_picture_at_rest_is_the_file_that_the_command_writes(shown, studio, tmp_path):
    shown.settle()
    at_rest = shown.frames.found[shown.revision, "done"]
    save_as(shown.page, "kept.toml")
    shown.wait_for_status("Saved")
    by_command = tmp_path / "by-command.png"
    command("render", studio[0] / "kept.toml", "--quality", "final", "-o", by_command)
    assert at_rest == by_command.read_bytes()
    pixels = shown.page.evaluate(
        "Array.from(document.getElementById('canvas').getContext('2d').getImageData(0, 0, 160, 90).data)"
    )
    assert np.array_equal(np.array(pixels, np.uint8).reshape(90, 160, 4)[..., :3], np.asarray(Image.open(by_command)))


def test_a_picture_that_is_rendered_and_downloaded_can_be_replayed(shown, studio, tmp_path, monkeypatch):
    shown.page.click("#render")
    shown.page.select_option("#quality", "draft")
    shown.page.click("#begin")
    with shown.page.expect_download() as download:
        shown.page.click("#downloads a >> text=.png")
    downloaded = tmp_path / "downloaded.png"
    download.value.save_as(downloaded)
    assert Path(download.value.suggested_filename).suffix == ".png"
    shown.page.keyboard.press("Escape")
    shown.page.wait_for_selector("#render-dialog", state="hidden")
    monkeypatch.chdir(studio[0])  # where the mesh is
    command("replay", downloaded, "-o", tmp_path / "again.png")
    assert np.array_equal(np.asarray(Image.open(downloaded)), np.asarray(Image.open(tmp_path / "again.png")))


def test_a_file_outside_the_folder_is_not_written(shown, studio):
    for name in ("../escaped.toml", "/tmp/escaped.toml", "plain.txt", ".hidden.toml"):
        save_as(shown.page, name)
        shown.wait_for_status(name)
    assert not (studio[0].parent / "escaped.toml").exists()


def test_enter_saves_under_the_name_that_is_offered_and_escape_does_not(shown, studio):
    page, folder = shown.page, studio[0]
    page.keyboard.press("Control+s")
    assert page.input_value("#save-name").endswith(".toml")
    page.keyboard.type("by-enter.toml")  # in place of the name, which is selected
    page.keyboard.press("Enter")
    shown.wait_for_status("Saved as by-enter.toml")
    assert (folder / "by-enter.toml").read_text() == shown.text
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.click("#save-cancel")):
        page.click("#save")
        assert page.input_value("#save-name") == "by-enter.toml"
        page.fill("#save-name", "not-saved.toml")
        leave()
        page.wait_for_selector("#save-dialog", state="hidden")
    page.click("#save")
    page.fill("#save-name", " ")
    page.keyboard.press("Enter")
    assert page.is_visible("#save-dialog")
    page.keyboard.press("Escape")
    save_as(page, "by-enter.toml")  # after which anything that was sent before has been done
    shown.wait_for_status("Saved as by-enter.toml")
    assert {each.name for each in folder.glob("*.toml")} & {"not-saved.toml", " ", ".toml"} == set()


def test_a_worker_that_is_killed_comes_back(shown, studio):
    children = psutil.Process(studio[2].pid).children(recursive=True)
    workers = [each for each in children if "spawn_main" in " ".join(each.cmdline())]
    assert workers
    for worker in workers:
        os.kill(worker.pid, signal.SIGKILL)
    shown.wait_for_status("was replaced: it died")
    shown.change(lambda: shown.set_roll("5"))
    shown.undo()
    assert "was replaced: it died" in studio[2].stderr.readline()


def test_nothing_is_drawn_while_nothing_changes(shown, studio):
    shown.settle()
    processes = [psutil.Process(studio[2].pid), *psutil.Process(studio[2].pid).children(recursive=True)]
    before = sum(sum(each.cpu_times()[:2]) for each in processes)
    time.sleep(2.0)
    assert sum(sum(each.cpu_times()[:2]) for each in processes) - before < 0.1


@pytest.mark.parametrize("size", [(390, 844), (1280, 720)])
def test_the_page_does_not_scroll_sideways(shown, size):
    shown.page.set_viewport_size({"width": size[0], "height": size[1]})
    assert shown.page.evaluate("new Promise(requestAnimationFrame)")
    assert shown.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_picture_and_tabs_stay_while_a_panel_scrolls(shown):
    shown.page.set_viewport_size({"width": 390, "height": 844})
    shown.page.click("#tab-camera")
    before = [shown.page.locator(each).bounding_box() for each in ("#viewport", "#tab-camera")]
    field = shown.page.locator("[data-path='camera.up']")
    field.scroll_into_view_if_needed()
    field.hover()
    shown.page.mouse.wheel(0, 300)
    assert [shown.page.locator(each).bounding_box() for each in ("#viewport", "#tab-camera")] == before
    cut = shown.page.locator("h1, #stage-note, header button").evaluate_all(
        "all => all.filter(each => each.scrollWidth > each.clientWidth).map(each => each.id || each.tagName)"
    )
    assert cut == []
    shown.page.set_viewport_size({"width": 1280, "height": 720})


def test_every_control_has_a_name(shown):
    nameless = shown.page.locator("button, input, select, textarea").evaluate_all(
        """all => all.filter(each => !each.labels?.length && !each.getAttribute('aria-label')
            && !each.textContent.trim()).map(each => each.outerHTML)"""
    )
    assert nameless == []
