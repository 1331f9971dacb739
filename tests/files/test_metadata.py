"""Metadata for newsrooms, print and screen readers, read back by Pillow."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageCms

from selfiesim.core.errors import OutputError
from selfiesim.files.captions.caption import caption
from selfiesim.files.metadata import Metadata
from selfiesim.files.replay import read_recipe
from selfiesim.scene.scene import Scene

# IPTC NewsCodes, Digital Source Type: media created by an algorithm without training data.
ALGORITHMIC = "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"


@pytest.fixture(scope="module")
def photo():
    scene = Scene.load("ikaros-dcam2").with_changes(camera__size_px=[64, 36], title='Sail <&> "test"')
    return scene.view().render().expose()


@pytest.mark.parametrize(("name", "bits"), [("a.png", 8), ("b.png", 16), ("c.jpg", 8), ("d.tif", 8), ("e.tif", 16)])
def test_caption_alt_text_credit_and_source_are_in_the_file(photo, tmp_path, name, bits):
    path = photo.save(tmp_path / name, bits, dpi=254)
    recipe = read_recipe(path)
    with Image.open(path) as opened:
        found = opened.getxmp()["xmpmeta"]["RDF"]["Description"]
        assert opened.info["dpi"] == pytest.approx((254.0, 254.0))
    assert found["DigitalSourceType"] == ALGORITHMIC
    assert (found["Credit"], found["CreatorTool"]) == ("selfiesim", "selfiesim")
    assert found["title"]["Alt"]["li"]["text"] == recipe["title"]
    assert found["description"]["Alt"]["li"] == {"lang": "x-default", "text": caption(recipe, "press")}
    assert found["AltTextAccessibility"]["Alt"]["li"]["text"] == caption(recipe, "alt")


def test_each_file_states_that_its_colours_are_srgb(photo, tmp_path):
    for name in ("a.jpg", "b.tif"):
        with Image.open(photo.save(tmp_path / name)) as opened:
            profile = ImageCms.ImageCmsProfile(io.BytesIO(opened.info["icc_profile"]))
            assert "sRGB" in ImageCms.getProfileDescription(profile)
            # Little CMS from one to the other changes nothing.
            same = ImageCms.profileToProfile(opened, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
            assert same.tobytes() == opened.tobytes()
    with Image.open(tmp_path / "a.jpg") as opened:
        assert opened.getexif().get_ifd(0x8769)[0xA001] == 1  # Exif 2.32, ColorSpace: sRGB
    for name, bits in (("a.png", 8), ("b.png", 16)):
        with Image.open(photo.save(tmp_path / name, bits)) as opened:
            assert opened.info["srgb"] == 0  # perceptual
            assert "dpi" not in opened.info


@pytest.mark.parametrize("dpi", [0, -300, 1e9, float("nan")])
def test_a_resolution_that_no_file_holds_is_refused(photo, tmp_path, dpi):
    with pytest.raises(OutputError, match="give 1 to 10,000 pixels per inch"):
        photo.save(tmp_path / "a.png", dpi=dpi)
    assert not list(tmp_path.iterdir())


def test_credits_too_long_for_a_jpeg_do_not_spoil_it(photo, tmp_path):
    """A segment of JPEG holds 65,535 bytes; Pillow refuses more."""
    data = Metadata("long", "{}", "x" * 70_000)
    assert "xmp" not in data.jpeg_options()
    Image.fromarray(photo.pixels).save(tmp_path / "a.jpg", **data.jpeg_options())
    longest = Metadata("long", "{}", "x" * 65_502)
    Image.fromarray(photo.pixels).save(tmp_path / "b.jpg", **longest.jpeg_options())
    with Image.open(tmp_path / "b.jpg") as opened:
        assert len(opened.info["xmp"]) == 65_502
