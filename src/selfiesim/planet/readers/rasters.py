"""Map files of every kind as rows of numbers, read a band at a time.

What a file holds is checked by its header before a pixel is decoded. :func:`open_raster` gives a :class:`Raster`;
:mod:`selfiesim.planet.readers.resample` turns it into a map of the project's own convention.
"""

from __future__ import annotations

import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.planet.readers.conventions import Conventions

MAX_IN_MEMORY_PIXELS = 2**27
"""What Pillow may decode at once: 16384x8192, 400 MB in three bands."""

MAX_PIXELS = 5_000_000_000
"""What is read band by band: the largest map of Mars there is has 92160x46080."""

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".dds", ".bmp", ".tga"}
TIFF_SUFFIXES = {".tif", ".tiff"}
RAW_SUFFIXES = {".img", ".lbl", ".bin", ".raw", ".dem", ".dat"}

_MAX_FILES = 70_000
_GEOTIFF_TAGS = (33550, 33922, 34264, 34735)


class Raster(Protocol):
    """A map file, opened.

    Attributes
    ----------
    name : str
        For messages.
    width, height, bands : int
        One band, or three of colour.
    dtype : numpy dtype
        Of the raw numbers.
    conventions : Conventions
        The user's, filled in from the file.
    """

    name: str
    width: int
    height: int
    bands: int
    dtype: np.dtype[Any]
    conventions: Conventions

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Raw numbers of the rows from ``top`` to before ``bottom``, (n, width, bands), and where they are gaps."""
        ...

    def close(self) -> None:
        """Let the file go."""
        ...


@contextmanager
def open_raster(path: Path, conventions: Conventions | None = None) -> Iterator[Raster]:
    """A map file by its name's ending; ``{face}`` or ``{x}`` and ``{y}`` in the name stand for several files.

    Raises
    ------
    MapError
        When there is no such file, its kind is not known, it is damaged, or it declares more than may be decoded.
    """
    raster = _open_by_kind(path, conventions or Conventions())
    try:
        yield raster
    finally:
        raster.close()


def _open_by_kind(path: Path, conventions: Conventions) -> Raster:
    from selfiesim.planet.readers import geotiff, mosaics, pds3

    if "{" in path.name or "{" in str(path.parent):
        return mosaics.open_mosaic(path, conventions)
    try:
        if not path.is_file():
            raise MapError(f"{path}: no such file")
    except OSError as error:
        raise MapError(f"{path.name[:60]}: cannot be read ({error.strerror})") from error
    ending = path.suffix.lower()
    if conventions.shape is not None or ending in RAW_SUFFIXES:
        return pds3.open_raw(path, conventions)
    if ending in TIFF_SUFFIXES:
        return (
            geotiff.open_with_gdal(path, conventions)
            if geotiff.is_rasterio_available()
            else _open_plain_tiff(path, conventions)
        )
    if ending not in IMAGE_SUFFIXES:
        known = " ".join(sorted(IMAGE_SUFFIXES | TIFF_SUFFIXES | RAW_SUFFIXES))
        raise MapError(f"{path}: no kind of map known here; known are {known}")
    width, height = read_declared_size(path)
    if width * height <= MAX_IN_MEMORY_PIXELS:
        return PillowRaster(path, conventions)
    return geotiff.open_with_gdal(path, conventions)


def expand_pattern(path: Path) -> list[Path]:
    """The files that a name or a pattern stands for, sorted.

    Raises
    ------
    MapError
        When there is none.
    """
    if "{" not in str(path):
        return [path]
    pattern = re.sub(r"\{\w+\}", "*", str(path.relative_to(path.anchor)))
    found = sorted(Path(path.anchor or ".").glob(pattern))
    if not found:
        raise MapError(f"{path}: no such files")
    return found[:_MAX_FILES]


def read_declared_size(path: Path) -> tuple[int, int]:
    """Width and height that a picture's header declares; nothing is decoded.

    Raises
    ------
    MapError
        When it is no picture, or declares more than may be read.
    """
    from PIL import Image

    try:
        with _open_pillow(path) as picture:
            width, height = picture.size
    except Image.DecompressionBombError as error:
        # Pillow tells the size only in words.
        count = re.search(r"\((\d+) pixels\)", str(error))
        width, height = (int(count[1]) if count else MAX_PIXELS + 1), 1
        if width > MAX_PIXELS:
            raise MapError(f"{path}: declares {width:,} pixels; at most {MAX_PIXELS:,} are read") from error
    return width, height


@contextmanager
def _open_pillow(path: Path) -> Iterator[Any]:
    """The picture, opened by Pillow; what goes wrong with the file is a MapError."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # sizes are checked here
            with Image.open(path) as picture:
                yield picture
    except UnidentifiedImageError as error:
        raise MapError(f"{path}: is no picture, or a damaged one") from error
    except (OSError, SyntaxError, ValueError, EOFError, NotImplementedError, IndexError, KeyError, TypeError) as error:
        # Pillow's readers end in any of these on broken files.
        raise MapError(f"{path}: cannot be read as a picture ({error}); get it again") from error


class PillowRaster:
    """A picture that Pillow decodes at once, when its first row is asked for."""

    def __init__(self, path: Path, conventions: Conventions) -> None:
        self.name, self._path = str(path), path
        self.conventions = conventions
        with _open_pillow(path) as picture:
            self.width, self.height = picture.size
            mode = picture.mode
        if self.width * self.height > MAX_IN_MEMORY_PIXELS:
            raise MapError(
                f"{path}: declares {self.width}x{self.height} pixels; at most {MAX_IN_MEMORY_PIXELS:,} fit here"
            )
        if path.suffix.lower() == ".dds":
            _check_dds(path, self.width * self.height)
        if mode == "1":
            raise MapError(f"{path}: holds only black and white; a map has shades")
        # Deep greys keep their depth; colours, palettes and the rest come as eight bits a band.
        self._mode = "" if mode[0] in "IF" else "LA" if mode in ("LA", "La") else "L" if mode == "L" else "RGBA"
        self.bands = 1 if self._mode in ("", "L", "LA") else 3
        self.dtype = np.dtype({"I;16": "u2", "I;16B": "u2", "I;16L": "u2", "I": "i4", "F": "f4"}.get(mode, "u1"))

    @cached_property
    def _pixels(self) -> NDArray[Any]:
        with _open_pillow(self._path) as picture:
            pixels = np.asarray(picture.convert(self._mode) if self._mode else picture)
        return pixels if pixels.ndim == 3 else pixels[..., None]

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """See :class:`Raster`; what is half transparent or more is a gap."""
        part = self._pixels[top:bottom]
        if part.shape[2] == self.bands:
            return part, None
        gaps = part[..., -1] < 128
        return part[..., : self.bands], gaps if gaps.any() else None

    def close(self) -> None:
        """Let the pixels go."""
        self.__dict__.pop("_pixels", None)


def _check_dds(path: Path, pixels: int) -> None:
    """Refuse an uncompressed DDS that is cut short: not every Pillow does. The layout is Microsoft's DDS_HEADER.

    Raises
    ------
    MapError
        When it is shorter than its pixels.
    """
    with path.open("rb") as file:
        head = file.read(128).ljust(128, b"\0")
    flags, _code, bits = struct.unpack_from("<4xI4sI", head, 76)
    four_cc = 0x4
    if not flags & four_cc and path.stat().st_size < 128 + pixels * bits // 8:
        raise MapError(f"{path}: is cut short; get it again")


def _open_plain_tiff(path: Path, conventions: Conventions) -> Raster:
    """A small TIFF without georeferencing, by Pillow; others need rasterio.

    Raises
    ------
    MapError
        When it takes rasterio, which is not installed.
    """
    from selfiesim.planet.readers.geotiff import missing_rasterio_error

    width, height = read_declared_size(path)
    with _open_pillow(path) as picture:
        referenced = any(tag in picture.tag_v2 for tag in _GEOTIFF_TAGS)
    if referenced or width * height > MAX_IN_MEMORY_PIXELS:
        raise missing_rasterio_error(path)
    return PillowRaster(path, conventions)


def merge_conventions(user: Conventions, own: Conventions) -> Conventions:
    """The user's conventions, with the file's own where the user says nothing.

    Who says where the map lies says all of it: a left edge and a file's own bounds do not mix.
    """
    placing = {"lon0_deg", "bounds_deg", "registration", "positive", "mirrored", "row0"}
    given = user.model_fields_set
    from_file = {key: getattr(own, key) for key in own.model_fields_set - given}
    if user.has_placement:
        from_file = {key: value for key, value in from_file.items() if key not in placing}
    return user.model_copy(update=from_file)
