"""Assembles a craft from named groups of solids, some carried by a joint, and writes it as one GLB.

The writer is our own because every rebuild must yield the same bytes: a library's exporter records its version in the
file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.builders.solid import Solid, merge_solids
from selfiesim.craft.colours import srgb_factor
from selfiesim.craft.formats.glb_writer import (
    ARRAY_BUFFER,
    ELEMENT_BUFFER,
    FLOAT,
    UINT16,
    UINT32,
    GlbBuffer,
    pack_glb,
)
from selfiesim.craft.materials import Finish
from selfiesim.craft.mesh.normals import creased_normals, index_corners

# glTF is Y up, front toward +Z. Body +X becomes +Y and body -Z becomes +Z. The matrix is its own inverse.
GLTF_FROM_BODY = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]])

_POSITION_STEP_M = 1e-5  # positions are rounded to this, so the last bit of a cosine cannot change the file
_NORMAL_STEP = 1e-4
_MOST_VERTICES = 65535  # of a primitive with indices of 16 bits


@dataclass
class ModelBuilder:
    """Groups of solids, in body axes with every joint at zero.

    Attributes
    ----------
    name : str
        Name of the root node.
    joint_origins_m : dict
        Origin (3,) of each joint by its name.
    """

    name: str
    joint_origins_m: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    _pieces: dict[tuple[str, str], list[Solid]] = field(default_factory=dict)
    _parents: dict[str, str | None] = field(default_factory=dict)

    def joint(self, name: str, origin_m: ArrayLike) -> None:
        """Declare a joint: a node at ``origin_m`` (3,) that can carry groups."""
        self.joint_origins_m[name] = np.asarray(origin_m, dtype=float)

    def add(self, group: str, material: str, *solids: Solid, joint: str | None = None) -> None:
        """Add solids (body axes) to a group; the first call for a group sets its joint."""
        if self._parents.setdefault(group, joint) != joint:
            raise ValueError(f"group {group!r} is already carried by joint {self._parents[group]!r}")
        self._pieces.setdefault((group, material), []).extend(solids)

    def solids(self) -> dict[tuple[str, str], list[Solid]]:
        """All solids by (group, material)."""
        return self._pieces

    def glb(self, finishes: Mapping[str, Finish]) -> bytes:
        """Return the model as the bytes of a binary glTF file, with the ``finishes`` as its materials."""
        buffer = GlbBuffer()
        materials, material_index = _materials(finishes, sorted({m for _, m in self._pieces}), buffer)
        nodes: list[dict[str, Any]] = [{"name": self.name, "children": [], "matrix": _gltf_matrix()}]
        index: dict[str, int] = {}
        for name, origin in self.joint_origins_m.items():
            index[name] = _add_node(nodes, 0, {"name": name, "translation": [float(v) for v in np.round(origin, 6)]})
        for group, parent in self._parents.items():
            if group not in index:
                index[group] = _add_node(nodes, index[parent] if parent else 0, {"name": group})
        meshes: list[dict[str, Any]] = []
        for (group, material), pieces in self._pieces.items():
            joint = self._parents[group]
            origin = self.joint_origins_m[joint] if joint else np.zeros(3)
            primitives = [each | {"material": material_index[material]} for each in _primitives(buffer, pieces, origin)]
            name = f"{group}.{material}"
            _add_node(nodes, index[group], {"name": name, "mesh": len(meshes)})
            meshes.append({"name": name, "primitives": primitives})
        document = {"asset": {"version": "2.0", "generator": "selfiesim"}, "scene": 0, "scenes": [{"nodes": [0]}]}
        document |= {"nodes": nodes, "meshes": meshes, "materials": materials} | buffer.tables()
        if used := sorted({name for entry in materials for name in entry.get("extensions", {})}):
            document["extensionsUsed"] = used
        return pack_glb(document, bytes(buffer.data))


def _add_node(nodes: list[dict[str, Any]], parent: int, node: dict[str, Any]) -> int:
    nodes.append(node)
    nodes[parent].setdefault("children", []).append(len(nodes) - 1)
    return len(nodes) - 1


def _gltf_matrix() -> list[float]:
    """The 4 x 4 matrix of the root node, column by column as in glTF."""
    matrix = np.eye(4)
    matrix[:3, :3] = GLTF_FROM_BODY
    return [float(v) for v in matrix.T.ravel()]


def _materials(
    finishes: Mapping[str, Finish], names: list[str], buffer: GlbBuffer
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """The glTF entries of the named materials, and the index of each."""
    entries = []
    for name in names:
        finish = finishes[name]
        pbr: dict[str, Any] = {"baseColorFactor": [*srgb_factor(finish.base_color), 1.0]}
        pbr |= {"metallicFactor": finish.metallic, "roughnessFactor": finish.roughness}
        if finish.texture_png is not None:
            buffer.images.append({"name": name, "mimeType": "image/png", "bufferView": buffer.view(finish.texture_png)})
            pbr["baseColorTexture"] = {"index": len(buffer.images) - 1}
        entries.append({"name": name, "pbrMetallicRoughness": pbr} | _extensions(finish))
    return entries, {name: k for k, name in enumerate(names)}


def _extensions(finish: Finish) -> dict[str, Any]:
    """The KHR material extensions of a finish; those at their defaults are omitted."""
    out: dict[str, Any] = {}
    if finish.clearcoat > 0.0:
        coat = {"clearcoatFactor": finish.clearcoat, "clearcoatRoughnessFactor": finish.clearcoat_roughness}
        out["KHR_materials_clearcoat"] = coat
    if finish.anisotropy != 0.0:
        brushed = {"anisotropyStrength": finish.anisotropy, "anisotropyRotation": finish.anisotropy_rotation}
        out["KHR_materials_anisotropy"] = brushed
    if finish.ior != 1.5:
        out["KHR_materials_ior"] = {"ior": finish.ior}
    if finish.specular != 1.0:
        out["KHR_materials_specular"] = {"specularFactor": finish.specular}
    return {"extensions": out} if out else {}


def _primitives(buffer: GlbBuffer, pieces: list[Solid], origin: NDArray[np.float64]) -> list[dict[str, Any]]:
    """The glTF primitives of solids of one material, relative to ``origin`` (3,); several for many vertices."""
    solid = merge_solids(pieces)
    placed = np.round((solid.vertices - origin) / _POSITION_STEP_M) * _POSITION_STEP_M
    # Piece by piece: parts that touch are not smoothed into each other, and each has its own crease angle.
    starts = np.cumsum([0] + [len(p.vertices) for p in pieces])
    normals = np.concatenate(
        [
            creased_normals(placed[start : start + len(p.vertices)], p.faces, p.crease_deg)
            for start, p in zip(starts, pieces, strict=False)
        ]
    )
    normals = np.round(normals / _NORMAL_STEP) * _NORMAL_STEP
    vertices, normal, uv, faces = index_corners(placed, solid.faces, normals, solid.uv)
    if len(vertices) > _MOST_VERTICES and len(pieces) > 1:
        half = len(pieces) // 2
        return _primitives(buffer, pieces[:half], origin) + _primitives(buffer, pieces[half:], origin)
    bounds = {"min": [float(v) for v in vertices.min(axis=0)], "max": [float(v) for v in vertices.max(axis=0)]}
    attributes = {
        "POSITION": buffer.accessor(vertices, "VEC3", FLOAT, ARRAY_BUFFER, **bounds),
        "NORMAL": buffer.accessor(normal, "VEC3", FLOAT, ARRAY_BUFFER),
    }
    if uv is not None:
        attributes["TEXCOORD_0"] = buffer.accessor(uv, "VEC2", FLOAT, ARRAY_BUFFER)
    is_small = len(vertices) <= _MOST_VERTICES
    indices = faces.astype(np.uint16 if is_small else np.uint32)
    accessor = buffer.accessor(indices, "SCALAR", UINT16 if is_small else UINT32, ELEMENT_BUFFER)
    return [{"attributes": attributes, "indices": accessor}]
