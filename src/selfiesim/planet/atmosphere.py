"""The dust in the air: a thin veil over slanting views, a bright line above the limb, a soft terminator.

First version: one layer of dust, single scattering, forward-peaked light counted as not scattered (delta scaling,
Joseph, Wiscombe and Weinman 1976). The reflection law of :mod:`selfiesim.planet.photometry` follows the light of the
whole disc and so holds the air of a view straight down already; the veil adds only what a slanting path has more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SCALE_HEIGHT_M = 11_000.0
"""Dust and gas alike: Collienne et al. 2013; Costa et al. 2020 have 11.1 km."""

# Mie optics of Martian dust at 680, 550 and 440 nm: Schneegans et al., Eurographics 2024, as CosmoScout VR has them.
_SINGLE_SCATTERING_ALBEDO = np.array([0.96, 0.84, 0.69])
_ASYMMETRY = np.array([0.70, 0.75, 0.80])
_RELATIVE_EXTINCTION = np.array([0.0315, 0.0305, 0.0303]) / 0.0305


@dataclass(frozen=True)
class Haze:
    """Dust as a renderer wants it, per band (3,).

    Attributes
    ----------
    depth : (3,)
        Vertical optical depth after delta scaling.
    albedo : (3,)
        Single-scattering albedo after delta scaling.
    asymmetry : (3,)
        Henyey-Greenstein g after delta scaling.
    height : float
        Scale height over the planet's radius.
    """

    depth: NDArray[np.float64]
    albedo: NDArray[np.float64]
    asymmetry: NDArray[np.float64]
    height: float


def haze(dust_opacity: float, planet_radius_m: float) -> Haze:
    """The dust layer for a vertical optical depth at 550 nm."""
    w, g = _SINGLE_SCATTERING_ALBEDO, _ASYMMETRY
    forward = g * g
    return Haze(
        depth=dust_opacity * _RELATIVE_EXTINCTION * (1.0 - w * forward),
        albedo=(1.0 - forward) * w / (1.0 - w * forward),
        asymmetry=g / (1.0 + g),
        height=SCALE_HEIGHT_M / planet_radius_m,
    )
