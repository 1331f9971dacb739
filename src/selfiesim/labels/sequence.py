"""Labelled frames of a scene over a span of time: images, layers and records.

>>> from selfiesim import Scene
>>> from selfiesim.labels.sequence import LabelSettings, label
>>> from selfiesim.labels.datasets import assemble
>>> settings = LabelSettings("release+10s", "release+60s", 5.0)
>>> records = list(label(Scene.load("tianwen1-mars"), "data", settings))
>>> assemble(records, "data")

Batches (:mod:`selfiesim.batches`) label frames that differ in more than time: see ``[labels]`` of a job.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from selfiesim.analysis.frame_times import TimeSpan
from selfiesim.core.errors import SceneError
from selfiesim.files.images import check_writable
from selfiesim.labels.records import LabelOptions, Record, frame_labels

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class LabelSettings(TimeSpan):
    """A span of time, how to render its frames, and what to label.

    Attributes
    ----------
    quality, samples
        As in :meth:`selfiesim.view.view.View.render`.
    group : int
        Number of consecutive frames that are kept in the same split of a data set, because neighbours are similar.
    options : LabelOptions
        What to label.

    Raises
    ------
    SceneError
        A number is out of range.
    """

    quality: str = "draft"
    samples: int | None = None
    group: int = 1
    options: LabelOptions = field(default_factory=LabelOptions)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples is not None and not 1 <= self.samples <= 1024:
            raise SceneError(f"--samples {self.samples}: give a number from 1 to 1024")
        if self.group < 1:
            raise SceneError(f"--group {self.group}: give at least 1 frame")


def label(
    scene: Scene, folder: str | Path, settings: LabelSettings, name: str = "frame", progress: Progress | None = None
) -> Iterator[Record]:
    """Render, photograph and label each frame, and yield its record.

    Parameters
    ----------
    scene : Scene
        The scene.
    folder : path
        Folder to write to; files are named ``frames/NAME-00000`` plus a suffix.
    settings : LabelSettings
        Which frames, and what to label.
    name : str
        The NAME of the files.
    progress : callable, optional
        Called before each frame with the number of frames done and their total number.

    Yields
    ------
    dict
        The record of each frame, in order of time.

    Raises
    ------
    UserError
        The geometry is impossible, or the folder cannot be written to.
    """
    times = settings.times(scene)
    first = scene.view(settings.start)
    check_writable(Path(folder) / "frames" / f"{name}-00000{settings.options.picture}")
    for number, seconds in enumerate(times):
        if progress:
            progress(number, len(times))
        radiance = first.after(seconds).render(settings.quality, settings.samples)
        stem = f"frames/{name}-{number:05d}"
        radiance.expose().save(Path(folder) / f"{stem}{settings.options.picture}")
        group = None if settings.group == 1 else f"{name}-{number // settings.group}"
        yield frame_labels(radiance, folder, stem, settings.options, {"scene": name}, group)
