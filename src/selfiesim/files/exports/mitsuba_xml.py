"""A scene at an instant as XML for Mitsuba 3: posed craft, camera, Sun, and planet or sky as an environment.

It needs no Mitsuba to be written. Axes are the craft's body axes, m. Light is that of our EXR files: linear sRGB, the
Sun white, 1 where the exposure saturates. Materials are Mitsuba's ``principled``, foil with a normal map.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_from_srgb, linear_srgb_from_bands, srgb_from_linear
from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write
from selfiesim.craft.colours import Converted, material_in_srgb
from selfiesim.files.exports.blender import metered_exposure
from selfiesim.files.exports.foil import FoilMaps
from selfiesim.files.exr import write_channels
from selfiesim.files.exr_layers import linear_light
from selfiesim.files.extras import import_extra
from selfiesim.planet.maps.surface import surface_maps
from selfiesim.render.mitsuba.renderer import MAX_PATH_DEPTH, SAMPLES
from selfiesim.render.mitsuba.scene import (
    SKY_AXES,
    camera_to_world,
    dust_sky_environment,
    has_null_transmission,
    planet_environment,
    refractive_index_from_f0,
    sensor_numbers,
    sun_disc,
)

if TYPE_CHECKING:
    from selfiesim.craft.model import Material, Part
    from selfiesim.photo.exposure import Exposure
    from selfiesim.view.view import View

_VERSION = "3.0.0"  # of the scene format
_MIN_ROUGHNESS = 0.05
_SQUARE_PIXEL_TOLERANCE = 1e-6
Element = ElementTree.Element


def write_mitsuba(view: View, path: Path) -> list[Path]:
    """Write a view as XML, with meshes and pictures in a folder next to it.

    Parameters
    ----------
    view : View
        The view.
    path : Path
        An ``.xml`` file.

    Returns
    -------
    list of Path
        The file, and the folder.

    Raises
    ------
    OutputError
        For pixels that are not square, which Mitsuba's camera does not have; when the package for EXR is missing, or a
        file cannot be written.
    """
    import_extra("OpenEXR")
    if abs(view.camera.fx / view.camera.fy - 1.0) > _SQUARE_PIXEL_TOLERANCE:
        raise OutputError(f"{path}: Mitsuba's camera has square pixels; export this scene as .glb or .usda")
    folder = path.with_name(f"{path.stem}-mitsuba")
    root = _Writer(folder, metered_exposure(view)).write(view)
    ElementTree.indent(root)
    with atomic_write(path) as temporary:
        temporary.write_bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    return [path, folder]


@dataclass
class _Writer:
    folder: Path
    exposure: Exposure
    _materials: dict[tuple[int, bool], tuple[Material, str]] = field(default_factory=dict)
    _converted: Converted = field(default_factory=dict)
    _foil: FoilMaps = field(default_factory=FoilMaps)
    _files: int = 0

    def write(self, view: View) -> Element:
        self.root = Element("scene", version=_VERSION)
        self.root.append(ElementTree.Comment(f" {view.epoch.utc()}: a simulation, written by selfiesim "))
        # Only the integrator for volumes lets light through surfaces with holes on its way from a lamp.
        integrator = _plugin(self.root, "integrator", "volpath" if has_null_transmission(view) else "path")
        _put(integrator, "integer", "max_depth", MAX_PATH_DEPTH)
        _put(integrator, "boolean", "hide_emitters", "false")
        self._sensor(view)
        self._sun(view)
        self._surroundings(view)
        for pose in view.crafts:
            to_scene = pose.transform_to_body(view.craft)
            for part in pose.parts:
                self._part(self._foil.apply(part), to_scene @ pose.joint_matrix(part.joint))
        return self.root

    def _sensor(self, view: View) -> None:
        sensor = _plugin(self.root, "sensor", "perspective")
        _put(sensor, "string", "fov_axis", "x")
        for name, value in sensor_numbers(view).items():
            _put(sensor, "float", name, value)
        _place(sensor, camera_to_world(view))
        _put(_plugin(sensor, "sampler", "independent"), "integer", "sample_count", SAMPLES["final"])
        film = _plugin(sensor, "film", "hdrfilm")
        _put(film, "integer", "width", view.camera.width)
        _put(film, "integer", "height", view.camera.height)
        _put(film, "string", "pixel_format", "rgb")

    def _sun(self, view: View) -> None:
        place, radiance = sun_disc(view)
        disc = _plugin(self.root, "shape", "disk")
        _place(disc, place)
        self._colour(
            _plugin(disc, "emitter", "area"), "radiance", linear_light(radiance.astype(np.float32), view, self.exposure)
        )

    def _surroundings(self, view: View) -> None:
        """Add what is around the craft, infinitely far away: the planet with its air, or the sky over a ground."""
        if view.ground is not None:
            light = dust_sky_environment(view)
        elif view.planet is not None and view.planet.shape is None:
            light = planet_environment(view, surface_maps(view.planet.surface))
        else:
            return
        shown = np.maximum(linear_light(light, view, self.exposure), 0.0)
        library, path = import_extra("OpenEXR"), self._file("surroundings.exr")
        header = {"compression": library.ZIP_COMPRESSION, "type": library.scanlineimage, "software": "selfiesim"}
        with atomic_write(path) as temporary:
            channels = {band: np.ascontiguousarray(shown[..., k]) for k, band in enumerate("RGB")}
            write_channels(temporary, header, channels)
        emitter = _plugin(self.root, "emitter", "envmap")
        _put(emitter, "string", "filename", f"{self.folder.name}/{path.name}")
        _place(emitter, np.array(SKY_AXES))

    def _part(self, part: Part, place: NDArray[np.float64]) -> None:
        self._files += 1
        path = self._file(f"{self._files:04d}.ply")
        with atomic_write(path) as temporary:
            temporary.write_bytes(_ply(part, place))
        shape = _plugin(self.root, "shape", "ply")
        _put(shape, "string", "filename", f"{self.folder.name}/{path.name}")
        ElementTree.SubElement(shape, "ref", id=self._material(part))

    def _material(self, part: Part) -> str:
        """Write the material of a part once, and return its id."""
        key = id(part.material), part.tint is not None
        if key not in self._materials:
            name = f"material{len(self._materials):03d}"
            self._write_material(name, material_in_srgb(part.material, self._converted), part.tint is not None)
            self._materials[key] = part.material, name  # which keeps its id from being given to another
        return self._materials[key][1]

    def _write_material(self, name: str, material: Material, is_tinted: bool) -> None:
        parent, top = self.root, {"id": name}
        opacity = self._opacity(name, material)
        if opacity is not None:
            parent, top = _plugin(parent, "bsdf", "mask", **top), {}
            parent.append(opacity)
        parent, top = _plugin(parent, "bsdf", "twosided", **top), {}
        if "normal" in material.textures:
            parent = _plugin(parent, "bsdf", "normalmap")
            scale = np.array([material.normal_scale, material.normal_scale, 1.0])
            normal = (material.textures["normal"][..., :3] / 127.5 - 1.0) * scale
            normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
            self._picture(parent, "normalmap", f"{name}-normal", 0.5 + 0.5 * normal, material)
        surface = _plugin(parent, "bsdf", "principled")
        base = np.array(material.base_color)
        if "base" in material.textures:
            pixels = linear_from_srgb(material.textures["base"][..., :3] / 255.0) * base
            self._picture(
                surface, "base_color", f"{name}-base", srgb_from_linear(np.clip(pixels, 0.0, 1.0)), material, True
            )
        elif is_tinted:
            _put(_plugin(surface, "texture", "mesh_attribute", name="base_color"), "string", "name", "vertex_tint")
        else:
            self._colour(surface, "base_color", np.clip(base, 0.0, 1.0))
        _put(surface, "float", "eta", refractive_index_from_f0(_plain_f0(material)))
        for key, value, band, least in (
            ("roughness", material.roughness, 1, _MIN_ROUGHNESS),
            ("metallic", material.metallic, 2, 0.0),
        ):
            if "rough" in material.textures:
                share = np.clip(material.textures["rough"][..., band] / 255.0 * value, least, 1.0)
                self._picture(surface, key, f"{name}-{key}", share, material)
            else:
                _put(surface, "float", key, max(value, least))

    def _opacity(self, name: str, material: Material) -> Element | None:
        """The share of light that a material stops, as a texture; None for an opaque one."""
        if not material.blend and material.alpha_cutoff is None:
            return None
        holder = Element("holder")
        texture = material.textures.get("base")
        if texture is not None and texture.shape[2] == 4:
            share = texture[..., 3] / 255.0 * material.opacity
            if material.alpha_cutoff is not None:
                share = (share >= material.alpha_cutoff).astype(float)
            self._picture(holder, "opacity", f"{name}-opacity", share, material)
        else:
            _put(holder, "float", "opacity", material.opacity if material.blend else 1.0)
        return holder[0]

    # Long by its parameters.
    def _picture(
        self,
        parent: Element,
        use: str,
        stem: str,
        values: NDArray[np.floating[Any]],
        material: Material,
        srgb: bool = False,
    ) -> None:
        """Write values (H, W) or (H, W, 3), 0 to 1, as PNG, and refer to it."""
        from PIL import Image

        path = self._file(f"{stem}.png")
        with atomic_write(path) as temporary:
            Image.fromarray(np.round(255.0 * values).astype(np.uint8)).save(temporary, "PNG")
        texture = _plugin(parent, "texture", "bitmap", name=use)
        _put(texture, "string", "filename", f"{self.folder.name}/{path.name}")
        _put(texture, "boolean", "raw", "false" if srgb else "true")
        _put(texture, "string", "wrap_mode", material.wrap[0])

    def _file(self, name: str) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder / name

    def _colour(self, parent: Element, name: str, values: NDArray[np.floating[Any]]) -> None:
        _put(parent, "rgb", name, " ".join(f"{value:.7g}" for value in values))


def _plain_f0(material: Material) -> float:
    return float(np.minimum(material.f0_reflectance, 1.0).mean()) * material.specular


def _plugin(parent: Element, tag: str, kind: str, **attributes: str) -> Element:
    return ElementTree.SubElement(parent, tag, {"type": kind} | attributes)


def _put(parent: Element, tag: str, name: str, value: object) -> None:
    ElementTree.SubElement(parent, tag, name=name, value=repr(value) if isinstance(value, float) else str(value))


def _place(parent: Element, matrix: NDArray[np.float64]) -> None:
    transform = ElementTree.SubElement(parent, "transform", name="to_world")
    ElementTree.SubElement(transform, "matrix", value=" ".join(repr(float(value)) for value in matrix.ravel()))


def _ply(part: Part, place: NDArray[np.float64]) -> bytes:
    """Return a part, placed, as binary PLY: positions, normals, texture coordinates and tint of its vertices."""
    count = len(part.vertices)
    columns: list[tuple[tuple[str, ...], NDArray[Any]]] = [
        (("x", "y", "z"), part.vertices @ place[:3, :3].T + place[:3, 3]),
        (("nx", "ny", "nz"), part.normals @ place[:3, :3].T),
    ]
    if part.uv is not None:
        # Rows of Mitsuba's pictures begin at v = 1, ours at v = 0.
        columns.append((("u", "v"), part.uv * (1.0, -1.0) + (0.0, 1.0)))
    if part.tint is not None:
        tint = np.clip(
            linear_srgb_from_bands(np.asarray(part.tint, float)) * material_in_srgb(part.material).base_color, 0, 1
        )
        columns.append((("tint_0", "tint_1", "tint_2"), tint))
    names = [name for group, _values in columns for name in group]
    vertices = np.concatenate([np.asarray(values, "<f4").reshape(count, -1) for _group, values in columns], axis=1)
    faces = np.empty(len(part.faces), np.dtype([("count", "u1"), ("corners", "<i4", 3)]))
    faces["count"], faces["corners"] = 3, part.faces
    header = "\n".join(
        [
            "ply", "format binary_little_endian 1.0", f"element vertex {count}",
            *(f"property float {name}" for name in names),
            f"element face {len(faces)}", "property list uchar int vertex_indices", "end_header", "",
        ]
    )  # fmt: skip
    return header.encode("ascii") + vertices.tobytes() + faces.tobytes()
