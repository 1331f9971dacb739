"""Who draws the frames: this process, processes beside it, or a Dask cluster, behind one small interface."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from selfiesim.batches.draw import FrameResult, draw_frame, init_worker
from selfiesim.batches.vary import Task
from selfiesim.core.errors import BatchError


class Executor(Protocol):
    """Takes frames and promises them. ``slots`` is how many it draws at once, now; workers may join and leave."""

    @property
    def slots(self) -> int:
        """How many frames are drawn at once."""
        ...

    def submit(self, task: Task) -> Future[FrameResult]:
        """Begin a frame."""
        ...

    def close(self, now: bool) -> None:
        """End the workers; ``now``: without waiting for what they draw."""
        ...


class InProcessExecutor:
    """Draws here, one frame after the other."""

    slots = 1

    def submit(self, task: Task) -> Future[FrameResult]:
        """Draw a frame; the promise is kept already."""
        future: Future[FrameResult] = Future()
        try:
            future.set_result(draw_frame(task))
        except Exception as error:
            future.set_exception(error)
        return future

    def close(self, now: bool) -> None:
        """Nothing to end."""


class ProcessWorkers:
    """Processes of this machine, each with a warm renderer; one that dies or hangs is replaced by the pool."""

    def __init__(self, count: int, timeout_s: float) -> None:
        import multiprocessing

        from pebble import ProcessPool

        self.slots, self._timeout_s = count, timeout_s
        # Spawned: a fork of a process with OpenGL and threads in it may hang.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(max_workers=count, initializer=init_worker, context=context)

    def submit(self, task: Task) -> Future[FrameResult]:
        """Begin a frame; one that takes longer than the limit fails, and its worker is replaced."""
        future: Future[FrameResult] = self._pool.schedule(draw_frame, args=(task,), timeout=self._timeout_s)
        return future

    def close(self, now: bool) -> None:
        """End the processes."""
        if now:
            self._pool.stop()
        else:
            self._pool.close()
        self._pool.join()


def executor(workers: int, dask: str | None, timeout_s: float, folder: Path, files: Iterable[str]) -> Executor:
    """In this process for no workers, processes for some, or a Dask cluster.

    ``files`` are those of the scene in its ``folder``: a cluster's workers are sent them.

    Raises
    ------
    BatchError
        When Dask is not installed, or the scheduler does not answer.
    """
    if dask is None:
        return ProcessWorkers(workers, timeout_s) if workers else InProcessExecutor()
    try:
        from selfiesim.batches.dask_workers import DaskWorkers
    except ImportError as error:
        raise BatchError("--dask needs Dask: pip install 'selfiesim[dask]'") from error
    return DaskWorkers(dask, max(workers, 1), folder, files)
