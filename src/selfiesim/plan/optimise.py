"""The search over time, push and lens at once: many candidates, the best of which are improved by small changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from selfiesim.core.vectors import Vector
from selfiesim.plan.instants import Instants, Lens, Push
from selfiesim.plan.intervals import Intervals
from selfiesim.plan.motion import Motion
from selfiesim.plan.ranges import Candidates, Choices, halton
from selfiesim.plan.wants import Want

_FIRST = 120_000  # candidates
_KEPT = 600
_ROUNDS = 14
_CHILDREN = 8
_FIRST_STEP, _STEP_FACTOR = 0.15, 0.72  # of the unit cube; factor per round
_TIME_STEP_S = 600.0
_LENS_CHANGE = 0.15


@dataclass(frozen=True)
class Found:
    """A window, s after the start of the motion, with its best moment, and how the picture is taken."""

    start: float
    end: float
    best: float
    score: float
    lens: Lens
    push: Push


def score(wants: list[Want], pictures: Instants) -> Vector:
    """Return the scores (N,) of pictures, from 0 to 1.

    It is the mean over the wants, each with its weight, or 1 if it is required. A want scores 0.5 when it is just met,
    more with room to spare, toward 1, and less when it is not, toward 0.
    """
    weights = np.array([1.0 if want.weight is None else want.weight for want in wants])
    rooms = np.array([want.expression.room(pictures) for want in wants])
    return np.asarray(weights @ (0.5 + 0.5 * np.tanh(rooms)) / weights.sum())


def merit(wants: list[Want], pictures: Instants) -> Vector:
    """Return what the search maximises (N,): the score, less the amounts by which required wants are missed."""
    missed = [np.minimum(want.expression.room(pictures), 0.0) for want in wants if want.weight is None]
    # Half a tenth of the way inside does not count as missed: rounding must not lose a winner.
    return score(wants, pictures) + (np.sum(np.clip(missed, -5.0, 0.0), axis=0) if missed else 0.0)


def improve(
    motion: Motion, choices: Choices, wants: list[Want], possible: Intervals, show: Callable[[str], None]
) -> Iterator[Candidates]:
    """Yield candidates that meet all required wants, one each, best first.

    Parameters
    ----------
    motion : Motion
        The scene's motion.
    choices : Choices
        What may be chosen.
    wants : list of Want
        What is asked.
    possible : Intervals
        The times at which the required wants can be met at all.
    show : callable
        Takes a line on what is being done.
    """
    points = halton(_FIRST, Choices.DIMENSIONS + 2)
    t = _spread(points[:, 0], possible)
    lens = (points[:, 1] * len(choices.lenses)).astype(int)
    cube = points[:, 2:]
    show(f"{_FIRST:,} pictures")
    value = _evaluate(motion, choices, wants, t, cube, lens)
    kept = _best_of_each_pass(value, t, motion)
    t, cube, lens, value = t[kept], cube[kept], lens[kept], value[kept]
    rng = np.random.default_rng(20220101)
    step = _FIRST_STEP
    for number in range(_ROUNDS):
        show(f"improving the best {len(t)}, round {number + 1} of {_ROUNDS}")
        parent = np.repeat(np.arange(len(t)), _CHILDREN)
        near_t = t[parent] + _TIME_STEP_S * step * rng.standard_normal(len(parent))
        near_cube = cube[parent] + step * rng.standard_normal((len(parent), cube.shape[1]))
        near_cube[:, 3] %= 1.0  # the direction of the lean goes round
        near_cube = np.clip(near_cube, 0.0, 1.0)
        changes = rng.random(len(parent)) < _LENS_CHANGE
        near_lens = np.where(changes, rng.integers(0, len(choices.lenses), len(parent)), lens[parent])
        inside = possible.contains(near_t)
        near_t = np.where(inside, near_t, t[parent])
        near = _evaluate(motion, choices, wants, near_t, near_cube, near_lens)
        child = near.reshape(-1, _CHILDREN).argmax(axis=1) + _CHILDREN * np.arange(len(t))
        better = near[child] > value
        t, value = np.where(better, near_t[child], t), np.where(better, near[child], value)
        cube, lens = np.where(better[:, None], near_cube[child], cube), np.where(better, near_lens[child], lens)
        step *= _STEP_FACTOR
    order = np.argsort(-value, kind="stable")
    push = choices.push(cube)
    for index in order:
        one = Candidates(t[[index]], push.at(np.array([index])), lens[[index]])
        pictures = Instants(motion, choices.lenses[int(lens[index])], one.push, one.t)
        if all(want.weight is not None or want.expression.room(pictures)[0] > 0.0 for want in wants):
            yield one


def _evaluate(motion: Motion, choices: Choices, wants: list[Want], t: Vector, cube: Vector, lens: Vector) -> Vector:
    push, value = choices.push(cube), np.empty(len(t))
    for number, each in enumerate(choices.lenses):
        index = np.flatnonzero(lens == number)
        if index.size:
            value[index] = merit(wants, Instants(motion, each, push.at(index), t[index]))
    return value


def _best_of_each_pass(value: Vector, t: Vector, motion: Motion) -> Vector:
    """Return the indices of the best candidates, at most a few of each pass so that no pass crowds out the others."""
    passes = np.floor(t / (40.0 * motion.sampling_step())).astype(int)
    counts: dict[int, int] = {}
    kept = []
    for index in np.argsort(-value, kind="stable").tolist():
        number = counts.get(int(passes[index]), 0)
        if number < 12:
            counts[int(passes[index])] = number + 1
            kept.append(index)
        if len(kept) >= _KEPT:
            break
    return np.array(kept)


def _spread(fraction: Vector, possible: Intervals) -> Vector:
    """Return times spread evenly over intervals."""
    spans = np.array(possible.spans)
    ends = np.cumsum(spans[:, 1] - spans[:, 0])
    along = fraction * ends[-1]
    k = np.minimum(np.searchsorted(ends, along, side="right"), len(spans) - 1)
    return np.asarray(spans[k, 1] - (ends[k] - along))
