"""Loading craft: round trips, the cache, and invalid files."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from mesh_files import Gltf, bands, cube_obj, refusal, volume, write
from numpy.testing import assert_allclose

from selfiesim.core.files import shipped
from selfiesim.craft import cache
from selfiesim.craft.load import clear_craft_cache, load_craft, models
from selfiesim.craft.materials import FINISHES


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    clear_craft_cache()
    return tmp_path / "cache"


# --- Round trips ----------------------------------------------------------------------------------------------------


def test_shipped_model_has_materials_texture_joints_and_mount():
    craft = load_craft("tianwen1-orbiter")
    materials = {p.material.name: p.material for p in craft.parts}
    # Written as linear sRGB to six decimals, and read back to bands.
    assert_allclose(materials["gold_foil"].base_color, FINISHES["gold_foil"].base_color, atol=2e-6)
    assert materials["gold_foil"].crumple > 0.2
    assert materials["solar_cell"].textures["base"].ndim == 3
    assert materials["solar_cell"].textures["base"].dtype == np.uint8
    assert set(craft.joints) == {"wing_plus_y", "wing_minus_y", "hga"}
    assert craft.mass_kg == 1600.0
    assert "body_depth_z_m" in craft.assumed
    assert "hga" in repr(craft)
    assert str(craft.triangle_count) in repr(craft)
    for part in craft.parts:
        assert part.vertices.dtype == part.normals.dtype == np.float32
        assert part.faces.dtype == np.int32
        assert (part.uv is not None) == bool(part.material.textures)


@pytest.mark.parametrize("name", models())
def test_shipped_models_need_no_repair(name):
    craft = load_craft(name)
    assert craft.repairs == craft.warnings == ()


def test_reloading_returns_the_same_object_until_a_file_changes(tmp_path):
    path = write(tmp_path / "cube.obj", cube_obj())
    first = load_craft(path)
    assert load_craft(path) is first
    write(tmp_path / "cube.toml", "[frame]\nmetres_per_unit = 2.0")
    assert load_craft(path) is not first


def test_cached_craft_has_the_same_parts():
    first = load_craft("tianwen1-orbiter")
    clear_craft_cache()
    second = load_craft("tianwen1-orbiter")
    for a, b in zip(first.parts, second.parts, strict=True):
        assert (a.name, a.node, a.joint) == (b.name, b.node, b.joint)
        for one, other in [(a.vertices, b.vertices), (a.normals, b.normals), (a.faces, b.faces), (a.uv, b.uv)]:
            assert np.array_equal(one, other)
        assert a.material.base_color == b.material.base_color
        assert all(np.array_equal(a.material.textures[k], b.material.textures[k]) for k in a.material.textures)


@pytest.mark.parametrize("suffix", [".obj", ".ply", ".stl", ".glb"])
def test_cube_has_flat_sides(tmp_path, suffix):
    import trimesh

    path = write(tmp_path / f"cube{suffix}", cube_obj())
    if suffix != ".obj":
        trimesh.load(write(tmp_path / "source.obj", cube_obj()), process=False).export(path)
    craft = load_craft(path)
    assert craft.triangle_count == 12
    assert_allclose(craft.bounds_m, [[0, 0, 0], [1, 1, 1]], atol=1e-6)
    assert craft.mounts == {}
    assert craft.joints == {}
    part = craft.parts[0]
    if suffix != ".glb":  # trimesh writes smoothed normals into a GLB
        assert_allclose(np.abs(part.normals).max(axis=1), 1.0, atol=1e-6)


def test_description_rotates_scales_and_recolours(tmp_path):
    path = write(tmp_path / "cube.obj", cube_obj())
    write(
        tmp_path / "cube.toml",
        """
        name = "a cube"
        [frame]
        body_from_gltf = [[0, 1, 0], [1, 0, 0], [0, 0, -1]]
        metres_per_unit = 0.5
        [materials.default]
        base_color = [0.1, 0.2, 0.3]
        crumple = 0.7
        """,
    )
    craft = load_craft(path)
    assert craft.name == "a cube"
    assert_allclose(craft.bounds_m, [[0, 0, -0.5], [0.5, 0.5, 0]], atol=1e-6)
    assert_allclose(craft.parts[0].material.base_color, bands(0.1, 0.2, 0.3))
    assert craft.parts[0].material.crumple == 0.7
    assert volume(craft) == pytest.approx(0.125), "the faces stay outward"


def test_mirrored_node_stays_outward(tmp_path):
    import trimesh

    cube = trimesh.load(write(tmp_path / "source.obj", cube_obj()), process=False)
    scene = trimesh.Scene()
    scene.add_geometry(cube, node_name="mirrored", transform=np.diag([-1.0, 1.0, 1.0, 1.0]))
    scene.export(tmp_path / "mirrored.glb")
    craft = load_craft(tmp_path / "mirrored.glb")
    assert volume(craft) == pytest.approx(1.0)
    assert craft.parts[0].node == "mirrored"


@pytest.mark.filterwarnings("ignore::selfiesim.core.errors.ModelWarning")
def test_nasa_mesh_loads_completely_at_its_declared_size(tmp_path):
    # NASA's model of the Mars Reconnaissance Orbiter (13.6 m from wing tip to wing tip: NASA), Draco and WebP.
    pytest.importorskip("DracoPy")
    reference = _reference("mesh_mro_draco.glb")
    if reference is None:
        pytest.skip("the reference mesh is not available")
    path = Path(shutil.copy(reference, tmp_path / "mro.glb"))
    assert any("frame.longest_m" in text for text in load_craft(path).warnings), "90 units cannot be metres"
    write(tmp_path / "mro.toml", "[frame]\nlongest_m = 13.6\n")
    craft = load_craft(path)
    assert np.diff(craft.bounds_m, axis=0).max() == pytest.approx(13.6, rel=1e-6)
    removed = sum(int(text.split(": ")[1]) for text in craft.repairs if "removed" in text)
    assert craft.triangle_count + removed == 62_705
    assert {part.material.name for part in craft.parts} == {"default #2", "pole"}
    assert all(part.material.textures["base"].shape == (1024, 1024, 3) for part in craft.parts)
    assert all(part.uv is not None for part in craft.parts)


def _reference(name):
    """The path of a reference file; None where it is not available."""
    folders = [Path(__file__).resolve().parents[k] / "shared" / "reference" for k in range(2, 5)]
    if os.environ.get("SELFIESIM_REFERENCE"):
        folders.insert(0, Path(os.environ["SELFIESIM_REFERENCE"]))
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


# --- The cache ------------------------------------------------------------------------------------------------------

TIMED_LOAD = """
import sys, time
from selfiesim.craft.load import load_craft
start = time.process_time()
craft = load_craft("tianwen1-orbiter")
print(time.process_time() - start, craft.triangle_count, "trimesh" in sys.modules)
"""


def test_cached_load_is_fast_and_does_not_import_trimesh():
    uncached = load_craft("tianwen1-orbiter")
    out = subprocess.run([sys.executable, "-c", TIMED_LOAD], capture_output=True, text=True, check=True).stdout.split()
    assert out[1:] == [str(uncached.triangle_count), "False"]
    assert float(out[0]) < 0.1


@pytest.mark.parametrize("content", [b"", b"not a zip file", None], ids=["empty", "garbage", "truncated"])
def test_damaged_cache_is_rebuilt(own_cache, content):
    first = load_craft("tianwen1-orbiter")
    (cached,) = own_cache.rglob("*.npz")
    whole = cached.read_bytes()
    cached.write_bytes(whole[: len(whole) // 2] if content is None else content)
    clear_craft_cache()
    assert load_craft("tianwen1-orbiter").triangle_count == first.triangle_count
    assert len(cached.read_bytes()) == len(whole)


def test_flipped_byte_in_the_cache_is_detected(own_cache):
    first = load_craft("tianwen1-orbiter")
    (cached,) = own_cache.rglob("*.npz")
    damaged = bytearray(cached.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    cached.write_bytes(damaged)
    clear_craft_cache()
    second = load_craft("tianwen1-orbiter")
    assert all(np.array_equal(a.vertices, b.vertices) for a, b in zip(first.parts, second.parts, strict=True))


def test_unwritable_cache_is_not_an_error(tmp_path, monkeypatch):
    blocked = write(tmp_path / "blocked", "a file where the folder should be")
    monkeypatch.setenv("SELFIESIM_CACHE", str(blocked))
    assert load_craft(write(tmp_path / "cube.obj", cube_obj())).triangle_count == 12


@pytest.mark.filterwarnings("ignore::selfiesim.core.errors.ModelWarning")
def test_changed_description_or_referenced_file_is_reloaded(tmp_path):
    path = write(tmp_path / "cube.obj", "mtllib paint.mtl\nusemtl skin\n" + cube_obj())
    assert load_craft(path).parts[0].material.base_color == (0.5, 0.5, 0.5), "grey without its MTL"
    write(tmp_path / "paint.mtl", "newmtl skin\nKd 1 0 0\n")
    assert_allclose(load_craft(path).parts[0].material.base_color, bands(1, 0, 0))
    write(tmp_path / "paint.mtl", "newmtl skin\nKd 0 1 0\n")
    assert_allclose(load_craft(path).parts[0].material.base_color, bands(0, 1, 0))
    write(tmp_path / "cube.toml", "[materials.skin]\nbase_color = [0, 0, 1]\n")
    assert_allclose(load_craft(path).parts[0].material.base_color, bands(0, 0, 1))


def test_cache_key_depends_on_mesh_and_description():
    paths = {cache.cache_path(a, b) for a in (b"a", b"ab") for b in (b"", b"b")}
    assert len(paths) == 4


# --- Invalid files --------------------------------------------------------------------------------------------------


def test_unknown_name_lists_the_shipped_models_and_suggests_the_nearest():
    assert "tianwen1-orbiter" in models()
    message = refusal("tianwen1-orbitr", "shipped models are", "did you mean 'tianwen1-orbiter'?")
    assert message.startswith("tianwen1-orbitr")


def test_folder_is_refused(tmp_path):
    refusal(tmp_path, "folder")


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("empty.glb", b"", "empty"),
        ("noise.glb", b"\x07" * 500, "GLB"),
        ("noise.stl", b"\x07" * 50, "triangles"),
        ("noise.ply", b"\x07" * 500, "damaged"),
        ("noise.gltf", b"{", "JSON"),
        ("list.gltf", b"[]", "not glTF"),
        ("words.obj", b"hello world\n", "triangles"),
        ("points.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "triangles"),
        ("image.png", b"\x89PNG", "not a supported mesh format"),
        ("nothing", b"v 0 0 0", "not a supported mesh format"),
        ("range.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", ""),
        ("nan.obj", b"v 0 0 0\nv 1 0 0\nv 0 nan 0\nf 1 2 3\n", "finite"),
        ("inf.obj", b"v 0 0 0\nv 1 0 0\nv 0 inf 0\nf 1 2 3\n", "finite"),
        ("far.obj", b"v 0 0 0\nv 1 0 0\nv 0 1e9 0\nf 1 2 3\n", "unit of length"),
        ("deep.gltf", b"[" * 100_000, "JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_invalid_file_is_refused(tmp_path, name, content, word):
    refusal(write(tmp_path / name, content), word)


def test_material_library_outside_the_folder_is_not_opened(tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "secret.mtl", "newmtl a\nKd 1 0 0\n")
    text = "mtllib ../secret.mtl\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
    refusal(write(tmp_path / "in" / "plate.obj", text), "outside its own folder")


def test_valid_gltf_triangle_loads(tmp_path):
    craft = load_craft(Gltf().gltf(tmp_path / "plate.gltf"))
    assert craft.triangle_count == 1
    assert craft.parts[0].node == "plate"
    assert_allclose(craft.parts[0].normals, [[0, 0, 1]] * 3, atol=1e-6)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"buffers": [{"byteLength": 44, "uri": "../outside.bin"}]}, "outside its own folder"),
        ({"buffers": [{"byteLength": 44, "uri": "/etc/hostname"}]}, "outside its own folder"),
        ({"buffers": [{"byteLength": 44, "uri": "%2e%2e/outside.bin"}]}, "outside its own folder"),
        ({"buffers": [{"byteLength": 44, "uri": "C:\\outside.bin"}]}, "outside its own folder"),
        ({"buffers": [{"byteLength": 44, "uri": "http://example.org/a.bin"}]}, "outside its own folder"),
        ({"images": [{"uri": "../image.png"}]}, "outside its own folder"),
        ({"buffers": [{"byteLength": 44, "uri": "missing.bin"}]}, "missing.bin"),
        ({"nodes": [{"mesh": 0, "children": [1]}, {"children": [0]}]}, "tree"),
        ({"nodes": [{"mesh": 0, "children": [1, 2]}, {"children": [3]}, {"children": [3]}, {}]}, "tree"),
        ({"extensionsRequired": ["EXT_meshopt_compression"]}, "EXT_meshopt_compression"),
        ({"accessors": [{"componentType": 5126, "count": 10**10, "type": "VEC3"}]}, "limit"),
        ({"meshes": [{"primitives": [{}]}]}, "not glTF"),
        ({"meshes": []}, ""),
    ],
)
def test_invalid_gltf_is_refused(tmp_path, change, word):
    refusal(Gltf().gltf(tmp_path / "plate.gltf", **change), word)


def test_symlink_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "secret.bin", b"\0" * 44)
    (tmp_path / "in" / "inside.bin").symlink_to(tmp_path / "secret.bin")
    buffers = [{"byteLength": 44, "uri": "inside.bin"}]
    refusal(Gltf().gltf(tmp_path / "in" / "plate.gltf", buffers=buffers), "outside its own folder")


def test_face_out_of_range_in_gltf_is_refused(tmp_path):
    path = shutil.copy(shipped("models") / "tianwen1-orbiter.glb", tmp_path / "damaged.glb")
    content = bytearray(path.read_bytes())
    length = struct.unpack("<I", content[12:16])[0]
    document = json.loads(content[20 : 20 + length])
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["indices"]]
    start = 20 + length + 8 + document["bufferViews"][accessor["bufferView"]]["byteOffset"]
    content[start : start + 2] = b"\xff\xff"
    refusal(write(path, bytes(content)), "")


def test_truncated_glb_is_refused(tmp_path):
    whole = (shipped("models") / "tianwen1-orbiter.glb").read_bytes()
    for share in (0.0005, 0.01, 0.5, 0.99):
        refusal(write(tmp_path / "short.glb", whole[: int(share * len(whole))]))


def test_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.stl"
    with path.open("wb") as file:
        file.truncate(600 << 20)  # sparse: uses no disk space
    start = time.process_time()
    refusal(path, "600 MB", "512 MB")
    assert time.process_time() - start < 0.5
