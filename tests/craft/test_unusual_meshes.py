"""Odd meshes in every format: each is repaired, or refused in a line that names the fault and its place."""

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


def mesh_file(folder, suffix, corners, faces):
    content = trimesh.Trimesh(corners, faces, process=False).export(file_type=suffix)
    return write(folder / f"a.{suffix}", content)


@pytest.mark.parametrize("suffix", ["stl", "ply", "off"])
def test_non_finite_vertex_is_named(tmp_path, suffix):
    corners = CUBE_CORNERS.copy()
    corners[5, 1] = np.nan
    refusal(mesh_file(tmp_path, suffix, corners, CUBE_FACES), "vertex", "is not finite")


def test_non_finite_vertex_of_an_obj_is_named(tmp_path):
    text = cube_obj().replace("v 1.000000000 0.000000000 1.000000000", "v 1.0 nan 1.0")
    refusal(write(tmp_path / "a.obj", text), "vertex 5", "finite")


@pytest.mark.parametrize("suffix", ["stl", "ply", "off"])
def test_faces_without_area_are_removed_and_missing_normals_computed(tmp_path, suffix):
    faces = np.concatenate([CUBE_FACES, [[0, 0, 1], [2, 2, 2]]])
    craft = load_quietly(mesh_file(tmp_path, suffix, CUBE_CORNERS, faces))
    assert craft.triangle_count == 12
    assert any("degenerate faces removed: 2" in line for line in craft.repairs)
    assert volume(craft) == pytest.approx(1.0)
    (part,) = craft.parts
    assert np.linalg.norm(part.normals, axis=1) == pytest.approx(np.ones(len(part.normals)), abs=1e-5)


@pytest.mark.parametrize("suffix", ["stl", "ply", "off", "obj"])
def test_mesh_of_faces_without_area_is_refused(tmp_path, suffix):
    refusal(mesh_file(tmp_path, suffix, CUBE_CORNERS, [[0, 0, 1], [2, 2, 2]]), "no triangles with an area")


def test_texture_with_non_finite_coordinates_is_left_out(tmp_path):
    gltf = Gltf(TEXCOORD_0=np.array([[np.nan, 0], [1, 0], [0, 1]], "<f4"))
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": {"index": gltf.texture(png([[[9, 9, 9]]]))}})
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert craft.parts[0].material.textures == {}
    assert any("without texture coordinates" in line for line in craft.repairs)


def test_ten_million_triangles_are_refused_by_the_declared_count(tmp_path):
    header = "ply\nformat binary_little_endian 1.0\nelement vertex 5000000\n"
    header += "".join(f"property float {axis}\n" for axis in "xyz")
    header += "element face 10000000\nproperty list uchar int vertex_indices\nend_header\n"
    refusal(write(tmp_path / "a.ply", header), "element face 10000000", "4,000,000", "decimate")
    gltf = Gltf()
    gltf.document["accessors"][gltf.primitive["indices"]]["count"] = 30_000_000
    refusal(gltf.glb(tmp_path / "a.glb"), "accessors[1].count", "30000000", "limit")


def test_texture_of_16384_pixels_is_scaled_down_with_a_warning(tmp_path):
    gltf = Gltf(TEXCOORD_0=np.array([[0, 0], [1, 0], [0, 1]], "<f4"))
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": {"index": gltf.texture(hollow_png(16_384, 64))}})
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert craft.parts[0].material.textures["base"].shape == (32, 8192, 3)
    assert "images[0] is scaled down from 16384 x 64 to 8192 on its longer side" in craft.warnings


@pytest.mark.parametrize(("width", "height", "words"), [(16_384, 16_384, "67,108,864"), (16_385, 10, "16385 x 10")])
def test_obj_with_a_too_large_texture_is_refused(tmp_path, width, height, words):
    write(tmp_path / "t.mtl", MTL)
    write(tmp_path / "t.png", hollow_png(width, height))
    refusal(write(tmp_path / "a.obj", PLATE), "'t.png'", words, "save it smaller")


@pytest.mark.parametrize("content", [b"not an image", png(np.zeros((8, 8, 3)))[:20]])
def test_damaged_texture_of_an_obj_is_left_out_with_a_warning(tmp_path, content):
    write(tmp_path / "t.mtl", MTL)
    write(tmp_path / "t.png", content)
    craft = load_quietly(write(tmp_path / "a.obj", PLATE))
    assert craft.parts[0].material.textures == {}
    assert craft.warnings == ("the texture 't.png' is not a readable image; it is left out",)
