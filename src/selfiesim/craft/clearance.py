"""Clearance of a point from a craft: the distance to its nearest surface, and the node of that surface."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.mesh.distance import point_triangle_distances
from selfiesim.craft.model import Craft, Part

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Surface:
    """All triangles that one joint carries.

    Attributes
    ----------
    corners : (M, 3, 3) float
    centroids : (M, 3) float
    bounding_radii : (M,) float
        Distance from each centroid to the farthest corner.
    parts : tuple of Part
    part_index : (M,) int
        The part of each triangle.
    """

    corners: Floats
    centroids: Floats
    bounding_radii: Floats
    parts: tuple[Part, ...]
    part_index: NDArray[np.int64]


def clearance(
    craft: Craft, hidden_nodes: tuple[str, ...], joint_matrix: Callable[[str | None], Floats], point: Floats
) -> tuple[float, str]:
    """Distance (m) from a point to the craft's nearest triangle, and the node of that triangle.

    Parameters
    ----------
    craft : Craft
    hidden_nodes : tuple of str
        Parts whose node name starts with one of these are left out.
    joint_matrix : callable
        From a joint's name to the transform (4, 4) of the parts that it carries; None stands for the fixed parts.
    point : (3,) float
        Body axes, m.
    """
    nearest, node = np.inf, ""
    for joint, surface in _surfaces_by_joint(craft, hidden_nodes).items():
        matrix = joint_matrix(joint)
        local = matrix[:3, :3].T @ (np.asarray(point, float) - matrix[:3, 3])
        centroid_distances = np.linalg.norm(surface.centroids - local, axis=1)
        # A triangle is no farther than its centroid, and no nearer than that minus its bounding radius.
        bound = min(nearest, float(centroid_distances.min()))
        near = np.flatnonzero(centroid_distances - surface.bounding_radii <= bound)
        if not len(near):
            continue
        distances = point_triangle_distances(local, surface.corners[near])
        k = int(np.argmin(distances))
        if distances[k] < nearest:
            nearest, node = float(distances[k]), surface.parts[surface.part_index[near[k]]].node
    return nearest, node


@lru_cache(maxsize=4)
def _surfaces_by_joint(craft: Craft, hidden_nodes: tuple[str, ...]) -> dict[str | None, _Surface]:
    by_joint: dict[str | None, list[Part]] = {}
    for part in craft.parts:
        if len(part.faces) and not part.node.startswith(hidden_nodes):
            by_joint.setdefault(part.joint, []).append(part)
    return {joint: _build_surface(tuple(parts)) for joint, parts in by_joint.items()}


def _build_surface(parts: tuple[Part, ...]) -> _Surface:
    corners = np.concatenate([part.vertices[part.faces].astype(float) for part in parts])
    centroids = corners.mean(axis=1)
    bounding_radii = np.linalg.norm(corners - centroids[:, None], axis=2).max(axis=1)
    part_index = np.repeat(np.arange(len(parts)), [len(part.faces) for part in parts])
    return _Surface(corners, centroids, bounding_radii, parts, part_index)
