"""A scene at an instant as a GLB file, with posed craft, camera and Sun, for work in Blender and similar tools.

Its axes are glTF's (x right, y up, looking along -z), in metres with the origin at the camera, so that nearby geometry
keeps its precision. The planet is left out, since at true scale it exceeds 32-bit metres; the extras give its position.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_srgb_from_bands
from selfiesim.craft.colours import Converted, material_in_srgb
from selfiesim.craft.formats.glb_writer import (
    ARRAY_BUFFER,
    CLAMP,
    ELEMENT_BUFFER,
    FLOAT,
    MIRROR,
    REPEAT,
    UINT32,
    GlbBuffer,
    pack_glb,
)
from selfiesim.files.exports.foil import FoilMaps

if TYPE_CHECKING:
    from selfiesim.craft.model import Material, Part, Wrap
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

GLTF_FROM_CAMERA = np.diag([1.0, -1.0, -1.0])
"""Rotation from camera axes to those of the file."""
# Lux per mean spectral irradiance of the bands: 683 lm/W times the integral of the CIE 1924 luminous efficiency,
# 106.857 nm. Sunlight of 1.94, 1.85 and 2.05 W m-2 nm-1 at 1 au gives the 128,000 lux above the atmosphere.
_LUX = 683.0 * 106.857

_TEXTURES = {"base": "baseColorTexture", "rough": "metallicRoughnessTexture", "normal": "normalTexture"}
_TEXTURES |= {"occlusion": "occlusionTexture", "glow": "emissiveTexture"}
_TEXTURES |= {"specular": "specularTexture", "specular_color": "specularColorTexture"}
_WRAP_MODES = {"repeat": REPEAT, "clamp": CLAMP, "mirror": MIRROR}
_NEAR_PLANE_M = 0.05


def scene_glb(view: View) -> bytes:
    """Export a view.

    Parameters
    ----------
    view : View
        The view.

    Returns
    -------
    bytes
        A GLB file, glTF 2.0.
    """
    return _Writer().to_glb(view)


@dataclass
class _Writer:
    buffer: GlbBuffer = field(default_factory=GlbBuffer)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    meshes: list[dict[str, Any]] = field(default_factory=list)
    materials: list[dict[str, Any]] = field(default_factory=list)
    _known: dict[int, int] = field(default_factory=dict)
    _pictures: dict[int, int] = field(default_factory=dict)
    _textures: Converted = field(default_factory=dict)
    _foil: FoilMaps = field(default_factory=FoilMaps)

    def to_glb(self, view: View) -> bytes:
        top = [self._craft(pose) for pose in view.crafts]
        top.append(self._node({"name": "camera", "camera": 0, "extras": _intrinsics(view)}))
        light = {"KHR_lights_punctual": {"light": 0}}
        quaternion = light_rotation(-GLTF_FROM_CAMERA @ view.sun.direction)
        top.append(self._node({"name": "sun", "rotation": quaternion, "extensions": light}))
        sun = {"name": "sun", "type": "directional", "color": [1.0, 1.0, 1.0], "intensity": sun_lux(view)}
        used = {"KHR_lights_punctual"} | {key for each in self.materials for key in each.get("extensions", {})}
        document: dict[str, Any] = {
            "asset": {"version": "2.0", "generator": "selfiesim", "extras": _scene_extras(view)},
            "scene": 0,
            "scenes": [{"nodes": top}],
            "cameras": [_perspective(view)],
            "extensions": {"KHR_lights_punctual": {"lights": [sun]}},
            "extensionsUsed": sorted(used),
        }
        document |= {"nodes": self.nodes, "meshes": self.meshes, "materials": self.materials} | self.buffer.tables()
        return pack_glb(document, bytes(self.buffer.data))

    def _node(self, node: dict[str, Any]) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1

    def _craft(self, pose: CraftPose) -> int:
        place = np.eye(4)
        place[:3, :3] = GLTF_FROM_CAMERA @ pose.body_to_camera
        place[:3, 3] = GLTF_FROM_CAMERA @ pose.position
        joints: dict[str | None, list[int]] = {}
        for part in pose.parts:
            joints.setdefault(part.joint, []).append(self._part(self._foil.apply(part)))
        children = []
        for joint, parts in joints.items():
            node = {"name": joint or "body", "children": parts, "matrix": _column_major(pose.joint_matrix(joint))}
            children.append(self._node(node))
        return self._node({"name": pose.name or pose.craft.name, "children": children, "matrix": _column_major(place)})

    def _part(self, part: Part) -> int:
        points = np.asarray(part.vertices, np.float32)
        bounds = {"min": [float(v) for v in points.min(axis=0)], "max": [float(v) for v in points.max(axis=0)]}
        put = self.buffer.accessor
        attributes = {
            "POSITION": put(points, "VEC3", FLOAT, ARRAY_BUFFER, **bounds),
            "NORMAL": put(np.asarray(part.normals, np.float32), "VEC3", FLOAT, ARRAY_BUFFER),
        }
        if part.uv is not None:
            uv = np.stack([part.uv[:, 0], 1.0 - part.uv[:, 1]], axis=1).astype(np.float32)
            attributes["TEXCOORD_0"] = put(uv, "VEC2", FLOAT, ARRAY_BUFFER)
        if part.uv2 is not None:
            uv2 = np.stack([part.uv2[:, 0], 1.0 - part.uv2[:, 1]], axis=1).astype(np.float32)
            attributes["TEXCOORD_1"] = put(uv2, "VEC2", FLOAT, ARRAY_BUFFER)
        if part.tint is not None or part.opacity is not None:
            attributes["COLOR_0"] = put(_vertex_colours(part), "VEC4", FLOAT, ARRAY_BUFFER)
        indices = put(part.faces.astype(np.uint32).ravel(), "SCALAR", UINT32, ELEMENT_BUFFER)
        primitive = {"attributes": attributes, "indices": indices, "material": self._material(part.material)}
        self.meshes.append({"name": part.name, "primitives": [primitive]})
        return self._node({"name": part.name, "mesh": len(self.meshes) - 1})

    def _material(self, material: Material) -> int:
        if id(material) not in self._known:
            self.materials.append(self._material_entry(material_in_srgb(material, self._textures)))
            self._known[id(material)] = len(self.materials) - 1
        return self._known[id(material)]

    def _material_entry(self, material: Material) -> dict[str, Any]:
        pbr: dict[str, Any] = {"baseColorFactor": [*map(float, material.base_color), float(material.opacity)]}
        pbr |= {"metallicFactor": material.metallic, "roughnessFactor": material.roughness}
        look: dict[str, Any] = {"name": material.name, "pbrMetallicRoughness": pbr, "doubleSided": True}
        specular_textures: dict[str, Any] = {}
        for kind, picture in material.textures.items():
            place = (
                pbr
                if kind in ("base", "rough")
                else specular_textures
                if kind in ("specular", "specular_color")
                else look
            )
            second = kind in material.second_uv
            index = self._texture(picture, material.second_wrap if second else material.wrap)
            place[_TEXTURES[kind]] = {"index": index} | ({"texCoord": 1} if second else {})
        if "normal" in material.textures:
            look["normalTexture"]["scale"] = material.normal_scale
        if "occlusion" in material.textures:
            look["occlusionTexture"]["strength"] = material.occlusion_strength
        if material.alpha_cutoff is not None:
            look |= {"alphaMode": "MASK", "alphaCutoff": material.alpha_cutoff}
        elif material.blend:
            look["alphaMode"] = "BLEND"
        if brightest := max(material.glow):
            look["emissiveFactor"] = [float(v / brightest) for v in material.glow]
        extensions = _extensions(material, specular_textures)
        return look | ({"extensions": extensions} if extensions else {})

    def _texture(self, picture: NDArray[np.uint8], wrap: Wrap) -> int:
        return self.buffer.texture(self._picture(picture), _WRAP_MODES[wrap[0]], _WRAP_MODES[wrap[1]])

    def _picture(self, picture: NDArray[np.uint8]) -> int:
        from PIL import Image

        if id(picture) not in self._pictures:
            stream = io.BytesIO()
            Image.fromarray(picture).save(stream, "PNG")
            self.buffer.images.append({"mimeType": "image/png", "bufferView": self.buffer.view(stream.getvalue())})
            self._pictures[id(picture)] = len(self.buffer.images) - 1
        return self._pictures[id(picture)]


def _vertex_colours(part: Part) -> NDArray[np.float32]:
    """Colours of the vertices, linear sRGB, and their opacity (N, 4)."""
    colours = np.ones((len(part.vertices), 4), np.float32)
    if part.tint is not None:
        colours[:, :3] = np.clip(linear_srgb_from_bands(part.tint), 0.0, 1.0)
    if part.opacity is not None:
        colours[:, 3] = part.opacity
    return colours


def _extensions(material: Material, specular_textures: dict[str, Any]) -> dict[str, Any]:
    """Material properties beyond core glTF; ``specular_textures`` holds the textures of KHR_materials_specular."""
    out: dict[str, Any] = {}
    if brightest := max(material.glow):
        out["KHR_materials_emissive_strength"] = {"emissiveStrength": float(brightest)}
    if material.clearcoat:
        coat = {"clearcoatFactor": material.clearcoat, "clearcoatRoughnessFactor": material.clearcoat_roughness}
        out["KHR_materials_clearcoat"] = coat
    if material.anisotropy:
        # glTF has no highlight across the grain; it equals one along a grain rotated by a right angle.
        turn = material.anisotropy_rotation + (np.pi / 2.0 if material.anisotropy < 0.0 else 0.0)
        brushed = {"anisotropyStrength": abs(material.anisotropy), "anisotropyRotation": float(turn)}
        out["KHR_materials_anisotropy"] = brushed
    if material.ior != 1.5:
        out["KHR_materials_ior"] = {"ior": material.ior}
    if material.specular != 1.0:
        specular_textures = specular_textures | {"specularFactor": material.specular}
    if material.specular_color != (1.0, 1.0, 1.0):
        specular_textures = specular_textures | {"specularColorFactor": [float(v) for v in material.specular_color]}
    return out | ({"KHR_materials_specular": specular_textures} if specular_textures else {})


def sun_lux(view: View) -> float:
    """Return the illuminance by the Sun on a surface of the craft that faces it, lux."""
    return float(view.sun.irradiance.mean() * view.craft.sun_visible_fraction) * _LUX


def _column_major(matrix: NDArray[np.float64]) -> list[float]:
    return [float(v) for v in matrix.T.ravel()]  # glTF stores columns first


def light_rotation(direction: NDArray[np.float64]) -> list[float]:
    """Return the quaternion, scalar last, that rotates -z, along which glTF's lights shine, to ``direction`` (3,)."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.align_vectors([direction], [[0.0, 0.0, -1.0]])[0]
    return [float(v) for v in turn.as_quat()]


def _perspective(view: View) -> dict[str, Any]:
    camera = view.camera
    yfov = 2.0 * float(np.arctan(0.5 * camera.height / camera.fy))
    aspect = camera.width / camera.height * camera.fy / camera.fx
    return {
        "name": "camera",
        "type": "perspective",
        "perspective": {"yfov": yfov, "aspectRatio": aspect, "znear": _NEAR_PLANE_M, "zfar": 1e6},
    }


def _intrinsics(view: View) -> dict[str, Any]:
    """Intrinsics in OpenCV's terms, which glTF cameras lack: pixels, off-centre principal point, distortion."""
    camera = view.camera
    extras: dict[str, Any] = {"size_px": [camera.width, camera.height]}
    extras["K"] = [[camera.fx, 0.0, camera.cx], [0.0, camera.fy, camera.cy], [0.0, 0.0, 1.0]]
    extras["distortion"] = repr(camera.distortion) if camera.distortion else None
    return extras


def _scene_extras(view: View) -> dict[str, Any]:
    extras: dict[str, Any] = {"title": view.shot.title, "axes": "camera at the origin, x right, y up, looks along -z"}
    extras["epoch"] = str(view.epoch)
    if view.planet is not None:
        extras["planet_centre_m"] = [float(v) for v in GLTF_FROM_CAMERA @ view.planet.position]
    return extras
