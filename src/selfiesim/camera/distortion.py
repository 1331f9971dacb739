"""Lenses: where a ray meets the picture when the lens bends it, and the ray of a point in the picture.

Two models are OpenCV's, number for number: Brown and Conrady's with radial, rational and tangential terms
(``cv2.projectPoints``), and Kannala and Brandt's fisheye (``cv2.fisheye``). Two are panoramas. All work on normalised
coordinates: focal length 1, x right, y down, (0, 0) on the optical axis.

A polynomial fits a lens only as far as it was measured. Beyond some angle it turns back, and two rays would share a
point. Each model says how far it goes (``limit``) and shows nothing beyond, so that both ways are each other's inverse.
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

_MAX_TANGENT = 1e9  # tan(angle) from which on a ray lies in the lens' own plane
_MAX_STRETCH = 10.0  # how much farther out than through a pinhole a point may come; near a pole there is no end to it
_MIN_DENOMINATOR = 0.01  # what the denominator must be at least, so that rounding counts for nothing
_MAX_COEFFICIENT = 1e8  # of a coefficient
_MIN_HALF_ANGLE = 1e-4  # rad; what bends back sooner is no lens
_GRID = 513  # steps of the table an inverse starts from
_EPS = float(np.finfo(float).eps)
_LIMIT_SLACK = 1.0 + 1e-12  # what lies at the limit is still seen, however it was rounded
_RESIDUAL_TOLERANCE = 1e-13  # miss of a point that was found


@dataclass(frozen=True)
class BrownConrady:
    """Brown and Conrady's model with OpenCV's rational radial part.

    A ray through (x, y, 1) with r^2 = x^2 + y^2 comes out at (x, y) (1 + k1 r^2 + k2 r^4 + k3 r^6) /
    (1 + k4 r^2 + k5 r^4 + k6 r^6), plus (2 p1 x y + p2 (r^2 + 2 x^2), p1 (r^2 + 2 y^2) + 2 p2 x y).

    Attributes
    ----------
    k : (6,) tuple of float
        k1 to k6.
    p : (2,) tuple of float
        p1, p2.

    Raises
    ------
    ValueError
        For a wrong count of numbers, or one that is not finite or far from any lens.
    """

    k: tuple[float, ...] = (0.0,) * 6
    p: tuple[float, ...] = (0.0,) * 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", _check_coefficients("Brown-Conrady's k", self.k, 6))
        object.__setattr__(self, "p", _check_coefficients("Brown-Conrady's p", self.p, 2))
        _check_limit(self.limit)

    @classmethod
    def from_opencv(cls, coefficients: ArrayLike) -> BrownConrady:
        """From OpenCV's ``distCoeffs``: k1, k2, p1, p2[, k3[, k4, k5, k6]].

        Raises
        ------
        ValueError
            For any other count than 4, 5 or 8, and as the class does.
        """
        given = np.asarray(coefficients, float).ravel().tolist()
        if len(given) not in (4, 5, 8):
            raise ValueError(f"Brown-Conrady takes 4, 5 or 8 numbers in OpenCV's order, not {len(given)}")
        k1, k2, p1, p2, *rest = given
        return cls((k1, k2, *rest, *[0.0] * (4 - len(rest))), (p1, p2))

    @property
    def opencv(self) -> tuple[float, ...]:
        """All eight numbers in the order of OpenCV's ``distCoeffs``."""
        return (*self.k[:2], *self.p, *self.k[2:])

    @property
    def is_radially_symmetric(self) -> bool:
        """Whether the bending is the same all round the axis."""
        return not any(self.p)

    @cached_property
    def limit(self) -> float:
        """Largest angle from the axis that it maps, rad, below pi/2: the picture grows with the angle up to there.

        It ends before a pole of the rational part: where a point is ten times as far out as through a pinhole, or the
        denominator is a hundredth.

        With tangential terms it ends where the worst direction may fold. The Jacobian is symmetric; its eigenvalues are
        the slope and the height over radius of the radial part, less at most 6 |p| r. As long as both stay positive the
        map is the gradient of a convex function, and meets each point once.
        """
        return float(np.arctan(self._max_radius))

    @np.errstate(invalid="ignore")
    def distort(self, rays: Array) -> Array:
        """Points (..., 2) of rays (..., 3) of any length; NaN beyond the limit."""
        rays = np.asarray(rays, float)
        seen = np.arctan2(np.hypot(rays[..., 0], rays[..., 1]), rays[..., 2]) <= self.limit * _LIMIT_SLACK
        bent = self._distort_plane(
            self._clamp_to_limit(_to_complex(rays[..., :2] / np.where(seen, rays[..., 2], np.nan)[..., None]))
        )
        return np.stack([bent.real, bent.imag], axis=-1)

    @np.errstate(invalid="ignore")
    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN where no ray within the limit comes out."""
        target = _to_complex(np.asarray(points, float))
        distance = np.abs(target)
        grid = np.tan(np.linspace(0.0, self.limit, _GRID))
        grid[-1] = self._max_radius
        # Tangential terms may bring in what the radial part alone leaves outside.
        within = distance if self.is_radially_symmetric else np.minimum(distance, self._distorted_radius(grid[-1:]))
        flat = target * _safe_ratio(
            _invert_monotonic(self._distorted_radius, self._radius_derivative, within, grid), distance
        )
        if not self.is_radially_symmetric:
            flat = self._solve_newton(flat.ravel(), target.ravel()).reshape(target.shape)
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
        """Height over radius and its derivative, at the squared radius ``u``."""
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

    # The plane as complex numbers f = x + iy, with lean = p2 + i p1, makes the tangential terms
    # 2 lean |f|^2 + conj(lean) f^2, and the Jacobian a df + b conj(df) with a real.

    def _distort_plane(self, flat: ComplexArray) -> ComplexArray:
        """Distorted points of undistorted ones."""
        tangential, u = complex(self.p[1], self.p[0]), _abs_squared(flat)
        return np.asarray(flat * self._radial(u)[0] + 2.0 * tangential * u + tangential.conjugate() * flat * flat)

    def _clamp_to_limit(self, flat: ComplexArray) -> ComplexArray:
        """What lies beyond the limit brought back to it."""
        return np.asarray(flat * (self._max_radius / np.maximum(np.abs(flat), self._max_radius)))

    def _newton_step(self, flat: ComplexArray, residual: ComplexArray) -> ComplexArray:
        """What to take off ``flat`` for its distorted point to move by ``-residual``, to first order."""
        tangential, u = complex(self.p[1], self.p[0]), _abs_squared(flat)
        ratio, change = self._radial(u)
        a = ratio + u * change + 4.0 * (tangential.conjugate() * flat).real
        b = flat * (flat * change + 2.0 * tangential)
        return np.asarray((a * residual - b * residual.conj()) / (a * a - _abs_squared(b)))

    def _solve_newton(self, start: ComplexArray, target: ComplexArray) -> ComplexArray:
        """Newton's method in the plane, each step nearer and within the limit; NaN where it gets stuck."""
        flat, scale = start.copy(), 1.0 + np.abs(target)
        left = np.flatnonzero(np.isfinite(start))
        for _ in range(60):
            residual = self._distort_plane(flat[left]) - target[left]
            far = np.abs(residual) > 8.0 * _EPS * scale[left]
            left, residual = left[far], residual[far]
            if not left.size:
                break
            step = self._newton_step(flat[left], residual)
            for _ in range(40):
                after = self._clamp_to_limit(flat[left] - step)
                good = np.abs(self._distort_plane(after) - target[left]) < np.abs(residual)
                if good.all():
                    break
                step[~good] /= 2.0
            flat[left[good]] = after[good]
            left = left[good]
        residual = self._distort_plane(flat) - target
        there = (np.abs(residual) <= _RESIDUAL_TOLERANCE * scale) | (
            np.abs(self._newton_step(flat, residual)) <= _RESIDUAL_TOLERANCE * np.abs(flat)
        )
        return np.where(there, flat, complex(np.nan, np.nan))


@dataclass(frozen=True)
class KannalaBrandt:
    """Kannala and Brandt's fisheye: a ray at the angle t from the axis comes out t (1 + k1 t^2 + ... + k4 t^8) from it.

    With all k zero it is the equidistant lens. It sees behind its own plane, as far as its polynomial rises.

    Attributes
    ----------
    k : (4,) tuple of float
        k1 to k4, as ``cv2.fisheye`` has them.

    Raises
    ------
    ValueError
        For a wrong count of numbers, or one that is not finite or far from any lens.
    """

    k: tuple[float, ...] = (0.0,) * 4
    is_radially_symmetric: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", _check_coefficients("Kannala-Brandt's k", self.k, 4))
        _check_limit(self.limit)

    @cached_property
    def limit(self) -> float:
        """Largest angle from the axis that it maps, rad, at most pi: the picture grows with the angle up to there."""
        k1, k2, k3, k4 = self.k
        return min(
            float(np.pi), _smallest_positive_root([1.0, 0.0, 3.0 * k1, 0.0, 5.0 * k2, 0.0, 7.0 * k3, 0.0, 9.0 * k4])
        )

    def distort(self, rays: Array) -> Array:
        """Points (..., 2) of rays (..., 3) of any length; NaN beyond the limit and straight behind."""
        rays = np.asarray(rays, float)
        across = np.hypot(rays[..., 0], rays[..., 1])
        angle = np.arctan2(across, rays[..., 2])
        seen = (angle <= self.limit * _LIMIT_SLACK) & ((across > 0.0) | (rays[..., 2] > 0.0))
        height = np.where(seen, self._distorted_radius(np.minimum(angle, self.limit)), np.nan)
        return np.asarray(rays[..., :2] * _safe_ratio(height, across)[..., None])

    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN where no ray within the limit comes out."""
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
    """A panorama with equal angles: x is the angle about the camera's y axis, from z toward x; y that below both.

    Both in rad; the whole sphere is 2 pi across and pi down.
    """

    is_radially_symmetric: ClassVar[bool] = True
    limit: ClassVar[float] = float(np.pi)

    def distort(self, rays: Array) -> Array:
        """Points (..., 2) of rays (..., 3) of any length."""
        x, y, z = np.moveaxis(np.asarray(rays, float), -1, 0)
        return np.stack([np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))], axis=-1)

    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN beyond the whole turn and beyond the poles."""
        points = np.asarray(points, float)
        seen = np.all(np.abs(points) <= np.array([np.pi, np.pi / 2.0]) * _LIMIT_SLACK, axis=-1)
        turn, down = np.where(seen[..., None], points, np.nan)[..., 0], points[..., 1]
        level = np.cos(down)
        return np.stack([level * np.sin(turn), np.sin(down) + 0.0 * turn, level * np.cos(turn)], axis=-1)


@dataclass(frozen=True)
class Cylindrical:
    """A panorama on an upright cylinder: x is the angle about the y axis, rad; y the tangent of that below z and x.

    Upright lines stay straight, and small things keep their shape at the horizon; it never reaches straight up.
    """

    is_radially_symmetric: ClassVar[bool] = True
    limit: ClassVar[float] = float(np.pi)

    def distort(self, rays: Array) -> Array:
        """Points (..., 2) of rays (..., 3) of any length; NaN straight up and down."""
        x, y, z = np.moveaxis(np.asarray(rays, float), -1, 0)
        level = np.hypot(x, z)
        return np.stack([np.arctan2(x, z), y / np.where(level > 0.0, level, np.nan)], axis=-1)

    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN beyond the whole turn."""
        points = np.asarray(points, float)
        turn = np.where(np.abs(points[..., 0]) <= np.pi * _LIMIT_SLACK, points[..., 0], np.nan)
        return unit(np.stack([np.sin(turn), points[..., 1], np.cos(turn)], axis=-1))


Panorama = Equirectangular | Cylindrical
"""Lenses that turn about the vertical: as a row of pictures put together."""
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
            f"the picture folds {np.degrees(limit):.2g} degrees from the axis already: these coefficients fit no lens"
        )


def _smallest_positive_root(rising: ArrayLike) -> float:
    """Smallest positive root of a polynomial whose coefficients, from the constant on, are given; at most _MAX_TANGENT.

    A hair below it, where what vanishes there has not yet done so. Taken as a polynomial in the inverse of its
    variable, which begins with that constant, never zero here.
    """
    inverse = np.roots(np.asarray(rising, float))
    # A root that only touches zero comes out as a pair beside the real line.
    real = inverse.real[np.abs(inverse.imag) <= 1e-6 * np.abs(inverse)]
    return float((1.0 - 1e-9) / max(np.max(real, initial=0.0), 1.0 / _MAX_TANGENT))


def _to_complex(points: Array) -> ComplexArray:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def _abs_squared(plane: ComplexArray) -> Array:
    return np.asarray(plane.real * plane.real + plane.imag * plane.imag)


def _safe_ratio(part: Array, whole: Array) -> Array:
    """``part / whole``; 1 where ``whole`` is 0, which is where both vanish."""
    zero = whole == 0.0
    return np.asarray(np.where(zero & np.isfinite(part), 1.0, part / np.where(zero, 1.0, whole)), float)


def _invert_monotonic(
    height: Callable[[Array], Array], slope: Callable[[Array], Array], value: Array, grid: Array
) -> Array:
    """Where a function that rises along ``grid`` has the values (any shape); NaN beyond its last height.

    Newton's method between two points of the grid, halving the gap instead where a step would leave it.
    """
    table = np.maximum.accumulate(height(grid))
    answer = np.full(value.size, np.nan)
    left = np.flatnonzero(value <= table[-1] * _LIMIT_SLACK)
    wanted = np.minimum(value.ravel()[left], table[-1])
    right = np.clip(np.searchsorted(table, wanted), 1, len(grid) - 1)
    low, high = grid[right - 1], grid[right]
    x = np.interp(wanted, table, grid)
    for _ in range(100):
        residual = height(x) - wanted
        low, high = np.where(residual < 0.0, x, low), np.where(residual > 0.0, x, high)
        after = x - residual / slope(x)
        after = np.where((after >= low) & (after <= high), after, 0.5 * (low + high))
        after = np.where(residual == 0.0, x, after)
        answer[left] = after
        going = np.abs(after - x) > 2.0 * _EPS * after
        left, wanted, low, high, x = left[going], wanted[going], low[going], high[going], after[going]
        if not left.size:
            break
    return answer.reshape(value.shape)
