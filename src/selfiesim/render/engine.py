"""Drawing a view. One renderer of each engine is kept warm per process."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Preview, Progress, Radiance, Renderer
    from selfiesim.view.view import View

ENGINES = ("pyvista", "mitsuba")


@cache
def renderer(engine: str) -> Renderer:
    """The process's renderer: ``"pyvista"``, or ``"mitsuba"``, the path tracer of the extra of that name.

    Raises
    ------
    GraphicsError
        When it does not work here.
    ValueError
        For any other name.
    """
    if engine == "pyvista":
        from selfiesim.render.raster.renderer import PyVistaRenderer

        return PyVistaRenderer()
    if engine == "mitsuba":
        from selfiesim.render.mitsuba.renderer import MitsubaRenderer

        return MitsubaRenderer()
    raise ValueError(f"engine {engine!r}: must be one of {', '.join(ENGINES)}")


def render(
    view: View,
    quality: str = "draft",
    samples: int | None = None,
    progress: Progress | None = None,
    engine: str = "pyvista",
    shutter_open_s: float = 0.0,
    preview: Preview | None = None,
) -> Radiance:
    """Draw ``view`` with one of the process's renderers: see :meth:`selfiesim.render.common.radiance.Renderer.render`.

    Raises
    ------
    GraphicsError
        When no OpenGL works here, or the engine is not installed.
    """
    return renderer(engine).render(view, quality, samples, progress, shutter_open_s, preview)
