"""Read mesh files in XML: all of 3MF, and the unit and node counts of a DAE before trimesh opens it."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import numpy as np

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.limits import MAX_BYTES, MAX_DEPTH, MAX_NODES, MAX_TRIANGLES
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
        root = parse_xml(_read_model_part(content))
        return _Builder(root).build()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"it cannot be read as 3MF; the file is damaged ({type(error).__name__})") from error


def parse_xml(content: bytes) -> Any:
    """Return the root element of an XML text, with namespaces removed from the tags.

    Raises
    ------
    ModelError
        When it is not XML, or declares a document type: entities can expand to anything.
    """
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ModelError("its XML declares a document type or is not UTF-8, which is not allowed; save it as GLB")
    try:
        events = ElementTree.iterparse(io.BytesIO(content), events=("start", "end"))  # noqa: S314 - no entities: above
        depth, root = 0, None
        for event, element in events:
            if event == "start":
                depth += 1
                root = element if root is None else root
                element.tag = element.tag.rpartition("}")[2]
                if depth > MAX_DEPTH:
                    raise ModelError(f"its XML is nested more than {MAX_DEPTH} levels deep")
            else:
                depth -= 1
        return root
    except (ElementTree.ParseError, ValueError) as error:
        raise ModelError(f"its XML is damaged ({str(error)[:60]})") from error


def read_dae_units(content: bytes) -> tuple[float, str]:
    """Return the unit (m) and the up axis of a DAE file, after counting its nodes.

    Nodes may instance other nodes by reference: a few lines can ask for more copies than fit into memory, or loop.

    Raises
    ------
    ModelError
        When the file has too many nodes, counting every copy, or a loop of references.
    """
    root = parse_xml(content)
    unit, up = root.find("asset/unit"), root.find("asset/up_axis")
    nodes = {node.get("id"): node for node in root.iter("node") if node.get("id")}
    counted: dict[int, int] = {}

    def count_instances(node: Any, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise ModelError(f"its nodes refer to each other more than {MAX_DEPTH} levels deep, or in a loop")
        if id(node) not in counted:
            instanced = (nodes.get(each.get("url", "").removeprefix("#")) for each in node.findall("instance_node"))
            children = [*node.findall("node"), *(each for each in instanced if each is not None)]
            geometries = len(node.findall("instance_geometry")) + len(node.findall("instance_controller"))
            counted[id(node)] = 1 + geometries + sum(count_instances(child, depth + 1) for child in children)
        return counted[id(node)]

    count = sum(count_instances(node, 0) for scene in root.iter("visual_scene") for node in scene.findall("node"))
    if count > MAX_NODES:
        raise ModelError(f"it has {count:,} nodes, counting every copy; the limit is {MAX_NODES:,}")
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
            if main.file_size > MAX_BYTES:
                raise _oversized_part(main.filename)
            with package.open(main) as file:
                text = file.read(MAX_BYTES + 1)
    except ModelError:
        raise
    except Exception as error:  # a damaged package fails in more ways than can be listed
        raise ModelError(f"it cannot be read as 3MF; the file is damaged ({type(error).__name__})") from error
    if len(text) > MAX_BYTES:
        raise _oversized_part(main.filename)
    return text


def _oversized_part(name: str) -> ModelError:
    return ModelError(f"its part {name} decompresses to over {MAX_BYTES >> 20} MB")


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
        if len(ancestors) > MAX_DEPTH or len(self.scene.nodes) >= MAX_NODES:
            raise ModelError(
                f"it has over {MAX_NODES:,} objects, counting every copy, or they refer to each other in a loop"
            )
        item = self.objects[key]
        node = make_unique_name(item.get("name") or f"object {key}", self.used_names)
        self.scene.nodes.append(node)
        ancestors = (node, *ancestors)
        if key not in self.meshes:
            self.meshes[key] = self._read_mesh(item)
        mesh = self.meshes[key]
        if mesh is not None:
            self.triangle_count += len(mesh.faces)
            if self.triangle_count > MAX_TRIANGLES:
                raise ModelError(f"it has over {MAX_TRIANGLES:,} triangles, counting every copy; decimate it")
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
