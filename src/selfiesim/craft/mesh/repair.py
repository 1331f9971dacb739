"""Putting a mesh right: what files carry that no surface has, and what they lack.

Faces without area, faces that are there twice, faces that look inward beside ones that look outward.
"""

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


@dataclass
class Repairs:
    """What was put right in a craft: how many of each."""

    counts: Counter[str]

    def note(self, what: str, count: int | np.integer[Any] = 1) -> None:
        """Add to one of the counts."""
        if count:
            self.counts[what] += int(count)

    def summary_lines(self) -> tuple[str, ...]:
        """A line for each kind of repair."""
        return tuple(f"{what}: {count:,}" for what, count in sorted(self.counts.items()))


def repair_mesh(shape: MeshInstance, repairs: Repairs) -> MeshInstance | None:
    """The shape without faces that cannot be drawn; None where nothing is left of it.

    Raises
    ------
    ModelError
        When a face names a vertex that is not there or is no finite number.
    """
    vertices, faces = shape.vertices, shape.faces
    if len(faces) == 0:
        return None
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ModelError(f"a face of {shape.node!r} names vertex {faces.max():,} of {len(vertices):,}")
    used = np.zeros(len(vertices), bool)
    used[faces.ravel()] = True
    bad = np.flatnonzero(used & ~np.isfinite(vertices).all(axis=1))
    if len(bad):
        raise ModelError(f"vertex {bad[0]:,} of {shape.node!r} is not three finite numbers; {len(bad):,} are like that")
    place = weld_ids(np.where(np.isfinite(vertices), vertices, 0.0))
    at = place[faces]
    solid = (at[:, 0] != at[:, 1]) & (at[:, 1] != at[:, 2]) & (at[:, 2] != at[:, 0])
    solid[solid] = ~_is_degenerate(vertices[faces[solid]])
    repairs.note("faces without area left out", np.count_nonzero(~solid))
    faces, at = faces[solid], at[solid]
    kept = _first_occurrences(at)
    repairs.note("faces that were there twice left out", len(faces) - np.count_nonzero(kept))
    faces, at = faces[kept], at[kept]
    if len(faces) == 0:
        return None
    normals = _valid_normals(shape.normals, used)
    if normals is None:
        repairs.note("meshes that had no normals given some", 1)
        turned = find_inward_faces(vertices, faces, at)
    else:
        # What a file says of its normals holds: they are smooth where it wants them so.
        turned = np.einsum("ij,ij->i", _area_vectors(vertices[faces]), normals[faces].sum(axis=1)) < 0.0
    repairs.note("faces turned to look outward", np.count_nonzero(turned))
    return _drop_unused_vertices(shape, normals, np.where(turned[:, None], faces[:, ::-1], faces))


def _drop_unused_vertices(shape: MeshInstance, normals: Floats | None, faces: Faces) -> MeshInstance:
    """Only the vertices that a face names: others may be anywhere, or no numbers at all."""
    used = np.zeros(len(shape.vertices), bool)
    used[faces.ravel()] = True
    number = np.cumsum(used) - 1

    def kept(table: Floats | None) -> Floats | None:
        return table[used] if table is not None and len(table) == len(used) else None

    return replace(
        shape,
        vertices=shape.vertices[used],
        faces=number[faces],
        normals=kept(normals),
        uv=kept(shape.uv),
        tint=kept(shape.tint),
    )


def _is_degenerate(corners: Floats) -> NDArray[np.bool_]:
    """Triangles (M, 3, 3) no higher than rounding makes them: a needle's normal is chance."""
    square = _area_vectors(corners)
    edge = np.max(np.sum((corners - np.roll(corners, 1, axis=1)) ** 2, axis=2), axis=1)
    size = np.max(np.abs(corners), axis=(1, 2))
    height = np.sqrt(np.sum(square * square, axis=1)) / np.sqrt(np.maximum(edge, 1e-300))
    return np.asarray(height <= 4.0 * np.finfo(np.float64).eps * np.maximum(size, np.sqrt(edge)))


def _area_vectors(corners: Floats) -> Floats:
    return np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])


def _first_occurrences(at: Faces) -> NDArray[np.bool_]:
    """Which faces are the first over their three places; both sides of a face are drawn, so turned ones count too."""
    key = np.sort(at, axis=1)
    count = int(key.max()) + 1 if len(key) else 1
    kept = np.zeros(len(at), bool)
    if count < 2_000_000:  # three numbers fit into one of 63 bits
        _, first = np.unique((key[:, 0] * count + key[:, 1]) * count + key[:, 2], return_index=True)
    else:
        _, first = np.unique(key, axis=0, return_index=True)
    kept[first] = True
    return kept


def _valid_normals(normals: Floats | None, used: NDArray[np.bool_]) -> Floats | None:
    """The file's normals, if all of them that count are directions."""
    if normals is None or len(normals) != len(used):
        return None
    length = np.linalg.norm(np.where(np.isfinite(normals), normals, 0.0), axis=1)
    if length[used].min() < 1e-9:
        return None
    return np.where(np.isfinite(normals), normals, 0.0) / np.where(length > 1e-9, length, 1.0)[:, None]


def find_inward_faces(vertices: Floats, faces: Faces, at: Faces) -> NDArray[np.bool_]:
    """Faces (M,) that have to be turned round so that neighbours look to one side, and solids outward.

    ``at`` (M, 3) names the place of each corner of ``faces``, see :func:`selfiesim.craft.mesh.normals.weld_ids`; faces are
    neighbours across an edge that carries two of them. A piece that has no two sides (a Moebius strip) stays as it is.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(at)
    start, end = at.ravel(), np.roll(at, -1, axis=1).ravel()
    forward = start < end
    width = int(at.max()) + 1
    key = np.minimum(start, end) * width + np.maximum(start, end)
    order = np.argsort(key, kind="stable")
    edges = np.flatnonzero(np.r_[True, np.diff(key[order]) > 0])
    sizes = np.diff(np.r_[edges, len(order)])
    pairs = edges[sizes == 2]
    one, other = order[pairs] // 3, order[pairs + 1] // 3
    # Neighbours look to one side when they run along their edge in opposite directions. Each face is two nodes of a
    # graph, as it is and turned; what has to be so together is joined, and falls into pieces that are consistent.
    alike = forward[order[pairs]] != forward[order[pairs + 1]]
    to = np.where(alike, 0, count)
    rows = np.concatenate([one, one + count])
    columns = np.concatenate([other + to, (other + count - to)])
    graph = coo_array((np.ones(len(rows), bool), (rows, columns)), shape=(2 * count, 2 * count))
    _, piece = connected_components(graph, directed=False)
    plain, turned = piece[:count], piece[count:]
    is_orientable = plain != turned
    # Of the two ways to turn a piece, take the one that has its first face as it is; then look which is the better.
    first = np.minimum(plain, turned)
    flip = is_orientable & (plain != first)
    _, body = np.unique(first, return_inverse=True)
    closed = np.ones(body.max() + 1, bool)
    owners = order // 3
    open_edges = np.repeat(sizes != 2, sizes)
    closed[body[owners[open_edges]]] = False
    return _orient_outward(vertices[faces], flip, is_orientable, body, closed)


def _orient_outward(
    corners: Floats,
    flip: NDArray[np.bool_],
    is_orientable: NDArray[np.bool_],
    body: NDArray[np.int64],
    closed: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Turn each closed piece outward by its volume, each open one so that as few faces as possible are turned."""
    middle = corners.mean(axis=(0, 1))
    a, b, c = (corners[:, k] - middle for k in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)) * np.where(flip, -1.0, 1.0)
    total = np.bincount(body, weights=volume)
    more = np.bincount(body, weights=np.where(flip, 1.0, -1.0)) > 0.0
    wrong = np.where(closed, total < 0.0, more)
    return np.asarray((flip ^ wrong[body]) & is_orientable)
