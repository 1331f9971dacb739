"""Read OFF files: polygons, with colours of vertices or of faces (Geomview's format)."""

from __future__ import annotations

import re

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_TRIANGLES, MESH_VERTICES
from selfiesim.craft.formats.polygonal.polygon_mesh import PolygonMesh, linear_colours, numbers_of, ranges
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene
from selfiesim.craft.mesh.polygons import Ints
from selfiesim.craft.model import Material

_HEADER = re.compile(r"(ST)?(C)?(N)?(4)?(n)?OFF")
_PLAIN = re.compile(rb"\s*OFF\s+(\d{1,9})\s+(\d{1,9})\s+\d{1,9}\s")


def read_off(content: bytes) -> ImportedScene:
    """Read an OFF file in text form.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    plain = _read_plain(content)
    if plain is not None:
        return _scene(plain)
    lines = [line.split("#", 1)[0].split() for line in content.decode("latin-1").splitlines()]
    lines = [words for words in lines if words]
    match = _HEADER.fullmatch(lines[0][0]) if lines else None
    if match is None:
        raise ModelError("it cannot be read as OFF: it does not begin with OFF; the file is damaged")
    if match[4] or match[5] or "BINARY" in lines[0]:
        raise ModelError(f"{' '.join(lines[0])[:20]}: OFF in binary or in other than three dimensions; save it as text")
    lines[0] = lines[0][1:]
    rows = [words for words in lines if words]
    try:
        return _read_rows(rows, bool(match[2]), bool(match[3]))
    except (ValueError, IndexError, OverflowError) as error:
        raise ModelError("it cannot be read as OFF; the file is damaged or truncated") from error


def _read_plain(content: bytes) -> PolygonMesh | None:
    """The mesh of a file that holds only numbers: vertices, then faces of one size without colours; None of others."""
    match = _PLAIN.match(content)
    if not match:
        return None
    vertex_count, face_count = int(match[1]), int(match[2])
    _check_counts(vertex_count, face_count)
    numbers = numbers_of(content[match.end() :], np.float64)
    if numbers is None:
        return None
    faces = numbers[3 * vertex_count :]
    size = len(faces) // face_count - 1 if face_count else 0
    if size < 3 or len(faces) != face_count * (size + 1):
        return None
    faces = faces.reshape(face_count, size + 1)
    if not np.isfinite(faces).all() or (faces[:, 0] != size).any() or (faces != np.floor(faces)).any():
        return None
    corners = faces[:, 1:].astype(np.int64).ravel()
    return PolygonMesh(numbers[: 3 * vertex_count].reshape(-1, 3), corners, np.full(face_count, size))


def _check_counts(vertex_count: int, face_count: int) -> None:
    if not 0 <= vertex_count <= MESH_VERTICES.value or not 0 <= face_count <= MESH_TRIANGLES.value:
        raise ModelError(
            f"it declares {vertex_count:,} vertices and {face_count:,} faces, over the limits; decimate it"
        )


def _read_rows(rows: list[list[str]], has_colours: bool, has_normals: bool) -> ImportedScene:
    vertex_count, face_count = int(rows[0][0]), int(rows[0][1])
    _check_counts(vertex_count, face_count)
    vertices = np.array([row[: 3 * (1 + has_normals)] for row in rows[1 : 1 + vertex_count]], float)
    vertices = vertices.reshape(-1, 3 * (1 + has_normals))
    faces = rows[1 + vertex_count : 1 + vertex_count + face_count]
    if len(vertices) < vertex_count or len(faces) < face_count:
        raise IndexError
    sizes = np.array([row[0] for row in faces], np.int64)
    lengths = np.array([len(row) for row in faces], np.int64) - 1
    if (lengths < sizes).any() or (sizes < 0).any():
        raise IndexError
    words = [word for row, size in zip(faces, sizes.tolist(), strict=True) for word in row[1 : 1 + size]]
    corners = np.array(words, np.int64)
    mesh = PolygonMesh(vertices[:, :3], corners, sizes)
    if has_normals:
        mesh.normals, mesh.normal_index = vertices[:, 3:], corners
    at = 3 * (1 + has_normals)
    colours = _colours([row[at : at + 4] for row in rows[1 : 1 + vertex_count]]) if has_colours else None
    if colours is not None:
        mesh.colours, mesh.colour_index = colours, corners
    elif (lengths > sizes).any():
        _colour_faces(mesh, faces, sizes)
    return _scene(mesh)


def _scene(mesh: PolygonMesh) -> ImportedScene:
    scene = ImportedScene(nodes=["mesh"])
    coloured = mesh.colours is not None
    material = Material(base_color=(1.0, 1.0, 1.0)) if coloured else Material()
    scene.instances.append(mesh.instance(material, "mesh", ("mesh",), np.eye(4)))
    return scene


def _colour_faces(mesh: PolygonMesh, faces: list[list[str]], sizes: Ints) -> None:
    """Give the faces the colours that follow their corners; faces without one are the default grey."""
    words = [row[1 + size :] for row, size in zip(faces, sizes, strict=True)]
    colours = np.tile([*Material().base_color, 1.0], (len(faces), 1))
    given = [k for k, row in enumerate(words) if len(row) >= 3]  # a single number is an index into a colour map
    if given:
        colours[given] = _colours([words[k] for k in given])
        mesh.colours, mesh.colour_index = colours, ranges(sizes)


def _colours(words: list[list[str]]) -> Floats:
    """Colours (N, 4), linear light: whole numbers to 255, or fractions."""
    table = np.array([[float(word) for word in (row + ["1"] * 4)[:4]] for row in words]).reshape(-1, 4)
    four = np.array([len(row) > 3 for row in words], bool)
    if table[:, :3].max(initial=0.0) > 1.0 or not any("." in word for row in words for word in row):
        table = np.column_stack([table[:, :3], np.where(four, table[:, 3], 255.0)]) / 255.0
    return linear_colours(table)
