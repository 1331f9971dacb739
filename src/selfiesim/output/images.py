"""Picture files: PNG with the recipe in its metadata and in a JSON file beside it."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from selfiesim.errors import OutputError
from selfiesim.output.sidecar import SYNTHETIC, recipe_text
from selfiesim.paths import written_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from selfiesim.photo.develop import Photo


def check_writable(path: Path) -> None:
    """Refuse a picture's path now rather than after the rendering; leaves no file and no folder behind.

    Raises
    ------
    OutputError
        When it does not end in ``.png``, it or its recipe is a folder, or its folder cannot be written to.
    """
    try:
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; give a file name in it that ends in .png")
        if path.suffix.lower() != ".png":
            raise OutputError(f"{path}: pictures are written as PNG; choose a name that ends in .png")
        if sidecar_path(path).is_dir():
            raise OutputError(
                f"{path}: its recipe would go to {sidecar_path(path)}, which is a folder; choose another name"
            )
        _check_recipe(sidecar_path(path))
        nearest = next(folder for folder in path.absolute().parents if folder.exists())
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose a folder you may write to") from error


def _check_recipe(path: Path) -> None:
    """Refuse to write a recipe over a file that is not one."""
    if path.is_file() and f'"kind": "{SYNTHETIC}"'.encode() not in path.read_bytes()[:200]:
        raise OutputError(f"{path}: is there already and no recipe of ours; choose another name for the picture")


def sidecar_path(path: Path) -> Path:
    """The recipe's file beside a picture."""
    return path.with_suffix(".json")


def save(photo: Photo, path: Path) -> Path:
    """Write picture and recipe, whole or not at all; returns the picture's path.

    Raises
    ------
    OutputError
        When the name does not end in ``.png`` or the folder cannot be written to.
    """
    text = recipe_text(photo)
    return save_with_recipe(path, png_bytes(photo, text), text)


def save_with_recipe(path: Path, picture: bytes, text: str) -> Path:
    """Write a PNG's bytes and its recipe beside it, whole or not at all; returns the picture's path.

    Raises
    ------
    OutputError
        As :func:`check_writable`.
    """
    check_writable(path)
    # Neither gets its name before both are on the disk.
    with written_whole(path) as file, written_whole(sidecar_path(path)) as sidecar:
        file.write_bytes(picture)
        sidecar.write_text(text, encoding="utf-8")
    return path


def png_bytes(photo: Photo, text: str | None = None) -> bytes:
    """The picture as PNG with its recipe in the metadata."""
    return png_with_recipe(photo.pixels, photo.radiance.view.scene.title, text or recipe_text(photo))


def png_with_recipe(pixels: NDArray[np.uint8], title: str, text: str) -> bytes:
    """Pixels (H, W, 3) as PNG with a recipe in the metadata (keys Title, Description, Software and selfiesim)."""
    import imageio.v3 as iio
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("Title", title)
    info.add_itxt("Description", f"{SYNTHETIC}: {title}")
    info.add_text("Software", "selfiesim")
    info.add_itxt("selfiesim", text, zip=True)
    buffer = io.BytesIO()
    # Level 3 packs a space picture within a few percent of level 9 in a third of the time.
    iio.imwrite(buffer, pixels, plugin="pillow", extension=".png", pnginfo=info, compress_level=3)
    return buffer.getvalue()
