"""PNG and TIFF writers that take a picture strip by strip, so that it is never in memory as a whole."""

from __future__ import annotations

import struct
import tempfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

TIFF_RECIPE = 65000  # the first tag for private use
_TIFF_ROWS = 64  # per strip of the file
_CHUNK = 1 << 20
# Level 3 compresses a space picture to within a few percent of level 9 in a third of the time.
_LEVEL = 3

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

    def finish(self, chunks: list[tuple[bytes, bytes]]) -> None:
        """Write the file, with text chunks as pairs of type and data."""
        self._body.write(self._compressor.flush())
        self._body.seek(0)
        with self._path.open("wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n")
            for kind, data in [(b"IHDR", self._header), *chunks]:
                write_chunk(file, kind, data)
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

    def finish(self, description: str, text: str) -> None:
        """Write the remaining rows and the directory, with a description and the recipe."""
        left = np.concatenate(self._pending_rows)
        if len(left):
            self._pack(left)
        offsets, counts = zip(*self._strips, strict=True)
        description_bytes = description.encode("ascii", "replace") + b"\0"
        byte, letters, short, long = 1, 2, 3, 4
        entries: list[tuple[int, int, Any]] = [
            (256, long, [self._size[0]]), (257, long, [self._size[1]]), (258, short, [self._bits] * 3),
            (259, short, [8]), (262, short, [2]), (270, letters, description_bytes), (273, long, offsets),
            (277, short, [3]), (278, long, [_TIFF_ROWS]), (279, long, counts), (284, short, [1]),
            (305, letters, b"selfiesim\0"),
            (317, short, [2]), (339, short, [1, 1, 1]), (TIFF_RECIPE, byte, text.encode()),
        ]  # fmt: skip
        directory = struct.pack("<H", len(entries))
        for tag, kind, values in entries:
            form = {byte: "B", letters: "B", short: "H", long: "I"}[kind]
            data = bytes(values) if form == "B" else struct.pack(f"<{len(values)}{form}", *values)
            if len(data) > 4:
                place = self._file.tell()
                self._file.write(data + b"\0" * (len(data) % 2))
                data = struct.pack("<I", place)
            directory += struct.pack("<HHI", tag, kind, len(values)) + data.ljust(4, b"\0")
        place = self._file.tell()
        self._file.write(directory + struct.pack("<I", 0))
        self._file.seek(4)
        self._file.write(struct.pack("<I", place))

    def __enter__(self) -> TiffStrips:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()
