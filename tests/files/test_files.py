"""Every file format, read back by independent readers, and pictures replayed from their files alone."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from PIL import ExifTags, Image

from selfiesim.core.errors import OutputError, UserError
from selfiesim.files.exr_layers import FAR_M, exr_layers
from selfiesim.files.recipe import digest, recipe, recipe_schema
from selfiesim.files.replay import differences, read_recipe, replay
from selfiesim.scene.scene import Scene
from selfiesim.scene.shipped import scenes

ENDINGS = ("png", "jpg", "tif", "exr", "npz")


@pytest.fixture(scope="module")
def photo():
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[160, 90])
    return scene.view().render().expose(look="onboard", iso=400.0)


@pytest.mark.parametrize("ending", ENDINGS)
def test_each_file_contains_the_recipe_of_its_sidecar(photo, tmp_path, ending):
    path = photo.save(tmp_path / f"a.{ending}")
    assert read_recipe(path) == json.loads((tmp_path / "a.json").read_text()) == recipe(photo)


def test_recipes_validate_against_the_published_schema(photo):
    jsonschema.validate(recipe(photo), recipe_schema())


def test_a_16_bit_png_opens_in_opencv_with_the_same_numbers(photo, tmp_path):
    cv2 = pytest.importorskip("cv2")
    path = photo.save(tmp_path / "a.png", bits=16)
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1], photo.pixels16)
    assert read_recipe(path)["kind"] == "synthetic image"


def test_exif_holds_exposure_lens_and_time(photo, tmp_path):
    with Image.open(photo.save(tmp_path / "a.jpg")) as opened:
        exif = opened.getexif()
        inner = exif.get_ifd(ExifTags.IFD.Exif)
    base, view = ExifTags.Base, photo.radiance.view
    assert float(inner[base.ExposureTime]) == pytest.approx(photo.exposure.shutter_s, rel=1e-4)
    assert float(inner[base.FNumber]) == 8.0
    assert inner[base.ISOSpeedRatings] == 400
    # f = fx times the pixel pitch: half of the picture over the tangent of half the field of view.
    half = 0.5 * 160 * 3e-3 / np.tan(np.radians(56.0))
    assert float(inner[base.FocalLength]) == pytest.approx(half, rel=1e-4)
    assert inner[base.DateTimeOriginal] == view.epoch.utc().replace("-", ":").replace("T", " ")[:-1]
    assert "synthetic image" in exif[base.ImageDescription]


def test_a_16_bit_tiff_opens_in_opencv_and_openimageio_with_the_same_numbers(photo, tmp_path):
    path = photo.save(tmp_path / "a.tif", bits=16)
    cv2 = pytest.importorskip("cv2")
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., ::-1], photo.pixels16)
    assert read_recipe(path)["kind"] == "synthetic image"
    oiio = pytest.importorskip("OpenImageIO")
    file = oiio.ImageInput.open(str(path))
    # OpenImageIO takes the description of the XMP packet.
    assert "computer-generated image" in file.spec().getattribute("ImageDescription")
    assert np.array_equal(file.read_image(oiio.UINT16), photo.pixels16)
    file.close()


# exifread shares no code with Pillow.
def test_exif_is_readable_by_exifread(photo, tmp_path):
    exifread = pytest.importorskip("exifread")
    with photo.save(tmp_path / "a.jpg").open("rb") as file:
        tags = exifread.process_file(file)

    def number(name):
        assert tags[name].field_type == 5, "Exif 2.32: a rational"
        return float(tags[name].values[0])

    assert number("EXIF ExposureTime") == pytest.approx(photo.exposure.shutter_s, rel=1e-4)
    assert number("EXIF FNumber") == 8.0
    assert tags["EXIF ISOSpeedRatings"].values == [400]
    assert number("EXIF FocalLength") == pytest.approx(1e3 * photo.focal_length_m, rel=1e-4)
    assert (
        str(tags["EXIF DateTimeOriginal"]) == photo.radiance.view.epoch.utc().replace("-", ":").replace("T", " ")[:-1]
    )
    assert str(tags["EXIF OffsetTimeOriginal"]) == "+00:00"
    assert "synthetic image" in str(tags["Image ImageDescription"])


def test_tiff_holds_the_same_pixels(photo, tmp_path):
    with Image.open(photo.save(tmp_path / "a.tif")) as opened:
        assert np.array_equal(np.asarray(opened), photo.pixels)


def test_exr_opens_in_openexr_with_its_layers_named(photo, tmp_path):
    library = pytest.importorskip("OpenEXR")
    truth = photo.radiance.truth
    with library.File(str(photo.save(tmp_path / "a.exr")), separate_channels=True) as file:
        planes = {name: channel.pixels for name, channel in file.channels().items()}
        header = dict(file.header())
    assert {"R", "G", "B", "Z", "N.X", "N.Y", "N.Z", "P.X", "P.Y", "P.Z", "albedo.R", "part.id"} <= set(planes)
    assert {name: planes[name].dtype.name for name in ("G", "N.X", "Z", "P.X", "part.id")} == {
        "G": "float16", "N.X": "float16", "Z": "float32", "P.X": "float32", "part.id": "uint32",
    }  # fmt: skip
    assert planes["radiance.G"] == pytest.approx(photo.radiance.rgb[..., 1], rel=2**-11, abs=1e-7)
    assert np.array_equal(planes["Z"], np.minimum(truth.depth, FAR_M))
    assert np.array_equal(planes["part.id"], truth.part)
    assert "synthetic image" in header["comments"]


def test_full_precision_exr_is_lossless(photo, tmp_path):
    library = pytest.importorskip("OpenEXR")
    with library.File(str(photo.save(tmp_path / "a.exr", half=False)), separate_channels=True) as file:
        planes = {name: channel.pixels for name, channel in file.channels().items()}
    assert np.array_equal(planes["radiance.G"], photo.radiance.rgb[..., 1])
    assert np.array_equal(planes["N.Z"], photo.radiance.truth.normal[..., 2])


# OpenImageIO sorts standard channels first (R, G, B, then Z) and treats Z as depth.
@pytest.mark.parametrize("half", [True, False])
def test_exr_opens_in_openimageio_with_light_depth_and_recipe(photo, tmp_path, half):
    oiio = pytest.importorskip("OpenImageIO")
    file = oiio.ImageInput.open(str(photo.save(tmp_path / "a.exr", half=half)))
    spec = file.spec()
    assert spec.channelnames[:3] == ("R", "G", "B")
    assert spec.z_channel == spec.channelnames.index("Z")
    assert spec.getattribute("selfiesim").startswith("{")
    formats = dict(zip(spec.channelnames, spec.channelformats or [spec.format] * spec.nchannels, strict=True))
    assert str(formats["R"]) == ("half" if half else "float")
    assert str(formats["Z"]) == "float"
    planes = file.read_image(oiio.FLOAT)
    file.close()
    light = planes[..., [spec.channelnames.index(f"radiance.{band}") for band in "RGB"]]
    assert light == pytest.approx(photo.radiance.rgb, rel=2**-11, abs=1e-7)
    assert np.array_equal(planes[..., spec.z_channel], np.minimum(photo.radiance.truth.depth, FAR_M))


def test_light_beyond_half_precision_stays_finite(photo):
    bright = replace(photo, radiance=replace(photo.radiance, rgb=photo.radiance.rgb * np.float32(1e6)))
    bright.radiance.__dict__["_truth"] = photo.radiance.truth
    planes, _attributes = exr_layers(bright)
    assert planes["radiance.G"].max() == np.float16(65504)
    assert np.isfinite(planes["R"]).all()


def test_npz_holds_light_and_truth(photo, tmp_path):
    with np.load(photo.save(tmp_path / "a.npz"), allow_pickle=False) as arrays:
        assert np.array_equal(arrays["rgb"], photo.radiance.rgb)
        assert np.array_equal(arrays["normal"], photo.radiance.truth.normal)
        assert json.loads(str(arrays["part_names"]))["0"] == "sky"


def test_replay_uses_the_recorded_number_of_passes(tmp_path):
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[96, 54])
    first = scene.view().render("final", samples=3).expose()
    again, differs = replay(first.save(tmp_path / "a.png"))
    assert differs == []
    assert again.radiance.samples == 3


OFTEN = {  # a pinhole over Mars, a fisheye, a panorama on the ground, the Earth; the others are marked slow
    ("tianwen1-mars", "clean"), ("tianwen1-mars", "onboard"), ("orion-selfie", "onboard"), ("zhurong-view", "onboard"),
    ("cubesat-earth", "onboard"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "look"),
    [
        pytest.param(name, look, marks=() if (name, look) in OFTEN else pytest.mark.slow)
        for name in sorted(scenes())
        for look in ("clean", "onboard")
    ],
)
def test_replay_reproduces_a_picture_bit_for_bit(tmp_path, monkeypatch, name, look):
    monkeypatch.chdir(tmp_path)
    small = Scene.load(name).with_changes(camera__size_px=[96, 64])
    first = small.view().render().expose(look=look, stops=0.5, seed=7)
    again, differs = replay(first.save(tmp_path / "a.jpg"))
    assert differs == []
    assert np.array_equal(again.pixels, first.pixels)


def test_replay_reproduces_the_moment_of_the_view(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = Scene.load("tianwen1-mars").with_changes(camera__size_px=[96, 64])
    first = small.view(at="release+40s").render().expose()
    _again, differs = replay(first.save(tmp_path / "a.png"))
    assert differs == []


def test_differences_are_listed(photo):
    stored = recipe(photo) | {"pixels_sha256": "0" * 64, "versions": {"numpy": "1.0"}}
    lines = differences(stored, photo)
    assert lines[0] == "the pixels differ"
    assert any(line.startswith("numpy: 1.0 then") for line in lines)


def edited(photo, tmp_path, sealed=True, **changes):
    stored = json.loads(json.dumps(recipe(photo)))
    for key, value in changes.items():
        *sections, last = key.split("__")
        node = stored
        for section in sections:
            node = node[section]
        node[last] = value
    if sealed:
        stored["digest"] = digest(stored)
    (tmp_path / "a.json").write_text(json.dumps(stored))
    return tmp_path / "a.json"


def test_an_edited_recipe_is_refused_unless_allowed(photo, tmp_path):
    path = edited(photo, tmp_path, sealed=False, scene__title="Another title")
    with pytest.raises(OutputError, match="edited after it was written"):
        read_recipe(path)
    assert read_recipe(path, edited=True)["scene"]["title"] == "Another title"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scene__craft": {"model": "/etc/passwd"}}, "outside the scene's folder"),
        ({"scene__craft": {"model": "../up.glb"}}, "outside the scene's folder"),
        ({"scene__kernels": ["/etc/hosts"]}, "outside|kernels"),
        ({"scene__at": "whenever"}, "not a moment"),
        ({"scene__camera": {"size_px": [20000, 20000]}}, "at most 16384|less than or equal to 16384"),
        ({"render__quality": "raytraced"}, "use draft or final"),
        ({"kind": "photograph"}, "kind"),
        ({"format": 99}, "format"),
        ({"digest": 5}, "digest"),
    ],
)
def test_hostile_recipes_are_refused(photo, tmp_path, monkeypatch, changes, words):
    monkeypatch.chdir(tmp_path)
    sealed = "digest" not in changes
    with pytest.raises(UserError, match=words):
        replay(edited(photo, tmp_path, sealed=sealed, **changes))


def test_files_without_a_recipe_are_refused(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.jpg")
    Image.new("RGB", (8, 8)).save(tmp_path / "a.tif")
    np.savez(tmp_path / "a.npz", rgb=np.zeros(3))
    for name in ("a.png", "a.jpg", "a.tif", "a.npz"):
        with pytest.raises(OutputError, match="contains no recipe"):
            read_recipe(tmp_path / name)
    for name, content in {"b.png": b"no picture", "b.npz": b"PK no", "b.exr": b"vv", "b.json": b"{" * 2000}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(OutputError, match="b\\."):
            read_recipe(tmp_path / name)
    with pytest.raises(OutputError, match="cannot be read"):
        read_recipe(tmp_path / "none.png")


def test_a_zip_bomb_is_not_decompressed(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("recipe.npy", b"\0" * (50 << 20))
    with pytest.raises(OutputError, match="recipe is too large"):
        read_recipe(tmp_path / "a.npz")


@pytest.mark.parametrize(("name", "bits"), [("a.jpg", 16), ("a.png", 12), ("a.exr", 16)])
def test_unsupported_bit_depths_are_refused(photo, tmp_path, name, bits):
    with pytest.raises(OutputError, match="does not hold"):
        photo.save(tmp_path / name, bits=bits)


def test_a_missing_openexr_is_reported_with_the_extra_to_install(tmp_path):
    code = (
        "import sys; sys.modules['OpenEXR'] = None\n"
        "from pathlib import Path; from selfiesim.files.images import check_writable\n"
        "check_writable(Path('a.exr'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert "pip install 'selfiesim[exr]'" in done.stderr


def test_damaged_exr_headers_are_refused_or_hold_no_recipe(photo, tmp_path):
    pytest.importorskip("OpenEXR")
    photo.save(tmp_path / "a.exr")
    content = (tmp_path / "a.exr").read_bytes()
    recipe = read_recipe(tmp_path / "a.exr")
    rng = np.random.default_rng(0)
    for _ in range(200):
        damaged = bytearray(content[: rng.integers(4, len(content))])
        damaged[rng.integers(0, min(len(damaged), 2000))] = rng.integers(0, 256)
        (tmp_path / "b.exr").write_bytes(damaged)
        try:
            assert read_recipe(tmp_path / "b.exr", edited=True).keys() == recipe.keys()
        except OutputError:
            continue
