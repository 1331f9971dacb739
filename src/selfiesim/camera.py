"""The camera: a pinhole, its pixels, and which way it looks.

Camera axes as OpenCV has them: x right, y down, z forward. Pixel (0, 0) is the upper left one and its centre stands at
(0.0, 0.0), so the middle of a 1920 x 1080 image is (959.5, 539.5).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.frames import Matrix, Vector, rotation_about, unit


@dataclass(frozen=True)
class Pinhole:
    """Intrinsics: image size in pixels, focal lengths and principal point in pixels."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float

    @classmethod
    def from_fov(cls, width: int, height: int, horizontal_fov: float) -> Pinhole:
        """Square pixels; ``horizontal_fov`` in rad from the left edge to the right edge of the image."""
        focal = width / 2.0 / np.tan(horizontal_fov / 2.0)
        return cls(width, height, focal, focal, (width - 1) / 2.0, (height - 1) / 2.0)

    @property
    def matrix(self) -> Matrix:
        """K (3, 3), from camera coordinates to homogeneous pixels."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @property
    def pixel_angle(self) -> float:
        """Angle one pixel spans at the middle of the image, rad."""
        return float(1.0 / np.sqrt(self.fx * self.fy))

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels (..., 2) of points (..., 3) in camera axes; NaN behind the camera."""
        points = np.asarray(points, float)
        depth = np.where(points[..., 2] > 0.0, points[..., 2], np.nan)
        return np.stack(
            [self.fx * points[..., 0] / depth + self.cx, self.fy * points[..., 1] / depth + self.cy], axis=-1
        )

    def unproject(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Unit rays (..., 3) in camera axes through pixels (..., 2)."""
        pixels = np.asarray(pixels, float)
        x = (pixels[..., 0] - self.cx) / self.fx
        y = (pixels[..., 1] - self.cy) / self.fy
        return unit(np.stack([x, y, np.ones_like(x)], axis=-1))


def icrf_to_camera(camera: Pinhole, target: Vector, up: Vector, place: tuple[float, float], roll: float) -> Matrix:
    """Turn the camera so that ``target`` appears at ``place`` with ``up`` straight upward there, then roll about it.

    Parameters
    ----------
    target : (..., 3) array
        Direction from the camera, ICRF axes; many give as many matrices.
    up : (3,) array
        Likewise.
    place : tuple of float
        Where in the image, as fractions of width and height from the upper left corner.
    roll : float
        rad; positive turns the picture's content counter-clockwise.

    Raises
    ------
    ValueError
        When ``up`` is along ``target``.
    """
    forward = unit(target)
    right = np.cross(forward, up)
    if np.any(np.linalg.norm(right, axis=-1) < 1e-9 * np.linalg.norm(up)):
        raise ValueError("the camera cannot look along its own up direction")
    right = unit(right)
    ray = camera.unproject(np.array([place[0] * camera.width - 0.5, place[1] * camera.height - 0.5]))
    # Square to the plane of the ray and the picture's vertical through its pixel: where `right` has to go.
    across = unit(np.array([ray[2], 0.0, -ray[0]]))
    there = np.array([ray, across, np.cross(ray, across)])
    here = np.stack([forward, right, np.cross(forward, right)], axis=-2)
    return np.asarray(rotation_about(ray, -roll) @ there.T @ here)


class Camera(Pinhole):
    """Stand-in until the lenses are there."""

    distortion = None

    @classmethod
    def from_fov(cls, width: int, height: int, horizontal_fov: float, distortion: None = None) -> Camera:
        focal = width / 2.0 / np.tan(horizontal_fov / 2.0)
        return cls(width, height, focal, focal, (width - 1) / 2.0, (height - 1) / 2.0)

    @property
    def horizontal_fov(self) -> float:
        return float(2.0 * np.arctan(self.width / 2.0 / self.fx))
