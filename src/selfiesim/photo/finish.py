"""The last steps in a camera: sharpening and JPEG compression."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.parallel import for_each_band

Pixels = NDArray[np.uint8]


def sharpen_and_compress(pixels: Pixels, sharpening: float, jpeg_quality: int | None) -> Pixels:
    """Sharpen a picture (H, W, 3) and pass it through JPEG; 0 and None skip the steps."""
    if sharpening > 0.0:
        pixels = unsharp_mask(pixels, sharpening)
    return pixels if jpeg_quality is None else jpeg_round_trip(pixels, jpeg_quality)


def unsharp_mask(pixels: Pixels, amount: float) -> Pixels:
    """Add ``amount`` times the difference of luma and its 3 x 3 binomial mean (1 2 1) to all three colours."""
    height = len(pixels)
    out = np.empty_like(pixels)
    luma_weights = np.array([0.299, 0.587, 0.114], np.float32)  # Rec. 601, as in JPEG

    def work(_number: int, rows: slice) -> None:
        first, last = max(rows.start - 1, 0), min(rows.stop + 1, height)
        part = pixels[first:last].astype(np.float32)
        luma = np.pad(part @ luma_weights, ((rows.start == 0, rows.stop == height), (1, 1)), mode="edge")
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
    """Encode a baseline JPEG with 4:2:0 chroma subsampling; ``options`` go to Pillow."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=2, **options)
    return buffer.getvalue()


def jpeg_round_trip(pixels: Pixels, quality: int) -> Pixels:
    """Encode a picture as JPEG and decode it."""
    from PIL import Image

    with Image.open(io.BytesIO(jpeg_bytes(pixels, quality))) as opened:
        return np.asarray(opened)
