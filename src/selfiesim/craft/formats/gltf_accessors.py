"""Read a glTF file's buffers, buffer views and accessors; nothing is read out of bounds."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, unquote_to_bytes

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.child_process import ReaderProcess
from selfiesim.core.errors import ModelError, ReaderError
from selfiesim.core.limits import MESH_TRIANGLES, MESH_VERTICES
from selfiesim.craft.formats.gltf import DRACO, table_entry
from selfiesim.craft.formats.referenced_files import ResourceResolver

_COMPONENT_DTYPES = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_COMPONENT_COUNTS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT2": 4, "MAT3": 9, "MAT4": 16}
_DRACO = ReaderProcess()
_MESHOPT_EXTENSIONS = ("EXT_meshopt_compression", "KHR_meshopt_compression")


@dataclass
class AccessorReader:
    """Reads arrays from the buffers of a glTF file.

    Attributes
    ----------
    document : dict
        The checked JSON document.
    binary_chunk : bytes, optional
        A GLB's own buffer.
    resources : ResourceResolver
        Opens the files that the document refers to.
    """

    document: dict[str, Any]
    binary_chunk: bytes | None
    resources: ResourceResolver
    _buffers: dict[int, bytes] = field(default_factory=dict)

    def array(self, index: Any, referrer: str, widths: tuple[int, ...]) -> NDArray[Any]:
        """Read accessor ``index``.

        Parameters
        ----------
        index
            As the document gives it.
        referrer : str
            The key that refers to it, for messages.
        widths : tuple of int
            Allowed numbers of components per item.

        Returns
        -------
        (count, width) array
            float64 for float and normalised accessors, else integers of the stored type.

        Raises
        ------
        ModelError
            When the accessor reaches beyond its buffer, or its width is not one of ``widths``.
        """
        accessor = table_entry(self.document, "accessors", index, referrer)
        label = f"accessors[{index}]"
        width = _COMPONENT_COUNTS.get(accessor.get("type", ""), 0)
        if width not in widths:
            raise ModelError(f"{label}.type: {str(accessor.get('type'))[:20]} is not allowed for {referrer}")
        dtype = _component_dtype(accessor.get("componentType"), label)
        count = accessor["count"]
        if "bufferView" in accessor:
            raw = self._read_values(accessor, label, dtype, count, width)
        else:
            raw = np.zeros((count, width), dtype)
        if "sparse" in accessor:
            raw = self._apply_sparse(raw, accessor["sparse"], label)
        if accessor.get("normalized") and dtype.kind in "iu":
            return _normalized_to_float(raw, dtype)
        return raw.astype(np.float64) if dtype.kind == "f" else raw

    def view(self, index: Any, referrer: str) -> memoryview:
        """Return the bytes of buffer view ``index``."""
        view = table_entry(self.document, "bufferViews", index, referrer)
        if any(name in view.get("extensions", {}) for name in _MESHOPT_EXTENSIONS) and self._is_fallback(view):
            raise ModelError(f"bufferViews[{index}]: meshopt compression is not supported; pack the file without it")
        buffer = self._buffer(view.get("buffer"), f"bufferViews[{index}].buffer")
        offset, length = _byte_count(view.get("byteOffset", 0)), _byte_count(view.get("byteLength"))
        if offset + length > len(buffer):
            raise ModelError(
                f"bufferViews[{index}]: reaches byte {offset + length:,} of a buffer of {len(buffer):,} bytes; "
                "the file is truncated or damaged"
            )
        return memoryview(buffer)[offset : offset + length]

    def decode_draco(self, primitive: dict[str, Any], label: str) -> dict[str, NDArray[Any]] | None:
        """Decode a Draco-compressed primitive to its indices and attributes, by glTF name; None for a plain one."""
        packed = primitive.get("extensions", {}).get(DRACO)
        if packed is None:
            return None
        content = bytes(self.view(packed.get("bufferView"), f"{label}.extensions.{DRACO}"))
        if find_spec("DracoPy") is None:
            raise ModelError(f"{label} is Draco-compressed; pip install 'selfiesim[draco]'")
        ids = {str(name): int(unique_id) for name, unique_id in packed.get("attributes", {}).items()}
        try:
            arrays = _DRACO.call(decode_draco, content, ids)
        except ReaderError as error:
            raise ModelError(f"{label}: its Draco data are damaged ({error})") from error
        vertices, corners = (
            max((len(each) for name, each in arrays.items() if name in ids), default=0),
            arrays["indices"],
        )
        MESH_VERTICES.check(vertices, f"{label}: has {vertices:,} vertices", ModelError, "decimate it")
        MESH_TRIANGLES.check(
            len(corners) / 3, f"{label}: has {len(corners) // 3:,} triangles", ModelError, "decimate it"
        )
        for name, index in primitive.get("attributes", {}).items():
            accessor = table_entry(self.document, "accessors", index, f"{label}.attributes.{name}")
            dtype = _component_dtype(accessor.get("componentType"), f"accessors[{index}]")
            if name in arrays and accessor.get("normalized") and arrays[name].dtype.kind in "iu" and dtype.kind in "iu":
                arrays[name] = _normalized_to_float(arrays[name], dtype)
        return arrays

    def read_uri(self, uri: str) -> bytes:
        """Return the bytes of a data URI, or of a file in the folder of the mesh."""
        if not uri.startswith("data:"):
            return self.resources.get(unquote(uri))
        head, comma, body = uri.partition(",")
        if not comma:
            raise ModelError("it has a data URI without a comma; the file is damaged")
        if not head.endswith(";base64"):
            return unquote_to_bytes(body)
        try:
            return base64.b64decode(unquote(body) if "%" in body else body)
        except (binascii.Error, ValueError) as error:
            raise ModelError("it has a data URI that is not base64; the file is damaged") from error

    @cached_property
    def _fallbacks(self) -> set[int]:
        """Indices of placeholder buffers without data, whose content is compressed elsewhere."""
        return {
            index
            for index, buffer in enumerate(self.document.get("buffers", []))
            if "uri" not in buffer and not (index == 0 and self.binary_chunk is not None)
        }

    def _is_fallback(self, view: dict[str, Any]) -> bool:
        return view.get("buffer") in self._fallbacks

    def _read_values(
        self, accessor: dict[str, Any], label: str, dtype: np.dtype[Any], count: int, width: int
    ) -> NDArray[Any]:
        index = accessor["bufferView"]
        data = self.view(index, f"{label}.bufferView")
        stride = _byte_count(self.document["bufferViews"][index].get("byteStride", 0)) or dtype.itemsize * width
        return _strided_view(data, _byte_count(accessor.get("byteOffset", 0)), stride, count, width, dtype, label)

    def _apply_sparse(self, raw: NDArray[Any], sparse: dict[str, Any], label: str) -> NDArray[Any]:
        """Replace the rows that a sparse accessor overrides (glTF 2.0, section 3.6.2.3)."""
        count = _byte_count(sparse.get("count"))
        if count > len(raw):
            raise ModelError(f"{label}.sparse.count: {count}, but the accessor has {len(raw)} items")
        indices, values = sparse["indices"], sparse["values"]
        dtype = _component_dtype(indices.get("componentType"), f"{label}.sparse.indices")
        data = self.view(indices.get("bufferView"), f"{label}.sparse.indices")
        offset = _byte_count(indices.get("byteOffset", 0))
        rows = _strided_view(data, offset, dtype.itemsize, count, 1, dtype, f"{label}.sparse.indices")[:, 0]
        data = self.view(values.get("bufferView"), f"{label}.sparse.values")
        row_bytes = raw.dtype.itemsize * raw.shape[1]
        offset = _byte_count(values.get("byteOffset", 0))
        replaced = _strided_view(data, offset, row_bytes, count, raw.shape[1], raw.dtype, f"{label}.sparse.values")
        if count and (dtype.kind == "f" or rows.max() >= len(raw)):
            raise ModelError(f"{label}.sparse.indices: {rows.max()} of {len(raw)} items")
        out = raw.copy()
        out[rows] = replaced
        return out

    def _buffer(self, index: Any, referrer: str) -> bytes:
        buffer = table_entry(self.document, "buffers", index, referrer)
        if index not in self._buffers:
            uri = buffer.get("uri")
            if uri is None and (index != 0 or self.binary_chunk is None):
                raise ModelError(f"buffers[{index}].uri: missing; only the first buffer of a GLB needs none")
            self._buffers[index] = (
                self.binary_chunk if uri is None and self.binary_chunk is not None else self.read_uri(str(uri))
            )
        return self._buffers[index]


def decode_draco(content: bytes, ids: dict[str, int]) -> dict[str, NDArray[Any]]:
    """Decode Draco data to indices and the attributes with these numbers; runs in a child process."""
    import DracoPy

    mesh = DracoPy.decode(content)
    arrays: dict[str, NDArray[Any]] = {"indices": np.asarray(mesh.faces).reshape(-1)}
    for name, unique_id in ids.items():
        values = np.asarray(mesh.get_attribute_by_unique_id(unique_id)["data"])
        arrays[name] = values.reshape(len(values), -1)
    return arrays


def _normalized_to_float(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[np.float64]:
    """Scale normalised integers to 0..1 or -1..1 (glTF 2.0, section 3.11: the lowest two signed values are -1)."""
    return np.maximum(values.astype(np.float64) / np.iinfo(dtype).max, -1.0)


def _strided_view(
    data: memoryview, offset: int, stride: int, count: int, width: int, dtype: np.dtype[Any], label: str
) -> NDArray[Any]:
    """View bytes as a (count, width) array whose rows are ``stride`` bytes apart."""
    row_bytes = dtype.itemsize * width
    if stride < row_bytes:
        raise ModelError(f"{label}: rows of {row_bytes} bytes cannot be {stride} bytes apart")
    if count and offset + stride * (count - 1) + row_bytes > len(data):
        end = offset + stride * (count - 1) + row_bytes
        raise ModelError(f"{label}: reaches byte {end:,} of a buffer view of {len(data):,} bytes")
    if not count:
        return np.zeros((0, width), dtype)
    return np.ndarray((count, width), dtype, data, offset, (stride, dtype.itemsize))


def _component_dtype(component_type: Any, label: str) -> np.dtype[Any]:
    if component_type not in _COMPONENT_DTYPES:
        raise ModelError(
            f"{label}.componentType: {str(component_type)[:20]}; "
            f"it must be one of {', '.join(map(str, _COMPONENT_DTYPES))}"
        )
    return np.dtype(_COMPONENT_DTYPES[component_type])


def _byte_count(value: Any) -> int:
    """Check a byte offset, length or count."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ModelError(f"it has a byte offset or length of {str(value)[:20]!r}; it must be a whole number from 0")
    return value
