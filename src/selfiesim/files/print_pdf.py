"""Posters for print: the pixels of a paper size, and PDF files with bleed and crop marks, whole or in sheets.

Boxes of a page are those of PDF 2.0 (ISO 32000-2), 14.11.2: the trim box is the paper after cutting, the bleed box what
is printed around it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import OutputError
from selfiesim.files.extras import import_extra
from selfiesim.files.images import check_writable, photo_metadata, save_with_sidecar
from selfiesim.files.metadata import Metadata
from selfiesim.scene.camera import MAX_PX, MIN_PX

if TYPE_CHECKING:
    from selfiesim.files.poster import Poster

# Width and height, mm: ISO 216, and the sizes of ANSI Y14.1 that are common in North America.
_PAPERS = {"letter": (215.9, 279.4), "tabloid": (279.4, 431.8)}
_PAPERS |= {
    f"a{number}": size
    for number, size in enumerate([(841, 1189), (594, 841), (420, 594), (297, 420), (210, 297), (148, 210), (105, 148)])
}
_SIDE_MM = (20.0, 5000.0)
_MAX_BLEED_MM = 25.0
_POINT_MM = 25.4 / 72.0
_MARK_MM, _MARK_GAP_MM = 5.0, 1.0  # length of a crop mark, and what it keeps clear of the bleed
_LABEL_MM = 3.0  # size of the text beside the marks of a sheet
_JPEG_QUALITY = 95


def paper_size(name: str) -> tuple[float, float]:
    """Return width and height, mm, of a paper: A0 to A6, letter, tabloid, or a size such as 600x400mm.

    Raises
    ------
    OutputError
        For any other text, or a size out of range.
    """
    if name.lower() in _PAPERS:
        return _PAPERS[name.lower()]
    found = re.fullmatch(r"(\d{1,5}(?:\.\d{1,3})?)x(\d{1,5}(?:\.\d{1,3})?)mm", name.lower())
    if not found:
        raise OutputError(f"paper {name!r}: give A0 to A6, letter, tabloid, or a size such as 600x400mm")
    width, height = float(found[1]), float(found[2])
    low, high = _SIDE_MM
    if not (low <= width <= high and low <= height <= high):
        raise OutputError(f"paper {name!r}: each side must be {low:.0f} to {high:.0f} mm")
    return width, height


@dataclass(frozen=True)
class PrintSize:
    """Size of a printed picture.

    Attributes
    ----------
    width_mm, height_mm : float
        After cutting.
    bleed_mm : float
        What is printed beyond each edge.
    dpi : float
        Pixels per inch.
    """

    width_mm: float
    height_mm: float
    bleed_mm: float
    dpi: float

    @classmethod
    def on_paper(cls, paper: str, dpi: float, bleed_mm: float, wide: bool) -> PrintSize:
        """Return the size of a paper, ``wide`` or tall.

        Raises
        ------
        OutputError
            For an unknown paper, a bleed out of range, or more pixels than a picture may have.
        """
        if not 0.0 <= bleed_mm <= _MAX_BLEED_MM:
            raise OutputError(f"bleed {bleed_mm:g} mm: give 0 to {_MAX_BLEED_MM:.0f}")
        short, long = sorted(paper_size(paper))
        size = cls(long, short, bleed_mm, dpi) if wide else cls(short, long, bleed_mm, dpi)
        sides = size.pixels
        if max(sides) > MAX_PX or min(sides) < MIN_PX:
            best = int(MAX_PX * 25.4 / (long + 2.0 * bleed_mm))
            raise OutputError(
                f"{paper} at {dpi:g} dpi is {sides[0]:,} x {sides[1]:,} px; a picture has {MIN_PX} to {MAX_PX:,} px "
                f"on a side, so give at most --dpi {best}"
            )
        return size

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height of the picture with its bleed, px."""
        across, down = (
            round((side + 2.0 * self.bleed_mm) / 25.4 * self.dpi) for side in (self.width_mm, self.height_mm)
        )
        return across, down


@dataclass(frozen=True)
class Sheet:
    """A page of a PDF.

    Attributes
    ----------
    left_mm, top_mm, width_mm, height_mm : float
        What remains of it after cutting, measured from the upper left corner of the cut picture.
    page_mm : tuple of float
        Width and height of the page.
    margin_mm : tuple of float
        From the left and lower edge of the page to the cut.
    label : str
        Which sheet it is; empty for a whole picture.
    """

    left_mm: float
    top_mm: float
    width_mm: float
    height_mm: float
    page_mm: tuple[float, float]
    margin_mm: tuple[float, float]
    label: str = ""


def lay_out(size: PrintSize, sheet_paper: str | None = None) -> list[Sheet]:
    """Return the pages of a picture, row by row: one that it fits, or as many of ``sheet_paper`` as it takes.

    Raises
    ------
    OutputError
        For an unknown paper, or one that the margins leave nothing of.
    """
    margin = size.bleed_mm + _MARK_GAP_MM + _MARK_MM
    if sheet_paper is None:
        page = size.width_mm + 2.0 * margin, size.height_mm + 2.0 * margin
        return [Sheet(0.0, 0.0, size.width_mm, size.height_mm, page, (margin, margin))]
    margin += _LABEL_MM
    paper = paper_size(sheet_paper)
    if min(paper) <= 2.0 * margin:
        raise OutputError(f"sheets of {sheet_paper}: bleed and crop marks leave no room; choose a larger paper")
    # Whichever way the paper lies, the fewer sheets the better.
    grids = [(_grid(size, page, margin), page) for page in (paper, paper[::-1])]
    (rows, columns), page = min(grids, key=lambda each: each[0][0] * each[0][1])
    width, height = page[0] - 2.0 * margin, page[1] - 2.0 * margin
    sheets = []
    for row in range(rows):
        for column in range(columns):
            left, top = column * width, row * height
            cut = min(width, size.width_mm - left), min(height, size.height_mm - top)
            label = f"row {row + 1} of {rows}, column {column + 1} of {columns}"
            sheets.append(Sheet(left, top, *cut, page, (margin, page[1] - margin - cut[1]), label))
    return sheets


def _grid(size: PrintSize, page: tuple[float, float], margin: float) -> tuple[int, int]:
    """Rows and columns of sheets."""
    across, down = page[0] - 2.0 * margin, page[1] - 2.0 * margin
    slack = 1e-6
    return int(np.ceil(size.height_mm / down - slack)), int(np.ceil(size.width_mm / across - slack))


def check_pdf(path: Path) -> None:
    """Check before rendering that a PDF can be written.

    Raises
    ------
    OutputError
        For another extension, a folder that cannot be written to, or a missing library.
    """
    check_writable(path, endings=(".pdf",))
    import_extra("reportlab.pdfgen.canvas")


def save_pdf(poster: Poster, path: Path, size: PrintSize, sheets: list[Sheet]) -> Path:
    """Write a poster as PDF, and its recipe next to it; both files are written completely or not at all.

    Parameters
    ----------
    poster : Poster
        The picture, with as many pixels as ``size``.
    path : Path
        A ``.pdf`` file.
    size : PrintSize
        Its size.
    sheets : list of Sheet
        Pages, from :func:`lay_out`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        As :func:`check_pdf`.
    """
    check_pdf(path)
    width, height = size.pixels
    pixels = np.empty((height, width, 3), np.uint8)
    row = 0
    for strip, _pixels8 in poster.strips():
        pixels[row : row + len(strip)] = strip
        row += len(strip)
    data = photo_metadata(poster, size.dpi)
    return save_with_sidecar(path, lambda file: _write(file, pixels, size, sheets, data), data.recipe)


def _write(path: Path, pixels: NDArray[np.uint8], size: PrintSize, sheets: list[Sheet], data: Metadata) -> None:
    # "invariant": without a time of writing, so that the same picture gives the same bytes.
    canvas = import_extra("reportlab.pdfgen.canvas").Canvas(str(path), invariant=1, pageCompression=1)
    canvas.setTitle(data.title)
    canvas.setSubject(data.description)
    canvas.setCreator("selfiesim")
    for sheet in sheets:
        _draw_sheet(canvas, pixels, size, sheet, data.title)
        canvas.showPage()
    canvas.save()


def _draw_sheet(canvas: Any, pixels: NDArray[np.uint8], size: PrintSize, sheet: Sheet, title: str) -> None:
    page = tuple(side / _POINT_MM for side in sheet.page_mm)
    canvas.setPageSize(page)
    left, bottom = sheet.margin_mm
    right, top, bleed = left + sheet.width_mm, bottom + sheet.height_mm, size.bleed_mm
    canvas.setTrimBox([value / _POINT_MM for value in (left, bottom, right, top)])
    bleed_box = (left - bleed, bottom - bleed, right + bleed, top + bleed)
    canvas.setBleedBox([value / _POINT_MM for value in bleed_box])
    part, (x0, y0, x1, y1) = _cut_out(pixels, size, sheet)
    place = left + x0 - sheet.left_mm, top - (y1 - sheet.top_mm), x1 - x0, y1 - y0
    canvas.drawImage(_jpeg(part), *(value / _POINT_MM for value in place))
    canvas.setLineWidth(0.25)
    for x0, y0, x1, y1 in _crop_marks(left, bottom, right, top, bleed):
        canvas.line(x0 / _POINT_MM, y0 / _POINT_MM, x1 / _POINT_MM, y1 / _POINT_MM)
    if sheet.label:
        canvas.setFont("Helvetica", 0.8 * _LABEL_MM / _POINT_MM)
        text = f"{sheet.label}   {title}".encode("latin-1", "replace").decode("latin-1")  # what the font has
        canvas.drawString((left + _MARK_MM) / _POINT_MM, (bottom - bleed - _MARK_GAP_MM - _LABEL_MM) / _POINT_MM, text)


def _cut_out(
    pixels: NDArray[np.uint8], size: PrintSize, sheet: Sheet
) -> tuple[NDArray[np.uint8], tuple[float, float, float, float]]:
    """Return the whole pixels of a sheet with its bleed, and their edges in the cut picture, mm from the upper left."""
    across, down = (
        count / (side + 2.0 * size.bleed_mm)
        for count, side in zip(size.pixels, (size.width_mm, size.height_mm), strict=True)
    )
    left = int(np.floor(sheet.left_mm * across))
    right = min(int(np.ceil((sheet.left_mm + sheet.width_mm + 2.0 * size.bleed_mm) * across)), pixels.shape[1])
    top = int(np.floor(sheet.top_mm * down))
    bottom = min(int(np.ceil((sheet.top_mm + sheet.height_mm + 2.0 * size.bleed_mm) * down)), pixels.shape[0])
    edges = left / across, top / down, right / across, bottom / down
    x0, y0, x1, y1 = (edge - size.bleed_mm for edge in edges)
    return pixels[top:bottom, left:right], (x0, y0, x1, y1)


def _jpeg(pixels: NDArray[np.uint8]) -> Any:
    from PIL import Image
    from reportlab.lib.utils import ImageReader

    stream = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(stream, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    stream.seek(0)
    return ImageReader(stream)


def _crop_marks(
    left: float, bottom: float, right: float, top: float, bleed: float
) -> Iterator[tuple[float, float, float, float]]:
    """Lines at the corners of the cut, outside the bleed, mm."""
    near, far = bleed + _MARK_GAP_MM, bleed + _MARK_GAP_MM + _MARK_MM
    for x, outward in ((left, -1.0), (right, 1.0)):
        for y in (bottom, top):
            yield x + outward * near, y, x + outward * far, y
    for y, outward in ((bottom, -1.0), (top, 1.0)):
        for x in (left, right):
            yield x, y + outward * near, x, y + outward * far
