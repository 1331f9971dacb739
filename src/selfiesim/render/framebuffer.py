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
    """Colour (RGBA float32, unless ``shadow``) and depth (32 bit); ``samples`` above 0 for antialiased edges."""

    def __init__(self, window: Any, width: int, height: int, samples: int = 0, shadow: bool = False) -> None:
        from vtkmodules.vtkRenderingOpenGL2 import vtkOpenGLFramebufferObject

        self.window, self.width, self.height, self.colours = window, width, height, 0 if shadow else 1
        self.object = vtkOpenGLFramebufferObject()
        self.object.SetContext(window)
        window.MakeCurrent()
        if not self.object.PopulateFramebuffer(width, height, True, self.colours, _VTK_FLOAT, True, 32, samples, False):
            raise MemoryError(f"no room for a {width}x{height} picture with {samples} samples a pixel")

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
        texture = self.object.GetColorAttachmentAsTextureObject(0)
        texture.Download().Download1D(_VTK_FLOAT, flat, self.width * self.height, 4, 0)
        return flat.reshape(self.height, self.width, 4)

    def depth(self) -> NDArray[np.float64]:
        """(H, W) window depth in [0, 1], row 0 at the bottom."""
        flat = np.empty(self.width * self.height, np.uint32)
        texture = self.object.GetDepthAttachmentAsTextureObject()
        texture.Download().Download1D(_VTK_UNSIGNED_INT, flat, self.width * self.height, 1, 0)
        return flat.reshape(self.height, self.width) / _DEPTH_STEPS

    def release(self) -> None:
        """Give the memory back."""
        self.window.MakeCurrent()
        self.object.ReleaseGraphicsResources(self.window)
