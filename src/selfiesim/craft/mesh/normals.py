"""Vertex normals that keep an edge where the surface bends sharply.

Built craft need them (a lathe-turned nozzle is smooth round its axis and sharp at its rim), and so do files that
come without normals (STL always, OBJ and PLY often).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CREASE_DEG = 35.0

# A vertex with more faces than this is a fan's hub or an attack; it gets one plain average, which bounds the time.
_MAX_PAIRWISE_FACES = 256


def face_normals_and_areas(
    vertices: NDArray[np.float64], faces: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit normals (M, 3) and areas (M,) of triangles; a face without area gets the normal (0, 0, 0)."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    cross = np.cross(b - a, c - a)
    length = np.linalg.norm(cross, axis=1)
    unit = cross / np.where(length > 0.0, length, 1.0)[:, None]
    return unit, 0.5 * length


def weld_ids(vertices: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each vertex (N, 3) the number of its place: vertices at the same place share one number. (N,)"""
    plain = np.ascontiguousarray(vertices + 0.0)  # -0.0 and 0.0 are one place
    rows = plain.view(np.dtype((np.void, plain.dtype.itemsize * 3))).ravel()
    _, place = np.unique(rows, return_inverse=True)
    return np.asarray(place, dtype=np.int64).reshape(-1)


def creased_normals(
    vertices: NDArray[np.float64], faces: NDArray[np.int64], crease_deg: float = CREASE_DEG
) -> NDArray[np.float64]:
    """Unit normal of every face corner, (M, 3 corners, 3).

    Each corner averages, weighted by area, the faces round its vertex that bend away from its own face by less than
    ``crease_deg`` degrees. Vertices at the same place count as one, so unshared triangles (STL) come out smooth too.
    """
    unit, area = face_normals_and_areas(vertices, faces)
    corner_place = weld_ids(vertices)[faces].ravel()
    order = np.argsort(corner_place, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(corner_place[order]) > 0])
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
    lost = length < 1e-12
    out[lost] = own[lost]
    out[~lost] /= length[~lost, None]
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
    """Fill ``out`` (3M, 3) for vertices whose corners are ``order[start : start + size]``, those of a size at once."""
    # Faces that all bend by less than half of the crease from one of them are alike without comparing all pairs.
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
    """Sums (K, N, 3) over the N faces round each of K vertices: for each face, of those that are like it."""
    count = normals.shape[1]
    own, total = normals.reshape(-1, 3), np.zeros(normals.shape)
    for j in range(count):
        other = np.repeat(normals[:, j], count, axis=0)
        alike = np.einsum("ij,ij->i", own, other).reshape(normals.shape[:2]) >= cos_crease
        total += weighted[:, j, None, :] * alike[:, :, None]
    return total


def index_corners(
    vertices: NDArray[np.float64],
    faces: NDArray[np.int64],
    normals: NDArray[np.float64],
    extra: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None, NDArray[np.int32]]:
    """Turn corners (positions, normals (M, 3, 3), extra numbers (M, 3, K)) into shared vertices.

    Returns
    -------
    vertices (N, 3), normals (N, 3), extra (N, K) or None, all float32, and faces (M, 3) int32, in order of first use.
    """
    columns = [vertices[faces].reshape(-1, 3), normals.reshape(-1, 3)]
    if extra is not None:
        columns.append(extra.reshape(-1, extra.shape[-1]))
    corners = np.ascontiguousarray(np.concatenate(columns, axis=1).astype(np.float32) + np.float32(0.0))
    rows = corners.view(np.dtype((np.void, corners.dtype.itemsize * corners.shape[1]))).ravel()
    _, first, inverse = np.unique(rows, return_index=True, return_inverse=True)
    by_use = np.argsort(first, kind="stable")
    rank = np.empty(len(first), dtype=np.int32)
    rank[by_use] = np.arange(len(first), dtype=np.int32)
    kept = corners[first[by_use]]
    return (
        kept[:, :3],
        kept[:, 3:6],
        (kept[:, 6:] if extra is not None else None),
        rank[inverse.reshape(-1)].reshape(-1, 3),
    )


def tangents(
    vertices: NDArray[np.float32], normals: NDArray[np.float32], uv: NDArray[np.float32], faces: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Directions in which u grows on the surface at each vertex, and whether v grows to their left: (N, 4) float32.

    Unit vectors square to the normals, the mean of the triangles around, and 1 or -1 (glTF 2.0, section 3.7.2.1:
    bitangent = cross(normal, tangent) times the fourth number). Where u does not grow, any direction square to the
    normal.
    """
    corner, place = vertices[faces].astype(float), uv[faces].astype(float)
    edge, other = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    (a, b), (c, d) = (place[:, 1] - place[:, 0]).T, (place[:, 2] - place[:, 0]).T
    area = a * d - b * c  # of the triangle on the texture, twice; its sign tells whether the texture is mirrored
    along_u = (edge * d[:, None] - other * b[:, None]) * np.sign(area)[:, None]
    summed, mirrored = np.zeros(vertices.shape), np.zeros(len(vertices))
    for k in range(3):
        np.add.at(summed, faces[:, k], along_u)
        np.add.at(mirrored, faces[:, k], area)
    normal = normals.astype(float)
    tangent = summed - np.sum(summed * normal, axis=1, keepdims=True) * normal
    lost = np.linalg.norm(tangent, axis=1) <= 1e-12
    helper = np.eye(3)[np.argmin(np.abs(normal[lost]), axis=1)]
    tangent[lost] = np.cross(normal[lost], helper)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    return np.concatenate([tangent, np.where(mirrored < 0.0, -1.0, 1.0)[:, None]], axis=1).astype(np.float32)
