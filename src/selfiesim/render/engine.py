"""Choose a renderer and render a view. Each process keeps one renderer per engine, which any thread may use."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from selfiesim.render import forked
from selfiesim.render.common.subframes import pass_times

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Preview, Progress, Radiance, Renderer
    from selfiesim.render.common.truth import Truth
    from selfiesim.view.view import View

__all__ = ["ENGINES", "pass_times", "render", "renderer", "truth"]

ENGINES = ("pyvista", "mitsuba")

_lock = threading.RLock()
_renderers: dict[str, Renderer] = {}


def renderer(engine: str) -> Renderer:
    """Return this process's renderer: ``"pyvista"``, or ``"mitsuba"``, the path tracer of the optional extra.

    Raises
    ------
    GraphicsError
        If it does not work on this machine.
    ValueError
        For any other name.
    """
    with _lock:  # not two of one kind, each with its window and textures
        if engine not in _renderers:
            _renderers[engine] = _new_renderer(engine)
        return _renderers[engine]


def _new_renderer(engine: str) -> Renderer:
    if engine not in ENGINES:
        raise ValueError(f"engine {engine!r}: must be one of {', '.join(ENGINES)}")
    if forked.is_cut_off():
        return forked.DelegatingRenderer(engine)
    if engine == "pyvista":
        from selfiesim.render.raster.renderer import PyVistaRenderer

        return PyVistaRenderer()
    from selfiesim.render.mitsuba.renderer import MitsubaRenderer

    return MitsubaRenderer()


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


def truth(view: View) -> Truth:
    """Render the ground truth at each pixel centre, without antialiasing; the raster renderer does it for each engine.

    Raises
    ------
    GraphicsError
        If OpenGL does not work on this machine.
    """
    raster: Any = renderer("pyvista")
    return raster.truth(view)  # type: ignore[no-any-return]


def _start_afresh() -> None:
    global _lock
    _lock = threading.RLock()
    _renderers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
