"""Open texture images within size limits, as bytes in memory.

An image's size is known before its pixels are decoded: too large a one is refused by its header, and one that would
decode to more than fits is scaled down as it is read.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import (
    IMAGE_PIXELS,
    IMAGE_SIDE,
    IMAGE_TOTAL_PIXELS,
    MESH_IMAGES,
    TEXTURE_PIXELS,
    TEXTURE_SIDE,
)
from selfiesim.core.quiet import ignored_warnings
from selfiesim.craft.formats.referenced_files import MissingFileError, ResourceResolver, name_beside
from selfiesim.craft.mesh.mesh_data import ImportedScene

IMAGE_FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "BMP", "TGA", "TIFF", "GIF")
"""Supported texture formats. Pillow reads more, but starts other programs for some of them."""


class UnreadableImageError(Exception):
    """A texture is not a readable image; the craft renders without it."""


def open_image(content: bytes, label: str) -> Any:
    """Open a Pillow image without decoding its pixels.

    Raises
    ------
    UnreadableImageError
        When it is not an image in one of :data:`IMAGE_FORMATS`.
    ModelError
        When it is larger than :mod:`selfiesim.core.limits` allows.
    """
    from PIL import Image

    try:
        with ignored_warnings(Image.DecompressionBombWarning):
            image = Image.open(io.BytesIO(content), formats=IMAGE_FORMATS)
    except Image.DecompressionBombError as error:
        raise ModelError(IMAGE_PIXELS.excess(f"{label} has too many pixels", "save it smaller")) from error
    except Exception as error:  # Pillow fails on damaged images in more ways than can be listed
        raise UnreadableImageError(label) from error
    check_image_size(image, label)
    return image


def check_image_size(image: Any, label: str) -> None:
    """Raise :class:`ModelError` for an image larger than the limits."""
    width, height = image.size
    what = f"{label} is {width} x {height} pixels"
    IMAGE_SIDE.check(max(width, height), what, ModelError, "save it smaller")
    IMAGE_PIXELS.check(width * height, what, ModelError, "save it smaller")


def fit_texture_side(sizes: list[tuple[int, int]]) -> int:
    """Return the longest side that images of these sizes may keep so that all of them fit into memory together.

    Raises
    ------
    ModelError
        When to decode all of them would take too long.
    """
    pixels = sum(width * height for width, height in sizes)
    IMAGE_TOTAL_PIXELS.check(
        pixels, f"its {len(sizes)} textures have {pixels:,} pixels", ModelError, "save them smaller"
    )
    side, total = TEXTURE_SIDE.value, TEXTURE_PIXELS.value
    while side > 1 and sum(w * h * min(1.0, side / max(w, h, 1)) ** 2 for w, h in sizes) > total:
        side //= 2
    return side


class TextureFiles:
    """The picture files that a mesh refers to by name; their sizes together decide how large each may stay.

    Parameters
    ----------
    resources : ResourceResolver
        Opens them.
    scene : ImportedScene
        Receives a warning for each picture that is left out or scaled down.
    names : list of str
        As the mesh file gives them.

    Raises
    ------
    ModelError
        When there are too many, one is too large, or lies outside the folder.
    """

    def __init__(self, resources: ResourceResolver, scene: ImportedScene, names: list[str]) -> None:
        self._scene = scene
        self._images: dict[str, Any] = {}
        self._pixels: dict[str, NDArray[np.uint8] | None] = {}
        names = list(dict.fromkeys(names))
        MESH_IMAGES.check(len(names), f"it refers to {len(names):,} pictures", ModelError)
        for name in names:
            try:
                beside = name_beside(name)
                self._images[name] = open_image(resources.get(beside), f"the texture {name[:80]!r}")
                if beside != name:
                    scene.warn(f"it names the picture {name[:80]!r} by an absolute path; {beside!r} beside it is used")
            except MissingFileError:
                scene.warn(f"it refers to a file {name[:80]!r} that is missing; it renders without it")
            except UnreadableImageError as error:
                scene.warn(f"{error} is not a readable image; it is left out")
        self._max_side = fit_texture_side([image.size for image in self._images.values()])

    def pixels(self, name: str) -> NDArray[np.uint8] | None:
        """Return the pixels (H, W, 3 or 4) of a picture, row 0 at the top; None where it is left out."""
        if name not in self._pixels:
            self._pixels[name] = self._decode(name)
        return self._pixels[name]

    def _decode(self, name: str) -> NDArray[np.uint8] | None:
        image = self._images.pop(name, None)
        if image is None:
            return None
        label, longest = f"the texture {name[:80]!r}", max(image.size)
        try:
            pixels = read_pixels(image, self._max_side, label)
        except UnreadableImageError:
            self._scene.warn(f"{label} is not a readable image; it is left out")
            return None
        if max(pixels.shape[:2]) < longest:
            self._scene.warn(f"{label} is scaled down to {self._max_side} pixels on its longer side")
        return pixels


def read_pixels(image: Any, side: int, label: str) -> NDArray[np.uint8]:
    """Decode an image to RGB or RGBA pixels (H, W, 3 or 4), scaled down to at most ``side`` pixels on a side.

    Raises
    ------
    UnreadableImageError
        When the image is truncated or damaged.
    """
    try:
        image.draft("RGB", (side, side))  # lets the JPEG decoder scale by a half, a quarter or an eighth
        is_16_bit = image.mode.startswith("I")
        if is_16_bit:  # Pillow would clip 16-bit values at 255
            from PIL import Image

            grey = np.asarray(image, dtype=np.float64)
            image = Image.fromarray((np.clip(grey, 0.0, 65535.0) / 257.0).astype(np.uint8))
        has_alpha = "A" in image.getbands() or "transparency" in image.info
        image = image.convert("RGBA" if has_alpha else "RGB")
        if max(image.size) > side:
            image.thumbnail((side, side))
        return np.array(image, dtype=np.uint8)
    except Exception as error:
        raise UnreadableImageError(label) from error
