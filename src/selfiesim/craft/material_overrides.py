"""Replace a mesh's materials by finishes from the library: gold foil where a file has plain grey."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import ModelError
from selfiesim.core.shared_cache import shared_cache
from selfiesim.craft.materials import CRUMPLE_BY_FINISH, FINISHES
from selfiesim.craft.model import Craft, Material, Part

_CELL_TEXTURE_M = (0.96, 0.80)  # size of one tile of the solar cell texture
_CELL_TEXTURE_FRAME_PX = 6


def finish_names() -> list[str]:
    """Return the names of the finishes, as scenes and descriptions write them."""
    return sorted(name.replace("_", "-") for name in FINISHES)


@shared_cache(maxsize=8)
def apply_finishes(craft: Craft, finishes: tuple[tuple[str, str], ...], key: str = "materials") -> Craft:
    """Replace some of a craft's materials by finishes from the library.

    A finish with a texture (solar cells) is box-projected at its true size.

    Parameters
    ----------
    craft : Craft
    finishes : tuple of (str, str)
        Material names of the mesh, and the names of their finishes.
    key : str
        Where the finishes are written, for messages.

    Raises
    ------
    ModelError
        When the mesh has no such material or the library no such finish; lists those that there are.
    """
    if not finishes:
        return craft
    names = sorted({part.material.name for part in craft.parts})
    replacements: dict[str, Material] = {}
    for name, finish_name in finishes:
        if name not in names:
            hint = did_you_mean(name, names)
            raise ModelError(f"{key}: {craft.name} has no material {name!r}{hint}; it has: {', '.join(names)}")
        if finish_name.replace("-", "_") not in FINISHES:
            known = finish_names()
            raise ModelError(
                f"{key}.{name}: unknown finish {finish_name!r}{did_you_mean(finish_name, known)}; "
                f"the library has: {', '.join(known)}"
            )
        replacements[name] = _material_from_finish(name, finish_name.replace("-", "_"))
    return replace(
        craft, parts=tuple(_with_material(part, replacements.get(part.material.name)) for part in craft.parts)
    )


def _material_from_finish(name: str, finish_name: str) -> Material:
    finish = FINISHES[finish_name]
    crumple, scale = CRUMPLE_BY_FINISH.get(finish_name.removesuffix("_dusted"), (0.0, 0.1))
    return Material(
        name=name,
        base_color=finish.base_color,
        metallic=finish.metallic,
        roughness=finish.roughness,
        textures={"base": _solar_cell_texture()} if finish_name.startswith("solar_cell") else {},
        crumple=crumple,
        crumple_scale_m=scale,
        clearcoat=finish.clearcoat,
        clearcoat_roughness=finish.clearcoat_roughness,
        anisotropy=finish.anisotropy,
        anisotropy_rotation=finish.anisotropy_rotation,
        ior=finish.ior,
        specular=finish.specular,
        law=finish.law,
    )


@lru_cache(maxsize=1)
def _solar_cell_texture() -> NDArray[np.uint8]:
    """A tileable solar cell texture in bands, (H, W, 3)."""
    from selfiesim.craft.builders.solar_cell_texture import solar_cell_png
    from selfiesim.craft.colours import texture_in_bands
    from selfiesim.craft.formats.textures import open_image, read_pixels

    content = solar_cell_png(*_CELL_TEXTURE_M, (0.08, 0.04), 0.002, seed=1)
    image = open_image(content, "cells")
    pixels = read_pixels(image, max(image.size), "cells")
    inner = slice(_CELL_TEXTURE_FRAME_PX, -_CELL_TEXTURE_FRAME_PX)
    return texture_in_bands(pixels[inner, inner, :3])


def _with_material(part: Part, material: Material | None) -> Part:
    if material is None:
        return part
    if not material.textures:
        return replace(part, material=material, tint=None)
    return replace(box_project_uv(part, _CELL_TEXTURE_M), material=material, tint=None)


def box_project_uv(part: Part, tile_m: tuple[float, float]) -> Part:
    """Return the part with box-projected texture coordinates, ``tile_m`` (u, v) per texture tile.

    Each face is projected along the axis closest to its normal. Vertices between faces of different axes are split.
    """
    corners = part.vertices[part.faces].astype(np.float64)
    normals = np.abs(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    face_axis = normals.argmax(axis=1)
    keys, index = np.unique(part.faces.astype(np.int64) * 3 + face_axis[:, None], return_inverse=True)
    vertex, axis = keys // 3, keys % 3
    points = part.vertices[vertex]
    rows = np.arange(len(points))
    u, v = points[rows, (axis + 1) % 3] / tile_m[0], points[rows, (axis + 2) % 3] / tile_m[1]
    return replace(
        part,
        vertices=points,
        normals=part.normals[vertex],
        uv=np.stack([u, v], axis=1).astype(np.float32),
        faces=index.reshape(part.faces.shape).astype(np.int32),
    )
