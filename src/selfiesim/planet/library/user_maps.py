"""The maps a user has added, each by a name: a small TOML file a map, in the user's data folder.

The TOML holds whose map it is, which layer, where the file lies and how it lies, and whom to thank; the file itself
stays where it is, or is copied beside the TOML.
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
from selfiesim.core.files import atomic_write, data_dir
from selfiesim.planet.maps.surface import MapFile
from selfiesim.planet.readers.conventions import Conventions, Layer

NAME_PATTERN = r"^[a-z0-9][a-z0-9-]{0,60}$"
_CHECKED_WIDTH = 512  # of the small map that a map is read into when it is added, which takes every pixel of it


class MapEntry(BaseModel):
    """What the library knows of a map."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, strict=True)

    body: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="Whose map it is.")
    layer: Literal["albedo", "elevation", "normal"]
    file: Annotated[str, Field(min_length=1, max_length=4000)] = Field(
        description="Where the file lies; a bare name lies beside this one."
    )
    credits: str = Field("", max_length=1000, description="Whom to thank; goes into the recipe of each picture.")
    url: str = Field("", max_length=2000, description="Where it came from.")
    bytes: int = Field(0, ge=0, description="Its size when it was added; 0 for several files.")
    sha256: str = Field("", pattern=r"^([0-9a-f]{64})?$", description="Of the file as it came, for downloads.")
    conventions: Conventions = Conventions()

    @property
    def path(self) -> Path:
        """The file, or the pattern for several."""
        path = Path(self.file)
        return path if path.is_absolute() else library_dir() / path


def library_dir() -> Path:
    """Where the library is kept."""
    return data_dir() / "maps"


def load_entries() -> dict[str, MapEntry | MapError]:
    """Every map of the library by name, sorted; what is wrong with it in place of one that cannot be read."""
    found: dict[str, MapEntry | MapError] = {}
    for file in sorted(library_dir().glob("*.toml")):
        try:
            found[file.stem] = load_entry(file.stem)
        except MapError as error:
            found[file.stem] = error
    return found


def entry_names() -> list[str]:
    """The names in the library, sorted."""
    return sorted(file.stem for file in library_dir().glob("*.toml"))


def load_entry(name: str) -> MapEntry:
    """A map of the library.

    Raises
    ------
    MapError
        When there is none of the name, or its TOML is damaged.
    """
    file = library_dir() / f"{name}.toml"
    if not re.fullmatch(NAME_PATTERN, name) or not file.is_file():
        from selfiesim.planet.library.catalogue import PUBLIC_MAPS

        advice = did_you_mean(name, entry_names())
        if name in PUBLIC_MAPS:
            advice = f"; selfiesim maps get {name} fetches it"
        elif not advice:
            advice = "; selfiesim maps list tells which there are, selfiesim maps add FILE adds one"
        raise MapError(f"no map {name!r} in the library{advice}")
    table, _content = read_toml_table(file, "a map's description", MapError)
    try:
        return MapEntry.model_validate(table)
    except ValidationError as error:
        raise MapError("\n".join(f"{file}: {line}" for line in explain_validation_error(error, MapEntry))) from error


def require_entry(name: str, body: str, layer: Layer) -> MapEntry:
    """A map of the library for a use.

    Raises
    ------
    MapError
        When it is another body's or another layer.
    """
    found = load_entry(name)
    if (found.body, found.layer) != (body, layer):
        raise MapError(f"map {name!r} is the {found.layer} of {found.body}, not the {layer} of {body}")
    return found


def finest_entry(body: str, layer: Layer) -> tuple[str, MapEntry] | None:
    """The finest map of a body and layer, by its file's size; None when there is none."""
    fitting = [
        (each.bytes, name, each)
        for name, each in load_entries().items()
        if isinstance(each, MapEntry) and (each.body, each.layer) == (body, layer)
    ]
    return max(fitting, key=lambda one: one[:2])[1:] if fitting else None


def albedo_map_file(name: str, body: str) -> MapFile:
    """A colour map of the library as a body is drawn with.

    Raises
    ------
    MapError
        When there is none of the name, or it is another body's or another layer.
    """
    found = require_entry(name, body, "albedo")
    return MapFile(found.path, found.conventions, credits=found.credits)


def add(
    file: Path,
    name: str,
    *,
    body: str = "mars",
    layer: Layer = "albedo",
    conventions: Conventions | None = None,
    credits: str = "",
    copy: bool = False,
    url: str = "",
    sha256: str = "",
) -> dict[str, float]:
    """Put a map into the library under a name, once all of it was read; returns what :func:`summarize_map` says.

    With ``copy`` the file is copied into the library; else it is used where it lies.

    Raises
    ------
    MapError
        When the name is taken or not fit, or the map cannot be used. The library stays as it was.
    """
    if not re.fullmatch(NAME_PATTERN, name):
        raise MapError(f"map name {name[:70]!r}: use lower-case letters, digits and hyphens, such as mars-8k")
    if (library_dir() / f"{name}.toml").exists():
        raise MapError(f"map {name!r} is in the library already; selfiesim maps remove {name} takes it out")
    conventions = conventions or Conventions()
    stats = summarize_map(file, layer, body, conventions)
    place = file.resolve() if "{" not in str(file) else Path.cwd() / file
    stored = place.parent == library_dir().resolve()
    table = {
        "body": body,
        "layer": layer,
        "file": place.name if stored else str(place),
        "credits": credits,
        "url": url,
        "bytes": place.stat().st_size if place.is_file() else 0,
        "sha256": sha256,
        "conventions": conventions,
    }
    try:
        new_entry = MapEntry.model_validate(table)
    except ValidationError as error:
        raise MapError(
            "\n".join(f"map {name!r}: {line}" for line in explain_validation_error(error, MapEntry))
        ) from error
    if copy and not stored:
        new_entry = new_entry.model_copy(update={"file": _copy_into_library(place, name)})
    with atomic_write(library_dir() / f"{name}.toml") as temporary:
        temporary.write_text(entry_to_toml(new_entry), encoding="utf-8")
    return stats


def remove(name: str) -> list[Path]:
    """Take a map out of the library; a copy that lies in it is deleted, a file elsewhere is not.

    Returns the files deleted.

    Raises
    ------
    MapError
        When there is none of the name.
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
        pass  # a damaged description goes alone
    for each in gone:
        each.unlink(missing_ok=True)
    return gone


def summarize_map(file: Path, layer: Layer, body: str, conventions: Conventions) -> dict[str, float]:
    """Size and values of a map, every pixel of it read: width, height, share covered, least, mean and greatest.

    The mean is by area, least and greatest are those of a small map.

    Raises
    ------
    MapError
        When it cannot be used.
    """
    from selfiesim.planet.readers.conventions import place
    from selfiesim.planet.readers.rasters import open_raster
    from selfiesim.planet.readers.resample import read_map

    with open_raster(file, conventions) as raster:
        place(raster.conventions, raster.width, raster.height, body, raster.name)
        size = {"width_px": float(raster.width), "height_px": float(raster.height), "bands": float(raster.bands)}
    values = read_map(file, layer, _CHECKED_WIDTH, body=body, conventions=conventions)
    flat = values.reshape(*values.shape[:2], -1).mean(axis=2)
    weight = np.cos(np.pi * (0.5 - (np.arange(len(flat)) + 0.5) / len(flat)))[:, None] * np.ones_like(flat)
    known = ~np.isnan(flat)
    return size | {
        "covered": round(float(weight[known].sum() / weight.sum()), 6),
        "least": float(np.nanmin(values)),
        "mean": float((flat[known] * weight[known]).sum() / weight[known].sum()),
        "greatest": float(np.nanmax(values)),
    }


def _copy_into_library(file: Path, name: str) -> str:
    """The file's name in the library, copied there with its label."""
    if "{" in str(file):
        raise MapError(f"{file}: several files are not copied; leave --copy away")
    if any(file.with_suffix(ending).is_file() for ending in (".lbl", ".LBL")):
        raise MapError(f"{file}: comes with a label that names it; keep both where they are, without --copy")
    target = library_dir() / f"{name}{file.suffix.lower()}"
    with atomic_write(target) as temporary:
        try:
            shutil.copyfile(file, temporary)
        except OSError as error:
            raise MapError(f"{file}: cannot be copied ({error.strerror})") from error
    return target.name


def entry_to_toml(new_entry: MapEntry) -> str:
    """An entry as TOML text."""
    table = new_entry.model_dump(mode="json", exclude_defaults=True)
    conventions = table.pop("conventions", {})
    lines = list(_lines(table))
    if conventions:
        lines += ["", "[conventions]", *_lines(conventions)]
    return "\n".join(lines) + "\n"


def _lines(table: dict[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        # JSON's strings, numbers, true, false and lists are TOML's.
        yield f"{key} = {json.dumps(value, ensure_ascii=False)}"
