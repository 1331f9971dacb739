"""Drawing a view. One renderer is kept warm per process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selfiesim.render.base import Progress, Radiance
    from selfiesim.render.pyvista import PyVistaRenderer
    from selfiesim.view import View


@cache
def _renderer() -> PyVistaRenderer:
    from selfiesim.render.pyvista import PyVistaRenderer

    return PyVistaRenderer()


def render(
    view: View, quality: str = "draft", samples: int | None = None, progress: Progress | None = None
) -> Radiance:
    """Draw ``view`` with the process's renderer: see :meth:`selfiesim.render.base.Renderer.render`.

    Raises
    ------
    GraphicsError
        When no OpenGL works here.
    """
    return _renderer().render(view, quality, samples, progress)
