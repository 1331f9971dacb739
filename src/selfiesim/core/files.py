"""Where things are: shipped models and scenes, the cache of derived files, and what a user added."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selfiesim.core.errors import OutputError

_PACKAGE = Path(__file__).resolve().parents[1]


def shipped(kind: str) -> Path:
    """The folder of shipped files of one kind, ``"models"`` or ``"scenes"``.

    Inside the package when installed from a wheel, at the top of the repository in a checkout.
    """
    inside = _PACKAGE / kind
    return inside if inside.is_dir() else _PACKAGE.parent.parent / kind


def cache_dir() -> Path:
    """The folder for derived files (maps, meshes); ``SELFIESIM_CACHE`` overrides platformdirs' choice."""
    override = os.environ.get("SELFIESIM_CACHE")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_cache_dir("selfiesim"))


def data_dir() -> Path:
    """The folder for what a user added (maps); ``SELFIESIM_DATA`` overrides platformdirs' choice."""
    override = os.environ.get("SELFIESIM_DATA")
    if override:
        return Path(override)
    import platformdirs

    return Path(platformdirs.user_data_dir("selfiesim"))


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give a temporary name beside ``path`` and rename it onto ``path`` at the end: never a half-written file.

    Two processes may write the same file at once: each has its own temporary name and the last rename wins.

    Raises
    ------
    OutputError
        When the folder cannot be made or written to.
    """
    # Not tempfile: it makes files private, and a picture is meant to be shown around.
    temporary = path.parent / f".{path.stem}-{secrets.token_hex(6)}{path.suffix}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror}); choose a folder you may write to") from error
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        temporary.unlink(missing_ok=True)
