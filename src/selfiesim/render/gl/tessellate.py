"""Long triangles cut into short ones, so that what is worked out at corners can vary across a face."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MAX_ROUNDS = 12
# For each choice of cut edges (01, 12, 20 as bits 1, 2, 4): triangles of corners 0 1 2 and edge middles 3 4 5.
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
    """Halve edges until none is longer than ``max_edge``; both sides of an edge are cut alike, so no gap opens.

    Parameters
    ----------
    columns : (N, C) array
        What belongs to each vertex: its position first, then whatever is linear between vertices.
    faces : (M, 3) array
        Of those vertices.

    Returns
    -------
    columns, faces
        The given vertices first, new ones behind them.
    """
    for _ in range(_MAX_ROUNDS):
        ends = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1)  # edges 01, 12, 20
        length = np.linalg.norm(columns[ends[..., 0], :3] - columns[ends[..., 1], :3], axis=-1)
        is_cut = length > max_edge
        if not is_cut.any():
            break
        pairs, middle = np.unique(np.sort(ends[is_cut], axis=-1), axis=0, return_inverse=True)
        corners = np.concatenate([faces, np.zeros_like(faces)], axis=1)
        corners[:, 3:][is_cut] = len(columns) + middle.ravel()
        columns = np.concatenate([columns, columns[pairs].mean(axis=1)])
        choice = is_cut @ np.array([1, 2, 4])
        faces = np.concatenate(
            [corners[choice == bits][:, cut].reshape(-1, 3) for bits, cut in _SPLITS.items() if (choice == bits).any()]
        )
    return columns, faces.astype(np.int32)
