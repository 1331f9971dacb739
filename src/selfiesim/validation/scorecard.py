"""Runs all checks, and writes what they found: as a table, as JSON, as Markdown, as a page with pictures."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib import import_module
from typing import Any

from selfiesim.core.errors import GraphicsError
from selfiesim.pages.html import document
from selfiesim.validation.registry import CHECKS, Check, Measured, Status

_ROOMS = ("orbits", "sky", "stars", "lenses", "light", "renders", "outside")  # in this order on the scorecard
Progress = Callable[[Check], None]


@dataclass(frozen=True)
class Finding:
    """A check and its outcome.

    Attributes
    ----------
    check : Check
        What was checked.
    measured : Measured, optional
        What was found; None if it was skipped.
    status : str
        ``passed``, ``failed`` or ``skipped``.
    reason : str
        Why it was skipped.
    seconds : float
        Time it took.
    """

    check: Check
    measured: Measured | None
    status: Status
    reason: str = ""
    seconds: float = 0.0


def all_checks() -> list[Check]:
    """Return every check, those that need no other library first."""
    for room in _ROOMS:
        import_module(f"selfiesim.validation.{room}")
    return list(CHECKS)


def run_checks(checks: Sequence[Check], progress: Progress | None = None) -> list[Finding]:
    """Run checks one after the other.

    Parameters
    ----------
    checks : sequence of Check
        What to run.
    progress : callable, optional
        Called with each check before it runs.

    Returns
    -------
    list of Finding
        In the same order. A check is skipped where a library, or OpenGL, is missing.
    """
    findings = []
    for check in checks:
        if progress:
            progress(check)
        findings.append(_run(check))
    return findings


def _run(check: Check) -> Finding:
    if check.missing:
        return Finding(check, None, "skipped", f"needs {', '.join(check.missing)}")
    start = time.perf_counter()
    try:
        measured = check.run()
    except GraphicsError as error:
        return Finding(check, None, "skipped", str(error))
    seconds = time.perf_counter() - start
    return Finding(check, measured, "passed" if measured.is_met else "failed", "", seconds)


def records(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return the findings for JSON."""
    return [
        {
            "group": finding.check.group,
            "claim": finding.check.claim,
            "authority": finding.check.authority,
            "expected": finding.measured.expected if finding.measured else None,
            "got": finding.measured.got if finding.measured else None,
            "tolerance": finding.measured.tolerance if finding.measured else None,
            "unit": finding.measured.unit if finding.measured else "",
            "peer": finding.check.peer,
            "status": finding.status,
            "reason": finding.reason,
            "seconds": round(finding.seconds, 2),
        }
        for finding in findings
    ]


def cells(finding: Finding) -> tuple[str, str, str]:
    """Return what was expected, got and allowed, with three digits and the unit."""
    found = finding.measured
    if found is None:
        return "", "", ""
    unit = f" {found.unit}" if found.unit else ""
    # Enough digits to see the tolerance.
    digits = 3
    if found.expected and found.tolerance:
        digits = max(3, len(f"{abs(found.expected) / found.tolerance:.0f}") + 1)
    return f"{found.expected:.{digits}g}{unit}", f"{found.got:.{digits}g}{unit}", f"{found.tolerance:.2g}{unit}"


def markdown(findings: Sequence[Finding]) -> str:
    """Return a table in Markdown."""
    lines = ["| | claim | authority | expected | got | tolerance |", "|---|---|---|---|---|---|"]
    for finding in findings:
        row = (finding.check.group, finding.check.claim, finding.check.authority, *cells(finding))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines) + "\n"


def page(findings: Sequence[Finding], version: str) -> str:
    """Return a self-contained HTML page with the pictures that were rendered."""
    head = "".join(f"<th>{word}</th>" for word in ("", "claim", "authority", "expected", "got", "tolerance", "peers"))
    rows, figures = [], []
    for finding in findings:
        mark = {"passed": "✓", "failed": "✗ failed", "skipped": f"skipped: {finding.reason}"}[finding.status]
        words = (mark, finding.check.claim, finding.check.authority, *cells(finding), finding.check.peer)
        rows.append("<tr>" + "".join(f"<td>{escape(word)}</td>" for word in words) + "</tr>")
        if finding.measured and finding.measured.picture is not None:
            figures.append(_figure(finding.check, finding.measured.picture))
    body = f'<div class="wide"><table><tr>{head}</tr>\n' + "\n".join(rows) + "\n</table></div>\n"
    body += '<div class="frames">' + "\n".join(figures) + "</div>"
    return document(f"selfiesim {version}: validation", summary(findings), body)


def _figure(check: Check, pixels: Any) -> str:
    import imageio.v3 as iio

    png = base64.b64encode(iio.imwrite("<bytes>", pixels, extension=".png")).decode()
    return (
        f'<figure><img src="data:image/png;base64,{png}" alt="{escape(check.claim)}">'
        f"<figcaption>{escape(check.claim)}: {escape(check.authority)}</figcaption></figure>"
    )


def summary(findings: Sequence[Finding]) -> str:
    """Return one sentence."""
    count = {status: sum(each.status == status for each in findings) for status in ("passed", "failed", "skipped")}
    return f"{count['passed']} passed, {count['failed']} failed, {count['skipped']} skipped"
