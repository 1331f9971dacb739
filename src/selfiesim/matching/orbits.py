"""Steps that a descent takes through the unknowns: around the target, not about the lens.

A small turn about the lens moves the whole picture, and must be undone by a large displacement; in these coordinates
the sum of squares has long bent valleys. Turned about the points, and displaced along its own axes, the camera moves
through straight ones. Both describe the same poses; covariances are those of the parameters themselves.
"""

from __future__ import annotations

import numpy as np

from selfiesim.core.vectors import Matrix, Vector, cross, rotation_about, rotation_vector
from selfiesim.matching.parameters import Guess, Parameters
from selfiesim.matching.points.targets import Stage

_ROUNDS = 20  # of the secant method: the time of a drift
_FIRST_STEP = 1e-4  # of that time
_AXIS_STEP = 1e-5  # of the push, for derivatives
_SETTLED = 1e-13  # relative change of that time


def path_from(parameters: Parameters, guess: Guess) -> Path:
    """Return the guesses around one: the camera turned about the mean of the craft's points, and displaced.

    Where the position is not fitted, or points far from the craft hold the attitude, the steps are those of the
    parameters.
    """
    targets = parameters.targets
    if targets.far.any() or not parameters.has_attitude or not targets.craft_indices.size:
        return Path(parameters, guess)
    if "position" in parameters.fit:
        return _MountedPath(parameters, guess)
    return _ReleasedPath(parameters, guess) if {"axis", "time"} <= set(parameters.fit) else Path(parameters, guess)


class Path:
    """The guesses that steps (count,) of the unknowns lead to from one; here those of the parameters themselves."""

    def __init__(self, parameters: Parameters, guess: Guess) -> None:
        self.parameters, self.guess = parameters, guess

    def __call__(self, step: Vector) -> Guess:
        """The guess that a step leads to."""
        return self.parameters.moved(self.guess, step)

    def slopes(self, step: Vector, reached: Guess) -> Matrix:
        """Change (count, count) of the unknowns with a step that has ``reached`` a guess."""
        slopes = np.eye(self.parameters.count)
        if self.parameters.has_attitude:
            slopes[:3, :3] = _turn_slopes(step[:3])
        return slopes


class _MountedPath(Path):
    """The camera turned about the points, and displaced along its own axes: its position is fitted."""

    words: tuple[str, ...] = ("position",)

    def __init__(self, parameters: Parameters, guess: Guess) -> None:
        super().__init__(parameters, guess)
        stage, pose = parameters.pose(guess)
        targets = parameters.targets
        placed = (targets.positions(stage, pose) - pose.shift) @ pose.rotation.T
        self.centre = placed[targets.craft_indices].mean(axis=0)
        self.columns = np.concatenate([parameters.columns(word) for word in self.words])
        self.units = np.ones(3)
        self.to_local = self._to_local(stage)

    def _to_local(self, stage: Stage) -> Matrix:
        return np.asarray(self.parameters.position_to_camera(stage).T @ stage.view.icrf_to_camera)

    def __call__(self, step: Vector) -> Guess:
        """The guess that a step leads to."""
        return self._displaced(self.parameters.moved(self.guess, step), self._displacement(step))

    def _displaced(self, to: Guess, displacement: Vector) -> Guess:
        values = to.values.copy()
        values[self.columns] = self.guess.values[self.columns] + displacement
        return Guess(to.attitude, values)

    def _seen(self, step: Vector) -> Vector:
        """Where the camera sees the centre (3,), its axes, m."""
        return np.asarray(self.centre + step[3 + self.columns] * self.units)

    def _displacement(self, step: Vector) -> Vector:
        """Displacement (3,) of the camera, local axes, m."""
        attitude = self.parameters.moved(self.guess, step).attitude
        return np.asarray(self.to_local @ (self.guess.attitude.T @ self.centre - attitude.T @ self._seen(step)))

    def slopes(self, step: Vector, reached: Guess) -> Matrix:
        """Change (count, count) of the unknowns with a step that has ``reached`` a guess."""
        slopes = super().slopes(step, reached)
        back = self.to_local @ self.parameters.moved(self.guess, step).attitude.T
        slopes[3 + self.columns] = 0.0
        slopes[3 + self.columns, :3] = -back @ cross(self._seen(step), np.eye(3)).T @ slopes[:3, :3]
        slopes[np.ix_(3 + self.columns, 3 + self.columns)] = -back * self.units
        return slopes


class _ReleasedPath(_MountedPath):
    """The same for a released camera: the push and the moment that bring it to a place are found."""

    words = ("axis", "time")

    def __init__(self, parameters: Parameters, guess: Guess) -> None:
        super().__init__(parameters, guess)
        self.drift = _Drift(parameters, guess)
        distance = max(float(np.linalg.norm(self.drift.place)), 1e-3)
        self.units = np.array([distance, distance, self.drift.speed(guess)])

    def _to_local(self, stage: Stage) -> Matrix:
        return stage.view.track.icrf_to_body

    def _displaced(self, to: Guess, displacement: Vector) -> Guess:
        values = to.values.copy()
        values[self.columns] = self.drift.leading_to(self.drift.place + displacement, to)
        # The craft may spin: the camera keeps its attitude to it, not to the stars, while the moment moves.
        later = self.parameters.stage(Guess(to.attitude, values))[0].view.track.icrf_to_body
        return Guess(to.attitude @ self.to_local.T @ later, values)

    def slopes(self, step: Vector, reached: Guess) -> Matrix:
        """Change (count, count) of the unknowns with a step that has ``reached`` a guess."""
        parameters, drift = self.parameters, self.drift
        slopes = super().slopes(step, reached)
        by_place, by_speed = drift.slopes(drift.place + self._displacement(step), reached)
        slopes[3 + self.columns] = by_place @ slopes[3 + self.columns]
        if "speed" in parameters.fit:
            slopes[3 + self.columns, 3 + parameters.columns("speed")[0]] += by_speed
        time = 3 + parameters.columns("time")[0]
        second = parameters.steps[time] * np.eye(parameters.count)[time]
        body, later = (
            parameters.stage(each)[0].view.track.icrf_to_body for each in (reached, parameters.moved(reached, second))
        )
        turning = reached.attitude @ body.T @ rotation_vector(later @ body.T) / second[time]
        slopes[:3] += np.outer(turning, slopes[time])
        return slopes


def _turn_slopes(turn: Vector) -> Matrix:
    """Rotation (3, 3) by which that of a rotation vector (3,) changes with it: the left Jacobian of SO(3)."""
    angle = float(np.linalg.norm(turn))
    product = cross(turn, np.eye(3)).T
    if angle < 1e-4:
        return np.asarray(np.eye(3) + 0.5 * product)
    first, second = (1.0 - np.cos(angle)) / angle**2, (angle - np.sin(angle)) / angle**3
    return np.asarray(np.eye(3) + first * product + second * product @ product)


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

    def slopes(self, place: Vector, reached: Guess) -> tuple[Matrix, Vector]:
        """Change of axis and time with a place (3, 3), and with the speed over the scene's (3,), where a guess is."""
        seconds = self.seconds + self.parameters.value(reached, "time") - self.parameters.value(self.guess, "time")
        push, step = self._push(place, seconds), _FIRST_STEP * seconds
        by_place = np.stack([self._push(place + axis, seconds) - push for axis in np.eye(3)], axis=-1)  # it is linear
        by_time = (self._push(place, seconds + step) - self._push(place, seconds - step)) / (2.0 * step)
        # The speed is kept, or follows its own unknown.
        time_by_place = -push @ by_place / (push @ by_time)
        time_by_speed = self.speed(reached) * self.state.release.speed / (push @ by_time)
        changes = np.column_stack([by_place + np.outer(by_time, time_by_place), by_time * time_by_speed])
        small = _AXIS_STEP * self.speed(reached) / np.maximum(np.linalg.norm(changes, axis=0), 1e-300)
        values = self.parameters.axis_values
        axis = [
            (values(push + h * change) - values(push - h * change)) / (2.0 * h)
            for h, change in zip(small, changes.T, strict=True)
        ]
        whole = np.vstack([np.stack(axis, axis=-1), np.append(time_by_place, time_by_speed)])
        return whole[:, :3], whole[:, 3]

    def _push(self, place: Vector, seconds: float) -> Vector:
        """Velocity (3,) of the push that leads to a place in a time, body axes at the release."""
        body = self.body
        if self.spin > 0.0:
            body = rotation_about(self.state.body_rate, -self.spin * (seconds - self.seconds)) @ body
        velocity = np.linalg.solve(self._growth(seconds), body.T @ place - self.start)
        return np.asarray(self.state.icrf_to_body @ velocity - self.swing)
