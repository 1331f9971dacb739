"""The last steps of a camera: sharpening, and its own JPEG."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.parallel import for_each_band

Pixels = NDArray[np.uint8]


def sharpen_and_compress(pixels: Pixels, sharpening: float, jpeg_quality: int | None) -> Pixels:
    """The picture (H, W, 3) sharpened and through JPEG, as far as wanted."""
    if sharpening > 0.0:
        pixels = unsharp_mask(pixels, sharpening)
    return pixels if jpeg_quality is None else jpeg_round_trip(pixels, jpeg_quality)


def unsharp_mask(pixels: Pixels, amount: float) -> Pixels:
    """Unsharp mask: the luma's difference to its mean over 3 x 3 pixels (1 2 1) is added to all three colours."""
    height = len(pixels)
    out = np.empty_like(pixels)
    share = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601's luma, as JPEG has it

    def work(_number: int, rows: slice) -> None:
        first, last = max(rows.start - 1, 0), min(rows.stop + 1, height)
        part = pixels[first:last].astype(np.float32)
        luma = np.pad(part @ share, ((rows.start == 0, rows.stop == height), (1, 1)), mode="edge")
        tall = luma[:-2] + 2.0 * luma[1:-1] + luma[2:]
        mean = (tall[:, :-2] + 2.0 * tall[:, 1:-1] + tall[:, 2:]) / np.float32(16.0)
        edge = np.float32(amount) * (luma[1:-1, 1:-1] - mean) + np.float32(0.5)
        sharp = np.repeat(edge, 3, axis=1)
        sharp += part[rows.start - first : rows.stop - first].reshape(sharp.shape)
        np.minimum(np.maximum(sharp, 0.0, out=sharp), 255.0, out=sharp)
        out[rows] = sharp.reshape(out[rows].shape)

    for_each_band(height, work)
    return out


def jpeg_bytes(pixels: Pixels, quality: int, **options: object) -> bytes:
    """A baseline JPEG, colours at half the resolution (4:2:0)."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=2, **options)
    return buffer.getvalue()


def jpeg_round_trip(pixels: Pixels, quality: int) -> Pixels:
    """The picture as it comes back out of a JPEG."""
    from PIL import Image

    with Image.open(io.BytesIO(jpeg_bytes(pixels, quality))) as opened:
        return np.asarray(opened)
