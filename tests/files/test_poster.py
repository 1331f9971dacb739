"""Posters: rendered in tiles and developed in strips, they equal the whole picture."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import GraphicsError, OutputError, SceneError
from selfiesim.files import poster as posters
from selfiesim.files.images import JPEG_QUALITY
from selfiesim.files.metadata import Metadata
from selfiesim.files.poster import render_poster
from selfiesim.files.radiance_file import tiles
from selfiesim.files.replay import read_recipe
from selfiesim.files.strip_writer import JpegStrips, PngStrips
from selfiesim.scene.scene import Scene

# Neither side is a multiple of the tile; the last strip is short.
SCENE = Scene.load("tianwen1-mars").with_changes(camera__size_px=[300, 212])
MARKS = ["scale-bar", "watermark"]


@pytest.fixture(scope="module")
def whole():
    radiance = SCENE.view().render()
    assert radiance.truth.part.max() > 1
    return radiance


def in_strips(folder, **settings):
    """The poster's pixels with 8 and 16 bits, its radiance and its exposure."""
    options = SCENE.with_changes(**{f"photo__{key}": value for key, value in settings.items()}).photo
    with render_poster(SCENE.view(), options, folder, strip=64, tile=128) as made:
        plain = np.concatenate([pixels for pixels, _ in made.strips()])
        pixels16 = np.concatenate([pixels for pixels, _ in made.strips(16)])
        return plain, pixels16, made._light.rows(0, 212), made.exposure


@pytest.fixture(scope="module")
def light(tmp_path_factory):
    return in_strips(tmp_path_factory.mktemp("light"))[2]


def test_tiles_cover_the_picture_once_with_the_same_rays():
    camera = SCENE.view().camera
    seen = np.zeros((212, 300), int)
    for rows, columns, part in tiles(camera, 64, 128):
        seen[rows, columns] += 1
        corner = np.array([columns.start + 5.0, rows.start + 7.0])
        assert part.unproject(np.array([5.0, 7.0])) == pytest.approx(camera.unproject(corner), abs=1e-12)
    assert (seen == 1).all()


def test_tiled_rendering_matches_rendering_at_once_without_seams(figure, whole, light):
    off = np.abs(light - whole.rgb).max(axis=-1) > 1e-3 * np.quantile(whole.rgb, 0.99)
    # At edges of the craft between samples, rounding decides.
    sky, craft = (100.0 * off[part].mean() for part in (whole.truth.part <= 1, whole.truth.part > 1))
    against = "the same at once"
    figure("photograph", "pixels of planet and sky that differ in a tiled poster", against, sky, 0.2, "percent")
    figure("photograph", "pixels of the craft that differ in a tiled poster", against, craft, 5.0, "percent")
    edges = np.zeros_like(off)
    edges[[63, 64, 127, 128, 191, 192]] = True
    edges[:, [127, 128, 255, 256]] = True
    assert off[edges].mean() < 2 * off.mean() + 0.005


# From the same radiance. Transforms of other sizes round differently: occasionally by one electron, which sharpening
# and compression spread over a few pixels.
@pytest.mark.parametrize(
    ("look", "most", "share"), [("clean", 0, 0.0), ("raw", 1, 1e-3), ("press", 3, 3e-3), ("onboard", 4, 5e-3)]
)
def test_developed_strips_match_the_whole_picture(whole, light, tmp_path, look, most, share):
    plain, pixels16, _light, exposure = in_strips(tmp_path, look=look, marks=MARKS, iso=400.0)
    same = replace(whole, rgb=light)
    same.__dict__["_truth"] = whole.truth
    wanted = same.expose(look=look, marks=MARKS, iso=400.0)
    assert exposure == wanted.exposure
    off = np.abs(plain.astype(int) - wanted.pixels).max(axis=-1)
    assert (off > most).mean() <= (0.001 if most else 0.0)
    assert (off > 0).mean() <= share
    assert (np.abs(pixels16.astype(int) - wanted.pixels16).max(axis=-1) > 300).mean() <= share


@pytest.mark.parametrize("meter", ["centre", "highlight"])
def test_a_poster_is_metered_like_the_whole_picture(whole, light, tmp_path, meter):
    exposure = in_strips(tmp_path, meter=meter)[3]
    assert exposure == replace(whole, rgb=light).expose(meter=meter).exposure


def test_veiling_glare_of_the_sun_covers_all_strips(tmp_path):
    scene = SCENE.with_changes(photo__look="press", photo__shutter_s=1 / 93)
    view = scene.view()
    toward = view.camera.unproject(np.array([100.0, 66.0]))
    view = replace(view, sun=replace(view.sun, direction=toward), planet=None)
    with render_poster(view, scene.photo, tmp_path, strip=64, tile=128) as made:
        assert made._sun is not None
        plain = np.concatenate([pixels for pixels, _ in made.strips()])
        radiance = replace(view.render(), rgb=made._light.rows(0, 212))
    wanted = radiance.expose()
    off = np.abs(plain.astype(int) - wanted.pixels).max(axis=-1)
    assert wanted.pixels.max() == 255
    assert off.max() <= 4
    assert (off > 0).mean() < 0.006


@pytest.mark.parametrize(("ending", "bits"), [("png", 8), ("png", 16), ("tif", 8), ("tif", 16), ("jpg", 8)])
def test_a_poster_is_written_in_strips_and_replayed_from_its_file(run, tmp_path, monkeypatch, ending, bits):
    cv2 = pytest.importorskip("cv2")
    monkeypatch.setenv("SELFIESIM_LIMITS", "render-pixels=11000")
    monkeypatch.setattr(posters, "MAX_STRIP_ROWS", 64)
    words = ("render", "tianwen1-mars", "--draft", "--size", "160x140", "--look", "onboard", "--bits", str(bits))
    code, _out, err = run(*words, "-o", f"a.{ending}")
    assert code == 0, err
    stored = json.loads((tmp_path / "a.json").read_text())
    assert read_recipe(tmp_path / f"a.{ending}") == stored
    assert stored["camera"]["size_px"] == [160, 140]
    seen = cv2.imread(str(tmp_path / f"a.{ending}"), cv2.IMREAD_UNCHANGED)
    assert (seen.shape, seen.dtype) == ((140, 160, 3), f"uint{bits}")
    if bits == 8:
        with Image.open(tmp_path / f"a.{ending}") as opened:
            assert np.array_equal(np.asarray(opened), seen[..., ::-1])
    code, out, _err = run("replay", f"a.{ending}")
    assert (code, out.strip()) == (0, f"a.{ending}: the same, bit for bit")
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", f"a.{ending}"}


def test_the_recipe_of_a_poster_is_read_without_decoding_pixels(tmp_path):
    with PngStrips(tmp_path / "a.png", 16384, 16384, 8) as writer:
        writer.add(np.zeros((1, 16384, 3), np.uint8))
        writer.finish(Metadata("", ""))
    with pytest.raises(OutputError, match="its recipe is not JSON"):
        read_recipe(tmp_path / "a.png")


def test_effects_that_need_the_whole_picture_are_refused_by_key(tmp_path):
    view = SCENE.view()
    for changes, words in (
        ({"look": "raw", "effects__rolling_shutter": True}, "photo.effects.rolling_shutter"),
        ({"look": "raw", "detector__preset": "th7888a"}, "photo.effects.blooming"),
    ):
        options = SCENE.with_changes(**{f"photo__{key}": value for key, value in changes.items()}).photo
        with pytest.raises(SceneError, match=words):
            render_poster(view, options, tmp_path)


def test_a_poster_is_not_written_as_exr(run):
    code, _out, err = run("render", "tianwen1-mars", "--size", "16384x16384", "-o", "a.exr")
    assert code == 2
    assert "16384x16384 is written strip by strip; end its name in .png, .tif or .jpg" in err


def test_a_jpeg_in_strips_is_that_of_the_whole_picture(tmp_path):
    """Pillow's own encoder has all rows at once in the one case, and rows as they come in the other."""
    photo = SCENE.view().render().expose()
    with JpegStrips(tmp_path / "strips.jpg", 300, 212, JPEG_QUALITY) as writer:
        for start in range(0, 212, 37):
            writer.add(photo.pixels[start : start + 37])
        writer.finish(Metadata("", ""))
    with Image.open(photo.save(tmp_path / "whole.jpg")) as whole, Image.open(tmp_path / "strips.jpg") as strips:
        assert np.array_equal(np.asarray(whole), np.asarray(strips))


def test_a_large_picture_is_not_rendered_at_once():
    with pytest.raises(GraphicsError, match=r"16384x16384 is too large.*strip by strip"):
        SCENE.with_changes(camera__size_px=[16384, 16384]).view().render()


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc/self/statm")
def test_repeated_renders_do_not_leak_memory():
    view = SCENE.with_changes(camera__size_px=[512, 512]).view()

    def megabytes():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    for _ in range(2):
        view.render()
    before = megabytes()
    for _ in range(12):
        view.render()
    assert megabytes() - before < 30  # a picture has 4 MB, so twelve leaked ones would have 50


@pytest.mark.slow
def test_peak_memory_does_not_grow_with_the_picture(tmp_path):
    code = (
        "import resource, sys; from selfiesim.cli.app import main\n"
        "try: main(['render', 'tianwen1-mars', '--size', sys.argv[1], '--look', 'onboard', '-o', 'a.png'])\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print('peak', resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    )

    def peak(size):
        words = [sys.executable, "-c", code, size]
        done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=True)
        return int(done.stdout.split("peak")[1])

    assert peak("8192x12000") < 1.15 * peak("8192x5000")
