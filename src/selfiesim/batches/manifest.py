"""The folder of a batch: whose it is, what is in it, and who works on it.

``manifest.jsonl`` is only ever appended to, a line a frame; ``batch.json`` says what the frames depend on; a lock of
the operating system, gone with the process that holds it, keeps two runs apart.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from selfiesim.batches.job import changes_between
from selfiesim.core.errors import BatchError, OutputError
from selfiesim.core.files import atomic_write

Record = dict[str, Any]
_MAX_CHANGES_SHOWN = 12


def frame_stem(name: str) -> str:
    """Where in the folder a frame's files lie, without an ending: by two letters, so that no folder holds a million."""
    return f"frames/{name[:2]}/{name}"


def frame_path(folder: Path, name: str, ending: str) -> Path:
    """A file of a frame."""
    return folder / f"{frame_stem(name)}{ending}"


class Manifest:
    """The open folder of a batch; make it with :func:`open_manifest`. ``records`` has the last record of each frame."""

    def __init__(self, folder: Path, file: IO[bytes]) -> None:
        self.folder, self._file = folder, file
        self.records = {record["frame"]: record for record in read_records(folder)}

    def is_done(self, name: str) -> bool:
        """Whether a frame is done and its files are there, as they were written."""
        record = self.records.get(name)
        if record is None or record["status"] != "done":
            return False
        written_s = record.get("finished_unix_s", 0.0)
        try:
            return all(
                _is_unchanged(frame_path(self.folder, name, ending), info, written_s)
                for ending, info in record["files"].items()
            )
        except OSError:
            return False

    def write_files(self, name: str, files: dict[str, bytes]) -> dict[str, Record]:
        """Write a frame's files, whole or not at all; what to say of them in its record."""
        info = {}
        for ending, content in files.items():
            with atomic_write(frame_path(self.folder, name, ending)) as temporary:
                temporary.write_bytes(content)
            info[ending] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        return info

    def add(self, record: Record) -> None:
        """Append a record; it is on the disk when this returns.

        Raises
        ------
        OutputError
            When it cannot be written: the disk is full.
        """
        line = json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        try:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(
                f"{self._file.name}: cannot be written ({error.strerror}); free some space, run again"
            ) from error
        self.records[record["frame"]] = record


def _is_unchanged(path: Path, info: Record, written_s: float) -> bool:
    """Whether a file still is what its record says: read only when something touched it since, or copied it."""
    found = path.stat()
    if found.st_size != info["bytes"]:
        return False
    if found.st_mtime <= written_s:
        return True
    with path.open("rb") as file:
        return bool(hashlib.file_digest(file, "sha256").hexdigest() == info["sha256"])


def read_records(folder: Path) -> Iterator[Record]:
    """The records, oldest first; a line torn by a crash is passed over."""
    try:
        with (folder / "manifest.jsonl").open("rb") as file:
            for line in file:
                try:
                    record = json.loads(line)
                except ValueError:
                    continue
                if isinstance(record, dict) and "frame" in record and "status" in record:
                    yield record
    except FileNotFoundError:
        return


def read_description(folder: Path) -> dict[str, Any]:
    """What a folder's frames depend on.

    Raises
    ------
    BatchError
        When there is no batch in it.
    """
    try:
        info = json.loads((folder / "batch.json").read_bytes())
    except FileNotFoundError as error:
        raise BatchError(f"{folder}: holds no batch (there is no batch.json in it)") from error
    except (OSError, ValueError) as error:
        raise BatchError(f"{folder / 'batch.json'}: cannot be read ({str(error)[:60]})") from error
    if not isinstance(info, dict) or not isinstance(info.get("frames"), int):
        raise BatchError(f"{folder / 'batch.json'}: is not one of ours")
    return info


def is_running(folder: Path) -> bool:
    """Whether a run holds the folder's lock."""
    try:
        with (folder / ".lock").open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@contextmanager
def open_manifest(folder: Path, job_description: dict[str, Any]) -> Iterator[Manifest]:
    """The folder of a batch, made if need be, and held alone until the end.

    Raises
    ------
    BatchError
        When another run holds it, or it belongs to another job; the message says what changed.
    OutputError
        When it cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_folder(folder)  # before anything is written into it
        with (folder / ".lock").open("ab") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BatchError(
                    f"{folder}: another run works on it; wait for it, or see selfiesim batch --status {folder}"
                ) from error
            _claim(folder, job_description)
            _remove_temporaries(folder)
            with (folder / "manifest.jsonl").open("ab") as file:
                _repair_torn_line(folder / "manifest.jsonl", file)
                yield Manifest(folder, file)
    except OSError as error:
        raise OutputError(
            f"{error.filename or folder}: cannot be written ({error.strerror}); choose a folder you may write to"
        ) from error


def _check_folder(folder: Path) -> None:
    """Refuse a folder of something else."""
    ours = (".lock", ".batch-", "batch.json")
    if not (folder / "batch.json").exists() and not all(each.name.startswith(ours) for each in folder.iterdir()):
        raise BatchError(f"{folder}: holds other files and no batch; name a new or an empty folder")


def _claim(folder: Path, job_description: dict[str, Any]) -> None:
    if not (folder / "batch.json").exists():
        with atomic_write(folder / "batch.json") as temporary:
            temporary.write_text(json.dumps(job_description, indent=1) + "\n", encoding="utf-8")
        return
    differs = changes_between(read_description(folder), json.loads(json.dumps(job_description)))
    if differs:
        more = [f"and {len(differs) - _MAX_CHANGES_SHOWN} more"] if len(differs) > _MAX_CHANGES_SHOWN else []
        lines = [f"{folder}: holds another batch; name another folder", *differs[:_MAX_CHANGES_SHOWN], *more]
        raise BatchError("\n".join(lines))


def _remove_temporaries(folder: Path) -> None:
    """Take away what a killed run had half written."""
    for left in (*folder.glob("frames/*/.*-*"), *folder.glob(".batch-*"), *folder.glob(".index-*")):
        left.unlink(missing_ok=True)


def _repair_torn_line(path: Path, file: IO[bytes]) -> None:
    """Begin a new line after one that was torn."""
    size = path.stat().st_size
    if size:
        with path.open("rb") as old:
            old.seek(size - 1)
            torn = old.read(1) != b"\n"
        if torn:
            file.write(b"\n")
            file.flush()
