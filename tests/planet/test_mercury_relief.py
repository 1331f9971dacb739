"""Relief of Mercury: from the shading of its map, and a statistical continuation where that shows none."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.planet.maps import globes
from selfiesim.planet.terrain import moon_heights, unshaded_ground
from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.map_shading import smooth_globe

RADIUS_KM = 2439.4
BAND_KM = 15.0, 40.0


@pytest.fixture(scope="module")
def shaded():
    return globes._shaded_relief("mercury")


@pytest.fixture(scope="module")
def heights():
    return globes.default_heights("mercury")


def slopes(grid: HeightGrid) -> np.ndarray:
    return np.stack(grid.gradient(slice(0, grid.rows)))


def coarse_slopes(grid: HeightGrid) -> np.ndarray:
    """Return slopes on 1024 rows, enough for waves of 15 km."""
    return slopes(HeightGrid.from_heights(grid.on_plate_carree(1024), grid.resolved_km, grid.radius_km))


@pytest.fixture(scope="module")
def invented(shaded, heights):
    """Slopes (2, rows, 2 rows) of what is added to the relief from shading."""
    added = heights.on_plate_carree(heights.rows) - shaded.heights.on_plate_carree(heights.rows)
    return slopes(HeightGrid.from_heights(added, heights.resolved_km, RADIUS_KM))


@pytest.fixture(scope="module")
def invented_band(invented):
    means = invented.reshape(2, 1024, 2, 2048, 2).mean(axis=(2, 4))
    return within_band(means, *BAND_KM, RADIUS_KM)


def rms(field: np.ndarray, lat: tuple[float, float], lon: tuple[float, float] = (0, 360)) -> float:
    rows = field.shape[1]
    place = (
        slice(int((90 - lat[1]) / 180 * rows), int((90 - lat[0]) / 180 * rows)),
        slice(int(lon[0] / 180 * rows), int(lon[1] / 180 * rows)),
    )
    return float(np.sqrt((field[:, *place] ** 2).sum(axis=0).mean()))


def within_band(field: np.ndarray, shortest_km: float, longest_km: float, radius_km: float) -> np.ndarray:
    """Return what Gaussians with half their power at two wavelengths leave."""
    sigma = [km / (2 * np.pi) * np.sqrt(np.log(2)) / radius_km for km in (shortest_km, longest_km)]
    return np.stack([smooth_globe(part, sigma[0]) - smooth_globe(part, sigma[1]) for part in field])


def test_ground_without_shading_is_as_rough_as_published(invented, invented_band):
    """Fa et al. 2016: between lunar highlands and twice lunar maria; smooth plains are half as rough."""
    plains = rms(invented, (-30, 0))
    assert plains == pytest.approx(unshaded_ground.ROUGH_SLOPE, rel=0.05)
    assert rms(invented, (25, 35), (155, 170)) == pytest.approx(0.5 * plains, rel=0.15)
    lunar = within_band(coarse_slopes(moon_heights.load_grid()), *BAND_KM, moon_heights.RADIUS_KM)
    imbrium, far_side = rms(lunar, (30, 40), (340, 350)), rms(lunar, (-40, 40), (130, 230))
    assert 2 * imbrium < rms(invented_band, (-30, 0)) < far_side


def test_it_is_as_rough_as_the_shaded_ground_beside(shaded, invented_band):
    shown = rms(within_band(slopes(shaded.heights), *BAND_KM, RADIUS_KM), (-80, -70))
    assert rms(invented_band, (-30, 0)) == pytest.approx(shown, rel=0.1)


def test_nothing_is_added_where_the_shading_tells_all(shaded, invented):
    known = shaded.known_share > 0.97
    assert known.mean() > 0.02
    squares = (invented**2).sum(axis=0).reshape(1024, 2, 2048, 2).mean(axis=(1, 3))
    assert np.sqrt(squares[known].mean()) < 0.3 * unshaded_ground.ROUGH_SLOPE


def test_no_large_landform_is_invented_and_octaves_follow_the_hurst_exponent(invented):
    """The Hurst exponent of intercrater plains is 0.80 (Fa et al. 2016)."""
    plains = (-30, 0)
    long = np.stack([smooth_globe(part, 25 / RADIUS_KM) for part in invented])
    assert rms(long, plains) < 0.05 * unshaded_ground.ROUGH_SLOPE
    square = invented[:, 904:1144, 1000:1240]  # 20 degrees around the equator, where pixels are square
    window = np.hanning(240)[:, None] * np.hanning(240)
    power = (np.abs(np.fft.fft2(square * window)) ** 2).sum(axis=0)
    frequency = np.hypot(np.fft.fftfreq(240)[:, None], np.fft.fftfreq(240)) / (np.pi * RADIUS_KM / 2048)  # per km
    inside = (frequency > 1 / 30) & (frequency < 1 / 17)
    # Power of a self-affine surface falls as frequency to 2 H + 2, that of its slopes as 2 H.
    exponent = np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)[0]
    assert exponent == pytest.approx(-2 * 0.80, abs=0.2)
