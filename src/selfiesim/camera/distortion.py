"""Lens distortion models: from rays to image points and back.

Two models agree numerically with OpenCV: Brown-Conrady with radial, rational and tangential terms
(``cv2.projectPoints``), and the Kannala-Brandt fisheye (``cv2.fisheye``). Two are panoramas. All work in normalised
coordinates: focal length 1, x right, y down, (0, 0) on the optical axis.

A distortion polynomial is valid only in the calibrated range. Beyond some angle it decreases, and two rays map to one
point. Each model therefore has a ``limit`` angle and returns NaN beyond it, so that projection is invertible.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import ArrayLike, NDArray

from selfiesim.core.vectors import unit

Array = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]

_MAX_TANGENT = 1e9  # tan(angle) above which a ray counts as perpendicular to the axis
_MAX_STRETCH = 10.0  # largest image height relative to a pinhole's; near a pole of the rational part it is unbounded
_MIN_DENOMINATOR = 0.01  # smallest denominator of the rational part, so that rounding is negligible
_MAX_COEFFICIENT = 1e8
_MIN_HALF_ANGLE = 1e-4  # rad; a model that folds before this is not a lens
_GRID = 513  # nodes of the table that starts an inversion
_EPS = float(np.finfo(float).eps)
_LIMIT_SLACK = 1.0 + 1e-12  # a ray at the limit is visible in spite of rounding
_RESIDUAL_TOLERANCE = 1e-13  # residual of a converged solution


@dataclass(frozen=True)
class BrownConrady:
    """The Brown-Conrady model with OpenCV's rational radial part.

    A ray through (x, y, 1) with r^2 = x^2 + y^2 maps to (x, y) (1 + k1 r^2 + k2 r^4 + k3 r^6) /
    (1 + k4 r^2 + k5 r^4 + k6 r^6) plus (2 p1 x y + p2 (r^2 + 2 x^2), p1 (r^2 + 2 y^2) + 2 p2 x y).

    Attributes
    ----------
    k : (6,) tuple of float
        k1 to k6.
    p : (2,) tuple of float
        p1, p2.

    Raises
    ------
    ValueError
        The count of coefficients is wrong, one is not finite, or they are far from any lens.
    """

    k: tuple[float, ...] = (0.0,) * 6
    p: tuple[float, ...] = (0.0,) * 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", _check_coefficients("Brown-Conrady's k", self.k, 6))
        object.__setattr__(self, "p", _check_coefficients("Brown-Conrady's p", self.p, 2))
        _check_limit(self.limit)

    @classmethod
    def from_opencv(cls, coefficients: ArrayLike) -> BrownConrady:
        """Return the model of OpenCV's ``distCoeffs``: k1, k2, p1, p2[, k3[, k4, k5, k6]].

        Raises
        ------
        ValueError
            The count is not 4, 5 or 8, or the class refuses the coefficients.
        """
        given = np.asarray(coefficients, float).ravel().tolist()
        if len(given) not in (4, 5, 8):
            raise ValueError(f"Brown-Conrady takes 4, 5 or 8 numbers in OpenCV's order, not {len(given)}")
        k1, k2, p1, p2, *rest = given
        return cls((k1, k2, *rest, *[0.0] * (4 - len(rest))), (p1, p2))

    @property
    def opencv(self) -> tuple[float, ...]:
        """All eight coefficients in the order of OpenCV's ``distCoeffs``."""
        return (*self.k[:2], *self.p, *self.k[2:])

    @property
    def is_radially_symmetric(self) -> bool:
        """Whether the distortion is symmetric about the optical axis."""
        return not any(self.p)

    @cached_property
    def limit(self) -> float:
        """Largest angle from the axis that the model maps, rad, below pi/2; up to it the image height increases.

        Before a pole of the rational part, the limit is where the image height is ten times a pinhole's or the
        denominator is a hundredth.

        With tangential terms, the limit is where the worst direction may fold. The Jacobian is symmetric; its
        eigenvalues are the slope and the ratio of image height to radius of the radial part, less at most 6 |p| r.
        While both are positive, the map is the gradient of a convex function and therefore one-to-one.
        """
        return float(np.arctan(self._max_radius))

    @np.errstate(invalid="ignore")
    def distort(self, rays: Array) -> Array:
        """Map rays (..., 3) of any length to points (..., 2); NaN beyond the limit."""
        rays = np.asarray(rays, float)
        visible = np.arctan2(np.hypot(rays[..., 0], rays[..., 1]), rays[..., 2]) <= self.limit * _LIMIT_SLACK
        distorted = self._distort_plane(
            self._clamp_to_limit(_to_complex(rays[..., :2] / np.where(visible, rays[..., 2], np.nan)[..., None]))
        )
        return np.stack([distorted.real, distorted.imag], axis=-1)

    @np.errstate(invalid="ignore")
    def undistort(self, points: Array) -> Array:
        """Return unit rays (..., 3) through points (..., 2); NaN if no ray within the limit maps to the point."""
        target = _to_complex(np.asarray(points, float))
        distance = np.abs(target)
        grid = np.tan(np.linspace(0.0, self.limit, _GRID))
        grid[-1] = self._max_radius
        if self.is_radially_symmetric:
            radius = _invert_monotonic(self._distorted_radius, self._radius_derivative, distance, grid)
            flat = target * _safe_ratio(radius, distance)
        else:
            start = target * _safe_ratio(np.interp(distance, self._distorted_radius(grid), grid), distance)
            flat = self._solve_newton(start.ravel(), target.ravel()).reshape(target.shape)
        return unit(np.stack([flat.real, flat.imag, np.ones_like(distance)], axis=-1))

    @cached_property
    def _max_radius(self) -> float:
        above, below = (Polynomial([1.0, 0.0, a, 0.0, b, 0.0, c]) for a, b, c in (self.k[:3], self.k[3:]))
        r = Polynomial([0.0, 1.0])
        tangential = 6.0 * float(np.hypot(self.p[0], self.p[1])) * r
        slope = (above + r * above.deriv()) * below - r * above * below.deriv() - tangential * below**2
        ends = (slope, above - tangential * below, below - above / _MAX_STRETCH, below - _MIN_DENOMINATOR)
        return min(_smallest_positive_root(end.coef) for end in ends)

    def _radial(self, u: Array) -> tuple[Array, Array]:
        """Return image height over radius, and its derivative, at the squared radius ``u``."""
        k1, k2, k3, k4, k5, k6 = self.k
        above = 1.0 + u * (k1 + u * (k2 + u * k3))
        below = 1.0 + u * (k4 + u * (k5 + u * k6))
        ratio = above / below
        return ratio, (k1 + u * (2.0 * k2 + 3.0 * u * k3) - ratio * (k4 + u * (2.0 * k5 + 3.0 * u * k6))) / below

    def _distorted_radius(self, r: Array) -> Array:
        return r * self._radial(r * r)[0]

    def _radius_derivative(self, r: Array) -> Array:
        ratio, change = self._radial(r * r)
        return ratio + 2.0 * r * r * change

    # In complex numbers f = x + iy and t = p2 + i p1, the tangential terms are 2 t |f|^2 + conj(t) f^2, and the
    # Jacobian is a df + b conj(df) with real a.

    def _distort_plane(self, flat: ComplexArray) -> ComplexArray:
        """Map undistorted points to distorted points."""
        tangential, u = complex(self.p[1], self.p[0]), _abs_squared(flat)
        return np.asarray(flat * self._radial(u)[0] + 2.0 * tangential * u + tangential.conjugate() * flat * flat)

    def _clamp_to_limit(self, flat: ComplexArray) -> ComplexArray:
        """Move points beyond the limit back to it."""
        return np.asarray(flat * (self._max_radius / np.maximum(np.abs(flat), self._max_radius)))

    def _newton_step(self, flat: ComplexArray, residual: ComplexArray) -> ComplexArray:
        """Return the change of ``flat`` that changes its distorted point by ``residual``, to first order."""
        tangential, u = complex(self.p[1], self.p[0]), _abs_squared(flat)
        ratio, change = self._radial(u)
        a = ratio + u * change + 4.0 * (tangential.conjugate() * flat).real
        b = flat * (flat * change + 2.0 * tangential)
        return np.asarray((a * residual - b * residual.conj()) / (a * a - _abs_squared(b)))

    def _solve_newton(self, start: ComplexArray, target: ComplexArray) -> ComplexArray:
        """Solve by damped Newton steps in the plane, within the limit; NaN where they do not converge."""
        flat, scale = start.copy(), 1.0 + np.abs(target)
        active = np.flatnonzero(np.isfinite(start))
        for _ in range(60):
            residual = self._distort_plane(flat[active]) - target[active]
            far = np.abs(residual) > 8.0 * _EPS * scale[active]
            active, residual = active[far], residual[far]
            if not active.size:
                break
            step = self._newton_step(flat[active], residual)
            for _ in range(40):
                after = self._clamp_to_limit(flat[active] - step)
                improved = np.abs(self._distort_plane(after) - target[active]) < np.abs(residual)
                if improved.all():
                    break
                step[~improved] /= 2.0
            flat[active[improved]] = after[improved]
            stuck = active[~improved]
            flat[stuck[~self._is_converged(flat[stuck], target[stuck])]] = complex(np.nan, np.nan)
            active = active[improved]
        flat[active[~self._is_converged(flat[active], target[active])]] = complex(np.nan, np.nan)
        return flat

    def _is_converged(self, flat: ComplexArray, target: ComplexArray) -> NDArray[np.bool_]:
        residual = self._distort_plane(flat) - target
        return np.asarray(
            (np.abs(residual) <= _RESIDUAL_TOLERANCE * (1.0 + np.abs(target)))
            | (np.abs(self._newton_step(flat, residual)) <= _RESIDUAL_TOLERANCE * np.abs(flat))
        )


@dataclass(frozen=True)
class KannalaBrandt:
    """The Kannala-Brandt fisheye: a ray at angle t from the axis maps to height t (1 + k1 t^2 + ... + k4 t^8).

    With all k zero it is the equidistant lens. Angles above pi/2 are valid while the polynomial increases.

    Attributes
    ----------
    k : (4,) tuple of float
        k1 to k4, as in ``cv2.fisheye``.

    Raises
    ------
    ValueError
        The count of coefficients is wrong, one is not finite, or they are far from any lens.
    """

    k: tuple[float, ...] = (0.0,) * 4
    is_radially_symmetric: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", _check_coefficients("Kannala-Brandt's k", self.k, 4))
        _check_limit(self.limit)

    @cached_property
    def limit(self) -> float:
        """Largest angle from the axis that the model maps, rad, at most pi; up to it the image height increases."""
        k1, k2, k3, k4 = self.k
        return min(
            float(np.pi), _smallest_positive_root([1.0, 0.0, 3.0 * k1, 0.0, 5.0 * k2, 0.0, 7.0 * k3, 0.0, 9.0 * k4])
        )

    def distort(self, rays: Array) -> Array:
        """Map rays (..., 3) of any length to points (..., 2); NaN beyond the limit and straight behind."""
        rays = np.asarray(rays, float)
        across = np.hypot(rays[..., 0], rays[..., 1])
        angle = np.arctan2(across, rays[..., 2])
        visible = (angle <= self.limit * _LIMIT_SLACK) & ((across > 0.0) | (rays[..., 2] > 0.0))
        height = np.where(visible, self._distorted_radius(np.minimum(angle, self.limit)), np.nan)
        return np.asarray(rays[..., :2] * _safe_ratio(height, across)[..., None])

    def undistort(self, points: Array) -> Array:
        """Return unit rays (..., 3) through points (..., 2); NaN if no ray within the limit maps to the point."""
        points = np.asarray(points, float)
        distance = np.hypot(points[..., 0], points[..., 1])
        angle = _invert_monotonic(
            self._distorted_radius, self._radius_derivative, distance, np.linspace(0.0, self.limit, _GRID)
        )
        across = points * _safe_ratio(np.sin(angle), distance)[..., None]
        return np.concatenate([across, np.cos(angle)[..., None]], axis=-1)

    def _distorted_radius(self, angle: Array) -> Array:
        k1, k2, k3, k4 = self.k
        u = angle * angle
        return angle * (1.0 + u * (k1 + u * (k2 + u * (k3 + u * k4))))

    def _radius_derivative(self, angle: Array) -> Array:
        k1, k2, k3, k4 = self.k
        u = angle * angle
        return 1.0 + u * (3.0 * k1 + u * (5.0 * k2 + u * (7.0 * k3 + u * 9.0 * k4)))


@dataclass(frozen=True)
class Equirectangular:
    """An equirectangular panorama: x is the azimuth about the camera's y axis, from z toward x, y the angle below it.

    Both are in rad; the whole sphere is 2 pi wide and pi high.
    """

    is_radially_symmetric: ClassVar[bool] = True
    limit: ClassVar[float] = float(np.pi)

    def distort(self, rays: Array) -> Array:
        """Map rays (..., 3) of any length to points (..., 2)."""
        x, y, z = np.moveaxis(np.asarray(rays, float), -1, 0)
        return np.stack([np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))], axis=-1)

    def undistort(self, points: Array) -> Array:
        """Return unit rays (..., 3) through points (..., 2); NaN beyond the full circle and beyond the poles."""
        points = np.asarray(points, float)
        visible = np.all(np.abs(points) <= np.array([np.pi, np.pi / 2.0]) * _LIMIT_SLACK, axis=-1)
        azimuth, down = np.where(visible[..., None], points, np.nan)[..., 0], points[..., 1]
        level = np.cos(down)
        return np.stack([level * np.sin(azimuth), np.sin(down) + 0.0 * azimuth, level * np.cos(azimuth)], axis=-1)


@dataclass(frozen=True)
class Cylindrical:
    """A cylindrical panorama: x is the azimuth about the y axis, rad, y the tangent of the angle below the horizon.

    Vertical lines remain straight, and shapes at the horizon are undistorted. The poles are outside the image.
    """

    is_radially_symmetric: ClassVar[bool] = True
    limit: ClassVar[float] = float(np.pi)

    def distort(self, rays: Array) -> Array:
        """Map rays (..., 3) of any length to points (..., 2); NaN straight up and down."""
        x, y, z = np.moveaxis(np.asarray(rays, float), -1, 0)
        level = np.hypot(x, z)
        return np.stack([np.arctan2(x, z), y / np.where(level > 0.0, level, np.nan)], axis=-1)

    def undistort(self, points: Array) -> Array:
        """Return unit rays (..., 3) through points (..., 2); NaN beyond the full circle."""
        points = np.asarray(points, float)
        azimuth = np.where(np.abs(points[..., 0]) <= np.pi * _LIMIT_SLACK, points[..., 0], np.nan)
        return unit(np.stack([np.sin(azimuth), points[..., 1], np.cos(azimuth)], axis=-1))


Panorama = Equirectangular | Cylindrical
"""Projections of stitched panoramas."""
Distortion = BrownConrady | KannalaBrandt | Panorama


def _check_coefficients(name: str, values: Sequence[float], count: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count:
        raise ValueError(f"{name} takes {count} numbers, not {len(numbers)}")
    if not all(abs(number) <= _MAX_COEFFICIENT for number in numbers):
        raise ValueError(f"{name} takes finite numbers of at most {_MAX_COEFFICIENT:g} in size")
    return numbers


def _check_limit(limit: float) -> None:
    if limit < _MIN_HALF_ANGLE:
        raise ValueError(
            f"the image already folds {np.degrees(limit):.2g} degrees from the axis: these coefficients fit no lens"
        )


def _smallest_positive_root(coefficients: ArrayLike) -> float:
    """Return a value just below the smallest positive root of a polynomial, at most ``_MAX_TANGENT``.

    Coefficients are in rising order. The constant, never zero here, is the leading coefficient of the polynomial in the
    inverse variable, whose roots are computed.
    """
    inverse = np.roots(np.asarray(coefficients, float))
    # A double root is computed as a pair of complex roots next to the real axis.
    real = inverse.real[np.abs(inverse.imag) <= 1e-6 * np.abs(inverse)]
    return float((1.0 - 1e-9) / max(np.max(real, initial=0.0), 1.0 / _MAX_TANGENT))


def _to_complex(points: Array) -> ComplexArray:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def _abs_squared(plane: ComplexArray) -> Array:
    return np.asarray(plane.real * plane.real + plane.imag * plane.imag)


def _safe_ratio(part: Array, whole: Array) -> Array:
    """Return ``part / whole``, or 1 where ``whole`` is 0, since both vanish there."""
    zero = whole == 0.0
    return np.asarray(np.where(zero & np.isfinite(part), 1.0, part / np.where(zero, 1.0, whole)), float)


def _invert_monotonic(
    height: Callable[[Array], Array], slope: Callable[[Array], Array], value: Array, grid: Array
) -> Array:
    """Solve ``height(x) = value`` (any shape) for an increasing function on ``grid``; NaN beyond its last height.

    Newton's method between two grid points, safeguarded by bisection.
    """
    table = np.maximum.accumulate(height(grid))
    solution = np.full(value.size, np.nan)
    active = np.flatnonzero(value <= table[-1] * _LIMIT_SLACK)
    target = np.minimum(value.ravel()[active], table[-1])
    right = np.clip(np.searchsorted(table, target), 1, len(grid) - 1)
    low, high = grid[right - 1], grid[right]
    x = np.interp(target, table, grid)
    for _ in range(100):
        residual = height(x) - target
        low, high = np.where(residual < 0.0, x, low), np.where(residual > 0.0, x, high)
        after = x - residual / slope(x)
        after = np.where((after >= low) & (after <= high), after, 0.5 * (low + high))
        after = np.where(residual == 0.0, x, after)
        solution[active] = after
        moving = np.abs(after - x) > 2.0 * _EPS * after
        active, target, low, high, x = active[moving], target[moving], low[moving], high[moving], after[moving]
        if not active.size:
            break
    return solution.reshape(value.shape)
