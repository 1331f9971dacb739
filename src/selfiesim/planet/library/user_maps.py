"""The user's library of maps: one small TOML file per map, in the user's data folder.

The TOML file names the body, layer, file, conventions and credits of a map; the map's file stays where it is, or is
copied next to the TOML file.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from selfiesim.core.config_validation import did_you_mean, explain_validation_error, read_toml_table
from selfiesim.core.errors import MapError
from selfiesim.core.files import atomic_write, data_dir, reason
from selfiesim.planet.library.catalogue import PUBLIC_MAPS
from selfiesim.planet.maps.elevation import check_heights
from selfiesim.planet.maps.map_file import Cap, MapFile
from selfiesim.planet.readers.conventions import Conventions, Layer, place
from selfiesim.planet.readers.dispatch import open_raster
from selfiesim.planet.readers.resample import read_map
from selfiesim.planet.terrain.measured_heights import MEASURED_HEIGHTS

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,60}$"
_CHECKED_WIDTH = 512  # columns of the reduced map that is read when a map is added, which checks every pixel


class MapEntry(BaseModel):
    """A map in the library."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    body: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="The body.")
    layer: Literal["albedo", "elevation", "normal"]
    file: Annotated[str, Field(min_length=1, max_length=4000)] = Field(
        description="Path of the file; a bare name is next to this file."
    )
    credits: str = Field("", max_length=1000, description="Source to name in the recipe of each image.")
    url: str = Field("", max_length=2000, description="Address it was downloaded from.")
    bytes: int = Field(0, ge=0, description="Size when it was added; 0 for several files.")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="Hash of a downloaded file.")
    cap: Literal["auto", "own", "default"] = Field("auto", description="Whose polar caps are drawn on Mars.")
    conventions: Conventions = Conventions()

    @property
    def path(self) -> Path:
        """The file, or the pattern for several."""
        path = Path(self.file)
        return path if path.is_absolute() else library_dir() / path


def library_dir() -> Path:
    """Return the folder of the library."""
    return data_dir() / "maps"


def maps() -> dict[str, MapEntry]:
    """Return the maps that the user has added.

    Returns
    -------
    dict of str to MapEntry
        By the name that ``planet.map`` takes, sorted; maps that cannot be read are left out.
    """
    return {name: entry for name, entry in load_entries().items() if isinstance(entry, MapEntry)}


def load_entries() -> dict[str, MapEntry | MapError]:
    """Return every map of the library by name, sorted; the error in place of one that cannot be read."""
    found: dict[str, MapEntry | MapError] = {}
    for file in sorted(library_dir().glob("*.toml")):
        try:
            found[file.stem] = load_entry(file.stem)
        except MapError as error:
            found[file.stem] = error
    return found


def entry_names() -> list[str]:
    """Return the names in the library, sorted."""
    return sorted(file.stem for file in library_dir().glob("*.toml"))


def load_entry(name: str) -> MapEntry:
    """Return a map of the library.

    Raises
    ------
    MapError
        The name is unknown, or its TOML file is damaged.
    """
    file = library_dir() / f"{name}.toml"
    if not re.fullmatch(NAME_PATTERN, name) or not file.is_file():
        advice = did_you_mean(name, entry_names())
        if name in PUBLIC_MAPS:
            advice = f"; selfiesim maps get {name} downloads it"
        elif not advice:
            advice = "; selfiesim maps list shows all, selfiesim maps add FILE adds one"
        raise MapError(f"no map {name!r} in the library{advice}")
    table, _content = read_toml_table(file, "a map's description", MapError)
    try:
        return MapEntry.model_validate(table)
    except ValidationError as error:
        raise MapError("\n".join(f"{file}: {line}" for line in explain_validation_error(error, MapEntry))) from error


def require_entry(name: str, body: str, layer: Layer) -> MapEntry:
    """Return a map of the library if it has the given body and layer.

    Raises
    ------
    MapError
        The name is unknown, or the map is of another body or layer.
    """
    found = load_entry(name)
    if (found.body, found.layer) != (body, layer):
        raise MapError(f"map {name!r} is the {found.layer} of {found.body}, not the {layer} of {body}")
    return found


def finest_entry(body: str, layer: Layer) -> tuple[str, MapEntry] | None:
    """Return the largest file's name and entry for a body and layer; None if there is none."""
    fitting = [
        (each.bytes, name, each)
        for name, each in load_entries().items()
        if isinstance(each, MapEntry) and (each.body, each.layer) == (body, layer)
    ]
    return max(fitting, key=lambda one: one[:2])[1:] if fitting else None


def albedo_map_file(name: str, body: str) -> MapFile:
    """Return a colour map of the library, for rendering a body.

    Raises
    ------
    MapError
        The name is unknown, or the map is of another body or layer.
    """
    found = require_entry(name, body, "albedo")
    return MapFile(found.path, found.conventions, credits=found.credits, cap=found.cap)


def elevation_map_file(body: str) -> MapFile | None:
    """Return the library's finest elevation of a body, for its relief; None if there is none."""
    found = finest_entry(body, "elevation")
    if found is None:
        return None
    name, entry = found
    return MapFile(entry.path, entry.conventions, credits=entry.credits or f"the library's elevation {name}")


def add(
    file: Path,
    name: str,
    *,
    body: str = "mars",
    layer: Layer = "albedo",
    conventions: Conventions | None = None,
    credits: str = "",
    cap: Cap = "auto",
    copy: bool = False,
    url: str = "",
    sha256: str = "",
) -> dict[str, float]:
    """Add a map to the library after reading all of it.

    Parameters
    ----------
    file : Path
        The file, or a pattern for several.
    name : str
        Name in the library: lower-case letters, digits and hyphens.
    body, layer, conventions
        The body, the meaning of the numbers, and how the file is laid out.
    credits, url, sha256 : str
        Source to name, and where the file came from.
    cap : {"auto", "own", "default"}
        Whose polar caps are drawn on Mars: see :class:`selfiesim.planet.maps.map_file.MapFile`.
    copy : bool
        Whether to copy the file into the library; otherwise it is used in place.

    Returns
    -------
    dict
        The result of :func:`summarize_map`.

    Raises
    ------
    MapError
        The name is taken or invalid, or the map cannot be used. The library is unchanged then.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise MapError(f"map name {name[:70]!r}: use lower-case letters, digits and hyphens, such as mars-8k")
    if (library_dir() / f"{name}.toml").exists():
        raise MapError(f"map {name!r} is already in the library; selfiesim maps remove {name} removes it")
    conventions = conventions or Conventions()
    stats = summarize_map(file, layer, body, conventions)
    path = file.resolve() if "{" not in str(file) else Path.cwd() / file
    stored = path.parent == library_dir().resolve()
    table = {
        "body": body,
        "layer": layer,
        "file": path.name if stored else str(path),
        "credits": credits,
        "url": url,
        "bytes": path.stat().st_size if path.is_file() else 0,
        "sha256": sha256,
        "cap": cap,
        "conventions": conventions,
    }
    new_entry = _validated(name, table)
    if copy and not stored:
        new_entry = new_entry.model_copy(update={"file": _copy_into_library(path, name)})
    with atomic_write(library_dir() / f"{name}.toml") as temporary:
        temporary.write_text(entry_to_toml(new_entry), encoding="utf-8")
    return stats


def _validated(name: str, table: dict[str, Any]) -> MapEntry:
    try:
        return MapEntry.model_validate(table)
    except ValidationError as error:
        lines = explain_validation_error(error, MapEntry)
        raise MapError("\n".join(f"map {name!r}: {line}" for line in lines)) from error


def remove(name: str) -> list[Path]:
    """Remove a map from the library and return the deleted files; only a copy inside the library is deleted.

    Raises
    ------
    MapError
        The name is unknown.
    """
    file = library_dir() / f"{name}.toml"
    if not re.fullmatch(NAME_PATTERN, name) or not file.is_file():
        load_entry(name)
    gone = [file]
    try:
        copy = load_entry(name).path
        if copy.parent == library_dir() and copy.stem == name:
            gone += [copy] if copy.is_file() else []
    except MapError:
        pass  # of a damaged entry only the TOML file is deleted
    for each in gone:
        each.unlink(missing_ok=True)
    return gone


def summarize_map(file: Path, layer: Layer, body: str, conventions: Conventions) -> dict[str, float]:
    """Read every pixel of a map and return its size and values.

    Returns
    -------
    dict
        ``width_px``, ``height_px``, ``bands``; ``covered``, the fraction of the globe's area; ``mean`` by area;
        ``min`` and ``max`` of a reduced map.

    Raises
    ------
    MapError
        The map cannot be used.
    """
    with open_raster(file, conventions) as raster:
        place(raster.conventions, raster.width, raster.height, body, raster.name)
        size = {"width_px": float(raster.width), "height_px": float(raster.height), "bands": float(raster.bands)}
    values = read_map(file, layer, _CHECKED_WIDTH, body=body, conventions=conventions)
    if layer == "elevation" and body in MEASURED_HEIGHTS:
        check_heights(values, str(file), body)
    flat = values.reshape(*values.shape[:2], -1).mean(axis=2)
    weight = np.cos(np.pi * (0.5 - (np.arange(len(flat)) + 0.5) / len(flat)))[:, None] * np.ones_like(flat)
    known = ~np.isnan(flat)
    return size | {
        "covered": round(float(weight[known].sum() / weight.sum()), 6),
        "min": float(np.nanmin(values)),
        "mean": float((flat[known] * weight[known]).sum() / weight[known].sum()),
        "max": float(np.nanmax(values)),
    }


def _copy_into_library(file: Path, name: str) -> str:
    """Copy a file into the library and return its name there."""
    if "{" in str(file):
        raise MapError(f"{file}: several files cannot be copied; omit --copy")
    if any(file.with_suffix(ending).is_file() for ending in (".lbl", ".LBL")):
        raise MapError(f"{file}: has a label that refers to it by name; keep both in place and omit --copy")
    target = library_dir() / f"{name}{file.suffix.lower()}"
    with atomic_write(target) as temporary:
        try:
            shutil.copyfile(file, temporary)
        except OSError as error:
            raise MapError(f"{file}: cannot be copied ({reason(error)})") from error
    return target.name


def entry_to_toml(new_entry: MapEntry) -> str:
    """Return an entry as TOML text."""
    table = new_entry.model_dump(mode="json", exclude_defaults=True)
    conventions = table.pop("conventions", {})
    lines = list(_lines(table))
    if conventions:
        lines += ["", "[conventions]", *_lines(conventions)]
    return "\n".join(lines) + "\n"


def _lines(table: dict[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        # Strings, numbers, booleans and lists are the same in JSON and TOML.
        yield f"{key} = {json.dumps(value, ensure_ascii=False)}"
