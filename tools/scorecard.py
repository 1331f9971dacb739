"""Write what `selfiesim validate` finds into docs/accuracy.md."""

from __future__ import annotations

from pathlib import Path

from selfiesim.validation.scorecard import all_checks, markdown, run_checks, summary

PAGE = Path(__file__).parents[1] / "docs/accuracy.md"
START, END = "<!-- scorecard: made by tools/scorecard.py -->\n", "<!-- end of the scorecard -->\n"


def with_table(page: str, table: str) -> str:
    """Return the page with the table between its two marks."""
    before, rest = page.split(START)
    return f"{before}{START}\n{table}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    findings = run_checks(all_checks(), lambda check: print(check.claim))
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), markdown(findings)), encoding="utf-8")
    print(summary(findings))
