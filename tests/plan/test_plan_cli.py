"""The examples of docs/plan.md, run as they are written; and the command's refusals."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from selfiesim.analysis.framing import framing
from selfiesim.plan.wants import FORMS
from selfiesim.scene.scene import Scene

PAGE = (Path(__file__).parents[2] / "docs/plan.md").read_text(encoding="utf-8")
EXAMPLES = [shlex.split(line)[1:] for line in re.findall(r"^    (selfiesim .*tianwen1-mars .*)$", PAGE, re.MULTILINE)]


def example(output):
    return next(words for words in EXAMPLES if words[-1] == output)


def test_the_page_lists_every_condition():
    for form in FORMS:
        assert f"| `{form.example}` | {form.meaning} |" in PAGE


def test_korolev_and_the_whole_craft(run):
    code, out, err = run(*example("korolev"))
    assert (code, err) == (0, "")
    assert "13:17:15" in out
    assert "13:26:11" in out
    assert Scene.load("korolev/shot-1.toml").view().facts["range_to_craft_m"] > 10.0
    assert Image.open("korolev/timeline.png").size[0] > 1000
    assert not Path("korolev/contact-sheet.png").exists()


def test_better_light_another_push(run):
    code, out, _err = run(*example("cap"), "--json")
    assert code == 0
    found = json.loads(out)
    assert len(found["shots"]) == 1
    view = Scene.load("cap/shot-1.toml").view()
    assert 30.0 < view.facts["phase_angle_deg"] < 60.0
    shown = framing(view)
    assert shown.craft_in_frame
    assert shown.cap_share > 0.0


def test_what_never_happens(run):
    code, out, _err = run(*example("never"))
    assert code == 0
    assert out.startswith("why not: 'eclipse or phase 170..180' never occurs; it comes nearest at ")


def test_how_sure_is_it(run):
    words = next(words for words in EXAMPLES if words[0] == "drift")
    code, out, _err = run(*words)
    assert code == 0
    assert re.search(r"60 │ +\d+\.\d %", out)
    assert "of 200 releases have all that is required" in out


def test_a_contact_sheet_shows_the_shots(run):
    words = [word for word in example("korolev") if word != "--no-pictures"]
    code, out, _err = run(*words)
    assert code == 0
    assert "korolev/contact-sheet.png" in out
    sheet = Image.open("korolev/contact-sheet.png").convert("L")
    assert sheet.size[0] == 990
    assert sheet.getextrema()[1] > 200


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--want", "craft hole"], "want 'craft hole': not a condition"),
        (["--want", "eclipse", "--lean", "steep"], "--lean 'steep': write a span such as 40..150"),
        (["--want", "eclipse", "--top", "0"], "--top 0"),
    ],
)
def test_bad_input_is_one_sentence(run, words, message):
    code, _out, err = run("plan", "tianwen1-mars", "--from", "2021-12-31", "--to", "2021-12-31T02:00:00Z", *words)
    assert code == 2
    assert message in err
    assert err.count("\n") == 1


def test_wants_of_a_drift_need_samples(run):
    code, _out, err = run("drift", "tianwen1-mars", "--want", "craft whole")
    assert code == 2
    assert "--want: needs --samples" in err
