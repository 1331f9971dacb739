"""Parts kept ready to use, so that a model is opened with the mesh library only once.

A cache may be lost, cut short or written by another version at any time: whatever does not read back is not there.
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
from selfiesim.core.files import atomic_write, cache_dir
from selfiesim.craft.formats.limits import MAX_CACHE_BYTES
from selfiesim.craft.formats.read_result import ImportResult
from selfiesim.craft.model import Material, Part

_CACHE_VERSION = 5  # raise it when what is stored changes its meaning
_LOD_VERSION = 1  # raise it when coarser meshes are made otherwise
_STALE_TEMP_AGE_S = 3600.0
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
    """Where the parts of a model with these bytes (mesh, TOML) are kept."""
    digest = hashlib.sha256(f"selfiesim craft {_CACHE_VERSION} {len(content)}\n".encode())
    digest.update(content)
    digest.update(description)
    return cache_dir() / "craft" / f"{digest.hexdigest()[:40]}.npz"


def store(path: Path, import_result: ImportResult, resources: dict[str, str]) -> None:
    """Write parts and the digests of the companion files they came from. That it cannot be written is no error."""
    parts = import_result.parts
    materials: list[Material] = []
    number: dict[int, int] = {}
    for part in parts:
        if id(part.material) not in number:
            number[id(part.material)] = len(materials)
            materials.append(part.material)
    arrays: dict[str, Any] = {
        "vertices": np.concatenate([p.vertices for p in parts]),
        "normals": np.concatenate([p.normals for p in parts]),
        "faces": np.concatenate([p.faces for p in parts]),
        "uv": np.concatenate([np.zeros((0, 2), np.float32), *(p.uv for p in parts if p.uv is not None)]),
    }
    arrays["tint"] = np.concatenate([np.zeros((0, 3), np.float32), *(p.tint for p in parts if p.tint is not None)])
    arrays |= {f"{name}{k}": picture for k, m in enumerate(materials) for name, picture in m.textures.items()}
    table = {
        "companions": resources,
        "repairs": import_result.repairs,
        "warnings": import_result.warnings,
        "materials": [asdict(replace(m, textures={})) | {"textures": sorted(m.textures)} for m in materials],
        "parts": [_part_row(p, number[id(p.material)]) for p in parts],
    }
    arrays["table"] = np.frombuffer(json.dumps(table).encode(), dtype=np.uint8)
    try:
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)
    except OutputError:
        return
    prune(path.parent, path)


def lod_cache_path(digest: str) -> Path:
    """Where the triangles of coarser meshes are kept that were made of what has this digest."""
    hasher = hashlib.sha256(f"selfiesim level {_LOD_VERSION} {digest}".encode())
    return cache_dir() / "craft" / f"{hasher.hexdigest()[:40]}.npz"


def store_lod_faces(path: Path, faces: list[NDArray[np.int32]]) -> None:
    """Write lists of triangles, (M, 3) each. That they cannot be written is no error."""
    try:
        with atomic_write(path) as temporary, temporary.open("wb") as file:
            np.savez(file, *faces)
    except OutputError:
        return
    prune(path.parent, path)


def fetch_lod_faces(path: Path, vertices: list[int]) -> list[NDArray[np.int32]] | None:
    """Those stored at ``path``, of so many ``vertices`` each, or None when they are not there or not that."""
    try:
        with np.load(path, allow_pickle=False) as file:
            faces = [np.asarray(file[f"arr_{k}"]) for k in range(len(vertices))]
    except _READ_ERRORS:
        return None
    for each, count in zip(faces, vertices, strict=True):
        is_valid = each.dtype == np.int32 and each.ndim == 2 and each.shape[1] == 3 and len(each) > 0
        if not is_valid or each.min() < 0 or each.max() >= count:
            return None
    with suppress(OSError):
        os.utime(path)
    return faces


def prune(folder: Path, keep: Path, max_bytes: int = MAX_CACHE_BYTES) -> None:
    """Delete the longest unused files until at most ``max_bytes`` bytes are left; never ``keep``.

    Other processes may read, write and prune at the same time: a file that is gone is gone. What a killed process left
    half written goes after an hour.
    """
    found = []
    for file in folder.glob("*.npz"):
        with suppress(OSError):
            status = file.stat()
            found.append((status.st_mtime, status.st_size, file))
    total = sum(size for _, size, _ in found)
    for changed, size, file in sorted(found):
        is_stale = file.name.startswith(".") and time.time() - changed > _STALE_TEMP_AGE_S
        if file == keep or (file.name.startswith(".") and not is_stale):
            continue
        if total > max_bytes or is_stale:
            with suppress(OSError):
                file.unlink()
                total -= size


def fetch(path: Path, folder: Path) -> ImportResult | None:
    """What is stored at ``path``, or None; also None when a companion file in ``folder`` has changed since."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        table = json.loads(arrays["table"].tobytes())
        for name, digest in table["companions"].items():
            if _digest(folder / name) != digest:
                return None
        import_result = ImportResult(
            _unpack_parts(table, arrays), tuple(table["repairs"]), tuple(table["warnings"]), tuple(table["companions"])
        )
    except _READ_ERRORS:
        return None
    with suppress(OSError):
        os.utime(path)  # used: the last to be pruned
    return import_result


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _part_row(part: Part, material: int) -> dict[str, Any]:
    row: dict[str, Any] = {"name": part.name, "node": part.node, "joint": part.joint, "material": material}
    return row | {
        "vertices": len(part.vertices),
        "faces": len(part.faces),
        "uv": part.uv is not None,
        "tint": part.tint is not None,
    }


def _unpack_parts(table: dict[str, Any], arrays: dict[str, Any]) -> tuple[Part, ...]:
    materials = []
    for k, entry in enumerate(table["materials"]):
        textures = {name: arrays[f"{name}{k}"] for name in entry["textures"]}
        colours = {name: tuple(entry[name]) for name in ("base_color", "glow", "specular_color")}
        materials.append(Material(**entry | colours | {"textures": textures}))
    parts, v, t, c, f = [], 0, 0, 0, 0
    for row in table["parts"]:
        v2, f2 = v + row["vertices"], f + row["faces"]
        t2, c2 = t + row["vertices"] * row["uv"], c + row["vertices"] * row["tint"]
        uv, tint = arrays["uv"][t:t2] if row["uv"] else None, arrays["tint"][c:c2] if row["tint"] else None
        mesh = (arrays["vertices"][v:v2], arrays["normals"][v:v2], uv, arrays["faces"][f:f2])
        parts.append(Part(row["name"], row["node"], materials[row["material"]], *mesh, row["joint"], tint))
        v, f, t, c = v2, f2, t2, c2
    if (v, f, t, c) != tuple(len(arrays[name]) for name in ("vertices", "faces", "uv", "tint")):
        raise ValueError("the parts do not add up")
    return tuple(parts)
