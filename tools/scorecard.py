"""Make docs/accuracy.md from what was measured: the checks of `selfiesim validate`, tests, benchmarks, other renderers.

Usage: python tools/scorecard.py [--page]

Runs the checks and writes what they found to docs/_site/figures/scorecard.json, then fills the page's tables; with
--page only the latter. The other files there are written by ``pytest --write-figures``, tools/speed.py and
tools/engines.py.
"""

from __future__ import annotations

import argparse

from measured import PAGE, SECTIONS, Row, fill, load, save, table

from selfiesim.validation.registry import Measured
from selfiesim.validation.scorecard import Finding, all_checks, markdown, records, run_checks, summary

KEPT = ("group", "claim", "expected", "got", "tolerance", "unit")


def findings(rows: list[Row]) -> list[Finding]:
    """Return what was found for the checks of the package, of those that have a row."""
    by_claim = {(row["group"], row["claim"]): row for row in rows}
    found = []
    for check in all_checks():
        row = by_claim.get((check.group, check.claim))
        if row:
            measured = Measured(row["got"], row["expected"], row["tolerance"], row["unit"])
            found.append(Finding(check, measured, "passed" if measured.is_met else "failed"))
    return found


def peers() -> str:
    """Return what peers state about their own accuracy, each sentence once."""
    return "".join(f"- {line}.\n" for line in dict.fromkeys(check.peer for check in all_checks() if check.peer))


def engines(results: list[Row]) -> str:
    """Return the comparison of renderers: the picture, and a table for each scene."""
    if not results:
        return ""
    lines = [f"![Each scene by {', '.join(name.split(',')[0] for name in results[0]['engines'])}](engines.webp)", ""]
    for result in results:
        names = result["engines"]
        lines += [f"**{result['title']}**", "", "| | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
        lines += [f"| {row['label']} | " + " | ".join(row["values"]) + " |" for row in result["rows"]]
        lines.append("")
    return "\n".join(lines)


def filled(page: str) -> str:
    """Return the page with all its tables made again."""
    page = fill(page, "scorecard", markdown(findings(load("scorecard"))))
    page = fill(page, "peers-state", peers())
    page = fill(page, "engines", engines(load("engines")))
    rows = load("tests") + load("speed")
    for section in SECTIONS:
        page = fill(page, section, table(section, rows))
    return page


def main() -> None:
    """Run the checks and fill the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--page", action="store_true", help="fill the page from the files only")
    if not parser.parse_args().page:
        found = run_checks(all_checks(), lambda check: print(check.claim))
        measured = [record for record in records(found) if record["got"] is not None]
        save("scorecard", [{key: record[key] for key in KEPT} for record in measured])
        print(summary(found))
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
