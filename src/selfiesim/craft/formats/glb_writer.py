"""Write binary glTF (GLB): one binary chunk, and the JSON document that describes it."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

# OpenGL's constants, which glTF uses.
ARRAY_BUFFER, ELEMENT_BUFFER = 34962, 34963
FLOAT, UINT16, UINT32 = 5126, 5123, 5125
CLAMP, REPEAT, MIRROR = 33071, 10497, 33648
_LINEAR, _LINEAR_MIPMAP_LINEAR = 9729, 9987


@dataclass
class GlbBuffer:
    """A GLB's binary chunk, with the glTF tables that describe it.

    Attributes
    ----------
    data : bytearray
        The binary chunk.
    views, accessors, images : list of dict
        glTF's ``bufferViews``, ``accessors`` and ``images``.
    wrap : int
        Wrap mode of the textures, :data:`CLAMP` or :data:`REPEAT`, where :meth:`texture` was not called: then there is
        one for each image.
    """

    data: bytearray = field(default_factory=bytearray)
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    wrap: int = CLAMP
    _textures: list[tuple[int, int, int]] = field(default_factory=list)  # image, and wrap modes along u and v

    def view(self, content: bytes, target: int | None = None) -> int:
        """Append bytes to the chunk and return the index of their buffer view."""
        self._align()
        entry: dict[str, Any] = {"buffer": 0, "byteOffset": len(self.data), "byteLength": len(content)}
        self.views.append(entry | ({"target": target} if target else {}))
        self.data.extend(content)
        return len(self.views) - 1

    def accessor(self, values: NDArray[Any], kind: str, component: int, target: int, **extra: Any) -> int:
        """Append an array to the chunk and return the index of its accessor.

        Parameters
        ----------
        values : (N,) or (N, K) array
            Already of the component's type.
        kind : str
            glTF's accessor type: ``SCALAR``, ``VEC2``, ``VEC3`` ...
        component : int
            glTF's component type, for example :data:`FLOAT`.
        target : int
            :data:`ARRAY_BUFFER` or :data:`ELEMENT_BUFFER`.
        **extra
            More properties of the accessor, for example ``min`` and ``max``.
        """
        view = self.view(np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<")).tobytes(), target)
        count = values.size if kind == "SCALAR" else len(values)
        self.accessors.append({"bufferView": view, "componentType": component, "count": count, "type": kind} | extra)
        return len(self.accessors) - 1

    def texture(self, image: int, wrap_u: int, wrap_v: int) -> int:
        """Return the index of the texture with an image and wrap modes along u and v, new if there is none."""
        entry = image, wrap_u, wrap_v
        if entry not in self._textures:
            self._textures.append(entry)
        return self._textures.index(entry)

    def tables(self) -> dict[str, Any]:
        """Return the part of the glTF document that describes the chunk."""
        self._align()
        out: dict[str, Any] = {"accessors": self.accessors, "bufferViews": self.views}
        out["buffers"] = [{"byteLength": len(self.data)}]
        if self.images:
            out["images"] = self.images
            textures = self._textures or [(k, self.wrap, self.wrap) for k in range(len(self.images))]
            wraps = list(dict.fromkeys(each[1:] for each in textures))
            out["textures"] = [{"source": image, "sampler": wraps.index((u, v))} for image, u, v in textures]
            sampler = {"magFilter": _LINEAR, "minFilter": _LINEAR_MIPMAP_LINEAR}
            out["samplers"] = [sampler | {"wrapS": u, "wrapT": v} for u, v in wraps]
        return out

    def _align(self) -> None:
        """Pad the chunk to a multiple of four bytes (glTF 2.0, section 3.6.2.4)."""
        self.data.extend(b"\0" * (-len(self.data) % 4))


def pack_glb(document: dict[str, Any], binary: bytes) -> bytes:
    """Return the bytes of a GLB file with this JSON document and binary chunk."""
    text = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks
