"""Child process that reads 3DS and FBX with Assimp."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfiesim.core.colour import linear_from_srgb
from selfiesim.craft.formats.converters.glb_scene import GlbScene, RefusedError, run_child
from selfiesim.craft.formats.referenced_files import name_beside

_TEXTURE_SLOTS = ("TextureType_DIFFUSE", "TextureType_EMISSIVE", "TextureType_NORMALS")


def _convert(source: str, target: str) -> None:
    import assimp_py

    flags = assimp_py.Process_Triangulate | assimp_py.Process_SortByPType
    if source.endswith(".fbx"):
        flags |= assimp_py.Process_GlobalScale  # to metres, from the unit that the file states
    try:
        scene = assimp_py.import_file(source, flags)
    except (RuntimeError, ValueError) as error:
        raise RefusedError(str(error).splitlines()[0] if str(error) else "Assimp gives no reason") from error
    out = GlbScene()
    if source.endswith(".fbx"):
        out.extras["metres_per_unit"] = 1.0
    out.materials = [_material(entry, number, out, assimp_py) for number, entry in enumerate(scene.materials)]
    primitives = [_primitive(mesh, out) for mesh in scene.meshes]
    out.save(target, [_node(scene.root_node, primitives, source.endswith(".3ds"), out, 0)])


def _node(node: Any, primitives: list[dict[str, Any] | None], is_3ds: bool, out: GlbScene, depth: int) -> int:
    if depth > 256:
        raise RefusedError("its nodes are nested over 256 levels deep")
    found = [primitives[number] for number in node.mesh_indices]
    matrix = np.array(node.transformation, float).reshape(4, 4)
    if depth == 0 and is_3ds:
        matrix = np.eye(4)  # Assimp turns Z up to Y up; the body axes are the file's own
    index = out.node(str(node.name or "node"), matrix, [each for each in found if each is not None])
    children = [_node(child, primitives, is_3ds, out, depth + 1) for child in node.children]
    if children:
        out.nodes[index]["children"] = children
    return index


def _primitive(mesh: Any, out: GlbScene) -> dict[str, Any] | None:
    """The triangles of a mesh; None for points and lines."""
    if mesh.num_indices != 3 * mesh.num_faces or not mesh.num_faces:
        return None
    uv = np.asarray(mesh.texcoords[0]).reshape(mesh.num_vertices, -1)[:, :2] if mesh.texcoords else None
    colours = np.asarray(mesh.colors[0]).reshape(mesh.num_vertices, -1) if mesh.colors else None
    return out.primitive(
        np.asarray(mesh.vertices), np.asarray(mesh.indices), mesh.material_index,
        np.asarray(mesh.normals) if mesh.normals else None, uv, colours,
    )  # fmt: skip


def _material(entry: dict[str, Any], number: int, out: GlbScene, assimp: Any) -> dict[str, Any]:
    colour = linear_from_srgb(np.clip(np.array(entry.get("COLOR_DIFFUSE", (0.6, 0.6, 0.6)), float)[:3], 0.0, 1.0))
    opacity = _number(entry.get("OPACITY"), 1.0)
    opacity = opacity if 0.0 < opacity <= 1.0 else 1.0
    exponent = _number(entry.get("SHININESS"), 0.0)
    roughness = float(np.clip((2.0 / (exponent + 2.0)) ** 0.25, 0.05, 1.0)) if exponent > 0.0 else 0.6
    pbr: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": roughness}
    look: dict[str, Any] = {"name": str(entry.get("NAME") or f"material {number}"), "pbrMetallicRoughness": pbr}
    names = {slot: _first_name(entry, getattr(assimp, slot)) for slot in _TEXTURE_SLOTS}
    if names["TextureType_DIFFUSE"]:
        pbr["baseColorTexture"] = out.texture(names["TextureType_DIFFUSE"])
        colour = np.ones(3)
    if names["TextureType_NORMALS"]:
        look["normalTexture"] = out.texture(names["TextureType_NORMALS"])
    emissive = np.clip(np.array(entry.get("COLOR_EMISSIVE", (0.0, 0.0, 0.0)), float)[:3], 0.0, 1.0)
    if emissive.any():
        look["emissiveFactor"] = linear_from_srgb(emissive).tolist()
    pbr["baseColorFactor"] = [*colour.tolist(), opacity]
    if opacity < 1.0:
        look["alphaMode"] = "BLEND"
    return look


def _first_name(entry: dict[str, Any], kind: Any) -> str:
    names = entry.get("TEXTURES", {}).get(kind) or [""]
    return name_beside(str(names[0] if isinstance(names, list | tuple) else names))


def _number(value: Any, default: float) -> float:
    values = np.ravel(np.asarray(default if value is None else value, dtype=float))
    return float(values[0]) if len(values) and np.isfinite(values[0]) else default


if __name__ == "__main__":
    run_child(_convert)
