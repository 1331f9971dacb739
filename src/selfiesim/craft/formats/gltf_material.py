"""The materials of a glTF file, its extensions as far as the renderer knows their looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.gltf import entry
from selfiesim.craft.formats.gltf_accessors import Accessors
from selfiesim.craft.formats.referenced_files import MissingFileError
from selfiesim.craft.formats.textures import UnreadablePictureError, open_picture, pixels, side_kept
from selfiesim.craft.mesh.mesh_data import Drawn, Floats
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
_OF_MIRROR = ("specularTexture", "specularColorTexture")
_OTHER_SOURCES = ("EXT_texture_webp", "EXT_texture_avif")
_DARK_GLASS = 0.04  # of the light that clear glass would let through, what a dark inside sends back


@dataclass(frozen=True)
class Placing:
    """Which texture coordinates a material takes, and how they are moved, turned and scaled (KHR_texture_transform)."""

    channel: int = 0
    matrix: tuple[tuple[float, float, float], tuple[float, float, float]] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0))

    def place(self, uv: NDArray[Any] | None) -> Floats | None:
        """Texture coordinates with their origin at the lower left, from glTF's with theirs at the upper left."""
        if uv is None:
            return None
        moved = uv.astype(np.float64) @ np.array(self.matrix)[:, :2].T + np.array(self.matrix)[:, 2]
        return np.stack([moved[:, 0], 1.0 - moved[:, 1]], axis=1)


class Materials:
    """Reads each material and each picture of a file once."""

    def __init__(self, numbers: Accessors, out: Drawn) -> None:
        self.header, self.numbers, self.out = numbers.header, numbers, out
        self._read: dict[Any, tuple[Material, Placing]] = {None: (Material(), Placing())}
        self._images: dict[int, Any] = {}
        self._pixels: dict[int, NDArray[np.uint8] | None] = {}
        self._side: int | None = None

    def of(self, index: Any, asked_by: str) -> tuple[Material, Placing]:
        """A material, and how its textures lie."""
        if index is not None:
            entry(self.header, "materials", index, f"{asked_by}.material")
        if index not in self._read:
            self._read[index] = self._material(self.header["materials"][index], index)
        return self._read[index]

    def _material(self, table: dict[str, Any], number: int) -> tuple[Material, Placing]:
        name = str(table.get("name") or f"material {number}")
        extensions = table.get("extensions", {})
        pbr, old = table.get("pbrMetallicRoughness", {}), extensions.get("KHR_materials_pbrSpecularGlossiness")
        if old is not None and not pbr:
            pbr = _from_glossiness(old)
        mirror = extensions.get("KHR_materials_specular", {})
        places = {ours: (mirror if key in _OF_MIRROR else pbr | table).get(key) for ours, key in _TEXTURES.items()}
        textures, placing = self._textures(places, name, f"materials[{number}]")
        masked = table.get("alphaMode") == "MASK"
        if table.get("alphaMode") == "BLEND" and "base" in textures and textures["base"].shape[2] == 4:
            self.out.warn(f"{name!r} is see-through in degrees; it is drawn with holes where that is over a half")
            masked = True
        share = 1.0 - _share(extensions.get("KHR_materials_transmission", {}).get("transmissionFactor", 0.0), 0.0)
        if share < 1.0:
            self.out.warn(f"{name!r} is clear glass; it is drawn as dark glass")
        base = [_share(v, 1.0) * max(share, _DARK_GLASS) for v in pbr.get("baseColorFactor", (1.0, 1.0, 1.0))[:3]]
        strength = _number(extensions.get("KHR_materials_emissive_strength", {}).get("emissiveStrength"), 1.0)
        glow = [max(_number(v, 0.0) * strength, 0.0) for v in table.get("emissiveFactor", (0.0, 0.0, 0.0))[:3]]
        coat, brushed = (extensions.get(f"KHR_materials_{kind}", {}) for kind in ("clearcoat", "anisotropy"))
        material = Material(
            name=name,
            base_color=(base[0], base[1], base[2]),
            metallic=_share(pbr.get("metallicFactor"), 1.0),
            roughness=_share(pbr.get("roughnessFactor"), 1.0),
            textures=textures,
            glow=(glow[0], glow[1], glow[2]),
            alpha_cutoff=_share(table.get("alphaCutoff"), 0.5) if masked else None,
            normal_scale=_number((table.get("normalTexture") or {}).get("scale"), 1.0),
            occlusion_strength=_share((table.get("occlusionTexture") or {}).get("strength"), 1.0),
            clearcoat=_share(coat.get("clearcoatFactor"), 0.0),
            clearcoat_roughness=_share(coat.get("clearcoatRoughnessFactor"), 0.0),
            anisotropy=min(max(_number(brushed.get("anisotropyStrength"), 0.0), -1.0), 1.0),
            anisotropy_rotation=_number(brushed.get("anisotropyRotation"), 0.0),
            ior=_index(extensions.get("KHR_materials_ior", {}).get("ior")),
            specular=_share(mirror.get("specularFactor"), 1.0),
            specular_color=_colour(mirror.get("specularColorFactor", (1.0, 1.0, 1.0))),
        )
        return material, placing

    def _textures(self, places: dict[str, Any], name: str, label: str) -> tuple[dict[str, NDArray[np.uint8]], Placing]:
        """Pictures by kind; those that lie otherwise than the first are left out, as a mesh has one set of places."""
        textures: dict[str, NDArray[np.uint8]] = {}
        first: Placing | None = None
        for kind, place in places.items():
            if place is None:
                continue
            key = f"{label}.{_TEXTURES[kind]}"
            placing = _placing(place, key)
            if first is not None and placing != first:
                self.out.warn(f"{key} of {name!r} lies otherwise than its other textures; it is left out")
                continue
            picture = self._picture(place.get("index"), key)
            if picture is not None:
                textures[kind], first = picture, placing
        return textures, first or Placing()

    def _picture(self, index: Any, label: str) -> NDArray[np.uint8] | None:
        texture = entry(self.header, "textures", index, f"{label}.index")
        source = texture.get("source")
        for name in _OTHER_SOURCES:
            source = texture.get("extensions", {}).get(name, {}).get("source", source)
        if source is None:
            self.out.warn(f"textures[{index}] has no picture of a known kind; it is left out")
            return None
        entry(self.header, "images", source, f"textures[{index}].source")
        if self._side is None:
            self._open_all()
        side = self._side or 1
        if source not in self._pixels:
            self._pixels[source] = self._unpacked(source, side)
        return self._pixels[source]

    def _open_all(self) -> None:
        """Open every picture of the file, to see from their sizes how large each may stay."""
        for number, image in enumerate(self.header.get("images", [])):
            label = f"images[{number}]" + (f" ({str(image['name'])[:40]!r})" if image.get("name") else "")
            try:
                self._images[number] = open_picture(self._content(image, label), label)
            except UnreadablePictureError:
                self.out.warn(f"{label} is no picture that can be read; it is left out")
            except MissingFileError as error:
                self.out.warn(f"{label}: {error}; it is drawn without")
        self._side = side_kept([image.size for image in self._images.values()])

    def _content(self, image: dict[str, Any], label: str) -> bytes:
        if "bufferView" in image:
            return bytes(self.numbers.view(image["bufferView"], f"{label}.bufferView"))
        return self.numbers.resource(str(image["uri"]))

    def _unpacked(self, number: int, side: int) -> NDArray[np.uint8] | None:
        image = self._images.pop(number, None)
        if image is None:
            return None
        size = image.size
        try:
            picture = pixels(image, side, f"images[{number}]")
        except UnreadablePictureError:
            self.out.warn(f"images[{number}] is cut short or damaged; it is left out")
            return None
        if max(picture.shape[:2]) < max(size):
            self.out.warn(f"images[{number}] is made smaller, from {size[0]} x {size[1]} to {side} on its longer side")
        return picture


def _placing(place: dict[str, Any], label: str) -> Placing:
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
    return Placing(channel, rows)


def _from_glossiness(old: dict[str, Any]) -> dict[str, Any]:
    """KHR_materials_pbrSpecularGlossiness, which glTF has given up, as near as metallic and roughness come to it."""
    diffuse = [_share(v, 1.0) for v in old.get("diffuseFactor", (1.0, 1.0, 1.0, 1.0))[:3]]
    mirror = [_share(v, 1.0) for v in old.get("specularFactor", (1.0, 1.0, 1.0))[:3]]
    metal = max(diffuse) < 0.04 < max(mirror)  # a metal has no diffuse colour, and hardly anything else mirrors more
    table = {
        "baseColorFactor": mirror if metal else diffuse,
        "metallicFactor": 1.0 if metal else 0.0,
        "roughnessFactor": 1.0 - _share(old.get("glossinessFactor"), 1.0),
    }
    if "diffuseTexture" in old and not metal:
        table["baseColorTexture"] = old["diffuseTexture"]
    return table


def _index(value: Any) -> float:
    """A refractive index: 1 and more, or KHR_materials_ior's 0, which mirrors all light."""
    index = _number(value, 1.5)
    return index if index == 0.0 else max(index, 1.0)


def _colour(values: Any) -> tuple[float, float, float]:
    red, green, blue = (max(_number(v, 1.0), 0.0) for v in values)
    return red, green, blue


def _number(value: Any, default: float) -> float:
    """A finite number, or the default."""
    number = float(default if value is None else value)
    return number if np.isfinite(number) else default


def _share(value: Any, default: float) -> float:
    return min(max(_number(value, default), 0.0), 1.0)
