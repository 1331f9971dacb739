"""Numbers that rays are thrown by: the same in every run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def thrown(count: int, each: int) -> Iterator[NDArray[np.float64]]:
    """Two numbers (``count``, 2) in 0 to 1 for each of so many points, ``each`` times over.

    Spread well over all points (Roberts' R2 sequence, shuffled), and over the first throws of each, however many those
    are.
    """
    first = (np.random.default_rng(7).permutation(count)[:, None] + 0.5) * [0.7548776662466927, 0.5698402909980532]
    step = np.array([0.6180339887498949, 0.4142135623730951])  # the golden section, and the root of two
    for k in range(each):
        yield (first + k * step) % 1.0
