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

COOKIE = "selfiesim_studio"
_OPEN_PATHS = ("/", "/session")
"""Paths that need no cookie: the bare page, and the exchange of the token. Its files need none either."""
_STATIC = "/static/"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Access:
    """The token of one run of the studio, and the addresses at which it may be reached.

    Attributes
    ----------
    token : str
        Random; whoever has it may use the studio.
    hosts : frozenset of str
        Values of ``Host`` that are accepted.
    """

    def __init__(self, port: int) -> None:
        self.token = secrets.token_urlsafe(24)
        self._cookie = secrets.token_urlsafe(24)
        self.hosts = frozenset(f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]"))

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
        if not hmac.compare_digest(connection.cookies.get(COOKIE, ""), self._cookie):
            return "open the address that selfiesim studio printed"
        return None

    def open_session(self, token: object) -> Response:
        """Exchange the token for the cookie."""
        if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self.token.encode()):
            return JSONResponse({"error": "open the address that selfiesim studio printed"}, 403)
        response = JSONResponse({"ok": True})
        response.set_cookie(COOKIE, self._cookie, httponly=True, samesite="strict")
        return response


class Guard:
    """ASGI middleware that refuses requests as :class:`Access` says, and adds :data:`HEADERS` to every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app, self._access = app, access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request or WebSocket."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        reason = self._access.refuse(HTTPConnection(scope))
        if reason is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": reason})
        else:
            await JSONResponse({"error": reason}, 403)(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    extra = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]

    async def sending(message: dict[str, object]) -> None:
        if message["type"] == "http.response.start":
            message = message | {"headers": [*message.get("headers", []), *extra]}  # type: ignore[misc]
        await send(message)

    return sending  # type: ignore[return-value]


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
