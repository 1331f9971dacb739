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
Plane = NDArray[np.complex128]

_FLAT = 1e9  # tan(angle) from which on a ray lies in the lens' own plane
_STRETCH = 10.0  # how much farther out than through a pinhole a point may come; near a pole there is no end to it
_POLE = 0.01  # what the denominator must be at least, so that rounding counts for nothing
_LARGEST = 1e8  # of a coefficient
_NARROWEST = 1e-4  # rad; what bends back sooner is no lens
_GRID = 513  # steps of the table an inverse starts from
_EPS = float(np.finfo(float).eps)
_ROUNDED = 1.0 + 1e-12  # what lies at the limit is still seen, however it was rounded
_CLOSE = 1e-13  # miss of a point that was found


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
        object.__setattr__(self, "k", _numbers("Brown-Conrady's k", self.k, 6))
        object.__setattr__(self, "p", _numbers("Brown-Conrady's p", self.p, 2))
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
    def is_round(self) -> bool:
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
        return float(np.arctan(self._radius))

    @np.errstate(invalid="ignore")
    def distort(self, rays: Array) -> Array:
        """Points (..., 2) of rays (..., 3) of any length; NaN beyond the limit."""
        rays = np.asarray(rays, float)
        seen = np.arctan2(np.hypot(rays[..., 0], rays[..., 1]), rays[..., 2]) <= self.limit * _ROUNDED
        bent = self._bend(self._inside(_complex(rays[..., :2] / np.where(seen, rays[..., 2], np.nan)[..., None])))
        return np.stack([bent.real, bent.imag], axis=-1)

    @np.errstate(invalid="ignore")
    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN where no ray within the limit comes out."""
        target = _complex(np.asarray(points, float))
        distance = np.abs(target)
        grid = np.tan(np.linspace(0.0, self.limit, _GRID))
        grid[-1] = self._radius
        # Tangential terms may bring in what the radial part alone leaves outside.
        within = distance if self.is_round else np.minimum(distance, self._height(grid[-1:]))
        flat = target * _shares(_inverse(self._height, self._slope, within, grid), distance)
        if not self.is_round:
            flat = self._settle(flat.ravel(), target.ravel()).reshape(target.shape)
        return unit(np.stack([flat.real, flat.imag, np.ones_like(distance)], axis=-1))

    @cached_property
    def _radius(self) -> float:
        above, below = (Polynomial([1.0, 0.0, a, 0.0, b, 0.0, c]) for a, b, c in (self.k[:3], self.k[3:]))
        r = Polynomial([0.0, 1.0])
        lean = 6.0 * float(np.hypot(self.p[0], self.p[1])) * r
        slope = (above + r * above.deriv()) * below - r * above * below.deriv() - lean * below**2
        ends = (slope, above - lean * below, below - above / _STRETCH, below - _POLE)
        return min(_first_root(end.coef) for end in ends)

    def _radial(self, u: Array) -> tuple[Array, Array]:
        """Height over radius and its derivative, at the squared radius ``u``."""
        k1, k2, k3, k4, k5, k6 = self.k
        above = 1.0 + u * (k1 + u * (k2 + u * k3))
        below = 1.0 + u * (k4 + u * (k5 + u * k6))
        ratio = above / below
        return ratio, (k1 + u * (2.0 * k2 + 3.0 * u * k3) - ratio * (k4 + u * (2.0 * k5 + 3.0 * u * k6))) / below

    def _height(self, r: Array) -> Array:
        return r * self._radial(r * r)[0]

    def _slope(self, r: Array) -> Array:
        ratio, change = self._radial(r * r)
        return ratio + 2.0 * r * r * change

    # The plane as complex numbers f = x + iy, with lean = p2 + i p1, makes the tangential terms
    # 2 lean |f|^2 + conj(lean) f^2, and the Jacobian a df + b conj(df) with a real.

    def _bend(self, flat: Plane) -> Plane:
        """Distorted points of undistorted ones."""
        lean, u = complex(self.p[1], self.p[0]), _squared(flat)
        return np.asarray(flat * self._radial(u)[0] + 2.0 * lean * u + lean.conjugate() * flat * flat)

    def _inside(self, flat: Plane) -> Plane:
        """What lies beyond the limit brought back to it."""
        return np.asarray(flat * (self._radius / np.maximum(np.abs(flat), self._radius)))

    def _newton_step(self, flat: Plane, miss: Plane) -> Plane:
        """What to take off ``flat`` for its distorted point to move by ``-miss``, to first order."""
        lean, u = complex(self.p[1], self.p[0]), _squared(flat)
        ratio, change = self._radial(u)
        a = ratio + u * change + 4.0 * (lean.conjugate() * flat).real
        b = flat * (flat * change + 2.0 * lean)
        return np.asarray((a * miss - b * miss.conj()) / (a * a - _squared(b)))

    def _settle(self, start: Plane, target: Plane) -> Plane:
        """Newton's method in the plane, each step nearer and within the limit; NaN where it gets stuck."""
        flat, scale = start.copy(), 1.0 + np.abs(target)
        left = np.flatnonzero(np.isfinite(start))
        for _ in range(60):
            miss = self._bend(flat[left]) - target[left]
            far = np.abs(miss) > 8.0 * _EPS * scale[left]
            left, miss = left[far], miss[far]
            if not left.size:
                break
            step = self._newton_step(flat[left], miss)
            for _ in range(40):
                after = self._inside(flat[left] - step)
                good = np.abs(self._bend(after) - target[left]) < np.abs(miss)
                if good.all():
                    break
                step[~good] /= 2.0
            flat[left[good]] = after[good]
            left = left[good]
        miss = self._bend(flat) - target
        there = (np.abs(miss) <= _CLOSE * scale) | (np.abs(self._newton_step(flat, miss)) <= _CLOSE * np.abs(flat))
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
    is_round: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", _numbers("Kannala-Brandt's k", self.k, 4))
        _check_limit(self.limit)

    @cached_property
    def limit(self) -> float:
        """Largest angle from the axis that it maps, rad, at most pi: the picture grows with the angle up to there."""
        k1, k2, k3, k4 = self.k
        return min(float(np.pi), _first_root([1.0, 0.0, 3.0 * k1, 0.0, 5.0 * k2, 0.0, 7.0 * k3, 0.0, 9.0 * k4]))

    def distort(self, rays: Array) -> Array:
        """Points (..., 2) of rays (..., 3) of any length; NaN beyond the limit and straight behind."""
        rays = np.asarray(rays, float)
        across = np.hypot(rays[..., 0], rays[..., 1])
        angle = np.arctan2(across, rays[..., 2])
        seen = (angle <= self.limit * _ROUNDED) & ((across > 0.0) | (rays[..., 2] > 0.0))
        height = np.where(seen, self._height(np.minimum(angle, self.limit)), np.nan)
        return np.asarray(rays[..., :2] * _shares(height, across)[..., None])

    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN where no ray within the limit comes out."""
        points = np.asarray(points, float)
        distance = np.hypot(points[..., 0], points[..., 1])
        angle = _inverse(self._height, self._slope, distance, np.linspace(0.0, self.limit, _GRID))
        across = points * _shares(np.sin(angle), distance)[..., None]
        return np.concatenate([across, np.cos(angle)[..., None]], axis=-1)

    def _height(self, angle: Array) -> Array:
        k1, k2, k3, k4 = self.k
        u = angle * angle
        return angle * (1.0 + u * (k1 + u * (k2 + u * (k3 + u * k4))))

    def _slope(self, angle: Array) -> Array:
        k1, k2, k3, k4 = self.k
        u = angle * angle
        return 1.0 + u * (3.0 * k1 + u * (5.0 * k2 + u * (7.0 * k3 + u * 9.0 * k4)))


@dataclass(frozen=True)
class Equirectangular:
    """A panorama with equal angles: x is the angle about the camera's y axis, from z toward x; y that below both.

    Both in rad; the whole sphere is 2 pi across and pi down.
    """

    is_round: ClassVar[bool] = True
    limit: ClassVar[float] = float(np.pi)

    def distort(self, rays: Array) -> Array:
        """Points (..., 2) of rays (..., 3) of any length."""
        x, y, z = np.moveaxis(np.asarray(rays, float), -1, 0)
        return np.stack([np.arctan2(x, z), np.arctan2(y, np.hypot(x, z))], axis=-1)

    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN beyond the whole turn and beyond the poles."""
        points = np.asarray(points, float)
        seen = np.all(np.abs(points) <= np.array([np.pi, np.pi / 2.0]) * _ROUNDED, axis=-1)
        turn, down = np.where(seen[..., None], points, np.nan)[..., 0], points[..., 1]
        level = np.cos(down)
        return np.stack([level * np.sin(turn), np.sin(down) + 0.0 * turn, level * np.cos(turn)], axis=-1)


@dataclass(frozen=True)
class Cylindrical:
    """A panorama on an upright cylinder: x is the angle about the y axis, rad; y the tangent of that below z and x.

    Upright lines stay straight, and small things keep their shape at the horizon; it never reaches straight up.
    """

    is_round: ClassVar[bool] = True
    limit: ClassVar[float] = float(np.pi)

    def distort(self, rays: Array) -> Array:
        """Points (..., 2) of rays (..., 3) of any length; NaN straight up and down."""
        x, y, z = np.moveaxis(np.asarray(rays, float), -1, 0)
        level = np.hypot(x, z)
        return np.stack([np.arctan2(x, z), y / np.where(level > 0.0, level, np.nan)], axis=-1)

    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN beyond the whole turn."""
        points = np.asarray(points, float)
        turn = np.where(np.abs(points[..., 0]) <= np.pi * _ROUNDED, points[..., 0], np.nan)
        return unit(np.stack([np.sin(turn), points[..., 1], np.cos(turn)], axis=-1))


Panorama = Equirectangular | Cylindrical
"""Lenses that turn about the vertical: as a row of pictures put together."""
Distortion = BrownConrady | KannalaBrandt | Panorama


def _numbers(name: str, values: Sequence[float], count: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count:
        raise ValueError(f"{name} takes {count} numbers, not {len(numbers)}")
    if not all(abs(number) <= _LARGEST for number in numbers):
        raise ValueError(f"{name} takes finite numbers of at most {_LARGEST:g} in size")
    return numbers


def _check_limit(limit: float) -> None:
    if limit < _NARROWEST:
        raise ValueError(
            f"the picture folds {np.degrees(limit):.2g} degrees from the axis already: these coefficients fit no lens"
        )


def _first_root(rising: ArrayLike) -> float:
    """Smallest positive root of a polynomial whose coefficients, from the constant on, are given; at most _FLAT.

    A hair below it, where what vanishes there has not yet done so. Taken as a polynomial in the inverse of its
    variable, which begins with that constant, never zero here.
    """
    inverse = np.roots(np.asarray(rising, float))
    # A root that only touches zero comes out as a pair beside the real line.
    real = inverse.real[np.abs(inverse.imag) <= 1e-6 * np.abs(inverse)]
    return float((1.0 - 1e-9) / max(np.max(real, initial=0.0), 1.0 / _FLAT))


def _complex(points: Array) -> Plane:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def _squared(plane: Plane) -> Array:
    return np.asarray(plane.real * plane.real + plane.imag * plane.imag)


def _shares(part: Array, whole: Array) -> Array:
    """``part / whole``; 1 where ``whole`` is 0, which is where both vanish."""
    zero = whole == 0.0
    return np.asarray(np.where(zero & np.isfinite(part), 1.0, part / np.where(zero, 1.0, whole)), float)


def _inverse(height: Callable[[Array], Array], slope: Callable[[Array], Array], value: Array, grid: Array) -> Array:
    """Where a function that rises along ``grid`` has the values (any shape); NaN beyond its last height.

    Newton's method between two points of the grid, halving the gap instead where a step would leave it.
    """
    table = np.maximum.accumulate(height(grid))
    answer = np.full(value.size, np.nan)
    left = np.flatnonzero(value <= table[-1] * _ROUNDED)
    wanted = np.minimum(value.ravel()[left], table[-1])
    right = np.clip(np.searchsorted(table, wanted), 1, len(grid) - 1)
    low, high = grid[right - 1], grid[right]
    x = np.interp(wanted, table, grid)
    for _ in range(100):
        miss = height(x) - wanted
        low, high = np.where(miss < 0.0, x, low), np.where(miss > 0.0, x, high)
        after = x - miss / slope(x)
        after = np.where((after >= low) & (after <= high), after, 0.5 * (low + high))
        after = np.where(miss == 0.0, x, after)
        answer[left] = after
        going = np.abs(after - x) > 2.0 * _EPS * after
        left, wanted, low, high, x = left[going], wanted[going], low[going], high[going], after[going]
        if not left.size:
            break
    return answer.reshape(value.shape)
