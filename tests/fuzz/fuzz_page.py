"""A page without a browser: it talks to the studio's web application, as a server would pass its messages on."""

from __future__ import annotations

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote

PORT = 8765
_HEADERS = {"host": f"127.0.0.1:{PORT}", "origin": f"http://127.0.0.1:{PORT}"}
_PATIENCE_S = 100.0


class Studio:
    """The studio of the folder of cases; one process draws for all of them."""

    def __init__(self, folder: Path) -> None:
        from selfiesim.studio.access import Access
        from selfiesim.studio.app import make_app
        from selfiesim.studio.document import open_document

        self.loop = asyncio.new_event_loop()
        token = secrets.token_urlsafe()
        self.app = make_app(open_document(str(folder / "scene.toml")), folder, Access(PORT, token))
        self._lifespan = self.app.router.lifespan_context(self.app)
        self.loop.run_until_complete(self._lifespan.__aenter__())
        answers = self.loop.run_until_complete(
            self.request("POST", "/session", {}, json.dumps({"token": token}).encode())
        )
        headers = dict(answers[0]["headers"])
        self._cookie = headers[b"set-cookie"].decode().partition(";")[0]

    def talk(self, messages: list[Any]) -> list[dict[str, Any]]:
        """Send messages and requests; return what the page was sent, when the last scene has been drawn or refused."""
        return self.loop.run_until_complete(self._talk(messages))

    async def request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> list[dict[str, Any]]:
        """Send a request with these headers in place of the right ones."""
        raw = path.encode("utf-8", "replace")
        scope = self._scope("http", raw, headers) | {"method": method}
        return await self._run(scope, [{"type": "http.request", "body": body, "more_body": False}])

    def _scope(self, kind: str, raw: bytes, headers: dict[str, str]) -> dict[str, Any]:
        sent = _HEADERS | {"cookie": getattr(self, "_cookie", "")} | headers
        return {
            "type": kind, "http_version": "1.1", "asgi": {"version": "3.0"}, "scheme": "http", "root_path": "",
            "path": unquote(raw.decode("utf-8", "replace")), "raw_path": raw, "query_string": b"",
            "headers": [(name.encode(), value.encode("latin-1", "replace")) for name, value in sent.items()],
            "client": ("127.0.0.1", 5), "server": ("127.0.0.1", PORT),
        }  # fmt: skip

    async def _run(self, scope: dict[str, Any], incoming: list[dict[str, Any]]) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return incoming.pop(0) if incoming else {"type": "http.disconnect"}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        return sent

    async def _talk(self, messages: list[Any]) -> list[dict[str, Any]]:
        from selfiesim.studio.document import open_document

        session = self.app.state.session
        session.document.open(open_document(str(Path.cwd() / "scene.toml")))
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        received: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            if isinstance(message.get("text"), str):
                received.append(json.loads(message["text"]))

        queue.put_nowait({"type": "websocket.connect"})
        live = self.loop.create_task(self.app(self._scope("websocket", b"/live", {}), queue.get, send))
        for message in messages:
            if isinstance(message, tuple):
                answer = await self.request(*message)
                assert answer[0]["status"] < 500, answer
            else:
                queue.put_nowait(
                    {"type": "websocket.receive", "bytes" if isinstance(message, bytes) else "text": message}
                )
                await asyncio.sleep(0)
        await self._settled(live, received)
        queue.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await live
        session._planning.cancel()
        session._rendering.cancel(None)
        while session._rendering._running is not None:
            await asyncio.sleep(0.01)
        return received

    async def _settled(self, live: asyncio.Task[None], received: list[dict[str, Any]]) -> None:
        """Wait until the document as it is now has been drawn or refused."""
        session = self.app.state.session
        session.redraw()
        until = self.loop.time() + _PATIENCE_S
        while self.loop.time() < until and not live.done():
            await asyncio.sleep(0.01)
            answered = [each for each in received if each["type"] in ("scene", "faults")]
            if answered and answered[-1]["revision"] == session.document.revision:
                return
        if not live.done():
            raise TimeoutError("the studio did not answer")
