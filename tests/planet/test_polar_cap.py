"""The north polar cap: recognisable, true to its source, and whole at the pole."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from selfiesim.planet.maps import albedo
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, PlanetMaps, reflectance, source_path
from selfiesim.planet.maps.polar_cap import build_patch

LUMINANCE = np.array([0.2126, 0.7152, 0.0722])


def polar_view(maps: PlanetMaps, size: int, rim_colatitude_deg: float) -> tuple[np.ndarray, np.ndarray]:
    """Luminance of the cap, azimuthal equidistant, 0 E at the bottom, 90 E at the right; and the colatitude in deg."""
    axis = (2 * (np.arange(size) + 0.5) / size - 1) * rim_colatitude_deg
    x, y = axis[:, None], axis[None, :]
    colatitude = np.hypot(x, y)
    return reflectance(maps, np.radians(90 - colatitude), np.arctan2(y, x)) @ LUMINANCE, colatitude


def correlation(a: np.ndarray, b: np.ndarray, where: np.ndarray) -> float:
    return float(np.corrcoef(a[where], b[where])[0, 1])


def test_cap_is_that_of_the_reference(mars: PlanetMaps, reference_cap: np.ndarray) -> None:
    ours, colatitude = polar_view(mars, 1000, 25.0)
    assert correlation(ours, reference_cap, colatitude < 24) >= 0.90
    # Mirrored it would not be: the test can tell.
    assert correlation(ours[:, ::-1], reference_cap, colatitude < 24) < 0.7


def test_troughs_are_those_of_the_reference(mars: PlanetMaps, reference_cap: np.ndarray) -> None:
    ours, colatitude = polar_view(mars, 1000, 25.0)

    def band(image: np.ndarray) -> np.ndarray:
        return gaussian_filter(image, 2) - gaussian_filter(image, 14)

    assert correlation(band(ours), band(reference_cap), colatitude < 8) >= 0.90


def test_added_detail_averages_out(mars: PlanetMaps) -> None:
    """At 20 km the patch is its source, toned: rank against rank, so that the tone curve does not matter."""
    ours, colatitude = polar_view(mars, 500, 25.0)
    source = albedo.read_luminance(source_path("mars"))
    axis = (2 * (np.arange(500) + 0.5) / 500 - 1) * np.radians(25.0)
    row = np.clip((colatitude / 180 * source.shape[0]).astype(int), 0, source.shape[0] - 1)
    lon = np.mod(np.arctan2(axis[None, :], axis[:, None]), 2 * np.pi)
    theirs = source[row, (lon / (2 * np.pi) * source.shape[1]).astype(int) % source.shape[1]]
    sigma = 20 / (25 / 250 * 59.16) / 2
    ours, theirs = gaussian_filter(ours, sigma), gaussian_filter(np.sqrt(theirs), sigma)
    assert correlation(np.sqrt(ours), theirs, colatitude < 24) > 0.94


def test_nothing_is_pinched_at_the_pole(mars: PlanetMaps) -> None:
    """On a circle around the pole the tone varies slowly: spokes would be fast in longitude, rings fast in latitude."""
    lon = np.linspace(0, 2 * np.pi, 720, endpoint=False)

    def ring(lat_deg: float) -> np.ndarray:
        return reflectance(mars, np.full_like(lon, np.radians(lat_deg)), lon)[:, 1]

    around = ring(89.5)
    spokes = np.fft.irfft(np.fft.rfft(around) * (np.arange(361) > 24), 720)
    assert spokes.std() < 0.02 * around.mean()
    means = [np.median(ring(lat)) for lat in (89.98, 89.9, 89.8, 89.7, 89.6, 89.5)]
    assert np.ptp(means) < 0.08 * np.mean(means)


def test_detail_is_finer_than_the_source(mars: PlanetMaps) -> None:
    """Edges of ice are a few km wide, not the ten of a source pixel: steep steps exist between neighbours."""
    green = albedo.decode(mars.north[..., 1])
    cap = green[1024:2048, 1024:2048]
    step = np.abs(np.diff(cap, axis=0))
    assert np.quantile(step, 0.999) > 0.05


def test_same_seed_same_bytes_and_another_seed_another_cap() -> None:
    source = albedo.read_luminance(source_path("mars"))
    first, again, other = (build_patch(source, 256, PATCH_SPAN_RAD, seed) for seed in (5, 5, 6))
    assert first.cover.tobytes() == again.cover.tobytes()
    assert first.ground_tone.tobytes() == again.ground_tone.tobytes()
    assert first.ground_tone.tobytes() != other.ground_tone.tobytes()


@pytest.mark.parametrize("size", [256, 512])
def test_ice_covers_about_what_it_does_on_mars(size: int) -> None:
    """0.7 to 1.1 million km2 north of 70 N, by the Viking mosaic with and without the outliers."""
    source = albedo.read_luminance(source_path("mars"))
    patch = build_patch(source, size, PATCH_SPAN_RAD, 1)
    area = patch.cover.mean() * (4 * np.sin(PATCH_SPAN_RAD / 2) * 3389.5) ** 2
    assert 0.65e6 < area < 1.1e6
