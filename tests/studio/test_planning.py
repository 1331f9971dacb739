"""The planner on the page: wants as a form and as text, shots that open as scenes, why not, and cancelling."""

from __future__ import annotations

import tomllib

import pytest
from studio_server import Browserless

from selfiesim.core.errors import UserError
from selfiesim.plan.planner import plan
from selfiesim.plan.wants import FORMS
from selfiesim.scene.scene import Scene
from selfiesim.studio.document import Document
from selfiesim.studio.planning import Planning, found_record

pytestmark = pytest.mark.xdist_group("studio")

SPAN = "2021-12-31T12:00:00Z", "2021-12-31T21:00:00Z"
WISH = {"from": SPAN[0], "to": SPAN[1], "wants": ["craft whole"], "spans": {}, "top": 3}


@pytest.mark.parametrize(
    "change",
    [
        {"from": ""}, {"to": None}, {"wants": []}, {"wants": "craft whole"}, {"wants": [7]}, {"wants": ["x"] * 21},
        {"wants": ["x" * 401]}, {"spans": {"fov": "60..90"}}, {"spans": {"fov_deg": 60}}, {"spans": []}, {"top": 0},
        {"top": 21}, {"top": True}, {"top": 2.0},
    ],
)  # fmt: skip
def test_a_wish_out_of_range_is_refused(tmp_path, change):
    planning = Planning(lambda _state: None)
    with pytest.raises(UserError, match=r"^plan: "):
        planning.start(Document("", "shot", tmp_path), tmp_path / "1", WISH | change)
    assert not (tmp_path / "1").exists()


@pytest.fixture(scope="module")
def found(shared_studio):
    """What the planner finds for the studio's scene when it is called from Python."""
    return plan(Scene.load(shared_studio[0] / "shot.toml"), *SPAN, ["craft whole", "limb in frame"])


def test_the_timeline_has_the_windows_as_fractions_of_the_time(found):
    rows = dict(found_record(found)["timeline"])
    duration = found.end - found.start
    assert list(rows) == ["shots", "craft whole", "limb in frame"]
    assert len(rows["shots"]) == len(found.shots)
    first = min(found.shots, key=lambda shot: shot.start - found.start)
    assert rows["shots"][0] == pytest.approx(
        [(first.start - found.start) / duration, (first.end - found.start) / duration], abs=1e-5
    )


@pytest.fixture
def panel(studio_page):
    """The page with the panel open."""
    studio_page.tab("plan")
    studio_page.page.wait_for_selector("#plan-begin")
    return studio_page.page


def write_wants(page, *texts):
    """Write the wants as text."""
    page.evaluate("document.querySelector('#want-text').closest('details').open = true")
    page.fill("#want-text", "\n".join(texts))
    page.locator("#want-text").blur()


def search(page, *wants, lean=""):
    """Look for wants, and wait until all is found and drawn."""
    page.evaluate("document.querySelector('#plan-lean_deg').closest('details').open = true")
    page.fill("#plan-from", SPAN[0])
    page.fill("#plan-to", SPAN[1])
    page.fill("#plan-lean_deg", lean)
    write_wants(page, *wants)
    page.click("#plan-begin")
    page.wait_for_selector("#plan-cancel:not([hidden])")
    page.wait_for_selector("#plan-cancel[hidden]", state="attached")


def test_every_condition_is_a_sentence_with_fields(panel):
    examples = [form.example for form in FORMS]
    write_wants(panel, *examples, "craft whole and not eclipse for 20s weight 2")
    assert panel.locator(".want").count() == len(examples) + 1
    sentences = panel.locator(".want .sentence").evaluate_all(
        """all => all.map(each => [...each.children].map(part =>
            part.value ?? { to: '..' }[part.textContent] ?? part.textContent).join('').replaceAll(' ', ''))"""
    )
    plain = [example.replace(" ", "") for example in examples]
    assert sentences == [*plain, "craftwholeandnoteclipsefor20s"]
    assert panel.locator("[aria-label='Want, in words']").count() == 1
    assert panel.input_value(".want >> nth=-1 >> .weight input") == "2"


def test_a_field_and_a_weight_change_the_text_and_what_makes_no_sense_goes_back(panel):
    write_wants(panel, "phase 30..70", "range < 60m")
    low = panel.locator(".want >> nth=0 >> .number >> nth=0")
    low.fill("45")
    panel.fill(".want >> nth=0 >> .weight input", "3")
    panel.keyboard.press("Tab")
    panel.select_option(".want >> nth=1 >> select", ">")
    assert panel.input_value("#want-text") == "phase 45..70 weight 3\nrange > 60m"
    low.fill("")
    low.blur()
    assert low.input_value() == "45"
    panel.select_option("#want-add", "craft whole")
    panel.click(".want >> nth=1 >> .reset")
    assert panel.input_value("#want-text") == "phase 45..70 weight 3\ncraft whole"


def test_the_shots_are_those_of_the_planner_and_a_click_opens_one(studio_page, panel, found, shared_studio):
    search(panel, "craft whole", "limb in frame")
    assert panel.inner_text("#plan-note") == f"{len(found.shots)} shots, the best first."
    titles = panel.locator("#plan-shots b").all_inner_texts()
    assert titles == [f"{k}. {shot.best.utc(3)[:19].replace('T', ' ')}" for k, shot in enumerate(found.shots, 1)]
    panel.wait_for_function("() => [...document.querySelectorAll('#plan-shots img')].every(each => each.naturalWidth)")
    before = studio_page.text
    studio_page.change(lambda: panel.click("#plan-shots button >> nth=1"))
    assert panel.locator("#plan-shots [aria-current]").get_attribute("data-number") == "2"
    opened = Scene.from_table(tomllib.loads(studio_page.text), "shot", shared_studio[0])
    assert opened.release.at == found.shots[1].scene.release.at
    assert opened.view().epoch - found.shots[1].best == pytest.approx(0.0, abs=1e-5)
    assert studio_page.text.count("#") == before.count("#")  # comments stay
    studio_page.change(lambda: panel.click("#undo"))
    assert studio_page.text == before
    assert panel.locator("#plan-shots [aria-current]").count() == 0


def test_a_reload_keeps_what_was_found(panel):
    search(panel, "craft whole")
    titles = panel.locator("#plan-shots b").all_inner_texts()
    panel.reload()
    panel.wait_for_selector("#canvas[data-revision]")
    panel.click("#tab-plan")
    panel.wait_for_selector("#plan-shots b")
    assert panel.locator("#plan-shots b").all_inner_texts() == titles
    assert panel.input_value("#want-text") == "craft whole"


def test_what_never_happens_is_given_its_reason(panel):
    search(panel, "eclipse")
    assert panel.inner_text("#plan-note") == "No shot."
    assert panel.inner_text("#plan-reasons").startswith(
        "Why not: 'eclipse' never occurs; it comes nearest at 2021-12-31"
    )


def test_a_want_that_is_not_understood_is_one_sentence(panel):
    search(panel, "craft hole")
    assert panel.inner_text("#plan-note.error") == "want 'craft hole': not a condition; did you mean 'craft whole'?"


def test_a_span_that_makes_no_sense_is_named_as_on_the_page(panel):
    search(panel, "craft whole", lean="wide")
    assert panel.inner_text("#plan-note.error").startswith("Lean 'wide': write a span such as 40..150")


def test_a_panel_that_could_not_be_loaded_says_so_and_tries_again(open_context, shared_studio):
    context = open_context()
    page = context.new_page()
    page.goto(shared_studio[1])
    page.route("**/wants", lambda route: route.abort())
    page.click("#tab-plan")
    page.wait_for_selector("#panel-plan >> text=could not be loaded")
    page.unroute("**/wants")
    page.click("#tab-match")
    page.click("#tab-plan")
    page.wait_for_selector("#plan-begin")
    context.close()


def test_a_search_is_cancelled_and_another_begun(shared_studio):
    address, _, token = shared_studio[1].partition("#")
    with Browserless(address).live(token) as live:
        live.send("plan-open", number=99)
        assert "plan again" in live.wait_for(lambda each: each["type"] == "status")["text"]
        live.send("plan", **WISH | {"spans": {"lean_deg": "0..40", "roll_deg": "-180..180"}})
        live.wait_for(lambda each: each["type"] == "plan" and "when" in each["note"])
        live.send("plan-cancel")
        state = live.wait_for(lambda each: each["type"] == "plan" and each["state"] != "running")
        assert state["note"] == "Cancelled."
        live.send("plan", **WISH)
        done = live.wait_for(lambda each: each["type"] == "plan" and each["state"] == "done")
        assert [each["number"] for each in done["shots"]] == [1, 2, 3][: len(done["shots"])]
        assert done["pictures"] == len(done["shots"]) > 0
