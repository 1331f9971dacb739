"""One frame, drawn in whatever process the executor chose; its files go back as bytes, and one process writes them."""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from selfiesim.batches.vary import Task
    from selfiesim.render.common.radiance import Radiance

SINGLE_THREAD_ENV = {"LP_NUM_THREADS": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
"""Mesa draws in the thread that asks: with one worker a core, threads beside it gain nothing."""


@dataclass(frozen=True)
class FrameResult:
    """A frame's files by ending (``.png``, ``.json`` and what labels add), and what it took."""

    files: dict[str, bytes]
    seconds: float
    peak_mb: float


def draw_frame(task: Task) -> FrameResult:
    """Draw a frame.

    Raises
    ------
    UserError
        A scene that cannot be drawn; drawing again would not mend it.
    """
    from selfiesim.scene.scene import Scene

    start = time.perf_counter()
    scene = Scene.from_table(task.scene, task.source, Path(task.folder))
    radiance = scene.view().render(task.quality, task.samples)
    files = _picture(radiance.expose(), task)
    if task.layers is not None:
        files |= _labels(radiance, task)
    return FrameResult(files, time.perf_counter() - start, peak_mb())


def _picture(photo: Any, task: Task) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="selfiesim-") as folder:
        path = Path(folder) / f"frame.{task.file}"
        photo.save(path, task.bits)
        return {each.suffix: each.read_bytes() for each in sorted(Path(folder).iterdir())}


def _labels(radiance: Radiance, task: Task) -> dict[str, bytes]:
    from selfiesim.batches.manifest import frame_stem
    from selfiesim.labels.records import LabelOptions, make_labels

    wanted = LabelOptions("exr" if task.layers == "exr" else "png", f".{task.file}")
    return make_labels(radiance, frame_stem(task.name), wanted, task.changes, task.group).files


def peak_mb() -> float:
    """The largest resident set of this process so far, MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def init_worker() -> None:
    """Make this process a worker: one thread for drawing, and an end when its parent ends."""
    os.environ.update({name: os.environ.get(name, value) for name, value in SINGLE_THREAD_ENV.items()})
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@cache
def _drawing_thread() -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(1)


def draw_in_one_thread(task: Task, draw_frame: Callable[[Task], FrameResult] = draw_frame) -> FrameResult:
    """:func:`draw_frame` for workers with threads of their own: OpenGL belongs to the thread that began with it."""
    for name, value in SINGLE_THREAD_ENV.items():
        os.environ.setdefault(name, value)
    return _drawing_thread().submit(draw_frame, task).result()
