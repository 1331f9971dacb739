"""Relief below what the measured heights resolve: noise with each region's spectrum, and small craters.

All of it is invented, within the statistics of :mod:`selfiesim.planet.terrain.small_scale`, and none of it is longer
than the shortest measured wave. Fractal noise continues the spectrum of slopes; craters are smaller than half a
measured wave.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.blur import blur_matrix
from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM, PolarGrid
from selfiesim.planet.grids.spline_upsampler import SplineUpsampler, spline_coefficients
from selfiesim.planet.terrain import small_scale
from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.relief import resize_plate_carree

_SEED = 8703
SMALLEST_CRATER_KM = 5.0
_OCTAVES = 0.7  # that the noise of the globe's map spans

# Slopes on Mars have long tails: their median is less than half the rms (Aharonson, Zuber and Rothman 2001, J. Geophys.
# Res. 106, 23723). Gaussian noise is the ground between craters and cliffs, which make up the tails.
_TYPICAL_SHARE = 0.5

# Layered ice is smooth between its troughs, whose walls make up the slopes at 40 km (smoothness: Kreslavsky and Head
# 2000, J. Geophys. Res. 105, 26695; the factor is assumed).
ICE_SMOOTHNESS = 0.15


@dataclass(frozen=True)
class Crater:
    """A crater: planetocentric place (rad, east), diameter (km); ``degradation`` is 0 if fresh, 1 if erased."""

    lat_rad: float
    lon_rad: float
    diameter_km: float
    degradation: float


def crater_height(crater: Crater, distance_km: NDArray[np.floating]) -> Field:
    """Return the height (m) that a crater adds at a distance from its centre.

    A fresh complex crater has a depth of 0.36 D^0.49 km and a rim of 0.07 D^0.52 km: Garvin et al. 2003, Sixth
    International Conference on Mars, abstract 3277 (recalled, not checked); both shrink with degradation.
    """
    size = crater.diameter_km
    fresh = 1.0 - 0.85 * crater.degradation
    depth, rim = 360.0 * size**0.49 * fresh, 70.0 * size**0.52 * fresh * 1.6
    r = np.asarray(distance_km, dtype=np.float32) / np.float32(size / 2)
    inside = (depth + rim) * smoothstep(0.25, 1.0, r) - depth
    outside = rim * np.maximum(r, 1.0) ** -4 * smoothstep(2.2, 1.2, r)
    return np.asarray(np.where(r < 1, inside, outside), dtype=np.float32)


def polar_craters(span_rad: float, north: bool, smallest_km: float) -> Iterator[Crater]:
    """Yield craters around a pole from ``smallest_km`` to the resolved size, as dense as the ground is old."""
    rng = np.random.default_rng(_SEED + north)
    cap_km2 = 2 * np.pi * MARS_RADIUS_KM**2 * (1 - np.cos(1.3 * span_rad))
    largest_km = small_scale.RESOLVED_KM
    steep = (5.0 / smallest_km) ** 2 - (5.0 / largest_km) ** 2
    count = rng.poisson(small_scale.OLD_DENSITY * steep * cap_km2 / 1e6)
    lat = np.arcsin(rng.uniform(np.cos(1.3 * span_rad), 1, count)) * (1 if north else -1)
    lon = rng.uniform(0, 2 * np.pi, count)
    size = smallest_km / np.sqrt(rng.uniform((smallest_km / largest_km) ** 2, 1, count))
    degradation = rng.uniform(0.05, 1.0, count) ** 0.6
    share = small_scale.crater_density(lat, lon, smallest_km) / (small_scale.OLD_DENSITY * steep)
    for k in np.flatnonzero(rng.uniform(0, 1, count) < share):
        yield Crater(float(lat[k]), float(lon[k]), float(size[k]), float(min(degradation[k], 0.95)))


def polar_crater_height(grid: PolarGrid, north: bool) -> Field:
    """Return the height (N, N), m, of the small craters around a pole that the grid can hold."""
    x, y = grid.plane_coordinates()
    height = np.zeros((grid.size, grid.size), np.float32)
    per_pixel = grid.km_per_pixel / MARS_RADIUS_KM
    for crater in polar_craters(grid.span_rad, north, max(SMALLEST_CRATER_KM, 3.5 * grid.km_per_pixel)):
        radius = 2 * np.sin((np.pi / 2 - abs(crater.lat_rad)) / 2)
        cx, cy = radius * np.cos(crater.lon_rad), radius * np.sin(crater.lon_rad)
        reach = int(1.15 * crater.diameter_km / grid.km_per_pixel) + 2
        row, column = (int(c / per_pixel + grid.size / 2) for c in (cx, cy))
        rows = slice(max(row - reach, 0), max(min(row + reach, grid.size), 0))
        columns = slice(max(column - reach, 0), max(min(column + reach, grid.size), 0))
        distance = np.hypot(x[rows] - cx, y[:, columns] - cy) * MARS_RADIUS_KM
        height[rows, columns] += crater_height(crater, distance)
    return height


def polar_noise(grid: PolarGrid, longest_km: float, seed: int) -> Field:
    """Return periodic noise (N, N), m, whose rms slope is 1 in each octave between ``longest_km`` and two pixels."""
    from scipy import fft

    n, km = grid.size, grid.km_per_pixel
    rng = np.random.default_rng(seed)
    spectrum = fft.rfft2(rng.standard_normal((n, n), dtype=np.float32), workers=2)
    down = np.fft.fftfreq(n, km).astype(np.float32)[:, None]
    right = np.fft.rfftfreq(n, km).astype(np.float32)[None, :]
    squared = down * down + right * right
    squared[0, 0] = 1
    # White noise of unit variance per pixel, times frequency to the power -2: the same slope in every octave.
    shape = np.float32(1000 / (km * np.sqrt((2 * np.pi) ** 3 * np.log(2)))) / squared
    shape *= smoothstep(0.9 / longest_km, 1 / longest_km, np.sqrt(squared))
    shape *= np.exp(squared * np.float32(-((1.5 * km) ** 2)))
    shape[0, 0] = 0
    spectrum *= shape
    return np.asarray(fft.irfft2(spectrum, (n, n), overwrite_x=True, workers=2), np.float32)


@cache
def _quiet_slope() -> Field:
    """Return the typical slope per octave, (90, 180), of the quietest ground within some 200 km of each place.

    One large crater makes the mean slope of its surroundings steep, but its plains are no rougher for it; small craters
    are added as such.
    """
    from scipy.ndimage import gaussian_filter, minimum_filter

    lat = ((0.5 - (np.arange(90) + 0.5) / 90) * np.pi)[:, None]
    slope = small_scale.small_scale_slope(lat, (np.arange(180) + 0.5)[None, :] / 90 * np.pi, small_scale.RESOLVED_KM)
    mode = ("nearest", "wrap")
    quiet = minimum_filter(slope, (3, 3), mode=mode)
    for edge_deg, columns in ((55, 7), (70, 11), (80, 31)):
        quiet = np.where(np.abs(lat) > np.radians(edge_deg), minimum_filter(slope, (3, columns), mode=mode), quiet)
    return np.asarray(_TYPICAL_SHARE * gaussian_filter(quiet, 1.0, mode=mode), np.float32)


def polar_amplitude(grid: PolarGrid, north: bool) -> Field:
    """Return the rms slope per octave (N, N) around a pole, with which :func:`polar_noise` is to be multiplied."""
    from scipy.ndimage import map_coordinates

    coarse, field = PolarGrid(64, grid.span_rad), np.pad(_quiet_slope(), ((0, 0), (1, 1)), mode="wrap")
    colatitude = coarse.colatitude() if north else np.pi - coarse.colatitude()
    place = [colatitude * (90 / np.pi) - 0.5, coarse.longitude() * (90 / np.pi) + 0.5]
    value = map_coordinates(field, place, order=1, mode="nearest", output=np.float32)
    upsampler = SplineUpsampler(coarse.size, grid.size)
    return upsampler.columns(spline_coefficients(value), slice(0, grid.size))


def add_globe_noise(heights: HeightGrid, span_rad: float) -> HeightGrid:
    """Return heights with waves of 11 to 20 km that continue their spectrum, where the polar patches do not.

    Heights that resolve such waves themselves are returned unchanged.
    """
    rows = heights.rows
    pixel_km = np.pi * MARS_RADIUS_KM / rows
    longest_km = longest_noise_km(heights)
    if longest_km < 3 * pixel_km:
        return heights
    lat = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
    # Slopes of independent noises add in their squares.
    own = np.sqrt(1 - polar_share(np.pi / 2 - np.abs(lat), span_rad) ** 2).astype(np.float32)
    first = int(np.argmax(own > 0))
    shown = slice(first, rows - first)
    noise = np.zeros((rows, 2 * rows), np.float32)
    noise[shown] = _band_noise(lat[shown], 2 * rows, pixel_km, longest_km)
    noise *= own[:, None]
    for start in range(first, rows - first, 256):
        band = slice(start, min(start + 256, rows - first))
        noise[band] *= resize_plate_carree(_quiet_slope(), rows, band)
    noisy = HeightGrid.from_coefficients(noise, heights.resolved_km)
    noisy.coefficients[:] += heights.coefficients
    return noisy


def longest_noise_km(heights: HeightGrid) -> float:
    """Return the longest invented wave: those that cells of half the shortest known wave would not show."""
    return heights.resolved_km * 2 / 3


def polar_share(colatitude_rad: NDArray[np.floating], span_rad: float) -> Field:
    """Return the share of a polar patch's own detail, 1 inside and 0 at its rim, where the globe's map takes over."""
    return smoothstep(span_rad - np.radians(1.2), span_rad - np.radians(3.8), colatitude_rad)


def _band_noise(lat: NDArray[np.float64], columns: int, pixel_km: float, longest_km: float) -> Field:
    """Return noise (rows, columns), m, of waves below ``longest_km``, with an rms slope of an octave.

    It is white noise G (1 - H)^2, with Gaussian blurs G and H whose widths on the ground are the same everywhere.
    """
    from scipy import fft

    rows = len(lat)
    rng = np.random.default_rng(_SEED)
    narrow = np.maximum(np.cos(lat), 0.2).astype(np.float32)[:, None]
    spectrum = fft.rfft(rng.standard_normal((rows, columns), dtype=np.float32) / np.sqrt(narrow), axis=1, workers=2)
    cycles = (np.arange(columns // 2 + 1, dtype=np.float32) / np.float32(columns * pixel_km))[
        None, :
    ] / narrow  # per km
    fine_km, coarse_km = 0.21 * longest_km, 0.3 * longest_km
    out = np.zeros((rows, columns), np.float32)
    for times, weight in ((0, 1.0), (1, -2.0), (2, 1.0)):
        sigma_km = np.hypot(fine_km, np.sqrt(times) * coarse_km)
        gain = np.exp(cycles * cycles * np.float32(-2 * (np.pi * sigma_km) ** 2))
        blurred = fft.irfft(spectrum * gain, columns, axis=1, overwrite_x=True, workers=2)
        out += np.float32(weight) * (blur_matrix(rows, sigma_km / pixel_km) @ blurred)
    middle = out[rows // 2 - 50 : rows // 2 + 50]
    down, right = np.gradient(middle, pixel_km * 1000)
    return out * np.float32(np.sqrt(_OCTAVES / (down**2 + right**2).mean()))
