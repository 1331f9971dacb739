"""Read Wavefront OBJ files: objects and groups become nodes, and each has a mesh for each of its materials."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field, replace
from itertools import chain

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_MATERIALS, MESH_NODES, MESH_TRIANGLES, MESH_VERTICES
from selfiesim.craft.formats.polygonal.mtl import MtlMaterial, read_mtl_files
from selfiesim.craft.formats.polygonal.polygon_mesh import cut_groups, gather, linear_colours, numbers_of
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance
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
    """All faces of a file, group by group: indices of their corners, -1 where there is none."""

    polygon_counts: dict[tuple[str, str], int]
    """Number of faces of each node and material."""
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
        faces = _read_faces(lines)
    except (ValueError, IndexError, OverflowError) as error:
        raise ModelError(f"it cannot be read as OBJ; the file is damaged ({str(error)[:60]})") from error
    if vertices is None or not lines.faces:
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


def _read_faces(lines: _Text) -> _Faces:
    """Indices of the faces' corners; negative ones count back from the tables' ends at the face's line."""
    groups = [
        [row.split("#", 1)[0] for row in rows] if any("#" in row for row in rows) else rows
        for rows in lines.faces.values()
    ]
    sizes = np.array([len(row.split()) for rows in groups for row in rows], np.int64)
    text = " ".join(chain.from_iterable(groups))
    corners = _uniform_corners(text)
    if corners is None:
        corners = np.concatenate([np.zeros((0, 3), np.int64), *(_read_corners(" ".join(rows)) for rows in groups)])
    if len(corners) and (corners[:, 0] == 0).any():
        raise ValueError("a face refers to vertex 0; they are counted from 1")
    if (corners < 0).any():
        ends = np.repeat(np.array(list(chain.from_iterable(lines.counts.values())), np.int64), sizes, axis=0)
        corners = np.where(corners < 0, ends + corners + 1, corners)
        if (corners < 0).any():
            raise ValueError("a face counts back beyond the first vertex")
    return _Faces({key: len(rows) for key, rows in lines.faces.items()}, sizes, corners - 1)


def _read_corners(text: str) -> Ints:
    """Indices (C, 3) of corners such as 3, 3/1, 3//2 or 3/1/2, as they stand in the file; 0 where there is none."""
    corners = _uniform_corners(text)
    if corners is not None:
        return corners
    padded = [[*word.split("/"), "", ""][:3] for word in text.split()]
    return np.array([[part or "0" for part in parts] for parts in padded], np.int64).reshape(-1, 3)


def _uniform_corners(text: str) -> Ints | None:
    """The same where all corners are written alike; None elsewhere."""
    count, slashes, doubles = len(text.split()), text.count("/"), text.count("//")
    columns = {(0, 0): [0], (count, 0): [0, 1], (2 * count, 0): [0, 1, 2], (2 * count, count): [0, 2]}
    used = columns.get((slashes, doubles))
    if not count or used is None:
        return None
    numbers = numbers_of(text.replace("/", " "), np.int64)
    if numbers is None or len(numbers) != len(used) * count:
        return None
    corners = np.zeros((count, 3), np.int64)
    corners[:, used] = numbers.reshape(count, -1)
    return corners


# Long: it lists what a mesh has.
def _place_instances(
    scene: ImportedScene,
    faces: _Faces,
    materials: dict[str, MtlMaterial],
    vertices: Floats,
    uv: Floats | None,
    normals: Floats | None,
) -> None:
    used_materials = len({material for _, material in faces.polygon_counts})
    MESH_MATERIALS.check(used_materials, f"it uses {used_materials:,} materials", ModelError, "join some of them")
    colours = None
    if vertices.shape[1] >= 6:
        colours = linear_colours(vertices[:, 3:6])
    corners, polygon_counts = faces.corners, list(faces.polygon_counts.values())
    group_of_corner = np.repeat(np.repeat(np.arange(len(polygon_counts)), polygon_counts), faces.sizes)
    has_uv, has_normals = (
        np.bincount(group_of_corner[corners[:, column] < 0], minlength=len(polygon_counts)) == 0 for column in (1, 2)
    )
    uv_index = None if uv is None else np.where(has_uv[group_of_corner], corners[:, 1], 0)
    normal_index = None if normals is None else np.where(has_normals[group_of_corner], corners[:, 2], 0)
    columns = [corners[:, 0], uv_index, normal_index]
    groups = cut_groups(vertices[:, :3], columns, faces.sizes, polygon_counts)
    plain: dict[str, MtlMaterial] = {}
    nodes: dict[str, None] = {}
    for number, ((node, name), (first, triangles)) in enumerate(zip(faces.polygon_counts, groups, strict=True)):
        used = materials.get(name)
        if used is None:
            # A material that no file describes is grey, and keeps its name for the description to find.
            used = plain.setdefault(name, MtlMaterial(_undescribed(name, colours is not None)))
        picked = gather(uv, uv_index, first, "texture coordinates") if has_uv[number] else None
        if picked is not None:
            wide = picked.shape[1] > 1
            picked = picked[:, :2] * used.scale + used.offset if wide else np.pad(picked, ((0, 0), (0, 1)))
        its_normals = gather(normals, normal_index, first, "normal") if has_normals[number] else None
        tint = None if colours is None else colours[corners[first, 0]]
        label = node or name or "mesh"
        nodes[label] = None
        scene.instances.append(
            MeshInstance(
                node=label,
                ancestors=(label,),
                matrix=np.eye(4),
                vertices=vertices[corners[first, 0], :3],
                faces=triangles,
                material=used.material,
                normals=None if its_normals is None else its_normals[:, :3],
                uv=picked,
                tint=None if tint is None else tint[:, :3],
            )
        )
    scene.nodes += nodes


def _undescribed(name: str, coloured: bool) -> Material:
    material = Material(name=name or "default")
    return replace(material, base_color=(1.0, 1.0, 1.0)) if coloured else material
