"""The cache of built maps: plain arrays that numpy maps into memory in some milliseconds, without scipy."""

from __future__ import annotations

import json
import warnings
import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write, cache_dir
from selfiesim.planet.maps.planet_maps import MapArrays


def load_or_build(
    stem: str, build: Callable[[], MapArrays], required: tuple[str, ...] = ("globe", "north", "south")
) -> MapArrays:
    """Return the maps cached under ``stem``; build and cache them if ``required`` parts are missing or damaged."""
    parts = _read_cache(stem, required)
    if parts is None:
        parts = build()
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
    return parts if good else None


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


def _checksum(array: NDArray[np.uint8]) -> str:
    """Checksum of shape and bytes; after a power cut a file may have the right length and hold only zeros."""
    return f"{array.shape}:{zlib.crc32(np.ascontiguousarray(array).data):08x}"
