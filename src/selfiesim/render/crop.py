"""The part of a picture that is drawn: nothing is shaded, read back or added up where the craft cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera import Camera

_MARGIN = 2  # pixels, for the shifts of the pixel grid
# What is far away costs its vertices and hardly any pixels: so many of them are nothing beside.
_FREE_PIXELS = 128 * 128
_MOST_TIMES = 8
FINE_SIDE = 512
"""Pixels a side of the frame that it is drawn in."""
_LEAST_PASSES = 4  # or half of them: edges, the Sun's disc and the planet's light are met in several places


@dataclass(frozen=True)
class Crop:
    """A rectangle of whole pixels, from the picture's upper left."""

    left: int
    top: int
    width: int
    height: int

    @property
    def rows(self) -> slice:
        """Its rows of the picture."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Its columns of the picture."""
        return slice(self.left, self.left + self.width)

    def of(self, camera: Camera) -> Camera:
        """The lens as if it had these pixels only."""
        return replace(camera, width=self.width, height=self.height, cx=camera.cx - self.left, cy=camera.cy - self.top)

    def finer(self, camera: Camera, times: int) -> Camera:
        """As :meth:`of`, each pixel cut into ``times`` by ``times``."""
        lens = self.of(camera)
        return replace(
            lens,
            width=lens.width * times,
            height=lens.height * times,
            fx=lens.fx * times,
            fy=lens.fy * times,
            cx=(lens.cx + 0.5) * times - 0.5,
            cy=(lens.cy + 0.5) * times - 0.5,
        )


def times_finer(points: NDArray[np.float64], camera: Camera, nearest: float) -> int:
    """How many times finer each way a body is drawn: more than once where it is small; points as for the crop.

    Whatever the picture's edges cut off: tiles of a picture draw alike.
    """
    if not (points[:, 2] > nearest).all():
        return 1
    size = np.ptp(camera.project(points), axis=0) + 2 * _MARGIN + 1
    if not np.isfinite(size).all():
        return 1
    room = min(FINE_SIDE / (size.max() + 1.0), _MOST_TIMES)
    return max(1, int(min(room, (_FREE_PIXELS / size.prod()) ** 0.5)))


def passes_for(samples: int, times: int) -> int:
    """How many passes of ``times`` by ``times`` samples in a pixel lie in as many rows as single ``samples`` would."""
    return max(min(-(-samples // 2), _LEAST_PASSES), -(-samples // times))


def averaged(values: NDArray[np.float32], times: int) -> NDArray[np.float32]:
    """Whole pixels (H, W, C) from those that were cut into ``times`` by ``times``."""
    if times == 1:
        return values
    height, width, count = values.shape
    blocks = values.reshape(height // times, times, width // times, times, count)
    return np.asarray(blocks.mean(axis=(1, 3), dtype=np.float32))


def crop_round(points: NDArray[np.float64], camera: Camera, nearest: float) -> Crop | None:
    """The pixels in which a body with the outer ``points`` (N, 3), camera axes, may be seen through a pinhole.

    All of them when part of it is nearer than ``nearest``; None when there are none.
    """
    ahead = points[:, 2] > nearest
    if not ahead.any():
        return None
    low, high = np.zeros(2), np.array([camera.width, camera.height], float)
    if ahead.all():
        pixels = camera.project(points)
        low = np.clip(np.floor(pixels.min(axis=0)) - _MARGIN, low, high)
        high = np.clip(np.ceil(pixels.max(axis=0)) + _MARGIN + 1, low, high)
    (left, top), (width, height) = low.astype(int).tolist(), (high - low).astype(int).tolist()
    return Crop(left, top, width, height) if width > 0 and height > 0 else None


def around(crops: list[Crop | None]) -> Crop | None:
    """The smallest that holds all of them; None when there is nothing to hold."""
    found = [crop for crop in crops if crop]
    if not found:
        return None
    left, top = min(crop.left for crop in found), min(crop.top for crop in found)
    right = max(crop.left + crop.width for crop in found)
    return Crop(left, top, right - left, max(crop.top + crop.height for crop in found) - top)
