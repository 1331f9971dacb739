"""Read STL files, text or binary, with the colours that some programs hide in the binary form."""

from __future__ import annotations

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import MESH_TRIANGLES
from selfiesim.craft.formats.polygonal.polygon_mesh import PolygonMesh, linear_colours, ranges
from selfiesim.craft.mesh.mesh_data import Floats, ImportedScene
from selfiesim.craft.model import Material

_RECORD = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
_HEAD_BYTES = 84


def read_stl(content: bytes) -> ImportedScene:
    """Read an STL file.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    if _is_text(content):
        triangles, colours = _read_text(content), None
    else:
        triangles, colours = _read_binary(content)
    count = len(triangles)
    mesh = PolygonMesh(triangles.reshape(-1, 3), np.arange(3 * count), np.full(count, 3))
    if colours is not None:
        mesh.colours, mesh.colour_index = colours, ranges(mesh.sizes)
    scene = ImportedScene(nodes=["mesh"])
    material = Material() if colours is None else Material(base_color=(1.0, 1.0, 1.0))
    scene.instances.append(mesh.instance(material, "mesh", ("mesh",), np.eye(4)))
    return scene


def _is_text(content: bytes) -> bool:
    """Whether it is the text form: some binary files begin with "solid" too, but hold their declared records."""
    if content.lstrip()[:5].lower() != b"solid":
        return False
    declared = int.from_bytes(content[80:84], "little") if len(content) >= _HEAD_BYTES else 0
    exact = len(content) == _HEAD_BYTES + _RECORD.itemsize * declared
    return not exact and b"facet" in content[:4096].lower()


def _read_text(content: bytes) -> Floats:
    """Corners (M, 3, 3) of the text form."""
    count = content.count(b"vertex") // 3
    MESH_TRIANGLES.check(count, f"it has {count:,} triangles", ModelError, "decimate it")
    rows = [line.split()[1:4] for line in content.decode("latin-1").splitlines() if line.split()[:1] == ["vertex"]]
    try:
        return np.array(rows, np.float64).reshape(-1, 3, 3)
    except ValueError as error:
        raise ModelError("it cannot be read as STL; the file is damaged or truncated") from error


def _read_binary(content: bytes) -> tuple[Floats, Floats | None]:
    """Corners (M, 3, 3) of the binary form, and the colours (M, 4) of its triangles."""
    if len(content) < _HEAD_BYTES:
        raise ModelError("it cannot be read as STL: it has no triangles; the file is damaged or truncated")
    declared = int.from_bytes(content[80:84], "little")
    MESH_TRIANGLES.check(declared, f"it has {declared:,} triangles", ModelError, "decimate it")
    if _HEAD_BYTES + _RECORD.itemsize * declared > len(content):
        raise ModelError(
            f"it declares {declared:,} triangles, and holds {(len(content) - _HEAD_BYTES) // _RECORD.itemsize:,}; "
            "the file is damaged or truncated"
        )
    records = np.frombuffer(content, _RECORD, declared, _HEAD_BYTES)  # what may follow is not STL
    return records["corners"].astype(np.float64), _colours(content[:80], records["attribute"].astype(np.int64))


def _colours(header: bytes, attribute: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Floats | None:
    """Colours (M, 4) of the triangles, linear light; None where the file has none.

    Materialise Magics writes ``COLOR=`` with a default into the header, red in the lowest five bits, and sets the
    highest bit of triangles that have the default. VisCAM has blue in the lowest bits and sets the highest bit of
    triangles with a colour of their own (Wikipedia, "STL (file format)", colour in binary STL).
    """
    low, middle, high = (((attribute >> shift) & 31) / 31.0 for shift in (0, 5, 10))
    flagged = (attribute & 0x8000) != 0
    mark = header.find(b"COLOR=")
    if mark >= 0 and len(header) >= mark + 10:
        default = np.frombuffer(header, np.uint8, 4, mark + 6) / 255.0
        own = np.stack([low, middle, high, np.ones(len(attribute))], axis=1)
        return linear_colours(np.where(flagged[:, None], default, own))
    if not flagged.any():
        return None
    colours = linear_colours(np.stack([high, middle, low], axis=1))
    colours[~flagged, :3] = Material().base_color
    return colours
