"""A mesh of polygons, as most formats store it: corners that refer to tables of positions, normals and so on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_TRIANGLES
from selfiesim.core.quiet import ignored_warnings
from selfiesim.craft.mesh.mesh_data import Floats, MeshInstance
from selfiesim.craft.mesh.polygons import Ints, merge_corners, triangulate
from selfiesim.craft.model import Material


@dataclass
class PolygonMesh:
    """Polygons of one material.

    Attributes
    ----------
    points : (N, 3) float
    corners : (C,) int
        Index into ``points`` of each polygon's corners, one polygon after the other.
    sizes : (P,) int
        Number of corners of each polygon.
    uv : (U, 2) float, optional
        Texture coordinates, origin lower left.
    uv_index : (C,) int, optional
        Index into ``uv`` of each corner.
    normals : (K, 3) float, optional
    normal_index : (C,) int, optional
        Index into ``normals`` of each corner.
    colours : (L, 4) float, optional
        Colours in linear light, and opacity.
    colour_index : (C,) int, optional
        Index into ``colours`` of each corner.
    """

    points: Floats
    corners: Ints
    sizes: Ints
    uv: Floats | None = None
    uv_index: Ints | None = None
    normals: Floats | None = None
    normal_index: Ints | None = None
    colours: Floats | None = None
    colour_index: Ints | None = None

    def instance(self, material: Material, node: str, ancestors: tuple[str, ...], matrix: Floats) -> MeshInstance:
        """Return the mesh as triangles, placed by a node.

        Raises
        ------
        ModelError
            When an index is out of range, or the triangles are too many.
        """
        count = int((self.sizes - 2).clip(0).sum())
        MESH_TRIANGLES.check(count, f"it has {count:,} triangles", ModelError, "decimate it")
        triangles, _ = triangulate(self.points, self.corners, self.sizes)
        first, vertex = merge_corners([self.corners, self.uv_index, self.normal_index, self.colour_index])
        uv, normals, colours = (
            gather(table, index, first, label)
            for table, index, label in (
                (self.uv, self.uv_index, "texture coordinates"),
                (self.normals, self.normal_index, "normal"),
                (self.colours, self.colour_index, "colour"),
            )
        )
        tint = None if colours is None else colours[:, :3]
        opacity = None if colours is None or (colours[:, 3] >= 1.0).all() else colours[:, 3]
        return MeshInstance(
            node=node,
            ancestors=ancestors,
            matrix=matrix,
            vertices=self.points[self.corners[first]],
            faces=vertex[triangles],
            material=material,
            normals=normals,
            uv=uv,
            tint=tint,
            opacity=opacity,
        )


def cut_groups(
    points: Floats, columns: Sequence[Ints | None], sizes: Ints, polygon_counts: Sequence[int]
) -> Iterator[tuple[Ints, Ints]]:
    """Cut the polygons of several groups that share their tables; a file may have many thousands of groups.

    Parameters
    ----------
    points : (N, 3) float
        Positions.
    columns : sequence of (C,) int
        Indices of each corner: its position, then any others; None for what there is not.
    sizes : (P,) int
        Number of corners of each polygon.
    polygon_counts : sequence of int
        Number of polygons of each group, in the order of the polygons.

    Yields
    ------
    first : (V,) int
        For each vertex of a group, a corner that it stands for.
    faces : (T, 3) int
        Index into ``first``.

    Raises
    ------
    ModelError
        When an index is out of range, or the triangles are too many.
    """
    count = int((sizes - 2).clip(0).sum())
    MESH_TRIANGLES.check(count, f"it has {count:,} triangles", ModelError, "decimate it")
    assert columns[0] is not None
    triangles, polygon = triangulate(points, columns[0], sizes)
    numbers = np.arange(len(polygon_counts) + 1)
    group_of_polygon = np.repeat(numbers[:-1], polygon_counts)
    group_of_corner = np.repeat(group_of_polygon, sizes)
    first, vertex = merge_corners([group_of_corner * len(points) + columns[0], *columns[1:]])
    faces = vertex[triangles]
    face_ends = np.searchsorted(group_of_polygon[polygon], numbers)
    vertex_ends = np.searchsorted(group_of_corner[first], numbers)
    for (low, high), (start, end) in zip(pairwise(vertex_ends), pairwise(face_ends), strict=True):
        yield first[low:high], faces[start:end] - low


def gather(table: Floats | None, index: Ints | None, first: Ints, label: str) -> Floats | None:
    """Return the rows of a table that the corners ``first`` refer to; None without a table."""
    if table is None or index is None:
        return None
    picked = index[first]
    if len(picked) and (picked.min() < 0 or picked.max() >= len(table)):
        raise ModelError(f"a face refers to {label} {picked.max():,} of {len(table):,}")
    return table[picked]


def numbers_of(text: str | bytes, kind: type[np.float64] | type[np.int64]) -> NDArray[Any] | None:
    """Return the numbers of a text that holds nothing else, a tenth of the time that splitting it takes; else None."""
    with ignored_warnings(DeprecationWarning):
        try:
            numbers = np.fromstring(text, kind, sep=" ")
        except ValueError:
            return None
    # Older NumPy warns where the text ends in something else, and returns what came before.
    return numbers if len(numbers) == len(text.split()) else None


def linear_colours(colours: NDArray[Any]) -> Floats:
    """Return display colours (N, 3 or 4), integers or floats from 0 to 1, as linear light and opacity (N, 4)."""
    values = np.asarray(colours)
    scale = float(np.iinfo(values.dtype).max) if values.dtype.kind in "iu" else 1.0
    unit = np.clip(np.nan_to_num(values.astype(np.float64) / scale), 0.0, 1.0)
    opacity = unit[:, 3] if unit.shape[1] > 3 else np.ones(len(unit))
    return np.column_stack([linear_from_srgb(unit[:, :3]), opacity])


def ranges(sizes: Ints) -> Ints:
    """Return the number of the polygon (C,) that each corner belongs to."""
    return np.repeat(np.arange(len(sizes)), sizes)
