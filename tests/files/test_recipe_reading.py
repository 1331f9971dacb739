"""Recipes from strangers: any title survives, and a file that lies about itself is refused in one sentence."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import numpy as np
import pytest
from PIL import ExifTags, Image

from selfiesim.core.errors import OutputError
from selfiesim.files.captions.caption import caption
from selfiesim.files.recipe import digest
from selfiesim.files.replay import read_recipe
from selfiesim.scene.scene import Scene

TITLE = 'Sélé, 天问一号 \U0001f680 "quoted" \\x41'


@pytest.fixture(scope="module")
def photo():
    scene = Scene.load("tianwen1-mars").with_changes(camera__size_px=[64, 36], title=TITLE)
    return scene.view().render("draft", 1).expose()


@pytest.fixture(scope="module")
def recipe(photo, tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipe")
    photo.save(folder / "a.png")
    return json.loads((folder / "a.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "npz"])
def test_any_title_survives_in_every_format(photo, tmp_path, ending):
    found = read_recipe(photo.save(tmp_path / f"a.{ending}"))
    assert found["title"] == TITLE
    assert TITLE in caption(found)


# Versions before 0.2.0 wrote the JSON of Exif comments with Python's escapes.
def test_pictures_of_older_versions_are_read(photo, recipe, tmp_path):
    exif = Image.Exif()
    text = json.dumps(recipe, ensure_ascii=False).encode("ascii", "backslashreplace")
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.UserComment] = b"ASCII\0\0\0" + text
    Image.fromarray(photo.pixels).save(tmp_path / "old.jpg", exif=exif)
    assert read_recipe(tmp_path / "old.jpg")["title"] == TITLE


def stored(folder, recipe, **changes):
    recipe = recipe | changes
    path = folder / "a.json"
    path.write_text(json.dumps(recipe | {"digest": digest(recipe)}))
    return path


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"view": {}}, "view.horizontal_fov_deg"),
        ({"view": {"horizontal_fov_deg": 60.0, "camera_altitude_km": 3.0}}, "camera_latitude_deg"),
        ({"view": {"horizontal_fov_deg": 10**400}}, "64 bits"),
        ({"photo": {"shutter_s": 0.0, "f_number": 8.0, "iso": 100.0, "look": "raw"}}, "photo.shutter_s"),
        ({"camera": {"matrix_px": [[0.0, 0.0, 0.0]] * 3}}, "camera.matrix_px"),
        ({"camera": {"matrix_px": [[]] * 3}}, "camera.matrix_px"),
        ({"bodies": {"planet": {"name": "\x1b[31m"}}}, "bodies.planet.name"),
        ({"title": "a\x07b"}, "title"),
        ({"credits": [3]}, "credits.0"),
    ],
)
def test_a_recipe_without_the_facts_of_a_caption_is_refused(recipe, tmp_path, changes, key):
    with pytest.raises(OutputError, match=key):
        read_recipe(stored(tmp_path, recipe, **changes))


def test_a_scene_nested_without_end_is_refused(recipe, tmp_path):
    deep: dict = {}
    for _ in range(400):
        deep = {"a": deep}
    with pytest.raises(OutputError, match="nested more than"):
        read_recipe(stored(tmp_path, recipe, scene=deep))


def npz(content: bytes, **entry) -> bytes:
    """An archive with ``recipe.npy``, whose directory is changed by ``entry``: place of a field, and its value."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("recipe.npy", content)
    data = bytearray(out.getvalue())
    for at, value in entry.values():
        data[at : at + 2] = struct.pack("<H", value)
    return bytes(data)


def header(shape: str, kind: str) -> bytes:
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


@pytest.mark.parametrize(
    "content",
    [
        npz(header("(1000000000000,)", "<f8")),
        npz(header("()", "<U999999999")),
        npz(header("()", "|O") + b"\0" * 8),
        npz(header("()", "<U1") + b"\xff" * 4),
        npz(b"(" * 200),
        npz(b""),
        npz(header("()", "<U2") + b"a\0\0\0" * 2, encrypted=(6, 1)),
        npz(header("()", "<U2") + b"a\0\0\0" * 2, method=(8, 97)),
        b"PK\x05\x06" + b"\0" * 18,
    ],
    ids=["7 TB", "long text", "pickle", "no letter", "brackets", "empty", "encrypted", "unknown method", "no member"],
)
def test_an_npz_that_lies_about_itself_is_refused(tmp_path, content):
    directory = content.rfind(b"PK\x01\x02")
    data = bytearray(content)
    if directory >= 0:  # flags and method stand in the directory as well
        data[directory + 8 : directory + 12] = data[6:10]
    (tmp_path / "a.npz").write_bytes(data)
    with pytest.raises(OutputError, match=r"a\.npz: "):
        read_recipe(tmp_path / "a.npz")


def test_a_recipe_that_unpacks_to_gigabytes_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("recipe.npy", header("()", f"<U{1 << 23}") + b"a\0\0\0" * (1 << 23))
    with pytest.raises(OutputError, match=r"its recipe is too large.*; the limit is 1 MB"):
        read_recipe(tmp_path / "a.npz")


def test_a_recipe_in_npz_is_that_of_numpy(recipe, tmp_path):
    np.savez_compressed(tmp_path / "a.npz", recipe=np.array(json.dumps(recipe)))
    assert read_recipe(tmp_path / "a.npz")["digest"] == recipe["digest"]
