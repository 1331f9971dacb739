"""What has to be known of a glTF file before a mesh library may open it.

A model file comes from anywhere. Its table of contents is read here first: whether it reaches outside its folder,
asks for more memory than it holds, loops, or needs a decoder that is not there. It also keeps what the mesh library
rounds to eight bits or drops: base colours, and which material a mesh uses.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from selfiesim.errors import ModelError

_MOST_ITEMS = 60_000_000  # in one table of numbers: 20 million triangles of three
_HARMLESS = ("KHR_materials_", "KHR_lights_", "EXT_texture_webp", "KHR_texture_transform")


@dataclass(frozen=True)
class Contents:
    """A checked file: bytes with materials renamed to ``#0``, ``#1`` ..., and the table of contents."""

    content: bytes
    header: dict[str, Any]

    @property
    def has_normals(self) -> bool:
        """Whether every primitive comes with normals."""
        primitives = [p for mesh in self.header.get("meshes", []) for p in mesh["primitives"]]
        return all("NORMAL" in p["attributes"] for p in primitives)

    def material(self, name: str) -> dict[str, Any] | None:
        """The table of the material that was renamed to ``name``."""
        materials = self.header.get("materials", [])
        number = name.removeprefix("#")
        return materials[int(number)] if number.isdigit() and int(number) < len(materials) else None


def checked(content: bytes, binary: bool) -> Contents:
    """The table of contents of a glTF (``binary``: GLB) file, found safe to open.

    Raises
    ------
    ModelError
        Says what is wrong, without the file's name: the caller knows it.
    """
    text, rest = _split(content) if binary else (content, b"")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelError("its table of contents is not JSON; the file is damaged") from error
    try:
        _check_uris(header)
        _check_counts(header)
        _check_tree(header)
        _check_extensions(header)
        renamed = header | {"materials": [m | {"name": f"#{k}"} for k, m in enumerate(header.get("materials", []))]}
        _ = Contents(b"", header).has_normals
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise ModelError(f"its table of contents is not glTF ({type(error).__name__}: {error})") from error
    out = json.dumps(renamed).encode()
    return Contents(_joined(out, rest) if binary else out, header)


def _split(content: bytes) -> tuple[bytes, bytes]:
    if len(content) < 20 or content[:4] != b"glTF":
        raise ModelError("not a GLB file; it does not begin with 'glTF'")
    version, _, length, kind = struct.unpack("<III4s", content[4:20])
    if version != 2:
        raise ModelError(f"glTF version {version}; only version 2 can be read")
    if kind != b"JSON" or 20 + length > len(content):
        raise ModelError("the file is cut short or damaged")
    return content[20 : 20 + length], content[20 + length :]


def _joined(text: bytes, rest: bytes) -> bytes:
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sIIII", b"glTF", 2, 20 + len(text) + len(rest), len(text), 0x4E4F534A)
    return head + text + rest


def _check_uris(header: dict[str, Any]) -> None:
    for entry in [*header.get("buffers", []), *header.get("images", [])]:
        uri = entry.get("uri", "")
        if not uri.startswith("data:"):
            check_inside(uri)


def check_inside(name: str) -> None:
    """Refuse a companion file that is named by an absolute path, a drive, a network address or a way out (``..``)."""
    parts = name.replace("\\", "/").replace("%2e", ".").replace("%2E", ".").replace("%2f", "/").split("/")
    if ".." in parts or parts[0].endswith(":") or (len(parts) > 1 and parts[0] == "") or "://" in name:
        raise ModelError(f"it points outside its own folder ({name!r}), which is not allowed")


def _check_counts(header: dict[str, Any]) -> None:
    for accessor in header.get("accessors", []):
        if not 0 <= accessor["count"] <= _MOST_ITEMS:
            raise ModelError(f"it holds a table of {accessor['count']} items; the limit is {_MOST_ITEMS}")


def _check_tree(header: dict[str, Any]) -> None:
    """Each node has one parent and no root has one: then what hangs from the roots cannot loop."""
    roots = [node for scene in header.get("scenes", []) for node in set(scene.get("nodes", []))]
    children = [child for node in header.get("nodes", []) for child in node.get("children", [])]
    if len(children) != len(set(children)) or set(children) & set(roots):
        raise ModelError("its nodes do not form a tree: one of them has two parents or is its own ancestor")


def _check_extensions(header: dict[str, Any]) -> None:
    for name in header.get("extensionsRequired", []):
        if name == "KHR_draco_mesh_compression":
            if find_spec("DracoPy") is None:
                raise ModelError("it is Draco-compressed; install DracoPy, or export it without compression")
        elif not name.startswith(_HARMLESS):
            raise ModelError(f"it needs the glTF extension {name}, which cannot be read; export it without")
