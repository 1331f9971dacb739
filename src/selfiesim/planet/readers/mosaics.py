"""Maps in several files: the six faces of a cube, or a grid of tiles.

The file's name has ``{face}`` in place of the face's name, or ``{x}`` and ``{y}`` in place of a tile's column and row,
such as ``mars_{face}.png`` or ``level2/tx_{x}_{y}.dds``.

Faces are those of a panorama box. The four sides are upright: ``front`` faces the middle of the plate carree map that
the box was made from (lon 0 E unless ``lon0_deg`` differs), and ``right`` lies a quarter turn to the east. The lower
edge of ``up`` and the upper edge of ``down`` join ``front``. They are OpenGL's +Z, +X, -Z, -X, +Y, -Y in that order.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.core.files import is_within
from selfiesim.core.limits import MAP_MEMORY_PIXELS, MAP_PIXELS, MAP_TILES
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.rasters import IMAGE_SUFFIXES, TIFF_SUFFIXES, PillowRaster

FACES = {
    "front": ("front", "f", "pz", "posz", "pos_z"),
    "right": ("right", "r", "px", "posx", "pos_x"),
    "back": ("back", "b", "nz", "negz", "neg_z"),
    "left": ("left", "l", "nx", "negx", "neg_x"),
    "up": ("up", "u", "top", "py", "posy", "pos_y"),
    "down": ("down", "d", "bottom", "ny", "negy", "neg_y"),
}
"""Each face, and the names that its file may have."""

_OVERSAMPLING = 2  # relative to pixels in the middle of a face, because those in its corners are smaller


def is_pattern(path: Path) -> bool:
    """Return whether a name stands for several files."""
    return "{" in str(path)


def mosaic_files(path: Path) -> list[Path]:
    """Return the files that a pattern stands for.

    Raises
    ------
    MapError
        Faces or tiles are missing, one of them is a link out of the pattern's folder, or the pattern is wrong.
    """
    if _is_cube(path):
        return [_face_file(path, face) for face in FACES]
    across, down = (_count_tiles(path, key) for key in ("x", "y"))
    return [_tile_file(path, x, y) for y in range(down) for x in range(across)]


def open_mosaic(path: Path, conventions: Conventions) -> CubeFaces | TileGrid:
    """Open the files that a pattern stands for as one raster.

    Raises
    ------
    MapError
        As for :func:`mosaic_files`, or the files differ in size.
    """
    return CubeFaces(path, conventions) if _is_cube(path) else TileGrid(path, conventions)


def _is_cube(path: Path) -> bool:
    """Return whether a pattern is for faces; else it is for tiles."""
    if path.suffix.lower() not in IMAGE_SUFFIXES | TIFF_SUFFIXES:
        raise MapError(f"{path}: faces and tiles must be images: {' '.join(sorted(IMAGE_SUFFIXES | TIFF_SUFFIXES))}")
    text = str(path)
    if text.count("{face}") == 1 and "{x}" not in text:
        return True
    if text.count("{x}") == 1 and text.count("{y}") == 1 and "{face}" not in text:
        return False
    raise MapError(f"{path}: use {{face}} for the faces of a cube, or {{x}} and {{y}} for tiles")


def _require_within(pattern: Path, file: Path) -> Path:
    """Return a file of a pattern, unless links lead from it out of the folder in which the pattern begins."""
    folder = next(parent for parent in pattern.parents if "{" not in str(parent))
    if not is_within(folder, file):
        raise MapError(f"{file}: is a link that leads out of {folder}; put the file itself there")
    return file


class CubeFaces:
    """Six faces, presented as a plate carree map twice as fine as the middle of a face."""

    def __init__(self, path: Path, conventions: Conventions) -> None:
        self.name, self.conventions = str(path), conventions
        images = [PillowRaster(_face_file(path, face), conventions) for face in FACES]
        sizes = {(each.width, each.height) for each in images}
        size = images[0].width
        if sizes != {(size, size)}:
            raise MapError(f"{path}: the six faces must be squares of the same size, not {sorted(sizes)}")
        MAP_MEMORY_PIXELS.check(6 * size * size, f"{path}: has six faces of {size}x{size} pixels", MapError)
        if len({(each.bands, each.dtype) for each in images}) > 1:
            raise MapError(f"{path}: the faces differ in number of bands or bit depth; make them the same")
        self._size = size
        self.width, self.height = 4 * size * _OVERSAMPLING, 2 * size * _OVERSAMPLING
        self.bands, self.dtype = images[0].bands, images[0].dtype
        self._images: list[PillowRaster] = images
        self._faces: NDArray[Any] | None = None

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], None]:
        """See :class:`selfiesim.planet.readers.rasters.Raster`; takes the nearest pixel in each direction."""
        if self._faces is None:
            self._faces = np.stack([each.rows(0, self._size)[0] for each in self._images])
        latitude = np.pi * (0.5 - (np.arange(top, bottom)[:, None] + 0.5) / self.height)
        azimuth = 2 * np.pi * ((np.arange(self.width) + 0.5) / self.width - 0.5)  # from front, to the right
        face, down, across = _direction_to_face_pixel(
            np.cos(latitude) * np.sin(azimuth), np.sin(latitude), np.cos(latitude) * np.cos(azimuth)
        )
        last = self._size - 1
        row, column = (np.clip((part * self._size).astype(np.intp), 0, last) for part in (down, across))
        return self._faces[face, row, column], None

    def close(self) -> None:
        """Release the pixels."""
        self._faces = None


def _direction_to_face_pixel(
    right: NDArray[np.float64], up: NDArray[np.float64], front: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Return the face that a direction meets, and where: 0..1 down and across from the face's upper left corner.

    Source: the table of cube map faces in the OpenGL 4.6 specification, 8.13, with x right, y up, z front.
    """
    right, up, front = np.broadcast_arrays(right, up, front)
    size = np.maximum(np.maximum(np.abs(right), np.abs(up)), np.abs(front))
    on_side = np.abs(up) < size
    ahead = on_side & (np.abs(front) >= np.abs(right))
    face = np.where(ahead, np.where(front > 0, 0, 2), np.where(on_side, np.where(right > 0, 1, 3), 4))
    face = np.where(~on_side & (up < 0), 5, face).astype(np.intp)
    across = np.choose(face, [right, -front, -right, front, right, right]) / size
    down = np.choose(face, [-up, -up, -up, -up, front, -front]) / size
    return face, (down + 1) / 2, (across + 1) / 2


def _face_file(path: Path, face: str) -> Path:
    for name in FACES[face]:
        candidate = Path(str(path).replace("{face}", name))
        if candidate.is_file():
            return _require_within(path, candidate)
    raise MapError(f"{path}: no file for the face {face!r} ({', '.join(FACES[face])})")


class TileGrid:
    """A grid of images of the same size: columns ``x`` and rows ``y`` count from 0 at the upper left corner."""

    def __init__(self, path: Path, conventions: Conventions) -> None:
        self.name, self.conventions, self._path = str(path), conventions, path
        self._across, self._down = (_count_tiles(path, key) for key in ("x", "y"))
        first = self._tile(0, 0)
        self._size = (first.width, first.height)
        self.width, self.height = self._across * first.width, self._down * first.height
        row = f"{path}: a row of tiles has {self.width}x{first.height} pixels"
        MAP_MEMORY_PIXELS.check(self.width * first.height, row, MapError, "use a coarser level")
        MAP_PIXELS.check(self.width * self.height, f"{path}: has {self.width}x{self.height} pixels", MapError)
        self.bands, self.dtype = first.bands, first.dtype
        self._row = lru_cache(maxsize=1)(self._read_row)

    def _tile(self, x: int, y: int) -> PillowRaster:
        return PillowRaster(_tile_file(self._path, x, y), self.conventions)

    def _read_row(self, y: int) -> NDArray[Any]:
        parts = []
        for x in range(self._across):
            tile = self._tile(x, y)
            if (tile.width, tile.height) != self._size or tile.bands != self.bands or tile.dtype != self.dtype:
                raise MapError(f"{tile.name}: differs in size or type from the first tile")
            parts.append(tile.rows(0, tile.height)[0])
        return np.concatenate(parts, axis=1)

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], None]:
        """See :class:`selfiesim.planet.readers.rasters.Raster`."""
        high = self._size[1]
        parts = []
        for y in range(top // high, (bottom - 1) // high + 1):
            parts.append(self._row(y)[max(top - y * high, 0) : bottom - y * high])
        return np.concatenate(parts), None

    def close(self) -> None:
        """Release the pixels."""
        self._row.cache_clear()


def _count_tiles(path: Path, key: str) -> int:
    other = "y" if key == "x" else "x"
    count = 0
    while _tile_name(path, **{key: count, other: 0}).is_file():
        count += 1
        MAP_TILES.check(count, f"{path}: has too many tiles on a side", MapError, "use a coarser level")
    if count == 0:
        raise MapError(f"{path}: no first tile {_tile_name(path, 0, 0)}")
    return count


def _tile_name(path: Path, x: int, y: int) -> Path:
    return Path(str(path).replace("{x}", str(x)).replace("{y}", str(y)))


def _tile_file(path: Path, x: int, y: int) -> Path:
    file = _tile_name(path, x, y)
    if not file.is_file():
        raise MapError(f"{path}: tile {file} is missing")
    return _require_within(path, file)
