"""Choose a renderer and render a view. Each process keeps one renderer per engine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from selfiesim.render.common.subframes import pass_times

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Preview, Progress, Radiance, Renderer
    from selfiesim.view.view import View

__all__ = ["ENGINES", "pass_times", "render", "renderer"]

ENGINES = ("pyvista", "mitsuba")


@cache
def renderer(engine: str) -> Renderer:
    """Return this process's renderer: ``"pyvista"``, or ``"mitsuba"``, the path tracer of the optional extra.

    Raises
    ------
    GraphicsError
        If it does not work on this machine.
    ValueError
        For any other name.
    """
    if engine == "pyvista":
        from selfiesim.render.raster.renderer import shared_renderer

        return shared_renderer()
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
    moving: Sequence[View] = (),
    preview: Preview | None = None,
) -> Radiance:
    """Render ``view``; for the parameters see :meth:`selfiesim.render.common.radiance.Renderer.render`.

    Raises
    ------
    GraphicsError
        If OpenGL does not work on this machine, or the engine is not installed.
    ValueError
        For an unknown engine or quality, or samples out of range.
    """
    return renderer(engine).render(view, quality, samples, progress, moving, preview)
