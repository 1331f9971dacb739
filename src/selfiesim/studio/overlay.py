"""What the page draws over the picture and below it, from the geometry alone: lines, names, facts, the drift."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.analysis.framing import craft_bounding_box, framing, project_lonlat
from selfiesim.core.errors import UserError
from selfiesim.core.vectors import Vector, unit

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene
    from selfiesim.view.poses import PlanetPose
    from selfiesim.view.view import View

Point = list[float]

_CIRCLE = 361  # points of limb and terminator
_MAX_NAMES = 14
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
        ``limb`` and ``terminator``, lists of polylines; ``names`` of features and bodies; ``sun``, where it is or the
        direction of its light; ``craft``, the bounding box; ``facts`` of ``selfiesim show``; ``t_s``, seconds after
        the release, and ``moves``, the keys that dragging the picture changes.
    """
    limb, terminator = ([], []) if view.planet is None else _circles(view, view.planet)
    box = _fractions(view, np.array(craft_bounding_box(view)).reshape(2, 2))
    seconds = view.track.seconds_since_release
    return {
        "limb": limb,
        "terminator": terminator,
        "names": _feature_names(view) + _sky_names(view),
        "sun": _sun(view),
        "craft": None if np.isnan(box).any() else box.tolist(),
        "facts": {key: value for key, value in view.facts.items() if not isinstance(value, (dict, list))},
        "assumed": view.facts.get("assumed", {}),
        "t_s": seconds,
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
        ``times``, s after the release, and for each whether the whole ``craft``, the polar ``cap``, the ``limb`` and
        the ``sun`` are in the picture; empty if the camera is never released.
    """
    if scene.release is None:
        return {"times": []}
    resolved = scene.resolve()
    at = max(resolved.seconds(scene.at), 0.0)
    stop = max(_SHORTEST_STRIP_S, float(np.ceil(at * 1.5 / 60.0)) * 60.0)
    strip: dict[str, Any] = {"times": [], "craft": [], "cap": [], "limb": [], "sun": []}
    for seconds in np.linspace(0.0, stop, STRIP_MOMENTS):
        check()
        try:
            view = resolved.at(float(seconds))
            seen = framing(view)
        except UserError:  # a trajectory that ends earlier, or a lens inside the craft at the release
            continue
        strip["times"].append(float(seconds))
        strip["craft"].append(seen.craft_in_frame)
        strip["cap"].append(seen.cap_share > _MIN_CAP_SHARE)
        strip["limb"].append(seen.limb_in_frame)
        strip["sun"].append(seen.sun_in_frame)
    return strip


def _fractions(view: View, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return pixels (N, 2), whose centres are whole numbers, as fractions of width and height."""
    return np.asarray((pixels + 0.5) / (view.camera.width, view.camera.height))


def _circles(view: View, planet: PlanetPose) -> tuple[list[list[Point]], list[list[Point]]]:
    """Return the limb and the visible half of the terminator as polylines.

    In coordinates divided by the semi-axes the ellipsoid is a unit sphere, on which both are circles.
    """
    radii = np.array(planet.body.radii_m)
    to_fixed = planet.camera_to_bodyfixed
    eye = to_fixed @ -planet.position / radii
    away = unit(eye)
    height = 1.0 / float(np.linalg.norm(eye))
    limb = height * away + np.sqrt(max(1.0 - height**2, 0.0)) * _circle(away)
    sun = unit(to_fixed @ view.sun.direction / radii)
    terminator = _circle(sun)
    hidden = terminator @ eye < 1.0
    lines = []
    for circle, masked in ((limb, None), (terminator, hidden)):
        pixels = view.camera.project((circle * radii) @ to_fixed + planet.position)
        points = _fractions(view, pixels)
        if masked is not None:
            points[masked] = np.nan
        lines.append(_polylines(points))
    return lines[0], lines[1]


def _circle(axis: Vector) -> NDArray[np.float64]:
    """Return the unit circle (N, 3) about an axis."""
    first = unit(np.cross(axis, np.eye(3)[np.argmin(np.abs(axis))]))
    turn = np.linspace(0.0, 2.0 * np.pi, _CIRCLE)[:, None]
    return np.asarray(np.cos(turn) * first + np.sin(turn) * np.cross(axis, first))


def _polylines(points: NDArray[np.float64]) -> list[list[Point]]:
    """Return the runs of points (N, 2) in and near the picture."""
    near = np.asarray(np.isfinite(points).all(axis=1) & (np.abs(points - 0.5) < 1.5).all(axis=1))
    runs = np.split(np.arange(len(points)), np.flatnonzero(np.diff(near.astype(int))) + 1)
    return [np.round(points[run], 5).tolist() for run in runs if near[run[0]] and len(run) > 1]


def _feature_names(view: View) -> list[dict[str, Any]]:
    from selfiesim.planet.library.gazetteer import GAZETTEER_FILES, load_features

    if view.planet is None or view.planet.body.name not in GAZETTEER_FILES:
        return []
    names: list[dict[str, Any]] = []
    for feature in sorted(load_features(view.planet.body.name), key=lambda each: -each.diameter_km):
        pixel = project_lonlat(view, np.radians(feature.lat_deg), np.radians(feature.lon_deg))
        if pixel is None:
            continue
        place = _fractions(view, pixel)
        if all(np.linalg.norm(place - each["at"]) > _NAME_SPACING for each in names):
            names.append({"name": feature.name, "kind": "feature", "at": place})
        if len(names) == _MAX_NAMES:
            break
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
