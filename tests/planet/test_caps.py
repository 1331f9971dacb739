"""Caps of a user's map: kept where they show the cap, replaced by the default's where they are overexposed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from selfiesim.planet.grids.polar_grid import PolarGrid
from selfiesim.planet.maps.albedo import decode, encode
from selfiesim.planet.maps.cap_source import MIN_BAND_CORRELATION, band_correlation, fit_polar_cap
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, PlanetMaps

SIZE = 640


@pytest.fixture(scope="module")
def north(mars: PlanetMaps) -> np.ndarray:
    """Reflectance of the default's north patch, (SIZE, SIZE, 3)."""
    k = len(mars.north) // SIZE
    return decode(mars.north).reshape(SIZE, k, SIZE, k, 3).mean(axis=(1, 3))


def colatitude() -> np.ndarray:
    return np.degrees(PolarGrid(SIZE, PATCH_SPAN_RAD).colatitude())


def test_an_overexposed_cap_is_replaced_by_the_default(north: np.ndarray) -> None:
    burnt = north.copy()
    burnt[colatitude() < 11.0] = 0.6
    burnt[..., 0][colatitude() > 14.0] *= 1.1
    fitted = decode(fit_polar_cap(encode(burnt), encode(north), PATCH_SPAN_RAD))
    inside, outside = colatitude() < 11.0, (colatitude() > 15.0) & (north[..., 2] < 0.1)
    assert np.abs(fitted - north)[inside].max() < 0.02
    # Ground far from ice is that of the image.
    assert np.median(np.abs(fitted - burnt)[outside]) < 0.001
    assert band_correlation(burnt[..., 1], north[..., 1], PolarGrid(SIZE, PATCH_SPAN_RAD)) < 0.2


def test_a_good_cap_is_kept_at_the_mean_brightness_of_the_default(north: np.ndarray) -> None:
    """The same cap, blurred and too bright, keeps its own pattern at the default's level."""
    bright = np.minimum(1.2 * gaussian_filter(north, (2, 2, 0)), 0.69)
    grid = PolarGrid(SIZE, PATCH_SPAN_RAD)
    assert band_correlation(bright[..., 1], north[..., 1], grid) > MIN_BAND_CORRELATION
    fitted = decode(fit_polar_cap(encode(bright), encode(north), PATCH_SPAN_RAD))
    near = colatitude() < 8.0
    ice = near & (bright[..., 2] > 0.3)
    ratio = fitted[ice] / bright[ice]
    assert ratio.std() < 0.02
    assert fitted[near & (north[..., 2] > 0.25)].mean() == pytest.approx(
        north[near & (north[..., 2] > 0.25)].mean(), rel=0.05
    )


def test_the_reference_image_agrees_and_its_mirror_image_does_not(reference_cap: np.ndarray, north: np.ndarray) -> None:
    """The bands of the mirrored image spiral in the opposite direction."""
    grid = PolarGrid(SIZE, PATCH_SPAN_RAD)
    x, y = grid.plane_coordinates()
    radius = np.hypot(x, y)
    stretch = np.degrees(grid.colatitude()) / 25.0 * 500 / np.maximum(radius, 1e-9)
    rows = np.clip(np.rint(x * stretch + 499.5), 0, 999).astype(int)
    columns = np.clip(np.rint(y * stretch + 499.5), 0, 999).astype(int)
    seen = reference_cap[rows, columns].astype(np.float32)
    assert band_correlation(seen, north[..., 1], grid) > MIN_BAND_CORRELATION
    assert band_correlation(seen[:, ::-1], north[..., 1], grid) < 0.3
