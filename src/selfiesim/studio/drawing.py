"""The studio's side of its worker process: requests go out, pictures come in, and a dead worker is replaced."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import psutil

from selfiesim.core.limits import STUDIO_BYTES, STUDIO_SECONDS, describe

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess

    from selfiesim.studio.worker import Output, Request

Message = tuple[str, int, dict[str, Any], bytes]
"""Kind, revision, JSON-ready content, and the bytes of a picture."""

_WATCH_S = 0.5


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
        self._waiting_since: float | None = None
        self._failed_revision: int | None = None
        self._start()
        self._watch = self._loop.create_task(self._watching())

    @property
    def pid(self) -> int:
        """Process number of the worker."""
        assert self._process.pid is not None
        return self._process.pid

    def draw(self, request: Request) -> None:
        """Draw a scene in place of the one before."""
        self._request = request
        self._waiting_since = self._loop.time()
        try:
            self._connection.send(request)
        except OSError:
            self._replace("it died")

    def close(self) -> None:
        """End the process."""
        self._watch.cancel()
        self._stop()

    def _start(self) -> None:
        from selfiesim.studio.worker import serve_previews

        context = get_context("spawn")
        self._connection, other = context.Pipe()
        self._process: SpawnProcess = context.Process(target=serve_previews, args=(other,), daemon=True)
        self._process.start()
        other.close()
        threading.Thread(target=self._read, args=(self._connection,), daemon=True).start()

    def _stop(self) -> None:
        self._process.kill()
        self._process.join(5.0)
        self._connection.close()

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
        is_last = message[2].get("stage") == "done" or message[0] == "faults"
        self._waiting_since = None if is_last else self._loop.time()
        self._on_message(message)

    async def _watching(self) -> None:
        while True:
            await asyncio.sleep(_WATCH_S)
            reason = self._trouble()
            if reason:
                self._replace(reason)

    def _trouble(self) -> str | None:
        if not self._process.is_alive():
            return "it died"
        if self._waiting_since is not None and self._loop.time() - self._waiting_since > STUDIO_SECONDS.value:
            return f"it did not answer for {STUDIO_SECONDS.value} s"
        try:
            if psutil.Process(self.pid).memory_info().rss > STUDIO_BYTES.value:
                return f"it took more than {describe(STUDIO_BYTES.value, STUDIO_BYTES.unit)} of memory"
        except psutil.NoSuchProcess:
            return "it died"
        return None

    def _replace(self, reason: str) -> None:
        """Start another process, which draws the last request again unless that one has failed before."""
        self._stop()
        self._start()
        request, self._waiting_since = self._request, None
        revision = request.revision if request else 0
        retry = request is not None and self._failed_revision != revision
        self._failed_revision = revision
        message = f"the process that draws was replaced: {reason}"
        if request is not None and retry:
            self.draw(request)
        elif request is not None:
            message += ", twice with this scene; change the scene to draw again"
        self._on_message(("lost", revision, {"message": message}, b""))


class OutputRun:
    """Writes one picture to a file in a process of its own, which can be cancelled."""

    def __init__(self, output: Output) -> None:
        from selfiesim.studio.worker import serve_output

        context = get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=serve_output, args=(other,), daemon=True)
        self._process.start()
        other.close()
        self._connection.send(output)

    async def messages(self, on_message: Callable[[str, dict[str, Any]], None]) -> None:
        """Call ``on_message`` with each message of the process until it ends."""
        while True:
            try:
                kind, content = await asyncio.to_thread(self._connection.recv)
            except (EOFError, OSError):
                on_message("fault", {"message": "cancelled, or the process died"})
                break
            on_message(kind, content)
            if kind in ("written", "fault"):
                break
        await asyncio.to_thread(self._process.join, 5.0)

    def cancel(self) -> None:
        """Kill the process; the file is not written, or is complete."""
        self._process.kill()
