"""Skinned and morphed glTF meshes appear in the pose that the file stores."""

from __future__ import annotations

import numpy as np
import pytest
from mesh_files import Gltf, load_quietly, refusal
from numpy.testing import assert_allclose


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SELFIESIM_CACHE", str(tmp_path / "cache"))


BAR = np.array([[0, 0, 0], [100, 0, 0], [100, 250, 0], [0, 250, 0]], "<f4")


def skinned(weights=((1, 0, 0, 0),) * 4, joints=((0, 1, 0, 0),) * 4, inverse=None, **hinge):
    """A bar in centimetres, bound to two joints under an armature that scales to metres, on a node that moves it."""
    gltf = Gltf(
        POSITION=BAR,
        faces=((0, 1, 2), (0, 2, 3)),
        JOINTS_0=np.array(joints, "<u2"),
        WEIGHTS_0=np.array(weights, "<f4"),
        NORMAL=np.tile(np.array([[0, 0, 1]], "<f4"), (4, 1)),
    )
    matrices = np.tile(np.eye(4), (2, 1, 1)) if inverse is None else inverse
    columns = matrices.transpose(0, 2, 1).reshape(-1, 16).astype("<f4")
    gltf.document["accessors"].append(
        {"bufferView": gltf.view(columns.tobytes()), "componentType": 5126, "count": len(columns), "type": "MAT4"}
    )
    gltf.document["nodes"] = [
        {"name": "bar", "mesh": 0, "skin": 0, "translation": [7, 7, 7]},
        {"name": "armature", "scale": [0.01] * 3, "children": [2, 3]},
        {"name": "fixed"},
        {"name": "hinge", **hinge},
    ]
    gltf.document["scenes"][0]["nodes"] = [0, 1]
    gltf.document["skins"] = [{"joints": [2, 3], "inverseBindMatrices": len(gltf.document["accessors"]) - 1}]
    return gltf


def test_the_skin_places_its_mesh_and_the_unit_is_not_guessed_from_it(tmp_path):
    craft = load_quietly(skinned().glb(tmp_path / "a.glb"))
    # glTF 2.0, section 3.7.3.3: the transform of the skinned mesh's own node is ignored.
    assert_allclose(craft.bounds_m, [[0, 0, 0], [1, 2.5, 0]], atol=1e-6)
    assert craft.warnings == ()
    assert craft.units == "metres, as glTF files are by definition"


def test_vertices_follow_their_joints_by_weight(tmp_path):
    joints, weights = ((0, 1, 0, 0),) * 4, ((1, 0, 0, 0), (1, 0, 0, 0), (0, 1, 0, 0), (0.5, 0.5, 0, 0))
    half = float(np.sqrt(0.5))
    gltf = skinned(weights, joints, rotation=[half, 0, 0, half])  # 90 degrees about x: y becomes z
    (part,) = load_quietly(gltf.glb(tmp_path / "a.glb")).parts
    found = {tuple(np.round(place, 4)): normal for place, normal in zip(part.vertices, part.normals, strict=True)}
    assert set(found) == {(0, 0, 0), (1, 0, 0), (1, 0, 2.5), (0, 1.25, 1.25)}
    assert_allclose(found[1, 0, 2.5], [0, -1, 0], atol=1e-6)
    assert_allclose(found[0, 1.25, 1.25], [0, -half, half], atol=1e-6)


def test_inverse_bind_matrices_apply(tmp_path):
    inverse = np.tile(np.eye(4), (2, 1, 1))
    inverse[0, :3, 3] = -100, 0, 50
    craft = load_quietly(skinned(inverse=inverse).glb(tmp_path / "a.glb"))
    assert_allclose(craft.bounds_m, [[-1, 0, 0.5], [0, 2.5, 0.5]], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"joints": ((0, 9, 0, 0),) * 4}, "joint 9 of 2"), ({"weights": ((0, 0, 0, 0),) * 4}, "no weights")],
)
def test_a_damaged_skin_is_refused(tmp_path, change, words):
    refusal(skinned(**change).glb(tmp_path / "a.glb"), words)


@pytest.mark.parametrize("on_node", [False, True])
def test_morph_targets_stand_at_their_default_weights(tmp_path, on_node):
    gltf = Gltf()
    shift = gltf.add(np.array([[0, 0, 0], [0, 0, 0], [0, 2, 0]], "<f4"))
    lift = gltf.add(np.array([[0, 0, 8], [0, 0, 8], [0, 0, 8]], "<f4"))
    gltf.primitive["targets"] = [{"POSITION": shift}, {"POSITION": lift}]
    mesh, node = gltf.document["meshes"][0], gltf.document["nodes"][0]
    mesh["weights"] = [0.25, 0.0]
    if on_node:  # a node's weights replace those of the mesh (section 3.7.2.2)
        node["weights"] = [0.5, 0.25]
    craft = load_quietly(gltf.glb(tmp_path / "a.glb"))
    assert_allclose(craft.bounds_m, [[0, 0, 2], [1, 2, 2]] if on_node else [[0, 0, 0], [1, 1.5, 0]], atol=1e-6)
    assert craft.warnings == ()
