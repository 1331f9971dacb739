"""Choose a renderer and render a view. Each process keeps one renderer per engine, which any thread may use."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import GraphicsError
from selfiesim.render import forked
from selfiesim.render.common.subframes import pass_times

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Preview, Progress, Radiance, Renderer
    from selfiesim.render.common.truth import Truth
    from selfiesim.render.raster.coverage import Coverage
    from selfiesim.view.view import View

__all__ = ["ENGINES", "coverage", "lights", "pass_times", "render", "renderer", "truth"]

ENGINES = ("pyvista", "mitsuba")
MIN_COVERAGE_SAMPLES, MAX_COVERAGE_SAMPLES = 16, 64
"""Samples of a pixel from which coverage is found: those of the picture, within these limits."""

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


def lights(radiance: Radiance, progress: Progress | None = None) -> dict[str, NDArray[np.float32]]:
    """Render the kinds of light whose sum is ``radiance``; see its method of the same name.

    Raises
    ------
    GraphicsError
        If another engine rendered it.
    """
    if not radiance.engine.startswith("pyvista"):
        raise GraphicsError("light by kind: only the engine pyvista separates it; leave out --engine mitsuba")
    raster: Any = renderer("pyvista")
    args = radiance.view, radiance.quality, radiance.samples, progress, radiance.moving
    return raster.lights(*args)  # type: ignore[no-any-return]


def coverage(radiance: Radiance) -> Coverage:
    """Render which parts each pixel of ``radiance`` shows; the raster renderer does it for each engine.

    Raises
    ------
    GraphicsError
        If OpenGL does not work on this machine.
    """
    raster: Any = renderer("pyvista")
    count = min(max(radiance.samples, MIN_COVERAGE_SAMPLES), MAX_COVERAGE_SAMPLES)
    return raster.coverage(radiance.view, count, radiance.moving)  # type: ignore[no-any-return]


def _start_afresh() -> None:
    global _lock
    _lock = threading.RLock()
    _renderers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_afresh)
