"""The part of a picture that is drawn: nothing is shaded, read back or added up where the craft cannot be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera

_MARGIN = 2  # pixels, for the shifts of the pixel grid
# What is far away costs its vertices and hardly any pixels: so many of them are nothing beside.
_SUPERSAMPLED_PIXELS = 128 * 128
_MAX_SUPERSAMPLING = 8
SUPERSAMPLED_SIDE_PX = 512
"""Pixels a side of the frame that it is drawn in."""
_MIN_PASSES = 4  # or half of them: edges, the Sun's disc and the planet's light are met in several places
# A draft of a few passes: passes, and into how many a pixel is cut across and down instead, the finest first.
_SAMPLE_GRIDS = ((1, 4, 4), (1, 3, 3), (1, 3, 2), (1, 2, 2), (2, 2, 1))
MAX_SUBPIXELS, MAX_SUBPIXELS_DISTORTED = 16, 4
"""Of a pixel; few where pixels lie closer than the picture's, as through lenses that bend."""
_DRAFT_SAMPLES = range(2, 6)
_DRAFT_PASSES = 3  # passes of whole pixels: what that may cost
_SMALL_PICTURE_PX, _MIN_SAMPLES = 300_000, 6  # pixels of a small picture, and samples that each has
_TRIANGLE_COST_PX = 1.5  # pixels that a triangle costs as much as; a pass has all of them
_MAX_SUBPIXEL_COUNT = 4_500_000  # pixels that the cut ones may be at a time: 72 MB


@dataclass(frozen=True)
class SampleGrid:
    """How finely a craft is drawn: passes of a pixel cut into so many ``across`` and ``down``."""

    passes: int
    across: int = 1
    down: int = 1

    @property
    def texture_samples(self) -> float:
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

    def supersampled_camera(self, camera: Camera, cut: SampleGrid) -> Camera:
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

    def cut(self, cut: SampleGrid) -> Crop:
        """So many pixels in the lower left corner of a frame."""
        return Crop(0, 0, self.width * cut.across, self.height * cut.down)


def supersampling_factor(points: NDArray[np.float64], camera: Camera, nearest: float) -> int:
    """How many times finer each way a body is drawn: more than once where it is small; points as for the crop.

    Whatever the picture's edges cut off: tiles of a picture draw alike.
    """
    if not (points[:, 2] > nearest).all():
        return 1
    size = np.ptp(camera.project(points), axis=0) + 2 * _MARGIN + 1
    if not np.isfinite(size).all():
        return 1
    room = min(SUPERSAMPLED_SIDE_PX / (size.max() + 1.0), _MAX_SUPERSAMPLING)
    return max(1, int(min(room, (_SUPERSAMPLED_PIXELS / size.prod()) ** 0.5)))


def choose_sample_grid(
    samples: int, supersampling: int, crop: Crop, triangle_count: int, max_subpixels: int
) -> SampleGrid:
    """Passes for ``samples``; pixels of something small are cut ``supersampling`` by ``supersampling``, and fewer passes do then.

    A few passes become one of pixels cut into ``max_subpixels`` or fewer, where that costs no more than three passes of as many
    ``triangle_count``. What was measured is in ``design/renderer.md``.
    """
    if samples not in _DRAFT_SAMPLES or supersampling * supersampling >= max_subpixels:
        # As many passes as lie in as many rows as single samples would.
        return SampleGrid(
            max(min(-(-samples // 2), _MIN_PASSES), -(-samples // supersampling)), supersampling, supersampling
        )
    pixels = crop.width * crop.height
    for passes, across, down in _SAMPLE_GRIDS:
        shaded, saved = passes * across * down, (_DRAFT_PASSES - passes) * _TRIANGLE_COST_PX * triangle_count / pixels
        cheap = shaded <= _DRAFT_PASSES + saved or (shaded <= _MIN_SAMPLES and pixels <= _SMALL_PICTURE_PX)
        if cheap and across * down <= max_subpixels and across * down * pixels <= _MAX_SUBPIXEL_COUNT:
            return SampleGrid(passes, across, down)
    return SampleGrid(samples)


def downsample(values: NDArray[np.float32], cut: SampleGrid) -> NDArray[np.float32]:
    """Whole pixels (H, W, C) from those that were cut."""
    rows = [values[row :: cut.down] for row in range(cut.down)]
    total = sum(rows[1:], rows[0]) if len(rows) > 1 else rows[0]
    columns = [total[:, column :: cut.across] for column in range(cut.across)]
    total = sum(columns[1:], columns[0]) if len(columns) > 1 else columns[0]
    share = cut.across * cut.down
    return total if share == 1 else np.asarray(total * np.float32(1.0 / share))


def crop_around(points: NDArray[np.float64], camera: Camera, nearest: float) -> Crop | None:
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


def crop_union(crops: list[Crop | None]) -> Crop | None:
    """The smallest that holds all of them; None when there is nothing to hold."""
    found = [crop for crop in crops if crop]
    if not found:
        return None
    left, top = min(crop.left for crop in found), min(crop.top for crop in found)
    right = max(crop.left + crop.width for crop in found)
    return Crop(left, top, right - left, max(crop.top + crop.height for crop in found) - top)
