"""Executors, which render frames: in this process, in worker processes, or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

from selfiesim.batches.draw import FrameResult, init_worker, render_frame
from selfiesim.batches.vary import Task
from selfiesim.core.errors import BatchError


class Executor(Protocol):
    """Renders frames in the background."""

    @property
    def slots(self) -> int:
        """Number of frames it renders at once, now: workers may join and leave."""
        ...

    def submit(self, task: Task) -> Future[FrameResult]:
        """Queue a frame."""
        ...

    def close(self, now: bool) -> None:
        """End the workers; with ``now``, without waiting for the frames in progress."""
        ...


class InProcessExecutor:
    """Renders in this process, one frame after the other."""

    slots = 1

    def submit(self, task: Task) -> Future[FrameResult]:
        """Render a frame; the returned future is complete."""
        future: Future[FrameResult] = Future()
        try:
            future.set_result(render_frame(task))
        except Exception as error:
            future.set_exception(error)
        return future

    def close(self, now: bool) -> None:
        """Do nothing: there are no workers."""


class ProcessWorkers:
    """Worker processes on this machine, each with a warm renderer; one that dies or hangs is replaced.

    Parameters
    ----------
    count : int
        Number of processes.
    timeout_s : float
        A frame that takes longer fails, and its worker is replaced.
    """

    def __init__(self, count: int, timeout_s: float) -> None:
        import multiprocessing

        from pebble import ProcessPool

        self.slots, self._timeout_s = count, timeout_s
        # Spawned, because the fork of a process that has OpenGL and threads may hang.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(max_workers=count, initializer=init_worker, context=context)

    def submit(self, task: Task) -> Future[FrameResult]:
        """Queue a frame."""
        future: Future[FrameResult] = self._pool.schedule(render_frame, args=(task,), timeout=self._timeout_s)
        return future

    def close(self, now: bool) -> None:
        """End the processes."""
        if now:
            self._pool.stop()
        else:
            self._pool.close()
        self._pool.join()


def executor(workers: int, dask: str | None, timeout_s: float, folder: Path, files: Iterable[str]) -> Executor:
    """Return the executor for these options: in this process for 0 ``workers``, else processes, or a Dask cluster.

    ``files`` of the scene's ``folder`` are sent to the workers of a cluster.

    Raises
    ------
    BatchError
        Dask is not installed, or the scheduler does not answer.
    """
    if dask is None:
        return ProcessWorkers(workers, timeout_s) if workers else InProcessExecutor()
    try:
        from selfiesim.batches.dask_workers import DaskWorkers
    except ImportError as error:
        raise BatchError("--dask needs Dask: pip install 'selfiesim[dask]'") from error
    return DaskWorkers(dask, max(workers, 1), folder, files)
