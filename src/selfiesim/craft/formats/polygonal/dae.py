"""Read COLLADA files with pycollada: nodes, materials and polygons under the names that their makers gave them."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_MATERIALS, MESH_NODES, MESH_TRIANGLES
from selfiesim.craft.formats.polygonal.polygon_mesh import PolygonMesh, linear_colours
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.formats.textures import TextureFiles
from selfiesim.craft.formats.xml_mesh import read_dae_units
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance, make_unique_name
from selfiesim.craft.model import Material, Wrap

_WRAPS = {"WRAP": "repeat", "MIRROR": "mirror", "CLAMP": "clamp", "BORDER": "clamp"}
_UNUSED_COLOURS = {
    "reflective": "the surface reflects the scene",
    "specular": "highlights have the strength of a dielectric's",
}


def read_dae(content: bytes, resources: ResourceResolver) -> ImportedScene:
    """Read a DAE file; ``resources`` opens its pictures.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    units = read_dae_units(content)
    try:
        import collada
    except ImportError as error:
        raise ModelError("COLLADA needs pycollada; pip install 'selfiesim[dae]', or save it as GLB") from error
    try:
        with np.errstate(all="ignore"):
            document = collada.Collada(io.BytesIO(content), ignore=[collada.common.DaeError])
            reader = _DaeReader(document, resources)
            reader.scene.metres_per_unit, reader.scene.up = units
            return reader.read()
    except ModelError:
        raise
    except Exception as error:  # pycollada fails on damaged files in more ways than can be listed
        raise ModelError(f"it cannot be read as DAE; the file is damaged ({type(error).__name__})") from error


class _DaeReader:
    """Walks the nodes of one document and reads each primitive once."""

    def __init__(self, document: Any, resources: ResourceResolver) -> None:
        self._document = document
        self.scene = ImportedScene()
        MESH_MATERIALS.check(len(document.materials), f"it has {len(document.materials):,} materials", ModelError)
        names = [name for effect in document.effects for name in _image_names(effect)]
        self._files = TextureFiles(resources, self.scene, names)
        self._materials: dict[str, tuple[Material, str | None]] = {}
        self._meshes: dict[tuple[int, str], MeshInstance] = {}
        self._used_names: dict[str, int] = {}
        self._triangles = 0

    def read(self) -> ImportedScene:
        document = self._document
        if document.scene is None:
            raise ModelError("it has no visual scene")
        if len(document.animations):
            self.scene.ignore("library_animations", "the model is static")
        if len(document.lights):
            self.scene.ignore("library_lights", "light comes from the scene")
        for node in document.scene.nodes:
            self._walk(node, np.eye(4), ())
        return self.scene

    def _walk(self, node: Any, matrix: Floats, ancestors: tuple[str, ...]) -> None:
        import collada

        if isinstance(node, collada.scene.NodeNode):
            node = node.node
        if isinstance(node, collada.scene.Node):
            xml = node.xmlnode
            name = make_unique_name(xml.get("name") or node.id or xml.get("sid") or "node", self._used_names)
            self.scene.nodes.append(name)
            for child in node.children:
                self._walk(child, matrix @ np.asarray(node.matrix, np.float64), (name, *ancestors))
        elif isinstance(node, collada.scene.GeometryNode):
            self._add_geometry(node.geometry, node.materials, matrix, ancestors)
        elif isinstance(node, collada.scene.ControllerNode):
            controller = node.controller
            if isinstance(controller, collada.controller.Skin):
                self.scene.ignore("skin", "the mesh keeps its bind pose", ancestors[0])
                bound = np.asarray(controller.bind_shape_matrix, np.float64).reshape(4, 4)
                self._add_geometry(controller.geometry, node.materials, matrix @ bound, ancestors)
            else:
                self.scene.ignore("morph", "the mesh keeps its base shape", ancestors[0])
                self._add_geometry(controller.source_geometry, node.materials, matrix, ancestors)

    def _add_geometry(self, geometry: Any, bindings: Any, matrix: Floats, ancestors: tuple[str, ...]) -> None:
        targets = {binding.symbol: binding for binding in bindings or []}
        for primitive in geometry.primitives:
            if not hasattr(primitive, "vcounts") and primitive.index.ndim != 3:
                self.scene.ignore("lines", "only surfaces are rendered", ancestors[0])
                continue
            binding = targets.get(primitive.material)
            key = id(primitive), binding.target.id if binding is not None else ""
            if key not in self._meshes:
                self._meshes[key] = self._read_primitive(primitive, binding)
            mesh = self._meshes[key]
            self._triangles += len(mesh.faces)
            what = f"it has {self._triangles:,} triangles, counting every copy"
            MESH_TRIANGLES.check(self._triangles, what, ModelError, "decimate it")
            count = len(self.scene.instances) + 1
            MESH_NODES.check(count, f"it has {count:,} meshes", ModelError, "join some of them")
            self.scene.instances.append(mesh.placed(ancestors[0], ancestors, matrix))

    def _read_primitive(self, primitive: Any, binding: Any) -> MeshInstance:
        rows = np.asarray(primitive.index, np.int64)
        if rows.ndim == 3:
            rows, sizes = rows.reshape(-1, rows.shape[2]), np.full(len(rows), 3)
        else:
            sizes = np.asarray(primitive.vcounts, np.int64)
        if sizes.sum() != len(rows):
            raise ModelError("a polylist's vcount does not fit its corners; the file is damaged")
        sources = primitive.sources
        offset, *_, points = sources["VERTEX"][0]
        mesh = PolygonMesh(np.asarray(points.data, np.float64)[:, :3], rows[:, offset], sizes)
        material, coordinates = (Material(), None) if binding is None else self._material(binding.target)
        if sources.get("NORMAL"):
            offset, *_, normals = sources["NORMAL"][0]
            mesh.normals, mesh.normal_index = np.asarray(normals.data, np.float64)[:, :3], rows[:, offset]
        if sources.get("TEXCOORD") and material.textures:
            offset, *_, uv = _coordinate_set(sources["TEXCOORD"], binding, coordinates)
            mesh.uv, mesh.uv_index = np.asarray(uv.data, np.float64)[:, :2], rows[:, offset]
        if sources.get("COLOR"):
            offset, *_, colours = sources["COLOR"][0]
            mesh.colours, mesh.colour_index = linear_colours(np.asarray(colours.data, np.float64)), rows[:, offset]
            if not material.textures:
                material = self._white(material)
        return mesh.instance(material, "", (), np.eye(4))

    def _white(self, material: Material) -> Material:
        """The material of a mesh whose vertices have the colours."""
        key = f"{material.name} of vertices"
        if key not in self._materials:
            self._materials[key] = replace(material, base_color=(1.0, 1.0, 1.0)), None
        return self._materials[key][0]

    def _material(self, target: Any) -> tuple[Material, str | None]:
        """A material, and the name of the texture coordinates that its picture uses."""
        if target.id not in self._materials:
            self._materials[target.id] = self._read_material(target)
        return self._materials[target.id]

    def _read_material(self, target: Any) -> tuple[Material, str | None]:
        effect, name = target.effect, str(target.name or target.id or "default")
        for key, reason in _UNUSED_COLOURS.items():
            value = getattr(effect, key, None)
            if _is_map(value) or (value is not None and any(part > 0.0 for part in value[:3])):
                self.scene.ignore(key, reason, name)
        if effect.bumpmap is not None:
            self.scene.ignore("bump", "the surface is smooth", name)
        base, coordinates, wrap = self._picture(effect.diffuse)
        alpha = None
        if _is_map(effect.transparent):
            alpha = self._picture(effect.transparent)[0]
        opacity = self._opacity(effect, name)
        if base is not None and alpha is not None:
            # Most programs name the picture of the colour again, and mean its alpha.
            alpha = alpha if alpha.shape == base.shape else base
        elif base is not None:
            base = base[..., :3]
        glow, _, _ = self._picture(effect.emission)
        textures = {
            slot: np.ascontiguousarray(each) for slot, each in (("base", base), ("glow", glow)) if each is not None
        }
        material = Material(
            name=name,
            base_color=(1.0, 1.0, 1.0) if _is_map(effect.diffuse) else _colour(effect.diffuse, Material().base_color),
            roughness=_roughness(effect.shininess),
            textures=textures,
            glow=(1.0, 1.0, 1.0) if glow is not None else _colour(effect.emission, (0.0, 0.0, 0.0)),
            opacity=opacity,
            blend=opacity < 1.0 or (alpha is not None and base is not None and base.shape[2] == 4),
            wrap=wrap,
        )
        return material, coordinates

    def _picture(self, value: Any) -> tuple[Any, str | None, Wrap]:
        """Pixels of a colour that is a picture, the name of its coordinates, and how it continues."""
        if not _is_map(value):
            return None, None, ("repeat", "repeat")
        path = value.sampler.surface.image.path
        xml = value.sampler.xmlnode
        found = {element.tag.rpartition("}")[2]: (element.text or "").strip() for element in xml.iter()}
        wrap = (_WRAPS.get(found.get("wrap_s", ""), "repeat"), _WRAPS.get(found.get("wrap_t", ""), "repeat"))
        return self._files.pixels(_file_name(path)), value.texcoord, wrap

    def _opacity(self, effect: Any, name: str) -> float:
        """Opacity, of the colour ``transparent`` and the number ``transparency`` (COLLADA 1.4.1, chapter 7)."""
        colour, share = effect.transparent, effect.transparency
        if colour is None and share is None:
            return 1.0
        share = 1.0 if _is_map(share) or share is None else float(share)
        if _is_map(colour):
            return float(np.clip(share, 0.0, 1.0)) if share > 0.0 else 1.0
        red, green, blue, alpha = (*map(float, (colour or (1.0, 1.0, 1.0, 1.0))[:3]), 1.0)
        if colour is not None and len(colour) > 3:
            alpha = float(colour[3])
        brightness = 0.212671 * red + 0.715160 * green + 0.072169 * blue  # the weights that COLLADA gives
        mode = effect.opaque_mode
        opacity = {
            "A_ONE": alpha * share,
            "A_ZERO": 1.0 - alpha * share,
            "RGB_ZERO": 1.0 - brightness * share,
            "RGB_ONE": brightness * share,
        }.get(str(mode), alpha * share)
        if opacity <= 0.0 and colour is None:
            # Several programs write the number the other way round, and nobody exports what cannot be seen.
            self.scene.ignore("transparency 0", "by the letter it would be invisible; it is opaque", name)
            return 1.0
        return float(np.clip(opacity, 0.0, 1.0))


def _is_map(value: Any) -> bool:
    return hasattr(value, "sampler")


def _file_name(path: str) -> str:
    """The name of a picture as a file of the mesh's folder: some programs write a URL of a file beside it."""
    from urllib.parse import unquote

    return unquote(path.removeprefix("./"))


def _image_names(effect: Any) -> list[str]:
    values = (effect.diffuse, effect.emission, effect.transparent)
    return [_file_name(value.sampler.surface.image.path) for value in values if _is_map(value)]


def _coordinate_set(inputs: list[Any], binding: Any, coordinates: str | None) -> Any:
    """The texture coordinates of a primitive that the material's picture uses."""
    wanted = next((number for name, _, number in binding.inputs if name == coordinates), None) if binding else None
    return next((each for each in inputs if wanted is not None and str(each[3] or 0) == str(wanted)), inputs[0])


def _colour(value: Any, default: tuple[float, float, float]) -> tuple[float, float, float]:
    if value is None or _is_map(value):
        return default
    red, green, blue = linear_from_srgb(np.clip(np.array(value[:3], float), 0.0, 1.0)).tolist()
    return red, green, blue


def _roughness(shininess: Any) -> float:
    """Roughness of a Phong exponent, as of an MTL's."""
    if shininess is None or _is_map(shininess) or not float(shininess) > 0.0:
        return Material().roughness
    return float(np.clip((2.0 / (float(shininess) + 2.0)) ** 0.25, 0.05, 1.0))
