"""Poses for navigation: position and attitude of camera and craft in ICRF, RTN, body and camera axes.

Quaternions are scalar last. One named ``a_to_b`` converts the components of a vector from axes a to axes b. RTN axes
are radial, transverse and normal of the first craft's orbit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.astro.frames import icrf_to_rtn
from selfiesim.core.vectors import Matrix, quaternion

if TYPE_CHECKING:
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View


def camera_pose(view: View) -> dict[str, Any]:
    """Return the pose of the camera.

    In ICRF it is relative to the planet's centre; in RTN and body axes to the first craft's origin. The velocity in RTN
    is relative to these rotating axes, as in ``selfiesim drift``. RTN is None where the craft orbits nothing.
    """
    track, craft = view.track, view.craft
    host = track.host
    from_craft = track.camera.position - host.position
    orbit_rate = np.cross(host.position, host.velocity) / (host.position @ host.position)
    relative_velocity = track.camera.velocity - host.velocity - np.cross(orbit_rate, from_craft)
    to_rtn = _icrf_to_rtn(view)
    return {
        "icrf": {
            "center": view.shot.body,
            "position_m": track.camera.position.tolist(),
            "velocity_m_s": track.camera.velocity.tolist(),
            "quaternion_icrf_to_camera": _quaternion(view.icrf_to_camera),
        },
        "rtn": to_rtn
        if to_rtn is None
        else {
            "position_m": (to_rtn @ from_craft).tolist(),
            "velocity_m_s": (to_rtn @ relative_velocity).tolist(),
            "quaternion_icrf_to_rtn": _quaternion(to_rtn),
            "quaternion_rtn_to_camera": _quaternion(view.icrf_to_camera @ to_rtn.T),
        },
        "body": {
            "position_m": (track.icrf_to_body @ from_craft).tolist(),
            "quaternion_body_to_camera": _quaternion(craft.body_to_camera),
            "quaternion_icrf_to_body": _quaternion(track.icrf_to_body),
        },
    }


def craft_pose(view: View, pose: CraftPose) -> dict[str, Any]:
    """Return the pose of a craft relative to the camera, in camera, ICRF and RTN axes, and the camera in body axes."""
    icrf_to_body = pose.body_to_camera.T @ view.icrf_to_camera
    icrf_m = view.icrf_to_camera.T @ pose.position
    to_rtn = _icrf_to_rtn(view)
    return {
        "camera": {
            "position_m": pose.position.tolist(),
            "quaternion_body_to_camera": _quaternion(pose.body_to_camera),
            "rotation_body_to_camera": pose.body_to_camera.tolist(),
        },
        "icrf": {"position_m": icrf_m.tolist(), "quaternion_icrf_to_body": _quaternion(icrf_to_body)},
        "rtn": to_rtn
        if to_rtn is None
        else {
            "position_m": (to_rtn @ icrf_m).tolist(),
            "quaternion_rtn_to_body": _quaternion(icrf_to_body @ to_rtn.T),
        },
        "body": {"camera_position_m": (-pose.body_to_camera.T @ pose.position).tolist()},
    }


def _icrf_to_rtn(view: View) -> Matrix | None:
    host = view.track.host
    if np.linalg.norm(np.cross(host.position, host.velocity)) == 0.0:
        return None
    return icrf_to_rtn(host.position, host.velocity)


def _quaternion(matrix: Matrix) -> list[float]:
    return [float(part) for part in quaternion(matrix)]
