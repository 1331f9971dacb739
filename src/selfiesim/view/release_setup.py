"""How something leaves a craft: from which mount, which way, how fast, how it turns as it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State
from selfiesim.core.errors import SceneError, UserError
from selfiesim.core.vectors import Matrix, Vector, quaternion, quaternion_to_matrix, rotation_vector, unit
from selfiesim.craft.model import Craft, first_ray_hit
from selfiesim.motion import ejection
from selfiesim.motion.host_trajectories import Host
from selfiesim.motion.tumble import tumble

if TYPE_CHECKING:
    from selfiesim.scene.release import ReleaseSection

AttitudeLaw = Callable[[Epoch, State], Matrix]
"""From an instant and the craft's state to its attitude, ICRF to body axes."""


@dataclass(frozen=True)
class MountPoint:
    """Where a camera or another thing sits on its craft.

    Attributes
    ----------
    position, axis : (3,) array
        Body axes: m, and the unit vector it leaves along.
    leaves : str
        First part of the names of the craft's nodes that are this thing.
    """

    position: Vector
    axis: Vector
    leaves: str


@dataclass(frozen=True)
class ReleaseState:
    """The release as planned.

    Attributes
    ----------
    release : Release
        Instant, mount and push.
    host, host_after, camera : State
        The craft before the push and after it (the same unless it recoils), and the camera just after it.
    icrf_to_body, body_rate : (3, 3) and (3,) array
        The craft's attitude then, and its angular velocity, rad/s, body axes.
    icrf_to_camera, camera_rate : (3, 3) and (3,) array
        The camera's, as it leaves; rad/s, axes of its inner lens.
    """

    release: ejection.Release
    host: State
    host_after: State
    camera: State
    icrf_to_body: Matrix
    body_rate: Vector
    icrf_to_camera: Matrix
    camera_rate: Vector

    def tumbling_attitude(self, inertia: Vector, seconds: float) -> Matrix:
        """ICRF to the camera's axes ``seconds`` after the release, when it is left to itself.

        ``inertia`` (3,) are its moments about its own axes, of which only the ratios matter.
        """
        turned = tumble(inertia, quaternion(self.icrf_to_camera), self.camera_rate, np.array(seconds))
        return quaternion_to_matrix(turned.attitude)


@dataclass(frozen=True)
class Masses:
    """Of what leaves and of the craft without it, kg, as far as they are known; ``keys`` say where they are given."""

    released_body: float | None
    craft: float | None
    keys: tuple[str, str]

    def known(self, key: str) -> tuple[float, float]:
        """Both.

        Raises
        ------
        SceneError
            When one is missing; ``key`` is what asks for it.
        """
        if self.released_body is None:
            raise SceneError(f"{key}: needs {self.keys[0]}")
        if self.craft is None:
            raise SceneError(f"{key}: needs {self.keys[1]}, which the model does not give")
        return self.released_body, self.craft


def drop_empty(*prefixes: str) -> tuple[str, ...]:
    """Those of ``prefixes`` that a name can begin with: not the empty one, with which all do."""
    return tuple(text for text in prefixes if text)


def find_mount_point(craft: Craft, name: str, axis: tuple[float, float, float] | None, key: str) -> MountPoint:
    """The mount ``name`` of ``craft``, ``axis`` in place of its own direction if given.

    Raises
    ------
    SceneError
        When the craft has no such mount; ``key`` is where it was asked for.
    """
    if name not in craft.mounts:
        description = craft.source.with_suffix(".toml").name
        known = f"it has: {', '.join(craft.mounts)}"
        if not craft.mounts:
            _low, high = craft.bounds_m
            side = f"[0, {high[1]:.3g}, 0]"
            known = (
                f"write [mounts.{name}] with position_m and axis into {description} beside it, "
                f"such as position_m = {side} and axis = [0, 1, 0] for its side +Y"
            )
        raise SceneError(f"{key}.mount: {craft.name} has no mount {name!r}; {known}")
    mount = craft.mounts[name]
    return MountPoint(np.array(mount.position_m), unit(np.array(axis or mount.axis)), mount.leaves)


def find_release_point(craft: Craft, part: ReleaseSection, key: str) -> MountPoint:
    """Where a release starts and which way it really goes.

    Raises
    ------
    SceneError
        As :func:`find_mount_point`, and for a push into the craft.
    """
    start = find_mount_point(craft, part.mount, part.axis, key)
    x, y, z = ejection.tilt_directions(start.axis, np.radians(np.array([part.tilt_deg])))[0].tolist()
    mount = craft.mounts[part.mount].position_m
    contact = first_ray_hit(craft, mount, (x, y, z), drop_empty(start.leaves))
    if contact:
        where = f"{contact[0]} {contact[1]:.2f} m from its mount"
        raise SceneError(f"{key}.axis: the camera would run into {where}; push it another way")
    return MountPoint(start.position, np.array([x, y, z]), start.leaves)


def release_state(
    part: ReleaseSection,
    start: MountPoint,
    host: Host,
    law: AttitudeLaw,
    epoch: Epoch,
    body_to_camera: Matrix,
    masses: Masses,
    key: str,
) -> ReleaseState:
    """The release of what sits at ``start``, turned to the craft as ``body_to_camera`` (3, 3) says.

    Raises
    ------
    SceneError
        When a mass is asked for and not given; ``key`` is the release's own.
    """
    state = host.state(epoch)
    turn = law(epoch, state)
    rate = _body_rate(host, law, epoch, turn)
    speed = part.speed_m_s
    if part.spring_energy_j is not None:
        speed = ejection.spring_release_speed(part.spring_energy_j, *masses.known(f"{key}.spring_energy_j"))
    release = ejection.Release(epoch, start.position, start.axis, speed)
    after = state
    if part.recoil:
        after = ejection.recoil(release, state, turn, *masses.known(f"{key}.recoil"))
    spin = rate + np.radians(part.spin_deg_s) * start.axis
    return ReleaseState(
        release=release,
        host=state,
        host_after=after,
        camera=ejection.camera_state_after_push(release, state, turn, rate),
        icrf_to_body=turn,
        body_rate=rate,
        icrf_to_camera=body_to_camera @ turn,
        camera_rate=body_to_camera @ spin + np.radians(np.array(part.tip_off_deg_s)),
    )


def _body_rate(host: Host, law: AttitudeLaw, epoch: Epoch, turn: Matrix) -> Vector:
    """Angular velocity (rad/s, body axes) that the attitude law gives the craft."""
    step = 0.1
    try:
        later = law(epoch + step, host.state(epoch + step))
    except UserError:  # the end of a file
        step = -step
        later = law(epoch + step, host.state(epoch + step))
    # The frame turns with the body: what it was turns the other way in it.
    return -rotation_vector(later @ turn.T) / step
