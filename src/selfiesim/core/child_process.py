"""A child process for readers that damaged bytes can crash.

Some compiled libraries (CSPICE, GDAL, Draco) trust the files that they read: one changed byte can end the process, loop
without end, or allocate all memory. A :class:`ReaderProcess` runs their functions in a child, which is limited in
memory and time and is replaced when it dies. It contains accidents; it is no sandbox: the child has the rights of its
parent.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, ParamSpec, TypeVar

from selfiesim.core.errors import ReaderError, UserError
from selfiesim.core.limits import READER_BYTES, READER_SECONDS

P = ParamSpec("P")
R = TypeVar("R")

_WALL_SECONDS_PER_CPU_SECOND = 6  # on a busy machine, and for slow disks
_MAIN = "import sys; sys.path[:] = sys.argv[1:]; from selfiesim.core.child_process import serve; serve()"
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class ReaderProcess:
    """A child process that runs functions one at a time; it starts with the first and ends with the program.

    It may be used from several threads. A fork of the program starts a child of its own.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stop: Callable[[], object] = lambda: None
        self._owner = 0
        _READERS.add(self)

    def renew_lock(self) -> None:
        """Replace the lock, which another thread may have held when the program was forked."""
        self._lock = threading.RLock()

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what ``function`` returns in the child; it and its arguments must be picklable.

        Raises
        ------
        UserError
            As the function does.
        ReaderError
            The function raised any other exception, or the child crashed, or exceeded its memory or time.
        """
        with self._lock:
            process = self._running()
            assert process.stdin is not None
            assert process.stdout is not None
            try:
                _send(process.stdin, (function, args, kwargs))
                succeeded, answer = pickle.load(process.stdout)  # noqa: S301 - from our own child
            except (EOFError, OSError, pickle.UnpicklingError) as error:
                cause = _cause_of_death(process)
                self._stop()
                raise ReaderError(cause) from error
            except BaseException:  # interrupted: the answer would be taken for that of the next call
                self._stop()
                raise
        if not succeeded:
            raise answer
        return answer  # type: ignore[no-any-return]

    def _running(self) -> subprocess.Popen[bytes]:
        process = self._process
        if process is None or self._owner != os.getpid() or process.poll() is not None:
            self._stop()
            process = self._process = _start()
            self._owner = os.getpid()
            self._stop = weakref.finalize(self, _end, process, self._owner)
        return process


_READERS: weakref.WeakSet[ReaderProcess] = weakref.WeakSet()


def _renew_locks() -> None:
    for reader in _READERS:
        reader.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


def _start() -> subprocess.Popen[bytes]:
    folders = [folder or str(Path.cwd()) for folder in sys.path]
    return subprocess.Popen(
        [sys.executable, "-c", _MAIN, *folders],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | _ONE_THREAD,
    )


def _send(stream: IO[bytes], message: object) -> None:
    pickle.dump(message, stream, protocol=pickle.HIGHEST_PROTOCOL)
    stream.flush()


def _end(process: subprocess.Popen[bytes], owner: int) -> None:
    """End a child; a fork of the program only closes its own copies of the pipes."""
    if owner == os.getpid():
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            assert stream is not None
            stream.close()


def _cause_of_death(process: subprocess.Popen[bytes]) -> str:
    try:
        code = process.wait(timeout=5.0)
    except subprocess.TimeoutExpired:
        return "the reader does not answer"
    if code in (-signal.SIGPROF, -signal.SIGALRM):
        return READER_SECONDS.excess("reading it takes too long")
    if code < 0:
        return f"the reader crashed ({signal.Signals(-code).name})"
    return f"the reader ended unexpectedly (exit code {code})"


def serve() -> None:
    """Answer calls until the parent closes its end of the pipes; the main function of the child."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends the child
    _limit_memory()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints must not mix with the answers
    with suppress(EOFError, OSError):
        while True:
            function, args, kwargs = pickle.load(sys.stdin.buffer)  # noqa: S301 - from our own parent
            _send(answers, _answer(function, args, kwargs))


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    memory = READER_BYTES.value if hard == resource.RLIM_INFINITY else min(READER_BYTES.value, hard)
    resource.setrlimit(resource.RLIMIT_AS, (memory, hard))


def _limit_time(seconds: float) -> None:
    """End the process after so many seconds of CPU time, or six times as many of real time; 0 ends the limit."""
    if hasattr(signal, "setitimer"):  # not on Windows
        signal.setitimer(signal.ITIMER_PROF, seconds)
        signal.setitimer(signal.ITIMER_REAL, seconds * _WALL_SECONDS_PER_CPU_SECOND)


def _answer(
    function: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[bool, object]:
    """Call a function within the time limit, and return success and result or error."""
    _limit_time(READER_SECONDS.value)
    try:
        return True, function(*args, **kwargs)
    except UserError as error:
        return False, error
    except MemoryError:
        return False, ReaderError(READER_BYTES.excess("reading it takes too much memory"))
    except Exception as error:
        return False, ReaderError(f"{type(error).__name__}: {str(error)[:200]}")
    finally:
        _limit_time(0.0)
