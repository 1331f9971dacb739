"""Mesh files into parts, through trimesh. Slow (trimesh alone takes 0.4 s to import), so its result is cached."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.assembly import Assembly, Look
from selfiesim.craft.craft import Material, Part
from selfiesim.craft.gltf import Contents, check_inside, checked
from selfiesim.craft.normals import creased_normals, index_corners
from selfiesim.errors import ModelError

MOST_BYTES = 512 * 1024 * 1024
MOST_TRIANGLES = 20_000_000
MOST_TEXTURE_PX = 16_384

_GLTF_TEXTURES = {
    "base": "baseColorTexture",
    "rough": "metallicRoughnessTexture",
    "normal": "normalTexture",
    "occlusion": "occlusionTexture",
    "glow": "emissiveTexture",
}


@dataclass
class Companions:
    """Opens the files a mesh names (buffers, textures, MTL), only inside its folder, and notes their digests.

    The mesh library passes over some failures (an OBJ without its MTL is grey, not wrong); ``refused`` keeps those
    that may not be passed over.
    """

    folder: Path
    digests: dict[str, str] = field(default_factory=dict)
    refused: ModelError | None = None

    def get(self, name: str) -> bytes:
        """The bytes of a companion file."""
        path = self.folder / name
        try:
            check_inside(name)
            if not path.resolve().is_relative_to(self.folder.resolve()):
                raise ModelError(f"it points outside its own folder ({name!r}), which is not allowed")
            if path.is_file() and path.stat().st_size > MOST_BYTES:
                raise ModelError(f"the file {name!r} that it names is over {MOST_BYTES >> 20} MB")
        except ModelError as error:
            self.refused = error
            raise
        try:
            content = path.read_bytes()
        except OSError as error:
            self.digests[name] = ""
            raise ModelError(f"it names a file {name!r} that cannot be read ({error.strerror})") from error
        self.digests[name] = hashlib.sha256(content).hexdigest()
        return content

    def __getitem__(self, name: str) -> bytes:
        return self.get(name)

    def keys(self) -> list[str]:
        """Names are not listed: only what the mesh file names is opened."""
        return []


def read_parts(content: bytes, suffix: str, companions: Companions, assembly: Assembly) -> tuple[Part, ...]:
    """Every mesh of a file as a part in body axes.

    Raises
    ------
    ModelError
        Says what is wrong, without the file's name: the caller knows it.
    """
    contents = checked(content, suffix == ".glb") if suffix in (".glb", ".gltf") else None
    scene = _open(contents.content if contents else content, suffix, companions)
    placed = [(node, *scene.graph[node]) for node in scene.graph.nodes_geometry]
    meshes = [(node, matrix, scene.geometry[name]) for node, matrix, name in placed]
    meshes = [(node, matrix, mesh) for node, matrix, mesh in meshes if len(getattr(mesh, "faces", ())) > 0]
    if not meshes:
        raise ModelError("it holds no triangles")
    count = sum(len(mesh.faces) for _, _, mesh in meshes)
    if count > MOST_TRIANGLES:
        raise ModelError(f"it has {count} triangles; the limit is {MOST_TRIANGLES}")
    carried = _joint_of(scene, assembly)
    with_normals = _has_normals(content, suffix, contents)
    shared: dict[int, Material] = {}
    parts = []
    for node, matrix, mesh in meshes:
        visual = mesh.visual
        key = id(getattr(visual, "material", visual))
        if key not in shared:
            shared[key] = _material(visual, contents, assembly)
        place = np.asarray(matrix, dtype=float)
        part = _part(str(node), mesh, shared[key], place, assembly, with_normals, contents is not None)
        parts.append(replace(part, joint=carried(node)))
    return tuple(parts)


def _open(content: bytes, suffix: str, companions: Companions) -> Any:
    import trimesh

    known = sorted({"glb", "gltf", "obj", "ply", "stl"} | set(trimesh.exchange.load.mesh_formats()))
    kind = suffix.removeprefix(".")
    if kind not in known:
        raise ModelError(f"{suffix or 'a name without ending'} is not a mesh format; use one of {', '.join(known)}")
    try:
        loaded = trimesh.load(io.BytesIO(content), file_type=kind, resolver=cast(Any, companions), process=False)
        scene = loaded if isinstance(loaded, trimesh.Scene) else trimesh.Scene(loaded)
        list(scene.graph.nodes_geometry)
    except ModelError:
        raise
    except Exception as error:  # a mesh library meets a damaged file in more ways than can be listed
        raise ModelError(f"cannot be read as {kind.upper()}; the file is damaged ({type(error).__name__})") from error
    if companions.refused is not None:
        raise companions.refused
    return scene


def _has_normals(content: bytes, suffix: str, contents: Contents | None) -> bool:
    if contents is not None:
        return contents.has_normals
    if suffix == ".obj":
        return content.startswith(b"vn ") or b"\nvn " in content
    return suffix == ".ply" and b" nx" in content[: content.find(b"end_header")]


def _joint_of(scene: Any, assembly: Assembly) -> Any:
    """A function from a node's name to the name of the nearest joint above it."""
    parents = scene.graph.transforms.parents
    by_node = {joint.node: name for name, joint in assembly.joints.items()}
    missing = set(by_node) - set(scene.graph.nodes)
    if missing:
        node = sorted(missing)[0]
        raise ModelError(f"its description has a joint {by_node[node]!r} at the node {node!r}, which the mesh lacks")

    def joint(node: Any) -> str | None:
        passed = set()  # some trimesh versions make a lone mesh its own parent
        while node is not None and node not in by_node and node not in passed:
            passed.add(node)
            node = parents.get(node)
        return by_node.get(node)

    return joint


def _part(
    name: str,
    mesh: Any,
    material: Material,
    matrix: NDArray[np.float64],
    assembly: Assembly,
    with_normals: bool,
    of_light: bool,
) -> Part:
    """One mesh in body axes; ``of_light``: the colours of its vertices are linear light, as in glTF."""
    vertices, faces = np.asarray(mesh.vertices, dtype=float), np.asarray(mesh.faces, dtype=np.int64)
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ModelError(f"a face of {name!r} names vertex {faces.max()} of {len(vertices)}")
    if not (np.all(np.isfinite(vertices)) and np.all(np.isfinite(matrix))):
        raise ModelError(f"{name!r} has vertices that are not finite numbers")
    turn = np.array(assembly.frame.body_from_gltf)
    linear, shift = turn @ matrix[:3, :3], turn @ matrix[:3, 3]
    scale = assembly.frame.metres_per_unit
    placed = (vertices @ linear.T + shift) * scale
    if not np.abs(placed).max() < 1e6:
        raise ModelError(f"{name!r} reaches {np.abs(placed).max():.3g} m from its origin; check the unit of length")
    if np.linalg.det(linear) < 0.0:
        faces = faces[:, ::-1]  # a mirrored instance turns its faces inside out
    uv = getattr(mesh.visual, "uv", None) if material.textures else None
    uv = None if uv is None else np.asarray(uv, dtype=float)
    if uv is None or len(uv) != len(vertices) or not np.all(np.isfinite(uv)):
        uv, material = None, replace(material, textures={})
    tint = _tint(mesh.visual, len(vertices), of_light)
    normals = np.asarray(mesh.vertex_normals, dtype=float) @ np.linalg.pinv(linear) if with_normals else None
    if normals is not None and np.all(np.isfinite(normals)) and np.linalg.norm(normals, axis=1).min() > 1e-9:
        normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        arrays = (placed.astype(np.float32), normals.astype(np.float32), None if uv is None else uv.astype(np.float32))
        return Part(name, name, material, *arrays, faces.astype(np.int32), tint=tint)
    corners = creased_normals(placed, faces)
    # Texture coordinates and tints go with the corners as one table.
    extra = [column for column in (uv, tint) if column is not None]
    table = np.concatenate(extra, axis=1)[faces] if extra else None
    v, n, t, f = index_corners(placed, faces, corners, table)
    width = 0 if uv is None else 2
    split = (None if uv is None or t is None else t[:, :2], None if tint is None or t is None else t[:, width:])
    return Part(name, name, material, v, n, split[0], f, tint=split[1])


def _tint(visual: Any, count: int, linear: bool) -> NDArray[np.float32] | None:
    """Colours of the vertices (N, 3), linear light: glTF's as they are, those of other formats as screens show them."""
    given = getattr(visual, "vertex_attributes", {}).get("color")
    if given is None and getattr(visual, "kind", None) == "vertex":
        given = visual.vertex_colors
    if given is None or len(given) != count:
        return None
    share = np.asarray(given, dtype=float)[:, :3]
    if np.issubdtype(np.asarray(given).dtype, np.integer):
        share = share / np.iinfo(np.asarray(given).dtype).max
    share = np.clip(np.nan_to_num(share), 0.0, 1.0)
    return (share if linear else _linear(share)).astype(np.float32)


def _material(visual: Any, contents: Contents | None, assembly: Assembly) -> Material:
    """The material of a mesh; grey where the file says nothing."""
    source = getattr(visual, "material", None)
    name = str(getattr(source, "name", None) or "default")
    table = contents.material(name) if contents is not None else None
    if table is not None:
        found = _gltf_material(table, source, int(name.removeprefix("#")))
    elif contents is None and getattr(visual, "defined", False):
        found = _plain_material(visual, source, name)
    else:
        found = Material()
    look = assembly.materials.get(found.name)
    return _dressed(found, look) if look else found


def _gltf_material(table: dict[str, Any], source: Any, number: int) -> Material:
    pbr = table.get("pbrMetallicRoughness", {})
    red, green, blue = (min(max(float(v), 0.0), 1.0) for v in pbr.get("baseColorFactor", (1.0, 1.0, 1.0))[:3])
    extensions = table.get("extensions", {})
    strength = extensions.get("KHR_materials_emissive_strength", {}).get("emissiveStrength", 1.0)
    coat, brushed = (extensions.get(f"KHR_materials_{name}", {}) for name in ("clearcoat", "anisotropy"))
    glow = [max(float(v), 0.0) * float(strength) for v in table.get("emissiveFactor", (0.0, 0.0, 0.0))[:3]]
    masked = table.get("alphaMode") == "MASK"
    pictures = {name: _pixels(getattr(source, key, None)) for name, key in _GLTF_TEXTURES.items()}
    return Material(
        name=str(table.get("name") or f"material {number}"),
        base_color=(red, green, blue),
        metallic=min(max(float(pbr.get("metallicFactor", 1.0)), 0.0), 1.0),
        roughness=min(max(float(pbr.get("roughnessFactor", 1.0)), 0.0), 1.0),
        textures={name: picture for name, picture in pictures.items() if picture is not None},
        glow=(glow[0], glow[1], glow[2]),
        alpha_cutoff=min(max(float(table.get("alphaCutoff", 0.5)), 0.0), 1.0) if masked else None,
        normal_scale=float(table.get("normalTexture", {}).get("scale", 1.0)),
        occlusion_strength=min(max(float(table.get("occlusionTexture", {}).get("strength", 1.0)), 0.0), 1.0),
        clearcoat=min(max(float(coat.get("clearcoatFactor", 0.0)), 0.0), 1.0),
        clearcoat_roughness=min(max(float(coat.get("clearcoatRoughnessFactor", 0.0)), 0.0), 1.0),
        anisotropy=min(max(float(brushed.get("anisotropyStrength", 0.0)), -1.0), 1.0),
        anisotropy_rotation=float(brushed.get("anisotropyRotation", 0.0)),
    )


def _plain_material(visual: Any, source: Any, name: str) -> Material:
    """Formats that know only a display colour and a picture."""
    srgb = np.asarray((source if source is not None else visual).main_color, dtype=float)[:3] / 255.0
    texture = _pixels(getattr(source, "image", None))
    if texture is not None:
        return Material(name=name, base_color=(1.0, 1.0, 1.0), textures={"base": texture})
    if getattr(visual, "kind", None) == "vertex":
        return Material(name=name, base_color=(1.0, 1.0, 1.0))  # each vertex has its own
    red, green, blue = (float(value) for value in _linear(srgb))
    return Material(name=name, base_color=(red, green, blue))


def _linear(srgb: NDArray[np.float64]) -> NDArray[np.float64]:
    """IEC 61966-2-1."""
    return np.asarray(np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4))


def _pixels(image: Any) -> NDArray[np.uint8] | None:
    if image is None:
        return None
    if max(image.size) > MOST_TEXTURE_PX:
        raise ModelError(f"it has a texture of {image.size[0]}x{image.size[1]} pixels; the limit is {MOST_TEXTURE_PX}")
    return np.array(image.convert("RGBA" if "A" in image.getbands() else "RGB"), dtype=np.uint8)


def _dressed(material: Material, look: Look) -> Material:
    given = {key: value for key, value in look.model_dump().items() if value is not None}
    return replace(material, **given)
