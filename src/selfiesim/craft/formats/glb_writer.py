"""The bytes of a binary glTF file, put together: one binary chunk and the tables that describe it."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963
FLOAT, UINT16, UINT32 = 5126, 5123, 5125
CLAMP, REPEAT = 33071, 10497


@dataclass
class GlbBuffer:
    """The binary chunk and the tables that describe it."""

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    wrap: int = CLAMP

    def view(self, content: bytes, target: int | None = None) -> int:
        """Put bytes into the chunk; returns the number of their buffer view."""
        self.data.extend(b"\0" * (-len(self.data) % 4))
        entry: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)}
        self.views.append(entry | ({"target": target} if target else {}))
        self.data.extend(content)
        return len(self.views) - 1

    def accessor(self, values: NDArray[Any], kind: str, component: int, target: int, **extra: Any) -> int:
        """Put a table of numbers into the chunk; returns the number of its accessor."""
        view = self.view(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes(), target)
        count = values.size if kind == "SCALAR" else len(values)
        self.accessors.append({"bufferView": view, "componentType": component, "count": count, "type": kind} | extra)
        return len(self.accessors) - 1

    def tables(self) -> dict[str, Any]:
        """What the header says of the chunk."""
        self.data.extend(b"\0" * (-len(self.data) % 4))
        out: dict[str, Any] = {"accessors": self.accessors, "bufferViews": self.views}
        out["buffers"] = [{"byteLength": len(self.data)}]
        if self.images:
            out["images"] = self.images
            out["textures"] = [{"source": k, "sampler": 0} for k in range(len(self.images))]
            out["samplers"] = [{"magFilter": 9729, "minFilter": 9987, "wrapS": self.wrap, "wrapT": self.wrap}]
        return out


def pack_glb(document: dict[str, Any], binary: bytes) -> bytes:
    """A GLB file of its header and its binary chunk."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
