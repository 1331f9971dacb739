"""Distances from points to triangles and line segments, in any number of dimensions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def point_triangle_distances(points: Floats, corners: Floats) -> Floats:
    """Distance from each point to its own triangle.

    Parameters
    ----------
    points : (M, D) or (D,) float
        One point per triangle, or a single point for all of them.
    corners : (M, 3, D) float
        Triangle corners. A triangle without area counts as its three sides.

    Returns
    -------
    (M,) float
        The height above the triangle where the foot of the perpendicular is inside it, else the distance to the
        nearest side.
    """
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    ab, ac, ap = b - a, c - a, points - a
    d00, d01, d11 = (ab * ab).sum(axis=1), (ab * ac).sum(axis=1), (ac * ac).sum(axis=1)
    d20, d21 = (ap * ab).sum(axis=1), (ap * ac).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        determinant = d00 * d11 - d01 * d01
        v, w = (d11 * d20 - d01 * d21) / determinant, (d00 * d21 - d01 * d20) / determinant
        inside = (v >= 0.0) & (w >= 0.0) & (v + w <= 1.0)
    v, w = np.where(inside, v, 0.0), np.where(inside, w, 0.0)
    height = np.linalg.norm(ap - v[:, None] * ab - w[:, None] * ac, axis=1)
    sides = np.min([point_segment_distances(points, *ends) for ends in ((a, b), (b, c), (c, a))], axis=0)
    return np.asarray(np.where(inside, height, sides))


def point_segment_distances(points: Floats, start: Floats, end: Floats) -> Floats:
    """Distances (M,) from ``points`` (M, D) or (D,) to the segments from ``start`` to ``end``, both (M, D)."""
    along = end - start
    fraction = ((points - start) * along).sum(axis=1) / np.maximum((along**2).sum(axis=1), 1e-30)
    return np.asarray(np.linalg.norm(points - start - fraction.clip(0.0, 1.0)[:, None] * along, axis=1))
