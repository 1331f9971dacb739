"""Render a picture again from its file alone.

Recipes in files are untrusted: their size is limited, they are validated against the same models as scenes, and they
can name only shipped files and files in the working folder.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from selfiesim.core.config_validation import read_limited, truncate
from selfiesim.core.errors import OutputError
from selfiesim.core.limits import PICTURE_BYTES, PICTURE_PIXELS, RECIPE_BYTES
from selfiesim.core.untrusted.plain_values import plain_table
from selfiesim.files.recipe import Recipe, digest, recipe
from selfiesim.files.strip_writer import TIFF_RECIPE

if TYPE_CHECKING:
    from selfiesim.files.poster import Poster
    from selfiesim.photo.develop import Photo


def read_recipe(path: Path, edited: bool = False) -> dict[str, Any]:
    """Read and validate the recipe of a picture.

    Parameters
    ----------
    path : Path
        A picture that selfiesim wrote, or the JSON file next to it.
    edited : bool
        Whether to accept a recipe that was changed after it was written.

    Returns
    -------
    dict
        The recipe; see :class:`selfiesim.files.recipe.Recipe`.

    Raises
    ------
    OutputError
        For a file without a recipe, an invalid recipe, or one that was edited where ``edited`` is false.
    """
    try:
        stored = json.loads(_recipe_text(path))
    except (ValueError, RecursionError) as error:
        raise OutputError(f"{path}: its recipe is not JSON") from error
    stored = plain_table(stored, OutputError, str(path))
    if isinstance(stored, dict) and "film" in stored:
        raise OutputError(f"{path}: is the recipe of a film, not of a picture; use `selfiesim film` to render it again")
    try:
        Recipe.model_validate(stored)
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(part) for part in fault["loc"]) or "it"
        what = "missing" if fault["type"] == "missing" else fault["msg"]
        raise OutputError(f"{path}: is not the recipe of a picture: {truncate(where)}: {what}") from error
    if not edited and digest(stored) != stored["digest"]:
        raise OutputError(
            f"{path}: its recipe was edited after it was written (the digest differs); "
            "use --edited to render it as it is now"
        )
    return stored  # type: ignore[no-any-return]


def _recipe_text(path: Path) -> str:
    """Extract the text of the recipe from any file that selfiesim writes."""
    if path.suffix.lower() == ".json":
        return read_limited(path, RECIPE_BYTES, "that is not a recipe", OutputError).decode("utf-8", "replace")
    readers = {".exr": _recipe_from_exr, ".npz": _recipe_from_npz}
    try:
        PICTURE_BYTES.check(path.stat().st_size, f"{path}: too large for a picture of selfiesim", OutputError)
        text = readers.get(path.suffix.lower(), _recipe_from_image)(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror or 'no picture'})") from error
    if text is None:
        raise OutputError(f"{path}: contains no recipe; only pictures that selfiesim wrote have one")
    RECIPE_BYTES.check(len(text), f"{path}: its recipe is too large for one of selfiesim", OutputError)
    return text


def _open_picture(path: Path) -> Any:
    """Open a picture, however large: only metadata are read here, no pixels are decoded.

    Image.open would refuse posters, by a limit that belongs to the whole process.
    """
    from PIL import JpegImagePlugin, PngImagePlugin, TiffImagePlugin

    for kind in (PngImagePlugin.PngImageFile, TiffImagePlugin.TiffImageFile, JpegImagePlugin.JpegImageFile):
        with suppress(SyntaxError):  # of another kind
            return kind(path)
    raise SyntaxError("not a PNG, TIFF or JPEG file")


def _recipe_from_image(path: Path) -> str | None:
    from PIL import ExifTags

    try:
        with _open_picture(path) as opened:
            pixels = opened.width * opened.height
            PICTURE_PIXELS.check(pixels, f"{path}: has too many pixels for a picture of selfiesim", OutputError)
            if "selfiesim" in opened.info:
                return str(opened.info["selfiesim"])
            if opened.format == "TIFF":
                stored = opened.tag_v2.get(TIFF_RECIPE)
                return stored.decode("utf-8", "replace") if isinstance(stored, bytes) else None
            comment = opened.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.UserComment)
    except (OSError, OutputError):
        raise
    except Exception as error:  # damaged files raise anything in Pillow's readers
        raise OutputError(f"{path}: its metadata cannot be read ({truncate(str(error))})") from error
    if not isinstance(comment, bytes) or not comment.startswith(b"ASCII\0\0\0"):
        return None
    # Before 0.2.0, letters beyond ASCII were written as Python escapes them, which JSON does not know.
    return re.sub(r"\\\\|\\x([0-9a-f]{2})|\\U([0-9a-f]{8})", _json_escape, comment[8:].decode("ascii", "replace"))


def _json_escape(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return match[0] if code is None else json.dumps(chr(min(int(code, 16), 0x10FFFF)))[1:-1]


def _recipe_from_exr(path: Path) -> str | None:
    from selfiesim.files.exr import read_exr_text

    return read_exr_text(path, "selfiesim")


def _recipe_from_npz(path: Path) -> str | None:
    limit = 4 * RECIPE_BYTES.value + 1000  # numpy's text has four bytes a letter
    try:
        with zipfile.ZipFile(path) as archive:
            if "recipe.npy" not in archive.namelist():
                return None
            with archive.open("recipe.npy") as member:
                content = member.read(limit + 1)
        return _text_of_npy(content[:limit]) if len(content) <= limit else " " * limit
    except OSError:
        raise
    except Exception as error:  # zipfile and the decompressors raise many kinds, of encryption and unknown methods too
        raise OutputError(f"{path}: is not an npz file of selfiesim ({truncate(str(error))})") from error


def _text_of_npy(content: bytes) -> str:
    """The text in an array of numpy, whose header may lie about its size.

    Raises
    ------
    ValueError
        It is not one text, or not complete.
    """
    import numpy as np
    from numpy.lib import format as npy

    file = io.BytesIO(content)
    read_header = npy.read_array_header_1_0 if npy.read_magic(file) == (1, 0) else npy.read_array_header_2_0
    shape, _order, dtype = read_header(file)
    if shape != () or dtype.kind != "U" or dtype.itemsize != len(content) - file.tell():
        raise ValueError("its recipe is not one text")
    return str(np.frombuffer(content, dtype, offset=file.tell())[0])


def replay(path: Path, edited: bool = False) -> tuple[Photo | Poster, list[str]]:
    """Render a picture again from its file alone, and compare.

    Parameters
    ----------
    path : Path
        A picture that selfiesim wrote, or the JSON file next to it.
    edited : bool
        Whether to accept a recipe that was changed after it was written.

    Returns
    -------
    photo : Photo or Poster
        The new picture; a poster if it is too large to be rendered at once.
    differences : list of str
        Differences from the old picture, as in :func:`differences`; empty with the same versions and renderer.

    Raises
    ------
    UserError
        As :func:`read_recipe`, and for a scene that cannot be used, or that names files outside the working folder.
    """
    from selfiesim.files.poster import is_large, render_poster
    from selfiesim.render.common.radiance import QUALITIES
    from selfiesim.scene.scene import Scene

    stored = read_recipe(path, edited)
    quality = stored["render"]["quality"]
    if quality not in QUALITIES:
        raise OutputError(f"{path}: its recipe has the unknown quality {truncate(quality)!r}; use draft or final")
    scene = Scene.from_table(_drop_nulls(stored["scene"]), f"{path}: scene", Path.cwd())
    view, samples = scene.view(), stored["render"]["samples"]
    photo: Photo | Poster
    if is_large(view.camera):
        photo = render_poster(view, scene.photo, Path.cwd(), quality, samples)
    else:
        engine = "mitsuba" if stored["render"]["engine"].startswith("mitsuba") else "pyvista"
        photo = view.render(quality, samples, engine=engine).expose()
    return photo, differences(stored, photo)


def _drop_nulls(table: dict[str, Any]) -> dict[str, Any]:
    """Remove null keys from a scene's table: a scene file omits them."""
    return {
        key: _drop_nulls(value) if isinstance(value, dict) else value
        for key, value in table.items()
        if value is not None
    }


def differences(stored: dict[str, Any], photo: Photo | Poster) -> list[str]:
    """Compare a photo with the recipe it was rendered from; one line per difference, none if the pixels are equal."""
    found = photo.pixels_sha256()
    if found == stored["pixels_sha256"]:
        return []
    now = recipe(photo, found)
    lines = ["the pixels differ"]
    if now["render"]["engine"] != stored["render"]["engine"]:
        lines.append(f"renderer: {stored['render']['engine']} then, {now['render']['engine']} now")
    for name, new in now["versions"].items():
        old = stored["versions"].get(name, "none")
        if old != new:
            lines.append(f"{name}: {old} then, {new} now")
    if now["scene"] != stored["scene"]:
        lines.append("the scene is read differently now: keys or defaults have changed")
    if len(lines) == 1:
        lines.append("the versions are the same; a model, a map or the recipe has changed")
    return lines
