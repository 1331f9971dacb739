"""Crumpled foil as a normal map, for programs that know no procedural material.

The renderer bends normals by facets in three dimensions (``craft.glsl``, :mod:`selfiesim.render.light.foil`). Files get
a tile with facets of the same sizes and slopes, which repeats, laid on each face along the nearest body axis. Single
facets lie elsewhere than in our pictures.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import unit
from selfiesim.craft.model import Material, Part

Floats = NDArray[np.float64]

TILE_SCALES = 12.0
"""Side of the tile in sizes of the foil's facets."""
TILE_PX = 512
_SAG_CELLS = 3  # lumps of the sag along a side: one in four sizes
_SAG_SLOPE = 0.30
# Sizes of facets along a side, and share of the slope of each: those of crumpleNormal() in craft.glsl.
_FACETS = ((10, 1.5), (25, 0.975), (59, 0.63375))


@dataclass
class FoilMaps:
    """Gives foil its normal map; materials that parts share stay shared."""

    _known: dict[int, tuple[Material, Material]] = field(default_factory=dict)

    def apply(self, part: Part) -> Part:
        """Return a part with a normal map on its foil; unchanged if it is no foil, or has a normal map of its own."""
        material = part.material
        if material.crumple == 0.0 or "normal" in material.textures or material.second_uv:
            return part
        owner, shown = self._known.setdefault(id(material), (material, _with_normal_map(material)))
        assert owner is material  # which keeps its id from being given to another
        vertices, faces, uv = _lay_on(part, TILE_SCALES * material.crumple_scale_m)
        own_uv = None if part.uv is None else part.uv[vertices]
        return replace(
            part,
            material=shown,
            vertices=part.vertices[vertices],
            normals=part.normals[vertices],
            faces=faces,
            uv=own_uv if shown.second_uv else uv,
            uv2=uv if shown.second_uv else None,
            tint=None if part.tint is None else part.tint[vertices],
            opacity=None if part.opacity is None else part.opacity[vertices],
        )


def _with_normal_map(material: Material) -> Material:
    textures = material.textures | {"normal": foil_tile()}
    # Slopes of the tile are those of a crumple of 1.
    look = replace(material, textures=textures, normal_scale=float(material.crumple))
    if material.textures:
        return replace(look, second_uv=("normal",), second_wrap=("repeat", "repeat"))
    return replace(look, wrap=("repeat", "repeat"))


def _lay_on(part: Part, tile_m: float) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.float32]]:
    """Lay a tile of ``tile_m`` on the faces of a part, along the body axis nearest to each face's normal.

    Returns
    -------
    vertices : (N,) int64
        Old vertex of each new one; they are split where the axis changes.
    faces : (M, 3) int32
    uv : (N, 2) float32
    """
    points = np.asarray(part.vertices, float)
    corners = points[part.faces]
    axis = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])).argmax(axis=1)
    keys = part.faces.astype(np.int64) * 3 + axis[:, None]
    used, faces = np.unique(keys, return_inverse=True)
    vertices, axes = used // 3, used % 3
    others = np.array([[1, 2], [2, 0], [0, 1]])[axes]
    uv = np.take_along_axis(points[vertices], others, axis=1) / tile_m
    return vertices, faces.reshape(-1, 3).astype(np.int32), uv.astype(np.float32)


@cache
def foil_tile() -> NDArray[np.uint8]:
    """Normal map (:data:`TILE_PX`, :data:`TILE_PX`, 3) of foil with a crumple of 1, which repeats without seams."""
    random = np.random.default_rng(0)
    side = (np.arange(TILE_PX) + 0.5) / TILE_PX
    place = np.stack(np.meshgrid(side, side), axis=-1)
    slope = _SAG_SLOPE * _sag(place, random)
    for cells, share in _FACETS:
        slope += share * _facets(place, cells, random)
    normal = unit(np.concatenate([-slope, np.ones((TILE_PX, TILE_PX, 1))], axis=-1))
    return np.round(normal * 127.0 + 128.0).clip(0.0, 255.0).astype(np.uint8)


def _facets(place: Floats, cells: int, random: np.random.Generator) -> Floats:
    """Tilt (N, N, 2) of the flat facet at each place (N, N, 2), 0 to 1: that of the nearest of random points."""
    points = 0.15 + 0.7 * random.random((cells, cells, 2))
    tilts = random.random((cells, cells, 2)) - 0.5
    x = (place + random.random(2)) * cells  # so that the lattices do not all begin at the edge
    home = np.floor(x).astype(int)
    nearest, tilt = np.full(x.shape[:2], np.inf), np.zeros(x.shape)
    for step in np.ndindex(3, 3):
        cell = home + np.array(step) - 1
        column, row = (cell % cells).transpose(2, 0, 1)
        distance = ((cell + points[row, column] - x) ** 2).sum(axis=-1)
        closer = distance < nearest
        nearest[closer], tilt[closer] = distance[closer], tilts[row, column][closer]
    return tilt


def _sag(place: Floats, random: np.random.Generator) -> Floats:
    """Gradient (N, N, 2) of value noise that repeats, as the renderer's per unit of its lattice."""
    values = 2.0 * random.random((_SAG_CELLS, _SAG_CELLS)) - 1.0
    x = place * _SAG_CELLS
    cell = np.floor(x).astype(int)
    f = x - cell
    w, dw = f * f * f * (f * (f * 6.0 - 15.0) + 10.0), 30.0 * f * f * (f * (f - 2.0) + 1.0)
    (left, low), (right, high) = (np.moveaxis((cell + step) % _SAG_CELLS, -1, 0) for step in (0, 1))
    a, b, c, d = values[low, left], values[low, right], values[high, left], values[high, right]
    along_u = ((b - a) + ((d - c) - (b - a)) * w[..., 1]) * dw[..., 0]
    along_v = ((c - a) + ((d - b) - (c - a)) * w[..., 0]) * dw[..., 1]
    return np.stack([along_u, along_v], axis=-1)
