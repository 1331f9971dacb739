"""Mesh files in XML: 3MF, which is read here, and what has to be known of a DAE before a library opens it."""

from __future__ import annotations

import io
import zipfile
from typing import Any
from xml.etree import ElementTree

import numpy as np

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
    """All objects that a 3MF file builds.

    Raises
    ------
    ModelError
        Says what is wrong, without the file's name: the caller knows it.
    """
    try:
        root = parse_xml(_read_model_part(content))
        return _Builder(root).build()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"cannot be read as 3MF; the file is damaged ({type(error).__name__})") from error


def parse_xml(content: bytes) -> Any:
    """The root of an XML text, its names without their namespaces' prefixes.

    Raises
    ------
    ModelError
        When it is no XML, or declares a document type: entities can unpack to anything.
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
                    raise ModelError(f"its XML is nested more than {MAX_DEPTH} deep")
            else:
                depth -= 1
        return root
    except (ElementTree.ParseError, ValueError) as error:
        raise ModelError(f"its XML is damaged ({str(error)[:60]})") from error


def read_dae_units(content: bytes) -> tuple[float, str]:
    """The unit (m) and the upward axis of a DAE file whose nodes are found to end.

    Nodes may stand for others by reference: a few lines can ask for more copies than there is memory, or loop.
    """
    root = parse_xml(content)
    unit, up = root.find("asset/unit"), root.find("asset/up_axis")
    nodes = {node.get("id"): node for node in root.iter("node") if node.get("id")}
    counted: dict[int, int] = {}

    def count_instances(node: Any, depth: int) -> int:
        if depth > MAX_DEPTH:
            raise ModelError(f"its nodes stand for each other more than {MAX_DEPTH} deep, or in a ring")
        if id(node) not in counted:
            named = (nodes.get(each.get("url", "").removeprefix("#")) for each in node.findall("instance_node"))
            children = [*node.findall("node"), *(each for each in named if each is not None)]
            geometries = len(node.findall("instance_geometry")) + len(node.findall("instance_controller"))
            counted[id(node)] = 1 + geometries + sum(count_instances(child, depth + 1) for child in children)
        return counted[id(node)]

    count = sum(count_instances(node, 0) for scene in root.iter("visual_scene") for node in scene.findall("node"))
    if count > MAX_NODES:
        raise ModelError(f"it has {count:,} nodes, each copy counted; the limit is {MAX_NODES:,}")
    try:
        metres = float(unit.get("meter", "1")) if unit is not None else 1.0
    except ValueError:
        metres = 1.0
    axis = {"X_UP": "x", "Z_UP": "z"}.get((up.text or "").strip() if up is not None else "", "y")
    return (metres if 0.0 < metres < 1e9 else 1.0), axis


def _read_model_part(content: bytes) -> bytes:
    """The main part of the package, unpacked within bounds."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            names = [info for info in package.infolist() if info.filename.lower().endswith(".model")]
            if not names:
                raise ModelError("cannot be read as 3MF: there is no .model part in it")
            main = next((info for info in names if info.filename.lower() == "3d/3dmodel.model"), names[0])
            if main.file_size > MAX_BYTES:
                raise ModelError(f"{main.filename} in it unpacks to over {MAX_BYTES >> 20} MB")
            with package.open(main) as file:
                text = file.read(MAX_BYTES + 1)
    except ModelError:
        raise
    except Exception as error:  # a damaged package fails in more ways than can be listed
        raise ModelError(f"cannot be read as 3MF; the file is damaged ({type(error).__name__})") from error
    if len(text) > MAX_BYTES:
        raise ModelError(f"{main.filename} in it unpacks to over {MAX_BYTES >> 20} MB")
    return text


class _Builder:
    """Follows a 3MF model's build items through their components to meshes."""

    def __init__(self, root: Any) -> None:
        self.root = root
        self.objects = {item.get("id"): item for item in root.findall("resources/object")}
        self.colours = {group.get("id"): _base_materials(group) for group in root.findall("resources/basematerials")}
        self.meshes: dict[str, MeshInstance | None] = {}
        self.used_names: dict[str, int] = {}
        self.triangles = 0
        self.out = ImportedScene(metres_per_unit=_METRES_PER_UNIT.get(root.get("unit", "millimeter"), 1e-3), up="z")

    def build(self) -> ImportedScene:
        for number, item in enumerate(self.root.findall("build/item")):
            self._add_component(item, _parse_transform(item.get("transform")), (), f"item {number}")
        return self.out

    def _add_component(self, item: Any, matrix: Floats, ancestors: tuple[str, ...], name: str) -> None:
        key = item.get("objectid")
        if key not in self.objects:
            raise ModelError(f"{name} names an object {str(key)[:20]!r} that is not there")
        if len(ancestors) > MAX_DEPTH or len(self.out.nodes) >= MAX_NODES:
            raise ModelError(
                f"it has over {MAX_NODES:,} objects, each copy counted, or they stand for each other in a ring"
            )
        found = self.objects[key]
        node = make_unique_name(found.get("name") or f"object {key}", self.used_names)
        self.out.nodes.append(node)
        ancestors = (node, *ancestors)
        if key not in self.meshes:
            self.meshes[key] = self._read_mesh(found)
        shape = self.meshes[key]
        if shape is not None:
            self.triangles += len(shape.faces)
            if self.triangles > MAX_TRIANGLES:
                raise ModelError(f"it has over {MAX_TRIANGLES:,} triangles, each copy counted; decimate it")
            self.out.shapes.append(shape.at(node, ancestors, matrix))
        for part in found.findall("components/component"):
            self._add_component(part, matrix @ _parse_transform(part.get("transform")), ancestors, node)

    def _read_mesh(self, item: Any) -> MeshInstance | None:
        mesh = item.find("mesh")
        if mesh is None:
            return None
        vertices = [(v.get("x"), v.get("y"), v.get("z")) for v in mesh.findall("vertices/vertex")]
        faces = [(f.get("v1"), f.get("v2"), f.get("v3")) for f in mesh.findall("triangles/triangle")]
        colour = self.colours.get(item.get("pid"), [])
        index = int(item.get("pindex", 0))
        return MeshInstance(
            node="",
            ancestors=(),
            matrix=np.eye(4),
            vertices=np.array(vertices, dtype=np.float64).reshape(-1, 3),
            faces=np.array(faces, dtype=np.int64).reshape(-1, 3),
            material=colour[index] if 0 <= index < len(colour) else Material(),
        )


def _base_materials(group: Any) -> list[Material]:
    from selfiesim.craft.formats.trimesh_reader import linear_from_srgb

    out = []
    for base in group.findall("base"):
        text = base.get("displaycolor", "#BCBCBC").removeprefix("#")
        red, green, blue = (int(text[k : k + 2], 16) / 255.0 for k in (0, 2, 4))
        colour = linear_from_srgb(np.array([red, green, blue])).tolist()
        out.append(Material(name=base.get("name", "default"), base_color=(colour[0], colour[1], colour[2])))
    return out


def _parse_transform(text: str | None) -> Floats:
    """4x4 from the twelve numbers of a 3MF transform, which multiplies rows (section 3.3)."""
    out = np.eye(4)
    if text:
        rows = np.array(text.split(), dtype=np.float64).reshape(4, 3)
        out[:3, :3], out[:3, 3] = rows[:3].T, rows[3]
    return out
