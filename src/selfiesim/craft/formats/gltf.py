"""Parse a glTF file's JSON document and check it before any mesh is read from it.

Model files come from anywhere. The document is checked first: whether it refers to files outside its folder, asks for
more memory than the limits allow, has loops in its node tree, or needs a decoder that is not installed.
"""

from __future__ import annotations

import struct
from importlib.util import find_spec
from typing import Any

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import (
    MESH_DEPTH,
    MESH_IMAGES,
    MESH_MATERIALS,
    MESH_NODES,
    MESH_TRIANGLES,
    MESH_VERTICES,
)
from selfiesim.core.untrusted.json_text import parse_json
from selfiesim.craft.formats.referenced_files import check_within_folder

DRACO = "KHR_draco_mesh_compression"
SUPPORTED_EXTENSIONS = {
    DRACO,
    "EXT_texture_webp",
    "EXT_texture_avif",
    "EXT_mesh_gpu_instancing",
    "KHR_mesh_quantization",
    "KHR_texture_transform",
}
_TRIANGLES = 4  # the default mode of a primitive
_IGNORABLE_PREFIXES = ("KHR_materials_", "KHR_lights_")
IMAGE_ADVICE = {
    "KHR_texture_basisu": "save its textures as PNG, JPEG or WebP (gltf-transform: without ktx)",
    "MSFT_texture_dds": "save its textures as PNG, JPEG or WebP",
}
"""What to do with textures in formats that are not read."""
_ADVICE = IMAGE_ADVICE | {
    "EXT_meshopt_compression": "pack it without (gltfpack without -c, gltf-transform with Draco)",
    "KHR_meshopt_compression": "pack it without (gltfpack without -c, gltf-transform with Draco)",
}
# Entries of each of the document's tables, and how many of them there may be per entry that its limit counts.
_COUNTED = {
    "accessors": (4, MESH_NODES),
    "bufferViews": (4, MESH_NODES),
    "buffers": (1, MESH_NODES),
    "meshes": (1, MESH_NODES),
    "nodes": (1, MESH_NODES),
    "materials": (1, MESH_MATERIALS),
    "textures": (4, MESH_IMAGES),
    "images": (1, MESH_IMAGES),
}


def read_document(content: bytes, binary: bool) -> tuple[dict[str, Any], bytes | None]:
    """Parse and check the JSON document of a glTF file.

    Parameters
    ----------
    content : bytes
        The whole file.
    binary : bool
        Whether it is a GLB.

    Returns
    -------
    document : dict
        The parsed JSON, safe to follow.
    binary_chunk : bytes, optional
        The GLB's own buffer.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    text, binary_chunk = _split_glb(content) if binary else (content, None)
    document = parse_json(text, "its glTF document", ModelError)
    if not isinstance(document, dict):
        raise ModelError("its document is not glTF: the top level should be an object")
    version = document.get("asset", {}).get("version", "2.0")
    if not str(version).startswith("2."):
        raise ModelError(f"asset.version: glTF {str(version)[:10]}; only version 2 is supported")
    _check_counts(document)
    _check_meshes(document)
    _check_uris(document)
    _check_extensions(document)
    _check_tree(document)
    return document, binary_chunk


def table_entry(document: dict[str, Any], kind: str, index: Any, referrer: str) -> dict[str, Any]:
    """Return entry ``index`` of one of the document's tables (``"nodes"``, ``"accessors"`` ...).

    Raises
    ------
    ModelError
        When there is no such entry; ``referrer`` is the key that refers to it.
    """
    table = document.get(kind, [])
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(table):
        raise ModelError(f"{referrer} refers to {kind}[{str(index)[:20]}], but there are {len(table)} of them")
    entry = table[index]
    if not isinstance(entry, dict):
        raise ModelError(f"{kind}[{index}] is not glTF: it should be an object")
    return entry


def _split_glb(content: bytes) -> tuple[bytes, bytes | None]:
    """Split a GLB into its JSON chunk and its first binary chunk (glTF 2.0, section 4.4)."""
    if len(content) < 20 or content[:4] != b"glTF":
        raise ModelError("it is not a GLB file: it does not begin with 'glTF'")
    version, file_length, json_length, kind = struct.unpack("<III4s", content[4:20])
    if version != 2:
        raise ModelError(f"glTF version {version}; only version 2 is supported")
    if kind != b"JSON" or 20 + json_length > len(content) or file_length > len(content):
        raise ModelError(f"the file is truncated or damaged: {len(content):,} bytes of {file_length:,}")
    offset, binary_chunk = 20 + json_length, None
    while offset + 8 <= len(content):
        size, kind = struct.unpack("<I4s", content[offset : offset + 8])
        if offset + 8 + size > len(content):
            raise ModelError("the file is truncated or damaged: its buffer is incomplete")
        if kind == b"BIN\0" and binary_chunk is None:
            binary_chunk = content[offset + 8 : offset + 8 + size]
        offset += 8 + size
    return content[20 : 20 + json_length], binary_chunk


def _check_counts(document: dict[str, Any]) -> None:
    for kind, (share, limit) in _COUNTED.items():
        table = document.get(kind, [])
        if not isinstance(table, list):
            raise ModelError(f"its document is not glTF: {kind!r} should be a list")
        limit.check(len(table) / share, f"it has {len(table):,} {kind}", ModelError)
    for index, accessor in enumerate(document.get("accessors", [])):
        count = accessor["count"]
        if not isinstance(count, int) or count < 0:
            raise ModelError(f"accessors[{index}].count: must be a whole number from 0, not {str(count)[:20]}")
        MESH_VERTICES.check(count, f"accessors[{index}].count: {str(count)[:20]} items", ModelError)


def _check_meshes(document: dict[str, Any]) -> None:
    """Count what all meshes together declare: accessors may be shared, and may have no bytes in the file."""
    vertices = triangles = primitives = 0
    for index, mesh in enumerate(document.get("meshes", [])):
        primitives += len(mesh["primitives"])
        MESH_NODES.check(primitives, f"it has {primitives:,} primitives", ModelError, "join some of them")
        for number, primitive in enumerate(mesh["primitives"]):
            label = f"meshes[{index}].primitives[{number}]"
            count = _check_attributes(document, primitive, label)
            corners = count
            if "indices" in primitive:
                corners = table_entry(document, "accessors", primitive["indices"], f"{label}.indices")["count"]
            vertices += count * (1 + len(primitive.get("targets") or ()))
            triangles += corners // 3 if primitive.get("mode", _TRIANGLES) == _TRIANGLES else corners
            MESH_VERTICES.check(vertices, f"it has {vertices:,} vertices", ModelError, "decimate it")
            MESH_TRIANGLES.check(triangles, f"it has {triangles:,} triangles", ModelError, "decimate it")
    for index, node in enumerate(document.get("nodes", [])):
        instancing = node.get("extensions", {}).get("EXT_mesh_gpu_instancing", {}).get("attributes") or {}
        for name, accessor in instancing.items():
            label = f"nodes[{index}].extensions.EXT_mesh_gpu_instancing.attributes.{name}"
            count = table_entry(document, "accessors", accessor, label)["count"]
            MESH_NODES.check(count, f"{label}: {count:,} instances", ModelError)


def _check_attributes(document: dict[str, Any], primitive: dict[str, Any], label: str) -> int:
    """Return the number of vertices of a primitive, which all attributes of it and its morph targets must have."""
    counts = {
        name: table_entry(document, "accessors", index, f"{label}.attributes.{name}")["count"]
        for name, index in primitive["attributes"].items()
    }
    vertices = int(counts.get("POSITION", 0))
    for number, target in enumerate(primitive.get("targets") or ()):
        for name, index in target.items():
            where = f"{label}.targets[{number}].{name}"
            if table_entry(document, "accessors", index, where)["count"] != vertices:
                raise ModelError(f"{label}.targets[{number}]: its attributes differ in length from the positions")
    for name, count in counts.items():
        if count != vertices and "POSITION" in counts:
            lengths = f"{vertices:,} positions, {count:,} of {name[:20]}"
            raise ModelError(f"{label}: its attributes differ in length ({lengths})")
    return vertices


def _check_uris(document: dict[str, Any]) -> None:
    for item in [*document.get("buffers", []), *document.get("images", [])]:
        uri = item.get("uri", "")
        if not uri.startswith("data:"):
            check_within_folder(uri)


def _check_extensions(document: dict[str, Any]) -> None:
    for name in document.get("extensionsRequired", []):
        if name == DRACO:
            if find_spec("DracoPy") is None:
                raise ModelError(
                    "its meshes are Draco-compressed; pip install 'selfiesim[draco]', or export it without compression"
                )
        elif name not in SUPPORTED_EXTENSIONS and not name.startswith(_IGNORABLE_PREFIXES):
            advice = _ADVICE.get(name, "export it without")
            raise ModelError(f"it needs the glTF extension {name}, which is not supported; {advice}")


def _check_tree(document: dict[str, Any]) -> None:
    """Check that no node has two parents and no root has one: then nothing below the roots can loop."""
    nodes = document.get("nodes", [])
    children = [child for node in nodes for child in node.get("children", [])]
    for scene in document.get("scenes", []):
        if set(children) & set(scene.get("nodes", [])):
            raise ModelError("nodes: not a tree: one of the scene's roots is the child of another node")
    if len(children) != len(set(children)):
        raise ModelError("nodes: not a tree: one of them has two parents")
    for parent, node in enumerate(nodes):
        for child in node.get("children", []):
            table_entry(document, "nodes", child, f"nodes[{parent}].children")


def scene_nodes_parents_first(document: dict[str, Any]) -> list[tuple[int, int]]:
    """List the default scene's nodes as (index, parent index) pairs, parents first; a root's parent is -1.

    Raises
    ------
    ModelError
        When no node is a root, or the tree is too deep.
    """
    nodes = document.get("nodes", [])
    scenes = document.get("scenes", [])
    if scenes:
        roots = table_entry(document, "scenes", document.get("scene", 0), "scene").get("nodes", [])
    else:
        child_nodes = {child for node in nodes for child in node.get("children", [])}
        roots = [index for index in range(len(nodes)) if index not in child_nodes]
    level, order, depth = [(root, -1) for root in dict.fromkeys(roots)], [], 0
    while level:
        MESH_DEPTH.check(depth, "nodes: the tree is too many levels deep", ModelError)
        order += level
        level = [
            (child, index)
            for index, _ in level
            for child in table_entry(document, "nodes", index, "scenes").get("children", [])
        ]
        depth += 1
    if not order and nodes:
        raise ModelError("nodes: not a tree: none of them is a root")
    return order
