"""Files of a photo, chosen by the ending: each carries the recipe, and a JSON file beside it holds the same one."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfiesim.errors import OutputError
from selfiesim.output.layers import exr_file, npz_file
from selfiesim.output.sidecar import SYNTHETIC, recipe_text
from selfiesim.paths import written_whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from selfiesim.photo.develop import Photo

ENDINGS = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".exr", ".npz")
_KNOWN = ".png, .jpg, .tif, .exr or .npz"
_TIFF_RECIPE = 65000  # the first tag that is free for private use
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
        if bits != 8 and (bits != 16 or path.suffix.lower() != ".png"):
            raise OutputError(f"{path}: {bits} bits do not go into it; 16 bits go into .png, the light into .exr")
        if path.suffix.lower() == ".exr":
            from selfiesim.output.layers import open_exr

            open_exr()
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


def save(photo: Photo, path: Path, bits: int = 8) -> Path:
    """Write picture and recipe, whole or not at all; returns the picture's path.

    Raises
    ------
    OutputError
        As :func:`check_writable`.
    """
    check_writable(path, bits)
    text = recipe_text(photo)

    def write(picture: Path) -> None:
        if path.suffix.lower() == ".png":
            picture.write_bytes(png_bytes(photo, text, bits))
        else:
            _WRITERS[path.suffix.lower()](photo, picture, text)

    return _save_both(path, write, text)


def save_with_recipe(path: Path, picture: bytes, text: str) -> Path:
    """Write a PNG's bytes and its recipe beside it, whole or not at all; returns the picture's path.

    Raises
    ------
    OutputError
        As :func:`check_writable`.
    """
    check_writable(path, endings=(".png",))
    return _save_both(path, lambda file: file.write_bytes(picture), text)


def _save_both(path: Path, write: Callable[[Path], object], text: str) -> Path:
    # Neither gets its name before both are on the disk.
    with written_whole(path) as picture, written_whole(sidecar_path(path)) as sidecar:
        write(picture)
        sidecar.write_text(text, encoding="utf-8")
    return path


def png_bytes(photo: Photo, text: str | None = None, bits: int = 8) -> bytes:
    """The picture as PNG with its recipe in the metadata."""
    title, told = photo.radiance.view.scene.title, text or recipe_text(photo)
    if bits == 16:
        return _png_16(photo.deep, [chunk[:2] for chunk in _png_info(title, told).chunks])
    return png_with_recipe(photo.pixels, title, told)


def png_with_recipe(pixels: NDArray[np.uint8], title: str, text: str) -> bytes:
    """Pixels (H, W, 3) as PNG with a recipe in the metadata (keys Title, Description, Software and selfiesim)."""
    from PIL import Image

    buffer = io.BytesIO()
    # Level 3 packs a space picture within a few percent of level 9 in a third of the time.
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=_png_info(title, text), compress_level=3)
    return buffer.getvalue()


def _png_info(title: str, text: str) -> Any:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_itxt("Title", title)
    info.add_itxt("Description", f"{SYNTHETIC}: {title}")
    info.add_text("Software", "selfiesim")
    info.add_itxt("selfiesim", text, zip=True)
    return info


def _png_16(pixels: NDArray[np.uint16], chunks: list[tuple[bytes, bytes]]) -> bytes:
    """A PNG of three times 16 bits, which Pillow does not write (W3C, PNG, third edition: 11.2 and 9.2, filter Up)."""
    import struct
    import zlib

    import numpy as np

    height, width = pixels.shape[:2]
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.full((height, rows.shape[1] + 1), 2, np.uint8)
    filtered[:, 1:] = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), np.uint8))
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    body = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(filtered.tobytes(), 3)), (b"IEND", b"")]
    packed = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in body
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


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
    exif[base.ImageDescription] = f"{SYNTHETIC}: {view.scene.title}"
    exif[base.Software] = "selfiesim"
    moment = view.epoch.utc().replace("-", ":").replace("T", " ").removesuffix("Z")
    inner[base.ExposureTime] = exposure.shutter_s
    inner[base.FNumber] = exposure.f_number
    inner[base.ISOSpeedRatings] = min(round(exposure.iso), 65535)
    inner[base.DateTimeOriginal] = moment
    inner[base.OffsetTimeOriginal] = "+00:00"
    inner[base.FocalLength] = photo.focal_length_m * 1e3
    inner[base.FocalLengthIn35mmFilm] = round(36.0 * view.camera.fx / view.camera.width)
    comment = text.encode("ascii", "backslashreplace")
    if len(comment) < 60_000:  # a segment holds 65,533 bytes
        inner[base.UserComment] = b"ASCII\0\0\0" + comment
    exif.get_ifd(ExifTags.IFD.Exif).update(inner)
    return exif


def _tiff(photo: Photo, path: Path, text: str) -> None:
    from PIL import Image, TiffImagePlugin

    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[270] = f"{SYNTHETIC}: {photo.radiance.view.scene.title}".encode("ascii", "replace").decode()
    info[305] = "selfiesim"
    info.tagtype[_TIFF_RECIPE] = 1  # BYTE: Pillow below 13 cuts UNDEFINED short
    info[_TIFF_RECIPE] = text.encode()
    with path.open("wb") as file:
        Image.fromarray(photo.pixels).save(file, "TIFF", tiffinfo=info, compression="tiff_adobe_deflate")


_WRITERS: dict[str, Callable[[Photo, Path, str], None]] = {
    ".jpg": _jpeg,
    ".jpeg": _jpeg,
    ".tif": _tiff,
    ".tiff": _tiff,
    ".exr": exr_file,
    ".npz": npz_file,
}
