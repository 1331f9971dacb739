"""The noise of few rays taken out of a picture, within surfaces that look alike."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]

_SPLINE = ((-2, 1.0 / 6.0), (-1, 4.0 / 6.0), (1, 4.0 / 6.0), (2, 1.0 / 6.0))  # the pixel itself counts 1


@dataclass(frozen=True)
class Alike:
    """Which of some pixels (N,) of a picture belong together.

    Attributes
    ----------
    where : (H, W) array of bool
        Which pixels of the picture they are, row by row.
    part : (N,) array of int
        Only pixels of one part are averaged.
    facing : (N, 3) array
        Unit vectors; those of pixels averaged have at least a cosine of ``least`` (N,) between them.
    share : (N,) array
        How much of the noise of each is to be taken out, 0 to 1.
    points : (N, 3) array, optional
        Where each is, m: those averaged lie no farther off the plane through one than ``thick`` (N,), m.
    """

    where: NDArray[np.bool_]
    part: NDArray[np.int64]
    facing: Numbers
    least: Numbers
    share: Numbers
    points: Numbers | None = None
    thick: Numbers | None = None


def evened(values: Numbers, alike: Alike, steps: Iterable[int]) -> Numbers:
    """``values`` (N, C) averaged over pixels so many ``steps`` apart.

    One step after the other, along rows and then along columns; near ones count most (a B-spline's weights), so that
    steps of 1, 2, 4 and 8 leave no pattern. The last of their numbers is what a pixel counts, 0 for one without light
    of its own; the others are times that.
    """
    steps = list(steps)
    margin = 2 * max(steps)
    numbers = np.full((alike.where.shape[0] + 2 * margin, alike.where.shape[1] + 2 * margin), -1)
    places = np.argwhere(alike.where) + margin
    numbers[tuple(places.T)] = np.arange(len(places))
    for step in steps:
        for axis in (0, 1):
            values = _evened(values, alike, numbers, places, step * np.eye(2, dtype=int)[axis])
    return values


def _evened(
    values: Numbers, alike: Alike, numbers: NDArray[np.int64], places: NDArray[np.int64], step: NDArray[np.int64]
) -> Numbers:
    total, count = values.copy(), np.ones(len(values), np.float32)
    for offset, weight in _SPLINE:
        there = numbers[tuple((places + offset * step).T)]
        here = np.flatnonzero((there >= 0) & (alike.share > 0.0))
        here = here[alike.part[here] == alike.part[there[here]]]
        here = here[_dot(alike.facing[here], alike.facing[there[here]]) > alike.least[here]]
        if alike.points is not None and alike.thick is not None:
            off = _dot(alike.points[there[here]] - alike.points[here], alike.facing[here])
            here = here[np.abs(off) < alike.thick[here]]
        counted = np.float32(weight) * alike.share[here]
        total[here] += counted[:, None] * values[there[here]]
        count[here] += counted
    return np.asarray(total / count[:, None])


def _dot(a: Numbers, b: Numbers) -> Numbers:
    return np.asarray(np.einsum("nk,nk->n", a, b))
