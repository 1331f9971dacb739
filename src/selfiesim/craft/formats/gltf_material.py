"""Read glTF materials, with those of its extensions that the renderer supports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.gltf import table_entry
from selfiesim.craft.formats.gltf_accessors import AccessorReader
from selfiesim.craft.formats.referenced_files import MissingFileError
from selfiesim.craft.formats.textures import UnreadableImageError, fit_texture_side, open_image, read_pixels
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene
from selfiesim.craft.model import Material

_TEXTURES = {
    "base": "baseColorTexture",
    "rough": "metallicRoughnessTexture",
    "normal": "normalTexture",
    "occlusion": "occlusionTexture",
    "glow": "emissiveTexture",
    "specular": "specularTexture",
    "specular_color": "specularColorTexture",
}
_SPECULAR_TEXTURES = ("specularTexture", "specularColorTexture")
_ALTERNATE_SOURCES = ("EXT_texture_webp", "EXT_texture_avif")
_MIN_GLASS_BASE = 0.04  # share of the base colour that clear glass keeps: what a dark interior reflects
_MIN_METAL_SPECULAR = 0.04  # metals have no diffuse colour, and hardly any dielectric reflects more than this


@dataclass(frozen=True)
class TextureTransform:
    """The texture coordinate set of a material, and the affine transform of it (KHR_texture_transform)."""

    channel: int = 0
    matrix: tuple[tuple[float, float, float], tuple[float, float, float]] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))

    def apply(self, uv: NDArray[Any] | None) -> Floats | None:
        """Transform glTF's texture coordinates (N, 2), origin upper left, to ours, origin lower left."""
        if uv is None:
            return None
        moved = uv.astype(np.float64) @ np.array(self.matrix)[:, :2].T + np.array(self.matrix)[:, 2]
        return np.stack([moved[:, 0], 1.0 - moved[:, 1]], axis=1)


class GltfMaterials:
    """Reads each material and each image of a file once."""

    def __init__(self, accessor_reader: AccessorReader, scene: ImportedScene) -> None:
        self._document, self._accessor_reader, self._scene = accessor_reader.document, accessor_reader, scene
        self._read: dict[Any, tuple[Material, TextureTransform]] = {None: (Material(), TextureTransform())}
        self._images: dict[int, Any] = {}
        self._pixels: dict[int, NDArray[np.uint8] | None] = {}
        self._max_side: int | None = None

    def material(self, index: Any, referrer: str) -> tuple[Material, TextureTransform]:
        """Return a material and the transform of its texture coordinates; the default material for None."""
        if index is not None:
            table_entry(self._document, "materials", index, f"{referrer}.material")
        if index not in self._read:
            self._read[index] = self._read_material(self._document["materials"][index], index)
        return self._read[index]

    def _read_material(self, table: dict[str, Any], index: int) -> tuple[Material, TextureTransform]:
        name = str(table.get("name") or f"material {index}")
        extensions = table.get("extensions", {})
        pbr = table.get("pbrMetallicRoughness", {})
        specular_glossiness = extensions.get("KHR_materials_pbrSpecularGlossiness")
        if specular_glossiness is not None and not pbr:
            pbr = _from_specular_glossiness(specular_glossiness)
        specular = extensions.get("KHR_materials_specular", {})
        clearcoat = extensions.get("KHR_materials_clearcoat", {})
        anisotropy = extensions.get("KHR_materials_anisotropy", {})
        references = {
            slot: (specular if key in _SPECULAR_TEXTURES else pbr | table).get(key) for slot, key in _TEXTURES.items()
        }
        textures, texture_transform = self._read_textures(references, name, f"materials[{index}]")
        material = Material(
            name=name,
            alpha_cutoff=self._alpha_cutoff(table, name, textures),
            base_color=self._base_color(pbr, extensions, name),
            metallic=_clamp_unit(pbr.get("metallicFactor"), 1.0),
            roughness=_clamp_unit(pbr.get("roughnessFactor"), 1.0),
            textures=textures,
            glow=_glow(table, extensions),
            normal_scale=_finite_or_default((table.get("normalTexture") or {}).get("scale"), 1.0),
            occlusion_strength=_clamp_unit((table.get("occlusionTexture") or {}).get("strength"), 1.0),
            clearcoat=_clamp_unit(clearcoat.get("clearcoatFactor"), 0.0),
            clearcoat_roughness=_clamp_unit(clearcoat.get("clearcoatRoughnessFactor"), 0.0),
            anisotropy=min(max(_finite_or_default(anisotropy.get("anisotropyStrength"), 0.0), -1.0), 1.0),
            anisotropy_rotation=_finite_or_default(anisotropy.get("anisotropyRotation"), 0.0),
            ior=_refractive_index(extensions.get("KHR_materials_ior", {}).get("ior")),
            specular=_clamp_unit(specular.get("specularFactor"), 1.0),
            specular_color=_rgb_or_white(specular.get("specularColorFactor", (1.0, 1.0, 1.0))),
        )
        return material, texture_transform

    def _alpha_cutoff(self, table: dict[str, Any], name: str, textures: dict[str, NDArray[np.uint8]]) -> float | None:
        """The alpha below which the material is a hole; None for an opaque material."""
        masked = table.get("alphaMode") == "MASK"
        if table.get("alphaMode") == "BLEND" and "base" in textures and textures["base"].shape[2] == 4:
            self._scene.warn(
                f"{name!r} is partly transparent; it renders with holes where it is more than half transparent"
            )
            masked = True
        return _clamp_unit(table.get("alphaCutoff"), 0.5) if masked else None

    def _base_color(self, pbr: dict[str, Any], extensions: dict[str, Any], name: str) -> tuple[float, float, float]:
        """The base colour, darkened for glass, whose interior is not rendered."""
        transmission = extensions.get("KHR_materials_transmission", {}).get("transmissionFactor", 0.0)
        share = 1.0 - _clamp_unit(transmission, 0.0)
        if share < 1.0:
            self._scene.warn(f"{name!r} is clear glass; it renders as dark glass")
        red, green, blue = (
            _clamp_unit(v, 1.0) * max(share, _MIN_GLASS_BASE) for v in pbr.get("baseColorFactor", (1.0, 1.0, 1.0))[:3]
        )
        return red, green, blue

    def _read_textures(
        self, references: dict[str, Any], name: str, label: str
    ) -> tuple[dict[str, NDArray[np.uint8]], TextureTransform]:
        """Textures by slot; a mesh has one set of coordinates, so those mapped unlike the first are left out."""
        textures: dict[str, NDArray[np.uint8]] = {}
        first: TextureTransform | None = None
        for slot, reference in references.items():
            if reference is None:
                continue
            key = f"{label}.{_TEXTURES[slot]}"
            texture_transform = _parse_texture_transform(reference, key)
            if first is not None and texture_transform != first:
                self._scene.warn(f"{key} of {name!r} is mapped differently from its other textures; it is left out")
                continue
            pixels = self._load_texture(reference.get("index"), key)
            if pixels is not None:
                textures[slot], first = pixels, texture_transform
        return textures, first or TextureTransform()

    def _load_texture(self, index: Any, label: str) -> NDArray[np.uint8] | None:
        texture = table_entry(self._document, "textures", index, f"{label}.index")
        source = texture.get("source")
        for name in _ALTERNATE_SOURCES:
            source = texture.get("extensions", {}).get(name, {}).get("source", source)
        if source is None:
            self._scene.warn(f"textures[{index}] has no image in a supported format; it is left out")
            return None
        table_entry(self._document, "images", source, f"textures[{index}].source")
        if self._max_side is None:
            self._open_images()
        side = self._max_side or 1
        if source not in self._pixels:
            self._pixels[source] = self._decode_image(source, side)
        return self._pixels[source]

    def _open_images(self) -> None:
        """Open every image of the file: their sizes together decide how large each may stay."""
        for index, image in enumerate(self._document.get("images", [])):
            label = f"images[{index}]" + (f" ({str(image['name'])[:40]!r})" if image.get("name") else "")
            try:
                self._images[index] = open_image(self._image_bytes(image, label), label)
            except UnreadableImageError:
                self._scene.warn(f"{label} is not a readable image; it is left out")
            except MissingFileError as error:
                self._scene.warn(f"{label}: {error}; it is left out")
        self._max_side = fit_texture_side([image.size for image in self._images.values()])

    def _image_bytes(self, image: dict[str, Any], label: str) -> bytes:
        if "bufferView" in image:
            return bytes(self._accessor_reader.view(image["bufferView"], f"{label}.bufferView"))
        return self._accessor_reader.read_uri(str(image["uri"]))

    def _decode_image(self, index: int, side: int) -> NDArray[np.uint8] | None:
        image = self._images.pop(index, None)
        if image is None:
            return None
        width, height = image.size
        try:
            pixels = read_pixels(image, side, f"images[{index}]")
        except UnreadableImageError:
            self._scene.warn(f"images[{index}] is truncated or damaged; it is left out")
            return None
        if max(pixels.shape[:2]) < max(width, height):
            self._scene.warn(f"images[{index}] is scaled down from {width} x {height} to {side} on its longer side")
        return pixels


def _parse_texture_transform(reference: dict[str, Any], label: str) -> TextureTransform:
    transform = reference.get("extensions", {}).get("KHR_texture_transform", {})
    channel = transform.get("texCoord", reference.get("texCoord", 0))
    if isinstance(channel, bool) or not isinstance(channel, int) or not 0 <= channel < 16:
        raise ModelError(f"{label}.texCoord: {str(channel)[:20]}; it must be a whole number from 0 to 15")
    (x, y), (w, h) = transform.get("offset", (0.0, 0.0)), transform.get("scale", (1.0, 1.0))
    angle = float(transform.get("rotation", 0.0))
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    # KHR_texture_transform: scale, then rotate, then offset.
    rows = ((w * cos, h * sin, float(x)), (-w * sin, h * cos, float(y)))
    if not np.all(np.isfinite(rows)):
        raise ModelError(f"{label}.extensions.KHR_texture_transform: its numbers are not finite")
    return TextureTransform(channel, rows)


def _from_specular_glossiness(specular_glossiness: dict[str, Any]) -> dict[str, Any]:
    """Approximate the deprecated KHR_materials_pbrSpecularGlossiness by metallic-roughness factors."""
    diffuse = [_clamp_unit(v, 1.0) for v in specular_glossiness.get("diffuseFactor", (1.0, 1.0, 1.0, 1.0))[:3]]
    specular = [_clamp_unit(v, 1.0) for v in specular_glossiness.get("specularFactor", (1.0, 1.0, 1.0))[:3]]
    is_metal = max(diffuse) < _MIN_METAL_SPECULAR < max(specular)
    table = {
        "baseColorFactor": specular if is_metal else diffuse,
        "metallicFactor": 1.0 if is_metal else 0.0,
        "roughnessFactor": 1.0 - _clamp_unit(specular_glossiness.get("glossinessFactor"), 1.0),
    }
    if "diffuseTexture" in specular_glossiness and not is_metal:
        table["baseColorTexture"] = specular_glossiness["diffuseTexture"]
    return table


def _glow(table: dict[str, Any], extensions: dict[str, Any]) -> tuple[float, float, float]:
    """The emitted light, scaled by KHR_materials_emissive_strength."""
    strength = _finite_or_default(extensions.get("KHR_materials_emissive_strength", {}).get("emissiveStrength"), 1.0)
    red, green, blue = (
        max(_finite_or_default(v, 0.0) * strength, 0.0) for v in table.get("emissiveFactor", (0.0, 0.0, 0.0))[:3]
    )
    return red, green, blue


def _refractive_index(value: Any) -> float:
    """A refractive index of 1 or more, or KHR_materials_ior's 0, which reflects all light."""
    index = _finite_or_default(value, 1.5)
    return index if index == 0.0 else max(index, 1.0)


def _rgb_or_white(values: Any) -> tuple[float, float, float]:
    red, green, blue = (max(_finite_or_default(v, 1.0), 0.0) for v in values)
    return red, green, blue


def _finite_or_default(value: Any, default: float) -> float:
    """The value if it is a finite number, else the default."""
    number = float(default if value is None else value)
    return number if np.isfinite(number) else default


def _clamp_unit(value: Any, default: float) -> float:
    return min(max(_finite_or_default(value, default), 0.0), 1.0)
