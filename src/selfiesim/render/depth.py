"""Distance to the planet at every pixel, in double precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from selfiesim.view import View


def planet_depth(view: View) -> NDArray[np.float64]:
    """Metres along the camera's axis to the planet's ellipsoid at each pixel's centre, (H, W); infinite for sky."""
    camera, pose = view.camera, view.planet
    if pose is None:
        return np.full((camera.height, camera.width), np.inf)
    inverse = 1.0 / np.array(pose.body.radii_m)
    to_scaled = inverse[:, None] * pose.camera_to_bodyfixed
    eye = -to_scaled @ pose.position
    x = (np.arange(camera.width) - camera.cx) / camera.fx
    y = (np.arange(camera.height) - camera.cy) / camera.fy
    # The ray (x, y, 1) reaches depth t where |eye + t * ray|^2 = 1 in scaled axes; t is the depth itself.
    ray = [x[None, :] * to_scaled[k, 0] + (y[:, None] * to_scaled[k, 1] + to_scaled[k, 2]) for k in range(3)]
    a = ray[0] ** 2 + ray[1] ** 2 + ray[2] ** 2
    b = eye[0] * ray[0] + eye[1] * ray[1] + eye[2] * ray[2]
    discriminant = b * b - a * (eye @ eye - 1.0)
    with np.errstate(invalid="ignore"):
        depth = (-b - np.sqrt(discriminant)) / a
    return np.where((discriminant >= 0.0) & (depth > 0.0), depth, np.inf)
