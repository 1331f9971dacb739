"""Load a spacecraft: a shipped model by name, or any mesh file, with its description file if it has one."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

from selfiesim.core.config_validation import did_you_mean, truncate
from selfiesim.core.errors import ModelError, ModelWarning
from selfiesim.core.files import is_within, shipped
from selfiesim.core.limits import MESH_BYTES
from selfiesim.core.shared_cache import shared_cache
from selfiesim.craft.cache import cache_path, fetch, store
from selfiesim.craft.description import Joint, ModelDescription, Mount, read_description
from selfiesim.craft.formats.import_result import ImportResult
from selfiesim.craft.formats.referenced_files import ResourceResolver
from selfiesim.craft.material_overrides import apply_finishes
from selfiesim.craft.model import Craft, Material, Part

_SELF_CONTAINED_FORMATS = (".glb", ".ply", ".stl", ".off", ".3mf", ".icq", ".bds")

__all__ = ["Craft", "Joint", "Material", "Mount", "Part", "clear_craft_cache", "load_craft", "models"]


def models() -> dict[str, Path]:
    """Return the shipped models.

    Returns
    -------
    dict of str to Path
        Mesh file by the name that ``craft.model`` takes, sorted.
    """
    return {path.stem: path for path in sorted(shipped("models").glob("*.glb"))}


def load_craft(name_or_path: str | Path) -> Craft:
    """Load a craft, or return the same object again while its files do not change.

    Parameters
    ----------
    name_or_path : str or Path
        A shipped name (``"tianwen1-orbiter"``) or the path of a mesh file. A TOML
        file next to it with the same stem gives unit, axes, joints, mounts and materials. Without one, the file's own
        axes are the body axes, and its unit is the format's, else metres, or millimetres if it is too long for metres.

    Returns
    -------
    Craft
        In body axes, metres, joints at zero.

    Warns
    -----
    ModelWarning
        For each doubtful thing about the file, such as an inferred unit or a missing texture: once, when the file is
        read. As long as the cache keeps the result, they are only in ``Craft.warnings``.

    Raises
    ------
    ModelError
        States in one line, with the file's name, why it cannot be loaded.
    """
    path = _resolve_path(name_or_path)
    return _load(path, _craft_stamps(path))


def read_mounts(name_or_path: str | Path) -> dict[str, Mount]:
    """Return the mounts of a craft by name, from its description alone; none where it has no description.

    Raises
    ------
    ModelError
        As :func:`load_craft`, for a missing file or a wrong description.
    """
    path = _resolve_path(name_or_path).with_suffix(".toml")
    return read_description(path)[0].mounts if path.is_file() else {}


def clear_craft_cache() -> None:
    """Forget the craft loaded in this process: the next :func:`load_craft` reads the files or the disk cache."""
    _load.cache_clear()


@shared_cache(maxsize=8)
def _load(path: Path, _stamps: tuple[object, ...]) -> Craft:
    """Load the craft; the stamps make the cached result expire when a file changes."""
    content = _read_bytes(path)
    description_path = path.with_suffix(".toml")
    description, toml = (ModelDescription(), b"")
    if description_path.is_file():
        # A mesh that is itself a link may have its description beside it, or beside the file that it leads to.
        if not any(is_within(folder, description_path) for folder in (path.parent, path.resolve().parent)):
            raise ModelError(
                f"{path}: its description {description_path.name} is a link that leads out of the folder; put the file "
                "itself there"
            )
        description, toml = read_description(description_path)
    import_result, is_new = _import(path, content, description, toml)
    if is_new:
        for text in import_result.warnings:
            warnings.warn(f"{path}: {text}", ModelWarning, stacklevel=4)
    resource_paths = [path.parent / name for name in import_result.resources]
    craft = Craft(
        name=description.name or path.stem,
        parts=import_result.parts,
        mounts=description.mounts,
        joints=description.joints,
        source=path,
        mass_kg=description.mass.mass_kg if description.mass else None,
        assumed=description.assumed,
        repairs=import_result.repairs,
        warnings=import_result.warnings,
        units=import_result.units,
        files=tuple(file for file in (path, description_path, *resource_paths) if file.is_file()),
    )
    finishes = tuple((name, override.finish) for name, override in description.materials.items() if override.finish)
    return apply_finishes(craft, finishes, f"{description_path}: materials")


def _import(path: Path, content: bytes, description: ModelDescription, toml: bytes) -> tuple[ImportResult, bool]:
    """Read the parts from the disk cache, or from the mesh file and into the cache; and whether it was the file."""
    suffix = path.suffix.lower()
    cached_path = cache_path(suffix.encode() + content, toml)
    import_result = fetch(cached_path, path.parent)
    if import_result is not None:
        return import_result, False
    from selfiesim.craft.formats.mesh_reader import read_parts

    resources = ResourceResolver(path.parent)
    try:
        import_result = read_parts(content, suffix, resources, description)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    except MemoryError as error:
        raise ModelError(f"{path}: does not fit into memory; decimate it, or make its textures smaller") from error
    store(cached_path, import_result, resources.digests)
    return replace(import_result, resources=tuple(resources.digests)), True


def _resolve_path(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    try:
        if path.is_file():
            return path
    except OSError as error:  # of a name that is too long
        raise ModelError(f"{truncate(str(path))}: cannot be read ({error.strerror})") from error
    text, names = str(name_or_path), models()
    if text in names:
        return shipped("models") / f"{text}.glb"
    if path.is_dir():
        raise ModelError(f"{path}: is a folder, not a mesh file")
    hint = did_you_mean(path.stem, names)
    raise ModelError(f"{text}: no such mesh file; the shipped models are {', '.join(names) or 'none'}{hint}")


def file_stamp(path: Path) -> tuple[int, int]:
    """Return the size and modification time (ns) of a file, zeros if it does not exist: a key for caches."""
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _craft_stamps(path: Path) -> tuple[object, ...]:
    """Name, size and modification time of every file that a craft may be made of: the key of the loaded craft."""
    files = [path, path.with_suffix(".toml")]
    if path.suffix.lower() not in _SELF_CONTAINED_FORMATS:
        # Materials and textures may have any name.
        files = sorted(file for file in path.parent.iterdir() if file.is_file())
    return tuple((file.name, *file_stamp(file)) for file in files)


def _read_bytes(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        MESH_BYTES.check(size, f"{path}: {size >> 20} MB", ModelError)
        content = path.read_bytes()
    except (OSError, MemoryError) as error:
        raise ModelError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'no memory'})") from error
    if not content:
        raise ModelError(f"{path}: the file is empty")
    return content
