"""Numbers that rays are thrown by: the same in every run."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_R2_STEP = np.array([0.7548776662466927, 0.5698402909980532])


def r2_points(count: int, each: int) -> Iterator[NDArray[np.float64]]:
    """Two numbers (``count``, 2) in 0 to 1 for each of so many points, ``each`` times over.

    Those of one point are spread well, however many of the first they are (Roberts' R2 sequence).
    """
    first = np.random.default_rng(1).random((count, 2))
    for k in range(each):
        yield (first + k * _R2_STEP) % 1.0
