"""Temporary files and folders that do not outlive their process: the next one removes what a killed one has left.

Each is locked by the process that writes it, and the operating system unlocks it when that process ends, however that
happens. Where files cannot be locked (Windows, some network folders), nothing is removed.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_TOKEN = re.compile(r"[0-9a-f]{12}")


@contextmanager
def temporary_file(target: Path) -> Iterator[Path]:
    """Yield an empty file next to ``target``, with its suffix, and remove what is left of it.

    Others for the same target whose process is gone are removed first.

    Raises
    ------
    OSError
        The file cannot be created.
    """
    begin = f".{target.stem}-"
    _sweep(target.parent, begin, target.suffix)
    # Not tempfile, which makes files readable by their owner only.
    while True:
        path = target.parent / f"{begin}{secrets.token_hex(6)}{target.suffix}"
        path.touch(exist_ok=False)
        lock = _lock(path)
        if path.exists():
            break
        _close(lock)  # another process has just swept it up
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        _close(lock)


@contextmanager
def temporary_folder(parent: Path | None = None, begin: str = "selfiesim-") -> Iterator[Path]:
    """Yield an empty folder in ``parent``, by default the system's folder for such, and remove it.

    Others whose names begin alike and whose process is gone are removed first.

    Raises
    ------
    OSError
        The folder cannot be created.
    """
    parent = parent or Path(tempfile.gettempdir())
    _sweep(parent, begin, "")
    path = parent / f"{begin}{secrets.token_hex(6)}"
    path.mkdir(mode=0o700)
    lock = _lock(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        _close(lock)


def _sweep(folder: Path, begin: str, end: str) -> None:
    """Remove the temporaries in a folder that no process has locked."""
    if fcntl is None:
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            token = entry.name[len(begin) : len(entry.name) - len(end)]
            if entry.name.startswith(begin) and entry.name.endswith(end) and _TOKEN.fullmatch(token):
                _remove_abandoned(Path(entry.path))


def _remove_abandoned(path: Path) -> None:
    with suppress(OSError):  # gone, in use, or not ours
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        finally:
            os.close(descriptor)


def _lock(path: Path) -> int | None:
    """Lock a file or folder until :func:`_close`; None where that is not possible."""
    if fcntl is None:
        return None
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        return descriptor
    return None


def _close(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)
