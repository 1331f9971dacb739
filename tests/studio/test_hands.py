"""Aiming by hand: mouse, wheel, fingers and keys, on the picture and on the view of the release."""

import math
import tomllib

import pytest


@pytest.fixture
def scene(studio_page):
    """The page with the picture focused, and what it reads from the scene's text."""

    class Scene:
        """Shortcuts."""

        page, desk = studio_page.page, studio_page

        def camera(self):
            """Return the camera's keys."""
            return tomllib.loads(studio_page.text)["camera"]

        def release(self):
            """Return the release's keys."""
            return tomllib.loads(studio_page.text)["release"]

        def press(self, *keys):
            """Press keys one after the other, with the picture focused."""
            self.page.focus("#viewport")
            for key in keys:
                studio_page.change(lambda key=key: self.page.keyboard.press(key))

    return Scene()


def middle(page, selector):
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_the_wheel_changes_the_field_of_view(scene):
    page = scene.page
    page.mouse.move(*middle(page, "#viewport"))
    scene.desk.change(lambda: page.mouse.wheel(0, -600))
    assert scene.camera()["horizontal_fov_deg"] == pytest.approx(112 * math.exp(-0.72), rel=0.01)
    scene.desk.change(lambda: page.click("#undo"))
    assert scene.camera()["horizontal_fov_deg"] == 112


def test_shift_and_drag_roll_the_camera(scene):
    page = scene.page
    x, y = middle(page, "#viewport")
    width = page.locator("#viewport").bounding_box()["width"]
    page.keyboard.down("Shift")
    page.mouse.move(x, y)
    page.mouse.down()
    scene.desk.change(lambda: page.mouse.move(x + 0.1 * width, y))
    page.mouse.up()
    page.keyboard.up("Shift")
    assert scene.camera()["roll_deg"] == pytest.approx(1 - 18, abs=0.3)


def test_undo_after_a_quick_drag_undoes_all_of_it(scene):
    page, before = scene.page, scene.desk.text
    x, y = middle(page, "#viewport")
    page.mouse.move(x, y)
    page.mouse.down()
    for step in (10, 20, 30):  # of which the last waits for the picture of the first
        page.mouse.move(x + step, y)
    page.mouse.up()
    page.click("#undo")
    scene.desk.finish()
    assert scene.desk.text == before


def test_two_fingers_change_the_field_and_roll(scene):
    page = scene.page
    x, y = middle(page, "#viewport")
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        fingers = [{"x": px, "y": py, "id": number} for number, (px, py) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    send("touchStart", (x - 50, y))
    send("touchStart", (x - 50, y), (x + 50, y))
    scene.desk.change(lambda: send("touchMove", (x, y - 100), (x, y + 100)))  # twice as far apart, and turned by 90°
    send("touchEnd")
    touch.detach()
    page.wait_for_timeout(500)
    scene.desk.settle()
    assert scene.camera()["horizontal_fov_deg"] == pytest.approx(56, abs=0.2)
    assert abs(scene.camera()["roll_deg"] - 1) == pytest.approx(90, abs=0.5)


def test_every_change_by_mouse_has_a_key(scene):
    scene.press("ArrowRight", "ArrowDown", "Shift+ArrowLeft")
    assert scene.camera()["place"] == pytest.approx([0.43 + 0.01 - 0.05, 0.33 + 0.01], abs=1e-3)
    scene.press("]", "+", ".")
    assert scene.camera()["roll_deg"] == pytest.approx(1 + 1.8)
    assert scene.camera()["horizontal_fov_deg"] == pytest.approx(112 / 1.05, abs=0.1)
    assert tomllib.loads(scene.desk.text)["at"] == "release+73.0s"


def test_presses_of_one_key_are_undone_together(scene):
    page = scene.page
    page.focus("#viewport")
    for _ in range(2):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.getElementById('toml').value.includes('place = [0.45, ')")
    scene.press("]")
    scene.desk.change(lambda: page.click("#undo"))
    assert scene.camera()["roll_deg"] == 1
    assert scene.camera()["place"] == [0.45, 0.33]
    scene.desk.change(lambda: page.click("#undo"))
    assert scene.camera()["place"] == [0.43, 0.33]


def test_a_mounted_camera_says_why_it_cannot_be_aimed(scene):
    text = scene.desk.text.replace('up = "zenith"\nroll_deg = 1\nplace = [0.43, 0.33]', 'look = "tumbling"')
    assert text != scene.desk.text
    scene.desk.tab("toml")
    scene.desk.change(lambda: scene.page.fill("#toml", text))
    scene.page.focus("#viewport")
    scene.page.keyboard.press("ArrowLeft")
    assert "tumbles" in scene.page.inner_text("#status")
    assert scene.desk.text == text


def test_zoom_shows_single_pixels_and_pans(scene):
    page = scene.page
    scene.desk.finish()
    page.set_viewport_size({"width": 700, "height": 600})
    page.focus("#viewport")
    page.keyboard.press("4")
    assert page.input_value("#zoom") == "8"
    assert page.evaluate("document.getElementById('viewport').clientWidth") == 8 * 160
    assert page.evaluate("getComputedStyle(document.getElementById('canvas')).imageRendering") == "pixelated"
    before = page.evaluate("document.getElementById('scroller').scrollLeft")
    page.keyboard.press("Alt+ArrowRight")
    assert page.evaluate("document.getElementById('scroller').scrollLeft") == before + 60
    page.mouse.move(*middle(page, "#scroller"))
    place, _, colour = page.inner_text("#pixel").partition(": ")
    x, y = (int(each) for each in place.split(", "))
    pixel = page.evaluate(f"[...document.getElementById('canvas').getContext('2d').getImageData({x}, {y}, 1, 1).data]")
    assert [int(each) for each in colour.split()] == pixel[:3]
    page.keyboard.press("0")
    assert page.input_value("#zoom") == "fit"


def hash_of(page, selector):
    return page.evaluate(f"document.querySelector('{selector}').toDataURL()")


def test_the_view_of_the_release_turns_without_changing_the_scene(scene):
    scene.desk.tab("release")
    page, text = scene.page, scene.desk.text
    first = hash_of(page, ".solid")
    x, y = middle(page, ".solid")
    page.mouse.move(x - 60, y - 80)
    page.mouse.down()
    page.mouse.move(x, y - 80)
    page.mouse.up()
    second = hash_of(page, ".solid")
    page.focus(".solid")
    page.keyboard.press("ArrowUp")
    assert len({first, second, hash_of(page, ".solid")}) == 3
    assert scene.desk.text == text


def test_dragging_the_tip_of_the_arrow_turns_the_push(scene):
    scene.desk.tab("release")
    page = scene.page
    page.click("text=+Y")  # looking along -Y: +X points to the left, +Z up
    box = page.locator(".solid").bounding_box()
    before = scene.release()["axis"]
    found = None
    # Across the view, more finely than the tip is wide; where it is depends on the scene's push.
    for y in range(10, int(box["height"]), 20):
        for x in range(10, int(box["width"]), 20):
            page.mouse.move(box["x"] + x, box["y"] + y)
            if found is None and "grab" in (page.get_attribute(".solid", "class") or ""):
                found = box["x"] + x, box["y"] + y
    assert found, "the tip of the arrow was not found"
    page.mouse.move(*found)
    page.mouse.down()
    scene.desk.change(lambda: page.mouse.move(found[0] - 25, found[1]))
    page.mouse.up()
    after = scene.release()["axis"]
    assert after[0] > before[0] + 0.05
    assert math.hypot(*after) == pytest.approx(1.0, abs=2e-3)


def test_shift_and_arrow_keys_turn_the_push_by_five_degrees(scene):
    scene.desk.tab("release")
    before = scene.release()["axis"]
    scene.page.focus(".solid")
    scene.desk.change(lambda: scene.page.keyboard.press("Shift+ArrowRight"))
    after = scene.release()["axis"]
    cosine = sum(a * b for a, b in zip(before, after, strict=True)) / math.hypot(*before) / math.hypot(*after)
    assert 1.0 < math.degrees(math.acos(min(cosine, 1.0))) < 5.1
    assert "° from the wall" in scene.page.inner_text("#panel-release")


def test_the_list_of_keys_opens_on_a_question_mark(scene):
    scene.page.focus("#viewport")
    scene.page.keyboard.press("?")
    assert "field of view" in scene.page.inner_text("#help-dialog")
    scene.page.keyboard.press("Escape")
    assert not scene.page.is_visible("#help-dialog")
