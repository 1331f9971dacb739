"""Mars and Jupiter about the Sun, 1950 to 2110: splines fitted to JPL's DE440, a table of 54 kB in the package.

Within 28 km of DE440 for Mars and 820 km for the barycentre of Jupiter's system, from which the planet's own centre is
never farther than 230 km. A spline of degree 7 bends without a break, so the velocity is the derivative of the position
at every instant. How the table was made, and what else was tried: ``design/ephemeris.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.epoch import DAY_S, J2000_JD, Epoch
from selfiesim.core.errors import EphemerisError
from selfiesim.core.vectors import Matrix, Vector

_DEGREE = 7


@dataclass(frozen=True)
class PlanetSpline:
    """One planet's way: a uniform B-spline.

    Parameters
    ----------
    name : str
        Of the planet.
    start : float
        TDB Julian date of the first knot, a midnight.
    step : int
        Days from knot to knot.
    coefficients : ndarray (pieces + 7, 3)
        In m, ICRF axes, from the Sun.
    """

    name: str
    start: float
    step: int
    coefficients: NDArray[np.float64]

    @property
    def end(self) -> float:
        """TDB Julian date of the last knot, at which the path ends."""
        return self.start + self.step * (len(self.coefficients) - _DEGREE)

    def state(self, epoch: Epoch) -> tuple[Vector, Vector]:
        """Position (3,) in m and velocity (3,) in m/s, ICRF axes, from the Sun.

        Raises
        ------
        EphemerisError
            Before the start, at the end or after it.
        """
        # Whole days are counted apart: what is rounded off the fraction is then 3e-10 s, 8 micrometres of Mars' way.
        piece, days = divmod(int(epoch.day - self.start - 0.5), self.step)
        if not 0 <= piece < len(self.coefficients) - _DEGREE:
            first, last = (int(2000.0 + (date - J2000_JD) / 365.25) for date in (self.start + 1.0, self.end))
            raise EphemerisError(
                f"the built-in ephemeris knows {self.name} from {first} to {last} only; give SPICE kernels"
            )
        u = (days + (epoch.fraction + 0.5)) / self.step
        powers = u ** np.arange(_DEGREE + 1)
        rates = np.arange(_DEGREE + 1.0)
        rates[1:] *= powers[:-1] / (self.step * DAY_S)
        position, velocity = (
            np.array([powers, rates]) @ _bspline_basis() @ self.coefficients[piece : piece + _DEGREE + 1]
        )
        return position, velocity


@cache
def load_planet_splines() -> dict[str, PlanetSpline]:
    """What the table holds: ``mars`` and ``jupiter``."""
    from importlib.resources import files

    lines = files("selfiesim.astro").joinpath("heliocentric.txt").read_text(encoding="ascii").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    heads = [number for number, row in enumerate(rows) if row[0].isalpha()]
    found = {}
    for head, end in zip(heads, [*heads[1:], len(rows)], strict=True):
        name, start, step = rows[head]
        found[name] = PlanetSpline(name, float(start), int(step), 1e3 * np.array(rows[head + 1 : end], float))
    return found


@cache
def _bspline_basis() -> Matrix:
    """From powers of u, which runs from 0 to 1 between two knots, to the weights of the 8 coefficients: (8, 8).

    The recursion of Cox and de Boor with uniform knots.
    """
    weights = np.ones((1, 1))
    for degree in range(1, _DEGREE + 1):
        longer = np.zeros((degree + 1, degree + 1))
        for j, column in enumerate(weights.T):
            # Times (j + 1 - u) / degree it is part of the new j-th, times (u + degree - 1 - j) / degree of the next.
            longer[:-1, j] += (j + 1) / degree * column
            longer[1:, j] -= column / degree
            longer[:-1, j + 1] += (degree - 1 - j) / degree * column
            longer[1:, j + 1] += column / degree
        weights = longer
    return weights
