"""Spoiled inputs of every kind are accepted or refused in words: no traceback, hang, crash, flood or read outside.

``make fuzz N=50000`` runs more of the same cases.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("spiceypy")
pytest.importorskip("rasterio")

from fuzz_kinds import KINDS, cases
from fuzz_run import blocks, fuzz

COUNT = 500


def test_500_spoiled_inputs_are_accepted_or_refused():
    table = fuzz(blocks(COUNT, list(KINDS)))
    assert not table.findings, f"{table}\n" + "\n".join(
        f"{kind} {number}: {outcome}\n{detail[-1500:]}" for kind, number, outcome, detail in table.findings
    )
    assert sum(count.total() for count in table.counts.values()) == COUNT
    assert all(count["refused"] for count in table.counts.values())
    # Some 25 of a kind: one that is nearly always refused may be accepted in none.
    assert sum(count["accepted"] > 0 for count in table.counts.values()) >= len(KINDS) - 2


def test_cases_are_the_same_in_each_process():
    script = "from fuzz_kinds import cases; print([repr(list(cases(kind, 1))) for kind in ('scene', 'gltf, glb')])"
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    run = subprocess.run([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": path}, capture_output=True)
    ours = [repr(list(cases(kind, 1))) for kind in ("scene", "gltf, glb")]
    assert run.stdout.decode().strip() == str(ours), run.stderr.decode()[-2000:]
