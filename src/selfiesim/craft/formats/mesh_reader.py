"""Read a mesh file into parts: repaired, in body axes and metres. The result is cached, because reading is slow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from selfiesim.core.colour import bands_from_linear_srgb
from selfiesim.core.errors import ModelError
from selfiesim.core.quiet import paused_garbage_collection
from selfiesim.craft.colours import Converted, material_in_bands
from selfiesim.craft.description import MaterialOverride, ModelDescription
from selfiesim.craft.formats.converters.convert import CONVERTED_FORMATS, read_converted
from selfiesim.craft.formats.gltf_mesh import read_gltf
from selfiesim.craft.formats.import_result import ImportResult
from selfiesim.craft.formats.polygonal.dae import read_dae
from selfiesim.craft.formats.polygonal.obj import read_obj
from selfiesim.craft.formats.polygonal.off import read_off
from selfiesim.craft.formats.polygonal.ply import read_ply
from selfiesim.craft.formats.polygonal.shape_tables import read_shape_table
from selfiesim.craft.formats.polygonal.stl import read_stl
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.formats.xml_mesh import read_3mf
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance, make_unique_name
from selfiesim.craft.mesh.opacity import visible_instances
from selfiesim.craft.mesh.parts import PlacedMesh, make_parts
from selfiesim.craft.mesh.repair import Repairs, repair_meshes
from selfiesim.craft.mesh.units_and_axes import Placement, infer_placement
from selfiesim.craft.model import Material

MESH_FORMATS = (".glb", ".gltf", ".obj", ".ply", ".stl", ".off", ".dae", ".3mf", ".icq", ".tab", *CONVERTED_FORMATS)
"""File name suffixes of the supported mesh formats."""
MAX_EXTENT_M = 1e6
"""Distance of a vertex from the origin; beyond that, the unit of length cannot be right."""


@np.errstate(all="ignore")  # a file may hold any numbers; the results are checked
def read_parts(
    content: bytes, suffix: str, resources: ResourceResolver, model_description: ModelDescription
) -> ImportResult:
    """Read every mesh of a file as a part in body axes.

    Parameters
    ----------
    content : bytes
        The mesh file.
    suffix : str
        Its suffix, lower case, with the dot.
    resources : ResourceResolver
        Opens the files that it refers to.
    model_description : ModelDescription
        Frame, joints and materials that the mesh file cannot express.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    with paused_garbage_collection():
        scene = _read_scene(content, suffix, resources)
    repairs = Repairs(Counter())
    visible = visible_instances(scene)
    if scene.instances and not visible:
        raise ModelError("it is fully transparent: all its opacities are 0 or below the cutoff")
    instances = _repair_instances(visible, repairs)
    if not instances:
        raise ModelError("it has no triangles with an area")
    _check_joints(scene, model_description)
    joint_by_node = {joint.node: name for name, joint in model_description.joints.items()}
    placement = infer_placement(instances, scene, model_description, repairs)
    material_table = _MaterialTable(model_description)
    parts = make_parts([_place(instance, material_table, placement, repairs) for instance in instances])
    joints = [
        next((joint_by_node[name] for name in each.ancestors if name in joint_by_node), None) for each in instances
    ]
    parts = [replace(part, joint=joint) for part, joint in zip(parts, joints, strict=True)]
    for name in sorted(set(model_description.materials) - material_table.overridden):
        known = ", ".join(sorted(material_table.names))
        scene.warn(f"materials.{name}: the mesh has no material of that name; it has {known}")
    return ImportResult(
        tuple(parts), repairs.summary_lines(), (*scene.warnings, *scene.ignored_lines()), units=placement.reason
    )


def _read_scene(content: bytes, suffix: str, resources: ResourceResolver) -> ImportedScene:
    readers: dict[str, Callable[[], ImportedScene]] = {
        ".glb": lambda: read_gltf(content, True, resources),
        ".gltf": lambda: read_gltf(content, False, resources),
        ".obj": lambda: read_obj(content, resources),
        ".ply": lambda: read_ply(content, resources),
        ".stl": lambda: read_stl(content),
        ".off": lambda: read_off(content),
        ".dae": lambda: read_dae(content, resources),
        ".3mf": lambda: read_3mf(content),
        ".icq": lambda: read_shape_table(content, resources),
        ".tab": lambda: read_shape_table(content, resources),
    }
    if suffix in CONVERTED_FORMATS:
        return read_converted(content, suffix, resources)
    if suffix in readers:
        return readers[suffix]()
    known = ", ".join(sorted(name.removeprefix(".") for name in MESH_FORMATS))
    raise ModelError(
        f"{suffix or 'a name without a suffix'} is not a supported mesh format; use one of {known} "
        "(Blender opens most others and saves them as GLB)"
    )


def _repair_instances(instances: list[MeshInstance], repairs: Repairs) -> list[MeshInstance]:
    """Repair the meshes, each once however many instances it has, and drop the empty ones."""
    meshes: dict[int, MeshInstance] = {}
    for instance in instances:
        meshes.setdefault(id(instance.vertices), instance)  # unique to a mesh, and kept alive by its instances
    repaired = dict(zip(meshes, repair_meshes(list(meshes.values()), repairs), strict=True))
    found = ((repaired[id(instance.vertices)], instance) for instance in instances)
    return [mesh.placed(instance.node, instance.ancestors, instance.matrix) for mesh, instance in found if mesh]


def _check_joints(scene: ImportedScene, model_description: ModelDescription) -> None:
    missing = {joint.node: name for name, joint in model_description.joints.items() if joint.node not in scene.nodes}
    if missing:
        node = sorted(missing)[0]
        raise ModelError(f"its description has a joint {missing[node]!r} at the node {node!r}, which the mesh lacks")


def _place(mesh: MeshInstance, material_table: _MaterialTable, placement: Placement, repairs: Repairs) -> PlacedMesh:
    """One mesh instance in body axes."""
    faces, linear = mesh.faces, placement.body_from_file @ mesh.matrix[:3, :3]
    body_vertices = placement.body_vertices(mesh)
    reach = float(np.abs(body_vertices).max())
    if not reach < MAX_EXTENT_M:
        raise ModelError(f"{mesh.node!r} reaches {reach:.3g} m from its origin; check the unit of length")
    if np.linalg.det(linear) < 0.0:
        faces = faces[:, ::-1]  # mirroring reverses the winding
        repairs.note("mirrored meshes turned right side out", 1)
    uv = mesh.uv if mesh.uv is not None and np.all(np.isfinite(mesh.uv)) else None
    if uv is None and mesh.material.textures:
        repairs.note("textures without texture coordinates ignored", 1)
    material = material_table.resolve(mesh.material, untextured=uv is None)
    uv = uv if material.textures else None
    uv2 = mesh.uv2 if uv is not None and material.second_uv and mesh.uv2 is not None else None
    tint = None if mesh.tint is None else bands_from_linear_srgb(np.clip(np.nan_to_num(mesh.tint), 0.0, 1.0))
    if tint is not None and tint.max() < 1.0 / 255.0:
        repairs.note("all-black vertex colours ignored", 1)
        tint = None
    normals = None if mesh.normals is None else _transform_normals(mesh.normals, linear)
    opacity = mesh.opacity if material.blend or material.alpha_cutoff is not None else None
    columns = {"uv": uv, "tint": tint, "opacity": opacity, "uv2": uv2}
    given = {name: np.atleast_2d(each.T).T for name, each in columns.items() if each is not None}
    return PlacedMesh(mesh.node, material, body_vertices, faces, normals, given)


def _transform_normals(normals: Floats, linear: Floats) -> Floats | None:
    """Transform normals by the inverse transpose; None where a flattened node leaves them no direction."""
    transformed = normals @ np.linalg.pinv(linear)
    length = np.linalg.norm(transformed, axis=1, keepdims=True)
    if not np.all(np.isfinite(transformed)) or not length.min() > 1e-12 * length.max():
        return None
    return np.asarray(transformed / length)


class _MaterialTable:
    """Materials with the description's overrides applied, in bands; each is made once, under a unique name.

    Attributes
    ----------
    names : set of str
        Materials that the mesh file uses.
    overridden : set of str
        Those that the description overrides.
    """

    def __init__(self, model_description: ModelDescription) -> None:
        self._overrides = model_description.materials
        self._resolved: dict[tuple[int, bool], tuple[Material, Material]] = {}
        self._textures: Converted = {}
        self._used_names: dict[str, int] = {}
        self.names: set[str] = set()
        self.overridden: set[str] = set()

    def resolve(self, material: Material, untextured: bool) -> Material:
        """Return the material as rendered; ``untextured`` on a mesh without texture coordinates."""
        self.names.add(material.name)
        untextured = untextured and bool(material.textures)
        key = id(material), untextured
        if key not in self._resolved:
            override = self._overrides.get(material.name)
            if override is not None:
                self.overridden.add(material.name)
            resolved = _apply_override(material, override) if override else material
            if untextured:
                resolved = replace(resolved, textures={})
            resolved = material_in_bands(resolved, self._textures)
            # The source material stays in the table, so that its id is not reused.
            self._resolved[key] = material, replace(resolved, name=make_unique_name(resolved.name, self._used_names))
        return self._resolved[key][1]


def _apply_override(material: Material, override: MaterialOverride) -> Material:
    given = {key: value for key, value in override.model_dump(exclude={"finish"}).items() if value is not None}
    return replace(material, **given)
