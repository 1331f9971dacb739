"""Vertex normals that keep sharp edges sharp, and tangents for normal maps.

Built craft need creased normals (a lathe-turned nozzle is smooth around its axis and sharp at its rim), and so do
files without normals (STL always, OBJ and PLY often).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CREASE_DEG = 35.0

# A vertex with more faces than this is a fan's hub or an attack; a plain average there bounds the run time.
_MAX_PAIRWISE_FACES = 256


def face_normals_and_areas(
    vertices: NDArray[np.float64], faces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return unit normals (M, 3) and areas (M,) of triangles; a face without area has the normal (0, 0, 0)."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    length = np.linalg.norm(cross, axis=1)
    unit = cross / np.where(length > 0.0, length, 1.0)[:, None]
    return unit, 0.5 * length


def weld_ids(vertices: NDArray[np.float64], mesh: NDArray[np.int64] | None = None) -> NDArray[np.int64]:
    """Number the distinct positions of ``vertices`` (N, 3): vertices at the same position share an id. (N,)

    Those of different meshes, by their numbers ``mesh`` (N,), share none.
    """
    plain = vertices + 0.0  # makes -0.0 and 0.0 equal
    if mesh is not None and len(mesh) and mesh[-1] > 0:
        plain = np.column_stack([mesh, plain])
    plain = np.ascontiguousarray(plain)
    rows = plain.view(np.dtype((np.void, plain.dtype.itemsize * plain.shape[1]))).ravel()
    _, ids = np.unique(rows, return_inverse=True)
    return np.asarray(ids, dtype=np.int64).reshape(-1)


def creased_normals(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    crease_deg: float = CREASE_DEG,
    mesh: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Compute a unit normal for every face corner.

    Each corner averages, weighted by area, the faces around its vertex whose normals differ from that of its own face
    by less than ``crease_deg`` degrees. Vertices at the same position count as one, so unindexed triangles (STL) come
    out smooth too.

    Parameters
    ----------
    vertices : (N, 3) float
    faces : (M, 3) int
    crease_deg : float
        Edges that bend by more stay sharp.
    mesh : (N,) int, optional
        Number of the mesh of each vertex, ascending; faces of different meshes are not averaged.

    Returns
    -------
    (M, 3, 3) float
        Face, corner, component.
    """
    unit, area = face_normals_and_areas(vertices, faces)
    corner_ids = weld_ids(vertices, mesh)[faces].ravel()
    order = np.argsort(corner_ids, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(corner_ids[order]) > 0])
    sizes = np.diff(np.r_[starts, len(order)])
    out = np.empty((len(order), 3))
    small = sizes <= _MAX_PAIRWISE_FACES
    for start, size in zip(starts[~small], sizes[~small], strict=True):
        members = order[start : start + size]
        out[members] = np.sum(unit[members // 3] * area[members // 3, None], axis=0)
    _average_across_creases(out, order, starts[small], sizes[small], unit, area, np.cos(np.radians(crease_deg)))
    length = np.linalg.norm(out, axis=1)
    own = np.repeat(unit, 3, axis=0)
    own[np.linalg.norm(own, axis=1) == 0.0] = (0.0, 0.0, 1.0)
    cancelled = length < 1e-12
    out[cancelled] = own[cancelled]
    out[~cancelled] /= length[~cancelled, None]
    return out.reshape(-1, 3, 3)


def _average_across_creases(
    out: NDArray[np.float64],
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    unit: NDArray[np.float64],
    area: NDArray[np.float64],
    cos_crease: float,
) -> None:
    """Fill ``out`` (3M, 3) for the vertices whose corners are ``order[start : start + size]``, grouped by size."""
    # If all faces bend by less than half the crease from one of them, all pairs are within the crease.
    cos_half = np.cos(max(0.5 * np.arccos(np.clip(cos_crease, -1.0, 1.0)) - 1e-6, 0.0))
    for size in np.unique(sizes):
        corners = order[starts[sizes == size][:, None] + np.arange(size)]
        normals = unit[corners // 3]
        smooth = (np.einsum("kij,kj->ki", normals, normals[:, 0]) > cos_half).all(axis=1)
        weighted = normals * area[corners // 3][:, :, None]
        total = np.zeros((np.count_nonzero(smooth), 3))
        for j in range(size):
            total += weighted[smooth, j]
        out[corners[smooth]] = total[:, None]
        out[corners[~smooth]] = _pairwise_sums(normals[~smooth], weighted[~smooth], cos_crease)


def _pairwise_sums(
    normals: NDArray[np.float64], weighted: NDArray[np.float64], cos_crease: float
) -> NDArray[np.float64]:
    """For each of the N faces around each of K vertices, sum the weighted normals within its crease: (K, N, 3)."""
    count = normals.shape[1]
    own, total = normals.reshape(-1, 3), np.zeros(normals.shape)
    for j in range(count):
        other = np.repeat(normals[:, j], count, axis=0)
        within = np.einsum("ij,ij->i", own, other).reshape(normals.shape[:2]) >= cos_crease
        total += weighted[:, j, None, :] * within[:, :, None]
    return total


def index_corners(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    normals: NDArray[np.float64],
    extra: NDArray[np.float64] | None = None,
    mesh: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None, NDArray[np.int32]]:
    """Merge face corners with equal attributes into shared vertices.

    Parameters
    ----------
    vertices : (N, 3) float
    faces : (M, 3) int
    normals : (M, 3, 3) float
        One per face corner.
    extra : (M, 3, K) float, optional
        More attributes per face corner.
    mesh : (M,) int, optional
        Number of the mesh of each face, ascending; different meshes share no vertex.

    Returns
    -------
    vertices : (V, 3) float32
        In order of first use.
    normals : (V, 3) float32
    extra : (V, K) float32 or None
    faces : (M, 3) int32
    """
    columns = [vertices[faces].reshape(-1, 3), normals.reshape(-1, 3)]
    if extra is not None:
        columns.append(extra.reshape(-1, extra.shape[-1]))
    corners = np.ascontiguousarray(np.concatenate(columns, axis=1).astype(np.float32) + np.float32(0.0))
    keyed = corners
    if mesh is not None and len(mesh) and mesh[-1] > 0:
        keyed = np.column_stack([np.repeat(mesh, 3).astype(np.int32).view(np.float32), corners])
    rows = keyed.view(np.dtype((np.void, keyed.dtype.itemsize * keyed.shape[1]))).ravel()
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    by_use = np.argsort(first, kind="stable")
    rank = np.empty(len(first), dtype=np.int32)
    rank[by_use] = np.arange(len(first), dtype=np.int32)
    kept = corners[first[by_use]]
    merged_extra = kept[:, 6:] if extra is not None else None
    return kept[:, :3], kept[:, 3:6], merged_extra, rank[inverse.reshape(-1)].reshape(-1, 3)


def tangents(
    vertices: NDArray[np.float32], normals: NDArray[np.float32], uv: NDArray[np.float32], faces: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Compute vertex tangents as glTF defines them: bitangent = cross(normal, tangent) * w.

    Each tangent averages the directions of growing u over the triangles around its vertex. Where u does not grow, it
    is any direction perpendicular to the normal.

    Parameters
    ----------
    vertices, normals : (N, 3) float32
    uv : (N, 2) float32
    faces : (M, 3) int32

    Returns
    -------
    (N, 4) float32
        Unit tangents perpendicular to the normals, and w, which is -1 where the texture is mirrored, else 1.

    References
    ----------
    glTF 2.0, section 3.7.2.1.
    """
    corner, corner_uv = vertices[faces].astype(float), uv[faces].astype(float)
    edge1, edge2 = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    (u1, v1), (u2, v2) = (corner_uv[:, 1] - corner_uv[:, 0]).T, (corner_uv[:, 2] - corner_uv[:, 0]).T
    signed_area = u1 * v2 - v1 * u2  # twice the triangle's area in the texture, negative where it is mirrored
    along_u = (edge1 * v2[:, None] - edge2 * v1[:, None]) * np.sign(signed_area)[:, None]
    summed, summed_area = np.zeros(vertices.shape), np.zeros(len(vertices))
    for k in range(3):
        np.add.at(summed, faces[:, k], along_u)
        np.add.at(summed_area, faces[:, k], signed_area)
    normal = normals.astype(float)
    tangent = summed - np.sum(summed * normal, axis=1, keepdims=True) * normal
    undefined = np.linalg.norm(tangent, axis=1) <= 1e-12
    helper = np.eye(3)[np.argmin(np.abs(normal[undefined]), axis=1)]
    tangent[undefined] = np.cross(normal[undefined], helper)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return np.concatenate([tangent, np.where(summed_area < 0.0, -1.0, 1.0)[:, None]], axis=1).astype(np.float32)
