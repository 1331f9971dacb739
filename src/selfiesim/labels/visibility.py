"""Silhouettes of craft: the visible part, and the whole with what is occluded or beyond the edge of the image."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.render.common.truth import part_numbers

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Radiance
    from selfiesim.view.poses import CraftPose
    from selfiesim.view.view import View

Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Silhouette:
    """The silhouette of a craft.

    Attributes
    ----------
    visible : (H, W) bool
        Pixels whose centre shows the craft.
    whole : (H, W) bool
        Pixels that would show it if nothing occluded it.
    whole_px : int
        Number of pixels of ``whole``, plus those beyond the edges of the image, up to one image width or height away;
        with lens distortion, of the image alone.
    whole_box : (x, y, width, height) tuple of int, optional
        Bounding box of all these pixels; None if there are none.
    """

    visible: Mask
    whole: Mask
    whole_px: int
    whole_box: Box | None

    @property
    def visible_share(self) -> float:
        """Visible share of the whole silhouette, 0 to 1."""
        return float(self.visible.sum() / self.whole_px) if self.whole_px else 0.0


def craft_part_ids(view: View) -> list[tuple[CraftPose, dict[str, int]]]:
    """Return each craft of the view, without the ground, and the numbers of its parts by node."""
    pairs = zip(view.crafts, part_numbers(view), strict=True)
    return [(pose, numbers) for pose, numbers in pairs if not pose.is_ground]


def silhouettes(radiance: Radiance) -> list[Silhouette]:
    """Return the silhouette of each craft, in the order of :func:`craft_part_ids`."""
    view, part = radiance.view, radiance.truth.part
    return [_silhouette(view, pose, np.isin(part, list(numbers.values()))) for pose, numbers in craft_part_ids(view)]


def bounding_box(mask: Mask) -> Box | None:
    """Return the bounding box (x, y, width, height) of a mask (H, W), or None if the mask is empty."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1


def _silhouette(view: View, pose: CraftPose, visible: Mask) -> Silhouette:
    width, height = view.camera.width, view.camera.height
    pixel_bounds = _pixel_bounds(view, pose)
    is_inside = bool((pixel_bounds[0] >= -0.5).all() and (pixel_bounds[1] <= (width - 0.5, height - 0.5)).all())
    if is_inside and not _may_be_occluded(view, pose, pixel_bounds):
        return Silhouette(visible, visible, int(visible.sum()), bounding_box(visible))
    whole, count = visible, 0
    corners: list[tuple[int, int]] = []
    for across, down in _overlapping_tiles(view, pixel_bounds):
        mask = _render_alone(view, pose, across, down)
        if (across, down) == (0, 0):
            whole = mask | visible
            mask = whole
        count += int(mask.sum())
        box = bounding_box(mask)
        if box:
            x, y = box[0] + across * width, box[1] + down * height
            corners += [(x, y), (x + box[2], y + box[3])]
    if not corners:
        return Silhouette(visible, whole, 0, None)
    (left, top), (right, bottom) = np.min(corners, axis=0).tolist(), np.max(corners, axis=0).tolist()
    return Silhouette(visible, whole, count, (left, top, right - left, bottom - top))


def _pixel_bounds(view: View, pose: CraftPose) -> NDArray[np.float64]:
    """Return the lowest and highest pixel coordinates (2, 2) of a craft; infinite where it cannot be projected."""
    outline = view.camera.project(pose.outline())
    if not np.isfinite(outline).all():
        return np.array([[-np.inf, -np.inf], [np.inf, np.inf]])
    return np.stack([outline.min(axis=0), outline.max(axis=0)])


def _may_be_occluded(view: View, pose: CraftPose, pixel_bounds: NDArray[np.float64]) -> bool:
    """Whether another craft, or the ground, may occlude it."""
    for other in view.crafts:
        if other is pose:
            continue
        if other.is_ground:
            return True
        low, high = _pixel_bounds(view, other)
        if (low <= pixel_bounds[1]).all() and (high >= pixel_bounds[0]).all():
            return True
    return False


def _overlapping_tiles(view: View, pixel_bounds: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Yield the tiles to render, as steps right and down: the image, and which of its eight neighbours are touched."""
    yield 0, 0
    camera = view.camera
    if camera.distortion is not None:
        return
    size = np.array([camera.width, camera.height])
    first, last = np.floor((np.clip(pixel_bounds, -size, 2 * size - 1.0) + 0.5) / size).astype(int)
    for down in range(max(first[1], -1), min(last[1], 1) + 1):
        for across in range(max(first[0], -1), min(last[0], 1) + 1):
            if (across, down) != (0, 0):
                yield across, down


def _render_alone(view: View, pose: CraftPose, across: int, down: int) -> Mask:
    """Render a craft alone, in the image or in a neighbouring tile of its size, and return its mask."""
    from selfiesim.render.engine import truth

    camera = view.camera
    lens = replace(camera, cx=camera.cx - across * camera.width, cy=camera.cy - down * camera.height)
    alone = replace(view, craft=pose, objects=(), planet=None, ground=None).turned(np.eye(3), lens)
    return np.asarray(truth(alone).part > 0)
