"""Thin sheets that follow a surface: sails, and what is glued onto them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.builders.solid import Solid

HeightField = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


def draped_sheet(corners: ArrayLike, height: HeightField, low_m: float, high_m: float, cell_m: float) -> Solid:
    """A closed sheet over a convex quadrilateral (4, 2), from ``low_m`` to ``high_m`` over a surface.

    Parameters
    ----------
    corners
        Counter-clockwise, metres.
    height
        The surface: z of points x, y.
    cell_m
        How finely it is cut.
    """
    q = np.asarray(corners, dtype=float)
    sides = np.linalg.norm(np.roll(q, -1, axis=0) - q, axis=1)
    nu = max(1, int(np.ceil(0.5 * (sides[0] + sides[2]) / cell_m)))
    nv = max(1, int(np.ceil(0.5 * (sides[1] + sides[3]) / cell_m)))
    u, v = np.meshgrid(np.linspace(0.0, 1.0, nu + 1), np.linspace(0.0, 1.0, nv + 1), indexing="ij")
    flat = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=-1) @ q
    z = height(flat[..., 0], flat[..., 1])
    top, under = (np.concatenate([flat, (z + by)[..., None]], axis=-1).reshape(-1, 3) for by in (high_m, low_m))
    index = np.arange((nu + 1) * (nv + 1)).reshape(nu + 1, nv + 1)
    a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    sheet = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    border = np.concatenate([index[:-1, 0], index[-1, :-1], index[:0:-1, -1], index[0, :0:-1]])
    after, count = np.roll(border, -1), index.size
    rim = np.concatenate(
        [np.stack([border, border + count, after + count], axis=1), np.stack([border, after + count, after], axis=1)]
    )
    faces = np.concatenate([sheet, sheet[:, ::-1] + count, rim])
    return Solid(np.vstack([top, under]), faces.astype(np.int64)).outward()
