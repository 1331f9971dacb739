"""Subdivision of long triangles, so that quantities computed at vertices can vary across a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MAX_ROUNDS = 12
# For each set of split edges (01, 12, 20 as bits 1, 2, 4): triangles of corners 0 1 2 and edge midpoints 3 4 5.
_SPLITS: dict[int, list[tuple[int, int, int]]] = {
    0: [(0, 1, 2)],
    1: [(0, 3, 2), (3, 1, 2)],
    2: [(0, 1, 4), (0, 4, 2)],
    4: [(0, 1, 5), (5, 1, 2)],
    3: [(0, 3, 4), (3, 1, 4), (0, 4, 2)],
    6: [(0, 1, 4), (0, 4, 5), (5, 4, 2)],
    5: [(0, 3, 5), (3, 1, 2), (3, 2, 5)],
    7: [(0, 3, 5), (3, 1, 4), (5, 4, 2), (3, 4, 5)],
}


def cut_long_edges(
    columns: NDArray[np.float32], faces: NDArray[np.int32], max_edge: float
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Halve edges until none is longer than ``max_edge``; triangles that share an edge split it alike, without gaps.

    Parameters
    ----------
    columns : (N, C) array
        Vertex data: position in the first three columns, then attributes that vary linearly between vertices.
    faces : (M, 3) array of int
        Triangles, as vertex indices.
    max_edge : float
        Maximum length of an edge, in the unit of the positions.

    Returns
    -------
    columns, faces
        Vertex data with the new vertices after the given ones, and all triangles.
    """
    for _ in range(_MAX_ROUNDS):
        ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1)  # edges 01, 12, 20
        length = np.linalg.norm(columns[ends[..., 0], :3] - columns[ends[..., 1], :3], axis=-1)
        is_split = length > max_edge
        if not is_split.any():
            break
        pairs, midpoint = np.unique(np.sort(ends[is_split], axis=-1), axis=0, return_inverse=True)
        corners = np.concatenate([faces, np.zeros_like(faces)], axis=1)
        corners[:, 3:][is_split] = len(columns) + midpoint.ravel()
        columns = np.concatenate([columns, columns[pairs].mean(axis=1)])
        choice = is_split @ np.array([1, 2, 4])
        faces = np.concatenate(
            [corners[choice == bits][:, new].reshape(-1, 3) for bits, new in _SPLITS.items() if (choice == bits).any()]
        )
    return columns, faces.astype(np.int32)
