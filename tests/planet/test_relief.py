"""Relief of the maps: slopes as measured, continued below what the heights resolve, in agreement with colour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import convolve1d, gaussian_filter, map_coordinates

from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM, PolarGrid
from selfiesim.planet.grids.spline_upsampler import SplineUpsampler, spline_coefficients
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, PlanetMaps, reflectance
from selfiesim.planet.maps.planet_maps import relief as relief_of
from selfiesim.planet.terrain import continuation, mars_heights, relief, small_scale
from selfiesim.planet.terrain.height_grid import HeightGrid

STEP_KM = 2.5
SMOOTHING_KM = 7.5  # rms; both sides of a comparison are smoothed to about 15 km
FINER = 4  # samples per pixel of MOLA's grid and direction


@pytest.fixture(scope="module")
def mola(reference: Callable[[str], Path]) -> np.ndarray:
    """MOLA's grid of 4 pixels per degree, megt90n000cb (MGS-M-MOLA-5-MEGDR-L3-V1.0): metres above the areoid."""
    return np.fromfile(reference("mola_megt90n000cb_4ppd.img"), ">i2").reshape(720, 1440).astype(float)


def rms_ratio_and_correlation(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    ratio = np.sqrt((ours**2).sum() / (theirs**2).sum())
    return float(ratio), float((ours * theirs).sum() / np.sqrt((ours**2).sum() * (theirs**2).sum()))


def east_and_north(mars: PlanetMaps, lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes toward east and north that a renderer reads at places."""
    lat, lon = np.broadcast_arrays(lat, lon)
    x, y, z = np.moveaxis(relief_of(mars, lat, lon)[0], -1, 0)
    outward = np.cos(lon) * x + np.sin(lon) * y
    return np.cos(lon) * y - np.sin(lon) * x, np.cos(lat) * z - np.sin(lat) * outward


def plane_direction(x: np.ndarray, y: np.ndarray, sign: int) -> np.ndarray:
    """Unit vector (..., 3) at a point of Lambert's equal-area plane around a pole."""
    square = x * x + y * y
    shrink = np.sqrt(1 - square / 4)
    return np.stack([x * shrink, y * shrink, sign * (1 - square / 2)], axis=-1)


# The table that the relief is held to, on both sides of each pole and below 65 degrees.
@pytest.mark.parametrize("sign", [1, -1])
def test_slopes_around_the_poles_are_those_of_mola(mars: PlanetMaps, mola: np.ndarray, sign: int) -> None:
    count = int(3000 / STEP_KM)
    axis = ((np.arange(count) + 0.5) / count - 0.5) * 3000 / MARS_RADIUS_KM
    x, y = np.broadcast_arrays(axis[:, None], axis[None, :])
    lat, lon = sign * (np.pi / 2 - 2 * np.arcsin(np.hypot(x, y) / 2)), np.arctan2(y, x)
    gradient = relief_of(mars, lat, lon)[0]
    step = STEP_KM / MARS_RADIUS_KM / 2  # of differences along the plane's axes, which stretch what is along them
    tangents = [
        (plane_direction(x + dx, y + dy, sign) - plane_direction(x - dx, y - dy, sign)) / (2 * step)
        for dx, dy in ((step, 0.0), (0.0, step))
    ]
    along = [(gradient * tangent).sum(axis=-1) for tangent in tangents]
    ours = np.stack([gaussian_filter(slope, SMOOTHING_KM / STEP_KM) for slope in along])
    pad = 12
    tall = np.concatenate([np.roll(mola[:pad][::-1], 720, 1), mola, np.roll(mola[-pad:][::-1], 720, 1)])
    place = [(0.5 - lat / np.pi) * 720 - 0.5 + pad, np.mod(lon / np.pi, 2) * 720 - 0.5 + pad]
    height = map_coordinates(np.pad(tall, ((0, 0), (pad, pad)), mode="wrap"), place, order=3)
    theirs = np.stack(np.gradient(gaussian_filter(height, SMOOTHING_KM / STEP_KM), STEP_KM * 1000))
    for low, high in ((84, 90), (80, 84), (66, 80)):
        zone = (np.abs(np.degrees(lat)) >= low) & (np.abs(np.degrees(lat)) < high)
        ratio, correlation = rms_ratio_and_correlation(ours[:, zone], theirs[:, zone])
        assert 0.9 < ratio < 1.1
        assert correlation > 0.95


def test_slopes_below_65_degrees_are_those_of_mola(mars: PlanetMaps, mola: np.ndarray) -> None:
    """Differences of MOLA's pixels of 15 km over two of them, against the mean of the slopes over the same ground."""
    rows = slice(100, 620)
    narrow = np.cos(np.radians(89.875 - 0.25 * np.arange(720)))[:, None]
    step = np.pi / 720 * MARS_RADIUS_KM * 1000
    lat = ((0.5 - (np.arange(720 * FINER) + 0.5) / (720 * FINER)) * np.pi)[:, None]
    lon = ((np.arange(1440 * FINER) + 0.5) / (720 * FINER) * np.pi)[None, :]
    bands = [east_and_north(mars, lat[start : start + 240], lon) for start in range(0, len(lat), 240)]
    weights = np.ones(2 * FINER + 1)
    weights[[0, -1]] = 0.5

    def pixels(part: int) -> np.ndarray:
        fine = np.concatenate([band[part] for band in bands])
        over_two = convolve1d(fine, weights / weights.sum(), axis=1 - part, mode="wrap")
        return over_two.reshape(720, FINER, 1440, FINER).mean(axis=(1, 3))

    ours = np.stack([pixels(0), pixels(1)]) * np.sqrt(narrow)
    east = (np.roll(mola, -1, axis=1) - np.roll(mola, 1, axis=1)) / (2 * step * narrow)
    theirs = np.stack([east, -np.gradient(mola, step, axis=0)]) * np.sqrt(narrow)
    ratio, correlation = rms_ratio_and_correlation(ours[:, rows], theirs[:, rows])
    assert 0.9 < ratio < 1.1
    assert correlation > 0.95


# Runs without the reference: slopes of the heights that are shipped, over 15 km.
@pytest.mark.parametrize(
    ("lat_deg", "lon_deg"), [(18.65, 226.2), (-13.9, 55.6), (-8.6, 282.0), (72.8, 164.6), (85.0, 30.0), (-85.0, 200.0)]
)
def test_slopes_of_places_are_those_of_the_heights(mars: PlanetMaps, lat_deg: float, lon_deg: float) -> None:
    """Ground 300 km around Olympus Mons, Huygens, Valles Marineris, Korolev and both caps."""
    half = np.arange(-60, 61) * STEP_KM / MARS_RADIUS_KM
    lat = np.radians(lat_deg) - half[:, None]
    lon = np.radians(lon_deg) + half[None, :] / np.cos(np.radians(lat_deg))
    height = mars_heights.height(lat, lon)
    down, right = np.gradient(gaussian_filter(height, SMOOTHING_KM / STEP_KM), STEP_KM * 1000)
    right = right * np.cos(np.radians(lat_deg)) / np.cos(lat)
    east, north = (gaussian_filter(each, SMOOTHING_KM / STEP_KM) for each in east_and_north(mars, lat, lon))
    inner = slice(15, -15)
    ours, theirs = np.stack([east, north])[:, inner, inner], np.stack([right, -down])[:, inner, inner]
    ratio, correlation = rms_ratio_and_correlation(ours, theirs)
    assert ratio == pytest.approx(1.0, abs=0.08)
    assert correlation > 0.97


# Gazetteer of Planetary Nomenclature: the place of Olympus Paterae, the caldera.
def test_walls_of_the_caldera_surround_its_place(mars: PlanetMaps) -> None:
    km = np.linspace(-60.0, 60.0, 61)
    north, east = (each.ravel() for each in np.meshgrid(km, km))
    wall = (np.hypot(north, east) > 22.0) & (np.hypot(north, east) < 38.0)
    lat = np.radians(18.32) + north[wall] / MARS_RADIUS_KM
    lon = np.radians(226.81) + east[wall] / MARS_RADIUS_KM / np.cos(lat)
    x, y = east_and_north(mars, lat, lon)
    assert (x * east[wall] + y * north[wall]).mean() > 0.0  # up, outward


def test_slopes_survive_coding() -> None:
    slope = np.linspace(-0.5, 0.5, 4001)
    error = np.abs(relief.decode_slope(relief.encode_slope(slope)) - slope)
    assert error.max() < 0.5 * (2.5 / 127) * relief.MAX_SLOPE + 2e-4
    assert error[np.abs(slope) < 0.02].max() < 0.001
    assert relief.decode_slope(relief.encode_slope(np.zeros(1)))[0] == 0


def test_gradient_of_a_tilted_plane_is_the_plane_on_globe_and_patches() -> None:
    """The gradient on the sphere of a height that grows along an axis is that axis less its radial part."""
    axis = np.array([0.3, -0.5, 0.4]) * 0.4
    km = 3389.5e3

    def check(code: np.ndarray, direction: np.ndarray, where: np.ndarray) -> None:
        expected = axis - (direction @ axis)[..., None] * direction
        assert np.abs(relief.decode_slope(code[..., :3]) - expected)[where].max() < 0.008

    rows = 512
    lat = (0.5 - (np.arange(rows) + 0.5) / rows)[:, None] * np.pi
    lon = (np.arange(2 * rows) + 0.5)[None, :] / rows * np.pi
    direction = np.stack(np.broadcast_arrays(np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)), -1)
    height = (direction @ axis * km).astype(np.float32)
    inner = np.broadcast_to(np.abs(lat) < 1.4, height.shape)
    check(relief.encode_globe_relief(HeightGrid.from_heights(height, 1.0), np.zeros_like(height)), direction, inner)
    for north in (True, False):
        grid = PolarGrid(258, np.radians(22.0))
        colatitude, lon = grid.colatitude(), grid.longitude()
        up = np.cos(colatitude) * (1 if north else -1)
        direction = np.stack([np.sin(colatitude) * np.cos(lon), np.sin(colatitude) * np.sin(lon), up], -1)
        height = (direction @ axis * km).astype(np.float32)
        columns = slice(1, 257)
        code = relief.encode_patch_relief(height, np.zeros((258, 256), np.float32), grid, north, columns)
        # Radial and tangential scale differ by 2 percent each at the rim.
        check(code, direction[:, columns], (colatitude < np.radians(21.0))[:, columns])


@given(size=st.floats(5, 15), degradation=st.floats(0, 0.95))
def test_crater_has_a_bowl_a_rim_and_a_limited_blanket(size: float, degradation: float) -> None:
    r = np.linspace(0, 1.5, 600) * size
    height = continuation.crater_height(continuation.Crater(0.0, 0.0, size, degradation), r)
    assert abs(r[height.argmax()] - size / 2) < 0.03 * size
    assert height.min() < 0 < height.max()
    assert abs(height[-1]) < 1e-3
    # Fresh or old, walls stay below the 45 degrees that rock can hold.
    assert np.abs(np.diff(height) / np.diff(r * 1000)).max() < 1.0


def test_invented_craters_are_small_and_as_dense_as_the_ground_is_old() -> None:
    for north, density in ((True, (2.0, 25.0)), (False, (30.0, 250.0))):
        craters = list(continuation.polar_craters(PATCH_SPAN_RAD, north, 5.0))
        size = np.array([crater.diameter_km for crater in craters])
        assert size.max() <= small_scale.RESOLVED_KM
        assert size.min() >= 5.0
        assert all((crater.lat_rad > 0) == north for crater in craters)
        area = 2 * np.pi * MARS_RADIUS_KM**2 * (1 - np.cos(1.3 * PATCH_SPAN_RAD)) / 1e6
        assert density[0] < len(craters) / area < density[1]
        # None on the north cap (Tanaka 1986; small_scale.py).
        assert not north or max(crater.lat_rad for crater in craters) < np.radians(81)


def test_continuation_adds_no_wave_that_the_heights_resolve() -> None:
    """The noise of a patch, and that of the globe along a parallel, is shorter than the heights' shortest wave."""
    grid = PolarGrid(512, np.radians(10.0))
    noise = continuation.polar_noise(grid, 20.0, 1)
    power = np.abs(np.fft.rfft2(noise)) ** 2
    frequency = frequencies(512, grid.km_per_pixel)
    assert power[frequency < 1 / 23.0].sum() < 1e-4 * power.sum()
    octave = (frequency > 1 / 16) & (frequency < 1 / 8)
    slope = np.fft.irfft2(np.fft.rfft2(noise) * octave * 2 * np.pi * frequency, noise.shape) / 1000
    assert slope.std() == pytest.approx(1.0, rel=0.15)
    before = mars_heights.load_grid()
    after = continuation.add_globe_noise(before, PATCH_SPAN_RAD)
    middle = slice(before.rows // 2 - 128, before.rows // 2 + 128)
    added = (after.coefficients - before.coefficients)[middle, 256:512] * (np.hanning(256)[:, None] * np.hanning(256))
    power = np.abs(np.fft.rfft2(added)) ** 2
    resolved = frequencies(256, np.pi * MARS_RADIUS_KM / before.rows) < 1 / before.resolved_km
    assert power[resolved].sum() < 0.1 * power.sum()
    # Near the poles the patches have their own.
    assert np.array_equal(before.coefficients[:100], after.coefficients[:100])


def frequencies(size: int, pixel_km: float) -> np.ndarray:
    """Cycles per km of the entries of ``rfft2``."""
    return np.hypot(np.fft.fftfreq(size, pixel_km)[:, None], np.fft.rfftfreq(size, pixel_km)[None, :])


def test_spline_surface_has_the_heights_and_slopes_that_it_was_made_from() -> None:
    rows = 128
    lat = ((0.5 - (np.arange(rows) + 0.5) / rows) * np.pi)[:, None]
    lon = ((np.arange(2 * rows) + 0.5) / rows * np.pi)[None, :]
    wave = (1000 * np.cos(lat) * np.cos(3 * lon) + 2000 * np.sin(lat)).astype(np.float32)
    grid = HeightGrid.from_heights(wave, 1.0)
    assert np.abs(grid.at(lat, lon) - wave)[3:-3].max() < 1.0
    assert float(grid.at(0.3, 2 * np.pi + 1.0)) == pytest.approx(float(grid.at(0.3, 1.0)))
    east, north = grid.gradient(slice(0, rows))
    metres = MARS_RADIUS_KM * 1000
    assert east == pytest.approx(-3000 * np.sin(3 * lon) * np.ones_like(lat) / metres, abs=2e-6)
    assert (north - (2000 * np.cos(lat) - 1000 * np.sin(lat) * np.cos(3 * lon)) / metres)[4:-4] == pytest.approx(
        0, abs=2e-6
    )


def test_upsampling_keeps_a_smooth_wave() -> None:
    wave = np.cos(np.arange(64) / 64 * 2 * np.pi * 3)
    field = (wave[:, None] * wave[None, :]).astype(np.float32)
    fine = np.cos(((np.arange(256) + 0.5) / 4 - 0.5) / 64 * 2 * np.pi * 3)
    upsampler = SplineUpsampler(64, 256)
    ours = upsampler.columns(spline_coefficients(field), slice(40, 200))
    assert np.abs(ours - fine[:, None] * fine[None, 40:200])[12:-12].max() < 0.01


def _over_cap(mars: PlanetMaps) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    axis = (2 * (np.arange(400) + 0.5) / 400 - 1) * 7.0
    x, y = axis[:, None], axis[None, :]
    colatitude, lon = np.hypot(x, y), np.arctan2(y, x)
    lat = np.radians(90 - colatitude)
    gradient, ice = relief_of(mars, lat, lon)
    outward = gradient[..., 0] * np.cos(lon) + gradient[..., 1] * np.sin(lon)
    return colatitude, reflectance(mars, lat, lon)[..., 1], outward, ice


# Troughs: the dark, layered wall faces the equator and is the steeper one (Springer Encyclopedia of Planetary
# Landforms). Both are measured: dark by the image, slopes by the altimeter.
def test_dark_walls_face_the_equator(mars: PlanetMaps) -> None:
    colatitude, tone, outward, _ice = _over_cap(mars)
    troughs = (colatitude < 6.5) & (tone < 0.18)
    bright = (colatitude < 6.5) & (tone > 0.32)
    assert np.mean(outward[troughs] < 0) > 0.65
    assert np.median(-outward[troughs]) > 0.01
    assert np.median(outward[bright]) > np.median(outward[troughs]) + 0.005
    assert np.percentile(np.abs(outward[colatitude < 6.5]), 99) < 0.35


def test_ice_fraction_follows_brightness(mars: PlanetMaps) -> None:
    colatitude, tone, _outward, ice = _over_cap(mars)
    inner = colatitude < 6.5
    assert np.corrcoef(tone[inner], ice[inner])[0, 1] > 0.9
    assert np.median(ice[inner & (tone > 0.32)]) > 0.9
    _gradient, bare = relief_of(mars, np.zeros(8), np.linspace(0, 6, 8))
    assert bare.max() == 0


def test_maps_without_relief_are_flat(mars: PlanetMaps) -> None:
    plain = PlanetMaps(mars.globe, mars.north, mars.south, mars.patch_span_rad, mars.reflectance_max, "x", "")
    gradient, ice = relief_of(plain, np.zeros((2, 3)), np.zeros(3))
    assert gradient.shape == (2, 3, 3)
    assert not gradient.any()
    assert not ice.any()
