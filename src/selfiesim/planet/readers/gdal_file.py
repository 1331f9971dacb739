"""Files that GDAL reads. These functions run in a child process, from :mod:`selfiesim.planet.readers.geotiff`."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError

# Only the named file is opened: no sidecar files, no directory listings, no drivers that reach elsewhere.
_OPTIONS = {
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_CACHEMAX": 192,  # MB, a row of tiles of the widest map
    "GTIFF_IGNORE_READ_ERRORS": "NO",
    "CPL_LOG_ERRORS": "OFF",
}

_files: dict[int, Any] = {}
_numbers = itertools.count()


@dataclass(frozen=True)
class Header:
    """What a file's header says.

    Attributes
    ----------
    number : int
        The open file, for :func:`read_rows` and :func:`close_file`.
    width, height : int
        Pixels.
    kinds : tuple of str
        Interpretation of each band, in GDAL's words.
    dtypes : tuple of str
        Type of the numbers of each band.
    palette : (256, 3) uint8, optional
        Colours of an indexed image.
    nodata : float, optional
        Number that marks gaps.
    crs : str
        Coordinate reference system as WKT; empty without one.
    is_geographic : bool
        Whether its coordinates are degrees.
    transform : tuple of float
        a, b, c, d, e, f of x = a column + b row + c, y = d column + e row + f.
    """

    number: int
    width: int
    height: int
    kinds: tuple[str, ...]
    dtypes: tuple[str, ...]
    palette: NDArray[np.uint8] | None
    nodata: float | None
    crs: str
    is_geographic: bool
    transform: tuple[float, float, float, float, float, float]


def open_file(path: Path, driver: str) -> Header:
    """Open a file and return its header.

    Raises
    ------
    MapError
        The file cannot be read with this driver.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    try:
        with rasterio.Env(**_OPTIONS), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            file = rasterio.open(path, driver=driver, sharing=False)
    except (RasterioError, OSError) as error:
        raise MapError(f"{path}: cannot be read as {driver} ({error}); download it again") from error
    number = next(_numbers)
    _files[number] = file
    kinds = tuple(each.name for each in file.colorinterp)
    return Header(
        number,
        file.width,
        file.height,
        kinds,
        tuple(file.dtypes),
        _palette(file) if kinds[0] == "palette" else None,
        file.nodata,
        file.crs.to_wkt() if file.crs else "",
        bool(file.crs and file.crs.is_geographic),
        tuple(file.transform)[:6],
    )


def read_rows(
    number: int, bands: list[int], alpha: int, rows: tuple[int, int]
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return rows of some bands, (n, width, bands), and of the alpha band, (n, width), unless it is 0.

    Raises
    ------
    MapError
        The file is damaged there; the message does not name it.
    """
    import rasterio
    from rasterio.errors import RasterioError

    file = _files.get(number)
    if file is None:
        raise MapError("was closed when the reader crashed on another file; try again")
    window = (rows, (0, file.width))
    try:
        with rasterio.Env(**_OPTIONS):
            values = np.moveaxis(file.read(bands, window=window), 0, -1)
            return values, file.read(alpha, window=window) if alpha else None
    except (RasterioError, OSError) as error:
        where = f"in rows {rows[0]} to {rows[1] - 1} of {file.height}"
        raise MapError(f"damaged or truncated {where}; download it again") from error


def close_file(number: int) -> None:
    """Close a file."""
    file = _files.pop(number, None)
    if file is not None:
        file.close()


def _palette(file: Any) -> NDArray[np.uint8]:
    table = np.zeros((256, 3), np.uint8)
    for index, colour in file.colormap(1).items():
        table[index % 256] = colour[:3]
    return table
