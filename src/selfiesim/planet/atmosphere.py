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

Array = NDArray[np.float64]

SCALE_HEIGHT_M = 11_000.0
"""Dust and gas alike: Collienne et al. 2013; Costa et al. 2020 have 11.1 km."""

CONRATH_NU = 0.02
"""Dust over gas falls as exp(nu (1 - exp(z / H))) (Conrath 1975, Icarus 24, 36): it ends some 40 km up. 0.003 to 0.1
are met with; this is in the middle (assumed)."""

HELD_OPACITY = 0.2
"""Vertical opacity that the reflection law is taken to hold: the default of ``planet.dust_opacity`` (assumed)."""

# Mie optics of Martian dust at 680, 550 and 440 nm: Schneegans et al., Eurographics 2024, as CosmoScout VR has them.
_SINGLE_SCATTERING_ALBEDO = np.array([0.96, 0.84, 0.69])
_ASYMMETRY = np.array([0.70, 0.75, 0.80])
# Grains of 1.5 micrometres diffract blue light into a narrower cone than red, so that it outshines red near a low Sun.
# Width goes as wavelength over radius; the level is assumed.
_PEAK = np.array([0.90, 0.915, 0.935])
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
    forward : (3,)
        Share of the scattered light that delta scaling counts as not scattered: what glows round a low Sun.
    peak : (3,)
        Henyey-Greenstein g of that glow.
    top : float
        Conrath's nu: how soon the dust ends upward.
    """

    depth: NDArray[np.float64]
    held: NDArray[np.float64]
    albedo: NDArray[np.float64]
    asymmetry: NDArray[np.float64]
    height: float
    forward: NDArray[np.float64]
    peak: NDArray[np.float64]
    top: float

    @property
    def grazing(self) -> float:
        """Vertical columns of air along the horizon, from the ground to space."""
        return float(np.sqrt(np.pi / 2.0 / self.height))

    def airmass(self, mu: Array) -> Array:
        """How many vertical columns a path to space holds at a zenith cosine: Schueler's form of Chapman's function."""
        return self.grazing / ((self.grazing - 1.0) * mu + 1.0)

    def sunbeam(self, mu0: Array) -> Array:
        """Share of the direct sunlight that reaches the ground, (..., 3), beyond what the reflection law holds."""
        return np.exp(-np.maximum(self.depth * self.airmass(np.maximum(mu0, 0.0))[..., None] - self.held, 0.0))

    def skylight(self, mu0: Array) -> Array:
        """Light of the sky on the ground, (..., 3), as a share of the Sun's on a surface that faces it."""
        dusk = np.where(mu0 < 0.0, np.exp(-0.3 * mu0**2 / self.height), 1.0)
        height = 0.5 * (mu0 + np.sqrt(mu0**2 + 0.01)) * dusk
        return 0.5 * self.albedo * (1.0 - self.sunbeam(mu0)) * height[..., None]

    def radiance(self, mu0: Array, cos_phase: Array, seen: Array, paths: Array) -> Array:
        """I/F of the haze itself, (..., 3), over ground where the Sun's zenith cosine is ``mu0``.

        ``seen`` (..., 3) is its optical depth along the line of sight, which holds ``paths`` columns.
        """
        to_sun, c = self.airmass(np.maximum(mu0, 0.0)), cos_phase[..., None]
        once = _henyey_greenstein(self.asymmetry, c)
        once = once + self.forward * _henyey_greenstein(self.peak, c) * np.exp(-seen)
        gamma = np.sqrt(1.0 - self.albedo)

        def repeated(mu: Array) -> Array:
            return (1.0 + 2.0 * mu[..., None]) / (1.0 + 2.0 * mu[..., None] * gamma)

        again = (repeated(np.maximum(mu0, 0.0)) * repeated(np.minimum(1.0 / paths, 1.0)) - 1.0) * (1.0 - np.exp(-seen))
        ratio = (to_sun / paths)[..., None]
        lit = np.where(mu0 < 0.0, np.exp(-0.5 * mu0**2 / self.height), 1.0)[..., None]
        return 0.25 * self.albedo * (once + again) * (1.0 - np.exp(-seen * (1.0 + ratio))) / (1.0 + ratio) * lit

    def over_ground(self, ground: Array, mu0: Array, mu: Array, cos_phase: Array) -> Array:
        """I/F (..., 3) of ground seen through the air; ``ground`` is what it would be under the beam alone."""
        paths = self.airmass(mu)
        seen = np.maximum(self.depth * paths[..., None] - self.held, 0.0)
        return ground * np.exp(-seen) + self.radiance(mu0, cos_phase, seen, paths)

    def above_limb(self, height: Array, mu0: Array, cos_phase: Array) -> Array:
        """I/F (..., 3) of the air above the limb, ``height`` in planet radii at the ray's lowest point."""
        scale = height / self.height
        paths = 2.0 * self.grazing * np.exp(-scale + self.top * (1.0 - np.exp(np.minimum(scale, 50.0))))
        return self.radiance(mu0, cos_phase, self.depth * paths[..., None], np.maximum(paths, 1.0))


def _henyey_greenstein(g: Array, cos_phase: Array) -> Array:
    """Phase function, 1 for isotropic scattering; the scattering angle is 180 degrees less the phase angle."""
    return np.asarray((1.0 - g * g) / (1.0 + g * g + 2.0 * g * cos_phase) ** 1.5)


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
        forward=forward * w,
        peak=_PEAK,
        top=CONRATH_NU,
    )
