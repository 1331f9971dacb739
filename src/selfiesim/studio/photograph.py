"""The photograph to compare with that the command was given."""

from __future__ import annotations

import io
from pathlib import Path

from selfiesim.core.config_validation import read_limited
from selfiesim.core.errors import ModelError, UserError
from selfiesim.core.limits import STUDIO_PHOTO_BYTES

_LARGEST = 8192  # pixels a side of what the page gets
_QUALITY = 92


def read_photograph(path: Path) -> bytes:
    """Return a photograph as a JPEG for the page: upright, and at most 8192 pixels a side.

    It is decoded and written again, so the page gets pixels, whatever else the file holds.

    Raises
    ------
    UserError
        It cannot be read, is no picture, or is larger than the limits allow.
    """
    # Here, since the page waits for the server's imports.
    from PIL import ImageOps

    from selfiesim.craft.formats.textures import UnreadableImageError, open_image

    if not path.is_file():
        raise UserError(f"--photo {path}: no such file")
    content = read_limited(path, STUDIO_PHOTO_BYTES, "a photograph", UserError)
    try:
        with open_image(content, f"--photo {path}") as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail((_LARGEST, _LARGEST))
    except ModelError as error:
        raise UserError(str(error)) from error
    except (UnreadableImageError, OSError, SyntaxError, ValueError) as error:
        raise UserError(f"--photo {path}: is not a picture that can be read; save it as PNG or JPEG") from error
    buffer = io.BytesIO()
    upright.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
