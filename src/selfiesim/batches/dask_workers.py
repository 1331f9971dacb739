"""Workers of a Dask cluster. The files of the scene's folder are sent to each worker once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from distributed import Client, LocalCluster, WorkerPlugin

from selfiesim.batches.draw import SINGLE_THREAD_ENV, FrameResult, render_frame
from selfiesim.batches.vary import Task
from selfiesim.core.errors import BatchError
from selfiesim.core.temporary import temporary_folder

_scene_folders: dict[str, str] = {}  # in a worker: its local copy of each scene folder, by the folder's original path


class DaskWorkers:
    """An executor on a Dask cluster.

    Each worker loads meshes and maps once and keeps them. Frames of a lost worker go to another; workers may join and
    leave at any time, and those that join later receive the scene's files as well.

    Parameters
    ----------
    address : str
        ``tcp://host:port`` of a scheduler, or ``local`` to start a cluster on this machine.
    count : int
        Number of workers of a local cluster.
    folder : Path
        The scene's folder.
    files : iterable of str
        The files in ``folder`` that the scene needs, by relative path.
    timeout_s : float
        How long to wait for the scheduler.

    Raises
    ------
    BatchError
        The scheduler does not answer.
    """

    def __init__(self, address: str, count: int, folder: Path, files: Iterable[str], timeout_s: float = 10.0) -> None:
        self._cluster: Any = None
        try:
            if address == "local":
                env = {name: os.environ.get(name, value) for name, value in SINGLE_THREAD_ENV.items()}
                self._cluster = LocalCluster(n_workers=count, threads_per_worker=1, dashboard_address=None, env=env)
            self._client = Client(self._cluster or address, timeout=timeout_s, set_as_default=False)
        except (OSError, ValueError) as error:  # TimeoutError is an OSError
            raise BatchError(
                f"--dask {address}: no scheduler answers at this address; start one with `dask scheduler`, "
                "or use --dask local"
            ) from error
        contents = {name: (folder / name).read_bytes() for name in files}
        if contents:
            self._client.register_plugin(_SceneFiles(str(folder.resolve()), contents))
        self._executor = self._client.get_executor(pure=False, retries=2)

    @property
    def slots(self) -> int:
        """Number of workers now; at least one, so that frames are queued while no worker is there yet."""
        return max(len(self._client.scheduler_info(n_workers=-1)["workers"]), 1)

    def submit(self, task: Task) -> Future[FrameResult]:
        """Queue a frame."""
        future: Future[FrameResult] = self._executor.submit(_render, task)
        return future

    def close(self, now: bool) -> None:
        """Disconnect from the cluster, and shut it down if it was started here."""
        self._executor.shutdown(wait=not now)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


class _SceneFiles(WorkerPlugin):  # type: ignore[misc]  # distributed is untyped
    """Writes the files of a scene's folder to a temporary folder of the worker."""

    def __init__(self, folder: str, contents: dict[str, bytes]) -> None:
        self.name = f"selfiesim {folder}"
        self._folder, self._contents = folder, contents

    def setup(self, worker: Any) -> None:
        self._open = ExitStack()
        copy = self._open.enter_context(temporary_folder())
        for name, content in self._contents.items():
            path = copy / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        _scene_folders[self._folder] = str(copy)

    def teardown(self, worker: Any) -> None:
        self._open.close()


def _render(task: Task) -> FrameResult:
    return render_frame(replace(task, folder=_scene_folders.get(task.folder, task.folder)))
