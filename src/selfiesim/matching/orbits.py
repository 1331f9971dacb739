"""Steps that a descent takes through the unknowns: around the target, not about the lens.

A small turn about the lens moves the whole picture, and must be undone by a large displacement; in these coordinates
the sum of squares has long bent valleys. Turned about the points, and displaced along its own axes, the camera moves
through straight ones. Both describe the same poses; covariances are those of the parameters themselves.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from selfiesim.core.vectors import Matrix, Vector, rotation_about
from selfiesim.matching.parameters import Guess, Parameters

_ROUNDS = 20  # of the secant method: the time of a drift
_FIRST_STEP = 1e-4  # of that time
_SETTLED = 1e-13  # relative change of that time

Path = Callable[[Vector], Guess]
"""From a step (count,) of the unknowns to the guess that it leads to."""


# Long: closures over the geometry that they share.
def path_from(parameters: Parameters, guess: Guess) -> Path:
    """Return the guesses around one: the camera turned about the mean of the craft's points, and displaced.

    Where the position is not fitted, or points far from the craft hold the attitude, the steps are those of the
    parameters.
    """
    targets = parameters.targets
    moves = "position" in parameters.fit, {"axis", "time"} <= set(parameters.fit)
    if targets.far.any() or not parameters.has_attitude or not any(moves) or not targets.craft_indices.size:
        return lambda step: parameters.moved(guess, step)
    stage, pose = parameters.pose(guess)
    placed = (targets.positions(stage, pose) - pose.shift) @ pose.rotation.T
    centre = placed[targets.craft_indices].mean(axis=0)
    body = stage.view.track.icrf_to_body
    if moves[0]:
        columns = parameters.columns("position")
        to_local = parameters.position_to_camera(stage).T @ stage.view.icrf_to_camera
        units = np.ones(3)

        def displaced(displacement: Vector, to: Guess) -> Vector:
            return np.asarray(guess.values[columns] + to_local @ displacement)
    else:
        columns = np.concatenate([parameters.columns("axis"), parameters.columns("time")])
        drift = _Drift(parameters, guess)
        distance = max(float(np.linalg.norm(drift.place)), 1e-3)
        units = np.array([distance, distance, drift.speed(guess)])

        def displaced(displacement: Vector, to: Guess) -> Vector:
            return drift.leading_to(drift.place + body @ displacement, to)

    def along(step: Vector) -> Guess:
        to = parameters.moved(guess, step)
        shift = step[3 + columns] * units
        displacement = guess.attitude.T @ centre - to.attitude.T @ (centre + shift)
        values = to.values.copy()
        values[columns] = displaced(displacement, to)
        if moves[0]:
            return Guess(to.attitude, values)
        # The craft may spin: the camera keeps its attitude to it, not to the stars, while the moment moves.
        later = parameters.stage(Guess(to.attitude, values))[0].view.track.icrf_to_body
        return Guess(to.attitude @ body.T @ later, values)

    return along


class _Drift:
    """Which push, and which moment, bring a released camera to a place near the one of a guess, in body axes.

    A craft that spins turns between the release and the picture, so the push is not the direction of the place.
    """

    def __init__(self, parameters: Parameters, guess: Guess) -> None:
        self.parameters, self.guess = parameters, guess
        state, seconds = parameters.setup.release_state, parameters.motion.seconds_since_release
        assert state is not None
        assert seconds is not None
        self.state = state
        self.seconds = seconds + parameters.value(guess, "time")
        stage, pose = parameters.pose(guess)
        craft, track = stage.view.craft, stage.view.track
        self.body = track.icrf_to_body
        self.swing = np.cross(state.body_rate, state.release.mount)  # of the mount, with the craft
        self.spin = float(np.linalg.norm(state.body_rate))
        self.place = craft.body_to_camera.T @ (pose.shift - craft.position)
        at_release = parameters.motion.gravity_gradient(state.host.position)
        at_picture = parameters.motion.gravity_gradient(track.host.position)
        self.gradient, self.gradient_rate = at_release, (at_picture - at_release) / self.seconds
        pushed = state.icrf_to_body.T @ (parameters.push_axis(guess) * self.speed(guess) + self.swing)
        self.start = self.body.T @ self.place - self._growth(self.seconds) @ pushed  # with all that is left out here

    def speed(self, guess: Guess) -> float:
        """Speed of the push of a guess, m/s."""
        return self.state.release.speed * (1.0 + self.parameters.value(guess, "speed"))

    def _growth(self, seconds: float) -> Matrix:
        """From the velocity of the push to the displacement after a time (3, 3), ICRF axes, s."""
        mean = self.gradient + seconds / 2.0 * self.gradient_rate  # weighted by how far the camera has come
        return np.asarray(seconds * (np.eye(3) + seconds**2 / 6.0 * mean))

    def leading_to(self, place: Vector, to: Guess) -> Vector:
        """Values (3,) of axis and time that bring the camera to a place (3,), body axes, m, at the speed of a guess."""
        speed = self.speed(to)
        before, seconds = self.seconds, self.seconds * (1.0 + _FIRST_STEP)
        excess_before = float(np.linalg.norm(self._push(place, before))) - speed
        for _ in range(_ROUNDS):
            excess = float(np.linalg.norm(self._push(place, seconds))) - speed
            if excess == excess_before:
                break
            change = -excess * (seconds - before) / (excess - excess_before)
            before, excess_before = seconds, excess
            seconds += float(np.clip(change, -0.5 * seconds, seconds))
            if abs(change) < _SETTLED * self.seconds:
                break
        later = self.parameters.value(self.guess, "time") + seconds - self.seconds
        return np.append(self.parameters.axis_values(self._push(place, seconds)), later)

    def _push(self, place: Vector, seconds: float) -> Vector:
        """Velocity (3,) of the push that leads to a place in a time, body axes at the release."""
        body = self.body
        if self.spin > 0.0:
            body = rotation_about(self.state.body_rate, -self.spin * (seconds - self.seconds)) @ body
        velocity = np.linalg.solve(self._growth(seconds), body.T @ place - self.start)
        return np.asarray(self.state.icrf_to_body @ velocity - self.swing)
