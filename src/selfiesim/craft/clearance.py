"""How far a point is from a craft's nearest surface, and which part that is: does the camera come back and touch?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.model import Craft, Part

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Surface:
    """All triangles one joint carries: corners (M, 3, 3), middles (M, 3), the reach of each from its middle (M,)."""

    corners: Floats
    centroids: Floats
    bounding_radii: Floats
    parts: tuple[Part, ...]
    part_index: NDArray[np.int64]


def clearance(
    craft: Craft, hidden_nodes: tuple[str, ...], joint_matrix: Callable[[str | None], Floats], point: Floats
) -> tuple[float, str]:
    """Metres from ``point`` (3,), body axes, to the nearest triangle, and the node that it belongs to.

    Parameters
    ----------
    hidden_nodes : tuple of str
        Parts whose node's name begins so are left out.
    joint_matrix : callable
        From a joint's name to the (4, 4) that turns what hangs on it; None is what does not turn.
    """
    nearest, node = np.inf, ""
    for joint, surface in _surfaces_by_joint(craft, hidden_nodes).items():
        matrix = joint_matrix(joint)
        local = matrix[:3, :3].T @ (np.asarray(point, float) - matrix[:3, 3])
        centroid_distances = np.linalg.norm(surface.centroids - local, axis=1)
        # A triangle is no farther than its middle, and no nearer than that less its reach.
        bound = min(nearest, float(centroid_distances.min()))
        near = np.flatnonzero(centroid_distances - surface.bounding_radii <= bound)
        if not len(near):
            continue
        distances = point_triangle_distances(local, surface.corners[near])
        k = int(np.argmin(distances))
        if distances[k] < nearest:
            nearest, node = float(distances[k]), surface.parts[surface.part_index[near[k]]].node
    return nearest, node


def point_triangle_distances(point: Floats, corners: Floats) -> Floats:
    """Distances (M,) from ``point`` (3,) to triangles with ``corners`` (M, 3, 3)."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    normal = np.cross(b - a, c - a)
    squared = np.maximum(np.sum(normal * normal, axis=1), 1e-300)
    distances = [_point_segment_distances(point, start, end) for start, end in ((a, b), (b, c), (c, a))]
    # Over the triangle itself when the foot of the perpendicular lies on the inner side of all three edges.
    over = squared > 1e-24
    for start, end in ((a, b), (b, c), (c, a)):
        over &= np.sum(np.cross(end - start, point - start) * normal, axis=1) >= 0.0
    height = np.abs(np.sum((point - a) * normal, axis=1)) / np.sqrt(squared)
    return np.asarray(np.where(over, height, np.min(distances, axis=0)))


def _point_segment_distances(point: Floats, start: Floats, end: Floats) -> Floats:
    along = end - start
    share = np.sum((point - start) * along, axis=1) / np.maximum(np.sum(along * along, axis=1), 1e-300)
    nearest = start + np.clip(share, 0.0, 1.0)[:, None] * along
    return np.asarray(np.linalg.norm(point - nearest, axis=1))


@lru_cache(maxsize=4)
def _surfaces_by_joint(craft: Craft, hidden_nodes: tuple[str, ...]) -> dict[str | None, _Surface]:
    carried: dict[str | None, list[Part]] = {}
    for part in craft.parts:
        if len(part.faces) and not part.node.startswith(hidden_nodes):
            carried.setdefault(part.joint, []).append(part)
    return {joint: _build_surface(tuple(parts)) for joint, parts in carried.items()}


def _build_surface(parts: tuple[Part, ...]) -> _Surface:
    corners = np.concatenate([part.vertices[part.faces].astype(float) for part in parts])
    centroids = corners.mean(axis=1)
    bounding_radii = np.linalg.norm(corners - centroids[:, None], axis=2).max(axis=1)
    part_index = np.repeat(np.arange(len(parts)), [len(part.faces) for part in parts])
    return _Surface(corners, centroids, bounding_radii, parts, part_index)
