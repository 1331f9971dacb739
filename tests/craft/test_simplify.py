"""Simplified meshes for distant views keep positions, outlines, normals and creases within tolerance."""

from __future__ import annotations

import numpy as np
import pytest
import pyvista

from selfiesim.craft.cache import fetch_lod_faces, fetch_open_fractions, store_lod_faces, store_open_fractions
from selfiesim.craft.mesh.normals import face_normals_and_areas
from selfiesim.craft.mesh.simplify import simplify_mesh


def tube(sides=96, rings=40):
    """A smooth open tube 2 m wide and 4 m long: points, normals, faces."""
    angle, height = np.meshgrid(np.arange(sides) * 2.0 * np.pi / sides, np.linspace(0.0, 4.0, rings))
    normals = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=-1).reshape(-1, 3)
    points = normals + np.stack([0 * angle, 0 * angle, height], axis=-1).reshape(-1, 3)
    k, r = np.meshgrid(np.arange(sides), np.arange(rings - 1))
    a, b = (r * sides + k).ravel(), (r * sides + (k + 1) % sides).ravel()
    return points, normals, np.concatenate([np.stack([a, b, a + sides], 1), np.stack([b, b + sides, a + sides], 1)])


def pleats(count=6, steps=12):
    """A sheet pleated at 60 degrees, flat between its creases, with two vertices per position along them."""
    points, normals, faces = [], [], []
    for k in range(count):
        side = 1.0 if k % 2 else -1.0
        u, v = np.meshgrid(np.linspace(0.0, 1.0, steps + 1), np.linspace(0.0, 1.0, steps + 1))
        height = (u if side > 0 else 1.0 - u) * np.sqrt(3.0) / 2.0
        first = sum(map(len, points))
        points.append(np.round(np.stack([0.5 * (k + u), v, height], axis=-1).reshape(-1, 3), 9))
        normals.append(np.tile([-side * np.sqrt(3.0) / 2.0, 0.0, 0.5], (u.size, 1)))
        i, j = np.meshgrid(np.arange(steps), np.arange(steps))
        a = first + (j * (steps + 1) + i).ravel()
        faces += [np.stack([a, a + 1, a + steps + 1], 1), np.stack([a + 1, a + steps + 2, a + steps + 1], 1)]
    return np.concatenate(points), np.concatenate(normals), np.concatenate(faces)


# Authority: VTK's cell locator for the distances.
@pytest.mark.parametrize("tolerance", [0.001, 0.01, 0.05])
def test_simplified_tube_stays_within_tolerance_and_keeps_its_normals(tolerance):
    points, normals, faces = tube()
    simplified = simplify_mesh(points, faces, tolerance, normals / 0.05)
    assert len(simplified) < (0.6 if tolerance < 0.01 else 0.15) * len(faces)
    mesh = pyvista.PolyData.from_regular_faces(points, simplified)
    cells, nearest = mesh.find_closest_cell(points, return_closest_point=True)
    assert np.linalg.norm(nearest - points, axis=1).max() <= tolerance
    mean = normals[simplified[cells]].mean(axis=1)
    cosine = (mean * normals).sum(axis=1) / np.linalg.norm(mean, axis=1)
    assert cosine.min() > np.cos(np.radians(20.0)), "at most half a facet"


def test_simplified_pleats_keep_their_creases_and_areas():
    points, normals, faces = pleats()
    simplified = simplify_mesh(points, faces, 0.02, normals / 0.05)
    assert len(simplified) <= 0.1 * len(faces)
    _, whole = face_normals_and_areas(points, faces.astype(np.int64))
    unit, area = face_normals_and_areas(points, simplified.astype(np.int64))
    for side in (-1.0, 1.0):
        assert area[side * unit[:, 0] > 0.0].sum() == pytest.approx(0.5 * whole.sum(), rel=1e-6)


def test_without_attributes_seams_merge_and_shallow_pleats_vanish():
    points, _, faces = pleats()
    shallow = points * (1.0, 1.0, 1e-3)
    assert len(simplify_mesh(shallow, faces, 0.01)) < 0.02 * len(faces)


def test_simplification_is_deterministic():
    points, normals, faces = tube()
    runs = [simplify_mesh(points.astype(np.float32), faces.astype(np.int32), 0.01, normals / 0.05) for _ in range(2)]
    assert runs[0].tobytes() == runs[1].tobytes()


def test_mesh_without_area_is_returned_unchanged():
    points = np.zeros((3, 3))
    assert simplify_mesh(points, np.array([[0, 1, 2]]), 0.1).tolist() == [[0, 1, 2]]


def test_cached_triangles_that_do_not_fit_the_mesh_are_ignored(tmp_path):
    path, faces = tmp_path / "level.npz", [np.array([[0, 1, 2]], np.int32), np.array([[4, 1, 3]], np.int32)]
    store_lod_faces(path, faces)
    fetched = fetch_lod_faces(path, [3, 5])
    assert fetched is not None
    assert [each.tolist() for each in fetched] == [each.tolist() for each in faces]
    assert fetch_lod_faces(path, [3, 4]) is None, "vertex index 4 of a mesh with 4 vertices"
    assert fetch_lod_faces(path, [3, 5, 5]) is None
    path.write_bytes(path.read_bytes()[:100])
    assert fetch_lod_faces(path, [3, 5]) is None


def test_open_fractions_survive_the_cache_and_nothing_else_does(tmp_path):
    path, fractions = tmp_path / "a.npz", np.array([0.0, 0.25, 1.0])
    assert fetch_open_fractions(path, 3) is None
    store_open_fractions(path, fractions)
    np.testing.assert_array_equal(fetch_open_fractions(path, 3), fractions)
    assert fetch_open_fractions(path, 4) is None
    for wrong in (fractions + 0.5, np.array([0.0, np.nan, 1.0]), fractions.astype(np.float32)):
        store_open_fractions(path, wrong)
        assert fetch_open_fractions(path, 3) is None
    path.write_bytes(b"PK torn")
    assert fetch_open_fractions(path, 3) is None
