"""A texture of solar cells, and the reproducible PNG that stores it."""

from __future__ import annotations

import struct
import zlib
from functools import cache

import numpy as np
from numpy.typing import NDArray

# sRGB palette of the texture: eight cell blues, then the colours between and on the cells. The blues are GaAs with the
# coat that reflects least, 65 nm of Al2O3 on 45 nm of TiO2, and thicknesses around it (design/finish_bands.py); the
# other colours are chosen by eye.
_BLUES = [
    (30, 35, 66),
    (28, 34, 68),
    (26, 34, 69),
    (23, 34, 71),
    (32, 37, 66),
    (29, 37, 67),
    (27, 36, 68),
    (25, 36, 70),
]
_SEAM, _BAR, _WIDE_SEAM, _FRAME, _TAB, _FINGER = 8, 9, 10, 11, 12, 13
_PALETTE = [*_BLUES, (78, 84, 98), (86, 96, 124), (128, 118, 96), (176, 178, 180), (136, 140, 146), (38, 46, 78)]
_CELLS_PER_STRING = (6, 5)  # cells across and down in one string
_SHORTEST_COPY, _LONGEST_COPY = 3, 258  # of DEFLATE

_Cells = tuple[NDArray[np.int64], NDArray[np.float64], float]


def solar_cell_png(width_m: float, height_m: float, cell_m: tuple[float, float], texel_m: float, seed: int) -> bytes:
    """Return the PNG of one panel's cell side.

    The cells have cut corners, bus bars and tabs; wider seams separate the strings, and a frame runs along the edge.

    Parameters
    ----------
    width_m, height_m : float
        Size of the panel.
    cell_m : tuple of float
        Approximate width and height of a cell, m.
    texel_m : float
        Size of a texel, m.
    seed : int
        Random seed of the cells' shades.
    """
    columns, rows = round(width_m / texel_m), round(height_m / texel_m)
    across, down = round(width_m / cell_m[0]), round(height_m / cell_m[1])
    rng = np.random.default_rng(seed)
    # Each texel's cell, and its distance from that cell's corner, m.
    (i, x, wide), (j, y, high) = _cell_coordinates(columns, across, texel_m), _cell_coordinates(rows, down, texel_m)
    shade = (rng.random((down, across)) * len(_BLUES)).astype(np.uint8)
    picture = shade[np.ix_(j, i)]
    shows_fingers = (rng.random((down, across)) < 0.5)[np.ix_(j, i)]
    fingers = (np.floor(y / (2.2 * texel_m)).astype(int) % 3 == 0)[:, None] & shows_fingers
    picture[fingers] = _FINGER
    picture[:, np.abs(x - 0.12 * wide) < 0.6 * texel_m] = _BAR
    gap = 0.75 * texel_m
    cut = 0.16 * min(wide, high)
    from_side = np.minimum(x, wide - x)[None, :]
    seam = (from_side < gap) | (np.minimum(y, high - y) < gap)[:, None]
    seam |= (x[None, :] + y[:, None] < cut) | (x[None, :] + (high - y)[:, None] < cut)
    picture[seam] = _SEAM
    tabs = (np.abs((y / high)[:, None] - np.array([0.25, 0.5, 0.75])).min(axis=1) < 0.04)[:, None]
    picture[tabs & (from_side < 1.6 * gap)] = _TAB
    _draw_string_seams(picture, (i, x, wide), (j, y, high), texel_m)
    edge = max(3, round(0.012 / texel_m))
    for side in (np.s_[:edge, :], np.s_[-edge:, :], np.s_[:, :edge], np.s_[:, -edge:]):
        picture[side] = _FRAME
    return encode_palette_png(picture, _PALETTE)


def _draw_string_seams(picture: NDArray[np.uint8], horizontal: _Cells, vertical: _Cells, texel_m: float) -> None:
    """Draw the wider seams between strings of cells, in place."""
    for view, cells, count in (
        (picture.T, horizontal, _CELLS_PER_STRING[0]),
        (picture, vertical, _CELLS_PER_STRING[1]),
    ):
        number, offset, size = cells
        first, last = (number % count == 0) & (offset < 2.2 * texel_m), (number % count == count - 1)
        view[first | (last & (size - offset < 1.2 * texel_m))] = _WIDE_SEAM


def _cell_coordinates(texels: int, count: int, texel_m: float) -> _Cells:
    """The cell of each texel of a line, the texel's distance from that cell's edge, and the cell's size, m."""
    position = (np.arange(texels) + 0.5) / texels * count
    size = texels * texel_m / count
    return position.astype(np.int64), (position % 1.0) * size, size


def encode_palette_png(picture: NDArray[np.uint8], palette: list[tuple[int, int, int]]) -> bytes:
    """Encode (H, W) indices below 16 as a 4-bit palette PNG, the same bytes everywhere."""
    height, width = picture.shape
    even = np.zeros((height, width + width % 2), dtype=np.uint8)
    even[:, :width] = picture
    packed = (even[:, 0::2] << 4) | even[:, 1::2]
    rows = np.full((height, 1 + packed.shape[1]), 2, dtype=np.uint8)  # of the filter "up": less the row above
    rows[:, 1:] = packed - np.vstack([np.zeros_like(packed[:1]), packed[:-1]])
    raw = rows.tobytes()
    data = b"\x78\x01" + _deflate_runs(raw) + struct.pack(">I", zlib.adler32(raw))
    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    colours = bytes(value for colour in palette for value in colour)
    chunks = [(b"IHDR", header), (b"PLTE", colours), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def _deflate_runs(raw: bytes) -> bytes:
    """Compress runs of equal bytes into a stream of DEFLATE (RFC 1951), with its fixed codes.

    Our own, as zlib's versions compress to different bytes, and a rebuilt model must be identical everywhere.
    """
    values = np.frombuffer(raw, dtype=np.uint8)
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    bits = ["110"]  # the last block, and fixed codes
    for value, count in zip(values[starts].tolist(), np.diff(np.r_[starts, len(values)]).tolist(), strict=True):
        left = count - 1
        bits.append(_literal_bits(value))
        while left >= _SHORTEST_COPY:
            length = min(left, _LONGEST_COPY)
            bits.append(_copy_bits(length))
            left -= length
        bits.extend([_literal_bits(value)] * left)
    bits.append("0000000")  # the end of the block
    return np.packbits(np.frombuffer("".join(bits).encode(), dtype=np.uint8) - ord("0"), bitorder="little").tobytes()


@cache
def _literal_bits(value: int) -> str:
    return f"{0x30 + value:08b}" if value < 144 else f"{0x190 + value - 144:09b}"


@cache
def _copy_bits(length: int) -> str:
    """A copy of the byte before, ``length`` times: the code of the length, its extra bits, and distance 1."""
    if length == _LONGEST_COPY:
        symbol, extra = 285, ""
    else:
        over = length - _SHORTEST_COPY
        more = max(over.bit_length() - 3, 0)
        symbol = 257 + 4 * more + (over >> more)
        extra = f"{over & ((1 << more) - 1):0{more}b}"[::-1] if more else ""
    code = f"{symbol - 256:07b}" if symbol < 280 else f"{0xC0 + symbol - 280:08b}"
    return code + extra + "00000"
