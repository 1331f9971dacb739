"""Render one frame in a worker; its files are returned as bytes, so that a single process writes the folder."""

from __future__ import annotations

import os
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from selfiesim.core.temporary import temporary_folder

if TYPE_CHECKING:
    from selfiesim.batches.vary import Task
    from selfiesim.photo.develop import Photo
    from selfiesim.render.common.radiance import Radiance

SINGLE_THREAD_ENV = {"LP_NUM_THREADS": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Environment of a worker: with one worker per core, further threads in Mesa and BLAS gain nothing."""

_PARENT_POLL_S = 0.5


@dataclass(frozen=True)
class FrameResult:
    """A rendered frame.

    Attributes
    ----------
    files : dict of bytes
        Contents by suffix: ``.png``, ``.json`` and those of the labels.
    seconds : float
        Time that rendering took.
    peak_mb : float
        Largest resident set of the worker so far.
    """

    files: dict[str, bytes]
    seconds: float
    peak_mb: float


def render_frame(task: Task) -> FrameResult:
    """Render a frame, and label it where the task asks for it.

    Raises
    ------
    UserError
        The scene cannot be rendered; another attempt would fail as well.
    """
    from selfiesim.scene.scene import Scene

    start = time.perf_counter()
    scene = Scene.from_table(task.scene, task.source, Path(task.folder))
    radiance = scene.view().render(task.quality, task.samples)
    files = _image_files(radiance.expose(), task)
    if task.layers is not None:
        files |= _label_files(radiance, task)
    return FrameResult(files, time.perf_counter() - start, peak_mb())


def _image_files(photo: Photo, task: Task) -> dict[str, bytes]:
    """Return the image and its recipe, by suffix."""
    with temporary_folder() as folder:
        photo.save(folder / f"frame.{task.file}", task.bits)
        return {file.suffix: file.read_bytes() for file in sorted(folder.iterdir())}


def _label_files(radiance: Radiance, task: Task) -> dict[str, bytes]:
    from selfiesim.batches.manifest import frame_stem
    from selfiesim.labels.records import LabelOptions, make_labels

    options = LabelOptions("exr" if task.layers == "exr" else "png", f".{task.file}")
    return make_labels(radiance, frame_stem(task.name), options, task.changes, task.group).files


def peak_mb() -> float:
    """Return the largest resident set of this process so far, MB."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        return float(psutil.Process().memory_info().peak_wset / 2**20)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def init_worker() -> None:
    """Make this process a worker: render in one thread, and exit when the parent process is gone."""
    import psutil

    os.environ.update({name: os.environ.get(name, value) for name, value in SINGLE_THREAD_ENV.items()})
    parent = psutil.Process().parent()

    def exit_with_parent() -> None:
        # A dead parent changes the parent id on POSIX, where it may remain as a zombie; on Windows the id stays.
        while parent is not None and os.getppid() == parent.pid and parent.is_running():
            time.sleep(_PARENT_POLL_S)
        os._exit(1)

    threading.Thread(target=exit_with_parent, daemon=True).start()
