"""Small mesh files for tests to read or corrupt: glTF written from the specification, and a cube as OBJ."""

from __future__ import annotations

import base64
import io
import json
import struct
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest

from selfiesim.core.colour import bands_from_linear_srgb
from selfiesim.core.errors import ModelError, ModelWarning
from selfiesim.craft.load import clear_craft_cache, load_craft

CUBE_CORNERS = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
CUBE_FACES = np.array(
    [[0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1], [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4],
     [1, 5, 7], [1, 7, 3]]
)  # fmt: skip
_KINDS = {"i1": 5120, "u1": 5121, "i2": 5122, "u2": 5123, "u4": 5125, "f4": 5126}
_TYPES = {1: "SCALAR", 2: "VEC2", 3: "VEC3", 4: "VEC4"}


class Gltf:
    """A glTF document and its buffer; one node ``plate`` with one mesh unless the caller changes ``document``."""

    def __init__(self, faces=((0, 1, 2),), index_kind="<u2", **attributes):
        self.buffer = b""
        self.document = {
            "asset": {"version": "2.0"},
            "scene": 0,
            "scenes": [{"nodes": [0]}],
            "nodes": [{"mesh": 0, "name": "plate"}],
            "meshes": [{"primitives": [{"attributes": {}}]}],
            "accessors": [],
            "bufferViews": [],
        }
        attributes = {"POSITION": np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], "<f4")} | attributes
        for name, values in attributes.items():
            self.primitive["attributes"][name] = self.add(values)
        if faces is not None:
            self.primitive["indices"] = self.add(np.asarray(faces, index_kind).reshape(-1, 1))

    @property
    def primitive(self):
        return self.document["meshes"][0]["primitives"][0]

    def view(self, content: bytes, **properties) -> int:
        """Add a buffer view with these bytes and return its index."""
        self.buffer += b"\0" * (-len(self.buffer) % 4)
        self.document["bufferViews"].append(
            {"buffer": 0, "byteOffset": len(self.buffer), "byteLength": len(content)} | properties
        )
        self.buffer += content
        return len(self.document["bufferViews"]) - 1

    def add(self, values, **properties) -> int:
        """Add an accessor with these values and return its index."""
        entry = {"componentType": _KINDS[values.dtype.str[1:]], "count": len(values), "type": _TYPES[values.shape[1]]}
        self.document["accessors"].append({"bufferView": self.view(values.tobytes())} | entry | properties)
        return len(self.document["accessors"]) - 1

    def texture(self, content: bytes, mime="image/png") -> int:
        """Add a texture with this image and return its index."""
        self.document.setdefault("images", []).append({"bufferView": self.view(content), "mimeType": mime})
        self.document.setdefault("textures", []).append({"source": len(self.document["images"]) - 1})
        return len(self.document["textures"]) - 1

    def paint(self, **material) -> None:
        """Give the mesh a material with these properties."""
        self.document["materials"] = [{"name": "paint"} | material]
        self.primitive["material"] = 0

    def glb(self, path: Path) -> Path:
        """Write it as a GLB."""
        document = self.document | {"buffers": [{"byteLength": len(self.buffer)}]}
        return write(path, glb_bytes(document, self.buffer))

    def gltf(self, path: Path, **changes) -> Path:
        """Write it as JSON with the buffer embedded; ``changes`` replace keys of the document."""
        uri = "data:application/octet-stream;base64," + base64.b64encode(self.buffer).decode()
        document = self.document | {"buffers": [{"byteLength": len(self.buffer), "uri": uri}]} | changes
        return write(path, json.dumps(document))


def glb_bytes(document, buffer: bytes) -> bytes:
    """A GLB file of a document and its buffer."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    buffer += b"\0" * (-len(buffer) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(buffer), b"BIN\0") + buffer
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def png(pixels) -> bytes:
    """A PNG of 8-bit pixels (H, W, 1 to 4)."""
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(out, "PNG")
    return out.getvalue()


def hollow_png(width: int, height: int) -> bytes:
    """A PNG of ``width`` x ``height`` black pixels: a few bytes per million pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(1 + width // 8) * height, 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def cube_obj(scale=1.0, shift=(0.0, 0.0, 0.0)) -> str:
    """A cube as OBJ text."""
    points = CUBE_CORNERS * scale + np.array(shift)
    lines = ["v {:.9f} {:.9f} {:.9f}".format(*point) for point in points]
    return "\n".join(lines + ["f {} {} {}".format(*face) for face in CUBE_FACES + 1]) + "\n"


def write(path: Path, content) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def load_quietly(path):
    """The craft, loaded afresh without raising its warnings."""
    clear_craft_cache()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        return load_craft(path)


def refusal(path, *words):
    """The message of the ModelError that loading raises: one line with the file's name and all the words."""
    clear_craft_cache()
    with pytest.raises(ModelError) as caught:
        load_craft(path)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 500
    for word in (Path(path).name, *words):
        assert word in message, message
    return message


def volume(craft) -> float:
    """Signed volume: positive if the faces are oriented outward."""
    total = 0.0
    for part in craft.parts:
        a, b, c = np.moveaxis(part.vertices[part.faces].astype(float), 1, 0)
        total += float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6.0
    return total


def bands(red, green, blue):
    """Band values (3,) of linear sRGB, as loaded materials have them."""
    return bands_from_linear_srgb(np.array([red, green, blue], float))
