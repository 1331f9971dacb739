"""Limits: one table, which only the environment changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from selfiesim.core.errors import MapError, UserError
from selfiesim.core.limits import MESH_BYTES, MESH_NODES, READER_SECONDS, VARIABLE, describe, limits, limits_page


def test_an_amount_above_the_limit_is_refused_with_the_way_to_raise_it():
    MESH_NODES.check(MESH_NODES.value, "it has enough nodes", MapError)
    with pytest.raises(MapError) as error:
        MESH_NODES.check(50_001, "it has 50,001 nodes", MapError, "join some")
    assert str(error.value) == (
        "it has 50,001 nodes; the limit is 50,000 (SELFIESIM_LIMITS=mesh-nodes=... raises it): join some"
    )


def test_an_amount_that_is_no_number_is_refused():
    with pytest.raises(MapError, match="mesh-nodes"):
        MESH_NODES.check(float("nan"), "it has any number of nodes", MapError)


@pytest.mark.parametrize(
    ("text", "nodes", "size"),
    [
        ("mesh-nodes=7", 7, 512 << 20),
        ("mesh-nodes=60_000,mesh-bytes=2G", 60_000, 2 << 30),
        (" mesh-bytes=3k  mesh-nodes=1M ", 1_000_000, 3 << 10),
        ("", 50_000, 512 << 20),
    ],
)
def test_the_environment_changes_limits(monkeypatch, text, nodes, size):
    monkeypatch.setenv(VARIABLE, text)
    assert (MESH_NODES.value, MESH_BYTES.value) == (nodes, size)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("mesh-node=7", "did you mean 'mesh-nodes'?"),
        ("xyz=7", "known are"),
        ("mesh-nodes", "give a whole number"),
        ("mesh-nodes=-1", "give a whole number"),
        ("mesh-nodes=1e6", "give a whole number"),
    ],
)
def test_a_misspelt_limit_is_an_error_and_not_ignored(monkeypatch, text, words):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(UserError, match=VARIABLE) as error:
        _ = MESH_NODES.value
    assert words in str(error.value)


def test_amounts_are_written_with_their_unit():
    assert describe(READER_SECONDS.default, READER_SECONDS.unit) == "10 s"
    assert [describe(n, "bytes") for n in (100, 2048, 512 << 20, 3 << 30)] == ["100 bytes", "2 kB", "512 MB", "3 GB"]
    assert all(limit.name == name and limit.default > 0 for name, limit in limits().items())


def test_the_guide_lists_every_limit():
    page = (Path(__file__).parents[2] / "docs/limits.md").read_text(encoding="utf-8")
    assert page == limits_page(page), "run: make docs"
