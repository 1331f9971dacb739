"""Load a spacecraft: a shipped model by name, or any mesh file, with the description beside it if there is one."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from selfiesim.core.config_validation import did_you_mean
from selfiesim.core.errors import ModelError, ModelWarning
from selfiesim.core.files import shipped
from selfiesim.craft.cache import cache_path, fetch, store
from selfiesim.craft.description import Joint, ModelDescription, Mount, read_description
from selfiesim.craft.formats.limits import MAX_BYTES
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.material_overrides import apply_finishes
from selfiesim.craft.model import Craft, Material, Part

_SELF_CONTAINED_FORMATS = (".glb", ".ply", ".stl", ".off", ".3mf")

__all__ = ["Craft", "Joint", "Material", "Mount", "Part", "clear_craft_cache", "load_craft", "list_shipped_craft"]


def list_shipped_craft() -> list[str]:
    """Names of the models that come with the package."""
    return sorted(path.stem for path in shipped("models").glob("*.glb"))


def load_craft(name_or_path: str | Path) -> Craft:
    """A craft in body axes, metres, joints at zero; the same object again while its files do not change.

    Parameters
    ----------
    name_or_path
        A shipped name (``"tianwen1-orbiter"``) or the path of a GLB, glTF, OBJ, PLY, STL, OFF, 3MF or DAE file. A TOML
        file of the same stem beside it gives unit, axes, joints, mounts and looks; without one the file's own axes are
        taken as body axes, and its unit as the format has it, or metres, or millimetres where it is too long for them.

    Warns
    -----
    ModelWarning
        For each thing a person should know of the file: an inferred unit, a texture that is missing.

    Raises
    ------
    ModelError
        In one sentence that names the file.
    """
    path = _resolve_path(name_or_path)
    return _load(path, _file_stamps(path))


def clear_craft_cache() -> None:
    """Drop the craft kept in this process, so that the next :func:`load_craft` reads its files or the cache."""
    _load.cache_clear()


@lru_cache(maxsize=8)
def _load(path: Path, _file_stamps: tuple[object, ...]) -> Craft:
    content = _read_bytes(path)
    description = path.with_suffix(".toml")
    model_description, toml = read_description(description) if description.is_file() else (ModelDescription(), b"")
    cached_path = cache_path(path.suffix.lower().encode() + content, toml)
    import_result = fetch(cached_path, path.parent)
    if import_result is None:
        from selfiesim.craft.formats.reader import read_parts

        resources = ResourceResolver(path.parent)
        try:
            import_result = read_parts(content, path.suffix.lower(), resources, model_description)
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
        except MemoryError as error:
            raise ModelError(f"{path}: does not fit into memory; decimate it, or make its textures smaller") from error
        store(cached_path, import_result, resources.digests)
        import_result = replace(import_result, resources=tuple(resources.digests))
    for text in import_result.warnings:
        warnings.warn(f"{path}: {text}", ModelWarning, stacklevel=3)
    resource_paths = [path.parent / name for name in import_result.resources]
    craft = Craft(
        name=model_description.name or path.stem,
        parts=import_result.parts,
        mounts=model_description.mounts,
        joints=model_description.joints,
        source=path,
        mass_kg=model_description.mass.mass_kg if model_description.mass else None,
        assumed=model_description.assumed,
        repairs=import_result.repairs,
        warnings=import_result.warnings,
        files=tuple(file for file in (path, description, *resource_paths) if file.is_file()),
    )
    finishes = tuple((name, look.finish) for name, look in model_description.materials.items() if look.finish)
    return apply_finishes(craft, finishes, f"{description}: materials")


def _resolve_path(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.is_file():
        return path
    text, names = str(name_or_path), list_shipped_craft()
    if text in names:
        return shipped("models") / f"{text}.glb"
    if path.is_dir():
        raise ModelError(f"{path}: a folder, not a mesh file")
    hint = did_you_mean(path.stem, names)
    raise ModelError(f"{text}: no such mesh file; the shipped models are {', '.join(names) or 'none'}{hint}")


def _file_stamps(path: Path) -> tuple[object, ...]:
    """Name, size and time of change of the files a craft is made of: a renderer keeps what has not changed."""
    files = [path, path.with_suffix(".toml")]
    if path.suffix.lower() not in _SELF_CONTAINED_FORMATS:
        # Materials and textures, whatever they are called.
        files = sorted(file for file in path.parent.iterdir() if file.is_file())
    stamps = []
    for file in files:
        try:
            status = file.stat()
            stamps.append((file.name, status.st_size, status.st_mtime_ns))
        except OSError:
            continue
    return tuple(stamps)


def _read_bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ModelError(f"{path}: {size >> 20} MB; the limit for a mesh file is {MAX_BYTES >> 20} MB")
        content = path.read_bytes()
    except (OSError, MemoryError) as error:
        raise ModelError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'no memory'})") from error
    if not content:
        raise ModelError(f"{path}: the file is empty")
    return content
