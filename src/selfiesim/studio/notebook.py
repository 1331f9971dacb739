"""The studio in a notebook: a server of its own for one scene, in a frame, for as long as the kernel runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import weakref
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from selfiesim.core.errors import UserError
from selfiesim.studio.server import require_packages, serve

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene

_CHILD = "from selfiesim.studio.notebook import serve_child; serve_child()"


class NotebookStudio:
    """The studio of one scene, which a notebook shows as a frame.

    It ends with the kernel, with :meth:`stop`, and when nothing refers to it any more.

    Parameters
    ----------
    scene : Scene
        The scene to begin with.
    height : int
        Height of the frame, CSS pixels.

    Attributes
    ----------
    address : str
        Where it is, with the token that opens it; on this machine only.
    height : int
        Height of the frame, CSS pixels.

    Raises
    ------
    UserError
        A package is missing, or the server does not start.
    """

    def __init__(self, scene: Scene, height: int = 720) -> None:
        require_packages()
        import tomlkit

        self.height = int(height)
        process = subprocess.Popen(
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # the notebook's Interrupt is for the cell that runs
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._end = weakref.finalize(self, _end, process)
        table = scene.model_dump(mode="json", exclude_unset=True)
        begin = {"text": tomlkit.dumps(table), "name": Path(scene.source).stem, "folder": str(scene.folder)}
        process.stdin.write(json.dumps(begin) + "\n")
        process.stdin.flush()
        self.address = process.stdout.readline().strip()
        if not self.address:
            raise UserError(process.stderr.read().strip() or "the studio did not start")

    def stop(self) -> None:
        """End the server; the frame then says that it has no connection."""
        self._end()

    def _repr_html_(self) -> str:
        address = escape(self.address)
        return (
            f'<iframe src="{address}" title="selfiesim studio" width="100%" height="{self.height}" style="border: 0" '
            f'allow="clipboard-write"></iframe><p><a href="{address}" target="_blank">Open the studio in a tab</a></p>'
        )

    def __repr__(self) -> str:
        return f"NotebookStudio({self.address!r})"


def _end(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        assert stream is not None
        stream.close()
    process.terminate()
    process.wait(10.0)


def _announce(address: str) -> None:
    sys.stdout.write(address.replace("127.0.0.1", "localhost") + "\n")
    sys.stdout.flush()


def serve_child() -> None:
    """Serve the scene that standard input begins with, until standard input ends, as it does when the kernel ends."""
    from selfiesim.studio.document import Document

    begin = json.loads(sys.stdin.readline())
    document = Document(begin["text"], begin["name"], Path(begin["folder"]))

    def watch() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
    try:
        serve(document, Path.cwd(), 0, _announce)
    except UserError as error:
        sys.exit(str(error))
