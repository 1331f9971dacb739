"""The camera: intrinsics, projection and pointing.

Camera axes are those of OpenCV: x right, y down, z forward. The centre of the upper left pixel is (0.0, 0.0), so the
middle of a 1920 x 1080 image is (959.5, 539.5).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.camera.distortion import Distortion, Panorama
from selfiesim.core.vectors import Matrix, Vector, cross, rotation_about, unit

_FULL_CIRCLE = 2.0 * np.pi * (1.0 + 1e-9)  # rad; a panorama shows nothing twice
_CHUNK = 1 << 14  # points undistorted at once, so that temporaries stay in the processor's cache


class PlaceError(ValueError):
    """A place in the image that the lens does not reach."""


@dataclass(frozen=True)
class Camera:
    """Camera intrinsics.

    Attributes
    ----------
    width, height : int
        Image size in pixels.
    fx, fy : float
        Focal lengths in pixels.
    cx, cy : float
        Principal point in pixels.
    distortion : BrownConrady, KannalaBrandt, Equirectangular, Cylindrical or None
        The lens model; None is a pinhole.

    Raises
    ------
    ValueError
        A number is out of range, or the field of view of the lens does not include the middle of the image.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: Distortion | None = None

    def __post_init__(self) -> None:
        if not (self.width >= 1 and self.height >= 1):
            raise ValueError(f"the image size must be at least 1 x 1 pixel, not {self.width} x {self.height}")
        if not np.all(np.isfinite([self.fx, self.fy, self.cx, self.cy])):
            raise ValueError("focal lengths and principal point must be finite")
        if self.fx <= 0.0 or self.fy <= 0.0:
            raise ValueError(f"focal lengths must be positive, not {self.fx:g} and {self.fy:g} pixels")
        if isinstance(self.distortion, Panorama) and self.width / self.fx > _FULL_CIRCLE:
            raise _fov_error(self.width / self.fx, 2.0 * np.pi)
        if not np.all(np.isfinite(self.unproject(np.array([(self.width - 1) / 2.0, (self.height - 1) / 2.0])))):
            raise ValueError("the lens does not reach the middle of the image: principal point or distortion is wrong")

    @classmethod
    def from_fov(cls, width: int, height: int, horizontal_fov: float, distortion: Distortion | None = None) -> Camera:
        """Return a camera of a given field of view, with square pixels and a centred principal point.

        Parameters
        ----------
        width, height : int
            Image size in pixels.
        horizontal_fov : float
            Field of view from the left to the right edge along the middle row, distortion included, rad. It may exceed
            pi for a fisheye.
        distortion : Distortion, optional
            The lens model.

        Returns
        -------
        Camera
            Its edges span the field of view.

        Raises
        ------
        ValueError
            The field of view exceeds the limit of the lens.
        """
        focal = width / 2.0 / _normalized_half_width(horizontal_fov, distortion)
        return cls(width, height, focal, focal, (width - 1) / 2.0, (height - 1) / 2.0, distortion)

    @classmethod
    def from_focal_length(
        cls, width: int, height: int, focal_m: float, pitch_m: float, distortion: Distortion | None = None
    ) -> Camera:
        """Return a camera of given focal length and pixel pitch, with a centred principal point.

        Parameters
        ----------
        width, height : int
            Image size in pixels.
        focal_m, pitch_m : float
            Focal length and pixel pitch, m; pixels are square.
        distortion : Distortion, optional
            The lens model.

        Returns
        -------
        Camera
            With focal lengths in pixels.

        Raises
        ------
        ValueError
            One of the two is not positive.
        """
        if not (0.0 < focal_m < np.inf and 0.0 < pitch_m < np.inf):
            raise ValueError(f"focal length and pixel pitch must be positive, not {focal_m:g} m and {pitch_m:g} m")
        focal = focal_m / pitch_m
        return cls(width, height, focal, focal, (width - 1) / 2.0, (height - 1) / 2.0, distortion)

    @classmethod
    def from_matrix(cls, width: int, height: int, matrix: ArrayLike, distortion: Distortion | None = None) -> Camera:
        """Return a camera of a given OpenCV camera matrix.

        Parameters
        ----------
        width, height : int
            Image size in pixels.
        matrix : (3, 3) array_like
            Camera matrix K without skew, pixels; pixel centres have integer coordinates.
        distortion : Distortion, optional
            The lens model.

        Returns
        -------
        Camera
            With the matrix's focal lengths and principal point.

        Raises
        ------
        ValueError
            The rows are not (fx, 0, cx), (0, fy, cy) and (0, 0, 1).
        """
        K = np.asarray(matrix, float)
        if K.shape != (3, 3) or not np.all(np.isfinite(K)):
            raise ValueError("a camera matrix is three rows of three finite numbers")
        if K[0, 1] != 0.0:
            raise ValueError(f"a camera matrix with skew ({K[0, 1]:g}) is not supported; OpenCV's has 0 there")
        if K[1, 0] != 0.0 or tuple(K[2]) != (0.0, 0.0, 1.0):
            raise ValueError("the rows of a camera matrix are (fx, 0, cx), (0, fy, cy) and (0, 0, 1)")
        return cls(width, height, float(K[0, 0]), float(K[1, 1]), float(K[0, 2]), float(K[1, 2]), distortion)

    @property
    def matrix(self) -> Matrix:
        """Camera matrix K (3, 3), from distorted camera coordinates to homogeneous pixels."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    @property
    def pixel_angle(self) -> float:
        """Angle per pixel at the principal point, rad; distortion does not change it there."""
        return float(1.0 / np.sqrt(self.fx * self.fy))

    @property
    def horizontal_fov(self) -> float:
        """Angle from left to right edge along the principal point's row, rad, within the limit of the lens."""
        return self._angle_across((-0.5, self.cy), (self.width - 0.5, self.cy))

    @property
    def vertical_fov(self) -> float:
        """Angle from upper to lower edge along the principal point's column, rad, within the limit of the lens."""
        return self._angle_across((self.cx, -0.5), (self.cx, self.height - 0.5))

    @property
    def diagonal_fov(self) -> float:
        """Angle from the upper left to the lower right corner, rad, within the limit of the lens."""
        return self._angle_across((-0.5, -0.5), (self.width - 0.5, self.height - 0.5))

    def reduced(self, max_pixels: int) -> tuple[Camera, float]:
        """The same lens with a smaller picture.

        Parameters
        ----------
        max_pixels : int
            Most pixels that the picture has.

        Returns
        -------
        camera : Camera
            Itself if it has no more.
        scale : float
            How many of its pixels, each way, go into one.
        """
        scale = max(1.0, (self.width * self.height / max_pixels) ** 0.5)
        if scale == 1.0:
            return self, scale
        width, height = max(round(self.width / scale), 1), max(round(self.height / scale), 1)
        across, down = self.width / width, self.height / height
        return replace(
            self,
            width=width,
            height=height,
            fx=self.fx / across,
            fy=self.fy / down,
            cx=(self.cx + 0.5) / across - 0.5,
            cy=(self.cy + 0.5) / down - 0.5,
        ), scale

    def project(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project points to pixels.

        Parameters
        ----------
        points : (..., 3) array
            Camera axes (x right, y down, z forward), any unit of length.

        Returns
        -------
        (..., 2) array
            Columns and rows, 0 at the centre of the upper left pixel; NaN behind the camera or beyond the lens limit.
        """
        points = np.asarray(points, float)
        if self.distortion is not None:
            return np.asarray(self.distortion.distort(points) * (self.fx, self.fy) + (self.cx, self.cy))
        depth = np.where(points[..., 2] > 0.0, points[..., 2], np.nan)
        return np.stack(
            [self.fx * points[..., 0] / depth + self.cx, self.fy * points[..., 1] / depth + self.cy], axis=-1
        )

    def unproject(self, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rays through pixels.

        Parameters
        ----------
        pixels : (..., 2) array
            Columns and rows, 0 at the centre of the upper left pixel; may be fractional.

        Returns
        -------
        (..., 3) array
            Unit vectors in camera axes; NaN beyond the lens limit.
        """
        pixels = np.asarray(pixels, float)
        x = (pixels[..., 0] - self.cx) / self.fx
        y = (pixels[..., 1] - self.cy) / self.fy
        if self.distortion is None:
            return unit(np.stack([x, y, np.ones_like(x)], axis=-1))
        points = np.stack([x, y], axis=-1).reshape(-1, 2)
        rays = np.empty((len(points), 3))
        for start in range(0, len(points), _CHUNK):
            rays[start : start + _CHUNK] = self.distortion.undistort(points[start : start + _CHUNK])
        return rays.reshape(*x.shape, 3)

    def _angle_across(self, start: tuple[float, float], end: tuple[float, float]) -> float:
        a, b = np.array(start), np.array(end)
        middle = 0.5 * (a + b)
        if not np.all(np.isfinite(self.unproject(middle))):
            return float("nan")
        rays = self.unproject(
            np.array([self._last_visible_pixel(middle, a), middle, self._last_visible_pixel(middle, b)])
        )
        return _ray_angle(*rays)

    def _last_visible_pixel(self, visible: NDArray[np.float64], edge: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the last pixel within the lens limit from a visible one toward the edge, usually the edge itself."""
        if np.all(np.isfinite(self.unproject(edge))):
            return edge
        near, far = 0.0, 1.0
        for _ in range(60):
            fraction = 0.5 * (near + far)
            inside = bool(np.all(np.isfinite(self.unproject(visible + fraction * (edge - visible)))))
            near, far = (fraction, far) if inside else (near, fraction)
        return np.asarray(visible + near * (edge - visible))


Pinhole = Camera
"""Alias for a camera without distortion."""


def _ray_angle(start: Vector, middle: Vector, end: Vector) -> float:
    """Return the angle between two rays, rad, measured by way of ``middle`` if that exceeds pi."""
    angles = [
        float(np.arctan2(np.linalg.norm(cross(a, b)), a @ b)) for a, b in ((start, end), (start, middle), (middle, end))
    ]
    return angles[0] if angles[1] + angles[2] <= np.pi else angles[1] + angles[2]


def _normalized_half_width(horizontal_fov: float, distortion: Distortion | None) -> float:
    """Return half the image width over the focal length for a field of view (rad).

    Raises
    ------
    ValueError
        The field of view exceeds the limit of the lens.
    """
    widest = np.pi if distortion is None else 2.0 * distortion.limit
    if not horizontal_fov > 0.0:
        raise ValueError(f"a field of view must be more than 0 degrees, not {np.degrees(horizontal_fov):g}")
    if horizontal_fov > widest or (distortion is None and horizontal_fov == widest):
        raise _fov_error(horizontal_fov, widest)
    if distortion is None:
        return float(np.tan(horizontal_fov / 2.0))
    if distortion.is_radially_symmetric:
        ray = np.array([np.sin(horizontal_fov / 2.0), 0.0, np.cos(horizontal_fov / 2.0)])
        return float(distortion.distort(ray)[0])
    # With tangential terms, left and right differ: solve by bisection.
    near, far = 0.0, 1.0
    while _horizontal_ray_angle(far, distortion) < horizontal_fov:  # false for NaN, beyond the lens limit
        far *= 2.0
    for _ in range(60):
        half = 0.5 * (near + far)
        near, far = (half, far) if _horizontal_ray_angle(half, distortion) <= horizontal_fov else (near, half)
    if not np.isclose(_horizontal_ray_angle(near, distortion), horizontal_fov, rtol=1e-9):
        raise _fov_error(horizontal_fov, _horizontal_ray_angle(near, distortion))
    return near


def _fov_error(horizontal_fov: float, widest: float) -> ValueError:
    asked, limit = np.degrees([horizontal_fov, widest])
    return ValueError(f"a field of view of {asked:.6g} degrees is beyond this lens, which reaches {limit:.6g}")


def _horizontal_ray_angle(half: float, distortion: Distortion) -> float:
    """Return the angle (rad) between the rays of distorted points (-half, 0) and (half, 0); NaN beyond the limit."""
    return _ray_angle(*distortion.undistort(np.array([[-half, 0.0], [0.0, 0.0], [half, 0.0]])))


def icrf_to_camera(
    camera: Camera, target: Vector, up: Vector, place: tuple[float, float], roll: float | Vector
) -> Matrix:
    """Return the attitude (..., 3, 3) with ``target`` at ``place`` in the image and ``up`` upward there, then rolled.

    Parameters
    ----------
    camera : Camera
        The intrinsics.
    target : (..., 3) array
        Directions from the camera, ICRF axes.
    up : (..., 3) array
        Direction that appears upward at the target, ICRF axes.
    place : tuple of float
        Position in the image, as fractions of width and height from the upper left corner.
    roll : float or (...) array
        Rotation about the target, rad; positive rotates the image content counter-clockwise.

    Raises
    ------
    ValueError
        ``up`` is along ``target``.
    PlaceError
        ``place`` is beyond the limit of the lens.
    """
    forward = unit(target)
    right = cross(forward, up)
    if np.any(np.linalg.norm(right, axis=-1) < 1e-9 * np.linalg.norm(up, axis=-1)):
        raise ValueError("the camera cannot point along its own up direction")
    right = unit(right)
    ray, across = _ray_and_horizontal(camera, np.array([place[0] * camera.width - 0.5, place[1] * camera.height - 0.5]))
    camera_triad = np.array([ray, across, cross(ray, across)])
    icrf_triad = np.stack([forward, right, cross(forward, right)], axis=-2)
    return np.asarray(rotation_about(ray, -roll) @ camera_triad.T @ icrf_triad)


def _ray_and_horizontal(camera: Camera, pixel: NDArray[np.float64]) -> tuple[Vector, Vector]:
    """Return the ray of a pixel and the direction perpendicular to it and to the image vertical; unit vectors (3,)."""
    ray = camera.unproject(pixel)
    if camera.distortion is None:
        return ray, unit(np.array([ray[2], 0.0, -ray[0]]))
    # A distorted vertical is not in one plane, so its direction is taken locally.
    step = np.array([0.0, 1e-5 * camera.fy])
    above, below = camera.unproject(np.array([pixel - step, pixel + step]))
    if not np.all(np.isfinite([ray, above, below])):
        raise PlaceError("the lens does not reach that position in the image")
    return ray, unit(cross(below - above, ray))
