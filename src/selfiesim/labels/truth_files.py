"""Encode the layers of a render as files: a 16-bit PNG each, or one EXR with all."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.temporary import temporary_folder
from selfiesim.files.exr import write_channels
from selfiesim.files.extras import import_extra
from selfiesim.files.strip_writer import write_chunk

if TYPE_CHECKING:
    from selfiesim.render.common.truth import Truth

MAX_UINT16 = 65535
_COMPRESSION_LEVEL = 6


def encode_png16(layer: NDArray[np.uint16]) -> bytes:
    """Encode (H, W) as a 16-bit grey PNG, or (H, W, 3) in colour (W3C PNG, third edition, 11.2 and 9.2; filter Up)."""
    height, width = layer.shape[:2]
    colour = 2 if layer.ndim == 3 else 0
    rows = np.ascontiguousarray(layer.astype(">u2")).reshape(height, -1).view(np.uint8)
    filtered = np.full((height, rows.shape[1] + 1), 2, np.uint8)
    filtered[:, 1:] = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), np.uint8))
    file = io.BytesIO(b"\x89PNG\r\n\x1a\n")
    file.seek(0, io.SEEK_END)
    write_chunk(file, b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))
    write_chunk(file, b"IDAT", zlib.compress(filtered.tobytes(), _COMPRESSION_LEVEL))
    write_chunk(file, b"IEND", b"")
    return file.getvalue()


def depth_step_mm(farthest_m: float) -> float:
    """Return the step of a 16-bit depth image that reaches ``farthest_m``: 0.1, 1, 10 ... mm."""
    step = 0.1
    while 1e3 * farthest_m > step * MAX_UINT16:
        step *= 10.0
    return round(step, 1)


def quantise_depth(depth: NDArray[np.float32], step_mm: float) -> NDArray[np.uint16]:
    """Convert depths (H, W) in m to steps; 0 for sky and for depths beyond the range."""
    steps = np.round(np.asarray(depth, float) * (1e3 / step_mm))
    return np.where(steps <= MAX_UINT16, steps, 0.0).astype(np.uint16)


def quantise_normals(normal: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Map normals (H, W, 3) from -1 .. 1 to 1 .. 65535, with zero at 32768; sky, which has none, becomes 0 0 0."""
    steps = np.round(np.clip(normal, -1.0, 1.0) * 32767.0) + 32768.0
    return np.where(normal.any(axis=-1, keepdims=True), steps, 0.0).astype(np.uint16)


def encode_exr_layers(truth: Truth, title: str) -> bytes:
    """Encode ``Z`` (m; infinite for sky), normals ``N.X`` to ``N.Z`` (camera axes) and ``part.id`` unrounded."""
    library: Any = import_extra("OpenEXR")
    channels = {f"N.{axis}": np.ascontiguousarray(truth.normal[..., k]) for k, axis in enumerate("XYZ")}
    channels |= {"Z": truth.depth, "part.id": truth.part.astype(np.uint32)}
    header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage, "comments": title}
    with temporary_folder() as folder:
        path = folder / "layers.exr"
        write_channels(path, header, channels)
        return path.read_bytes()
