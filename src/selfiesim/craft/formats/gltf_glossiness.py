"""Turn the specular-glossiness materials of older glTF files into metallic-roughness, texel by texel."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_from_srgb, srgb_from_linear
from selfiesim.craft.model import Material

_DIELECTRIC = 0.04  # reflectance at normal incidence of a common dielectric
_EPSILON = 1e-6
_ROWS = 256  # rows of a texture converted at a time, to bound memory

Floats = NDArray[np.float64]


def from_specular_glossiness(material: Material, table: dict[str, Any]) -> Material:
    """Return the material with the factors and textures of KHR_materials_pbrSpecularGlossiness.

    Parameters
    ----------
    material : Material
        With ``base_color`` and the texture ``base`` of the diffuse colour, and as ``rough`` the
        specular-glossiness texture: sRGB specular colour, and glossiness in alpha.
    table : dict
        The extension.

    Notes
    -----
    The conversion is Khronos' own (glTF repository, extensions/2.0/Archived/KHR_materials_pbrSpecularGlossiness,
    example convert-between-workflows): metallic solves the equation of energy between both models.
    """
    specular_factor = np.array((*table.get("specularFactor", ()), 1.0, 1.0, 1.0)[:3], float).clip(0.0, 1.0)
    glossiness = float(np.clip(table.get("glossinessFactor", 1.0), 0.0, 1.0))
    gloss_map, diffuse_map = material.textures.get("rough"), material.textures.get("base")
    if gloss_map is not None and "rough" in material.second_uv:
        # The two textures have no common texels: the gloss takes its mean.
        gloss_map = np.round(gloss_map.mean(axis=(0, 1), keepdims=True)).astype(np.uint8)
    textures = {slot: pixels for slot, pixels in material.textures.items() if slot not in ("base", "rough")}
    shape = _common_shape(diffuse_map, gloss_map)
    if shape is None:
        base, metallic = _solve(np.array(material.base_color), specular_factor)
        red, green, blue = (float(value) for value in base)
        return replace(
            material,
            base_color=(red, green, blue),
            metallic=float(metallic),
            roughness=1.0 - glossiness,
            textures=textures,
        )
    diffuse_map, gloss_map = _scaled(diffuse_map, shape), _scaled(gloss_map, shape)
    painted = np.empty((*shape, 4 if diffuse_map is not None and diffuse_map.shape[2] == 4 else 3), np.uint8)
    surface = np.full((*shape, 3), 255, np.uint8)
    for top in range(0, shape[0], _ROWS):
        rows = slice(top, top + _ROWS)
        size = len(painted[rows]), shape[1]
        diffuse, alpha = _texels(diffuse_map, rows, size)
        specular, gloss = _texels(gloss_map, rows, size)
        base, metal = _solve(diffuse * np.array(material.base_color), specular * specular_factor)
        painted[rows, :, :3] = np.round(255.0 * srgb_from_linear(base))
        if painted.shape[2] == 4:
            painted[rows, :, 3] = np.round(255.0 * alpha)
        surface[rows, :, 1] = np.round(255.0 * (1.0 - gloss * glossiness))
        surface[rows, :, 2] = np.round(255.0 * metal)
    textures |= {"base": painted, "rough": surface}
    second = tuple(slot for slot in material.second_uv if slot != "rough")
    return replace(
        material, base_color=(1.0, 1.0, 1.0), metallic=1.0, roughness=1.0, textures=textures, second_uv=second
    )


def _common_shape(*maps: NDArray[np.uint8] | None) -> tuple[int, int] | None:
    """Rows and columns of the larger texture; None where there is none."""
    shapes = [each.shape[:2] for each in maps if each is not None]
    return (max(rows for rows, _ in shapes), max(columns for _, columns in shapes)) if shapes else None


def _scaled(pixels: NDArray[np.uint8] | None, shape: tuple[int, int]) -> NDArray[np.uint8] | None:
    from PIL import Image

    if pixels is None or pixels.shape[:2] == shape:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(shape[::-1], Image.Resampling.BILINEAR), np.uint8)


def _texels(pixels: NDArray[np.uint8] | None, rows: slice, size: tuple[int, int]) -> tuple[Floats, Floats]:
    """Linear colours (h, W, 3) and alpha (h, W) of some rows of a texture; ones for None."""
    if pixels is None:
        return np.ones((*size, 3)), np.ones(size)
    alpha = pixels[rows, :, 3] / 255.0 if pixels.shape[2] == 4 else np.ones(size)
    return linear_from_srgb(pixels[rows, :, :3] / 255.0), alpha


def _solve(diffuse: Floats, specular: Floats) -> tuple[Floats, Floats]:
    """Base colour (..., 3) and metallic (...) of a diffuse and a specular colour (..., 3)."""
    strongest = specular.max(axis=-1)
    one_minus_specular = 1.0 - strongest
    diffuse_brightness, specular_brightness = _brightness(diffuse), _brightness(specular)
    b = diffuse_brightness * one_minus_specular / (1.0 - _DIELECTRIC) + specular_brightness - 2.0 * _DIELECTRIC
    c = _DIELECTRIC - specular_brightness
    root = np.sqrt(np.maximum(b * b - 4.0 * _DIELECTRIC * c, 0.0))
    metallic = np.where(specular_brightness < _DIELECTRIC, 0.0, ((-b + root) / (2.0 * _DIELECTRIC)).clip(0.0, 1.0))
    share = metallic[..., None]
    from_diffuse = diffuse * one_minus_specular[..., None] / (1.0 - _DIELECTRIC) / np.maximum(1.0 - share, _EPSILON)
    from_specular = (specular - _DIELECTRIC * (1.0 - share)) / np.maximum(share, _EPSILON)
    base = from_diffuse + share**2 * (from_specular - from_diffuse)
    return base.clip(0.0, 1.0), metallic


def _brightness(colour: Floats) -> Floats:
    """Perceived brightness (...) of colours (..., 3), with the weights of the reference conversion."""
    return np.asarray(np.sqrt((np.array([0.299, 0.587, 0.114]) * colour**2).sum(axis=-1)))
