"""Read and write EXR files, and NumPy's npz of radiance and ground truth; exr_layers.py has the layers of a photo."""

from __future__ import annotations

import errno
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from selfiesim.core.errors import OutputError
from selfiesim.core.limits import RECIPE_BYTES
from selfiesim.files.extras import import_extra

if TYPE_CHECKING:
    from selfiesim.photo.develop import Photo


_MAGIC = b"\x76\x2f\x31\x01"


def read_exr_text(path: Path, attribute: str) -> str | None:
    """Return a text from the header of an EXR file, read by hand: the library can crash on a damaged file.

    The layout is that of "OpenEXR File Layout" (openexr.com): magic number, version, then attributes (name, type, size,
    value) up to an empty name.

    Raises
    ------
    OutputError
        The file is not EXR, or its header is damaged or too large.
    """
    with path.open("rb") as file:
        head = file.read(2 * RECIPE_BYTES.value)
    if head[:4] != _MAGIC:
        raise OutputError(f"{path}: cannot be read as EXR; it does not begin as one")
    place = 8
    while (end := head.find(b"\0", place, place + 256)) > place:
        name, place = head[place:end], end + 1
        end = head.find(b"\0", place, place + 256)
        kind, place = head[place : max(end, place)], end + 1
        if end < 0 or place + 4 > len(head):
            break
        (size,) = struct.unpack_from("<I", head, place)
        place += 4
        if place + size > len(head):
            break
        if (name, kind) == (attribute.encode(), b"string"):
            return head[place : place + size].decode("utf-8", "replace")
        place += size
    if head[place : place + 1] != b"\0":
        raise OutputError(f"{path}: cannot be read as EXR; its header is damaged or too large")
    return None


def write_channels(path: Path, header: dict[str, Any], channels: dict[str, Any]) -> None:
    """Write an EXR of one part.

    Raises
    ------
    OSError
        The file cannot be written; the library itself raises no such error.
    """
    try:
        with import_extra("OpenEXR").File(header, channels) as file:
            file.write(str(path))
    except RuntimeError as error:
        raise OSError(errno.EIO, str(error).rpartition('". ')[2].rstrip("."), str(path)) from error


def write_npz(photo: Photo, path: Path, text: str) -> None:
    """Write the layers as arrays by name, with part names and recipe as JSON text; needs no pickle to load."""
    truth = photo.radiance.truth
    arrays = {name: photo.radiance.layer(name) for name in
              ("rgb", "depth", "position", "normal", "part", "albedo", "sun_visibility")}  # fmt: skip
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            pixels=photo.pixels,
            part_names=np.array(json.dumps(truth.part_names)),
            recipe=np.array(text),
            allow_pickle=False,
            **arrays,
        )
