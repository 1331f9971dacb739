"""Blocks of air tables on disk: found again, worked out again when damaged, and bounded."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.planet.light import air_cache


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path))
    return tmp_path / "air"


def fail():
    raise AssertionError("the block is in the cache")


def block(value: float) -> np.ndarray:
    return np.full(10, value, np.float32)


def test_a_block_is_worked_out_once(folder):
    first = air_cache.load_or_build("dust", 10, lambda: block(0.3))
    np.testing.assert_array_equal(air_cache.load_or_build("dust", 10, fail), first)
    assert air_cache.load_or_build("more dust", 10, lambda: block(0.5))[0] == np.float32(0.5)


@pytest.mark.parametrize("damage", [lambda b: b[:-4], lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b""])
def test_a_damaged_block_is_worked_out_again(folder, damage):
    air_cache.load_or_build("dust", 10, lambda: block(0.3))
    (path,) = folder.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert air_cache.load_or_build("dust", 10, lambda: block(0.7))[0] == np.float32(0.7)


def test_old_blocks_go(folder):
    for number in range(air_cache.MAX_CACHED_BLOCKS + 3):
        air_cache.load_or_build(f"dust {number}", 10, lambda: block(0.3))
    assert len(list(folder.iterdir())) == air_cache.MAX_CACHED_BLOCKS


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "file"))
    assert air_cache.load_or_build("dust", 10, lambda: block(0.3))[0] == np.float32(0.3)
