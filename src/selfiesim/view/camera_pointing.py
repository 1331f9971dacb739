"""Which way lens and joints look at one instant, as the scene says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State
from selfiesim.camera.pinhole import icrf_to_camera
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import Matrix, Vector
from selfiesim.craft.description import Joint
from selfiesim.craft.model import Craft
from selfiesim.motion import pointing_laws
from selfiesim.view.resolved_scene import ResolvedScene

if TYPE_CHECKING:
    from selfiesim.scene.craft import ModelSection
    from selfiesim.view.view import ViewKinematics


def enu_to_icrf(resolved: ResolvedScene, epoch: Epoch, host: State) -> Matrix:
    """(3, 3) from east, north and up where the craft is."""
    return np.array([resolved.toward(name, epoch, host) for name in ("east", "north", "zenith")]).T


def icrf_to_lens(
    resolved: ResolvedScene, epoch: Epoch, track: ViewKinematics, relative: State, objects: dict[str, Vector]
) -> Matrix:
    """ICRF to camera axes; ``objects`` are their places (3,) from the craft, ICRF axes."""
    part = resolved.scene.camera
    if part.look == "mount":
        return resolved.camera_to_lens @ resolved.body_to_camera() @ track.icrf_to_body
    if part.look == "tumbling" and track.seconds_since_release is not None:
        assert resolved.release_state is not None
        return resolved.camera_to_lens @ resolved.release_state.tumbling_attitude(
            np.array(part.inertia_kg_m2), track.seconds_since_release
        )
    if part.look == "azimuth":
        to_icrf = enu_to_icrf(resolved, epoch, track.host)
        azimuth, height = np.radians(part.azimuth_deg), np.radians(part.elevation_deg)
        level = np.cos(height)
        ahead = to_icrf @ np.array([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(height)])
        # Straight up or down, the top of the picture is where it would be with the lens a little less steep.
        upward = to_icrf[:, 2] if level > 1e-6 else -np.sign(height) * to_icrf @ [np.sin(azimuth), np.cos(azimuth), 0.0]
        return icrf_to_camera(resolved.camera, ahead, upward, part.place, np.radians(part.roll_deg))
    try:
        up = resolved.toward(part.up, epoch, track.host)
        if part.target in pointing_laws.TARGETS and part.target not in objects:
            at = resolved.toward(part.target, epoch, track.host)
        else:
            at = objects.get(part.target, np.zeros(3)) - relative.position
        if not at.any():
            raise SceneError(f"camera.target: the camera stands where the {part.target} is")
        return icrf_to_camera(resolved.camera, at, up, part.place, np.radians(part.roll_deg))
    except ValueError as error:
        raise SceneError(f"camera.up: {part.up!r} lies along the line to the {part.target}; choose another") from error


def compute_joint_angles(
    resolved: ResolvedScene, craft: Craft, part: ModelSection, epoch: Epoch, track: ViewKinematics, icrf_to_body: Matrix
) -> dict[str, tuple[float, ...]]:
    """Of each joint that the scene sets or turns, or that follows something, rad."""
    found = {}
    for name, joint in craft.joints.items():
        if name in part.joints_deg:
            found[name] = tuple(float(np.radians(angle)) for angle in part.joints_deg[name])
        elif joint.tracks != "nothing":
            found[name] = _tracking_angles(joint, icrf_to_body @ resolved.toward(joint.tracks, epoch, track.host))
        if name in part.joints_deg_s:
            still, seconds = found.get(name, (0.0,) * len(joint.axes)), epoch - resolved.start
            rates = np.radians(part.joints_deg_s[name])
            found[name] = tuple(float(angle + rate * seconds) for angle, rate in zip(still, rates, strict=True))
    return found


def _tracking_angles(joint: Joint, target: Vector) -> tuple[float, ...]:
    limits = None
    if joint.limits_deg:
        limits = [(float(np.radians(low)), float(np.radians(high))) for low, high in joint.limits_deg]
    return pointing_laws.joint_angles(
        [np.array(axis) for axis in joint.axes], np.array(joint.zero_normal), target, limits
    )
