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
from selfiesim.view.resolved_scene import Plan

if TYPE_CHECKING:
    from selfiesim.scene.craft import ModelPart
    from selfiesim.view.view import Track


def site_to_icrf(plan: Plan, epoch: Epoch, host: State) -> Matrix:
    """(3, 3) from east, north and up where the craft is."""
    return np.array([plan.toward(name, epoch, host) for name in ("east", "north", "zenith")]).T


def icrf_to_lens(plan: Plan, epoch: Epoch, track: Track, relative: State, objects: dict[str, Vector]) -> Matrix:
    """ICRF to camera axes; ``objects`` are their places (3,) from the craft, ICRF axes."""
    part = plan.scene.camera
    if part.look == "mount":
        return plan.camera_to_lens @ plan.body_to_camera() @ track.icrf_to_body
    if part.look == "tumbling" and track.seconds_since_release is not None:
        assert plan.departure is not None
        return plan.camera_to_lens @ plan.departure.tumbled(np.array(part.inertia_kg_m2), track.seconds_since_release)
    if part.look == "azimuth":
        to_icrf = site_to_icrf(plan, epoch, track.host)
        azimuth, height = np.radians(part.azimuth_deg), np.radians(part.elevation_deg)
        level = np.cos(height)
        ahead = to_icrf @ np.array([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(height)])
        # Straight up or down, the top of the picture is where it would be with the lens a little less steep.
        upward = to_icrf[:, 2] if level > 1e-6 else -np.sign(height) * to_icrf @ [np.sin(azimuth), np.cos(azimuth), 0.0]
        return icrf_to_camera(plan.camera, ahead, upward, part.place, np.radians(part.roll_deg))
    try:
        up = plan.toward(part.up, epoch, track.host)
        if part.target in pointing_laws.TARGETS and part.target not in objects:
            at = plan.toward(part.target, epoch, track.host)
        else:
            at = objects.get(part.target, np.zeros(3)) - relative.position
        if not at.any():
            raise SceneError(f"camera.target: the camera stands where the {part.target} is")
        return icrf_to_camera(plan.camera, at, up, part.place, np.radians(part.roll_deg))
    except ValueError as error:
        raise SceneError(f"camera.up: {part.up!r} lies along the line to the {part.target}; choose another") from error


def angles_of_joints(
    plan: Plan, craft: Craft, part: ModelPart, epoch: Epoch, track: Track, icrf_to_body: Matrix
) -> dict[str, tuple[float, ...]]:
    """Of each joint that the scene sets or turns, or that follows something, rad."""
    found = {}
    for name, joint in craft.joints.items():
        if name in part.joints_deg:
            found[name] = tuple(float(np.radians(angle)) for angle in part.joints_deg[name])
        elif joint.tracks != "nothing":
            found[name] = _following(joint, icrf_to_body @ plan.toward(joint.tracks, epoch, track.host))
        if name in part.joints_deg_s:
            still, seconds = found.get(name, (0.0,) * len(joint.axes)), epoch - plan.start
            rates = np.radians(part.joints_deg_s[name])
            found[name] = tuple(float(angle + rate * seconds) for angle, rate in zip(still, rates, strict=True))
    return found


def _following(joint: Joint, target: Vector) -> tuple[float, ...]:
    limits = None
    if joint.limits_deg:
        limits = [(float(np.radians(low)), float(np.radians(high))) for low, high in joint.limits_deg]
    return pointing_laws.joint_angles(
        [np.array(axis) for axis in joint.axes], np.array(joint.zero_normal), target, limits
    )
