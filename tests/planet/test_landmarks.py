"""Hellas and Olympus Mons in the measured heights: placed as in the gazetteer, shaped as in MOLA's own grid.

Neither can be located in the albedo (docs/maps.md). Slopes are the gradient of these heights (test_relief.py).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from height_charts import synthesize
from scipy.ndimage import grey_closing, label

from selfiesim.planet.places.gazetteer import locate

ROWS = 720
LAT = (0.5 - (np.arange(ROWS) + 0.5) / ROWS)[:, None] * np.pi
LON = (np.arange(2 * ROWS) + 0.5)[None, :] / ROWS * np.pi
OLYMPUS, HELLAS, PATERAE = "Olympus Mons", "Hellas Planitia", "Olympus Paterae"
tolerance_deg = 0.2


def unit(lat_deg: float, lon_deg: float) -> np.ndarray:
    lat, lon = np.radians([lat_deg, lon_deg])
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


DIRECTIONS = np.stack(np.broadcast_arrays(np.cos(LAT) * np.cos(LON), np.cos(LAT) * np.sin(LON), np.sin(LAT)), axis=-1)
AREA = np.broadcast_to(np.cos(LAT), (ROWS, 2 * ROWS))


def separation_deg(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.degrees(np.arccos(np.clip(a @ b, -1.0, 1.0))))


def centroid(weight: np.ndarray) -> np.ndarray:
    """Return the centroid (3,), a unit vector, of an area on the sphere with a weight per cell."""
    total = (DIRECTIONS * (weight * AREA)[..., None]).sum(axis=(0, 1))
    return np.asarray(total / np.linalg.norm(total))


def around(place: np.ndarray, degrees: float) -> np.ndarray:
    return np.asarray(DIRECTIONS @ place > np.cos(np.radians(degrees)))


def outline(height: np.ndarray, place: np.ndarray, degrees: float, level_m: float) -> np.ndarray:
    """Return the connected ground above a level within reach of a place; negated heights give basins."""
    high = around(place, degrees) & (height > level_m)
    parts, _count = label(high)
    top = np.unravel_index(np.where(high, height, -1e9).argmax(), height.shape)
    return np.asarray(parts == parts[top])


def pit(height: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the depth of each cell inside a closed depression of at most two degrees near a place."""
    return (grey_closing(height, size=(15, 15)) - height) * around(place, 2.0)


@pytest.fixture(scope="module")
def ours() -> np.ndarray:
    return synthesize(ROWS)


@pytest.fixture(scope="module")
def mola(reference: Callable[[str], Path]) -> np.ndarray:
    """Height above the areoid, m, on the same grid (megt90n000cb)."""
    raw = np.fromfile(reference("mola_megt90n000cb_4ppd.img"), ">i2")
    return raw.reshape(ROWS, 2 * ROWS).astype(np.float32)


@pytest.fixture(scope="module")
def gazetteer(reference: Callable[[str], Path]) -> dict[str, np.ndarray]:
    """Unit vectors (3,) by name, from the IAU's list."""
    rows = [row.split("\t") for row in reference("mars_nomenclature.tsv").read_text(encoding="utf-8").splitlines()]
    names = {row[2].split('"')[1]: row for row in rows}
    return {name: unit(*(float(x) for x in names[name][4:6])) for name in (OLYMPUS, HELLAS, PATERAE)}


def test_olympus_mons_is_where_the_gazetteer_has_it(ours: np.ndarray, gazetteer: dict[str, np.ndarray]) -> None:
    """Outline of the mountain at its cliff, and its off-centre caldera."""
    mountain = centroid(outline(ours, gazetteer[OLYMPUS], 8.0, 4000.0))
    assert separation_deg(mountain, gazetteer[OLYMPUS]) < tolerance_deg
    assert separation_deg(centroid(pit(ours, gazetteer[PATERAE])), gazetteer[PATERAE]) < tolerance_deg


# MOLA has the caldera within 0.05 degree of the gazetteer, the cliff within 0.1; Hellas is not a circle, and its
# centroid drifts by a degree with the level.
def test_olympus_mons_has_the_shape_measured_by_mola(ours: np.ndarray, mola: np.ndarray) -> None:
    place = unit(*(getattr(locate(OLYMPUS), key) for key in ("lat_deg", "lon_deg")))
    assert separation_deg(centroid(pit(ours, place)), centroid(pit(mola, place))) < tolerance_deg
    assert ours[around(place, 4.0)].max() == pytest.approx(mola[around(place, 4.0)].max(), rel=0.02)
    assert pit(ours, place).max() == pytest.approx(pit(mola, place).max(), rel=0.2)
    for level in (2000.0, 4000.0, 6000.0, 8000.0, 10_000.0):
        areas = [(outline(each, place, 8.0, level) * AREA).sum() for each in (ours, mola)]
        assert areas[0] == pytest.approx(areas[1], rel=0.03)
    feet = [centroid(outline(each, place, 8.0, 4000.0)) for each in (ours, mola)]
    assert separation_deg(*feet) < tolerance_deg


def test_hellas_has_the_shape_measured_by_mola(ours: np.ndarray, mola: np.ndarray) -> None:
    place = unit(*(getattr(locate(HELLAS), key) for key in ("lat_deg", "lon_deg")))
    for level in (-5000.0, -4000.0, -3000.0, -2000.0):
        basins = [outline(-each, place, 24.0, -level) for each in (ours, mola)]
        assert separation_deg(*(centroid(each) for each in basins)) < tolerance_deg
        assert (basins[0] * AREA).sum() == pytest.approx((basins[1] * AREA).sum(), rel=0.02)
