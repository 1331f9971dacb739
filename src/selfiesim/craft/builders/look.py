"""What built craft are covered with: named materials, and the solar cells drawn as a small picture.

Colours are linear-light reflectances (R, G, B). They are assumed: chosen from the published look of each surface
(gold-coloured foil, silver dish, dark-blue triple-junction cells), not from a measurement of this spacecraft.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Finish:
    """The glTF side of a material: linear base colour, metalness and roughness 0..1, and a picture (PNG bytes)."""

    base_color: tuple[float, float, float]
    metallic: float
    roughness: float
    picture: bytes | None = None


FINISHES: dict[str, Finish] = {
    "gold_foil": Finish((0.83, 0.47, 0.12), 1.0, 0.34),  # aluminised Kapton, amber side out
    "silver_foil": Finish((0.82, 0.82, 0.80), 1.0, 0.30),
    "black_kapton": Finish((0.022, 0.021, 0.020), 0.0, 0.50),
    "white_paint": Finish((0.78, 0.78, 0.76), 0.0, 0.62),
    "aluminium": Finish((0.68, 0.69, 0.70), 1.0, 0.42),
    "cfrp": Finish((0.028, 0.028, 0.030), 0.0, 0.42),
    "solar_cell": Finish((1.0, 1.0, 1.0), 0.0, 0.16),  # the picture carries the colour; smooth cover glass
    "dish_silver": Finish((0.76, 0.76, 0.77), 0.75, 0.48),
    "nozzle_niobium": Finish((0.13, 0.12, 0.12), 0.7, 0.45),  # silicide-coated niobium: dark grey
    "tank_titanium": Finish((0.40, 0.385, 0.37), 0.9, 0.40),
    "radiator_white": Finish((0.84, 0.85, 0.86), 0.0, 0.30),  # optical solar reflectors read as white
    "glass": Finish((0.012, 0.014, 0.022), 0.0, 0.06),
    "flag_red": Finish((0.62, 0.012, 0.018), 0.0, 0.55),
    "flag_gold": Finish((0.92, 0.72, 0.02), 0.0, 0.50),
    "thruster_black": Finish((0.035, 0.033, 0.032), 0.3, 0.50),
}

# sRGB palette of the cell picture: eight cell blues, then seam, bus bar, corner, frame.
_BLUES = [
    (19, 26, 51),
    (21, 28, 55),
    (18, 24, 48),
    (23, 30, 58),
    (20, 27, 53),
    (17, 24, 50),
    (22, 31, 59),
    (19, 28, 54),
]
_SEAM, _BAR, _WIDE_SEAM, _FRAME = 8, 9, 10, 11
_PALETTE = [*_BLUES, (120, 124, 132), (56, 68, 104), (150, 138, 108), (176, 178, 180)]


def solar_cell_picture(
    width_m: float, height_m: float, cell_m: tuple[float, float], texel_m: float, seed: int
) -> bytes:
    """PNG of one panel's cell side: a grid of cells with bus bars, wider seams between strings, a thin frame."""
    columns, rows = round(width_m / texel_m), round(height_m / texel_m)
    across, down = round(width_m / cell_m[0]), round(height_m / cell_m[1])
    rng = np.random.default_rng(seed)
    x, y = (np.arange(columns) + 0.5) / columns * across, (np.arange(rows) + 0.5) / rows * down
    shade = (rng.random((down, across)) * len(_BLUES)).astype(np.uint8)
    picture = shade[np.ix_(y.astype(int), x.astype(int))]
    first_x, first_y = np.diff(x.astype(int), prepend=-1) > 0, np.diff(y.astype(int), prepend=-1) > 0
    bar = np.abs((x % 1.0) - 0.5) < 0.5 * across / columns
    picture[:, bar] = _BAR
    picture[:, first_x] = _SEAM
    picture[first_y, :] = _SEAM
    # Every sixth column and every fifth row of cells starts a new string, with the substrate showing between.
    for offset in (0, 1):
        picture[:, np.flatnonzero(first_x & (x.astype(int) % 6 == 0)) + offset] = _WIDE_SEAM
        picture[np.flatnonzero(first_y & (y.astype(int) % 5 == 0)) + offset, :] = _WIDE_SEAM
    edge = max(3, round(0.012 / texel_m))
    for side in (np.s_[:edge, :], np.s_[-edge:, :], np.s_[:, :edge], np.s_[:, -edge:]):
        picture[side] = _FRAME
    return palette_png(picture, _PALETTE)


def palette_png(picture: NDArray[np.uint8], palette: list[tuple[int, int, int]]) -> bytes:
    """A 4-bit palette PNG of (H, W) indices below 16.

    Written with stored, not compressed, blocks: different zlib versions compress to different bytes, and a rebuilt
    model has to be the same byte for byte everywhere.
    """
    height, width = picture.shape
    even = np.zeros((height, width + width % 2), dtype=np.uint8)
    even[:, :width] = picture
    packed = np.zeros((height, 1 + even.shape[1] // 2), dtype=np.uint8)
    packed[:, 1:] = (even[:, 0::2] << 4) | even[:, 1::2]
    raw = packed.tobytes()
    blocks = [raw[k : k + 65535] for k in range(0, len(raw), 65535)]
    stored = b"".join(
        struct.pack("<BHH", block is blocks[-1], len(block), len(block) ^ 0xFFFF) + block for block in blocks
    )
    data = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(raw))
    header = struct.pack(">IIBBBBB", width, height, 4, 3, 0, 0, 0)
    colours = bytes(value for colour in palette for value in colour)
    chunks = [(b"IHDR", header), (b"PLTE", colours), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
