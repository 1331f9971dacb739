"""Geometry checks on pieces of a built craft: do two touch, do two share a visible plane."""

from __future__ import annotations

from itertools import pairwise

import numpy as np


def crossings(origins, ends, triangles):
    """Whether any segment (E, 3) to (E, 3) meets any triangle (T, 3, 3)."""
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
    """The faces of a solid that reach into a box."""
    corners = solid.vertices[solid.faces]
    keep = np.all(corners.min(axis=1) <= high + margin, axis=1) & np.all(corners.max(axis=1) >= low - margin, axis=1)
    return solid.faces[keep]


def touching(one, other):
    """Whether the surfaces of two solids cross."""
    low = np.maximum(one.vertices.min(axis=0), other.vertices.min(axis=0))
    high = np.minimum(one.vertices.max(axis=0), other.vertices.max(axis=0))
    for mine, theirs in ((one, other), (other, one)):
        faces, target = near(mine, low, high), near(theirs, low, high)
        if len(faces) == 0 or len(target) == 0:
            continue
        edges = np.unique(
            np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1), axis=0
        )
        ends = mine.vertices[edges]
        if crossings(ends[:, 0], ends[:, 1], theirs.vertices[target]):
            return True
    return False


def groups(solids):
    """How many sets of solids hang together, as a list of lists of numbers."""
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
    found: dict[int, list[int]] = {}
    for k in range(len(solids)):
        found.setdefault(root(k), []).append(k)
    return list(found.values())


def shared_planes(labels, solids, grain=2e-5, least_m2=2e-4):
    """Pairs of solids of different materials whose faces lie in one plane, look the same way and overlap: they flicker.

    A label is (group, material, number).
    """
    rows = []
    for k, solid in enumerate(solids):
        corners = solid.vertices[solid.faces]
        cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        area = np.linalg.norm(cross, axis=1)
        for face in np.flatnonzero(area > 2 * least_m2):
            n = cross[face] / area[face]
            rows.append((k, corners[face], n, n @ corners[face, 0]))
    found = set()
    keys = np.array([np.round([*(n * 200), d / grain]) for _, _, n, d in rows])
    order = np.lexsort(keys.T[::-1])
    bounds = np.flatnonzero(np.r_[True, np.any(np.diff(keys[order], axis=0) != 0, axis=1), True])
    for start, stop in pairwise(bounds):
        bunch = [rows[i] for i in order[start:stop]]
        for i, (k, one, n, _) in enumerate(bunch):
            for j, other, _, _ in bunch[:i]:
                if labels[j][1] != labels[k][1] and _overlap(one, other, n):
                    found.add((labels[j], labels[k]))
    return found


def _overlap(one, other, normal, slack=1e-3):
    """Whether two triangles in one plane overlap by more than a millimetre (separating axes)."""
    for triangle in (one, other):
        for k in range(3):
            axis = np.cross(normal, triangle[(k + 1) % 3] - triangle[k])
            axis = axis / np.linalg.norm(axis)
            a, b = one @ axis, other @ axis
            if a.max() <= b.min() + slack or b.max() <= a.min() + slack:
                return False
    return True
