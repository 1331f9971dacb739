"""The noise of few rays taken out of a picture, within surfaces that look alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]

_SPLINE = ((-2, 1.0 / 6.0), (-1, 4.0 / 6.0), (1, 4.0 / 6.0), (2, 1.0 / 6.0))  # the pixel itself counts 1


@dataclass(frozen=True)
class FilterGuide:
    """Which of some pixels (N,) of a picture belong together.

    Attributes
    ----------
    mask : (H, W) array of bool
        Which pixels of the picture they are, row by row.
    part : (N,) array of int
        Only pixels of one part are averaged.
    facing : (N, 3) array
        Unit vectors; those of pixels averaged have at least a cosine of ``min_cosine`` (N,) between them.
    strength : (N,) array
        How much of the noise of each is to be taken out, 0 to 1.
    points : (N, 3) array, optional
        Where each is, m: those averaged lie no farther off the plane through one than ``plane_tolerance`` (N,), m.
    """

    mask: NDArray[np.bool_]
    part: NDArray[np.int64]
    facing: Numbers
    min_cosine: Numbers
    strength: Numbers
    points: Numbers | None = None
    plane_tolerance: Numbers | None = None


def atrous_filter(values: Numbers, guide: FilterGuide, steps: Iterable[int]) -> Numbers:
    """``values`` (N, C) averaged over pixels so many ``steps`` apart.

    One step after the other, along rows and then along columns; near ones count most (a B-spline's weights), so that
    steps of 1, 2, 4 and 8 leave no pattern. The last of their numbers is what a pixel counts, 0 for one without light
    of its own; the others are times that.
    """
    steps = list(steps)
    margin = 2 * max(steps)
    numbers = np.full((guide.mask.shape[0] + 2 * margin, guide.mask.shape[1] + 2 * margin), -1)
    places = np.argwhere(guide.mask) + margin
    numbers[tuple(places.T)] = np.arange(len(places))
    for step in steps:
        for axis in (0, 1):
            values = _atrous_pass(values, guide, numbers, places, step * np.eye(2, dtype=int)[axis])
    return values


def _atrous_pass(
    values: Numbers, guide: FilterGuide, numbers: NDArray[np.int64], places: NDArray[np.int64], step: NDArray[np.int64]
) -> Numbers:
    total, count = values.copy(), np.ones(len(values), np.float32)
    for offset, weight in _SPLINE:
        there = numbers[tuple((places + offset * step).T)]
        here = np.flatnonzero((there >= 0) & (guide.strength > 0.0))
        here = here[guide.part[here] == guide.part[there[here]]]
        here = here[_dot(guide.facing[here], guide.facing[there[here]]) > guide.min_cosine[here]]
        if guide.points is not None and guide.plane_tolerance is not None:
            off = _dot(guide.points[there[here]] - guide.points[here], guide.facing[here])
            here = here[np.abs(off) < guide.plane_tolerance[here]]
        counted = np.float32(weight) * guide.strength[here]
        total[here] += counted[:, None] * values[there[here]]
        count[here] += counted
    return np.asarray(total / count[:, None])


def _dot(a: Numbers, b: Numbers) -> Numbers:
    return np.asarray(np.einsum("nk,nk->n", a, b))
