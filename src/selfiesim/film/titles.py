"""Words in films: a title card, and the time and range in a corner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.files.recipe import SYNTHETIC

if TYPE_CHECKING:
    from selfiesim.view.view import View

Pixels = NDArray[np.uint8]

_WHITE, _GREY = (235, 235, 235), (150, 150, 150)
_MAX_TEXT_WIDTH = 0.86  # of the picture's width, what a line may take


def title_card(view: View) -> Pixels:
    """Scene's title, time of the ``view`` and what it is, on black, as large as the picture (H, W, 3)."""
    from PIL import Image, ImageDraw

    width, height = view.camera.width, view.camera.height
    card = Image.new("RGB", (width, height))
    pen = ImageDraw.Draw(card)
    when = view.epoch.utc().replace("T", " ").removesuffix("Z") + " UTC"
    size = max(10, round(height / 15))
    lines = [(line, size, _WHITE) for line in _wrap_text(view.scene.title, size, _MAX_TEXT_WIDTH * width)]
    lines += [(when, max(8, size // 2), _GREY), (SYNTHETIC, max(8, size // 2), _GREY)]
    top = (height - sum(1.6 * size for _, size, _ in lines)) / 2.0
    for text, size, colour in lines:
        pen.text((width / 2.0, top + 0.8 * size), text, colour, _font(size), anchor="mm")
        top += 1.6 * size
    return np.asarray(card)


def draw_counter(pixels: Pixels, view: View) -> Pixels:
    """The frame (H, W, 3) with seconds since the release, or the time, and the range to the craft at its upper left."""
    from PIL import Image, ImageDraw

    seconds = view.track.seconds_since_release
    when = view.epoch.utc() if seconds is None else f"release {seconds:+.1f} s"
    words = f"{when}   {_length(float(np.linalg.norm(view.craft.position)))}"
    size = max(10, round(view.camera.height / 36))
    shown = Image.fromarray(pixels)
    pen = ImageDraw.Draw(shown)
    pen.text((size, size), words, _WHITE, _font(size), anchor="lt", stroke_width=max(1, size // 10), stroke_fill=0)
    return np.asarray(shown)


def _length(metres: float) -> str:
    return f"{metres:.1f} m" if metres < 10_000.0 else f"{metres / 1e3:.1f} km"


def _wrap_text(text: str, size: int, most: float) -> list[str]:
    """The words in lines of at most ``most`` pixels; a word that is longer stands alone."""
    font, lines = _font(size), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > most:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _font(size: float) -> Any:
    from PIL import ImageFont

    return ImageFont.load_default(size)
