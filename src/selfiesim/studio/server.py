"""The web server of the studio: its page, its files, and the WebSocket over which both sides talk."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from selfiesim.core.errors import UserError
from selfiesim.studio.access import Access, Guard, Pace, read_json
from selfiesim.studio.catalogue import catalogue_json, pictures, want_forms
from selfiesim.studio.document import Document
from selfiesim.studio.outputs import MEDIA_TYPES
from selfiesim.studio.photograph import read_photograph
from selfiesim.studio.session import Page, Session, open_document

STATIC = Path(str(files("selfiesim.studio"))) / "static"
_STATIC_TYPES = {"html": "text/html", "js": "text/javascript", "css": "text/css", "jpg": "image/jpeg"}
_MAX_MESSAGE = 1_000_000  # bytes of one message from a page
_MESSAGES_PER_S, _BURST = 120.0, 240.0
_MAX_CONNECTIONS = 128


def make_app(scene: str | Document, folder: Path, access: Access, photograph: bytes | None = None) -> Starlette:
    """Return the web application.

    Parameters
    ----------
    scene : str or Document
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
        app.state.session = Session(scene, folder)
        app.state.photograph = photograph
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
    content = await asyncio.to_thread(catalogue_json)
    photo = json.dumps(request.app.state.photograph is not None).encode()
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


async def _live(socket: WebSocket) -> None:
    """Talk to one page: JSON both ways, pictures to the page as a length, a JSON header and the file's bytes."""
    session: Session = socket.app.state.session
    await socket.accept()

    async def send(message: str | bytes) -> None:
        await (socket.send_text(message) if isinstance(message, str) else socket.send_bytes(message))

    page = Page(send)
    try:
        session.join(page)
    except UserError as error:
        await send(json.dumps({"type": "status", "text": str(error), "error": True}))
        await socket.close(1013)
        return
    pace = Pace(_MESSAGES_PER_S, _BURST)
    sending = asyncio.get_running_loop().create_task(page.run())
    try:
        while True:
            message = _parsed(await socket.receive_text())
            await asyncio.sleep(pace.delay(time.monotonic()))
            try:
                session.handle(page, message)
            except UserError as error:
                page.tell("status", {"text": str(error), "error": True})
    except (WebSocketDisconnect, KeyError, RuntimeError):  # KeyError: binary in place of text
        pass
    finally:
        session.pages.discard(page)
        sending.cancel()


def _parsed(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def bind(port: int) -> socket.socket:
    """Return a socket on the loopback interface; port 0 is any free one.

    Raises
    ------
    UserError
        The port is taken.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise UserError(f"--port {port}: taken or not allowed ({error}); leave it out for a free one") from error
    return listener


def serve(
    scene: str | Document, folder: Path, port: int, on_ready: Callable[[str], None], photograph: Path | None = None
) -> None:
    """Run the studio until interrupted.

    Parameters
    ----------
    scene : str or Document
        Name of a shipped scene, or a scene file; a document is that of a notebook, which may embed the page.
    folder : Path
        The folder that scenes are saved in.
    port : int
        Port on the loopback interface; 0 for any free one.
    on_ready : callable
        Called with the page's address, which holds the token, once connections are accepted.
    photograph : Path, optional
        A photograph to compare with.

    Raises
    ------
    UserError
        The scene or the photograph cannot be read, or the port is taken.
    """
    in_notebook = isinstance(scene, Document)
    if isinstance(scene, str):
        open_document(scene)
    photo = None if photograph is None else read_photograph(photograph)
    listener = bind(port)
    number = listener.getsockname()[1]
    access = Access(number, in_notebook)
    address = f"http://127.0.0.1:{number}/#{access.token}"
    config = uvicorn.Config(
        make_app(scene, folder, access, photo),
        log_level="warning",
        ws="websockets-sansio",
        ws_max_size=_MAX_MESSAGE,
        ws_max_queue=64,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = uvicorn.Server(config)

    async def run() -> None:
        task = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
        while not server.started and not task.done():
            await asyncio.sleep(0.02)
        if server.started:
            # In a thread, since a browser in the terminal takes until it is closed.
            threading.Thread(target=on_ready, args=(address,), daemon=True).start()
        await task

    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run())
