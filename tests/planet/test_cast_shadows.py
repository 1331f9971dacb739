"""Shadows of relief: against a march toward the Sun over the same heights, and against geometry."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.planet.maps.planet_maps import PATCH_SPAN_RAD, PlanetMaps
from selfiesim.planet.terrain.cast_shadows import ShadowGrid, ShadowMap, cast_shadows, disc_fraction
from selfiesim.planet.terrain.surface_heights import SurfaceHeights, encode_heights

RADII_M = (3_396_190.0, 3_396_190.0, 3_376_200.0)
SPHERE_M = (3_389_500.0,) * 3
SUN_RADIUS = np.radians(0.175)
STEP_M = 300.0


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def at(lat_deg: float, lon_deg: float) -> np.ndarray:
    lat, lon = np.radians(lat_deg), np.radians(lon_deg)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def sun_over(place: np.ndarray, elevation_deg: float, azimuth: np.ndarray) -> np.ndarray:
    """Direction of a Sun at an elevation over a place; ``azimuth`` is any vector toward which it is seen."""
    level = unit(azimuth - (azimuth @ place) * place)
    return np.cos(np.radians(elevation_deg)) * level + np.sin(np.radians(elevation_deg)) * place


def shadow_map(
    heights: SurfaceHeights, sun: np.ndarray, place: np.ndarray, texel_km: float, radii_m: tuple[float, ...], half=0.1
) -> ShadowMap:
    """The shadows within ``half`` rad of a place."""
    across = unit(place - (place @ sun) * sun)
    frame = np.stack([across, np.cross(sun, across), sun])
    per_turn = int(2 * np.pi * 3389.5 / texel_km)
    count = int(2 * half * per_turn / (2 * np.pi))
    first_row = int(place @ sun / (2 * np.pi / per_turn)) - count // 2
    grid = ShadowGrid(per_turn, -count // 2, count, first_row, count)
    return cast_shadows(heights, grid, frame, radii_m, SUN_RADIUS)


def height_at(heights: SurfaceHeights, directions: np.ndarray) -> np.ndarray:
    parts = tuple(np.ascontiguousarray(part) for part in np.moveaxis(directions.astype(np.float32), -1, 0))
    height = heights.of_globe(parts)
    heights.add_patches(height, parts)
    return height.astype(float)


def ellipsoid_radius(directions: np.ndarray, radii_m: tuple[float, ...]) -> np.ndarray:
    return 1 / np.sqrt(((directions / np.array(radii_m)) ** 2).sum(axis=-1))


def clearance(heights: SurfaceHeights, directions: np.ndarray, sun: np.ndarray, radii_m: tuple[float, ...]):
    """The smallest angle, rad, between the ray to the Sun's centre and the ground along it: negative in shadow."""
    start = directions * (ellipsoid_radius(directions, radii_m) + height_at(heights, directions))[:, None]
    along = np.arange(STEP_M, 250_000.0, STEP_M)
    points = start[:, None] + along[:, None] * sun
    radius = np.linalg.norm(points, axis=-1)
    ways = points / radius[..., None]
    above = radius - ellipsoid_radius(ways, radii_m) - height_at(heights, ways)
    return (above / along).min(axis=1)


# Highlands and the rim of a patch by a low Sun, the south cap, and the pole itself.
@pytest.mark.parametrize(
    ("place", "elevation_deg", "toward"),
    [((-20, 350), 5.0, (0, 80)), ((68, 165), 3.5, (0, 200)), ((-80, 20), 4.0, (0, 30)), ((89.9, 0), 3.0, (0, 300))],
)
def test_shadows_are_those_of_a_march_toward_the_sun(mars: PlanetMaps, place, elevation_deg, toward):
    middle = at(*place)
    sun = sun_over(middle, elevation_deg, at(*toward))
    found = shadow_map(mars.heights, sun, middle, 2.4, RADII_M)
    rng = np.random.default_rng(5)
    places = unit(middle + rng.uniform(-0.06, 0.06, (20_000, 3)))
    fraction = found.visible_fraction(places)
    # As many in shadow as in sunlight, so that either kind of error counts.
    lit, shaded = places[fraction >= 0.5][:300], places[fraction < 0.5][:300]
    assert len(shaded) > 40
    for expected, sample in ((True, lit), (False, shaded)):
        angle = clearance(mars.heights, sample, sun, RADII_M)
        umbra = np.abs(angle) > 1.2 * SUN_RADIUS
        assert ((angle > 0) == expected)[umbra].mean() > 0.99
        assert ((angle > 0) == expected).mean() > 0.91


def test_korolevs_ice_casts_a_shadow_as_long_as_a_march_finds(mars: PlanetMaps):
    """By the Sun of tianwen1-mars: from the rim and the dome of ice inside it."""
    middle = at(72.77, 164.58)
    sun = sun_over(middle, 3.6, at(20, 290))
    found = shadow_map(mars.heights, sun, middle, 2.4, RADII_M)
    level = unit(sun - (sun @ middle) * middle)
    line = unit(middle + np.arange(-60e3, 60e3, 250.0)[:, None] / 3.3895e6 * level)
    ours = 0.25 * (found.visible_fraction(line) < 0.5).sum()
    marched = 0.25 * (clearance(mars.heights, line, sun, RADII_M) < 0).sum()
    assert marched > 8
    assert ours == pytest.approx(marched, abs=2.4)  # km, a texel


RIDGE_KM = 2.0 * np.exp(-0.5 * ((np.arange(60, 140, 0.1) - 100) / 5.0) ** 2)


@pytest.fixture(scope="module")
def ridge() -> SurfaceHeights:
    """A sphere with a smooth ridge 2 km high, 100 km from the north pole toward lon 0."""
    size = 2048
    x = (2 * (np.arange(size) + 0.5) / size - 1) * 2 * np.sin(PATCH_SPAN_RAD / 2) * 3389.5
    profile = np.interp(x, np.arange(60, 140, 0.1), RIDGE_KM * 1000, left=0.0, right=0.0)
    height = np.repeat(profile[:, None], size, axis=1).astype(np.float32)
    flat = encode_heights(np.zeros((68, 132), np.float32))
    return SurfaceHeights.from_bytes(flat, encode_heights(height), encode_heights(0 * height), PATCH_SPAN_RAD)


@pytest.mark.parametrize("elevation_deg", [3.0, 5.0])
@pytest.mark.parametrize("texel_km", [1.2, 2.4])
def test_a_ridge_casts_a_shadow_with_the_penumbra_of_the_sun(ridge: SurfaceHeights, elevation_deg, texel_km):
    pole = at(90, 0)
    found = shadow_map(ridge, sun_over(pole, elevation_deg, at(0, 0)), pole, texel_km, SPHERE_M, 0.06)
    arc_km = np.arange(-10, 95, 0.05)
    arc = arc_km / 3389.5
    fraction = found.visible_fraction(np.stack([np.sin(arc), np.zeros_like(arc), np.cos(arc)], axis=-1))

    def tip_km(elevation: float) -> float:
        # A ray has a constant distance from the line through centre and Sun: r cos(elevation).
        crest = slice(350, 450)
        top = ((3389.5 + RIDGE_KM) * np.cos(elevation + np.arange(60, 140, 0.1) / 3389.5))[crest].max()
        return float(3389.5 * (np.arccos(top / 3389.5) - elevation))

    center, low, high = (tip_km(np.radians(elevation_deg) + limb) for limb in (0.0, -SUN_RADIUS, SUN_RADIUS))
    assert low < center < high
    assert arc_km[fraction < 0.5].min() == pytest.approx(center, abs=0.4 * texel_km)
    penumbra_km = 0.05 * ((fraction > 0.005) & (fraction < 0.995) & (arc_km < high + 3)).sum()
    assert penumbra_km == pytest.approx(high - low, abs=texel_km)


def test_a_place_has_one_shadow_in_any_grid(mars: PlanetMaps):
    """Grids are cut from one lattice: as a camera moves, shadows stay."""
    middle = at(75, 165)
    sun = sun_over(middle, 3.0, at(0, 200))
    wide = shadow_map(mars.heights, sun, middle, 2.4, RADII_M, 0.1)
    grid = wide.grid
    part = ShadowGrid(grid.columns_per_turn, grid.first_column + 50, 100, grid.first_row, grid.rows)
    again = cast_shadows(mars.heights, part, wide.frame, RADII_M, SUN_RADIUS)
    assert np.abs(again.codes.astype(int) - wide.codes[:, 50:150]).max() <= 12
    assert np.abs(again.codes.astype(int) - wide.codes[:, 50:150]).mean() < 0.3


def test_a_sun_beside_the_axis_of_the_map_casts_the_same_shadows(mars: PlanetMaps):
    """Frames of a film share a map's heights while the Sun moves by up to a third of a degree."""
    middle = at(72.77, 164.58)
    sun = sun_over(middle, 3.6, at(20, 290))
    own = shadow_map(mars.heights, sun, middle, 2.4, RADII_M)
    axis = unit(sun + np.radians(0.25) * unit(np.cross(sun, at(30, 100))))
    across = unit(middle - (middle @ axis) * axis)
    frame = np.stack([across, np.cross(axis, across), axis])
    kept = cast_shadows(mars.heights, own.grid, frame, RADII_M, SUN_RADIUS, sun)
    unturned = cast_shadows(mars.heights, own.grid, frame, RADII_M, SUN_RADIUS)
    places = unit(middle + np.random.default_rng(5).uniform(-0.05, 0.05, (20_000, 3)))
    fraction, same, other = (each.visible_fraction(places) for each in (own, kept, unturned))
    assert np.abs(same - fraction).mean() < 0.02
    assert np.abs(other - fraction).mean() > 2 * np.abs(same - fraction).mean()


def test_the_penumbra_is_that_of_the_suns_darkened_limb():
    cut = np.linspace(-1, 1, 201)  # the ray that grazes the ground, in radii of the disc
    # Linear limb darkening of 0.6, integrated along chords.
    chord = 0.8 * np.sqrt(1 - cut**2) + 0.3 * np.pi * (1 - cut**2)
    above = 1 - np.cumsum(chord) / chord.sum()
    height = np.stack([-1 - cut, 1 - cut], axis=-1)
    assert disc_fraction(np.sign(height) * np.sqrt(np.abs(height))) == pytest.approx(above, abs=0.025)
