"""Surfels: a few thousand points that represent a craft's surface in its radiosity, and the rays from them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.low_discrepancy import sunflower
from selfiesim.core.vectors import unit
from selfiesim.craft.cache import fetch_open_fractions, open_fractions_path, store_open_fractions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SURFELS_ACROSS = 64  # along the craft's longest side
MAX_SURFELS = 8000
RAYS_PER_SURFEL = 64
_NEIGHBOURS = 6
_MAX_SKY_RAYS = 16  # rays from a sample on a triangle, one of which has to reach the sky
_SKY_SAMPLES_ACROSS, _MAX_SAMPLES_PER_TRIANGLE = 256, 64  # samples along the craft's longest side; on one triangle
_RAY_OFFSET = 1e-5  # of the craft's size: height at which those rays start
_MIN_OPEN_TRIANGLES = 0.3  # open fraction of the triangles around a vertex, below which the vertex is covered
_MIN_OPEN_AREA = 0.05  # of a surfel's area


@dataclass(frozen=True)
class Surfels:
    """Points that represent a surface.

    Attributes
    ----------
    vertices : (S,) array of int
        The vertex at which each surfel is.
    of_vertex : (N,) array of int
        The surfel that represents each vertex.
    areas : (S,) array
        Area that each represents, m^2, without what other parts cover: no light arrives there.
    near, weights : (N, K) array
        For each vertex some nearby surfels with a similar normal, and their weights, which sum to 1.
    """

    vertices: Ints
    of_vertex: Ints
    areas: Floats
    near: Ints
    weights: Floats

    @property
    def count(self) -> int:
        """Number of surfels."""
        return len(self.vertices)

    def interpolate_to_vertices(self, values: Floats) -> NDArray[np.float32]:
        """Return the surfels' ``values`` (S, C) at the vertices (N, C)."""
        return np.asarray((self.weights[..., None] * values[self.near]).sum(axis=1), np.float32)


def build_surfels(points: Floats, normals: Floats, faces: Ints, joints: Ints) -> Surfels:
    """Return the surfels of a mesh.

    Parameters
    ----------
    points, normals : (N, 3) array
        Vertices, m.
    faces : (M, 3) array of int
        Triangles.
    joints : (N,) array of int
        The joint that moves each vertex; no surfel spans two joints.
    """
    size = float(np.ptp(points, axis=0).max())
    corners = points[faces]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outward = (across * normals[faces].sum(axis=1)).sum(axis=1)
    across *= np.where(outward < 0.0, -1.0, 1.0)[:, None]
    vertex, areas = faces.ravel(), np.repeat(np.linalg.norm(across, axis=1) / 6.0, 3)
    open_areas = areas * np.repeat(_load_open_fractions(corners, across, size), 3)
    is_open = np.bincount(vertex, open_areas, len(points)) > _MIN_OPEN_TRIANGLES * np.bincount(
        vertex, areas, len(points)
    )
    vertices, of_vertex = _clusters(points, normals, joints, size, is_open)
    total, uncovered = (np.bincount(of_vertex[vertex], values, len(vertices)) for values in (areas, open_areas))
    near, weights = _neighbours(points, normals, vertices, size, is_open)
    return Surfels(vertices, of_vertex, np.maximum(uncovered, _MIN_OPEN_AREA * total).clip(1e-12), near, weights)


def cosine_rays(normals: Floats) -> NDArray[np.float32]:
    """Return cosine-distributed directions (K, N, 3) around each of ``normals`` (N, 3)."""
    return np.stack([_rotate_to_normals(normals, ray) for ray in _cosine_hemisphere(RAYS_PER_SURFEL)]).astype(
        np.float32
    )


def uniform_barycentric(first: Floats, second: Floats) -> Floats:
    """Return barycentric coordinates (N, 3), uniform over a triangle, for random numbers (N,) in 0 to 1."""
    root = np.sqrt(first)
    return np.stack([1.0 - root, root * (1.0 - second), root * second], axis=-1)


def build_embree_scene(triangles: Floats) -> Any:
    """Return Embree's scene of ``triangles`` (M, 3, 3)."""
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene()
    TriangleMesh(scene, triangles.astype(np.float32))
    return scene


def _load_open_fractions(corners: Floats, across: Floats, size: float) -> Floats:
    """Return :func:`_open_fractions` from the cache if they are there: they take a second for the orbiter."""
    digest = hashlib.sha256(np.ascontiguousarray(corners).tobytes())
    digest.update(np.ascontiguousarray(across).tobytes())
    path = open_fractions_path(digest.hexdigest())
    fractions = fetch_open_fractions(path, len(corners))
    if fractions is None:
        fractions = _open_fractions(corners, across, size)
        store_open_fractions(path, fractions)
    return fractions


def _open_fractions(corners: Floats, across: Floats, size: float) -> Floats:
    """Return the fraction (M,) of each triangle that sees the sky; ``across`` (M, 3) are normals of twice its area."""
    fine = (size / _SKY_SAMPLES_ACROSS) ** 2
    count = np.ceil(0.5 * np.linalg.norm(across, axis=1) / fine).clip(1, _MAX_SAMPLES_PER_TRIANGLE).astype(int)
    face = np.repeat(np.arange(len(corners)), count)
    rng = np.random.default_rng(3)
    weight = uniform_barycentric(rng.random(len(face)), rng.random(len(face)))
    normal = unit(across)[face]
    place = ((weight[..., None] * corners[face]).sum(axis=1) + _RAY_OFFSET * size * normal).astype(np.float32)
    scene, left = build_embree_scene(corners), np.arange(len(face))
    for _ in range(_MAX_SKY_RAYS):
        ray = unit(unit(rng.normal(size=(len(left), 3))) + normal[left])
        left = left[np.asarray(scene.run(place[left], ray.astype(np.float32))) >= 0]
    covered = np.bincount(face[left], minlength=len(corners))
    return np.asarray(1.0 - covered / count)


def _clusters(
    points: Floats, normals: Floats, joints: Ints, size: float, is_open: NDArray[np.bool_]
) -> tuple[Ints, Ints]:
    """Group nearby vertices with a similar normal; return the vertex at the middle of each group and the groups.

    Vertices that see the sky come first.
    """
    facing = np.abs(normals).argmax(axis=1)
    facing = 2 * facing + (np.take_along_axis(normals, facing[:, None], axis=1)[:, 0] < 0.0)
    cell = size / SURFELS_ACROSS
    while True:
        place = np.floor(points / cell).astype(np.int64)
        place -= place.min(axis=0)
        keys = np.ravel_multi_index((*place.T, facing, joints), (*(place.max(axis=0) + 1), 6, int(joints.max()) + 1))
        _, group = np.unique(keys, return_inverse=True)
        count = int(group.max()) + 1
        if count <= MAX_SURFELS:
            break
        cell *= 1.2
    weight = np.where(is_open, 1.0, 1e-6)
    sums = np.stack([np.bincount(group, weight * points[:, k], count) for k in range(3)], axis=-1)
    middle = np.asarray(sums / np.bincount(group, weight, count)[:, None], float)
    order = np.lexsort([np.linalg.norm(points - middle[group], axis=1), ~is_open, group])
    first = np.searchsorted(group[order], np.arange(count))
    return order[first], group


def _neighbours(
    points: Floats, normals: Floats, vertices: Ints, size: float, is_open: NDArray[np.bool_]
) -> tuple[Ints, Floats]:
    from scipy.spatial import cKDTree

    # A surfel with the opposite normal counts as if it were four cells away.
    reach = 2.0 * size / SURFELS_ACROSS
    places = np.concatenate([points, reach * normals], axis=1)
    count = min(_NEIGHBOURS, len(vertices))
    distance, near = (found.reshape(-1, count) for found in cKDTree(places[vertices]).query(places, count))
    weight = np.where(is_open[vertices][near], 1.0, 1e-3) / (distance**2 + (0.25 * reach) ** 2)
    return near, weight / weight.sum(axis=1, keepdims=True)


def _cosine_hemisphere(count: int) -> Floats:
    """Return cosine-distributed directions (count, 3) around +z: a sunflower spiral projected up to the hemisphere."""
    radius, angle = sunflower(count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), np.sqrt(1.0 - radius**2)], axis=-1)


def _rotate_to_normals(normals: Floats, ray: Floats) -> Floats:
    """Return ``ray`` (3,), given relative to +z, relative to each of ``normals`` (N, 3)."""
    helper = np.where(np.abs(normals[:, 2:]) < 0.9, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]])
    across = unit(np.cross(helper, normals))
    return np.asarray(ray[0] * across + ray[1] * np.cross(normals, across) + ray[2] * normals)
