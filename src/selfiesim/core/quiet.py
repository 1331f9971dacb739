"""Ignore warnings in a block, or pause the garbage collector, and leave the settings as they were.

The settings belong to the whole process. Without care, two threads that change and restore one of them in turn leave
it changed.
"""

from __future__ import annotations

import gc
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_warnings_lock = threading.RLock()


@contextmanager
def ignored_warnings(*categories: type[Warning]) -> Iterator[None]:
    """Ignore warnings of these categories in the ``with`` block; other threads wait to do the same."""
    with _warnings_lock, warnings.catch_warnings():
        for category in categories:
            warnings.simplefilter("ignore", category)
        yield


@contextmanager
def paused_garbage_collection() -> Iterator[None]:
    """Build millions of objects in a fraction of the time: the collector would visit each again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _start_afresh() -> None:
    global _warnings_lock
    _warnings_lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)  # another thread may have held it
