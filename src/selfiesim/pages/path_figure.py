"""A figure of a release: the camera's path relative to the craft, to scale, from two sides, with its line of sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from selfiesim.analysis.drift_plot import check_format, save_figure
from selfiesim.astro.frames import icrf_to_rtn
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.motion.host_trajectories import LandedHost
from selfiesim.pages.distant_view import orthographic_view

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from selfiesim.craft.model import Craft
    from selfiesim.scene.scene import Scene
    from selfiesim.view.resolved_scene import ResolvedScene
    from selfiesim.view.view import View

AxesName = Literal["rtn", "body"]
_STEPS = 120
_MAX_LABELS, _MAX_ARROWS = 7, 16
_COMPASS = 0.3  # width, as a share of the panel
_END_ON = 0.15  # a direction whose projection is shorter points toward the reader, or away
_BACK, _INK, _QUIET, _PATH, _BORESIGHT = "#101114", "#d9d6cf", "#55524c", "#e8b070", "#7fb2e5"
_SUN, _PLANET, _EARTH = "#ffd75e", "#d9825b", "#8fc7ff"
_SETTINGS: Any = dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), _INK) | {
    "axes.edgecolor": _QUIET,
    "axes.facecolor": _BACK,
    "font.size": 9,
}


@dataclass(frozen=True)
class Panel:
    """One side of the figure.

    Attributes
    ----------
    rows : (3, 3) array
        Axes that point right, up and toward the reader.
    right, up, title : str
        Axis labels, and a title.
    """

    rows: Matrix
    right: str
    up: str
    title: str


Directions = dict[str, tuple[Vector, str]]


def _panels(scene: Scene, axes: AxesName) -> tuple[Panel, Panel]:
    e = np.eye(3)
    if axes == "body":
        return (
            Panel(np.array([e[0], e[1], e[2]]), "body +X, m", "body +Y, m", "Top view, from body +Z"),
            Panel(np.array([e[0], e[2], -e[1]]), "body +X, m", "body +Z, m", "Side view, from body -Y"),
        )
    along, across, up = "along the direction of motion", "along the orbit normal", "up"
    if isinstance(scene.resolve().host, LandedHost):
        along, across = "east", "north"
    elif scene.center == "sun":
        up = "away from the Sun"
    top = "Top view" if up == "up" else "Top view, from the side away from the Sun"
    return (
        Panel(np.array([e[1], e[2], e[0]]), f"{along}, m", f"{across}, m", top),
        Panel(np.array([e[1], e[0], -e[2]]), f"{along}, m", f"{up}, m", "Side view"),
    )


def icrf_to_axes(view: View, axes: AxesName) -> Matrix:
    """Rotation (3, 3) from ICRF to the axes of the figure: RTN of the craft's orbit, or its body axes."""
    track = view.track
    return track.icrf_to_body if axes == "body" else icrf_to_rtn(track.host.position, track.host.velocity)


def camera_position_in_axes(view: View, axes: AxesName) -> Vector:
    """Position (3,) of the camera from the craft's origin, m."""
    return np.asarray(icrf_to_axes(view, axes) @ (view.track.camera.position - view.track.host.position))


def plot_release(
    scene: Scene, times: Sequence[float], path: Path, axes: AxesName = "rtn", reference_time_s: float | None = None
) -> Path:
    """Save :func:`release_figure` to a PNG, SVG or PDF file; returns its path.

    Raises
    ------
    OutputError
        For another file ending, or a folder that cannot be written to.
    SceneError
        As :func:`release_figure`.
    """
    from matplotlib import rc_context

    check_format(path)
    with rc_context(_SETTINGS):
        return save_figure(release_figure(scene, times, axes, reference_time_s), path)


def release_figure(
    scene: Scene, times: Sequence[float], axes: AxesName = "rtn", reference_time_s: float | None = None
) -> Figure:
    """Draw the path of the camera from above and from the side.

    Parameters
    ----------
    times
        Seconds after the release; each is a dot on the path.
    axes
        RTN, or the craft's body axes.
    reference_time_s
        Time at which the craft and the directions of Sun and planets are shown; default: the middle of ``times``.

    Raises
    ------
    SceneError
        For impossible geometry at one of the times.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    moment = times[len(times) // 2] if reference_time_s is None else reference_time_s
    resolved = scene.resolve()
    reference_view, views = resolved.at(moment), [resolved.at(t) for t in times]
    compass = _directions(resolved, reference_view)
    line = np.array(
        [camera_position_in_axes(resolved.at(float(t)), axes) for t in np.linspace(times[0], times[-1], _STEPS + 1)]
    )
    with rc_context(_SETTINGS):
        figure = Figure(figsize=(12.0, 6.9), layout="constrained", facecolor=_BACK)
        figure.suptitle(f"{scene.title}: the release", fontsize=13, parse_math=False)
        for panel, subplot in zip(_panels(scene, axes), figure.subplots(1, 2), strict=True):
            _draw_panel(subplot, panel, reference_view, views, times, line, axes, compass)
        when = f"release+{round(moment, 1):g} s"
        words = f"Craft to scale, as oriented at {when}. Blue arrows: where the camera points at each dot. "
        figure.supxlabel(words + "Compass: a dot points toward you, a cross away from you.", fontsize=9)
    return figure


def _draw_panel(
    subplot: Any,
    panel: Panel,
    reference_view: View,
    views: list[View],
    times: Sequence[float],
    line: Vector,
    axes: AxesName,
    compass: Directions,
) -> None:
    to_page = panel.rows @ icrf_to_axes(reference_view, axes)
    image, extent = orthographic_view(
        reference_view.craft,
        to_page @ reference_view.track.icrf_to_body.T,
        to_page @ _toward_sun(reference_view),
        size_px=700,
    )
    flat = line @ panel.rows.T
    reach = np.concatenate([flat[:, :2], np.reshape(extent, (2, 2)).T, [[0.0, 0.0]]])
    middle, span = (reach.min(axis=0) + reach.max(axis=0)) / 2.0, _span(line, reference_view.craft.craft)
    subplot.imshow(image, extent=extent, interpolation="antialiased", zorder=1)
    subplot.plot(flat[:, 0], flat[:, 1], color=_PATH, linewidth=0.9, zorder=2)
    places = np.array([camera_position_in_axes(view, axes) for view in views]) @ panel.rows.T
    subplot.plot(places[:, 0], places[:, 1], ".", color=_PATH, markersize=6, zorder=4)
    _draw_boresights(subplot, panel, views, places, span, axes)
    _label_times(subplot, places, times, span)
    low = middle - span / 2.0
    _draw_compass(subplot, to_page, compass, _empty_corner(reach, low, span))
    subplot.set_xlim(low[0], low[0] + span)
    subplot.set_ylim(low[1], low[1] + span)
    subplot.set_aspect("equal")
    subplot.set(title=panel.title, xlabel=panel.right, ylabel=panel.up)
    subplot.grid(color=_QUIET, alpha=0.35, linewidth=0.5)
    subplot.set_axisbelow(True)


def _span(line: Vector, craft: Craft) -> float:
    """Width of both panels, m, with room for path, craft and labels."""
    half = np.abs(craft.bounds_m).max()
    low, high = np.minimum(line.min(axis=0), -half), np.maximum(line.max(axis=0), half)
    return float(1.12 * (high - low).max())


def _draw_boresights(
    subplot: Any, panel: Panel, views: list[View], places: Vector, span: float, axes: AxesName
) -> None:
    chosen = np.unique(np.linspace(0, len(views) - 1, _MAX_ARROWS).astype(int))
    looks = np.array([icrf_to_axes(views[k], axes) @ views[k].icrf_to_camera[2] for k in chosen]) @ panel.rows.T
    subplot.quiver(
        *places[chosen, :2].T, *(0.09 * span * looks[:, :2]).T, angles="xy", scale_units="xy", scale=1.0,
        color=_BORESIGHT, width=0.0035, zorder=3,
    )  # fmt: skip


def _label_times(subplot: Any, places: Vector, times: Sequence[float], span: float) -> None:
    """Label some of the dots with their time, to the right of the path; fewer where the path is short."""
    from matplotlib.patheffects import withStroke

    chord = places[-1, :2] - places[0, :2]
    length = max(float(np.linalg.norm(chord)), 1e-9)
    label_offset = np.array([chord[1], -chord[0]]) / length
    label_offset = label_offset if label_offset[0] >= 0.0 else -label_offset
    count = int(np.clip(length / (0.06 * span), 2, _MAX_LABELS))
    for k in np.unique(np.linspace(0, len(times) - 1, count).astype(int)):
        subplot.annotate(
            f"{round(times[k], 1):g} s", places[k, :2], textcoords="offset points", xytext=tuple(11.0 * label_offset),
            fontsize=8, ha="left" if label_offset[0] > 0.4 else "center", va="center", zorder=5,
            path_effects=[withStroke(linewidth=2.5, foreground=_BACK)],
        )  # fmt: skip


def _toward_sun(view: View) -> Vector:
    return np.asarray(view.icrf_to_camera.T @ view.sun.direction)


def _directions(resolved: ResolvedScene, view: View) -> Directions:
    """The directions on the compass: unit vectors (3,) from the craft, ICRF axes, with a colour for each."""
    found = {"Sun": (_toward_sun(view), _SUN)}
    if resolved.body.name != "earth":
        found["Earth"] = resolved.toward("earth", view.epoch, view.track.host), _EARTH
    if view.planet is not None:
        found[resolved.body.name.capitalize()] = resolved.toward("nadir", view.epoch, view.track.host), _PLANET
    return found


def _draw_compass(subplot: Any, to_page: Matrix, directions: Directions, corner: tuple[float, float]) -> None:
    """Draw directions from the craft in a corner, each as long as its projection."""
    compass = subplot.inset_axes((*corner, _COMPASS, _COMPASS))
    compass.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), aspect="equal")
    compass.axis("off")
    written: list[Vector] = []
    for label, (direction, colour) in directions.items():
        x, y, out = to_page @ direction
        flat, length = np.array([x, y]), float(np.hypot(x, y))
        if length < _END_ON:
            compass.plot(0, 0, "o" if out > 0 else "x", color=colour, markersize=7)
            flat, length = np.array([1.0, 1.0]), np.sqrt(2.0)
            place = 0.35 * flat
        else:
            compass.annotate("", (x, y), (0.0, 0.0), arrowprops={"arrowstyle": "->", "color": colour, "lw": 1.3})
            place = flat * (1.0 + 0.35 / length)
        while any((np.abs(place - other) < (0.8, 0.38)).all() for other in written):  # keep labels apart
            place = place + np.array([0.0, 0.2 if y >= 0.0 else -0.2])
        written.append(place)
        compass.text(*place, label, color=colour, fontsize=8, ha="center", va="center")


def _empty_corner(points: Vector, low: Vector, span: float) -> tuple[float, float]:
    """Corner of the panel, as shares of its size, in which the compass is farthest from ``points`` (N, 2)."""
    shares = (points - low) / span
    edge = 1.0 - _COMPASS - 0.01
    corners = [(0.01, 0.01), (edge, 0.01), (0.01, edge), (edge, edge)]

    def clearance(corner: tuple[float, float]) -> float:
        return float(np.linalg.norm(shares - np.array(corner) - _COMPASS / 2.0, axis=1).min())

    return max(corners, key=clearance)
