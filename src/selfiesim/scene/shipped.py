"""The shipped scenes, scene files by name or path, and the files that a scene names."""

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
        When there is no such scene.
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
        raise SceneError(f"{text}: no such file; 'selfiesim scenes' lists the shipped scenes")
    hint = did_you_mean(text, shipped) or ";"
    raise SceneError(f"no scene named {text!r}{hint} 'selfiesim scenes' lists all of them")


def find_scene_file(folder: Path, key: str, name: str, what: str) -> Path:
    """Return the file in or below a scene's folder that a key names, or one shipped with a scene.

    Raises
    ------
    SceneError
        For a path outside the folder, also through a link; ``key`` and ``what`` the file is begin and end the message.
    """
    try:
        root = folder.resolve()
        target = (root / name).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # name too long, link to itself, null character
        raise SceneError(f"{key}: {name!r} is not a usable path") from error
    if not target.is_relative_to(root):
        raise SceneError(f"{key}: {name!r} lies outside the scene's folder; put {what} next to the scene file")
    # A copy of a shipped scene, or a picture replayed from its recipe, may be in another folder than its files.
    shipped = files.shipped("scenes") / Path(name).name
    return shipped if not target.exists() and Path(name).name == name and shipped.is_file() else target


def find_model(folder: Path, key: str, model: str) -> str | Path:
    """Return the name of a shipped model, or the mesh file in or below a scene's folder, never elsewhere.

    Raises
    ------
    SceneError
        For an unknown name, or a path outside the folder.
    """
    from selfiesim.craft.load import models

    if model in models():
        return model
    file = find_scene_file(folder, key, model, "the mesh")
    if Path(model).suffix or Path(model).name != model or file.is_file():
        return file
    raise SceneError(f"{key}: no model is called {model!r}{did_you_mean(model, models())}")
