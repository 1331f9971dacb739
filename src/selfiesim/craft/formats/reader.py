"""Mesh files into parts: read, put right, placed in body axes in metres. Slow, so its result is cached."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.description import Assembly, Look
from selfiesim.craft.formats.gltf_mesh import read_gltf
from selfiesim.craft.formats.limits import MOST_REACH_M
from selfiesim.craft.formats.read_result import Reading
from selfiesim.craft.formats.referenced_files import Companions
from selfiesim.craft.formats.trimesh_reader import FOREIGN, read_foreign
from selfiesim.craft.formats.xml_mesh import read_3mf
from selfiesim.craft.mesh.mesh_data import Drawn, Floats, Shape, unique_name
from selfiesim.craft.mesh.normals import creased_normals, index_corners
from selfiesim.craft.mesh.repair import Repairs, repaired
from selfiesim.craft.mesh.units_and_axes import Placement, placement
from selfiesim.craft.model import Material, Part

FORMATS = (".glb", ".gltf", *FOREIGN, ".3mf")
"""Endings of the names of mesh files that can be read."""


@np.errstate(all="ignore")  # whatever numbers a file holds: what comes of them is looked at
def read_parts(content: bytes, suffix: str, companions: Companions, assembly: Assembly) -> Reading:
    """Every mesh of a file as a part in body axes.

    Raises
    ------
    ModelError
        Says what is wrong, without the file's name: the caller knows it.
    """
    drawn = _drawn(content, suffix, companions)
    repairs = Repairs(Counter())
    shapes = _sound(drawn.shapes, repairs)
    if not shapes:
        raise ModelError("it holds no triangles that have an area")
    _check_joints(drawn, assembly)
    by_node = {joint.node: name for name, joint in assembly.joints.items()}
    place = placement(shapes, drawn, assembly, repairs)
    looks = _Looks(assembly)
    parts = []
    for shape in shapes:
        joint = next((by_node[name] for name in shape.above if name in by_node), None)
        parts.append(replace(_part(shape, looks, place, repairs), joint=joint))
    for name in sorted(set(assembly.materials) - looks.met):
        drawn.warn(f"materials.{name}: the mesh has no material of that name; it has {', '.join(sorted(looks.names))}")
    return Reading(tuple(parts), repairs.told(), tuple(drawn.warnings))


def _drawn(content: bytes, suffix: str, companions: Companions) -> Drawn:
    if suffix in (".glb", ".gltf"):
        return read_gltf(content, suffix == ".glb", companions)
    if suffix == ".3mf":
        return read_3mf(content)
    if suffix in FOREIGN:
        return read_foreign(content, suffix, companions)
    known = ", ".join(sorted(name.removeprefix(".") for name in FORMATS))
    raise ModelError(
        f"{suffix or 'a name without ending'} is not a mesh format that can be read; use one of {known} "
        "(Blender opens most others and saves them as GLB)"
    )


def _sound(shapes: list[Shape], repairs: Repairs) -> list[Shape]:
    """The shapes put right; a mesh that stands at many places once."""
    done: dict[int, Shape | None] = {}
    out = []
    for shape in shapes:
        key = id(shape.vertices)  # each mesh has its own table, which the shapes keep alive
        if key not in done:
            done[key] = repaired(shape, repairs)
        found = done[key]
        if found is not None:
            out.append(found.at(shape.node, shape.above, shape.matrix))
    return out


def _check_joints(drawn: Drawn, assembly: Assembly) -> None:
    missing = {joint.node: name for name, joint in assembly.joints.items() if joint.node not in drawn.nodes}
    if missing:
        node = sorted(missing)[0]
        raise ModelError(f"its description has a joint {missing[node]!r} at the node {node!r}, which the mesh lacks")


def _part(shape: Shape, looks: _Looks, place: Placement, repairs: Repairs) -> Part:
    """One shape in body axes."""
    faces, linear = shape.faces, place.turn @ shape.matrix[:3, :3]
    placed = place.placed(shape)
    if not np.abs(placed).max() < MOST_REACH_M:
        raise ModelError(
            f"{shape.node!r} reaches {np.abs(placed).max():.3g} m from its origin; check the unit of length"
        )
    if np.linalg.det(linear) < 0.0:
        faces = faces[:, ::-1]  # a mirrored instance turns its faces inside out
        repairs.note("mirrored meshes turned right side out", 1)
    uv = shape.uv if shape.uv is not None and np.all(np.isfinite(shape.uv)) else None
    if uv is None and shape.material.textures:
        repairs.note("meshes without places for their textures drawn without them", 1)
    material = looks.of(shape.material, plain=uv is None)
    uv = uv if material.textures else None
    tint = None if shape.tint is None else np.clip(np.nan_to_num(shape.tint), 0.0, 1.0)
    if tint is not None and tint.max() < 1.0 / 255.0:
        repairs.note("meshes whose vertex colours are all black drawn without them", 1)
        tint = None
    # Texture coordinates and tints go with the corners as one table.
    columns = [column for column in (uv, tint) if column is not None]
    table = np.concatenate(columns, axis=1) if columns else None
    normals = None if shape.normals is None else _turned(shape.normals, linear)
    if normals is not None:
        v, n, t, f = (
            _single(placed),
            _single(normals),
            None if table is None else _single(table),
            faces.astype(np.int32),
        )
    else:
        corners = creased_normals(placed, faces)
        v, n, t, f = index_corners(placed, faces, corners, None if table is None else table[faces])
    places = None if uv is None or t is None else np.ascontiguousarray(t[:, :2])
    tints = None if tint is None or t is None else np.ascontiguousarray(t[:, t.shape[1] - 3 :])
    return Part(shape.node, shape.node, material, v, n, places, f, tint=tints)


def _single(values: Floats) -> NDArray[np.float32]:
    return values.astype(np.float32)


def _turned(normals: Floats, linear: Floats) -> Floats | None:
    """Normals go with the inverse transpose; None where a flattened node leaves them no direction."""
    turned = normals @ np.linalg.pinv(linear)
    length = np.linalg.norm(turned, axis=1, keepdims=True)
    return turned / length if np.all(np.isfinite(turned)) and length.min() > 1e-12 * length.max() else None


class _Looks:
    """Materials with what the description adds to them; each made once, and no two of one name."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly
        self._made: dict[tuple[int, bool], tuple[Material, Material]] = {}
        self._taken: dict[str, int] = {}
        self.names: set[str] = set()
        self.met: set[str] = set()

    def of(self, material: Material, plain: bool) -> Material:
        """The material as it is drawn; ``plain``: on a mesh that textures have no place on."""
        self.names.add(material.name)
        plain = plain and bool(material.textures)
        key = id(material), plain
        if key not in self._made:
            look = self._assembly.materials.get(material.name)
            if look is not None:
                self.met.add(material.name)
            made = _dressed(material, look) if look else material
            if plain:
                made = replace(made, textures={}, alpha_cutoff=None)
            self._made[key] = material, replace(made, name=unique_name(made.name, self._taken))
        return self._made[key][1]


def _dressed(material: Material, look: Look) -> Material:
    given = {key: value for key, value in look.model_dump(exclude={"finish"}).items() if value is not None}
    return replace(material, **given)
