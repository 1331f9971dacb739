"""Numbers that rays are thrown by: the same in every run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def thrown(count: int, each: int) -> Iterator[NDArray[np.float64]]:
    """Two numbers (``count``, 2) in 0 to 1 for each of so many points, ``each`` times over.

    Spread well over all points (Roberts' R2 sequence, shuffled) and over the throws of one.
    """
    g = 1.32471795724474602596
    order = np.random.default_rng(7).permutation(count)
    first = (order[:, None] + 0.5) * [1.0 / g, 1.0 / g**2]
    for k in range(each):
        yield (first + [k / each, k * 0.6180339887498949]) % 1.0
