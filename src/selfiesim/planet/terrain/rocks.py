"""Rocks: their size distribution on the ground of Mars, and their shapes.

Golombek and Rapp (1997, J. Geophys. Res. 102, 4117): the fraction of the ground covered by rocks of diameter D and
larger is ``k exp(-q D)`` with ``q = 1.79 + 0.152 / k`` (D in metres).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

HEIGHT_TO_DIAMETER = (0.30, 0.62)
"""Height above the ground relative to the diameter: about half for Viking's rocks; the spread is assumed."""

_MIN_DIAMETER_M = 0.006


@dataclass(frozen=True)
class RockSizeDistribution:
    """Law of rock sizes: the areal fraction of rocks of diameter D and larger is ``k exp(-q D)``.

    Attributes
    ----------
    k : float
        Total areal fraction.
    q : float
        Rate of decay, 1/m; 0 for Golombek and Rapp's value for ``k``.

    Raises
    ------
    ValueError
        ``k`` is not between 0 and 1, or ``q`` is negative.
    """

    k: float
    q: float = 0.0

    def __post_init__(self) -> None:
        if not 0.0 < self.k < 1.0:
            raise ValueError(
                f"rock fraction {self.k}: must be above 0 and below 1 (0.02 to 0.2 at landing sites on Mars)"
            )
        if self.q < 0.0:
            raise ValueError(f"q {self.q}: must not be negative")
        object.__setattr__(self, "q", self.q or 1.79 + 0.152 / self.k)

    def cumulative_count_per_m2(self, diameter_m: ArrayLike) -> Floats:
        """Return the number of rocks of ``diameter_m`` and larger per square metre.

        The law gives areas; a rock of diameter D covers pi D^2 / 4, so dN = -dF / (pi D^2 / 4).
        """
        from scipy.special import exp1

        d = np.asarray(diameter_m, float)
        # Integral of exp(-q x) / x^2 from d to infinity, by parts.
        return np.asarray(4.0 * self.k * self.q / np.pi * (np.exp(-self.q * d) / d - self.q * exp1(self.q * d)))

    def sample_diameters(self, smallest_m: float, largest_m: float, count: int, rng: np.random.Generator) -> Floats:
        """Draw diameters (count,) between two limits from the law."""
        table = np.geomspace(smallest_m, largest_m, 400)
        number = self.cumulative_count_per_m2(table)
        share = (number - number[-1]) / (number[0] - number[-1])
        return np.asarray(np.exp(np.interp(rng.random(count), share[::-1], np.log(table[::-1]))))


@dataclass(frozen=True, eq=False)
class RockField:
    """Scattered rocks: places (N, 2), m, and diameters (N,), m."""

    places_m: Floats
    diameters_m: Floats


def scatter_rocks(
    law: RockSizeDistribution, edges_m: ArrayLike, min_diameter_ratio: float, largest_m: float, rng: np.random.Generator
) -> RockField:
    """Scatter rocks around the origin, ring by ring, without those that would look too small.

    Parameters
    ----------
    law : RockSizeDistribution
        Law of rock sizes.
    edges_m : (N + 1,) array_like
        Radii of the rings' edges, m.
    min_diameter_ratio : float
        Smallest diameter in a ring relative to its inner radius.
    largest_m : float
        Largest diameter, m.
    rng : numpy.random.Generator
        Source of random numbers.
    """
    edges = np.asarray(edges_m, float)
    places, sizes = [], []
    for inner, outer in pairwise(edges):
        least = max(_MIN_DIAMETER_M, min_diameter_ratio * inner)
        if least >= largest_m:
            break
        area = np.pi * (outer**2 - inner**2)
        count = int(
            rng.poisson(area * float(law.cumulative_count_per_m2(least) - law.cumulative_count_per_m2(largest_m)))
        )
        radius = np.sqrt(inner**2 + (outer**2 - inner**2) * rng.random(count))
        angle = 2.0 * np.pi * rng.random(count)
        places.append(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1))
        sizes.append(law.sample_diameters(least, largest_m, count, rng))
    return RockField(np.concatenate([np.zeros((0, 2)), *places]), np.concatenate([np.zeros(0), *sizes]))


def make_rock_mesh(seed: int, subdivisions: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return a rock of diameter 1 around the origin: vertices (V, 3) and faces (F, 3).

    It is a sphere of 20 * 4^subdivisions triangles, flattened by planes and dented.
    """
    rng = np.random.default_rng(seed)
    ball, faces = _icosphere(subdivisions)
    reach = np.ones(len(ball))
    for _ in range(13):
        normal = rng.normal(size=3)
        normal /= np.linalg.norm(normal)
        along = ball @ normal
        cut = 0.45 + 0.40 * rng.random()
        # Flattened toward the plane rather than cut, so that edges look slightly worn.
        flat = 0.05 * reach + 0.95 * cut / np.maximum(along, 1e-6)
        reach = np.where(along > cut, np.minimum(reach, flat), reach)
    for wave in (1.6, 3.1, 6.3, 13.0, 27.0):
        for _ in range(4):
            direction, phase = rng.normal(size=3), 2.0 * np.pi * rng.random()
            reach = reach + 0.055 / wave**0.9 * np.sin(wave * (ball @ direction) * 1.7 + phase)
    points = ball * reach[:, None] * (1.0, 0.72 + 0.25 * rng.random(), 0.85)
    return points / (2.0 * np.abs(points[:, :2]).max()), faces


def _icosphere(subdivisions: int) -> tuple[Floats, NDArray[np.int64]]:
    """Return a unit sphere: an icosahedron with each triangle split in four ``subdivisions`` times."""
    g = 0.5 * (1.0 + np.sqrt(5.0))
    points = [(-1, g, 0), (1, g, 0), (-1, -g, 0), (1, -g, 0), (0, -1, g), (0, 1, g)]
    points += [(0, -1, -g), (0, 1, -g), (g, 0, -1), (g, 0, 1), (-g, 0, -1), (-g, 0, 1)]
    vertices = np.array(points, float)
    triangles = [(0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2)]
    triangles += [(10, 7, 6), (7, 1, 8), (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5)]
    triangles += [(2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1)]
    faces = np.array(triangles)
    for _ in range(subdivisions):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        unique, where = np.unique(edges, axis=0, return_inverse=True)
        ab, bc, ca = len(vertices) + where.reshape(3, -1)
        vertices = np.concatenate([vertices, vertices[unique].mean(axis=1)])
        a, b, c = faces.T
        corners = [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        faces = np.concatenate([np.stack(t, axis=1) for t in corners])
    return vertices / np.linalg.norm(vertices, axis=1, keepdims=True), faces
