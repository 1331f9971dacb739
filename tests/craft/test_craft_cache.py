"""The cache of loaded craft: pruned by size, whole under several writers."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from mesh_files import cube_obj, load_quietly, write

from selfiesim.craft import cache
from selfiesim.craft.load import load_craft


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "craft"


def test_longest_unused_files_go_first(tmp_path):
    now = time.time()
    for k in range(5):
        file = write(tmp_path / f"{k}.npz", bytes(100))
        os.utime(file, (now - 100 + k, now - 100 + k))
    cache.prune(tmp_path, tmp_path / "0.npz", max_bytes=300)
    assert sorted(file.name for file in tmp_path.glob("*.npz")) == ["0.npz", "3.npz", "4.npz"]


def test_what_a_killed_process_left_goes_after_an_hour(tmp_path):
    old, new = write(tmp_path / ".a-1.npz", b"half"), write(tmp_path / ".b-2.npz", b"half")
    os.utime(old, (time.time() - 4000,) * 2)
    cache.prune(tmp_path, tmp_path / "kept.npz")
    assert not old.exists()
    assert new.exists()


def test_a_craft_that_is_used_is_not_the_longest_unused(tmp_path, own_cache):
    path = write(tmp_path / "a.obj", cube_obj())
    load_quietly(path)
    (kept,) = own_cache.glob("*.npz")
    os.utime(kept, (1e9, 1e9))
    load_quietly(path)
    assert kept.stat().st_mtime > 1.5e9


def test_storing_prunes(tmp_path, own_cache, monkeypatch):
    monkeypatch.setattr(cache, "MAX_CACHE_BYTES", 1)
    monkeypatch.setattr(cache.prune, "__defaults__", (1,))
    for k in range(3):
        load_quietly(write(tmp_path / f"{k}.obj", cube_obj(1.0 + k)))
    assert len(list(own_cache.glob("*.npz"))) == 1, "the last one only"


def test_many_writers_and_readers_at_once(tmp_path, own_cache):
    path = write(tmp_path / "a.obj", cube_obj())
    whole = load_craft(path)
    import_result = cache.fetch(next(own_cache.glob("*.npz")), tmp_path)
    target = own_cache / "shared.npz"

    def work(k):
        if k % 2:
            cache.store(target, import_result, {})
        found = cache.fetch(target, tmp_path)
        return found is None or np.array_equal(found.parts[0].vertices, whole.parts[0].vertices)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(80)))
    assert not list(own_cache.glob(".*"))
