"""Lenses: where a ray meets the picture when the lens bends it, and the ray of a point in the picture.

Both models are OpenCV's, number for number: Brown and Conrady's with radial, rational and tangential terms
(``cv2.projectPoints``), and Kannala and Brandt's fisheye (``cv2.fisheye``). They work on normalised coordinates: focal
length 1, x right, y down, (0, 0) on the optical axis.

A polynomial fits a lens only as far as it was measured. Beyond some angle it turns back, and two rays would share a
point. Each model says how far it goes (``limit``) and shows nothing beyond, so that both ways are each other's inverse.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from selfiesim.frames import unit

Array = NDArray[np.float64]

_FLAT = 1e9  # tan(angle) from which on a ray lies in the lens' own plane
_LARGEST = 1e9  # of a coefficient; the search for the limit then cannot overflow
_GRID = 513  # steps of the table an inverse starts from
_EPS = float(np.finfo(float).eps)


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

    @classmethod
    def from_opencv(cls, coefficients: Iterable[float]) -> BrownConrady:
        """From OpenCV's ``distCoeffs``: k1, k2, p1, p2[, k3[, k4, k5, k6]].

        Raises
        ------
        ValueError
            For any other count than 4, 5 or 8, and as the class does.
        """
        given = [float(value) for value in np.ravel(np.asarray(list(coefficients), float))]
        if len(given) not in (4, 5, 8):
            raise ValueError(f"Brown-Conrady takes 4, 5 or 8 numbers in OpenCV's order, not {len(given)}")
        k1, k2, p1, p2, *rest = given
        return cls((k1, k2, *rest, *[0.0] * (4 - len(rest))), (p1, p2))

    @property
    def opencv(self) -> tuple[float, ...]:
        """All eight numbers in the order of OpenCV's ``distCoeffs``."""
        return (*self.k[:2], *self.p, *self.k[2:])

    @cached_property
    def limit(self) -> float:
        """Largest angle from the axis that it maps, rad, below pi/2: the picture grows with the angle up to there.

        With tangential terms, up to where the worst direction folds. The Jacobian is symmetric; its eigenvalues are the
        slope and the height over radius of the radial part, less at most 6 |p| r. As long as both stay positive the map
        is the gradient of a convex function, and meets each point once.
        """
        return float(np.arctan(self._radius))

    def distort(self, rays: Array) -> Array:
        """Points (..., 2) of rays (..., 3) of any length; NaN beyond the limit."""
        rays = np.asarray(rays, float)
        with np.errstate(over="ignore", invalid="ignore"):
            flat = rays[..., :2] / np.where(rays[..., 2:] > 0.0, rays[..., 2:], np.nan)
            seen = np.hypot(flat[..., 0], flat[..., 1]) <= self._radius
        return self._bend(np.where(seen[..., None], flat, np.nan))

    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN where no ray within the limit comes out."""
        points = np.asarray(points, float)
        target = points.reshape(-1, 2)
        distance = np.hypot(target[:, 0], target[:, 1])
        grid = np.tan(np.linspace(0.0, self.limit, _GRID))
        grid[-1] = self._radius
        # Tangential terms may bring in what the radial part alone leaves outside.
        within = np.minimum(distance, self._height(grid[-1:])) if any(self.p) else distance
        radius = _inverse(self._height, self._slope, within, grid)
        flat = target * _ratio(radius, distance)[:, None]
        if any(self.p):
            flat = self._settle(flat, target)
        flat = flat.reshape(points.shape)
        return unit(np.concatenate([flat, np.ones_like(flat[..., :1])], axis=-1))

    @cached_property
    def _radius(self) -> float:
        above, below = (Polynomial([1.0, 0.0, a, 0.0, b, 0.0, c]) for a, b, c in (self.k[:3], self.k[3:]))
        r = Polynomial([0.0, 1.0])
        lean = 6.0 * float(np.hypot(self.p[0], self.p[1])) * r
        slope = (above + r * above.deriv()) * below - r * above * below.deriv() - lean * below**2
        return min(_first_root(p.coef.tolist()) for p in (below, slope, above - lean * below))

    def _ratios(self, u: Array) -> tuple[Array, Array]:
        """Height over radius and its derivative, at the squared radius ``u``."""
        k1, k2, k3, k4, k5, k6 = self.k
        above = 1.0 + u * (k1 + u * (k2 + u * k3))
        below = 1.0 + u * (k4 + u * (k5 + u * k6))
        ratio = above / below
        return ratio, (k1 + u * (2.0 * k2 + 3.0 * u * k3) - ratio * (k4 + u * (2.0 * k5 + 3.0 * u * k6))) / below

    def _height(self, r: Array) -> Array:
        return r * self._ratios(r * r)[0]

    def _slope(self, r: Array) -> Array:
        ratio, change = self._ratios(r * r)
        return ratio + 2.0 * r * r * change

    def _bend(self, flat: Array) -> Array:
        """Distorted points of undistorted ones, both (..., 2)."""
        squared = np.sum(flat * flat, axis=-1, keepdims=True)
        lean = np.array(self.p[::-1])
        return np.asarray(
            flat * self._ratios(squared)[0] + lean * squared + 2.0 * flat * (flat @ lean)[..., None], float
        )

    def _newton_step(self, flat: Array, miss: Array) -> Array:
        """What to take off ``flat`` (N, 2) for its distorted point to move by ``-miss``, to first order."""
        x, y = flat[:, 0], flat[:, 1]
        p2, p1 = self.p[::-1]
        ratio, change = self._ratios(x * x + y * y)
        even = ratio + 2.0 * (p2 * x + p1 * y)
        xx = even + 2.0 * x * (change * x + 2.0 * p2)
        yy = even + 2.0 * y * (change * y + 2.0 * p1)
        xy = 2.0 * (change * x * y + p1 * x + p2 * y)
        determinant = xx * yy - xy * xy
        return (
            np.stack([yy * miss[:, 0] - xy * miss[:, 1], xx * miss[:, 1] - xy * miss[:, 0]], -1) / determinant[:, None]
        )

    def _settle(self, start: Array, target: Array) -> Array:
        """Newton's method in the plane, each step nearer and within the limit; NaN where it gets stuck."""
        flat, close = start.copy(), 8.0 * _EPS * (1.0 + np.linalg.norm(target, axis=-1))
        left = np.flatnonzero(np.isfinite(start[:, 0]))
        gap = np.full(len(flat), np.nan)
        for _ in range(60):
            miss = self._bend(flat[left]) - target[left]
            gap[left] = np.linalg.norm(miss, axis=-1)
            left, miss = left[gap[left] > close[left]], miss[gap[left] > close[left]]
            if not left.size:
                break
            step = self._newton_step(flat[left], miss)
            for _ in range(40):
                after = flat[left] - step
                gap_after = np.linalg.norm(self._bend(after) - target[left], axis=-1)
                good = (gap_after < gap[left]) & (np.hypot(after[:, 0], after[:, 1]) <= self._radius)
                if good.all():
                    break
                step[~good] /= 2.0
            flat[left[good]] = after[good]
            left = left[good]
        return np.where((gap <= 1e-13 * (1.0 + np.linalg.norm(target, axis=-1)))[:, None], flat, np.nan)


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

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", _numbers("Kannala-Brandt's k", self.k, 4))

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
        seen = (angle <= self.limit) & ((across > 0.0) | (rays[..., 2] > 0.0))
        height = np.where(seen, self._height(angle), np.nan)
        return np.asarray(rays[..., :2] * _ratio(height, across)[..., None])

    def undistort(self, points: Array) -> Array:
        """Unit rays (..., 3) through points (..., 2); NaN where no ray within the limit comes out."""
        points = np.asarray(points, float)
        distance = np.hypot(points[..., 0], points[..., 1])
        angle = _inverse(self._height, self._slope, distance.ravel(), np.linspace(0.0, self.limit, _GRID))
        angle = angle.reshape(distance.shape)
        across = points * _ratio(np.sin(angle), distance)[..., None]
        return np.concatenate([across, np.cos(angle)[..., None]], axis=-1)

    def _height(self, angle: Array) -> Array:
        k1, k2, k3, k4 = self.k
        u = angle * angle
        return angle * (1.0 + u * (k1 + u * (k2 + u * (k3 + u * k4))))

    def _slope(self, angle: Array) -> Array:
        k1, k2, k3, k4 = self.k
        u = angle * angle
        return 1.0 + u * (3.0 * k1 + u * (5.0 * k2 + u * (7.0 * k3 + u * 9.0 * k4)))


Distortion = BrownConrady | KannalaBrandt


def _numbers(name: str, values: Sequence[float], count: int) -> tuple[float, ...]:
    numbers = tuple(float(value) for value in values)
    if len(numbers) != count:
        raise ValueError(f"{name} takes {count} numbers, not {len(numbers)}")
    if not all(abs(number) <= _LARGEST for number in numbers):
        raise ValueError(f"{name} takes finite numbers of at most {_LARGEST:g} in size")
    return numbers


def _first_root(rising: Sequence[float]) -> float:
    """Smallest positive root of a polynomial whose coefficients, from the constant 1 on, are given; at most _FLAT.

    Taken as a polynomial in the inverse of its variable, which begins with that 1 whatever the other numbers are.
    """
    inverse = np.roots(np.asarray(rising, float))
    # A root that only touches zero comes out as a pair beside the real line.
    real = inverse.real[np.abs(inverse.imag) <= 1e-6 * np.abs(inverse)]
    return float(1.0 / max(np.max(real, initial=0.0), 1.0 / _FLAT))


def _ratio(above: Array, below: Array) -> Array:
    """``above / below``; 1 where ``below`` is 0, which is where both vanish."""
    zero = below == 0.0
    return np.asarray(np.where(zero & np.isfinite(above), 1.0, above / np.where(zero, 1.0, below)), float)


def _inverse(height: Callable[[Array], Array], slope: Callable[[Array], Array], value: Array, grid: Array) -> Array:
    """Where a function that rises along ``grid`` has the values (N,); NaN beyond its last height.

    Newton's method between two points of the grid, halving the gap instead where a step would leave it.
    """
    table = np.maximum.accumulate(height(grid))
    answer = np.full(value.shape, np.nan)
    left = np.flatnonzero(value <= table[-1])
    wanted = value[left]
    right = np.clip(np.searchsorted(table, wanted), 1, len(grid) - 1)
    low, high = grid[right - 1], grid[right]
    x = np.interp(wanted, table, grid)
    for _ in range(100):
        miss = height(x) - wanted
        low, high = np.where(miss < 0.0, x, low), np.where(miss > 0.0, x, high)
        with np.errstate(divide="ignore", invalid="ignore"):
            after = x - miss / slope(x)
        after = np.where((after >= low) & (after <= high), after, 0.5 * (low + high))
        after = np.where(miss == 0.0, x, after)
        answer[left] = after
        going = np.abs(after - x) > 2.0 * _EPS * after
        left, wanted, low, high, x = left[going], wanted[going], low[going], high[going], after[going]
        if not left.size:
            break
    return answer
