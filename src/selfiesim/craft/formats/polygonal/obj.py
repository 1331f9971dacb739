"""Read Wavefront OBJ files: objects and groups become nodes, and each has a mesh for each of its materials."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_MATERIALS, MESH_NODES, MESH_TRIANGLES, MESH_VERTICES
from selfiesim.craft.formats.polygonal.mtl import MtlMaterial, read_mtl_files
from selfiesim.craft.formats.polygonal.polygon_mesh import PolygonMesh, linear_colours
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene
from selfiesim.craft.mesh.polygons import Ints
from selfiesim.craft.model import Material

_TABLES = ("v", "vt", "vn")
_SILENT = {"s", "l", "p", "lod", "maplib", "g", "o"}  # smoothing is judged by the edges; lines and points do not render
_UNREAD = {
    "curv": "free-form curves are left out", "curv2": "free-form curves are left out",
    "surf": "free-form surfaces are left out; convert them to a mesh", "usemap": "the picture is not drawn",
    "bevel": "edges stay sharp", "c_interp": "colours are smooth", "d_interp": "opacity is smooth",
    "shadow_obj": "the mesh casts its own shadow", "trace_obj": "reflections show the mesh itself",
    "call": "what the other file holds is missing",
}  # fmt: skip
_FREE_FORM = {
    "vp",
    "deg",
    "cstype",
    "bmat",
    "step",
    "parm",
    "trim",
    "hole",
    "scrv",
    "sp",
    "end",
    "con",
    "mg",
    "ctech",
    "stech",
}


@dataclass
class _Text:
    """What the lines of a file say, before numbers are read."""

    tables: dict[str, list[str]] = field(default_factory=lambda: {name: [] for name in _TABLES})
    libraries: list[str] = field(default_factory=list)
    faces: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[tuple[str, str], list[tuple[int, int, int]]] = field(default_factory=lambda: defaultdict(list))


@dataclass
class _Faces:
    """Faces of one node and one material: indices of their corners, -1 where there is none."""

    sizes: Ints
    corners: Ints  # (C, 3): vertex, texture coordinates, normal


def read_obj(content: bytes, resources: ResourceResolver) -> ImportedScene:
    """Read an OBJ file; ``resources`` opens its materials and pictures.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    scene = ImportedScene()
    rows, polygons = content.count(b"\nv"), content.count(b"\nf")
    MESH_VERTICES.check(rows / 3, f"it has {rows:,} rows of vertices", ModelError, "decimate it")
    MESH_TRIANGLES.check(polygons, f"it has {polygons:,} polygons", ModelError, "decimate it")
    text = content.decode("utf-8", errors="replace")
    try:
        lines = _read_lines(text, scene)
        vertices, uv, normals = (_table(lines.tables[name]) for name in _TABLES)
        faces = {key: _read_faces(words, lines.counts[key]) for key, words in lines.faces.items()}
    except (ValueError, IndexError, OverflowError) as error:
        raise ModelError(f"it cannot be read as OBJ; the file is damaged ({str(error)[:60]})") from error
    if vertices is None or not faces:
        raise ModelError("it has no triangles")
    materials = read_mtl_files(lines.libraries, resources, scene)
    _place_instances(scene, faces, materials, vertices, uv, normals)
    return scene


# Long: one branch for each kind of line, inlined because files have millions.
def _read_lines(text: str, scene: ImportedScene) -> _Text:
    """Sort the lines by what they are; faces by node and material."""
    if "\\" in text:
        text = re.sub(r"\\\r?\n", " ", text)
    lines, max_groups = _Text(), MESH_NODES.value
    tables = lines.tables
    node, material = "", ""
    vertices, coordinates, normals = tables["v"], tables["vt"], tables["vn"]
    faces, counts = lines.faces["", ""], lines.counts["", ""]
    for line in text.splitlines():
        key, _, rest = line.partition(" ")
        if key == "v":
            vertices.append(rest)
        elif key == "vn":
            normals.append(rest)
        elif key == "vt":
            coordinates.append(rest)
        elif key == "f":
            faces.append(rest)
            counts.append((len(vertices), len(coordinates), len(normals)))
        else:
            words = line.split(None, 1)
            if not words or words[0][0] == "#":
                continue
            key, rest = words[0], words[1].split("#", 1)[0].strip() if len(words) > 1 else ""
            if key in _TABLES:
                tables[key].append(rest)
            elif key in ("f", "fo"):
                faces.append(rest)
                counts.append((len(vertices), len(coordinates), len(normals)))
            elif key in ("o", "g"):
                # Programs write one object for each part, or one group; a group within an object is that object's.
                node = rest or node
            elif key == "usemtl":
                material = rest
            elif key == "mtllib":
                lines.libraries += _library_names(rest)
            elif key in _FREE_FORM:
                scene.ignore(key, "free-form surfaces are left out; convert them to a mesh")
            elif key in _UNREAD:
                scene.ignore(key, _UNREAD[key])
            elif key in ("l", "p"):
                scene.ignore(key, "only surfaces are rendered")
            elif key not in _SILENT and key.isidentifier():
                scene.ignore(key[:40], "it renders without")
            if key in ("o", "g", "usemtl"):
                faces, counts = lines.faces[node, material], lines.counts[node, material]
                if len(lines.faces) > max_groups:
                    raise ModelError(MESH_NODES.excess("it has too many groups", "join some of them"))
    for name in [key for key, words in lines.faces.items() if not words]:
        del lines.faces[name]
    return lines


def _library_names(rest: str) -> list[str]:
    """Names of the MTL files of a line: several, or one with spaces in it."""
    words = rest.split()
    several = len(words) > 1 and all(word.lower().endswith(".mtl") for word in words)
    return words if several else [rest] * bool(rest)


def _table(rows: list[str]) -> Floats | None:
    """Numbers (N, K) of rows that may differ in length; what a row lacks is 0."""
    if not rows:
        return None
    joined = " ".join(rows)
    if "#" in joined:
        rows = [row.split("#", 1)[0] for row in rows]
        joined = " ".join(rows)
    words = joined.split()
    width = len(rows[0].split())
    if width and len(words) == width * len(rows):
        table = np.array(words, np.float64).reshape(-1, width)
        if all(len(row.split()) == width for row in (rows[-1], rows[len(rows) // 2])):
            return table
    split = [row.split()[:7] for row in rows]
    width = max(len(words) for words in split)
    return np.array([words + ["0"] * (width - len(words)) for words in split], np.float64)


def _read_faces(rows: list[str], counts: list[tuple[int, int, int]]) -> _Faces:
    """Indices of the faces' corners; negative ones count back from the tables' ends at the face's line."""
    if any("#" in row for row in rows):
        rows = [row.split("#", 1)[0] for row in rows]
    split = [row.split() for row in rows]
    sizes = np.array([len(words) for words in split], np.int64)
    words = [word for row in split for word in row]
    joined = " ".join(words)
    slashes = joined.count("/")
    if slashes == 0:
        vertex = np.array(words, np.int64)
        corners = np.stack([vertex, np.zeros_like(vertex), np.zeros_like(vertex)], axis=1)
    elif slashes == 2 * len(words) and "//" not in joined:
        corners = np.array(joined.replace("/", " ").split(), np.int64).reshape(-1, 3)
    else:
        padded = [[*word.split("/"), "", ""][:3] for word in words]
        corners = np.array([[part or "0" for part in parts] for parts in padded], np.int64).reshape(-1, 3)
    if len(corners) and (corners[:, 0] == 0).any():
        raise ValueError("a face refers to vertex 0; they are counted from 1")
    if (corners < 0).any():
        ends = np.repeat(np.array(counts, np.int64), sizes, axis=0)
        corners = np.where(corners < 0, ends + corners + 1, corners)
        if (corners < 0).any():
            raise ValueError("a face counts back beyond the first vertex")
    return _Faces(sizes, corners - 1)


def _place_instances(
    scene: ImportedScene,
    faces: dict[tuple[str, str], _Faces],
    materials: dict[str, MtlMaterial],
    vertices: Floats,
    uv: Floats | None,
    normals: Floats | None,
) -> None:
    used_materials = len({material for _, material in faces})
    MESH_MATERIALS.check(used_materials, f"it uses {used_materials:,} materials", ModelError, "join some of them")
    colours = None
    if vertices.shape[1] >= 6:
        colours = linear_colours(vertices[:, 3:6])
    plain: dict[str, MtlMaterial] = {}
    nodes: dict[str, None] = {}
    for (node, name), group in faces.items():
        used = materials.get(name)
        if used is None:
            # A material that no file describes is grey, and keeps its name for the description to find.
            used = plain.setdefault(name, MtlMaterial(_undescribed(name, colours is not None)))
        mesh = PolygonMesh(vertices[:, :3], group.corners[:, 0], group.sizes)
        if uv is not None and (group.corners[:, 1] >= 0).all():
            mesh.uv = uv[:, :2] * used.scale + used.offset if uv.shape[1] > 1 else np.pad(uv, ((0, 0), (0, 1)))
            mesh.uv_index = group.corners[:, 1]
        if normals is not None and (group.corners[:, 2] >= 0).all():
            mesh.normals, mesh.normal_index = normals[:, :3], group.corners[:, 2]
        if colours is not None:
            mesh.colours, mesh.colour_index = colours, group.corners[:, 0]
        label = node or name or "mesh"
        nodes[label] = None
        scene.instances.append(mesh.instance(used.material, label, (label,), np.eye(4)))
    scene.nodes += nodes


def _undescribed(name: str, coloured: bool) -> Material:
    material = Material(name=name or "default")
    return replace(material, base_color=(1.0, 1.0, 1.0)) if coloured else material
