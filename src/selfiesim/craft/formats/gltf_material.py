"""The materials of a glTF file, its extensions as far as the renderer knows their looks."""

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
_MIN_GLASS_BASE = 0.04  # of the light that clear glass would let through, what a dark inside sends back


@dataclass(frozen=True)
class TextureTransform:
    """Which texture coordinates a material takes, and how they are moved, turned and scaled (KHR_texture_transform)."""

    channel: int = 0
    matrix: tuple[tuple[float, float, float], tuple[float, float, float]] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))

    def place(self, uv: NDArray[Any] | None) -> Floats | None:
        """Texture coordinates with their origin at the lower left, from glTF's with theirs at the upper left."""
        if uv is None:
            return None
        moved = uv.astype(np.float64) @ np.array(self.matrix)[:, :2].T + np.array(self.matrix)[:, 2]
        return np.stack([moved[:, 0], 1.0 - moved[:, 1]], axis=1)


class GltfMaterials:
    """Reads each material and each picture of a file once."""

    def __init__(self, accessor_reader: AccessorReader, out: ImportedScene) -> None:
        self.header, self.accessor_reader, self.out = accessor_reader.header, accessor_reader, out
        self._read: dict[Any, tuple[Material, TextureTransform]] = {None: (Material(), TextureTransform())}
        self._images: dict[int, Any] = {}
        self._pixels: dict[int, NDArray[np.uint8] | None] = {}
        self._max_side: int | None = None

    def of(self, index: Any, referrer: str) -> tuple[Material, TextureTransform]:
        """A material, and how its textures lie."""
        if index is not None:
            table_entry(self.header, "materials", index, f"{referrer}.material")
        if index not in self._read:
            self._read[index] = self._material(self.header["materials"][index], index)
        return self._read[index]

    def _material(self, table: dict[str, Any], number: int) -> tuple[Material, TextureTransform]:
        name = str(table.get("name") or f"material {number}")
        extensions = table.get("extensions", {})
        pbr, specular_glossiness = (
            table.get("pbrMetallicRoughness", {}),
            extensions.get("KHR_materials_pbrSpecularGlossiness"),
        )
        if specular_glossiness is not None and not pbr:
            pbr = _from_specular_glossiness(specular_glossiness)
        mirror = extensions.get("KHR_materials_specular", {})
        places = {
            ours: (mirror if key in _SPECULAR_TEXTURES else pbr | table).get(key) for ours, key in _TEXTURES.items()
        }
        textures, texture_transform = self._textures(places, name, f"materials[{number}]")
        masked = table.get("alphaMode") == "MASK"
        if table.get("alphaMode") == "BLEND" and "base" in textures and textures["base"].shape[2] == 4:
            self.out.warn(f"{name!r} is see-through in degrees; it is drawn with holes where that is over a half")
            masked = True
        share = 1.0 - _clamp_unit(extensions.get("KHR_materials_transmission", {}).get("transmissionFactor", 0.0), 0.0)
        if share < 1.0:
            self.out.warn(f"{name!r} is clear glass; it is drawn as dark glass")
        base = [
            _clamp_unit(v, 1.0) * max(share, _MIN_GLASS_BASE) for v in pbr.get("baseColorFactor", (1.0, 1.0, 1.0))[:3]
        ]
        strength = _finite_or_default(
            extensions.get("KHR_materials_emissive_strength", {}).get("emissiveStrength"), 1.0
        )
        glow = [
            max(_finite_or_default(v, 0.0) * strength, 0.0) for v in table.get("emissiveFactor", (0.0, 0.0, 0.0))[:3]
        ]
        clearcoat_extension, anisotropy_extension = (
            extensions.get(f"KHR_materials_{kind}", {}) for kind in ("clearcoat", "anisotropy")
        )
        material = Material(
            name=name,
            base_color=(base[0], base[1], base[2]),
            metallic=_clamp_unit(pbr.get("metallicFactor"), 1.0),
            roughness=_clamp_unit(pbr.get("roughnessFactor"), 1.0),
            textures=textures,
            glow=(glow[0], glow[1], glow[2]),
            alpha_cutoff=_clamp_unit(table.get("alphaCutoff"), 0.5) if masked else None,
            normal_scale=_finite_or_default((table.get("normalTexture") or {}).get("scale"), 1.0),
            occlusion_strength=_clamp_unit((table.get("occlusionTexture") or {}).get("strength"), 1.0),
            clearcoat=_clamp_unit(clearcoat_extension.get("clearcoatFactor"), 0.0),
            clearcoat_roughness=_clamp_unit(clearcoat_extension.get("clearcoatRoughnessFactor"), 0.0),
            anisotropy=min(max(_finite_or_default(anisotropy_extension.get("anisotropyStrength"), 0.0), -1.0), 1.0),
            anisotropy_rotation=_finite_or_default(anisotropy_extension.get("anisotropyRotation"), 0.0),
            ior=_refractive_index(extensions.get("KHR_materials_ior", {}).get("ior")),
            specular=_clamp_unit(mirror.get("specularFactor"), 1.0),
            specular_color=_rgb_or_white(mirror.get("specularColorFactor", (1.0, 1.0, 1.0))),
        )
        return material, texture_transform

    def _textures(
        self, places: dict[str, Any], name: str, label: str
    ) -> tuple[dict[str, NDArray[np.uint8]], TextureTransform]:
        """Pictures by kind; those that lie otherwise than the first are left out, as a mesh has one set of places."""
        textures: dict[str, NDArray[np.uint8]] = {}
        first: TextureTransform | None = None
        for kind, place in places.items():
            if place is None:
                continue
            key = f"{label}.{_TEXTURES[kind]}"
            texture_transform = _parse_texture_transform(place, key)
            if first is not None and texture_transform != first:
                self.out.warn(f"{key} of {name!r} lies otherwise than its other textures; it is left out")
                continue
            picture = self._load_texture(place.get("index"), key)
            if picture is not None:
                textures[kind], first = picture, texture_transform
        return textures, first or TextureTransform()

    def _load_texture(self, index: Any, label: str) -> NDArray[np.uint8] | None:
        texture = table_entry(self.header, "textures", index, f"{label}.index")
        source = texture.get("source")
        for name in _ALTERNATE_SOURCES:
            source = texture.get("extensions", {}).get(name, {}).get("source", source)
        if source is None:
            self.out.warn(f"textures[{index}] has no picture of a known kind; it is left out")
            return None
        table_entry(self.header, "images", source, f"textures[{index}].source")
        if self._max_side is None:
            self._open_images()
        side = self._max_side or 1
        if source not in self._pixels:
            self._pixels[source] = self._decode_image(source, side)
        return self._pixels[source]

    def _open_images(self) -> None:
        """Open every picture of the file, to see from their sizes how large each may stay."""
        for number, image in enumerate(self.header.get("images", [])):
            label = f"images[{number}]" + (f" ({str(image['name'])[:40]!r})" if image.get("name") else "")
            try:
                self._images[number] = open_image(self._image_bytes(image, label), label)
            except UnreadableImageError:
                self.out.warn(f"{label} is no picture that can be read; it is left out")
            except MissingFileError as error:
                self.out.warn(f"{label}: {error}; it is drawn without")
        self._max_side = fit_texture_side([image.size for image in self._images.values()])

    def _image_bytes(self, image: dict[str, Any], label: str) -> bytes:
        if "bufferView" in image:
            return bytes(self.accessor_reader.view(image["bufferView"], f"{label}.bufferView"))
        return self.accessor_reader.read_uri(str(image["uri"]))

    def _decode_image(self, number: int, side: int) -> NDArray[np.uint8] | None:
        image = self._images.pop(number, None)
        if image is None:
            return None
        size = image.size
        try:
            picture = read_pixels(image, side, f"images[{number}]")
        except UnreadableImageError:
            self.out.warn(f"images[{number}] is cut short or damaged; it is left out")
            return None
        if max(picture.shape[:2]) < max(size):
            self.out.warn(f"images[{number}] is made smaller, from {size[0]} x {size[1]} to {side} on its longer side")
        return picture


def _parse_texture_transform(place: dict[str, Any], label: str) -> TextureTransform:
    transform = place.get("extensions", {}).get("KHR_texture_transform", {})
    channel = transform.get("texCoord", place.get("texCoord", 0))
    if isinstance(channel, bool) or not isinstance(channel, int) or not 0 <= channel < 16:
        raise ModelError(f"{label}.texCoord: {str(channel)[:20]}; a whole number from 0 is right")
    (x, y), (w, h) = transform.get("offset", (0.0, 0.0)), transform.get("scale", (1.0, 1.0))
    angle = float(transform.get("rotation", 0.0))
    cos, sin = float(np.cos(angle)), float(np.sin(angle))
    # KHR_texture_transform: the offset after the rotation after the scale.
    rows = ((w * cos, h * sin, float(x)), (-w * sin, h * cos, float(y)))
    if not np.all(np.isfinite(rows)):
        raise ModelError(f"{label}.extensions.KHR_texture_transform: its numbers are not finite")
    return TextureTransform(channel, rows)


def _from_specular_glossiness(specular_glossiness: dict[str, Any]) -> dict[str, Any]:
    """KHR_materials_pbrSpecularGlossiness, which glTF has given up, as near as metallic and roughness come to it."""
    diffuse = [_clamp_unit(v, 1.0) for v in specular_glossiness.get("diffuseFactor", (1.0, 1.0, 1.0, 1.0))[:3]]
    mirror = [_clamp_unit(v, 1.0) for v in specular_glossiness.get("specularFactor", (1.0, 1.0, 1.0))[:3]]
    metal = max(diffuse) < 0.04 < max(mirror)  # a metal has no diffuse colour, and hardly anything else mirrors more
    table = {
        "baseColorFactor": mirror if metal else diffuse,
        "metallicFactor": 1.0 if metal else 0.0,
        "roughnessFactor": 1.0 - _clamp_unit(specular_glossiness.get("glossinessFactor"), 1.0),
    }
    if "diffuseTexture" in specular_glossiness and not metal:
        table["baseColorTexture"] = specular_glossiness["diffuseTexture"]
    return table


def _refractive_index(value: Any) -> float:
    """A refractive index: 1 and more, or KHR_materials_ior's 0, which mirrors all light."""
    index = _finite_or_default(value, 1.5)
    return index if index == 0.0 else max(index, 1.0)


def _rgb_or_white(values: Any) -> tuple[float, float, float]:
    red, green, blue = (max(_finite_or_default(v, 1.0), 0.0) for v in values)
    return red, green, blue


def _finite_or_default(value: Any, default: float) -> float:
    """A finite number, or the default."""
    number = float(default if value is None else value)
    return number if np.isfinite(number) else default


def _clamp_unit(value: Any, default: float) -> float:
    return min(max(_finite_or_default(value, default), 0.0), 1.0)
