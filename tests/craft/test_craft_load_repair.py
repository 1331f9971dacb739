"""Faulty meshes are repaired, and the repairs reported: faces, winding, normals, unit, origin."""

from __future__ import annotations

import time

import numpy as np
import pytest
from mesh_files import CUBE_CORNERS, CUBE_FACES, Gltf, cube_obj, load_quietly, refusal, volume, write
from numpy.testing import assert_allclose

from selfiesim.core.errors import ModelWarning
from selfiesim.craft.load import clear_craft_cache, load_craft


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))
    clear_craft_cache()


def cube(path, faces=CUBE_FACES, corners=CUBE_CORNERS, **attributes):
    """A GLB of a cube with the given faces."""
    return Gltf(faces, POSITION=np.asarray(corners, "<f4"), **attributes).glb(path)


# --- Faces ----------------------------------------------------------------------------------------------------------


def test_degenerate_and_duplicate_faces_are_left_out(tmp_path):
    faces = [*CUBE_FACES.tolist(), [0, 0, 1], [3, 3, 3], CUBE_FACES[0].tolist(), CUBE_FACES[1][::-1].tolist()]
    craft = load_quietly(cube(tmp_path / "a.glb", faces))
    assert craft.triangle_count == 12
    assert "degenerate faces removed: 2" in craft.repairs
    assert "duplicate faces removed: 2" in craft.repairs


def test_collinear_triangle_is_left_out(tmp_path):
    line = np.array([[0, 0, 0], [0.1, 0.2, 0.3], [0.2, 0.4, 0.6]])
    refusal(cube(tmp_path / "a.glb", [[0, 1, 2]], line), "no triangles with an area")


def test_thin_triangle_is_kept(tmp_path):
    needle = np.array([[0, 0, 0], [1, 0, 0], [0.5, 1e-4, 0]])
    assert load_quietly(cube(tmp_path / "a.glb", [[0, 1, 2]], needle)).triangle_count == 1


@pytest.mark.parametrize("seed", range(4))
def test_solid_is_oriented_outward_whatever_its_winding(tmp_path, seed):
    # Authority: the divergence theorem; the volume of a unit cube is 1 if all of its faces are oriented outward.
    flipped = np.random.default_rng(seed).random(12) < (0.3, 0.5, 0.9, 1.1)[seed]
    faces = np.where(flipped[:, None], CUBE_FACES[:, ::-1], CUBE_FACES)
    craft = load_quietly(cube(tmp_path / "a.glb", faces))
    assert volume(craft) == pytest.approx(1.0)
    (part,) = craft.parts
    assert (np.einsum("ij,ij->i", part.normals, part.vertices - 0.5) > 0.4).all()
    assert f"inward faces flipped: {flipped.sum()}" in craft.repairs


def test_solids_are_oriented_independently(tmp_path):
    corners = np.concatenate([CUBE_CORNERS, CUBE_CORNERS + np.array([3, 0, 0])])
    faces = np.concatenate([CUBE_FACES, CUBE_FACES[:, ::-1] + 8])
    craft = load_quietly(cube(tmp_path / "a.glb", faces, corners))
    assert volume(craft) == pytest.approx(2.0)
    assert "inward faces flipped: 12" in craft.repairs


def test_open_sheet_keeps_the_orientation_of_most_faces(tmp_path):
    x, y = np.meshgrid(np.arange(5.0), np.arange(5.0), indexing="ij")
    corners = np.stack([x, y, 0 * x], -1).reshape(-1, 3)
    k = np.arange(25).reshape(5, 5)
    faces = np.concatenate(
        [np.stack([k[:-1, :-1], k[1:, :-1], k[1:, 1:]], -1), np.stack([k[:-1, :-1], k[1:, 1:], k[:-1, 1:]], -1)]
    ).reshape(-1, 3)
    faces[3:8] = faces[3:8, ::-1]
    (part,) = load_quietly(cube(tmp_path / "a.glb", faces, corners)).parts
    assert_allclose(part.normals, np.tile([0, 0, 1], (len(part.normals), 1)), atol=1e-6)


def test_moebius_strip_is_left_unchanged(tmp_path):
    angle = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    out = np.stack([np.cos(angle), np.sin(angle), 0 * angle], -1)
    across = np.cos(angle / 2)[:, None] * out + np.sin(angle / 2)[:, None] * [0, 0, 1]
    corners = np.concatenate([out - 0.2 * across, out + 0.2 * across])
    k = np.arange(24)
    after = np.where(k == 23, 24, k + 1)
    other = np.where(k == 23, 0, k + 25)
    faces = np.concatenate([np.stack([k, after, k + 24], 1), np.stack([k + 24, after, other], 1)])
    craft = load_quietly(cube(tmp_path / "a.glb", faces, corners))
    assert craft.triangle_count == 48
    assert not any("flipped" in text for text in craft.repairs)


def test_normals_of_the_file_decide_the_orientation_of_a_face(tmp_path):
    normals = np.array([[0, 0, -1]] * 3, "<f4")
    craft = load_quietly(Gltf(NORMAL=normals).glb(tmp_path / "a.glb"))
    (part,) = craft.parts
    a, b, c = part.vertices[part.faces[0]]
    assert np.cross(b - a, c - a)[2] == -1.0
    assert_allclose(part.normals, normals)


@pytest.mark.parametrize("bad", [0.0, np.nan])
def test_invalid_normals_are_recomputed(tmp_path, bad):
    normals = np.array([[0, 0, 1], [0, 0, 1], [bad] * 3], "<f4")
    craft = load_quietly(Gltf(NORMAL=normals).glb(tmp_path / "a.glb"))
    assert_allclose(craft.parts[0].normals, [[0, 0, 1]] * 3)
    assert "meshes with recomputed normals: 1" in craft.repairs


def test_unused_vertices_may_be_anything(tmp_path):
    corners = np.concatenate([CUBE_CORNERS, [[np.nan] * 3, [1e30] * 3]])
    craft = load_quietly(cube(tmp_path / "a.glb", CUBE_FACES, corners))
    assert_allclose(craft.bounds_m, [[0, 0, 0], [1, 1, 1]])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_non_finite_vertices_are_named(tmp_path, bad):
    corners = CUBE_CORNERS.copy()
    corners[5, 1] = bad
    refusal(cube(tmp_path / "a.glb", CUBE_FACES, corners), "vertex 5 of 'plate'", "finite")


def test_all_black_vertex_colours_are_ignored(tmp_path):
    craft = load_quietly(Gltf(COLOR_0=np.zeros((3, 4), "<f4")).glb(tmp_path / "a.glb"))
    assert craft.parts[0].tint is None
    assert any("black" in text for text in craft.repairs)


def test_texture_without_coordinates_is_left_out(tmp_path):
    from mesh_files import png

    gltf = Gltf()
    gltf.paint(pbrMetallicRoughness={"baseColorTexture": {"index": gltf.texture(png([[[9, 9, 9]]]))}})
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert craft.parts[0].material.textures == {}
    assert any("without texture coordinates" in text for text in craft.repairs)


# --- Unit, axes, origin ---------------------------------------------------------------------------------------------


def size(craft):
    return np.diff(craft.bounds_m, axis=0)[0]


def test_millimetres_are_inferred_with_a_warning(tmp_path):
    # Mars Reconnaissance Orbiter spans 13.6 m (NASA): 13,600 units cannot be metres.
    path = write(tmp_path / "a.obj", cube_obj(13_600.0))
    with pytest.warns(ModelWarning, match=r"13600 units long, too long for metres: assuming millimetres, 13.6 m"):
        craft = load_craft(path)
    assert_allclose(size(craft), 13.6, rtol=1e-6)


@pytest.mark.parametrize(
    ("toml", "metres"),
    [
        ('units = "cm"', 3.0),
        ('units = "in"', 7.62),
        ('units = "m"', 300.0),
        ("metres_per_unit = 0.5", 150.0),
        ("longest_m = 13.6", 13.6),
    ],
)
def test_declared_units_are_used_without_a_warning(tmp_path, toml, metres):
    path = write(tmp_path / "a.obj", cube_obj(300.0))
    write(tmp_path / "a.toml", f"[frame]\n{toml}\n")
    craft = load_quietly(path)
    assert_allclose(size(craft), metres, rtol=1e-6)
    assert craft.warnings == ()


def test_implausible_sizes_are_reported(tmp_path):
    for scale in (0.01, 90.0):
        craft = load_quietly(write(tmp_path / f"a{scale}.obj", cube_obj(scale)))
        assert_allclose(size(craft), scale, rtol=1e-6)
        assert "frame.units" in craft.warnings[0]


@pytest.mark.parametrize(("up", "body"), [("y", [1, -3, 2]), ("z", [1, 2, 3]), ("x", [2, 3, 1])])
def test_declared_up_axis_becomes_body_z(tmp_path, up, body):
    corner = np.array([[0, 0, 0], [1, 2, 3], [1, 0, 0]], "<f4")
    path = Gltf(POSITION=corner).glb(tmp_path / "a.glb")
    write(tmp_path / "a.toml", f'[frame]\nup = "{up}"\n')
    (part,) = load_quietly(path).parts
    assert_allclose(part.vertices[part.faces[0]][1], body)


def test_craft_a_thousand_million_units_away_is_moved_to_the_origin(tmp_path):
    path = write(tmp_path / "a.obj", cube_obj(1.0, (1e9, 0.0, -1e9)))
    craft = load_quietly(path)
    assert_allclose(craft.bounds_m, [[-0.5] * 3, [0.5] * 3], atol=1e-6)
    assert "frame.origin = [1e+09, 0.5, -1e+09]" in craft.warnings[0]
    write(tmp_path / "a.toml", "[frame]\norigin = [1e9, 0, -1e9]\n")
    craft = load_quietly(path)
    assert_allclose(craft.bounds_m, [[0] * 3, [1] * 3], atol=1e-6)
    assert craft.warnings == ()


def test_craft_too_far_for_single_precision_is_refused(tmp_path):
    refusal(cube(tmp_path / "a.glb", CUBE_FACES, CUBE_CORNERS + 1e9), "no triangles with an area")


def test_declared_mounts_keep_the_origin_of_the_file(tmp_path):
    path = write(tmp_path / "a.obj", cube_obj(1.0, (100.0, 0.0, 0.0)))
    write(tmp_path / "a.toml", "[mounts.camera]\nposition_m = [100, 0, 2]\naxis = [0, 0, 1]\n")
    assert_allclose(load_quietly(path).bounds_m[0], [100, 0, 0])


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('[frame]\nunits = "m"\nlongest_m = 3', ("frame", "units", "longest_m")),
        ('[frame]\nup = "y"\nbody_from_gltf = [[1,0,0],[0,1,0],[0,0,1]]', ("frame", "up", "body_from_gltf")),
        ('[frame]\nunits = "furlong"', ("frame.units", "'mm'")),
        ('[frame]\nunit = "mm"', ("frame.unit", "did you mean 'units'")),
    ],
)
def test_contradictory_descriptions_are_refused(tmp_path, toml, words):
    from selfiesim.core.errors import ModelError

    path = write(tmp_path / "a.obj", cube_obj())
    write(tmp_path / "a.toml", toml)
    with pytest.raises(ModelError) as caught:
        load_craft(path)
    for word in ("a.toml", *words):
        assert word in str(caught.value)


def test_override_of_a_missing_material_is_reported(tmp_path):
    path = write(tmp_path / "a.obj", cube_obj())
    write(tmp_path / "a.toml", "[materials.gold]\nmetallic = 1.0\n")
    assert "materials.gold: the mesh has no material of that name; it has default" in load_quietly(path).warnings


def test_cached_craft_keeps_its_repairs_and_warnings(tmp_path):
    path = write(tmp_path / "a.obj", cube_obj(13_600.0) + "f 1 1 2\n")
    first, second = load_quietly(path), load_quietly(path)
    assert first is not second
    assert first.repairs == second.repairs != ()
    assert first.warnings == second.warnings != ()


def test_meshes_of_one_file_are_repaired_as_if_alone(tmp_path):
    """All meshes of a file go through each step together, and must not join where they touch."""
    cubes = [cube_obj(shift=(float(k), 0.0, 0.0)).split("\n") for k in range(3)]  # each shares a side with the next
    cubes[1] = [line.replace("f 1 ", "f 2 ") if line.startswith("f 1 2") else line for line in cubes[1]]  # a bad face
    lines = []
    for number, cube in enumerate(cubes):
        write(tmp_path / f"{number}.obj", "\n".join(cube))
        lines.append(f"o cube{number}")
        for row in cube:
            line, words = row, row.split()
            if words[:1] == ["f"]:
                line = " ".join(["f", *(str(int(word) + 8 * number) for word in words[1:])])
            lines.append(line)
    joint = load_quietly(write(tmp_path / "all.obj", "\n".join(lines)))
    assert [part.node for part in joint.parts] == ["cube0", "cube1", "cube2"]
    for number, part in enumerate(joint.parts):
        (alone,) = load_quietly(tmp_path / f"{number}.obj").parts
        for name in ("vertices", "normals", "faces"):
            assert_allclose(getattr(part, name), getattr(alone, name), atol=1e-6)


def test_twenty_thousand_groups_take_seconds(tmp_path):
    # 27 s when each group went through each step by itself
    lines = []
    for k in range(20_000):
        lines += [f"v {k + x} {y} 0" for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]
        lines += [f"g {k}", f"f {4 * k + 1} {4 * k + 2} {4 * k + 3} {4 * k + 4}"]
    path = write(tmp_path / "groups.obj", "\n".join(lines))
    begun = time.process_time()
    assert len(load_quietly(path).parts) == 20_000
    assert time.process_time() - begun < 9.0
