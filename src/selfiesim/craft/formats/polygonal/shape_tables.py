"""Read shape models of small bodies as tables of numbers: Gaskell's ICQ, and plates as in NASA's PDS.

An ICQ ("implicitly connected quadrilaterals", `SHAPE.TXT` of the stereophotoclinometry tools) is the number Q and then
the positions of six sides of a cube, each a grid of (Q + 1) x (Q + 1). A plate model is the number of vertices, the
vertices, the number of plates and the plates; both counts may come first, and rows may begin with their number. Other
tables have a letter before each row, as OBJ has. None states its unit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_TRIANGLES, MESH_VERTICES
from selfiesim.craft.formats.polygonal.obj import read_obj
from selfiesim.craft.formats.polygonal.polygon_mesh import PolygonMesh, numbers_of
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene
from selfiesim.craft.mesh.polygons import Ints
from selfiesim.craft.model import Material

_SIDES = 6  # of the cube of an ICQ
_LARGEST_Q = 4096  # keeps the arithmetic of counts small; the largest published is 1024
_LETTERS = (b"v", b"#", b"o", b"g")  # first words of an OBJ


def read_shape_table(content: bytes, resources: ResourceResolver) -> ImportedScene:
    """Read a shape model; which of the tables it is follows from the counts.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    words = content[:4096].split(None, 1)
    if words and words[0].lower().startswith(_LETTERS):
        return read_obj(content, resources)
    numbers = numbers_of(content.replace(b"D", b"E").replace(b"d", b"e"), np.float64)  # Fortran's exponents
    found = None if numbers is None or not len(numbers) else _icq(numbers) or _plates(numbers)
    if found is None:
        raise ModelError(
            "it is no table of a shape model: neither Q and six grids of (Q + 1) x (Q + 1) positions (ICQ), nor "
            "counts, vertices and plates; remove what stands before and after the numbers"
        )
    points, triangles = found
    mesh = PolygonMesh(points, triangles.ravel(), np.full(len(triangles), 3))
    scene = ImportedScene(nodes=["shape"])
    scene.instances.append(mesh.instance(Material(), "shape", ("shape",), np.eye(4)))
    return scene


def _icq(numbers: Floats) -> tuple[Floats, Ints] | None:
    """The points and triangles of an ICQ, with or without an albedo after each position; None of others."""
    q = _count(numbers[0], _LARGEST_Q)
    per_side = 0 if q is None else (q + 1) ** 2
    for width in (3, 4):
        if q and len(numbers) == 1 + _SIDES * per_side * width:
            break
    else:
        return None
    MESH_TRIANGLES.check(2 * _SIDES * q * q, f"it has {2 * _SIDES * q * q:,} triangles", ModelError, "decimate it")
    points = numbers[1:].reshape(-1, width)[:, :3]
    corner = np.arange(per_side).reshape(q + 1, q + 1)
    a, b, c, d = (corner[r, s].ravel() for r in (slice(q), slice(1, None)) for s in (slice(q), slice(1, None)))
    side = np.concatenate([np.stack([a, c, b], axis=1), np.stack([b, c, d], axis=1)])
    triangles = np.concatenate([_outward(points, side + k * per_side) for k in range(_SIDES)])
    # Sides share their edges, and a smooth surface needs each vertex once.
    points, place = np.unique(points, axis=0, return_inverse=True)
    return points, place.ravel()[triangles]


def _plates(numbers: Floats) -> tuple[Floats, Ints] | None:
    """The points and triangles of a plate model; None of others."""
    for vertices, plates in _plate_layouts(numbers):
        triangles = plates[:, -3:]
        if not np.isfinite(triangles).all() or (triangles != np.floor(triangles)).any():
            continue
        first = triangles.min()
        if first in (0.0, 1.0) and triangles.max() - first < len(vertices):
            points = vertices[:, -3:]
            return points, _outward(points, (triangles - first).astype(np.int64))
    return None


def _plate_layouts(numbers: Floats) -> Iterator[tuple[Floats, Floats]]:
    """Yield the tables of vertices and of plates, for each arrangement that their counts allow."""
    vertex_count = _count(numbers[0], MESH_VERTICES.value)
    if not vertex_count:
        return
    for columns in (3, 4):  # with four, the first is the row's number, or the number of a plate's corners
        for start, counts_at in ((2, 1), (1, 1 + columns * vertex_count)):
            end = start + columns * vertex_count
            plate_count = _count(numbers[counts_at], MESH_TRIANGLES.value) if counts_at < len(numbers) else None
            if not plate_count:
                continue
            vertices, rest = numbers[start:end], numbers[max(end, counts_at + 1) :]
            for width in (3, 4):
                if len(rest) == width * plate_count:
                    yield vertices.reshape(-1, columns), rest.reshape(-1, width)


def _count(number: float, most: float) -> int | None:
    return int(number) if 0 < number <= most and number == np.floor(number) else None


def _outward(points: Floats, triangles: Ints) -> Ints:
    """Return triangles (N, 3) that face away from the middle of the points, all as they are or all turned over."""
    a, b, c = (points[triangles[:, k]] - points.mean(axis=0) for k in range(3))
    inside_out = np.einsum("ij,ij", a, np.cross(b, c)) < 0.0
    return triangles[:, ::-1] if inside_out else triangles
