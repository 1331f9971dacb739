"""The heights of the Moon, and its mosaic with and without shading."""

from __future__ import annotations

import numpy as np
import pytest
from test_cast_shadows import SUN_RADIUS, at, clearance, shadow_map, sun_over, unit

from selfiesim import planet
from selfiesim.planet.maps.globes import _grey_light
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.packaged_images import packaged_image_path
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.terrain import moon_heights
from selfiesim.planet.terrain.map_shading import relief_from_shading, remove_shading, smooth_globe

ROWS = 1024
RADIUS_M = 1_737_400.0


# Radii of the landing sites, km: Davies and Colvin 2000, J. Geophys. Res. 105, 20277, from retroreflectors, radio and
# pictures, without any altimeter (recalled, not checked).
@pytest.mark.parametrize(
    ("lat", "lon", "radius_km"),
    [
        (0.67408, 23.47297, 1735.472),
        (-3.01239, -23.42157, 1736.015),
        (-3.64530, -17.47136, 1736.359),
        (26.13222, 3.63386, 1735.477),
        (-8.97301, 15.50019, 1737.453),
        (20.19080, 30.77168, 1734.774),
    ],
)
def test_apollo_landed_on_these_heights(figure, lat, lon, radius_km):
    worst = abs(planet.height(lat, lon, "moon") - (1000 * radius_km - RADIUS_M))
    figure("planet", "heights of the Moon at the six Apollo sites", "Davies and Colvin 2000", worst, 120.0, "m")


def test_highest_and_lowest_ground():
    # LOLA (Smith et al. 2010): +10.8 km near 5 N, 201 E, and -9.1 km in a small crater inside Antoniadi.
    height = moon_heights.load_grid().at(
        np.radians(np.arange(-89.5, 90, 0.5))[:, None], np.radians(np.arange(0, 360, 0.5))
    )
    assert 9_500 < height.max() < 10_800
    assert -9_100 < height.min() < -8_000
    lat, lon = (index[0] for index in np.nonzero(height == height.max()))
    assert (-89.5 + 0.5 * lat, 0.5 * lon) == pytest.approx((5.4, 201.4), abs=2.0)


# The wall of Tycho by a Sun of 14 degrees, and highlands by a low one.
@pytest.mark.parametrize(
    ("place", "elevation_deg", "toward"), [((-43.3, 348.8), 14.0, (0, 80)), ((20, 160), 5, (0, 90))]
)
def test_shadows_are_those_of_a_march_toward_the_sun(place, elevation_deg, toward):
    heights = load_maps("moon").heights
    middle = at(*place)
    sun = sun_over(middle, elevation_deg, at(*toward))
    radii = (RADIUS_M,) * 3
    found = shadow_map(heights, sun, middle, 2.4, radii)
    places = unit(middle + np.random.default_rng(5).uniform(-0.05, 0.05, (20_000, 3)))
    fraction = found.visible_fraction(places)
    lit, shaded = places[fraction >= 0.5][:300], places[fraction < 0.5][:300]
    assert len(shaded) > 40
    for expected, sample in ((True, lit), (False, shaded)):
        angle = clearance(heights, sample, sun, radii)
        assert ((angle > 0) == expected)[np.abs(angle) > 1.2 * SUN_RADIUS].mean() > 0.96


@pytest.fixture(scope="module")
def mosaic():
    """The packaged mosaic of the Moon, linear light, (1024, 2048)."""
    with open_raster(packaged_image_path("Moon.jpg"), Conventions(coding="linear")) as raster:
        return _grey_light(raster)


@pytest.fixture(scope="module")
def slopes():
    """Measured slopes toward east and north at the mosaic's pixels, without waves over 400 km."""
    grid = moon_heights.load_grid()
    parts = [grid.gradient(slice(top, top + 256)) for top in range(0, grid.rows, 256)]
    fields = (np.concatenate([part[axis] for part in parts]) for axis in (0, 1))
    means = [field.reshape(ROWS, 2, 2 * ROWS, 2).mean(axis=(1, 3)) for field in fields]
    return [field - smooth_globe(field, 60 / moon_heights.RADIUS_KM) for field in means]


@pytest.fixture(scope="module")
def shape(mosaic):
    """Slopes toward east and north, from the mosaic's shading alone."""
    return relief_from_shading(mosaic, moon_heights.RADIUS_KM).heights.gradient(slice(0, ROWS))


def rows_between(low_deg, high_deg):
    lat = 90 - (np.arange(ROWS) + 0.5) / ROWS * 180
    return (lat >= low_deg) & (lat < high_deg)


def square(lat_deg, lon_deg):
    """Index of the pixels within 3 degrees of a place."""
    row, column = int((90 - lat_deg) / 180 * ROWS), int(lon_deg / 180 * ROWS)
    return slice(row - 17, row + 17), slice(column - 17, column + 17)


def correlation(one, other):
    return float(np.corrcoef(one.ravel(), other.ravel())[0, 1])


@pytest.mark.parametrize(("low", "high"), [(-55, -35), (-30, -10), (10, 30), (35, 55)])
def test_slopes_from_shading_are_those_that_lola_measured(figure, shape, slopes, low, high):
    zone = rows_between(low, high)
    for ours, measured, least, way in zip(shape, slopes, (0.78, 0.60), ("east", "north"), strict=True):
        found = correlation(ours[zone], measured[zone])
        figure("planet", f"slopes of the Moon from shading, {way}, correlation", "LOLA", found, least, least=True)
        assert 0.6 < ours[zone].std() / measured[zone].std() < 1.2


def test_shading_is_removed_and_albedo_stays(mosaic, slopes):
    tone = remove_shading(mosaic, moon_heights.load_grid(), 58.0)
    far_side, level = np.ix_(rows_between(0, 40), np.arange(640, 1000)), 60 / moon_heights.RADIUS_KM

    def shading(light):
        contrast = light / np.maximum(smooth_globe(light, level), 1e-3) - 1
        return abs(correlation(contrast[far_side], slopes[0][far_side]))

    assert shading(mosaic) > 0.6
    assert shading(tone) < 0.2
    # Maria stay dark: Serenitatis against the highlands around Stoefler.
    sea, land = (tone[patch].mean() for patch in (square(28, 19), square(-41, 20)))
    assert sea < 0.75 * land
