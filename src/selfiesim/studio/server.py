"""The start of the studio: its address is announced first; what serves the page is imported while the browser opens."""

from __future__ import annotations

import contextlib
import secrets
import socket
import threading
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from selfiesim.core.errors import UserError
from selfiesim.core.files import reason

if TYPE_CHECKING:
    from selfiesim.studio.document import Document

INSTALL_COMMAND = "pip install 'selfiesim[studio]'"
_PACKAGES = ("starlette", "uvicorn", "websockets", "tomlkit")


def require_packages() -> None:
    """Check that the packages are installed that only the studio needs.

    Raises
    ------
    UserError
        One is missing; the message has the command that installs it.
    """
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise UserError(f"the studio needs {', '.join(missing)}; run: {INSTALL_COMMAND}")


def listen(port: int) -> socket.socket:
    """Return a socket on the loopback interface, at which connections wait to be accepted; port 0 is any free one.

    Raises
    ------
    UserError
        The port is taken.
    """
    # asyncio sends small packets at once only where the protocol is named; they wait for 40 ms otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        why = reason(error) if isinstance(error, OSError) else "ports go to 65535"
        raise UserError(f"--port {port}: taken or not allowed ({why}); leave it out for a free one") from error
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
        Called with the page's address, which holds the token, once a browser may open it.
    photograph : Path, optional
        A photograph to compare with.

    Raises
    ------
    UserError
        The scene or the photograph cannot be read, or the port is taken.
    """
    from selfiesim.studio.document import open_document
    from selfiesim.studio.photograph import read_photograph

    in_notebook = not isinstance(scene, str)
    document = open_document(scene) if isinstance(scene, str) else scene
    photo = None if photograph is None else read_photograph(photograph)
    listener = listen(port)
    number, token = listener.getsockname()[1], secrets.token_urlsafe(24)
    # In a thread, since a browser in the terminal takes until it is closed.
    threading.Thread(target=on_ready, args=(f"http://127.0.0.1:{number}/#{token}",), daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):
        from selfiesim.studio.access import Access
        from selfiesim.studio.app import make_app, run

        run(make_app(document, folder, Access(number, token, in_notebook), photo), listener)
