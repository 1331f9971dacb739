"""Heliocentric orbits of Mars and Jupiter, 1950 to 2110, from splines fitted to JPL's DE440 (a table of 54 kB).

The splines are within 28 km of DE440 for Mars and 820 km for the barycentre of the Jupiter system, from which the
planet's centre is never farther than 230 km. A spline of degree 7 is smooth, so the velocity is the derivative of the
position at every instant. ``design/ephemeris.md`` documents how the table was made and which alternatives were tried.
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
    """The heliocentric orbit of one planet as a uniform B-spline.

    Attributes
    ----------
    name : str
        The planet.
    start : float
        TDB Julian date of the first knot, a midnight.
    step : int
        Days between knots.
    coefficients : (pieces + 7, 3) array
        Positions from the Sun, m, ICRF axes.
    """

    name: str
    start: float
    step: int
    coefficients: NDArray[np.float64]

    @property
    def end(self) -> float:
        """TDB Julian date of the last knot, where the spline ends."""
        return self.start + self.step * (len(self.coefficients) - _DEGREE)

    def state(self, epoch: Epoch) -> tuple[Vector, Vector]:
        """Return position (3,) in m and velocity (3,) in m/s from the Sun, ICRF axes.

        Raises
        ------
        EphemerisError
            The epoch is before the first knot, or not before the last.
        """
        # Whole days are kept apart, so that the fraction is rounded by 3e-10 s only, 8 micrometres of Mars' motion.
        piece, days = divmod(int(epoch.day - self.start - 0.5), self.step)
        if not 0 <= piece < len(self.coefficients) - _DEGREE:
            first, last = (int(2000.0 + (date - J2000_JD) / 365.25) for date in (self.start + 1.0, self.end))
            raise EphemerisError(
                f"the built-in ephemeris covers {self.name} from {first} to {last} only; give SPICE kernels"
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
    """Read the splines of ``mars`` and ``jupiter`` from the table in the package."""
    from importlib.resources import files

    lines = files("selfiesim.astro").joinpath("heliocentric.txt").read_text(encoding="ascii").splitlines()
    rows = [line.split() for line in lines if not line.startswith("#")]
    headers = [number for number, row in enumerate(rows) if row[0].isalpha()]
    splines = {}
    for header, end in zip(headers, [*headers[1:], len(rows)], strict=True):
        name, start, step = rows[header]
        splines[name] = PlanetSpline(name, float(start), int(step), 1e3 * np.array(rows[header + 1 : end], float))
    return splines


@cache
def _bspline_basis() -> Matrix:
    """Return the matrix (8, 8) from powers of u to the weights of 8 coefficients; u is 0 to 1 between two knots.

    The Cox-de Boor recursion with uniform knots.
    """
    weights = np.ones((1, 1))
    for degree in range(1, _DEGREE + 1):
        raised = np.zeros((degree + 1, degree + 1))
        for j, column in enumerate(weights.T):
            # Weight j contributes (j + 1 - u) / degree of itself to the new weight j, and (u + degree - 1 - j) / degree
            # to the new weight j + 1.
            raised[:-1, j] += (j + 1) / degree * column
            raised[1:, j] -= column / degree
            raised[:-1, j + 1] += (degree - 1 - j) / degree * column
            raised[1:, j + 1] += column / degree
        weights = raised
    return weights
