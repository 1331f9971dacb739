"""The folder of a batch: the job it belongs to, what is done, and which run works on it.

``batch.json`` describes everything that the frames depend on; ``manifest.jsonl`` is append-only, with one line per
frame; ``.lock`` is held by the operating system for the run, and released when its process ends, however that happens.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from selfiesim.batches.job import changes_between
from selfiesim.core.config_validation import read_limited
from selfiesim.core.errors import BatchError, OutputError
from selfiesim.core.files import atomic_write, reason
from selfiesim.core.limits import BATCH_BYTES, RECIPE_BYTES
from selfiesim.core.untrusted.json_text import parse_json

Record = dict[str, Any]
_MAX_CHANGES_SHOWN = 12
_MAX_NUMBER = 1 << 60
_ENDING = re.compile(r"(\.[a-z0-9]+){1,3}")


def frame_stem(name: str) -> str:
    """Return where a frame's files are in the folder, without suffix: spread by two letters over 256 subfolders."""
    return f"frames/{name[:2]}/{name}"


def frame_path(folder: Path, name: str, ending: str) -> Path:
    """Return the path of a file of a frame."""
    return folder / f"{frame_stem(name)}{ending}"


class Manifest:
    """The open folder of a batch; :func:`open_manifest` opens one.

    Attributes
    ----------
    folder : Path
        The folder.
    records : dict
        The last record of each frame, by its name.
    """

    def __init__(self, folder: Path, file: IO[bytes]) -> None:
        self.folder, self._file = folder, file
        self.records = {record["frame"]: record for record in read_records(folder)}

    def is_done(self, name: str) -> bool:
        """Whether a frame is done and its files are as they were written."""
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
        """Write a frame's files, each whole or not at all, and return the entries for its record."""
        info = {}
        for ending, content in files.items():
            with atomic_write(frame_path(self.folder, name, ending)) as temporary:
                temporary.write_bytes(content)
            info[ending] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        return info

    def add(self, record: Record) -> None:
        """Append a record; it is on the disk on return.

        Raises
        ------
        OutputError
            The record cannot be written, because the disk is full for example.
        """
        line = json.dumps(record, separators=(",", ":"), allow_nan=False).encode() + b"\n"
        try:
            self._file.write(line)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise OutputError(
                f"{self._file.name}: cannot be written ({reason(error)}); free disk space, then run again"
            ) from error
        self.records[record["frame"]] = record


def _is_unchanged(path: Path, info: Record, written_s: float) -> bool:
    """Whether a file matches its record; the file is read only if it was modified, or copied, after the record."""
    found = path.stat()
    if found.st_size != info["bytes"]:
        return False
    if found.st_mtime <= written_s:
        return True
    with path.open("rb") as file:
        return bool(hashlib.file_digest(file, "sha256").hexdigest() == info["sha256"])


def read_records(folder: Path) -> Iterator[Record]:
    """Yield the records, oldest first; lines torn by a crash, or edited into something else, are skipped."""
    try:
        with (folder / "manifest.jsonl").open("rb") as file:
            while line := file.readline(RECIPE_BYTES.value):
                try:
                    record = json.loads(line)
                except (ValueError, RecursionError):
                    continue
                if _is_record(record):
                    yield record
    except FileNotFoundError:
        return


def _is_record(record: Any) -> bool:
    """Whether a line of the manifest has everything that is read from it."""
    if not isinstance(record, dict) or not isinstance(record.get("changes"), dict):
        return False
    numbers = (record.get("finished_unix_s"), record.get("seconds", 0.0), record.get("number"))
    if not isinstance(record.get("frame"), str) or not all(_is_count(number) for number in numbers):
        return False
    if record.get("status") == "failed":
        return isinstance(record.get("message"), str)
    files = record.get("files")
    return (
        record.get("status") == "done"
        and isinstance(files, dict)
        and all(_ENDING.fullmatch(ending) for ending in files)
        and all(isinstance(info, dict) and _is_count(info.get("bytes")) and "sha256" in info for info in files.values())
    )


def _is_count(value: Any) -> bool:
    return type(value) in (int, float) and 0 <= value < _MAX_NUMBER


def read_description(folder: Path) -> dict[str, Any]:
    """Return the description of a folder's batch (see :func:`selfiesim.batches.job.job_description`).

    Raises
    ------
    BatchError
        The folder contains no batch.
    """
    if not (folder / "batch.json").exists():
        raise BatchError(f"{folder}: contains no batch (no batch.json)")
    content = read_limited(folder / "batch.json", BATCH_BYTES, "that is no description of a batch", BatchError)
    info = parse_json(content, f"{folder / 'batch.json'}: this description of a batch", BatchError)
    if not isinstance(info, dict) or not _is_count(info.get("frames")):
        raise BatchError(f"{folder / 'batch.json'}: was not written by selfiesim")
    return info


def is_running(folder: Path) -> bool:
    """Whether a run holds the folder's lock; False as well where the lock cannot be opened for writing."""
    if not (folder / ".lock").exists():
        return False
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False


@contextmanager
def open_manifest(folder: Path, job_description: dict[str, Any]) -> Iterator[Manifest]:
    """Open the folder of a batch, and hold its lock; a new folder is created.

    Raises
    ------
    BatchError
        Another run holds the lock, or the folder belongs to another job; the message lists the differences.
    OutputError
        The folder cannot be created or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _check_folder(folder)  # before anything is written into it
        with _locked(folder):
            _claim(folder, job_description)
            _remove_temporaries(folder)
            with (folder / "manifest.jsonl").open("ab") as file:
                _end_torn_line(folder / "manifest.jsonl", file)
                yield Manifest(folder, file)
    except OSError as error:
        raise OutputError(
            f"{error.filename or folder}: cannot be written ({reason(error)}); choose a folder you may write to"
        ) from error


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    # Not local to the thread: whoever iterates over the frames may do so in several threads.
    lock = FileLock(folder / ".lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BatchError(
            f"{folder}: another run works on it; wait for it, or see selfiesim batch --status {folder}"
        ) from error
    except NotImplementedError as error:
        raise OutputError(f"{folder}: is on a file system without locks; choose a folder on a local disk") from error
    try:
        yield
    finally:
        lock.release()


def _check_folder(folder: Path) -> None:
    """Refuse a folder with other content."""
    ours = (".lock", ".batch-", "batch.json")
    if not (folder / "batch.json").exists() and not all(entry.name.startswith(ours) for entry in folder.iterdir()):
        raise BatchError(f"{folder}: contains other files and no batch; name a new or an empty folder")


def _claim(folder: Path, job_description: dict[str, Any]) -> None:
    """Write the description of a new batch, or check that the folder's is the same."""
    if not (folder / "batch.json").exists():
        with atomic_write(folder / "batch.json") as temporary:
            temporary.write_text(json.dumps(job_description, indent=1) + "\n", encoding="utf-8")
        return
    differences = changes_between(read_description(folder), json.loads(json.dumps(job_description)))
    if differences:
        rest = len(differences) - _MAX_CHANGES_SHOWN
        lines = [f"{folder}: contains another batch; name another folder", *differences[:_MAX_CHANGES_SHOWN]]
        raise BatchError("\n".join([*lines, f"and {rest} more"] if rest > 0 else lines))


def _remove_temporaries(folder: Path) -> None:
    """Remove files that a killed run left half-written."""
    for path in (*folder.glob("frames/*/.*-*"), *folder.glob(".batch-*"), *folder.glob(".index-*")):
        path.unlink(missing_ok=True)


def _end_torn_line(path: Path, file: IO[bytes]) -> None:
    """Start a new line if a crash has torn the last one."""
    size = path.stat().st_size
    if size:
        with path.open("rb") as written:
            written.seek(size - 1)
            is_torn = written.read(1) != b"\n"
        if is_torn:
            file.write(b"\n")
            file.flush()
