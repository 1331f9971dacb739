"""Who may talk to the studio: only the page that it opened, on this machine.

Any page on the web can make a browser send requests to 127.0.0.1, and with DNS rebinding even read the answers. So the
server is bound to the loopback interface, accepts its own name in ``Host`` and ``Origin`` only, and wants a cookie that
is handed out for a random token. The token is in the fragment of the page's address, which browsers never send.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_OPEN_PATHS = ("/", "/session")
"""Paths that need no cookie: the bare page, and the exchange of the token. Its files need none either."""
_STATIC = "/static/"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)
_NOTEBOOKS = "http://localhost:* http://127.0.0.1:*"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Access:
    """The token of one run of the studio, and the addresses at which it may be reached.

    Parameters
    ----------
    port : int
        Port on the loopback interface.
    token : str
        Random; whoever has it may use the studio.
    in_notebook : bool
        Let pages of this machine embed the studio; otherwise none may.

    Attributes
    ----------
    hosts : frozenset of str
        Values of ``Host`` that are accepted.
    headers : dict of str
        Headers of every answer.
    """

    def __init__(self, port: int, token: str, in_notebook: bool = False) -> None:
        self._token = token
        # Browsers share cookies between the ports of a host: each studio needs a name of its own.
        self._name = f"selfiesim_studio_{port}"
        self._cookie = secrets.token_urlsafe(24)
        self.hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))
        self.headers = {"Content-Security-Policy": _POLICY + (_NOTEBOOKS if in_notebook else "'none'"), **_HEADERS}

    def refuse(self, connection: HTTPConnection) -> str | None:
        """Return why a request is refused, or None."""
        host = connection.headers.get("host", "")
        if host not in self.hosts:
            return "this server answers on the loopback address only"
        origin = connection.headers.get("origin")
        writes = connection.scope["type"] == "websocket" or connection.scope.get("method") not in ("GET", "HEAD")
        if origin != f"http://{host}" and (origin is not None or writes):
            return "this request comes from another page"
        path = connection.scope["path"]
        if path in _OPEN_PATHS or path.startswith(_STATIC):
            return None
        # What another page of this machine embeds comes with the cookie, and without an origin.
        if connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return "this request comes from another page"
        if not hmac.compare_digest(connection.cookies.get(self._name, "").encode(), self._cookie.encode()):
            return "open the address that selfiesim studio printed"
        return None

    def open_session(self, token: object) -> Response:
        """Exchange the token for the cookie."""
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self._token.encode()):
            return JSONResponse({"error": "open the address that selfiesim studio printed"}, 403)
        response = JSONResponse({"ok": True})
        response.set_cookie(self._name, self._cookie, httponly=True, samesite="strict")
        return response


class Guard:
    """ASGI middleware that refuses requests as :class:`Access` says, and adds its headers to every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        reason = self._access.refuse(HTTPConnection(scope))
        if reason is None:
            await self._app(scope, receive, self._with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await JSONResponse({"error": reason}, 403)(scope, receive, self._with_headers(send))

    def _with_headers(self, send: Send) -> Send:
        extra = [(name.lower().encode(), value.encode()) for name, value in self._access.headers.items()]

        async def sending(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                message = message | {"headers": [*message.get("headers", []), *extra]}  # type: ignore[misc]
            await send(message)

        return sending  # type: ignore[return-value]


class Pace:
    """How long to wait before the next message of a page, so that none takes the server for itself.

    Parameters
    ----------
    per_s, burst : float
        Messages per second in the long run, and how many may come at once.
    """

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._credit, self._then = burst, 0.0

    def delay(self, now: float) -> float:
        """Note a message at ``now``, s, and return the seconds to wait; 0 within the burst."""
        self._credit = min(self._credit + (now - self._then) * self._per_s, self._burst) - 1.0
        self._then = now
        return max(-self._credit / self._per_s, 0.0)


async def read_json(request: Request, limit: int) -> object:
    """Return the body of a request as JSON; None if it is too long or is not JSON."""
    import json

    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
