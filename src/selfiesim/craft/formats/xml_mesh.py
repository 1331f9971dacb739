"""Read mesh files in XML: all of 3MF, and the unit and node counts of a DAE before trimesh opens it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_BYTES, MESH_DEPTH, MESH_NODES, MESH_TRIANGLES
from selfiesim.core.xml_text import parse_xml
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance, make_unique_name
from selfiesim.craft.model import Material

# 3MF Core Specification 1.3, section 3.4.1.
_METRES_PER_UNIT = {
    "micron": 1e-6,
    "millimeter": 1e-3,
    "centimeter": 1e-2,
    "inch": 0.0254,
    "foot": 0.3048,
    "meter": 1.0,
}


def read_3mf(content: bytes) -> ImportedScene:
    """Read all objects that a 3MF file builds.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    try:
        root = parse_xml(_read_model_part(content), ModelError)
        return _Builder(root).build()
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError(f"it cannot be read as 3MF; the file is damaged ({type(error).__name__})") from error


def read_dae_units(content: bytes) -> tuple[float, str]:
    """Return the unit (m) and the up axis of a DAE file, after counting its nodes.

    Nodes may instance other nodes by reference: a few lines can ask for more copies than fit into memory, or loop.

    Raises
    ------
    ModelError
        When the file has too many nodes, counting every copy, or a loop of references.
    """
    root = parse_xml(content, ModelError)
    unit, up = root.find("asset/unit"), root.find("asset/up_axis")
    nodes = {node.get("id"): node for node in root.iter("node") if node.get("id")}
    counted: dict[int, int] = {}

    def count_instances(node: Any, depth: int) -> int:
        MESH_DEPTH.check(depth, "its nodes refer to each other too many levels deep, or in a loop", ModelError)
        if id(node) not in counted:
            instanced = (nodes.get(each.get("url", "").removeprefix("#")) for each in node.findall("instance_node"))
            children = [*node.findall("node"), *(each for each in instanced if each is not None)]
            geometries = len(node.findall("instance_geometry")) + len(node.findall("instance_controller"))
            counted[id(node)] = 1 + geometries + sum(count_instances(child, depth + 1) for child in children)
        return counted[id(node)]

    count = sum(count_instances(node, 0) for scene in root.iter("visual_scene") for node in scene.findall("node"))
    MESH_NODES.check(count, f"it has {count:,} nodes, counting every copy", ModelError)
    try:
        metres = float(unit.get("meter", "1")) if unit is not None else 1.0
    except ValueError:
        metres = 1.0
    axis = {"X_UP": "x", "Z_UP": "z"}.get((up.text or "").strip() if up is not None else "", "y")
    return (metres if 0.0 < metres < 1e9 else 1.0), axis


def _read_model_part(content: bytes) -> bytes:
    """The main part of the 3MF package, decompressed within the size limit."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = [info for info in package.infolist() if info.filename.lower().endswith(".model")]
            if not names:
                raise ModelError("it cannot be read as 3MF: it contains no .model part")
            main = next((info for info in names if info.filename.lower() == "3d/3dmodel.model"), names[0])
            MESH_BYTES.check(main.file_size, f"its part {main.filename} decompresses to too much", ModelError)
            with package.open(main) as file:
                text = file.read(MESH_BYTES.value + 1)
    except ModelError:
        raise
    except Exception as error:  # a damaged package fails in more ways than can be listed
        raise ModelError(f"it cannot be read as 3MF; the file is damaged ({type(error).__name__})") from error
    MESH_BYTES.check(len(text), f"its part {main.filename} decompresses to too much", ModelError)
    return text


class _Builder:
    """Follows a 3MF model's build items through their components to meshes."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.objects = {item.get("id"): item for item in root.findall("resources/object")}
        self.materials = {group.get("id"): _base_materials(group) for group in root.findall("resources/basematerials")}
        self.meshes: dict[str, MeshInstance | None] = {}
        self.used_names: dict[str, int] = {}
        self.triangle_count = 0
        self.scene = ImportedScene(metres_per_unit=_METRES_PER_UNIT.get(root.get("unit", "millimeter"), 1e-3), up="z")

    def build(self) -> ImportedScene:
        for number, item in enumerate(self.root.findall("build/item")):
            self._add_component(item, _parse_transform(item.get("transform")), (), f"item {number}")
        return self.scene

    def _add_component(self, component: Any, matrix: Floats, ancestors: tuple[str, ...], referrer: str) -> None:
        key = component.get("objectid")
        if key not in self.objects:
            raise ModelError(f"{referrer} refers to an unknown object {str(key)[:20]!r}")
        MESH_DEPTH.check(len(ancestors), "its objects refer to each other too many levels deep", ModelError)
        MESH_NODES.check(len(self.scene.nodes) + 1, "it has too many objects, counting every copy", ModelError)
        item = self.objects[key]
        node = make_unique_name(item.get("name") or f"object {key}", self.used_names)
        self.scene.nodes.append(node)
        ancestors = (node, *ancestors)
        if key not in self.meshes:
            self.meshes[key] = self._read_mesh(item)
        mesh = self.meshes[key]
        if mesh is not None:
            self.triangle_count += len(mesh.faces)
            what = f"it has {self.triangle_count:,} triangles, counting every copy"
            MESH_TRIANGLES.check(self.triangle_count, what, ModelError, "decimate it")
            self.scene.instances.append(mesh.placed(node, ancestors, matrix))
        for part in item.findall("components/component"):
            self._add_component(part, matrix @ _parse_transform(part.get("transform")), ancestors, node)

    def _read_mesh(self, item: Any) -> MeshInstance | None:
        mesh = item.find("mesh")
        if mesh is None:
            return None
        vertices = [(v.get("x"), v.get("y"), v.get("z")) for v in mesh.findall("vertices/vertex")]
        faces = [(f.get("v1"), f.get("v2"), f.get("v3")) for f in mesh.findall("triangles/triangle")]
        materials = self.materials.get(item.get("pid"), [])
        index = int(item.get("pindex", 0))
        return MeshInstance(
            node="",
            ancestors=(),
            matrix=np.eye(4),
            vertices=np.array(vertices, dtype=np.float64).reshape(-1, 3),
            faces=np.array(faces, dtype=np.int64).reshape(-1, 3),
            material=materials[index] if 0 <= index < len(materials) else Material(),
        )


def _base_materials(group: Any) -> list[Material]:
    materials = []
    for base in group.findall("base"):
        text = base.get("displaycolor", "#BCBCBC").removeprefix("#")
        srgb = np.array([int(text[k : k + 2], 16) / 255.0 for k in (0, 2, 4)])
        red, green, blue = linear_from_srgb(srgb).tolist()
        materials.append(Material(name=base.get("name", "default"), base_color=(red, green, blue)))
    return materials


def _parse_transform(text: str | None) -> Floats:
    """The matrix (4, 4) of a 3MF transform, whose twelve numbers multiply row vectors (section 3.3)."""
    out = np.eye(4)
    if text:
        rows = np.array(text.split(), dtype=np.float64).reshape(4, 3)
        out[:3, :3], out[:3, 3] = rows[:3].T, rows[3]
    return out
