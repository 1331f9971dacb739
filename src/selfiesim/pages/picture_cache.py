"""A cache of rendered pictures: what each depends on, and whether its files are unchanged.

The record lies next to the pictures. When it is lost, edited or written by another version, the pictures are rendered
again, and nothing else happens.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from selfiesim.core.config_validation import read_limited
from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write
from selfiesim.core.limits import RECORD_BYTES
from selfiesim.files.recipe import RECORDED_PACKAGES

if TYPE_CHECKING:
    from selfiesim.craft.model import Craft
    from selfiesim.view.view import View

_PACKAGE = Path(__file__).resolve().parent.parent
_EXCLUDED_DIRS = {"__pycache__", "models", "scenes"}  # of the last two, what a picture uses is hashed separately


class RenderCache:
    """The record of what the pictures in a folder were rendered from, stored in the file ``path``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = _read(path)

    def is_current(self, name: str, input_digest: str, files: Iterable[Path]) -> bool:
        """Whether the ``files`` of a picture come from these inputs (:func:`view_digest`) and are unchanged."""
        known = self._known.get(name)
        if not isinstance(known, dict) or known.get("made_from") != input_digest:
            return False
        try:
            return bool(known.get("files") == _digests(files))
        except OSError:
            return False

    def add(self, name: str, input_digest: str, files: Iterable[Path]) -> None:
        """Record a picture, and write the record at once so that an interrupted run keeps what it has rendered.

        Raises
        ------
        OutputError
            When the record cannot be written.
        """
        self._known[name] = {"made_from": input_digest, "files": _digests(files)}
        with atomic_write(self._path) as temporary:
            temporary.write_text(json.dumps(self._known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        known = json.loads(read_limited(path, RECORD_BYTES, "that is not our record", OutputError))
    except (OutputError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _digests(files: Iterable[Path]) -> list[str]:
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]


def view_digest(view: View, quality: str) -> str:
    """SHA-256 of everything that the photo of ``view`` depends on: scene, geometry, meshes, map, program, renderer.

    Raises
    ------
    GraphicsError
        When this machine cannot render.
    MapError
        When the scene's own map, or the library's elevation, cannot be read.
    """
    from selfiesim.planet.maps.map_file import fingerprint
    from selfiesim.render.gl.opengl_check import require

    track, planet = view.track, view.planet
    own_map = planet.surface.map if planet else None
    elevation = planet.surface.elevation if planet else None
    inputs = {
        "scene": view.shot.defaults,
        "view": view.facts,
        "states": [each.tolist() for state in (track.host, track.camera) for each in (state.position, state.velocity)],
        "rotations": [each.tolist() for each in (view.icrf_to_camera, track.icrf_to_body, track.icrf_to_bodyfixed)],
        "joints": [pose.joint_angles for pose in (view.craft, *view.objects)],
        "crafts": [_craft_digest(pose.craft) for pose in (view.craft, *view.objects)],
        "map": own_map and fingerprint(own_map.path),
        "elevation": elevation and fingerprint(elevation.path),
        "quality": quality,
        "program": _program_digest(),
        "versions": {name: version(name) for name in RECORDED_PACKAGES},
        "device": require().device,
    }
    return hashlib.sha256(json.dumps(inputs, sort_keys=True).encode()).hexdigest()


def _craft_digest(craft: Craft) -> str:
    """SHA-256 of mesh, textures and materials, wherever they were read from."""
    digest = hashlib.sha256()
    for part in craft.parts:
        material = part.material
        values = {key: value for key, value in vars(material).items() if key != "textures"}
        digest.update(repr((part.name, part.node, part.joint, values)).encode())
        arrays = (part.vertices, part.normals, part.faces, part.uv, part.tint, part.opacity, part.uv2)
        for array in (*arrays, *(material.textures[name] for name in sorted(material.textures))):
            if array is not None:
                digest.update(repr((array.shape, array.dtype.str)).encode())
                digest.update(array.tobytes())
    digest.update(repr((craft.joints, craft.mounts)).encode())
    return digest.hexdigest()


@cache
def _program_digest() -> str:
    """SHA-256 of this package's own files, because a change to the renderer need not change the version."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        inner = path.relative_to(_PACKAGE)
        if path.is_file() and not _EXCLUDED_DIRS & set(inner.parts):
            digest.update(f"{inner.as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()
