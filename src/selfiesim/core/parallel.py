"""Process images on all cores in bands of rows, which fit the cache; threads suffice because numpy releases the GIL."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

Parameters = ParamSpec("Parameters")
T = TypeVar("T")

BAND_ROWS = 64
"""Rows per band: even, so that every band starts on the same row of the colour filter mosaic.

Random streams are seeded per band, so a change alters the result of every seed.
"""


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=workers())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # the threads remain with the parent


def workers() -> int:
    """Return the number of cores this process may use, at most 8."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1))


def for_each_band(height: int, work: Callable[[int, slice], None]) -> None:
    """Call ``work(number, rows)`` for each band of an image; the result must not depend on their order."""
    starts = range(0, height, BAND_ROWS)
    run_parallel(starts, lambda start: work(start // BAND_ROWS, slice(start, min(start + BAND_ROWS, height))))


def run_parallel(pieces: Iterable[T], work: Callable[[T], None]) -> None:
    """Call ``work`` for each piece of an image; the result must not depend on their order."""
    for future in [_pool().submit(work, piece) for piece in pieces]:
        future.result()


def weighted_sum(planes: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sum planes (C, h, w) with weights (C,) to one (h, w)."""
    # Not a matrix product: BLAS would start threads of its own inside the pool's.
    total: NDArray[np.float32] = planes[0] * weights[0]
    for plane, weight in zip(planes[1:], weights[1:], strict=True):
        total += plane * weight
    return total


def with_one_blas_thread(work: Callable[Parameters, T]) -> Callable[Parameters, T]:
    """Decorate work whose matrices are small: BLAS's threads wait for the next one in a loop, which costs a quarter."""

    @wraps(work)
    def limited(*args: Parameters.args, **keywords: Parameters.kwargs) -> T:
        with _import_threadpoolctl().threadpool_limits(1, "blas"):
            return work(*args, **keywords)

    return limited


def _import_threadpoolctl() -> Any:
    """Import threadpoolctl without the variable that it sets in the environment, of all later child processes too."""
    name = "KMP_DUPLICATE_LIB_OK"
    was_set = name in os.environ
    import threadpoolctl

    if not was_set:
        os.environ.pop(name, None)
    return threadpoolctl
