"""Untrusted files: oversized, escaping, inconsistent and looping ones are refused quickly and in one line."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import random
import struct
import time

import numpy as np
import pytest
from mesh_files import (
    CUBE_CORNERS,
    CUBE_FACES,
    Gltf,
    cube_obj,
    glb_bytes,
    hollow_png,
    load_quietly,
    png,
    refusal,
    write,
)
from test_craft_load_formats import cube_3mf, cube_dae, model_3mf

from selfiesim.core import limits
from selfiesim.core.errors import ModelError
from selfiesim.craft.description import ModelDescription
from selfiesim.craft.formats.mesh_reader import read_parts
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.load import load_craft


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def textured(content: bytes) -> Gltf:
    gltf = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"))
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": {"index": gltf.texture(content)}})
    return gltf


# --- Buffers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("corrupt", "words"),
    [
        (lambda t: t["accessors"][0].update(count=4), ("accessors[0]", "reaches byte 48")),
        (lambda t: t["accessors"][0].update(byteOffset=4), ("accessors[0]", "reaches byte 40")),
        (lambda t: t["accessors"][0].update(byteOffset=-4), ("byte offset",)),
        (lambda t: t["accessors"][0].update(componentType=5124), ("componentType", "5126")),
        (lambda t: t["accessors"][0].update(type="VEC2"), ("accessors[0].type", "VEC2")),
        (lambda t: t["accessors"][0].update(bufferView=9), ("bufferViews[9]", "there are 2")),
        (lambda t: t["accessors"][0].update(count=10**10), ("accessors[0].count", "limit")),
        (lambda t: t["accessors"][0].update(count="3"), ("accessors[0].count",)),
        (lambda t: t["bufferViews"][0].update(byteLength=10**6), ("bufferViews[0]", "truncated")),
        (lambda t: t["bufferViews"][0].update(byteStride=4), ("rows of 12 bytes",)),
        (lambda t: t["bufferViews"][0].update(buffer=1), ("buffers[1]",)),
        (lambda t: t["meshes"][0]["primitives"][0].update(indices=7), ("primitives[0].indices", "accessors[7]")),
        (lambda t: t["meshes"][0]["primitives"][0].update(material=7), ("primitives[0].material", "materials[7]")),
        (lambda t: t["meshes"][0]["primitives"][0]["attributes"].pop("POSITION"), ("POSITION",)),
        (lambda t: t["nodes"][0].update(mesh=3), ("nodes[0].mesh", "meshes[3]")),
        (lambda t: t["nodes"][0].update(mesh=True), ("nodes[0].mesh",)),
        (lambda t: t["nodes"][0].update(scale=[1, 2]), ("nodes[0]",)),
        (lambda t: t["nodes"][0].update(matrix=[1] * 15), ("nodes[0].matrix", "16")),
        (lambda t: t["nodes"][0].update(translation=[1e300, 0, 0]), ("too far",)),
        (lambda t: t.update(scene=4), ("scenes[4]",)),
        (lambda t: t.update(nodes=7), ("nodes",)),
        (lambda t: t.update(asset={"version": "1.0"}), ("asset.version",)),
    ],
)
def test_inconsistent_tables_are_refused(tmp_path, corrupt, words):
    gltf = Gltf()
    corrupt(gltf.document)
    refusal(gltf.glb(tmp_path / "a.glb"), *words)


def test_index_beyond_the_vertices_is_refused(tmp_path):
    refusal(Gltf([[0, 1, 3]]).glb(tmp_path / "a.glb"), "primitives[0].indices", "vertex 3 of 3")


def test_sparse_rows_beyond_the_accessor_are_refused(tmp_path):
    gltf = Gltf()
    at, new = gltf.view(np.array([3], "<u2").tobytes()), gltf.view(bytes(12))
    gltf.document["accessors"][0]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": at, "componentType": 5123},
        "values": {"bufferView": new},
    }
    refusal(gltf.glb(tmp_path / "a.glb"), "sparse.indices")


def test_glb_truncated_anywhere_is_refused(tmp_path):
    whole = textured(png([[[1, 2, 3]]])).glb(tmp_path / "a.glb").read_bytes()
    for length in range(0, len(whole) - 4, 37):
        refusal(write(tmp_path / "a.glb", whole[:length]))


@pytest.mark.parametrize("uri", ["data:;base64,!!!!", "data:application/octet-stream", "data:;base64,AAA"])
def test_malformed_data_uri_is_refused(tmp_path, uri):
    refusal(Gltf().gltf(tmp_path / "a.gltf", buffers=[{"byteLength": 44, "uri": uri}]))


# --- References outside the folder ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri",
    ["../a.bin", "x/../../a.bin", "/etc/hostname", "%2e%2e%2fa.bin", "..%5ca.bin", "C:\\a.bin", "file:///etc/hostname",
     "http://example.org/a.bin", "\\\\server\\a.bin"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["buffers", "images"])
def test_references_outside_the_folder_are_refused(tmp_path, uri, kind):
    (tmp_path / "in").mkdir()
    write(tmp_path / "a.bin", bytes(64))
    gltf = textured(png([[[1, 2, 3]]]))
    changes = {kind: [{"uri": uri, "byteLength": 44}]}
    refusal(gltf.gltf(tmp_path / "in" / "a.gltf", **changes), "outside its own folder")


def test_missing_texture_is_left_out_with_a_warning(tmp_path):
    gltf = textured(png([[[1, 2, 3]]]))
    craft = load_quietly(gltf.gltf(tmp_path / "a.gltf", images=[{"uri": "gone.png"}]))
    assert craft.parts[0].material.textures == {}
    assert any("images[0]" in text and "'gone.png'" in text for text in craft.warnings)
    write(tmp_path / "gone.png", png([[[1, 2, 3]]]))
    assert "base" in load_quietly(tmp_path / "a.gltf").parts[0].material.textures, "read once it exists"


def test_folder_in_place_of_a_buffer_is_refused(tmp_path):
    (tmp_path / "a.bin").mkdir()
    refusal(Gltf().gltf(tmp_path / "a.gltf", buffers=[{"byteLength": 44, "uri": "a.bin"}]), "'a.bin'")


# --- Decompression bombs and huge counts ----------------------------------------------------------------------------


def test_huge_image_is_refused_by_its_header(tmp_path):
    bomb = hollow_png(16_000, 16_000)  # 32 kB that decode to 256 million pixels
    assert len(bomb) < 100_000
    start = time.process_time()
    refusal(textured(bomb).glb(tmp_path / "a.glb"), "images[0]", "pixels", "limit")
    assert time.process_time() - start < 1.0


def test_huge_image_in_a_data_uri_is_refused(tmp_path):
    uri = "data:image/png;base64," + base64.b64encode(hollow_png(40_000, 100)).decode()
    refusal(textured(b"x").gltf(tmp_path / "a.gltf", images=[{"uri": uri}]), "40000 x 100 pixels", "16,384")


def test_images_too_large_together_are_scaled_down(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_LIMITS", "texture-pixels=2k")
    gltf = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"))
    base, glow = (gltf.texture(png(np.zeros((48, 64, 3)))) for _ in range(2))
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": {"index": base}}, emissiveTexture={"index": glow})
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert [pixels.shape for pixels in craft.parts[0].material.textures.values()] == [(24, 32, 3)] * 2
    assert "images[0] is scaled down from 64 x 48 to 32 on its longer side" in craft.warnings


def test_damaged_image_is_left_out_with_a_warning(tmp_path):
    rng = np.random.default_rng(0)
    whole = png(rng.integers(0, 255, (32, 32, 3)))
    for content in (b"not an image", whole[: len(whole) // 2]):
        craft = load_quietly(textured(content).glb(tmp_path / "a.glb"))
        assert craft.parts[0].material.textures == {}
        assert any("images[0]" in text and "left out" in text for text in craft.warnings)


def test_instances_are_counted_before_they_are_made(tmp_path):
    gltf = Gltf(np.tile([0, 1, 2], (2_000, 1)))
    gltf.document["nodes"] = [{"mesh": 0}] * 2_001
    gltf.document["scenes"][0]["nodes"] = list(range(2_001))
    start = time.process_time()
    refusal(gltf.glb(tmp_path / "a.glb"), "4,002,000 triangles, counting every instance", "4,000,000")
    assert time.process_time() - start < 2.0


def test_accessors_without_data_are_counted_before_they_are_allocated(tmp_path):
    gltf = Gltf(None)
    gltf.document["accessors"] = [{"componentType": 5126, "type": "VEC3", "count": limits.MESH_VERTICES.value // 2}]
    gltf.document["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}, "mode": 4}]}] * 3
    gltf.document["nodes"] = [{"mesh": k} for k in range(3)]
    gltf.document["scenes"][0]["nodes"] = [0, 1, 2]
    refusal(gltf.glb(tmp_path / "a.glb"), "18,000,000 vertices")


def test_thousands_of_nodes_with_one_name_get_unique_names_quickly(tmp_path):
    gltf = Gltf()
    gltf.document["nodes"] = [{"name": "bolt"}] * 20_000 + [{"name": "bolt 3", "mesh": 0}]
    gltf.document["scenes"][0]["nodes"] = list(range(20_001))
    start = time.process_time()
    assert load_quietly(gltf.glb(tmp_path / "a.glb")).parts[0].node == "bolt 3 2"
    assert time.process_time() - start < 3.0


@pytest.mark.parametrize(("kind", "limit"), [("nodes", limits.MESH_NODES.value), ("images", limits.MESH_IMAGES.value)])
def test_too_long_tables_are_refused(tmp_path, kind, limit):
    refusal(Gltf().gltf(tmp_path / "a.gltf", **{kind: [{}] * (limit + 1)}), kind, "limit")


def test_too_deep_node_tree_is_refused(tmp_path):
    chain = [{"children": [k + 1]} for k in range(limits.MESH_DEPTH.value + 1)] + [{"mesh": 0}]
    refusal(Gltf().gltf(tmp_path / "a.gltf", nodes=chain), "nodes", "deep")


@pytest.mark.parametrize(
    "nodes",
    [
        [{"mesh": 0, "children": [0]}],
        [{"mesh": 0, "children": [1]}, {"children": [0]}],
        [{"mesh": 0}, {"children": [2]}, {"children": [1]}],
        [{"mesh": 0, "children": [1, 1]}, {}],
    ],
)
def test_node_loops_are_refused(tmp_path, nodes):
    gltf = Gltf()
    path = gltf.gltf(tmp_path / "a.gltf", nodes=nodes, scenes=[{"nodes": [len(nodes) - 1, 0]}])
    refusal(path, "nodes")


def test_more_triangles_than_the_limit_are_refused(tmp_path):
    content = bytes(80) + struct.pack("<I", limits.MESH_TRIANGLES.value + 1)
    with (tmp_path / "a.stl").open("wb") as file:
        file.write(content)
        file.truncate(84 + 50 * (limits.MESH_TRIANGLES.value + 1))  # sparse: uses no disk space
    refusal(tmp_path / "a.stl", "4,000,001 triangles", "decimate")


# --- Random corruption ----------------------------------------------------------------------------------------------


def valid_files():
    import trimesh

    sphere = trimesh.creation.icosphere(1)
    gltf = textured(png(np.arange(48).reshape(4, 4, 3)))
    gltf.document["materials"][0]["extensions"] = {"KHR_materials_clearcoat": {"clearcoatFactor": 1}}
    document = gltf.document | {"buffers": [{"byteLength": len(gltf.buffer)}]}
    return {
        ".glb": glb_bytes(document, gltf.buffer),
        ".gltf": json.dumps(Gltf(CUBE_FACES, POSITION=CUBE_CORNERS.astype("<f4")).document).encode(),
        ".obj": ("mtllib m.mtl\nvt 0 0\nvn 0 0 1\nusemtl a\n" + cube_obj() + "f 1/1/1 2/1/1 3/1/1\n").encode(),
        ".ply": sphere.export(file_type="ply"),
        ".stl": sphere.export(file_type="stl"),
        ".off": sphere.export(file_type="off").encode(),
        ".3mf": cube_3mf(),
        ".dae": cube_dae().encode(),
    }


def corrupted(content: bytes, rng: random.Random) -> bytes:
    """The file with a few bits flipped, digits replaced by extreme values, a piece removed, or its end cut off."""
    out = bytearray(content)
    kind = rng.random()
    if kind < 0.15:
        return bytes(out[: rng.randrange(len(out))])
    if kind < 0.3:
        start = rng.randrange(len(out))
        del out[start : start + rng.randrange(1, 40)]
        return bytes(out)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(out))
        if 48 <= out[at] <= 57 and kind > 0.6:
            out[at : at + 1] = rng.choice([b"-1", b"99999999", b"1e308", b"nan", b"null", b"[]", b'"x"'])
        else:
            out[at] ^= 1 << rng.randrange(8)
    return bytes(out)


@pytest.mark.parametrize("suffix", [".glb", ".gltf", ".obj", ".ply", ".stl", ".off", ".3mf", ".dae"])
def test_randomly_corrupted_files_are_read_or_refused(tmp_path, suffix):
    content, rng = valid_files()[suffix], random.Random(suffix)
    messages = []
    for _ in range(60):
        try:
            import_result = read_parts(corrupted(content, rng), suffix, ResourceResolver(tmp_path), ModelDescription())
        except ModelError as error:
            messages.append(str(error))
            continue
        for part in import_result.parts:
            assert np.isfinite(part.vertices).all()
            assert np.isfinite(part.normals).all()
            assert part.faces.max() < len(part.vertices)
    assert len(messages) > 5, "the corruption takes effect"
    assert all(10 < len(message) < 500 and "\n" not in message for message in messages)


# --- Links, counts and decoders -------------------------------------------------------------------------------------


def test_a_description_that_is_a_link_out_of_the_folder_is_refused(tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "secret.toml", "name = 'secret'")
    path = write(tmp_path / "in" / "a.obj", cube_obj())
    (tmp_path / "in" / "a.toml").symlink_to(tmp_path / "secret.toml")
    refusal(path, "a.toml", "link that leads out of the folder")


def test_a_linked_mesh_keeps_the_description_beside_it(tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "in").mkdir()
    write(tmp_path / "store" / "a.obj", cube_obj())
    write(tmp_path / "store" / "a.toml", "name = 'cube'")
    for name in ("a.obj", "a.toml"):
        (tmp_path / "in" / name).symlink_to(tmp_path / "store" / name)
    assert load_quietly(tmp_path / "in" / "a.obj").name == "cube"


def test_a_texture_that_is_a_link_out_of_the_folder_is_refused_also_from_the_cache(tmp_path):
    gltf, picture = textured(png([[[1, 2, 3]]])), png([[[1, 2, 3]]])
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        gltf.gltf(tmp_path / name / "a.gltf", images=[{"uri": "a.png"}])
    write(tmp_path / "first" / "a.png", picture)
    write(tmp_path / "outside.png", picture)
    (tmp_path / "second" / "a.png").symlink_to(tmp_path / "outside.png")
    assert "base" in load_quietly(tmp_path / "first" / "a.gltf").parts[0].material.textures
    refusal(tmp_path / "second" / "a.gltf", "outside its own folder")


def test_primitives_that_share_accessors_are_counted_before_they_are_read(tmp_path):
    # A hundred primitives of one index accessor without bytes: 8 kB that would become gigabytes.
    gltf = Gltf(None)
    gltf.document["accessors"] += [{"componentType": 5125, "type": "SCALAR", "count": 240_000}]
    gltf.document["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}] * 100}]
    start = time.process_time()
    refusal(gltf.glb(tmp_path / "a.glb"), "triangles", "4,000,000")
    assert time.process_time() - start < 1.0


def test_attributes_are_compared_before_they_are_read(tmp_path):
    gltf = Gltf()
    gltf.document["accessors"] += [{"componentType": 5126, "type": "VEC3", "count": limits.MESH_VERTICES.value}]
    gltf.primitive["attributes"]["NORMAL"] = len(gltf.document["accessors"]) - 1
    refusal(gltf.glb(tmp_path / "a.glb"), "differ in length", "3 positions, 12,000,000 of NORMAL")


def test_instances_are_counted_before_their_matrices_are_made(tmp_path):
    gltf = Gltf()
    gltf.document["accessors"] += [{"componentType": 5126, "type": "VEC3", "count": 60_000}]
    attributes = {"TRANSLATION": len(gltf.document["accessors"]) - 1}
    gltf.document["nodes"][0]["extensions"] = {"EXT_mesh_gpu_instancing": {"attributes": attributes}}
    refusal(gltf.glb(tmp_path / "a.glb"), "60,000 instances", "50,000")


def test_a_document_of_endless_lists_is_refused_before_it_is_parsed(tmp_path):
    path = write(tmp_path / "a.gltf", '{"asset": {"version": "2.0"}, "extras": [' + "[]," * 4_000_000 + "[]]}")
    refusal(path, "json-values")


def test_pictures_are_counted_together_before_one_is_decoded(tmp_path):
    gltf = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"))
    pictures = [gltf.texture(hollow_png(8_192, 8_192)) for _ in range(7)]
    gltf.document["materials"] = [{"pbrMetallicRoughness": {"baseColorTexture": {"index": k}}} for k in pictures]
    gltf.document["meshes"] = [{"primitives": [gltf.primitive | {"material": k} for k in range(len(pictures))]}]
    start = time.process_time()
    refusal(gltf.glb(tmp_path / "a.glb"), "7 textures have 469,762,048 pixels", "image-total-pixels")
    assert time.process_time() - start < 2.0


def test_a_3mf_of_endless_elements_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_LIMITS", "xml-elements=1000")
    refusal(write(tmp_path / "a.3mf", model_3mf("<a/>" * 2_000)), "too many elements")


def test_numbers_beyond_64_bits_are_refused(tmp_path):
    faces = '<triangle v1="0" v2="99999999999999999999" v3="1"/>'
    body = f'<resources><object id="1"><mesh><vertices/><triangles>{faces}</triangles></mesh></object></resources>'
    refusal(write(tmp_path / "a.3mf", model_3mf(body + '<build><item objectid="1"/></build>')), "damaged")


def test_damaged_draco_data_are_refused(tmp_path):
    draco = pytest.importorskip("DracoPy")
    content = draco.encode(CUBE_CORNERS.astype(np.float32), faces=CUBE_FACES.astype(np.uint32))
    rng = random.Random(0)
    for _ in range(20):
        damaged = bytearray(content)
        damaged[rng.randrange(11, len(damaged))] ^= 1 << rng.randrange(8)
        gltf = Gltf()
        view = gltf.view(bytes(damaged))
        gltf.primitive["extensions"] = {
            "KHR_draco_mesh_compression": {"bufferView": view, "attributes": {"POSITION": 0}}
        }
        with contextlib.suppress(ModelError):
            load_quietly(gltf.glb(tmp_path / "a.glb"))


@pytest.mark.parametrize("target", ["pipe", "/dev/zero", "/dev/full", "loop.png", "."])
def test_textures_that_are_no_files_are_neither_read_nor_waited_for(tmp_path, target):
    gltf = textured(png([[[1, 2, 3]]]))
    path = gltf.gltf(tmp_path / "a.gltf", images=[{"uri": "loop.png"}])
    if target == "pipe":
        os.mkfifo(tmp_path / "loop.png")
    else:
        (tmp_path / "loop.png").symlink_to(target)
    with contextlib.suppress(ModelError):
        assert load_quietly(path).parts[0].material.textures == {}


@pytest.mark.parametrize("name", ["a\0b.png", "a" * 5_000 + ".png", "a/" * 3_000 + "b.png"])
def test_names_that_no_file_can_have_are_left_out(tmp_path, name):
    craft = load_quietly(textured(png([[[1, 2, 3]]])).gltf(tmp_path / "a.gltf", images=[{"uri": name}]))
    assert craft.parts[0].material.textures == {}


def test_a_name_that_is_too_long_is_refused():
    with pytest.raises(ModelError, match="cannot be read"):
        load_craft("x" * 5000 + ".glb")


def test_a_ply_whose_faces_have_no_corners_is_refused(tmp_path):
    head = "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\nproperty float z\n"
    text = head + "element face 1\nproperty list uchar int wrong\nend_header\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n"
    refusal(write(tmp_path / "a.ply", text), "no list vertex_indices")


@pytest.mark.parametrize("name", ["C:\\maps\\a.png", "/home/someone/a.png", "file:///C:/maps/a.png", "file:///x/a.png"])
def test_the_picture_beside_the_mesh_is_used_for_an_absolute_path(tmp_path, name):
    write(tmp_path / "a.png", png(np.full((2, 2, 3), 9)))
    write(tmp_path / "a.mtl", f"newmtl skin\nmap_Kd {name}\n")
    text = "mtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nusemtl skin\nf 1/1 2/2 3/3\n"
    craft = load_quietly(write(tmp_path / "a.obj", text))
    assert craft.parts[0].material.textures["base"][0, 0].tolist() == [9, 9, 9]
    assert any("absolute path" in line for line in craft.warnings)
    (tmp_path / "a.png").unlink()
    craft = load_quietly(tmp_path / "a.obj")
    assert not craft.parts[0].material.textures
    assert any("missing" in line for line in craft.warnings)
