"""Ignore warnings and messages of a library in a block, or pause the collector, and leave the settings as they were.

The settings belong to the whole process. Without care, two threads that change and restore one of them in turn leave
it changed.
"""

from __future__ import annotations

import gc
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_warnings_lock, _levels_lock = threading.RLock(), threading.RLock()
_quiet_loggers: dict[str, tuple[int, int]] = {}  # by name: how many blocks want it quiet, and its own level


@contextmanager
def ignored_warnings(*categories: type[Warning]) -> Iterator[None]:
    """Ignore warnings of these categories in the ``with`` block; other threads wait to do the same."""
    with _warnings_lock, warnings.catch_warnings():
        for category in categories:
            warnings.simplefilter("ignore", category)
        yield


@contextmanager
def quiet_logger(name: str) -> Iterator[None]:
    """Let a logger pass on critical messages only, in the ``with`` block of any thread."""
    logger = logging.getLogger(name)
    with _levels_lock:
        count, level = _quiet_loggers.get(name, (0, logger.level))
        _quiet_loggers[name] = count + 1, level
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        with _levels_lock:
            count, level = _quiet_loggers.pop(name)
            if count > 1:
                _quiet_loggers[name] = count - 1, level
            else:
                logger.setLevel(level)


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
    global _warnings_lock, _levels_lock
    _warnings_lock, _levels_lock = threading.RLock(), threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)  # another thread may have held them
