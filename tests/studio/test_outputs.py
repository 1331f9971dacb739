"""Files from the page: pictures, films, stories and sheets; the photograph to compare with."""

import io
import json
import zipfile
from multiprocessing import Pipe
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import UserError
from selfiesim.core.limits import STUDIO_PHOTO_BYTES
from selfiesim.scene.shipped import find_scene
from selfiesim.studio.outputs import output, serve_output
from selfiesim.studio.photograph import read_photograph
from selfiesim.studio.worker import Request

WISH = {"kind": "film", "format": ".webp", "quality": "draft", "size": [64, 36], "start": "release+60s",
        "stop": "release+70s", "frames": 3, "fps": 5}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "poster"}, {"format": ".exe"}, {"format": ".png"}, {"quality": "best"}, {"size": [64, 10**6]},
        {"size": [64]}, {"size": [True, 36]}, {"frames": 1}, {"frames": 10**9}, {"frames": 2.5}, {"fps": 0},
        {"fps": "fast"}, {"stop": None}, {"start": 3},
    ],
)  # fmt: skip
def test_a_wish_out_of_range_is_refused(tmp_path, change):
    request = Request(1, "", "shot", str(tmp_path))
    assert output(request, tmp_path, WISH).path == str(tmp_path / "shot.webp")
    with pytest.raises(UserError):
        output(request, tmp_path, WISH | change)


def written(folder, kind, ending, **changes):
    """Write an output of a small scene in deep space as its process does; return its path and the messages."""
    scene = find_scene("tianwen1-cruise")
    text = scene.read_text().replace('"tianwen1-cruise"', '"tianwen1-camera"').replace('"camera"', '"outer_lens"')
    request = Request(1, text, "shot", str(scene.parent))
    wanted = output(request, folder, WISH | {"kind": kind, "format": ending} | changes)
    ours, theirs = Pipe()
    ours.send(wanted)
    serve_output(theirs)
    messages = []
    while ours.poll():
        messages.append(ours.recv())
    return Path(wanted.path), messages


def test_a_film_comes_with_its_recipe(tmp_path):
    path, messages = written(tmp_path, "film", ".webp")
    with Image.open(path) as film:
        assert (film.size, film.n_frames) == ((64, 36), 3)
    assert "frames_sha256" in json.loads((tmp_path / "shot.json").read_text())["film"]
    assert [content["done"] for kind, content in messages if kind == "progress"] == [0, 1, 2]
    assert messages[-1] == ("written", {})


def test_a_story_is_a_web_page_in_an_archive_with_a_contact_sheet(tmp_path):
    path, messages = written(tmp_path, "story", ".zip", frames=2)
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
    assert {"shot-story/index.html", "shot-story/frames/t0035.000s.png", "shot-story/frames/t0070.000s.png"} <= names
    assert [content["of"] for kind, content in messages if kind == "progress"] == [2, 2]
    with Image.open(tmp_path / "shot-sheet.png") as sheet:
        assert sheet.width > 64
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize(("ending", "start"), [(".png", b"\x89PNG"), (".jpg", b"\xff\xd8\xff"), (".tif", b"II*\0")])
def test_a_picture_has_the_format_that_was_chosen(tmp_path, ending, start):
    path, _ = written(tmp_path, "picture", ending)
    assert path.read_bytes().startswith(start)


def test_what_cannot_be_written_is_said(tmp_path):
    _, messages = written(tmp_path, "film", ".webp", stop="release+10s")
    assert messages == [("fault", {"message": "To: release+10s is not after From: release+60s"})]
    _, messages = written(tmp_path, "picture", ".png", quality="draft", size=[16, 16])
    assert messages[-1][0] == "written"


def test_a_run_is_cancelled_and_a_picture_downloaded(studio_page, tmp_path):
    page = studio_page.page
    page.click("#render")
    page.select_option("#kind", "film")
    page.select_option("#format", ".webp")
    page.fill("#frames", "400")
    page.focus("#begin")
    page.keyboard.press("Enter")
    page.wait_for_selector("#progress:not([hidden])")
    assert page.evaluate("document.activeElement.id") == "cancel"
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('render-note').textContent === 'Cancelled.'")
    assert page.evaluate("document.activeElement.id") == "begin"
    page.select_option("#kind", "picture")
    page.select_option("#format", ".tif")
    page.select_option("#quality", "draft")
    page.fill("#width", "64")
    page.click("#begin")
    page.wait_for_selector("#downloads a")
    assert page.locator("#downloads a").all_inner_texts() == ["shot.tif", "shot.json"]
    assert page.inner_text(".finished .help") == "64 \u00d7 36, draft"
    with page.expect_download() as waiting:
        page.click("#downloads a >> nth=0")
    waiting.value.save_as(tmp_path / "shot.tif")
    with Image.open(tmp_path / "shot.tif") as picture:
        assert picture.size == (64, 36)


def test_finished_files_stay_until_they_are_dismissed(studio_page):
    page = studio_page.page
    page.click("#render")
    page.select_option("#kind", "picture")
    page.select_option("#quality", "draft")
    page.fill("#width", "64")
    before = page.locator(".finished").count()
    page.click("#begin")
    page.wait_for_function("before => document.querySelectorAll('.finished').length === before + 1", arg=before)
    address = page.get_attribute(".finished a", "href")  # the newest is the first
    page.reload()
    page.wait_for_selector("#canvas[data-revision]")
    page.click("#render")
    assert page.get_attribute(".finished a", "href") == address
    assert page.request.get(f"{page.url}{address[1:]}").status == 200
    page.click(".finished .reset")
    page.wait_for_function("before => document.querySelectorAll('.finished').length === before", arg=before)
    assert page.request.get(f"{page.url}{address[1:]}").status == 404
    assert page.evaluate("document.activeElement.id") == "begin"


def darkened(picture, stops):
    """Return 8-bit sRGB pixels with less light."""
    light = np.where(picture <= 10, picture / 255 / 12.92, ((picture / 255 + 0.055) / 1.055) ** 2.4) / 2.0**stops
    return np.round(255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)).astype(
        np.uint8
    )


def test_the_exposure_of_a_photograph_is_matched(studio_page, tmp_path):
    page = studio_page.page
    studio_page.finish()
    pixels = page.evaluate(
        "Array.from(document.getElementById('canvas').getContext('2d').getImageData(0, 0, 160, 90).data)"
    )
    render = np.array(pixels, np.uint8).reshape(90, 160, 4)[..., :3]
    Image.fromarray(darkened(render, 1.5)).save(tmp_path / "photo.png")
    page.set_input_files("#photo", tmp_path / "photo.png")
    page.wait_for_selector("#comparison:not([hidden])")
    page.evaluate("document.getElementById('compare-match').click()")
    stops = page.text_content("#compare-stops")
    assert float(stops.removeprefix("+").split()[0]) == pytest.approx(1.5, abs=0.08)
    for mode, style in (("difference", "mixBlendMode"), ("opacity", "opacity"), ("swipe", "clipPath")):
        page.evaluate("mode => { const select = document.getElementById('compare-mode'); select.value = mode;"
                      " select.dispatchEvent(new Event('input')); }", mode)  # fmt: skip
        value = page.evaluate(f"getComputedStyle(document.getElementById('comparison')).{style}")
        assert value not in ("normal", "1", "none")
    page.evaluate("const select = document.getElementById('compare-mode'); select.value = 'off';"
                  " select.dispatchEvent(new Event('input'))")  # fmt: skip
    assert not page.is_visible("#comparison")


def test_a_photograph_is_turned_upright_and_made_small(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees to the right
    Image.new("RGB", (9000, 30), (200, 30, 30)).save(tmp_path / "photo.jpg", exif=exif)
    with Image.open(io.BytesIO(read_photograph(tmp_path / "photo.jpg"))) as photo:
        assert photo.format == "JPEG"
        assert photo.size == (27, 8192)


@pytest.mark.parametrize(
    "content", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n" + bytes(50)]
)
def test_what_is_no_photograph_is_refused(tmp_path, content):
    (tmp_path / "photo.png").write_bytes(content)
    with pytest.raises(UserError, match=r"--photo .*photo\.png"):
        read_photograph(tmp_path / "photo.png")


def test_photographs_are_bounded_in_bytes_and_pixels(tmp_path):
    Image.new("1", (17_000, 10)).save(tmp_path / "wide.png")
    with pytest.raises(UserError, match="the limit is 16,384"):
        read_photograph(tmp_path / "wide.png")
    with (tmp_path / "large.png").open("wb") as file:
        file.truncate(STUDIO_PHOTO_BYTES.value + 1)
    with pytest.raises(UserError, match="too large"):
        read_photograph(tmp_path / "large.png")
    with pytest.raises(UserError, match="no such file"):
        read_photograph(tmp_path / "none.png")
