"""First guesses for the solver: the scene as it is, and poses from the points alone over a grid of fields of view."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from selfiesim.core.errors import MatchError
from selfiesim.core.vectors import Vector, unit
from selfiesim.matching.parameters import Guess, Parameters
from selfiesim.matching.points.limb import locate_limb
from selfiesim.matching.points.targets import Stage
from selfiesim.matching.start import Candidate, find_poses

_FOCAL_GRID = np.geomspace(0.2, 7.0, 10) - 1.0  # relative change of the scene's focal length
_PER_FIELD = 4  # minima kept for each field of view


def first_guesses(parameters: Parameters) -> list[Guess]:
    """Return the scene's own pose, and those that the points suggest, for several fields of view if that is fitted."""
    scene = parameters.start()
    guesses = [scene]
    names = parameters.names
    ratios = _FOCAL_GRID if "focal length" in names else np.zeros(1)
    if not parameters.has_attitude:
        return guesses
    for ratio in ratios:
        values = scene.values.copy()
        if "focal length" in names:
            values[names.index("focal length") - 3] = ratio
        guesses.append(Guess(scene.attitude, values))
        guesses += _from_points(parameters, guesses[-1])
    return guesses


def guesses_like(parameters: Parameters, guess: Guess) -> list[Guess]:
    """Return the poses that the points suggest for the lens and the moment of a guess."""
    return _from_points(parameters, guess) if parameters.has_attitude else []


def _from_points(parameters: Parameters, guess: Guess) -> list[Guess]:
    """Poses that bring the points onto their rays through the lens of a guess."""
    try:
        stage, pose = parameters.pose(guess)
    except ValueError:  # no such lens
        return []
    targets = parameters.targets
    flat = ~targets.is_curve
    points = targets.positions(stage, pose)[flat]
    rays = pose.camera.unproject(targets.pixels[flat])
    is_direction = targets.is_direction[flat]
    weights = _weights(parameters, points, is_direction, flat)
    for direction, ray in _directions_of_curves(parameters, stage, guess):
        points, rays = np.vstack([points, direction]), np.vstack([rays, ray])
        is_direction, weights = np.append(is_direction, True), np.append(weights, 0.1)
    is_seen = np.isfinite(rays).all(axis=-1) & np.isfinite(points).all(axis=-1)
    moves = "position" in parameters.fit or {"axis"} <= set(parameters.fit)
    found = find_poses(
        points[is_seen], rays[is_seen], is_direction[is_seen], weights[is_seen], np.eye(3), fixed=not moves
    )
    return [_to_guess(parameters, stage, guess, each) for each in found[:_PER_FIELD]]


def _weights(parameters: Parameters, points: Vector, is_direction: Vector, flat: Vector) -> Vector:
    """Weights (N,) that make the errors angles, as far as the distances of the scene are right."""
    distance = np.linalg.norm(points, axis=-1)
    on_craft = np.isin(np.flatnonzero(flat), parameters.targets.craft_indices)
    if on_craft.any():
        distance = np.where(on_craft, distance[on_craft].mean(), distance)
    return np.where(is_direction, 1.0, 1.0 / np.maximum(distance, 1e-3) ** 2)


def _directions_of_curves(parameters: Parameters, stage: Stage, guess: Guess) -> list[tuple[Vector, Vector]]:
    """Directions that the points of limb and horizon give: from the scene's camera, and as seen through the lens."""
    targets, camera, found = parameters.targets, parameters.camera(guess), []
    kinds = np.array([point.kind for point in targets.points])
    planet = stage.view.planet
    limb = camera.unproject(targets.pixels[kinds == "limb"])
    if len(limb) >= 3 and planet is not None and np.isfinite(limb).all():
        to_bodyfixed = planet.camera_to_bodyfixed
        with suppress(MatchError):  # on no cone through this lens: perhaps through another
            found.append((unit(planet.position), unit(locate_limb(limb, planet.body, to_bodyfixed))))
    level = camera.unproject(targets.pixels[kinds == "horizon"])
    if len(level) >= 2 and np.isfinite(level).all():
        normal = np.linalg.svd(level)[2][2]
        found.append((stage.enu_to_camera[:, 2], normal if normal[1] < 0.0 else -normal))
    return found


def _to_guess(parameters: Parameters, stage: Stage, guess: Guess, candidate: Candidate) -> Guess:
    """The values of the unknowns for a pose relative to the scene's view."""
    view, values = stage.view, guess.values.copy()
    lens = -candidate.rotation.T @ candidate.translation  # in the view's camera axes
    names, skip = parameters.names, 3
    if "position" in parameters.fit:
        local = parameters.position_to_camera(stage).T @ lens
        for name, value in zip(parameters.position_axis_names, local, strict=True):
            values[names.index(f"position.{name}") - skip] = value
    elif "axis" in parameters.fit:
        from_mount = view.craft.body_to_camera.T @ (lens - view.craft.position) - parameters.setup.mount
        distance = float(np.linalg.norm(from_mount))
        state, seconds = parameters.setup.release_state, parameters.motion.seconds_since_release
        assert state is not None
        assert seconds is not None
        for i, value in enumerate(parameters.axis_values(from_mount)):
            values[names.index(f"axis.{i + 1}") - skip] = value
        if "time" in names:
            values[names.index("time") - skip] = distance / state.release.speed - seconds
        elif "speed" in names:
            values[names.index("speed") - skip] = distance / (state.release.speed * max(seconds, 1e-3)) - 1.0
    return Guess(candidate.rotation @ view.icrf_to_camera, values)
