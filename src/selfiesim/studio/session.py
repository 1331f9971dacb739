"""What the pages of one studio share: the document, the drawing, and what each connected page has been sent."""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from selfiesim.core.errors import UserError
from selfiesim.core.files import atomic_write
from selfiesim.core.limits import STUDIO_PAGES, STUDIO_TEXT
from selfiesim.studio.document import Document, open_document
from selfiesim.studio.drawing import Drawing, Message
from selfiesim.studio.outputs import Rendering
from selfiesim.studio.planning import Planning
from selfiesim.studio.worker import Request

_LONGEST_NAME = 200  # bytes of a file name; file systems take 255, with what a temporary file adds
_BUILD_S, _SLOW_PAGE_S = 0.15, 2.0  # drawing begins so long after the first page connects, or at the latest
_MOST_PAIRS = 200  # of points in a render and a photograph

_log = logging.getLogger(__name__)


class Page:
    """One connected page. Frames wait until it has acknowledged the one before.

    Only the newest message of each kind waits, so a page that does not read costs a bounded amount of memory.
    """

    def __init__(self, send: Callable[[str | bytes], Awaitable[None]]) -> None:
        self._send = send
        self._texts: dict[str, str] = {}
        self._frame: bytes | None = None
        self._is_free = True
        self._wake = asyncio.Event()

    def tell(self, kind: str, content: dict[str, Any]) -> None:
        """Queue a message in place of one of its kind that waits."""
        self._texts.pop(kind, None)
        self._texts[kind] = json.dumps({"type": kind} | content, allow_nan=False, default=str)
        self._wake.set()

    def show(self, frame: bytes) -> None:
        """Queue a frame in place of one that waits."""
        self._frame = frame
        self._wake.set()

    def acknowledge(self) -> None:
        """Note that the page has drawn the last frame."""
        self._is_free = True
        self._wake.set()

    async def run(self) -> None:
        """Send what is queued, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._texts:
                await self._send(self._texts.pop(next(iter(self._texts))))
            if self._frame is not None and self._is_free:
                frame, self._frame, self._is_free = self._frame, None, False
                await self._send(frame)


class Session:
    """The studio of one scene.

    Parameters
    ----------
    document : Document
        The scene.
    folder : Path
        The folder that scenes are saved in.
    """

    def __init__(self, document: Document, folder: Path) -> None:
        self.folder, self.document = folder, document
        # What this studio knows to be in a file; what something else has written since is not written over.
        self._on_disk = folder / f"{self.document.name}.toml", self.document.text.encode()
        self.pages: set[Page] = set()
        self._drawing = Drawing(self._on_message)
        self._latest: dict[str, dict[str, Any]] = {}
        self._last_frame: bytes | None = None
        self._rendering = Rendering(partial(self._keep, "output"))
        self._planning = Planning(partial(self._keep, "plan"))
        self._scratch = tempfile.TemporaryDirectory(prefix="selfiesim-studio-")
        self._questions = _Questions()
        self._count = 0
        # A page that is being built needs the processor more than its first picture does.
        self._loop = asyncio.get_running_loop()
        self._begin = self._loop.call_later(_SLOW_PAGE_S, self.redraw)

    def close(self) -> None:
        """End the processes, and remove pictures that were not downloaded."""
        self._begin.cancel()
        self._drawing.close()
        self._planning.cancel()
        self._rendering.cancel(None)
        self._scratch.cleanup()

    def join(self, page: Page) -> None:
        """Add a page and send it everything that there is to see.

        Raises
        ------
        UserError
            Too many pages are open.
        """
        count = len(self.pages) + 1
        STUDIO_PAGES.check(count, f"{count} pages of this studio are open; close one", UserError)
        self.pages.add(page)
        if not self._drawing.has_begun:
            self._begin.cancel()
            self._begin = self._loop.call_later(_BUILD_S, self.redraw)
        page.tell("document", self._document_state())
        for kind, content in self._latest.items():
            page.tell(kind, content)
        if self._last_frame is not None:
            page.show(self._last_frame)

    def handle(self, page: Page, message: dict[str, Any]) -> None:
        """Carry out what a page asks for.

        Raises
        ------
        UserError
            It cannot be done; the message says why.
        """
        kind = message.get("type")
        if kind == "ack":
            page.acknowledge()
        elif kind == "set" and isinstance(message.get("values"), dict):
            merge = message.get("merge")
            self._edit(lambda: self.document.set(message["values"], merge if isinstance(merge, str) else None))
        elif kind == "arrange" and isinstance(message.get("path"), str):
            value, entry = message.get("value"), message.get("entry")
            self._edit(
                lambda: self.document.arrange(
                    message["path"],
                    str(message.get("action")),
                    entry if type(entry) is int else -1,
                    value if isinstance(value, dict) else None,
                )
            )
        elif kind == "text" and isinstance(message.get("text"), str):
            self._edit(lambda: self.document.replace(message["text"], "typing"))
        elif kind in ("undo", "redo"):
            self._edit(self.document.undo if kind == "undo" else self.document.redo)
        elif kind == "open" and isinstance(message.get("scene"), str):
            self._edit(lambda: self.document.open(open_document(message["scene"], shipped_only=True)))
        elif kind == "save":
            self._save(message.get("name"))
        elif kind == "render":
            self._rendering.start(self._request(), self._new_folder(), message)
        elif kind == "plan":
            self._planning.start(self.document, self._new_folder(), message)
        elif kind == "plan-open":
            self._edit(lambda: self.document.open(self._planning.shot(message.get("number"))))
        elif kind == "plan-cancel":
            self._planning.cancel()
        elif kind == "match":
            self._ask(page, _question(message))
        elif kind == "cancel":
            self._rendering.cancel(message.get("id", ""))
        elif kind == "dismiss":
            self._rendering.dismiss(message.get("id"), Path(self._scratch.name))

    def redraw(self) -> None:
        """Draw the document as it is."""
        self._draw(self._request())

    def leave(self, page: Page) -> None:
        """Forget a page that is gone."""
        self.pages.discard(page)
        self._questions.drop(page)

    def _ask(self, page: Page, question: dict[str, Any]) -> None:
        self._questions.add(page, question)
        self._ask_next()

    def _ask_next(self) -> None:
        question = self._questions.next()
        if question is not None:
            self._draw(replace(self._request(), question=question))

    def _draw(self, request: Request) -> None:
        self._begin.cancel()
        self._drawing.draw(request)

    def output_file(self, number: str, name: str) -> Path | None:
        """Return a file of a run, or None."""
        if not number.isdecimal():
            return None
        folder = Path(self._scratch.name) / number
        return next((path for path in folder.glob("*") if path.name == name and path.is_file()), None)

    def _edit(self, change: Callable[[], None]) -> None:
        before = self.document.revision
        change()
        if self.document.revision != before:
            self._changed()

    def _changed(self) -> None:
        self._questions.clear()  # pages ask again, about the changed scene
        self._latest.pop("faults", None)
        self._tell_all("document", self._document_state())
        self.redraw()

    def _request(self) -> Request:
        document = self.document
        return Request(document.revision, document.text, document.name, str(document.folder))

    def _document_state(self) -> dict[str, Any]:
        document = self.document
        return {
            "name": document.name,
            "revision": document.revision,
            "text": document.text,
            "saved": document.text == document.saved,
            "canUndo": document.can_undo,
            "canRedo": document.can_redo,
        }

    def _save(self, name: object) -> None:
        """Write the scene into the folder; a new name must be a plain file name."""
        text = str(name or f"{self.document.name}.toml")
        path = self.folder / text
        if (
            Path(text).name != text
            or path.suffix != ".toml"
            or text.startswith(".")
            or not text.isprintable()
            or len(text.encode()) > _LONGEST_NAME
        ):
            raise UserError(f"{text[:60]!r} is not a file name such as my-shot.toml")
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise UserError(f"{text}: is a link or no file; choose another name")
        self._check_unchanged(path)
        with atomic_write(path) as temporary:
            temporary.write_text(self.document.text, encoding="utf-8")
        self._on_disk = path, self.document.text.encode()
        self.document.mark_saved(path.stem)
        self._tell_all("document", self._document_state())
        self._tell_all("status", {"text": f"Saved as {path.name}"})

    def _check_unchanged(self, path: Path) -> None:
        """Refuse, once for each content, to write over a file that this studio has neither read nor written."""
        try:
            with path.open("rb") as file:
                content = file.read(STUDIO_TEXT.value + 1)
        except OSError:  # there is none; or writing will fail, and say why
            return
        if (path, content) != self._on_disk and content != self.document.text.encode():
            self._on_disk = path, content
            raise UserError(f"{path.name}: has been changed by something else; save again to replace it")

    def _new_folder(self) -> Path:
        """A folder, not made yet, of what pages may get by its number."""
        self._count += 1
        return Path(self._scratch.name) / str(self._count)

    def _keep(self, kind: str, content: dict[str, Any]) -> None:
        """Tell all pages, and those that come later."""
        self._latest[kind] = _finite(content)
        self._tell_all(kind, self._latest[kind])

    def _on_message(self, message: Message) -> None:
        kind, revision, content, picture = message
        # A picture of a moment ago is better than none while something moves; facts of then are wrong. A shape is sent
        # once.
        if revision != self.document.revision and kind not in ("lost", "frame", "shape"):
            return
        if kind == "frame":
            header = json.dumps(content | {"revision": revision}).encode()
            self._last_frame = len(header).to_bytes(4, "big") + header + picture
            for page in self.pages:
                page.show(self._last_frame)
            return
        content = _finite(content) | {"revision": revision}
        if kind == "match":
            self._answer(content)
            return
        if kind in ("lost", "faults"):
            self._questions.clear()
        if kind == "lost":
            for page in self.pages:
                page.tell("lost", {})
            _log.warning("%s", content["message"])
            self._tell_all("status", {"text": content["message"], "error": True})
            return
        if content.get("machine"):
            _log.warning("%s", content["faults"][0]["message"])
        if kind == "scene":
            self._latest.pop("faults", None)
        self._latest[kind] = content
        self._tell_all(kind, content)

    def _answer(self, content: dict[str, Any]) -> None:
        asked = self._questions.take(content["number"])
        if asked is not None:
            page, number = asked
            page.tell("match", content | {"number": number})
            self._ask_next()

    def _tell_all(self, kind: str, content: dict[str, Any]) -> None:
        for page in self.pages:
            page.tell(kind, content)


class _Questions:
    """What pages want to know of their points. The process that draws answers one at a time: each page's last waits."""

    def __init__(self) -> None:
        self._waiting: dict[Page, dict[str, Any]] = {}
        self._asked: tuple[int, Page, Any] | None = None  # by our number: whose question, and the page's own number
        self._count = 0

    def add(self, page: Page, question: dict[str, Any]) -> None:
        """Put a question in place of the page's last."""
        self.drop(page)
        self._waiting[page] = question

    def next(self) -> dict[str, Any] | None:
        """Return the question to ask, with a number of ours; None if there is none, or one is being answered."""
        if self._asked is not None or not self._waiting:
            return None
        page = next(iter(self._waiting))
        question = self._waiting.pop(page)
        self._count += 1
        self._asked = self._count, page, question["number"]
        return question | {"number": self._count}

    def take(self, number: int) -> tuple[Page, Any] | None:
        """Return whose question an answer is for, and the page's number; None if nobody waits for it."""
        if self._asked is None or self._asked[0] != number:
            return None
        _, page, theirs = self._asked
        self._asked = None
        return page, theirs

    def drop(self, page: Page) -> None:
        """Forget what a page wanted to know."""
        self._waiting.pop(page, None)
        if self._asked is not None and self._asked[1] is page:
            self._asked = None

    def clear(self) -> None:
        """Forget all: the scene has changed, or the process has."""
        self._waiting.clear()
        self._asked = None


def _is_pair(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(type(each) in (int, float) for each in value)


def _question(message: dict[str, Any]) -> dict[str, Any]:
    points, fit = message.get("points"), message.get("fit")
    if (
        not isinstance(points, list)
        or len(points) > _MOST_PAIRS
        or not all(isinstance(each, dict) and _is_pair(each.get("pixel")) for each in points)
        or not isinstance(fit, str)
        or not _is_pair(message.get("size_px"))
    ):
        raise UserError(
            f"match: give up to {_MOST_PAIRS} points with pixels, the photograph's size, and what to solve for"
        )
    return {key: message.get(key) for key in ("number", "size_px", "points", "fit", "search")}


def _finite(content: Any) -> Any:
    """Return JSON-ready content with None for numbers that JSON lacks."""
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    if isinstance(content, float) and not -1e308 < content < 1e308:
        return None
    return content
