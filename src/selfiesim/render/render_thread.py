"""The one thread that uses OpenGL: it makes every context, renders in it and frees it; other threads call through it.

An OpenGL context is current in one thread at a time, and VTK crashes the process where another one uses or frees its
objects. So each process has a single daemon thread that renders; :func:`call` queues a function for it and waits.
Results and exceptions come back, callbacks run in the thread that waits for them (:func:`in_caller`), and context
variables carry over. A thread that stops waiting, as at Ctrl-C, abandons its call: it ends at its next pass.

A forked process has no such thread and cannot use its parent's contexts; :mod:`selfiesim.render.forked` renders there.
"""

from __future__ import annotations

import atexit
import contextlib
import contextvars
import ctypes
import os
import threading
import weakref
from collections.abc import Callable
from queue import SimpleQueue
from types import CodeType
from typing import Any, Generic, ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_RETURNED, _RAISED, _CALLBACK = "returned", "raised", "callback"
_EXIT_PATIENCE_S = 2.0  # how long an interrupted render may take to its next pass when Python exits


class _AbandonedError(BaseException):
    """Ends a render that no thread waits for. Not an Exception, so that no handler on the way swallows it."""


class _Call:
    """A function for the render thread to call, and the messages between it and the thread that waits."""

    def __init__(self, function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self._function, self._args, self._keywords = function, args, keywords
        self._context = contextvars.copy_context()
        self._to_caller: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self.to_renderer: SimpleQueue[tuple[str, Any] | _Call] = SimpleQueue()
        self.is_abandoned = False

    def abandon(self) -> None:
        """Have the render thread end this call at its next pass, or now if it waits for a callback."""
        self.is_abandoned = True
        self.to_renderer.put((_RAISED, _AbandonedError()))

    def run(self) -> None:
        """Run the function; in the render thread."""
        if self.is_abandoned:
            return
        _running.append(self)
        try:
            message = _RETURNED, self._context.run(self._function, *self._args, **self._keywords)
        except BaseException as error:
            _clear_locals(error)
            message = _RAISED, error
        finally:
            _running.pop()
        self._to_caller.put(message)

    def run_in_caller(self, callback: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """Have the waiting thread call ``callback``, and return what it returns; in the render thread."""
        if self.is_abandoned:
            raise _AbandonedError
        self._to_caller.put((_CALLBACK, (callback, args)))
        while isinstance(message := self.to_renderer.get(), _Call):
            message.run()  # the callback itself renders
        return _unpack(*message)

    def wait(self) -> Any:
        """Wait for the result, and run callbacks meanwhile; in the thread that called."""
        while True:
            kind, value = self._to_caller.get()
            if kind != _CALLBACK:
                return _unpack(kind, value)
            self.to_renderer.put(self._answer(*value))

    def _answer(self, callback: Callable[..., Any], args: tuple[Any, ...]) -> tuple[str, Any]:
        outer, _this_thread.answers = _this_thread.answers, self
        try:
            return _RETURNED, callback(*args)
        except BaseException as error:  # Ctrl-C too ends the render, in order
            return _RAISED, error
        finally:
            _this_thread.answers = outer


class _ThisThread(threading.local):
    """What each thread knows of itself: the call whose callback it runs."""

    answers: _Call | None = None


class _RenderThread:
    """The thread, and the queue of its calls."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[_Call | None] = SimpleQueue()
        # A daemon, since other threads would have to end before Python runs the function that ends it, at exit.
        self.thread = threading.Thread(target=self._serve, name="selfiesim render", daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        with contextlib.suppress(_AbandonedError):  # at exit
            while (call := self.calls.get()) is not None:
                call.run()
                del call  # a result must not live until the next call


_lock = threading.Lock()
_render_thread: _RenderThread | None = None
_running: list[_Call] = []  # in the render thread: the call it runs, after those whose callbacks made it
_this_thread = _ThisThread()


def call(function: Callable[Parameters, Result], /, *args: Parameters.args, **keywords: Parameters.kwargs) -> Result:
    """Call ``function`` in the render thread, and return what it returns or raise what it raises.

    From the render thread itself, and from a callback of a call, it runs at once; otherwise after the calls before it.
    """
    thread = _started()
    if threading.current_thread() is thread.thread:
        return function(*args, **keywords)
    request = _Call(function, args, keywords)
    (thread.calls if _this_thread.answers is None else _this_thread.answers.to_renderer).put(request)
    try:
        return request.wait()  # type: ignore[no-any-return]
    except BaseException:
        request.abandon()
        raise


def in_caller(callback: Callable[..., Result] | None) -> Callable[..., Result | None]:
    """Wrap a callback for a function that :func:`call` runs: it runs in the thread that waits, which may render in it.

    Also where there is no callback, each call of the wrapper is where an abandoned render ends.
    """

    def relay(*args: Any) -> Result | None:
        current = _running[-1]
        if callback is not None:
            return current.run_in_caller(callback, args)  # type: ignore[no-any-return]
        if current.is_abandoned:
            raise _AbandonedError
        return None

    return relay


class Owned(Generic[Result]):
    """OpenGL objects that the render thread makes at their first use, and frees when this owner is dropped anywhere.

    A callback that renders while a render waits for it gets objects of its own, so that it does not disturb the other.
    """

    def __init__(self, make: Callable[[], Result]) -> None:
        self._make = make
        self._made: list[Result] = []  # by depth of calls within callbacks
        weakref.finalize(self, _free, self._made).atexit = False
        _owned.add(self)

    def get(self) -> Result:
        """Return the objects; in the render thread."""
        assert _render_thread is not None
        assert threading.current_thread() is _render_thread.thread
        depth = max(len(_running), 1)
        while len(self._made) < depth:
            self._made.append(self._make())
        return self._made[depth - 1]


_owned: weakref.WeakSet[Owned[Any]] = weakref.WeakSet()


def _started() -> _RenderThread:
    global _render_thread
    with _lock:
        if _render_thread is None or not _render_thread.thread.is_alive():
            _render_thread = _RenderThread()
            atexit.register(_close, _render_thread)
        return _render_thread


def _free(made: list[Any]) -> None:
    """Have the render thread drop the last reference to OpenGL objects."""
    if made and _render_thread is not None:
        _render_thread.calls.put(_Call(made.clear, (), {}))


def _close(thread: _RenderThread) -> None:
    """End the render thread when Python exits: OpenGL objects must be freed before its modules are."""
    for running in tuple(_running):
        running.abandon()
    for owned in tuple(_owned):
        thread.calls.put(_Call(owned._made.clear, (), {}))
    thread.calls.put(None)
    thread.thread.join(_EXIT_PATIENCE_S)
    if thread.thread.is_alive() and thread.thread.ident is not None:  # in a long computation between two passes
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.thread.ident), ctypes.py_object(_AbandonedError)
        )
        thread.thread.join(_EXIT_PATIENCE_S)


def _unpack(kind: str, value: Any) -> Any:
    if kind == _RETURNED:
        return value
    try:
        raise value
    finally:
        del value  # the exception refers to this frame


def _clear_locals(error: BaseException) -> None:
    """Clear the local variables of the frames of an exception, so that nobody who keeps it keeps OpenGL objects."""
    pending, seen = [error], set()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        pending += [each for each in (current.__cause__, current.__context__) if each is not None]
        step = current.__traceback__
        while step is not None and step.tb_frame.f_code is not _CALLBACK_CODE:  # the frames of callbacks are not ours
            with contextlib.suppress(RuntimeError):  # it still runs
                step.tb_frame.clear()
            step = step.tb_next


_CALLBACK_CODE: CodeType = _Call._answer.__code__


def _leave_to_parent() -> None:
    """In a forked process, forget the parent's thread, and never free its OpenGL objects: nothing could."""
    global _render_thread, _lock
    for kept in (_render_thread, *(made for owned in _owned for made in owned._made)):
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))
    for owned in tuple(_owned):
        owned._made.clear()
    if _render_thread is not None:
        atexit.unregister(_close)
    _render_thread, _lock = None, threading.Lock()
    _running.clear()
    _this_thread.answers = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)
