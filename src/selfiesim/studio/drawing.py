"""The studio's side of its worker process: requests go out, pictures come in, and a dead worker is replaced."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import psutil

from selfiesim.core.files import reason
from selfiesim.core.limits import STUDIO_BYTES, STUDIO_MAP_SECONDS, STUDIO_SECONDS, STUDIO_TURN_SECONDS, describe

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from selfiesim.core.limits import Limit
    from selfiesim.studio.worker import Request

Message = tuple[str, int, dict[str, Any], bytes]
"""Kind, revision, JSON-ready content, and the bytes of a picture."""

_WATCH_S = 0.5
_WALL_PER_CPU = 6.0  # a process may wait for others so long
_Clock = tuple[float, float]


class Drawing:
    """Sends requests to a process that runs ``serve_previews``; must be used on one event loop.

    Parameters
    ----------
    on_message : callable
        Called on the event loop with each :data:`Message`, and with ``("lost", revision, {"message": ...}, b"")`` when
        the process had to be replaced.
    """

    def __init__(self, on_message: Callable[[Message], None]) -> None:
        self._on_message = on_message
        self._loop = asyncio.get_running_loop()
        self._request: Request | None = None
        self._waiting_since: _Clock | None = None  # for the next message
        self._turn: tuple[_Clock, int] | None = None  # since when, and which request the process has not taken yet
        self._in_maps = False
        self._is_running = False
        self._failed_revision: int | None = None
        self._watch = self._loop.create_task(self._watching())

    @property
    def has_begun(self) -> bool:
        """Whether there has been anything to draw."""
        return self._request is not None

    def draw(self, request: Request) -> None:
        """Draw a scene in place of the one before."""
        self._request = request
        if not self._is_running:
            try:
                self._start()
            except OSError as error:  # no memory, or too many processes
                self._lose(f"the process that draws cannot be started: {reason(error)}; change the scene to try again")
                return
        self._waiting_since = self._now()
        self._turn = self._turn or (self._waiting_since, request.revision)
        self._outbox.put(request)

    def close(self) -> None:
        """End the process."""
        self._watch.cancel()
        if self._is_running:
            self._stop()

    def _start(self) -> None:
        from selfiesim.studio.worker import serve_previews

        self._connection, self._process = _started(serve_previews)
        self._usage = psutil.Process(self._process.pid)
        self._is_running = True
        self._outbox: SimpleQueue[Request | None] = SimpleQueue()
        for work in (partial(_send_newest, self._connection, self._outbox), partial(self._read, self._connection)):
            threading.Thread(target=work, daemon=True).start()

    def _stop(self) -> None:
        # The connection is closed when both threads have let go of it: the next one may get the number of its file.
        self._is_running = False
        self._outbox.put(None)
        self._process.kill()
        self._process.join(5.0)

    def _read(self, connection: Connection) -> None:
        while True:
            try:
                message = connection.recv()
            except (EOFError, OSError):
                return
            try:
                self._loop.call_soon_threadsafe(self._receive, connection, message)
            except RuntimeError:  # the loop has ended
                return

    def _receive(self, connection: Connection, message: Message) -> None:
        if connection is not self._connection:
            return
        kind, revision, content, _ = message
        is_done = content.get("stage") == "done"
        if is_done:
            self._failed_revision = None
        is_last = is_done or kind == "faults"
        self._waiting_since = None if is_last and self._turn is None else self._now()
        if kind == "alive":
            self._in_maps = content["in_maps"]
            if self._turn is not None and revision >= self._turn[1]:
                self._turn = None
        else:
            self._on_message(message)

    async def _watching(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            why = self._trouble()
            if why:
                self._replace(why)

    def _trouble(self) -> str | None:
        if not self._is_running:
            return None
        if not self._process.is_alive():
            return _cause_of_death(self._process)
        limit = STUDIO_MAP_SECONDS if self._in_maps else STUDIO_SECONDS
        if self._is_over(self._waiting_since, limit):
            return f"it did not answer for {limit.value} s"
        if self._turn is not None and not self._in_maps and self._is_over(self._turn[0], STUDIO_TURN_SECONDS):
            return f"it did not take the changed scene for {STUDIO_TURN_SECONDS.value} s"
        try:
            if self._usage.memory_info().rss > STUDIO_BYTES.value:
                return f"it took more than {describe(STUDIO_BYTES.value, STUDIO_BYTES.unit)} of memory"
        except psutil.NoSuchProcess:  # since a moment ago
            return _cause_of_death(self._process)
        return None

    def _now(self) -> _Clock:
        """Return real time, and the process's CPU time, s: on a busy machine, a good process takes long too."""
        try:
            times = self._usage.cpu_times()
        except psutil.NoSuchProcess:
            return self._loop.time(), 0.0
        return self._loop.time(), float(times.user + times.system)

    def _is_over(self, since: _Clock | None, limit: Limit) -> bool:
        if since is None:
            return False
        wall, cpu = (now - then for now, then in zip(self._now(), since, strict=True))
        return cpu > limit.value or wall > _WALL_PER_CPU * limit.value

    def _replace(self, why: str) -> None:
        """Start another process, which draws the last request again unless that one has failed before."""
        self._stop()
        request = self._request
        self._waiting_since, self._turn, self._in_maps = None, None, False
        assert request is not None
        is_second = self._failed_revision == request.revision
        self._failed_revision = request.revision
        if is_second:
            self._lose(f"the process that draws has ended twice with this scene: {why}; change the scene to draw again")
            return
        self._lose(f"the process that draws was replaced: {why}")
        self.draw(request)

    def _lose(self, message: str) -> None:
        assert self._request is not None
        self._on_message(("lost", self._request.revision, {"message": message}, b""))


def _started(serve: Callable[[Connection], None]) -> tuple[Connection, SpawnProcess]:
    """Start a process that runs ``serve`` with the other end of the connection.

    Raises
    ------
    OSError
        The system has no room for it.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    try:
        process = context.Process(target=serve, args=(theirs,), daemon=True)
        process.start()
    finally:
        theirs.close()
    return ours, process


def _cause_of_death(process: SpawnProcess) -> str:
    process.join(5.0)
    code = process.exitcode or 0
    if code < 0:
        return f"it died ({signal.Signals(-code).name})"
    return f"it died (exit status {code})"


def _send_newest(connection: Connection, outbox: SimpleQueue[Request | None]) -> None:
    """Send what is put into ``outbox``, the newest where several wait, until None; a busy process makes this wait."""
    while (request := outbox.get()) is not None:
        while not outbox.empty() and request is not None:
            request = outbox.get()
        try:
            connection.send(request)
        except (OSError, ValueError):  # the process has died, and is replaced
            return


class Run:
    """Carries out one wish in a process of its own, which can be cancelled.

    Parameters
    ----------
    serve : callable
        What the process runs: it receives the wish, and sends messages until one of the kind ``"written"`` or
        ``"fault"``.
    wanted : object
        The wish.
    """

    def __init__(self, serve: Callable[[Connection], None], wanted: Any) -> None:
        self._is_cancelled = False
        self._connection, self._process = _started(serve)
        self._connection.send(wanted)

    async def messages(self, on_message: Callable[[str, dict[str, Any]], None]) -> None:
        """Call ``on_message`` with each message of the process until it ends."""
        while True:
            try:
                kind, content = await asyncio.to_thread(self._connection.recv)
            except (EOFError, OSError):
                await asyncio.to_thread(self._process.join, 5.0)
                died = f"the process for this ended: {_cause_of_death(self._process)}"
                on_message("fault", {"message": "Cancelled." if self._is_cancelled else died})
                break
            on_message(kind, content)
            if kind in ("written", "fault"):
                break
        await asyncio.to_thread(self._process.join, 5.0)

    def cancel(self) -> None:
        """Kill the process; a file is not written, or is complete."""
        self._is_cancelled = True
        self._process.kill()
