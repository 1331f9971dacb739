"""Code of a craft's shader: craft.glsl with the features of a material only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from selfiesim.craft.model import TEXTURE_SLOTS
from selfiesim.render.gl.shader_program import shader_source

if TYPE_CHECKING:
    from selfiesim.craft.model import Material

_VERTEX = {
    "//VTK::Normal::Dec": "//VTK::Normal::Dec\nout vec3 bodyPosition;\nout vec3 bodyNormal;\n",
    "//VTK::Normal::Impl": (
        "//VTK::Normal::Impl\n"
        "bodyPosition = (partToBody * vec4(vertexMC.xyz, 1.0)).xyz;\n"
        "bodyNormal = mat3(partToBody) * normalMC;\n"
    ),
}
# More vertex attributes: GLSL type, name in the fragment shader, value passed to it, interpolation.
ATTRIBUTES = {
    "partNumber": ("float", "part", "partNumber", "flat"),
    "vertexTint": ("vec3", "tint", "vertexTint", "smooth"),
    "vertexIndirect": ("vec3", "indirectLight", "vertexIndirect", "smooth"),
    "vertexAmbientVisibility": ("vec4", "vertexVisibility", "vertexAmbientVisibility", "smooth"),
    "vertexSkyVisibility": ("float", "skyVisibility", "vertexSkyVisibility", "smooth"),
    "vertexAlpha": ("float", "vertexOpacity", "vertexAlpha", "smooth"),
    "vertexUv2": ("vec2", "secondUv", "vertexUv2", "smooth"),
    "vertexTangent": ("vec4", "tangentU", "vec4(mat3(partToBody) * vertexTangent.xyz, vertexTangent.w)", "smooth"),
}
_INPUTS = "in vec3 bodyPosition;\nin vec3 bodyNormal;\n"
# Sampler of each texture slot, and the define that compiles in the code that reads it. Features that a material lacks
# are compiled out rather than branched over: software OpenGL runs both sides of a branch.
SAMPLERS = {name: (f"{name}Texture", f"#define {name.upper()}_MAP\n") for name in TEXTURE_SLOTS}
# What a texture does beyond 0 to 1 along one axis; textures repeat by default.
_WRAPPED = {"repeat": "{x}", "clamp": "clamp({x}, 0.0, 1.0)", "mirror": "(1.0 - abs(mod({x}, 2.0) - 1.0))"}

DRAFT = "#define DRAFT\n"
"""Leaves out what a draft lacks: beams of planetshine, what was traced, and outputs other than lights and parts."""


@dataclass(frozen=True)
class CraftShader:
    """Code of an actor's shader.

    Attributes
    ----------
    functions, main : str
        As :func:`selfiesim.render.gl.shader_program.replace_shading` takes them.
    vertex : dict of str to str
        Replacements in the vertex shader.
    """

    functions: str
    main: str
    vertex: dict[str, str]


def craft_shader(material: Material, attributes: list[str], outward_normals: bool) -> CraftShader:
    """Return the shader of a material.

    Parameters
    ----------
    material : Material
        The material.
    attributes : list of str
        Names of the vertex attributes that the mesh has, of :data:`ATTRIBUTES`.
    outward_normals : bool
        Whether normals point out of the surface; otherwise both sides of a sheet are lit.
    """
    defines = "".join(SAMPLERS[name][1] for name in material.textures)
    defines += "#define FOIL\n" if material.crumple > 0.0 else ""
    defines += "#define REGOLITH\n" if material.law else ""
    defines += "#define CLEARCOAT\n" if material.clearcoat > 0.0 else ""
    defines += "#define ANISOTROPY\n" if "vertexTangent" in attributes and material.anisotropy else ""
    defines += "#define OUTWARD\n" if outward_normals else ""
    defines += "#define SEE_THROUGH\n" if is_see_through(material) else ""
    defines += "#define MASK\n" if material.alpha_cutoff is not None else ""
    defines += f"#define WRAPPED(uv) {wrapped_uv('(uv)', material.wrap)}\n"
    second = wrapped_uv("secondUv", material.second_wrap) if "vertexUv2" in attributes else "uv"
    for name in material.textures:
        defines += f"#define {name.upper()}_UV(uv) {second if name in material.second_uv else 'uv'}\n"
    vertex, inputs = dict(_VERTEX), _INPUTS
    for name in attributes:
        kind, passed, value, interpolated = ATTRIBUTES[name]
        vertex["//VTK::Normal::Dec"] += f"in {kind} {name};\n{interpolated} out {kind} {passed};\n"
        vertex["//VTK::Normal::Impl"] += f"{passed} = {value};\n"
        inputs += f"{interpolated} in {kind} {passed};\n"
    if "vertexTint" not in attributes:
        inputs += "const vec3 tint = vec3(1.0);\n"
    if "vertexAlpha" not in attributes:
        inputs += "const float vertexOpacity = 1.0;\n"
    defines += "#define ON_GROUND\n" if "vertexAmbientVisibility" in attributes else ""
    defines += "#define GROUND\n" if "vertexSkyVisibility" in attributes else ""
    uv = "tcoordVCVSOutput" if material.textures else "vec2(0.0)"
    law = ("photometry",) if material.law else ()
    sources = ("noise", "opacity", "shadow_warp", "ambient_visibility", *law, "craft")
    functions = inputs + defines + "".join(shader_source(f"{name}.glsl") for name in sources)
    return CraftShader(functions, f"fragOutput0 = craftOutput(bodyPosition, bodyNormal, {uv}, part);\n", vertex)


def is_see_through(material: Material) -> bool:
    """Return whether a material may have holes, or let part of the light pass."""
    return material.blend or material.alpha_cutoff is not None


def wrapped_uv(uv: str, wrap: tuple[str, str]) -> str:
    """GLSL of texture coordinates as they are read."""
    if wrap == ("repeat", "repeat"):
        return uv
    u, v = (_WRAPPED[mode].format(x=f"{uv}.{axis}") for mode, axis in zip(wrap, "xy", strict=True))
    return f"vec2({u}, {v})"
