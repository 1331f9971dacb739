"""Files of a downlink sequence: the JPEG of each frame as received, and a sheet that compares it with the original."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.files import atomic_write, make_folder
from selfiesim.files.images import save_picture
from selfiesim.files.recipe import SYNTHETIC

if TYPE_CHECKING:
    from selfiesim.analysis.downlink import DownlinkSequence, Frame, ReceivedFrame
    from selfiesim.scene.scene import Scene

_CELL_PX = 640  # greatest width of a picture on the sheet
_LINE_PX = 16
_GREY = (200, 200, 200)


def save_sequence(scene: Scene, sequence: DownlinkSequence, received: list[ReceivedFrame], folder: Path) -> list[Path]:
    """Write ``sheet.png`` (with ``sheet.json``), and each frame as it arrived (``frame-0012.jpg`` and so on).

    Returns the paths of all files but the JSON file.

    Raises
    ------
    OutputError
        When the folder cannot be created or written to.
    """
    make_folder(folder)
    records = report(scene, sequence)
    written = [save_picture(folder / "sheet.png", contact_sheet(received), records)]
    for each in received:
        if each.stream:
            path = folder / f"frame-{each.frame.number:04d}.jpg"
            with atomic_write(path) as temporary:
                temporary.write_bytes(each.stream)
            written.append(path)
    return written


def report(scene: Scene, sequence: DownlinkSequence) -> dict[str, Any]:
    """Return the whole sequence as JSON-ready data, with the settings of the radio."""
    return {
        "kind": SYNTHETIC,
        "notice": f"Each picture is a {SYNTHETIC}; the radio's parameters are assumed.",
        "title": f"{scene.title}: the sequence as received",
        "downlink": scene.downlink.model_dump(mode="json"),
        "summary": sequence.summary(),
        "frames": sequence.records(),
    }


def contact_sheet(received: list[ReceivedFrame]) -> NDArray[np.uint8]:
    """Return a sheet (H, W, 3): a row for each frame, the original on the left, as received on the right."""
    from PIL import Image, ImageDraw, ImageFont

    height, width = received[0].clean.shape[:2]
    cell = (min(width, _CELL_PX), max(round(height * min(width, _CELL_PX) / width), 1))
    across, font = 2 * cell[0] + 4, ImageFont.load_default(12)
    captions = [_wrap_words(_frame_caption(each.frame), across - 8, font.getlength) for each in received]
    row_px = cell[1] + _LINE_PX * max(len(lines) for lines in captions) + 4
    sheet = Image.new("RGB", (across, len(received) * row_px))
    pen = ImageDraw.Draw(sheet)
    for row, each in enumerate(received):
        top = row * row_px
        for column, pixels in enumerate((each.clean, each.broken)):
            left = column * (cell[0] + 4)
            if pixels is None:
                pen.rectangle((left, top, left + cell[0] - 1, top + cell[1] - 1), outline=(90, 90, 90))
                why = "first packet lost: cannot be decoded" if each.stream else "not received"
                pen.text((left + cell[0] // 2, top + cell[1] // 2), why, _GREY, font, anchor="mm")
            else:
                shown = Image.fromarray(pixels)
                if shown.size != cell:
                    shown = shown.resize(cell, Image.Resampling.LANCZOS)
                sheet.paste(shown, (left, top))
        pen.text((4, top + cell[1] + 3), "\n".join(captions[row]), _GREY, font, spacing=2)
    return np.asarray(sheet)


def _frame_caption(frame: Frame) -> list[str]:
    return [
        f"frame {frame.number}",
        f"taken release+{frame.taken_s:g} s",
        f"{frame.range_m:.1f} m",
        f"{frame.received_dbm:.0f} dBm",
        f"{frame.rate_mbit_s:g} Mbit/s",
        f"{frame.packets_lost} of {frame.packets} packets lost",
        f"on Earth {frame.earth_utc}" if frame.earth_utc else "never received",
    ]


def _wrap_words(words: list[str], width: float, length: Callable[[str], float]) -> list[str]:
    """Join ``words`` into lines, each at most ``width`` long."""
    lines = words[:1]
    for word in words[1:]:
        longer = f"{lines[-1]}   {word}"
        if length(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
