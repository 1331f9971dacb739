"""GeoTIFFs and very large images, read in strips through rasterio (GDAL) in a child process.

``rasterio`` is optional: ``pip install 'selfiesim[maps]'``.
"""

from __future__ import annotations

import contextlib
import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.child_process import ReaderProcess
from selfiesim.core.errors import MapError, ReaderError
from selfiesim.core.limits import MAP_PIXELS
from selfiesim.planet.readers import gdal_file
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.rasters import TIFF_SUFFIXES, merge_conventions

_GDAL_DRIVERS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_PLATE_CARREE = {"equirectangular", "plate carree", "equidistant cylindrical", "platecarree"}
_GDAL = ReaderProcess()


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
        driver = "GTiff" if path.suffix.lower() in TIFF_SUFFIXES else _GDAL_DRIVERS.get(path.suffix.lower())
        if driver is None:
            raise MapError(f"{path}: too large for this format; convert it to TIFF")
        try:
            self._header = _GDAL.call(gdal_file.open_file, path.absolute(), driver)
        except ReaderError as error:
            raise MapError(f"{path}: cannot be read as {driver} ({error})") from error
        try:
            self._check_header(conventions)
        except BaseException:
            self.close()
            raise

    def _check_header(self, conventions: Conventions) -> None:
        header = self._header
        self.height, self.width = header.height, header.width
        MAP_PIXELS.check(self.width * self.height, f"{self.name}: declares {self.width}x{self.height} pixels", MapError)
        self._alpha = header.kinds.index("alpha") + 1 if "alpha" in header.kinds else 0
        self._band_indexes = [number + 1 for number, kind in enumerate(header.kinds) if kind != "alpha"]
        if len(self._band_indexes) not in (1, 3) or "cyan" in header.kinds:
            bands = ", ".join(header.kinds)[:100]
            raise MapError(f"{self.name}: has {len(header.kinds)} bands ({bands}), not one or three")
        if len(set(header.dtypes)) > 1 or np.dtype(header.dtypes[0]).kind not in "iuf":
            raise MapError(f"{self.name}: has numbers of type {', '.join(header.dtypes)}; a map has a single real type")
        self.bands = 3 if header.palette is not None else len(self._band_indexes)
        self.dtype = np.dtype(header.dtypes[0])
        own: dict[str, Any] = {}
        if header.nodata is not None and np.isfinite(header.nodata):
            own["nodata"] = header.nodata
        try:
            placement = _read_georeference(header, self.name)
            if conventions.has_placement:
                placement.pop("bounds_deg", None)
            from_file = Conventions(**own, **placement)
        except ValueError as error:
            raise MapError(_explain_placement(header, self.name)) from error
        self.conventions = merge_conventions(conventions, from_file)

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """See :class:`selfiesim.planet.readers.rasters.Raster`."""
        header = self._header
        try:
            values, alpha = _GDAL.call(
                gdal_file.read_rows, header.number, self._band_indexes, self._alpha, (top, bottom)
            )
        except (ReaderError, MapError) as error:
            raise MapError(f"{self.name}: {error}") from error
        if header.palette is not None:
            values = header.palette[values[..., 0]]
        return values, None if alpha is None or alpha.all() else alpha == 0

    def close(self) -> None:
        """Close the file."""
        with contextlib.suppress(ReaderError):
            _GDAL.call(gdal_file.close_file, self._header.number)


def _explain_placement(header: gdal_file.Header, name: str) -> str:
    """Return the message about georeferencing that no globe has."""
    a, _b, c, _d, e, f = header.transform
    x, y = (c, c + a * header.width), (f, f + e * header.height)
    return (
        f"{name}: its georeferencing is invalid: its corners are at x {x[0]:g} and {x[1]:g}, y {y[0]:g} and {y[1]:g}, "
        "beyond the globe; give bounds_deg = [left, right, bottom, top], or registration = 'point' for a grid whose "
        "values are on its lines"
    )


def _read_georeference(header: gdal_file.Header, name: str) -> dict[str, Any]:
    """Return the conventions that the file's georeferencing implies; empty if it has none.

    Raises
    ------
    MapError
        The projection is not plate carree, or the grid is rotated.
    ValueError
        The georeferencing has no finite meaning.
    """
    if not header.crs:
        return {}
    a, b, c, d, e, f = header.transform
    if abs(b) > 1e-9 * abs(a) or abs(d) > 1e-9 * abs(e):
        raise MapError(f"{name}: its grid is rotated; only plate carree maps with north up can be read")
    wkt = " ".join(header.crs.split())
    edges_x = (c, c + a * header.width)
    edges_y = (f + e * header.height, f)
    if header.is_geographic:
        (left, right), (bottom, top) = edges_x, edges_y
    else:
        left, right = (_x_to_longitude(x, wkt, name) for x in edges_x)
        bottom, top = (_y_to_latitude(y, wkt) for y in edges_y)
    row0 = {} if bottom < top else {"row0": "south"}
    return {
        "bounds_deg": (left, right, min(bottom, top), max(bottom, top)),
        "latitude": "planetocentric" if _inverse_flattening(wkt) == 0 else "planetographic",
        "positive": "east",
    } | row0


def _x_to_longitude(x: float, wkt: str, name: str) -> float:
    projection = re.search(r'(?:PROJECTION|METHOD)\["([^"]+)"', wkt)
    method = projection[1].replace("_", " ") if projection else "unknown"
    if method.lower() not in _PLATE_CARREE:
        raise MapError(
            f"{name}: is in the projection {method}; only plate carree (equirectangular) maps can be read: "
            "gdalwarp -t_srs '+proj=eqc +R=...' converts it"
        )
    across = _wkt_radius(wkt) * float(np.cos(np.radians(_wkt_parameter(wkt, "standard_parallel_1"))))
    if across == 0.0:
        raise ValueError("its standard parallel is a pole")
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
    radius = float(_wkt_spheroid(wkt)[0])
    if not radius > 0.0:
        raise ValueError("its radius is not positive")
    return radius


def _inverse_flattening(wkt: str) -> float:
    return float(_wkt_spheroid(wkt)[1])


def _wkt_spheroid(wkt: str) -> tuple[str, str]:
    found = re.search(r'(?:SPHEROID|ELLIPSOID)\["[^"]*",\s*([-+0-9.eE]+),\s*([-+0-9.eE]+)', wkt)
    return (found[1], found[2]) if found else ("1", "0")
