"""How much of each craft is seen, and how much there is to see: behind other craft, and beyond the picture's edge."""

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
    """A craft's outline, filled.

    Attributes
    ----------
    visible : (H, W) bool
        Where the craft is what a pixel's centre sees.
    whole : (H, W) bool
        Where it would be if nothing stood before it.
    whole_px : int
        Pixels of ``whole`` and of what lies beyond the picture's edges, at most its own width or height away; with a
        lens that bends, of the picture alone.
    whole_box : (x, y, width, height) tuple of int, optional
        Round all of these pixels; None where there are none.
    """

    visible: Mask
    whole: Mask
    whole_px: int
    whole_box: Box | None

    @property
    def visible_share(self) -> float:
        """What share of the outline is seen, 0 to 1."""
        return float(self.visible.sum() / self.whole_px) if self.whole_px else 0.0


def craft_part_ids(view: View) -> list[tuple[CraftPose, dict[str, int]]]:
    """Each craft of the view, the ground left out, and the numbers of its parts by node."""
    pairs = zip(view.crafts, part_numbers(view), strict=True)
    return [(pose, numbers) for pose, numbers in pairs if not pose.is_ground]


def silhouettes(radiance: Radiance) -> list[Silhouette]:
    """One for each of :func:`craft_part_ids`, in their order."""
    view, part = radiance.view, radiance.truth.part
    return [_silhouette(view, pose, np.isin(part, list(numbers.values()))) for pose, numbers in craft_part_ids(view)]


def bounding_box(mask: Mask) -> Box | None:
    """The box (x, y, width, height) round the pixels of a mask (H, W); None where there are none."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1


def _silhouette(view: View, pose: CraftPose, visible: Mask) -> Silhouette:
    width, height = view.camera.width, view.camera.height
    pixel_bounds = _pixel_bounds(view, pose)
    within = bool((pixel_bounds[0] >= -0.5).all() and (pixel_bounds[1] <= (width - 0.5, height - 0.5)).all())
    if within and not _may_be_occluded(view, pose, pixel_bounds):
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
    """The least and the largest pixel coordinates (2, 2) of a craft's outline; without end where it is not seen."""
    outline = view.camera.project(pose.outline())
    if not np.isfinite(outline).all():
        return np.array([[-np.inf, -np.inf], [np.inf, np.inf]])
    return np.stack([outline.min(axis=0), outline.max(axis=0)])


def _may_be_occluded(view: View, pose: CraftPose, pixel_bounds: NDArray[np.float64]) -> bool:
    """Whether another craft, or the ground, may stand before it."""
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
    """The picture, and which of the eight of its size round it the outline touches: steps right and down."""
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
    """Where a craft is seen when nothing else is there, in the picture or in one beside it."""
    from selfiesim.render.engine import renderer

    camera = view.camera
    lens = replace(camera, cx=camera.cx - across * camera.width, cy=camera.cy - down * camera.height)
    alone = replace(view, craft=pose, objects=(), planet=None, ground=None).turned(np.eye(3), lens)
    return np.asarray(renderer("pyvista").truth(alone).part > 0)
