"""Cells of level ground around a vehicle, for the interreflection between the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.ground.mesh import height_at

if TYPE_CHECKING:
    from selfiesim.core.vectors import Matrix
    from selfiesim.planet.ground.mesh import TerrainSpec

Floats = NDArray[np.float64]

CELLS_ACROSS = 72
"""Cells along the longer side of a patch."""
_MARGIN = 0.4  # width of the ground around the vehicle and its shadow, relative to the vehicle's size
_MIN_SUN_SINE = 0.35  # sine of the Sun's elevation below which its shadow is cut short


@dataclass(frozen=True)
class Patch:
    """Level ground around a vehicle in square cells; site axes, m.

    Attributes
    ----------
    low : (2,)
        Corner with the smallest x and y.
    cell : float
        Width of a cell.
    rows, columns : int
        Cells along y and along x.
    height : float
        Height of the ground.
    """

    low: Floats
    cell: float
    rows: int
    columns: int
    height: float

    @property
    def count(self) -> int:
        """Number of cells."""
        return self.rows * self.columns

    def cell_centers(self, offset: tuple[float, float] = (0.0, 0.0)) -> Floats:
        """Return the centres (N, 3) of the cells, each moved by ``offset`` (in cells)."""
        x, y = np.meshgrid(np.arange(self.columns) + 0.5 + offset[0], np.arange(self.rows) + 0.5 + offset[1])
        flat = self.low + self.cell * np.stack([x.ravel(), y.ravel()], axis=1)
        return np.concatenate([flat, np.full((self.count, 1), self.height)], axis=1)

    def contains(self, places: Floats) -> NDArray[np.bool_]:
        """Return whether each of ``places`` (N, 2) is inside the patch."""
        where = (places - self.low) / self.cell
        return np.asarray(((where >= 0.0) & (where < (self.columns, self.rows))).all(axis=1))

    def cell_indices(self, places: Floats) -> NDArray[np.int64]:
        """Return the index (N,) of the cell that holds each of ``places`` (N, 2) inside the patch."""
        column, row = np.floor((places - self.low) / self.cell).astype(np.int64).T
        return np.asarray(row * self.columns + column)

    def interpolate(self, values: Floats, places: Floats) -> Floats:
        """Interpolate ``values`` (cells, C) bilinearly at ``places`` (N, 2) inside the patch."""
        grid = values.reshape(self.rows, self.columns, -1)
        where = np.clip((places - self.low) / self.cell - 0.5, 0.0, (self.columns - 1.001, self.rows - 1.001))
        column, row = where.astype(np.int64).T
        x, y = (where - np.stack([column, row], axis=1)).T[..., None]
        lower = grid[row, column] * (1 - x) + grid[row, column + 1] * x
        upper = grid[row + 1, column] * (1 - x) + grid[row + 1, column + 1] * x
        return np.asarray(lower * (1 - y) + upper * y)


def make_ground_patch(bounds: Floats, body_to_site: Matrix, sun: Floats, recipe: TerrainSpec) -> Patch:
    """Return the patch below a vehicle and its shadow, with a margin.

    Parameters
    ----------
    bounds : (2, 3)
        Bounding box of the vehicle, body axes.
    body_to_site : (4, 4)
        From body to site axes.
    sun : (3,)
        Direction to the Sun, site axes.
    recipe : TerrainSpec
        The terrain.
    """
    picks = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    corners = bounds[picks, np.arange(3)] @ body_to_site[:3, :3].T + body_to_site[:3, 3]
    middle = corners[:, :2].mean(axis=0)[:, None]
    height = float(height_at(recipe, *middle)[0])
    shadow = corners[:, :2] - sun[:2] * (np.maximum(corners[:, 2:] - height, 0.0) / max(sun[2], _MIN_SUN_SINE))
    both = np.concatenate([corners[:, :2], shadow])
    margin = _MARGIN * float(np.ptp(corners, axis=0).max())
    low, high = both.min(axis=0) - margin, both.max(axis=0) + margin
    cell = float((high - low).max()) / CELLS_ACROSS
    columns, rows = (max(int(np.ceil(each)), 2) for each in (high - low) / cell)
    return Patch(low, cell, rows, columns, height)
