"""Registration of maps: features are at their true places.

A compact bright area on dark ground has a measurable centroid: the ice in Korolev and in Dokka, to half a pixel or so.
The albedo edges of Syrtis Major and Hellas are irregular, drift with dust and do not surround the gazetteer's centre;
Olympus Mons is as bright as its plains. There the tests find the shift at which a map agrees best with topography,
where craters and slopes show in it as shading (MOLA), or with a map that has passed that test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label

from selfiesim.planet.maps import surface
from selfiesim.planet.maps.map_file import MapFile
from selfiesim.planet.maps.planet_maps import PlanetMaps, reflectance
from selfiesim.planet.maps.surface import Surface, surface_maps
from selfiesim.planet.places.gazetteer import locate
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.resample import read_map

tolerance_deg = 0.2
WIDTH = 2880  # columns of the maps compared: 8 pixels per degree
COSMOGRAPHIA = "mars_colour_cosmographia_8192.jpg"


@pytest.fixture(scope="module")
def fine(reference: Callable[[str], Path], mars: PlanetMaps) -> Iterator[PlanetMaps]:
    """The reference map of 8192x4096, as a scene would use it."""
    conventions = Conventions(lon0_deg=-180.0)
    yield surface_maps(Surface("mars", map=MapFile(reference(COSMOGRAPHIA), conventions)))
    surface._own_maps.cache_clear()


def ice_offset(maps: PlanetMaps, name: str) -> tuple[float, float]:
    """Return the offset of a crater's ice from the crater, in degrees north and east."""
    crater = locate(name)
    radius = np.degrees(crater.diameter_km / 2 / 3389.5)
    step = np.linspace(-2 * radius, 2 * radius, 121)
    lat = np.radians(crater.lat_deg + step)[:, None]
    lon = np.radians(crater.lon_deg + step / np.cos(np.radians(crater.lat_deg)))[None, :]
    tone = reflectance(maps, lat, lon)[..., 2]  # ice contrasts most in blue
    parts, _count = label(tone > 0.5 * (np.median(tone) + tone.max()))
    here = parts == parts[60, 60]
    assert parts[60, 60] > 0, f"no ice in {name}"
    rows, columns = np.nonzero(here)
    return float(step[rows].mean()), float(step[columns].mean())


@pytest.mark.parametrize("name", ["Korolev", "Dokka"])
def test_ice_is_in_its_crater_on_the_default_map(mars: PlanetMaps, name: str) -> None:
    north, east = ice_offset(mars, name)
    assert np.hypot(north, east) < tolerance_deg


def grid(maps: PlanetMaps) -> np.ndarray:
    lat = (0.5 - (np.arange(WIDTH // 2) + 0.5) / (WIDTH // 2))[:, None] * np.pi
    lon = (np.arange(WIDTH) + 0.5)[None, :] / WIDTH * 2 * np.pi
    return np.sqrt(reflectance(maps, lat, lon)[..., 1])


def fine_part(field: np.ndarray, widest: float) -> np.ndarray:
    return gaussian_filter(field, 1.0, mode="wrap") - gaussian_filter(field, widest, mode="wrap")


def window(lat_deg: float, lon_deg: float, half_deg: float) -> tuple[np.ndarray, np.ndarray]:
    row, column = int((90 - lat_deg) * 8), int(lon_deg * 8)
    wide = int(half_deg * 8 / np.cos(np.radians(lat_deg)))
    return np.arange(row - int(half_deg * 8), row + int(half_deg * 8)), np.arange(column - wide, column + wide)


def best_shift(agreement: Callable[[int, int], float], reach: int = 6) -> tuple[float, float, float]:
    """Return the shift of best agreement, in degrees north and of longitude east, and the agreement there."""
    table = np.array([[agreement(i, j) for j in range(-reach, reach + 1)] for i in range(-reach, reach + 1)])
    i, j = np.unravel_index(table.argmax(), table.shape)
    assert 0 < i < 2 * reach
    assert 0 < j < 2 * reach
    peak = table[i, j]

    def between(before: float, after: float) -> float:
        return 0.5 * (before - after) / (before - 2 * peak + after)

    down = i - reach + between(table[i - 1, j], table[i + 1, j])
    right = j - reach + between(table[i, j - 1], table[i, j + 1])
    return -down / 8, right / 8, float(peak)


@pytest.fixture(scope="module")
def shading(reference: Callable[[str], Path]) -> list[np.ndarray]:
    """Slopes toward east and south, and heights, by MOLA: their fine part."""
    keys = Conventions(shape=(1440, 720), dtype=">i2", lon0_deg=0.0)
    height = read_map(reference("mola_megt90n000cb_4ppd.img"), "elevation", WIDTH, conventions=keys)
    lat = np.radians(90 - (np.arange(WIDTH // 2) + 0.5) / 8)[:, None]
    down, right = np.gradient(height)
    return [fine_part(each, 10) for each in (right / np.cos(lat), down, height)]


@pytest.fixture(scope="module")
def fine_tone(fine: PlanetMaps) -> np.ndarray:
    """Fine part of the reference map's tones."""
    return fine_part(grid(fine), 10)


@pytest.fixture(scope="module")
def both_tones(mars: PlanetMaps, fine: PlanetMaps) -> tuple[np.ndarray, np.ndarray]:
    """Finer part of the tones of the default map and of the reference map."""
    return fine_part(grid(mars), 8), fine_part(grid(fine), 8)


# MOLA: positions good to 0.003 degree (Smith et al. 2001, JGR 106, 23689; recalled). The terrain around each feature
# is rough, so that slopes show as shading.
@pytest.mark.parametrize(
    ("name", "half_deg"),
    [("Argyre Planitia", 10), ("Galle", 10), ("Lyot", 10), ("Syrtis Major Planum", 5), ("Huygens", 10)],
)
def test_the_reference_map_agrees_with_topography(
    fine_tone: np.ndarray, shading: list[np.ndarray], name: str, half_deg: float
) -> None:
    feature = locate(name)
    rows, columns = window(feature.lat_deg, feature.lon_deg, half_deg)
    basis = np.stack(
        [each[np.ix_(rows, columns % WIDTH)].ravel() for each in shading] + [np.ones(rows.size * columns.size)]
    )
    span = np.linalg.qr(basis.T)[0]

    def agreement(i: int, j: int) -> float:
        seen = fine_tone[np.ix_(rows + i, (columns + j) % WIDTH)].ravel()
        seen = seen - seen.mean()
        return float(((span.T @ seen) ** 2).sum() / (seen**2).sum())

    north, east, share = best_shift(agreement)
    assert share > 0.05
    assert np.hypot(north, east * np.cos(np.radians(feature.lat_deg))) < tolerance_deg


# Places where the two images agree; over Hellas and Olympus Mons they do not (correlation 0 and 0.2).
@pytest.mark.parametrize(
    "name", ["Korolev", "Syrtis Major Planum", "Huygens", "Schiaparelli", "Lyot", "Meridiani Planum"]
)
def test_the_default_map_agrees_with_the_reference_map(both_tones: tuple[np.ndarray, np.ndarray], name: str) -> None:
    feature = locate(name)
    rows, columns = window(feature.lat_deg, feature.lon_deg, 10)
    ours, other = both_tones
    there = other[np.ix_(rows, columns % WIDTH)].ravel()

    def agreement(i: int, j: int) -> float:
        return float(np.corrcoef(ours[np.ix_(rows + i, (columns + j) % WIDTH)].ravel(), there)[0, 1])

    north, east, correlation = best_shift(agreement)
    assert correlation > 0.4
    assert np.hypot(north, east * np.cos(np.radians(feature.lat_deg))) < tolerance_deg
