"""Shards: parts of a job that are rendered apart, by the tasks of a cluster's scheduler, and merged afterwards.

Shard i of n takes every n-th frame from the i-th on, so that shards take about as long as each other. Each has a folder
of its own, since a folder is locked by the run that works on it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from selfiesim.batches.job import changes_between
from selfiesim.batches.manifest import Manifest, Record, frame_path, is_running, read_description, read_records
from selfiesim.core.errors import BatchError

MAX_SHARDS = 100_000
_OWN_KEYS = ("frames", "shard")  # of a description: these differ between the shards of a job


@dataclass(frozen=True)
class Shard:
    """One of ``count`` parts of a job, ``index`` from 1 on."""

    index: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read a shard such as ``2/8``.

        Raises
        ------
        BatchError
            The text is not two numbers, or they are out of range.
        """
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
        index, count = (int(match[1]), int(match[2])) if match else (0, 0)
        if not 1 <= index <= count <= MAX_SHARDS:
            raise BatchError(f"--shard {text!r}: give number and count, such as 2/8; at most {MAX_SHARDS:,}")
        return cls(index, count)

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def numbers(self, count: int) -> range:
        """Numbers of its frames in a job of ``count``."""
        return range(self.index - 1, count, self.count)


def shard_folder(output: Path, shard: Shard) -> Path:
    """Return the folder that :func:`shard_commands` names for a shard of a batch in ``output``."""
    return output.with_name(f"{output.name}-{shard.index}-of-{shard.count}")


def shard_commands(job: str, output: Path, count: int, options: str = "") -> list[str]:
    """Return the shell command of each shard, one a line, and as the last one that which merges them.

    Raises
    ------
    BatchError
        ``count`` is out of range.
    """
    import shlex

    if not 1 <= count <= MAX_SHARDS:
        raise BatchError(f"--commands {count}: give 1 to {MAX_SHARDS:,}")
    shards = [Shard(index, count) for index in range(1, count + 1)]
    start = f"selfiesim batch {shlex.quote(job)}"
    folders = [shlex.quote(str(shard_folder(output, shard))) for shard in shards]
    lines = [f"{start} -o {folder} --shard {shard}{options}" for folder, shard in zip(folders, shards, strict=True)]
    every = shlex.quote(str(output.with_name(f"{output.name}-"))) + f"*-of-{count}"
    return [*lines, f"{start} -o {shlex.quote(str(output))} --merge {every}"]


class FinishedShards:
    """The folders of finished shards, whose frames a run takes over instead of rendering them.

    Parameters
    ----------
    folders : sequence of Path
        The folders.
    job_description : dict
        The job that they must belong to.

    Raises
    ------
    BatchError
        A folder holds no batch, that of another job, or one that still runs.
    """

    def __init__(self, folders: Sequence[Path], job_description: Record) -> None:
        self._records: dict[str, tuple[Path, Record]] = {}
        for folder in folders:
            _check_shard(folder, job_description)
            for record in read_records(folder):
                if record["status"] == "done":
                    self._records[record["frame"]] = folder, record

    def take_over(self, name: str, manifest: Manifest) -> Record | None:
        """Copy a frame into the folder of ``manifest``, and return its record; None if no shard has it.

        Raises
        ------
        BatchError
            A file is not what its record says.
        """
        folder, record = self._records.get(name, (None, None))
        if folder is None or record is None:
            return None
        files = {}
        for ending, info in record["files"].items():
            path = frame_path(folder, name, ending)
            try:
                files[ending] = path.read_bytes()
            except OSError as error:
                raise BatchError(f"{path}: cannot be read; render that shard again, or leave its folder out") from error
            if hashlib.sha256(files[ending]).hexdigest() != info["sha256"]:
                raise BatchError(f"{path}: has changed since it was written; render that shard again")
        manifest.write_files(name, files)
        manifest.add(record)
        return record


def _check_shard(folder: Path, job_description: Record) -> None:
    if is_running(folder):
        raise BatchError(f"{folder}: a run still works on it; wait for it")
    ours, theirs = (
        {key: value for key, value in description.items() if key not in _OWN_KEYS}
        for description in (job_description, read_description(folder))
    )
    if differences := changes_between(theirs, ours):
        raise BatchError("\n".join([f"{folder}: is not a shard of this job", *differences[:12]]))
