"""Relief of Mercury: from the shading of its map, and craters and noise where that shows none."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.planet.maps import globes
from selfiesim.planet.places.gazetteer import locate
from selfiesim.planet.terrain import mercury_craters, moon_heights, unshaded_ground
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
    means = invented.reshape(2, 1024, 3, 2048, 3).mean(axis=(2, 4))
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


def test_ground_without_shading_is_as_rough_as_published(invented_band):
    """Fa et al. 2016: between lunar highlands and twice lunar maria; smooth plains are half as rough."""
    lunar = within_band(coarse_slopes(moon_heights.load_grid()), *BAND_KM, moon_heights.RADIUS_KM)
    imbrium, far_side = rms(lunar, (30, 40), (340, 350)), rms(lunar, (-40, 40), (130, 230))
    plains = rms(invented_band, (-30, 0))
    assert 2 * imbrium < plains < far_side
    assert rms(invented_band, (25, 35), (155, 170)) == pytest.approx(0.5 * plains, rel=0.3)


def test_it_is_as_rough_as_the_shaded_ground_beside(shaded, invented_band):
    shown = rms(within_band(slopes(shaded.heights), *BAND_KM, RADIUS_KM), (-80, -70))
    assert rms(invented_band, (-30, 0)) == pytest.approx(shown, rel=0.2)


def test_nothing_is_added_where_the_shading_tells_all(shaded, invented):
    known = shaded.known_share > 0.97
    assert known.mean() > 0.02
    squares = (invented**2).sum(axis=0).reshape(1024, 3, 2048, 3).mean(axis=(1, 3))
    assert np.sqrt(squares[known].mean()) < 0.3 * rms(invented, (-30, 0))


def test_octaves_of_the_noise_follow_the_hurst_exponent():
    """The Hurst exponent of intercrater plains is 0.80 (Fa et al. 2016)."""
    height = unshaded_ground._noise(RADIUS_KM)
    noise = slopes(HeightGrid.from_heights(height, 15.0, RADIUS_KM))
    assert rms(noise, (-30, 0)) == pytest.approx(unshaded_ground.NOISE_SLOPE, rel=0.05)
    square = noise[:, 1356:1716, 1500:1860]  # 20 degrees around the equator, where pixels are square
    window = np.hanning(360)[:, None] * np.hanning(360)
    power = (np.abs(np.fft.fft2(square * window)) ** 2).sum(axis=0)
    frequency = np.hypot(np.fft.fftfreq(360)[:, None], np.fft.fftfreq(360)) / (
        np.pi * RADIUS_KM / len(height)
    )  # per km
    inside = (frequency > 1 / 30) & (frequency < 1 / 17)
    # Power of a self-affine surface falls as frequency to 2 H + 2, that of its slopes as 2 H.
    exponent = np.polyfit(np.log(frequency[inside]), np.log(power[inside]), 1)[0]
    assert exponent == pytest.approx(-2 * 0.80, abs=0.2)


class TestCraters:
    """Vivaldi: 213 km at 13.76 N 274.08 E, in the IAU's gazetteer; Pike 1988 for depths."""

    def test_a_named_crater_lies_where_it_is_and_is_as_wide(self, heights):
        lat0, lon0, size = locate("Vivaldi", "mercury")[2:]
        spoke = np.radians(np.arange(0.0, 360.0, 10.0))
        arc = np.degrees(np.linspace(0.6, 1.4, 81) * size / 2 / RADIUS_KM)
        lat = lat0 + arc[:, None] * np.sin(spoke)
        lon = lon0 + arc[:, None] * np.cos(spoke) / np.cos(np.radians(lat))
        ring = heights.at(np.radians(lat), np.radians(lon)).mean(axis=1)
        assert np.linspace(0.6, 1.4, 81)[np.argmax(ring)] == pytest.approx(1.0, abs=0.06)

    @pytest.mark.parametrize("size", [20.0, 60.0, 140.0])
    def test_a_fresh_crater_is_as_deep_as_published(self, size):
        profile = mercury_craters.crater_profile(size, np.linspace(0, 2, 2001))
        floor = profile[(np.linspace(0, 2, 2001) > 0.3) & (np.linspace(0, 2, 2001) < 1)].min()
        assert (profile.max() - floor) / 1000 == pytest.approx(0.41 * size**0.49, rel=0.03)

    def test_the_largest_invented_ones_are_smaller_than_most_named_ones(self):
        invented, named = mercury_craters.invented_craters(RADIUS_KM), mercury_craters.named_craters()
        assert invented.diameter_km.max() <= 60.0 < np.percentile(named.diameter_km, 30)
        counts = [(invented.diameter_km > size).sum() + 1.0 for size in (10.0, 20.0, 40.0)]
        # Per 10^6 km^2, of some 7.5e7 km^2; those over 60 km are left out of the power law.
        assert counts[1] / 74.8 == pytest.approx(mercury_craters.DENSITY_20_KM * (1 - 1 / 9), rel=0.05)
        assert counts[0] / counts[1] == pytest.approx((4 - 1 / 9) / (1 - 1 / 9), rel=0.05)

    @pytest.mark.parametrize("lat_deg", [0.0, 55.0, 89.0])
    def test_a_crater_is_round_at_any_latitude_and_across_the_meridian(self, lat_deg):
        one = mercury_craters.Craters(*(np.array([value]) for value in (np.radians(lat_deg), 0.0, 200.0, 1.0)))
        grid = HeightGrid.from_heights(mercury_craters.crater_heights(one, 1024, RADIUS_KM), 15.0, RADIUS_KM)
        share = np.linspace(0.7, 1.3, 61)
        arc, spoke = np.meshgrid(share * 100.0 / RADIUS_KM, np.radians(np.arange(0, 360, 45)), indexing="ij")
        # Places at a distance and bearing from the centre, at longitude 0.
        lat0 = np.radians(lat_deg)
        lat = np.arcsin(np.sin(lat0) * np.cos(arc) + np.cos(lat0) * np.sin(arc) * np.cos(spoke))
        lon = np.arctan2(np.sin(spoke) * np.sin(arc) * np.cos(lat0), np.cos(arc) - np.sin(lat0) * np.sin(lat))
        rim = share[np.argmax(grid.at(lat, lon), axis=0)]
        assert rim == pytest.approx(1.0, abs=0.15)
        assert rim.mean() == pytest.approx(1.0, abs=0.05)
        assert float(grid.at(lat0, 0.0)) < 0
