"""A user's elevation: it changes the relief that is rendered, and mistakes in it are found."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from height_charts import synthesize

from selfiesim.core.errors import MapError
from selfiesim.planet.library import user_maps
from selfiesim.planet.maps import load
from selfiesim.planet.maps.elevation import read_heights
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.map_file import MapFile
from selfiesim.planet.maps.planet_maps import PlanetMaps, relief
from selfiesim.planet.maps.surface import Surface, surface_maps
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.terrain import mars_heights

ROWS = 360
CONVENTIONS = Conventions(shape=(2 * ROWS, ROWS), dtype="<f4", lon0_deg=0.0)
LAT = ((0.5 - (np.arange(ROWS) + 0.5) / ROWS) * np.pi)[:, None]
LON = ((np.arange(2 * ROWS) + 0.5) / ROWS * np.pi)[None, :]


@pytest.fixture(scope="module")
def height() -> np.ndarray:
    return synthesize(ROWS)


def write(folder: Path, height: np.ndarray, conventions: Conventions = CONVENTIONS) -> MapFile:
    height.astype("<f4").tofile(folder / "h.img")
    return MapFile(folder / "h.img", conventions)


@pytest.fixture
def small_maps(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "NORTH_SIZE", 256)
    monkeypatch.setattr(load, "SOUTH_SIZE", 128)
    monkeypatch.setattr(load, "RELIEF_SIZES", {"north": 128, "south": 64})


def test_an_elevation_changes_the_relief_and_the_caches_key(
    mars: PlanetMaps, small_maps: None, tmp_path: Path, height: np.ndarray
) -> None:
    cone = np.maximum(0, 6000 - 2000 * np.degrees(np.hypot(LAT - np.radians(25), LON - np.radians(200))))
    write(tmp_path, height + cone)
    user_maps.add(tmp_path / "h.img", "mine", layer="elevation", conventions=CONVENTIONS, credits="Me")
    file = user_maps.elevation_map_file("mars")
    assert file is not None
    ours = surface_maps(Surface("mars", elevation=file))
    assert "relief from Me" in ours.credits
    beside, flank = np.radians([25, 230]), np.radians([25, 201.5])
    up = np.array([np.sin(flank[1]), -np.cos(flank[1]), 0.0])  # toward the west
    assert relief(ours, *flank)[0] @ up == pytest.approx(2000 / 59_158 / np.cos(flank[0]), rel=0.2)
    assert abs(relief(mars, *flank)[0] @ up) < 0.01
    assert np.abs(relief(ours, *beside)[0] - relief(mars, *beside)[0]).max() < 0.01
    first = {path.name for path in (tmp_path / "cache" / "maps").iterdir()}
    load_maps.cache_clear()
    write(tmp_path, height)
    surface_maps(Surface("mars", elevation=file))
    assert len(set((tmp_path / "cache" / "maps").iterdir())) == 2 * len(first)
    load_maps.cache_clear()


def test_gaps_are_filled_with_the_built_in_heights(tmp_path: Path, height: np.ndarray) -> None:
    holed = height + 100
    holed[100:140, 200:300] = -32768
    file = write(tmp_path, holed, CONVENTIONS.model_copy(update={"nodata": -32768.0}))
    lat, lon = LAT[120, 0], LON[0, 250]
    assert float(read_heights(file).at(lat, lon)) == pytest.approx(float(mars_heights.height(lat, lon)), abs=30)


def test_a_region_replaces_the_heights_there(tmp_path: Path) -> None:
    lat, lon = np.radians(29.75 - 0.5 * np.arange(40))[:, None], np.radians(180.25 + 0.5 * np.arange(60))[None, :]
    (mars_heights.height(lat, lon) + 500).astype("<f4").tofile(tmp_path / "r.img")
    keys = Conventions(shape=(60, 40), dtype="<f4", bounds_deg=(180, 210, 10, 30))
    ours = read_heights(MapFile(tmp_path / "r.img", keys))
    assert float(ours.at(*np.radians([20, 195]))) == pytest.approx(
        float(mars_heights.height(*np.radians([20, 195]))) + 500, abs=100
    )
    assert float(ours.at(*np.radians([-20, 30]))) == pytest.approx(
        float(mars_heights.height(*np.radians([-20, 30]))), abs=400
    )


MISTAKES = [
    (lambda h: h / 1000, "in kilometres; use --scale 1000"),
    (lambda h: h[::-1], "upside down; use --row0 south"),
    (lambda h: h[:, ::-1], "mirrored; use --mirrored"),
    (lambda h: np.roll(h, ROWS, axis=1), "shifted by 180 degrees"),
    (lambda h: np.roll(h, 100, axis=1), "not that of Mars"),
    (lambda h: h * 3, "not in metres"),
    (lambda h: np.where(np.abs(h) < 500, -32768, h), "which must be gaps; use --nodata -32768"),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES)
def test_mistakes_are_found(tmp_path: Path, height: np.ndarray, change: object, message: str) -> None:
    with pytest.raises(MapError, match=message):
        read_heights(write(tmp_path, change(height)))  # type: ignore[operator]


def test_heights_of_a_body_without_measured_ones(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    hills = np.repeat(np.repeat(rng.normal(0, 800, (9, 18)), 10, axis=0), 10, axis=1).astype(np.float32)
    hills.astype("<f4").tofile(tmp_path / "hills.img")
    keys = Conventions(shape=(180, 90), dtype="<f4", lon0_deg=0.0)
    grid = read_heights(MapFile(tmp_path / "hills.img", keys), "mercury", 2439.4)
    assert grid.radius_km == 2439.4
    assert float(grid.at(np.radians(40.0), np.radians(90.0))) == pytest.approx(float(hills[25, 45]), abs=150)
    (hills / 1000).astype("<f4").tofile(tmp_path / "km.img")
    with pytest.raises(MapError, match=r"vary by .* on a body of 2439 km radius"):
        read_heights(MapFile(tmp_path / "km.img", keys), "mercury", 2439.4)


@pytest.mark.parametrize(("change", "message"), MISTAKES)
def test_mistakes_are_found_when_a_map_is_added(
    library: Path, tmp_path: Path, height: np.ndarray, change: object, message: str
) -> None:
    file = write(tmp_path, change(height))  # type: ignore[operator]
    with pytest.raises(MapError, match=message):
        user_maps.add(file.path, "mine", layer="elevation", conventions=CONVENTIONS, copy=True)
    assert not list(library.glob("*"))
    assert not list((tmp_path / "cache").rglob("*"))


def test_a_file_larger_than_memory_is_read_in_strips(tmp_path: Path, height: np.ndarray) -> None:
    """A file of 200 MB is checked with 150 MB at most; the heights repeat each pixel."""
    times = 14
    with (tmp_path / "h.img").open("wb") as file:
        for row in height.astype("<i2"):
            file.write(np.tile(np.repeat(row, times), (times, 1)).tobytes())
    keys = CONVENTIONS.model_copy(update={"shape": (2 * ROWS * times, ROWS * times), "dtype": "<i2"})
    mars_heights.load_grid()
    tracemalloc.start()
    stats = user_maps.summarize_map(tmp_path / "h.img", "elevation", "mars", keys)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert stats["max"] == pytest.approx(float(height.max()), rel=0.1)
    assert peak < 150e6
