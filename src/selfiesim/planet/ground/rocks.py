"""Rocks: their size distribution on the ground of Mars.

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

_MIN_DIAMETER_M = 0.003


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
