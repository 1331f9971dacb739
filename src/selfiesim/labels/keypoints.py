"""Named points of a craft in the picture, and whether each is seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

Points = Mapping[str, tuple[float, float, float]]
"""By name, body axes, m."""

OUTSIDE, HIDDEN, VISIBLE = 0, 1, 2
"""As COCO counts: not in the picture, in it but behind something, seen."""
DEPTH_TOLERANCE_M = 0.03
"""How deep below the surface a point may lie and still be seen: mounts are told to the centimetre."""
_TOLERANCE_PX = 2.0  # and how far the surface may come nearer within a pixel, in widths of a pixel there


def keypoints(view: View, pose: CraftPose, depth: NDArray[np.float32], extra_points: Points) -> list[dict[str, Any]]:
    """The craft's mounts and ``extra_points`` points, by name.

    Each with ``body_m``, ``camera_m``, ``pixel`` (null behind the lens or beyond its limit) and ``visibility``: a point
    is seen when the ``depth`` (H, W) of its pixel is no less than its own, but for :data:`DEPTH_TOLERANCE_M` and two pixels'
    width.
    """
    points = {name: mount.position_m for name, mount in pose.craft.mounts.items()} | dict(extra_points)
    found = []
    for name in sorted(points):
        place = pose.body_to_camera @ np.array(points[name], float) + pose.position
        pixel = view.camera.project(place)
        entry = {"name": name, "body_m": list(map(float, points[name])), "camera_m": place.tolist()}
        seen = bool(np.isfinite(pixel).all())
        entry["pixel"] = pixel.tolist() if seen else None
        entry["visibility"] = _visibility(view, place, pixel, depth) if seen else OUTSIDE
        found.append(entry)
    return found


def _visibility(view: View, place: NDArray[np.float64], pixel: NDArray[np.float64], depth: NDArray[np.float32]) -> int:
    column, row = np.floor(pixel + 0.5).astype(int)
    if not (0 <= column < view.camera.width and 0 <= row < view.camera.height):
        return OUTSIDE
    tolerance = DEPTH_TOLERANCE_M + _TOLERANCE_PX * float(np.linalg.norm(place)) * view.camera.pixel_angle
    return VISIBLE if depth[row, column] >= place[2] - tolerance else HIDDEN
