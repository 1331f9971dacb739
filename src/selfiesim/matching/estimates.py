"""Solved values in the units of a scene file, with their standard deviations, and what follows from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from selfiesim.astro.ellipsoid import ellipsoid_height
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.matching.parameters import Guess, Parameters
from selfiesim.matching.solve import Minimum, Problem

_STEP = 1e-5  # of a derivative, in standard deviations


@dataclass(frozen=True)
class Estimate:
    """One solved value.

    Attributes
    ----------
    name : str
        Its name: ``position.east``, ``horizontal field``, ``distance to craft``.
    value, sigma : float
        The value and its standard deviation.
    unit : str
        Their unit.
    """

    name: str
    value: float
    sigma: float
    unit: str


Measure = Callable[[Guess], float]


def estimate_all(
    parameters: Parameters, guess: Guess, covariance: Matrix
) -> tuple[tuple[Estimate, ...], Matrix, tuple[Estimate, ...]]:
    """Return the solved parameters, the covariance (n, n) of their values, and further values that follow from them.

    Parameters
    ----------
    parameters : Parameters
        What was solved for.
    guess : Guess
        The solution.
    covariance : (n, n) array
        Of the unknowns, internal values.
    """
    own = _own_values(parameters, guess)
    derived = _derived_values(parameters, guess)
    spread = np.sqrt(np.diag(covariance))
    slopes = _slopes(parameters, guess, [measure for _, _, measure in (*own, *derived)], spread)
    all_covariance = slopes @ covariance @ slopes.T
    found = tuple(
        Estimate(name, measure(guess), float(np.sqrt(max(all_covariance[k, k], 0.0))), unit)
        for k, (name, unit, measure) in enumerate((*own, *derived))
    )
    count = len(own)
    return found[:count], all_covariance[:count, :count], found[count:]


@dataclass(frozen=True)
class FittedPoint:
    """Where the picture puts an uncertain point of a craft.

    Attributes
    ----------
    index : int
        Of the point among the observations.
    craft_m, sigma_m : (3,) array
        Body axes, m, and standard deviations, those of the camera included.
    """

    index: int
    craft_m: Vector
    sigma_m: Vector


def fit_points(problem: Problem, minimum: Minimum, covariance: Matrix) -> tuple[FittedPoint, ...]:
    """Return where the uncertain points are, given the picture and what was assumed of them.

    Each is the mean of its own prior and of its residual, with the covariance (n, n) of the unknowns added.
    """
    parameters, targets = problem.parameters, problem.parameters.targets
    slopes = problem.point_slopes(minimum.guess)
    steps = np.sqrt(np.diag(covariance)) * 1e-3
    moves = [np.eye(parameters.count)[k] * step for k, step in enumerate(steps)]
    by_unknowns = np.stack(
        [
            (
                parameters.residuals(parameters.moved(minimum.guess, move))
                - parameters.residuals(parameters.moved(minimum.guess, -move))
            )
            / (2.0 * move.sum())
            for move in moves
        ],
        axis=-1,
    )
    found = []
    for i in np.flatnonzero(targets.sigma_m.any(axis=-1)):
        own = np.diag(targets.sigma_m[i] ** 2)
        whitening = minimum.weights.whitening[i]
        gain = -own @ slopes[i].T @ whitening.T @ whitening
        spread = own + gain @ slopes[i] @ own + gain @ by_unknowns[i] @ covariance @ by_unknowns[i].T @ gain.T
        place = np.array(targets.points[i].craft_m) + gain @ minimum.residuals[i]
        found.append(FittedPoint(int(i), place, np.sqrt(np.diag(spread))))
    return tuple(found)


def _slopes(parameters: Parameters, guess: Guess, measures: list[Measure], spread: Vector) -> Matrix:
    columns = []
    for k, sigma in enumerate(spread):
        step = np.zeros(parameters.count)
        step[k] = max(_STEP * sigma, 1e-9 * parameters.scales[k])
        ahead, behind = parameters.moved(guess, step), parameters.moved(guess, -step)
        columns.append([(measure(ahead) - measure(behind)) / (2.0 * step[k]) for measure in measures])
    return np.array(columns).T


def _own_values(parameters: Parameters, guess: Guess) -> list[tuple[str, str, Measure]]:
    """Name, unit and value of each unknown, as a scene writes it; of the attitude, rotations from the scene's."""
    found: list[tuple[str, str, Measure]] = []
    if parameters.has_attitude:
        for k, name in enumerate(parameters.names[:3]):
            found.append((name, "deg", _rotation(parameters, k)))
    for parameter in parameters.parameters:
        name, unit = parameter.name, parameter.unit
        base, factor = _base_value(parameters, name), parameter.factor
        if name == "focal length":
            found.append(("horizontal field", "deg", lambda g: float(np.degrees(parameters.camera(g).horizontal_fov))))
        elif name == "speed":
            found.append((name, "m/s", lambda g: base_speed(parameters) * (1.0 + parameters.value(g, "speed"))))
        else:
            found.append((name, unit, _linear(parameters, name, base, factor)))
    return found


def base_speed(parameters: Parameters) -> float:
    """Speed of the scene's push, m/s."""
    state = parameters.setup.release_state
    return 0.0 if state is None else state.release.speed


def _rotation(parameters: Parameters, axis: int) -> Measure:
    scene = parameters.start()
    return lambda guess: float(np.degrees(parameters.difference(scene, guess)[axis]))


def _linear(parameters: Parameters, name: str, base: float, factor: float) -> Measure:
    return lambda guess: base + factor * parameters.value(guess, name)


def _base_value(parameters: Parameters, name: str) -> float:
    """The scene's own value of an unknown, in its unit; 0 for one that is a difference."""
    setup, (word, _, part) = parameters.setup, name.partition(".")
    axes = {"east": 0, "north": 1, "up": 2, "x": 0, "y": 1, "z": 2}
    if word == "position":
        stage, _ = parameters.stage(parameters.start())
        offset = -parameters.position_to_camera(stage).T @ stage.view.craft.position
        return float(offset[axes[part]])
    if word == "centre":
        return setup.camera.cx if part == "x" else setup.camera.cy
    if word == "joint":
        joint, _, number = part.rpartition(".")
        return float(np.degrees(parameters.view.craft.joint_angles.get(joint, (0.0,) * 3)[int(number) - 1]))
    if word == "time":
        return parameters.motion.seconds_since_release or 0.0
    if word in ("k1", "k2", "k3", "k4"):
        return float(getattr(setup.camera.distortion, "k", (0.0,) * 6)[int(word[1]) - 1])
    if word in ("p1", "p2"):
        return float(getattr(setup.camera.distortion, "p", (0.0, 0.0))[int(word[1]) - 1])
    for section in setup.scene.objects:
        if word == section.name and part.startswith("position.") and section.offset_m is not None:
            return float(section.offset_m[axes[part.rpartition(".")[2]]])
    return 0.0


def _derived_values(parameters: Parameters, guess: Guess) -> list[tuple[str, str, Measure]]:
    """Distances, and the height of the camera, where it has one."""
    scene = parameters.setup.scene
    found: list[tuple[str, str, Measure]] = [("distance to craft", "m", lambda g: _distance(parameters, g, None))]
    for section in scene.objects:
        found.append((f"distance to {section.name}", "m", _distance_to(parameters, section.name)))
    if scene.site is not None:
        found.append(("height above ground", "m", lambda g: _height(parameters, g)))
    elif parameters.view.planet is not None:
        found.append(("altitude", "km", lambda g: _altitude_km(parameters, g)))
    return found


def _distance_to(parameters: Parameters, name: str) -> Measure:
    return lambda guess: _distance(parameters, guess, name)


def _distance(parameters: Parameters, guess: Guess, name: str | None) -> float:
    stage, pose = parameters.pose(guess)
    if name is None:
        return float(np.linalg.norm(stage.view.craft.position - pose.shift))
    position = next(each.position for each in stage.view.objects if each.name == name)
    if name in pose.objects:
        position = position + stage.view.icrf_to_camera @ pose.objects[name].offset
    return float(np.linalg.norm(position - pose.shift))


def _height(parameters: Parameters, guess: Guess) -> float:
    """Height of the lens above the ground that the craft stands on, m."""
    stage, pose = parameters.pose(guess)
    return float(stage.enu_to_camera[:, 2] @ (pose.shift - stage.site))


def _altitude_km(parameters: Parameters, guess: Guess) -> float:
    stage, pose = parameters.pose(guess)
    planet = stage.view.planet
    assert planet is not None
    return 1e-3 * ellipsoid_height(planet.camera_to_bodyfixed @ (pose.shift - planet.position), planet.body)
