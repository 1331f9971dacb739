"""Materials, colours and textures of a 3MF: the property groups that its triangles refer to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_IMAGES, MESH_MATERIALS, TEXTURE_SIDE
from selfiesim.craft.formats.polygonal.polygon_mesh import linear_colours
from selfiesim.craft.formats.textures import UnreadableImageError, open_image, read_pixels
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene
from selfiesim.craft.model import Material, Wrap

_UNREAD_GROUPS = {
    "compositematerials": "the parts of a blend have the default grey",
    "multiproperties": "the default grey is drawn",
    "pbspeculardisplayproperties": "the gloss is the default",
    "pbmetallicdisplayproperties": "the gloss is the default",
    "translucentdisplayproperties": "the surface is opaque",
}
_TILES = {"wrap": "repeat", "mirror": "mirror", "clamp": "clamp", "none": "clamp"}


@dataclass(frozen=True, eq=False)
class Finish:
    """What a group of triangles looks like: a material, and tables of colours or texture coordinates."""

    material: Material
    colours: Floats | None = None
    uv: Floats | None = None


class PropertyGroups:
    """The property groups of the parts of a package.

    Parameters
    ----------
    read : callable
        Returns the bytes of a part of the package.
    scene : ImportedScene
        Receives a warning for each property that is not honoured.
    """

    def __init__(self, read: Callable[[str], bytes], scene: ImportedScene) -> None:
        self._read, self._scene = read, scene
        self._base: dict[tuple[str, str], list[Material]] = {}
        self._shared: dict[tuple[str, str], Finish] = {}
        self._plain = Finish(Material())
        self._images = 0

    def add(self, path: str, root: Any) -> None:
        """Read the property groups of a part."""
        resources = root.find("resources")
        if resources is None:
            return
        textures = {item.get("id"): item for item in resources.findall("texture2d")}
        for group in resources:
            key = path, group.get("id")
            count = len(self._base) + len(self._shared)
            MESH_MATERIALS.check(count, f"it has {count:,} groups of materials", ModelError, "join some of them")
            if group.tag == "basematerials":
                self._base[key] = [_base_material(base) for base in group.findall("base")]
            elif group.tag == "colorgroup":
                colours = [_parse_colour(item.get("color", "")) for item in group.findall("color")]
                table = linear_colours(np.array(colours).reshape(-1, 4))
                blend = bool((table[:, 3] < 1.0).any())
                self._shared[key] = Finish(Material("colours", base_color=(1.0, 1.0, 1.0), blend=blend), table)
            elif group.tag == "texture2dgroup":
                self._shared[key] = self._textured(group, textures.get(group.get("texid")))
            elif group.tag in _UNREAD_GROUPS:
                self._scene.ignore(group.tag, _UNREAD_GROUPS[group.tag])

    def material_index(self, path: str, pid: str | None, corners: tuple[int, int, int]) -> int:
        """Index of the material that a triangle has to itself; -1 for groups that all its triangles share."""
        return corners[0] if (path, pid) in self._base else -1

    def finish(self, path: str, pid: str | None, index: int) -> Finish:
        """Return the finish of triangles with this property group and :meth:`material_index`."""
        key = path, str(pid)
        if key in self._base:
            materials = self._base[key]
            return Finish(materials[index]) if 0 <= index < len(materials) else self._plain
        return self._shared.get(key, self._plain)

    def _textured(self, group: Any, texture: Any) -> Finish:
        rows = [(item.get("u", "0"), item.get("v", "0")) for item in group.findall("tex2coord")]
        if texture is None:
            return self._plain
        self._images += 1
        MESH_IMAGES.check(self._images, f"it has {self._images:,} pictures", ModelError, "join some of them")
        name = str(texture.get("path", ""))
        label = f"the texture {name[:80]!r}"
        try:
            pixels = read_pixels(open_image(self._read(name), label), TEXTURE_SIDE.value // 4, label)
        except UnreadableImageError:
            self._scene.warn(f"{label} is not a readable image; it is left out")
            return self._plain
        wrap: Wrap = tuple(_TILES.get(texture.get(f"tilestyle{axis}", "wrap"), "repeat") for axis in "uv")  # type: ignore[assignment]
        has_alpha = pixels.shape[2] == 4
        material = Material(name, (1.0, 1.0, 1.0), textures={"base": pixels}, blend=has_alpha, wrap=wrap)
        return Finish(material, uv=np.array(rows, np.float64).reshape(-1, 2))


def _base_material(base: Any) -> Material:
    red, green, blue, opacity = linear_colours(np.array([_parse_colour(base.get("displaycolor", "#BCBCBC"))]))[
        0
    ].tolist()
    name = base.get("name", "default")
    return Material(name, base_color=(red, green, blue), opacity=opacity, blend=opacity < 1.0)


def _parse_colour(text: str) -> list[float]:
    """A display colour #RRGGBB or #RRGGBBAA as four fractions."""
    digits = text.removeprefix("#")
    if len(digits) not in (6, 8):
        raise ValueError(text)
    return [int((digits + "FF")[k : k + 2], 16) / 255.0 for k in (0, 2, 4, 6)]
