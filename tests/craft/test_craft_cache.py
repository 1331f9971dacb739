"""The cache of loaded craft: pruned by size, and consistent under concurrent writers."""

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


def test_prune_deletes_the_least_recently_used_files_first(tmp_path, monkeypatch):
    now = time.time()
    for k in range(5):
        file = write(tmp_path / f"{k}.npz", bytes(100))
        os.utime(file, (now - 100 + k, now - 100 + k))
    monkeypatch.setenv("SELFIESIM_LIMITS", "craft-cache-bytes=300")
    cache.prune(tmp_path, tmp_path / "0.npz")
    assert sorted(file.name for file in tmp_path.glob("*.npz")) == ["0.npz", "3.npz", "4.npz"]


def test_prune_deletes_temporary_files_of_killed_processes_after_an_hour(tmp_path):
    old, new = write(tmp_path / ".a-1.npz", b"partial"), write(tmp_path / ".b-2.npz", b"partial")
    os.utime(old, (time.time() - 4000,) * 2)
    cache.prune(tmp_path, tmp_path / "kept.npz")
    assert not old.exists()
    assert new.exists()


def test_loading_a_cached_craft_marks_it_as_used(tmp_path, own_cache):
    path = write(tmp_path / "a.obj", cube_obj())
    load_quietly(path)
    (cached,) = own_cache.glob("*.npz")
    os.utime(cached, (1e9, 1e9))
    load_quietly(path)
    assert cached.stat().st_mtime > 1.5e9


def test_storing_a_craft_prunes_the_cache(tmp_path, own_cache, monkeypatch):
    monkeypatch.setenv("SELFIESIM_LIMITS", "craft-cache-bytes=1")
    for k in range(3):
        load_quietly(write(tmp_path / f"{k}.obj", cube_obj(1.0 + k)))
    assert len(list(own_cache.glob("*.npz"))) == 1, "only the last one"


def test_concurrent_writers_and_readers_never_see_a_partial_file(tmp_path, own_cache):
    path = write(tmp_path / "a.obj", cube_obj())
    craft = load_craft(path)
    import_result = cache.fetch(next(own_cache.glob("*.npz")), tmp_path)
    target = own_cache / "shared.npz"

    def store_and_fetch(k):
        if k % 2:
            cache.store(target, import_result, {})
        fetched = cache.fetch(target, tmp_path)
        return fetched is None or np.array_equal(fetched.parts[0].vertices, craft.parts[0].vertices)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(store_and_fetch, range(80)))
    assert not list(own_cache.glob(".*"))
