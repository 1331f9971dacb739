"""Repair meshes: remove faces without area and duplicate faces, and orient faces outward."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.mesh.mesh_data import Floats, MeshInstance
from selfiesim.craft.mesh.normals import weld_ids

Faces = NDArray[np.int64]

_MAX_PACKED_IDS = 2_000_000
"""Below this many ids, three of them fit into one 63-bit integer."""


@dataclass
class Repairs:
    """How many repairs of each kind a craft needed."""

    counts: Counter[str]

    def note(self, kind: str, count: int | np.integer[Any] = 1) -> None:
        """Add to the count of one kind."""
        if count:
            self.counts[kind] += int(count)

    def summary_lines(self) -> tuple[str, ...]:
        """Return one line per kind of repair."""
        return tuple(f"{kind}: {count:,}" for kind, count in sorted(self.counts.items()))


def repair_mesh(mesh: MeshInstance, repairs: Repairs) -> MeshInstance | None:
    """Return the mesh without the faces that cannot be rendered; None if no face remains.

    Raises
    ------
    ModelError
        When a face refers to a vertex that does not exist or is not finite.
    """
    vertices, faces = mesh.vertices, mesh.faces
    if len(faces) == 0:
        return None
    used = _used_vertices(mesh)
    welded = weld_ids(np.where(np.isfinite(vertices), vertices, 0.0))
    ids = welded[faces]
    has_area = (ids[:, 0] != ids[:, 1]) & (ids[:, 1] != ids[:, 2]) & (ids[:, 2] != ids[:, 0])
    has_area[has_area] = ~_is_degenerate(vertices[faces[has_area]])
    repairs.note("degenerate faces removed", np.count_nonzero(~has_area))
    faces, ids = faces[has_area], ids[has_area]
    first = _first_occurrences(ids)
    repairs.note("duplicate faces removed", len(faces) - np.count_nonzero(first))
    faces, ids = faces[first], ids[first]
    if len(faces) == 0:
        return None
    normals = _valid_normals(mesh.normals, used)
    if normals is None:
        repairs.note("meshes with recomputed normals", 1)
        inward = find_inward_faces(vertices, faces, ids)
    else:
        # The file's normals decide.
        inward = np.einsum("ij,ij->i", _area_vectors(vertices[faces]), normals[faces].sum(axis=1)) < 0.0
    repairs.note("inward faces flipped", np.count_nonzero(inward))
    return _drop_unused_vertices(mesh, normals, np.where(inward[:, None], faces[:, ::-1], faces))


def _used_vertices(mesh: MeshInstance) -> NDArray[np.bool_]:
    """Mask (N,) of the vertices that the faces refer to, which must exist and be finite."""
    vertices, faces = mesh.vertices, mesh.faces
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ModelError(f"a face of {mesh.node!r} refers to vertex {faces.max():,} of {len(vertices):,}")
    used = np.zeros(len(vertices), bool)
    used[faces.ravel()] = True
    bad = np.flatnonzero(used & ~np.isfinite(vertices).all(axis=1))
    if len(bad):
        raise ModelError(f"vertex {bad[0]:,} of {mesh.node!r} is not finite, the first of {len(bad):,} such vertices")
    return used


def _drop_unused_vertices(mesh: MeshInstance, normals: Floats | None, faces: Faces) -> MeshInstance:
    """Keep only the vertices that a face refers to: others may be anywhere, or not finite."""
    used = np.zeros(len(mesh.vertices), bool)
    used[faces.ravel()] = True
    new_index = np.cumsum(used) - 1

    def kept(attribute: Floats | None) -> Floats | None:
        return attribute[used] if attribute is not None and len(attribute) == len(used) else None

    return replace(
        mesh,
        vertices=mesh.vertices[used],
        faces=new_index[faces],
        normals=kept(normals),
        uv=kept(mesh.uv),
        tint=kept(mesh.tint),
        opacity=kept(mesh.opacity),
        uv2=kept(mesh.uv2),
    )


def _is_degenerate(corners: Floats) -> NDArray[np.bool_]:
    """Mask (M,) of triangles (M, 3, 3) no higher than rounding error, whose normals would be arbitrary."""
    area_vectors = _area_vectors(corners)
    longest_squared = np.max(np.sum((corners - np.roll(corners, 1, axis=1)) ** 2, axis=2), axis=1)
    size = np.max(np.abs(corners), axis=(1, 2))
    height = np.sqrt(np.sum(area_vectors * area_vectors, axis=1)) / np.sqrt(np.maximum(longest_squared, 1e-300))
    return np.asarray(height <= 4.0 * np.finfo(np.float64).eps * np.maximum(size, np.sqrt(longest_squared)))


def _area_vectors(corners: Floats) -> Floats:
    """Normals (M, 3) of triangles (M, 3, 3), twice their area long."""
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def _first_occurrences(ids: Faces) -> NDArray[np.bool_]:
    """Mask (M,) of the first face over each set of three positions.

    The winding does not matter: faces render on both sides.
    """
    key = np.sort(ids, axis=1)
    count = int(key.max()) + 1 if len(key) else 1
    if count < _MAX_PACKED_IDS:
        _, first = np.unique((key[:, 0] * count + key[:, 1]) * count + key[:, 2], return_index=True)
    else:
        _, first = np.unique(key, axis=0, return_index=True)
    mask = np.zeros(len(ids), bool)
    mask[first] = True
    return mask


def _valid_normals(normals: Floats | None, used: NDArray[np.bool_]) -> Floats | None:
    """The file's normals as unit vectors; None unless every used vertex has a valid one."""
    if normals is None or len(normals) != len(used):
        return None
    length = np.linalg.norm(np.where(np.isfinite(normals), normals, 0.0), axis=1)
    if length[used].min() < 1e-9:
        return None
    return np.where(np.isfinite(normals), normals, 0.0) / np.where(length > 1e-9, length, 1.0)[:, None]


def find_inward_faces(vertices: Floats, faces: Faces, ids: Faces) -> NDArray[np.bool_]:
    """Find the faces to reverse so that neighbours agree in orientation and solids face outward.

    Faces are neighbours across an edge that belongs to exactly two of them. A surface that is not orientable (a
    Moebius strip) stays as it is.

    Parameters
    ----------
    vertices : (N, 3) float
    faces : (M, 3) int
    ids : (M, 3) int
        Weld id of each face corner, see :func:`selfiesim.craft.mesh.normals.weld_ids`.

    Returns
    -------
    (M,) bool
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(ids)
    forward, order, edges, sizes = _sides_by_edge(ids)
    pairs = edges[sizes == 2]
    one, other = order[pairs] // 3, order[pairs + 1] // 3
    # Neighbours agree if they run along their edge in opposite directions. Each face is two graph nodes, as it is and
    # reversed; edges join the nodes that must go together, so each connected component is consistent.
    agree = forward[order[pairs]] != forward[order[pairs + 1]]
    offset = np.where(agree, 0, count)
    rows = np.concatenate([one, one + count])
    columns = np.concatenate([other + offset, (other + count - offset)])
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(2 * count, 2 * count))
    as_is, reversed_ = connected_components(graph, directed=False)[1].reshape(2, count)
    is_orientable = as_is != reversed_
    # Of a piece's two orientations, take the one that keeps its first face; _orient_outward then picks the better.
    first = np.minimum(as_is, reversed_)
    flip = is_orientable & (as_is != first)
    _, piece = np.unique(first, return_inverse=True)
    closed = np.ones(piece.max() + 1, bool)
    closed[piece[order[np.repeat(sizes != 2, sizes)] // 3]] = False
    return _orient_outward(vertices[faces], flip, is_orientable, piece, closed)


def _sides_by_edge(ids: Faces) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Group the faces' sides (3 M,) by the edge that they lie on.

    Returns whether each side runs from the lower weld id to the higher, the order that sorts the sides by edge, and
    the first position in that order and the number of sides of each edge.
    """
    start, end = ids.ravel(), np.roll(ids, -1, axis=1).ravel()
    width = int(ids.max()) + 1
    key = np.minimum(start, end) * width + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    edges = np.flatnonzero(np.r_[True, np.diff(key[order]) > 0])
    return start < end, order, edges, np.diff(np.r_[edges, len(order)])


def _orient_outward(
    corners: Floats,
    flip: NDArray[np.bool_],
    is_orientable: NDArray[np.bool_],
    piece: NDArray[np.int64],
    closed: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Orient each closed piece by the sign of its volume, each open one so that the fewest faces are reversed."""
    centre = corners.mean(axis=(0, 1))
    a, b, c = (corners[:, k] - centre for k in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)) * np.where(flip, -1.0, 1.0)
    total_volume = np.bincount(piece, weights=volume)
    mostly_flipped = np.bincount(piece, weights=np.where(flip, 1.0, -1.0)) > 0.0
    wrong = np.where(closed, total_volume < 0.0, mostly_flipped)
    return np.asarray((flip ^ wrong[piece]) & is_orientable)
