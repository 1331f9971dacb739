"""Work on a picture in bands of rows, on all cores: a band fits the cache, and numpy lets go of the interpreter."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

BAND_ROWS = 64
"""Rows of a band. Even, so that each begins on the same row of the colour mosaic; part of what seeds mean."""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=workers())


def workers() -> int:
    """Cores that this process may use, 8 at most."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1))


def for_each_band(height: int, work: Callable[[int, slice], None]) -> None:
    """Call ``work(number, rows)`` for each band of ``height`` rows; the result may not depend on their order."""
    starts = range(0, height, BAND_ROWS)
    run_parallel(starts, lambda start: work(start // BAND_ROWS, slice(start, min(start + BAND_ROWS, height))))


def run_parallel(pieces: Iterable[T], work: Callable[[T], None]) -> None:
    """Call ``work`` for each piece of a picture; the result may not depend on their order."""
    for done in [_pool().submit(work, piece) for piece in pieces]:
        done.result()


def mixed(planes: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Weighted sum (h, W) of planes (C, h, W). Not a matrix product: BLAS brings threads of its own into these."""
    total: NDArray[np.float32] = planes[0] * weights[0]
    for plane, weight in zip(planes[1:], weights[1:], strict=True):
        total += plane * weight
    return total
