"""Floating-point framebuffers beside VTK's own: multisampled to draw in, plain to read from.

VTK draws windows in 8 bits. Its renderers also draw into any framebuffer that is bound when they are told to render,
so the window here only lends its OpenGL context (and never shows or copies a frame).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

_COLOR_BIT, _NEAREST = 0x4000, 0x2600
_VTK_FLOAT, _VTK_UNSIGNED_INT = 10, 7
_DEPTH_STEPS = 4294967295.0  # the depth attachment holds 32-bit integers


class Framebuffer:
    """Colour (RGBA float32) and depth (32 bit) of one size; ``samples`` above 0 for antialiased edges."""

    def __init__(self, window: Any, width: int, height: int, samples: int = 0) -> None:
        from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLFramebufferObject

        self.window, self.width, self.height, self.samples = window, width, height, samples
        self.object = vtkOpenGLFramebufferObject()
        self.object.SetContext(window)
        window.MakeCurrent()
        if not self.object.PopulateFramebuffer(width, height, True, 1, _VTK_FLOAT, True, 32, samples, False):
            raise MemoryError(f"no room for a {width}x{height} picture with {samples} samples a pixel")

    @contextmanager
    def bound(self) -> Iterator[None]:
        """Whatever VTK draws inside goes here."""
        state = self.window.GetState()
        state.PushFramebufferBindings()
        self.object.Bind(self.object.GetReadMode())
        self.object.Bind(self.object.GetDrawMode())
        self.object.ActivateDrawBuffer(0)
        try:
            yield
        finally:
            state.PopFramebufferBindings()

    def resolve_into(self, plain: Framebuffer) -> None:
        """Average the samples of each pixel's colour into a framebuffer without samples."""
        state = self.window.GetState()
        state.PushFramebufferBindings()
        self.object.Bind(self.object.GetReadMode())
        plain.object.Bind(plain.object.GetDrawMode())
        self.object.ActivateReadBuffer(0)
        plain.object.ActivateDrawBuffer(0)
        area = (0, self.width, 0, self.height)
        self.object.Blit(area, area, _COLOR_BIT, _NEAREST)
        state.PopFramebufferBindings()

    def color(self) -> NDArray[np.float32]:
        """(H, W, 4) float32, row 0 at the bottom."""
        flat = np.empty(self.width * self.height * 4, np.float32)
        self._read(self.object.GetColorAttachmentAsTextureObject(0), _VTK_FLOAT, flat, 4)
        return flat.reshape(self.height, self.width, 4)

    def depth(self) -> NDArray[np.float64]:
        """(H, W) window depth in [0, 1], row 0 at the bottom."""
        flat = np.empty(self.width * self.height, np.uint32)
        self._read(self.object.GetDepthAttachmentAsTextureObject(), _VTK_UNSIGNED_INT, flat, 1)
        return flat.reshape(self.height, self.width) / _DEPTH_STEPS

    def _read(self, texture: Any, kind: int, flat: NDArray[Any], components: int) -> None:
        """Fill ``flat`` from a texture of this size."""
        buffer = texture.Download()
        buffer.Download1D(kind, flat, self.width * self.height, components, 0)
        # Download() gives its reference away, and Python has taken one more: without this a picture leaks each time.
        if buffer.GetReferenceCount() > 1:
            buffer.UnRegister(None)

    def release(self) -> None:
        """Give the memory back."""
        self.window.MakeCurrent()
        self.object.ReleaseGraphicsResources(self.window)
