"""The table of contents of a glTF file, found sound before anything is made of it.

A model file comes from anywhere. Its table is looked at here first: whether it reaches outside its folder, asks for
more memory than it may, loops, or needs a decoder that is not there.
"""

from __future__ import annotations

import json
import struct
from importlib.util import find_spec
from typing import Any

from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.limits import MAX_ACCESSOR_ITEMS, MAX_DEPTH, MAX_IMAGES, MAX_MATERIALS, MAX_NODES
from selfiesim.craft.formats.referenced_files import check_within_folder

DRACO = "KHR_draco_mesh_compression"
_SUPPORTED_EXTENSIONS = {
    DRACO,
    "EXT_texture_webp",
    "EXT_texture_avif",
    "EXT_mesh_gpu_instancing",
    "KHR_mesh_quantization",
    "KHR_texture_transform",
}
_IGNORABLE_PREFIXES = ("KHR_materials_", "KHR_lights_")
_ADVICE = {
    "EXT_meshopt_compression": "pack it without (gltfpack without -c, gltf-transform with Draco)",
    "KHR_meshopt_compression": "pack it without (gltfpack without -c, gltf-transform with Draco)",
    "KHR_texture_basisu": "save its textures as PNG, JPEG or WebP",
    "MSFT_texture_dds": "save its textures as PNG, JPEG or WebP",
}
_MAX_COUNTS = {
    "accessors": 4 * MAX_NODES,
    "bufferViews": 4 * MAX_NODES,
    "buffers": 1_000,
    "meshes": MAX_NODES,
    "nodes": MAX_NODES,
    "materials": MAX_MATERIALS,
    "textures": 4 * MAX_IMAGES,
    "images": MAX_IMAGES,
}


def read_header(content: bytes, binary: bool) -> tuple[dict[str, Any], bytes | None]:
    """The table of contents of a glTF (``binary``: GLB) file, found safe to follow, and the GLB's own buffer.

    Raises
    ------
    ModelError
        Says what is wrong, without the file's name: the caller knows it.
    """
    text, glb_chunk = _split_glb(content) if binary else (content, None)
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError("its table of contents is not JSON; the file is damaged") from error
    if not isinstance(header, dict):
        raise ModelError("its table of contents is not glTF: no object, a list or a word")
    version = header.get("asset", {}).get("version", "2.0")
    if not str(version).startswith("2."):
        raise ModelError(f"asset.version: glTF {str(version)[:10]}; only version 2 can be read")
    _check_counts(header)
    _check_uris(header)
    _check_extensions(header)
    _check_tree(header)
    return header, glb_chunk


def table_entry(header: dict[str, Any], kind: str, index: Any, referrer: str) -> dict[str, Any]:
    """The numbered entry of one of the tables (``"nodes"``, ``"accessors"`` ...).

    Raises
    ------
    ModelError
        When there is none; ``referrer`` is the key that named it.
    """
    table = header.get(kind, [])
    if isinstance(index, bool) or not isinstance(index, int) or not 0 <= index < len(table):
        raise ModelError(f"{referrer} names {kind}[{str(index)[:20]}], but there are {len(table)} of them")
    found = table[index]
    if not isinstance(found, dict):
        raise ModelError(f"{kind}[{index}] is not glTF: it should be an object")
    return found


def _split_glb(content: bytes) -> tuple[bytes, bytes | None]:
    if len(content) < 20 or content[:4] != b"glTF":
        raise ModelError("not a GLB file; it does not begin with 'glTF'")
    version, whole, length, kind = struct.unpack("<III4s", content[4:20])
    if version != 2:
        raise ModelError(f"glTF version {version}; only version 2 can be read")
    if kind != b"JSON" or 20 + length > len(content) or whole > len(content):
        raise ModelError(f"the file is cut short or damaged: {len(content):,} bytes of {whole:,}")
    at, glb_chunk = 20 + length, None
    while at + 8 <= len(content):
        size, kind = struct.unpack("<I4s", content[at : at + 8])
        if at + 8 + size > len(content):
            raise ModelError("the file is cut short or damaged: its buffer is not whole")
        if kind == b"BIN\0" and glb_chunk is None:
            glb_chunk = content[at + 8 : at + 8 + size]
        at += 8 + size
    return content[20 : 20 + length], glb_chunk


def _check_counts(header: dict[str, Any]) -> None:
    for kind, limit in _MAX_COUNTS.items():
        table = header.get(kind, [])
        if not isinstance(table, list):
            raise ModelError(f"its table of contents is not glTF: {kind!r} should be a list")
        if len(table) > limit:
            raise ModelError(f"it has {len(table):,} {kind}; the limit is {limit:,}")
    for number, accessor in enumerate(header.get("accessors", [])):
        count = accessor["count"]
        if not isinstance(count, int) or not 0 <= count <= MAX_ACCESSOR_ITEMS:
            raise ModelError(f"accessors[{number}].count: {str(count)[:20]} items; the limit is {MAX_ACCESSOR_ITEMS:,}")


def _check_uris(header: dict[str, Any]) -> None:
    for item in [*header.get("buffers", []), *header.get("images", [])]:
        uri = item.get("uri", "")
        if not uri.startswith("data:"):
            check_within_folder(uri)


def _check_extensions(header: dict[str, Any]) -> None:
    for name in header.get("extensionsRequired", []):
        if name == DRACO:
            if find_spec("DracoPy") is None:
                raise ModelError(
                    "its meshes are Draco-compressed; pip install 'selfiesim[draco]', or export it without compression"
                )
        elif name not in _SUPPORTED_EXTENSIONS and not name.startswith(_IGNORABLE_PREFIXES):
            advice = _ADVICE.get(name, "export it without")
            raise ModelError(f"it needs the glTF extension {name}, which cannot be read; {advice}")


def _check_tree(header: dict[str, Any]) -> None:
    """Each node has one parent and no root has one: then what hangs from the roots cannot loop."""
    nodes = header.get("nodes", [])
    children = [child for node in nodes for child in node.get("children", [])]
    for scene in header.get("scenes", []):
        if set(children) & set(scene.get("nodes", [])):
            raise ModelError("nodes: they do not form a tree: one of the scene's roots is the child of another node")
    if len(children) != len(set(children)):
        raise ModelError("nodes: they do not form a tree: one of them has two parents")
    for parent, node in enumerate(nodes):
        for child in node.get("children", []):
            table_entry(header, "nodes", child, f"nodes[{parent}].children")


def scene_nodes_parents_first(header: dict[str, Any]) -> list[tuple[int, int]]:
    """Nodes of the scene with the number of each one's parent (-1: none), parents first.

    Raises
    ------
    ModelError
        When there is none, or they hang more than ``MAX_DEPTH`` deep.
    """
    nodes = header.get("nodes", [])
    scenes = header.get("scenes", [])
    if scenes:
        roots = table_entry(header, "scenes", header.get("scene", 0), "scene").get("nodes", [])
    else:
        child_nodes = {child for node in nodes for child in node.get("children", [])}
        roots = [number for number in range(len(nodes)) if number not in child_nodes]
    level, order, depth = [(root, -1) for root in dict.fromkeys(roots)], [], 0
    while level:
        if depth > MAX_DEPTH:
            raise ModelError(f"nodes: they hang more than {MAX_DEPTH} deep")
        order += level
        level = [
            (child, number)
            for number, _ in level
            for child in table_entry(header, "nodes", number, "scenes").get("children", [])
        ]
        depth += 1
    if not order and nodes:
        raise ModelError("nodes: they do not form a tree: none of them is a root")
    return order
