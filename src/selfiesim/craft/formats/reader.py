"""Mesh files into parts: read, put right, placed in body axes in metres. Slow, so its result is cached."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.description import MaterialOverride, ModelDescription
from selfiesim.craft.formats.gltf_mesh import read_gltf
from selfiesim.craft.formats.limits import MAX_EXTENT_M
from selfiesim.craft.formats.read_result import ImportResult
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.formats.trimesh_reader import TRIMESH_FORMATS, read_with_trimesh
from selfiesim.craft.formats.xml_mesh import read_3mf
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance, make_unique_name
from selfiesim.craft.mesh.normals import creased_normals, index_corners
from selfiesim.craft.mesh.repair import Repairs, repair_mesh
from selfiesim.craft.mesh.units_and_axes import Placement, infer_placement
from selfiesim.craft.model import Material, Part

MESH_FORMATS = (".glb", ".gltf", *TRIMESH_FORMATS, ".3mf")
"""Endings of the names of mesh files that can be read."""


@np.errstate(all="ignore")  # whatever numbers a file holds: what comes of them is looked at
def read_parts(
    content: bytes, suffix: str, resources: ResourceResolver, model_description: ModelDescription
) -> ImportResult:
    """Every mesh of a file as a part in body axes.

    Raises
    ------
    ModelError
        Says what is wrong, without the file's name: the caller knows it.
    """
    scene = _read_scene(content, suffix, resources)
    repairs = Repairs(Counter())
    shapes = _repair_instances(scene.shapes, repairs)
    if not shapes:
        raise ModelError("it holds no triangles that have an area")
    _check_joints(scene, model_description)
    by_node = {joint.node: name for name, joint in model_description.joints.items()}
    place = infer_placement(shapes, scene, model_description, repairs)
    material_table = _MaterialTable(model_description)
    parts = []
    for shape in shapes:
        joint = next((by_node[name] for name in shape.ancestors if name in by_node), None)
        parts.append(replace(_make_part(shape, material_table, place, repairs), joint=joint))
    for name in sorted(set(model_description.materials) - material_table.used):
        scene.warn(
            f"materials.{name}: the mesh has no material of that name; it has {', '.join(sorted(material_table.names))}"
        )
    return ImportResult(tuple(parts), repairs.summary_lines(), tuple(scene.warnings))


def _read_scene(content: bytes, suffix: str, resources: ResourceResolver) -> ImportedScene:
    if suffix in (".glb", ".gltf"):
        return read_gltf(content, suffix == ".glb", resources)
    if suffix == ".3mf":
        return read_3mf(content)
    if suffix in TRIMESH_FORMATS:
        return read_with_trimesh(content, suffix, resources)
    known = ", ".join(sorted(name.removeprefix(".") for name in MESH_FORMATS))
    raise ModelError(
        f"{suffix or 'a name without ending'} is not a mesh format that can be read; use one of {known} "
        "(Blender opens most others and saves them as GLB)"
    )


def _repair_instances(shapes: list[MeshInstance], repairs: Repairs) -> list[MeshInstance]:
    """The shapes put right; a mesh that stands at many places once."""
    done: dict[int, MeshInstance | None] = {}
    out = []
    for shape in shapes:
        key = id(shape.vertices)  # each mesh has its own table, which the shapes keep alive
        if key not in done:
            done[key] = repair_mesh(shape, repairs)
        found = done[key]
        if found is not None:
            out.append(found.at(shape.node, shape.ancestors, shape.matrix))
    return out


def _check_joints(scene: ImportedScene, model_description: ModelDescription) -> None:
    missing = {joint.node: name for name, joint in model_description.joints.items() if joint.node not in scene.nodes}
    if missing:
        node = sorted(missing)[0]
        raise ModelError(f"its description has a joint {missing[node]!r} at the node {node!r}, which the mesh lacks")


def _make_part(shape: MeshInstance, material_table: _MaterialTable, place: Placement, repairs: Repairs) -> Part:
    """One shape in body axes."""
    faces, linear = shape.faces, place.body_from_file @ shape.matrix[:3, :3]
    body_vertices = place.body_vertices(shape)
    if not np.abs(body_vertices).max() < MAX_EXTENT_M:
        raise ModelError(
            f"{shape.node!r} reaches {np.abs(body_vertices).max():.3g} m from its origin; check the unit of length"
        )
    if np.linalg.det(linear) < 0.0:
        faces = faces[:, ::-1]  # a mirrored instance turns its faces inside out
        repairs.note("mirrored meshes turned right side out", 1)
    uv = shape.uv if shape.uv is not None and np.all(np.isfinite(shape.uv)) else None
    if uv is None and shape.material.textures:
        repairs.note("meshes without places for their textures drawn without them", 1)
    material = material_table.of(shape.material, untextured=uv is None)
    uv = uv if material.textures else None
    tint = None if shape.tint is None else np.clip(np.nan_to_num(shape.tint), 0.0, 1.0)
    if tint is not None and tint.max() < 1.0 / 255.0:
        repairs.note("meshes whose vertex colours are all black drawn without them", 1)
        tint = None
    # Texture coordinates and tints go with the corners as one table.
    columns = [column for column in (uv, tint) if column is not None]
    table = np.concatenate(columns, axis=1) if columns else None
    normals = None if shape.normals is None else _transform_normals(shape.normals, linear)
    if normals is not None:
        v, n, t, f = (
            _to_float32(body_vertices),
            _to_float32(normals),
            None if table is None else _to_float32(table),
            faces.astype(np.int32),
        )
    else:
        corners = creased_normals(body_vertices, faces)
        v, n, t, f = index_corners(body_vertices, faces, corners, None if table is None else table[faces])
    places = None if uv is None or t is None else np.ascontiguousarray(t[:, :2])
    tints = None if tint is None or t is None else np.ascontiguousarray(t[:, t.shape[1] - 3 :])
    return Part(shape.node, shape.node, material, v, n, places, f, tint=tints)


def _to_float32(values: Floats) -> NDArray[np.float32]:
    return values.astype(np.float32)


def _transform_normals(normals: Floats, linear: Floats) -> Floats | None:
    """Normals go with the inverse transpose; None where a flattened node leaves them no direction."""
    turned = normals @ np.linalg.pinv(linear)
    length = np.linalg.norm(turned, axis=1, keepdims=True)
    return turned / length if np.all(np.isfinite(turned)) and length.min() > 1e-12 * length.max() else None


class _MaterialTable:
    """Materials with what the description adds to them; each made once, and no two of one name."""

    def __init__(self, model_description: ModelDescription) -> None:
        self._assembly = model_description
        self._resolved: dict[tuple[int, bool], tuple[Material, Material]] = {}
        self._used_names: dict[str, int] = {}
        self.names: set[str] = set()
        self.used: set[str] = set()

    def of(self, material: Material, untextured: bool) -> Material:
        """The material as it is drawn; ``untextured``: on a mesh that textures have no place on."""
        self.names.add(material.name)
        untextured = untextured and bool(material.textures)
        key = id(material), untextured
        if key not in self._resolved:
            look = self._assembly.materials.get(material.name)
            if look is not None:
                self.used.add(material.name)
            made = _apply_override(material, look) if look else material
            if untextured:
                made = replace(made, textures={}, alpha_cutoff=None)
            self._resolved[key] = material, replace(made, name=make_unique_name(made.name, self._used_names))
        return self._resolved[key][1]


def _apply_override(material: Material, look: MaterialOverride) -> Material:
    given = {key: value for key, value in look.model_dump(exclude={"finish"}).items() if value is not None}
    return replace(material, **given)
