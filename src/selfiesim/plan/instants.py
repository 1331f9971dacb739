"""The pictures of a scene at many instants at once: what a :class:`selfiesim.view.view.View` is for one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from selfiesim.astro.orbit import propagate_many
from selfiesim.camera.pinhole import Camera, PlaceError, icrf_to_camera
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector, quaternion_to_matrix, rotation_about, unit
from selfiesim.motion import pointing_laws
from selfiesim.motion.tumble import tumble
from selfiesim.plan.motion import Motion

_CHUNK = 4096


@dataclass(frozen=True)
class Push:
    """How a camera was released before a picture, and how it is rolled: one value, or one for each of N pictures.

    Attributes
    ----------
    since_s : float or (N,) array
        Time since the release.
    speed_m_s : float or (N,) array
        Speed along the axis.
    axis : (3,) or (N, 3) array
        Unit vector of the push, body axes.
    roll : float or (N,) array
        Roll of the picture, rad, for a camera that tracks its target.
    tumbled : (N, 3, 3) array, optional
        Attitudes of the inner lens of a tumbling camera, ICRF to camera axes; by default those of the planned release.
    """

    since_s: Any
    speed_m_s: Any
    axis: Vector
    roll: Any
    tumbled: Matrix | None = None

    def at(self, index: Any) -> Push:
        """Return the push of some of the pictures."""
        since, speed, roll = (
            part[index] if np.ndim(part) else part for part in (self.since_s, self.speed_m_s, self.roll)
        )
        axis = self.axis[index] if self.axis.ndim == 2 else self.axis
        return Push(since, speed, axis, roll, None if self.tumbled is None else self.tumbled[index])


@dataclass(frozen=True)
class Lens:
    """The lens of a picture, and where in it the target appears."""

    camera: Camera
    place: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Instants:
    """N pictures.

    Attributes
    ----------
    motion : Motion
        The scene's motion.
    lens : Lens
        Of all of them.
    push : Push
        The release before each.
    t : (N,) array
        Times of the pictures, s after the motion's start.
    """

    motion: Motion
    lens: Lens
    push: Push
    t: Vector
    _known: dict[Any, Any] = field(default_factory=dict, repr=False)

    def at(self, t: Vector) -> Instants:
        """Return the pictures at other times, after the same push."""
        return replace(self, t=t, _known={})

    @cached_property
    def chunks(self) -> tuple[Instants, ...]:
        """The same pictures in pieces, so that arrays of many points in each stay small."""
        if len(self.t) <= _CHUNK:
            return (self,)
        pieces = [slice(start, start + _CHUNK) for start in range(0, len(self.t), _CHUNK)]
        return tuple(replace(self, t=self.t[piece], push=self.push.at(piece), _known={}) for piece in pieces)

    def once(self, key: Any, compute: Callable[[], Any]) -> Any:
        """Return a value that several conditions need, computed once."""
        if key not in self._known:
            self._known[key] = compute()
        return self._known[key]

    @cached_property
    def host(self) -> Vector:
        """Positions and velocities (N, 6) of the craft from the body's centre, ICRF axes."""
        return self.motion.host(self.t)

    @cached_property
    def to_bodyfixed(self) -> Matrix:
        """Rotations (N, 3, 3) from ICRF to the body's own axes."""
        return self.motion.to_bodyfixed(self.t)

    @cached_property
    def attitude(self) -> Matrix:
        """Attitudes (N, 3, 3) of the craft, ICRF to body axes."""
        law = self.motion.attitude(self.t, self.host)
        spin = self.motion.spin_axis_rate()
        if spin is None:
            return law
        since = self.push.since_s if self.is_released else self.t - (self.motion.resolved.start - self.motion.start)
        return rotation_about(spin[0], -spin[1] * np.asarray(since)) @ law

    @property
    def is_released(self) -> bool:
        """Whether the camera drifts, rather than being mounted."""
        return self.motion.resolved.release_state is not None

    @cached_property
    def relative(self) -> Vector:
        """Positions (N, 3) of the camera from the craft's origin, m, ICRF axes."""
        if self.is_released:
            return self._drift()
        resolved = self.motion.resolved
        section = resolved.scene.mounted
        assert section is not None
        if section.offset_m is not None and section.axes == "local":
            axes = [self.motion.toward(name, self.t, self.host) for name in ("east", "north", "zenith")]
            return np.asarray(np.einsum("i,inj->nj", resolved.mount, np.array(axes)))
        return np.asarray(np.einsum("nji,j->ni", self.attitude, resolved.mount))

    def _drift(self) -> Vector:
        """Push the camera off and follow it by two-body motion; forces act on both alike, to within millimetres."""
        motion, push = self.motion, self.push
        since = np.broadcast_to(np.asarray(push.since_s, float), self.t.shape)
        host, attitude, rate = self._at_release
        state = motion.resolved.release_state
        assert state is not None
        speed = np.broadcast_to(np.asarray(push.speed_m_s, float), self.t.shape)[:, None]
        kick = np.cross(rate, state.release.mount) + speed * push.axis
        offset = np.broadcast_to(state.release.mount, kick.shape)
        to_icrf = np.swapaxes(attitude, -1, -2)
        camera = host + np.concatenate([_rotate(to_icrf, offset), _rotate(to_icrf, kick)], axis=-1)
        after = host.copy()
        after[:, 3:] -= self._recoil_share * _rotate(to_icrf, speed * push.axis)
        try:
            later = propagate_many(camera, since, motion.gm) - propagate_many(after, since, motion.gm)
        except ValueError as error:
            raise SceneError("release.speed_m_s: the push puts the camera on an escape path") from error
        return later[:, :3]

    @cached_property
    def _at_release(self) -> tuple[Vector, Matrix, Vector]:
        """States (N, 6), attitudes (N, 3, 3) and rotation rates (N, 3) of the craft at the releases."""
        t = self.t - self.push.since_s
        host = self.motion.host(t)
        return host, *self.motion.attitude_and_rate(t, host)

    @property
    def _recoil_share(self) -> float:
        """Speed of the recoil over that of the push."""
        state, section = self.motion.resolved.release_state, self.motion.resolved.scene.release
        assert state is not None
        assert section is not None
        if not section.recoil:
            return 0.0
        return float(np.linalg.norm(state.host_after.velocity - state.host.velocity) / state.release.speed)

    @cached_property
    def camera_position(self) -> Vector:
        """Positions (N, 3) of the camera from the body's centre, m, ICRF axes."""
        return self.host[:, :3] + self.relative

    @cached_property
    def icrf_to_camera(self) -> Matrix:
        """Attitudes (N, 3, 3) of the lens.

        Raises
        ------
        SceneError
            The camera points in a way that cannot be planned, or along its own vertical.
        """
        resolved, section = self.motion.resolved, self.motion.resolved.scene.camera
        if section.look == "mount":
            return np.asarray(resolved.camera_to_lens @ resolved.body_to_camera() @ self.attitude)
        if section.look == "tumbling":
            return self._tumbled()
        if section.look == "azimuth":
            raise SceneError("camera.look: 'azimuth' is for a lens on the ground; plan with craft, mount or tumbling")
        if section.target != "craft" and section.target not in pointing_laws.TARGETS:
            raise SceneError(f"camera.target: plan follows the craft or a direction, not the object {section.target!r}")
        up = self.motion.toward(section.up, self.t, self.host)
        at = -self.relative if section.target == "craft" else self.motion.toward(section.target, self.t, self.host)
        try:
            return icrf_to_camera(self.lens.camera, at, up, self.lens.place, self.push.roll)
        except PlaceError as error:
            raise SceneError(f"camera.place: {list(self.lens.place)} is beyond what the lens shows") from error
        except ValueError as error:
            raise SceneError(f"camera.up: {section.up!r} lies along the line of sight; choose another") from error

    def _tumbled(self) -> Matrix:
        """Free rotation since each release, which turns every start in the same way in the camera's own axes."""
        resolved = self.motion.resolved
        if self.push.tumbled is not None:
            return np.asarray(resolved.camera_to_lens @ self.push.tumbled)
        state = resolved.release_state
        assert state is not None
        inertia = np.array(resolved.scene.camera.inertia_kg_m2)
        since = np.broadcast_to(np.asarray(self.push.since_s, float), self.t.shape)
        turned = quaternion_to_matrix(
            tumble(inertia, np.array([0.0, 0.0, 0.0, 1.0]), state.camera_rate, np.ravel(since)).attitude
        )
        _host, attitude, _rate = self._at_release
        return np.asarray(resolved.camera_to_lens @ turned @ resolved.body_to_camera() @ attitude)

    def to_camera(self, vectors: Vector) -> Vector:
        """Rotate vectors (N, 3) or (N, M, 3) from ICRF to camera axes."""
        return _rotate(self.icrf_to_camera, vectors)

    @cached_property
    def sun(self) -> Vector:
        """Unit vectors (N, 3) from the camera to the Sun, ICRF axes."""
        return unit(self.motion.body("sun", self.t) - self.camera_position)

    def from_camera(self, name: str) -> Vector:
        """Vectors (N, 3) from the camera to a body, m, ICRF axes."""
        return self.once(("body", name), lambda: self.motion.body(name, self.t) - self.camera_position)  # type: ignore[no-any-return]

    def fixed(self, vectors: Vector) -> Vector:
        """Rotate vectors (N, 3) or (N, M, 3) from ICRF to body-fixed axes."""
        return _rotate(self.to_bodyfixed, vectors)

    def from_fixed(self, vectors: Vector) -> Vector:
        """Rotate vectors (M, 3) from body-fixed axes to ICRF, (N, M, 3)."""
        return np.asarray(vectors @ self.to_bodyfixed)


def _rotate(matrices: Matrix, vectors: Vector) -> Vector:
    if vectors.ndim == 3:
        return np.asarray(vectors @ np.swapaxes(matrices, -1, -2))
    return np.asarray((matrices @ vectors[..., None])[..., 0])
