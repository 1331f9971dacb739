"""Writers of PNG, TIFF and JPEG that take a picture strip by strip; PNG and TIFF never have it in memory as a whole."""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.files.metadata import Metadata, srgb_profile

TIFF_RECIPE = 65000  # the first tag for private use
_TIFF_ROWS = 64  # per strip of the file
_CHUNK = 1 << 20
# Level 3 compresses a space picture to within a few percent of level 9 in a third of the time.
_LEVEL = 3

JPEG_SIZE = 65_500
"""Largest width or height of a JPEG, px, as libjpeg allows."""
# Types of the entries of a TIFF's directory.
_BYTE, _ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED = 1, 2, 3, 4, 5, 7

Pixels = NDArray[Any]
"""Rows (h, W, 3) of uint8 or uint16."""


class PngStrips:
    """Writer of RGB PNG files with 8 or 16 bits per colour (W3C, PNG, third edition: 11.2 and 9.2, filter Up).

    Compressed pixels are buffered in a temporary file, because text chunks precede them but are known after them.

    Parameters
    ----------
    path : Path
        The file.
    width, height : int
        Size, px.
    bits : int
        8 or 16.
    """

    def __init__(self, path: Path, width: int, height: int, bits: int) -> None:
        self._path, self._header = path, struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
        self._body: IO[bytes] = tempfile.TemporaryFile(dir=path.parent)  # noqa: SIM115  (closed by __exit__)
        self._compressor = zlib.compressobj(_LEVEL)
        self._previous_row = np.zeros((1, width * 3 * bits // 8), np.uint8)

    def add(self, pixels: Pixels) -> None:
        """Append rows (h, W, 3)."""
        rows = np.ascontiguousarray(pixels.astype(pixels.dtype.newbyteorder(">")))
        rows = rows.reshape(len(pixels), -1).view(np.uint8)
        filtered = np.full((len(rows), rows.shape[1] + 1), 2, np.uint8)
        filtered[:, 1:] = np.diff(rows, axis=0, prepend=self._previous_row)
        self._previous_row = rows[-1:].copy()
        self._body.write(self._compressor.compress(filtered.tobytes()))

    def finish(self, data: Metadata) -> None:
        """Write the file, with its metadata."""
        self._body.write(self._compressor.flush())
        self._body.seek(0)
        with self._path.open("wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
            for kind, content in [(b"IHDR", self._header), *data.png_chunks()]:
                write_chunk(file, kind, content)
            while part := self._body.read(_CHUNK):
                write_chunk(file, b"IDAT", part)
            write_chunk(file, b"IEND", b"")

    def __enter__(self) -> PngStrips:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._body.close()


def write_chunk(file: IO[bytes], kind: bytes, data: bytes) -> None:
    """Write a chunk of a PNG: its length, kind, data and checksum."""
    file.write(struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)))


class TiffStrips:
    """Writer of RGB TIFF files with 8 or 16 bits per colour, Deflate and horizontal differencing (TIFF 6.0).

    Parameters
    ----------
    path : Path
        The file.
    width, height : int
        Size, px.
    bits : int
        8 or 16.
    """

    def __init__(self, path: Path, width: int, height: int, bits: int) -> None:
        self._size, self._bits = (width, height), bits
        self._file = path.open("wb")
        self._file.write(b"II*\0\0\0\0\0")
        self._strips: list[tuple[int, int]] = []
        self._pending_rows: list[Pixels] = []

    def add(self, pixels: Pixels) -> None:
        """Append rows (h, W, 3), any number at a time; strips of the file hold 64."""
        self._pending_rows.append(pixels)
        if sum(len(part) for part in self._pending_rows) >= _TIFF_ROWS:
            rows = np.concatenate(self._pending_rows)
            whole = len(rows) // _TIFF_ROWS * _TIFF_ROWS
            for start in range(0, whole, _TIFF_ROWS):
                self._pack(rows[start : start + _TIFF_ROWS])
            self._pending_rows = [rows[whole:]]

    def _pack(self, rows: Pixels) -> None:
        differences = rows.astype(rows.dtype.newbyteorder("<"))
        differences[:, 1:] -= rows[:, :-1]
        packed = zlib.compress(differences.tobytes(), _LEVEL)
        self._strips.append((self._file.tell(), len(packed)))
        self._file.write(packed + b"\0" * (len(packed) % 2))

    def finish(self, data: Metadata) -> None:
        """Write the remaining rows and the directory, with the metadata."""
        left = np.concatenate(self._pending_rows)
        if len(left):
            self._pack(left)
        offsets, counts = zip(*self._strips, strict=True)
        description = data.description.encode("ascii", "replace") + b"\0"
        entries: list[tuple[int, int, Any]] = [
            (256, _LONG, [self._size[0]]), (257, _LONG, [self._size[1]]), (258, _SHORT, [self._bits] * 3),
            (259, _SHORT, [8]), (262, _SHORT, [2]), (270, _ASCII, description), (273, _LONG, offsets),
            (277, _SHORT, [3]), (278, _LONG, [_TIFF_ROWS]), (279, _LONG, counts), (284, _SHORT, [1]),
            (305, _ASCII, b"selfiesim\0"), (317, _SHORT, [2]), (339, _SHORT, [1, 1, 1]),
            (34675, _UNDEFINED, srgb_profile()), (TIFF_RECIPE, _BYTE, data.recipe.encode()),
        ]  # fmt: skip
        if data.dpi:
            resolution = [round(data.dpi * 100), 100]
            entries += [(282, _RATIONAL, resolution), (283, _RATIONAL, resolution), (296, _SHORT, [2])]
        if data.xmp:
            entries.append((700, _BYTE, data.xmp.encode()))
        self._write_directory(sorted(entries, key=lambda entry: entry[0]))

    def _write_directory(self, entries: list[tuple[int, int, Any]]) -> None:
        directory = struct.pack("<H", len(entries))
        for tag, kind, values in entries:
            form = {_SHORT: "H", _LONG: "I", _RATIONAL: "I"}.get(kind)
            packed = bytes(values) if form is None else struct.pack(f"<{len(values)}{form}", *values)
            if len(packed) > 4:
                place = self._file.tell()
                self._file.write(packed + b"\0" * (len(packed) % 2))
                packed = struct.pack("<I", place)
            count = len(values) // 2 if kind == _RATIONAL else len(values)
            directory += struct.pack("<HHI", tag, kind, count) + packed.ljust(4, b"\0")
        place = self._file.tell()
        self._file.write(directory + struct.pack("<I", 0))
        self._file.seek(4)
        self._file.write(struct.pack("<I", place))

    def __enter__(self) -> TiffStrips:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


class JpegStrips:
    """Writer of JPEG files; its 8-bit pixels are in memory until the file is written.

    Parameters
    ----------
    path : Path
        The file.
    width, height : int
        Size, px; at most :data:`JPEG_SIZE` each.
    quality : int
        As Pillow counts it, 1 to 95.
    """

    def __init__(self, path: Path, width: int, height: int, quality: int) -> None:
        from PIL import Image

        self._path, self._quality, self._row = path, quality, 0
        self._image = Image.new("RGB", (width, height))

    def add(self, pixels: Pixels) -> None:
        """Append rows (h, W, 3) of uint8."""
        from PIL import Image

        self._image.paste(Image.fromarray(np.ascontiguousarray(pixels)), (0, self._row))
        self._row += len(pixels)

    def finish(self, data: Metadata) -> None:
        """Write the file, with its metadata."""
        self._image.save(self._path, "JPEG", quality=self._quality, subsampling=2, **data.jpeg_options())

    def __enter__(self) -> JpegStrips:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._image.close()
