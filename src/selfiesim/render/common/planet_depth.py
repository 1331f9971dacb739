"""Depth of the planet at every pixel, in double precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from selfiesim.view.view import View


def planet_depth(view: View, rays: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Return the depth of the planet's ellipsoid along the camera axis, (H, W) m at pixel centres; infinite for sky.

    ``rays`` are those of :func:`pixel_rays`, where the caller has them.
    """
    camera, pose = view.camera, view.planet
    if pose is None or view.ground is not None or pose.shape is not None:  # a mesh is in its place
        return np.full((camera.height, camera.width), np.inf)
    inverse = 1.0 / np.array(pose.body.radii_m)
    to_scaled = inverse[:, None] * pose.camera_to_bodyfixed
    eye = -to_scaled @ pose.position
    rays = pixel_rays(view) if rays is None else rays
    # In scaled axes, solve |eye + t * ray|^2 = 1 for the distance t along the ray.
    ray = rays @ to_scaled.T
    a = np.einsum("...i,...i", ray, ray)
    b = ray @ eye
    with np.errstate(invalid="ignore"):
        discriminant = b * b - a * (eye @ eye - 1.0)
        distance = (-b - np.sqrt(discriminant)) / a
        return np.where((discriminant >= 0.0) & (distance > 0.0), distance * rays[..., 2], np.inf)


def pixel_rays(view: View) -> NDArray[np.float64]:
    """Return unit rays (H, W, 3) through the pixel centres, camera axes; NaN beyond the lens."""
    camera = view.camera
    x, y = np.meshgrid(np.arange(camera.width, dtype=float), np.arange(camera.height, dtype=float))
    return camera.unproject(np.stack([x, y], axis=-1))
