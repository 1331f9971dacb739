"""Steps that a descent takes through the unknowns: around the target, not about the lens.

A small turn about the lens moves the whole picture, and must be undone by a large displacement; in these coordinates
the sum of squares has long bent valleys. Turned about the points, and displaced along its own axes, the camera moves
through straight ones. Both describe the same poses; covariances are those of the parameters themselves.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from selfiesim.core.vectors import Vector
from selfiesim.matching.parameters import Guess, Parameters

Path = Callable[[Vector], Guess]
"""From a step (count,) of the unknowns to the guess that it leads to."""


# Long: closures over the geometry that they share.
def path_from(parameters: Parameters, guess: Guess) -> Path:
    """Return the guesses around one: the camera turned about the mean of the craft's points, and displaced.

    Where the position is not fitted, or points far from the craft hold the attitude, the steps are those of the
    parameters.
    """
    targets = parameters.targets
    if targets.far.any():
        return lambda step: parameters.moved(guess, step)
    stage, pose = parameters.pose(guess)
    placed = (targets.positions(stage, pose) - pose.shift) @ pose.rotation.T
    moves = "position" in parameters.fit, {"axis", "time"} <= set(parameters.fit)
    if not parameters.has_attitude or not any(moves) or not targets.craft_indices.size:
        return lambda step: parameters.moved(guess, step)
    centre = placed[targets.craft_indices].mean(axis=0)
    if moves[0]:
        columns = parameters.columns("position")
        to_local = parameters.position_to_camera(stage).T @ stage.view.icrf_to_camera

        def displaced(displacement: Vector) -> Vector:
            return np.asarray(guess.values[columns] + to_local @ displacement)

        units = np.ones(3)
    else:
        columns = np.concatenate([parameters.columns("axis"), parameters.columns("time")])
        state, seconds = parameters.setup.release_state, parameters.motion.seconds_since_release
        assert state is not None
        assert seconds is not None
        elapsed = seconds + parameters.value(guess, "time")
        path = parameters.push_axis(guess) * elapsed * state.release.speed  # about where the push has led, body axes
        icrf_to_body = stage.view.track.icrf_to_body
        distance = max(float(np.linalg.norm(path)), 1e-3)
        units = np.array([distance, distance, state.release.speed])

        def displaced(displacement: Vector) -> Vector:
            after = path + icrf_to_body @ displacement
            later = elapsed * (float(np.linalg.norm(after)) / distance - 1.0)
            return np.append(parameters.axis_values(after), parameters.value(guess, "time") + later)

    body = stage.view.track.icrf_to_body

    def along(step: Vector) -> Guess:
        to = parameters.moved(guess, step)
        shift = step[3 + columns] * units
        values = to.values.copy()
        values[columns] = displaced(guess.attitude.T @ centre - to.attitude.T @ (centre + shift))
        if moves[0]:
            return Guess(to.attitude, values)
        # The craft may spin: the camera keeps its attitude to it, not to the stars, while the moment moves.
        later = parameters.stage(Guess(to.attitude, values))[0].view.track.icrf_to_body
        return Guess(to.attitude @ body.T @ later, values)

    return along
