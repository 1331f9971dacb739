"""The web application of the studio: its page, its files, and the WebSocket over which both sides talk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from selfiesim.core.errors import UserError
from selfiesim.core.files import reason
from selfiesim.studio.access import Access, Guard, Pace, read_json
from selfiesim.studio.catalogue import catalogue_json, pictures, want_forms
from selfiesim.studio.outputs import MEDIA_TYPES
from selfiesim.studio.session import Page, Session

if TYPE_CHECKING:
    import socket

    from selfiesim.studio.document import Document

STATIC = Path(str(files("selfiesim.studio"))) / "static"
_STATIC_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "jpg": "image/jpeg"}
_MAX_MESSAGE = 1_000_000  # bytes of one message from a page
_MESSAGES_PER_S, _BURST = 120.0, 240.0
_MAX_CONNECTIONS = 128


def make_app(document: Document, folder: Path, access: Access, photograph: bytes | None = None) -> Starlette:
    """Return the web application.

    Parameters
    ----------
    document : Document
        The scene to begin with.
    folder : Path
        The folder that scenes are saved in.
    access : Access
        Who may use it.
    photograph : bytes, optional
        A JPEG to compare with.
    """

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.session = Session(document, folder)
        app.state.photograph = photograph
        # While the browser starts.
        app.state.first_catalogue = asyncio.get_running_loop().create_task(asyncio.to_thread(catalogue_json))
        yield
        app.state.session.close()

    # In memory: a page asks for some 30 small files at once, and waits for them.
    shown = {path.relative_to(STATIC).as_posix(): path.read_bytes() for path in STATIC.rglob("*.*")}

    async def page(_request: Request) -> Response:
        return Response(shown["index.html"], media_type="text/html")

    async def static(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in shown:
            return JSONResponse({"error": "there is no such file"}, 404)
        return Response(shown[name], media_type=_STATIC_TYPES[name.rpartition(".")[2]])

    async def open_session(request: Request) -> Response:
        body = await read_json(request, 1000)
        return access.open_session(body.get("token") if isinstance(body, dict) else None)

    routes = [
        Route("/", page),
        Route("/session", open_session, methods=["POST"]),
        Route("/catalogue", _catalogue),
        Route("/wants", _wants),
        Route("/pictures", _pictures),
        Route("/photo", _photo),
        Route("/output/{number}/{name}", _output),
        WebSocketRoute("/live", _live),
        Route("/static/{name:path}", static),
    ]
    return Starlette(routes=routes, middleware=[Middleware(Guard, access=access)], lifespan=lifespan)


async def _catalogue(request: Request) -> Response:
    """What the page can choose from, and whether there is a photograph."""
    state = request.app.state
    first, state.first_catalogue = state.first_catalogue, None
    content = await (first or asyncio.to_thread(catalogue_json))
    photo = json.dumps(state.photograph is not None).encode()
    return Response(b'{"photo":' + photo + b"," + content[1:], media_type="application/json")


async def _wants(_request: Request) -> Response:
    """How the wants of a plan are written."""
    return JSONResponse(await asyncio.to_thread(want_forms))


async def _pictures(request: Request) -> Response:
    """The pictures next to the scene, which the craft's walls may show."""
    return JSONResponse(await asyncio.to_thread(pictures, request.app.state.session.document.folder))


async def _photo(request: Request) -> Response:
    """The photograph to compare with that the command was given."""
    photograph = request.app.state.photograph
    if photograph is None:
        return JSONResponse({"error": "there is no photograph"}, 404)
    return Response(photograph, media_type="image/jpeg")


async def _output(request: Request) -> Response:
    """A file that has been rendered."""
    path = request.app.state.session.output_file(request.path_params["number"], request.path_params["name"])
    if path is None:
        return JSONResponse({"error": "there is no such file"}, 404)
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], filename=path.name)


async def _live(live: WebSocket) -> None:
    """Talk to one page: JSON both ways, pictures to the page as a length, a JSON header and the file's bytes."""
    session: Session = live.app.state.session
    await live.accept()

    async def send(message: str | bytes) -> None:
        await (live.send_text(message) if isinstance(message, str) else live.send_bytes(message))

    page = Page(send)
    try:
        session.join(page)
    except UserError as error:
        await send(json.dumps({"type": "status", "text": str(error), "error": True}))
        await live.close(1013)
        return
    pace = Pace(_MESSAGES_PER_S, _BURST)
    sending = asyncio.get_running_loop().create_task(page.run())
    try:
        while True:
            message = _parsed(await live.receive_text())
            await asyncio.sleep(pace.delay(time.monotonic()))
            try:
                session.handle(page, message)
            except UserError as error:
                page.tell("status", {"text": str(error), "error": True})
            except OSError as error:  # no room for a folder, or for a process
                page.tell("status", {"text": f"this cannot be done: {reason(error)}", "error": True})
    except (WebSocketDisconnect, KeyError, RuntimeError):  # KeyError: binary in place of text
        pass
    finally:
        session.leave(page)
        sending.cancel()


def _parsed(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def run(app: Starlette, listener: socket.socket) -> None:
    """Serve the application on a socket that listens, until interrupted."""
    config = uvicorn.Config(
        app,
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=_MAX_MESSAGE,
        ws_max_queue=64,
        ws_ping_interval=None,  # within one machine, nothing runs while nothing changes, and no page is slow for long
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))
