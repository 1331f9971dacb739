"""Read OBJ, PLY, STL, OFF and DAE files with trimesh, imported only when needed because the import takes 0.4 s."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_NODES, MESH_TRIANGLES, MESH_VERTICES
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.formats.textures import (
    IMAGE_FORMATS,
    UnreadableImageError,
    check_image_size,
    fit_texture_side,
    open_image,
    read_pixels,
)
from selfiesim.craft.formats.xml_mesh import read_dae_units
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene, MeshInstance
from selfiesim.craft.model import Material

TRIMESH_FORMATS = (".obj", ".ply", ".stl", ".off", ".dae")


def read_with_trimesh(content: bytes, suffix: str, resources: ResourceResolver) -> ImportedScene:
    """Read all mesh instances of a file in one of :data:`TRIMESH_FORMATS`.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    scene = ImportedScene()
    if suffix == ".dae":
        scene.metres_per_unit, scene.up = read_dae_units(content)
    _check_declared_counts(content, suffix)
    source = _load_trimesh(content, suffix, resources)
    _check_textures(resources, scene)
    placed = [(str(node), *source.graph[node]) for node in source.graph.nodes_geometry]
    meshes = [(node, matrix, source.geometry[name]) for node, matrix, name in placed]
    meshes = [(node, matrix, mesh) for node, matrix, mesh in meshes if len(getattr(mesh, "faces", ())) > 0]
    MESH_NODES.check(len(meshes), f"it has {len(meshes):,} meshes", ModelError, "join some of them")
    _check_triangle_count(sum(len(mesh.faces) for _, _, mesh in meshes))
    scene.nodes = [str(node) for node in source.graph.nodes]
    parents = source.graph.transforms.parents
    materials = _TrimeshMaterials(scene, [mesh.visual for _, _, mesh in meshes])
    with_normals = _has_normals(content, suffix)
    for node, matrix, mesh in meshes:
        material = materials.material(mesh.visual)
        scene.instances.append(
            _mesh_instance(node, _ancestors(node, parents), matrix, mesh, material, with_normals=with_normals)
        )
    for name in resources.missing:
        scene.warn(f"it refers to a file {name!r} that is missing; it renders without it")
    return scene


def _load_trimesh(content: bytes, suffix: str, resources: ResourceResolver) -> Any:
    """The file as a trimesh scene."""
    import trimesh

    file_type = suffix.removeprefix(".")
    try:
        loaded = trimesh.load(io.BytesIO(content), file_type=file_type, resolver=cast(Any, resources), process=False)
        scene = loaded if isinstance(loaded, trimesh.Scene) else trimesh.Scene(loaded)
        list(scene.graph.nodes_geometry)
    except ModelError:
        raise
    except ImportError as error:
        raise ModelError("COLLADA needs pycollada; pip install 'selfiesim[dae]', or save it as GLB") from error
    except Exception as error:  # trimesh fails on damaged files in more ways than can be listed
        raise ModelError(
            f"it cannot be read as {file_type.upper()}; the file is damaged ({type(error).__name__})"
        ) from error
    if resources.rejected is not None:
        raise resources.rejected
    return scene


def _check_textures(resources: ResourceResolver, scene: ImportedScene) -> None:
    """Open the images that the file refers to: trimesh silently skips those that it cannot open."""
    for name in [name for name, digest in resources.digests.items() if digest and not name.lower().endswith(".mtl")]:
        try:
            open_image(resources.get(name), f"the texture {name[:80]!r}")
        except UnreadableImageError as error:
            scene.warn(f"{error} is not a readable image; it is left out")


def _check_declared_counts(content: bytes, suffix: str) -> None:
    """Check the counts in a PLY or binary STL header: trimesh allocates whatever it declares."""
    if suffix == ".ply":
        header = content[: content.find(b"end_header")]
        for name, count in re.findall(rb"element\s+(\w+)\s+(\d+)", header):
            limit = MESH_TRIANGLES if name == b"face" else MESH_VERTICES
            label = f"element {name.decode(errors='replace')[:20]} {count[:20].decode()}"
            limit.check(float(count), label, ModelError, "decimate it")
    if suffix == ".stl" and len(content) >= 84:
        declared = int.from_bytes(content[80:84], "little")
        if len(content) == 84 + 50 * declared:  # the size of a binary STL; ASCII files have no count
            _check_triangle_count(declared)


def _check_triangle_count(count: int) -> None:
    MESH_TRIANGLES.check(count, f"it has {count:,} triangles", ModelError, "decimate it")


def _has_normals(content: bytes, suffix: str) -> bool:
    """Whether the file has vertex normals of its own; trimesh makes some up where it has none."""
    if suffix == ".obj":
        return content.startswith(b"vn ") or b"\nvn " in content
    return suffix == ".dae" or (suffix == ".ply" and b" nx" in content[: content.find(b"end_header")])


def _ancestors(node: Any, parents: dict[Any, Any]) -> tuple[str, ...]:
    """The node's name and those of its ancestors, nearest first."""
    names: list[str] = []
    while node is not None and str(node) not in names:  # some trimesh versions make a lone mesh its own parent
        names.append(str(node))
        node = parents.get(node)
    return tuple(names)


def _mesh_instance(
    node: str, ancestors: tuple[str, ...], matrix: Any, mesh: Any, material: Material, *, with_normals: bool
) -> MeshInstance:
    vertices = np.asarray(mesh.vertices, dtype=float)
    faces = np.asarray(mesh.faces, dtype=np.int64)
    if vertices.shape[1:] != (3,) or faces.shape[1:] != (3,):
        raise ModelError(f"{node!r} has vertices or faces that are not three numbers; the file is damaged")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ModelError(f"a face of {node!r} refers to vertex {faces.max():,} of {len(vertices):,}")
    uv = getattr(mesh.visual, "uv", None) if material.textures else None
    return MeshInstance(
        node=node,
        ancestors=ancestors,
        matrix=np.asarray(matrix, dtype=float),
        vertices=vertices,
        faces=faces,
        material=material,
        normals=np.asarray(mesh.vertex_normals, dtype=float) if with_normals else None,
        uv=None if uv is None or len(uv) != len(vertices) else np.asarray(uv, dtype=float)[:, :2],
        tint=_vertex_colors(mesh.visual, len(vertices)),
    )


def _vertex_colors(visual: Any, count: int) -> Floats | None:
    """Vertex colours (N, 3) in linear light; these formats store display colours."""
    colors = getattr(visual, "vertex_attributes", {}).get("color")
    if colors is None and getattr(visual, "kind", None) == "vertex":
        colors = visual.vertex_colors
    if colors is None or len(colors) != count:
        return None
    srgb = np.asarray(colors, dtype=float)[:, :3]
    if np.issubdtype(np.asarray(colors).dtype, np.integer):
        srgb = srgb / np.iinfo(np.asarray(colors).dtype).max
    return linear_from_srgb(np.clip(np.nan_to_num(srgb), 0.0, 1.0))


class _TrimeshMaterials:
    """Materials of formats that have a display colour, a Phong exponent and an image; each is read once."""

    def __init__(self, scene: ImportedScene, visuals: list[Any]) -> None:
        self._scene = scene
        self._read: dict[int, Material] = {}
        images = {id(image): image for visual in visuals if (image := _image(visual)) is not None}
        for image in images.values():
            check_image_size(image, "a texture")
        self._max_side = fit_texture_side([image.size for image in images.values()])

    def material(self, visual: Any) -> Material:
        """Return the material of a mesh; grey where the file defines none."""
        key = id(getattr(visual, "material", visual))
        if key not in self._read:
            self._read[key] = self._read_material(visual) if getattr(visual, "defined", False) else Material()
        return self._read[key]

    def _read_material(self, visual: Any) -> Material:
        source = getattr(visual, "material", None)
        name = str(getattr(source, "name", None) or "default")
        pixels = self._load_texture(_image(visual), name)
        material = Material(
            name=name, base_color=(1.0, 1.0, 1.0), roughness=_roughness(source), metallic=_metallic(source)
        )
        if pixels is not None:
            return replace(material, textures={"base": pixels})
        if getattr(visual, "kind", None) == "vertex":
            return material  # the vertices have colours of their own
        srgb = np.asarray((source if source is not None else visual).main_color, dtype=float)[:3] / 255.0
        red, green, blue = (float(value) for value in linear_from_srgb(srgb))
        return replace(material, base_color=(red, green, blue))

    def _load_texture(self, image: Any, name: str) -> NDArray[np.uint8] | None:
        if image is None:
            return None
        label = f"the texture of {name!r}"
        try:
            if image.format not in IMAGE_FORMATS:
                raise UnreadableImageError(label)
            pixels = read_pixels(image, self._max_side, label)
        except UnreadableImageError:
            self._scene.warn(f"{label} is not a readable image; it is left out")
            return None
        if max(pixels.shape[:2]) < max(image.size):
            self._scene.warn(f"{label} is scaled down to {self._max_side} pixels on its longer side")
        return pixels


def _image(visual: Any) -> Any:
    source = getattr(visual, "material", None)
    return getattr(source, "image", None) or getattr(source, "baseColorTexture", None)


def _roughness(source: Any) -> float:
    """Roughness, if need be from an MTL's Phong exponent n.

    2 / (n + 2) is alpha squared, and alpha is roughness squared (Walter et al. 2007).
    """
    given = getattr(source, "roughnessFactor", None)
    table = getattr(source, "kwargs", None) or {}
    try:
        if given is not None:
            return min(max(float(given), 0.0), 1.0)
        if "pr" in table:  # the PBR extension of MTL that Blender writes
            return min(max(float(table["pr"][0]), 0.0), 1.0)
        exponent = float(table["ns"])
        return float(np.clip((2.0 / (exponent + 2.0)) ** 0.25, 0.05, 1.0)) if exponent > 0.0 else Material().roughness
    except (KeyError, TypeError, ValueError, IndexError):
        return Material().roughness


def _metallic(source: Any) -> float:
    """Metallic factor of an MTL's PBR extension; 0 where it has none."""
    try:
        return min(max(float((getattr(source, "kwargs", None) or {})["pm"][0]), 0.0), 1.0)
    except (KeyError, TypeError, ValueError, IndexError):
        return 0.0
