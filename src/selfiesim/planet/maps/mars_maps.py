"""The default maps of Mars, from a colour image and measured heights: globe and both polar patches."""

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
from selfiesim.planet.maps.planet_maps import MAX_CRATER_DENSITY, MapArrays
from selfiesim.planet.maps.polar_cap import DetailParams, PolarCap, PolarTerrain
from selfiesim.planet.terrain import continuation, relief, small_scale
from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.surface_heights import encode_heights

_POLE_SEEDS = {"north": 8701, "south": 8702}
_COARSE = {"north": 1280, "south": 640}
# Bright dust lies around the south cap, dark plains around the north.
_POLE_DETAIL = {"north": DetailParams(), "south": DetailParams(max_ground_luminance=0.28, troughs=False)}
_BLOCK = 96  # columns built at a time, to bound memory
_MAX_HEIGHT_SIZE = 1536  # pixels per side of the polar heights: 1.7 km each
_THREADS = 2


def build_mars_maps(
    source: Path,
    load_heights: Callable[[], HeightGrid],
    span_rad: float,
    sizes: dict[str, int],
    relief_sizes: dict[str, int],
) -> MapArrays:
    """Build every part of :class:`selfiesim.planet.maps.planet_maps.PlanetMaps`: some seconds, under 1 GB.

    Parameters
    ----------
    source : Path
        Plate carree colour map.
    load_heights : callable
        Returns the heights, whose rows are those of the globe's slope map.
    span_rad : float
        Colatitude at the middle of a patch's side.
    sizes : dict
        Pixels per side of the colour patches, ``north`` and ``south``.
    relief_sizes : dict
        Pixels per side of the slope patches, ``north`` and ``south``.

    Raises
    ------
    MapError
        The source is not an image, or does not have the shape of a map.
    """
    with ThreadPoolExecutor(_THREADS) as pool:
        # The heights take a second, as does each step below that runs by itself.
        loaded = pool.submit(load_heights)
        tone = albedo.read_luminance(source)
        lat = (0.5 - (np.arange(tone.shape[0]) + 0.5) / tone.shape[0]) * np.pi
        cover = albedo.ice_cover_from_luminance(tone, np.abs(lat)[:, None])
        calibration = albedo.calibrate(tone, cover)
        heights = continuation.add_globe_noise(loaded.result(), span_rad)
        globe = pool.submit(_build_globe, tone, cover, calibration, heights)
        cap = prepare_cap("north", tone, heights, span_rad, _POLE_SEEDS["north"])
        parts = globe.result()
    for pole in ("north", "south"):
        if pole == "south":
            cap = prepare_cap("south", tone, heights, span_rad, _POLE_SEEDS["south"])
        parts[pole] = _render_colours(cap, sizes[pole], calibration)
        parts |= _render_slopes(cap, relief_sizes[pole], calibration, pole)
    return parts


def _build_globe(tone: Field, cover: Field, calibration: Calibration, heights: HeightGrid) -> MapArrays:
    ice_light = albedo.ice_light_fraction(tone, tone, cover, calibration)
    return {
        "globe": albedo.encode_ground_and_ice(tone, tone, cover, calibration),
        "globe-relief": relief.encode_globe_relief(heights, ice_light),
        "globe-height": encode_heights(heights.coefficients),
        "craters": _encode_crater_density(heights),
    }


def prepare_cap(pole: str, tone: Field, heights: HeightGrid, span_rad: float, seed: int) -> PolarCap:
    """Return the surface around ``pole``, ``north`` or ``south``; ``tone`` is the whole map, its north on top."""
    grid = PolarGrid(_COARSE[pole], span_rad)
    terrain = _polar_terrain(heights, grid, pole == "north")
    rows = tone if pole == "north" else tone[::-1]
    return PolarCap(rows, grid, seed, _POLE_DETAIL[pole], terrain)


def _encode_crater_density(heights: HeightGrid) -> NDArray[np.uint8]:
    """Encode the density of craters under 15 km, which heights that resolve such craters have themselves."""
    lat, lon = (0.5 - (np.arange(90) + 0.5) / 90) * np.pi, (np.arange(180) + 0.5) / 90 * np.pi
    density = small_scale.crater_density(lat[:, None], lon[None, :])
    if heights.resolved_km < 4 * continuation.SMALLEST_CRATER_KM:
        density = np.zeros_like(density)
    return np.asarray(np.clip(density * (255 / MAX_CRATER_DENSITY), 0, 255) + 0.5).astype(np.uint8)


def _polar_terrain(heights: HeightGrid, grid: PolarGrid, north: bool) -> PolarTerrain:
    """Return the heights around a pole; the north has small craters, which the shader adds elsewhere."""
    height = heights.on_polar_grid(grid, north)
    craters = np.zeros_like(height)
    if north and heights.resolved_km > 4 * continuation.SMALLEST_CRATER_KM:
        craters = continuation.polar_crater_height(grid, north)
    return PolarTerrain(
        height, craters, continuation.polar_amplitude(grid, north), continuation.longest_noise_km(heights)
    )


def _render_colours(cap: PolarCap, size: int, calibration: Calibration) -> NDArray[np.uint8]:
    reader = cap.reader(size)
    image = np.empty((size, size, 3), np.uint8)

    def build(columns: slice) -> None:
        strip = reader.strip(columns)
        image[:, columns] = albedo.encode_ground_and_ice(strip.ground_tone, strip.ice_tone, strip.cover, calibration)

    _run_in_blocks(build, size)
    return image


def _render_slopes(cap: PolarCap, size: int, calibration: Calibration, pole: str) -> MapArrays:
    """Return slopes, and heights averaged to at most ``_MAX_HEIGHT_SIZE`` pixels per side."""
    reader = cap.reader(size, rough=True)
    image = np.empty((size, size, 4), np.uint8)
    means = -(-size // _MAX_HEIGHT_SIZE)
    heights = np.empty((size // means, size // means, 2), np.uint8)

    def build(columns: slice) -> None:
        first, last = max(columns.start - 1, 0), min(columns.stop + 1, size)
        strip = reader.strip(slice(first, last))
        height: Field = np.pad(strip.height, ((0, 0), (first - columns.start + 1, columns.stop + 1 - last)), "edge")
        ice_light = albedo.ice_light_fraction(strip.ground_tone, strip.ice_tone, strip.cover, calibration)
        own = ice_light[:, columns.start - first : columns.stop - first]
        image[:, columns] = relief.encode_patch_relief(height, own, reader.grid, pole == "north", columns)
        mean = height[:, 1:-1].reshape(size // means, means, -1, means).mean(axis=(1, 3))
        heights[:, columns.start // means : columns.stop // means] = encode_heights(mean)

    _run_in_blocks(build, size)
    return {f"{pole}-relief": image, f"{pole}-height": heights}


def _run_in_blocks(build: Callable[[slice], None], size: int) -> None:
    """Build every block of columns, in threads: numpy releases the interpreter lock."""
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(build, _iter_blocks(size)))


def _iter_blocks(size: int) -> Iterator[slice]:
    for start in range(0, size, _BLOCK):
        yield slice(start, min(start + _BLOCK, size))
