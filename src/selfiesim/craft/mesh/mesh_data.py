"""The common form that every mesh format is read into, before repair and placement."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.model import Material

Floats = NDArray[np.float64]
_MAX_PLACES = 3


@dataclass(frozen=True, eq=False)
class MeshInstance:
    """A mesh of one material, placed by a node, in the file's axes and unit.

    Attributes
    ----------
    node : str
        Name of the node that places it.
    ancestors : tuple of str
        Names of that node and of its ancestors, nearest first.
    matrix : (4, 4) float
        From the mesh's axes to the file's.
    vertices : (N, 3) float
    faces : (M, 3) int
    material : Material
    normals : (N, 3) float, optional
        As in the file, not necessarily unit vectors.
    uv : (N, 2) float, optional
        Texture coordinates, origin lower left.
    tint : (N, 3) float, optional
        Vertex colours, linear light.
    opacity : (N,) float, optional
        Opacity of the vertices, 0 to 1, which multiplies the material's.
    uv2 : (N, 2) float, optional
        A second set of texture coordinates, for the textures that the material's ``second_uv`` names.
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
    opacity: Floats | None = None
    uv2: Floats | None = None

    def placed(self, node: str, ancestors: tuple[str, ...], matrix: Floats) -> MeshInstance:
        """Return the same mesh placed by another node."""
        return replace(self, node=node, ancestors=ancestors, matrix=matrix)


@dataclass
class ImportedScene:
    """The content of a mesh file.

    Attributes
    ----------
    instances : list of MeshInstance
        All meshes, once per placement.
    nodes : list of str
        Names of all nodes.
    metres_per_unit : float, optional
        The file's unit, where the format states one.
    up : str, optional
        The file's up axis, where the format states one: ``"x"``, ``"y"`` or ``"z"``.
    unit_reason : str
        Why the file is read in metres where it states no unit.
    warnings : list of str
        What the user should know about the file.
    ignored : dict
        Keys that are not honoured, each with the effect of that, and the places where they stand.
    """

    instances: list[MeshInstance] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    metres_per_unit: float | None = None
    up: str | None = None
    unit_reason: str = "metres, a guess: files of this format state no unit, and in metres its size is possible"
    warnings: list[str] = field(default_factory=list)
    ignored: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def ignore(self, key: str, effect: str, where: str = "") -> None:
        """Record a key of the file that is not honoured, the effect of that, and a place where it stands.

        One warning will name the key, whatever the number of its places.
        """
        places = self.ignored.setdefault((key, effect), [])
        if where and where not in places:
            places.append(where)

    def ignored_lines(self) -> list[str]:
        """Return one line for each key that is not honoured."""
        lines = []
        for (key, effect), places in self.ignored.items():
            shown = ", ".join(repr(place[:60]) for place in places[:_MAX_PLACES])
            more = f" and {len(places) - _MAX_PLACES} more" if len(places) > _MAX_PLACES else ""
            lines.append(f"{key} is not honoured{f' ({shown}{more})' if shown else ''}: {effect}")
        return lines

    def warn(self, text: str) -> None:
        """Add a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)


def make_unique_name(name: str, used_names: dict[str, int]) -> str:
    """Return the name, with a number appended if it is in use, and record it.

    ``used_names`` maps each name in use to the last number tried for it, so that many equal names stay fast.
    """
    unique, number = name, used_names.get(name, 0)
    while unique in used_names:
        number += 1
        unique = f"{name} {number}"
    used_names[name] = max(number, 1)
    used_names.setdefault(unique, 1)
    return unique
