"""Spoiled inputs of every kind are accepted or refused in words: no traceback, hang, crash, flood or read outside.

``make fuzz N=50000`` runs more of the same cases.
"""

from __future__ import annotations

import pytest

pytest.importorskip("spiceypy")
pytest.importorskip("rasterio")

from fuzz_cases import KINDS, cases
from fuzz_run import blocks, fuzz

COUNT = 500


def test_500_spoiled_inputs_are_accepted_or_refused():
    table = fuzz(blocks(COUNT, list(KINDS)))
    assert not table.findings, f"{table}\n" + "\n".join(
        f"{kind} {number}: {outcome}\n{detail[-1500:]}" for kind, number, outcome, detail in table.findings
    )
    assert sum(count.total() for count in table.counts.values()) == COUNT
    assert all(count["accepted"] and count["refused"] for count in table.counts.values())


@pytest.mark.parametrize("kind", ["scene", "gltf, glb"])
def test_cases_are_the_same_at_each_run(kind):
    assert repr(list(cases(kind, 1))) == repr(list(cases(kind, 1)))
