"""All maps of Mars made from one colour map: colours and slopes, of the globe and of both polar patches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.maps import albedo
from selfiesim.planet.maps.albedo import Calibration, Field
from selfiesim.planet.maps.polar_cap import DetailParams, PolarCap
from selfiesim.planet.maps.polar_grid import PolarGrid
from selfiesim.planet.terrain import relief

_POLE_SEEDS = {"north": 8701, "south": 8702}
_COARSE = {"north": 1280, "south": 640}
# Bright dust lies around the south cap, dark plains around the north.
_POLE_DETAIL = {"north": DetailParams(), "south": DetailParams(max_ground_luminance=0.28, troughs=False)}
_BLOCK = 128  # columns made at a time, so that memory stays small
_THREADS = 2

MapArrays = dict[str, NDArray[np.uint8]]


def survey(source: Path, span_rad: float, sizes: dict[str, int], relief_sizes: dict[str, int]) -> MapArrays:
    """Every part of :class:`selfiesim.planet.maps.planet_maps.PlanetMaps` by name, from a plate carree colour map.

    Parameters
    ----------
    source
        The picture.
    span_rad
        Of the patches.
    sizes
        Pixels a side of the colour patches, ``north`` and ``south``.
    relief_sizes
        Rows of the slopes' maps, ``globe``, ``north`` and ``south``.

    Raises
    ------
    MapError
        When the picture is none, or has not the shape of a map.
    """
    tone = albedo.read_luminance(source)
    lat = (0.5 - (np.arange(tone.shape[0]) + 0.5) / tone.shape[0]) * np.pi
    cover = albedo.ice_cover_from_luminance(tone, np.abs(lat)[:, None])
    calibration = albedo.calibrate(tone, cover)
    parts: MapArrays = {"globe": albedo.encode_ground_and_ice(tone, tone, cover, calibration)}
    shine = albedo.ice_light_fraction(tone, tone, cover, calibration)
    height = relief.globe_height(relief_sizes["globe"])
    parts["globe-relief"] = relief.encode_globe_relief(height, relief.resize_plate_carree(shine, relief_sizes["globe"]))
    del height
    for pole in ("north", "south"):
        rows = tone if pole == "north" else tone[::-1]
        detail, coarse = _POLE_DETAIL[pole], PolarGrid(_COARSE[pole], span_rad)
        cap = PolarCap(rows, coarse, _POLE_SEEDS[pole], detail, relief.polar_crater_height(coarse, pole == "north"))
        parts[pole] = _render_colours(cap, sizes[pole], calibration)
        parts[f"{pole}-relief"] = _render_slopes(cap, relief_sizes[pole], calibration, pole == "north")
    return parts


def _render_colours(cap: PolarCap, size: int, calibration: Calibration) -> NDArray[np.uint8]:
    reader = cap.reader(size)
    picture = np.empty((size, size, 3), np.uint8)

    def make(columns: slice) -> None:
        strip = reader.strip(columns)
        picture[:, columns] = albedo.encode_ground_and_ice(strip.ground_tone, strip.ice_tone, strip.cover, calibration)

    _run_in_blocks(make, size)
    return picture


def _render_slopes(cap: PolarCap, size: int, calibration: Calibration, north: bool) -> NDArray[np.uint8]:
    reader = cap.reader(size)
    picture = np.empty((size, size, 4), np.uint8)

    def make(columns: slice) -> None:
        first, last = max(columns.start - 1, 0), min(columns.stop + 1, size)
        strip = reader.strip(slice(first, last))
        height: Field = np.pad(strip.height, ((0, 0), (first - columns.start + 1, columns.stop + 1 - last)), "edge")
        shine = albedo.ice_light_fraction(strip.ground_tone, strip.ice_tone, strip.cover, calibration)
        own = shine[:, columns.start - first : columns.stop - first]
        picture[:, columns] = relief.encode_patch_relief(height, own, reader.grid, north, columns)

    _run_in_blocks(make, size)
    return picture


def _run_in_blocks(make: Callable[[slice], None], size: int) -> None:
    """Every block of columns once; numpy lets threads run side by side."""
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(make, _iter_blocks(size)))


def _iter_blocks(size: int) -> Iterator[slice]:
    for start in range(0, size, _BLOCK):
        yield slice(start, min(start + _BLOCK, size))
