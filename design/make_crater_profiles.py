"""Make src/selfiesim/planet/terrain/mars_craters.npz: mean profiles of craters that degree 719 cannot resolve.

    python design/make_crater_profiles.py

A wall of a crater is steeper than a wave of 30 km can be, so the harmonics ring, and around a circle the ripples meet
in its middle. A circle is also the remedy: around the centre of each named crater the mean height in rings is known,
and the profile sought is the one of fewest bends (least sum of absolute second differences) whose own harmonics to
degree 719 give those means. What is stored is that profile less the mean of the tapered model (mars_heights.md).
Input: mars_heights.npz and mars_craters.csv, nothing else.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM
from selfiesim.planet.terrain import mars_heights
from selfiesim.planet.terrain.crater_profiles import STEP_KM, TABLE
from selfiesim.planet.terrain.height_grid import HeightGrid

PIXELS, PIXEL_KM = 128, 3.0  # of the tangent plane that profiles are transformed on
KNOTS = 32
RINGS = np.arange(0, 112, STEP_KM)  # edges, km
# Of the profile, by diameter, km: least errors against MOLA's grid. Bowls need less of it than flat floors.
STIFFNESS = ((36, 100), (40, 150), (46, 200), (60, 300), (80, 200), (120, 150))
BEND_M = 20.0  # second difference below which a bend is weighed by its square
ROUNDS = 15  # of reweighting
FADE = (0.95, 0.65)  # diameters from the centre where the correction begins and is complete


def plane(lat: float, lon: float) -> tuple[np.ndarray, np.ndarray]:
    """Return latitudes and longitudes, rad, of a plane's pixels, azimuthal equidistant around a place."""
    axis = (np.arange(PIXELS) - (PIXELS - 1) / 2) * PIXEL_KM / MARS_RADIUS_KM
    x, y = np.meshgrid(axis, axis)
    c = np.hypot(x, y)
    up = np.cos(c) * np.sin(lat) + y * np.sin(c) * np.cos(lat) / c
    return np.arcsin(up), lon + np.arctan2(x * np.sin(c), c * np.cos(lat) * np.cos(c) - y * np.sin(lat) * np.sin(c))


def ring_means(field: np.ndarray) -> np.ndarray:
    """Return the means of a plane in rings."""
    count = len(RINGS) - 1
    total = np.bincount(RING.ravel(), field.ravel(), minlength=count + 1)[:count]
    return total / RING_PIXELS


AXIS = (np.arange(PIXELS) - (PIXELS - 1) / 2) * PIXEL_KM
DISTANCE = np.hypot(AXIS[:, None], AXIS[None, :])
RING = np.digitize(DISTANCE, RINGS) - 1
RING_PIXELS = np.bincount(RING.ravel())[: len(RINGS) - 1]


def ring_matrices() -> tuple[np.ndarray, np.ndarray]:
    """Return what knots of a profile add to the rings' means, cut off at degree 719 and as they are."""
    frequency = np.hypot(np.fft.fftfreq(PIXELS, PIXEL_KM)[:, None], np.fft.rfftfreq(PIXELS, PIXEL_KM)[None, :])
    kept = frequency * 2 * np.pi * MARS_RADIUS_KM <= mars_heights.MAX_DEGREE
    cut, plain = [], []
    for k in range(KNOTS):
        beyond = 1.0 if k == KNOTS - 1 else 0.0
        basis = np.interp(DISTANCE, np.arange(KNOTS) * STEP_KM, np.eye(KNOTS)[k], right=beyond)
        cut.append(ring_means(np.fft.irfft2(np.fft.rfft2(basis) * kept, basis.shape)))
        plain.append(ring_means(basis))
    return np.stack(cut, 1), np.stack(plain, 1)


def fit_profile(means: np.ndarray, cut: np.ndarray, stiffness: float) -> np.ndarray:
    """Return the profile's knots, by iteratively reweighted least squares."""
    weight = RING_PIXELS / RING_PIXELS.mean() * np.exp(-2 * (RINGS[:-1] / 90) ** 4)
    identity = np.eye(KNOTS)
    bends = np.vstack([identity[1] - identity[0], np.diff(identity, 2, axis=0)])  # flat in the middle
    give, knots = np.ones(len(bends)), np.zeros(KNOTS)
    for _ in range(ROUNDS):
        normal = (cut.T * weight) @ cut + stiffness * (bends.T * give) @ bends
        knots = np.linalg.solve(normal, (cut.T * weight) @ means)
        give = 1 / np.maximum(np.abs(bends @ knots), BEND_M)
    return knots


def main() -> None:
    spectrum = mars_heights.HeightSpectrum.from_harmonics(mars_heights.load_coefficients())
    sharp = HeightGrid.from_coefficients(spectrum.for_cubic_spline(2048).heights(2048), mars_heights.SHORTEST_KM)
    tapered = mars_heights.load_spectrum().for_cubic_spline(2048).heights(2048)
    tapered = HeightGrid.from_coefficients(tapered, mars_heights.SHORTEST_KM)
    cut, plain = ring_matrices()
    with Path(__file__).with_name("mars_craters.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    places, sizes, profiles = [], [], []
    for row in sorted(rows, key=lambda each: -float(each["diameter_km"])):
        lat, lon, size = np.radians(float(row["lat_deg"])), np.radians(float(row["lon_deg"])), float(row["diameter_km"])
        at = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
        # Of two that overlap, the larger is kept: their corrections would add up.
        near = [
            np.linalg.norm(at - other) * MARS_RADIUS_KM < 0.7 * (size + other_size)
            for other, other_size in zip(places, sizes, strict=True)
        ]
        if any(near):
            continue
        where = plane(lat, lon)
        stiffness = float(np.interp(size, *zip(*STIFFNESS, strict=True)))
        wanted = plain @ fit_profile(ring_means(sharp.at(*where)), cut, stiffness)
        middle = (RINGS[:-1] + RINGS[1:]) / 2
        change = (wanted - ring_means(tapered.at(*where))) * smoothstep(*FADE, middle / size)
        places.append(at)
        sizes.append(size)
        profiles.append(np.rint(change))
    np.savez_compressed(
        TABLE,
        place=np.array(places, np.float32),
        diameter_km=np.array(sizes, np.float32),
        profile=np.array(profiles, np.int16),
    )
    print(f"{len(sizes)} of {len(rows)} craters, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
