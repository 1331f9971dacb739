"""The meshes of a craft with their shaders: one actor for each material and joint, and one that throws its shadow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.mesh.normals import tangents
from selfiesim.craft.model import TEXTURE_SLOTS
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
# Further numbers of a vertex: kind, name in the fragment shader, what is handed on, how it is interpolated.
_ATTRIBUTES = {
    "partNumber": ("float", "part", "partNumber", "flat"),
    "vertexTint": ("vec3", "tint", "vertexTint", "smooth"),
    "vertexIndirect": ("vec3", "indirectLight", "vertexIndirect", "smooth"),
    "vertexAmbientVisibility": ("vec4", "through", "vertexAmbientVisibility", "smooth"),
    "vertexSkyVisibility": ("float", "skyVisibility", "vertexSkyVisibility", "smooth"),
    "vertexTangent": ("vec4", "along", "vec4(mat3(partToBody) * vertexTangent.xyz, vertexTangent.w)", "smooth"),
}
# What throws shadows on the ground's wide map is drawn as that is spread; "wide" is 0 for all other maps.
_CASTER_VERTEX = {
    "//VTK::PositionVC::Dec": "//VTK::PositionVC::Dec\n" + shader_source("spread.glsl"),
    "//VTK::PositionVC::Impl": (
        "//VTK::PositionVC::Impl\ngl_Position.xy = mix(gl_Position.xy, spread(gl_Position.xy), wide);\n"
    ),
}
_INPUTS = "in vec3 bodyPosition;\nin vec3 bodyNormal;\n"
# What a material's textures are called in the shader, and what compiles in the code that reads them. What a material
# does not have is left out rather than branched over: software OpenGL runs both sides of a branch.
_SAMPLERS = {name: (f"{name}Texture", f"#define {name.upper()}_MAP\n") for name in TEXTURE_SLOTS}
_SRGB = ("base", "glow", "specular_color")  # pictures of light, as glTF has them; the others hold plain numbers
_CASTER = "if (texture(baseTexture, tcoordVCVSOutput).a < alphaCutoff) discard;\nfragOutput0 = vec4(1.0);\n"
# A glow is told in cd/m2: so much radiance makes one, the same in all three bands.
_LUMEN_NM_PER_WATT = 683.0 * 106.857

# What the shader writes: light; normal and part number; base colour and sunlight; bent normal and roughness; grain.
RADIANCE, SURFACE, COLOUR, GLOSS, GRAIN = 0.0, 1.0, 2.0, 3.0, 4.0

SHADOW_OFFSET_SAME_MESH, SHADOW_OFFSET_OTHER_MESH = (0.2, 0.3), (0.7, 1.8)
"""Texels of a shadow map by which surfaces are pushed off, square to the light and more at a slant.

Where what throws shadows is the same mesh; and where it is another one, or rough.
"""


@dataclass
class Group:
    """All parts of one material that move together."""

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
    """All ``parts`` of one material on one joint as an actor; ``maps`` are textures by name, ``numbers`` by node.

    No edge is longer than ``max_edge``, m. ``outward_normals`` says that normals tell what is outside.
    """
    material = parts[0].material
    mesh = _merge_meshes(parts, numbers, max_edge)
    if on_ground:
        mesh.point_data["vertexAmbientVisibility"] = np.ones((mesh.n_points, 4), np.float32)
    if outward_normals:
        mesh.point_data["vertexSkyVisibility"] = np.ones(mesh.n_points, np.float32)
    actor, caster = new_actor(mesh), new_actor(mesh)
    caster.GetProperty().LightingOff()
    attributes = [name for name in _ATTRIBUTES if name in mesh.point_data]
    for name in attributes:
        actor.GetMapper().MapDataArrayToVertexAttribute(name, name, 0, -1)  # 0: of the points
    for name, texture in maps.items():
        actor.GetProperty().SetTexture(name, texture)
    for name, picture in material.textures.items():
        texture = new_mipmapped_texture(picture[::-1], repeat=True, srgb=name in _SRGB)
        actor.GetProperty().SetTexture(_SAMPLERS[name][0], texture)
    _attach_shader(actor, material, attributes, outward_normals)
    shader = actor.GetShaderProperty()
    uniforms = Uniforms(shader.GetFragmentCustomUniforms())
    uniforms.set(
        baseColor=material.base_color,
        metallic=material.metallic,
        roughness=material.roughness,
        glow=np.array(material.glow) / _LUMEN_NM_PER_WATT,
        normalScale=material.normal_scale,
        occlusionStrength=material.occlusion_strength,
        alphaCutoff=material.alpha_cutoff or 0.0,
        crumple=material.crumple,
        crumpleScale=material.crumple_scale_m,
        f0Reflectance=material.f0_reflectance,
        specularWeight=material.specular,
        clearcoat=material.clearcoat,
        clearcoatRoughness=material.clearcoat_roughness,
        # Longer across the grain is longer along a grain turned by a right angle.
        anisotropy=abs(material.anisotropy),
        grainTurn=material.anisotropy_rotation + (np.pi / 2.0 if material.anisotropy < 0.0 else 0.0),
        outputMode=RADIANCE,
        lodBias=0.0,
        shadowNormalOffset=SHADOW_OFFSET_OTHER_MESH
        if outward_normals
        else SHADOW_OFFSET_SAME_MESH,  # rough ground under a low Sun wants more
        indirectWeight=0.0,
        sampleGrid=np.zeros(4),
        mirrors=0.0,
        bodyToScreen=np.eye(4),
        # All that a shader knows has to be declared before its first draw.
        beamDirection=np.array([0.0, 0.0, 1.0]),
        beamIrradiance=np.zeros(3),
        bodyToBeam=np.eye(4),
        beamTexel=1.0,
        beamSize=1.0,
        beamBias=0.0,
    )
    if material.alpha_cutoff is not None and "base" in material.textures:
        caster.GetProperty().SetTexture(
            "baseTexture", new_mipmapped_texture(material.textures["base"][::-1], repeat=True)
        )
        replace_shading(caster, "", _CASTER)
        Uniforms(caster.GetShaderProperty().GetFragmentCustomUniforms()).set(alphaCutoff=material.alpha_cutoff)
    vertex_uniforms = Uniforms(shader.GetVertexCustomUniforms())
    for hook, text in _CASTER_VERTEX.items():
        caster.GetShaderProperty().AddVertexShaderReplacement(hook, True, text, False)
    caster_uniforms = Uniforms(caster.GetShaderProperty().GetVertexCustomUniforms())
    caster_uniforms.set(warped=0.0)
    corners = _corners(parts)
    return Group(
        actor, caster, mesh, material, joint, corners, uniforms, vertex_uniforms, caster_uniforms, casts_shadow
    )


def _attach_shader(actor: Any, material: Material, attributes: list[str], outward_normals: bool) -> None:
    """Give an actor the shader of its material, with the code for what the material has and for nothing else."""
    defines = "".join(_SAMPLERS[name][1] for name in material.textures)
    defines += "#define FOIL\n" if material.crumple > 0.0 else ""
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
    functions = (
        inputs + defines + "".join(shader_source(f"{name}.glsl") for name in ("noise", "spread", "standing", "craft"))
    )
    replace_shading(actor, functions, f"fragOutput0 = craftOutput(bodyPosition, bodyNormal, {uv}, part);\n", vertex)


def _corners(parts: list[Part]) -> NDArray[np.float64]:
    """Corners (8 n, 3) of the box round each part."""
    boxes = np.array([[part.vertices.min(axis=0), part.vertices.max(axis=0)] for part in parts], float)
    picks = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    return boxes[:, picks, np.arange(3)].reshape(-1, 3)


def _merge_meshes(parts: list[Part], numbers: dict[str, int], max_edge: float) -> Any:
    """One mesh of several parts, with normals, texture coordinates and the number of each part."""
    import pyvista

    offsets = np.cumsum([0] + [len(part.vertices) for part in parts[:-1]])
    faces = np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=True)])
    columns = _vertex_columns(parts, numbers)
    widths = [values.shape[1] for values in columns.values()]
    together, faces = cut_long_edges(np.concatenate(list(columns.values()), axis=1), faces, max_edge)
    values = dict(zip(columns, np.split(together, np.cumsum(widths)[:-1], axis=1), strict=True))
    mesh = pyvista.PolyData.from_regular_faces(values.pop("position"), faces)
    mesh.point_data.active_normals = values.pop("normal")  # the shader brings them to length 1
    # Samplers (the shadow map too) exist only for meshes with texture coordinates.
    mesh.active_texture_coordinates = values.pop("uv")
    for name, value in values.items():
        mesh.point_data[name] = np.ascontiguousarray(value if value.shape[1] > 1 else value[:, 0])
    mesh.point_data["vertexIndirect"] = np.zeros((mesh.n_points, 3), np.float32)
    return mesh


def _vertex_columns(parts: list[Part], numbers: dict[str, int]) -> dict[str, NDArray[np.float32]]:
    """What belongs to each vertex, (N, C) by name."""
    uv = [np.zeros((len(p.vertices), 2), np.float32) if p.uv is None else p.uv for p in parts]
    found = {
        "position": np.concatenate([part.vertices for part in parts]),
        "normal": np.concatenate([part.normals for part in parts]),
        "uv": np.concatenate(uv),
        "partNumber": np.concatenate([np.full((len(p.vertices), 1), numbers[p.node], np.float32) for p in parts]),
    }
    if any(part.tint is not None for part in parts):
        tints = [np.ones((len(p.vertices), 3), np.float32) if p.tint is None else p.tint for p in parts]
        found["vertexTint"] = np.concatenate(tints)
    if "normal" in parts[0].material.textures or parts[0].material.anisotropy:
        grown = [tangents(p.vertices, p.normals, place, p.faces) for p, place in zip(parts, uv, strict=True)]
        found["vertexTangent"] = np.concatenate(grown).astype(np.float32)
    return found
