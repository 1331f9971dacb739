"""What the children share: limits on themselves, and a GLB of nodes, triangles and materials."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.core.limits import CONVERTER_BYTES, CONVERTER_SECONDS
from selfiesim.craft.formats.glb_writer import ARRAY_BUFFER, ELEMENT_BUFFER, FLOAT, UINT32, GlbBuffer, pack_glb


class RefusedError(Exception):
    """The file cannot be converted; the text says why."""


@dataclass
class GlbScene:
    """A scene that grows node by node.

    Attributes
    ----------
    extras : dict
        What glTF has no word for: ``metres_per_unit``, ``up``, and ``ignored``, pairs of a key and the effect.
    pictures : dict
        Bytes of the pictures that are inside the file, by the last part of their names.
    """

    extras: dict[str, Any] = field(default_factory=lambda: {"ignored": []})
    buffer: GlbBuffer = field(default_factory=GlbBuffer)
    nodes: list[dict[str, Any]] = field(default_factory=list)
    meshes: list[dict[str, Any]] = field(default_factory=list)
    materials: list[dict[str, Any]] = field(default_factory=list)
    pictures: dict[str, bytes] = field(default_factory=dict)
    _images: dict[str, int] = field(default_factory=dict)

    def primitive(
        self,
        points: ArrayLike,
        triangles: ArrayLike,
        material: int | None,
        normals: ArrayLike | None = None,
        uv: ArrayLike | None = None,
        colours: ArrayLike | None = None,
    ) -> dict[str, Any]:
        """Add triangles and return glTF's primitive of them; ``uv`` has its origin lower left."""
        put = self.buffer.accessor
        attributes = {"POSITION": put(_float32(points, 3), "VEC3", FLOAT, ARRAY_BUFFER)}
        if normals is not None:
            attributes["NORMAL"] = put(_float32(normals, 3), "VEC3", FLOAT, ARRAY_BUFFER)
        if uv is not None:
            flipped = _float32(uv, 2) * np.array([1.0, -1.0], np.float32) + np.array([0.0, 1.0], np.float32)
            attributes["TEXCOORD_0"] = put(flipped, "VEC2", FLOAT, ARRAY_BUFFER)
        if colours is not None:
            attributes["COLOR_0"] = put(_float32(colours, 4), "VEC4", FLOAT, ARRAY_BUFFER)
        indices = put(np.asarray(triangles, np.uint32).ravel(), "SCALAR", UINT32, ELEMENT_BUFFER)
        entry: dict[str, Any] = {"attributes": attributes, "indices": indices}
        return entry | ({} if material is None else {"material": material})

    def node(self, name: str, matrix: NDArray[np.float64], primitives: list[dict[str, Any]]) -> int:
        """Add a node with a mesh and return its index; ``matrix`` (4, 4) is for column vectors."""
        entry: dict[str, Any] = {"name": name, "matrix": [float(v) for v in matrix.T.ravel()]}
        if primitives:
            self.meshes.append({"primitives": primitives})
            entry["mesh"] = len(self.meshes) - 1
        self.nodes.append(entry)
        return len(self.nodes) - 1

    def texture(self, name: str) -> dict[str, int]:
        """Return the reference to a picture by the last part of its name, for a file beside the mesh."""
        short = name.replace("\\", "/").rpartition("/")[2]
        if short not in self._images:
            self._images[short] = len(self._images)
        return {"index": self._images[short]}

    def save(self, path: str, roots: list[int]) -> None:
        """Write the GLB."""
        images = [self._image(name) for name in self._images]
        document: dict[str, Any] = {
            "asset": {"version": "2.0", "extras": self.extras},
            "scene": 0,
            "scenes": [{"nodes": roots}],
            "nodes": self.nodes,
            "meshes": self.meshes,
        } | self.buffer.tables()
        if self.materials:
            document["materials"] = self.materials
        if self._images:
            document["images"] = images
            document["textures"] = [{"source": k} for k in range(len(images))]
        Path(path).write_bytes(pack_glb(document, bytes(self.buffer.data)))

    def _image(self, name: str) -> dict[str, Any]:
        if name not in self.pictures:
            return {"uri": name}
        return {"bufferView": self.buffer.view(self.pictures[name]), "mimeType": "image/png", "name": name}


def run_child(convert: Callable[[str, str], None]) -> None:
    """Limit this process, and convert the file that its arguments name."""
    _limit_resources()
    try:
        convert(sys.argv[1], sys.argv[2])
    except RefusedError as error:
        sys.exit(f"refused: {error}")


def _limit_resources() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    memory, seconds = CONVERTER_BYTES.value, CONVERTER_SECONDS.value
    for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, hard))


def _float32(values: ArrayLike, width: int) -> NDArray[np.float32]:
    return np.ascontiguousarray(np.asarray(values, np.float32).reshape(-1, width))
