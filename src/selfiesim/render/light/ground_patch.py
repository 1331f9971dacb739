"""Cells of level ground about a vehicle, for the light between the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.terrain.ground_mesh import height_at

if TYPE_CHECKING:
    from selfiesim.core.vectors import Matrix
    from selfiesim.planet.terrain.ground_mesh import TerrainSpec

Floats = NDArray[np.float64]

CELLS_ACROSS = 72
"""Of the longer side."""
_MARGIN = 0.4  # of ground beside a vehicle, over its size
_MIN_SUN_SINE = 0.35  # sine of the Sun's height below which its shadow is cut short


@dataclass(frozen=True)
class Patch:
    """Level ground about a vehicle in square cells, site axes, m.

    Attributes
    ----------
    low : (2,)
        Its corner least in x and y.
    cell : float
        Width of a cell.
    rows, columns : int
        Cells along y and along x.
    height : float
        Of the ground there.
    """

    low: Floats
    cell: float
    rows: int
    columns: int
    height: float

    @property
    def count(self) -> int:
        """How many cells."""
        return self.rows * self.columns

    def cell_centers(self, offset: tuple[float, float] = (0.0, 0.0)) -> Floats:
        """Middles (N, 3) of the cells, or places ``offset`` from them, cells."""
        x, y = np.meshgrid(np.arange(self.columns) + 0.5 + offset[0], np.arange(self.rows) + 0.5 + offset[1])
        flat = self.low + self.cell * np.stack([x.ravel(), y.ravel()], axis=1)
        return np.concatenate([flat, np.full((self.count, 1), self.height)], axis=1)

    def contains(self, places: Floats) -> NDArray[np.bool_]:
        """Whether places (N, 2) lie in it."""
        where = (places - self.low) / self.cell
        return np.asarray(((where >= 0.0) & (where < (self.columns, self.rows))).all(axis=1))

    def cell_indices(self, places: Floats) -> NDArray[np.int64]:
        """Which cell each of the places (N, 2) in it is in."""
        column, row = np.floor((places - self.low) / self.cell).astype(np.int64).T
        return np.asarray(row * self.columns + column)

    def interpolate(self, values: Floats, places: Floats) -> Floats:
        """Cells' ``values`` (cells, C) at places (N, 2) in it, linearly in between."""
        grid = values.reshape(self.rows, self.columns, -1)
        where = np.clip((places - self.low) / self.cell - 0.5, 0.0, (self.columns - 1.001, self.rows - 1.001))
        column, row = where.astype(np.int64).T
        x, y = (where - np.stack([column, row], axis=1)).T[..., None]
        lower = grid[row, column] * (1 - x) + grid[row, column + 1] * x
        upper = grid[row + 1, column] * (1 - x) + grid[row + 1, column + 1] * x
        return np.asarray(lower * (1 - y) + upper * y)


def make_ground_patch(bounds: Floats, body_to_site: Matrix, sun: Floats, recipe: TerrainSpec) -> Patch:
    """The ground below a vehicle, where its shadow falls, and some more.

    Parameters
    ----------
    bounds : (2, 3)
        The box round the vehicle, body axes.
    body_to_site : (4, 4)
        From those to the site's.
    sun : (3,)
        Direction to it, site axes.
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
