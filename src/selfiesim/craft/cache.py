"""On-disk cache of what is made from model files: craft, simplified meshes, and what of a mesh sees the sky.

A cache file may be lost, truncated or written by another version at any time: one that does not read back correctly
counts as missing.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
import zipfile
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write, cache_dir, is_within
from selfiesim.core.limits import CRAFT_CACHE_BYTES, MESH_BYTES
from selfiesim.craft.formats.import_result import ImportResult
from selfiesim.craft.model import Material, Part

_CACHE_VERSION = 9  # increment when the content of a cached craft changes
_LOD_VERSION = 2  # increment when mesh simplification gives other triangles
_OPEN_VERSION = 1  # increment when the rays that sample the sky change
_STALE_TEMP_AGE_S = 3600.0
_OPTIONAL = ("uv", "tint", "opacity", "uv2")  # attributes of vertices that not every part has
_TUPLES = ("base_color", "glow", "specular_color", "wrap", "second_uv", "second_wrap")
_READ_ERRORS = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    EOFError,
    NotImplementedError,
    zipfile.BadZipFile,
    MemoryError,
)


def cache_path(content: bytes, description: bytes) -> Path:
    """Return the cache path of a model with these bytes of mesh and TOML."""
    digest = hashlib.sha256(f"selfiesim craft {_CACHE_VERSION} {len(content)}\n".encode())
    digest.update(content)
    digest.update(description)
    return cache_dir() / "craft" / f"{digest.hexdigest()[:40]}.npz"


def store(path: Path, import_result: ImportResult, resources: dict[str, str]) -> None:
    """Write an import result to the cache; failing to write is not an error.

    ``resources`` maps the files that the mesh refers to, to their SHA-256 digests.
    """
    parts = import_result.parts
    materials: list[Material] = []
    material_index: dict[int, int] = {}
    for part in parts:
        if id(part.material) not in material_index:
            material_index[id(part.material)] = len(materials)
            materials.append(part.material)
    arrays: dict[str, Any] = {
        "vertices": np.concatenate([p.vertices for p in parts]),
        "normals": np.concatenate([p.normals for p in parts]),
        "faces": np.concatenate([p.faces for p in parts]),
        "uv": np.concatenate([np.zeros((0, 2), np.float32), *(p.uv for p in parts if p.uv is not None)]),
        "tint": np.concatenate([np.zeros((0, 3), np.float32), *(p.tint for p in parts if p.tint is not None)]),
        "opacity": np.concatenate([np.zeros(0, np.float32), *(p.opacity for p in parts if p.opacity is not None)]),
        "uv2": np.concatenate([np.zeros((0, 2), np.float32), *(p.uv2 for p in parts if p.uv2 is not None)]),
    }
    arrays |= {f"{slot}{k}": pixels for k, m in enumerate(materials) for slot, pixels in m.textures.items()}
    table = {
        "companions": resources,
        "repairs": import_result.repairs,
        "warnings": import_result.warnings,
        "units": import_result.units,
        "materials": [asdict(replace(m, textures={})) | {"textures": sorted(m.textures)} for m in materials],
        "parts": [_part_row(p, material_index[id(p.material)]) for p in parts],
    }
    arrays["table"] = np.frombuffer(json.dumps(table).encode(), dtype=np.uint8)
    _write(path, arrays)


def fetch(path: Path, folder: Path) -> ImportResult | None:
    """Read an import result from the cache; None if it is missing or a referenced file in ``folder`` has changed."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        table = json.loads(arrays["table"].tobytes())
        for name, digest in table["companions"].items():
            if _digest(folder, name) != digest:
                return None
        import_result = ImportResult(
            _unpack_parts(table, arrays),
            tuple(table["repairs"]),
            tuple(table["warnings"]),
            tuple(table["companions"]),
            str(table["units"]),
        )
    except _READ_ERRORS:
        return None
    _mark_used(path)
    return import_result


def lod_cache_path(digest: str) -> Path:
    """Return the cache path of the simplified meshes made from content with this digest."""
    hasher = hashlib.sha256(f"selfiesim level {_LOD_VERSION} {digest}".encode())
    return cache_dir() / "craft" / f"{hasher.hexdigest()[:40]}.npz"


def store_lod_faces(path: Path, faces: list[NDArray[np.int32]]) -> None:
    """Write lists of triangles, (M, 3) each, to the cache; failing to write is not an error."""
    _write(path, {f"level{k}": each for k, each in enumerate(faces)})


def fetch_lod_faces(path: Path, vertex_counts: list[int]) -> list[NDArray[np.int32]] | None:
    """Read one list of triangles, (M, 3) int32, per vertex count; None if they are missing or do not fit the counts."""
    try:
        with np.load(path, allow_pickle=False) as file:
            faces = [np.asarray(file[f"level{k}"]) for k in range(len(vertex_counts))]
    except _READ_ERRORS:
        return None
    for each, count in zip(faces, vertex_counts, strict=True):
        is_valid = each.dtype == np.int32 and each.ndim == 2 and each.shape[1] == 3 and len(each) > 0
        if not is_valid or each.min() < 0 or each.max() >= count:
            return None
    _mark_used(path)
    return faces


def open_fractions_path(digest: str) -> Path:
    """Return the cache path of how much of each triangle sees the sky, for a mesh with this digest."""
    hasher = hashlib.sha256(f"selfiesim open {_OPEN_VERSION} {digest}".encode())
    return cache_dir() / "craft" / f"{hasher.hexdigest()[:40]}.npz"


def store_open_fractions(path: Path, fractions: NDArray[np.float64]) -> None:
    """Write fractions (M,) to the cache; failing to write is not an error."""
    _write(path, {"fractions": fractions})


def fetch_open_fractions(path: Path, count: int) -> NDArray[np.float64] | None:
    """Read fractions (count,) from 0 to 1; None if they are missing or are not such."""
    try:
        with np.load(path, allow_pickle=False) as file:
            fractions = np.asarray(file["fractions"])
    except _READ_ERRORS:
        return None
    if fractions.dtype != np.float64 or fractions.shape != (count,) or not ((fractions >= 0) & (fractions <= 1)).all():
        return None
    _mark_used(path)
    return fractions


def prune(folder: Path, keep: Path) -> None:
    """Delete the least recently used files until the rest fits into the limit, but never ``keep``.

    Other processes may read, write and prune at the same time, so a missing file is not an error. Temporary files of
    killed processes are deleted after an hour.
    """
    found = []
    for file in folder.glob("*.npz"):
        with suppress(OSError):
            status = file.stat()
            found.append((status.st_mtime, status.st_size, file))
    total = sum(size for _, size, _ in found)
    for used, size, file in sorted(found):
        is_temporary = file.name.startswith(".")
        is_stale = is_temporary and time.time() - used > _STALE_TEMP_AGE_S
        if file == keep or (is_temporary and not is_stale):
            continue
        if total > CRAFT_CACHE_BYTES.value or is_stale:
            with suppress(OSError):
                file.unlink()
                total -= size


def _write(path: Path, arrays: dict[str, Any]) -> None:
    try:
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)
    except OutputError:
        return
    prune(path.parent, path)


def _mark_used(path: Path) -> None:
    """Update the modification time, by which :func:`prune` orders files."""
    with suppress(OSError):
        os.utime(path)


def _digest(folder: Path, name: str) -> str:
    path = folder / name
    if not is_within(folder, path) or not path.is_file() or path.stat().st_size > MESH_BYTES.value:
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _part_row(part: Part, material_index: int) -> dict[str, Any]:
    row: dict[str, Any] = {"name": part.name, "node": part.node, "joint": part.joint, "material": material_index}
    row |= {"vertices": len(part.vertices), "faces": len(part.faces)}
    return row | {name: getattr(part, name) is not None for name in _OPTIONAL}


def _unpack_parts(table: dict[str, Any], arrays: dict[str, Any]) -> tuple[Part, ...]:
    """Rebuild the parts, whose arrays are stored end to end."""
    materials = []
    for k, entry in enumerate(table["materials"]):
        textures = {slot: arrays[f"{slot}{k}"] for slot in entry["textures"]}
        tuples = {name: tuple(entry[name]) for name in _TUPLES}
        materials.append(Material(**entry | tuples | {"textures": textures}))
    parts, ends = [], dict.fromkeys(("vertices", "faces", *_OPTIONAL), 0)

    def take(name: str, count: int) -> Any:
        ends[name] += count
        return arrays[name][ends[name] - count : ends[name]]

    for row in table["parts"]:
        start, count = ends["vertices"], row["vertices"]
        mesh = {"vertices": take("vertices", count), "faces": take("faces", row["faces"])}
        mesh["normals"] = arrays["normals"][start : start + count]
        mesh |= {name: take(name, count) if row[name] else None for name in _OPTIONAL}
        parts.append(Part(row["name"], row["node"], materials[row["material"]], joint=row["joint"], **mesh))
    if any(end != len(arrays[name]) for name, end in ends.items()):
        raise ValueError("the parts do not add up to the stored arrays")
    return tuple(parts)
