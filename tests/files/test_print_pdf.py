"""Posters for print, read back by PDFium."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import OutputError
from selfiesim.files.poster import render_poster
from selfiesim.files.print_pdf import PrintSize, lay_out, paper_size, save_pdf
from selfiesim.files.replay import read_recipe
from selfiesim.scene.scene import Scene

pdfium = pytest.importorskip("pypdfium2")
SIZE = PrintSize(120.0, 68.0, 3.0, 72.0)
POINT_MM = 25.4 / 72.0


@pytest.fixture(scope="module")
def poster(tmp_path_factory):
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=list(SIZE.pixels))
    with render_poster(scene.view(), scene.photo, tmp_path_factory.mktemp("light")) as made:
        yield made


@pytest.fixture(scope="module")
def pixels(poster):
    return np.concatenate([strip for strip, _ in poster.strips()])


def pages_of(path):
    document = pdfium.PdfDocument(str(path))
    return [document[number] for number in range(len(document))]


def in_mm(box):
    return [value * POINT_MM for value in box]


# ISO 216: A0 has a square metre and sides in the ratio of the square root of 2; each size halves the one before.
def test_papers_are_those_of_iso_216():
    for number in range(7):
        short, long = paper_size(f"A{number}")
        assert long / short == pytest.approx(2**0.5, rel=0.006)
        assert short * long == pytest.approx(1e6 / 2**number, rel=0.012)
    assert paper_size("letter") == pytest.approx((8.5 * 25.4, 11 * 25.4))
    assert paper_size("600x400mm") == (600.0, 400.0)


def test_pixels_are_those_of_the_paper_with_its_bleed():
    size = PrintSize.on_paper("A0", 150.0, 3.0, wide=True)
    assert (size.width_mm, size.height_mm) == (1189, 841)
    assert size.pixels == (round(1195 / 25.4 * 150), round(847 / 25.4 * 150))
    assert PrintSize.on_paper("A0", 150.0, 0.0, wide=False).pixels == (4967, 7022)


@pytest.mark.parametrize(
    ("paper", "dpi", "bleed", "words"),
    [
        ("A9", 150, 3, "give A0 to A6"),
        ("10x10mm", 150, 3, "20 to 5000 mm"),
        ("A0x", 150, 3, "give A0 to A6"),
        ("A0", 600, 3, "at most --dpi 348"),
        ("A4", 150, 40, "give 0 to 25"),
        ("A4", 150, float("nan"), "give 0 to 25"),
        ("A6", 1, 0, "16 to 16,384 px"),
    ],
)
def test_what_cannot_be_printed_is_refused(paper, dpi, bleed, words):
    with pytest.raises(OutputError, match=words):
        PrintSize.on_paper(paper, dpi, bleed, wide=True)


def test_a_whole_picture_has_boxes_marks_and_the_pixels(poster, pixels, tmp_path):
    path = save_pdf(poster, tmp_path / "a.pdf", SIZE, lay_out(SIZE))
    (page,) = pages_of(path)
    left, bottom, right, top = in_mm(page.get_trimbox())
    assert (right - left, top - bottom) == pytest.approx((120.0, 68.0), abs=0.01)
    bleed_box = in_mm(page.get_bleedbox())
    assert bleed_box == pytest.approx([left - 3.0, bottom - 3.0, right + 3.0, top + 3.0], abs=0.01)
    shown = page.render(scale=1.0).to_numpy()[..., 2::-1].astype(int)  # 72 dpi: a pixel is a point
    margin = round(9.0 / POINT_MM) - round(3.0 / POINT_MM)
    inside = shown[margin : margin + len(pixels), margin : margin + pixels.shape[1]]
    inner = (slice(2, -2), slice(2, -2))
    assert np.abs(inside[inner] - pixels[: inside.shape[0], : inside.shape[1]][inner]).mean() < 4.0
    dark = page.render(scale=4.0).to_numpy()[..., :3].mean(axis=-1)
    mark = int(4.0 * left / POINT_MM)
    assert dark[: int(4.0 * 5.0 / POINT_MM), mark - 3 : mark + 4].min() < 128  # a line above the left edge of the cut
    assert dark[: int(4.0 * 5.0 / POINT_MM), mark + 20 : mark + 60].min() == 255


def test_sheets_make_up_the_picture(poster, pixels, tmp_path):
    """Cut along the marks and put side by side, they are the picture; neighbours share their bleed."""
    sheets = lay_out(SIZE, "70x90mm")
    path = save_pdf(poster, tmp_path / "a.pdf", SIZE, sheets)
    pages = pages_of(path)
    assert len(pages) == len(sheets) > 1
    per_mm = 4.0 / POINT_MM
    whole = np.zeros((round(68.0 * per_mm), round(120.0 * per_mm), 3), np.uint8)
    for page, sheet in zip(pages, sheets, strict=True):
        width, height = (side * POINT_MM for side in page.get_size())
        assert sorted((width, height)) == pytest.approx([70.0, 90.0], abs=0.01)
        left, bottom, right, top = in_mm(page.get_trimbox())
        assert (right - left, top - bottom) == pytest.approx((sheet.width_mm, sheet.height_mm), abs=0.01)
        shown = page.render(scale=4.0).to_numpy()[..., 2::-1]
        row, column = round((height - top) * per_mm), round(left * per_mm)
        y, x = round(sheet.top_mm * per_mm), round(sheet.left_mm * per_mm)
        down, across = round(sheet.height_mm * per_mm), round(sheet.width_mm * per_mm)
        target = whole[y : y + down, x : x + across]
        target[:] = shown[row : row + target.shape[0], column : column + target.shape[1]]
        assert sheet.label in page.get_textpage().get_text_range()
    # The cut picture from the one with bleed, at the same scale.
    bleed = 3.0 * per_mm
    fine = Image.fromarray(pixels).resize((round(126.0 * per_mm), round(74.0 * per_mm)), Image.Resampling.NEAREST)
    picture = np.asarray(fine)[round(bleed) :, round(bleed) :][: whole.shape[0], : whole.shape[1]]
    difference = np.abs(whole.astype(int) - picture)
    assert difference.mean() < 5.0
    assert np.quantile(difference, 0.98) < 60.0


def test_the_same_poster_gives_the_same_bytes_and_its_recipe(poster, tmp_path):
    files = [save_pdf(poster, tmp_path / name, SIZE, lay_out(SIZE)) for name in ("a.pdf", "b.pdf")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert json.loads((tmp_path / "a.json").read_text())["kind"] == "synthetic image"
    assert read_recipe(tmp_path / "a.json")["pixels_sha256"] == poster.pixels_sha256()
    document = pdfium.PdfDocument(str(files[0]))
    assert document.get_metadata_dict()["Subject"].startswith("synthetic image: Tianwen-1")


def test_a_sheet_too_small_for_its_margins_is_refused():
    with pytest.raises(OutputError, match="leave no room"):
        lay_out(replace(SIZE, bleed_mm=20.0), "30x30mm")


def test_the_command_writes_sheets_and_refuses_them_elsewhere(tmp_path, run):
    out = tmp_path / "p.pdf"
    code, text, _err = run(
        "poster",
        "ikaros-dcam2",
        "--paper",
        "A6",
        "--dpi",
        "30",
        "--sheets",
        "60x60mm",
        "--draft",
        "--json",
        "-o",
        str(out),
    )
    found = json.loads(text)
    assert code == 0
    assert found["size_mm"] == [148, 105]
    assert found["pages"] == len(pages_of(out)) > 4
    for words, said in (
        (("-o", str(tmp_path / "a.png"), "--sheets", "A4"), "only a PDF has sheets"),
        (("-o", str(tmp_path / "a.pdf"), "--paper", "A77"), "give A0 to A6"),
        (("-o", str(tmp_path / "a.exr")), None),
    ):
        code, _text, err = run("poster", "ikaros-dcam2", *words)
        assert code != 0
        assert "Traceback" not in err
        assert said is None or said in err
    assert {path.name for path in tmp_path.iterdir()} == {"p.pdf", "p.json"}
