"""The photograph to be matched: its pixels, and what its Exif says about time and lens."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.config_validation import read_limited
from selfiesim.core.errors import MatchError
from selfiesim.core.limits import MATCH_PHOTO_BYTES, MATCH_PHOTO_PIXELS

_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP")
_EXIF_SECTION = 0x8769
_TAKEN, _TAKEN_OFFSET = 0x9003, 0x9011
_FOCAL_LENGTH, _FOCAL_LENGTH_35MM = 0x920A, 0xA405
_PLANE_X_RESOLUTION, _PLANE_UNIT = 0xA20E, 0xA210
_MM_PER_UNIT = {2: 25.4, 3: 10.0, 4: 1.0}
_DIAGONAL_35MM = math.hypot(36.0, 24.0)


@dataclass(frozen=True, eq=False)
class Photograph:
    """A picture file that was read.

    Attributes
    ----------
    pixels : (H, W, 3) uint8
        Upright, as viewers show it.
    source : str
        Its file, for messages.
    taken_utc : str, optional
        When it was taken, from Exif; None unless Exif gives the offset from UTC as well.
    focal_px : float, optional
        Focal length in pixels, from Exif; None where it does not say enough.
    """

    pixels: NDArray[np.uint8]
    source: str
    taken_utc: str | None = None
    focal_px: float | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height."""
        return self.pixels.shape[1], self.pixels.shape[0]


def read_photograph(path: Path) -> Photograph:
    """Read a photograph.

    Raises
    ------
    MatchError
        It cannot be read, is too large, or is no picture.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    content = read_limited(path, MATCH_PHOTO_BYTES, "that is not a photograph", MatchError)
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            MATCH_PHOTO_PIXELS.check(opened.width * opened.height, f"{path}: too many pixels", MatchError)
            exif = opened.getexif()
            upright = ImageOps.exif_transpose(opened).convert("RGB")
            tags = dict(exif.get_ifd(_EXIF_SECTION))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise MatchError(f"{path}: not a picture that can be read; give a JPEG, PNG, TIFF or WebP file") from error
    return Photograph(np.array(upright), str(path), _utc(tags), _focal_px(tags, upright.size))


def _utc(tags: dict[int, Any]) -> str | None:
    try:
        taken = datetime.strptime(f"{tags[_TAKEN]}{tags[_TAKEN_OFFSET]}", "%Y:%m:%d %H:%M:%S%z")
    except (KeyError, ValueError):
        return None
    return taken.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _focal_px(tags: dict[int, Any], size: tuple[int, int]) -> float | None:
    """Focal length in pixels, by the pitch of the sensor or the equivalent for film 36 mm wide."""
    try:
        focal, resolution = float(tags[_FOCAL_LENGTH]), float(tags[_PLANE_X_RESOLUTION])
        found = focal * resolution / _MM_PER_UNIT[int(tags.get(_PLANE_UNIT, 2))]
        if found > 0.0 and math.isfinite(found):
            return found
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        pass
    try:
        equivalent = float(tags[_FOCAL_LENGTH_35MM])
    except (KeyError, TypeError, ValueError):
        return None
    return equivalent / _DIAGONAL_35MM * math.hypot(*size) if equivalent > 0.0 and math.isfinite(equivalent) else None
