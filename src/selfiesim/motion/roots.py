"""Roots of functions of one variable, without scipy.optimize, whose import takes longer than all roots of a scene."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

_MAX_HALVINGS = 200


def find_root(function: Callable[[float], float], low: float, high: float, tolerance: float) -> float:
    """Return a root between two places where a continuous function has opposite signs, or 0.

    It is Ridders' method (1979, IEEE Transactions on Circuits and Systems 26, 979): the bracket halves at least, and
    the estimate converges quadratically.

    Parameters
    ----------
    function : callable
        The function.
    low, high : float
        The bracket.
    tolerance : float
        The root is as close as this, or as rounding allows.

    Raises
    ------
    ValueError
        The signs are the same.
    """
    at_low, at_high = function(low), function(high)
    if at_low == 0.0 or at_high == 0.0:
        return low if at_low == 0.0 else high
    if at_low * at_high > 0.0:
        raise ValueError("the function has the same sign at both ends")
    estimate = float("inf")
    for _ in range(_MAX_HALVINGS):
        middle = 0.5 * (low + high)
        at_middle = function(middle)
        turn = 1.0 if at_low > at_high else -1.0
        before, estimate = (
            estimate,
            middle + (middle - low) * turn * at_middle / float((at_middle * at_middle - at_low * at_high) ** 0.5),
        )
        at_estimate = function(estimate)
        if at_estimate == 0.0 or abs(estimate - before) <= tolerance or high - low <= tolerance:
            return estimate
        places = sorted([(low, at_low), (middle, at_middle), (estimate, at_estimate), (high, at_high)])
        for (left, at_left), (right, at_right) in pairwise(places):
            if at_left * at_right <= 0.0:
                low, at_low, high, at_high = left, at_left, right, at_right
                break
    return estimate
