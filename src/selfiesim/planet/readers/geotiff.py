"""GeoTIFFs and very large images, read in strips through rasterio (GDAL).

``rasterio`` is optional: ``pip install 'selfiesim[maps]'``.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.core.quiet import ignored_warnings, quiet_logger
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.rasters import MAX_PIXELS, TIFF_SUFFIXES, merge_conventions

_GDAL_DRIVERS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
# Only the named file is opened: no sidecar files, no directory listings, no drivers that reach elsewhere.
_GDAL_OPTIONS = {
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_CACHEMAX": 192,  # MB, a row of tiles of the widest map
    "GTIFF_IGNORE_READ_ERRORS": "NO",
    "CPL_LOG_ERRORS": "OFF",
}
_PLATE_CARREE = {"equirectangular", "plate carree", "equidistant cylindrical", "platecarree"}


def is_rasterio_available() -> bool:
    """Return whether rasterio is installed."""
    return importlib.util.find_spec("rasterio") is not None


def missing_rasterio_error(path: Path) -> MapError:
    """Return the error for a file that needs rasterio where it is missing."""
    return MapError(f"{path}: GeoTIFFs and very large images need rasterio: pip install 'selfiesim[maps]'")


def open_with_gdal(path: Path, conventions: Conventions) -> GdalRaster:
    """Open a TIFF, or an image too large for memory.

    Raises
    ------
    MapError
        rasterio is missing, or the file is damaged, too large, in a projection other than plate carree, or does not
        have one or three bands.
    """
    if not is_rasterio_available():
        raise missing_rasterio_error(path)
    return GdalRaster(path, conventions)


class GdalRaster:
    """A file that GDAL reads in strips of rows."""

    def __init__(self, path: Path, conventions: Conventions) -> None:
        self.name = str(path)
        self._file = _open(path)
        try:
            self._read_header(conventions)
        except BaseException:
            self.close()
            raise

    def _read_header(self, conventions: Conventions) -> None:
        file = self._file
        self.height, self.width = file.shape
        if self.width * self.height > MAX_PIXELS:
            raise MapError(f"{self.name}: declares {self.width}x{self.height} pixels; at most {MAX_PIXELS:,} are read")
        interpretations = [each.name for each in file.colorinterp]
        self._palette = _palette(file) if interpretations[0] == "palette" else None
        self._alpha = interpretations.index("alpha") + 1 if "alpha" in interpretations else 0
        band_indexes = [number + 1 for number, kind in enumerate(interpretations) if kind != "alpha"]
        if len(band_indexes) not in (1, 3) or "cyan" in interpretations:
            raise MapError(f"{self.name}: has {file.count} bands ({', '.join(interpretations)}), not one or three")
        if len(set(file.dtypes)) > 1 or np.dtype(file.dtypes[0]).kind not in "iuf":
            raise MapError(f"{self.name}: has numbers of type {', '.join(file.dtypes)}; a map has a single real type")
        self._band_indexes = band_indexes
        self.bands = 3 if self._palette is not None else len(band_indexes)
        self.dtype = np.dtype(file.dtypes[0])
        own: dict[str, Any] = {} if file.nodata is None or not np.isfinite(file.nodata) else {"nodata": file.nodata}
        own |= _read_georeference(file, self.name)
        self.conventions = merge_conventions(conventions, Conventions(**own))

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """See :class:`selfiesim.planet.readers.rasters.Raster`."""
        from rasterio.errors import RasterioError

        window = ((top, bottom), (0, self.width))
        try:
            with _gdal():
                values = np.moveaxis(self._file.read(self._band_indexes, window=window), 0, -1)
                alpha = self._file.read(self._alpha, window=window) if self._alpha else None
        except (RasterioError, OSError) as error:
            where = f"in rows {top} to {bottom - 1} of {self.height}"
            raise MapError(f"{self.name}: damaged or truncated {where}; download it again") from error
        if self._palette is not None:
            values = self._palette[values[..., 0]]
        return values, None if alpha is None or alpha.all() else alpha == 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@contextmanager
def _gdal() -> Iterator[None]:
    """Set GDAL's options for this thread, and keep rasterio from logging errors, which exceptions report."""
    import rasterio

    with rasterio.Env(**_GDAL_OPTIONS), quiet_logger("rasterio"):
        yield


def _open(path: Path) -> Any:
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    driver = "GTiff" if path.suffix.lower() in TIFF_SUFFIXES else _GDAL_DRIVERS.get(path.suffix.lower())
    if driver is None:
        raise MapError(f"{path}: too large for this format; convert it to TIFF")
    try:
        with _gdal(), ignored_warnings(NotGeoreferencedWarning):
            return rasterio.open(path, driver=driver, sharing=False)
    except (RasterioError, OSError) as error:
        raise MapError(f"{path}: cannot be read as {driver} ({error}); download it again") from error


def _palette(file: Any) -> NDArray[np.uint8]:
    table = np.zeros((256, 3), np.uint8)
    for index, colour in file.colormap(1).items():
        table[index % 256] = colour[:3]
    return table


def _read_georeference(file: Any, name: str) -> dict[str, Any]:
    """Return the conventions that the file's georeferencing implies; empty if it has none.

    Raises
    ------
    MapError
        The projection is not plate carree, the grid is rotated, or the georeferencing is invalid.
    """
    if not file.crs:
        return {}
    grid = file.transform
    if abs(grid.b) > 1e-9 * abs(grid.a) or abs(grid.d) > 1e-9 * abs(grid.e):
        raise MapError(f"{name}: its grid is rotated; only plate carree maps with north up can be read")
    wkt = " ".join(file.crs.to_wkt().split())
    edges_x = (grid.c, grid.c + grid.a * file.width)
    edges_y = (grid.f + grid.e * file.height, grid.f)
    if file.crs.is_geographic:
        (left, right), (bottom, top) = edges_x, edges_y
    else:
        left, right = (_x_to_longitude(x, wkt, name) for x in edges_x)
        bottom, top = (_y_to_latitude(y, wkt) for y in edges_y)
    row0 = {} if bottom < top else {"row0": "south"}
    try:
        return {
            "bounds_deg": (left, right, min(bottom, top), max(bottom, top)),
            "latitude": "planetocentric" if _inverse_flattening(wkt) == 0 else "planetographic",
            "positive": "east",
        } | row0
    except ValueError as error:
        raise MapError(f"{name}: its georeferencing is invalid ({error})") from error


def _x_to_longitude(x: float, wkt: str, name: str) -> float:
    projection = re.search(r'(?:PROJECTION|METHOD)\["([^"]+)"', wkt)
    method = projection[1].replace("_", " ") if projection else "unknown"
    if method.lower() not in _PLATE_CARREE:
        raise MapError(
            f"{name}: is in the projection {method}; only plate carree (equirectangular) maps can be read: "
            "gdalwarp -t_srs '+proj=eqc +R=...' converts it"
        )
    across = _wkt_radius(wkt) * np.cos(np.radians(_wkt_parameter(wkt, "standard_parallel_1")))
    turns = (x - _wkt_parameter(wkt, "false_easting")) * _wkt_linear_unit(wkt) / across
    return float(_wkt_parameter(wkt, "central_meridian") + np.degrees(turns))


def _y_to_latitude(y: float, wkt: str) -> float:
    up = (y - _wkt_parameter(wkt, "false_northing")) * _wkt_linear_unit(wkt) / _wkt_radius(wkt)
    return float(_wkt_parameter(wkt, "latitude_of_origin") + np.degrees(up))


def _wkt_parameter(wkt: str, key: str) -> float:
    found = re.search(rf'PARAMETER\["{key}",\s*([-+0-9.eE]+)\]', wkt)
    return float(found[1]) if found else 0.0


def _wkt_linear_unit(wkt: str) -> float:
    """Return the projection's unit in m: the last one named."""
    units = re.findall(r'UNIT\["[^"]*",\s*([-+0-9.eE]+)', wkt)
    return float(units[-1]) if units else 1.0


def _wkt_radius(wkt: str) -> float:
    return float(_wkt_spheroid(wkt)[0])


def _inverse_flattening(wkt: str) -> float:
    return float(_wkt_spheroid(wkt)[1])


def _wkt_spheroid(wkt: str) -> tuple[str, str]:
    found = re.search(r'(?:SPHEROID|ELLIPSOID)\["[^"]*",\s*([-+0-9.eE]+),\s*([-+0-9.eE]+)', wkt)
    return (found[1], found[2]) if found else ("1", "0")
