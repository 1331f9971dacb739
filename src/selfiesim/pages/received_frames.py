"""Files of a sequence as received: each frame's broken JPEG, and a sheet with the clean pictures beside them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write
from selfiesim.files.images import png_with_recipe, save_with_recipe
from selfiesim.files.recipe import SYNTHETIC

if TYPE_CHECKING:
    from selfiesim.analysis.downlink import DownlinkSequence, Frame, ReceivedFrame
    from selfiesim.scene.scene import Scene

_CELL_PX = 640  # width of a picture on the sheet, at most
_LINE_PX = 16
_GREY = (200, 200, 200)


def save_sequence(scene: Scene, whole: DownlinkSequence, received: list[ReceivedFrame], folder: Path) -> list[Path]:
    """Write ``sheet.png`` (with ``sheet.json``), and for each frame ``frame-0012.jpg`` as it arrived.

    Raises
    ------
    OutputError
        When the folder cannot be made or written to.
    """
    make_folder(folder)
    told = report(scene, whole)
    text = json.dumps(told, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    sheet = png_with_recipe(contact_sheet(received), told["title"], text)
    written = [save_with_recipe(folder / "sheet.png", sheet, text)]
    for one in received:
        if one.stream:
            path = folder / f"frame-{one.frame.number:04d}.jpg"
            with atomic_write(path) as temporary:
                temporary.write_bytes(one.stream)
            written.append(path)
    return written


def make_folder(folder: Path) -> None:
    """Make a folder, unless it is there, and see now rather than after the rendering that it takes files.

    Raises
    ------
    OutputError
        When it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        why = error.strerror
        raise OutputError(f"{folder}: cannot be made or written to ({why}); name a folder you may write to") from error


def report(scene: Scene, whole: DownlinkSequence) -> dict[str, Any]:
    """The whole sequence as JSON-ready data, with the settings of the radio."""
    return {
        "kind": SYNTHETIC,
        "notice": f"Each picture is a {SYNTHETIC}; the radio's numbers are assumed.",
        "title": f"{scene.title}: the sequence as received",
        "downlink": scene.downlink.model_dump(mode="json"),
        "summary": whole.summary(),
        "frames": whole.records(),
    }


def contact_sheet(received: list[ReceivedFrame]) -> NDArray[np.uint8]:
    """The clean pictures on the left, as received on the right, a row each with its numbers (H, W, 3)."""
    from PIL import Image, ImageDraw, ImageFont

    height, width = received[0].clean.shape[:2]
    cell = (min(width, _CELL_PX), max(round(height * min(width, _CELL_PX) / width), 1))
    across, font = 2 * cell[0] + 4, ImageFont.load_default(12)
    told = [_wrap_words(_frame_caption(one.frame), across - 8, font.getlength) for one in received]
    row_px = cell[1] + _LINE_PX * max(len(lines) for lines in told) + 4
    sheet = Image.new("RGB", (across, len(received) * row_px))
    pen = ImageDraw.Draw(sheet)
    for row, one in enumerate(received):
        top = row * row_px
        for column, pixels in enumerate((one.clean, one.broken)):
            left = column * (cell[0] + 4)
            if pixels is None:
                pen.rectangle((left, top, left + cell[0] - 1, top + cell[1] - 1), outline=(90, 90, 90))
                why = "without its first packet: no decoder reads it" if one.stream else "not received"
                pen.text((left + cell[0] // 2, top + cell[1] // 2), why, _GREY, font, anchor="mm")
            else:
                shown = Image.fromarray(pixels)
                if shown.size != cell:
                    shown = shown.resize(cell, Image.Resampling.LANCZOS)
                sheet.paste(shown, (left, top))
        pen.text((4, top + cell[1] + 3), "\n".join(told[row]), _GREY, font, spacing=2)
    return np.asarray(sheet)


def _frame_caption(frame: Frame) -> list[str]:
    return [
        f"frame {frame.number}",
        f"taken release+{frame.taken_s:g} s",
        f"{frame.range_m:.1f} m",
        f"{frame.received_dbm:.0f} dBm",
        f"{frame.rate_mbit_s:g} Mbit/s",
        f"{frame.packets_lost} of {frame.packets} packets lost",
        f"at the Earth {frame.earth_utc}" if frame.earth_utc else "never received",
    ]


def _wrap_words(words: list[str], width: float, length: Callable[[str], float]) -> list[str]:
    """``words`` in as many lines of at most ``width`` as they need."""
    lines = words[:1]
    for word in words[1:]:
        longer = f"{lines[-1]}   {word}"
        if length(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
