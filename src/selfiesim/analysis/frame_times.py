"""Times of the frames of a film or a dataset: a span of scene time, sampled in steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.core.errors import SceneError
from selfiesim.core.limits import FILM_FRAMES

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


@dataclass(frozen=True)
class TimeSpan:
    """A span of time, sampled in steps.

    Attributes
    ----------
    start, stop : str
        Moments of the scene, such as ``release+10s`` or a UTC time.
    step_s : float
        Seconds from frame to frame.

    Raises
    ------
    SceneError
        For a step out of range.
    """

    start: str = "release"
    stop: str = "release+120s"
    step_s: float = 1.0

    def __post_init__(self) -> None:
        if not 1e-6 <= self.step_s <= 1e7:
            raise SceneError(f"--step-s {self.step_s:g}: give seconds from 0.000001 to 10000000")

    def times(self, scene: Scene) -> list[float]:
        """Return the time of each frame, s from ``start``; ``stop`` is included where a step ends there.

        Raises
        ------
        SceneError
            For moments out of order, moments that the scene does not have, or too many frames.
        """
        resolved = scene.resolve()
        first, last = resolved.epoch_at(self.start, "--from"), resolved.epoch_at(self.stop, "--to")
        length = last - first
        if length < 0.0:
            raise SceneError(f"--to {self.stop!r} is {-length:g} s before --from {self.start!r}")
        count = int(np.floor(length / self.step_s + 1e-9)) + 1
        FILM_FRAMES.check(count, f"{count:,} frames are too many", SceneError, "raise --step-s")
        return [self.step_s * number for number in range(count)]
