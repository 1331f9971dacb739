"""What every mesh format is read into before it is put right and placed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.model import Material

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeshInstance:
    """A mesh of one material at one place, in the file's axes and unit.

    Attributes
    ----------
    node : str
        The node that holds it; ``ancestors`` are the names of that node and those that carry it, the nearest first.
    matrix : (4, 4)
        From the mesh's axes to the file's.
    vertices (N, 3), faces (M, 3), normals (N, 3), uv (N, 2; origin lower left), tint (N, 3; linear light)
        As the file has them; the last three may be missing.
    """

    node: str
    ancestors: tuple[str, ...]
    matrix: Floats
    vertices: Floats
    faces: NDArray[np.int64]
    material: Material
    normals: Floats | None = None
    uv: Floats | None = None
    tint: Floats | None = None

    def at(self, node: str, ancestors: tuple[str, ...], matrix: Floats) -> MeshInstance:
        """The same mesh elsewhere."""
        return replace(self, node=node, ancestors=ancestors, matrix=matrix)


@dataclass
class ImportedScene:
    """All shapes of a file, the names of its nodes, its unit if it tells one, and what the reader noticed."""

    shapes: list[MeshInstance] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    metres_per_unit: float | None = None
    up: str | None = None
    warnings: list[str] = field(default_factory=list)

    def warn(self, text: str) -> None:
        """Note something a person should know, once."""
        if text not in self.warnings:
            self.warnings.append(text)


def make_unique_name(name: str, used_names: dict[str, int]) -> str:
    """The name, or with a number where it is in ``used_names`` already; it is put there, with the last number tried."""
    found, number = name, used_names.get(name, 0)
    while found in used_names:
        number += 1
        found = f"{name} {number}"
    used_names[name] = max(number, 1)
    used_names.setdefault(found, 1)
    return found
