"""Who draws the frames: this process, processes beside it, or a Dask cluster, behind one small interface."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any, Protocol

from selfiesim.batches.draw import Drawn, become_worker, draw, draw_in_one_thread
from selfiesim.batches.vary import Task
from selfiesim.errors import BatchError


class Executor(Protocol):
    """Takes frames and promises them. ``slots`` is how many it draws at once, now; workers may join and leave."""

    @property
    def slots(self) -> int:
        """How many frames are drawn at once."""
        ...

    def submit(self, task: Task) -> Future[Drawn]:
        """Begin a frame."""
        ...

    def close(self, now: bool) -> None:
        """End the workers; ``now``: without waiting for what they draw."""
        ...


class InProcess:
    """Draws here, one frame after the other."""

    slots = 1

    def submit(self, task: Task) -> Future[Drawn]:
        """Draw a frame; the promise is kept already."""
        future: Future[Drawn] = Future()
        try:
            future.set_result(draw(task))
        except Exception as error:
            future.set_exception(error)
        return future

    def close(self, now: bool) -> None:
        """Nothing to end."""


class Workers:
    """Processes of this machine, each with a warm renderer; one that dies or hangs is replaced by the pool."""

    def __init__(self, count: int, timeout_s: float) -> None:
        import multiprocessing

        from pebble import ProcessPool

        self.slots, self._timeout_s = count, timeout_s
        # Spawned: a fork of a process with OpenGL and threads in it may hang.
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPool(max_workers=count, initializer=become_worker, context=context)

    def submit(self, task: Task) -> Future[Drawn]:
        """Begin a frame; one that takes longer than the limit fails, and its worker is replaced."""
        future: Future[Drawn] = self._pool.schedule(draw, args=(task,), timeout=self._timeout_s)
        return future

    def close(self, now: bool) -> None:
        """End the processes."""
        if now:
            self._pool.stop()
        else:
            self._pool.close()
        self._pool.join()


class DaskWorkers:
    """The workers of a Dask cluster: ``tcp://host:port`` of a scheduler, or ``local``.

    Each worker loads meshes and maps once and keeps them; a frame whose worker is lost goes to another.

    Raises
    ------
    BatchError
        When Dask is not installed, or the scheduler does not answer.
    """

    def __init__(self, address: str, count: int, timeout_s: float = 10.0) -> None:
        try:
            from distributed import Client, LocalCluster
        except ImportError as error:
            raise BatchError("--dask needs Dask: pip install 'selfiesim[dask]'") from error
        self._cluster: Any = None
        try:
            if address == "local":
                self._cluster = LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None)
            self._client = Client(self._cluster or address, timeout=timeout_s, set_as_default=False)
        except (OSError, ValueError) as error:  # a TimeoutError is one of the first
            raise BatchError(
                f"--dask {address}: no scheduler answers there; start one with dask scheduler, or write --dask local"
            ) from error
        self._executor = self._client.get_executor(pure=False, retries=2)

    @property
    def slots(self) -> int:
        """The workers there are now; at least one, so that frames wait for those that come."""
        return max(len(self._client.scheduler_info(n_workers=-1)["workers"]), 1)

    def submit(self, task: Task) -> Future[Drawn]:
        """Begin a frame."""
        future: Future[Drawn] = self._executor.submit(draw_in_one_thread, task)
        return future

    def close(self, now: bool) -> None:
        """Leave the cluster; end it where it is our own."""
        self._executor.shutdown(wait=not now)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def executor(workers: int, dask: str | None, timeout_s: float) -> Executor:
    """In this process for no workers, processes for some, or a Dask cluster."""
    if dask is not None:
        return DaskWorkers(dask, max(workers, 1))
    return Workers(workers, timeout_s) if workers else InProcess()
