"""Repair meshes: remove faces without area and duplicate faces, and orient faces outward."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.mesh.mesh_data import Floats, MeshInstance
from selfiesim.craft.mesh.normals import weld_ids

Faces = NDArray[np.int64]

_MAX_PACKED_IDS = 2_000_000
"""Below this many ids, three of them fit into one 63-bit integer."""


class JointMeshes(NamedTuple):
    """Several meshes as one, so that what is done to each takes one step for all.

    Attributes
    ----------
    vertices : (N, 3) float
    faces : (M, 3) int
        Index into all vertices.
    mesh_of_vertex : (N,) int
    mesh_of_face : (M,) int
    starts : (K + 1,) int
        The first vertex of each mesh, and the end.
    """

    vertices: Floats
    faces: Faces
    mesh_of_vertex: NDArray[np.int64]
    mesh_of_face: NDArray[np.int64]
    starts: NDArray[np.int64]


def join_faces(meshes: Sequence[tuple[Floats, Faces]]) -> JointMeshes:
    """Join meshes, given by vertices and faces."""
    vertices, faces = zip(*meshes, strict=True)
    counts = np.array([len(each) for each in vertices], np.int64)
    starts = np.r_[0, np.cumsum(counts)]
    numbers = np.arange(len(meshes))
    mesh_of_face = np.repeat(numbers, [len(each) for each in faces])
    all_faces = np.concatenate(faces) + starts[mesh_of_face][:, None]
    return JointMeshes(np.concatenate(vertices), all_faces, np.repeat(numbers, counts), mesh_of_face, starts)


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


def repair_meshes(meshes: Sequence[MeshInstance], repairs: Repairs) -> list[MeshInstance | None]:
    """Return the meshes without the faces that cannot be rendered; None for those of which no face remains.

    All are repaired together: a file may have many thousands of small meshes.

    Raises
    ------
    ModelError
        When a face refers to a vertex that does not exist or is not finite.
    """
    if not any(len(mesh.faces) for mesh in meshes):
        return [None] * len(meshes)
    joint = join_faces([(mesh.vertices, mesh.faces) for mesh in meshes])
    used = _used_vertices(joint, meshes)
    finite = np.where(np.isfinite(joint.vertices), joint.vertices, 0.0)
    ids = weld_ids(finite, joint.mesh_of_vertex)[joint.faces]
    has_area = (ids[:, 0] != ids[:, 1]) & (ids[:, 1] != ids[:, 2]) & (ids[:, 2] != ids[:, 0])
    has_area[has_area] = ~_is_degenerate(joint.vertices[joint.faces[has_area]])
    repairs.note("degenerate faces removed", np.count_nonzero(~has_area))
    kept = np.flatnonzero(has_area)
    first = _first_occurrences(ids[kept])
    repairs.note("duplicate faces removed", len(kept) - np.count_nonzero(first))
    kept = kept[first]
    if len(kept) == 0:
        return [None] * len(meshes)
    faces, ids, mesh_of_face = joint.faces[kept], ids[kept], joint.mesh_of_face[kept]
    normals, has_normals = _valid_normals(meshes, joint, used)
    remains = np.bincount(mesh_of_face, minlength=len(meshes)) > 0
    repairs.note("meshes with recomputed normals", np.count_nonzero(remains & ~has_normals))
    inward, given = np.zeros(len(faces), bool), has_normals[mesh_of_face]
    if given.any():  # the file's normals decide
        outward = normals[faces[given]].sum(axis=1)
        inward[given] = np.einsum("ij,ij->i", _area_vectors(joint.vertices[faces[given]]), outward) < 0.0
    if not given.all():
        inward[~given] = find_inward_faces(joint.vertices, faces[~given], ids[~given])
    repairs.note("inward faces flipped", np.count_nonzero(inward))
    faces = np.where(inward[:, None], faces[:, ::-1], faces)
    return _without_unused_vertices(
        meshes, joint, faces, mesh_of_face, [normals if has else None for has in has_normals]
    )


def _used_vertices(joint: JointMeshes, meshes: Sequence[MeshInstance]) -> NDArray[np.bool_]:
    """Mask (N,) of the vertices that faces refer to, which must exist and be finite."""
    low, high = joint.starts[joint.mesh_of_face], joint.starts[joint.mesh_of_face + 1]
    wrong = np.flatnonzero(((joint.faces < low[:, None]) | (joint.faces >= high[:, None])).any(axis=1))
    if len(wrong):
        mesh = meshes[joint.mesh_of_face[wrong[0]]]
        raise ModelError(f"a face of {mesh.node!r} refers to vertex {mesh.faces.max():,} of {len(mesh.vertices):,}")
    used = np.zeros(len(joint.vertices), bool)
    used[joint.faces.ravel()] = True
    bad = np.flatnonzero(used & ~np.isfinite(joint.vertices).all(axis=1))
    if len(bad):
        number = joint.mesh_of_vertex[bad[0]]
        count = np.count_nonzero(joint.mesh_of_vertex[bad] == number)
        raise ModelError(
            f"vertex {bad[0] - joint.starts[number]:,} of {meshes[number].node!r} is not finite, the first of "
            f"{count:,} such vertices"
        )
    return used


def _without_unused_vertices(
    meshes: Sequence[MeshInstance],
    joint: JointMeshes,
    faces: Faces,
    mesh_of_face: NDArray[np.int64],
    normals: list[Floats | None],
) -> list[MeshInstance | None]:
    """Keep only the vertices that a face refers to: others may be anywhere, or not finite."""
    used = np.zeros(len(joint.vertices), bool)
    used[faces.ravel()] = True
    new_index = np.cumsum(used) - 1
    face_starts = np.searchsorted(mesh_of_face, np.arange(len(meshes) + 1))
    repaired: list[MeshInstance | None] = []
    for number, mesh in enumerate(meshes):
        own_faces = faces[face_starts[number] : face_starts[number + 1]]
        own = slice(joint.starts[number], joint.starts[number + 1])
        mask = used[own]
        if len(own_faces) == 0:
            repaired.append(None)
            continue
        own_normals = normals[number]
        repaired.append(
            replace(
                mesh,
                vertices=mesh.vertices[mask],
                faces=new_index[own_faces] - (new_index[own.start] + 1 - mask[0]),
                normals=None if own_normals is None else own_normals[own][mask],
                uv=_picked(mesh.uv, mask),
                tint=_picked(mesh.tint, mask),
                opacity=_picked(mesh.opacity, mask),
                uv2=_picked(mesh.uv2, mask),
            )
        )
    return repaired


def _picked(attribute: Floats | None, mask: NDArray[np.bool_]) -> Floats | None:
    return attribute[mask] if attribute is not None and len(attribute) == len(mask) else None


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
    side = key[:, 0] * count + key[:, 1]
    if count >= _MAX_PACKED_IDS:
        side = np.unique(side, return_inverse=True)[1].reshape(-1)
    _, first = np.unique(side * count + key[:, 2], return_index=True)
    mask = np.zeros(len(ids), bool)
    mask[first] = True
    return mask


def _valid_normals(
    meshes: Sequence[MeshInstance], joint: JointMeshes, used: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """The file's normals (N, 3) as unit vectors, and which meshes have a valid one at every used vertex."""
    given = [
        mesh.normals if mesh.normals is not None and len(mesh.normals) == len(mesh.vertices) else np.zeros((1, 3))
        for mesh in meshes
    ]
    counts = np.diff(joint.starts)
    normals = np.concatenate([np.broadcast_to(each, (count, 3)) for each, count in zip(given, counts, strict=True)])
    normals = np.where(np.isfinite(normals), normals, 0.0)
    length = np.linalg.norm(normals, axis=1)
    without = joint.mesh_of_vertex[used & ~(length >= 1e-9)]
    valid = np.bincount(without, minlength=len(meshes)) == 0
    return normals / np.where(length > 1e-9, length, 1.0)[:, None], valid


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
    centre = corners[np.unique(piece, return_index=True)[1], 0]  # any point near the piece: rounding stays small
    a, b, c = (corners[:, k] - centre[piece] for k in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)) * np.where(flip, -1.0, 1.0)
    total_volume = np.bincount(piece, weights=volume)
    mostly_flipped = np.bincount(piece, weights=np.where(flip, 1.0, -1.0)) > 0.0
    wrong = np.where(closed, total_volume < 0.0, mostly_flipped)
    return np.asarray((flip ^ wrong[piece]) & is_orientable)
