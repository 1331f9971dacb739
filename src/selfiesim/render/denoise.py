"""The noise of few rays taken out of a picture, within surfaces that look alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.float32]

_SPLINE = ((-2, 1.0 / 6.0), (-1, 4.0 / 6.0), (1, 4.0 / 6.0), (2, 1.0 / 6.0))  # the pixel itself counts 1


@dataclass(frozen=True)
class Alike:
    """Which pixels (H, W) belong together.

    Attributes
    ----------
    part : (H, W) array of int
        Only pixels of one part are averaged; none where it is -1.
    facing : (H, W, 3) array
        Unit vectors; those of pixels averaged have at least a cosine of ``least`` (H, W) between them.
    share : (H, W) array
        How much of the noise of each is to be taken out, 0 to 1.
    points : (H, W, 3) array, optional
        Where each is, m: those averaged lie no farther off the plane through one than ``thick`` (H, W), m.
    """

    part: NDArray[np.int64]
    facing: Image
    least: Image
    share: Image
    points: Image | None = None
    thick: Image | None = None


def evened(picture: Image, alike: Alike, steps: Iterable[int]) -> Image:
    """``picture`` (H, W, C) averaged over pixels so many ``steps`` apart.

    One step after the other, along rows and then along columns; near ones count most (a B-spline's weights), so that
    steps of 1, 2, 4 and 8 leave no pattern. The last of its numbers is what a pixel counts, 0 for one without light of
    its own; the others are times that.
    """
    for step in steps:
        for axis in (0, 1):
            picture = _evened(picture, alike, step, axis)
    return picture


def _evened(picture: Image, alike: Alike, step: int, axis: int) -> Image:
    total, count = picture.copy(), np.ones(alike.part.shape, np.float32)
    for offset, weight in _SPLINE:
        here, there = _shifted(offset * step, axis)
        share = alike.part[here] == alike.part[there]
        share &= np.einsum("...k,...k", alike.facing[here], alike.facing[there]) > alike.least[here]
        if alike.points is not None and alike.thick is not None:
            off = np.einsum("...k,...k", alike.points[there] - alike.points[here], alike.facing[here])
            share &= np.abs(off) < alike.thick[here]
        counted = weight * alike.share[here] * share
        total[here] += counted[..., None] * picture[there]
        count[here] += counted
    total /= count[..., None]
    return total


def _shifted(offset: int, axis: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Where pixels are and where those ``offset`` from them along an axis, as far as both are in the picture."""
    whole = slice(None)
    here, there = (slice(0, -offset), slice(offset, None)) if offset > 0 else (slice(-offset, None), slice(0, offset))
    return ((here, whole), (there, whole)) if axis == 0 else ((whole, here), (whole, there))
