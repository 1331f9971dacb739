"""Meshes of a craft with their shaders: an actor for each material and joint, and one that casts its shadow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.colours import COLOUR_SLOTS
from selfiesim.craft.mesh.normals import tangents
from selfiesim.craft.model import TEXTURE_SLOTS
from selfiesim.planet.light.photometry import LAWS, LunarLambertLaw, lambert_share
from selfiesim.render.gl.shader_program import (
    Uniforms,
    new_actor,
    new_mipmapped_texture,
    replace_shading,
    shader_source,
)
from selfiesim.render.gl.tessellate import cut_long_edges

if TYPE_CHECKING:
    from selfiesim.craft.model import Material, Part

_VERTEX = {
    "//VTK::Normal::Dec": "//VTK::Normal::Dec\nout vec3 bodyPosition;\nout vec3 bodyNormal;\n",
    "//VTK::Normal::Impl": (
        "//VTK::Normal::Impl\n"
        "bodyPosition = (partToBody * vec4(vertexMC.xyz, 1.0)).xyz;\n"
        "bodyNormal = mat3(partToBody) * normalMC;\n"
    ),
}
# More vertex attributes: GLSL type, name in the fragment shader, value passed to it, interpolation.
_ATTRIBUTES = {
    "partNumber": ("float", "part", "partNumber", "flat"),
    "vertexTint": ("vec3", "tint", "vertexTint", "smooth"),
    "vertexIndirect": ("vec3", "indirectLight", "vertexIndirect", "smooth"),
    "vertexAmbientVisibility": ("vec4", "vertexVisibility", "vertexAmbientVisibility", "smooth"),
    "vertexSkyVisibility": ("float", "skyVisibility", "vertexSkyVisibility", "smooth"),
    "vertexTangent": ("vec4", "tangentU", "vec4(mat3(partToBody) * vertexTangent.xyz, vertexTangent.w)", "smooth"),
}
# Casters on the far shadow map of a ground are warped like the map; "warped" is 0 for all other maps.
_CASTER_VERTEX = {
    "//VTK::PositionVC::Dec": "//VTK::PositionVC::Dec\n" + shader_source("shadow_warp.glsl"),
    "//VTK::PositionVC::Impl": (
        "//VTK::PositionVC::Impl\n"
        "gl_Position.xy = mix(gl_Position.xy, warpShadowCoordinates(gl_Position.xy), warped);\n"
    ),
}
_INPUTS = "in vec3 bodyPosition;\nin vec3 bodyNormal;\n"
# Sampler of each texture slot, and the define that compiles in the code that reads it. Features that a material lacks
# are compiled out rather than branched over: software OpenGL runs both sides of a branch.
_SAMPLERS = {name: (f"{name}Texture", f"#define {name.upper()}_MAP\n") for name in TEXTURE_SLOTS}
_CASTER = "if (texture(baseTexture, tcoordVCVSOutput).a < alphaCutoff) discard;\nfragOutput0 = vec4(1.0);\n"
# Glow is given in cd/m2. Luminance (cd/m2) of a spectral radiance of 1 W m^-2 sr^-1 nm^-1 in all three bands:
_LUMEN_NM_PER_WATT = 683.0 * 106.857

# Shader outputs: radiance; normal and part number; base colour and sunlight; shading normal and roughness; grain.
RADIANCE, SURFACE, COLOUR, GLOSS, GRAIN = 0.0, 1.0, 2.0, 3.0, 4.0

SHADOW_OFFSET_CRAFT, SHADOW_OFFSET_GROUND = (0.2, 0.3), (0.7, 1.8)
"""Normal offset of shadow map lookups, texels: facing the light, and the extra at grazing incidence.

Rough ground under a low Sun needs more than a craft.
"""


@dataclass
class Group:
    """All parts of one material that move together.

    Attributes
    ----------
    actor, caster : vtkActor
        The actors seen by the camera and by lights.
    mesh : pyvista.PolyData
        The mesh of both, in body axes with the joint at zero, m.
    material : Material
        Their material.
    joint : str or None
        The joint that moves them.
    corners : (8 n, 3) array
        Corners of the bounding box of each part, m.
    uniforms, vertex_uniforms, caster_uniforms : Uniforms
        Uniforms of the actor's fragment and vertex shader, and of the caster's vertex shader.
    casts_shadow : bool
        Whether the parts cast shadows.
    """

    actor: Any
    caster: Any
    mesh: Any
    material: Material
    joint: str | None
    corners: NDArray[np.float64]
    uniforms: Uniforms
    vertex_uniforms: Uniforms
    caster_uniforms: Uniforms
    casts_shadow: bool = True


def build_group(
    parts: list[Part],
    joint: str | None,
    maps: dict[str, Any],
    numbers: dict[str, int],
    max_edge: float,
    casts_shadow: bool,
    outward_normals: bool,
    on_ground: bool,
) -> Group:
    """Build the actor and the shadow caster of all ``parts`` that share a material and a joint.

    Parameters
    ----------
    parts : list of Part
        Parts of one material.
    joint : str or None
        The joint that moves them.
    maps : dict
        Textures of the craft's lights (shadow maps, reflections), by the name of their sampler.
    numbers : dict of str to int
        Part number of each node.
    max_edge : float
        Edges longer than this are split, m.
    casts_shadow : bool
        Whether the parts cast shadows.
    outward_normals : bool
        Whether normals point out of the surface; otherwise both sides of a sheet are lit.
    on_ground : bool
        Whether the craft is on a ground.
    """
    material = parts[0].material
    mesh = _merge_meshes(parts, numbers, max_edge)
    if on_ground:
        mesh.point_data["vertexAmbientVisibility"] = np.ones((mesh.n_points, 4), np.float32)
    if outward_normals:
        mesh.point_data["vertexSkyVisibility"] = np.ones(mesh.n_points, np.float32)
    actor = _build_actor(mesh, material, maps, outward_normals)
    caster = _build_caster(mesh, material)
    shader = actor.GetShaderProperty()
    uniforms = Uniforms(shader.GetFragmentCustomUniforms())
    uniforms.set(**_material_uniforms(material), **_initial_uniforms(outward_normals))
    caster_uniforms = Uniforms(caster.GetShaderProperty().GetVertexCustomUniforms())
    caster_uniforms.set(warped=0.0)
    return Group(
        actor=actor,
        caster=caster,
        mesh=mesh,
        material=material,
        joint=joint,
        corners=_corners(parts),
        uniforms=uniforms,
        vertex_uniforms=Uniforms(shader.GetVertexCustomUniforms()),
        caster_uniforms=caster_uniforms,
        casts_shadow=casts_shadow,
    )


def _build_actor(mesh: Any, material: Material, maps: dict[str, Any], outward_normals: bool) -> Any:
    """Return the actor that the camera sees, with its vertex attributes, textures and shader."""
    actor = new_actor(mesh)
    attributes = [name for name in _ATTRIBUTES if name in mesh.point_data]
    for name in attributes:
        actor.GetMapper().MapDataArrayToVertexAttribute(name, name, 0, -1)  # 0: point data
    for name, texture in maps.items():
        actor.GetProperty().SetTexture(name, texture)
    for name, image in material.textures.items():
        texture = new_mipmapped_texture(image[::-1], repeat=True, srgb=name in COLOUR_SLOTS)
        actor.GetProperty().SetTexture(_SAMPLERS[name][0], texture)
    _attach_shader(actor, material, attributes, outward_normals)
    return actor


def _build_caster(mesh: Any, material: Material) -> Any:
    """Return the actor that shadow maps are rendered from; an alpha cutoff leaves holes in its shadow."""
    caster = new_actor(mesh)
    caster.GetProperty().LightingOff()
    shader = caster.GetShaderProperty()
    if material.alpha_cutoff is not None and "base" in material.textures:
        texture = new_mipmapped_texture(material.textures["base"][::-1], repeat=True)
        caster.GetProperty().SetTexture("baseTexture", texture)
        replace_shading(caster, "", _CASTER)
        Uniforms(shader.GetFragmentCustomUniforms()).set(alphaCutoff=material.alpha_cutoff)
    for hook, text in _CASTER_VERTEX.items():
        shader.AddVertexShaderReplacement(hook, True, text, False)
    return caster


def _material_uniforms(material: Material) -> dict[str, ArrayLike]:
    uniforms: dict[str, ArrayLike] = {}
    if material.law:
        uniforms = law_uniforms(LAWS[material.law]) | {"lambertShare": lambert_share(material.law)}
    return uniforms | {
        "baseColor": material.base_color,
        "metallic": material.metallic,
        "roughness": material.roughness,
        "glow": np.array(material.glow) / _LUMEN_NM_PER_WATT,
        "normalScale": material.normal_scale,
        "occlusionStrength": material.occlusion_strength,
        "alphaCutoff": material.alpha_cutoff or 0.0,
        "crumple": material.crumple,
        "crumpleScale": material.crumple_scale_m,
        "f0Reflectance": material.f0_reflectance,
        "specularWeight": material.specular,
        "clearcoat": material.clearcoat,
        "clearcoatRoughness": material.clearcoat_roughness,
        # Negative anisotropy stretches highlights across the grain: as positive with the grain rotated by 90 degrees.
        "anisotropy": abs(material.anisotropy),
        "grainTurn": material.anisotropy_rotation + (np.pi / 2.0 if material.anisotropy < 0.0 else 0.0),
    }


def law_uniforms(law: LunarLambertLaw) -> dict[str, ArrayLike]:
    """Return the uniforms of photometry.glsl."""
    return {
        "lawSingle": law.lommel_seeliger_poly,
        "lawDiffuse": law.lambert_poly,
        "lawSurge": (law.surge_height, law.surge_width),
    }


def _initial_uniforms(outward_normals: bool) -> dict[str, ArrayLike]:
    """Return the initial values of the uniforms that change from pass to pass."""
    return {
        "outputMode": RADIANCE,
        "lodBias": 0.0,
        "shadowNormalOffset": SHADOW_OFFSET_GROUND if outward_normals else SHADOW_OFFSET_CRAFT,
        "indirectWeight": 0.0,
        "sampleGrid": np.zeros(4),
        "reflectionWeight": 0.0,
        "bodyToScreen": np.eye(4),
        # All uniforms must be declared before the first render.
        "beamDirection": np.array([0.0, 0.0, 1.0]),
        "beamIrradiance": np.zeros(3),
        "bodyToBeam": np.eye(4),
        "beamTexel": 1.0,
        "beamSize": 1.0,
        "beamBias": 0.0,
    }


def _attach_shader(actor: Any, material: Material, attributes: list[str], outward_normals: bool) -> None:
    """Give an actor a shader with the code for the features of its material only."""
    defines = "".join(_SAMPLERS[name][1] for name in material.textures)
    defines += "#define FOIL\n" if material.crumple > 0.0 else ""
    defines += "#define REGOLITH\n" if material.law else ""
    defines += "#define CLEARCOAT\n" if material.clearcoat > 0.0 else ""
    defines += "#define ANISOTROPY\n" if "vertexTangent" in attributes and material.anisotropy else ""
    defines += "#define OUTWARD\n" if outward_normals else ""
    defines += "#define MASK\n" if material.alpha_cutoff is not None else ""
    vertex, inputs = dict(_VERTEX), _INPUTS
    for name in attributes:
        kind, passed, value, interpolated = _ATTRIBUTES[name]
        vertex["//VTK::Normal::Dec"] += f"in {kind} {name};\n{interpolated} out {kind} {passed};\n"
        vertex["//VTK::Normal::Impl"] += f"{passed} = {value};\n"
        inputs += f"{interpolated} in {kind} {passed};\n"
    if "vertexTint" not in attributes:
        inputs += "const vec3 tint = vec3(1.0);\n"
    defines += "#define ON_GROUND\n" if "vertexAmbientVisibility" in attributes else ""
    defines += "#define GROUND\n" if "vertexSkyVisibility" in attributes else ""
    uv = "tcoordVCVSOutput" if material.textures else "vec2(0.0)"
    sources = ("noise", "shadow_warp", "ambient_visibility", *(("photometry",) if material.law else ()), "craft")
    functions = inputs + defines + "".join(shader_source(f"{name}.glsl") for name in sources)
    replace_shading(actor, functions, f"fragOutput0 = craftOutput(bodyPosition, bodyNormal, {uv}, part);\n", vertex)


def _corners(parts: list[Part]) -> NDArray[np.float64]:
    """Return the corners (8 n, 3) of the bounding box of each part."""
    boxes = np.array([[part.vertices.min(axis=0), part.vertices.max(axis=0)] for part in parts], float)
    picks = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    return boxes[:, picks, np.arange(3)].reshape(-1, 3)


def _merge_meshes(parts: list[Part], numbers: dict[str, int], max_edge: float) -> Any:
    """Merge parts into one mesh with normals, texture coordinates and part numbers."""
    import pyvista

    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    faces = np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)])
    columns = _vertex_columns(parts, numbers)
    widths = [values.shape[1] for values in columns.values()]
    merged, faces = cut_long_edges(np.concatenate(list(columns.values()), axis=1), faces, max_edge)
    values = dict(zip(columns, np.split(merged, np.cumsum(widths)[:-1], axis=1), strict=True))
    mesh = pyvista.PolyData.from_regular_faces(values.pop("position"), faces)
    mesh.point_data.active_normals = values.pop("normal")  # the shader normalizes them
    # VTK declares samplers (of the shadow map too) only for meshes with texture coordinates.
    mesh.active_texture_coordinates = values.pop("uv")
    for name, value in values.items():
        mesh.point_data[name] = np.ascontiguousarray(value if value.shape[1] > 1 else value[:, 0])
    mesh.point_data["vertexIndirect"] = np.zeros((mesh.n_points, 3), np.float32)
    return mesh


def _vertex_columns(parts: list[Part], numbers: dict[str, int]) -> dict[str, NDArray[np.float32]]:
    """Return the data of each vertex, (N, C) arrays by name."""
    uv = [np.zeros((len(p.vertices), 2), np.float32) if p.uv is None else p.uv for p in parts]
    columns = {
        "position": np.concatenate([part.vertices for part in parts]),
        "normal": np.concatenate([part.normals for part in parts]),
        "uv": np.concatenate(uv),
        "partNumber": np.concatenate([np.full((len(p.vertices), 1), numbers[p.node], np.float32) for p in parts]),
    }
    if any(part.tint is not None for part in parts):
        tints = [np.ones((len(p.vertices), 3), np.float32) if p.tint is None else p.tint for p in parts]
        columns["vertexTint"] = np.concatenate(tints)
    if "normal" in parts[0].material.textures or parts[0].material.anisotropy:
        along_u = [tangents(p.vertices, p.normals, part_uv, p.faces) for p, part_uv in zip(parts, uv, strict=True)]
        columns["vertexTangent"] = np.concatenate(along_u).astype(np.float32)
    return columns
