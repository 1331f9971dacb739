"""Places that stand for the surface of a craft where light passes between its parts, and rays from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SURFELS_ACROSS = 64  # of the craft's longest side
MAX_SURFELS = 8000
RAYS_PER_SURFEL = 64
_NEIGHBOURS = 6
_MAX_SKY_RAYS = 16  # for the sky, from a place on a triangle, until it counts as covered
_SKY_SAMPLES_ACROSS, _MAX_SAMPLES_PER_TRIANGLE = 256, 64  # places: of the craft's longest side, and of one triangle
_RAY_OFFSET = 1e-5  # of the craft's size: where those rays start
_MIN_OPEN_TRIANGLES = 0.3  # share of the triangles about a vertex from which the sky is seen: what has less is covered
_MIN_OPEN_AREA = 0.05  # of a site's area


@dataclass(frozen=True)
class Surfels:
    """What stands for the surface.

    Attributes
    ----------
    vertices : (S,) array of int
        The vertex that each site is at.
    of_vertex : (N,) array of int
        Which site stands for each vertex.
    areas : (S,) array
        Surface that each stands for, m^2, without what other parts lie on: no light gets there.
    near, weights : (N, K) array
        For each vertex some sites near it that face as it does, and their weights, which add up to 1.
    """

    vertices: Ints
    of_vertex: Ints
    areas: Floats
    near: Ints
    weights: Floats

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.vertices)

    def interpolate_to_vertices(self, values: Floats) -> NDArray[np.float32]:
        """Sites' ``values`` (S, C) at the vertices (N, C)."""
        return np.asarray((self.weights[..., None] * values[self.near]).sum(axis=1), np.float32)


def build_surfels(points: Floats, normals: Floats, faces: Ints, joints: Ints) -> Surfels:
    """Sites of a mesh: vertices ``points``, ``normals`` (N, 3), m, on ``joints`` (N,); ``faces`` (M, 3)."""
    size = float(np.ptp(points, axis=0).max())
    corners = points[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outward = (across * normals[faces].sum(axis=1)).sum(axis=1)
    across *= np.where(outward < 0.0, -1.0, 1.0)[:, None]
    each, areas = faces.ravel(), np.repeat(np.linalg.norm(across, axis=1) / 6.0, 3)
    open_areas = areas * np.repeat(_open_fractions(corners, across, size), 3)
    is_open = np.bincount(each, open_areas, len(points)) > _MIN_OPEN_TRIANGLES * np.bincount(each, areas, len(points))
    vertices, of_vertex = _clusters(points, normals, joints, size, is_open)
    whole, left = (np.bincount(of_vertex[each], values, len(vertices)) for values in (areas, open_areas))
    near, weights = _neighbours(points, normals, vertices, size, is_open)
    return Surfels(vertices, of_vertex, np.maximum(left, _MIN_OPEN_AREA * whole).clip(1e-12), near, weights)


def cosine_rays(normals: Floats) -> NDArray[np.float32]:
    """Directions (K, N, 3) before each of ``normals`` (N, 3), as many as light from there counts."""
    return np.stack([_rotate_to_normals(normals, ray) for ray in _cosine_hemisphere(RAYS_PER_SURFEL)]).astype(
        np.float32
    )


def build_embree_scene(triangles: Floats) -> Any:
    """Embree's, of ``triangles`` (M, 3, 3)."""
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene()
    TriangleMesh(scene, triangles.astype(np.float32))
    return scene


def _open_fractions(corners: Floats, across: Floats, size: float) -> Floats:
    """Share (M,) of each triangle from which the sky is seen; ``across`` (M, 3) are normals, twice their areas long."""
    fine = (size / _SKY_SAMPLES_ACROSS) ** 2
    count = np.ceil(0.5 * np.linalg.norm(across, axis=1) / fine).clip(1, _MAX_SAMPLES_PER_TRIANGLE).astype(int)
    face = np.repeat(np.arange(len(corners)), count)
    randoms = np.random.default_rng(3)
    root, other = np.sqrt(randoms.random(len(face))), randoms.random(len(face))
    weight = np.stack([1.0 - root, root * (1.0 - other), root * other], axis=-1)
    normal = unit(across)[face]
    place = ((weight[..., None] * corners[face]).sum(axis=1) + _RAY_OFFSET * size * normal).astype(np.float32)
    scene, left = build_embree_scene(corners), np.arange(len(face))
    for _ in range(_MAX_SKY_RAYS):
        ray = unit(unit(randoms.normal(size=(len(left), 3))) + normal[left])
        left = left[np.asarray(scene.run(place[left], ray.astype(np.float32))) >= 0]
    covered = np.bincount(face[left], minlength=len(corners))
    return np.asarray(1.0 - covered / count)


def _clusters(
    points: Floats, normals: Floats, joints: Ints, size: float, is_open: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Vertices that stand for those around them that face the same way, and which of them stands for each vertex.

    Those from which the sky is seen come first.
    """
    facing = np.abs(normals).argmax(axis=1)
    facing = 2 * facing + (np.take_along_axis(normals, facing[:, None], axis=1)[:, 0] < 0.0)
    cell = size / SURFELS_ACROSS
    while True:
        place = np.floor(points / cell).astype(np.int64)
        place -= place.min(axis=0)
        keys = np.ravel_multi_index((*place.T, facing, joints), (*(place.max(axis=0) + 1), 6, int(joints.max()) + 1))
        _, which = np.unique(keys, return_inverse=True)
        count = int(which.max()) + 1
        if count <= MAX_SURFELS:
            break
        cell *= 1.2
    counted = np.where(is_open, 1.0, 1e-6)
    sums = np.stack([np.bincount(which, counted * points[:, k], count) for k in range(3)], axis=-1)
    middle = np.asarray(sums / np.bincount(which, counted, count)[:, None], float)
    order = np.lexsort([np.linalg.norm(points - middle[which], axis=1), ~is_open, which])
    first = np.searchsorted(which[order], np.arange(count))
    return order[first], which


def _neighbours(
    points: Floats, normals: Floats, vertices: Ints, size: float, is_open: NDArray[np.bool_]
) -> tuple[Ints, Floats]:
    from scipy.spatial import cKDTree

    # A site that faces the other way is as far off as one two cells away.
    reach = 2.0 * size / SURFELS_ACROSS
    places = np.concatenate([points, reach * normals], axis=1)
    count = min(_NEIGHBOURS, len(vertices))
    distance, near = (found.reshape(-1, count) for found in cKDTree(places[vertices]).query(places, count))
    weight = np.where(is_open[vertices][near], 1.0, 1e-3) / (distance**2 + (0.25 * reach) ** 2)
    return near, weight / weight.sum(axis=1, keepdims=True)


def _cosine_hemisphere(count: int) -> Floats:
    """Directions (count, 3) about +z, as many as light from there counts (Lambert): a Fibonacci spiral."""
    k = np.arange(count) + 0.5
    radius, turn = np.sqrt(k / count), np.pi * (1.0 + np.sqrt(5.0)) * k
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), np.sqrt(1.0 - radius**2)], axis=-1)


def _rotate_to_normals(normals: Floats, ray: Floats) -> Floats:
    """``ray`` (3,), told about +z, about each of ``normals`` (N, 3)."""
    helper = np.where(np.abs(normals[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    across = unit(np.cross(helper, normals))
    return np.asarray(ray[0] * across + ray[1] * np.cross(normals, across) + ray[2] * normals)
