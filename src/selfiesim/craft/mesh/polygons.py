"""Polygons into triangles: convex ones as fans, others by ear cutting; and corners into shared vertices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.mesh.mesh_data import Floats

Ints = NDArray[np.int64]

MAX_POLYGON_CORNERS = 20_000
"""Corners of one polygon; cutting the ears of a larger one could take minutes."""


def triangulate(points: Floats, corners: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """Cut polygons into triangles.

    Parameters
    ----------
    points : (N, 3) float
        Positions.
    corners : (C,) int
        Index into ``points`` of each polygon's corners, one polygon after the other.
    sizes : (P,) int
        Number of corners of each polygon; those with fewer than three are left out.

    Returns
    -------
    triangles : (T, 3) int
        Index into ``corners`` of each triangle's corners, wound as its polygon.
    polygon : (T,) int
        The polygon of each triangle.

    Raises
    ------
    ModelError
        When a corner refers to a point that does not exist, or a polygon has over :data:`MAX_POLYGON_CORNERS`.
    """
    if len(corners) and (corners.min() < 0 or corners.max() >= len(points)):
        wrong = corners.max() if corners.max() >= len(points) else corners.min()
        raise ModelError(f"a face refers to vertex {wrong:,} of {len(points):,}")
    if len(sizes) and sizes.max() > MAX_POLYGON_CORNERS:
        raise ModelError(f"a face has {sizes.max():,} corners; the limit is {MAX_POLYGON_CORNERS:,}: cut it up")
    starts = np.cumsum(sizes) - sizes
    found = [(np.zeros((0, 3), np.int64), np.zeros(0, np.int64))]
    for size in np.unique(sizes[sizes >= 3]):
        polygons = np.flatnonzero(sizes == size)
        members = starts[polygons][:, None] + np.arange(size)
        found.append(_cut(points, corners, members, polygons))
    triangles, polygon = (np.concatenate(each) for each in zip(*found, strict=True))
    order = np.argsort(polygon, kind="stable")
    return triangles[order], polygon[order]


def _cut(points: Floats, corners: Ints, members: Ints, polygons: Ints) -> tuple[Ints, Ints]:
    """Cut polygons that have the same number of corners, ``members`` (P, K), into triangles."""
    count = members.shape[1]
    k = np.arange(1, count - 1)
    fan = np.stack([np.zeros_like(k), k, k + 1], axis=1)
    if count == 3:
        return members, polygons
    concave = np.flatnonzero(~_is_convex(points[corners[members]]))
    cuts = np.broadcast_to(fan, (len(members), *fan.shape)).copy()
    keep = np.ones(cuts.shape[:2], bool)
    for number in concave:
        ears = _cut_ears(points[corners[members[number]]])
        if ears is not None:
            ears = ears[: len(fan)]
            keep[number] = np.arange(len(fan)) < len(ears)
            cuts[number, : len(ears)] = ears
    triangles = members[np.arange(len(members))[:, None, None], cuts]
    return triangles[keep], np.repeat(polygons, keep.sum(axis=1))


def _newell_normals(outline: Floats) -> Floats:
    """Area vectors (P, 3) of polygons (P, K, 3), twice their area long (Newell's method)."""
    centred = outline - outline.mean(axis=1, keepdims=True)
    return np.asarray(np.cross(centred, np.roll(centred, -1, axis=1)).sum(axis=1))


def _is_convex(outline: Floats) -> NDArray[np.bool_]:
    """Mask (P,) of the polygons (P, K, 3) whose corners all turn the same way and turn once in all.

    A corner that lies on a straight line counts as convex only if the fan from the first corner does not fold there.
    """
    normal = _newell_normals(outline)
    first = outline[:, :1]
    spokes = outline[:, 1:] - first
    fan = np.einsum("pkj,pj->pk", np.cross(spokes[:, :-1], spokes[:, 1:]), normal)
    edges = np.roll(outline, -1, axis=1) - outline
    turn = np.einsum("pkj,pj->pk", np.cross(np.roll(edges, 1, axis=1), edges), normal)
    slack = -1e-9 * np.einsum("pj,pj->p", normal, normal)[:, None]
    return np.asarray((fan >= slack).all(axis=1) & (turn >= slack).all(axis=1))


def _cut_ears(outline: Floats) -> Ints | None:
    """Triangles (T, 3) of a polygon (K, 3), wound as it is; None where it has no area and so no plane."""
    from mapbox_earcut import triangulate_float64

    normal = _newell_normals(outline[None])[0]
    length = float(np.linalg.norm(normal))
    if not np.isfinite(length) or length == 0.0:
        return None
    drop = int(np.argmax(np.abs(normal)))
    # Along the axis nearest to the normal; the order of the others keeps the winding where that axis is positive.
    kept = [(drop + 1) % 3, (drop + 2) % 3]
    flat = np.ascontiguousarray(outline[:, kept])
    ears = triangulate_float64(flat, np.array([len(flat)], np.uint32)).astype(np.int64).reshape(-1, 3)
    a, b, c = (flat[ears[:, k]] for k in range(3))
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    reversed_ = area * normal[drop] < 0.0
    return np.asarray(np.where(reversed_[:, None], ears[:, ::-1], ears))


def merge_corners(columns: Sequence[Ints | None]) -> tuple[Ints, Ints]:
    """Number the distinct combinations of indices that corners have.

    Parameters
    ----------
    columns : sequence of (C,) int
        Indices of each corner: its position, texture coordinates, colour ...; None for what there is not.

    Returns
    -------
    first : (V,) int
        A corner of each combination, in order of first use; of the table, where there is only one column.
    vertex : (C,) int
        The combination of each corner.
    """
    given = [column for column in columns if column is not None]
    if len(given) == 1:  # in the order of the table, so that messages count as the file does
        _, first, vertex = np.unique(given[0], return_index=True, return_inverse=True)
        return first, vertex.reshape(-1)
    key: NDArray[Any] = given[0].astype(np.int64)
    for column in given[1:]:
        _, key = np.unique(key, return_inverse=True)
        key = key.reshape(-1) * (int(column.max()) + 2 if len(column) else 1) + column + 1
    _, first, vertex = np.unique(key, return_index=True, return_inverse=True)
    by_use = np.argsort(first, kind="stable")
    rank = np.empty(len(first), np.int64)
    rank[by_use] = np.arange(len(first))
    return first[by_use], rank[vertex.reshape(-1)]
