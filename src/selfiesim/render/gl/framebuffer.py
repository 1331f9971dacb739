"""Floating-point framebuffers.

VTK renders windows in 8 bits. Its renderers also render into any framebuffer that is bound when they run, so the window
here only provides its OpenGL context and never shows or copies a frame.
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
    """A framebuffer with RGBA float32 colour (none for a ``shadow`` map) and 32-bit depth."""

    def __init__(self, window: Any, width: int, height: int, shadow: bool = False) -> None:
        from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLFramebufferObject

        self.window, self.width, self.height = window, width, height
        self.colour_count = 0 if shadow else 1
        self.fbo = vtkOpenGLFramebufferObject()
        self.fbo.SetContext(window)
        window.MakeCurrent()
        if not self.fbo.PopulateFramebuffer(width, height, True, self.colour_count, _VTK_FLOAT, True, 32, 0, False):
            raise MemoryError(f"not enough graphics memory for a {width}x{height} image")

    @contextmanager
    def bound(self) -> Iterator[None]:
        """Render into this framebuffer inside the ``with`` block."""
        state = self.window.GetState()
        state.PushFramebufferBindings()
        self.fbo.Bind(self.fbo.GetReadMode())
        self.fbo.Bind(self.fbo.GetDrawMode())
        self.fbo.ActivateDrawBuffers(self.colour_count)
        try:
            yield
        finally:
            state.PopFramebufferBindings()

    def read_colour(self, width: int, height: int, channels: int = 4) -> NDArray[np.float32]:
        """Return the colour of the lower left ``width`` x ``height`` pixels, row 0 at the bottom: (H, W, 3 or 4)."""
        state = self.window.GetState()
        state.PushFramebufferBindings()
        self.fbo.Bind(self.fbo.GetReadMode())
        self.fbo.ActivateReadBuffer(0)
        read = self.fbo.Download(
            [0, width - 1, 0, height - 1], _VTK_FLOAT, channels, _GL_FLOAT, _GL_RGB if channels == 3 else _GL_RGBA
        )
        state.PopFramebufferBindings()
        return _download(read, _VTK_FLOAT, np.empty((height, width, channels), np.float32))

    def read_depth(self, width: int, height: int) -> NDArray[np.float64]:
        """Return the window depth in [0, 1] of the lower left ``width`` x ``height`` pixels, row 0 at the bottom."""
        read = self.fbo.GetDepthAttachmentAsTextureObject().Download()
        steps = _download(read, _VTK_UNSIGNED_INT, np.empty((self.height, self.width, 1), np.uint32))
        return steps[:height, :width, 0] / _DEPTH_STEPS

    def depth_texture(self) -> Any:
        """Return the depth attachment as a texture for an actor."""
        from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLTexture

        texture = vtkOpenGLTexture()
        texture.SetTextureObject(self.fbo.GetDepthAttachmentAsTextureObject())
        return texture

    def release(self) -> None:
        """Free the graphics memory."""
        self.window.MakeCurrent()
        self.fbo.ReleaseGraphicsResources(self.window)


class FramebufferPool:
    """Two reusable framebuffers: one of the size of the image, and one for supersampled crops."""

    def __init__(self, window: Any, min_side: int) -> None:
        self.window, self.min_side = window, min_side  # the window is never smaller, pixels
        self._image: Framebuffer | None = None
        self._supersampled: Framebuffer | None = None

    def exact_size(self, width: int, height: int) -> Framebuffer:
        """Return a framebuffer of exactly this size.

        Raises
        ------
        GraphicsError
            If the graphics memory does not suffice.
        """
        if self._image is None or (self._image.width, self._image.height) != (width, height):
            before, self._image = self._image, None
            self._image = self._replace(before, width, height)
        return self._image

    def at_least(self, width: int, height: int) -> Framebuffer:
        """Return a framebuffer of at least this size: the one of the image if it is large enough."""
        for buffer in (self._image, self._supersampled):
            if buffer and buffer.width >= width and buffer.height >= height:
                return buffer
        # In steps, so that an approaching craft does not need a new one in each frame.
        width, height = (-(-side // _SIZE_STEP) * _SIZE_STEP for side in (width, height))
        before, self._supersampled = self._supersampled, None
        self._supersampled = self._replace(before, width, height)
        return self._supersampled

    def _replace(self, before: Framebuffer | None, width: int, height: int) -> Framebuffer:
        """Create a framebuffer in place of another; enlarge the window, to which VTK clips viewports, if needed."""
        if before:
            before.release()
        sizes = [(self.min_side, self.min_side), (width, height)]
        sizes += [(each.width, each.height) for each in (self._image, self._supersampled) if each]
        size = max(side for side, _ in sizes), max(side for _, side in sizes)
        if tuple(self.window.GetSize()) != size:
            self.window.SetSize(*size)
        try:
            return Framebuffer(self.window, width, height)
        except MemoryError as error:
            raise GraphicsError(f"{error}; choose a smaller image (--size)") from error


def _download(read: Any, kind: int, into: NDArray[_Number]) -> NDArray[_Number]:
    """Copy the pixels that VTK has read to ``into`` (H, W, C)."""
    height, width, count = into.shape
    read.Download1D(kind, into.reshape(-1), height * width, count, 0)
    # VTK passes on ownership of its reference and Python has added its own: without this each read leaks an image.
    if read.GetReferenceCount() > 1:
        read.UnRegister(None)
    return into
