"""The cache of built maps: plain arrays that numpy maps into memory in some milliseconds, without scipy."""

from __future__ import annotations

import json
import mmap
import os
import time
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write, cache_dir
from selfiesim.core.limits import MAP_CACHE_BYTES
from selfiesim.core.parallel import with_one_blas_thread
from selfiesim.planet.maps.planet_maps import MapArrays

_STALE_AGE_S = 3600.0


def load_or_build(
    stem: str, build: Callable[[], MapArrays], required: tuple[str, ...] = ("globe", "north", "south")
) -> MapArrays:
    """Return the maps cached under ``stem``; build and cache them if ``required`` parts are missing or damaged."""
    parts = _read_cache(stem, required)
    if parts is None:
        parts = with_one_blas_thread(build)()
        try:
            _write_cache(stem, parts)
        except OutputError as error:
            # The maps are usable; only the next run has to build them again.
            warnings.warn(f"maps not cached: {error}", stacklevel=3)
    return parts


def _read_cache(stem: str, required: tuple[str, ...]) -> MapArrays | None:
    """Return the cached maps, mapped into memory; None when one is missing or does not match its checksum."""
    folder = cache_dir() / "maps"
    try:
        sums = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
        parts = {part: np.load(folder / f"{stem}-{part}.npy", mmap_mode="r", allow_pickle=False) for part in sums}
        good = set(sums) >= set(required) and all(_checksum(parts[part]) == sums[part] for part in sums)
    except (OSError, ValueError, EOFError, KeyError, TypeError):
        return None
    if not good:
        return None
    with suppress(OSError):
        os.utime(folder / f"{stem}.json")  # the most recently used is deleted last
    return parts


def release_pages(array: NDArray[np.uint8]) -> None:
    """Take a cached map out of memory until it is read again; other arrays stay."""
    mapped: Any = array
    while isinstance(mapped, np.ndarray):
        mapped = mapped.base
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        mapped.madvise(mmap.MADV_DONTNEED)


def _write_cache(stem: str, parts: MapArrays) -> None:
    """Write the maps, and last the checksums that make them valid.

    The same source gives the same bytes, so two processes that build at once write the same files.
    """
    folder = cache_dir() / "maps"
    for part in parts:
        with atomic_write(folder / f"{stem}-{part}.npy") as temporary:
            np.save(temporary, parts[part], allow_pickle=False)
    with atomic_write(folder / f"{stem}.json") as temporary:
        temporary.write_text(json.dumps({part: _checksum(parts[part]) for part in parts}), encoding="utf-8")
    _prune(folder, stem)


def _prune(folder: Path, keep: str) -> None:
    """Delete the least recently used maps until the rest fits into the limit, but never those under ``keep``.

    Other processes may read, write and prune at the same time, so a missing file is not an error. Arrays without
    checksums, of processes that were killed, are deleted after an hour.
    """
    files = {file.name: file for file in folder.iterdir()}
    sums = sorted((file for name, file in files.items() if name.endswith(".json")), key=_used)
    sets = {file.stem: [file] for file in sums}
    orphans: list[Path] = []
    for name, file in sorted(files.items()):
        if name.endswith(".npy"):
            stem = max((stem for stem in sets if name.startswith(f"{stem}-")), key=len, default=None)
            (orphans if stem is None else sets[stem]).append(file)
    stale = time.time() - _STALE_AGE_S
    for file in orphans:
        if _used(file) < stale and not file.name.startswith(keep):
            _delete(file)
    sizes = {stem: sum(map(_size, each)) for stem, each in sets.items()}
    total = sum(sizes.values())
    for stem, each in sets.items():
        if total <= MAP_CACHE_BYTES.value:
            return
        if stem != keep:
            for file in each:  # the checksums first: without them, the arrays do not count
                _delete(file)
            total -= sizes[stem]


def _used(file: Path) -> float:
    with suppress(OSError):
        return file.stat().st_mtime
    return 0.0


def _size(file: Path) -> int:
    with suppress(OSError):
        return file.stat().st_size
    return 0


def _delete(file: Path) -> None:
    with suppress(OSError):  # gone, or in use on Windows
        file.unlink()


def _checksum(array: NDArray[np.uint8]) -> str:
    """Checksum of shape and bytes; after a power cut a file may have the right length and hold only zeros."""
    return f"{array.shape}:{zlib.crc32(np.ascontiguousarray(array).data):08x}"
