"""The interface that every reader of map files has, and the reader of ordinary images.

A file's header is checked before a pixel is decoded. :func:`selfiesim.planet.readers.dispatch.open_raster` returns a
:class:`Raster`; :mod:`selfiesim.planet.readers.resample` converts it to the project's map convention.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.core.limits import MAP_MEMORY_PIXELS, MAP_PIXELS
from selfiesim.core.quiet import ignored_warnings
from selfiesim.planet.readers.conventions import Conventions

IMAGE_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".dds", ".bmp", ".tga"}
TIFF_SUFFIXES = {".tif", ".tiff"}
RAW_SUFFIXES = {".img", ".lbl", ".bin", ".raw", ".dem", ".dat"}
_PILLOW_FORMATS = ("PNG", "JPEG", "WEBP", "DDS", "BMP", "TGA", "TIFF")  # Pillow starts other programs for some others


class Raster(Protocol):
    """An open map file.

    Attributes
    ----------
    name : str
        The file's name, for messages.
    width, height : int
        Columns and rows.
    bands : int
        1, or 3 for colour.
    dtype : numpy dtype
        Type of the raw numbers.
    conventions : Conventions
        The user's conventions, completed from the file.
    """

    name: str
    width: int
    height: int
    bands: int
    dtype: np.dtype[Any]
    conventions: Conventions

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """Return raw numbers of rows ``top`` to ``bottom`` - 1, (n, width, bands), and a mask of gaps (n, width)."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...


def read_declared_size(path: Path) -> tuple[int, int]:
    """Return the width and height that an image's header declares; nothing is decoded.

    Raises
    ------
    MapError
        The file is not an image, or declares more pixels than may be read.
    """
    from PIL import Image

    try:
        with open_pillow(path) as image:
            width, height = image.size
    except Image.DecompressionBombError as error:
        # Pillow reports the size only in the message.
        count = re.search(r"\((\d+) pixels\)", str(error))
        width, height = (int(count[1]) if count else MAP_PIXELS.value + 1), 1
        MAP_PIXELS.check(width, f"{path}: declares {width:,} pixels", MapError)
    return width, height


@contextmanager
def open_pillow(path: Path) -> Iterator[Any]:
    """Open an image with Pillow; errors of the file become MapError."""
    from PIL import Image, UnidentifiedImageError

    try:
        with ignored_warnings(Image.DecompressionBombWarning):  # sizes are checked here
            image = Image.open(path, formats=_PILLOW_FORMATS)
        with image:
            yield image
    except UnidentifiedImageError as error:
        raise MapError(f"{path}: not an image, or damaged") from error
    except (Image.DecompressionBombError, MapError):
        raise
    except Exception as error:  # Pillow fails on damaged images in more ways than can be listed
        raise MapError(f"{path}: cannot be read as an image ({error}); download it again") from error


class PillowRaster:
    """An image that Pillow decodes as a whole when its first row is requested."""

    def __init__(self, path: Path, conventions: Conventions) -> None:
        self.name, self._path = str(path), path
        self.conventions = conventions
        self.width, self.height = read_declared_size(path)
        declared = f"{path}: declares {self.width}x{self.height} pixels"
        MAP_MEMORY_PIXELS.check(self.width * self.height, declared, MapError)
        with open_pillow(path) as image:
            mode = image.mode
        if path.suffix.lower() == ".dds":
            _check_dds(path, self.width * self.height)
        if mode == "1":
            raise MapError(f"{path}: has only black and white; a map needs grey levels")
        # Deep greys keep their depth; colours, palettes and the rest become eight bits per band.
        self._mode = "" if mode[0] in "IF" else "LA" if mode in ("LA", "La") else "L" if mode == "L" else "RGBA"
        self.bands = 1 if self._mode in ("", "L", "LA") else 3
        self.dtype = np.dtype({"I;16": "u2", "I;16B": "u2", "I;16L": "u2", "I": "i4", "F": "f4"}.get(mode, "u1"))

    @cached_property
    def _pixels(self) -> NDArray[Any]:
        with open_pillow(self._path) as image:
            pixels = np.asarray(image.convert(self._mode) if self._mode else image)
        return pixels if pixels.ndim == 3 else pixels[..., None]

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """See :class:`Raster`; pixels at least half transparent are gaps."""
        part = self._pixels[top:bottom]
        if part.shape[2] == self.bands:
            return part, None
        gaps = part[..., -1] < 128
        return part[..., : self.bands], gaps if gaps.any() else None

    def close(self) -> None:
        """Release the pixels."""
        self.__dict__.pop("_pixels", None)


class ArrayRaster:
    """Numbers in memory, (height, width, bands), with the conventions of the map that they were made from."""

    def __init__(self, name: str, values: NDArray[Any], conventions: Conventions) -> None:
        self.name, self.conventions, self.dtype = name, conventions, values.dtype
        self.height, self.width, self.bands = values.shape
        self._values = values

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """See :class:`Raster`."""
        return self._values[top:bottom], None

    def close(self) -> None:
        """Do nothing: there is no file."""


def _check_dds(path: Path, pixels: int) -> None:
    """Reject a truncated uncompressed DDS, which not every Pillow does. The layout is Microsoft's DDS_HEADER.

    Raises
    ------
    MapError
        The file is shorter than its pixels.
    """
    with path.open("rb") as file:
        head = file.read(128).ljust(128, b"\0")
    flags, _code, bits = struct.unpack_from("<4xI4sI", head, 76)
    four_cc = 0x4
    if not flags & four_cc and path.stat().st_size < 128 + pixels * bits // 8:
        raise MapError(f"{path}: is truncated; download it again")


def merge_conventions(user: Conventions, own: Conventions) -> Conventions:
    """Return the user's conventions, completed from the file's own.

    Where the user gives any placement, the file's placement is ignored: a user's left edge and a file's bounds do not
    combine.
    """
    placing = {"lon0_deg", "bounds_deg", "registration", "positive", "mirrored", "row0"}
    given = user.model_fields_set
    from_file = {key: getattr(own, key) for key in own.model_fields_set - given}
    if user.has_placement:
        from_file = {key: value for key, value in from_file.items() if key not in placing}
    return user.model_copy(update=from_file)
