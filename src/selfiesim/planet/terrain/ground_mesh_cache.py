"""Ground meshes kept from picture to picture: by their recipe, the last few on the disk and in memory.

A cache may be lost or cut short at any time: what does not read back is made again.
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
from selfiesim.planet.terrain.ground_mesh import TerrainSpec, terrain

MAX_CACHED_TERRAINS = 6
"""Files on the disk; one of a final picture takes some 40 to 50 MB."""

_FORMAT = 2  # raise it when the same recipe makes another ground
_ARRAYS = ("vertices", "normals", "faces", "tint")


@lru_cache(maxsize=3)
def cached_terrain(recipe: TerrainSpec) -> Craft:
    """The ground of ``recipe``, made only if it is not at hand."""
    path = cache_path(recipe)
    parts = _read(path)
    if parts is None:
        craft = terrain(recipe)
        _write(path, craft)
        return craft
    return Craft("ground", parts, {}, {}, Path("terrain"))


def cache_path(recipe: TerrainSpec) -> Path:
    """Where the mesh of a recipe is kept."""
    digest = hashlib.sha256(f"selfiesim terrain {_FORMAT} {recipe!r}".encode()).hexdigest()
    return cache_dir() / "terrain" / f"{digest[:40]}.npz"


def _write(path: Path, craft: Craft) -> None:
    arrays: dict[str, Any] = {"nodes": np.array([part.node for part in craft.parts])}
    for k, part in enumerate(craft.parts):
        look = part.material
        arrays[f"name{k}"] = np.array(look.name)
        arrays[f"look{k}"] = np.array([*look.base_color, look.metallic, look.roughness])
        arrays |= {f"{name}{k}": getattr(part, name) for name in _ARRAYS}
    # That it cannot be written is no error.
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
                red, green, blue, metallic, roughness = (float(v) for v in stored[f"look{k}"])
                look = Material(str(stored[f"name{k}"]), (red, green, blue), metallic, roughness)
                vertices, normals, faces, tint = (stored[f"{name}{k}"] for name in _ARRAYS)
                if faces.max(initial=0) >= len(vertices) or len(vertices) != len(normals):
                    return None
                parts.append(Part(f"{node}.{look.name}", str(node), look, vertices, normals, None, faces, tint=tint))
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    with suppress(OSError):
        os.utime(path)  # the last one used goes last
    return tuple(parts)
