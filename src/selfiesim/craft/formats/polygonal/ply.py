"""Read PLY files: polygons, normals, texture coordinates, and colours of vertices or faces."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_TRIANGLES, MESH_VERTICES
from selfiesim.craft.formats.polygonal.polygon_mesh import PolygonMesh, linear_colours, ranges
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.formats.textures import TextureFiles
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene
from selfiesim.craft.model import Material

_DTYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "uint8": "u1", "short": "i2", "int16": "i2", "ushort": "u2",
    "uint16": "u2", "int": "i4", "int32": "i4", "uint": "u4", "uint32": "u4", "float": "f4", "float32": "f4",
    "double": "f8", "float64": "f8",
}  # fmt: skip
_BYTE_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_MAX_HEADER_BYTES = 64 * 1024
_MAX_PROPERTIES = 200
_CORNER_LISTS = ("vertex_indices", "vertex_index")
_UV_NAMES = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"))
_KNOWN = {
    "vertex": {"x", "y", "z", "nx", "ny", "nz", "red", "green", "blue", "alpha", "diffuse_red", "diffuse_green",
               "diffuse_blue", *(name for pair in _UV_NAMES for name in pair)},
    "face": {*_CORNER_LISTS, "red", "green", "blue", "alpha", "texcoord"},
}  # fmt: skip


@dataclass
class _Element:
    """An element of the header, and its values once read: (count,) columns, and lists as (flat, sizes) pairs."""

    name: str
    count: int
    properties: list[tuple[str, str, str | None]] = field(default_factory=list)  # name, type, type of a list's length
    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    lists: dict[str, tuple[NDArray[Any], NDArray[np.int64]]] = field(default_factory=dict)


def read_ply(content: bytes, resources: ResourceResolver) -> ImportedScene:
    """Read a PLY file, text or binary; ``resources`` opens the texture that its comments may name.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    elements, order, comments, at = _read_header(content)
    try:
        if order:
            _read_binary(content, at, elements, order)
        else:
            _read_text(content, at, elements)
        return _build_scene({each.name: each for each in elements}, comments, resources)
    except (ValueError, IndexError, KeyError, OverflowError, TypeError) as error:
        raise ModelError("it cannot be read as PLY; the file is damaged or truncated") from error


def _read_header(content: bytes) -> tuple[list[_Element], str, list[str], int]:
    end = re.search(rb"end_header[ \t]*(\r\n|\n|\r)", content[:_MAX_HEADER_BYTES])
    if end is None or content[:3] != b"ply":
        raise ModelError("it cannot be read as PLY: it has no header; the file is damaged")
    order: str | None = None
    elements: list[_Element] = []
    comments = []
    for line in content[: end.start()].decode("latin-1").splitlines():
        words = line.split()
        match words:
            case ["format", form, *_]:
                order = _BYTE_ORDERS.get(form)
            case ["comment", *_]:
                comments.append(line.strip()[7:].strip())
            case ["element", name, count]:
                elements.append(_Element(name, _checked_count(name, count)))
            case ["property", "list", length, kind, name] if elements and {length, kind} <= _DTYPES.keys():
                elements[-1].properties.append((name, _DTYPES[kind], _DTYPES[length]))
            case ["property", kind, name] if elements and kind in _DTYPES:
                elements[-1].properties.append((name, _DTYPES[kind], None))
            case ["element" | "property", *_]:
                raise ModelError(f"its header has a line {line[:60]!r} that is not PLY; the file is damaged")
    if order is None or sum(len(each.properties) for each in elements) > _MAX_PROPERTIES:
        raise ModelError("its header has an unknown format or too many properties; the file is damaged")
    return elements, order, comments, end.end()


def _checked_count(name: str, count: str) -> int:
    limit = MESH_TRIANGLES if name == "face" else MESH_VERTICES
    label = f"element {name[:20]} {count[:20]}"
    if not count.isdecimal():
        raise ModelError(f"{label}: the count must be a whole number; the file is damaged")
    limit.check(float(count[:30]), label, ModelError, "decimate it")
    return int(count)


def _read_binary(content: bytes, at: int, elements: list[_Element], order: str) -> None:
    for element in elements:
        lengths = _first_lengths(content, at, element, order)
        fields: list[Any] = []
        for number, (_, kind, length) in enumerate(element.properties):
            if length is None:
                fields.append((f"p{number}", order + kind))
            else:
                fields += [(f"n{number}", order + length), (f"p{number}", order + kind, (lengths[number],))]
        dtype = np.dtype(fields)
        rows = None
        if element.count and at + dtype.itemsize * element.count <= len(content):
            rows = np.frombuffer(content, dtype, element.count, at)
            if any((rows[f"n{number}"] != size).any() for number, size in lengths.items()):
                rows = None
        if rows is None:
            at = _read_rows(content, at, element, order)  # lists of different lengths
            continue
        at += dtype.itemsize * element.count
        for number, (name, _, length) in enumerate(element.properties):
            if length is None:
                element.columns[name] = rows[f"p{number}"]
            else:
                sizes = np.full(element.count, lengths[number], np.int64)
                element.lists[name] = rows[f"p{number}"].reshape(-1), sizes


def _first_lengths(content: bytes, at: int, element: _Element, order: str) -> dict[int, int]:
    """Lengths of the lists of an element's first row."""
    lengths = {}
    for number, (_, kind, length) in enumerate(element.properties if element.count else []):
        if length is None:
            at += np.dtype(kind).itemsize
            continue
        count = int(np.frombuffer(content, order + length, 1, at)[0])
        if count < 0:
            raise ValueError
        lengths[number] = count
        at += np.dtype(length).itemsize + count * np.dtype(kind).itemsize
        if at > len(content):
            raise ValueError
    return lengths or {number: 0 for number, (_, _, length) in enumerate(element.properties) if length is not None}


def _read_rows(content: bytes, at: int, element: _Element, order: str) -> int:
    """Read an element row by row, and return where it ends."""
    plain: list[list[Any]] = [[] for _ in element.properties]
    sizes: list[list[int]] = [[] for _ in element.properties]
    kinds = [
        (np.dtype(order + kind), None if length is None else np.dtype(order + length))
        for _, kind, length in element.properties
    ]
    for _ in range(element.count):
        for number, (kind, length) in enumerate(kinds):
            count = 1
            if length is not None:
                count = int(np.frombuffer(content, length, 1, at)[0])
                at += length.itemsize
                sizes[number].append(count)
            if count < 0 or at + count * kind.itemsize > len(content):
                raise ValueError
            plain[number].append(np.frombuffer(content, kind, count, at))
            at += count * kind.itemsize
    for number, (name, _, list_length) in enumerate(element.properties):
        flat = np.concatenate(plain[number]) if plain[number] else np.zeros(0)
        if list_length is None:
            element.columns[name] = flat
        else:
            element.lists[name] = flat, np.array(sizes[number], np.int64)
    return at


def _read_text(content: bytes, at: int, elements: list[_Element]) -> None:
    lines = content[at:].decode("latin-1").splitlines()
    rows = (words for words in (line.split() for line in lines) if words)
    for element in elements:
        table = list(islice(rows, element.count))
        if len(table) < element.count:
            raise ValueError
        if all(length is None for _, _, length in element.properties):
            values = np.array([words[: len(element.properties)] for words in table], np.float64)
            for number, (name, kind, _) in enumerate(element.properties):
                column = values[:, number] if len(values) else np.zeros(0)
                element.columns[name] = column.astype(kind) if kind[0] in "iu" else column
            continue
        _split_text_rows(element, table)


def _split_text_rows(element: _Element, table: list[list[str]]) -> None:
    plain: dict[str, list[str]] = {name: [] for name, _, _ in element.properties}
    sizes: dict[str, list[int]] = {name: [] for name, _, length in element.properties if length is not None}
    for words in table:
        at = 0
        for name, _, length in element.properties:
            count = 1
            if length is not None:
                count = int(words[at])
                at += 1
                sizes[name].append(count)
            if count < 0 or at + count > len(words):
                raise ValueError
            plain[name] += words[at : at + count]
            at += count
    for name, kind, length in element.properties:
        values = np.array(plain[name], np.float64).astype(kind)
        if length is None:
            element.columns[name] = values
        else:
            element.lists[name] = values, np.array(sizes[name], np.int64)


def _build_scene(elements: dict[str, _Element], comments: list[str], resources: ResourceResolver) -> ImportedScene:
    scene = ImportedScene(nodes=["mesh"])
    vertex, face = elements["vertex"], elements.get("face")
    if "tristrips" in elements:
        scene.ignore("element tristrips", "those triangles are missing; save it with an element face")
    for element in elements.values():
        for name, _, _ in element.properties:
            if element.name in _KNOWN and name not in _KNOWN[element.name]:
                scene.ignore(f"property {name[:30]} of element {element.name}", "it renders without")
    if face is None or not face.count:
        raise ModelError("it has no triangles: its header has no element face")
    listed = next((face.lists[name] for name in _CORNER_LISTS if name in face.lists), None)
    if listed is None:
        raise ModelError(f"its element face has no list {_CORNER_LISTS[0]}: its faces have no corners")
    corners, sizes = listed
    columns = vertex.columns
    mesh = PolygonMesh(_stack(columns, "x", "y", "z"), corners.astype(np.int64), sizes)
    if {"nx", "ny", "nz"} <= columns.keys():
        mesh.normals, mesh.normal_index = _stack(columns, "nx", "ny", "nz"), mesh.corners
    _set_colours(mesh, vertex, face)
    _set_uv(mesh, vertex, face)
    material = Material(base_color=(1.0, 1.0, 1.0)) if mesh.colours is not None else Material()
    texture = next((text[11:].strip() for text in comments if text.lower().startswith("texturefile")), None)
    if texture and mesh.uv is not None:
        pixels = TextureFiles(resources, scene, [texture]).pixels(texture)
        if pixels is not None:
            material = Material(name="texture", base_color=(1.0, 1.0, 1.0), textures={"base": pixels})
    if mesh.colours is not None and (mesh.colours[:, 3] < 1.0).any():
        material = replace(material, blend=True)
    scene.instances.append(mesh.instance(material, "mesh", ("mesh",), np.eye(4)))
    return scene


def _stack(columns: dict[str, NDArray[Any]], *names: str) -> Floats:
    return np.stack([columns[name].astype(np.float64) for name in names], axis=1)


def _set_colours(mesh: PolygonMesh, vertex: _Element, face: _Element) -> None:
    """Take the colours of the vertices, or else of the faces."""
    for element, index in ((vertex, mesh.corners), (face, ranges(mesh.sizes))):
        columns = element.columns
        for prefix in ("", "diffuse_"):
            names = [f"{prefix}{name}" for name in ("red", "green", "blue")]
            if set(names) <= columns.keys():
                names += ["alpha"] if "alpha" in columns else []
                mesh.colours = linear_colours(np.stack([columns[name] for name in names], axis=1))
                mesh.colour_index = index
                return


def _set_uv(mesh: PolygonMesh, vertex: _Element, face: _Element) -> None:
    """Take the texture coordinates of the vertices, or of the corners of the faces (MeshLab's ``texcoord``)."""
    for names in _UV_NAMES:
        if set(names) <= vertex.columns.keys():
            mesh.uv, mesh.uv_index = _stack(vertex.columns, *names), mesh.corners
            return
    if "texcoord" in face.lists:
        values, sizes = face.lists["texcoord"]
        if (sizes == 2 * mesh.sizes).all():
            mesh.uv = values.astype(np.float64).reshape(-1, 2)
            mesh.uv_index = np.arange(len(mesh.corners))
