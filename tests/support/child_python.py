"""Run a script in a Python of its own, so that a crash or a hang of it fails one test only."""

from __future__ import annotations

import json
import subprocess
import sys

TIMEOUT_S = 240.0  # on a busy machine


def run_python(script: str, *arguments: object) -> list[str]:
    """Run a script, and return the lines that it prints."""
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout.splitlines()


CHECK_CLAIMS = """
import json, sys, traceback
for name, code in json.loads(sys.argv[1]).items():
    try:
        exec(code, dict(globals()))
        verdict = "holds"
    except BaseException:
        verdict = traceback.format_exc()
    print(json.dumps([name, verdict]), flush=True)
"""


def run_claims(script: str, claims: dict[str, str]) -> dict[str, str]:
    """Run a script and then code that checks claims, all in one process; return "holds" or a traceback for each."""
    lines = run_python(script + CHECK_CLAIMS, json.dumps(claims))
    return dict(json.loads(line) for line in lines)
