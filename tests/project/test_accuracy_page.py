"""docs/accuracy.md is made from measured figures alone: nobody can write a number there by hand unnoticed."""

from __future__ import annotations

import ast
import json
import re
from functools import cache
from pathlib import Path

import measured
import pytest
import scorecard
import speed

ROOT = Path(__file__).parents[2]
TESTED = measured.load("tests")


def page():
    return measured.PAGE.read_text(encoding="utf-8")


def test_the_page_is_made_from_the_files():
    assert scorecard.filled(page()) == page(), "run: python tools/scorecard.py --page"


def test_a_number_in_a_table_is_noticed():
    changed = re.sub(r"\| \d\S*(?= percent \|)", "| 0.01", page(), count=1)
    assert changed != page()
    assert scorecard.filled(changed) == page()


def test_no_number_is_in_the_text_around_the_tables():
    around = measured.outside(page())
    assert "Accuracy" in around
    assert re.findall(r".*\d.*", around) == []


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@cache
def texts(name):
    """Return patterns of the texts in a test file; a part that is filled in matches anything."""
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    found = [re.escape(node.value) for node in ast.walk(tree) if _is_text(node)]
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (re.escape(part.value) if isinstance(part, ast.Constant) else ".*" for part in node.values)
            found.append("".join(parts))
    return [re.compile(each) for each in found]


@pytest.mark.parametrize("row", TESTED, ids=lambda row: row["quantity"])
def test_each_figure_of_the_tests_comes_from_one(row):
    assert any(text.fullmatch(row["quantity"]) for text in texts(row["by"])), f"no longer measured by {row['by']}"


def test_each_check_has_its_figures():
    known = {(row["group"], row["claim"]) for row in measured.load("scorecard")}
    assert {(check.group, check.claim) for check in scorecard.all_checks()} == known, "run: make scorecard"


def test_times_of_benchmarks_that_exist():
    code = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "benchmarks").glob("test_*.py"))
    for name in speed.TASKS:
        assert f"def {name.split('[')[0]}(" in code
    document = {"benchmarks": [{"name": "test_help", "stats": {"median": 0.12345}, "extra_info": {}}]}
    (row,) = speed.bench_rows(document)
    assert (row["found"], row["limit"], row["unit"]) == (0.123, 0.3, "s")
    stated = {(row["quantity"], row["by"]) for row in measured.load("speed") if row["by"] == "make bench"}
    assert {quantity.removesuffix(": memory") for quantity, _ in stated} <= {
        task for task, _, _ in speed.TASKS.values()
    }


def test_rows_replace_those_of_the_same_quantity(tmp_path, monkeypatch):
    monkeypatch.setattr(measured, "FOLDER", tmp_path)
    row = {"section": "time", "quantity": "q", "against": "a", "unit": "s", "limit": 2.0, "by": "t", "found": 1.0}
    measured.put("some", [row, row | {"quantity": "r"}])
    measured.put("some", [row | {"found": 0.5}])
    stored = json.loads((tmp_path / "some.json").read_text(encoding="utf-8"))
    assert {each["quantity"]: each["found"] for each in stored} == {"q": 0.5, "r": 1.0}
    assert "| q | a | 0.5 s | 2 s | `t` |" in measured.table("time", stored)
    assert "| 1 s (beyond) | at least 2 s |" in measured.table("time", [row | {"least": True}])


def test_a_figure_is_held_against_its_limit_and_against_the_page(figure, monkeypatch):
    row = next(each for each in TESTED if not each["least"] and 0.0 < each["found"] < 0.4 * each["limit"])
    monkeypatch.setenv("PYTEST_CURRENT_TEST", f"{row['by']}::test (call)")
    given = [row[key] for key in ("section", "quantity", "against")]

    def check(found, limit=row["limit"]):
        figure(*given, found, limit, row["unit"])

    check(row["found"])
    with pytest.raises(AssertionError, match="limit"):
        check(1.01 * row["limit"])
    with pytest.raises(AssertionError, match="says better"):
        check(0.99 * row["limit"])
    with pytest.raises(AssertionError, match="write-figures"):
        check(row["found"], 1.5 * row["limit"])
