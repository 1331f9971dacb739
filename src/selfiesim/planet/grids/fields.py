"""Fields of numbers on a grid, and the smooth step that blends them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def smoothstep(low: float, high: float, x: NDArray[np.floating]) -> Field:
    """Return 0 below ``low``, 1 above ``high`` and a smooth cubic between; ``low > high`` gives a falling step."""
    t = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)
