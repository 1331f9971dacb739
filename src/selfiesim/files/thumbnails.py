"""Thumbnails for pages, without a recipe: each links to the full picture, which has one."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.files import atomic_write


def save_thumbnail(pixels: NDArray[np.uint8], path: Path, max_px: tuple[int, int]) -> Path:
    """Write a JPEG thumbnail.

    Parameters
    ----------
    pixels : (H, W, 3) uint8
        The picture.
    path : Path
        The file.
    max_px : tuple of int
        Largest width and height; the aspect ratio is kept.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    from PIL import Image

    small = Image.fromarray(pixels)
    small.thumbnail(max_px, Image.Resampling.LANCZOS)
    content = io.BytesIO()
    small.save(content, "JPEG", quality=88)
    with atomic_write(path) as temporary:
        temporary.write_bytes(content.getvalue())
    return path


def image_size(path: Path) -> tuple[int, int]:
    """Width and height of a picture file, px."""
    from PIL import Image

    with Image.open(path) as image:
        width, height = image.size
    return width, height
