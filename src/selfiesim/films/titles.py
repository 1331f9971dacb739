"""Text in films: a title card, and a counter of time and range."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.files.recipe import SYNTHETIC

if TYPE_CHECKING:
    from selfiesim.view.view import View

Pixels = NDArray[np.uint8]

_WHITE, _GREY = (235, 235, 235), (150, 150, 150)
_MAX_TEXT_WIDTH = 0.86  # of a line, as a fraction of the image width


def title_card(view: View) -> Pixels:
    """Return a black card (H, W, 3) with the title and time of a view, and a note that it is synthetic."""
    from PIL import Image, ImageDraw

    width, height = view.camera.width, view.camera.height
    card = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(card)
    when = view.epoch.utc().replace("T", " ").removesuffix("Z") + " UTC"
    size = max(10, round(height / 15))
    lines = [(line, size, _WHITE) for line in _wrap_text(view.shot.title, size, _MAX_TEXT_WIDTH * width)]
    lines += [(when, max(8, size // 2), _GREY), (SYNTHETIC, max(8, size // 2), _GREY)]
    top = (height - sum(1.6 * size for _, size, _ in lines)) / 2.0
    for text, size, colour in lines:
        pen.text((width / 2.0, top + 0.8 * size), text, colour, _font(size), anchor="mm")
        top += 1.6 * size
    return np.asarray(card)


def draw_counter(pixels: Pixels, view: View) -> Pixels:
    """Write the time since release (or UTC) and the range to the craft into the upper left corner (H, W, 3)."""
    from PIL import Image, ImageDraw

    seconds = view.track.seconds_since_release
    when = view.epoch.utc() if seconds is None else f"release {seconds:+.1f} s"
    text = f"{when}   {_length(float(np.linalg.norm(view.craft.position)))}"
    size = max(10, round(view.camera.height / 36))
    image = Image.fromarray(pixels)
    pen = ImageDraw.Draw(image)
    pen.text((size, size), text, _WHITE, _font(size), anchor="lt", stroke_width=max(1, size // 10), stroke_fill=0)
    return np.asarray(image)


def _length(metres: float) -> str:
    return f"{metres:.1f} m" if metres < 10_000.0 else f"{metres / 1e3:.1f} km"


def _wrap_text(text: str, size: int, max_width: float) -> list[str]:
    """Break text into lines of at most ``max_width`` pixels; a longer word has a line of its own."""
    font, lines = _font(size), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > max_width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _font(size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
