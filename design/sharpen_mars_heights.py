"""Make src/selfiesim/planet/terrain/mars_cliffs.npz, which keeps the heights of Mars from rippling beside cliffs.

    python design/sharpen_mars_heights.py

A cliff is steeper than a wave of 30 km can be, so that a model cut off at degree 719 ripples beside it. Of all surfaces
with the same harmonics to degree 719, the one of fewest bends (least sum of the absolute second differences) has
straight walls, kinks for rims and flat floors. It is sought on tangent planes by the alternating direction method of
multipliers (Boyd et al. 2011, Found. Trends Mach. Learn. 3, 1), whose linear step is a division in Fourier space. Its
difference from the model is expanded to degree 959 by ducc0, as the heights of the Moon are.
Input: mars_heights.npz, nothing else; 2 minutes. ducc0 is no dependency of the project.
"""

from __future__ import annotations

import numpy as np
from make_mars_heights import flatten, pack
from make_moon_heights import analyze
from scipy import fft

from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM
from selfiesim.planet.terrain import mars_heights
from selfiesim.planet.terrain.height_grid import HeightGrid

TABLE = mars_heights.CLIFF_TABLE

PIXELS, PIXEL_KM = 384, 5.0  # of a tangent plane
MARGIN = 60  # pixels at its edge where the heights fade out
SPACING_DEG = 15.0  # of the planes' centres
BEND_M = 10.0  # weight of a bend: metres of second difference that count as much as ...
NOISE_M = 1.0  # ... the square of this error in the heights
PENALTY = 0.3  # of the method of multipliers
STEPS = 40
ROWS = 2048
DEGREES = 960
STEP_M = 0.005  # of the coefficients


def axis_km() -> np.ndarray:
    return (np.arange(PIXELS) - (PIXELS - 1) / 2) * PIXEL_KM


def plane_places(lat: float, lon: float) -> tuple[np.ndarray, np.ndarray]:
    """Return latitudes and longitudes, rad, of a plane's pixels, azimuthal equidistant around a place."""
    x, y = np.meshgrid(axis_km() / MARS_RADIUS_KM, axis_km() / MARS_RADIUS_KM)
    c = np.hypot(x, y)
    up = np.cos(c) * np.sin(lat) + y * np.sin(c) * np.cos(lat) / c
    return np.arcsin(up), lon + np.arctan2(x * np.sin(c), c * np.cos(lat) * np.cos(c) - y * np.sin(lat) * np.sin(c))


def edge_window() -> np.ndarray:
    """Return 1 inside a plane and 0 at its edge."""
    inward = np.minimum(np.arange(PIXELS), np.arange(PIXELS)[::-1]) / MARGIN
    side = 0.5 - 0.5 * np.cos(np.pi * np.clip(inward, 0, 1))
    return side[:, None] * side


FREQUENCY = fft.fftfreq(PIXELS, PIXEL_KM)[:, None], fft.rfftfreq(PIXELS, PIXEL_KM)[None, :]
PHASE = [2 * np.pi * each * PIXEL_KM for each in FREQUENCY]
KNOWN = np.hypot(*FREQUENCY) * 2 * np.pi * MARS_RADIUS_KM <= mars_heights.MAX_DEGREE
BENDS = [
    2 * np.cos(PHASE[0]) - 2 + 0 * PHASE[1],
    2 * np.cos(PHASE[1]) - 2 + 0 * PHASE[0],
    -np.sqrt(2) * np.sin(PHASE[0]) * np.sin(PHASE[1]),
]


def fewest_bends(height_m: np.ndarray) -> np.ndarray:
    """Return the surface of fewest bends (PIXELS, PIXELS) with the known waves of another."""
    known = fft.rfft2(height_m) * KNOWN / NOISE_M**2
    total = KNOWN / NOISE_M**2 + PENALTY * sum(bend * bend for bend in BENDS) + 1e-9
    kinks, doubts = [np.zeros_like(height_m)] * 3, [np.zeros_like(height_m)] * 3
    for _ in range(STEPS):
        pull = sum(b * fft.rfft2(k - d) for b, k, d in zip(BENDS, kinks, doubts, strict=True))
        surface = (known + PENALTY * pull) / total
        bent = [fft.irfft2(b * surface, height_m.shape) + d for b, d in zip(BENDS, doubts, strict=True)]
        size = np.sqrt(sum(each * each for each in bent))
        kinks = [each * np.maximum(1 - BEND_M / PENALTY / np.maximum(size, 1e-9), 0) for each in bent]
        doubts = [each - k for each, k in zip(bent, kinks, strict=True)]
    return fft.irfft2(surface, height_m.shape)


def change_of_globe(model: HeightGrid) -> np.ndarray:
    """Return the surface of fewest bends less the model, (ROWS, 2 ROWS), m: planes blended where they overlap."""
    from scipy.ndimage import map_coordinates

    lat = (0.5 - (np.arange(ROWS) + 0.5) / ROWS) * np.pi
    lon = (np.arange(2 * ROWS) + 0.5) / ROWS * np.pi
    total, weights, window = np.zeros((ROWS, 2 * ROWS)), np.full((ROWS, 2 * ROWS), 1e-9), edge_window()
    reach = (PIXELS / 2 - MARGIN) * PIXEL_KM / MARS_RADIUS_KM
    for lat0 in np.radians(np.arange(-90 + SPACING_DEG / 2, 90, SPACING_DEG)):
        count = int(np.ceil(2 * np.pi * np.cos(lat0) / np.radians(SPACING_DEG)))
        for lon0 in np.arange(count) * 2 * np.pi / count:
            height = model.at(*plane_places(lat0, lon0))
            height = (height - height.mean()) * window
            change = fewest_bends(height) - height
            rows = np.flatnonzero(np.abs(lat - lat0) < 1.5 * reach)
            there = lat[rows, None]
            cosine = np.sin(there) * np.sin(lat0) + np.cos(there) * np.cos(lat0) * np.cos(lon - lon0)
            near = cosine > np.cos(1.5 * reach)
            arc = np.arccos(np.clip(cosine[near], -1, 1))
            row, column = np.nonzero(near)
            east = np.cos(lat[rows[row]]) * np.sin(lon[column] - lon0)
            north = np.sin(lat[rows[row]]) - cosine[near] * np.sin(lat0)
            scale = arc / np.maximum(np.sin(arc), 1e-9)
            x, y = east * scale, north / np.cos(lat0) * scale
            own = np.prod([np.cos(np.clip(each / reach, -1, 1) * np.pi / 2) ** 2 for each in (x, y)], axis=0)
            pixel = np.stack([y, x]) * MARS_RADIUS_KM / PIXEL_KM + (PIXELS - 1) / 2
            total[rows[row], column] += own * map_coordinates(change, pixel, order=3, mode="nearest")
            weights[rows[row], column] += own
    assert weights.min() > 1e-3
    return total / weights


def main() -> None:
    spectrum = mars_heights.HeightSpectrum.from_harmonics(mars_heights.load_coefficients())
    model = HeightGrid.from_coefficients(spectrum.for_cubic_spline(ROWS).heights(ROWS), mars_heights.SHORTEST_KM)
    change = change_of_globe(model)
    print(f"rms change {change.std():.1f} m")
    exact = flatten(analyze(change)[:DEGREES, :DEGREES])
    np.savez_compressed(TABLE, planes=pack(exact, STEP_M), step_m=STEP_M)
    print(f"{len(exact)} coefficients, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
