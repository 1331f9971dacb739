"""A process for work that may crash inside a compiled library, and whose memory grows: drivers, renderers."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import TracebackType
from typing import ParamSpec, TypeVar

from selfiesim.core.errors import GraphicsError

P = ParamSpec("P")
R = TypeVar("R")

_TRIES = 2


class ReplacedProcess:
    """Runs functions one at a time in a process of its own, which is replaced when it dies.

    It is also replaced after some calls, which gives back what memory its libraries keep. A context manager: it starts
    with the first call, and ends with the block.

    Parameters
    ----------
    calls : int
        Number of calls after which the process is replaced; 0 for never.
    """

    def __init__(self, calls: int = 8) -> None:
        import multiprocessing

        from pebble import ProcessPool

        # Spawned, because the fork of a process that has OpenGL and threads may hang.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(max_workers=1, max_tasks=calls, initializer=_leave_interrupts, context=context)

    def __enter__(self) -> ReplacedProcess:
        """Return this."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the process; after an error without waiting for its work."""
        if error is None:
            self._pool.close()
        else:
            self._pool.stop()
        self._pool.join()

    def call(self, function: Callable[P, R], *args: P.args, **keywords: P.kwargs) -> R:
        """Return what ``function`` returns; it and its arguments must be picklable.

        Raises
        ------
        GraphicsError
            The process died twice; the message says of what.
        Exception
            As the function does.
        """
        from pebble import ProcessExpired

        for _ in range(_TRIES):
            try:
                return self._pool.schedule(function, args=args, kwargs=keywords).result()  # type: ignore[no-any-return]
            except ProcessExpired as error:
                code = int(getattr(error, "exitcode", 0) or 0)
        raise GraphicsError(f"the process that draws it died twice ({_cause(code)})")


def _leave_interrupts() -> None:
    """Ctrl-C is for the program that started the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cause(code: int) -> str:
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"
