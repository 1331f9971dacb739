"""Raw image files: the ``.img`` of planetary archives, with an attached or detached PDS3 label, or without a label.

Keywords as in the PDS Standards Reference, version 3.8, chapter 12 and appendix A. Only what a map needs is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.core.files import is_within
from selfiesim.core.limits import MAP_LABEL_BYTES, MAP_PIXELS
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.rasters import merge_conventions

_MAX_POINTER = 400  # characters of a pointer: the rest cannot be a name
_LABEL_MARKS = (b"PDS_VERSION_ID", b"ODL_VERSION_ID", b"CCSD3ZF")
_BYTE_ORDER = {"MSB": ">", "SUN": ">", "MAC": ">", "IEEE": ">", "LSB": "<", "PC": "<", "VAX": "<"}
_LAYOUTS = ("BAND_SEQUENTIAL", "LINE_INTERLEAVED", "SAMPLE_INTERLEAVED")
_PLATE_CARREE = {"SIMPLE CYLINDRICAL", "EQUIRECTANGULAR", "SIMPLE_CYLINDRICAL"}

Label = dict[str, str]
"""Keyword to value as written; keywords of an object follow its name and a dot, such as ``IMAGE.LINES``."""


@dataclass(frozen=True)
class _Layout:
    """Where in a file the numbers are, and in which order."""

    file: Path
    start: int
    width: int
    height: int
    bands: int
    dtype: np.dtype[Any]
    order: str


def open_raw(path: Path, conventions: Conventions) -> RawRaster:
    """Open an image file by its label, or by the shape and type in the conventions.

    Raises
    ------
    MapError
        There is neither label nor shape, the label is incomplete, the projection is not plate carree, or the file is
        too short.
    """
    if conventions.shape is not None and conventions.dtype is not None:
        width, height = conventions.shape
        bare = _Layout(path, 0, width, height, 1, np.dtype(conventions.dtype), _LAYOUTS[0])
        _check_length(bare, exactly=True)
        return RawRaster(bare, conventions)
    label_path = _find_label_file(path)
    if label_path is None:
        raise MapError(
            f"{path}: has no PDS label, neither attached nor next to it ({path.stem}.lbl); add that, or give the shape "
            "and type of its numbers: --shape 1440x720 --dtype '>i2'"
        )
    label = read_label(label_path)
    layout = _read_layout(label, label_path)
    _check_length(layout, exactly=False)
    return RawRaster(layout, merge_conventions(conventions, _conventions_from_label(label, label_path)))


class RawRaster:
    """A raw image file, mapped into memory."""

    def __init__(self, layout: _Layout, conventions: Conventions) -> None:
        self.name, self.conventions = str(layout.file), conventions
        self.width, self.height, self.bands, self.dtype = layout.width, layout.height, layout.bands, layout.dtype
        shapes = {
            "BAND_SEQUENTIAL": ((self.bands, self.height, self.width), (1, 2, 0)),
            "LINE_INTERLEAVED": ((self.height, self.bands, self.width), (0, 2, 1)),
            "SAMPLE_INTERLEAVED": ((self.height, self.width, self.bands), (0, 1, 2)),
        }
        shape, axes = shapes[layout.order]
        stored = np.memmap(layout.file, layout.dtype, "r", layout.start, shape)
        self._values: NDArray[Any] = stored.transpose(axes)

    def rows(self, top: int, bottom: int) -> tuple[NDArray[Any], None]:
        """See :class:`selfiesim.planet.readers.rasters.Raster`."""
        return np.array(self._values[top:bottom]), None

    def close(self) -> None:
        """Release the file."""
        self._values = np.empty((0, self.width, self.bands), self.dtype)


def read_label(path: Path) -> Label:
    """Read the keywords and values of a PDS3 label, up to its END.

    Raises
    ------
    MapError
        The file cannot be read, or its label has no END.
    """
    try:
        with path.open("rb") as file:
            head = file.read(MAP_LABEL_BYTES.value)
    except OSError as error:
        raise MapError(f"{path}: cannot be read ({error.strerror})") from error
    # A comment that does not end takes the rest, so that each character is looked at once.
    text = re.sub(r"/\*.*?(?:\*/|\Z)", " ", head.decode("latin-1"), flags=re.DOTALL)
    label: Label = {}
    objects: list[str] = []
    for keyword, value in _parse_statements(text, path):
        if keyword in ("OBJECT", "GROUP"):
            objects.append(value)
        elif keyword in ("END_OBJECT", "END_GROUP"):
            objects = objects[:-1]
        else:
            label[".".join([*objects[-1:], keyword])] = value
    return label


def _parse_statements(text: str, path: Path) -> list[tuple[str, str]]:
    """Return each ``KEYWORD = value`` before END; a value in quotes or brackets may span lines."""
    pattern = re.compile(
        r'^[ \t]*(?:(?P<end>END)[ \t]*\r?$|(?P<key>\^?[A-Z][A-Z0-9_:]*)[ \t]*(?:=\s*(?P<value>"[^"]*"|\([^()]*\)|'
        r"\{[^{}]*\}|[^\r\n]*))?)",
        re.MULTILINE,
    )
    found: list[tuple[str, str]] = []
    for match in pattern.finditer(text):
        if match["end"]:
            return found
        found.append((match["key"], (match["value"] or "").strip().strip('"').strip()))
    raise MapError(f"{path}: its PDS label has no END; the file is damaged or truncated")


def _find_label_file(path: Path) -> Path | None:
    """Return the file with the label of ``path``: itself, or a file of the same name next to it."""
    if path.suffix.lower() == ".lbl":
        return path
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError as error:
        raise MapError(f"{path}: cannot be read ({error.strerror})") from error
    if start.lstrip().startswith(_LABEL_MARKS):
        return path
    return _find_ignoring_case(path.parent, f"{path.stem}.lbl")


def _find_ignoring_case(folder: Path, name: str) -> Path | None:
    """Find a file in a folder, ignoring case: archives use both.

    Raises
    ------
    MapError
        The file is a link out of the folder.
    """
    file = folder / name
    if not file.is_file():
        named = (each for each in sorted(folder.iterdir()) if each.name.lower() == name.lower() and each.is_file())
        found = next(named, None)
        if found is None:
            return None
        file = found
    if not is_within(folder, file):
        raise MapError(f"{file}: is a link that leads out of its folder; put the file itself there")
    return file


def _read_layout(label: Label, label_path: Path) -> _Layout:
    file, start = _resolve_image_pointer(label, label_path)
    kind = label.get("IMAGE.SAMPLE_TYPE", "").upper().replace(" ", "_")
    bits = _label_int(label, "IMAGE.SAMPLE_BITS", label_path)
    letter = "f" if "REAL" in kind else "u" if "UNSIGNED" in kind else "i"
    if bits not in ((32, 64) if letter == "f" else (8, 16, 32)) or not kind.endswith(("INTEGER", "REAL")):
        raise MapError(f"{label_path}: numbers of type {kind or 'unknown'} with {bits} bits are not supported")
    order = label.get("IMAGE.BAND_STORAGE_TYPE", _LAYOUTS[0]).upper()
    bands = _label_int(label, "IMAGE.BANDS", label_path, 1)
    if bands not in (1, 3) or order not in _LAYOUTS:
        raise MapError(f"{label_path}: {bands} bands, {order}; a map has one or three bands")
    width, height = _label_int(label, "IMAGE.LINE_SAMPLES", label_path), _label_int(label, "IMAGE.LINES", label_path)
    if not (width and height):
        raise MapError(f"{label_path}: its label states {width} LINE_SAMPLES and {height} LINES, so no map")
    dtype = np.dtype(f"{_BYTE_ORDER.get(kind.split('_')[0], '>')}{letter}{bits // 8}")
    return _Layout(file, start, width, height, bands, dtype, order)


def _resolve_image_pointer(label: Label, label_path: Path) -> tuple[Path, int]:
    """Return the file with the image and the offset of its first byte: ``^IMAGE`` is a name, an offset, or both."""
    pointer = label.get("^IMAGE", "")[:_MAX_POINTER]
    name = re.search(r'([\w.\-]+\.\w+)"?', pointer) if re.search(r"[A-Za-z]\.|\.[A-Za-z]", pointer) else None
    place = re.search(r"(\d+)\s*(<BYTES>)?\s*\)?$", pointer)
    start = 0
    if place and (name is None or "," in pointer):
        unit = 1 if place[2] else _label_int(label, "RECORD_BYTES", label_path)
        start = (int(place[1]) - 1) * unit
    if name is None:
        if not place:
            raise MapError(f"{label_path}: its label has no pointer to an image (^IMAGE)")
        return label_path, max(start, 0)
    file = _find_ignoring_case(label_path.parent, name[1])
    if file is None:
        raise MapError(f"{label_path}: its image {name[1]} is missing; put both into the same folder")
    return file, max(start, 0)


def _label_int(label: Label, key: str, label_path: Path, default: int | None = None) -> int:
    text = label.get(key)
    if text is None and default is not None:
        return default
    match = re.match(r"\d{1,9}(?!\d)", text or "")
    if not match:
        raise MapError(f"{label_path}: its label has no {key.rsplit('.', maxsplit=1)[-1]}")
    return int(match[0])


def _label_float(label: Label, key: str) -> float | None:
    try:
        value = float(label.get(key, "").split("<")[0])
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _conventions_from_label(label: Label, label_path: Path) -> Conventions:
    """Return the conventions that the label states: placement, scale, offset and gaps."""
    from_label: dict[str, Any] = {}
    for key, keyword in (("scale", "SCALING_FACTOR"), ("offset", "OFFSET"), ("nodata", "MISSING_CONSTANT")):
        value = _label_float(label, f"IMAGE.{keyword}")
        if value is not None:
            from_label[key] = value
    group = "IMAGE_MAP_PROJECTION"
    projection = label.get(f"{group}.MAP_PROJECTION_TYPE")
    if projection is not None and projection.upper() not in _PLATE_CARREE:
        raise MapError(
            f"{label_path}: is in the projection {projection}; only plate carree (simple cylindrical) can be read"
        )
    west = label.get(f"{group}.POSITIVE_LONGITUDE_DIRECTION", "").upper() == "WEST"
    edges = ("WESTERNMOST_LONGITUDE", "EASTERNMOST_LONGITUDE", "MINIMUM_LATITUDE", "MAXIMUM_LATITUDE")
    numbers = [_label_float(label, f"{group}.{edge}") for edge in edges]
    left, right, bottom, top = numbers
    if left is not None and right is not None and bottom is not None and top is not None:
        if not west and right <= left:
            right += 360.0
        if west and right >= left:
            left += 360.0
        from_label |= {"bounds_deg": (left, right, bottom, top), "positive": "west" if west else "east"}
    if "GRAPHIC" in label.get(f"{group}.COORDINATE_SYSTEM_NAME", "").upper():
        from_label["latitude"] = "planetographic"
    try:
        return Conventions(**from_label)
    except ValueError as error:
        raise MapError(f"{label_path}: its label is invalid ({error})") from error


def _check_length(layout: _Layout, *, exactly: bool) -> None:
    count = layout.width * layout.height * layout.bands
    MAP_PIXELS.check(count, f"{layout.file}: has {layout.width}x{layout.height} numbers", MapError)
    expected = layout.start + count * layout.dtype.itemsize
    size = layout.file.stat().st_size
    if size < expected or (exactly and size != expected):
        what = f"{layout.width}x{layout.height} numbers of type {layout.dtype.str} take {expected:,} bytes"
        advice = "give another shape or dtype" if exactly else "the file is truncated; download it again"
        raise MapError(f"{layout.file}: has {size:,} bytes, but {what}; {advice}")
