"""Apparent magnitudes of planets and moons by distance and phase.

Planets: Mallama and Hilton (2018), "Computing apparent planetary magnitudes for The Astronomical Almanac", Astronomy
and Computing 25, 10. The Moon: Krisciunas and Schaefer (1991), PASP 103, 1033. Small moons: the H, G system of the IAU
(Bowell et al. 1989).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import AU_M
from selfiesim.core.vectors import Vector

# Pole of Saturn's equator and rings: IAU 2015, right ascension 40.589, declination 83.537 degrees.
_SATURN_POLE = np.array([0.0854788, 0.0732358, 0.9936447])


def magnitude(name: str, from_sun: Vector, from_eye: Vector) -> float:
    """Return the visual magnitude V of a planet or the Moon.

    Parameters
    ----------
    name : str
        The body.
    from_sun, from_eye : (3,) array
        Vectors from the Sun and from the eye to the body, m; in ICRF axes for Saturn, because of its rings.

    Raises
    ------
    KeyError
        The body has no magnitude law.
    """
    r, d = float(np.linalg.norm(from_sun)), float(np.linalg.norm(from_eye))
    phase = float(np.degrees(np.arccos(np.clip(from_sun @ from_eye / (r * d), -1.0, 1.0))))
    distance_term = 5.0 * float(np.log10(r / AU_M * d / AU_M))
    if name == "saturn":
        return distance_term + _saturn(phase, from_sun / r, from_eye / d)
    return distance_term + _MAGNITUDE_LAWS[name](phase)


def bowell_phase(phase: float, slope: float) -> float:
    """Return the brightness at a phase angle (rad) relative to opposition in the H, G system; ``slope`` is G."""
    tangent = np.tan(min(phase, 3.1415) / 2.0)
    first, second = np.exp(-3.33 * tangent**0.63), np.exp(-1.87 * tangent**1.22)
    return float((1.0 - slope) * first + slope * second)


def _mercury(a: float) -> float:
    return -0.613 + _power_series(a, 6.3280e-02, -1.6336e-03, 3.3644e-05, -3.4265e-07, 1.6893e-09, -3.0334e-12)


def _venus(a: float) -> float:
    if a < 163.7:
        return -4.384 + _power_series(a, -1.044e-03, 3.687e-04, -2.814e-06, 8.938e-09)
    return 236.05828 + _power_series(a, -2.81914, 8.39034e-03)


def _earth(a: float) -> float:
    return -3.99 + _power_series(a, -1.060e-03, 2.054e-04)


def _moon(a: float) -> float:
    # -12.73 at the mean distance of 384,400 km and 1 au from the Sun.
    return -12.73 - 5.0 * float(np.log10(384_400e3 / AU_M)) + 0.026 * a + 4e-9 * a**4


def _mars(a: float) -> float:
    return (
        -1.601 + _power_series(a, 0.02267, -0.0001302) if a <= 50.0 else -0.367 + _power_series(a, -0.02573, 0.0003445)
    )


def _jupiter(a: float) -> float:
    if a <= 12.0:
        return -9.395 + _power_series(a, -3.7e-04, 6.16e-04)
    share = 1.0 + _power_series(a / 180.0, -1.507, -0.363, -0.062, 2.809, -1.876)
    return -9.428 - 2.5 * float(np.log10(max(share, 1e-3)))


def _saturn(a: float, from_sun: NDArray[np.float64], from_eye: NDArray[np.float64]) -> float:
    """Return the magnitude of globe and rings. Published to 6.5 degrees of phase; extrapolated beyond (assumed)."""
    sun, eye = (float(np.arcsin(np.clip(_SATURN_POLE @ way, -1.0, 1.0))) for way in (from_sun, from_eye))
    # The rings are dark when seen from their unlit side.
    tilt = float(np.sin(np.sqrt(sun * eye))) if sun * eye > 0.0 else 0.0
    return -8.914 - 1.825 * tilt + 0.026 * a - 0.378 * tilt * float(np.exp(-2.25 * a))


def _power_series(a: float, *factors: float) -> float:
    """Return factors[0] a + factors[1] a^2 + ..."""
    return float(sum(factor * a ** (power + 1) for power, factor in enumerate(factors)))


_MAGNITUDE_LAWS = {
    "mercury": _mercury,
    "venus": _venus,
    "earth": _earth,
    "moon": _moon,
    "mars": _mars,
    "jupiter": _jupiter,
}
