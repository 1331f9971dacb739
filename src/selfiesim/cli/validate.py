"""The command ``selfiesim validate``: the claims of the documentation, checked on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from selfiesim.cli.console import print_json, progress_line
from selfiesim.cli.options import AsJson, flag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from selfiesim.validation.scorecard import Finding


def validate(
    *,
    html: Annotated[Path | None, Parameter(help="Also write a page with the pictures to this file.")] = None,
    inside: Annotated[bool, flag("Leave out the comparisons with other libraries.", "--without-extras")] = False,
    as_json: AsJson = False,
) -> None:
    """Check physics and geometry against laws, published numbers and, where they are installed, other libraries.

    SPICE (spiceypy), Skyfield (skyfield, skyfield-data), OpenCV and Mitsuba are used if they are there. Exits with 1
    when a check fails.

    Example: selfiesim validate --html proof.html
    """
    from importlib.metadata import version

    from selfiesim.core.files import atomic_write
    from selfiesim.validation import scorecard

    checks = [check for check in scorecard.all_checks() if not (inside and check.packages)]
    with progress_line() as line:
        findings = scorecard.run_checks(checks, lambda check: line(check.claim))
    if html:
        with atomic_write(html) as temporary:
            temporary.write_text(scorecard.page(findings, version("selfiesim")), encoding="utf-8")
    if as_json:
        print_json({"version": version("selfiesim"), "checks": scorecard.records(findings)})
    else:
        _print(findings)
        print(scorecard.summary(findings))
    if any(finding.status == "failed" for finding in findings):
        sys.exit(1)


def _print(findings: Sequence[Finding]) -> None:
    from rich.table import Table

    from selfiesim.core.terminal import console
    from selfiesim.validation.scorecard import cells

    table = Table("", "claim", "authority", "expected", "got", "tolerance")
    marks = {"passed": "ok", "failed": "FAILED", "skipped": "skipped"}
    for finding in findings:
        row = cells(finding) if finding.measured else (finding.reason, "", "")
        table.add_row(marks[finding.status], finding.check.claim, finding.check.authority, *row)
    console().print(table)
    for peer in sorted({finding.check.peer for finding in findings if finding.check.peer}):
        print(f"Peers: {peer}.")
