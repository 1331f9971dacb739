"""Marks on a picture: a scale bar, and a watermark that declares it synthetic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from selfiesim.view.view import View

WATERMARK_TEXT = "synthetic image"

_Numbers = TypeVar("_Numbers", bound=NDArray[Any])


def scale_bar_length(view: View) -> tuple[float, float]:
    """Length of the scale bar, m and pixels: a round length, a tenth to a quarter of the picture's width.

    It holds at the distance of the craft's origin, perpendicular to the line of sight.
    """
    return round_length(view.camera.width, float(np.linalg.norm(view.craft.position)) * view.camera.pixel_angle)


def round_length(width: int, pixel_m: float) -> tuple[float, float]:
    """Largest 1, 2 or 5 times a power of ten, m, within a quarter of ``width`` pixels of ``pixel_m`` m; in m and px."""
    longest = 0.25 * width * pixel_m
    power = 10.0 ** np.floor(np.log10(longest))
    metres = float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= longest))
    return metres, metres / pixel_m


def draw_marks(pixels: _Numbers, view: View, marks: tuple[str, ...], top: int = 0) -> _Numbers:
    """Draw marks in white with a dark outline.

    Parameters
    ----------
    pixels : (h, W, 3) array of uint8 or uint16
        Rows of the picture.
    view : View
        The view, for size and scale.
    marks : tuple of str
        ``"scale-bar"``, ``"watermark"``.
    top : int
        Row of the picture at which ``pixels`` begin.

    Returns
    -------
    (h, W, 3) array
        A marked copy; ``pixels`` itself without marks.
    """
    if not marks:
        return pixels
    white, dark = _mark_masks(view, marks, top, len(pixels))
    maximum = np.iinfo(pixels.dtype).max
    shown = pixels.astype(np.float32) * (1.0 - 0.7 * dark[..., None])
    shown += (0.92 * maximum - shown) * white[..., None]
    return np.round(shown).astype(pixels.dtype)  # type: ignore[return-value]


def _mark_masks(
    view: View, marks: tuple[str, ...], top: int, rows: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Coverage of each pixel by the white marks and by their dark outlines, (h, W) each, 0 to 1."""
    from PIL import Image, ImageDraw, ImageFont

    height, width = view.camera.height, view.camera.width
    size = max(10, round(height / 36))
    edge, line = max(1, size // 10), max(1, size // 8)
    font = ImageFont.load_default(size)
    sheets = [Image.new("L", (width, rows)) for _ in range(2)]
    foot = height - top  # the picture's lower edge, counted from the first of the rows
    for sheet, grown in zip(sheets, (0, edge), strict=True):
        pen = ImageDraw.Draw(sheet)
        if "watermark" in marks:
            corner = (width - size, foot - size)
            pen.text(corner, WATERMARK_TEXT, 255, font, anchor="rs", stroke_width=grown)
        if "scale-bar" in marks:
            metres, long_px = scale_bar_length(view)
            right = size + round(long_px)
            bar = (size - grown, foot - size - line - grown, right + grown, foot - size + grown)
            pen.rectangle(bar, 255)
            length = f"{metres:g} m" if metres < 1000.0 else f"{metres / 1000.0:g} km"
            pen.text((size, foot - 1.5 * size), f"{length} at the craft", 255, font, anchor="ls", stroke_width=grown)
    white, dark = (np.asarray(sheet, np.float32) / 255.0 for sheet in sheets)
    return white, dark
