"""The release of a camera or an object from its craft: mount point, direction, speed and rotation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State
from selfiesim.core.errors import ModelWarning, SceneError, UserError
from selfiesim.core.vectors import Matrix, Vector, quaternion, quaternion_to_matrix, rotation_vector, unit
from selfiesim.craft.model import Craft, farthest_surface_point, first_ray_hit
from selfiesim.motion import ejection
from selfiesim.motion.host_trajectories import Host
from selfiesim.motion.tumble import tumble

if TYPE_CHECKING:
    from selfiesim.scene.release import ReleaseSection

AttitudeLaw = Callable[[Epoch, State], Matrix]
"""Attitude of a craft, ICRF to body axes, as a function of the epoch and its state."""


@dataclass(frozen=True)
class MountPoint:
    """Where a camera or another object is mounted on its craft.

    Attributes
    ----------
    position, axis : (3,) array
        Body axes: the point, m, and the unit vector of its outward or release direction.
    node_prefix : str
        Name prefix of the craft's nodes that represent the object.
    """

    position: Vector
    axis: Vector
    node_prefix: str


@dataclass(frozen=True)
class ReleaseState:
    """States and attitudes at the instant of a release.

    Attributes
    ----------
    release : Release
        Instant, mount point and push.
    host, host_after, camera : State
        The craft before and after the push (equal without recoil), and the camera just after it; ICRF axes, m and m/s.
    icrf_to_body, body_rate : (3, 3) and (3,) array
        Attitude and rotation rate of the craft, rad/s, body axes.
    icrf_to_camera, camera_rate : (3, 3) and (3,) array
        Attitude and rotation rate of the camera just after the push, rad/s, axes of its inner lens.
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
        """ICRF to camera axes ``seconds`` after the release, in free rotation.

        ``inertia`` (3,) holds the principal moments about the camera axes; only their ratios matter.
        """
        motion = tumble(inertia, quaternion(self.icrf_to_camera), self.camera_rate, np.array(seconds))
        return quaternion_to_matrix(motion.attitude)


@dataclass(frozen=True)
class Masses:
    """Masses of a released body and of the craft without it, kg, None where unknown; ``keys`` name their TOML keys."""

    released_body: float | None
    craft: float | None
    keys: tuple[str, str]

    def known(self, key: str) -> tuple[float, float]:
        """Both masses.

        Raises
        ------
        SceneError
            When one is unknown; ``key`` is the key of the setting that requires it.
        """
        if self.released_body is None:
            raise SceneError(f"{key}: needs {self.keys[0]}")
        if self.craft is None:
            raise SceneError(f"{key}: needs {self.keys[1]}, which the model does not give")
        return self.released_body, self.craft


def drop_empty(*prefixes: str) -> tuple[str, ...]:
    """The non-empty ones of ``prefixes``: every name starts with an empty prefix."""
    return tuple(text for text in prefixes if text)


def find_mount_point(craft: Craft, name: str, axis: tuple[float, float, float] | None, key: str) -> MountPoint:
    """Look up a mount of ``craft`` by name; ``axis``, if given, replaces its own direction.

    On a craft without any mounts, it is the place where ``axis`` leaves the surface, with a warning.

    Raises
    ------
    SceneError
        When the craft has no such mount; ``key`` is the key of the section that names it.
    """
    if not craft.mounts and axis is not None:
        return _surface_mount(craft, name, unit(np.array(axis)))
    if name not in craft.mounts:
        known = f"it has: {', '.join(craft.mounts)}"
        if not craft.mounts:
            point = farthest_surface_point(craft, (0.0, 1.0, 0.0))
            known = (
                f"write [mounts.{name}] with position_m and axis into {craft.source.with_suffix('.toml').name} next to "
                f"it, such as position_m = {_rounded(point)} and axis = [0, 1, 0] for its side +Y"
            )
        raise SceneError(f"{key}.mount: {craft.name} has no mount {name!r}; {known}")
    mount = craft.mounts[name]
    return MountPoint(np.array(mount.position_m), unit(np.array(axis or mount.axis)), mount.leaves)


def _surface_mount(craft: Craft, name: str, axis: Vector) -> MountPoint:
    """A mount on the surface of a craft without mounts, where ``axis`` leaves it."""
    x, y, z = axis.tolist()
    point = farthest_surface_point(craft, (x, y, z))
    place, direction = _rounded(point), _rounded(axis)
    description = craft.source.with_suffix(".toml").name
    warnings.warn(
        f"{craft.source}: it has no mounts, so the camera leaves from its surface at {place} m toward {direction}; to "
        f"place it better, change this line and write it at the top of {description} next to it: mounts.{name} = "
        f"{{ position_m = {place}, axis = {direction} }}",
        ModelWarning,
        stacklevel=2,
    )
    return MountPoint(point, axis, "")


def _rounded(values: Vector) -> list[float]:
    return [float(f"{value:.4g}") for value in values]


def find_release_point(craft: Craft, section: ReleaseSection, key: str) -> MountPoint:
    """Mount point of a release, with its axis tilted as the section specifies.

    Raises
    ------
    SceneError
        As :func:`find_mount_point`, and for a push into the craft.
    """
    start = find_mount_point(craft, section.mount, section.axis, key)
    x, y, z = ejection.tilt_directions(start.axis, np.radians(np.array([section.tilt_deg])))[0].tolist()
    position = float(start.position[0]), float(start.position[1]), float(start.position[2])
    contact = first_ray_hit(craft, position, (x, y, z), drop_empty(start.node_prefix))
    if contact:
        where = f"{contact[0]} {contact[1]:.2f} m from its mount"
        raise SceneError(f"{key}.axis: the camera would hit {where}; push it in another direction")
    return MountPoint(start.position, np.array([x, y, z]), start.node_prefix)


# Long for its docstring.
def plan_release(
    section: ReleaseSection,
    start: MountPoint,
    host: Host,
    law: AttitudeLaw,
    epoch: Epoch,
    body_to_camera: Matrix,
    masses: Masses,
    key: str,
) -> ReleaseState:
    """Compute the states and attitudes at a release.

    Parameters
    ----------
    section : ReleaseSection
        Speed or spring energy, spin, tip-off rates and recoil.
    start : MountPoint
        Where the object leaves, and the direction of the push.
    host : Host
        Trajectory of the craft.
    law : AttitudeLaw
        Attitude of the craft.
    epoch : Epoch
        Instant of the release.
    body_to_camera : (3, 3) array
        Attitude of the object on its mount.
    masses : Masses
        Of the object and the craft, for recoil and springs.
    key : str
        Key of the section, to name in errors.

    Returns
    -------
    ReleaseState
        In ICRF axes about the body's centre.

    Raises
    ------
    SceneError
        When a required mass is unknown.
    """
    state = host.state(epoch)
    icrf_to_body = law(epoch, state)
    rate = body_rate(host, law, epoch, icrf_to_body)
    speed = section.speed_m_s
    if section.spring_energy_j is not None:
        speed = ejection.spring_release_speed(section.spring_energy_j, *masses.known(f"{key}.spring_energy_j"))
    release = ejection.Release(epoch, start.position, start.axis, speed)
    after = state
    if section.recoil:
        after = ejection.recoil(release, state, icrf_to_body, *masses.known(f"{key}.recoil"))
    spin = rate + np.radians(section.spin_deg_s) * start.axis
    return ReleaseState(
        release=release,
        host=state,
        host_after=after,
        camera=ejection.camera_state_after_push(release, state, icrf_to_body, rate),
        icrf_to_body=icrf_to_body,
        body_rate=rate,
        icrf_to_camera=body_to_camera @ icrf_to_body,
        camera_rate=body_to_camera @ spin + np.radians(np.array(section.tip_off_deg_s)),
    )


def body_rate(host: Host, law: AttitudeLaw, epoch: Epoch, icrf_to_body: Matrix) -> Vector:
    """Rotation rate (3,) of the craft under its attitude law, rad/s, body axes."""
    step = 0.1
    try:
        later = law(epoch + step, host.state(epoch + step))
    except UserError:  # the end of a file
        step = -step
        later = law(epoch + step, host.state(epoch + step))
    # The product transforms the components of fixed vectors, which rotate opposite to the body.
    return -rotation_vector(later @ icrf_to_body.T) / step
