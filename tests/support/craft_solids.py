"""Geometry checks on the solids of a built craft: whether two touch, and whether two share a visible plane."""

from __future__ import annotations

import numpy as np


def crossings(origins, ends, triangles):
    """Whether any segment (E, 3) to (E, 3) crosses any triangle (T, 3, 3)."""
    a, ab, ac = triangles[:, 0], triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0]
    normal = np.cross(ab, ac)
    for start in range(0, len(origins), 512):
        p, q = origins[start : start + 512, None], ends[start : start + 512, None]
        along = q - p
        slope = np.einsum("etk,tk->et", along, normal)
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.einsum("etk,tk->et", a - p, normal) / slope
            hit = np.cross(p + t[..., None] * along - a, along * 0 + normal)
            denominator = np.einsum("tk,tk->t", normal, normal)
            u = -np.einsum("etk,tk->et", hit, ac) / denominator
            v = np.einsum("etk,tk->et", hit, ab) / denominator
            inside = (t >= 0) & (t <= 1) & (u >= 0) & (v >= 0) & (u + v <= 1)
        if np.any(inside):
            return True
    return False


def near(solid, low, high, margin=1e-4):
    """The faces of a solid whose bounding boxes overlap a box."""
    corners = solid.vertices[solid.faces]
    keep = np.all(corners.min(axis=1) <= high + margin, axis=1) & np.all(corners.max(axis=1) >= low - margin, axis=1)
    return solid.faces[keep]


def touching(one, other):
    """Whether the surfaces of two solids cross."""
    low = np.maximum(one.vertices.min(axis=0), other.vertices.min(axis=0))
    high = np.minimum(one.vertices.max(axis=0), other.vertices.max(axis=0))
    for first, second in ((one, other), (other, one)):
        faces, target = near(first, low, high), near(second, low, high)
        if len(faces) == 0 or len(target) == 0:
            continue
        edges = np.unique(
            np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1), axis=0
        )
        ends = first.vertices[edges]
        if crossings(ends[:, 0], ends[:, 1], second.vertices[target]):
            return True
    return False


def groups(solids):
    """Connected sets of solids, as lists of indices."""
    boxes = np.array([[s.vertices.min(axis=0), s.vertices.max(axis=0)] for s in solids])
    parent = list(range(len(solids)))

    def root(k):
        while parent[k] != k:
            parent[k] = parent[parent[k]]
            k = parent[k]
        return k

    for k in range(len(solids)):
        overlap = np.all(boxes[:, 0] <= boxes[k, 1], axis=1) & np.all(boxes[:, 1] >= boxes[k, 0], axis=1)
        for other in np.flatnonzero(overlap[:k]):
            if root(k) != root(other) and touching(solids[k], solids[other]):
                parent[root(k)] = root(int(other))
    by_root: dict[int, list[int]] = {}
    for k in range(len(solids)):
        by_root.setdefault(root(k), []).append(k)
    return list(by_root.values())


# Measured with two sheets 10 m wide on a craft of 28 m, seen from 3, 30 and 300 m, at 5 to 86 degrees from the normal:
# 0.05 mm apart they never z-fight (0.005 mm from 30 m on, where the near plane is no longer 5 cm away). Six times that,
# for graphics cards that interpolate depth less precisely than Mesa's rasterizer.
STEADY_M = 3e-4
_PARALLEL = np.cos(np.radians(1.0))  # less parallel surfaces cross in a line, not in a speckled patch


def shared_planes(labels, solids, apart_m=STEADY_M, least_m2=5e-5):
    """Pairs of solids of different materials with faces that are parallel and overlap within ``apart_m``.

    They would z-fight. A label is (group, material, number). Faces below ``least_m2`` are ignored.
    """
    corners = np.concatenate([solid.vertices[solid.faces] for solid in solids])
    owner = np.repeat(np.arange(len(solids)), [len(solid.faces) for solid in solids])
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = 0.5 * np.linalg.norm(cross, axis=1)
    kept = area > least_m2
    corners, owner, normal = corners[kept], owner[kept], cross[kept] / (2.0 * area[kept, None])
    material = np.unique([label[1] for label in labels], return_inverse=True)[1][owner]
    found = set()
    for one, other in _neighbours(corners, normal, apart_m):
        candidate = (material[one] != material[other]) & (_dot(normal[one], normal[other]) > _PARALLEL)
        one, other = one[candidate], other[candidate]
        height = _dot(corners[other] - corners[one, :1], normal[one, None])
        coplanar = (height.min(axis=1) < apart_m) & (height.max(axis=1) > -apart_m)
        for i, j in zip(one[coplanar], other[coplanar], strict=True):
            pair = labels[owner[i]], labels[owner[j]]
            if pair not in found and _overlap_distance(corners[i], corners[j], normal[i], normal[j]) < apart_m:
                found.add(pair)
    return found


def _dot(a, b):
    return (a * b).sum(axis=-1)


def _neighbours(corners, normal, apart_m, most=2_000_000):
    """Yield pairs of faces in the same cell of a grid whose bounding boxes overlap, as two index arrays per batch."""
    low, high = corners.min(axis=1) - apart_m, corners.max(axis=1) + apart_m
    across = np.clip(0.4 * len(corners) ** 0.5, 4.0, 120.0)
    cell = np.ptp(corners.reshape(-1, 3), axis=0).max() / across
    first = np.floor(low / cell).astype(int)
    span = np.floor(high / cell).astype(int) - first + 1
    face, step = _repeat_with_position(span.prod(axis=1))
    wide = span[face]
    place = (
        first[face] + np.stack([step % wide[:, 0], step // wide[:, 0] % wide[:, 1], step // wide[:, :2].prod(axis=1)]).T
    )
    # Of the cells in a face's bounding box, keep those that its plane crosses.
    off = np.abs(_dot((place + 0.5) * cell - corners[face, 0], normal[face]))
    met = off < 0.5 * cell * np.abs(normal[face]).sum(axis=1) + apart_m
    face, place = face[met], place[met] - place[met].min(axis=0)
    key = np.ravel_multi_index(tuple(place.T), place.max(axis=0) + 1)
    order = np.argsort(key, kind="stable")
    key, face = key[order], face[order]
    after = np.searchsorted(key, key, side="right") - np.arange(len(key)) - 1
    total = np.concatenate([[0], np.cumsum(after)])
    start = 0
    while start < len(key):
        stop = max(start + 1, int(np.searchsorted(total, total[start] + most)) - 1)
        which, step = _repeat_with_position(after[start:stop])
        one, other = face[start + which], face[start + which + 1 + step]
        meet = np.all((low[one] <= high[other]) & (low[other] <= high[one]), axis=1)
        yield one[meet], other[meet]
        start = stop


def _repeat_with_position(counts):
    """Each index k repeated ``counts[k]`` times, and the position within its run."""
    which = np.repeat(np.arange(len(counts)), counts)
    return which, np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)


def _overlap_distance(one, other, normal, other_normal, slack_m=1e-3):
    """Distance of two triangles at the middle of their overlap; infinite if the overlap is under a millimetre wide."""
    area = one
    for start, end in zip(other, np.roll(other, -1, axis=0), strict=True):
        inward = np.cross(normal, end - start)
        area = _cut(area, start + inward * (slack_m / np.linalg.norm(inward)), inward)
        if len(area) < 3:
            return np.inf
    across = np.linalg.norm(area - np.roll(area, 1, axis=0), axis=1)
    if np.linalg.norm(np.cross(area[1:-1] - area[0], area[2:] - area[0]), axis=1).sum() < 2.0 * slack_m * across.max():
        return np.inf
    return abs(_dot(area.mean(axis=0) - other[0], other_normal))


def _cut(polygon, point, inward):
    """The part of a convex polygon (K, 3) on the inner side of a plane."""
    side = (polygon - point) @ inward
    kept = []
    for k, inside in enumerate(side >= 0.0):
        after = (k + 1) % len(polygon)
        if inside:
            kept.append(polygon[k])
        if inside != (side[after] >= 0.0):
            kept.append(polygon[k] + (polygon[after] - polygon[k]) * (side[k] / (side[k] - side[after])))
    return np.array(kept)
