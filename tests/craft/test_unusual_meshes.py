"""Odd meshes in every format: each is put right, or refused in a line that says what and where."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from mesh_files import CUBE_CORNERS, CUBE_FACES, Gltf, cube_obj, hollow_png, load_quietly, png, refusal, volume, write

MTL = "newmtl a\nmap_Kd t.png\n"
PLATE = "mtllib t.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nusemtl a\nf 1/1 2/2 3/3\n"


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def written(folder, suffix, corners, faces):
    content = trimesh.Trimesh(corners, faces, process=False).export(file_type=suffix)
    return write(folder / f"a.{suffix}", content)


@pytest.mark.parametrize("suffix", ["stl", "ply", "off"])
def test_a_corner_that_is_no_number_is_named(tmp_path, suffix):
    corners = CUBE_CORNERS.copy()
    corners[5, 1] = np.nan
    refusal(written(tmp_path, suffix, corners, CUBE_FACES), "vertex", "is not three finite numbers")


def test_so_it_is_in_an_obj(tmp_path):
    text = cube_obj().replace("v 1.000000000 0.000000000 1.000000000", "v 1.0 nan 1.0")
    refusal(write(tmp_path / "a.obj", text), "vertex 5", "finite")


@pytest.mark.parametrize("suffix", ["stl", "ply", "off"])
def test_faces_without_area_and_normals_that_are_missing_are_put_right(tmp_path, suffix):
    faces = np.concatenate([CUBE_FACES, [[0, 0, 1], [2, 2, 2]]])
    craft = load_quietly(written(tmp_path, suffix, CUBE_CORNERS, faces))
    assert craft.triangle_count == 12
    assert any("without area left out: 2" in line for line in craft.repairs)
    assert volume(craft) == pytest.approx(1.0)
    (part,) = craft.parts
    assert np.linalg.norm(part.normals, axis=1) == pytest.approx(np.ones(len(part.normals)), abs=1e-5)


@pytest.mark.parametrize("suffix", ["stl", "ply", "off", "obj"])
def test_nothing_but_faces_without_area_is_refused(tmp_path, suffix):
    refusal(written(tmp_path, suffix, CUBE_CORNERS, [[0, 0, 1], [2, 2, 2]]), "no triangles that have an area")


def test_places_of_a_texture_that_are_no_numbers_leave_it_out(tmp_path):
    made = Gltf(TEXCOORD_0=np.array([[np.nan, 0], [1, 0], [0, 1]], "<f4"))
    made.paint(pbrMetallicRoughness={"baseColorTexture": {"index": made.picture(png([[[9, 9, 9]]]))}})
    craft = load_quietly(made.glb(tmp_path / "a.glb"))
    assert craft.parts[0].material.textures == {}
    assert any("without places" in line for line in craft.repairs)


def test_ten_million_triangles_are_refused_by_their_count(tmp_path):
    header = "ply\nformat binary_little_endian 1.0\nelement vertex 5000000\n"
    header += "".join(f"property float {axis}\n" for axis in "xyz")
    header += "element face 10000000\nproperty list uchar int vertex_indices\nend_header\n"
    refusal(write(tmp_path / "a.ply", header), "element face 10000000", "4,000,000", "decimate")
    made = Gltf()
    made.table["accessors"][made.primitive["indices"]]["count"] = 30_000_000
    refusal(made.glb(tmp_path / "a.glb"), "accessors[1].count", "30000000", "limit")


def test_a_texture_of_16384_pixels_is_made_smaller_and_told(tmp_path):
    made = Gltf(TEXCOORD_0=np.array([[0, 0], [1, 0], [0, 1]], "<f4"))
    made.paint(pbrMetallicRoughness={"baseColorTexture": {"index": made.picture(hollow_png(16_384, 64))}})
    craft = load_quietly(made.glb(tmp_path / "a.glb"))
    assert craft.parts[0].material.textures["base"].shape == (32, 8192, 3)
    assert "images[0] is made smaller, from 16384 x 64 to 8192 on its longer side" in craft.warnings


@pytest.mark.parametrize(("width", "height", "words"), [(16_384, 16_384, "67,108,864"), (16_385, 10, "16385 x 10")])
def test_an_obj_whose_texture_is_too_large_is_refused_as_a_gltf_is(tmp_path, width, height, words):
    write(tmp_path / "t.mtl", MTL)
    write(tmp_path / "t.png", hollow_png(width, height))
    refusal(write(tmp_path / "a.obj", PLATE), "'t.png'", words, "save it smaller")


@pytest.mark.parametrize("content", [b"no picture", png(np.zeros((8, 8, 3)))[:20]])
def test_an_obj_whose_texture_is_damaged_is_told_and_drawn_without(tmp_path, content):
    write(tmp_path / "t.mtl", MTL)
    write(tmp_path / "t.png", content)
    craft = load_quietly(write(tmp_path / "a.obj", PLATE))
    assert craft.parts[0].material.textures == {}
    assert craft.warnings == ("the texture 't.png' is no picture that can be read; it is left out",)
