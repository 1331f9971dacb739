"""Labelled frames of a scene over a stretch of time: pictures, layers of truth and records, one after the other.

>>> from selfiesim import Scene
>>> from selfiesim.labels.sequence import Series, label
>>> from selfiesim.labels.datasets import assemble
>>> records = list(label(Scene.load("tianwen1-mars"), "data", Series("release+10s", "release+60s", 5.0)))
>>> assemble(records, "data")

Frames that differ in more than time are labelled by batches (:mod:`selfiesim.batches`), with ``[labels]`` in the job.
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
    """A stretch of time, how its frames are drawn, and what is labelled.

    Attributes
    ----------
    quality, samples
        As of :meth:`selfiesim.view.view.View.render`.
    group : int
        So many frames in a row go to one split of a data set together: neighbours are alike.

    Raises
    ------
    SceneError
        For numbers out of range.
    """

    quality: str = "draft"
    samples: int | None = None
    group: int = 1
    wanted: LabelOptions = field(default_factory=LabelOptions)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.samples is not None and not 1 <= self.samples <= 1024:
            raise SceneError(f"--samples {self.samples}: give a number from 1 to 1024")
        if self.group < 1:
            raise SceneError(f"--group {self.group}: give a number of frames from 1 on")


def label(
    scene: Scene, folder: str | Path, series: LabelSettings, name: str = "frame", progress: Progress | None = None
) -> Iterator[Record]:
    """Draw, photograph and label each frame, and give its record; files are ``folder/frames/NAME-00000`` with endings.

    ``progress`` is told before each frame how many are done, and of how many.

    Raises
    ------
    UserError
        Impossible geometry, a folder that cannot be written to.
    """
    times = series.times(scene)
    first = scene.view(series.start)
    check_writable(Path(folder) / "frames" / f"{name}-00000{series.wanted.picture}")
    for number, seconds in enumerate(times):
        if progress:
            progress(number, len(times))
        radiance = first.later(seconds).render(series.quality, series.samples)
        stem = f"frames/{name}-{number:05d}"
        radiance.expose().save(Path(folder) / f"{stem}{series.wanted.picture}")
        group = None if series.group == 1 else f"{name}-{number // series.group}"
        yield frame_labels(radiance, folder, stem, series.wanted, {"scene": name}, group)
