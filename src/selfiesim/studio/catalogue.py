"""What the page can choose from: scenes with their pictures, models, cameras, finishes, sensors and maps.

Reading it all takes longer than the rest of the page's start, so it is kept in the cache until one of the files that
it is made from changes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from importlib.metadata import version
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

from selfiesim.core.errors import OutputError
from selfiesim.core.files import atomic_write, cache_dir, data_dir, shipped

THUMBNAILS = Path(str(files("selfiesim.studio") / "static" / "scenes"))
"""Folder of the scenes' pictures, ``NAME.jpg``; ``make gallery`` makes them from those in ``renders/``."""


_PICTURE_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".avif", ".tif", ".tiff", ".tga", ".bmp", ".gif")
_MOST_ENTRIES = 2000


def catalogue_json() -> bytes:
    """Return :func:`catalogue` as JSON, from the cache where it is up to date."""
    path = cache_dir() / "studio" / f"catalogue-{_fingerprint()}.json"
    with contextlib.suppress(OSError):
        return path.read_bytes()
    content = json.dumps(catalogue(), separators=(",", ":")).encode()
    with contextlib.suppress(OutputError, OSError):  # a cache that cannot be written is no reason to fail
        with atomic_write(path) as temporary:
            temporary.write_bytes(content)
        for old in path.parent.glob("catalogue-*.json"):
            if old != path:
                old.unlink(missing_ok=True)
    return content


def pictures(folder: Path) -> list[str]:
    """Return the names of pictures in the folder of a scene, sorted; those of large folders are not all looked for."""
    try:
        entries = list(islice(folder.iterdir(), _MOST_ENTRIES))
    except OSError:  # the folder is gone
        return []
    return sorted(path.name for path in entries if path.suffix.lower() in _PICTURE_ENDINGS and path.is_file())


def _fingerprint() -> str:
    """A word that changes with the code, the shipped files, the user's maps, and the library that writes schemas."""
    found = hashlib.sha256(version("pydantic").encode())
    for folder in (Path(str(files("selfiesim"))), shipped("scenes"), shipped("models"), data_dir() / "maps"):
        for path in sorted(folder.rglob("*.*")):
            if path.parent.name != "__pycache__":
                status = path.lstat()
                found.update(f"{path} {status.st_size} {status.st_mtime_ns}\n".encode(errors="surrogateescape"))
    return found.hexdigest()[:16]


def catalogue() -> dict[str, Any]:
    """Return it, JSON-ready.

    Returns
    -------
    dict
        ``scenes``, by mission, each with ``name``, ``title``, ``summary``, ``mission`` and ``picture`` (an address, or
        None); ``schema``, from which panels are made; ``choices``, by the path of a key: names, each with a ``title``,
        and models with their ``mounts``; ``presets``, the keys of ``[camera]`` that each known camera sets.
    """
    from selfiesim.camera.catalogue import cameras
    from selfiesim.scene.scene import schema

    presets = {name: sorted(camera.scene_keys()) for name, camera in cameras().items()}
    return {"scenes": _scenes(), "schema": schema(), "choices": _choices(), "presets": presets}


def want_forms() -> dict[str, Any]:
    """Return how wants of a plan are written, JSON-ready.

    Returns
    -------
    dict
        ``forms``, each with the ``pattern`` of a condition as browsers write it, an ``example``, and its ``meaning``;
        ``parts`` of the picture.
    """
    from selfiesim.plan.conditions import REGIONS
    from selfiesim.plan.wants import FORMS

    forms = [
        {"pattern": form.pattern.replace("(?P<", "(?<"), "example": form.example, "meaning": form.meaning}
        for form in FORMS
    ]
    return {"forms": forms, "parts": list(REGIONS)}


def _scenes() -> list[dict[str, Any]]:
    from selfiesim.scene.scene import Scene
    from selfiesim.scene.shipped import scenes

    found = []
    for name in scenes():
        scene = Scene.load(name)
        picture = f"/static/scenes/{name}.jpg" if (THUMBNAILS / f"{name}.jpg").is_file() else None
        words = {"title": scene.title, "summary": scene.summary.strip(), "mission": scene.mission}
        found.append({"name": name, "picture": picture, **words})
    return sorted(found, key=lambda entry: str(entry["mission"]).casefold())


def _choices() -> dict[str, list[dict[str, Any]]]:
    from selfiesim.camera.catalogue import cameras
    from selfiesim.craft.load import models
    from selfiesim.craft.material_overrides import finish_names
    from selfiesim.photo.detectors import DETECTORS
    from selfiesim.planet.library.user_maps import entry_names

    craft = [_model(name, path) for name, path in models().items()]
    lenses = [{"name": name, "title": camera.title} for name, camera in cameras().items()]
    finishes = [{"name": name, "title": name.replace("-", " ")} for name in finish_names()]
    return {
        "craft.model": craft,
        "objects.model": craft,
        "camera.preset": lenses,
        "craft.materials": finishes,
        "objects.materials": finishes,
        "photo.detector.preset": [{"name": name, "title": name} for name in DETECTORS],
        "planet.map": [{"name": name, "title": name} for name in entry_names()],
    }


def _model(name: str, path: Path) -> dict[str, Any]:
    from selfiesim.craft.description import read_description

    description = read_description(path.with_suffix(".toml"))[0]
    return {"name": name, "title": description.name, "mounts": list(description.mounts)}
