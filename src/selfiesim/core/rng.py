"""Random numbers by name: each effect has a stream of its own, so that switching one off leaves the others alone."""

from __future__ import annotations

import zlib

import numpy as np


def stream(seed: int, name: str, *parts: int) -> np.random.Generator:
    """A generator for what ``name`` is, and for each part of it (a frame, a band of rows)."""
    key = (zlib.crc32(name.encode()), *parts)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))
