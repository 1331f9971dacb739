"""OBJ, PLY, STL, OFF and DAE files, through trimesh, into shapes. Its import alone takes 0.4 s."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.limits import MAX_NODES, MAX_TRIANGLES
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
    """All shapes of a file in one of :data:`TRIMESH_FORMATS`.

    Raises
    ------
    ModelError
        Says what is wrong, without the file's name: the caller knows it.
    """
    out = ImportedScene()
    if suffix == ".dae":
        out.metres_per_unit, out.up = read_dae_units(content)
    if suffix == ".ply":
        _check_ply(content)
    if suffix == ".stl" and len(content) >= 84 and len(content) == 84 + 50 * int.from_bytes(content[80:84], "little"):
        _check_triangle_count(int.from_bytes(content[80:84], "little"))
    scene = _load_trimesh(content, suffix, resources)
    _check_textures(resources, out)
    placed = [(str(node), *scene.graph[node]) for node in scene.graph.nodes_geometry]
    meshes = [(node, matrix, scene.geometry[name]) for node, matrix, name in placed]
    meshes = [(node, matrix, mesh) for node, matrix, mesh in meshes if len(getattr(mesh, "faces", ())) > 0]
    if len(meshes) > MAX_NODES:
        raise ModelError(f"it has {len(meshes):,} meshes; the limit is {MAX_NODES:,}: join some of them")
    _check_triangle_count(sum(len(mesh.faces) for _, _, mesh in meshes))
    out.nodes = [str(node) for node in scene.graph.nodes]
    parents = scene.graph.transforms.parents
    materials = _TrimeshMaterials(out, [mesh.visual for _, _, mesh in meshes])
    with_normals = _has_normals(content, suffix)
    for node, matrix, mesh in meshes:
        out.shapes.append(
            _mesh_instance(node, _ancestors(node, parents), matrix, mesh, materials.of(mesh.visual), with_normals)
        )
    for name in resources.missing:
        out.warn(f"it names a file {name!r} that is not there; it is drawn without")
    return out


def _load_trimesh(content: bytes, suffix: str, resources: ResourceResolver) -> Any:
    import trimesh

    kind = suffix.removeprefix(".")
    try:
        loaded = trimesh.load(io.BytesIO(content), file_type=kind, resolver=cast(Any, resources), process=False)
        scene = loaded if isinstance(loaded, trimesh.Scene) else trimesh.Scene(loaded)
        list(scene.graph.nodes_geometry)
    except ModelError:
        raise
    except ImportError as error:
        raise ModelError("COLLADA needs pycollada; pip install 'selfiesim[dae]', or save it as GLB") from error
    except Exception as error:  # a mesh library meets a damaged file in more ways than can be listed
        raise ModelError(f"cannot be read as {kind.upper()}; the file is damaged ({type(error).__name__})") from error
    if resources.rejected is not None:
        raise resources.rejected
    return scene


def _check_textures(resources: ResourceResolver, out: ImportedScene) -> None:
    """The pictures that the file names, which trimesh passes over in silence where it cannot open them."""
    for name in [name for name, digest in resources.digests.items() if digest and not name.lower().endswith(".mtl")]:
        try:
            open_image(resources.get(name), f"the texture {name[:80]!r}")
        except UnreadableImageError as error:
            out.warn(f"{error} is no picture that can be read; it is left out")


def _check_triangle_count(count: int) -> None:
    if count > MAX_TRIANGLES:
        raise ModelError(f"it has {count:,} triangles; the limit is {MAX_TRIANGLES:,}: decimate it")


def _check_ply(content: bytes) -> None:
    """A header may ask for any number of rows, and trimesh makes room for them."""
    header = content[: content.find(b"end_header")]
    for name, count in re.findall(rb"element\s+(\w+)\s+(\d+)", header):
        most = MAX_TRIANGLES if name == b"face" else 3 * MAX_TRIANGLES
        if len(count) > 9 or int(count) > most:
            shown = name.decode(errors="replace")[:20]
            raise ModelError(f"element {shown} {count[:20].decode()}: the limit is {most:,}: decimate it")


def _has_normals(content: bytes, suffix: str) -> bool:
    if suffix == ".obj":
        return content.startswith(b"vn ") or b"\nvn " in content
    return suffix == ".dae" or (suffix == ".ply" and b" nx" in content[: content.find(b"end_header")])


def _ancestors(node: Any, parents: dict[Any, Any]) -> tuple[str, ...]:
    names: list[str] = []
    while node is not None and str(node) not in names:  # some trimesh versions make a lone mesh its own parent
        names.append(str(node))
        node = parents.get(node)
    return tuple(names)


def _mesh_instance(
    node: str, ancestors: tuple[str, ...], matrix: Any, mesh: Any, material: Material, with_normals: bool
) -> MeshInstance:
    vertices = np.asarray(mesh.vertices, dtype=float)
    faces = np.asarray(mesh.faces, dtype=np.int64)
    if vertices.shape[1:] != (3,) or faces.shape[1:] != (3,):
        raise ModelError(f"{node!r} has vertices of other than three numbers; the file is damaged")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ModelError(f"a face of {node!r} names vertex {faces.max():,} of {len(vertices):,}")
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
    """Colours of the vertices (N, 3), linear light; these formats have them as screens show them."""
    given = getattr(visual, "vertex_attributes", {}).get("color")
    if given is None and getattr(visual, "kind", None) == "vertex":
        given = visual.vertex_colors
    if given is None or len(given) != count:
        return None
    share = np.asarray(given, dtype=float)[:, :3]
    if np.issubdtype(np.asarray(given).dtype, np.integer):
        share = share / np.iinfo(np.asarray(given).dtype).max
    return linear_from_srgb(np.clip(np.nan_to_num(share), 0.0, 1.0))


class _TrimeshMaterials:
    """Materials of formats that know a display colour, a shine and a picture; each read once."""

    def __init__(self, out: ImportedScene, visuals: list[Any]) -> None:
        self._out = out
        self._read: dict[int, Material] = {}
        images = {id(image): image for visual in visuals if (image := _image(visual)) is not None}
        for image in images.values():
            check_image_size(image, "a texture")
        self._max_side = fit_texture_side([image.size for image in images.values()])

    def of(self, visual: Any) -> Material:
        """The material of a mesh; grey where the file says nothing."""
        key = id(getattr(visual, "material", visual))
        if key not in self._read:
            self._read[key] = self._material(visual) if getattr(visual, "defined", False) else Material()
        return self._read[key]

    def _material(self, visual: Any) -> Material:
        source = getattr(visual, "material", None)
        name = str(getattr(source, "name", None) or "default")
        texture = self._load_texture(_image(visual), name)
        look = Material(name=name, base_color=(1.0, 1.0, 1.0), roughness=_roughness(source), metallic=_metallic(source))
        if texture is not None:
            return replace(look, textures={"base": texture})
        if getattr(visual, "kind", None) == "vertex":
            return look  # each vertex has its own
        shown = np.asarray((source if source is not None else visual).main_color, dtype=float)[:3] / 255.0
        red, green, blue = (float(value) for value in linear_from_srgb(shown))
        return replace(look, base_color=(red, green, blue))

    def _load_texture(self, image: Any, name: str) -> NDArray[np.uint8] | None:
        if image is None:
            return None
        label = f"the texture of {name!r}"
        try:
            if image.format not in IMAGE_FORMATS:
                raise UnreadableImageError(label)
            picture = read_pixels(image, self._max_side, label)
        except UnreadableImageError:
            self._out.warn(f"{label} is no picture that can be read; it is left out")
            return None
        if max(picture.shape[:2]) < max(image.size):
            self._out.warn(f"{label} is made smaller, to {self._max_side} on its longer side")
        return picture


def _image(visual: Any) -> Any:
    source = getattr(visual, "material", None)
    return getattr(source, "image", None) or getattr(source, "baseColorTexture", None)


def _roughness(source: Any) -> float:
    """From an MTL's Phong exponent n: 2 / (n + 2) is alpha^2, alpha the square of roughness (Walter et al. 2007)."""
    given = getattr(source, "roughnessFactor", None)
    table = getattr(source, "kwargs", None) or {}
    try:
        if given is not None:
            return min(max(float(given), 0.0), 1.0)
        if "pr" in table:  # the extension that Blender writes
            return min(max(float(table["pr"][0]), 0.0), 1.0)
        exponent = float(table["ns"])
        return float(np.clip((2.0 / (exponent + 2.0)) ** 0.25, 0.05, 1.0)) if exponent > 0.0 else Material().roughness
    except (KeyError, TypeError, ValueError, IndexError):
        return Material().roughness


def _metallic(source: Any) -> float:
    try:
        return min(max(float((getattr(source, "kwargs", None) or {})["pm"][0]), 0.0), 1.0)
    except (KeyError, TypeError, ValueError, IndexError):
        return 0.0


def linear_from_srgb(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light from display numbers: IEC 61966-2-1."""
    return np.asarray(np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4))
