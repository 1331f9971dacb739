"""The search for a shot: what the page wishes for, the process that plans, and what it has found."""

from __future__ import annotations

import asyncio
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfiesim.core.errors import UserError
from selfiesim.studio.drawing import Run
from selfiesim.studio.worker import Request, limit_memory, load_request, serve_wish

if TYPE_CHECKING:
    from selfiesim.plan.intervals import Intervals
    from selfiesim.plan.planner import Plan
    from selfiesim.studio.document import Document

_SPANS = {
    "since_s": "--since", "speed_m_s": "--speed", "lean_deg": "--lean", "fov_deg": "--fov", "roll_deg": "--roll",
    "place_x": "--place-x", "place_y": "--place-y",
}  # fmt: skip
# What the page calls the options that messages name.
_LABELS = {
    "--from": "From", "--to": "To", "--want": "Wants", "--top": "Shots", "--since": "Since the release",
    "--speed": "Speed", "--lean": "Lean", "--fov": "Field of view", "--roll": "Roll", "--place-x": "Place across",
    "--place-y": "Place down",
}  # fmt: skip
_MOST_WANTS, _MOST_SHOTS = 20, 20
_LONGEST = 400  # characters of a want, a moment or a span
_FINEST = 1e-3  # of the searched time: windows on the page's timeline that are closer together are drawn as one


@dataclass(frozen=True)
class Wish:
    """What to look for.

    Attributes
    ----------
    request : Request
        The scene.
    folder : str
        Folder of the thumbnails.
    start, stop : str
        Moments between which to look.
    wants : list of str
        What the picture should show.
    spans : dict of str
        What may be chosen besides the time, by the attributes of :class:`selfiesim.plan.ranges.Ranges`.
    top : int
        Most shots to find.
    """

    request: Request
    folder: str
    start: str
    stop: str
    wants: list[str]
    spans: dict[str, str]
    top: int


class Planning:
    """The plan of one studio: the newest, which pages see.

    Parameters
    ----------
    tell : callable
        Called with the state, JSON-ready, at each change of it. It has ``id``; ``scene``, its name; ``wish``, as the
        page gave it; ``state``, which is ``"running"``, ``"done"`` or ``"fault"``; ``note``; and, once found, what
        :func:`found_record` returns, and ``pictures``, the number of thumbnails.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self._state: dict[str, Any] = {}
        self._document: Document | None = None
        self._folder: Path | None = None
        self._run: Run | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, document: Document, folder: Path, message: dict[str, Any]) -> None:
        """Plan with a scene, in place of the plan before.

        Raises
        ------
        UserError
            The page's wish is incomplete.
        """
        request = Request(document.revision, document.text, document.name, str(document.folder))
        wanted = _wish(request, folder, message)
        self.cancel()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        folder.mkdir()
        self._document, self._folder = document.copy(), folder
        asked = {key: message[key] for key in ("from", "to", "wants", "spans", "top")}
        self._state = {"id": folder.name, "scene": document.name, "wish": asked, "state": "running", "pictures": 0}
        self._run = Run(serve_plan, wanted)
        self._task = asyncio.get_running_loop().create_task(self._follow(self._run))
        self._change(note="starting")

    def cancel(self) -> None:
        """End the search, or the drawing of thumbnails."""
        if self._run is not None:
            self._run.cancel()
            self._run = None
            self._change(state="done" if "shots" in self._state else "fault", note="Cancelled.")

    def shot(self, number: object) -> Document:
        """Return the document of a shot: the scene that was planned with, with the keys set that make the shot.

        Raises
        ------
        UserError
            There is no such shot, or the keys cannot be set in this text.
        """
        found = next((each for each in self._state.get("shots", []) if each["number"] == number), None)
        if found is None or self._document is None:
            raise UserError("this shot is no longer there; plan again")
        document = self._document.copy()
        document.set(found["changes"])
        return document

    async def _follow(self, run: Run) -> None:
        def on_message(kind: str, content: dict[str, Any]) -> None:
            if run is not self._run:  # cancelled
                return
            if kind == "fault":
                self._change(state="fault", note=_in_words(content["message"]))
            else:
                self._change(**content)

        await run.messages(on_message)
        if run is self._run:
            self._run = None

    def _change(self, **content: Any) -> None:
        self._state |= content
        self._tell(self._state)


def _wish(request: Request, folder: Path, message: dict[str, Any]) -> Wish:
    start, stop, wants, spans, top = (message.get(key) for key in ("from", "to", "wants", "spans", "top"))
    if not isinstance(start, str) or not isinstance(stop, str) or not start or not stop:
        raise UserError("plan: give the moments between which to look")
    if not isinstance(wants, list) or not 1 <= len(wants) <= _MOST_WANTS:
        raise UserError(f"plan: say what the picture should show, in up to {_MOST_WANTS} wants")
    if not isinstance(spans, dict) or not set(spans) <= set(_SPANS):
        raise UserError("plan: " + ", ".join(_LABELS[option] for option in _SPANS.values()) + " may be chosen")
    if not all(isinstance(each, str) and len(each) <= _LONGEST for each in (start, stop, *wants, *spans.values())):
        raise UserError(f"plan: write wants, moments and spans with up to {_LONGEST} characters each")
    if type(top) is not int or not 1 <= top <= _MOST_SHOTS:
        raise UserError(f"plan: ask for 1 to {_MOST_SHOTS} shots")
    return Wish(request, str(folder), start, stop, wants, {key: text for key, text in spans.items() if text}, top)


def serve_plan(connection: Connection) -> None:
    """Carry out one :class:`Wish`, send what is found and then its thumbnails, and end."""
    limit_memory()
    serve_wish(connection, _plan)


def _plan(wish: Wish, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    from selfiesim.plan.outputs import thumbnail
    from selfiesim.plan.planner import plan
    from selfiesim.plan.ranges import Ranges, parse_range

    scene = load_request(wish.request)
    ranges = Ranges(**{key: parse_range(text, _SPANS[key]) for key, text in wish.spans.items()})
    found = plan(scene, wish.start, wish.stop, wish.wants, ranges, wish.top, lambda text: tell({"note": text}))
    tell(found_record(found))
    for done, shot in enumerate(found.shots):
        tell({"note": f"drawing shot {done + 1} of {len(found.shots)}", "pictures": done})
        thumbnail(shot).save(Path(wish.folder) / f"{done + 1}.jpg", quality=85)
    return {"state": "done", "note": "", "pictures": len(found.shots)}


def found_record(found: Plan) -> dict[str, Any]:
    """Return what a plan has found, JSON-ready.

    Returns
    -------
    dict
        ``from_utc`` and ``to_utc``; ``shots``, as in :func:`selfiesim.plan.outputs.record`, with the ``changes`` of the
        scene; ``why_not``, sentences; ``timeline``, windows of the shots and of each want, as fractions of the time.
    """
    from selfiesim.plan.intervals import Intervals
    from selfiesim.plan.outputs import record

    table = record(found)
    shots = [each | {"changes": shot.changes} for each, shot in zip(table["shots"], found.shots, strict=True)]
    windows = Intervals.of((shot.start - found.start, shot.end - found.start) for shot in found.shots)
    rows = {"shots": windows, **found.windows_by_want}
    return {
        "from_utc": table["from_utc"],
        "to_utc": table["to_utc"],
        "shots": shots,
        "why_not": [each["text"] for each in table["why_not"]],
        "timeline": [[text, _drawn(row, found.end - found.start)] for text, row in rows.items()],
    }


def _drawn(windows: Intervals, duration_s: float) -> list[list[float]]:
    """Windows as fractions of the duration; what would be drawn at the same place is one."""
    drawn: list[list[float]] = []
    for start, end in windows:
        span = [round(start / duration_s, 5), round(end / duration_s, 5)]
        if drawn and span[0] - drawn[-1][1] < _FINEST:
            drawn[-1][1] = max(drawn[-1][1], span[1])
        else:
            drawn.append(span)
    return drawn


def _in_words(message: str) -> str:
    """Return a message with the page's words for the options of the command."""
    return re.sub(r"--[a-z-]+", lambda option: _LABELS.get(option[0], option[0]), message)
