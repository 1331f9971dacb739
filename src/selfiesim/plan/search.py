"""When a smooth function of time is positive: sampled, its near misses refined, its roots found.

A search by samples alone loses a window that opens and closes between two of them. Here every extremum of the samples
that stays on the wrong side of zero is followed to its summit, all of them at once, until the samples around it are
closer together than :data:`SHORTEST_S`. What can still be lost is a window of a function that has two extrema between
neighbouring samples, so the grid must resolve the motion: see :attr:`selfiesim.plan.motion.Motion.grid`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from selfiesim.core.vectors import Vector
from selfiesim.plan.intervals import Intervals

Margin = Callable[[Vector], Vector]
"""A function of times (N,), s: positive where the condition holds, (N,)."""

SHORTEST_S = 0.02
"""Distance of the last samples about an extremum, s: no window longer than this is lost."""

_PARTS = 16  # of each bracket per round of refinement


def find_windows(margin: Margin, grid: Vector, values: Vector | None = None) -> Intervals:
    """Return when ``margin`` is positive between the first and the last time of a grid.

    Parameters
    ----------
    margin : callable
        Continuous; a jump counts as a root where its sign changes. It is called with many times at once.
    grid : (N,) array
        Times to start from, ascending, s.
    values : (N,) array, optional
        The margin there, if it is known already.

    Returns
    -------
    Intervals
        Edges are exact to a fraction of :data:`SHORTEST_S`.
    """
    known = np.asarray(margin(grid) if values is None else values, float)
    times, known = _with_summits(margin, grid, known)
    holds = known > 0.0
    changes = np.flatnonzero(holds[1:] != holds[:-1])
    roots = _refine_roots(margin, times[changes], times[changes + 1], known[changes], known[changes + 1])
    edges = [*([times[0]] if holds[0] else []), *roots, *([times[-1]] if holds[-1] else [])]
    return Intervals.of((float(a), float(b)) for a, b in zip(edges[::2], edges[1::2], strict=True))


def _with_summits(margin: Margin, times: Vector, values: Vector) -> tuple[Vector, Vector]:
    """Add to the samples the summits below zero, and the bottoms above it, that reach across it between samples."""
    found_times, found_values = [], []
    for sign in (1.0, -1.0):
        height = sign * values
        middle = height[1:-1]
        left, right = height[:-2], height[2:]
        is_summit = (middle >= left) & (middle >= right) & ((middle > left) | (middle > right)) & (middle <= 0.0)
        # The function may also turn in the first or the last interval.
        centre = np.flatnonzero(is_summit) + 1
        low, high = times[centre - 1], times[centre + 1]
        ends = [k for k, inward in ((0, 1), (len(height) - 1, -2)) if height[k] >= height[inward] and height[k] <= 0.0]
        if len(height) > 1 and ends:
            low = np.concatenate([low, [times[max(k - 1, 0)] for k in ends]])
            high = np.concatenate([high, [times[min(k + 1, len(times) - 1)] for k in ends]])
        summit_times, summit_values = _climb(margin, sign, low, high)
        crosses = summit_values > 0.0
        found_times.append(summit_times[crosses])
        found_values.append(sign * summit_values[crosses])
    all_times = np.concatenate([times, *found_times])
    all_values = np.concatenate([values, *found_values])
    order = np.argsort(all_times, kind="stable")
    return all_times[order], all_values[order]


def _climb(margin: Margin, sign: float, low: Vector, high: Vector) -> tuple[Vector, Vector]:
    """Return time and height of the largest ``sign`` times margin between each ``low`` and ``high`` (N,)."""
    best_time, best_value = low.copy(), np.full(len(low), -np.inf)
    active = np.arange(len(low))
    while active.size:
        fractions = np.linspace(0.0, 1.0, _PARTS + 1)
        tried = low[active, None] + fractions * (high - low)[active, None]
        values = sign * margin(tried.ravel()).reshape(tried.shape)
        top = values.argmax(axis=1)
        rows = np.arange(len(active))
        best_time[active], best_value[active] = tried[rows, top], values[rows, top]
        low[active], high[active] = tried[rows, np.maximum(top - 1, 0)], tried[rows, np.minimum(top + 1, _PARTS)]
        # One sample beyond zero is enough: its neighbours bracket the roots.
        active = active[(best_value[active] <= 0.0) & ((high - low)[active] > SHORTEST_S)]
    return best_time, best_value


def _refine_roots(margin: Margin, low: Vector, high: Vector, first: Vector, last: Vector) -> list[float]:
    """Return one root in each bracket (N,).

    All brackets are narrowed at once, since a call for one time costs as much as a call for hundreds: brentq, root by
    root, took ten times as long. In what is left of a bracket, a few milliseconds, the function is a straight line.
    """
    fractions = np.linspace(0.0, 1.0, _PARTS + 1)
    while low.size and float((high - low).max()) > SHORTEST_S:
        tried = low[:, None] + fractions * (high - low)[:, None]
        values = margin(tried[:, 1:-1].ravel()).reshape(len(low), _PARTS - 1)
        values = np.concatenate([first[:, None], values, last[:, None]], axis=1)
        change = ((values[:, 1:] > 0.0) != (values[:, :-1] > 0.0)).argmax(axis=1)
        rows = np.arange(len(low))
        low, high = tried[rows, change], tried[rows, change + 1]
        first, last = values[rows, change], values[rows, change + 1]
    return [float(root) for root in low + (high - low) * first / (first - last)]
