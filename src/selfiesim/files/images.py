"""Files of a photo, chosen by the ending: each carries the recipe, and a JSON file beside it holds the same one."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write
from selfiesim.files.exr import write_exr, write_npz
from selfiesim.files.recipe import SYNTHETIC, recipe_text
from selfiesim.files.strip_writer import PngStrips, TiffStrips

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from selfiesim.photo.develop import Photo

ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".npz")
_KNOWN = ".png, .jpg, .tif, .exr or .npz"
_JPEG_QUALITY = 92


def check_writable(path: Path, bits: int = 8, endings: tuple[str, ...] = ENDINGS) -> None:
    """Refuse a picture's path now rather than after the rendering; leaves no file and no folder behind.

    Raises
    ------
    OutputError
        When its ending is unknown, it or its recipe is a folder, its folder cannot be written to, a library is
        missing, or the file has no room for so many ``bits``.
    """
    try:
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; give a file name in it that ends in .png")
        if path.suffix.lower() not in endings:
            known = _KNOWN if endings == ENDINGS else " or ".join(endings)
            raise OutputError(f"{path}: choose a name that ends in {known}")
        if bits != 8 and (bits != 16 or path.suffix.lower() not in (".png", ".tif", ".tiff")):
            raise OutputError(f"{path}: {bits} bits do not go into it; 16 bits go into .png and .tif, light into .exr")
        if path.suffix.lower() == ".exr":
            from selfiesim.files.exr import import_openexr

            import_openexr()
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


def save(photo: Photo, path: Path, bits: int = 8, half: bool = True) -> Path:
    """Write picture and recipe, whole or not at all; returns the picture's path.

    ``half`` is for EXR: light and colours in 16 bits.

    Raises
    ------
    OutputError
        As :func:`check_writable`.
    """
    check_writable(path, bits)
    text = recipe_text(photo)

    def write(picture: Path) -> None:
        ending = path.suffix.lower()
        if ending == ".png" and bits == 8:
            picture.write_bytes(png_bytes(photo, text))
        elif ending in (".png", ".tif", ".tiff"):
            _strips(photo, picture, text, bits)
        elif ending == ".exr":
            write_exr(photo, picture, text, half)
        elif ending == ".npz":
            write_npz(photo, picture, text)
        else:
            _jpeg(photo, picture, text)

    return _save_with_sidecar(path, write, text)


def save_with_recipe(path: Path, picture: bytes, text: str) -> Path:
    """Write a PNG's bytes and its recipe beside it, whole or not at all; returns the picture's path.

    Raises
    ------
    OutputError
        As :func:`check_writable`.
    """
    check_writable(path, endings=(".png",))
    return _save_with_sidecar(path, lambda file: file.write_bytes(picture), text)


def _save_with_sidecar(path: Path, write: Callable[[Path], object], text: str) -> Path:
    # Neither gets its name before both are on the disk.
    with atomic_write(path) as picture, atomic_write(sidecar_path(path)) as sidecar:
        write(picture)
        sidecar.write_text(text, encoding="utf-8")
    return path


def png_bytes(photo: Photo, text: str | None = None) -> bytes:
    """The picture as PNG of 8 bits with its recipe in the metadata."""
    return png_with_recipe(photo.pixels, photo.radiance.view.scene.title, text or recipe_text(photo))


def _strips(photo: Photo, path: Path, text: str, bits: int) -> None:
    """TIFF, and PNG of 16 bits, which Pillow does not write."""
    pixels = photo.pixels if bits == 8 else photo.pixels16
    height, width = pixels.shape[:2]
    title = photo.radiance.view.scene.title
    if path.suffix.lower() == ".png":
        with PngStrips(path, width, height, bits) as png:
            png.add(pixels)
            png.finish([chunk[:2] for chunk in png_info(title, text).chunks])
    else:
        with TiffStrips(path, width, height, bits) as tiff:
            tiff.add(pixels)
            tiff.finish(description_of(title), text)


def png_with_recipe(pixels: NDArray[np.uint8], title: str, text: str) -> bytes:
    """Pixels (H, W, 3) as PNG with a recipe in the metadata (keys Title, Description, Software and selfiesim)."""
    from PIL import Image

    buffer = io.BytesIO()
    # Level 3 packs a space picture within a few percent of level 9 in a third of the time.
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=png_info(title, text), compress_level=3)
    return buffer.getvalue()


def png_info(title: str, text: str) -> Any:
    """Text chunks of a PNG, as Pillow has them: Title, Description, Software, and the recipe as ``selfiesim``."""
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("Title", title)
    info.add_itxt("Description", description_of(title))
    info.add_text("Software", "selfiesim")
    info.add_itxt("selfiesim", text, zip=True)
    return info


def description_of(title: str) -> str:
    """What files say they hold."""
    return f"{SYNTHETIC}: {title}"


def _jpeg(photo: Photo, path: Path, text: str) -> None:
    from selfiesim.photo.finish import jpeg_bytes

    path.write_bytes(jpeg_bytes(photo.pixels, _JPEG_QUALITY, exif=exif_of(photo, text).tobytes()))


def exif_of(photo: Photo, text: str) -> Any:
    """Exif 2.32 of a photo: exposure, lens, time (UTC), description, and the recipe as the user's comment."""
    from PIL import ExifTags, Image

    view, exposure = photo.radiance.view, photo.exposure
    base = ExifTags.Base
    inner: dict[int, Any] = {}
    exif = Image.Exif()
    exif[base.ImageDescription] = description_of(view.scene.title)
    exif[base.Software] = "selfiesim"
    moment = view.epoch.utc().replace("-", ":").replace("T", " ").removesuffix("Z")
    inner[base.ExposureTime] = _rational(exposure.shutter_s)
    inner[base.FNumber] = _rational(exposure.f_number)
    inner[base.ISOSpeedRatings] = min(round(exposure.iso), 65535)
    inner[base.DateTimeOriginal] = moment
    inner[base.OffsetTimeOriginal] = "+00:00"
    inner[base.FocalLength] = _rational(photo.focal_length_m * 1e3)
    inner[base.FocalLengthIn35mmFilm] = round(36.0 * view.camera.fx / view.camera.width)
    comment = text.encode("ascii", "backslashreplace")
    if len(comment) < 60_000:  # a segment holds 65,533 bytes
        inner[base.UserComment] = b"ASCII\0\0\0" + comment
    exif.get_ifd(ExifTags.IFD.Exif).update(inner)
    return exif


def _rational(value: float) -> Any:
    """A number as Exif has them: a fraction of two whole numbers of 32 bits. Pillow writes a float as a double."""
    from fractions import Fraction

    from PIL.TiffImagePlugin import IFDRational

    nearest = Fraction(value).limit_denominator(int(2**31 / max(value, 1.0)))
    return IFDRational(nearest.numerator, nearest.denominator)
