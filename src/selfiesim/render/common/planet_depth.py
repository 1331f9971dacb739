"""Distance to the planet at every pixel, in double precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from selfiesim.view.view import View


def planet_depth(view: View) -> NDArray[np.float64]:
    """Metres along the camera's axis to the planet's ellipsoid at each pixel's centre, (H, W); infinite for sky."""
    camera, pose = view.camera, view.planet
    if pose is None or view.ground is not None:  # the ground is a mesh, and nothing shows below it
        return np.full((camera.height, camera.width), np.inf)
    inverse = 1.0 / np.array(pose.body.radii_m)
    to_scaled = inverse[:, None] * pose.camera_to_bodyfixed
    eye = -to_scaled @ pose.position
    rays = pixel_rays(view)
    # Along the ray the distance is t where |eye + t * ray|^2 = 1 in scaled axes.
    ray = rays @ to_scaled.T
    a = np.einsum("...i,...i", ray, ray)
    b = ray @ eye
    with np.errstate(invalid="ignore"):
        discriminant = b * b - a * (eye @ eye - 1.0)
        distance = (-b - np.sqrt(discriminant)) / a
        return np.where((discriminant >= 0.0) & (distance > 0.0), distance * rays[..., 2], np.inf)


def pixel_rays(view: View) -> NDArray[np.float64]:
    """Rays (H, W, 3) through the pixels' centres, unit vectors in camera axes; not a number beyond the lens."""
    camera = view.camera
    x, y = np.meshgrid(np.arange(camera.width, dtype=float), np.arange(camera.height, dtype=float))
    return camera.unproject(np.stack([x, y], axis=-1))
