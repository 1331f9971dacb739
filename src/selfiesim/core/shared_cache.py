"""A cache of results that are large and compared by identity: each is worked out once, however many threads ask."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from functools import lru_cache, update_wrapper
from typing import Any, Generic, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class SharedCache(Generic[Parameters, Result]):
    """``functools.lru_cache`` with a lock: while one thread works a result out, the others wait for it."""

    def __init__(self, function: Callable[Parameters, Result], maxsize: int | None) -> None:
        self._cached: Any = lru_cache(maxsize)(function)
        self.lock = threading.RLock()
        update_wrapper(self, function)
        _caches.add(self)

    def __call__(self, *args: Parameters.args, **keywords: Parameters.kwargs) -> Result:
        """Return the function's result for these arguments."""
        with self.lock:
            return self._cached(*args, **keywords)  # type: ignore[no-any-return]

    def cache_clear(self) -> None:
        """Forget all results."""
        self._cached.cache_clear()


_caches: weakref.WeakSet[SharedCache[Any, Any]] = weakref.WeakSet()


def shared_cache(
    maxsize: int | None = None,
) -> Callable[[Callable[Parameters, Result]], SharedCache[Parameters, Result]]:
    """Decorate a function with a :class:`SharedCache` of the last ``maxsize`` results, or of all."""
    return lambda function: SharedCache(function, maxsize)


def _start_afresh() -> None:
    for cache in _caches:
        cache.lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)  # another thread may have held them
