"""Meshes of a craft with their shaders: an actor for each material and joint, and one that casts its shadow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.colours import COLOUR_SLOTS
from selfiesim.craft.mesh.normals import tangents
from selfiesim.planet.light.photometry import LAWS, LunarLambertLaw, lambert_share
from selfiesim.render.gl.shader_program import (
    Uniforms,
    new_actor,
    new_mipmapped_texture,
    replace_shading,
    set_functions,
    shader_source,
)
from selfiesim.render.gl.tessellate import cut_long_edges
from selfiesim.render.layers.craft_shader import (
    ATTRIBUTES,
    DRAFT,
    SAMPLERS,
    craft_shader,
    is_see_through,
    wrapped_uv,
)

if TYPE_CHECKING:
    from selfiesim.craft.model import Material, Part

# Casters on the far shadow map of a ground are warped like the map; "warped" is 0 for all other maps.
_CASTER_VERTEX = {
    "//VTK::PositionVC::Dec": "//VTK::PositionVC::Dec\n" + shader_source("shadow_warp.glsl"),
    "//VTK::PositionVC::Impl": (
        "//VTK::PositionVC::Impl\n"
        "gl_Position.xy = mix(gl_Position.xy, warpShadowCoordinates(gl_Position.xy), warped);\n"
    ),
}
_CASTER = "if ({left_out}) discard;\nfragOutput0 = vec4(1.0);\n"
# Glow is given in cd/m2. Luminance (cd/m2) of a spectral radiance of 1 W m^-2 sr^-1 nm^-1 in all three bands:
_LUMEN_NM_PER_WATT = 683.0 * 106.857

# Outputs: radiance; normal and part number; base colour and sunlight; shading normal and roughness; grain; and lights.
RADIANCE, SURFACE, COLOUR, GLOSS, GRAIN = 0.0, 1.0, 2.0, 3.0, 4.0
CRAFT_LIGHTS = {"sun": 5.0, "planetshine": 6.0, "interreflection": 7.0, "reflection": 8.0, "glow": 9.0}

DITHERED = -1.0  # least opacity of what is drawn: none, so that the mean of the passes is the right mixture
_CASTER_SALT = 0.37  # what is lit and what is seen through a surface are independent

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
    uniforms, vertex_uniforms, caster_uniforms, caster_fragment_uniforms : Uniforms
        Of the fragment and vertex shader of the actor, and of the vertex and fragment shader of the caster.
    casts_shadow : bool
        Whether the parts cast shadows.
    salt : float
        Makes the noise of the group's opacity independent of that of others, 0 to 1.
    functions : str
        Code of the actor's fragment shader.
    is_draft : bool
        Whether the actor has the shader of a draft.
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
    caster_fragment_uniforms: Uniforms
    casts_shadow: bool = True
    salt: float = 0.0
    functions: str = ""
    is_draft: bool = False

    @property
    def mean_opacity(self) -> float:
        """The mean share of light that blended parts stop; 1 for others."""
        if not self.material.blend:
            return 1.0
        opacity, texture = float(self.material.opacity), self.material.textures.get("base")
        if texture is not None and texture.shape[2] == 4:
            opacity *= float(texture[..., 3].mean()) / 255.0
        if "vertexAlpha" in self.mesh.point_data:
            opacity *= float(np.mean(self.mesh.point_data["vertexAlpha"]))
        return opacity

    def set_draft(self, is_draft: bool) -> None:
        """Give the actor the shader of a draft, or the whole one."""
        if is_draft != self.is_draft:
            self.is_draft = is_draft
            set_functions(self.actor, DRAFT * is_draft + self.functions)

    def set_dither(self, number: float, min_opacity: float) -> None:
        """Set the pass, and the least opacity of what is drawn, or :data:`DITHERED`, for the camera."""
        self.uniforms.set(dither=np.array([number, min_opacity, self.salt]))

    def set_caster_dither(self, number: float, min_opacity: float) -> None:
        """Set likewise what casts a shadow."""
        self.caster_fragment_uniforms.set(dither=np.array([number, min_opacity, self.salt + _CASTER_SALT]))


# Long by its parameters.
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
    attributes = [name for name in ATTRIBUTES if name in mesh.point_data]
    actor, code = _build_actor(mesh, material, maps, attributes), craft_shader(material, attributes, outward_normals)
    replace_shading(actor, code.functions, code.main, code.vertex)
    caster = _build_caster(mesh, material)
    shader = actor.GetShaderProperty()
    uniforms = Uniforms(shader.GetFragmentCustomUniforms())
    uniforms.set(**_material_uniforms(material), **_initial_uniforms(outward_normals))
    caster_uniforms = Uniforms(caster.GetShaderProperty().GetVertexCustomUniforms())
    caster_uniforms.set(warped=0.0)
    caster_fragment_uniforms = Uniforms(caster.GetShaderProperty().GetFragmentCustomUniforms())
    if is_see_through(material):
        caster_fragment_uniforms.set(surfaceOpacity=material.opacity, alphaCutoff=material.alpha_cutoff or 0.0)
    group = Group(
        actor=actor,
        caster=caster,
        mesh=mesh,
        material=material,
        joint=joint,
        corners=_corners(parts),
        uniforms=uniforms,
        vertex_uniforms=Uniforms(shader.GetVertexCustomUniforms()),
        caster_uniforms=caster_uniforms,
        caster_fragment_uniforms=caster_fragment_uniforms,
        casts_shadow=casts_shadow,
        salt=crc32(f"{material.name} {joint}".encode()) / 2**32,
        functions=code.functions,
    )
    group.set_dither(0.0, DITHERED)
    group.set_caster_dither(0.0, DITHERED)
    return group


def _build_actor(mesh: Any, material: Material, maps: dict[str, Any], attributes: list[str]) -> Any:
    """Return the actor that the camera sees, with its vertex attributes and textures."""
    actor = new_actor(mesh)
    for name in attributes:
        actor.GetMapper().MapDataArrayToVertexAttribute(name, name, 0, -1)  # 0: point data
    for name, texture in maps.items():
        actor.GetProperty().SetTexture(name, texture)
    for name, image in material.textures.items():
        wrap = material.second_wrap if name in material.second_uv else material.wrap
        texture = new_mipmapped_texture(image[::-1], repeat="repeat" in wrap, srgb=name in COLOUR_SLOTS)
        actor.GetProperty().SetTexture(SAMPLERS[name][0], texture)
    return actor


def _build_caster(mesh: Any, material: Material) -> Any:
    """Return the actor that shadow maps are rendered from; opacity leaves holes in its shadow."""
    caster = new_actor(mesh)
    caster.GetProperty().LightingOff()
    shader = caster.GetShaderProperty()
    vertex = dict(_CASTER_VERTEX)
    if is_see_through(material):
        share, inputs = "surfaceOpacity", shader_source("opacity.glsl")
        if "base" in material.textures and material.textures["base"].shape[2] == 4:
            texture = new_mipmapped_texture(material.textures["base"][::-1], repeat="repeat" in material.wrap)
            caster.GetProperty().SetTexture("baseTexture", texture)
            share += f" * texture(baseTexture, {wrapped_uv('tcoordVCVSOutput', material.wrap)}).a"
        if "vertexAlpha" in mesh.point_data:
            caster.GetMapper().MapDataArrayToVertexAttribute("vertexAlpha", "vertexAlpha", 0, -1)
            vertex["//VTK::PositionVC::Dec"] += "in float vertexAlpha;\nout float vertexOpacity;\n"
            vertex["//VTK::PositionVC::Impl"] += "vertexOpacity = vertexAlpha;\n"
            inputs += "in float vertexOpacity;\n"
            share += " * vertexOpacity"
        left_out = f"isLeftOut({share}, dither)" if material.blend else f"{share} < alphaCutoff"
        replace_shading(caster, inputs, _CASTER.format(left_out=left_out))
    for hook, text in vertex.items():
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
        "surfaceOpacity": material.opacity,
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
    if is_see_through(parts[0].material) and any(part.opacity is not None for part in parts):
        columns["vertexAlpha"] = np.concatenate(
            [np.ones((len(p.vertices), 1), np.float32) if p.opacity is None else p.opacity[:, None] for p in parts]
        )
    if parts[0].material.second_uv and any(part.uv2 is not None for part in parts):
        columns["vertexUv2"] = np.concatenate(
            [part_uv if p.uv2 is None else p.uv2 for p, part_uv in zip(parts, uv, strict=True)]
        )
    if "normal" in parts[0].material.textures or parts[0].material.anisotropy:
        along_u = [tangents(p.vertices, p.normals, part_uv, p.faces) for p, part_uv in zip(parts, uv, strict=True)]
        columns["vertexTangent"] = np.concatenate(along_u).astype(np.float32)
    return columns
