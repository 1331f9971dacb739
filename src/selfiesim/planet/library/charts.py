"""Charts of a part of a body, sampled from its maps.

A polar chart is azimuthal equidistant, as seen from above the pole: the north pole with lon 0 E at the bottom and east
counter-clockwise, the south pole with lon 0 E at the top and east clockwise. Around any other place it is the same
projection with north up; a chart of the whole globe is plate carree with lon 0 E in the middle.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.bodies import BODIES
from selfiesim.core.errors import MapError
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM
from selfiesim.planet.library import user_maps
from selfiesim.planet.maps import planet_maps
from selfiesim.planet.maps.load import load_maps
from selfiesim.planet.maps.surface import Surface, surface_maps
from selfiesim.planet.places.gazetteer import GAZETTEER_FILES, locate
from selfiesim.planet.readers.conventions import Layer, place
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.readers.resample import Values, native_width, read_map
from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.measured_heights import MEASURED_HEIGHTS

POLAR_CHART_RADIUS_DEG = 25.0
"""Radius of a polar chart."""

CHART_SIZE_RANGE = (16, 8192)
"""Least and most pixels across a chart."""

_MAX_SUPERSAMPLING = 4  # samples per pixel and direction
_MAX_STRIP_SAMPLES = 2_000_000  # samples looked up at once
_READ_WIDTH = 8192
_MAX_SPLINE_VALUES = 20_000_000  # largest map that is interpolated with splines

Lookup = Callable[[NDArray[np.float64], NDArray[np.float64]], Values]
"""From latitude and east longitude, rad, to values (..., bands)."""


@dataclass(frozen=True)
class Chart:
    """A part of a body.

    Attributes
    ----------
    title : str
        Title for people.
    lat_deg, lon_deg, span_deg : float
        Centre and width.
    globe : bool
        Whether the chart shows the whole body as plate carree.
    is_circular : bool
        Whether the area beyond the rim stays black.
    """

    title: str
    lat_deg: float = 0.0
    lon_deg: float = 0.0
    span_deg: float = 360.0
    globe: bool = False
    is_circular: bool = False

    @property
    def projection(self) -> str:
        """Name of the projection."""
        return "plate carree" if self.globe else "azimuthal equidistant"

    def shape(self, size: int) -> tuple[int, int]:
        """Return rows and columns of a chart ``size`` pixels wide."""
        return (size // 2 if self.globe else size), size

    def places(
        self, rows: NDArray[np.float64], columns: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Return latitude, east longitude (rad) and the mask of the chart, at fractions 0..1 down and across."""
        down, across = np.meshgrid(rows, columns, indexing="ij")
        if self.globe:
            return (0.5 - down) * np.pi, (across - 0.5) * 2 * np.pi, np.ones(down.shape, bool)
        half = np.radians(self.span_deg / 2)
        x, y = (2 * across - 1) * half, (1 - 2 * down) * half
        angle = np.hypot(x, y)
        # Unit vector along (x, y); at the centre any direction will do.
        right, up = x / np.maximum(angle, 1e-12), y / np.maximum(angle, 1e-12)
        lat0, lon0 = np.radians(self.lat_deg), np.radians(self.lon_deg)
        lat = np.arcsin(np.clip(np.cos(angle) * np.sin(lat0) + np.sin(angle) * np.cos(lat0) * up, -1, 1))
        lon = lon0 + np.arctan2(np.sin(angle) * right, np.cos(angle) * np.cos(lat0) - np.sin(angle) * np.sin(lat0) * up)
        return lat, lon, angle <= min(np.pi, half if self.is_circular else np.inf)


def parse_chart(patch: str, body: str) -> Chart:
    """Parse a chart: ``globe``, ``north``, ``south``, ``LAT,LON,SPAN``, or a feature's name, optionally with a width.

    Raises
    ------
    MapError
        The text is none of these.
    """
    word = patch.strip()
    if word.lower() == "globe":
        return Chart(f"{body.capitalize()}", globe=True)
    if word.lower() in ("north", "south"):
        pole = 90.0 if word.lower() == "north" else -90.0
        return Chart(
            f"The {word.lower()} of {body.capitalize()}", pole, 0.0, 2 * POLAR_CHART_RADIUS_DEG, is_circular=True
        )
    if re.fullmatch(r"[-+0-9.,\s]+", word):
        return _parse_coordinates(word, body)
    name, _, span = word.partition(",")
    if body not in GAZETTEER_FILES:
        raise MapError(f"--patch {word[:60]!r}: no named places on {body}; use LAT,LON,SPAN, such as 10,20,30")
    feature = locate(name, body)
    try:
        width = float(span) if span else _span_for_diameter(feature.diameter_km)
    except ValueError as error:
        raise MapError(f"--patch {word[:60]!r}: write a width in degrees after the name, such as {name},5") from error
    return _check_chart(Chart(f"{feature.name}, {body.capitalize()}", feature.lat_deg, feature.lon_deg, width), word)


def _parse_coordinates(word: str, body: str) -> Chart:
    try:
        lat, lon, span = (float(part) for part in word.split(","))
    except ValueError as error:
        raise MapError(f"--patch {word[:60]!r}: use LAT,LON,SPAN in degrees, such as 72.8,164.6,5") from error
    return _check_chart(Chart(f"{body.capitalize()} around {lat:g} N, {lon:g} E", lat, lon, span), word)


def _check_chart(chart: Chart, word: str) -> Chart:
    if not (-90 <= chart.lat_deg <= 90 and -360 <= chart.lon_deg <= 360 and 0.01 <= chart.span_deg <= 360):
        raise MapError(
            f"--patch {word[:60]!r}: latitude is -90 to 90, longitude -360 to 360, width 0.01 to 360 degrees"
        )
    return chart


def _span_for_diameter(diameter_km: float) -> float:
    """Return the width in degrees that shows a feature of Mars with its surroundings."""
    return min(180.0, max(2.0, 1.6 * np.degrees(diameter_km / MARS_RADIUS_KM))) if diameter_km else 10.0


def sample_chart(chart: Chart, size: int, lookup: Lookup, map_rows: int) -> Values:
    """Sample a map over a chart; each pixel is the mean over its area.

    Parameters
    ----------
    chart : Chart
        The chart.
    size : int
        Pixels across.
    lookup : callable
        Values of the map at places.
    map_rows : int
        Rows of the map from pole to pole, which set the number of samples per pixel.

    Returns
    -------
    (rows, columns, bands) float32
        NaN beyond the chart.
    """
    rows, columns = chart.shape(size)
    pixel_deg = (360.0 if chart.globe else chart.span_deg) / columns
    fine = int(np.clip(np.ceil(pixel_deg / (180.0 / map_rows)), 1, _MAX_SUPERSAMPLING))
    across = (np.arange(columns * fine) + 0.5) / (columns * fine)
    strips = []
    for first, last in _iter_row_ranges(rows, max(1, _MAX_STRIP_SAMPLES // (columns * fine * fine))):
        down = (np.arange(first * fine, last * fine) + 0.5) / (rows * fine)
        lat, lon, inside = chart.places(down, across)
        values = lookup(lat, lon)
        values[~inside] = np.nan
        bands = values.shape[-1]
        strips.append(values.reshape(last - first, fine, columns, fine, bands).mean(axis=(1, 3)))
    return np.concatenate(strips).astype(np.float32)


def _iter_row_ranges(rows: int, step: int) -> Iterator[tuple[int, int]]:
    for first in range(0, rows, step):
        yield first, min(first + step, rows)


def albedo_lookup(body: str, name: str | None) -> tuple[Lookup, int, str]:
    """Return lookup, rows and credits of a body's reflectance: the default map or one of the library.

    Raises
    ------
    MapError
        There is no such map.
    """
    chosen = Surface(body) if name is None else Surface(body, map=user_maps.albedo_map_file(name, body))
    planet = load_maps(body) if name is None else surface_maps(chosen)
    return (lambda lat, lon: planet_maps.reflectance(planet, lat, lon)), _finest_rows(planet), planet.credits


def _finest_rows(planet: planet_maps.PlanetMaps) -> int:
    """Return the rows from pole to pole at the resolution of the finest map."""
    return int(max(len(planet.globe), round(len(planet.north) * np.pi / (4 * np.sin(planet.patch_span_rad / 2)))))


def relief_lookup(body: str, layer: Layer, name: str | None) -> tuple[Lookup, int, str]:
    """Return lookup, rows and credits of elevation (m) or normals (east, north, up).

    They come from a map of the library, or from the measured heights of the body. Normals come from a map of normals if
    there is one, else from the slopes of the elevation.

    Raises
    ------
    MapError
        The library has no such map, and there are no built-in heights.
    """
    found = _relief_entry(body, layer, name)
    if found is None:
        measured = MEASURED_HEIGHTS[body]
        heights = measured.load()
        if layer == "elevation":
            return partial(_measured_heights, heights), heights.rows, measured.credit
        lat, lon = (np.arange(heights.rows) + 0.5) / heights.rows, (np.arange(2 * heights.rows) + 0.5) / heights.rows
        grid = height_to_normals(
            heights.at((0.5 - lat[:, None]) * np.pi, lon[None, :] * np.pi).astype(np.float32), _mean_radius_m(body)
        )
        return partial(sample_bilinear, grid), heights.rows, measured.credit
    field = read_map(found.path, found.layer, _choose_read_width(found), body=body, conventions=found.conventions)
    if layer == "normal" and found.layer == "elevation":
        field = height_to_normals(field, _mean_radius_m(body))
    grid = field if field.ndim == 3 else field[..., None]
    return partial(sample_spline if _fits_spline(grid) else sample_bilinear, grid), len(grid), found.credits


def _measured_heights(heights: HeightGrid, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> Values:
    return heights.at(lat, lon).astype(np.float32)[..., None]


def _mean_radius_m(body: str) -> float:
    if body not in BODIES:
        raise MapError(f"the size of {body} is unknown, so slopes cannot be computed; add a map of its normals")
    return float(np.mean(BODIES[body].radii_m))


def slope_of_chart(height_m: Values, chart: Chart, body: str) -> Values:
    """Return the steepness of the ground, degrees, from heights (H, W), m, sampled over a chart.

    Slopes are those over two pixels; on a chart of the globe the width of a pixel follows the latitude.
    """
    rows, columns = height_m.shape
    pixel_m = np.radians((360.0 if chart.globe else chart.span_deg) / columns) * _mean_radius_m(body)
    down, right = np.gradient(height_m, pixel_m)
    if chart.globe:
        lat = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
        ahead, behind = np.roll(height_m, -1, axis=1), np.roll(height_m, 1, axis=1)
        right = (ahead - behind) / (2 * pixel_m * np.cos(lat)[:, None])
    return np.asarray(np.degrees(np.arctan(np.hypot(down, right))), np.float32)


def chart_places(chart: Chart, size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitude and east longitude, -180 to 180 degrees, (H, W) each, of a chart's pixels; NaN beyond it."""
    rows, columns = chart.shape(size)
    lat, lon, inside = chart.places((np.arange(rows) + 0.5) / rows, (np.arange(columns) + 0.5) / columns)
    lat, lon = np.degrees(lat), (np.degrees(lon) + 180.0) % 360.0 - 180.0
    lat[~inside] = lon[~inside] = np.nan
    return lat, lon


def _relief_entry(body: str, layer: Layer, name: str | None) -> user_maps.MapEntry | None:
    """Return the library's map for a layer; None for the measured heights."""
    if name is not None:
        found = user_maps.load_entry(name)
        if layer == "normal" and (found.body, found.layer) == (body, "elevation"):
            return found
        return user_maps.require_entry(name, body, layer)
    candidates: tuple[Layer, ...] = ("elevation",) if layer == "elevation" else ("normal", "elevation")
    for each in candidates:
        first = user_maps.finest_entry(body, each)
        if first is not None:
            return first[1]
    if body in MEASURED_HEIGHTS:
        return None
    raise MapError(f"no elevation of {body} in the library; selfiesim maps add FILE --layer elevation adds one")


def _fits_spline(grid: Values) -> bool:
    """Return whether a map is small and complete enough for splines, which leave no kinks in slopes."""
    return grid.size <= _MAX_SPLINE_VALUES and not np.isnan(grid).any()


def sample_spline(grid: Values, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> Values:
    """Sample like :func:`sample_bilinear`, with cubic splines."""
    from scipy import ndimage

    rows, columns = grid.shape[:2]
    pad = 4
    row = np.clip((0.5 - lat / np.pi) * rows - 0.5, 0, rows - 1)
    column = np.mod(lon, 2 * np.pi) / (2 * np.pi) * columns - 0.5 + pad
    out = np.empty((*lat.shape, grid.shape[2]), np.float32)
    for band in range(grid.shape[2]):
        field = np.pad(grid[..., band], ((0, 0), (pad, pad)), mode="wrap")
        out[..., band] = ndimage.map_coordinates(field, [row, column], order=3, mode="nearest", output=np.float32)
    return out


def _choose_read_width(found: user_maps.MapEntry) -> int:
    """Return the number of columns to read: the map's own, up to a limit."""
    with open_raster(found.path, found.conventions) as raster:
        placement = place(raster.conventions, raster.width, raster.height, found.body, raster.name)
    return int(native_width(placement, _READ_WIDTH))


def height_to_normals(height_m: Values, radius_m: float) -> Values:
    """Return unit normals (H, W, 3), east, north, up, of heights (H, W), m, on a plate carree map."""
    rows, columns = height_m.shape
    latitude = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
    north = -np.gradient(height_m, axis=0) / (radius_m * np.pi / rows)
    ahead, behind = np.roll(height_m, -1, axis=1), np.roll(height_m, 1, axis=1)
    east = (ahead - behind) / (2 * radius_m * np.cos(latitude)[:, None] * 2 * np.pi / columns)
    out = np.stack([-east, -north, np.ones_like(height_m)], axis=-1)
    return np.asarray(out / np.linalg.norm(out, axis=-1, keepdims=True), np.float32)


def sample_bilinear(grid: Values, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> Values:
    """Interpolate a plate carree map (H, W, bands) bilinearly, across the seam and up to the poles."""
    rows, columns = grid.shape[:2]
    row = np.clip((0.5 - lat / np.pi) * rows - 0.5, 0, rows - 1)
    column = np.mod(lon, 2 * np.pi) / (2 * np.pi) * columns - 0.5
    top, left = np.floor(row).astype(np.intp), np.floor(column).astype(np.intp)
    down, right = (row - top)[..., None].astype(np.float32), (column - left)[..., None].astype(np.float32)
    low = np.minimum(top + 1, rows - 1)
    left, beside = np.mod(left, columns), np.mod(left + 1, columns)
    upper = grid[top, left] + (grid[top, beside] - grid[top, left]) * right
    lower = grid[low, left] + (grid[low, beside] - grid[low, left]) * right
    return np.asarray(upper + (lower - upper) * down, np.float32)
