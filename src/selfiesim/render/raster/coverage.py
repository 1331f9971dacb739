"""Which parts each pixel shows, and how much of it each covers: antialiased mattes for compositing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.parallel import for_each_band
from selfiesim.render.common.planet_depth import pixel_rays
from selfiesim.render.common.subframes import pixel_shifts
from selfiesim.render.common.truth import FIRST_PART, PLANET
from selfiesim.render.raster.craft_truth import render_part_numbers

if TYPE_CHECKING:
    from selfiesim.render.raster.stage import Stage
    from selfiesim.view.view import View

RANKS = 6
"""Most parts that a pixel keeps, those that cover most of it first."""


@dataclass(frozen=True)
class Coverage:
    """What covers each pixel. The sky is left out.

    Attributes
    ----------
    part : (K, H, W) int32
        Numbers of parts, those that cover most of the pixel first; 0 for none. K is :data:`RANKS`.
    share : (K, H, W) float32
        Share of the pixel that each covers, 0 to 1.
    """

    part: NDArray[np.int32]
    share: NDArray[np.float32]

    @property
    def craft(self) -> NDArray[np.float32]:
        """Share of each pixel (H, W) that craft cover."""
        return np.asarray(np.where(self.part >= FIRST_PART, self.share, 0.0).sum(axis=0, dtype=np.float32))

    @property
    def planet(self) -> NDArray[np.float32]:
        """Share of each pixel (H, W) that the planet covers."""
        return np.asarray(np.where(self.part == PLANET, self.share, 0.0).sum(axis=0, dtype=np.float32))


def render_coverage(stage: Stage, views: list[View], count: int) -> Coverage:
    """Return the coverage of each pixel from ``count`` samples, of ``views`` in turn."""
    numbers = np.stack(
        [
            render_part_numbers(stage, _shifted(views[number % len(views)], shift))
            for number, shift in enumerate(pixel_shifts(count))
        ]
    )
    height, width = numbers.shape[1:]
    part = np.zeros((RANKS, height, width), np.int32)
    share = np.zeros((RANKS, height, width), np.float32)
    limb = _planet_share(views[0])

    def work(_number: int, rows: slice) -> None:
        part[:, rows], share[:, rows] = _rank(numbers[:, rows])
        if limb is not None:
            _add_planet(part[:, rows], share[:, rows], limb[rows])

    for_each_band(height, work)
    return Coverage(part, share)


def _shifted(view: View, shift: tuple[float, float]) -> View:
    """Return the view with its pixel grid shifted by ``shift`` pixels, right and down."""
    camera = view.camera
    return view.turned(np.eye(3), replace(camera, cx=camera.cx - shift[0], cy=camera.cy - shift[1]))


def _rank(numbers: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Count the samples (N, h, w) of each part: numbers and shares (K, h, w), the largest first."""
    ordered = np.sort(numbers, axis=0)
    count = len(ordered)
    # A run of equal numbers ends where the next differs; its length is the share of the part.
    place = np.arange(count)[:, None, None]
    is_end = np.ones(ordered.shape, bool)
    is_end[:-1] = ordered[1:] != ordered[:-1]
    before = np.maximum.accumulate(np.where(is_end, place, -1), axis=0)
    before = np.concatenate([np.full_like(before[:1], -1), before[:-1]])
    length = np.where(is_end & (ordered >= FIRST_PART), place - before, 0)
    order = np.argsort(-length, axis=0, kind="stable")[:RANKS]
    length = np.take_along_axis(length, order, axis=0)
    part = np.where(length > 0, np.take_along_axis(ordered, order, axis=0), 0)
    missing = RANKS - len(part)  # fewer samples than ranks
    if missing > 0:
        part, length = (
            np.concatenate([each, np.zeros((missing, *each.shape[1:]), each.dtype)]) for each in (part, length)
        )
    return part.astype(np.int32), (length / np.float32(count)).astype(np.float32)


def _planet_share(view: View) -> NDArray[np.float32] | None:
    """Share (H, W) of each pixel within the planet's limb; None without a planet behind the craft."""
    planet = view.planet
    if planet is None or view.ground is not None or planet.shape is not None:
        return None
    # In units of the semi-axes the planet is the unit sphere: by how much a line of sight passes within its limb, over
    # the change of that from pixel to pixel, is the share of the pixel inside.
    to_scaled = planet.camera_to_bodyfixed / np.array(planet.body.radii_m)[:, None]
    eye, rays = -to_scaled @ planet.position, pixel_rays(view) @ to_scaled.T
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    along = -(rays @ eye)
    inside = 1.0 - np.linalg.norm(eye + along[..., None] * rays, axis=-1)
    change = np.hypot(*np.gradient(inside)) if min(inside.shape) > 1 else np.full(inside.shape, 1e-12)
    share = np.where(along > 0.0, np.clip(0.5 + inside / np.maximum(change, 1e-12), 0.0, 1.0), 0.0)
    return np.nan_to_num(share).astype(np.float32)


def _add_planet(part: NDArray[np.int32], share: NDArray[np.float32], limb: NDArray[np.float32]) -> None:
    """Insert the planet, behind the craft, at its place among the ranks (K, h, w), or at the last."""
    planet = limb * (1.0 - share.sum(axis=0))
    place = np.minimum((share > planet).sum(axis=0), RANKS - 1)
    covered = planet > 0.0
    for rank in range(RANKS - 1, -1, -1):
        after, at = covered & (rank > place), covered & (rank == place)
        if rank:
            part[rank][after], share[rank][after] = part[rank - 1][after], share[rank - 1][after]
        part[rank][at], share[rank][at] = PLANET, planet[at]
