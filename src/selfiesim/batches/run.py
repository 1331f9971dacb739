"""Run a batch: submit frames to workers, and record whatever happens to them."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selfiesim.batches.draw import FrameResult
from selfiesim.batches.executors import Executor, executor
from selfiesim.batches.frame import Frame
from selfiesim.batches.job import Job, LabelSection
from selfiesim.batches.manifest import Manifest, Record, frame_path, frame_stem, open_manifest
from selfiesim.batches.page import ProgressPage
from selfiesim.batches.progress import progress_bar
from selfiesim.batches.shards import FinishedShards, Shard
from selfiesim.batches.vary import Frames, Task
from selfiesim.core.errors import BatchError, GraphicsError, OutputError, UserError

TRIES = 3
TIMEOUT_S = 600.0


# Long: most of it is the docstring.
def batch(
    job: Job | dict[str, Any] | str | Path,
    output: str | Path,
    *,
    workers: int = 0,
    dask: str | None = None,
    tries: int = TRIES,
    timeout_s: float = TIMEOUT_S,
    progress: bool | None = None,
    shard: Shard | None = None,
    merge: Sequence[str | Path] = (),
) -> Iterator[Frame]:
    """Render the frames of a job into a folder, and yield each as it is finished; resume an earlier run.

    With ``[labels]`` in the job, the data sets of the labels are written after the last frame.

    Parameters
    ----------
    job : Job, dict or path
        The job, its content, or its file.
    output : path
        The folder. Its frames are named by their content and listed in ``manifest.jsonl``.
    workers : int
        Number of worker processes; 0 renders in this process.
    dask : str, optional
        ``"local"``, or the address of a Dask scheduler.
    tries : int
        Number of attempts before a frame counts as failed. A scene that is invalid fails at once.
    timeout_s : float
        A frame that takes a worker process longer than this fails.
    progress : bool, optional
        Whether to show a bar; by default on a terminal and in a notebook.
    shard : Shard, optional
        Render only this part of the job, without the data sets of its labels.
    merge : sequence of path
        Folders of finished shards, whose frames are copied instead of rendered.

    Yields
    ------
    Frame
        Each frame once, in the order in which they are finished.

    Raises
    ------
    UserError
        The job, the folder or the cluster cannot be used.
    """
    if not 0 <= workers <= 1024:
        raise BatchError(f"workers {workers}: give a number from 0 to 1024")
    if not 1 <= tries <= 100:
        raise BatchError(f"tries {tries}: give a number from 1 to 100")
    if not timeout_s > 0.0:
        raise BatchError(f"timeout_s {timeout_s}: give more than 0 seconds")
    frames = Frames(read_job(job), shard)
    finished = FinishedShards([Path(folder) for folder in merge], frames.job_description)
    return _run(frames, Path(output), (workers, dask, timeout_s), tries, progress, finished)


def read_job(job: Job | dict[str, Any] | str | Path) -> Job:
    """Return the job, read from its content or its file where that is given."""
    if isinstance(job, Job):
        return job
    return Job.from_table(job) if isinstance(job, dict) else Job.load(job)


def _run(
    frames: Frames,
    output: Path,
    executor_options: tuple[int, str | None, float],
    tries: int,
    progress: bool | None,
    shards: FinishedShards,
) -> Iterator[Frame]:
    description = frames.job_description | {"frames": len(frames)}
    description |= {"shard": str(frames.shard)} if frames.shard else {}
    with open_manifest(output, description) as manifest:
        page = ProgressPage(output, frames.scene.title, len(frames))
        workers = executor(*executor_options, frames.scene.folder, frames.job_description["files"])
        is_complete = False
        try:
            with progress_bar(len(frames), progress) as on_frame:
                for frame in _FrameQueue(frames, manifest, workers, tries, shards).finished():
                    on_frame(frame)
                    page.show(manifest.records)
                    yield frame
            if frames.job.labels is not None and frames.shard is None:
                _write_data_sets(frames, frames.job.labels, manifest)
            is_complete = True
        finally:
            workers.close(now=not is_complete)
            # A full disk that stopped the run may stop the page as well: the first error is the one to report.
            with nullcontext() if is_complete else suppress(OutputError):
                page.show(manifest.records, last=True)


def _write_data_sets(frames: Frames, labels: LabelSection, manifest: Manifest) -> None:
    """Write the data sets of all labelled frames, in the order of the job, without those that failed."""
    from selfiesim.labels.datasets import assemble
    from selfiesim.labels.records import read_record

    names = [task.name for task in frames if manifest.is_done(task.name)]
    if not names:
        return
    records = (read_record(manifest.folder, frame_stem(name)) for name in names)
    command = f"selfiesim batch {Path(frames.job.source).name} -o {manifest.folder.name}  # batch.json holds the job"
    assemble(
        records,
        manifest.folder,
        labels.formats,
        labels.shares,
        labels.seed,
        command,
        frames.scene.folder,
        in_order=True,
    )


@dataclass
class _FrameQueue:
    """The frames of a run: waiting, in flight, or to be tried again."""

    frames: Frames
    manifest: Manifest
    executor: Executor
    tries: int
    shards: FinishedShards
    _retries: deque[tuple[Task, int]] = field(default_factory=deque)
    _in_flight: dict[Future[FrameResult], tuple[Task, int]] = field(default_factory=dict)

    def finished(self) -> Iterator[Frame]:
        """Yield each frame once, as it is finished."""
        waiting = iter(self.frames)
        more = True
        while more or self._retries or self._in_flight:
            # A few more than there are workers, so that none of them idles; never all of a million.
            while len(self._in_flight) < self._max_in_flight():
                if self._retries:
                    task, tried = self._retries.popleft()
                else:
                    following = next(waiting, None)
                    if following is None:
                        more = False
                        break
                    task, tried = following, 0
                    if self.manifest.is_done(task.name):
                        yield _finished_frame(self.manifest, task, self.manifest.records[task.name], is_new=False)
                        continue
                    if record := self.shards.take_over(task.name, self.manifest):
                        yield _finished_frame(self.manifest, task, record, is_new=True)
                        continue
                self._in_flight[self.executor.submit(task)] = task, tried + 1
            yield from self._collect_finished()

    def _max_in_flight(self) -> int:
        slots = self.executor.slots
        return slots if slots == 1 else 2 * slots

    def _collect_finished(self) -> Iterator[Frame]:
        done, _ = wait(self._in_flight, timeout=1.0, return_when=FIRST_COMPLETED)
        for future in done:
            task, tried = self._in_flight.pop(future)
            error = future.exception()
            if error is not None and tried < self.tries and _is_retryable(error):
                self._retries.append((task, tried))
                continue
            record: Record = {"frame": task.name, "number": task.number, "changes": task.changes, "tries": tried}
            if error is None:
                result = future.result()
                files = self.manifest.write_files(task.name, result.files)
                record |= {"status": "done", "files": files, "seconds": round(result.seconds, 4)}
                record |= {"peak_mb": round(result.peak_mb, 1)}
            else:
                record |= {"status": "failed", "message": _message(error)}
            self.manifest.add(record | {"finished_unix_s": round(time.time(), 3)})
            yield _finished_frame(self.manifest, task, record, is_new=True)


def _finished_frame(manifest: Manifest, task: Task, record: Record, is_new: bool) -> Frame:
    is_done = record["status"] == "done"
    path = frame_path(manifest.folder, task.name, f".{task.file}") if is_done else None
    seconds, message = record.get("seconds", 0.0), record.get("message", "")
    return Frame(task.number, task.name, task.changes, path, seconds, message, is_new)


def _is_retryable(error: BaseException) -> bool:
    """Whether another attempt may succeed: after a crash, a hang, a full disk; not for an invalid scene."""
    return isinstance(error, (GraphicsError, OutputError)) or not isinstance(error, UserError)


def _message(error: BaseException) -> str:
    if isinstance(error, UserError):
        return str(error)[:1000]
    if isinstance(error, TimeoutError):
        return "took too long and was stopped"
    if type(error).__name__ in ("ProcessExpired", "KilledWorker"):
        return f"its worker died ({str(error)[:200]})"
    return f"{type(error).__name__}: {str(error)[:900]}"
