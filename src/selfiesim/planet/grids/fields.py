"""Fields of numbers on a grid, and the smooth step that blends them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def smoothstep(low: float, high: float, x: NDArray[np.floating]) -> Field:
    """Return 0 below ``low``, 1 above ``high`` and a smooth cubic between; ``low > high`` gives a falling step."""
    # In place: on the large fields of the maps, new arrays take as long as the arithmetic.
    t = np.array(x, np.float32)
    t -= np.float32(low)
    t *= np.float32(1 / (high - low))
    np.clip(t, 0, 1, out=t)
    squared = t * t
    t *= -2
    t += 3
    squared *= t
    return np.asarray(squared)
