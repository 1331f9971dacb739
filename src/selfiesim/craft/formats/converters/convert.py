"""Convert a file to GLB in a child process, which a damaged file may crash without harm.

The libraries are large, written in C++, and open files by name. The child therefore sees a copy of the one file, alone
in an empty folder, with limits on memory and time; it returns a GLB whose pictures are names, which the resolver of
the mesh's folder opens or refuses like those of any other file.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from selfiesim.core.errors import ModelError
from selfiesim.core.limits import CONVERTER_SECONDS, MESH_BYTES, VARIABLE
from selfiesim.craft.formats.gltf_mesh import read_gltf
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.mesh.mesh_data import ImportedScene


class _Converter(NamedTuple):
    """A reader in a child process: its module, the package that it needs, and what else opens such a file."""

    module: str
    package: str
    distribution: str
    extra: str
    otherwise: str = "open it in Blender and save it as GLB"


_ROOM = "selfiesim.craft.formats.converters"
_USD = _Converter(f"{_ROOM}.usd_child", "pxr", "usd-core", "usd")
_ASSIMP = _Converter(f"{_ROOM}.assimp_child", "assimp_py", "assimp-py", "assimp")
_SPICE = _Converter(f"{_ROOM}.dsk_child", "spiceypy", "spiceypy", "spice", "write it as OBJ with NAIF's program dskexp")
_CONVERTERS = {
    ".bds": _SPICE,
    ".3ds": _ASSIMP,
    ".fbx": _ASSIMP,
    ".usd": _USD,
    ".usda": _USD,
    ".usdc": _USD,
    ".usdz": _USD,
}
CONVERTED_FORMATS = tuple(_CONVERTERS)
"""Suffixes of the formats that are converted."""
_PATIENCE = 3.0
"""Wall time of the child, in times of its limit of CPU time: the machine may be busy."""


def read_converted(content: bytes, suffix: str, resources: ResourceResolver) -> ImportedScene:
    """Read a file in one of :data:`CONVERTED_FORMATS`.

    Raises
    ------
    ModelError
        States what is wrong, without the file's name: the caller adds it.
    """
    converter = _CONVERTERS[suffix]
    kind = suffix.removeprefix(".").upper()
    if find_spec(converter.package) is None:
        install = f"pip install 'selfiesim[{converter.extra}]'"
        raise ModelError(f"{kind} needs {converter.distribution}; {install}, or {converter.otherwise}")
    with TemporaryDirectory(prefix="selfiesim-") as folder:
        source, target = Path(folder) / f"mesh{suffix}", Path(folder) / "mesh.glb"
        source.write_bytes(content)
        glb = _run(converter, source, target, kind)
    scene = read_gltf(glb, True, resources)
    asset = _asset(glb)
    scene.up = asset.get("up")
    scene.metres_per_unit = asset.get("metres_per_unit")
    scene.unit_reason = ImportedScene().unit_reason
    for name, effect in asset.get("ignored", []):
        scene.ignore(str(name)[:60], str(effect)[:200])
    return scene


def _run(converter: _Converter, source: Path, target: Path, kind: str) -> bytes:
    command = [sys.executable, "-m", converter.module, source.name, target.name]
    environment = {"PYTHONPATH": ":".join(sys.path), "PATH": "", "HOME": str(source.parent), "OMP_NUM_THREADS": "1"}
    environment |= {VARIABLE: os.environ.get(VARIABLE, "")}
    try:
        child = subprocess.run(
            command,
            cwd=source.parent,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE * CONVERTER_SECONDS.value,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ModelError(_too_slow(kind, converter)) from error
    if child.returncode == -signal.SIGXCPU:
        raise ModelError(_too_slow(kind, converter))
    if child.returncode == 0 and target.is_file():
        size = target.stat().st_size
        MESH_BYTES.check(size, f"as GLB it has {size >> 20} MB", ModelError, "decimate it")
        return target.read_bytes()
    lines = [line for line in child.stderr.splitlines() if line.startswith("refused: ")]
    reason = (
        lines[-1].removeprefix("refused: ")[:200]
        if lines
        else "the file is damaged, or holds what the reader does not know"
    )
    raise ModelError(f"it cannot be read as {kind}: {reason}; {converter.otherwise}")


def _too_slow(kind: str, converter: _Converter) -> str:
    return CONVERTER_SECONDS.excess(f"it takes too long to read as {kind}", converter.otherwise)


def _asset(glb: bytes) -> dict[str, Any]:
    length = int.from_bytes(glb[12:16], "little")
    return dict(json.loads(glb[20 : 20 + length])["asset"].get("extras", {}))
