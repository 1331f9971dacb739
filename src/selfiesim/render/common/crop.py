"""The part of a picture that is drawn: nothing is shaded, read back or added up where the craft cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera

_MARGIN = 2  # pixels, for the shifts of the pixel grid
# What is far away costs its vertices and hardly any pixels: so many of them are nothing beside.
_FREE_PIXELS = 128 * 128
_MOST_TIMES = 8
FINE_SIDE = 512
"""Pixels a side of the frame that it is drawn in."""
_LEAST_PASSES = 4  # or half of them: edges, the Sun's disc and the planet's light are met in several places
# A draft of a few passes: passes, and into how many a pixel is cut across and down instead, the finest first.
_CUTS = ((1, 4, 4), (1, 3, 3), (1, 3, 2), (1, 2, 2), (2, 2, 1))
MOST_CUTS, FEWEST_CUTS = 16, 4
"""Of a pixel; few where pixels lie closer than the picture's, as through lenses that bend."""
_FEW = range(2, 6)
_DRAFT = 3  # passes of whole pixels: what that may cost
_SMALL, _AT_LEAST = 300_000, 6  # pixels of a small picture, and samples that each has
_TRIANGLE = 1.5  # pixels that a triangle costs as much as; a pass has all of them
_ROOM = 4_500_000  # pixels that the cut ones may be at a time: 72 MB


@dataclass(frozen=True)
class Cut:
    """How finely a craft is drawn: passes of a pixel cut into so many ``across`` and ``down``."""

    passes: int
    across: int = 1
    down: int = 1

    @property
    def sharpness(self) -> float:
        """Samples that textures are read for, beyond those that the finer pixels themselves ask for."""
        return self.passes * max(self.across, self.down) / min(self.across, self.down)


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

    def finer(self, camera: Camera, cut: Cut) -> Camera:
        """As :meth:`of`, each pixel cut."""
        lens = self.of(camera)
        return replace(
            lens,
            width=lens.width * cut.across,
            height=lens.height * cut.down,
            fx=lens.fx * cut.across,
            fy=lens.fy * cut.down,
            cx=(lens.cx + 0.5) * cut.across - 0.5,
            cy=(lens.cy + 0.5) * cut.down - 0.5,
        )

    def cut(self, cut: Cut) -> Crop:
        """So many pixels in the lower left corner of a frame."""
        return Crop(0, 0, self.width * cut.across, self.height * cut.down)


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


def cut_for(samples: int, times: int, crop: Crop, triangles: int, most: int) -> Cut:
    """Passes for ``samples``; pixels of something small are cut ``times`` by ``times``, and fewer passes do then.

    A few passes become one of pixels cut into ``most`` or fewer, where that costs no more than three passes of as many
    ``triangles``. What was measured is in ``design/renderer.md``.
    """
    if samples not in _FEW or times * times >= most:
        # As many passes as lie in as many rows as single samples would.
        return Cut(max(min(-(-samples // 2), _LEAST_PASSES), -(-samples // times)), times, times)
    pixels = crop.width * crop.height
    for passes, across, down in _CUTS:
        shaded, saved = passes * across * down, (_DRAFT - passes) * _TRIANGLE * triangles / pixels
        cheap = shaded <= _DRAFT + saved or (shaded <= _AT_LEAST and pixels <= _SMALL)
        if cheap and across * down <= most and across * down * pixels <= _ROOM:
            return Cut(passes, across, down)
    return Cut(samples)


def averaged(values: NDArray[np.float32], cut: Cut) -> NDArray[np.float32]:
    """Whole pixels (H, W, C) from those that were cut."""
    rows = [values[row :: cut.down] for row in range(cut.down)]
    total = sum(rows[1:], rows[0]) if len(rows) > 1 else rows[0]
    columns = [total[:, column :: cut.across] for column in range(cut.across)]
    total = sum(columns[1:], columns[0]) if len(columns) > 1 else columns[0]
    share = cut.across * cut.down
    return total if share == 1 else np.asarray(total * np.float32(1.0 / share))


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
