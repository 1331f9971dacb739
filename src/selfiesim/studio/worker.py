"""The process that draws: it takes the text of a scene and sends pictures that get better while nothing changes.

A request that arrives while another is drawn ends that one at its next pass. The studio replaces the process when it
dies or does not answer, so that no scene can take the page down with it.
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfiesim.core.errors import GraphicsError, UserError
from selfiesim.core.files import reason
from selfiesim.core.limits import STUDIO_BYTES
from selfiesim.studio.document import find_faults, parse

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo
    from selfiesim.planet.maps.surface import Surface
    from selfiesim.scene.scene import Scene
    from selfiesim.view.view import View

LADDER = (320, 640, 1280)
"""Widths, pixels, of the pictures of one pass before the draft of the scene's own size."""
_QUICK_S, _SLOW_S = 0.1, 0.18  # a step that takes less makes the next picture begin higher; two that take more, lower
_PAUSE_S = 0.1  # without a request, after which a picture gets better: a pass once begun delays the next change
_REST_S = 0.5  # without a request, after which the final picture begins
_ALIVE_S = 5.0  # between the messages of a long render that it goes on
_JPEG_QUALITY = 80
_LARGEST_SHOWN = 2560  # pixels a side: a larger picture is shown smaller, and rendered whole on demand


@dataclass(frozen=True)
class Request:
    """What to draw.

    Attributes
    ----------
    revision : int
        Of the document; the answers carry it.
    text : str
        The scene.
    name, folder : str
        Name of the scene, and folder of its files.
    question : dict, optional
        What to solve for first, see :class:`selfiesim.studio.matching.Matcher`.
    """

    revision: int
    text: str
    name: str
    folder: str
    question: dict[str, Any] | None = None


class _Superseded(Exception):  # noqa: N818 - the usual course of events
    """A newer request has arrived."""


class _Unreachable(Exception):  # noqa: N818 - the usual end
    """The studio has closed its end of the connection."""


class _Channel:
    """The connection to the studio. It fails with its own exception: an ``OSError`` is that of a file of the scene."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def newest(self) -> Request:
        """Wait for a request; of several, return the last."""
        try:
            request: Request = self._connection.recv()
            while self._connection.poll():
                request = self._connection.recv()
        except (EOFError, OSError) as error:
            raise _Unreachable from error
        return request

    def is_waiting(self, seconds: float) -> bool:
        """Whether a request arrives within this time."""
        try:
            return self._connection.poll(seconds)
        except OSError as error:
            raise _Unreachable from error

    def send(self, kind: str, revision: int, content: dict[str, Any], picture: bytes = b"") -> None:
        try:
            self._connection.send((kind, revision, content, picture))
        except OSError as error:
            raise _Unreachable from error


def serve_previews(connection: Connection) -> None:
    """Draw each :class:`Request` that arrives, the newest first, until the other end closes."""
    limit_memory()
    channel = _Channel(connection)
    artist = _Artist(channel)
    while True:
        try:
            artist.draw(channel.newest())
        except _Superseded:
            continue
        except (_Unreachable, KeyboardInterrupt):
            return


def serve_wish(
    connection: Connection, carry_out: Callable[[Any, Callable[[dict[str, Any]], None]], dict[str, Any]]
) -> None:
    """Carry out one wish that arrives, tell the studio of its progress and its result, and end.

    Parameters
    ----------
    connection : Connection
        To the studio.
    carry_out : callable
        Called with the wish and a function that tells of progress; returns what is said of the result.
    """

    def tell(kind: str, content: dict[str, Any]) -> None:
        try:
            connection.send((kind, content))
        except OSError as error:
            raise _Unreachable from error

    with suppress(EOFError, _Unreachable, KeyboardInterrupt):
        wish = connection.recv()
        try:
            tell("written", carry_out(wish, partial(tell, "progress")))
        except MemoryError:
            tell("fault", {"message": STUDIO_BYTES.excess("this takes too much memory")})
        except UserError as error:
            tell("fault", {"message": str(error)})
        except OSError as error:
            tell("fault", {"message": f"a file cannot be read or written: {reason(error)}"})


def limit_memory() -> None:
    """Have an allocation fail that is too large for the studio to notice in time."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = 2 * STUDIO_BYTES.value
    resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


class _Artist:
    def __init__(self, channel: _Channel) -> None:
        self._channel = channel
        self._first = 0  # step of the ladder with which a picture begins
        self._was_slow = False  # the first of another size takes longer: meshes of other detail, and their shadows
        self._strip_of: Any = None
        self._surfaces: set[Surface] = set()
        self._alive_s = 0.0
        self._request: Request | None = None
        self._shape_of: Any = None
        self._matcher: Any = None
        self._at_rest: int | None = None  # revision whose final picture has been sent

    def draw(self, request: Request) -> None:
        self._request = request
        self._say_alive()
        try:
            self._draw(request)
        except MemoryError:
            self._refuse(request, STUDIO_BYTES.excess("this scene takes too much memory to draw"))
        except OSError as error:  # a full disk under the cache, or a file that went away while it was read
            self._refuse(request, f"this scene cannot be drawn: {reason(error)}", is_machine=True)

    def _refuse(self, request: Request, message: str, is_machine: bool = False) -> None:
        self._send("faults", request, {"faults": [{"message": message, "line": None}], "machine": is_machine})

    def _draw(self, request: Request) -> None:
        from selfiesim.render.gl import opengl_check

        try:
            scene = load_request(request)
            view = scene.view()
        except UserError as error:
            faults = [vars(fault) for fault in find_faults(request.text, str(error), request.name)]
            self._send("faults", request, {"faults": faults})
            return
        if request.question is not None:
            self._match(request, request.question, scene, view)
            if self._at_rest == request.revision:
                return
        self._at_rest = None
        given = parse(request.text, request.name)
        self._send("scene", request, {"values": scene.model_dump(mode="json"), "given": given, "faults": []})
        try:
            opengl_check.require()  # before anything that takes long
            self._prepare_maps(view)
            self._draw_steps(request, scene, view)
            self._at_rest = request.revision
        except UserError as error:
            self._refuse(request, str(error), isinstance(error, GraphicsError))

    def _match(self, request: Request, question: dict[str, Any], scene: Scene, view: View) -> None:
        from selfiesim.studio.matching import Matcher

        self._matcher = self._matcher or Matcher()
        try:
            found = self._matcher.answer(question, scene, view, request.revision)
        except UserError as error:
            found = {"number": question["number"], "points": [], "message": str(error)}
        # The last message where the picture is final already.
        stage = "done" if self._at_rest == request.revision else "draft"
        self._send("match", request, found | {"stage": stage})

    def _prepare_maps(self, view: View) -> None:
        """Read the maps of a planet; the first time on a machine they are built, for longer than a picture may take."""
        from selfiesim.planet.maps.surface import surface_maps

        if view.planet is not None and view.planet.surface not in self._surfaces:
            self._say_alive(in_maps=True)
            surface_maps(view.planet.surface)
            self._surfaces.add(view.planet.surface)
            self._say_alive()

    def _draw_steps(self, request: Request, scene: Scene, view: View) -> None:
        width, height = view.camera.width, view.camera.height
        shown = round(width * min(1.0, _LARGEST_SHOWN / max(width, height)))
        widths = sorted({min(step, shown) for step in LADDER})
        first = min(self._first, len(widths) - 1)
        for number, step in enumerate(widths[first:]):
            start = time.perf_counter()
            # Without motion blur, which takes a view for each pass.
            self._send_frame(request, _shrunk(view, step).render("draft", 1, shutter_open_s=0.0).expose(), "draft")
            if number == 0:
                self._adapt(time.perf_counter() - start, len(widths))
                self._send("overlay", request, self._overlay(view))
            self._pause(_PAUSE_S)
        whole = _resized(scene, view, shown)
        self._send_frame(request, whole.render("draft", progress=self._check).expose(), "draft")
        self._send_shape(request, view)
        self._send("strip", request, self._strip(scene))
        self._pause(_REST_S)
        self._draw_final(request, whole, is_whole=shown == width)

    def _draw_final(self, request: Request, view: View, is_whole: bool) -> None:
        from selfiesim.files.images import png_bytes

        def show(radiance: Any) -> None:
            self._check()
            if radiance.samples >= 4:
                self._send_frame(request, radiance.expose(), "final")

        photo = view.render("final", progress=self._check, preview=show).expose()
        self._check()
        meta = {"stage": "done", "size": [view.camera.width, view.camera.height], "whole": is_whole}
        meta["exposure"] = str(photo.exposure)
        self._channel.send("frame", request.revision, meta | {"type": "image/png"}, png_bytes(photo))

    def _adapt(self, seconds: float, steps: int) -> None:
        self._first = min(self._first, steps - 1)
        is_slow = seconds > _SLOW_S
        if seconds < _QUICK_S:
            self._first += 1
        elif is_slow and self._was_slow and self._first > 0:
            self._first -= 1
        self._was_slow = is_slow

    def _send_frame(self, request: Request, photo: Photo, stage: str) -> None:
        from PIL import Image

        buffer = io.BytesIO()
        Image.fromarray(photo.pixels).save(buffer, "JPEG", quality=_JPEG_QUALITY)
        height, width = photo.pixels.shape[:2]
        meta = {"stage": stage, "size": [width, height], "type": "image/jpeg", "exposure": str(photo.exposure)}
        self._channel.send("frame", request.revision, meta, buffer.getvalue())

    def _overlay(self, view: View) -> dict[str, Any]:
        from selfiesim.studio.overlay import overlay

        return overlay(view)

    def _send_shape(self, request: Request, view: View) -> None:
        from selfiesim.studio.shape import shape

        key = view.craft.craft, view.craft.hidden_nodes
        if self._shape_of != key:
            self._send("shape", request, shape(view.craft))
            self._shape_of = key

    def _strip(self, scene: Scene) -> dict[str, Any]:
        from selfiesim.studio.overlay import drift_strip

        key = scene.model_dump_json(exclude={"at", "photo", "title", "summary", "mission", "kind", "assumed"})
        if self._strip_of is None or self._strip_of[0] != key:
            self._strip_of = key, drift_strip(scene, self._check)
        strip: dict[str, Any] = self._strip_of[1]
        return strip

    def _check(self, *_progress: int) -> None:
        self._pause(0.0)

    def _pause(self, seconds: float) -> None:
        if time.monotonic() - self._alive_s > _ALIVE_S:
            self._say_alive()
        if self._channel.is_waiting(seconds):
            raise _Superseded

    def _say_alive(self, in_maps: bool = False) -> None:
        """Have the studio wait for this process, and know that it has taken the request."""
        self._alive_s = time.monotonic()
        assert self._request is not None
        self._send("alive", self._request, {"in_maps": in_maps})

    def _send(self, kind: str, request: Request, content: dict[str, Any]) -> None:
        self._channel.send(kind, request.revision, content)


def load_request(request: Request) -> Scene:
    """Return the scene of a request.

    Raises
    ------
    UserError
        The text is not valid TOML, or not a valid scene.
    """
    from selfiesim.scene.scene import Scene

    return Scene.from_table(parse(request.text, request.name), request.name, Path(request.folder))


def _shrunk(view: View, width: int) -> View:
    """Return the view in a smaller picture: the same instant, looked at with coarser pixels."""
    camera = view.camera
    height = max(16, round(camera.height * width / camera.width))
    x, y = width / camera.width, height / camera.height
    small = replace(
        camera,
        width=width,
        height=height,
        fx=camera.fx * x,
        fy=camera.fy * y,
        cx=(camera.cx + 0.5) * x - 0.5,
        cy=(camera.cy + 0.5) * y - 0.5,
    )
    return replace(view, camera=small)


def _resized(scene: Scene, view: View, width: int) -> View:
    """Return the view in a picture of another width, with the same field of view."""
    if width == view.camera.width:
        return view
    height = max(16, round(view.camera.height * width / view.camera.width))
    changed = scene.with_changes(camera__size_px=[width, height]).view()
    # The picture keeps the full size's exposure metadata and labels.
    return replace(changed, shot=replace(changed.shot, photo=view.shot.photo))
