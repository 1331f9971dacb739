"""Hellas and Olympus Mons in the relief that is drawn: where the gazetteer has them, shaped as MOLA has them.

In the albedo neither can be placed (docs/maps.md). Slopes are the gradient of these heights (test_relief.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import grey_closing, label

from selfiesim.planet.library.gazetteer import locate
from selfiesim.planet.maps import planet_maps
from selfiesim.planet.maps.planet_maps import PlanetMaps
from selfiesim.planet.terrain import relief

ROWS = 720
LAT = (0.5 - (np.arange(ROWS) + 0.5) / ROWS)[:, None] * np.pi
LON = (np.arange(2 * ROWS) + 0.5)[None, :] / ROWS * np.pi
OLYMPUS, HELLAS, PATERAE = "Olympus Mons", "Hellas Planitia", "Olympus Paterae"
tolerance_deg = 0.2


def unit(lat_deg: float, lon_deg: float) -> np.ndarray:
    lat, lon = np.radians([lat_deg, lon_deg])
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


WAYS = np.stack(np.broadcast_arrays(np.cos(LAT) * np.cos(LON), np.cos(LAT) * np.sin(LON), np.sin(LAT)), axis=-1)
AREA = np.broadcast_to(np.cos(LAT), (ROWS, 2 * ROWS))


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1.0, 1.0))))


def middle(weight: np.ndarray) -> np.ndarray:
    """Middle of an area on the sphere, unit vector; ``weight`` is of each cell."""
    total = (WAYS * (weight * AREA)[..., None]).sum(axis=(0, 1))
    return np.asarray(total / np.linalg.norm(total))


def around(place: np.ndarray, degrees: float) -> np.ndarray:
    return np.asarray(WAYS @ place > np.cos(np.radians(degrees)))


def outline(height: np.ndarray, place: np.ndarray, degrees: float, level_m: float) -> np.ndarray:
    """The connected ground above a level (below it, for heights turned over) within reach of a place."""
    high = around(place, degrees) & (height > level_m)
    parts, _count = label(high)
    top = np.unravel_index(np.where(high, height, -1e9).argmax(), height.shape)
    return np.asarray(parts == parts[top])


def pit(height: np.ndarray, place: np.ndarray) -> np.ndarray:
    """How deep each cell lies in a closed hollow of at most two degrees, near a place."""
    return (grey_closing(height, size=(15, 15)) - height) * around(place, 2.0)


@pytest.fixture(scope="module")
def ours() -> np.ndarray:
    return relief.globe_height(ROWS)


@pytest.fixture(scope="module")
def mola(reference: Callable[[str], Path]) -> np.ndarray:
    """Metres over the areoid, the same grid (megt90n000cb)."""
    raw = np.fromfile(reference("mola_megt90n000cb_4ppd.img"), ">i2")
    return raw.reshape(ROWS, 2 * ROWS).astype(np.float32)


@pytest.fixture(scope="module")
def gazetteer(reference: Callable[[str], Path]) -> dict[str, np.ndarray]:
    """Places (3,) by name, from the IAU's list itself."""
    rows = [row.split("\t") for row in reference("mars_nomenclature.tsv").read_text(encoding="utf-8").splitlines()]
    names = {row[2].split('"')[1]: row for row in rows}
    return {name: unit(*(float(x) for x in names[name][4:6])) for name in (OLYMPUS, HELLAS, PATERAE)}


def test_olympus_stands_where_the_gazetteer_has_it(ours: np.ndarray, gazetteer: dict[str, np.ndarray]) -> None:
    """The outline of the mountain, at its cliff, and the caldera aside of its middle."""
    mountain = middle(outline(ours, gazetteer[OLYMPUS], 8.0, 4000.0))
    assert apart(mountain, gazetteer[OLYMPUS]) < tolerance_deg
    assert apart(middle(pit(ours, gazetteer[PATERAE])), gazetteer[PATERAE]) < tolerance_deg


def test_hellas_lies_where_the_gazetteer_has_it(ours: np.ndarray, gazetteer: dict[str, np.ndarray]) -> None:
    for level in (-5000.0, -3000.0, -1000.0):
        basin = middle(outline(-ours, gazetteer[HELLAS], 24.0, -level))
        assert apart(basin, gazetteer[HELLAS]) < 1.5 * tolerance_deg
    rim = middle(outline(-ours, gazetteer[HELLAS], 24.0, 1000.0))
    assert apart(rim, gazetteer[HELLAS]) < tolerance_deg


# MOLA has the caldera within 0.05 degree of the gazetteer, the cliff within 0.1; Hellas is no circle, and its middle
# drifts by a degree with the level.
def test_olympus_has_the_shape_mola_measured(ours: np.ndarray, mola: np.ndarray) -> None:
    place = unit(*(getattr(locate(OLYMPUS), key) for key in ("lat_deg", "lon_deg")))
    assert apart(middle(pit(ours, place)), middle(pit(mola, place))) < tolerance_deg
    assert ours[around(place, 4.0)].max() == pytest.approx(mola[around(place, 4.0)].max(), rel=0.12)
    assert pit(ours, place).max() == pytest.approx(pit(mola, place).max(), rel=0.2)
    for level in (2000.0, 4000.0, 6000.0, 8000.0, 10_000.0):
        areas = [(outline(each, place, 8.0, level) * AREA).sum() for each in (ours, mola)]
        assert areas[0] == pytest.approx(areas[1], rel=0.1)
    feet = [middle(outline(each, place, 8.0, 4000.0)) for each in (ours, mola)]
    assert apart(*feet) < tolerance_deg


def test_hellas_has_the_shape_mola_measured(ours: np.ndarray, mola: np.ndarray) -> None:
    place = unit(*(getattr(locate(HELLAS), key) for key in ("lat_deg", "lon_deg")))
    for level in (-5000.0, -4000.0, -3000.0, -2000.0):
        basins = [outline(-each, place, 24.0, -level) for each in (ours, mola)]
        assert apart(*(middle(each) for each in basins)) < 1.7
        assert (basins[0] * AREA).sum() == pytest.approx((basins[1] * AREA).sum(), rel=0.3)


def test_the_calderas_walls_are_drawn_round_the_gazetteers_place(
    mars: PlanetMaps, gazetteer: dict[str, np.ndarray]
) -> None:
    """The coded slopes that the shader reads: their lines meet in the middle of the caldera."""
    x, y, z = gazetteer[PATERAE]
    lat0, lon0 = np.arcsin(z), np.arctan2(y, x)
    km = np.linspace(-42.0, 42.0, 81)
    north, east = (each.ravel() for each in np.meshgrid(km, km))
    wall = (np.hypot(north, east) > 32.0) & (np.hypot(north, east) < 41.0)
    lat = lat0 + north[wall] / 3389.5
    lon = lon0 + east[wall] / 3389.5 / np.cos(lat)
    gradient = planet_maps.relief(mars, lat, lon)[0]
    to_east = np.stack([-np.sin(lon), np.cos(lon), 0 * lon], axis=-1)
    to_north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=-1)
    x, y = (gradient * to_east).sum(axis=-1), (gradient * to_north).sum(axis=-1)
    assert (x * east[wall] + y * north[wall]).mean() > 0.0  # up, outward
    lines = np.stack([y, -x], axis=-1)
    found = np.linalg.lstsq(lines, y * east[wall] - x * north[wall], rcond=None)[0]
    assert np.hypot(*found) / 3389.5 < np.radians(tolerance_deg)
