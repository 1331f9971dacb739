"""How clouds reflect sunlight and let it through, by their optical depth.

Two-stream theory without absorption (Meador and Weaver 1980, J. Atmos. Sci. 37, 630, Eddington's form). The shader
(``render/shaders/earth.glsl``) has the same formulas: keep the two alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

ASYMMETRY = 0.85
"""Mean cosine of the scattering angle of droplets (Hu and Stamnes 1993, J. Climate 6, 728: 0.84 to 0.87)."""

MAX_OPACITY = 60.0
"""Optical depth of the thickest clouds: the 95th percentile of ISCCP is some 50 (assumed)."""

GAMMA = 0.75 * (1.0 - ASYMMETRY)
"""Reflection of thick clouds per optical depth."""

AIR_FALL = 6371.0 / 8.0
"""Scale heights of the air per planet radius, by which less of it lies above high clouds."""

ANISOTROPY, MEAN_SQUARE = 0.8, 0.371
"""How much brighter clouds are ahead and behind than aside, and the mean square of the cosine over the phase angles."""

FORWARD = ASYMMETRY**2
"""Share of the scattered light that goes on within some degrees and counts as the beam."""


def opacity(code: ArrayLike) -> Floats:
    """Return the optical depth (...) of a cloud by its amount, 0 and less for clear air and 1 for the thickest."""
    x = np.clip(np.asarray(code, float), 0.0, 1.0)
    return np.asarray(MAX_OPACITY * x * x * (0.35 + 0.65 * x))


def reflectance(depth: ArrayLike, mu0: ArrayLike) -> Floats:
    """Return the plane albedo (...) of a cloud of optical depth ``depth`` under a Sun of zenith cosine ``mu0``."""
    tau, mu = np.asarray(depth, float), np.clip(np.asarray(mu0, float), 0.02, 1.0)
    direct = -np.expm1(-np.minimum(tau / mu, 50.0))
    return np.asarray((GAMMA * tau + (0.5 - 0.75 * mu) * direct * _thin(tau)) / (1.0 + GAMMA * tau))


def _thin(tau: Floats) -> Floats:
    """Return a factor that ends in the first order of a thin layer: the Eddington form is negative under a high Sun."""
    return np.asarray(tau / (tau + 3.0))


def toward_the_eye(cos_phase: ArrayLike) -> Floats:
    """Return the light of a cloud (...) toward the eye over that of a white card, by the cosine of the phase angle.

    Clouds send more light back and ahead than aside. The form is assumed; its number is fitted so that the disc with
    0.64 of cloud has the measured geometric albedo (design/earth.md).
    """
    c = np.asarray(cos_phase, float)
    return np.asarray(1.0 + ANISOTROPY * (c * c - MEAN_SQUARE))


def beam(depth: ArrayLike, mu0: ArrayLike) -> Floats:
    """Return the transmittance (...) of a cloud for the sunbeam, with the light that goes on within some degrees."""
    tau, mu = np.asarray(depth, float), np.clip(np.asarray(mu0, float), 0.02, 1.0)
    return np.asarray(np.exp(-np.minimum((1.0 - FORWARD) * tau / mu, 50.0)))
