"""Numbers that rays are thrown by: the same in every run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray


def thrown(count: int, each: int) -> Iterator[NDArray[np.float64]]:
    """Two numbers (``count``, 2) in 0 to 1 for each of so many points, ``each`` times over.

    Spread well over all points, and over the first throws of each point however many those are (Roberts' R2 sequence).
    """
    step = np.array([0.7548776662466927, 0.5698402909980532])
    first = (np.random.default_rng(7).permutation(count)[:, None] + 0.5) * step
    for k in range(each):
        yield (first + k * count * step) % 1.0
