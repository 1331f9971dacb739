"""Frame times: a stretch of scene time, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.core.errors import SceneError

if TYPE_CHECKING:
    from selfiesim.scene.scene import Scene


@dataclass(frozen=True)
class TimeSpan:
    """A stretch of time, step by step.

    Attributes
    ----------
    start, stop : str
        Moments of the scene, such as ``release+10s`` or a UTC time.
    step_s : float
        From one frame to the next.

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
        """Seconds from ``start`` of each frame; ``stop`` is among them where the step meets it.

        Raises
        ------
        SceneError
            For moments out of order, or that the scene does not have, and for more than 20,000 frames.
        """
        resolved = scene.resolved()
        first, last = resolved.epoch_at(self.start, "--from"), resolved.epoch_at(self.stop, "--to")
        length = last - first
        if length < 0.0:
            raise SceneError(f"--to {self.stop!r}: is {-length:g} s before --from {self.start!r}")
        count = int(np.floor(length / self.step_s + 1e-9)) + 1
        if count > MAX_FRAMES:
            raise SceneError(f"{count:,} frames are too many; the most is {MAX_FRAMES:,}; raise --step-s")
        return [self.step_s * number for number in range(count)]


MAX_FRAMES = 20_000
