"""Keypoints: named points of a craft in the image, and whether each is visible."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

Points = Mapping[str, tuple[float, float, float]]
"""Positions by name, body axes, m."""

OUTSIDE, HIDDEN, VISIBLE = 0, 1, 2
"""COCO's visibility flags: not in the image, in it but occluded, visible."""
DEPTH_TOLERANCE_M = 0.03
"""Depth below the surface at which a point still counts as visible: mounts are known to about a centimetre."""
_TOLERANCE_PX = 2.0  # plus the change of depth within a pixel, in pixel widths at the point


def keypoints(view: View, pose: CraftPose, depth: NDArray[np.float32], extra_points: Points) -> list[dict[str, Any]]:
    """Return the keypoints of a craft: its mounts and further points, sorted by name.

    Parameters
    ----------
    view : View
        The view that is rendered.
    pose : CraftPose
        The craft.
    depth : (H, W) float32
        Depth along the camera axis, m.
    extra_points : dict
        Positions of further points by name, body axes, m.

    Returns
    -------
    list of dict
        ``name``, ``body_m``, ``camera_m``, ``pixel`` (None behind the camera or beyond the limit of the lens) and
        ``visibility``. A point is visible unless its pixel's depth is less than its own by more than
        :data:`DEPTH_TOLERANCE_M` plus two pixel widths.
    """
    points = {name: mount.position_m for name, mount in pose.craft.mounts.items()} | dict(extra_points)
    result = []
    for name in sorted(points):
        position = pose.body_to_camera @ np.array(points[name], float) + pose.position
        pixel = view.camera.project(position)
        entry = {"name": name, "body_m": list(map(float, points[name])), "camera_m": position.tolist()}
        is_projected = bool(np.isfinite(pixel).all())
        entry["pixel"] = pixel.tolist() if is_projected else None
        entry["visibility"] = _visibility(view, position, pixel, depth) if is_projected else OUTSIDE
        result.append(entry)
    return result


def _visibility(
    view: View, position: NDArray[np.float64], pixel: NDArray[np.float64], depth: NDArray[np.float32]
) -> int:
    column, row = np.floor(pixel + 0.5).astype(int)
    if not (0 <= column < view.camera.width and 0 <= row < view.camera.height):
        return OUTSIDE
    tolerance = DEPTH_TOLERANCE_M + _TOLERANCE_PX * float(np.linalg.norm(position)) * view.camera.pixel_angle
    return VISIBLE if depth[row, column] >= position[2] - tolerance else HIDDEN
