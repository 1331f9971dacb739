"""The part of an image to render: pixels that cannot show the craft are not shaded, read back or averaged."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.camera.pinhole import Camera

_MARGIN = 2  # pixels, for the shifts of the pixel grid
# A distant craft costs its vertices and hardly any pixels: up to this many pixels are negligible.
_SUPERSAMPLED_PIXELS = 128 * 128
_MAX_SUPERSAMPLING = 8
SUPERSAMPLED_SIDE_PX = 512
"""Maximum side of a supersampled crop, in subpixels."""
_MIN_PASSES = 4  # or half the samples if fewer: several passes sample edges, the Sun's disc and planetshine
# Sample grids that may replace the few passes of a draft: passes, subpixels across and down; finest first.
_SAMPLE_GRIDS = ((1, 4, 4), (1, 3, 3), (1, 3, 2), (1, 2, 2), (2, 2, 1))
MAX_SUBPIXELS, MAX_SUBPIXELS_DISTORTED = 16, 4
"""Maximum subpixels per pixel of a draft; fewer through a distorting lens, whose pinholes already oversample."""
_DRAFT_SAMPLES = range(2, 6)
_DRAFT_PASSES = 3  # a sample grid may cost as much as this many passes of whole pixels
_SMALL_IMAGE_PX, _MIN_SAMPLES = 300_000, 6  # up to this many pixels, a grid of this many samples is always allowed
_TRIANGLE_COST_PX = 1.5  # a triangle costs as much as this many pixels, in every pass
_MAX_SUBPIXEL_COUNT = 4_500_000  # subpixels of one pass: 72 MB


@dataclass(frozen=True)
class SampleGrid:
    """How finely a craft is sampled: passes, and subpixels ``across`` and ``down`` a pixel in each pass."""

    passes: int
    across: int = 1
    down: int = 1

    @property
    def texture_samples(self) -> float:
        """Samples per subpixel that average texture reads, on top of the finer pixels themselves."""
        return self.passes * max(self.across, self.down) / min(self.across, self.down)


@dataclass(frozen=True)
class Crop:
    """A rectangle of whole pixels; ``left`` and ``top`` count from the upper left corner of the image."""

    left: int
    top: int
    width: int
    height: int

    @property
    def rows(self) -> slice:
        """Its rows in the image."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Its columns in the image."""
        return slice(self.left, self.left + self.width)

    def crop_camera(self, camera: Camera) -> Camera:
        """Return the camera reduced to these pixels."""
        return replace(camera, width=self.width, height=self.height, cx=camera.cx - self.left, cy=camera.cy - self.top)

    def supersampled_camera(self, camera: Camera, sample_grid: SampleGrid) -> Camera:
        """Return the camera reduced to these pixels, with each pixel split into subpixels."""
        lens = self.crop_camera(camera)
        return replace(
            lens,
            width=lens.width * sample_grid.across,
            height=lens.height * sample_grid.down,
            fx=lens.fx * sample_grid.across,
            fy=lens.fy * sample_grid.down,
            cx=(lens.cx + 0.5) * sample_grid.across - 0.5,
            cy=(lens.cy + 0.5) * sample_grid.down - 0.5,
        )

    def supersampled(self, sample_grid: SampleGrid) -> Crop:
        """Return a crop of as many subpixels, in the corner of a framebuffer."""
        return Crop(0, 0, self.width * sample_grid.across, self.height * sample_grid.down)


def supersampling_factor(points: NDArray[np.float64], camera: Camera, near_m: float) -> int:
    """Return the number of subpixels each way with which a craft is rendered: more than 1 where it is small.

    It ignores the image borders, so that tiles of an image match.

    Parameters
    ----------
    points : (N, 3) array
        Points that enclose the craft, camera axes, m.
    camera : Camera
        A pinhole.
    near_m : float
        Near clipping distance, m.
    """
    if not (points[:, 2] > near_m).all():
        return 1
    size = np.ptp(camera.project(points), axis=0) + 2 * _MARGIN + 1
    if not np.isfinite(size).all():
        return 1
    limit = min(SUPERSAMPLED_SIDE_PX / (size.max() + 1.0), _MAX_SUPERSAMPLING)
    return max(1, int(min(limit, (_SUPERSAMPLED_PIXELS / size.prod()) ** 0.5)))


def choose_sample_grid(
    samples: int, supersampling: int, crop: Crop, triangle_count: int, max_subpixels: int
) -> SampleGrid:
    """Choose passes and subpixels for ``samples`` per pixel.

    A small craft gets ``supersampling`` by ``supersampling`` subpixels and fewer passes. The few passes of a draft
    become one pass of up to ``max_subpixels`` subpixels, where that costs no more than three passes of whole pixels
    with ``triangle_count`` triangles each. The measurements are in ``design/renderer.md``.
    """
    if samples not in _DRAFT_SAMPLES or supersampling * supersampling >= max_subpixels:
        # Enough passes for as many distinct rows and columns of samples as single samples would have.
        return SampleGrid(
            max(min(-(-samples // 2), _MIN_PASSES), -(-samples // supersampling)), supersampling, supersampling
        )
    pixels = crop.width * crop.height
    for passes, across, down in _SAMPLE_GRIDS:
        shaded, saved = passes * across * down, (_DRAFT_PASSES - passes) * _TRIANGLE_COST_PX * triangle_count / pixels
        cheap = shaded <= _DRAFT_PASSES + saved or (shaded <= _MIN_SAMPLES and pixels <= _SMALL_IMAGE_PX)
        if cheap and across * down <= max_subpixels and across * down * pixels <= _MAX_SUBPIXEL_COUNT:
            return SampleGrid(passes, across, down)
    return SampleGrid(samples)


def downsample(values: NDArray[np.float32], sample_grid: SampleGrid) -> NDArray[np.float32]:
    """Average the subpixels of each pixel, (H down, W across, C) to (H, W, C)."""
    rows = [values[row :: sample_grid.down] for row in range(sample_grid.down)]
    total = sum(rows[1:], rows[0]) if len(rows) > 1 else rows[0]
    columns = [total[:, column :: sample_grid.across] for column in range(sample_grid.across)]
    total = sum(columns[1:], columns[0]) if len(columns) > 1 else columns[0]
    subpixels = sample_grid.across * sample_grid.down
    return total if subpixels == 1 else np.asarray(total * np.float32(1.0 / subpixels))


def crop_around(points: NDArray[np.float64], camera: Camera, near_m: float) -> Crop | None:
    """Return the pixels of a pinhole image that may show a craft.

    Parameters
    ----------
    points : (N, 3) array
        Points that enclose the craft, camera axes, m.
    camera : Camera
        A pinhole.
    near_m : float
        Near clipping distance, m.

    Returns
    -------
    Crop or None
        The whole image if part of the craft is nearer than ``near_m``; None if no pixel shows it.
    """
    ahead = points[:, 2] > near_m
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
    """Return the smallest crop that contains all of ``crops``; None if all of them are None."""
    found = [crop for crop in crops if crop]
    if not found:
        return None
    left, top = min(crop.left for crop in found), min(crop.top for crop in found)
    right = max(crop.left + crop.width for crop in found)
    return Crop(left, top, right - left, max(crop.top + crop.height for crop in found) - top)
