"""Attitude laws from a scene's ``[attitude]`` sections, and the joint angles of a craft at an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State
from selfiesim.astro.solar_system import Almanac
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector, quaternion_to_matrix, rotation_about, unit
from selfiesim.craft.description import Joint
from selfiesim.craft.model import Craft
from selfiesim.motion import pointing_laws
from selfiesim.motion.host_trajectories import Host
from selfiesim.view.release_setup import AttitudeLaw

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels
    from selfiesim.scene.attitude import AttitudeSection
    from selfiesim.scene.craft import ModelSection
    from selfiesim.scene.scene import Scene
    from selfiesim.view.geometry import ViewKinematics
    from selfiesim.view.scene_setup import SceneSetup


def toward(host: Host, almanac: Almanac, target: str, epoch: Epoch, state: State) -> Vector:
    """Unit vector (3,), ICRF axes, from the craft toward one of :data:`selfiesim.motion.pointing_laws.TARGETS`."""
    return pointing_laws.target_direction(target, host.body, epoch, state, almanac, host.local_vertical(epoch, state))


# Long: the docstring, and one branch per kind of attitude.
def attitude_law(
    scene: Scene, section: AttitudeSection, host: Host, almanac: Almanac, kernels: Kernels | None, key: str = "attitude"
) -> AttitudeLaw:
    """Build the attitude law that a section describes, without its spin.

    Parameters
    ----------
    scene : Scene
        Resolves the file names in the section.
    section : AttitudeSection
        A fixed quaternion, a CCSDS AEM, a SPICE frame, or two pointing axes.
    host : Host
        Trajectory of the craft.
    almanac : Almanac
        Ephemeris for the pointing targets.
    kernels : Kernels, optional
        The scene's kernels; required for a SPICE frame.
    key : str
        Key of the section, to name in errors.

    Returns
    -------
    AttitudeLaw
        ICRF to body axes at an epoch and state. It raises SceneError where the pointing axes or targets are parallel.

    Raises
    ------
    UserError
        For an attitude file that cannot be used.
    """
    if section.quaternion_icrf_to_body is not None:
        held = quaternion_to_matrix(unit(np.array(section.quaternion_icrf_to_body)))
        return lambda _epoch, _state: held
    if section.aem is not None:
        from selfiesim.astro.messages.aem import read_aem

        message = read_aem(scene.resolve_file(f"{key}.aem", section.aem, "it"), section.object_id, kernels)
        return lambda epoch, _state: message.icrf_to_body(epoch)
    if section.ck_frame is not None:
        assert kernels is not None
        source, frame = kernels, section.ck_frame
        return lambda epoch, _state: source.icrf_to_body(frame, epoch)
    first, second = np.array(section.primary.axis), np.array(section.secondary.axis)

    def pointed(epoch: Epoch, state: State) -> Matrix:
        try:
            return pointing_laws.icrf_to_body(
                first,
                toward(host, almanac, section.primary.toward, epoch, state),
                second,
                toward(host, almanac, section.secondary.toward, epoch, state),
            )
        except ValueError as error:
            raise SceneError(
                f"{key}: primary and secondary must not be parallel, in their axes or in their targets"
            ) from error

    return pointed


def add_spin(law: AttitudeLaw, section: AttitudeSection, start: Epoch) -> AttitudeLaw:
    """Add the section's spin about its primary axis to ``law``; both attitudes agree at ``start``."""
    if not section.spin_deg_s:
        return law
    axis, rate = unit(np.array(section.primary.axis)), np.radians(section.spin_deg_s)
    return lambda epoch, state: rotation_about(axis, -rate * (epoch - start)) @ law(epoch, state)


def compute_joint_angles(
    setup: SceneSetup, craft: Craft, section: ModelSection, epoch: Epoch, track: ViewKinematics, icrf_to_body: Matrix
) -> dict[str, tuple[float, ...]]:
    """Angles, rad, of each joint that the scene sets or rotates, or that tracks a target; by joint name."""
    angles_by_joint = {}
    for name, joint in craft.joints.items():
        if name in section.joints_deg:
            angles_by_joint[name] = tuple(float(np.radians(angle)) for angle in section.joints_deg[name])
        elif joint.tracks != "nothing":
            target = icrf_to_body @ setup.toward(joint.tracks, epoch, track.host)
            angles_by_joint[name] = _tracking_angles(joint, target)
        if name in section.joints_deg_s:
            start_angles, seconds = angles_by_joint.get(name, (0.0,) * len(joint.axes)), epoch - setup.start
            rates = np.radians(section.joints_deg_s[name])
            angles_by_joint[name] = tuple(
                float(angle + rate * seconds) for angle, rate in zip(start_angles, rates, strict=True)
            )
    return angles_by_joint


def _tracking_angles(joint: Joint, target: Vector) -> tuple[float, ...]:
    limits = None
    if joint.limits_deg:
        limits = [(float(np.radians(low)), float(np.radians(high))) for low, high in joint.limits_deg]
    return pointing_laws.joint_angles(
        [np.array(axis) for axis in joint.axes], np.array(joint.zero_normal), target, limits
    )
