"""A view: what the lens sees at one instant, ready to render."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING, Any

from selfiesim.astro.epoch import Epoch
from selfiesim.core.errors import GraphicsError
from selfiesim.core.limits import RENDER_PIXELS
from selfiesim.view.geometry import ViewGeometry
from selfiesim.view.in_frame import list_features, list_ground_points
from selfiesim.view.view_report import describe_view, list_visible_bodies

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Preview, Progress, Radiance


@dataclass(frozen=True, eq=False)
class View(ViewGeometry):
    """One instant through the lens, as :meth:`selfiesim.Scene.view` returns it.

    Its data are the attributes of :class:`selfiesim.view.geometry.ViewGeometry`.
    """

    _view_at: Callable[[Epoch], View] | None = field(default=None, repr=False, compare=False)

    def __getstate__(self) -> dict[str, Any]:
        # Without what is derived from the fields: another process works it out where it needs it.
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def after(self, seconds: float) -> View:
        """The view of the same scene at a later instant, through the scene's own lens.

        Parameters
        ----------
        seconds : float
            Time from this view's epoch, s; may be negative.

        Returns
        -------
        View
            With the camera pointed as the scene specifies for that instant.

        Raises
        ------
        UserError
            For an instant that a file of the scene does not cover, or before the release.
        """
        assert self._view_at is not None
        return self._view_at(self.epoch + seconds)

    # Long for its docstring.
    def render(
        self,
        quality: str = "draft",
        samples: int | None = None,
        progress: Progress | None = None,
        engine: str = "pyvista",
        shutter_open_s: float | None = None,
        preview: Preview | None = None,
    ) -> Radiance:
        """Render the spectral radiance that arrives at each pixel.

        Parameters
        ----------
        quality : str
            ``"draft"`` averages a few passes, ``"final"`` many.
        samples : int, optional
            Number of passes instead, 1 to 1024; with Mitsuba, paths per pixel.
        progress : callable, optional
            Called before each pass, and between the steps before the first, with the number done and the total.
        engine : str
            ``"pyvista"``, or ``"mitsuba"`` to trace paths, 16 or 64 per pixel.
        shutter_open_s : float, optional
            Spread the passes over this many seconds from the view's instant, for motion blur. The default follows
            ``photo.motion_blur`` of the scene.
        preview : callable, optional
            Called with the radiance so far after 1, 2, 4 ... passes. Distorting lenses and Mitsuba have no preview.

        Returns
        -------
        Radiance
            W m^-2 sr^-1 nm^-1 per pixel at three wavelengths, with depth, normals and parts of the same view.

        Raises
        ------
        GraphicsError
            When this machine cannot render, or the picture is too large to be rendered at once.
        ValueError
            For an unknown quality or engine, samples out of range, or a negative time.
        """
        from selfiesim.render.engine import pass_times, render

        if self.camera.width * self.camera.height > RENDER_PIXELS.value:
            raise GraphicsError(
                f"camera.size_px: {self.camera.width}x{self.camera.height} is too large to be rendered at once; "
                "selfiesim render writes it strip by strip, into a .png or .tif (selfiesim.files.poster)"
            )
        if shutter_open_s is None:
            shutter_open_s = self._shutter_s() if self.shot.photo.motion_blur else 0.0
        times = pass_times(quality, samples, shutter_open_s)
        moving = [self.after(seconds) for seconds in times]
        return render(self, quality, samples, progress, engine, moving, preview)

    def _shutter_s(self) -> float:
        """Exposure time, s: the scene's own, or metered on a quick render."""
        shutter = self.shot.photo.shutter_s
        if shutter != "auto":
            return float(shutter)
        return self.render("draft", 1, shutter_open_s=0.0).expose().exposure.shutter_s

    def plotter(self, **options: Any) -> Any:
        """A live PyVista plotter of this instant: ``view.plotter().show()`` opens a window to look around in.

        The window belongs to the thread that calls this: show and use it there, on macOS in the main thread.

        Parameters
        ----------
        **options
            Passed to ``pyvista.Plotter``.

        Returns
        -------
        pyvista.Plotter
            The scene in camera axes, m; see :func:`selfiesim.render.raster.plotter.plotter`.
        """
        from selfiesim.render.raster.plotter import plotter

        return plotter(self, **options)

    @cached_property
    def facts(self) -> dict[str, Any]:
        """The resolved geometry, one value per key with its unit in the key (see :mod:`selfiesim.view.view_report`).

        What is in the picture is listed under ``sky`` (Sun, planets and moons), ``ground`` (its centre and corners) and
        ``features`` (named places, :mod:`selfiesim.view.in_frame`); ``orbit`` has the elements that ``orbit.over`` led
        to.
        """
        return describe_view(self) | {
            "sky": list_visible_bodies(self),
            "ground": list_ground_points(self),
            "features": list_features(self),
        }

    def _repr_html_(self) -> str:
        shown = {key: value for key, value in self.facts.items() if not isinstance(value, (dict, list))}
        cells = {key: f"{value:,.4f}" if isinstance(value, float) else str(value) for key, value in shown.items()}
        rows = "".join(f"<tr><th>{escape(key)}</th><td>{escape(text)}</td></tr>" for key, text in cells.items())
        return f"<table>{rows}</table>"

    def __repr__(self) -> str:
        facts = self.facts
        where = "in deep space"
        if self.planet is not None:
            above = f"{facts['camera_altitude_km']:.0f} km above the {facts['camera_altitude_above']}"
            where = f"{above} at latitude {facts['camera_latitude_deg']:.1f} deg"
        distance = f"{facts['range_to_craft_m']:.1f} m from the craft"
        return f"View({self.shot.title!r}, {self.epoch.utc()}, {distance}, {where})"
