"""Read mesh files in XML: all of 3MF, and the unit and node counts of a DAE before pycollada opens it."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_BYTES, MESH_DEPTH, MESH_NODES, MESH_TRIANGLES
from selfiesim.core.untrusted.xml_text import parse_xml
from selfiesim.craft.formats.polygonal.polygon_mesh import PolygonMesh
from selfiesim.craft.formats.polygonal.threemf_properties import PropertyGroups
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance, make_unique_name

# 3MF Core Specification 1.3, section 3.4.1.
_METRES_PER_UNIT = {
    "micron": 1e-6,
    "millimeter": 1e-3,
    "centimeter": 1e-2,
    "inch": 0.0254,
    "foot": 0.3048,
    "meter": 1.0,
}
# Prefixes of the extensions that are read: materials and production; s is the slice extension, which adds nothing here.
_KNOWN_PREFIXES = {"m", "p", "s"}


def read_3mf(content: bytes) -> ImportedScene:
    """Read all objects that a 3MF file builds.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except Exception as error:  # a damaged package fails in more ways than can be listed
        raise ModelError("it cannot be read as 3MF; the file is damaged") from error
    try:
        return _Builder(_Package(package)).build()
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ModelError("it cannot be read as 3MF; the file is damaged") from error


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


class _Package:
    """The parts of a 3MF package, each decompressed within the size limit, and once."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        self._package = package
        self._entries = {"/" + info.filename.lower().lstrip("/"): info for info in package.infolist()}
        self._roots: dict[str, Any] = {}
        self._bytes_left = MESH_BYTES.value
        names = [name for name in self._entries if name.endswith(".model")]
        if not names:
            raise ModelError("it cannot be read as 3MF: it contains no .model part")
        self.main = "/3d/3dmodel.model" if "/3d/3dmodel.model" in names else names[0]

    def model(self, path: str) -> Any:
        """Return the root element of a .model part."""
        key = "/" + path.lower().lstrip("/")
        if key not in self._roots:
            self._roots[key] = parse_xml(self.read(path), ModelError)
        return self._roots[key]

    def read(self, path: str) -> bytes:
        """Return the bytes of a part; together, the parts that are read stay within the size limit."""
        info = self._entries.get("/" + path.lower().lstrip("/"))
        if info is None:
            raise ModelError(f"it refers to a part {path[:60]!r} that the package lacks")
        if info.file_size > self._bytes_left:
            raise ModelError(MESH_BYTES.excess(f"its part {info.filename} decompresses to too much"))
        try:
            with self._package.open(info) as file:
                text = file.read(self._bytes_left + 1)
        except Exception as error:
            raise ModelError("it cannot be read as 3MF; the file is damaged") from error
        if len(text) > self._bytes_left:
            raise ModelError(MESH_BYTES.excess(f"its part {info.filename} decompresses to too much"))
        self._bytes_left -= len(text)
        return text


class _Builder:
    """Follows a 3MF model's build items through their components to meshes, also those in other parts."""

    def __init__(self, package: _Package) -> None:
        self.package, self.root = package, package.model(package.main)
        unit = self.root.get("unit", "millimeter")
        self.scene = ImportedScene(metres_per_unit=_METRES_PER_UNIT.get(unit, 1e-3), up="z")
        self.properties = PropertyGroups(package.read, self.scene)
        self.objects: dict[str, dict[str, Any]] = {}
        self.meshes: dict[tuple[str, str], list[MeshInstance]] = {}
        self.used_names: dict[str, int] = {}
        self.triangle_count = 0
        required = self.root.get("requiredextensions", "").split()
        unknown = sorted(set(required) - _KNOWN_PREFIXES)
        if unknown:
            self.scene.ignore(f"requiredextensions {' '.join(unknown)[:60]}", "what those extensions add is left out")

    def build(self) -> ImportedScene:
        for number, item in enumerate(self.root.findall("build/item")):
            self._add_component(item, self.package.main, _parse_transform(item.get("transform")), (), f"item {number}")
        return self.scene

    def _objects_of(self, path: str) -> dict[str, Any]:
        if path not in self.objects:
            root = self.package.model(path)
            self.objects[path] = {item.get("id"): item for item in root.findall("resources/object")}
            self.properties.add(path, root)
        return self.objects[path]

    def _add_component(
        self, component: Any, path: str, matrix: Floats, ancestors: tuple[str, ...], referrer: str
    ) -> None:
        # The production extension keeps objects in parts of their own; its attribute is path, in its namespace.
        path = next((v for k, v in component.attrib.items() if k.rpartition("}")[2] == "path"), path).lower()
        objects, key = self._objects_of(path), component.get("objectid")
        if key not in objects:
            raise ModelError(f"{referrer} refers to an unknown object {str(key)[:20]!r}")
        MESH_DEPTH.check(len(ancestors), "its objects refer to each other too many levels deep", ModelError)
        MESH_NODES.check(len(self.scene.nodes) + 1, "it has too many objects, counting every copy", ModelError)
        item = objects[key]
        node = make_unique_name(item.get("name") or f"object {key}", self.used_names)
        self.scene.nodes.append(node)
        ancestors = (node, *ancestors)
        if (path, key) not in self.meshes:
            self.meshes[path, key] = self._read_mesh(item, path)
        for mesh in self.meshes[path, key]:
            self.triangle_count += len(mesh.faces)
            what = f"it has {self.triangle_count:,} triangles, counting every copy"
            MESH_TRIANGLES.check(self.triangle_count, what, ModelError, "decimate it")
            self.scene.instances.append(mesh.placed(node, ancestors, matrix))
        for part in item.findall("components/component"):
            self._add_component(part, path, matrix @ _parse_transform(part.get("transform")), ancestors, node)

    def _read_mesh(self, item: Any, path: str) -> list[MeshInstance]:
        """The meshes of an object: one for each of its materials."""
        mesh = item.find("mesh")
        if mesh is None:
            return []
        if mesh.find("beamlattice") is not None:
            self.scene.ignore("beamlattice", "the beams are missing", item.get("name") or str(item.get("id")))
        rows = [(v.get("x"), v.get("y"), v.get("z")) for v in mesh.findall("vertices/vertex")]
        vertices = np.array(rows, dtype=np.float64).reshape(-1, 3)
        triangles = mesh.findall("triangles/triangle")
        faces = np.array([(f.get("v1"), f.get("v2"), f.get("v3")) for f in triangles], dtype=np.int64).reshape(-1, 3)
        default = item.get("pid"), item.get("pindex") or "0"
        painted = [_triangle_property(triangle, *default) for triangle in triangles]
        groups: dict[tuple[str | None, int], list[int]] = {}
        for number, (pid, corners) in enumerate(painted):
            groups.setdefault((pid, self.properties.material_index(path, pid, corners)), []).append(number)
        found = []
        for (pid, index), numbers in groups.items():
            indices = np.array([painted[number][1] for number in numbers], np.int64)
            finish = self.properties.finish(path, pid, index)
            polygons = PolygonMesh(vertices, faces[numbers].ravel(), np.full(len(numbers), 3))
            if finish.colours is not None:
                polygons.colours, polygons.colour_index = finish.colours, indices.ravel()
            if finish.uv is not None:
                polygons.uv, polygons.uv_index = finish.uv, indices.ravel()
            found.append(polygons.instance(finish.material, "", (), np.eye(4)))
        return found


def _triangle_property(triangle: Any, pid: str | None, pindex: str) -> tuple[str | None, tuple[int, int, int]]:
    """The property group of a triangle, and the index into it of each corner (section 4.1.4.1)."""
    own = triangle.get("pid")
    first = triangle.get("p1", pindex if own is None else "0")
    return own or pid, (int(first), int(triangle.get("p2", first)), int(triangle.get("p3", first)))


def _parse_transform(text: str | None) -> Floats:
    """The matrix (4, 4) of a 3MF transform, whose twelve numbers multiply row vectors (section 3.3)."""
    out = np.eye(4)
    if text:
        rows = np.array(text.split(), dtype=np.float64).reshape(4, 3)
        out[:3, :3], out[:3, 3] = rows[:3].T, rows[3]
    return out
