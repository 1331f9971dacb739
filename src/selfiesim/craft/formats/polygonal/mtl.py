"""Read the materials of an OBJ: MTL files, with the PBR extension that Blender and others write."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_MATERIALS
from selfiesim.craft.formats.referenced_files import MissingFileError, ResourceResolver, name_beside
from selfiesim.craft.formats.textures import TextureFiles
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene
from selfiesim.craft.model import Material, Wrap

_WHITE = (1.0, 1.0, 1.0)
# Options before a file's name, and the most values that each takes (Wavefront, Object Files, Appendix B1).
_OPTIONS = {"-s": 3, "-o": 3, "-t": 3, "-mm": 2, "-bm": 1, "-boost": 1, "-texres": 1, "-clamp": 1, "-blendu": 1,
            "-blendv": 1, "-cc": 1, "-imfchan": 1, "-type": 1}  # fmt: skip
_IMAGES = {
    "map_kd": "base",
    "map_d": "opacity",
    "map_ke": "glow",
    "norm": "normal",
    "map_pr": "rough",
    "map_pm": "metal",
}
_IGNORED = {
    "ka": "", "sharpness": "", "tf": "the light that passes keeps its colour",
    "map_ka": "ambient light comes from the scene", "map_ks": "highlights have one strength",
    "map_ns": "highlights have one width", "bump": "the surface is smooth; bake it into a normal map, key norm",
    "map_bump": "the surface is smooth; bake it into a normal map, key norm", "disp": "the surface is not displaced",
    "decal": "the picture is not drawn", "refl": "the surface reflects the scene", "map_pc": "varnish is even",
    "map_ps": "there is no sheen", "ps": "there is no sheen", "map_aat": "",
}  # fmt: skip
_FACTORS = {"kd", "ks", "ns", "ke", "ni", "d", "pr", "pm", "pc", "pcr", "aniso", "anisor", "illum"}


@dataclass
class _Entry:
    """One material of a file, as written: numbers by key, and pictures by slot."""

    name: str
    numbers: dict[str, list[float]] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    placements: dict[str, tuple[Floats, Floats]] = field(default_factory=dict)  # scale and offset, by slot
    clamped: set[str] = field(default_factory=set)


@dataclass(frozen=True, eq=False)
class MtlMaterial:
    """A material, and how it moves texture coordinates: ``uv * scale + offset``."""

    material: Material
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)


def read_mtl_files(names: list[str], resources: ResourceResolver, scene: ImportedScene) -> dict[str, MtlMaterial]:
    """Read MTL files and return their materials by name; one that is missing leaves its materials grey.

    Raises
    ------
    ModelError
        When there are too many materials, or a file lies outside the folder of the mesh.
    """
    entries: dict[str, _Entry] = {}
    is_linear = False
    for name in names:
        try:
            content = resources.get(name_beside(name))
        except MissingFileError:
            scene.warn(f"it refers to a file {name[:80]!r} that is missing; it renders without it")
            continue
        # Blender writes Kd in linear light, as its own colours are; others write what their screens show.
        is_linear |= b"Blender" in content[:200].split(b"newmtl", 1)[0]
        _parse(content.decode("utf-8", errors="replace"), entries, scene)
    files = TextureFiles(resources, scene, [image for entry in entries.values() for image in entry.images.values()])
    return {name: _build(entry, files, scene, is_linear) for name, entry in entries.items()}


def _parse(text: str, entries: dict[str, _Entry], scene: ImportedScene) -> None:
    entry: _Entry | None = None
    for line in re.sub(r"\\\r?\n", " ", text).splitlines():
        words = line.split("#", 1)[0].split(None, 1) if "#" in line else line.split(None, 1)
        if len(words) < 2:
            continue
        key, rest = words[0].lower(), words[1].strip()
        if key == "newmtl":
            entry = entries.setdefault(rest, _Entry(rest))
            MESH_MATERIALS.check(len(entries), f"it has {len(entries):,} materials", ModelError, "join some of them")
        elif entry is not None:
            _read_key(entry, key, words[0], rest, scene)


def _read_key(entry: _Entry, key: str, written: str, rest: str, scene: ImportedScene) -> None:
    if key in _IMAGES:
        _read_image(entry, _IMAGES[key], written, rest, scene)
    elif key in _FACTORS or key == "tr":
        if key == "d" and rest.startswith("-halo"):
            scene.ignore("d -halo", "opacity is the same from all sides", entry.name)
            rest = rest[5:]
        numbers = _numbers(rest)
        if not numbers:
            scene.ignore(f"{written} {rest[:30]}", "only numbers are read; the default is used", entry.name)
        elif key == "tr":  # the transparency is what is missing of opacity
            entry.numbers.setdefault("d", [1.0 - numbers[0]])
        else:
            entry.numbers[key] = numbers
    elif key not in _IGNORED:
        scene.ignore(written[:40], "it renders without", entry.name)
    elif _IGNORED[key] and not (key == "tf" and set(_numbers(rest)) <= {1.0}):
        scene.ignore(written, _IGNORED[key], entry.name)


def _read_image(entry: _Entry, slot: str, written: str, rest: str, scene: ImportedScene) -> None:
    """Read the options and the name of a picture; the name may have spaces, and is what follows the options."""
    words = rest.split()
    while words and words[0] in _OPTIONS:
        option, words = words[0], words[1:]
        values: list[str] = []
        while words and len(values) < _OPTIONS[option] and len(words) > 1:
            if not _is_number(words[0]) and values:
                break
            values.append(words.pop(0))
            if not _is_number(values[-1]):
                break  # on, off, a channel or a type
        _apply_option(entry, slot, f"{written} {option}", values, scene)
    if words:
        entry.images[slot] = rest[rest.index(words[0]) :] if len(words) > 1 else words[0]
        if len(words) > 1:  # the first words of the name may stand among the options too
            entry.images[slot] = " ".join(words)


def _apply_option(entry: _Entry, slot: str, label: str, values: list[str], scene: ImportedScene) -> None:
    option = label.rpartition(" ")[2]
    numbers = np.array([*(float(value) for value in values if _is_number(value)), *[np.nan] * 3])[:2]
    scale, offset = entry.placements.get(slot, (np.ones(2), np.zeros(2)))
    if option == "-s":
        entry.placements[slot] = np.where(np.isfinite(numbers), numbers, 1.0), offset
    elif option == "-o":
        entry.placements[slot] = scale, np.where(np.isfinite(numbers), numbers, 0.0)
    elif option == "-clamp":
        if values == ["on"]:
            entry.clamped.add(slot)
    elif option == "-bm" and slot == "normal":
        entry.numbers["bm"] = [float(numbers[0])] if np.isfinite(numbers[0]) else [1.0]
    elif option not in ("-blendu", "-blendv", "-texres", "-boost") and not (
        option == "-imfchan" and values == ["m" if slot == "opacity" else "l"]
    ):
        scene.ignore(label, "the picture is used without that option", entry.name)


# Long: it lists what a material has.
def _build(entry: _Entry, files: TextureFiles, scene: ImportedScene, is_linear: bool) -> MtlMaterial:
    pictures = {slot: files.pixels(name) for slot, name in entry.images.items()}
    textures = {slot: pixels for slot, pixels in pictures.items() if pixels is not None}
    opacity = _first(entry, "d", 1.0)
    base, alpha = textures.get("base"), textures.pop("opacity", None)
    if alpha is not None:
        base = _with_alpha(base, alpha)
    elif base is not None and base.shape[2] == 4:
        base = base[..., :3]  # only map_d makes an OBJ transparent
    rough, metal = textures.pop("rough", None), textures.pop("metal", None)
    slots = {"base": base, "rough": _pack_rough(rough, metal)}
    textures |= {slot: np.ascontiguousarray(pixels) for slot, pixels in slots.items() if pixels is not None}
    textured = pictures.get("base") is not None
    kd = entry.numbers.get("kd", [])
    if textured and len(kd) >= 3 and max(kd[:3]) - min(kd[:3]) > 0.02:
        scene.ignore("Kd next to map_Kd", "the picture has the colour alone", entry.name)
    placements = [entry.placements[slot] for slot in entry.images if slot in entry.placements]
    scale, offset = placements[0] if placements else (np.ones(2), np.zeros(2))
    if len(placements) not in (0, len(entry.images)) or any(
        not (np.array_equal(scale, s) and np.array_equal(offset, o)) for s, o in placements
    ):
        scene.ignore("-s and -o that differ from picture to picture", "all are placed as the first", entry.name)
    wrap: Wrap = ("clamp", "clamp") if entry.clamped else ("repeat", "repeat")
    material = Material(
        name=entry.name,
        base_color=_WHITE if textured else _colour(kd, Material().base_color, is_linear),
        metallic=_unit(_first(entry, "pm", 1.0 if metal is not None else 0.0)),
        roughness=_roughness(entry, rough is not None),
        textures=textures,
        glow=_colour(entry.numbers.get("ke", []), _WHITE if "glow" in textures else (0.0, 0.0, 0.0), True),
        opacity=_unit(opacity),
        blend=opacity < 1.0 or alpha is not None,
        wrap=wrap,
        normal_scale=_first(entry, "bm", 1.0),
        clearcoat=_unit(_first(entry, "pc", 0.0)),
        clearcoat_roughness=_unit(_first(entry, "pcr", 0.0)),
        ior=_refractive_index(entry),
        specular=_specular(entry),
        anisotropy=float(np.clip(_first(entry, "aniso", 0.0), -1.0, 1.0)),
        anisotropy_rotation=2.0 * np.pi * _first(entry, "anisor", 0.0),
    )
    return MtlMaterial(material, (float(scale[0]), float(scale[1])), (float(offset[0]), float(offset[1])))


def _with_alpha(base: NDArray[np.uint8] | None, alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture with the opacity of another: of its alpha if it has one, else of its brightness."""
    from PIL import Image

    values = alpha[..., 3] if alpha.shape[2] == 4 else np.round(alpha[..., :3].mean(axis=2)).astype(np.uint8)
    if base is None:
        return np.dstack([np.full((*values.shape, 3), 255, np.uint8), values])
    if values.shape != base.shape[:2]:
        height, width = base.shape[:2]
        values = np.asarray(Image.fromarray(values).resize((width, height), Image.Resampling.BILINEAR), np.uint8)
    return np.dstack([base[..., :3], values])


def _pack_rough(rough: NDArray[np.uint8] | None, metal: NDArray[np.uint8] | None) -> NDArray[np.uint8] | None:
    """Pack roughness into green and metallic into blue, as glTF does."""
    from PIL import Image

    if rough is None and metal is None:
        return None
    height, width = (rough if rough is not None else metal).shape[:2]  # type: ignore[union-attr]
    channels = [
        np.full((height, width), 255, np.uint8)
        if picture is None
        else np.asarray(Image.fromarray(picture[..., 0]).resize((width, height), Image.Resampling.BILINEAR), np.uint8)
        for picture in (None, rough, metal)
    ]
    return np.dstack(channels)


def _roughness(entry: _Entry, has_picture: bool) -> float:
    """Roughness, of Pr or else of the Phong exponent n.

    2 / (n + 2) is alpha squared, and alpha is roughness squared (Walter et al. 2007).
    """
    if "pr" in entry.numbers or has_picture:
        return _unit(_first(entry, "pr", 1.0))
    exponent = _first(entry, "ns", 0.0)
    return float(np.clip((2.0 / (exponent + 2.0)) ** 0.25, 0.05, 1.0)) if exponent > 0.0 else Material().roughness


def _refractive_index(entry: _Entry) -> float:
    """The refractive index; 1 is what programs write that know none."""
    index = _first(entry, "ni", 1.5)
    return index if 1.05 < index < 4.0 else 1.5


def _specular(entry: _Entry) -> float:
    """Weight of the specular reflection: Ks of 0.5 is a common dielectric's, as Blender writes it."""
    if _first(entry, "illum", 2.0) < 2.0:
        return 0.0 if "illum" in entry.numbers and "pm" not in entry.numbers else 1.0
    return _unit(2.0 * max(entry.numbers.get("ks", [0.5])))


def _colour(values: list[float], default: tuple[float, float, float], is_linear: bool) -> tuple[float, float, float]:
    if not values:
        return default
    colour = np.clip((values * 3)[:3] if len(values) < 3 else values[:3], 0.0, 1.0 if not is_linear else None)
    red, green, blue = (colour if is_linear else linear_from_srgb(colour)).tolist()
    return red, green, blue


def _first(entry: _Entry, key: str, default: float) -> float:
    return entry.numbers.get(key, [default])[0]


def _unit(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def _numbers(text: str) -> list[float]:
    """The finite numbers at the beginning of a text."""
    out: list[float] = []
    for word in text.split():
        if not _is_number(word):
            break
        out.append(float(word))
    return out


def _is_number(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False
