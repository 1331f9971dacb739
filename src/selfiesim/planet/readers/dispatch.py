"""Open a map file with the reader for its kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selfiesim.core.errors import MapError
from selfiesim.core.limits import MAP_MEMORY_PIXELS
from selfiesim.planet.readers import geotiff, mosaics, pds3
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.rasters import (
    IMAGE_SUFFIXES,
    RAW_SUFFIXES,
    TIFF_SUFFIXES,
    PillowRaster,
    Raster,
    open_pillow,
    read_declared_size,
)

_GEOTIFF_TAGS = (33550, 33922, 34264, 34735)


@contextmanager
def open_raster(path: Path, conventions: Conventions | None = None) -> Iterator[Raster]:
    """Open a map file by its suffix.

    Parameters
    ----------
    path : Path
        The file; ``{face}``, or ``{x}`` and ``{y}``, in the name stand for several files.
    conventions : Conventions, optional
        How the file is to be read, where it does not say so itself.

    Raises
    ------
    MapError
        The file does not exist, is of an unknown kind, is damaged, or declares more pixels than may be decoded.
    """
    raster = _open_by_kind(path, conventions or Conventions())
    try:
        yield raster
    finally:
        raster.close()


def _open_by_kind(path: Path, conventions: Conventions) -> Raster:
    if mosaics.is_pattern(path):
        return mosaics.open_mosaic(path, conventions)
    try:
        if not path.is_file():
            raise MapError(f"{path}: no such file")
    except OSError as error:
        raise MapError(f"{path.name[:60]}: cannot be read ({error.strerror})") from error
    suffix = path.suffix.lower()
    if conventions.shape is not None or suffix in RAW_SUFFIXES:
        return pds3.open_raw(path, conventions)
    if suffix in TIFF_SUFFIXES:
        if geotiff.is_rasterio_available():
            return geotiff.open_with_gdal(path, conventions)
        return _open_plain_tiff(path, conventions)
    if suffix not in IMAGE_SUFFIXES:
        known = " ".join(sorted(IMAGE_SUFFIXES | TIFF_SUFFIXES | RAW_SUFFIXES))
        raise MapError(f"{path}: unknown kind of map; known suffixes are {known}")
    width, height = read_declared_size(path)
    if width * height <= MAP_MEMORY_PIXELS.value:
        return PillowRaster(path, conventions)
    return geotiff.open_with_gdal(path, conventions)


def _open_plain_tiff(path: Path, conventions: Conventions) -> Raster:
    """Open a small TIFF without georeferencing with Pillow; any other TIFF needs rasterio.

    Raises
    ------
    MapError
        The file needs rasterio, which is not installed.
    """
    width, height = read_declared_size(path)
    with open_pillow(path) as image:
        referenced = any(tag in image.tag_v2 for tag in _GEOTIFF_TAGS)
    if referenced or width * height > MAP_MEMORY_PIXELS.value:
        raise geotiff.missing_rasterio_error(path)
    return PillowRaster(path, conventions)
