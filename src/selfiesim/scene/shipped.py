"""The shipped scenes, and scene files by name or path."""

from __future__ import annotations

from pathlib import Path

from selfiesim.core import files
from selfiesim.core.config_validation import did_you_mean, truncate
from selfiesim.core.errors import SceneError


def scenes() -> dict[str, Path]:
    """List the shipped scenes.

    Returns
    -------
    dict of str to Path
        TOML file by scene name, sorted.
    """
    return {path.stem: path for path in sorted(files.shipped("scenes").glob("*.toml"))}


def find_scene(name_or_path: str | Path) -> Path:
    """Return the file of a shipped scene, or the given path.

    Raises
    ------
    SceneError
        When there is no such scene; the message lists the shipped ones.
    """
    text = str(name_or_path)
    shipped = scenes()
    if text in shipped:
        return shipped[text]
    path = Path(text)
    try:
        if path.is_file():
            return path
        if path.is_dir():
            raise SceneError(f"{text}: is a folder; give a scene file (.toml) in it")
    except OSError as error:
        raise SceneError(f"{truncate(text)}: cannot be read ({error.strerror})") from error
    if path.suffix or path.parent != Path():
        raise SceneError(f"{text}: no such file; shipped scenes are: {', '.join(shipped)}")
    hint = did_you_mean(text, shipped)
    raise SceneError(f"no scene named {text!r}{hint}{' Shipped' if hint else '; shipped'} are: {', '.join(shipped)}")
