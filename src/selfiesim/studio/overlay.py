"""What the page draws over the picture and below it, from the geometry alone: lines, names, facts, the drift."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.analysis.framing import craft_bounding_box, framing
from selfiesim.astro.ellipsoid import circle_points, ellipsoid_foot, limb_points, terminator_points
from selfiesim.core.errors import UserError
from selfiesim.core.vectors import unit
from selfiesim.studio.shape import assembly_places, body_axes, words
from selfiesim.view.in_frame import project_places

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene
    from selfiesim.view.poses import PlanetPose
    from selfiesim.view.view import View

Point = list[float]

_CIRCLE = 360  # steps around limb and terminator
_MAX_NAMES = 14
_JUMP = 0.5  # between neighbouring points of a line, widths of the picture
_NAME_SPACING = 0.05  # least distance between names, widths of the picture
STRIP_MOMENTS = 61
"""Moments of the drift at which the strip below the picture says what is in the frame."""
_SHORTEST_STRIP_S = 120.0
_MIN_CAP_SHARE = 0.02


def overlay(view: View) -> dict[str, Any]:
    """Return lines, names and facts of a view. Points are fractions of the picture's width and height.

    Parameters
    ----------
    view : View
        The view.

    Returns
    -------
    dict
        ``limb``, ``terminator`` and ``horizon``, lists of polylines; ``names`` of features and bodies, and ``parts`` of
        the craft; ``sun``, where it is or the direction toward it; ``craft``, the bounding box; ``facts`` of
        ``selfiesim show``, ``assumed`` and ``sky``; ``t_s``, seconds after the release; ``body``, see
        :func:`selfiesim.studio.shape.body_axes`.
    """
    lines = {"limb": [], "terminator": [], "horizon": []} if view.planet is None else _circles(view, view.planet)
    box = _fractions(view, np.array(craft_bounding_box(view)).reshape(2, 2))
    seconds = view.track.seconds_since_release
    return lines | {
        "names": _feature_names(view) + _sky_names(view),
        "parts": _part_names(view),
        "sun": _sun(view),
        "craft": None if np.isnan(box).any() else box.tolist(),
        "facts": {key: value for key, value in view.facts.items() if not isinstance(value, (dict, list))},
        "assumed": view.facts.get("assumed", {}),
        "sky": [{key: value for key, value in body.items() if key != "pixel"} for body in view.facts["sky"]],
        "t_s": seconds,
        "body": body_axes(view),
    }


def drift_strip(scene: Scene, check: Callable[[], None]) -> dict[str, Any]:
    """Return what is in the frame along the drift.

    Parameters
    ----------
    scene : Scene
        The scene.
    check : callable
        Called between moments; it may raise to stop.

    Returns
    -------
    dict
        ``times``, s after the release, and for each whether the whole ``craft``, the polar ``cap`` of Mars, the
        ``limb`` of a planet, and the ``sun``, unless the planet hides it, are in the picture; and the ``path`` of the
        camera in the craft's body axes, m. Empty if the camera is never released.
    """
    if scene.release is None:
        return {"times": []}
    resolved = scene.resolve()
    at = max(resolved.seconds(scene.at), 0.0)
    stop = max(_SHORTEST_STRIP_S, float(np.ceil(at * 1.5 / 60.0)) * 60.0)
    strip: dict[str, Any] = {key: [] for key in ("times", "craft", "cap", "limb", "sun", "path")}
    for seconds in np.linspace(0.0, stop, STRIP_MOMENTS):
        check()
        try:
            view = resolved.at(float(seconds))
            seen = framing(view)
        except UserError:  # a trajectory that ends earlier, or a lens inside the craft at the release
            continue
        strip["times"].append(float(seconds))
        strip["craft"].append(seen.craft_in_frame)
        if view.planet is not None:
            strip["limb"].append(seen.limb_in_frame)
            if view.planet.body.name == "mars":
                strip["cap"].append(seen.cap_share > _MIN_CAP_SHARE)
        strip["sun"].append(seen.sun_in_frame and view.craft.sun_visible_fraction > 0.0)
        strip["path"].append(np.round(-view.craft.body_to_camera.T @ view.craft.position, 3).tolist())
    return strip


def _fractions(view: View, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return pixels (N, 2), whose centres are whole numbers, as fractions of width and height."""
    return np.asarray((pixels + 0.5) / (view.camera.width, view.camera.height))


def _circles(view: View, planet: PlanetPose) -> dict[str, list[list[Point]]]:
    """Return the limb, the visible half of the terminator, and the level horizon of the camera, as polylines."""
    to_fixed = planet.camera_to_bodyfixed
    eye = to_fixed @ -planet.position
    limb = limb_points(eye, planet.body, _CIRCLE)
    terminator = terminator_points(to_fixed @ view.sun.direction, planet.body, _CIRCLE)
    squared = np.array(planet.body.radii_m) ** 2
    is_hidden = (terminator / squared) @ eye < 1.0
    zenith = unit(ellipsoid_foot(eye, planet.body) / squared)
    return {
        "limb": _polylines(view, limb @ to_fixed + planet.position),
        "terminator": _polylines(view, terminator @ to_fixed + planet.position, is_hidden),
        "horizon": _polylines(view, circle_points(zenith, _CIRCLE) @ to_fixed),
    }


def _polylines(
    view: View, positions: NDArray[np.float64], hidden: NDArray[np.bool_] | None = None
) -> list[list[Point]]:
    """Return the runs of positions (N, 3), camera axes, in and near the picture; without those that are hidden."""
    if not len(positions):
        return []
    points = _fractions(view, view.camera.project(positions))
    near = np.asarray(np.isfinite(points).all(axis=1) & (np.abs(points - 0.5) < 1.5).all(axis=1))
    if hidden is not None:
        near &= ~hidden
    # A line that leaves a panorama on one side comes back on the other.
    far = np.abs(np.diff(points, axis=0)).max(axis=1) > _JUMP
    runs = np.split(np.arange(len(points)), np.flatnonzero((np.diff(near.astype(int)) != 0) | far) + 1)
    return [np.round(points[run], 5).tolist() for run in runs if near[run[0]] and len(run) > 1]


def _part_names(view: View) -> list[dict[str, Any]]:
    """Return the names of the craft's assemblies where there is room for them."""
    names: list[dict[str, Any]] = []
    for group, position in assembly_places(view.craft).items():
        place = _fractions(view, view.camera.project(position))
        if np.isfinite(place).all() and (np.abs(place - 0.5) < 0.5).all():
            _add_name(names, {"name": words(group), "kind": "part", "at": place})
    return [each | {"at": np.round(each["at"], 5).tolist()} for each in names]


def _add_name(names: list[dict[str, Any]], new: dict[str, Any]) -> None:
    """Add a name unless it is too close to another, or there are enough."""
    if len(names) < _MAX_NAMES and all(np.linalg.norm(new["at"] - each["at"]) > _NAME_SPACING for each in names):
        names.append(new)


def _feature_names(view: View) -> list[dict[str, Any]]:
    from selfiesim.planet.places.gazetteer import GAZETTEER_FILES, load_features

    if view.planet is None or view.planet.body.name not in GAZETTEER_FILES:
        return []
    features = sorted(load_features(view.planet.body.name), key=lambda each: -each.diameter_km)
    latitudes, longitudes = np.radians([(each.lat_deg, each.lon_deg) for each in features]).T
    places = _fractions(view, project_places(view, latitudes, longitudes))
    names: list[dict[str, Any]] = []
    for k in np.flatnonzero(np.isfinite(places[:, 0])):
        _add_name(names, {"name": features[k].name, "kind": "feature", "at": places[k]})
    return [each | {"at": np.round(each["at"], 5).tolist()} for each in names]


def _sky_names(view: View) -> list[dict[str, Any]]:
    found = []
    for body in view.facts["sky"]:
        pixel = body.get("pixel")
        if pixel is not None and not body.get("hidden", False):
            at = _fractions(view, np.array(pixel, float))
            found.append({"name": str(body["name"]), "kind": "sky", "at": np.round(at, 5).tolist()})
    return found


def _sun(view: View) -> dict[str, Any]:
    """Return where the Sun is in the picture, else the direction toward it across the picture."""
    pixel = view.camera.project(view.sun.direction)
    at = _fractions(view, pixel)
    inside = bool(np.isfinite(at).all() and (at > 0.0).all() and (at < 1.0).all())
    x, y, _ = view.sun.direction
    length = float(np.hypot(x, y)) or 1.0
    return {"at": np.round(at, 5).tolist() if inside else None, "toward": [float(x) / length, float(y) / length]}
