"""Locations of shipped models and scenes, of the cache and of user data; atomic file writes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from selfiesim.core.errors import OutputError
from selfiesim.core.temporary import temporary_file

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(kind: str) -> Path:
    """Return the folder of shipped files of one kind, ``"models"`` or ``"scenes"``.

    It is inside the package when installed from a wheel, and at the top of the repository in a checkout.
    """
    inside = _PACKAGE / kind
    return inside if inside.is_dir() else _PACKAGE.parent.parent / kind


def cache_dir() -> Path:
    """Return the folder for derived files (maps, meshes); ``SELFIESIM_CACHE`` overrides the platform's default."""
    override = os.environ.get("SELFIESIM_CACHE")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_cache_dir("selfiesim"))


def data_dir() -> Path:
    """Return the folder for files the user adds (maps); ``SELFIESIM_DATA`` overrides the platform's default."""
    override = os.environ.get("SELFIESIM_DATA")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_data_dir("selfiesim"))


def is_within(folder: Path, path: Path) -> bool:
    """Return whether ``path`` is in or below ``folder`` once the links in both are followed.

    Every file that a scene, mesh, map, label or kernel names is checked with this before it is opened. A name that
    cannot be followed (too long, a link to itself, with a null character) is not within.
    """
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path next to ``path`` and rename it to ``path`` on success, so no file is ever half-written.

    Several processes may write the same file at once: each has its own temporary file, and the last rename wins. What a
    killed process has left is removed.

    Raises
    ------
    OutputError
        The folder cannot be created, or the file cannot be written.
    """
    with ExitStack() as stack:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = stack.enter_context(temporary_file(path))
        except OSError as error:
            raise OutputError(
                f"{path}: cannot be written ({reason(error)}); choose a folder you may write to"
            ) from error
        try:
            yield temporary
            temporary.replace(path)
        except OSError as error:
            raise OutputError(f"{path}: cannot be written ({reason(error)})") from error


def reason(error: OSError) -> str:
    """Say why a file cannot be read or written; libraries raise errors without the system's own words."""
    return error.strerror or str(error) or "the system gives no reason"


def make_folder(folder: Path) -> None:
    """Create a folder if it does not exist, and check that files can be written to it before anything is rendered.

    Raises
    ------
    OutputError
        When it cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be created or written to ({reason(error)}); name a folder you may write to"
        ) from error
