"""The command ``selfiesim doctor``."""

from __future__ import annotations

from typing import Annotated

from selfiesim.cli.console import print_json
from selfiesim.cli.options import AsJson, flag


def doctor(
    *,
    fix: Annotated[bool, flag("Install missing graphics libraries (as root, on Debian or Ubuntu).")] = False,
    as_json: AsJson = False,
) -> None:
    """Check that this machine can render, and report versions and folders for a bug report."""
    from selfiesim.cli.diagnostics import diagnose

    report = diagnose(fix)
    if as_json:
        print_json(report.facts)
    else:
        print(report)
