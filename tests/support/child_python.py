"""Run a script in a Python of its own, so that a crash or a hang of it fails one test only."""

from __future__ import annotations

import subprocess
import sys

TIMEOUT_S = 240.0  # on a busy machine


def run_python(script: str, *arguments: object) -> list[str]:
    """Run a script, and return the lines that it prints."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout.splitlines()
