"""The contact sheet of a model and ``selfiesim models inspect``: sides, scale, and lit faces."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from selfiesim.cli.app import main
from selfiesim.core.files import shipped
from selfiesim.craft.load import clear_craft_cache, load_craft
from selfiesim.pages.model_sheet import SIDES, render_sheet, six_views

# A box of 1 x 2 x 3 m with vertex colours, a different one on each side.
SIZE_M = np.array([1.0, 2.0, 3.0])
COLOURS = {"+X": (255, 0, 0), "-X": (0, 255, 255), "+Y": (0, 255, 0), "-Y": (255, 0, 255), "+Z": (0, 0, 255),
           "-Z": (255, 255, 0)}  # fmt: skip


@pytest.fixture
def box(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    clear_craft_cache()
    rows, faces = [], []
    for name, (toward, up) in SIDES.items():
        across = np.cross(up, toward)
        for u, v in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
            place = (np.array(toward) + u * across + v * np.array(up)) * SIZE_M / 2
            rows.append(" ".join(map(str, [*place, *COLOURS[name]])))
        k = len(rows) - 4
        faces += [f"3 {k} {k + 1} {k + 2}", f"3 {k} {k + 2} {k + 3}"]
    head = f"ply\nformat ascii 1.0\nelement vertex {len(rows)}\n"
    head += "".join(f"property float {axis}\n" for axis in "xyz")
    head += "".join(f"property uchar {name}\n" for name in ("red", "green", "blue"))
    head += f"element face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    path = tmp_path / "box.ply"
    path.write_text(head + "\n".join([*rows, *faces]) + "\n")
    return path


def test_each_picture_shows_its_side(box):
    sheet = render_sheet(load_craft(box), (96, 72), samples=1)
    assert sheet.pixels.shape == (144, 288, 3)
    for k, name in enumerate(SIDES):
        row, column = divmod(k, 3)
        pixel = sheet.pixels[row * 72 + 44, column * 96 + 43].astype(int)  # beside the drawn axes
        assert (pixel > pixel.max() / 2).tolist() == [value > 0 for value in COLOURS[name]], (name, pixel)


def test_sides_are_to_scale(box):
    # From +X the box is 2 m wide and 3 m high, from +Y 1 m wide: silhouettes, measured at the near face.
    craft = load_craft(box)
    for name, (width, height) in {"+X": (2, 3), "+Y": (1, 3), "+Z": (1, 2)}.items():
        view = six_views(craft, (192, 144))[name]
        covered = np.isfinite(view.render("draft").depth)
        near = view.craft.position[2] - SIZE_M["XYZ".index(name[1])] / 2
        per_pixel = near * view.camera.pixel_angle
        rows, columns = np.flatnonzero(covered.any(axis=1)), np.flatnonzero(covered.any(axis=0))
        assert np.ptp(columns) + 1 == pytest.approx(width / per_pixel, abs=1.5)
        assert np.ptp(rows) + 1 == pytest.approx(height / per_pixel, abs=1.5)


def run(capsys, *words):
    """Run a command; returns its captured output."""
    with pytest.raises(SystemExit) as left:
        main([*map(str, words)])
    assert left.value.code == 0
    return capsys.readouterr()


def test_command_reports_and_renders(box, tmp_path, capsys):
    picture = tmp_path / "sheet.png"
    report = json.loads(run(capsys, "models", "inspect", box, "--json", "-o", picture).out)
    assert report["size_m"] == [1.0, 2.0, 3.0]
    assert report["triangles"] == 12
    assert report["materials"][0]["vertex_colours"] is True
    assert report["repaired"] == ["meshes with recomputed normals: 1"]
    with Image.open(picture) as image:
        assert image.size == (1344, 672)
        assert "not a photograph" in image.info["selfiesim"]
    assert json.loads(picture.with_suffix(".json").read_text())["sheet"]["triangles"] == 12


def test_sheet_of_another_size(box, tmp_path, capsys):
    picture = tmp_path / "sheet.png"
    run(capsys, "models", "inspect", box, "--size", "160x128", "-o", picture)
    with Image.open(picture) as image:
        assert image.size == (480, 256)
    for size, words in (("wide", "--size"), ("160x40", "128 to 2048"), ("9000x300", "128 to 2048")):
        with pytest.raises(SystemExit) as left:
            main(["models", "inspect", str(box), "--size", size, "-o", str(picture)])
        assert left.value.code == 2
        assert words in capsys.readouterr().err


def test_command_prints_a_readable_report(box, capsys):
    box.with_suffix(".toml").write_text('name = "[bold]box"\n[materials.gold]\nmetallic = 1.0\n')
    out = run(capsys, "models", "inspect", box).out
    assert "[bold]box: " in out, "names are not markup"
    assert "1 x 2 x 3 m" in out
    assert "per vertex" in out
    assert "repaired: meshes with recomputed normals: 1" in out
    assert "warning: materials.gold: the mesh has no material of that name; it has default" in out


def test_command_on_a_missing_mesh(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        main(["models", "inspect", str(tmp_path / "gone.glb")])
    assert left.value.code == 2
    assert "no such mesh file" in capsys.readouterr().err


def test_a_guessed_unit_is_one_line_on_standard_error(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))  # warnings come when a mesh is new to the cache
    (tmp_path / "plate.obj").write_text("v 0 0 0\nv 900 0 0\nv 0 900 0\nf 1 2 3\n")
    (tmp_path / "plate.toml").write_text("[mounts.camera]\nposition_m = [0, 0, 1]\naxis = [0, 0, 1]\n")
    scene = (shipped("scenes") / "tianwen1-mars.toml").read_text().replace('"tianwen1-orbiter"', '"plate.obj"')
    (tmp_path / "a.toml").write_text(scene)
    lines = run(capsys, "show", tmp_path / "a.toml").err.splitlines()
    assert [line for line in lines if "millimetres" in line and line.startswith("selfiesim: ") and "plate.obj" in line]


@pytest.mark.filterwarnings("ignore::selfiesim.core.errors.ModelWarning")
def test_nasas_mro_mesh_is_gold_with_blue_wings_and_has_no_black_lit_faces(tmp_path):
    pytest.importorskip("DracoPy")
    source = Path(os.environ.get("SELFIESIM_REFERENCE", "/nonexistent")) / "mesh_mro_draco.glb"
    if not source.is_file():
        pytest.skip("reference mesh not available")
    shutil.copy(source, tmp_path / "mro.glb")
    (tmp_path / "mro.toml").write_text("[frame]\nlongest_m = 13.6\n")
    craft = load_craft(tmp_path / "mro.glb")
    for view in six_views(craft, (200, 150)).values():
        radiance = view.render("draft")
        facing = np.einsum("ijk,k->ij", radiance.truth.normal, view.sun.direction) > 0.2
        lit = np.isfinite(radiance.depth) & (radiance.truth.sun_visibility > 0.9) & facing
        assert lit.sum() > 500
        assert np.median(radiance.rgb[lit], axis=0).min() > 0.01
        assert (radiance.rgb[lit].max(axis=1) < 1e-3).mean() < 0.01
    front = six_views(craft, (200, 150))["+X"].render("draft").rgb
    gold = (front[..., 0] > 2.0 * front[..., 2]) & (front[..., 0] > 0.02)
    blue = (front[..., 2] > front[..., 1]) & (front[..., 2] > 0.02)
    assert gold.sum() > 300
    assert blue.sum() > 300
