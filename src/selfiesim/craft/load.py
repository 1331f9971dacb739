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
from selfiesim.craft.description import Assembly, Joint, Mount, read_assembly
from selfiesim.craft.formats.limits import MOST_BYTES
from selfiesim.craft.formats.referenced_files import Companions
from selfiesim.craft.material_overrides import painted
from selfiesim.craft.model import Craft, Material, Part

_SINGLE_FILES = (".glb", ".ply", ".stl", ".off", ".3mf")

__all__ = ["Craft", "Joint", "Material", "Mount", "Part", "forget_craft", "load_craft", "shipped_craft"]


def shipped_craft() -> list[str]:
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
    path = _find(name_or_path)
    return _load(path, _stamps(path))


def forget_craft() -> None:
    """Drop the craft kept in this process, so that the next :func:`load_craft` reads its files or the cache."""
    _load.cache_clear()


@lru_cache(maxsize=8)
def _load(path: Path, _stamps: tuple[object, ...]) -> Craft:
    content = _content(path)
    description = path.with_suffix(".toml")
    assembly, toml = read_assembly(description) if description.is_file() else (Assembly(), b"")
    kept = cache_path(path.suffix.lower().encode() + content, toml)
    reading = fetch(kept, path.parent)
    if reading is None:
        from selfiesim.craft.formats.reader import read_parts

        companions = Companions(path.parent)
        try:
            reading = read_parts(content, path.suffix.lower(), companions, assembly)
        except ModelError as error:
            raise ModelError(f"{path}: {error}") from error
        except MemoryError as error:
            raise ModelError(f"{path}: does not fit into memory; decimate it, or make its textures smaller") from error
        store(kept, reading, companions.digests)
        reading = replace(reading, companions=tuple(companions.digests))
    for text in reading.warnings:
        warnings.warn(f"{path}: {text}", ModelWarning, stacklevel=3)
    companions_of = [path.parent / name for name in reading.companions]
    craft = Craft(
        name=assembly.name or path.stem,
        parts=reading.parts,
        mounts=assembly.mounts,
        joints=assembly.joints,
        source=path,
        mass_kg=assembly.mass.mass_kg if assembly.mass else None,
        assumed=assembly.assumed,
        repairs=reading.repairs,
        warnings=reading.warnings,
        files=tuple(file for file in (path, description, *companions_of) if file.is_file()),
    )
    finishes = tuple((name, look.finish) for name, look in assembly.materials.items() if look.finish)
    return painted(craft, finishes, f"{description}: materials")


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if path.is_file():
        return path
    text, names = str(name_or_path), shipped_craft()
    if text in names:
        return shipped("models") / f"{text}.glb"
    if path.is_dir():
        raise ModelError(f"{path}: a folder, not a mesh file")
    hint = did_you_mean(path.stem, names)
    raise ModelError(f"{text}: no such mesh file; the shipped models are {', '.join(names) or 'none'}{hint}")


def _stamps(path: Path) -> tuple[object, ...]:
    """Name, size and time of change of the files a craft is made of: a renderer keeps what has not changed."""
    files = [path, path.with_suffix(".toml")]
    if path.suffix.lower() not in _SINGLE_FILES:
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


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise ModelError(f"{path}: {size >> 20} MB; the limit for a mesh file is {MOST_BYTES >> 20} MB")
        content = path.read_bytes()
    except (OSError, MemoryError) as error:
        raise ModelError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'no memory'})") from error
    if not content:
        raise ModelError(f"{path}: the file is empty")
    return content
