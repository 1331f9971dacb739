"""Rendering in a process that was forked from one that had used OpenGL.

Such a process has its parent's OpenGL, but not the threads that OpenGL waits for, so that a new context hangs as does
the old one. (Mesa's llvmpipe has a thread per core; so have Dr.Jit under Mitsuba, and TBB under Embree.) So it starts a
fresh process of Python at its first render, which renders for it: views go there and radiance comes back, pickled.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.spawn import get_executable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import GraphicsError
from selfiesim.render.common.radiance import Preview, Progress, Radiance

if TYPE_CHECKING:
    from selfiesim.render.common.truth import Truth
    from selfiesim.render.raster.coverage import Coverage
    from selfiesim.view.view import View

_MODULES_WITH_THREADS = ("vtkmodules.vtkRenderingOpenGL2", "drjit", "embreex")
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[2]); from selfiesim.render import forked; forked.serve()"
_RETURNED, _RAISED, _CALLBACK = "returned", "raised", "callback"

Task = tuple[Callable[..., Any], tuple[Any, ...]]

_is_cut_off = False


def is_cut_off() -> bool:
    """Whether this process was forked from one that had loaded OpenGL, and hence cannot use it."""
    return _is_cut_off


def require_own_opengl() -> None:
    """Check that this process may use OpenGL itself.

    Raises
    ------
    GraphicsError
        If it was forked from one that had loaded OpenGL.
    """
    if _is_cut_off:
        raise GraphicsError(
            "this process was forked from one that had loaded OpenGL, whose threads it lacks: render with View.render, "
            "or start the process with the method 'spawn' or 'forkserver' of multiprocessing"
        )


class DelegatingRenderer:
    """A renderer that has another process render."""

    def __init__(self, engine: str) -> None:
        self._engine = engine

    def render(
        self,
        view: View,
        quality: str,
        samples: int | None = None,
        progress: Progress | None = None,
        moving: Sequence[View] = (),
        preview: Preview | None = None,
    ) -> Radiance:
        """Render ``view``; see :class:`selfiesim.render.common.radiance.Renderer`.

        Raises
        ------
        GraphicsError
            As the engine, and if the other process ends unexpectedly.
        ValueError
            As the engine.
        """

        def received(rgb: NDArray[np.float32], engine: str, count: int) -> Radiance:
            return Radiance(rgb, view.with_quality(quality), quality, engine, count, tuple(moving))

        def show(*found: Any) -> None:
            assert preview is not None
            preview(received(*found))

        wanted = progress is not None, preview is not None
        task = _render, (view, quality, samples, self._engine, tuple(moving), wanted)
        return received(*_call(task, (progress, show)))

    def truth(self, view: View) -> Truth:
        """Return the ground truth at each pixel centre, without antialiasing."""
        return _call((_truth, (view,)), ())  # type: ignore[no-any-return]

    def lights(
        self,
        view: View,
        quality: str,
        samples: int | None = None,
        progress: Progress | None = None,
        moving: Sequence[View] = (),
    ) -> dict[str, NDArray[np.float32]]:
        """Render each kind of light on its own."""
        task = _lights, (view, quality, samples, progress is not None, tuple(moving))
        return _call(task, (progress,))  # type: ignore[no-any-return]

    def coverage(self, view: View, count: int, moving: Sequence[View] = ()) -> Coverage:
        """Return which parts each pixel shows."""
        return _call((_coverage, (view, count, tuple(moving))), ())  # type: ignore[no-any-return]


class _HelperEndedError(Exception):
    """The other process has ended, or was ended."""


class _Helper:
    """The process that renders, and the connection to it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        command = [get_executable(), "-c", _START, str(theirs.fileno()), json.dumps([str(each) for each in sys.path])]
        with theirs:
            # A session of its own, so that Ctrl-C reaches only the process that waits.
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True
            )
        self._connection: Connection[Any, Any] = Connection(ours.detach())

    def call(self, task: Task, callbacks: Sequence[Callable[..., Any] | None]) -> Any:
        """Have it run a task; callbacks run here.

        Raises
        ------
        _HelperEndedError
            If the process ends meanwhile.
        """
        try:
            self._connection.send((str(Path.cwd()), task))
            while (message := self._connection.recv())[0] == _CALLBACK:
                number, args = message[1]
                callback = callbacks[number]
                assert callback is not None
                try:
                    callback(*args)
                except Exception:
                    self._connection.send(False)  # go no further
                    self._connection.recv()
                    raise
                self._connection.send(True)
        except (EOFError, ConnectionError) as error:
            raise _HelperEndedError from error
        kind, value = message
        if kind == _RAISED:
            raise value
        return value

    def close(self) -> None:
        """Let go of it; it ends by itself when it is idle."""
        self._connection.close()

    def stop(self) -> int:
        """End it now, and return its exit status."""
        self.close()
        self._process.kill()
        return self._process.wait()


_lock = threading.RLock()
_helpers: list[_Helper] = []  # the first, and those for renders within callbacks
_depth = 0


def _call(task: Task, callbacks: Sequence[Callable[..., Any] | None]) -> Any:
    """Run a task in the helper process, one at a time."""
    global _depth
    with _lock:
        if len(_helpers) == _depth:
            _helpers.append(_Helper())
        helper = _helpers[_depth]
        _depth += 1
        try:
            return helper.call(task, callbacks)
        except _HelperEndedError as error:
            _helpers.remove(helper)
            raise GraphicsError(
                f"the process that renders for this forked one ended unexpectedly (status {helper.stop()}); "
                "start processes with the method 'spawn' or 'forkserver' of multiprocessing instead"
            ) from error
        except Exception:
            raise
        except BaseException:  # Ctrl-C: nobody waits for what it would answer
            _helpers.remove(helper)
            helper.stop()
            raise
        finally:
            _depth -= 1


@atexit.register
def _close_helpers() -> None:
    for helper in _helpers:
        helper.close()


def _start_afresh() -> None:
    global _is_cut_off, _lock, _depth
    _is_cut_off = _is_cut_off or any(name in sys.modules for name in _MODULES_WITH_THREADS)
    _close_helpers()  # they are the parent's
    _lock, _depth = threading.RLock(), 0
    _helpers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)


class _StoppedError(Exception):
    """A callback in the other process failed: it needs no result any more."""


def serve() -> None:
    """Run tasks from the connection whose descriptor is the first argument of this process, until it is closed."""
    connection: Connection[Any, Any] = Connection(int(sys.argv[1]))
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            folder, (function, args) = connection.recv()
            os.chdir(folder)
            try:
                answer = _RETURNED, function(partial(_ask, connection), *args)
            except Exception as error:
                error.add_note(f"In the process that renders:\n{traceback.format_exc()}")
                answer = _RAISED, error
            connection.send(answer)


def _ask(connection: Connection[Any, Any], number: int, *args: Any) -> None:
    connection.send((_CALLBACK, (number, args)))
    if not connection.recv():
        raise _StoppedError


def _render(
    ask: Callable[..., None],
    view: View,
    quality: str,
    samples: int | None,
    engine: str,
    moving: Sequence[View],
    wanted: tuple[bool, bool],
) -> tuple[NDArray[np.float32], str, int]:
    """Render here, and return the radiance without its view."""
    from selfiesim.render.engine import render

    progress, preview = wanted
    radiance = render(
        view,
        quality,
        samples,
        partial(ask, 0) if progress else None,
        engine,
        moving,
        (lambda so_far: ask(1, *_parts_of(so_far))) if preview else None,
    )
    return _parts_of(radiance)


def _truth(_ask: Callable[..., None], view: View) -> Truth:
    from selfiesim.render.engine import truth

    return truth(view)


def _lights(
    ask: Callable[..., None], view: View, quality: str, samples: int | None, wanted: bool, moving: Sequence[View]
) -> dict[str, NDArray[np.float32]]:
    from selfiesim.render.engine import renderer

    raster: Any = renderer("pyvista")
    return raster.lights(view, quality, samples, partial(ask, 0) if wanted else None, moving)  # type: ignore[no-any-return]


def _coverage(_ask: Callable[..., None], view: View, count: int, moving: Sequence[View]) -> Coverage:
    from selfiesim.render.engine import renderer

    raster: Any = renderer("pyvista")
    return raster.coverage(view, count, moving)  # type: ignore[no-any-return]


def _parts_of(radiance: Radiance) -> tuple[NDArray[np.float32], str, int]:
    return radiance.rgb, radiance.engine, radiance.samples
