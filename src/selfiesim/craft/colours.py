"""Colours of materials: sRGB in files, bands in the renderer.

Mesh files, decals and the palettes of this package's textures are sRGB. They become bands once, when they are loaded,
so that the rasteriser, the path tracer, interreflection and the ground truth all compute in bands. Textures are
converted as 8-bit images and keep sRGB's transfer curve: that costs at most half a code, and nothing per rendered
pixel. A colour factor and a texture are converted separately; their product is exact where one of them is neutral.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import (
    BANDS_FROM_SRGB,
    SRGB_FROM_BANDS,
    bands_from_linear_srgb,
    linear_from_srgb,
    linear_srgb_from_bands,
    srgb_from_linear,
)
from selfiesim.craft.model import Material

COLOUR_SLOTS = ("base", "glow", "specular_color")
"""Textures that hold colours; the others hold linear data."""

_ROWS = 256  # rows of a texture converted at a time, to bound memory
_LINEAR_STEPS = 65535
_DECODED = linear_from_srgb(np.arange(256) / 255.0).astype(np.float32)
_ENCODED = np.round(255.0 * srgb_from_linear(np.arange(_LINEAR_STEPS + 1) / _LINEAR_STEPS)).astype(np.uint8)

Pixels = NDArray[np.uint8]
Colour = tuple[float, float, float]
Converted = dict[int, tuple[Pixels, Pixels]]


def material_in_bands(material: Material, converted: Converted | None = None) -> Material:
    """Return a material read from a file, with its colours and textures converted from sRGB to bands.

    Parameters
    ----------
    material : Material
        With linear sRGB colours and sRGB textures.
    converted : dict, optional
        Source and result of each texture converted so far, by the source's id; added to. It lets materials that share
        a texture go on sharing it.
    """
    return _convert(material, bands_from_linear_srgb, texture_in_bands, {} if converted is None else converted)


def material_in_srgb(material: Material, converted: Converted | None = None) -> Material:
    """Return a material with linear sRGB colours and sRGB textures, as files and other renderers expect them.

    The inverse of :func:`material_in_bands`, with the same parameters. Colours outside sRGB are clipped.
    """
    return _convert(material, _clipped_srgb, texture_in_srgb, {} if converted is None else converted)


def texture_in_bands(pixels: Pixels) -> Pixels:
    """Return sRGB pixels (H, W, 3 or 4) as bands with sRGB's transfer curve; alpha, and pixels all grey, are kept."""
    return _mix(pixels, BANDS_FROM_SRGB)


def texture_in_srgb(pixels: Pixels) -> Pixels:
    """Return pixels of :func:`texture_in_bands` as sRGB, clipped to it."""
    return _mix(pixels, SRGB_FROM_BANDS)


def srgb_factor(bands: Colour) -> Colour:
    """Return the linear sRGB, 0 to 1, of band values, to six decimals: the same in a file on every machine."""
    red, green, blue = (
        float(value) for value in np.round(np.clip(linear_srgb_from_bands(np.array(bands, float)), 0.0, 1.0), 6)
    )
    return red, green, blue


def _clipped_srgb(bands: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(linear_srgb_from_bands(bands), 0.0)


def _convert(
    material: Material,
    convert: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    convert_texture: Callable[[Pixels], Pixels],
    converted: Converted,
) -> Material:
    def colour(values: Colour) -> Colour:
        if values[0] == values[1] == values[2]:
            return values  # neutral stays exactly what it is
        red, green, blue = (float(value) for value in convert(np.array(values, float)))
        return red, green, blue

    textures = dict(material.textures)
    for slot in textures.keys() & COLOUR_SLOTS:
        pixels = textures[slot]
        if id(pixels) not in converted:
            converted[id(pixels)] = pixels, convert_texture(pixels)
        textures[slot] = converted[id(pixels)][1]
    return replace(
        material,
        base_color=colour(material.base_color),
        glow=colour(material.glow),
        specular_color=colour(material.specular_color),
        textures=textures,
    )


def _mix(pixels: Pixels, matrix: NDArray[np.float64]) -> Pixels:
    if pixels.shape[-1] < 3 or all(np.array_equal(pixels[..., 0], pixels[..., k]) for k in (1, 2)):
        return pixels
    out, mix = pixels.copy(), matrix.T.astype(np.float32) * np.float32(_LINEAR_STEPS)
    for top in range(0, len(pixels), _ROWS):
        linear = _DECODED[pixels[top : top + _ROWS, :, :3]] @ mix
        steps = np.clip(linear + np.float32(0.5), 0, _LINEAR_STEPS).astype(np.uint16)
        out[top : top + _ROWS, :, :3] = _ENCODED[steps]
    return out
