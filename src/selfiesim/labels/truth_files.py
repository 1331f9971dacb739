"""Layers of truth as files for learning: 16-bit PNG, or one EXR with all of them."""

from __future__ import annotations

import io
import struct
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.files.exr import import_openexr
from selfiesim.files.strip_writer import write_chunk

if TYPE_CHECKING:
    from selfiesim.render.common.truth import Truth

MAX_UINT16 = 65535
_LEVEL = 6


def encode_png16(layer: NDArray[np.uint16]) -> bytes:
    """A PNG of 16 bits, (H, W) grey or (H, W, 3) colour (W3C, PNG, third edition: 11.2 and 9.2, filter Up)."""
    height, width = layer.shape[:2]
    colour = 2 if layer.ndim == 3 else 0
    rows = np.ascontiguousarray(layer.astype(">u2")).reshape(height, -1).view(np.uint8)
    filtered = np.full((height, rows.shape[1] + 1), 2, np.uint8)
    filtered[:, 1:] = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), np.uint8))
    file = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    file.seek(0, io.SEEK_END)
    write_chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))
    write_chunk(file, b"IDAT", zlib.compress(filtered.tobytes(), _LEVEL))
    write_chunk(file, b"IEND", b"")
    return file.getvalue()


def depth_step_mm(farthest_m: float) -> float:
    """Millimetres a step of a 16-bit depth picture that holds ``farthest_m``: 0.1, 1, 10 ..."""
    step = 0.1
    while 1e3 * farthest_m > step * MAX_UINT16:
        step *= 10.0
    return round(step, 1)


def quantise_depth(depth: NDArray[np.float32], step_mm: float) -> NDArray[np.uint16]:
    """Depths (H, W) in m as whole steps; 0 for sky and for what is too far to be told."""
    steps = np.round(np.asarray(depth, float) * (1e3 / step_mm))
    return np.where(steps <= MAX_UINT16, steps, 0.0).astype(np.uint16)


def quantise_normals(normal: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Normals (H, W, 3) from -1 .. 1 to 1 .. 65535, nought at 32768; 0 0 0 for sky, which has none."""
    steps = np.round(np.clip(normal, -1.0, 1.0) * 32767.0) + 32768.0
    return np.where(normal.any(axis=-1, keepdims=True), steps, 0.0).astype(np.uint16)


def encode_exr_layers(truth: Truth, title: str) -> bytes:
    """``Z`` (m), normals ``N.X`` to ``N.Z`` (camera axes) and ``part.id`` in full precision; sky is infinitely far."""
    library: Any = import_openexr()
    channels = {f"N.{axis}": np.ascontiguousarray(truth.normal[..., k]) for k, axis in enumerate("XYZ")}
    channels |= {"Z": truth.depth, "part.id": truth.part.astype(np.uint32)}
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage, "comments": title}
    with tempfile.TemporaryDirectory(prefix="selfiesim-") as folder:
        path = Path(folder) / "layers.exr"
        with library.File(header, channels) as file:
            file.write(str(path))
        return path.read_bytes()
