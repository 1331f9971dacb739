"""Drawing a view. One renderer is kept warm per process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selfiesim.render.base import Radiance
    from selfiesim.render.pyvista import PyVistaRenderer
    from selfiesim.view import View


@cache
def _renderer() -> PyVistaRenderer:
    from selfiesim.render.pyvista import PyVistaRenderer

    return PyVistaRenderer()


def render(view: View, quality: str = "draft") -> Radiance:
    """Draw ``view`` with the process's renderer.

    Raises
    ------
    GraphicsError
        When no OpenGL works here.
    """
    return _renderer().render(view, quality)
