"""The sRGB transfer functions: display values to linear light and back (IEC 61966-2-1).

Both work elementwise and keep the precision of their input: float64 gives float64, float32 gives float32.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_Float = TypeVar("_Float", bound=np.floating[Any])


def linear_from_srgb(srgb: NDArray[_Float]) -> NDArray[_Float]:
    """Decode sRGB values to linear light.

    Parameters
    ----------
    srgb : (...) float
        Display values, 1 for white. Divide 8-bit codes by 255 first.

    Returns
    -------
    (...) float
        Linear light, 1 for white; values below 0 stay on the linear segment.
    """
    curve = ((np.maximum(srgb, 0.0) + 0.055) / 1.055) ** 2.4
    return np.asarray(np.where(srgb <= 0.04045, srgb / 12.92, curve))


def srgb_from_linear(linear: NDArray[_Float]) -> NDArray[_Float]:
    """Encode linear light as sRGB values.

    Parameters
    ----------
    linear : (...) float
        Linear light, 1 for white.

    Returns
    -------
    (...) float
        Display values, 1 for white; values below 0 stay on the linear segment.
    """
    curve = 1.055 * np.maximum(linear, 1e-9) ** (1.0 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, curve))
