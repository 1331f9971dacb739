"""Scattering phase functions, normalised to 1 for isotropic scattering."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def henyey_greenstein(g: ArrayLike, cos_scattering: ArrayLike) -> NDArray[np.float64]:
    """Return the phase function of Henyey and Greenstein (1941, ApJ 93, 70).

    Parameters
    ----------
    g : array_like
        Asymmetry, -1 to 1; positive scatters forward.
    cos_scattering : array_like
        Cosine of the scattering angle, 180 degrees less the phase angle; broadcasts with ``g``.
    """
    g, cosine = np.asarray(g, float), np.asarray(cos_scattering, float)
    return np.asarray((1.0 - g * g) / (1.0 + g * g - 2.0 * g * cosine) ** 1.5)


def rayleigh(cosine: ArrayLike) -> NDArray[np.float64]:
    """Return Rayleigh's phase function of gas; it is the same forward and back."""
    c = np.asarray(cosine, float)
    return np.asarray(0.75 * (1.0 + c * c))
