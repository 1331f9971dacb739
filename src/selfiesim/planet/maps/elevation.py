"""Heights of a body for its maps: the measured ones, or a user's file with its gaps filled from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM
from selfiesim.planet.maps.map_file import MapFile
from selfiesim.planet.readers.conventions import place
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.readers.resample import Values, native_width, read_map
from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.measured_heights import MEASURED_HEIGHTS

MAX_ROWS = 4096  # of the slopes of the globe, 2.6 km each, from a file that is as fine

_LEAST_CORRELATION = 0.8  # with the built-in heights; other bodies and shifted maps are below
_SCALE_RANGE = (0.7, 1.4)  # of heights relative to the built-in ones
_LEAST_ROWS = 1024  # of the heights of a body that has no measured ones
_SPAN_RANGE = (1e-5, 0.7)  # of heights, in radii of such a body
_LOWEST_M = -30_000.0  # below this a number is a file's undeclared marker for gaps, such as -32768
_LEAST_RELIEF_M = 300.0  # rms, below which a part of the planet is too flat to tell whose it is


def read_heights(file: MapFile | None, body: str = "mars", radius_km: float | None = None) -> HeightGrid:
    """Return a file's heights as a spline surface, or the measured heights of the body.

    Parameters
    ----------
    file : MapFile, optional
        The file; None for the measured heights, which the body must have.
    body : str
        The body.
    radius_km : float, optional
        Its mean radius; None for that of Mars.

    Raises
    ------
    MapError
        The file cannot be used, or its numbers are not heights of the body.
    """
    radius_km = radius_km or MARS_RADIUS_KM
    measured = MEASURED_HEIGHTS.get(body)
    built_in = None if measured is None else measured.load()
    if file is None:
        assert built_in is not None
        return built_in
    with open_raster(file.path, file.conventions) as raster:
        placement = place(raster.conventions, raster.width, raster.height, body, raster.name)
        native = native_width(placement, 2 * MAX_ROWS)
    rows = min(native // 2, MAX_ROWS)
    height = read_map(file.path, "elevation", 2 * rows, body=body, conventions=file.conventions)
    if built_in is None:
        _check_range(height, radius_km * 1000, str(file.path))
    else:
        check_heights(height, str(file.path), body)
    _fill_gaps(height, built_in)
    resolved_km = 2 * 2 * np.pi * radius_km / native
    grid = HeightGrid.from_heights(height, resolved_km, radius_km)
    least = _LEAST_ROWS if built_in is None else built_in.rows
    if rows >= least:
        return grid
    # The slopes of the globe have the grid's pixels: a coarse one is refined.
    return HeightGrid.from_heights(grid.on_plate_carree(least), resolved_km, radius_km)


def _check_range(height_m: Values, radius_m: float, name: str) -> None:
    """Check heights of a body of which nothing else is known.

    Raises
    ------
    MapError
        The relief is far too high or low for a planet.
    """
    span = float(np.nanmax(height_m) - np.nanmin(height_m)) if np.isfinite(height_m).any() else 0.0
    if not _SPAN_RANGE[0] * radius_m < span < _SPAN_RANGE[1] * radius_m:
        raise MapError(
            f"{name}: heights vary by {span:.3g} m on a body of {radius_m / 1000:.4g} km radius; "
            "in metres above its datum? see --scale and --offset"
        )


def check_heights(height_m: Values, name: str, body: str = "mars") -> None:
    """Compare heights (H, W), m, with the measured ones: shows wrong units, orientation, bodies, and unmarked gaps.

    Raises
    ------
    MapError
        They are not heights of the body in metres, north up and east to the right.
    """
    lowest = float(np.nanmin(height_m))
    if lowest < _LOWEST_M:
        raise MapError(f"{name}: has heights down to {lowest:g} m, which must be gaps; use --nodata {lowest:g}")
    rows = 180
    if height_m.shape[0] < rows:
        return
    ours = _block_means(height_m, rows)
    theirs = MEASURED_HEIGHTS[body].load().at(*_centres(rows))
    known = np.isfinite(ours)
    if known.sum() < 100 or theirs[known].std() < _LEAST_RELIEF_M:
        return
    if _correlation(ours, theirs) < _LEAST_CORRELATION:
        flips = {
            "upside down; use --row0 south": ours[::-1],
            "mirrored; use --mirrored": ours[:, ::-1],
            "shifted by 180 degrees; use --lon0": np.roll(ours, rows, axis=1),
        }
        for advice, flipped in flips.items():
            if _correlation(flipped, theirs) > _LEAST_CORRELATION:
                raise MapError(f"{name}: the elevation is {advice}")
        raise MapError(f"{name}: the elevation is not that of {body.capitalize()}; see --body, --lon0 and --bounds")
    scale = float(ours[known].std() / theirs[known].std())
    if not _SCALE_RANGE[0] < scale < _SCALE_RANGE[1]:
        unit = "in kilometres; use --scale 1000" if 0.0007 < scale < 0.0014 else "not in metres; use --scale"
        raise MapError(
            f"{name}: the elevation is {unit} (it varies {scale:.3g} times as much as {body.capitalize()} does)"
        )


def _block_means(height_m: Values, rows: int) -> NDArray[np.float64]:
    """Return means (rows, 2 rows) of what is known; NaN where nothing is."""
    k = height_m.shape[0] // rows
    usable = height_m[: rows * k, : 2 * rows * k]
    if usable.shape != height_m.shape:  # take the nearest pixels instead
        row = ((np.arange(rows) + 0.5) / rows * height_m.shape[0]).astype(int)
        column = ((np.arange(2 * rows) + 0.5) / (2 * rows) * height_m.shape[1]).astype(int)
        return np.asarray(height_m[row][:, column], np.float64)
    blocks = usable.reshape(rows, k, 2 * rows, k)
    count = np.isfinite(blocks).sum(axis=(1, 3))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nansum(blocks, axis=(1, 3), dtype=np.float64) / count)


def _centres(rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lat = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
    return lat[:, None], ((np.arange(2 * rows) + 0.5) / rows * np.pi)[None, :]


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    known = np.isfinite(a)
    if known.sum() < 100 or a[known].std() == 0:
        return 0.0
    return float(np.corrcoef(a[known], b[known])[0, 1])


def _fill_gaps(height_m: Values, heights: HeightGrid | None) -> None:
    """Fill gaps with other heights, or with the mean, in place."""
    gaps = np.isnan(height_m)
    if not gaps.any():
        return
    if heights is None:
        height_m[gaps] = np.nanmean(height_m)
        return
    lat, lon = _centres(len(height_m))
    row, column = np.nonzero(gaps)
    for start in range(0, len(row), 1_000_000):
        some = slice(start, start + 1_000_000)
        height_m[row[some], column[some]] = heights.at(lat[row[some], 0], lon[0, column[some]])
