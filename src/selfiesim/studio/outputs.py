"""Files that the page asks for: pictures, films, and stories with contact sheets, each by a process of its own."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfiesim.core.errors import SceneError, UserError
from selfiesim.core.limits import FILM_FRAMES, STORY_FRAMES
from selfiesim.studio.drawing import Run

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene
    from selfiesim.studio.worker import Request

ENDINGS = {
    "picture": (".png", ".jpg", ".tif", ".exr"),
    "film": (".mp4", ".webp", ".gif", ".apng"),
    "story": (".zip",),
}
"""Formats of each kind of output."""
MEDIA_TYPES = {
    ".png": "image/png", ".jpg": "image/jpeg", ".tif": "image/tiff", ".exr": "image/x-exr", ".mp4": "video/mp4",
    ".webp": "image/webp", ".gif": "image/gif", ".apng": "image/apng", ".zip": "application/zip",
    ".json": "application/json",
}  # fmt: skip
_MAX_SIZE = 7680, 4320
_FPS = 1.0, 60.0
_MOST_FINISHED = 50


@dataclass(frozen=True)
class Output:
    """What to write.

    Attributes
    ----------
    request : Request
        The scene.
    path : str
        The file, in a folder of its own; a film has its recipe next to it.
    kind : str
        A key of :data:`ENDINGS`.
    quality : str
        ``"draft"`` or ``"final"``.
    size : (2,) tuple of int, or None
        Width and height, pixels, in place of the scene's.
    start, stop : str
        Moments of the first and last frame; a story begins at the release.
    frames : int
        Number of frames.
    fps : float
        Frames of a film shown per second.
    """

    request: Request
    path: str
    kind: str
    quality: str
    size: tuple[int, int] | None
    start: str
    stop: str
    frames: int
    fps: float


def output(request: Request, folder: Path, wish: dict[str, Any]) -> Output:
    """Return what a page wishes for, checked.

    Raises
    ------
    UserError
        A value is missing or out of range.
    """
    kind, ending, quality, size = (wish.get(key) for key in ("kind", "format", "quality", "size"))
    if kind not in ENDINGS or ending not in ENDINGS[kind] or quality not in ("draft", "final"):
        raise UserError("choose a format and a quality")
    if size is not None:
        is_size = isinstance(size, list) and len(size) == 2 and all(type(each) is int for each in size)
        if not is_size or not all(16 <= side <= most for side, most in zip(size, _MAX_SIZE, strict=True)):
            raise UserError("size: give width and height, from 16 to 7680 and 4320 pixels")
    start, stop, frames, fps = (wish.get(key) for key in ("start", "stop", "frames", "fps"))
    if kind != "picture":
        most = FILM_FRAMES.value if kind == "film" else STORY_FRAMES.value
        if type(frames) is not int or not 2 <= frames <= most:
            raise UserError(f"frames: give a number from 2 to {most:,}")
        if not isinstance(stop, str) or (kind == "film" and not isinstance(start, str)):
            raise UserError("from and to: give moments such as release+60s")
        if kind == "film" and not (isinstance(fps, (int, float)) and _FPS[0] <= fps <= _FPS[1]):
            raise UserError(f"frames per second: give a number from {_FPS[0]:g} to {_FPS[1]:g}")
    middle = "-story" if kind == "story" else ""
    path = folder / f"{request.name}{middle}{ending}"
    whole = None if size is None else (size[0], size[1])
    return Output(request, str(path), kind, quality, whole, start or "", stop or "", frames or 0, float(fps or 0.0))


def _in_words(wanted: Output) -> str:
    """Say what distinguishes an output from others of the same name."""
    parts = [wanted.quality] if wanted.kind == "picture" else [f"{wanted.frames} frames", wanted.quality]
    if wanted.size is not None:
        parts.insert(0, f"{wanted.size[0]} \u00d7 {wanted.size[1]}")
    return ", ".join(parts)


class Rendering:
    """The outputs of one studio: that which is being written, and those that are finished, until they are dismissed.

    Parameters
    ----------
    tell : callable
        Called with the state, JSON-ready, at each change of it: ``state``, the kind of the last message of the process
        that writes, with what it says; ``id`` of what is being written; ``finished``: of each, ``id``, ``what`` it is,
        and ``files``.
    """

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self._finished: dict[str, tuple[str, list[str]]] = {}
        self._running: tuple[str, Run] | None = None
        self._task: asyncio.Task[None] | None = None
        self._said: dict[str, Any] = {}

    def start(self, request: Request, folder: Path, wish: dict[str, Any]) -> None:
        """Start to write what a page wishes for into a new folder, whose name becomes the output's ``id``.

        Raises
        ------
        UserError
            Something is being written, too much waits to be dismissed, or the wish is wrong.
        """
        if self._running is not None:
            raise UserError("something is being rendered already; wait for it, or cancel it")
        if len(self._finished) >= _MOST_FINISHED:
            raise UserError(f"{_MOST_FINISHED} renders are kept for download; dismiss some of them first")
        wanted = output(request, folder, wish)
        folder.mkdir()
        run = Run(serve_output, wanted)
        self._running = folder.name, run
        self._task = asyncio.get_running_loop().create_task(self._follow(run, folder, _in_words(wanted)))

    def cancel(self, number: object) -> None:
        """End what is being written."""
        if self._running is not None and number in (self._running[0], None):
            self._running[1].cancel()

    def dismiss(self, number: object, folder: Path) -> None:
        """Remove a finished output and its folder."""
        if isinstance(number, str) and self._finished.pop(number, None) is not None:
            shutil.rmtree(folder / number, ignore_errors=True)
            self._say()

    async def _follow(self, run: Run, folder: Path, what: str) -> None:
        def on_message(kind: str, content: dict[str, Any]) -> None:
            if kind != "progress":
                self._running = None
            if kind == "written":
                files = sorted(path.name for path in folder.iterdir() if path.is_file())
                self._finished[folder.name] = what, files
            self._said = {"id": folder.name, "state": kind} | content
            self._say()

        on_message("progress", {"done": 0, "of": 0})
        await run.messages(on_message)

    def _say(self) -> None:
        finished = [{"id": number, "what": what, "files": files} for number, (what, files) in self._finished.items()]
        self._tell(self._said | {"finished": finished})


def serve_output(connection: Connection) -> None:
    """Write one :class:`Output`, send its progress, and end."""
    from selfiesim.studio.worker import serve_wish

    serve_wish(connection, _write)


def _write(wanted: Output, tell: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    from selfiesim.studio.worker import load_request

    scene = load_request(wanted.request)
    if wanted.size is not None:
        scene = scene.with_changes(camera__size_px=list(wanted.size))
    what = "pass" if wanted.kind == "picture" else "frame"
    writers = {"picture": _picture, "film": _film, "story": _story}
    writers[wanted.kind](scene, wanted, lambda done, of: tell({"done": done, "of": of, "what": what}))
    return {}


def _picture(scene: Scene, wanted: Output, progress: Callable[[int, int], None]) -> None:
    from selfiesim.files.images import check_writable

    check_writable(Path(wanted.path))
    scene.view().render(wanted.quality, progress=progress).expose().save(wanted.path)


def _film(scene: Scene, wanted: Output, progress: Callable[[int, int], None]) -> None:
    from selfiesim.films.film import FilmSettings, film

    resolved = scene.resolve()
    length = resolved.epoch_at(wanted.stop, "To") - resolved.epoch_at(wanted.start, "From")
    if length <= 0.0:
        raise SceneError(f"To: {wanted.stop} is not after From: {wanted.start}")
    settings = FilmSettings(
        wanted.start, wanted.stop, length / (wanted.frames - 1), fps=wanted.fps, quality=wanted.quality
    )
    film(scene, wanted.path, settings, progress)


def _story(scene: Scene, wanted: Output, progress: Callable[[int, int], None]) -> None:
    """Write the story as an archive, and its contact sheet beside it."""
    from selfiesim.pages.story import check_released, render_story, story_times

    check_released(scene, ["tianwen1-mars"])
    path = Path(wanted.path)
    folder = path.with_suffix("")
    times = story_times(scene.seconds(wanted.stop, "To"), None, wanted.frames)
    render_story(scene, times, folder, wanted.quality, on_frame=progress)
    shutil.copyfile(folder / "sheet.png", path.with_name(f"{wanted.request.name}-sheet.png"))
    shutil.make_archive(str(folder), "zip", folder.parent, folder.name)
    shutil.rmtree(folder)
