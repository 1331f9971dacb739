"""Cache of the blocks of air tables on disk: working one out takes 0.2 s, reading it some milliseconds.

Cached files may be lost or damaged at any time: a block that cannot be read is worked out again.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write, cache_dir
from selfiesim.core.parallel import with_one_blas_thread

MAX_CACHED_BLOCKS = 64
"""Files on disk, of 1.3 MB each: several times the latitudes of a table."""

_FORMAT = 3  # increment when the same air gives another block

Floats = NDArray[np.float32]


def load_or_build(air: str, size: int, build: Callable[[], Floats]) -> Floats:
    """Return the numbers (size,) of a block of ``air``, a description of all that it depends on; cached."""
    digest = hashlib.sha256(f"selfiesim air {_FORMAT} {air}".encode()).hexdigest()
    path = cache_dir() / "air" / f"{digest[:40]}.bin"
    block = _read(path, size)
    if block is None:
        block = with_one_blas_thread(build)()
        _write(path, block)
    return block


def _write(path: Path, block: Floats) -> None:
    content = block.astype("<f4").tobytes()
    # A block that cannot be cached is still usable.
    with suppress(OutputError, OSError):
        with atomic_write(path) as temporary:
            temporary.write_bytes(zlib.crc32(content).to_bytes(4, "little") + content)
        cached_files = sorted(path.parent.glob("[0-9a-f]*.bin"), key=lambda each: each.stat().st_mtime)
        for old in cached_files[:-MAX_CACHED_BLOCKS]:
            old.unlink(missing_ok=True)


def _read(path: Path, size: int) -> Floats | None:
    try:
        if path.stat().st_size != 4 * (size + 1):
            return None
        content = path.read_bytes()
        os.utime(path)  # the most recently used file is deleted last
    except OSError:
        return None
    if len(content) != 4 * (size + 1) or zlib.crc32(content[4:]) != int.from_bytes(content[:4], "little"):
        return None
    return np.frombuffer(content, "<f4", offset=4).astype(np.float32, copy=False)
