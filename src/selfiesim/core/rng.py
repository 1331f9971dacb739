"""Named random streams: each effect draws from its own, so disabling one leaves the others unchanged."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str, *parts: int) -> np.random.Generator:
    """Return the generator of the effect ``name`` and of one of its parts (a frame, a band of rows)."""
    key = (zlib.crc32(name.encode()), *parts)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))
