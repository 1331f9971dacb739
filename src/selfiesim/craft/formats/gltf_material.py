"""Read glTF materials, with those of its extensions that the renderer supports."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.gltf import IMAGE_ADVICE, table_entry
from selfiesim.craft.formats.gltf_accessors import AccessorReader
from selfiesim.craft.formats.gltf_glossiness import from_specular_glossiness
from selfiesim.craft.formats.referenced_files import MissingFileError
from selfiesim.craft.formats.textures import UnreadableImageError, fit_texture_side, open_image, read_pixels
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene
from selfiesim.craft.model import Material, Wrap

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
_MAX_MAPPINGS = 2
_REPEAT = 10497
_WRAPS = {_REPEAT: "repeat", 33071: "clamp", 33648: "mirror"}  # OpenGL's constants
_FROM_GLOSSINESS = (("diffuseFactor", "baseColorFactor"), ("diffuseTexture", "baseColorTexture"))
_READ_EXTENSIONS = {
    "KHR_materials_pbrSpecularGlossiness", "KHR_materials_specular", "KHR_materials_clearcoat",
    "KHR_materials_anisotropy", "KHR_materials_ior", "KHR_materials_emissive_strength", "KHR_materials_transmission",
}  # fmt: skip
_UNREAD_EXTENSIONS = {
    "KHR_materials_unlit": "it is lit by the scene, as all surfaces are",
    "KHR_materials_volume": "glass is thin, without colour in depth",
    "KHR_materials_sheen": "there is no sheen",
    "KHR_materials_iridescence": "there are no interference colours",
    "KHR_materials_dispersion": "glass does not spread colours",
    "KHR_materials_diffuse_transmission": "no light comes through the surface",
}
_UNREAD_TEXTURES = {
    "clearcoatTexture", "clearcoatRoughnessTexture", "clearcoatNormalTexture", "anisotropyTexture",
    "transmissionTexture",
}  # fmt: skip
_ALTERNATE_SOURCES = ("EXT_texture_webp", "EXT_texture_avif")
_MIN_GLASS_BASE = 0.04  # share of the base colour that clear glass keeps: what a dark interior reflects


@dataclass(frozen=True)
class Mapping:
    """How a texture is laid on a mesh: the set of coordinates, an affine transform of it, and what lies beyond 0 to 1.

    The transform is that of KHR_texture_transform.
    """

    channel: int = 0
    matrix: tuple[tuple[float, float, float], tuple[float, float, float]] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    wrap: Wrap = ("repeat", "repeat")

    def apply(self, uv: NDArray[Any] | None) -> Floats | None:
        """Transform glTF's texture coordinates (N, 2), origin upper left, to ours, origin lower left."""
        if uv is None:
            return None
        moved = uv.astype(np.float64) @ np.array(self.matrix)[:, :2].T + np.array(self.matrix)[:, 2]
        return np.stack([moved[:, 0], 1.0 - moved[:, 1]], axis=1)


@dataclass(frozen=True, eq=False)
class MappedMaterial:
    """A material, the mapping of its textures, and that of the textures which its ``second_uv`` names."""

    material: Material
    first: Mapping = field(default_factory=Mapping)
    second: Mapping | None = None


class GltfMaterials:
    """Reads each material and each image of a file once."""

    def __init__(self, accessor_reader: AccessorReader, scene: ImportedScene) -> None:
        self._document, self._accessor_reader, self._scene = accessor_reader.document, accessor_reader, scene
        self._read: dict[Any, MappedMaterial] = {None: MappedMaterial(Material())}
        self._plain: dict[int, Material] = {}
        self._images: dict[int, Any] = {}
        self._pixels: dict[int, NDArray[np.uint8] | None] = {}
        self._max_side: int | None = None

    def material(self, index: Any, referrer: str) -> MappedMaterial:
        """Return a material and how its textures are mapped; the default material for None."""
        if index is not None:
            table_entry(self._document, "materials", index, f"{referrer}.material")
        if index not in self._read:
            self._read[index] = self._read_material(self._document["materials"][index], index)
        return self._read[index]

    def without_second(self, mapped: MappedMaterial) -> Material:
        """Return the material without the textures that need second coordinates, for meshes that lack them."""
        key = id(mapped)
        if key not in self._plain:
            textures = {
                slot: pixels
                for slot, pixels in mapped.material.textures.items()
                if slot not in mapped.material.second_uv
            }
            self._plain[key] = replace(mapped.material, textures=textures, second_uv=())
        return self._plain[key]

    # Long: it lists what a material has.
    def _read_material(self, table: dict[str, Any], index: int) -> MappedMaterial:
        name = str(table.get("name") or f"material {index}")
        label = f"materials[{index}]"
        extensions = table.get("extensions", {})
        pbr = table.get("pbrMetallicRoughness", {})
        specular_glossiness = extensions.get("KHR_materials_pbrSpecularGlossiness")
        if pbr or specular_glossiness is None:
            specular_glossiness = None  # the core material is the better of the two
        else:
            pbr = {key: specular_glossiness[given] for given, key in _FROM_GLOSSINESS if given in specular_glossiness}
        specular = extensions.get("KHR_materials_specular", {})
        clearcoat = extensions.get("KHR_materials_clearcoat", {})
        anisotropy = extensions.get("KHR_materials_anisotropy", {})
        self._warn_of_unread(table, extensions, name)
        references = {
            slot: (specular if key in _SPECULAR_TEXTURES else pbr | table).get(key) for slot, key in _TEXTURES.items()
        }
        if specular_glossiness is not None and "specularGlossinessTexture" in specular_glossiness:
            references["rough"] = specular_glossiness["specularGlossinessTexture"]
        textures, first, second, second_slots = self._read_textures(references, name, label)
        factor = _four(pbr.get("baseColorFactor", ()))
        material = Material(
            name=name,
            opacity=factor[3],
            alpha_cutoff=_clamp_unit(table.get("alphaCutoff"), 0.5) if table.get("alphaMode") == "MASK" else None,
            blend=table.get("alphaMode") == "BLEND",
            base_color=self._base_color(factor, extensions, name),
            metallic=_clamp_unit(pbr.get("metallicFactor"), 1.0),
            roughness=_clamp_unit(pbr.get("roughnessFactor"), 1.0),
            textures=textures,
            wrap=first.wrap,
            second_uv=second_slots,
            second_wrap=second.wrap if second else ("repeat", "repeat"),
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
        if specular_glossiness is not None:
            material = from_specular_glossiness(material, specular_glossiness)
        return MappedMaterial(material, first, second)

    def _warn_of_unread(self, table: dict[str, Any], extensions: dict[str, Any], name: str) -> None:
        """Record the extensions of a material that are not honoured, and their textures that are not."""
        for extension, value in extensions.items():
            if extension in _UNREAD_EXTENSIONS or extension not in _READ_EXTENSIONS:
                effect = _UNREAD_EXTENSIONS.get(extension, "the material renders without")
                self._scene.ignore(str(extension)[:60], effect, name)
            elif isinstance(value, dict):
                for key in sorted(value.keys() & _UNREAD_TEXTURES):
                    self._scene.ignore(f"{extension}.{key}", "its factor is even over the surface", name)

    def _base_color(
        self, factor: tuple[float, float, float, float], extensions: dict[str, Any], name: str
    ) -> tuple[float, float, float]:
        """The base colour, darkened for glass, whose interior is not rendered."""
        transmission = extensions.get("KHR_materials_transmission", {}).get("transmissionFactor", 0.0)
        share = 1.0 - _clamp_unit(transmission, 0.0)
        if share < 1.0:
            self._scene.warn(f"{name!r} is clear glass; it renders as dark glass")
        red, green, blue = (value * max(share, _MIN_GLASS_BASE) for value in factor[:3])
        return red, green, blue

    def _read_textures(
        self, references: dict[str, Any], name: str, label: str
    ) -> tuple[dict[str, NDArray[np.uint8]], Mapping, Mapping | None, tuple[str, ...]]:
        """Textures by slot, their mapping, and the slots with a second one; a third is left out."""
        textures: dict[str, NDArray[np.uint8]] = {}
        mappings: list[Mapping] = []
        second_slots = []
        for slot, reference in references.items():
            if reference is None:
                continue
            key = f"{label}.{_TEXTURES[slot]}"
            mapping = self._parse_mapping(reference, key)
            if len(mappings) == _MAX_MAPPINGS and mapping not in mappings:
                self._scene.ignore(_TEXTURES[slot], "it has a third mapping, of two that a material may have", name)
                continue
            pixels = self._load_texture(reference.get("index"), key)
            if pixels is None:
                continue
            textures[slot] = pixels
            if mapping not in mappings:
                mappings.append(mapping)
            if mappings.index(mapping) == 1:
                second_slots.append(slot)
        first = mappings[0] if mappings else Mapping()
        return textures, first, mappings[1] if len(mappings) > 1 else None, tuple(second_slots)

    def _parse_mapping(self, reference: dict[str, Any], label: str) -> Mapping:
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
        texture = table_entry(self._document, "textures", reference.get("index"), f"{label}.index")
        sampler = {}
        if "sampler" in texture:
            sampler = table_entry(self._document, "samplers", texture["sampler"], "textures.sampler")
        u, v = (_WRAPS.get(sampler.get(key, _REPEAT), "repeat") for key in ("wrapS", "wrapT"))
        return Mapping(channel, rows, (u, v))

    def _load_texture(self, index: Any, label: str) -> NDArray[np.uint8] | None:
        texture = table_entry(self._document, "textures", index, f"{label}.index")
        source = texture.get("source")
        for name in _ALTERNATE_SOURCES:
            source = texture.get("extensions", {}).get(name, {}).get("source", source)
        if source is None:
            for name in texture.get("extensions", {}):
                advice = IMAGE_ADVICE.get(name, "save its textures as PNG, JPEG or WebP")
                self._scene.ignore(str(name)[:60], f"the textures in that format are left out; {advice}")
            if not texture.get("extensions"):
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


def _four(values: Any) -> tuple[float, float, float, float]:
    """Four factors, 0 to 1; those missing are 1."""
    red, green, blue, alpha = (_clamp_unit(value, 1.0) for value in (*values, 1.0, 1.0, 1.0, 1.0)[:4])
    return red, green, blue, alpha


def _finite_or_default(value: Any, default: float) -> float:
    """The value if it is a finite number, else the default."""
    number = float(default if value is None else value)
    return number if np.isfinite(number) else default


def _clamp_unit(value: Any, default: float) -> float:
    return min(max(_finite_or_default(value, default), 0.0), 1.0)
