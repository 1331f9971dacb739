"""Normals of a mesh and rays against a craft, each against its definition."""

from __future__ import annotations

import numpy as np
import pytest
import trimesh
from numpy.testing import assert_allclose

from selfiesim.craft.load import load_craft
from selfiesim.craft.mesh.normals import creased_normals
from selfiesim.craft.model import first_ray_hit


def test_edges_below_the_crease_angle_are_smooth_and_above_it_sharp():
    # A 20-sided ring bends by 18 deg at each edge.
    angle = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    ring = np.array([[np.cos(a), np.sin(a), z] for z in (0.0, 1.0) for a in angle])
    k = np.arange(20)
    faces = np.concatenate(
        [np.stack([k, (k + 1) % 20, (k + 1) % 20 + 20], 1), np.stack([k, (k + 1) % 20 + 20, k + 20], 1)]
    )
    normals = creased_normals(ring, faces, 35.0)
    radial = ring[faces] * (1.0, 1.0, 0.0)
    assert np.einsum("mck,mck->mc", normals, radial).min() > 0.98
    sharp = creased_normals(ring, faces, 10.0)
    assert np.einsum("mck,mck->mc", sharp, radial).max() < 0.99


@pytest.mark.parametrize("bump", [0.0, 0.2, 0.6])
def test_creased_normals_are_the_mean_of_the_faces_within_the_crease(bump):
    # Authority: the definition: around each corner the area-weighted mean of the faces within 35 degrees.
    sphere = trimesh.creation.icosphere(2)
    vertices = np.array(sphere.vertices) * (1 + bump * np.random.default_rng(5).random((len(sphere.vertices), 1)))
    faces = np.array(sphere.faces)
    normals = creased_normals(vertices, faces, 35.0)
    a, b, c = np.moveaxis(vertices[faces], 1, 0)
    weighted = np.cross(b - a, c - a)
    unit = weighted / np.linalg.norm(weighted, axis=1, keepdims=True)
    for face in range(0, len(faces), 7):
        for corner in range(3):
            around = np.flatnonzero((faces == faces[face, corner]).any(axis=1))
            within = around[unit[around] @ unit[face] >= np.cos(np.radians(35.0))]
            mean = weighted[within].sum(axis=0)
            assert_allclose(normals[face, corner], mean / np.linalg.norm(mean), atol=1e-12)


def test_first_ray_hit_agrees_with_the_slab_test(tmp_path):
    # Authority: the slab test for boxes (Kay and Kajiya 1986), which uses no triangles.
    centers = np.array([[3.0, 0.0, 0.0], [0.0, 4.0, 1.0], [-2.0, -2.0, -2.0]])
    boxes = [trimesh.creation.box((1, 1, 1)).apply_translation(center) for center in centers]
    trimesh.util.concatenate(boxes).export(tmp_path / "boxes.stl")
    craft = load_craft(tmp_path / "boxes.stl")
    hit_count = 0
    for ray in np.random.default_rng(3).normal(size=(1000, 3)):
        ray /= np.linalg.norm(ray)
        ends = np.stack([(centers - 0.5) / ray, (centers + 0.5) / ray])
        entry, exit_ = ends.min(axis=0).max(axis=1), ends.max(axis=0).min(axis=1)
        distances = entry[(entry < exit_) & (entry > 0.0)]
        hit = first_ray_hit(craft, (0.0, 0.0, 0.0), tuple(ray.tolist()))
        assert (hit is None) == (len(distances) == 0)
        if hit:
            hit_count += 1
            assert hit[1] == pytest.approx(distances.min(), rel=1e-6)
    assert hit_count > 30


def test_a_ray_almost_within_a_triangles_plane_hits_the_face_ahead(tmp_path):
    trimesh.creation.box((1, 1, 1)).apply_translation((0.0, 4.0, 0.0)).export(tmp_path / "box.stl")
    hit = first_ray_hit(load_craft(tmp_path / "box.stl"), (0.1, 0.0, 0.2), (2e-310, 1.0, 0.0))
    assert hit is not None
    assert hit[1] == pytest.approx(3.5)
