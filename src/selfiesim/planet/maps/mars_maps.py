"""The default maps of Mars, built from one colour image: colours and slopes of the globe and both polar patches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import Field
from selfiesim.planet.grids.polar_grid import PolarGrid
from selfiesim.planet.maps import albedo
from selfiesim.planet.maps.albedo import Calibration
from selfiesim.planet.maps.planet_maps import MapArrays
from selfiesim.planet.maps.polar_cap import DetailParams, PolarCap
from selfiesim.planet.terrain import relief

_POLE_SEEDS = {"north": 8701, "south": 8702}
_COARSE = {"north": 1280, "south": 640}
# Bright dust lies around the south cap, dark plains around the north.
_POLE_DETAIL = {"north": DetailParams(), "south": DetailParams(max_ground_luminance=0.28, troughs=False)}
_BLOCK = 128  # columns built at a time, to bound memory
_THREADS = 2


def build_mars_maps(source: Path, span_rad: float, sizes: dict[str, int], relief_sizes: dict[str, int]) -> MapArrays:
    """Build every part of :class:`selfiesim.planet.maps.planet_maps.PlanetMaps`: some seconds, under 1 GB.

    Parameters
    ----------
    source : Path
        Plate carree colour map.
    span_rad : float
        Colatitude at the middle of a patch's side.
    sizes : dict
        Pixels per side of the colour patches, ``north`` and ``south``.
    relief_sizes : dict
        Rows of the slope maps, ``globe``, ``north`` and ``south``.

    Raises
    ------
    MapError
        The source is not an image, or does not have the shape of a map.
    """
    tone = albedo.read_luminance(source)
    lat = (0.5 - (np.arange(tone.shape[0]) + 0.5) / tone.shape[0]) * np.pi
    cover = albedo.ice_cover_from_luminance(tone, np.abs(lat)[:, None])
    calibration = albedo.calibrate(tone, cover)
    parts: MapArrays = {"globe": albedo.encode_ground_and_ice(tone, tone, cover, calibration)}
    ice_light = albedo.ice_light_fraction(tone, tone, cover, calibration)
    height = relief.globe_height(relief_sizes["globe"])
    ice_light = relief.resize_plate_carree(ice_light, relief_sizes["globe"])
    parts["globe-relief"] = relief.encode_globe_relief(height, ice_light)
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
    image = np.empty((size, size, 3), np.uint8)

    def build(columns: slice) -> None:
        strip = reader.strip(columns)
        image[:, columns] = albedo.encode_ground_and_ice(strip.ground_tone, strip.ice_tone, strip.cover, calibration)

    _run_in_blocks(build, size)
    return image


def _render_slopes(cap: PolarCap, size: int, calibration: Calibration, north: bool) -> NDArray[np.uint8]:
    reader = cap.reader(size)
    image = np.empty((size, size, 4), np.uint8)

    def build(columns: slice) -> None:
        first, last = max(columns.start - 1, 0), min(columns.stop + 1, size)
        strip = reader.strip(slice(first, last))
        height: Field = np.pad(strip.height, ((0, 0), (first - columns.start + 1, columns.stop + 1 - last)), "edge")
        ice_light = albedo.ice_light_fraction(strip.ground_tone, strip.ice_tone, strip.cover, calibration)
        own = ice_light[:, columns.start - first : columns.stop - first]
        image[:, columns] = relief.encode_patch_relief(height, own, reader.grid, north, columns)

    _run_in_blocks(build, size)
    return image


def _run_in_blocks(build: Callable[[slice], None], size: int) -> None:
    """Build every block of columns, in threads: numpy releases the interpreter lock."""
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(build, _iter_blocks(size)))


def _iter_blocks(size: int) -> Iterator[slice]:
    for start in range(0, size, _BLOCK):
        yield slice(start, min(start + _BLOCK, size))
