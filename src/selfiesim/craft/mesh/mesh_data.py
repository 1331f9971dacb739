"""What every mesh format is read into before it is put right and placed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.model import Material

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Shape:
    """A mesh of one material at one place, in the file's axes and unit.

    Attributes
    ----------
    node : str
        The node that holds it; ``above`` are the names of that node and those that carry it, the nearest first.
    matrix : (4, 4)
        From the mesh's axes to the file's.
    vertices (N, 3), faces (M, 3), normals (N, 3), uv (N, 2; origin lower left), tint (N, 3; linear light)
        As the file has them; the last three may be missing.
    """

    node: str
    above: tuple[str, ...]
    matrix: Floats
    vertices: Floats
    faces: NDArray[np.int64]
    material: Material
    normals: Floats | None = None
    uv: Floats | None = None
    tint: Floats | None = None

    def at(self, node: str, above: tuple[str, ...], matrix: Floats) -> Shape:
        """The same mesh elsewhere."""
        return replace(self, node=node, above=above, matrix=matrix)


@dataclass
class Drawn:
    """All shapes of a file, the names of its nodes, its unit if it tells one, and what the reader noticed."""

    shapes: list[Shape] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    metres_per_unit: float | None = None
    up: str | None = None
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Note something a person should know, once."""
        if text not in self.warnings:
            self.warnings.append(text)


def unique_name(name: str, taken: dict[str, int]) -> str:
    """The name, or with a number where it is in ``taken`` already; it is put there, with the last number tried."""
    found, number = name, taken.get(name, 0)
    while found in taken:
        number += 1
        found = f"{name} {number}"
    taken[name] = max(number, 1)
    taken.setdefault(found, 1)
    return found
