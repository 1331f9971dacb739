"""A map file of the user's: where it is, how to read it, and a fingerprint of its content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from selfiesim.core.errors import MapError
from selfiesim.planet.readers.conventions import Conventions
from selfiesim.planet.readers.mosaics import is_pattern, mosaic_files

Tone = Literal["measured", "own"]
Cap = Literal["auto", "own", "default"]

_MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class MapFile:
    """A user's map of colours or of heights.

    Attributes
    ----------
    path : Path
        The file, or a pattern for several.
    conventions : Conventions
        How its rows, columns and numbers are to be read.
    tone : {"measured", "own"}, optional
        Whether its colours are matched to measured reflectance; None matches them on Mars only.
    credits : str
        Source to name with each image.
    cap : {"auto", "own", "default"}
        Whose polar caps are drawn on Mars: the file's own, or those of the default map; "auto" takes the file's own if
        it is finer than the default's and not overexposed.
    """

    path: Path
    conventions: Conventions
    tone: Tone | None = None
    credits: str = ""
    cap: Cap = "auto"


def fingerprint(path: Path) -> str:
    """Return a hash of a file's name, size, time, first and last megabyte.

    The whole file is not hashed: the largest maps take a minute to read.

    Raises
    ------
    MapError
        The file cannot be read.
    """
    digest = hashlib.sha256()
    for each in mosaic_files(path) if is_pattern(path) else [path]:
        try:
            status = each.stat()
            with each.open("rb") as file:
                digest.update(f"{each.name} {status.st_size} {status.st_mtime_ns}".encode())
                digest.update(file.read(_MEBIBYTE))
                file.seek(max(0, status.st_size - _MEBIBYTE))
                digest.update(file.read(_MEBIBYTE))
        except OSError as error:
            raise MapError(f"{each}: cannot be read ({error.strerror})") from error
    return digest.hexdigest()
