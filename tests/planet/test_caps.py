"""Caps of a user's map: kept where they show the cap, replaced by the default's where they are overexposed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import distance_transform_edt, gaussian_filter

from selfiesim.planet.grids.polar_grid import PolarGrid
from selfiesim.planet.maps.albedo import decode, encode
from selfiesim.planet.maps.cap_source import MIN_BAND_CORRELATION, band_correlation, fit_polar_cap, own_ice
from selfiesim.planet.maps.map_file import MapFile
from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, PlanetMaps
from selfiesim.planet.maps.surface import Surface, surface_maps
from selfiesim.planet.readers.conventions import Conventions

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
    fitted = decode(fit_polar_cap(encode(burnt), encode(north), PATCH_SPAN_RAD).patch)
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
    fitted = decode(fit_polar_cap(encode(bright), encode(north), PATCH_SPAN_RAD).patch)
    near = colatitude() < 8.0
    fine, coarse = (gaussian_filter(each[..., 1], 1) - gaussian_filter(each[..., 1], 6) for each in (fitted, bright))
    assert np.corrcoef(fine[near], coarse[near])[0, 1] > 0.97
    assert fitted[near].mean() == pytest.approx(north[near].mean(), rel=0.05)


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


def yellowness(light: np.ndarray, km: tuple[float, float]) -> float:
    """Return red over blue of the ground at a range of distances from ice, down to 70 degrees of latitude."""
    iced = light[..., 2] > 0.18
    grid = PolarGrid(len(light), PATCH_SPAN_RAD)
    away_km = distance_transform_edt(~iced) * grid.km_per_pixel
    ring = light[(away_km > km[0]) & (away_km <= km[1]) & (grid.colatitude() < np.radians(20))].mean(axis=0)
    return float(ring[0] / ring[2])


def with_fringe(north: np.ndarray) -> np.ndarray:
    """Return the cap as an image shows it that blurs the edge of the ice, matched to tones of bare ground."""
    light = gaussian_filter(north, (3, 3, 0))
    dust = np.array([0.43, 0.265, 0.11])
    # What is brighter than the plains and not yet ice has become bright dust.
    share = np.clip((light[..., 1] - 0.17) / 0.05, 0, 1) * (light[..., 2] < 0.22)
    return light + (dust - light) * share[..., None]


def test_ice_has_no_ochre_fringe(north: np.ndarray) -> None:
    """The ground within 15 km of ice is no yellower than the ground 60 km off."""
    fringed = with_fringe(north)
    assert yellowness(fringed, (3, 15)) > yellowness(fringed, (55, 65))
    fitted = decode(fit_polar_cap(encode(fringed), encode(north), PATCH_SPAN_RAD, "own").patch)
    assert yellowness(fitted, (3, 15)) < yellowness(fitted, (55, 65))
    # Far from ice, and on it, nothing changes.
    away = colatitude() > 21
    assert np.abs(fitted - fringed)[away].max() < 0.01


def test_the_choice_of_a_cap_is_obeyed(north: np.ndarray) -> None:
    burnt = north.copy()
    burnt[colatitude() < 11.0] = 0.6
    inside = colatitude() < 9.0
    for patch, choice, own in ((burnt, "own", True), (burnt, "auto", False), (north, "auto", True)):
        assert fit_polar_cap(encode(patch), encode(north), PATCH_SPAN_RAD, choice).own is own
    kept = decode(fit_polar_cap(encode(burnt), encode(north), PATCH_SPAN_RAD, "own").patch)
    assert kept[inside].std() < 0.02
    other = np.roll(north, 3, axis=0)
    replaced = fit_polar_cap(encode(other), encode(north), PATCH_SPAN_RAD, "default")
    assert not replaced.own
    assert np.abs(decode(replaced.patch) - north)[inside].mean() < 0.01


@pytest.mark.parametrize("name", ["mars_colour_celestia_4096.jpg", "mars_colour_cosmographia_8192.jpg"])
def test_caps_of_other_maps_are_their_own_without_a_fringe(
    name: str, reference: Callable[[str], Path], mars: PlanetMaps
) -> None:
    maps = surface_maps(Surface("mars", map=MapFile(reference(name), Conventions(lon0_deg=-180.0))))
    assert "north cap: its own, as their troughs correlate" in maps.credits
    assert "south cap: its own" in maps.credits
    for codes in (maps.north, maps.south):
        light = decode(np.asarray(Image.fromarray(np.asarray(codes)).resize((1024, 1024), Image.Resampling.BOX)))
        assert yellowness(light, (3, 15)) < yellowness(light, (55, 65))
    for pole in ("north", "south"):
        slopes, relief = (np.asarray(getattr(each, f"{pole}_relief")) for each in (maps, mars))
        np.testing.assert_array_equal(slopes[..., :3], relief[..., :3])
        size = len(slopes) // 4
        blue, default_blue = (decode(shrunk(getattr(each, pole), size))[..., 2] for each in (maps, mars))
        ice, default_ice = (shrunk(each[..., 3], size) / 255 for each in (slopes, relief))
        if pole == "north":
            # Ice where the user's map is bright in blue, and none where it is dark, whatever the default has there.
            bright, dark = (blue > 0.3) & (default_ice < 0.7), (blue < 0.1) & (default_ice > 0.5)
            assert min(bright.sum(), dark.sum()) > 200
            assert ice[bright].mean() > 0.98
            assert ice[dark].mean() < 0.04
        # On the default's own colours the same rule finds the ice that the default has by its areal share.
        found = shrunk(own_ice(np.asarray(getattr(mars, pole)), relief)[..., 3], size) / 255
        assert np.abs(found - default_ice)[default_blue > 0.1].mean() < 0.06
        # Both maps show the residual caps, whose area is that of the default; and bright dust is no ice.
        assert ice.sum() == pytest.approx(default_ice.sum(), rel=0.15)
        dust = PolarGrid(size, PATCH_SPAN_RAD).colatitude() > np.radians(14.0)
        if pole == "south":
            assert ice[dust].mean() < 0.001


def shrunk(codes: np.ndarray, size: int) -> np.ndarray:
    return np.asarray(Image.fromarray(np.ascontiguousarray(codes)).resize((size, size), Image.Resampling.BOX))


def test_the_map_of_a_scene_says_which_caps_it_has(mars: PlanetMaps, tmp_path: Path, library: Path) -> None:
    """A map coarser than the default keeps its caps only if asked to."""
    light = np.full((256, 512, 3), 0.3) + 0.2 * np.sin(np.arange(512) / 20)[None, :, None]
    light[:30] = 0.9
    Image.fromarray((255 * light).astype(np.uint8)).save(tmp_path / "m.png")

    def credits(cap: str) -> str:
        file = MapFile(tmp_path / "m.png", Conventions(lon0_deg=0.0), cap=cap)  # type: ignore[arg-type]
        return surface_maps(Surface("mars", map=file)).credits

    assert "north cap: of the default map, which is finer" in credits("auto")
    assert "north cap: its own, as cap = 'own' asks" in credits("own")
