"""The command ``selfiesim doctor``."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from selfiesim.cli.console import print_json
from selfiesim.cli.options import AsJson


def doctor(
    *,
    fix: Annotated[
        bool, Parameter(negative="", help="Install missing graphics libraries (root, Debian or Ubuntu).")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell whether this machine can draw, with what, and where things are kept."""
    from selfiesim.cli.diagnostics import diagnose

    report = diagnose(fix)
    if as_json:
        print_json(report)
    else:
        for key, value in report.items():
            print(f"{key:10s} {value}")
