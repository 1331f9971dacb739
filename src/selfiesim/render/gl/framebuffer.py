"""Floating-point framebuffers beside VTK's own.

VTK draws windows in 8 bits. Its renderers also draw into any framebuffer that is bound when they are told to render,
so the window here only lends its OpenGL context (and never shows or copies a frame).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import GraphicsError

_VTK_FLOAT, _VTK_UNSIGNED_INT = 10, 7
_GL_FLOAT, _GL_RGB, _GL_RGBA = 0x1406, 0x1907, 0x1908
_SIZE_STEP = 512  # pixels
_Number = TypeVar("_Number", np.float32, np.uint32)
_DEPTH_STEPS = 4294967295.0  # the depth attachment holds 32-bit integers


class Framebuffer:
    """Colour (RGBA float32, unless it is a ``shadow``'s) and depth (32 bit)."""

    def __init__(self, window: Any, width: int, height: int, shadow: bool = False) -> None:
        from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLFramebufferObject

        self.window, self.width, self.height, self.colours = window, width, height, 0 if shadow else 1
        self.object = vtkOpenGLFramebufferObject()
        self.object.SetContext(window)
        window.MakeCurrent()
        if not self.object.PopulateFramebuffer(width, height, True, self.colours, _VTK_FLOAT, True, 32, 0, False):
            raise MemoryError(f"no room for a {width}x{height} picture")

    @contextmanager
    def bound(self) -> Iterator[None]:
        """Whatever VTK draws inside goes here."""
        state = self.window.GetState()
        state.PushFramebufferBindings()
        self.object.Bind(self.object.GetReadMode())
        self.object.Bind(self.object.GetDrawMode())
        self.object.ActivateDrawBuffers(self.colours)
        try:
            yield
        finally:
            state.PopFramebufferBindings()

    def color(self, width: int, height: int, count: int = 4) -> NDArray[np.float32]:
        """The lower left ``width`` x ``height`` pixels, row 0 at the bottom: (H, W, ``count``) float32, 3 or 4."""
        state = self.window.GetState()
        state.PushFramebufferBindings()
        self.object.Bind(self.object.GetReadMode())
        self.object.ActivateReadBuffer(0)
        read = self.object.Download(
            [0, width - 1, 0, height - 1], _VTK_FLOAT, count, _GL_FLOAT, _GL_RGB if count == 3 else _GL_RGBA
        )
        state.PopFramebufferBindings()
        return _download(read, _VTK_FLOAT, np.empty((height, width, count), np.float32))

    def depth(self, width: int, height: int) -> NDArray[np.float64]:
        """(H, W) window depth in [0, 1] of the lower left ``width`` x ``height`` pixels, row 0 at the bottom."""
        read = self.object.GetDepthAttachmentAsTextureObject().Download()
        steps = _download(read, _VTK_UNSIGNED_INT, np.empty((self.height, self.width, 1), np.uint32))
        return steps[:height, :width, 0] / _DEPTH_STEPS

    def release(self) -> None:
        """Give the memory back."""
        self.window.MakeCurrent()
        self.object.ReleaseGraphicsResources(self.window)


class FramebufferPool:
    """Those that pictures are drawn in: one as large as the picture, and one for what is drawn in finer pixels."""

    def __init__(self, window: Any, least: int) -> None:
        self.window, self.least = window, least  # pixels a side that the window keeps
        self._picture: Framebuffer | None = None
        self._fine: Framebuffer | None = None

    def of(self, width: int, height: int) -> Framebuffer:
        """One of just this size.

        Raises
        ------
        GraphicsError
            When there is no room for it.
        """
        if self._picture is None or (self._picture.width, self._picture.height) != (width, height):
            before, self._picture = self._picture, None
            self._picture = self._replace(before, width, height)
        return self._picture

    def at_least(self, width: int, height: int) -> Framebuffer:
        """One of at least this size: the picture's where it will do."""
        for buffer in (self._picture, self._fine):
            if buffer and buffer.width >= width and buffer.height >= height:
                return buffer
        # In steps, so that a craft that comes nearer needs no other one each time.
        before, self._fine = self._fine, None
        self._fine = self._replace(before, -(-width // _SIZE_STEP) * _SIZE_STEP, -(-height // _SIZE_STEP) * _SIZE_STEP)
        return self._fine

    def _replace(self, before: Framebuffer | None, width: int, height: int) -> Framebuffer:
        """A new one in the place of another; the window no smaller (VTK clips viewports to it)."""
        if before:
            before.release()
        sizes = [(self.least, self.least), (width, height)]
        sizes += [(each.width, each.height) for each in (self._picture, self._fine) if each]
        size = max(side for side, _ in sizes), max(side for _, side in sizes)
        if tuple(self.window.GetSize()) != size:
            self.window.SetSize(*size)
        try:
            return Framebuffer(self.window, width, height)
        except MemoryError as error:
            raise GraphicsError(f"{error}; choose a smaller picture (--size)") from error


def _download(read: Any, kind: int, into: NDArray[_Number]) -> NDArray[_Number]:
    """What VTK has read, in ``into`` (H, W, C)."""
    height, width, count = into.shape
    read.Download1D(kind, into.reshape(-1), height * width, count, 0)
    # VTK gives its reference away, and Python has taken one more: without this a picture leaks each time.
    if read.GetReferenceCount() > 1:
        read.UnRegister(None)
    return into
