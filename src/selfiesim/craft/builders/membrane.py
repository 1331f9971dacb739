"""Closed sheets over a quadrilateral: membranes that follow a surface, and quilted foil blankets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.builders.solid import Solid

HeightField = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class _Grid:
    """A quadrilateral cut into a grid of cells.

    Attributes
    ----------
    u, v : (nu + 1, nv + 1) float
        Grid coordinates, 0 to 1.
    xy : (nu + 1, nv + 1, 2) float
        The grid points, m.
    faces : (M, 3) int
        Two triangles per cell, counter-clockwise.
    border : (K,) int
        The indices of the outermost points.
    """

    u: NDArray[np.float64]
    v: NDArray[np.float64]
    xy: NDArray[np.float64]
    faces: NDArray[np.int64]
    border: NDArray[np.int64]


def _quad_grid(
    corners: ArrayLike, cell_m: float, min_cells: int, spacing: Callable[[int], NDArray[np.float64]]
) -> _Grid:
    """Cut a convex quadrilateral (4, 2) into cells of about ``cell_m``; ``spacing`` maps a cell count to 0...1."""
    q = np.asarray(corners, dtype=float)
    sides = np.linalg.norm(np.roll(q, -1, axis=0) - q, axis=1)
    nu = max(min_cells, int(np.ceil(0.5 * (sides[0] + sides[2]) / cell_m)))
    nv = max(min_cells, int(np.ceil(0.5 * (sides[1] + sides[3]) / cell_m)))
    u, v = np.meshgrid(spacing(nu), spacing(nv), indexing="ij")
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), u * v, (1 - u) * v], axis=-1)
    index = np.arange((nu + 1) * (nv + 1)).reshape(nu + 1, nv + 1)
    a, b, c, d = index[:-1, :-1].ravel(), index[1:, :-1].ravel(), index[1:, 1:].ravel(), index[:-1, 1:].ravel()
    faces = np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])
    border = np.concatenate([index[:-1, 0], index[-1, :-1], index[:0:-1, -1], index[0, :0:-1]])
    return _Grid(u, v, weights @ q, faces, border)


def _even(count: int) -> NDArray[np.float64]:
    return np.linspace(0.0, 1.0, count + 1)


def _edge_clustered(count: int) -> NDArray[np.float64]:
    """Positions that crowd toward both ends, where a blanket's pillow curves down."""
    t = np.linspace(0.0, 1.0, count + 1)
    return np.asarray(t - 0.11 * np.sin(2.0 * np.pi * t))


def draped_sheet(corners: ArrayLike, height: HeightField, low_m: float, high_m: float, cell_m: float) -> Solid:
    """Return a closed sheet that follows a surface.

    Parameters
    ----------
    corners : (4, 2) array_like
        A convex quadrilateral, counter-clockwise, m.
    height : callable
        The surface: z of points x, y, m.
    low_m, high_m : float
        Heights of the sheet's underside and top above the surface.
    cell_m : float
        Edge length of the mesh.
    """
    grid = _quad_grid(corners, cell_m, 1, _even)
    z = height(grid.xy[..., 0], grid.xy[..., 1])
    top, under = (np.concatenate([grid.xy, (z + by)[..., None]], axis=-1).reshape(-1, 3) for by in (high_m, low_m))
    border, after, count = grid.border, np.roll(grid.border, -1), z.size
    rim = np.concatenate(
        [np.stack([border, border + count, after + count], axis=1), np.stack([border, after + count, after], axis=1)]
    )
    faces = np.concatenate([grid.faces, grid.faces[:, ::-1] + count, rim])
    return Solid(np.vstack([top, under]), faces.astype(np.int64)).outward()


def blanket(corners: ArrayLike, rise_m: float, seed: int, cell_m: float = 0.045, sunk_m: float = 0.012) -> Solid:
    """Return a puffed foil blanket on the plane z = 0, closed underneath.

    Parameters
    ----------
    corners : (4, 2) array_like
        A convex quadrilateral, counter-clockwise, m.
    rise_m : float
        Approximate height of the pillow.
    seed : int
        Random seed of the quilting and the dents.
    cell_m : float
        Edge length of the mesh.
    sunk_m : float
        Depth of the border below the plane, so that no gap shows.
    """
    grid = _quad_grid(corners, cell_m, 4, _edge_clustered)
    height = _blanket_height(grid.u, grid.v, grid.xy, rise_m, sunk_m, seed)
    top = np.concatenate([grid.xy, height[..., None]], axis=-1)
    foot = np.append(grid.xy.reshape(-1, 2).mean(axis=0), -2.0 * sunk_m)
    under = np.stack([np.roll(grid.border, -1), grid.border, np.full(len(grid.border), height.size)], axis=1)
    vertices = np.vstack([top.reshape(-1, 3), foot])
    return Solid(vertices, np.concatenate([grid.faces, under]), crease_deg=70.0).outward()


def _blanket_height(
    u: NDArray[np.float64], v: NDArray[np.float64], xy: NDArray[np.float64], rise_m: float, sunk_m: float, seed: int
) -> NDArray[np.float64]:
    """Height of a blanket at (u, v): a pillow, a few slow waves, and dents between its pins."""
    rng = np.random.default_rng(seed)
    edge = np.minimum(1.0, 8.0 * np.minimum(np.minimum(u, 1 - u), np.minimum(v, 1 - v)))
    pillow = np.sqrt(edge * (2.0 - edge)) * (0.55 + 0.45 * np.sin(np.pi * u) * np.sin(np.pi * v))
    wave = np.zeros_like(u)
    for _ in range(7):
        direction, phase, pitch = 2 * np.pi * rng.random(), 2 * np.pi * rng.random(), 0.12 + 0.30 * rng.random()
        along = xy[..., 0] * np.cos(direction) + xy[..., 1] * np.sin(direction)
        wave += np.sin(2 * np.pi * along / pitch + phase) * pitch
    seam = np.exp(-((edge - 0.5) ** 2) / 0.08)
    pucker = seam * np.sin(60.0 * (xy[..., 0] + xy[..., 1]) + 6.0 * wave)
    height = rise_m * (pillow * (1.0 + 0.40 * wave / 0.7) + 0.13 * pucker + 0.22 * edge * (rng.random(u.shape) - 0.5))
    # Never above 1.5 times the rise: parts mounted on a blanket are taller than that.
    height = 1.5 * rise_m * np.tanh(height / (1.5 * rise_m))
    return np.asarray(np.where(edge <= 0.0, -sunk_m, height))
