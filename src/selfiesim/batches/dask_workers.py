"""The workers of a Dask cluster: frames go out, the scene's own files are sent to each worker once."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster, WorkerPlugin

from selfiesim.batches.draw import FrameResult, draw_in_one_thread
from selfiesim.batches.vary import Task
from selfiesim.core.errors import BatchError

_scene_folders: dict[str, str] = {}  # of a worker: where the files of a scene's folder lie here


class DaskWorkers:
    """``tcp://host:port`` of a scheduler, or ``local`` for a cluster of this machine.

    Each worker loads meshes and maps once and keeps them; a frame whose worker is lost goes to another; workers may
    join and leave. ``files`` of the scene's ``folder`` are sent to each of them, to those that join later too.

    Raises
    ------
    BatchError
        When the scheduler does not answer.
    """

    def __init__(self, address: str, count: int, folder: Path, files: Iterable[str], timeout_s: float = 10.0) -> None:
        self._cluster: Any = None
        try:
            if address == "local":
                self._cluster = LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None)
            self._client = Client(self._cluster or address, timeout=timeout_s, set_as_default=False)
        except (OSError, ValueError) as error:  # a TimeoutError is one of the first
            raise BatchError(
                f"--dask {address}: no scheduler answers there; start one with dask scheduler, or write --dask local"
            ) from error
        contents = {name: (folder / name).read_bytes() for name in files}
        if contents:
            self._client.register_plugin(_SceneFiles(str(folder.resolve()), contents))
        self._executor = self._client.get_executor(pure=False, retries=2)

    @property
    def slots(self) -> int:
        """The workers there are now; at least one, so that frames wait for those that come."""
        return max(len(self._client.scheduler_info(n_workers=-1)["workers"]), 1)

    def submit(self, task: Task) -> Future[FrameResult]:
        """Begin a frame."""
        future: Future[FrameResult] = self._executor.submit(_draw, task)
        return future

    def close(self, now: bool) -> None:
        """Leave the cluster; end it where it is our own."""
        self._executor.shutdown(wait=not now)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


class _SceneFiles(WorkerPlugin):  # type: ignore[misc]  # distributed tells no types
    """Puts the files of a scene's folder into one of the worker's own, gone when the worker ends."""

    def __init__(self, folder: str, contents: dict[str, bytes]) -> None:
        self.name = f"selfiesim {folder}"
        self._folder, self._contents = folder, contents

    def setup(self, worker: Any) -> None:
        self._space = tempfile.TemporaryDirectory(prefix="selfiesim-")
        for name, content in self._contents.items():
            path = Path(self._space.name) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _scene_folders[self._folder] = self._space.name

    def teardown(self, worker: Any) -> None:
        self._space.cleanup()


def _draw(task: Task) -> FrameResult:
    return draw_in_one_thread(replace(task, folder=_scene_folders.get(task.folder, task.folder)))
