"""Placed meshes into parts: float32, indexed, with normals that keep sharp edges sharp where the file gives none."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.mesh.mesh_data import Floats
from selfiesim.craft.mesh.normals import creased_normals, index_corners
from selfiesim.craft.mesh.repair import Faces, join_faces
from selfiesim.craft.model import Material, Part

_Arrays = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int32], NDArray[np.float32] | None]
"""Vertices, normals, faces, and the columns side by side."""


@dataclass(frozen=True, eq=False)
class PlacedMesh:
    """A mesh of one material in body axes, m.

    Attributes
    ----------
    node : str
        Name of the node that places it.
    material : Material
        As rendered.
    vertices : (N, 3) float
    faces : (M, 3) int
    normals : (N, 3) float, or None
        Unit vectors; None where they are to be computed.
    columns : dict of str to (N, K) float
        Further attributes of the vertices that a :class:`Part` has: ``uv``, ``tint``, ``opacity``, ``uv2``.
    """

    node: str
    material: Material
    vertices: Floats
    faces: Faces
    normals: Floats | None
    columns: dict[str, Floats]

    @property
    def extra(self) -> Floats | None:
        """The columns side by side; None without any."""
        return np.concatenate(list(self.columns.values()), axis=1) if self.columns else None


def make_parts(meshes: list[PlacedMesh]) -> list[Part]:
    """Return the part of each mesh. Those without normals get them together, since there may be many thousands."""
    arrays: dict[int, _Arrays] = {}
    without: dict[tuple[str, ...], list[int]] = {}
    for number, mesh in enumerate(meshes):
        if mesh.normals is None:
            without.setdefault(tuple(mesh.columns), []).append(number)
            continue
        extra = mesh.extra
        arrays[number] = (
            mesh.vertices.astype(np.float32),
            mesh.normals.astype(np.float32),
            mesh.faces.astype(np.int32),
            None if extra is None else extra.astype(np.float32),
        )
    for numbers in without.values():
        arrays.update(zip(numbers, _with_creases([meshes[number] for number in numbers]), strict=True))
    return [_part(mesh, *arrays[number]) for number, mesh in enumerate(meshes)]


def _with_creases(meshes: list[PlacedMesh]) -> list[_Arrays]:
    """Arrays of meshes that have the same columns, with creased normals."""
    vertices, faces, mesh_of_vertex, mesh_of_face, _ = join_faces([(mesh.vertices, mesh.faces) for mesh in meshes])
    normals = creased_normals(vertices, faces, mesh=mesh_of_vertex)
    extras = [mesh.extra for mesh in meshes]
    extra = None if extras[0] is None else np.concatenate([each for each in extras if each is not None])
    v, n, e, f = index_corners(vertices, faces, normals, None if extra is None else extra[faces], mesh_of_face)
    ends = np.searchsorted(mesh_of_face, np.arange(len(meshes) + 1))
    found: list[_Arrays] = []
    for start, end in pairwise(ends):
        own = f[start:end]
        low, high = int(own.min()), int(own.max()) + 1  # vertices are in order of first use, mesh by mesh
        found.append((v[low:high], n[low:high], own - np.int32(low), None if e is None else e[low:high]))
    return found


def _part(
    mesh: PlacedMesh,
    vertices: NDArray[np.float32],
    normals: NDArray[np.float32],
    faces: NDArray[np.int32],
    extra: NDArray[np.float32] | None,
) -> Part:
    columns: dict[str, NDArray[np.float32]] = {}
    if extra is not None:
        ends = np.cumsum([each.shape[1] for each in mesh.columns.values()])[:-1]
        split = np.split(extra, ends, axis=1)
        columns = {name: np.ascontiguousarray(each) for name, each in zip(mesh.columns, split, strict=True)}
    return Part(
        mesh.node,
        mesh.node,
        mesh.material,
        np.ascontiguousarray(vertices),
        np.ascontiguousarray(normals),
        columns.get("uv"),
        np.ascontiguousarray(faces),
        tint=columns.get("tint"),
        opacity=columns["opacity"][:, 0] if "opacity" in columns else None,
        uv2=columns.get("uv2"),
    )
