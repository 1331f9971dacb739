"""The dust in the air: a veil over slanting views, a bright line above the limb, a soft terminator, dust storms.

One layer of dust. Single scattering of a plane layer in closed form, with the spherical planet's air masses, plus
repeated scattering by Chandrasekhar's H functions; forward-peaked light counts as not scattered (delta scaling, Joseph,
Wiscombe and Weinman 1976). The reflection law of :mod:`selfiesim.planet.photometry` follows the light of the whole disc
and so holds the air of a clear day seen straight down already (:data:`HELD_OPACITY`); only what a path has beyond that
is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SCALE_HEIGHT_M = 11_000.0
"""Dust and gas alike: Collienne et al. 2013; Costa et al. 2020 have 11.1 km."""

HELD_OPACITY = 0.2
"""Vertical opacity that the reflection law is taken to hold: the default of ``planet.dust_opacity`` (assumed)."""

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
    held : (3,)
        The part of it that the reflection law holds already.
    albedo : (3,)
        Single-scattering albedo after delta scaling.
    asymmetry : (3,)
        Henyey-Greenstein g after delta scaling.
    height : float
        Scale height over the planet's radius.
    """

    depth: NDArray[np.float64]
    held: NDArray[np.float64]
    albedo: NDArray[np.float64]
    asymmetry: NDArray[np.float64]
    height: float


def haze(dust_opacity: float, planet_radius_m: float) -> Haze:
    """The dust layer for a vertical optical depth at 550 nm."""
    w, g = _SINGLE_SCATTERING_ALBEDO, _ASYMMETRY
    forward = g * g
    scaled = _RELATIVE_EXTINCTION * (1.0 - w * forward)
    return Haze(
        depth=dust_opacity * scaled,
        held=HELD_OPACITY * scaled,
        albedo=(1.0 - forward) * w / (1.0 - w * forward),
        asymmetry=g / (1.0 + g),
        height=SCALE_HEIGHT_M / planet_radius_m,
    )
