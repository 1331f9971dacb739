"""Files from anywhere: what asks for too much, reaches out, lies or loops is refused in one line, and quickly."""

from __future__ import annotations

import base64
import json
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
from test_craft_load_formats import cube_3mf, cube_dae

from selfiesim.core.errors import ModelError
from selfiesim.craft.description import ModelDescription
from selfiesim.craft.formats import limits
from selfiesim.craft.formats.reader import read_parts
from selfiesim.craft.formats.referenced_files import ResourceResolver


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


def textured(content: bytes) -> Gltf:
    made = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"))
    made.paint(pbrMetallicRoughness={"baseColorTexture": {"index": made.picture(content)}})
    return made


# --- Buffers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda t: t["accessors"][0].update(count=4), ("accessors[0]", "reaches byte 48")),
        (lambda t: t["accessors"][0].update(byteOffset=4), ("accessors[0]", "reaches byte 40")),
        (lambda t: t["accessors"][0].update(byteOffset=-4), ("byte offset",)),
        (lambda t: t["accessors"][0].update(componentType=5124), ("componentType", "5126")),
        (lambda t: t["accessors"][0].update(type="VEC2"), ("accessors[0].type", "VEC2")),
        (lambda t: t["accessors"][0].update(bufferView=9), ("bufferViews[9]", "there are 2")),
        (lambda t: t["accessors"][0].update(count=10**10), ("accessors[0].count", "limit")),
        (lambda t: t["accessors"][0].update(count="3"), ("accessors[0].count",)),
        (lambda t: t["bufferViews"][0].update(byteLength=10**6), ("bufferViews[0]", "cut short")),
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
def test_tables_that_lie(tmp_path, spoil, words):
    made = Gltf()
    spoil(made.table)
    refusal(made.glb(tmp_path / "a.glb"), *words)


def test_an_index_beyond_the_vertices_is_named(tmp_path):
    refusal(Gltf([[0, 1, 3]]).glb(tmp_path / "a.glb"), "primitives[0].indices", "vertex 3 of 3")


def test_sparse_rows_beyond_the_table(tmp_path):
    made = Gltf()
    at, new = made.view(np.array([3], "<u2").tobytes()), made.view(bytes(12))
    made.table["accessors"][0]["sparse"] = {
        "count": 1,
        "indices": {"bufferView": at, "componentType": 5123},
        "values": {"bufferView": new},
    }
    refusal(made.glb(tmp_path / "a.glb"), "sparse.indices")


def test_a_glb_cut_anywhere_is_refused(tmp_path):
    whole = textured(png([[[1, 2, 3]]])).glb(tmp_path / "a.glb").read_bytes()
    for length in range(0, len(whole) - 4, 37):
        refusal(write(tmp_path / "a.glb", whole[:length]))


@pytest.mark.parametrize("uri", ["data:;base64,!!!!", "data:application/octet-stream", "data:;base64,AAA"])
def test_data_uri_that_holds_nothing(tmp_path, uri):
    refusal(Gltf().gltf(tmp_path / "a.gltf", buffers=[{"byteLength": 44, "uri": uri}]))


# --- Reaching out ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri",
    ["../a.bin", "x/../../a.bin", "/etc/hostname", "%2e%2e%2fa.bin", "..%5ca.bin", "C:\\a.bin", "file:///etc/hostname",
     "http://example.org/a.bin", "\\\\server\\a.bin"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["buffers", "images"])
def test_names_that_lead_out(tmp_path, uri, kind):
    (tmp_path / "in").mkdir()
    write(tmp_path / "a.bin", bytes(64))
    made = textured(png([[[1, 2, 3]]]))
    changes = {kind: [{"uri": uri, "byteLength": 44}]}
    refusal(made.gltf(tmp_path / "in" / "a.gltf", **changes), "outside its own folder")


def test_missing_texture_is_told_and_drawn_without(tmp_path):
    made = textured(png([[[1, 2, 3]]]))
    craft = load_quietly(made.gltf(tmp_path / "a.gltf", images=[{"uri": "gone.png"}]))
    assert craft.parts[0].material.textures == {}
    assert any("images[0]" in text and "'gone.png'" in text for text in craft.warnings)
    write(tmp_path / "gone.png", png([[[1, 2, 3]]]))
    assert "base" in load_quietly(tmp_path / "a.gltf").parts[0].material.textures, "seen once it is there"


def test_a_folder_in_the_place_of_a_buffer(tmp_path):
    (tmp_path / "a.bin").mkdir()
    refusal(Gltf().gltf(tmp_path / "a.gltf", buffers=[{"byteLength": 44, "uri": "a.bin"}]), "'a.bin'")


# --- Bombs ----------------------------------------------------------------------------------------------------------


def test_a_picture_is_refused_by_its_header(tmp_path):
    bomb = hollow_png(16_000, 16_000)  # 32 kB that unpack to 256 million pixels
    assert len(bomb) < 100_000
    start = time.perf_counter()
    refusal(textured(bomb).glb(tmp_path / "a.glb"), "images[0]", "pixels", "limit")
    assert time.perf_counter() - start < 1.0


def test_a_picture_in_a_data_uri_is_refused_as_well(tmp_path):
    uri = "data:image/png;base64," + base64.b64encode(hollow_png(40_000, 100)).decode()
    refusal(textured(b"x").gltf(tmp_path / "a.gltf", images=[{"uri": uri}]), "40000 x 100 pixels", "16384")


def test_pictures_that_together_are_too_large_are_made_smaller(tmp_path, monkeypatch):
    from selfiesim.craft.formats import textures

    monkeypatch.setattr(textures, "MAX_TOTAL_TEXTURE_PIXELS", 2_000)
    made = Gltf(TEXCOORD_0=np.zeros((3, 2), "<f4"))
    base, glow = (made.picture(png(np.zeros((48, 64, 3)))) for _ in range(2))
    made.paint(pbrMetallicRoughness={"baseColorTexture": {"index": base}}, emissiveTexture={"index": glow})
    craft = load_quietly(made.glb(tmp_path / "a.glb"))
    assert [picture.shape for picture in craft.parts[0].material.textures.values()] == [(24, 32, 3)] * 2
    assert "images[0] is made smaller, from 64 x 48 to 32 on its longer side" in craft.warnings


def test_a_damaged_picture_is_told_and_left_out(tmp_path):
    rng = np.random.default_rng(0)
    whole = png(rng.integers(0, 255, (32, 32, 3)))
    for content in (b"no picture", whole[: len(whole) // 2]):
        craft = load_quietly(textured(content).glb(tmp_path / "a.glb"))
        assert craft.parts[0].material.textures == {}
        assert any("images[0]" in text and "left out" in text for text in craft.warnings)


def test_copies_are_counted_before_they_are_made(tmp_path):
    made = Gltf(np.tile([0, 1, 2], (2_000, 1)))
    made.table["nodes"] = [{"mesh": 0}] * 2_001
    made.table["scenes"][0]["nodes"] = list(range(2_001))
    start = time.perf_counter()
    refusal(made.glb(tmp_path / "a.glb"), "4,000,000 triangles", "each instance counted")
    assert time.perf_counter() - start < 2.0


def test_tables_of_zeros_are_counted_before_they_are_made(tmp_path):
    made = Gltf(None)
    made.table["accessors"] = [{"componentType": 5126, "type": "VEC3", "count": limits.MAX_ACCESSOR_ITEMS // 2}]
    made.table["meshes"] = [{"primitives": [{"attributes": {"POSITION": 0}, "mode": 4}]}] * 3
    made.table["nodes"] = [{"mesh": k} for k in range(3)]
    made.table["scenes"][0]["nodes"] = [0, 1, 2]
    refusal(made.glb(tmp_path / "a.glb"), "12,000,000 vertices")


def test_thousands_of_nodes_of_one_name_are_told_apart_quickly(tmp_path):
    made = Gltf()
    made.table["nodes"] = [{"name": "bolt"}] * 20_000 + [{"name": "bolt 3", "mesh": 0}]
    made.table["scenes"][0]["nodes"] = list(range(20_001))
    start = time.perf_counter()
    assert load_quietly(made.glb(tmp_path / "a.glb")).parts[0].node == "bolt 3 2"
    assert time.perf_counter() - start < 3.0


@pytest.mark.parametrize(("kind", "most"), [("nodes", limits.MAX_NODES), ("images", limits.MAX_IMAGES)])
def test_tables_too_long(tmp_path, kind, most):
    refusal(Gltf().gltf(tmp_path / "a.gltf", **{kind: [{}] * (most + 1)}), kind, "limit")


def test_nodes_too_deep(tmp_path):
    chain = [{"children": [k + 1]} for k in range(limits.MAX_DEPTH + 1)] + [{"mesh": 0}]
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
def test_nodes_that_loop(tmp_path, nodes):
    made = Gltf()
    path = made.gltf(tmp_path / "a.gltf", nodes=nodes, scenes=[{"nodes": [len(nodes) - 1, 0]}])
    refusal(path, "nodes")


def test_more_triangles_than_the_limit(tmp_path):
    content = bytes(80) + struct.pack("<I", limits.MAX_TRIANGLES + 1)
    with (tmp_path / "a.stl").open("wb") as file:
        file.write(content)
        file.truncate(84 + 50 * (limits.MAX_TRIANGLES + 1))  # a hole: no disk used
    refusal(tmp_path / "a.stl", "4,000,001 triangles", "decimate")


# --- Chance ---------------------------------------------------------------------------------------------------------


def seeds():
    import trimesh

    ball = trimesh.creation.icosphere(1)
    made = textured(png(np.arange(48).reshape(4, 4, 3)))
    made.table["materials"][0]["extensions"] = {"KHR_materials_clearcoat": {"clearcoatFactor": 1}}
    table = made.table | {"buffers": [{"byteLength": len(made.buffer)}]}
    return {
        ".glb": glb_bytes(table, made.buffer),
        ".gltf": json.dumps(Gltf(CUBE_FACES, POSITION=CUBE_CORNERS.astype("<f4")).table).encode(),
        ".obj": ("mtllib m.mtl\nvt 0 0\nvn 0 0 1\nusemtl a\n" + cube_obj() + "f 1/1/1 2/1/1 3/1/1\n").encode(),
        ".ply": ball.export(file_type="ply"),
        ".stl": ball.export(file_type="stl"),
        ".off": ball.export(file_type="off").encode(),
        ".3mf": cube_3mf(),
        ".dae": cube_dae().encode(),
    }


def spoilt(content: bytes, dice: random.Random) -> bytes:
    """The file with a few bytes changed, digits made enormous, a piece cut out, or its end cut off."""
    out = bytearray(content)
    kind = dice.random()
    if kind < 0.15:
        return bytes(out[: dice.randrange(len(out))])
    if kind < 0.3:
        start = dice.randrange(len(out))
        del out[start : start + dice.randrange(1, 40)]
        return bytes(out)
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(out))
        if 48 <= out[at] <= 57 and kind > 0.6:
            out[at : at + 1] = dice.choice([b"-1", b"99999999", b"1e308", b"nan", b"null", b"[]", b'"x"'])
        else:
            out[at] ^= 1 << dice.randrange(8)
    return bytes(out)


@pytest.mark.parametrize("suffix", [".glb", ".gltf", ".obj", ".ply", ".stl", ".off", ".3mf", ".dae"])
def test_files_spoilt_by_chance_are_read_or_refused(tmp_path, suffix):
    content, dice = seeds()[suffix], random.Random(suffix)
    messages = []
    for _ in range(60):
        try:
            import_result = read_parts(spoilt(content, dice), suffix, ResourceResolver(tmp_path), ModelDescription())
        except ModelError as error:
            messages.append(str(error))
            continue
        for part in import_result.parts:
            assert np.isfinite(part.vertices).all()
            assert np.isfinite(part.normals).all()
            assert part.faces.max() < len(part.vertices)
    assert len(messages) > 5, "the spoiling spoils"
    assert all(10 < len(message) < 500 and "\n" not in message for message in messages)
