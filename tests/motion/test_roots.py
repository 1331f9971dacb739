"""Roots against scipy's, on functions that are flat, steep, or far from straight."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq

from selfiesim.motion.roots import find_root

FUNCTIONS = {
    "cosine": (math.cos, 0.1, 3.0),
    "Kepler": (lambda x: x - 0.7 * math.sin(x) - 1.0, 0.0, 3.0),
    "flat": (lambda x: (x - 0.3) ** 3, -1.0, 2.0),
    "steep": (lambda x: math.tanh(500.0 * (x - 0.123)), -1.0, 1.0),
    "orbit": (lambda t: math.sin(2.0 * math.pi * t / 25_500.0 + 0.4), 5_000.0, 16_000.0),
    "a root at the end": (lambda x: x, 0.0, 1.0),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_roots_are_those_of_scipy(name):
    function, low, high = FUNCTIONS[name]
    calls = []

    def counted(x):
        calls.append(x)
        return function(x)

    # At a triple root the function is 0 to rounding over a range.
    xtol, tolerance = (1e-6, 1e-4) if name == "flat" else (1e-12, 1e-9)
    expected = brentq(function, low, high, xtol=xtol)
    assert find_root(counted, low, high, 1e-9) == pytest.approx(expected, abs=tolerance)
    assert len(calls) <= 80
    assert low <= min(calls) <= max(calls) <= high


def test_rounding_does_not_keep_it_from_ending():
    assert find_root(lambda x: x - 1e9 / 3.0, 0.0, 1e9, 0.0) == pytest.approx(1e9 / 3.0, rel=1e-15)


@pytest.mark.parametrize("numbers", [(1.0, 2.0), (-3.0, -1.0)])
def test_a_bracket_without_a_change_of_sign_is_an_error(numbers):
    with pytest.raises(ValueError, match="same sign"):
        find_root(lambda x: np.sign(numbers[0]) * (1.0 + x * x), *numbers, 1e-9)
