"""Relief: large landforms, slopes against heights, and agreement with colour."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from selfiesim.planet.grids.polar_grid import PolarGrid
from selfiesim.planet.grids.spline_upsampler import SplineUpsampler
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance
from selfiesim.planet.maps.planet_maps import relief as relief_of
from selfiesim.planet.terrain import relief
from selfiesim.planet.terrain.landforms import Crater, craters


@pytest.fixture(scope="module")
def height() -> np.ndarray:
    return relief.globe_height(360)


# MOLA, 4 pixels per degree (megt90n000cb), averaged to 1 degree. The synthetic relief has some forty parameters.
def test_large_landforms_agree_with_mola(height: np.ndarray, reference: Callable[[str], Path]) -> None:
    mola = np.fromfile(reference("mola_megt90n000cb_4ppd.img"), ">i2").reshape(180, 4, 360, 4).mean(axis=(1, 3))
    ours = height.reshape(180, 2, 360, 2).mean(axis=(1, 3))
    weight = np.cos(np.radians(89.5 - np.arange(180)))[:, None] * np.ones((1, 360))

    def correlation(a: np.ndarray, b: np.ndarray) -> float:
        a, b = (x - np.average(x, weights=weight) for x in (a, b))
        return float((a * b * weight).sum() / np.sqrt((a * a * weight).sum() * (b * b * weight).sum()))

    assert correlation(ours, mola) > 0.80
    assert correlation(ours, np.roll(mola, 180, axis=1)) < 0.6  # so the test is sensitive


# IAU Gazetteer of Planetary Nomenclature.
def test_named_craters_are_where_the_gazetteer_has_them(reference: Callable[[str], Path]) -> None:
    rows = [line.split("\t") for line in reference("mars_nomenclature.tsv").read_text(encoding="utf-8").splitlines()]
    listed = {row[2].split('"')[1]: [float(x) for x in row[4:7]] for row in rows if row[3] == "AA" and row[6]}
    assert len(craters()) > 80
    for crater in craters():
        lat, lon, size = listed[crater.name]
        assert np.degrees(crater.lat_rad) == pytest.approx(lat, abs=0.051)
        assert np.degrees(crater.lon_rad) == pytest.approx(lon, abs=0.051)
        assert crater.diameter_km == pytest.approx(size, abs=0.51)


# Smith et al. 1999, Science 284, 1495: Hellas is the deepest place, Olympus Mons the highest, the north low.
def test_extremes_are_olympus_mons_and_hellas(height: np.ndarray) -> None:
    rows, columns = height.shape

    def place(index: int) -> tuple[float, float]:
        row, column = np.unravel_index(index, height.shape)
        return 90 - (row + 0.5) / rows * 180, (column + 0.5) / columns * 360

    assert place(height.argmax()) == pytest.approx((18.65, 226.2), abs=3.0)
    smooth = gaussian_filter(height, 4)
    assert place(smooth.argmin()) == pytest.approx((-42.4, 70.5), abs=15.0)
    assert height[30:90].mean() < height[270:330].mean() - 3000


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
    check(relief.encode_globe_relief(height, np.zeros_like(height)), direction, inner)
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


@given(size=st.floats(16, 300), degradation=st.floats(0, 0.95))
def test_crater_has_a_bowl_a_rim_and_a_limited_blanket(size: float, degradation: float) -> None:
    r = np.linspace(0, 1.5, 600) * size
    height = relief.crater_height(Crater("", 0.0, 0.0, size, degradation), r)
    assert abs(r[height.argmax()] - size / 2) < 0.03 * size
    assert height.min() < 0 < height.max()
    assert abs(height[-1]) < 1e-3
    # Fresh or old, walls stay below the 45 degrees that rock can hold.
    assert np.abs(np.diff(height) / np.diff(r * 1000)).max() < 1.0


# A power law of -2 in cumulative number (Hartmann 2005, recalled: between 10 and 100 km, -1.8 to -2.2).
def test_craters_follow_the_size_frequency_law() -> None:
    size = np.array([crater.diameter_km for crater in relief.random_craters()])
    assert len(size) > 5000
    ratio = (size > 20).sum() / (size > 40).sum()
    assert ratio == pytest.approx(4.0, rel=0.2)


def test_upsampling_keeps_a_smooth_wave() -> None:
    wave = np.cos(np.arange(64) / 64 * 2 * np.pi * 3)
    field = (wave[:, None] * wave[None, :]).astype(np.float32)
    fine = np.cos(((np.arange(256) + 0.5) / 4 - 0.5) / 64 * 2 * np.pi * 3)
    upsampler = SplineUpsampler(64, 256)
    ours = upsampler.columns(upsampler.prepare(field), slice(40, 200))
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
# Landforms); up to 1 km deep, about 10 km wide.
def test_dark_walls_face_the_equator(mars: PlanetMaps) -> None:
    colatitude, tone, outward, _ice = _over_cap(mars)
    troughs = (colatitude < 6.5) & (tone < 0.18)
    bright = (colatitude < 6.5) & (tone > 0.32)
    assert np.mean(outward[troughs] < 0) > 0.65
    assert np.median(-outward[troughs]) > 0.03
    assert np.median(outward[bright]) > np.median(outward[troughs]) + 0.03
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
