"""EXR files for compositing, read back by OpenImageIO and by the rules of Cryptomatte."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import minimum_filter

from selfiesim.core.colour import srgb_from_linear
from selfiesim.core.errors import OutputError
from selfiesim.files.cryptomatte import name_hash
from selfiesim.files.exr_layers import FAR_M
from selfiesim.scene.scene import Scene

oiio = pytest.importorskip("OpenImageIO")
LIGHTS = ("sun", "planetshine", "interreflection", "reflection", "glow", "planet", "air", "sky")


@pytest.fixture(scope="module")
def photo():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=[128, 72]).view().render("draft").expose()


@pytest.fixture(scope="module")
def exr(photo, tmp_path_factory):
    """The file with all lights, as OpenImageIO reads it: its header, and the planes by name."""
    path = photo.save(tmp_path_factory.mktemp("exr") / "a.exr", lights=True, dpi=300)
    image = oiio.ImageBuf(str(path))
    pixels = image.get_pixels(oiio.FLOAT)
    return image.spec(), {name: pixels[..., k] for k, name in enumerate(image.spec().channelnames)}


def colours(planes, prefix=""):
    return np.stack([planes[f"{prefix}{band}"] for band in "RGB"], axis=-1)


def matte_of(planes, layer, name):
    """Add up the shares of a name, as the specification of Cryptomatte says."""
    wanted = np.array(name_hash(name), np.uint32).view(np.float32)
    pairs = [(f"{layer}{k:02d}.{a}", f"{layer}{k:02d}.{b}") for k in range(3) for a, b in ("RG", "BA")]
    return sum(np.where(planes[owner] == wanted, planes[share], 0.0) for owner, share in pairs)


def test_kinds_of_light_add_up_to_the_picture(exr):
    _spec, planes = exr
    total = sum(colours(planes, f"light_{name}.") for name in LIGHTS)
    beauty = colours(planes)
    assert beauty.max() > 0.5
    assert total == pytest.approx(beauty, rel=1e-4, abs=1e-6)


def test_the_picture_opens_as_bright_as_the_png(photo, exr):
    """Below the shoulder of the tone curve, which begins at 0.6, and within sRGB the two are the same, to two steps."""
    linear = colours(exr[1])
    plain = (linear.max(axis=-1) < 0.55) & (linear.min(axis=-1) > 0.2 * linear.max(axis=-1))
    shown = 255.0 * srgb_from_linear(np.maximum(linear, 0.0))
    assert plain.mean() > 0.3
    assert np.abs(shown - photo.pixels)[plain].max() < 2.0


def test_sky_is_finite(photo, exr):
    _spec, planes = exr
    assert all(np.isfinite(plane).all() for plane in planes.values())
    sky = photo.radiance.truth.part == 0
    assert (planes["Z"][sky] == FAR_M).all()
    assert (planes["Z"][~sky] == photo.radiance.truth.depth[~sky]).all()
    distance = np.linalg.norm([planes[f"P.{axis}"][sky] for axis in "XYZ"], axis=0)
    assert distance == pytest.approx(FAR_M, rel=1e-5)


def test_mattes_are_antialiased_and_agree_with_the_truth(photo, exr):
    _spec, planes = exr
    part = photo.radiance.truth.part
    for name, truth in (("matte.craft", part >= 2), ("matte.planet", part == 1), ("A", part > 0)):
        assert planes[name].mean() == pytest.approx(truth.mean(), abs=0.004)
        assert ((planes[name] > 0.02) & (planes[name] < 0.98)).sum() > 20
        # Away from edges all samples of a pixel are those of its centre.
        assert (np.abs(planes[name] - truth) > 0.6).mean() < 0.01
    assert (planes["part.number"] == part).all()


def test_the_craft_hides_what_its_matte_says(exr):
    """A pixel that the craft covers wholly has no light of planet, air or sky."""
    _spec, planes = exr
    whole = minimum_filter(planes["matte.craft"], 3) == 1.0  # the picture's samples are others
    behind = sum(colours(planes, f"light_{name}.") for name in ("planet", "air", "sky"))
    assert whole.sum() > 20
    assert behind[whole].max() < 1e-3


# Psyop's own tests of Cryptomatte know their sample picture's layer uCryptoAsset as d593dd7; 248bfa47 is the well-known
# MurmurHash3 (x86, 32 bits, seed 0) of "hello".
def test_names_have_the_hash_of_cryptomatte():
    assert f"{name_hash('uCryptoAsset'):08x}".startswith("d593dd7")
    assert name_hash("hello") == 0x248BFA47
    for k in range(2000):  # some exponents are flipped
        assert np.isfinite(np.array(name_hash(str(k)), np.uint32).view(np.float32))


def test_cryptomatte_selects_parts_and_objects_by_name(photo, exr):
    spec, planes = exr
    truth = photo.radiance.truth
    layers = {}
    for attribute in spec.extra_attribs:
        if attribute.name.startswith("cryptomatte/"):
            _start, key, what = attribute.name.split("/")
            layers.setdefault(key, {})[what] = attribute.value
    assert {entry["name"]: key for key, entry in layers.items()} == {
        name: f"{name_hash(name):08x}"[:7] for name in ("CryptoPart", "CryptoObject")
    }
    for entry in layers.values():
        assert (entry["hash"], entry["conversion"]) == ("MurmurHash3_32", "uint32_to_float32")
        manifest = json.loads(entry["manifest"])
        assert manifest == {name: f"{name_hash(name):08x}" for name in manifest}
        mattes = [matte_of(planes, entry["name"], name) for name in manifest]
        # A pixel keeps six parts, enough for all of it.
        assert sum(mattes) == pytest.approx(planes["A"], abs=2e-3)
    assert matte_of(planes, "CryptoObject", "Tianwen-1 orbiter") == pytest.approx(planes["matte.craft"], abs=1e-3)
    for number, name in truth.part_names.items():
        if number and (truth.part == number).sum() > 30:
            assert matte_of(planes, "CryptoPart", name).sum() == pytest.approx((truth.part == number).sum(), rel=0.3)


def test_header_leads_from_the_craft_to_the_picture(photo, exr):
    """worldToNDC takes points of the craft, in its body frame, to where the picture shows them."""
    spec, planes = exr
    view = photo.radiance.view
    rows, columns = np.nonzero(photo.radiance.truth.part >= 2)
    points = np.stack([planes[f"P.{axis}"][rows, columns] for axis in "XYZ"], axis=-1).astype(float)
    body = (points - view.craft.position) @ view.craft.body_to_camera
    homogeneous = np.column_stack([body, np.ones(len(body))])

    def matrix(name):
        return np.array(spec.getattribute(name), float).reshape(4, 4)

    in_camera = homogeneous @ matrix("worldToCamera")
    assert in_camera[:, :3] == pytest.approx(points * (1.0, -1.0, 1.0), abs=1e-4)
    ndc = homogeneous @ matrix("worldToNDC")
    pixels = ndc[:, :2] / ndc[:, 3:] * (view.camera.width, view.camera.height) - 0.5
    assert pixels == pytest.approx(np.stack([columns, rows], axis=-1), abs=0.01)


def test_header_has_the_standard_attributes(photo, exr):
    spec, _planes = exr
    assert spec.getattribute("chromaticities") == pytest.approx((0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290))
    assert spec.getattribute("whiteLuminance") == pytest.approx(photo.exposure.saturation_luminance, rel=1e-6)
    assert spec.getattribute("PixelAspectRatio") == 1.0
    assert spec.getattribute("ExposureTime") == pytest.approx(photo.exposure.shutter_s)
    assert spec.getattribute("isoSpeed") == pytest.approx(photo.exposure.iso)
    assert spec.getattribute("XResolution") == pytest.approx(300.0)


# Nuke's reader (ExrChannelNameToNuke.cpp, an example of Foundry's NDK) splits a name at periods, deletes digits at the
# start of each piece, turns what is no letter or digit into an underscore, and calls R, G, B and A red, green, blue and
# alpha. Its documentation has 1023 channels at most. The planes of Natron, which reads by OpenImageIO, have up to four.
# OpenEXR File Layout, "long names": files without that flag have names of up to 31 characters.
def test_names_of_channels_are_those_that_compositors_show(exr):
    names = exr[0].channelnames
    shown, layers = set(), {}
    for name in names:
        pieces = [re.sub(r"[^A-Za-z0-9]", "_", re.sub(r"^[0-9]+", "", piece)) for piece in name.split(".")]
        channel = {"R": "red", "G": "green", "B": "blue", "A": "alpha"}.get(pieces[-1], pieces[-1])
        shown.add(".".join(["_".join(pieces[:-1]), channel]))
        assert ".".join(pieces) == name
        assert len(pieces) <= 2
        assert len(name) <= 31
        layers.setdefault(pieces[:-1][0] if pieces[:-1] else "", []).append(channel)
    assert len(shown) == len(names) < 1023
    assert sorted(layers.pop("")) == ["Z", "alpha", "blue", "green", "red"]
    assert max(map(len, layers.values())) <= 4
    lights = {f"light_{name}" for name in LIGHTS}
    assert {layer for layer, channels in layers.items() if sorted(channels) == ["blue", "green", "red"]} >= lights


def test_each_channel_is_in_the_documentation(exr):
    page = (Path(__file__).parents[2] / "docs" / "photo.md").read_text(encoding="utf-8")
    table = page.split("## EXR for compositing")[1].split("\n## ")[0]
    for name in exr[0].channelnames:
        layer, _, _channel = name.rpartition(".")
        if layer.startswith("light_"):
            assert f"| `{layer.removeprefix('light_')}` |" in table
        elif layer.startswith("Crypto"):
            assert f"`{layer.rstrip('0123456789')}`" in table
        else:
            groups = [name, f"{layer}.R/G/B", f"{layer}.X/Y/Z"] if layer else [name, "R G B" if name in "RGB" else name]
            assert any(f"`{each}`" in table for each in groups), name


def test_lights_in_another_format_are_refused(photo, tmp_path):
    with pytest.raises(OutputError, match=r"only \.exr holds each kind of light"):
        photo.save(tmp_path / "a.png", lights=True)
    assert not list(tmp_path.iterdir())
