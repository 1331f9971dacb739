"""Strategies that spoil glTF: keys of its extensions, accessors, and the container."""

from __future__ import annotations

import json
import struct
from typing import Any

from fuzz_mutators import BAIT, spoiled_bytes, spoiled_tables
from hypothesis import strategies as st


@st.composite
def spoiled_gltf(draw: Any, document: dict[str, Any], buffer: bytes) -> bytes:
    """A GLB with a spoiled document, buffer or container."""
    if draw(st.integers(0, 3)):
        document = draw(spoiled_tables(document, known=_gltf_keys()))
    if draw(st.integers(0, 4)) == 0:
        buffer = draw(spoiled_bytes(buffer))
    text = json.dumps(document, default=str).encode()
    text += b" " * (-len(text) % 4)
    buffer += b"\0" * (-len(buffer) % 4)
    body = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(buffer), b"BIN\0") + buffer
    content = struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body
    return content if draw(st.integers(0, 7)) else draw(spoiled_bytes(content, before=40))


def _gltf_keys() -> Any:
    """Keys of glTF that the seeds lack, with values that files in the wild have."""
    index = st.sampled_from([0, 1, -1, 99, 2**31])
    pairs = [
        (
            ("extensionsRequired",),
            st.sampled_from([["KHR_draco_mesh_compression"], ["EXT_meshopt_compression"], ["X"]]),
        ),
        (("meshes",), st.just([])),
        (("skins",), st.just([{"joints": [0], "inverseBindMatrices": 0}])),
        (("animations",), st.just([{}])),
        (("scene",), index),
        (("buffers",), st.sampled_from([[], [{"byteLength": 2**40}], [{"byteLength": 8, "uri": f"{BAIT}.bin"}]])),
        (("images",), st.sampled_from([[{"uri": f"{BAIT}.png"}], [{"uri": "data:,x"}], [{"uri": "/dev/zero"}]])),
        (("materials",), st.just([{"alphaMode": "MASK", "alphaCutoff": -1, "pbrMetallicRoughness": {}}])),
        (("nodes",), st.just([{"children": [0], "mesh": 0}])),
    ]
    return st.one_of([st.tuples(st.just(path), values) for path, values in pairs])
