"""A mesh's materials put in place by those of our library: gold foil where a file has plain grey."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import ModelError
from selfiesim.craft.materials import CRUMPLED, FINISHES
from selfiesim.craft.model import Craft, Material, Part

_CELLS_M = (0.96, 0.80)  # what one picture of cells covers


def library() -> list[str]:
    """Names of the materials that a mesh's own can be put in place by."""
    return sorted(name.replace("_", "-") for name in FINISHES)


@lru_cache(maxsize=8)
def painted(craft: Craft, finishes: tuple[tuple[str, str], ...], key: str = "materials") -> Craft:
    """The craft with some of its materials, by name, put in place by materials of the library.

    Where the library's has a picture (solar cells), it is laid on from six sides, in metres.

    Raises
    ------
    ModelError
        Names the material and those that the mesh has, or those of the library.
    """
    if not finishes:
        return craft
    names = sorted({part.material.name for part in craft.parts})
    made: dict[str, Material] = {}
    for name, wanted in finishes:
        if name not in names:
            hint = did_you_mean(name, names)
            raise ModelError(f"{key}: {craft.name} has no material {name!r}{hint}; it has: {', '.join(names)}")
        if wanted.replace("-", "_") not in FINISHES:
            known = library()
            raise ModelError(
                f"{key}.{name}: no material {wanted!r} in the library{did_you_mean(wanted, known)}; "
                f"there are: {', '.join(known)}"
            )
        made[name] = _material(name, wanted.replace("-", "_"))
    return replace(craft, parts=tuple(_repainted(part, made.get(part.material.name)) for part in craft.parts))


def _material(name: str, wanted: str) -> Material:
    finish = FINISHES[wanted]
    crumple, scale = CRUMPLED.get(wanted.removesuffix("_dusted"), (0.0, 0.1))
    return Material(
        name=name,
        base_color=finish.base_color,
        metallic=finish.metallic,
        roughness=finish.roughness,
        textures={"base": _cells()} if wanted.startswith("solar_cell") else {},
        crumple=crumple,
        crumple_scale_m=scale,
        clearcoat=finish.clearcoat,
        clearcoat_roughness=finish.clearcoat_roughness,
        anisotropy=finish.anisotropy,
        anisotropy_rotation=finish.anisotropy_rotation,
        ior=finish.ior,
        specular=finish.specular,
    )


@lru_cache(maxsize=1)
def _cells() -> NDArray[np.uint8]:
    """A picture of solar cells that goes on beyond its edges, (H, W, 3)."""
    from selfiesim.craft.builders.cells import solar_cell_picture
    from selfiesim.craft.formats.textures import open_picture, pixels

    content = solar_cell_picture(*_CELLS_M, (0.08, 0.04), 0.002, seed=1)
    return pixels(open_picture(content, "cells"), 8192, "cells")[6:-6, 6:-6, :3]  # without the frame


def _repainted(part: Part, material: Material | None) -> Part:
    if material is None:
        return part
    if not material.textures:
        return replace(part, material=material, tint=None)
    return replace(boxed(part, _CELLS_M), material=material, tint=None)


def boxed(part: Part, tile_m: tuple[float, float]) -> Part:
    """The part with texture coordinates as if wrapped into a box: from the side each face looks to, ``tile_m`` a tile.

    Vertices whose faces look to several sides become one for each.
    """
    corners = part.vertices[part.faces].astype(np.float64)
    across = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    axis = across.argmax(axis=1)
    keys, place = np.unique(part.faces.astype(np.int64) * 3 + axis[:, None], return_inverse=True)
    vertex, side = keys // 3, keys % 3
    points = part.vertices[vertex]
    rows = np.arange(len(points))
    u, v = points[rows, (side + 1) % 3] / tile_m[0], points[rows, (side + 2) % 3] / tile_m[1]
    return replace(
        part,
        vertices=points,
        normals=part.normals[vertex],
        uv=np.stack([u, v], axis=1).astype(np.float32),
        faces=place.reshape(part.faces.shape).astype(np.int32),
    )
