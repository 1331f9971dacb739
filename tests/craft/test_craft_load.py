"""Loading: round trips, the cache, and every way a file can be bad."""

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
from numpy.testing import assert_allclose

from selfiesim.core.errors import ModelError
from selfiesim.core.files import shipped
from selfiesim.craft import cache
from selfiesim.craft.load import clear_craft_cache, list_shipped_craft, load_craft
from selfiesim.craft.mesh.normals import creased_normals

CUBE_OBJ = """
v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 0 1\nv 1 0 1\nv 1 1 1\nv 0 1 1
f 1 3 2\nf 1 4 3\nf 5 6 7\nf 5 7 8\nf 1 2 6\nf 1 6 5\nf 2 3 7\nf 2 7 6\nf 3 4 8\nf 3 8 7\nf 4 1 5\nf 4 5 8
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    clear_craft_cache()
    return tmp_path / "cache"


def triangle_gltf(**changes):
    """A one-triangle glTF table with its numbers inside, to be spoilt by the caller."""
    import base64

    data = (
        np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], dtype="<f4").tobytes()
        + np.array([0, 1, 2, 0], dtype="<u2").tobytes()
    )
    table = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": "plate"}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
        ],
        "bufferViews": [{"buffer": 0, "byteLength": 36}, {"buffer": 0, "byteOffset": 36, "byteLength": 6}],
        "buffers": [
            {"byteLength": 44, "uri": "data:application/octet-stream;base64," + base64.b64encode(data).decode()}
        ],
    }
    return table | changes


def write(path: Path, content: str | bytes | dict) -> Path:
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def fault(path, *words):
    """The message of the ModelError that loading raises: one line, with the file's name and all the words in it."""
    with pytest.raises(ModelError) as caught:
        load_craft(path)
    message = str(caught.value)
    assert "\n" not in message
    for word in (Path(path).name, *words):
        assert word in message, message
    return message


# --- What comes in comes out ----------------------------------------------------------------------------------------


def test_shipped_model_has_materials_texture_joints_and_mount():
    craft = load_craft("tianwen1-orbiter")
    materials = {p.material.name: p.material for p in craft.parts}
    assert materials["gold_foil"].base_color == (0.83, 0.47, 0.12), "not rounded to eight bits"
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


@pytest.mark.parametrize("name", list_shipped_craft())
def test_nothing_of_a_shipped_model_has_to_be_put_right(name):
    craft = load_craft(name)
    assert craft.repairs == craft.warnings == ()


def test_load_again_is_the_same_object_until_a_file_changes(tmp_path):
    path = write(tmp_path / "cube.obj", CUBE_OBJ)
    first = load_craft(path)
    assert load_craft(path) is first
    write(tmp_path / "cube.toml", "[frame]\nmetres_per_unit = 2.0")
    assert load_craft(path) is not first


def test_load_from_the_cache_gives_the_same_parts():
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
def test_a_cube_in_every_format_has_flat_sides_and_grey_paint(tmp_path, suffix):
    import trimesh

    path = write(tmp_path / f"cube{suffix}", CUBE_OBJ)
    if suffix != ".obj":
        trimesh.load(write(tmp_path / "source.obj", CUBE_OBJ), process=False).export(path)
    craft = load_craft(path)
    assert craft.triangle_count == 12
    assert_allclose(craft.bounds_m, [[0, 0, 0], [1, 1, 1]], atol=1e-6)
    assert craft.mounts == {}
    assert craft.joints == {}
    part = craft.parts[0]
    if suffix != ".glb":  # trimesh writes its own smoothed normals into a GLB
        assert_allclose(np.abs(part.normals).max(axis=1), 1.0, atol=1e-6)


def test_description_turns_scales_and_paints(tmp_path):
    path = write(tmp_path / "cube.obj", CUBE_OBJ)
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
    assert craft.parts[0].material.base_color == (0.1, 0.2, 0.3)
    assert craft.parts[0].material.crumple == 0.7
    corners = craft.parts[0].vertices[craft.parts[0].faces].astype(float)
    volume = np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6
    assert volume == pytest.approx(0.125), "still looking outward"


def test_mirrored_node_still_looks_outward(tmp_path):
    import trimesh

    cube = trimesh.load(write(tmp_path / "source.obj", CUBE_OBJ), process=False)
    scene = trimesh.Scene()
    scene.add_geometry(cube, node_name="mirrored", transform=np.diag([-1.0, 1.0, 1.0, 1.0]))
    scene.export(tmp_path / "mirrored.glb")
    part = load_craft(tmp_path / "mirrored.glb").parts[0]
    corners = part.vertices[part.faces].astype(float)
    assert np.einsum("ij,ij->", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) / 6 == pytest.approx(1.0)
    assert part.node == "mirrored"


def test_creases_keep_a_cube_sharp_and_a_ball_round():
    # An octahedron subdivided would do; a 20-sided ring bends 18 deg at each edge: below the crease, smooth.
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.array([[np.cos(a), np.sin(a), z] for z in (0.0, 1.0) for a in angle])
    k = np.arange(20)
    faces = np.concatenate(
        [np.stack([k, (k + 1) % 20, (k + 1) % 20 + 20], 1), np.stack([k, (k + 1) % 20 + 20, k + 20], 1)]
    )
    normals = creased_normals(ring, faces, 35.0)
    radial = ring[faces] * (1.0, 1.0, 0.0)
    assert np.einsum("mck,mck->mc", normals, radial).min() > 0.98
    flat = creased_normals(ring, faces, 10.0)
    assert np.einsum("mck,mck->mc", flat, radial).max() < 0.99


@pytest.mark.parametrize("bump", [0.0, 0.2, 0.6])
def test_creased_normals_are_the_mean_of_the_faces_that_are_alike(bump):
    # Authority: the definition, pair by pair: round each corner the area-weighted mean of faces within 35 degrees.
    import trimesh

    ball = trimesh.creation.icosphere(2)
    vertices = np.array(ball.vertices) * (1 + bump * np.random.default_rng(5).random((len(ball.vertices), 1)))
    faces = np.array(ball.faces)
    found = creased_normals(vertices, faces, 35.0)
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    weighted = np.cross(b - a, c - a)
    unit = weighted / np.linalg.norm(weighted, axis=1, keepdims=True)
    for face in range(0, len(faces), 7):
        for corner in range(3):
            round_it = np.flatnonzero((faces == faces[face, corner]).any(axis=1))
            alike = round_it[unit[round_it] @ unit[face] >= np.cos(np.radians(35.0))]
            mean = weighted[alike].sum(axis=0)
            assert_allclose(found[face, corner], mean / np.linalg.norm(mean), atol=1e-12)


@pytest.mark.filterwarnings("ignore::selfiesim.core.errors.ModelWarning")
def test_real_mesh_from_nasa_comes_whole_in_its_declared_size(tmp_path):
    # NASA's model of the Mars Reconnaissance Orbiter (13.6 m from wing tip to wing tip: NASA), Draco and WebP.
    pytest.importorskip("DracoPy")
    found = _reference("mesh_mro_draco.glb")
    if found is None:
        pytest.skip("no reference mesh here")
    path = Path(shutil.copy(found, tmp_path / "mro.glb"))
    assert any("frame.longest_m" in text for text in load_craft(path).warnings), "90 units are no metres"
    write(tmp_path / "mro.toml", "[frame]\nlongest_m = 13.6\n")
    craft = load_craft(path)
    assert np.diff(craft.bounds_m, axis=0).max() == pytest.approx(13.6, rel=1e-6)
    redundant = sum(int(text.split(": ")[1]) for text in craft.repairs if "left out" in text)
    assert craft.triangle_count + redundant == 62_705
    assert {part.material.name for part in craft.parts} == {"default #2", "pole"}
    assert all(part.material.textures["base"].shape == (1024, 1024, 3) for part in craft.parts)
    assert all(part.uv is not None for part in craft.parts)


def _reference(name):
    folders = [Path(__file__).resolve().parents[k] / "shared" / "reference" for k in range(2, 5)]
    if os.environ.get("SELFIESIM_REFERENCE"):
        folders.insert(0, Path(os.environ["SELFIESIM_REFERENCE"]))
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


# --- The cache ------------------------------------------------------------------------------------------------------

WARM = """
import sys, time
from selfiesim.craft.load import load_craft
start = time.perf_counter()
craft = load_craft("tianwen1-orbiter")
print(time.perf_counter() - start, craft.triangle_count, "trimesh" in sys.modules)
"""


def test_warm_load_needs_no_mesh_library_and_is_quick():
    cold = load_craft("tianwen1-orbiter")
    out = subprocess.run([sys.executable, "-c", WARM], capture_output=True, text=True, check=True).stdout.split()
    assert out[1:] == [str(cold.triangle_count), "False"]
    assert float(out[0]) < 0.1


@pytest.mark.parametrize("spoil", [b"", b"not a zip file", None], ids=["empty", "garbage", "cut short"])
def test_spoilt_cache_is_rebuilt(own_cache, spoil):
    first = load_craft("tianwen1-orbiter")
    (kept,) = own_cache.rglob("*.npz")
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2] if spoil is None else spoil)
    clear_craft_cache()
    assert load_craft("tianwen1-orbiter").triangle_count == first.triangle_count
    assert len(kept.read_bytes()) == len(whole)


def test_flipped_byte_in_the_cache_is_noticed(own_cache):
    first = load_craft("tianwen1-orbiter")
    (kept,) = own_cache.rglob("*.npz")
    spoilt = bytearray(kept.read_bytes())
    spoilt[len(spoilt) // 2] ^= 0xFF
    kept.write_bytes(spoilt)
    clear_craft_cache()
    second = load_craft("tianwen1-orbiter")
    assert all(np.array_equal(a.vertices, b.vertices) for a, b in zip(first.parts, second.parts, strict=True))


def test_cache_that_cannot_be_written_is_no_error(tmp_path, monkeypatch):
    blocked = write(tmp_path / "blocked", "a file where the folder should be")
    monkeypatch.setenv("SELFIESIM_CACHE", str(blocked))
    assert load_craft(write(tmp_path / "cube.obj", CUBE_OBJ)).triangle_count == 12


@pytest.mark.filterwarnings("ignore::selfiesim.core.errors.ModelWarning")
def test_changed_description_or_companion_is_seen(tmp_path):
    path = write(tmp_path / "cube.obj", "mtllib paint.mtl\nusemtl skin\n" + CUBE_OBJ)
    assert load_craft(path).parts[0].material.base_color == (0.5, 0.5, 0.5), "grey while its paint is missing"
    write(tmp_path / "paint.mtl", "newmtl skin\nKd 1 0 0\n")
    assert load_craft(path).parts[0].material.base_color == (1.0, 0.0, 0.0)
    write(tmp_path / "paint.mtl", "newmtl skin\nKd 0 1 0\n")
    assert load_craft(path).parts[0].material.base_color == (0.0, 1.0, 0.0)
    write(tmp_path / "cube.toml", "[materials.skin]\nbase_color = [0, 0, 1]\n")
    assert load_craft(path).parts[0].material.base_color == (0.0, 0.0, 1.0)


def test_cache_key_depends_on_mesh_and_description():
    paths = {cache.cache_path(a, b) for a in (b"a", b"ab") for b in (b"", b"b")}
    assert len(paths) == 4


# --- Bad input ------------------------------------------------------------------------------------------------------


def test_unknown_name_lists_the_shipped_ones_and_the_nearest():
    assert "tianwen1-orbiter" in list_shipped_craft()
    message = fault("tianwen1-orbitr", "shipped models are", "did you mean 'tianwen1-orbiter'?")
    assert message.startswith("tianwen1-orbitr")


def test_folder_is_not_a_mesh(tmp_path):
    fault(tmp_path, "folder")


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
        ("picture.png", b"\x89PNG", "not a mesh format"),
        ("nothing", b"v 0 0 0", "not a mesh format"),
        ("range.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", ""),
        ("nan.obj", b"v 0 0 0\nv 1 0 0\nv 0 nan 0\nf 1 2 3\n", "finite"),
        ("inf.obj", b"v 0 0 0\nv 1 0 0\nv 0 inf 0\nf 1 2 3\n", "finite"),
        ("far.obj", b"v 0 0 0\nv 1 0 0\nv 0 1e9 0\nf 1 2 3\n", "unit of length"),
        ("deep.gltf", b"[" * 100_000, "JSON"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_bad_file(tmp_path, name, content, word):
    fault(write(tmp_path / name, content), word)


def test_material_library_outside_the_folder_is_not_opened(tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "secret.mtl", "newmtl a\nKd 1 0 0\n")
    text = "mtllib ../secret.mtl\nusemtl a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
    fault(write(tmp_path / "in" / "plate.obj", text), "outside its own folder")


def test_good_gltf_triangle_loads(tmp_path):
    craft = load_craft(write(tmp_path / "plate.gltf", triangle_gltf()))
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
        ({"images": [{"uri": "../picture.png"}]}, "outside its own folder"),
        ({"buffers": [{"byteLength": 44, "uri": "missing.bin"}]}, "missing.bin"),
        ({"nodes": [{"mesh": 0, "children": [1]}, {"children": [0]}]}, "tree"),
        ({"nodes": [{"mesh": 0, "children": [1, 2]}, {"children": [3]}, {"children": [3]}, {}]}, "tree"),
        ({"extensionsRequired": ["EXT_meshopt_compression"]}, "EXT_meshopt_compression"),
        ({"accessors": [{"componentType": 5126, "count": 10**10, "type": "VEC3"}]}, "limit"),
        ({"meshes": [{"primitives": [{}]}]}, "not glTF"),
        ({"meshes": []}, ""),
    ],
)
def test_bad_gltf(tmp_path, change, word):
    fault(write(tmp_path / "plate.gltf", triangle_gltf(**change)), word)


def test_link_out_of_the_folder_is_not_followed(tmp_path):
    (tmp_path / "in").mkdir()
    write(tmp_path / "secret.bin", b"\0" * 44)
    (tmp_path / "in" / "inside.bin").symlink_to(tmp_path / "secret.bin")
    table = triangle_gltf(buffers=[{"byteLength": 44, "uri": "inside.bin"}])
    fault(write(tmp_path / "in" / "plate.gltf", table), "outside its own folder")


def test_face_out_of_range_in_gltf(tmp_path):
    path = shutil.copy(shipped("models") / "tianwen1-orbiter.glb", tmp_path / "spoilt.glb")
    content = bytearray(path.read_bytes())
    length = struct.unpack("<I", content[12:16])[0]
    table = json.loads(content[20 : 20 + length])
    accessor = table["accessors"][table["meshes"][0]["primitives"][0]["indices"]]
    start = 20 + length + 8 + table["bufferViews"][accessor["bufferView"]]["byteOffset"]
    content[start : start + 2] = b"\xff\xff"
    fault(write(path, bytes(content)), "")


def test_cut_short(tmp_path):
    whole = (shipped("models") / "tianwen1-orbiter.glb").read_bytes()
    for share in (0.0005, 0.01, 0.5, 0.99):
        fault(write(tmp_path / "short.glb", whole[: int(share * len(whole))]))


def test_huge_file_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.stl"
    with path.open("wb") as file:
        file.truncate(600 << 20)  # a hole: no disk used
    start = time.perf_counter()
    fault(path, "600 MB", "512 MB")
    assert time.perf_counter() - start < 0.5


def test_first_contact_against_slabs(tmp_path):
    # Authority: the slab test for boxes (Kay and Kajiya 1986), which knows no triangles.
    import trimesh

    from selfiesim.craft.model import first_ray_hit

    centers = np.array([[3.0, 0.0, 0.0], [0.0, 4.0, 1.0], [-2.0, -2.0, -2.0]])
    boxes = [trimesh.creation.box((1, 1, 1)).apply_translation(center) for center in centers]
    trimesh.util.concatenate(boxes).export(tmp_path / "boxes.stl")
    craft = load_craft(tmp_path / "boxes.stl")
    hits = 0
    for ray in np.random.default_rng(3).normal(size=(1000, 3)):
        ray /= np.linalg.norm(ray)
        ends = np.stack([(centers - 0.5) / ray, (centers + 0.5) / ray])
        entry, leave = ends.min(axis=0).max(axis=1), ends.max(axis=0).min(axis=1)
        met = entry[(entry < leave) & (entry > 0.0)]
        found = first_ray_hit(craft, (0.0, 0.0, 0.0), tuple(ray.tolist()))
        assert (found is None) == (len(met) == 0)
        if found:
            hits += 1
            assert found[1] == pytest.approx(met.min(), rel=1e-6)
    assert hits > 30
