"""`selfiesim validate`: every check passes here, a false claim fails, what is missing is skipped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import measured
import pytest

from selfiesim.core.errors import GraphicsError
from selfiesim.validation import scorecard
from selfiesim.validation.registry import Check, Measured
from selfiesim.validation.scorecard import all_checks, cells, page, records, run_checks

SLOW = {"mitsuba"}


@pytest.mark.parametrize(
    "check", [each for each in all_checks() if not SLOW & set(each.packages)], ids=lambda each: each.claim
)
def test_the_claim_holds(check):
    assert_holds(check)


@pytest.mark.slow
@pytest.mark.parametrize(
    "check", [each for each in all_checks() if SLOW & set(each.packages)], ids=lambda each: each.claim
)
def test_the_claim_holds_against_path_tracing(check):
    assert_holds(check)


def assert_holds(check):
    """The check passes, and docs/accuracy.md says about the same."""
    (finding,) = run_checks([check])
    assert finding.status == "passed", cells(finding)
    found = finding.measured
    (stated,) = [row for row in measured.load("scorecard") if row["claim"] == check.claim]
    assert (stated["expected"], stated["tolerance"]) == pytest.approx((found.expected, found.tolerance))
    assert stated["got"] == pytest.approx(found.got, abs=0.5 * found.tolerance), "run: make scorecard"


FALSE = Check("orbits", "two and two", "arithmetic: 4", lambda: Measured(5.0, 4.0, 0.5, "m"))


def no_opengl():
    raise GraphicsError("no OpenGL here")


def test_false_claims_fail_and_what_is_missing_is_skipped():
    nan = replace(FALSE, run=lambda: Measured(float("nan"), 4.0, 0.5))
    found = run_checks([FALSE, nan, replace(FALSE, packages=("no_such_package",)), replace(FALSE, run=no_opengl)])
    assert [each.status for each in found] == ["failed", "failed", "skipped", "skipped"]
    assert found[2].reason == "needs no_such_package"
    assert cells(found[0]) == ("4 m", "5 m", "0.5 m")
    assert records(found)[0]["expected"] == 4.0
    assert records(found)[3]["reason"] == "no OpenGL here"


def test_the_command_prints_json_writes_a_page_and_fails_with_a_check(run, monkeypatch):
    sky = [each for each in all_checks() if each.group == "time"]
    monkeypatch.setattr(scorecard, "all_checks", lambda: [*sky, FALSE])
    code, out, _ = run("validate", "--json", "--html", "proof.html")
    assert code == 1
    assert [each["status"] for each in json.loads(out)["checks"]] == ["passed", "failed"]
    assert "two and two" in Path("proof.html").read_text(encoding="utf-8")
    monkeypatch.setattr(scorecard, "all_checks", lambda: sky)
    code, out, _ = run("validate")
    assert code == 0
    assert "1 passed, 0 failed, 0 skipped" in out


def test_the_page_shows_what_was_rendered_and_escapes_text():
    plate = next(each for each in all_checks() if "faces the Sun" in each.claim)
    found = run_checks([replace(plate, claim="<b>plate</b>")])
    text = page(found, "1")
    assert "data:image/png;base64," in text
    assert "<b>plate" not in text
