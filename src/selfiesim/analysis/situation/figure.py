"""The figure of ``selfiesim show --plot``: panels that fit the scene, in one file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from selfiesim.analysis.drift_plot import FORMATS, save_figure
from selfiesim.analysis.situation.exposure import draw_exposure, drift_times, metered_times
from selfiesim.analysis.situation.footprint import ground_track
from selfiesim.analysis.situation.maps import draw_globe, draw_ground
from selfiesim.analysis.situation.orbit import draw_orbit, draw_solar_system, orbit_path
from selfiesim.analysis.situation.site import draw_site, draw_sun_height
from selfiesim.analysis.situation.sky import draw_sky
from selfiesim.files.images import check_writable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from selfiesim.scene.moments import MomentLike
    from selfiesim.scene.scene import Scene
    from selfiesim.view.resolved_scene import ResolvedScene
    from selfiesim.view.view import View

Progress = Callable[[int, int], None]


def plot_situation(
    scene: Scene, path: Path, at: MomentLike | None = None, progress: Progress = lambda done, of: None
) -> Path:
    """Save :func:`situation_figure` to a PNG, SVG or PDF file; returns its path.

    Raises
    ------
    OutputError
        For another file ending, or a folder that cannot be written to.
    UserError
        As :func:`situation_figure`.
    """
    check_writable(path, endings=FORMATS)
    return save_figure(situation_figure(scene, at, progress), path)


def situation_figure(scene: Scene, at: MomentLike | None = None, progress: Progress = lambda done, of: None) -> Figure:
    """Draw where everything is at a moment of a scene.

    In orbit about a planet: the orbit, the map below the camera with the footprint of the picture, the globe with the
    ground track, the directions around the camera, and for a released camera the exposure over the drift. About the
    Sun: the solar system in place of the first three. On the ground: a plan of the site, the place on the globe, and
    the height of the Sun over a day.

    Parameters
    ----------
    scene : Scene
        Any scene.
    at : moment, optional
        The moment; default: the scene's own.
    progress : callable, optional
        Called before each of the small pictures that are metered, with the number done and the total.

    Returns
    -------
    matplotlib.figure.Figure
        To be saved, or built upon.

    Raises
    ------
    UserError
        Impossible geometry at one of the times.
    """
    from matplotlib.figure import Figure

    resolved = scene.resolve()
    view = resolved.at(at)
    if view.ground is not None:
        figure = Figure(figsize=(15.0, 13.0), layout="constrained")
        _draw_landed(figure, resolved, view)
    elif view.planet is not None:
        figure = Figure(figsize=(20.0, 13.0), layout="constrained")
        _draw_in_orbit(figure, scene, resolved, view, progress)
    else:
        figure = Figure(figsize=(20.0, 9.0), layout="constrained")
        _draw_about_the_sun(figure, scene, resolved, view, progress)
    when = "" if view.track.seconds_since_release is None else f", release+{view.track.seconds_since_release:g} s"
    figure.suptitle(
        f"{scene.title}: {view.epoch.utc()[:-1].replace('T', ' ')} UTC{when}", fontsize=14, parse_math=False
    )
    return figure


def _draw_landed(figure: Figure, resolved: ResolvedScene, view: View) -> None:
    assert view.ground is not None
    grid = figure.add_gridspec(2, 2)
    draw_site(figure.add_subplot(grid[0, 0]), view, view.ground)
    draw_sky(figure.add_subplot(grid[0, 1]), resolved, view)
    draw_ground(figure.add_subplot(grid[1, 0]), view, None)
    draw_sun_height(figure.add_subplot(grid[1, 1]), resolved, view)


def _draw_in_orbit(figure: Figure, scene: Scene, resolved: ResolvedScene, view: View, progress: Progress) -> None:
    released = view.track.seconds_since_release is not None
    path = orbit_path(resolved, view)
    track = ground_track(path.positions, path.epochs, resolved.body)
    grid = figure.add_gridspec(2, 6, height_ratios=[1.25, 1.0])
    draw_orbit(figure.add_subplot(grid[0, :2]), resolved, view, path)
    draw_ground(figure.add_subplot(grid[0, 2:4]), view, track)
    draw_sky(figure.add_subplot(grid[0, 4:]), resolved, view)
    draw_globe(figure.add_subplot(grid[1, :4] if released else grid[1, :]), view, track)
    if released:
        draw_exposure(figure.add_subplot(grid[1, 4:]), scene, view, metered_times(scene, drift_times(view), progress))


def _draw_about_the_sun(figure: Figure, scene: Scene, resolved: ResolvedScene, view: View, progress: Progress) -> None:
    released = view.track.seconds_since_release is not None
    grid = figure.add_gridspec(1, 3 if released else 2)
    draw_solar_system(figure.add_subplot(grid[0, 0]), resolved, view, orbit_path(resolved, view))
    draw_sky(figure.add_subplot(grid[0, 1]), resolved, view)
    if released:
        draw_exposure(figure.add_subplot(grid[0, 2]), scene, view, metered_times(scene, drift_times(view), progress))
