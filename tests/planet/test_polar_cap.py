"""The north polar cap: agreement with reference and source, and continuity at the pole."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from figures import Figures
from scipy.ndimage import gaussian_filter

from selfiesim.planet.maps import albedo, polar_cap
from selfiesim.planet.maps.load import mars_image_path
from selfiesim.planet.maps.mars_maps import prepare_cap
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, PlanetMaps, reflectance
from selfiesim.planet.maps.polar_cap import PatchColumns
from selfiesim.planet.terrain import continuation, mars_heights
from selfiesim.planet.terrain.height_grid import HeightGrid

REPOSITORY = Path(__file__).resolve().parents[2]
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def polar_view(maps: PlanetMaps, size: int, rim_colatitude_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Return luminance and colatitude (deg) of the cap, azimuthal equidistant, 0 E at the bottom, 90 E at the right."""
    axis = (2 * (np.arange(size) + 0.5) / size - 1) * rim_colatitude_deg
    x, y = axis[:, None], axis[None, :]
    colatitude = np.hypot(x, y)
    return reflectance(maps, np.radians(90 - colatitude), np.arctan2(y, x)) @ LUMINANCE, colatitude


def correlation(a: np.ndarray, b: np.ndarray, where: np.ndarray) -> float:
    return float(np.corrcoef(a[where], b[where])[0, 1])


def test_cap_agrees_with_the_reference(figure: Figures, mars: PlanetMaps, reference_cap: np.ndarray) -> None:
    ours, colatitude = polar_view(mars, 1000, 25.0)
    found = correlation(ours, reference_cap, colatitude < 24)
    figure("planet", "north polar cap, correlation of brightness", "reference map", found, 0.90, least=True)
    # The mirrored cap does not agree, so the test is sensitive.
    assert correlation(ours[:, ::-1], reference_cap, colatitude < 24) < 0.7


def test_troughs_agree_with_the_reference(figure: Figures, mars: PlanetMaps, reference_cap: np.ndarray) -> None:
    ours, colatitude = polar_view(mars, 1000, 25.0)

    def band(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(image, 2) - gaussian_filter(image, 14)

    found = correlation(band(ours), band(reference_cap), colatitude < 8)
    figure("planet", "troughs of the cap, correlation", "reference map", found, 0.90, least=True)


@pytest.fixture(scope="module")
def compare_cap() -> ModuleType:
    """The script that measures the cap."""
    spec = importlib.util.spec_from_file_location("compare_cap", REPOSITORY / "design" / "compare_cap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["compare_cap"] = module
    spec.loader.exec_module(module)
    return module


def test_the_caps_tones_and_textures_are_those_of_the_reference(
    mars: PlanetMaps, reference_cap: np.ndarray, compare_cap: ModuleType
) -> None:
    layout = compare_cap.CELESTIA
    seen = compare_cap.see_cap(mars, len(reference_cap), layout)
    found = compare_cap.statistics(compare_cap.fit_tones(seen, reference_cap, layout), reference_cap, layout)
    power = [ratio for name, ratio in found.items() if name.startswith("power")]
    assert len(power) == 4
    assert power == pytest.approx([1, 1, 1, 1], abs=0.15)
    assert found["correlation 11-23 km"] >= 0.93
    assert found["share of mid-tones"] == pytest.approx(1, abs=0.2)
    assert found["99 % gradient"] == pytest.approx(1, abs=0.1)


def test_a_cut_out_cap_would_be_found(mars: PlanetMaps, reference_cap: np.ndarray, compare_cap: ModuleType) -> None:
    """A cap of two tones has too few mid-tones and edges that are too steep."""
    layout = compare_cap.CELESTIA
    seen = compare_cap.fit_tones(compare_cap.see_cap(mars, 1000, layout), reference_cap, layout)
    cut = np.where(seen > 0.22, 0.38, 0.09)
    found = compare_cap.statistics(cut, reference_cap, layout)
    assert found["share of mid-tones"] < 0.5
    assert found["99 % gradient"] > 1.24


def test_trough_walls_that_face_the_equator_are_dark(mars: PlanetMaps) -> None:
    """Of the steep ground on the cap, what faces the equator is darker than what faces the pole."""
    lat, lon = np.radians(np.arange(84, 88.5, 0.02))[:, None], np.radians(np.arange(0, 360, 0.5))[None, :]
    light = reflectance(mars, lat, lon)[..., 1]
    height = mars_heights.height(lat, lon)
    fall = -np.gradient(height, np.radians(0.02) * 3_389_500, axis=0)  # toward the pole
    assert light[fall < -0.04].mean() < 0.8 * light[fall > 0.02].mean()


def test_added_detail_averages_out(mars: PlanetMaps) -> None:
    """At 20 km the patch agrees with its source, apart from the tone curve."""
    ours, colatitude = polar_view(mars, 500, 25.0)
    source = albedo.read_luminance(mars_image_path())
    axis = (2 * (np.arange(500) + 0.5) / 500 - 1) * np.radians(25.0)
    row = np.clip((colatitude / 180 * source.shape[0]).astype(int), 0, source.shape[0] - 1)
    lon = np.mod(np.arctan2(axis[None, :], axis[:, None]), 2 * np.pi)
    expected = source[row, (lon / (2 * np.pi) * source.shape[1]).astype(int) % source.shape[1]]
    sigma = 20 / (25 / 250 * 59.16) / 2
    ours, expected = gaussian_filter(ours, sigma), gaussian_filter(np.sqrt(expected), sigma)
    assert correlation(np.sqrt(ours), expected, colatitude < 24) > 0.94


def test_the_pole_shows_no_spokes_or_rings(mars: PlanetMaps) -> None:
    """Spokes would vary fast in longitude, rings fast in latitude."""
    lon = np.linspace(0, 2 * np.pi, 720, endpoint=False)

    def ring(lat_deg: float) -> np.ndarray:
        return reflectance(mars, np.full_like(lon, np.radians(lat_deg)), lon)[:, 1]

    around = ring(89.5)
    spokes = np.fft.irfft(np.fft.rfft(around) * (np.arange(361) > 24), 720)
    assert spokes.std() < 0.02 * around.mean()
    means = [np.median(ring(lat)) for lat in (89.98, 89.9, 89.8, 89.7, 89.6, 89.5)]
    assert np.ptp(means) < 0.08 * np.mean(means)


def test_detail_is_finer_than_the_source(mars: PlanetMaps) -> None:
    """Edges of ice are a few km wide, not the ten of a source pixel: neighbours differ by steep steps."""
    green = albedo.decode(mars.north[..., 1])
    cap = green[1024:2048, 1024:2048]
    step = np.abs(np.diff(cap, axis=0))
    assert np.quantile(step, 0.999) > 0.03  # 0.3 over 20 pixels would be 0.015


@pytest.fixture(scope="module")
def heights() -> HeightGrid:
    return continuation.add_globe_noise(mars_heights.load_grid(), PATCH_SPAN_RAD)


def north_patch(heights: HeightGrid, size: int, seed: int) -> PatchColumns:
    cap = prepare_cap("north", albedo.read_luminance(mars_image_path()), heights, PATCH_SPAN_RAD, seed)
    return cap.reader(size).strip(slice(0, size))


def test_the_seed_determines_the_cap(heights: HeightGrid) -> None:
    first, again, other = (north_patch(heights, 256, seed) for seed in (5, 5, 6))
    assert first.cover.tobytes() == again.cover.tobytes()
    assert first.ground_tone.tobytes() == again.ground_tone.tobytes()
    assert first.ground_tone.tobytes() != other.ground_tone.tobytes()


@pytest.mark.parametrize("size", [256, 512])
def test_ice_has_about_the_area_that_it_has_on_mars(heights: HeightGrid, size: int) -> None:
    """0.7 to 1.1 million km2 north of 70 N, by the Viking mosaic with and without the outliers."""
    patch = north_patch(heights, size, 1)
    area = patch.cover.mean() * (4 * np.sin(PATCH_SPAN_RAD / 2) * 3389.5) ** 2
    assert 0.65e6 < area < 1.1e6


def test_layers_are_waves_of_90_to_400_m() -> None:
    tone = polar_cap._stratigraphy(np.random.default_rng(3)).astype(float)
    power, frequency = np.abs(np.fft.rfft(tone)) ** 2, np.fft.rfftfreq(len(tone), 4.0)
    assert power[frequency < 1 / 430.0].sum() < 1e-9 * power.sum()
    assert power[frequency > 1 / 90.0].sum() < 0.2 * power.sum()
