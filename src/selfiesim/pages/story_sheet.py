"""The contact sheet of a story: its frames in rows, with time and range under each."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.files.captions.caption import duration_in_words, length_in_words
from selfiesim.files.captions.language import load_language

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

    from selfiesim.analysis.drift_table import DriftSample

_CELL_PX, _MAX_WIDTH_PX = 480, 3200
_GAP_PX, _CAPTION_PX, _HEAD_PX = 8, 26, 62
_BACK, _INK, _QUIET = (16, 17, 20), (217, 214, 207), (154, 149, 138)


def column_count(count: int) -> int:
    """Number of columns for ``count`` frames: close to the number of rows, with few gaps in the last row."""
    middle = ceil(sqrt(count))
    near = range(max(middle - 1, 1), middle + 2)
    return min(near, key=lambda columns: (-count % columns, -columns))


class StorySheet:
    """A contact sheet that takes one frame after the other and keeps only its thumbnail.

    Parameters
    ----------
    title
        Headline.
    exposure
        How the exposure was chosen; see :attr:`selfiesim.pages.story_record.Story.metered`.
    count
        Number of frames to come.
    """

    def __init__(self, title: str, exposure: str, count: int) -> None:
        self._title, self._exposure = title, exposure
        self._columns = column_count(count)
        self._cell_px = min(_CELL_PX, _MAX_WIDTH_PX // self._columns)
        self._cells: list[tuple[PillowImage, DriftSample]] = []

    def add(self, pixels: NDArray[np.uint8], numbers: DriftSample) -> None:
        """Add a frame, pixels (H, W, 3)."""
        from PIL import Image

        image = Image.fromarray(pixels)
        height = max(round(image.height * self._cell_px / image.width), 1)
        self._cells.append((image.resize((self._cell_px, height), Image.Resampling.LANCZOS), numbers))

    def pixels(self) -> NDArray[np.uint8]:
        """Return the sheet (H, W, 3)."""
        from PIL import Image, ImageDraw, ImageFont

        across, down = self._cell_px, self._cells[0][0].height
        rows = ceil(len(self._cells) / self._columns)
        width = self._columns * (across + _GAP_PX) + _GAP_PX
        sheet = Image.new("RGB", (width, _HEAD_PX + rows * (down + _CAPTION_PX + _GAP_PX)), _BACK)
        pen = ImageDraw.Draw(sheet)
        head, small = ImageFont.load_default(22), ImageFont.load_default(min(15, max(9, across // 18)))
        pen.text((_GAP_PX, 8), self._title, _INK, head)
        pen.text((_GAP_PX, 38), f"Synthetic images. Exposure {self._exposure}.", _QUIET, ImageFont.load_default(14))
        for number, (image, numbers) in enumerate(self._cells):
            row, column = divmod(number, self._columns)
            left, top = _GAP_PX + column * (across + _GAP_PX), _HEAD_PX + row * (down + _CAPTION_PX + _GAP_PX)
            sheet.paste(image, (left, top))
            for words in _captions(numbers):
                if small.getlength(words) <= across:
                    break
            pen.text((left, top + down + 5), words, _INK, small)
        return np.asarray(sheet)


def _captions(numbers: DriftSample) -> tuple[str, str]:
    """When and from where a frame was taken, in words and, for narrow cells, in units."""
    words = load_language("en")
    long = f"{duration_in_words(numbers.t_s, words)} after release, {length_in_words(numbers.range_m, words)} away"
    return long, f"{numbers.t_s:.4g} s, {numbers.range_m:.3g} m"
