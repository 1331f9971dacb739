"""Files of a photo, in a format set by the extension: each contains the recipe, as does a JSON file next to it."""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write, reason
from selfiesim.files.extras import import_extra
from selfiesim.files.metadata import Metadata, check_dpi, xmp_packet
from selfiesim.files.recipe import SYNTHETIC, recipe, recipe_as_text
from selfiesim.files.strip_writer import PngStrips, TiffStrips

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from selfiesim.files.recipe import Developed
    from selfiesim.photo.develop import Photo
    from selfiesim.render.common.radiance import Progress

ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".npz")
PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")
"""Formats of pictures that are not photographs: contact sheets and charts."""
_KNOWN = ".png, .jpg, .tif, .exr or .npz"
JPEG_QUALITY = 92


# Long for its docstring.
def check_writable(path: Path, bits: int = 8, endings: tuple[str, ...] = ENDINGS) -> None:
    """Check before rendering that a picture can be written; leaves no file or folder behind.

    Parameters
    ----------
    path : Path
        The file.
    bits : int
        Bits per colour.
    endings : tuple of str
        Extensions that are allowed.

    Raises
    ------
    OutputError
        For an unknown extension, a path or recipe path that is a folder, a folder that cannot be written to, a missing
        library, or a format without that bit depth.
    """
    try:
        if path.is_dir():
            raise OutputError(f"{path}: is a folder; give a file name in it that ends in .png")
        if path.suffix.lower() not in endings:
            known = _KNOWN if endings == ENDINGS else " or ".join(endings)
            raise OutputError(f"{path}: choose a name that ends in {known}")
        if bits != 8 and (bits != 16 or path.suffix.lower() not in (".png", ".tif", ".tiff")):
            raise OutputError(
                f"{path}: this format does not hold {bits} bits; .png and .tif hold 16 bits, .exr holds radiance"
            )
        if path.suffix.lower() == ".exr":
            import_extra("OpenEXR"), import_extra("mmh3")
        if sidecar_path(path).is_dir():
            raise OutputError(
                f"{path}: its recipe would go to {sidecar_path(path)}, which is a folder; choose another name"
            )
        _check_recipe(sidecar_path(path))
        nearest = next(folder for folder in path.absolute().parents if folder.exists())
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({reason(error)}); choose a folder you may write to") from error


def check_lights(path: Path, lights: bool) -> None:
    """Check that a format holds each kind of light on its own, if that is wanted.

    Raises
    ------
    OutputError
        For any other format than EXR.
    """
    if lights and path.suffix.lower() != ".exr":
        raise OutputError(f"{path}: only .exr holds each kind of light on its own; end its name in .exr")


def _check_recipe(path: Path) -> None:
    """Refuse to write a recipe over a file that is not one."""
    if path.is_file() and f'"kind": "{SYNTHETIC}"'.encode() not in path.read_bytes()[:200]:
        raise OutputError(f"{path}: exists and is not a recipe of selfiesim; choose another name for the picture")


def sidecar_path(path: Path) -> Path:
    """Path of the recipe file next to a picture."""
    return path.with_suffix(".json")


# Long for its docstring.
def save(
    photo: Photo,
    path: Path,
    bits: int = 8,
    half: bool = True,
    dpi: float | None = None,
    lights: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write a photo with its recipe, and the recipe next to it; both files are written completely or not at all.

    Parameters
    ----------
    photo : Photo
        The photograph.
    path : Path
        The file; its extension, one of :data:`ENDINGS`, sets the format.
    bits : int
        8, or 16 for PNG and TIFF.
    half : bool
        Whether EXR stores light and colours in half precision.
    dpi : float, optional
        Resolution in print, pixels per inch.
    lights : bool
        Whether EXR holds each kind of light on its own as well.
    progress : callable, optional
        Called with the number of steps done and their total while those are rendered.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        As :func:`check_writable`; for a resolution that no file can hold.
    """
    check_writable(path, bits)
    check_dpi(dpi)
    check_lights(path, lights)
    data = photo_metadata(photo, dpi)

    def write(picture: Path) -> None:
        ending = path.suffix.lower()
        if ending == ".png" and bits == 8:
            picture.write_bytes(_png(photo.pixels, data))
        elif ending in (".png", ".tif", ".tiff"):
            _write_strips(photo, picture, data, bits)
        elif ending == ".exr":
            from selfiesim.files.exr_layers import write_exr

            write_exr(photo, picture, data.recipe, half, lights, dpi, progress)
        elif ending == ".npz":
            from selfiesim.files.exr import write_npz

            write_npz(photo, picture, data.recipe)
        else:
            picture.write_bytes(_jpeg(photo.pixels, data))

    return save_with_sidecar(path, write, data.recipe)


def save_picture(path: Path, pixels: NDArray[np.uint8], recipe: dict[str, Any]) -> Path:
    """Write a picture with its recipe, and the recipe next to it; both files are written completely or not at all.

    Parameters
    ----------
    path : Path
        The file; its extension is one of :data:`PICTURE_ENDINGS`.
    pixels : (H, W, 3) uint8
        sRGB.
    recipe : dict
        JSON-ready, with a ``title``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        As :func:`check_writable`.
    """
    check_writable(path, endings=PICTURE_ENDINGS)
    data = Metadata(recipe["title"], recipe_as_text(recipe))
    data = replace(data, exif=_exif(data).tobytes())
    content = (_png if path.suffix.lower() == ".png" else _jpeg)(pixels, data)
    return save_with_sidecar(path, lambda file: file.write_bytes(content), data.recipe)


def save_with_sidecar(path: Path, write: Callable[[Path], object], text: str) -> Path:
    """Write a file and its recipe next to it, both completely or not at all; return the file's path."""
    # Both files are complete on the disk before either gets its name.
    with atomic_write(sidecar_path(path)) as sidecar, atomic_write(path) as picture:
        write(picture)
        sidecar.write_text(text, encoding="utf-8")
    return path


def png_bytes(photo: Photo) -> bytes:
    """Encode a photo as 8-bit PNG with its recipe in the metadata."""
    return _png(photo.pixels, photo_metadata(photo))


def _write_strips(photo: Photo, path: Path, data: Metadata, bits: int) -> None:
    """Write TIFF, or PNG of 16 bits, which Pillow does not write."""
    pixels = photo.pixels if bits == 8 else photo.pixels16
    height, width = pixels.shape[:2]
    kind = PngStrips if path.suffix.lower() == ".png" else TiffStrips
    with kind(path, width, height, bits) as writer:
        writer.add(pixels)
        writer.finish(data)


def _png(pixels: NDArray[np.uint8], data: Metadata) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    # Level 3 compresses a space picture to within a few percent of level 9 in a third of the time.
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=3, **data.png_options())
    return buffer.getvalue()


def _jpeg(pixels: NDArray[np.uint8], data: Metadata) -> bytes:
    from selfiesim.photo.finish import jpeg_bytes

    return jpeg_bytes(pixels, JPEG_QUALITY, **data.jpeg_options())


def photo_metadata(photo: Developed, dpi: float | None = None, pixels_sha256: str | None = None) -> Metadata:
    """Return the metadata of a photo or poster, with its recipe; ``pixels_sha256`` if that is known."""
    content = recipe(photo, pixels_sha256)
    data = Metadata(content["title"], recipe_as_text(content), xmp_packet(content), dpi=dpi)
    return replace(data, exif=_photo_exif(photo, data).tobytes())


def _photo_exif(photo: Developed, data: Metadata) -> Any:
    """Build the Exif 2.32 data of a photo: exposure, lens, time (UTC), description, and the recipe as a comment."""
    from PIL import ExifTags

    view, exposure = photo.radiance.view, photo.exposure
    base = ExifTags.Base
    exif = _exif(data)
    inner = exif.get_ifd(ExifTags.IFD.Exif)
    inner[base.ExposureTime] = _rational(exposure.shutter_s)
    inner[base.FNumber] = _rational(exposure.f_number)
    inner[base.ISOSpeedRatings] = min(round(exposure.iso), 65535)
    inner[base.DateTimeOriginal] = view.epoch.utc().replace("-", ":").replace("T", " ").removesuffix("Z")
    inner[base.OffsetTimeOriginal] = "+00:00"
    inner[base.FocalLength] = _rational(photo.focal_length_m * 1e3)
    inner[base.FocalLengthIn35mmFilm] = round(36.0 * view.camera.fx / view.camera.width)
    return exif


def _exif(data: Metadata) -> Any:
    """Build the Exif data of any picture: description, software, and the recipe as a comment where it fits."""
    from PIL import ExifTags, Image

    base = ExifTags.Base
    exif = Image.Exif()
    exif[base.ImageDescription] = data.description
    exif[base.Software] = "selfiesim"
    exif.get_ifd(ExifTags.IFD.Exif)[base.ColorSpace] = 1  # sRGB
    comment = _ascii_json(data.recipe).encode("ascii")
    if len(comment) < 60_000:  # a segment holds 65,533 bytes
        exif.get_ifd(ExifTags.IFD.Exif)[base.UserComment] = b"ASCII\0\0\0" + comment
    return exif


def _ascii_json(text: str) -> str:
    """JSON text with all but ASCII as escapes, without other changes: a recipe's digest depends on its numbers."""
    return re.sub(r"[^\x00-\x7f]", lambda match: json.dumps(match[0])[1:-1], text)


def _rational(value: float) -> Any:
    """Convert a number to Exif's fraction of 32-bit integers; Pillow would write a float as a double."""
    from fractions import Fraction

    from PIL.TiffImagePlugin import IFDRational

    nearest = Fraction(value).limit_denominator(int(2**31 / max(value, 1.0)))
    return IFDRational(nearest.numerator, nearest.denominator)
