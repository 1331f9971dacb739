"""Cache of ground meshes, on disk and in memory, keyed by their specification.

Cached files may be lost or truncated at any time: a mesh that cannot be read is built again.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write, cache_dir
from selfiesim.craft.model import Craft, Material, Part
from selfiesim.planet.ground.mesh import TerrainSpec, build_terrain

MAX_CACHED_TERRAINS = 6
"""Files on disk; one for a final image takes some 40 to 50 MB."""

_FORMAT = 5  # increment when the same specification gives another ground
_ARRAYS = ("vertices", "normals", "faces", "tint")


@lru_cache(maxsize=3)
def cached_terrain(spec: TerrainSpec) -> Craft:
    """Return the ground of ``spec``, built unless it is cached."""
    path = cache_path(spec)
    parts = _read(path)
    if parts is None:
        craft = build_terrain(spec)
        _write(path, craft)
        return craft
    return Craft("ground", parts, {}, {}, Path("terrain"))


def cache_path(spec: TerrainSpec) -> Path:
    """Return the path of the cached mesh of a specification."""
    digest = hashlib.sha256(f"selfiesim terrain {_FORMAT} {spec!r}".encode()).hexdigest()
    return cache_dir() / "terrain" / f"{digest[:40]}.npz"


def _write(path: Path, craft: Craft) -> None:
    arrays: dict[str, Any] = {"nodes": np.array([part.node for part in craft.parts])}
    for k, part in enumerate(craft.parts):
        material = part.material
        arrays[f"name{k}"] = np.array(material.name)
        arrays[f"look{k}"] = np.array([*material.base_color, material.metallic, material.roughness, material.specular])
        arrays[f"law{k}"] = np.array(material.law or "")
        arrays |= {f"{name}{k}": getattr(part, name) for name in _ARRAYS}
    # A mesh that cannot be cached is still usable.
    with suppress(OutputError, OSError):
        with atomic_write(path) as temporary:
            np.savez(temporary, **arrays)
        cached_files = sorted(path.parent.glob("[0-9a-f]*.npz"), key=lambda each: each.stat().st_mtime)
        for old in cached_files[:-MAX_CACHED_TERRAINS]:
            old.unlink(missing_ok=True)


def _read(path: Path) -> tuple[Part, ...] | None:
    try:
        with np.load(path, allow_pickle=False) as stored:
            parts = []
            for k, node in enumerate(stored["nodes"]):
                red, green, blue, metallic, roughness, specular = (float(v) for v in stored[f"look{k}"])
                look = (red, green, blue), metallic, roughness
                law = str(stored[f"law{k}"]) or None
                material = Material(str(stored[f"name{k}"]), *look, specular=specular, law=law)
                vertices, normals, faces, tint = (stored[f"{name}{k}"] for name in _ARRAYS)
                if faces.max(initial=0) >= len(vertices) or len(vertices) != len(normals):
                    return None
                name = f"{node}.{material.name}"
                parts.append(Part(name, str(node), material, vertices, normals, None, faces, tint=tint))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    with suppress(OSError):
        os.utime(path)  # the most recently used file is deleted last
    return tuple(parts)
