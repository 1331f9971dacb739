"""Views of a scene at other moments, and after other releases, without reading it again."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from selfiesim.astro.orbit import State
from selfiesim.core.vectors import Matrix, Vector, unit
from selfiesim.motion import ejection
from selfiesim.view.build_view import view_at
from selfiesim.view.release_setup import Masses, MountPoint, ReleaseState, plan_release
from selfiesim.view.scene_setup import SceneSetup
from selfiesim.view.view import View

_FAR_M = 1e10  # from here on, positions about the centre are rounded to more than a micrometre
_LOW_ORBIT_S = 1000.0  # about the time in which a low orbit turns by a radian


class Push(NamedTuple):
    """A release unlike the scene's: delay, s, with the picture; speed over the scene's; direction (3,), body axes."""

    later_s: float
    speed_ratio: float
    axis: Vector


class SceneMotion:
    """A resolved scene whose moment and release can be varied.

    Parameters
    ----------
    setup : SceneSetup
        The scene.
    """

    def __init__(self, setup: SceneSetup) -> None:
        self.setup = setup
        self.epoch = setup.epoch_at(setup.scene.at, "at")

    @property
    def seconds_since_release(self) -> float | None:
        """Time of the picture after the scene's own release, s; None for a camera that is never released."""
        state = self.setup.release_state
        return None if state is None else self.epoch - state.release.epoch

    def time_scale(self, word: str) -> float:
        """A change of ``time`` or ``release_time`` that makes another picture, s."""
        seconds = self.seconds_since_release
        return max(seconds, 1.0) if word == "time" and seconds is not None else _LOW_ORBIT_S

    def view(self, later_s: float = 0.0, push: Push | None = None) -> View:
        """The view at another moment, after the scene's own release or another one.

        Parameters
        ----------
        later_s : float
            Delay of the picture, s.
        push : Push, optional
            Another release; that it misses the craft is not checked.

        Raises
        ------
        UserError
            As :func:`selfiesim.view.build_view.view_at`.
        """
        if push is None:
            return view_at(self.setup, self.epoch + later_s, with_light=False)
        moved = replace(self.setup, axis=push.axis, release_state=self._released(push))
        return view_at(moved, self.epoch + (later_s + push.later_s), with_light=False)

    def lens_shift(self, view: View, before: Push | None, after: Push) -> Vector:
        """Displacement (3,) of the lens in a view if the push had been another, ICRF axes, m.

        To the fourth power of the time since the release, with the gravity gradient along the orbit: exact propagation
        has rounding errors, of 20 micrometres about the Sun, that spoil derivatives. Good to 1e-3 of itself after
        minutes on a low orbit, so pushes are compared with one that is nearly the same.
        """
        setup, state = self.setup, self.setup.release_state
        assert state is not None
        assert setup.scene.release is not None
        ratio, axis = (1.0, setup.axis) if before is None else (before.speed_ratio, before.axis)
        change = state.release.speed * (after.speed_ratio * unit(after.axis) - ratio * unit(axis))
        if setup.scene.release.recoil:
            released, craft = self._masses().known("release.recoil")
            change = change * (1.0 + released / craft)
        seconds = view.epoch - state.release.epoch
        gradient = self.gravity_gradient(state.host.position) + self.gravity_gradient(view.track.host.position)
        drift = seconds * (np.eye(3) + seconds**2 / 12.0 * gradient)
        return np.asarray(drift @ state.icrf_to_body.T @ change)

    def gravity_gradient(self, place: Vector) -> Matrix:
        """Change (3, 3) of the planet's gravity with position, at a place (3,) from its centre, m; 1/s^2, ICRF axes."""
        distance = float(np.linalg.norm(place))
        zenith = place / distance
        gradient = self.setup.body.gm_m3_s2 / distance**3 * (3.0 * np.outer(zenith, zenith) - np.eye(3))
        return np.asarray(gradient)

    def rounding_shift(self, view: View, push: Push | None) -> Vector:
        """Displacement (3,) of the lens that takes the rounding errors out of a view about the Sun, ICRF axes, m.

        There the drift is a straight line to within nanometres, but as the difference of two positions it is
        20 micrometres off, differently in each view: too much for derivatives with respect to time.
        """
        state = self.setup.release_state
        if state is None or np.linalg.norm(view.track.host.position) < _FAR_M or (push is not None and push.later_s):
            return np.zeros(3)
        release = state.release
        if push is not None:
            release = replace(release, axis=push.axis, speed=release.speed * push.speed_ratio)
        origin = State(np.zeros(3), np.zeros(3))
        start = ejection.camera_state_after_push(release, origin, state.icrf_to_body, state.body_rate)
        straight = start.position + (view.epoch - release.epoch) * start.velocity
        return np.asarray(straight + view.icrf_to_camera.T @ view.craft.position)

    def _masses(self) -> Masses:
        scene = self.setup.scene
        craft_kg = scene.craft.mass_kg or self.setup.craft.mass_kg
        return Masses(scene.camera.mass_kg, craft_kg, ("camera.mass_kg", "craft.mass_kg"))

    def _released(self, push: Push) -> ReleaseState:
        setup, state, section = self.setup, self.setup.release_state, self.setup.scene.release
        assert state is not None
        assert section is not None
        changed = section.model_copy(
            update={"speed_m_s": state.release.speed * push.speed_ratio, "spring_energy_j": None}
        )
        start = MountPoint(setup.mount, push.axis, setup.hidden_nodes)
        looking_back = replace(setup, axis=push.axis).body_to_camera()
        epoch = state.release.epoch + push.later_s
        return plan_release(changed, start, setup.host, setup.law, epoch, looking_back, self._masses(), "release")
