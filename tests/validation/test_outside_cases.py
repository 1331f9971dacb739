"""A collection of files that strangers sent or might send, with what is right for each; skipped where it is missing.

It lies in ``shared/cases`` beside the repository, or in the folder that ``SELFIESIM_CASES`` names. The right values are
those of its README.
"""

from __future__ import annotations

import os
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from child_python import run_python

from selfiesim.core.colour import bands_from_linear_srgb, linear_from_srgb
from selfiesim.core.errors import ModelWarning
from selfiesim.craft.load import clear_craft_cache, load_craft

CASES = Path(os.environ.get("SELFIESIM_CASES", Path(__file__).resolve().parents[3] / "shared" / "cases"))
pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the collection is not here")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the collection, with a library of its own."""
    shutil.copytree(CASES, tmp_path / "cases")
    monkeypatch.setenv("SELFIESIM_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cases"


@pytest.fixture
def command(folder, monkeypatch, capsys):
    """Run a command in a folder of the collection: exit code, and what it prints."""
    from selfiesim.cli.app import main

    def run(where, *words):
        monkeypatch.chdir(folder / where)
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            try:
                main(list(words))
                code = 0
            except SystemExit as stop:
                code = int(stop.code or 0)
        printed = capsys.readouterr()
        assert "Traceback" not in printed.err + printed.out
        return code, printed.err + printed.out

    return run


def craft(folder, name):
    clear_craft_cache()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        return load_craft(folder / "meshes" / name)


@pytest.mark.parametrize("name", ["concave-bracket.obj", "concave-bracket.dae", "concave-bracket.off"])
def test_a_u_stays_open(folder, name):
    loaded = craft(folder, name)
    corners = np.concatenate([part.vertices[part.faces] for part in loaded.parts]).astype(float)
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1).sum() / 2.0
    # Arms of 1 by 4, a base of 2 by 1, 0.5 thick: two faces of 10, and an outline of 22.
    assert area == pytest.approx(2 * 10 + 22 * 0.5, rel=0.02)


@pytest.mark.parametrize(
    ("name", "size", "triangles"),
    [
        ("concave-quads.obj", (15, 4, 0), 8), ("production-parts.3mf", (1, 1, 1), 12),
        ("trailing-bytes.stl", (2, 2, 2), 12), ("mast-without-normals.dae", (1, 1, 4), 12),
        ("vn-listed-but-not-used.obj", (2, 2, 2), 12), ("skinned-wing-cm.glb", (1, 3.75, 1), 24),
    ],
)  # fmt: skip
def test_meshes_have_the_size_and_edges_of_their_makers(folder, name, size, triangles):
    loaded = craft(folder, name)
    assert np.ptp(loaded.bounds_m, axis=0) == pytest.approx(size, abs=1e-5)
    assert loaded.triangle_count == triangles
    for part in loaded.parts:  # boxes and plates: each normal is that of its face
        assert np.abs(part.normals).max(axis=1) == pytest.approx(np.ones(len(part.normals)), abs=1e-5)


def test_what_cannot_be_seen_is_left_out_and_glass_is_seen_through(folder):
    shells = craft(folder, "alpha-shells.glb")
    opacity = {part.node: part.material.opacity for part in shells.parts if part.material.blend}
    assert opacity == pytest.approx({"blend-factor-alpha-0.15": 0.15})
    assert not {"mask-factor-alpha-0.2", "blend-factor-alpha-0", "mask-vertex-alpha-0"} & {p.node for p in shells.parts}
    glass = craft(folder, "glass-d02.obj").parts[0].material
    assert (glass.blend, glass.opacity) == (True, pytest.approx(0.2))


def test_colours_and_pictures_are_those_of_the_file(folder):
    assert len({tuple(row) for row in np.round(craft(folder, "face-colours.ply").parts[0].tint, 4)}) > 1
    green = bands_from_linear_srgb(linear_from_srgb(np.array([0x14, 0xC8, 0x14]) / 255.0))  # the object's pindex
    np.testing.assert_allclose(craft(folder, "colorgroup.3mf").parts[0].tint, np.tile(green, (24, 1)), atol=1e-4)
    linear = craft(folder, "blender-linear-kd.obj").parts[0].material.base_color
    np.testing.assert_allclose(linear, bands_from_linear_srgb(np.full(3, 0.084)), rtol=0.01)
    assert set(craft(folder, "map-options.obj").parts[0].material.textures) == {"base"}
    assert "occlusion" in craft(folder, "occlusion-uv1.glb").parts[0].material.textures
    path = craft(folder, "abs-path.obj")
    assert path.parts[0].material.textures["base"].shape[:2] == (64, 64)
    assert any("absolute path" in line for line in path.warnings)
    balls = {part.material.name: part.material for part in craft(folder, "spec-gloss-texture.glb").parts}
    metal = {name: material.textures["rough"][..., 2].mean() for name, material in balls.items()}
    assert metal["gold-by-texture"] > 200 > 50 > metal["dull-by-texture"]


GOOD = [
    ("ccsds", "version-3-oem.toml"), ("ccsds", "gcrf-oem.toml"), ("ccsds", "frame-epoch-oem.toml"),
    ("ccsds", "short-last-segment-oem.toml"), ("spice", "path-continued.toml"), ("scenes", "time-toml-datetime.toml"),
    ("scenes", "distortion-14-zeros.toml"), ("scenes", "earth-eclipse.toml"), ("scenes", "moon-eclipse.toml"),
    ("scenes", "jupiter-io-shadow.toml"), ("hostile", "C08-latin1-title.toml"), ("hostile", "N01-brown-nan.toml"),
    ("hostile", "N02-panorama-nan.toml"), ("hostile", "N03-shutter-1104.toml"),
    ("hostile", "S07-forces-about-sun.toml"),
]  # fmt: skip
REFUSED = [
    ("scenes", "check", "k-skew.toml", "skew"),
    ("hostile/kernel-escape", "check", "k1.toml", "evil.tpc: names other kernels"),
    ("hostile", "check", "N04-cylinder-over-360.toml", "camera.focal_length_mm"),
    ("hostile", "check", "N06-detector-preset.toml", "N06-detector-preset.toml: photo.detector.preset"),
    ("hostile", "check", "G01-bounds.toml", "beyond the globe"),
    ("hostile", "check", "S03-dotted-title.toml", "toml-depth"),
    ("hostile", "check", "S04-map-dtype-f1.toml", "planet.map.dtype"),
    ("hostile", "check", "S06-axis-denormal.toml", "semi_major_axis_km"),
    ("hostile", "check", "S10-panorama-zenith.toml", "camera.elevation_deg"),
    ("hostile", "models inspect", "M03-glb-100-primitives.glb", "8,000,000 triangles"),
    ("hostile", "models inspect", "M07-index.3mf", "M07-index.3mf"),
    ("hostile", "caption", "R01-caption-view-empty.json", "view.horizontal_fov_deg: missing"),
    ("hostile", "replay", "R03-deep-scene.json", "R03-deep-scene.json"),
    ("hostile", "caption", "R04-encrypted.npz", "R04-encrypted.npz"),
    ("hostile", "caption", "R06-method.npz", "R06-method.npz"),
    ("hostile", "caption", "R08-shape-huge.npz", "R08-shape-huge.npz"),
    ("hostile", "batch --plan", "B01-size-bigint.toml", "size.0"),
    ("hostile", "batch --plan", "B03-uniform-overflow.toml", "vary.release.speed_m_s"),
]


@pytest.mark.parametrize(("where", "name"), GOOD)
def test_scenes_that_are_right_are_valid(command, where, name):
    code, text = command(where, "check", name)
    assert code == 0, text


@pytest.mark.parametrize(("where", "words", "name", "why"), REFUSED)
def test_what_is_wrong_is_refused_by_name(command, where, words, name, why):
    code, text = command(where, *words.split(), name)
    assert code == 2
    assert why in text
    assert name in text or "evil.tpc" in text


def test_an_aem_without_object_id_and_inputs_whose_companions_are_missing(command, folder):
    """The collection lacks the files that these scenes name, so their own messages are checked."""
    for where, name, missing in (
        ("ccsds", "gmat-no-object-id-aem.toml", "mars-barycenter.oem"),
        ("hostile", "H01b-forces-10-days.toml", "box.stl"),
        ("hostile", "S01-object-push-escapes.toml", "box.stl"),
    ):
        code, text = command(where, "check", name)
        assert (code, missing in text) == (2, True), text


def test_a_legal_obj_a_date_and_a_grid_of_points_are_read(command):
    assert command("hostile", "models", "inspect", "M06-obj-1d-vt.obj")[0] == 0
    assert (
        "45 s before the release" in command("hostile", "batch", "B04-datetime.toml", "--plan")[1]
    )  # the date is read
    assert command("hostile", "caption", "C08-latin1-title.jpg")[0] == 0
    code, text = command("hostile", "maps", "add", "G04-point-grid.tif", "--name", "grid", "--registration", "point")
    assert code == 0, text


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["two", "main-then-thread", "thread-then-main", "one-each", "pool"])
def test_threads_render_equal_pictures(mode):
    lines = run_python((CASES / "hostile/C02-threads.py").read_text(), mode)
    assert "Error" not in lines[-1]
    values = lines[-1].partition("{")[2].rstrip("}").split(", ")
    assert len({value.partition(": ")[2] for value in values}) == 1


@pytest.mark.slow
def test_scripts_that_render_in_threads_and_forks_end_well():
    assert run_python((CASES / "python/render-in-threads.py").read_text())[-1].startswith("True")
    assert "TIMED OUT" not in "".join(run_python((CASES / "python/render-then-fork.py").read_text(), "fork"))
