"""The numbers of a glTF file: buffers, views of them, tables in those views; nothing is read beyond its bounds."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.formats.gltf import DRACO, table_entry
from selfiesim.craft.formats.referenced_files import ResourceResolver

_COMPONENT_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_COMPONENT_COUNTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_MESHOPT_EXTENSIONS = ("EXT_meshopt_compression", "KHR_meshopt_compression")


@dataclass
class AccessorReader:
    """The tables of numbers that a glTF file holds or names."""

    header: dict[str, Any]
    glb_chunk: bytes | None
    resources: ResourceResolver
    _buffers: dict[int, bytes] = field(default_factory=dict)

    def table(self, index: Any, referrer: str, widths: tuple[int, ...]) -> NDArray[Any]:
        """The table with a number, (count, width): integers as they are, or float64 where they are normalised or float.

        Raises
        ------
        ModelError
            When it lies outside its buffer, or is not one of ``widths`` numbers wide.
        """
        accessor = table_entry(self.header, "accessors", index, referrer)
        label = f"accessors[{index}]"
        width = _COMPONENT_COUNTS.get(accessor.get("type", ""), 0)
        if width not in widths:
            raise ModelError(f"{label}.type: {str(accessor.get('type'))[:20]} cannot be {referrer}")
        kind = _component_dtype(accessor.get("componentType"), label)
        count = accessor["count"]
        if "bufferView" in accessor:
            raw = self._read_values(accessor, label, kind, count, width)
        else:
            raw = np.zeros((count, width), kind)
        if "sparse" in accessor:
            raw = self._apply_sparse(raw, accessor["sparse"], label)
        if accessor.get("normalized") and kind.kind in "iu":
            # glTF 2.0, section 3.11: the largest number is 1, and the lowest two signed ones are -1.
            return np.maximum(raw.astype(np.float64) / np.iinfo(kind).max, -1.0)
        return raw.astype(np.float64) if kind.kind == "f" else raw

    def view(self, index: Any, referrer: str) -> memoryview:
        """The bytes of a buffer view."""
        view = table_entry(self.header, "bufferViews", index, referrer)
        if any(name in view.get("extensions", {}) for name in _MESHOPT_EXTENSIONS) and self._is_fallback(view):
            raise ModelError(f"bufferViews[{index}]: meshopt compression cannot be read; pack the file without it")
        buffer = self._buffer(view.get("buffer"), f"bufferViews[{index}].buffer")
        offset, length = _byte_count(view.get("byteOffset", 0)), _byte_count(view.get("byteLength"))
        if offset + length > len(buffer):
            raise ModelError(
                f"bufferViews[{index}]: reaches byte {offset + length:,} of a buffer of {len(buffer):,} bytes; "
                "the file is cut short or damaged"
            )
        return memoryview(buffer)[offset : offset + length]

    def decode_draco(self, primitive: dict[str, Any], label: str) -> dict[str, NDArray[Any]] | None:
        """The indices and attributes of a Draco-compressed primitive, by glTF's names; None for a plain one."""
        packed = primitive.get("extensions", {}).get(DRACO)
        if packed is None:
            return None
        content = bytes(self.view(packed.get("bufferView"), f"{label}.extensions.{DRACO}"))
        try:
            import DracoPy

            mesh = DracoPy.decode(content)
            found: dict[str, NDArray[Any]] = {"indices": np.asarray(mesh.faces).reshape(-1)}
            for name, number in packed.get("attributes", {}).items():
                values = np.asarray(mesh.get_attribute_by_unique_id(int(number))["data"])
                found[name] = values.reshape(len(values), -1)
        except ImportError as error:
            raise ModelError(f"{label} is Draco-compressed; pip install 'selfiesim[draco]'") from error
        except Exception as error:  # the decoder's own kinds of failure
            raise ModelError(f"{label}: its Draco data are damaged ({type(error).__name__})") from error
        for name, number in primitive.get("attributes", {}).items():
            accessor = table_entry(self.header, "accessors", number, f"{label}.attributes.{name}")
            kind = _component_dtype(accessor.get("componentType"), f"accessors[{number}]")
            if name in found and accessor.get("normalized") and found[name].dtype.kind in "iu" and kind.kind in "iu":
                found[name] = np.maximum(found[name].astype(np.float64) / np.iinfo(kind).max, -1.0)
        return found

    @cached_property
    def _fallbacks(self) -> set[int]:
        """Numbers of buffers that hold nothing: what was meant to be in them is compressed elsewhere."""
        return {
            number
            for number, buffer in enumerate(self.header.get("buffers", []))
            if "uri" not in buffer and not (number == 0 and self.glb_chunk is not None)
        }

    def _is_fallback(self, view: dict[str, Any]) -> bool:
        return view.get("buffer") in self._fallbacks

    def _read_values(
        self, accessor: dict[str, Any], label: str, kind: np.dtype[Any], count: int, width: int
    ) -> NDArray[Any]:
        number = accessor["bufferView"]
        data = self.view(number, f"{label}.bufferView")
        stride = _byte_count(self.header["bufferViews"][number].get("byteStride", 0)) or kind.itemsize * width
        return _strided_view(data, _byte_count(accessor.get("byteOffset", 0)), stride, count, width, kind, label)

    def _apply_sparse(self, raw: NDArray[Any], sparse: dict[str, Any], label: str) -> NDArray[Any]:
        """Sparse accessors: a few rows are other than the rest (glTF 2.0, section 3.6.2.3)."""
        count = _byte_count(sparse.get("count"))
        if count > len(raw):
            raise ModelError(f"{label}.sparse.count: {count} of {len(raw)} items cannot differ")
        places, values = sparse["indices"], sparse["values"]
        kind = _component_dtype(places.get("componentType"), f"{label}.sparse.indices")
        data = self.view(places.get("bufferView"), f"{label}.sparse.indices")
        offset = _byte_count(places.get("byteOffset", 0))
        at = _strided_view(data, offset, kind.itemsize, count, 1, kind, f"{label}.sparse.indices")[:, 0]
        data = self.view(values.get("bufferView"), f"{label}.sparse.values")
        row = raw.dtype.itemsize * raw.shape[1]
        offset = _byte_count(values.get("byteOffset", 0))
        new = _strided_view(data, offset, row, count, raw.shape[1], raw.dtype, f"{label}.sparse.values")
        if count and (kind.kind == "f" or at.max() >= len(raw)):
            raise ModelError(f"{label}.sparse.indices: {at.max()} of {len(raw)} items")
        out = raw.copy()
        out[at] = new
        return out

    def _buffer(self, index: Any, referrer: str) -> bytes:
        buffer = table_entry(self.header, "buffers", index, referrer)
        if index not in self._buffers:
            uri = buffer.get("uri")
            if uri is None and (index != 0 or self.glb_chunk is None):
                raise ModelError(f"buffers[{index}].uri: missing; only a GLB's first buffer goes without")
            self._buffers[index] = (
                self.glb_chunk if uri is None and self.glb_chunk is not None else self.read_uri(str(uri))
            )
        return self._buffers[index]

    def read_uri(self, uri: str) -> bytes:
        """The bytes of a data URI, or of a file beside the mesh."""
        if not uri.startswith("data:"):
            return self.resources.get(unquote(uri))
        head, comma, body = uri.partition(",")
        if not comma:
            raise ModelError("a data URI in it has no comma; the file is damaged")
        if not head.endswith(";base64"):
            return unquote_to_bytes(body)
        try:
            return base64.b64decode(unquote(body) if "%" in body else body)
        except (binascii.Error, ValueError) as error:
            raise ModelError("a data URI in it is not base64; the file is damaged") from error


def _strided_view(
    data: memoryview, offset: int, stride: int, count: int, width: int, kind: np.dtype[Any], label: str
) -> NDArray[Any]:
    row = kind.itemsize * width
    if stride < row:
        raise ModelError(f"{label}: rows of {row} bytes cannot lie {stride} bytes apart")
    if count and offset + stride * (count - 1) + row > len(data):
        need = offset + stride * (count - 1) + row
        raise ModelError(f"{label}: reaches byte {need:,} of a buffer view of {len(data):,} bytes")
    if not count:
        return np.zeros((0, width), kind)
    return np.ndarray((count, width), kind, data, offset, (stride, kind.itemsize))


def _component_dtype(number: Any, label: str) -> np.dtype[Any]:
    if number not in _COMPONENT_DTYPES:
        raise ModelError(
            f"{label}.componentType: {str(number)[:20]}; one of {', '.join(map(str, _COMPONENT_DTYPES))} would be right"
        )
    return np.dtype(_COMPONENT_DTYPES[number])


def _byte_count(value: Any) -> int:
    """A number of bytes."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ModelError(f"a byte offset or length in it is {str(value)[:20]!r}; whole numbers from 0 are right")
    return value
