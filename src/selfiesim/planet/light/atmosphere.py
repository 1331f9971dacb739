"""Dust and gas: a veil over slanting views, a bright line above the limb, a soft terminator, dust storms.

One layer of dust and gas. Single scattering of a plane layer in closed form, with the spherical planet's air masses,
plus repeated scattering by Chandrasekhar's H functions; forward-peaked light counts as not scattered (delta scaling,
Joseph, Wiscombe and Weinman 1976; recalled, not checked). The reflection law of :mod:`selfiesim.planet.light.photometry`
follows the light of the whole disc and so holds the air of a clear day seen straight down already
(:data:`LAW_OPACITY`); only what a path has beyond that is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.astro.bodies import BANDS_NM

Array = NDArray[np.float64]

SCALE_HEIGHT_M = 11_000.0
"""Dust and gas alike: Collienne et al. 2013; Costa et al. 2020 have 11.1 km."""

CONRATH_NU = 0.02
"""Dust over gas falls as exp(nu (1 - exp(z / H))), Conrath's profile (Icarus 24, 36, 1975; recalled, not checked): it
ends some 40 km up. 0.003 to 0.1 are met with; this is in the middle (assumed)."""

# The gas at the ground: n - 1, molecules in a cubic metre, depolarisation. Schneegans et al., Eurographics 2024, as
# CosmoScout VR has them.
GAS_REFRACTIVITY = 3.37e-6
GAS_DENSITY_M3 = 2.05e23
GAS_DEPOLARISATION = 0.09

LAW_OPACITY = 0.2
"""Vertical opacity that the reflection law is taken to hold: the default of ``planet.dust_opacity`` (assumed)."""

# Mie optics of Martian dust at 680, 550 and 440 nm: Schneegans et al., Eurographics 2024, as CosmoScout VR has them.
_SINGLE_SCATTERING_ALBEDO = np.array([0.96, 0.84, 0.69])
_ASYMMETRY = np.array([0.70, 0.75, 0.80])
# Grains of 1.5 micrometres diffract blue light into a narrower cone than red, so that it outshines red near a low Sun.
# Width goes as wavelength over radius; the level is assumed.
_FORWARD_PEAK_G = np.array([0.90, 0.915, 0.935])
_MIN_OPTICAL_DEPTH = 1e-12  # optical depth
_RELATIVE_EXTINCTION = np.array([0.0315, 0.0305, 0.0303]) / 0.0305


def gas_scattering(wavelength_nm: ArrayLike) -> Array:
    """How much light the gas at the ground scatters, 1/m: Rayleigh's law with King's factor for depolarisation.

    Parameters
    ----------
    wavelength_nm : array
        Of the light, nm.
    """
    rho, n = GAS_DEPOLARISATION, 1.0 + GAS_REFRACTIVITY
    king = (6.0 + 3.0 * rho) / (6.0 - 7.0 * rho)
    fourth = (np.asarray(wavelength_nm, float) * 1e-9) ** 4
    return np.asarray(8.0 * np.pi**3 / 3.0 * (n * n - 1.0) ** 2 / (GAS_DENSITY_M3 * fourth) * king)


@dataclass(frozen=True)
class Atmosphere:
    """Dust and gas as a renderer wants them, per band (3,).

    Attributes
    ----------
    optical_depth : (3,)
        Vertical optical depth, of the dust after delta scaling.
    dust : (3,)
        The dust's share of it; the rest is gas.
    law_optical_depth : (3,)
        The part of it that the reflection law holds already.
    albedo : (3,)
        The dust's single-scattering albedo after delta scaling.
    asymmetry : (3,)
        Its Henyey-Greenstein g after delta scaling.
    height : float
        Scale height over the planet's radius.
    forward : (3,)
        Light that delta scaling counts as not scattered, over what it counts as scattered: it glows round a low Sun.
    forward_peak_g : (3,)
        Henyey-Greenstein g of that glow.
    top : float
        Conrath's nu: how soon the dust ends upward.
    """

    optical_depth: NDArray[np.float64]
    dust: NDArray[np.float64]
    law_optical_depth: NDArray[np.float64]
    albedo: NDArray[np.float64]
    asymmetry: NDArray[np.float64]
    height: float
    forward: NDArray[np.float64]
    forward_peak_g: NDArray[np.float64]
    top: float

    @property
    def horizon_airmass(self) -> float:
        """Vertical columns of air along the horizon, from the ground to space."""
        return float(np.sqrt(np.pi / 2.0 / self.height))

    def airmass(self, mu: Array) -> Array:
        """How many vertical columns a path to space holds at a zenith cosine: Schueler's form of Chapman's function."""
        return self.horizon_airmass / ((self.horizon_airmass - 1.0) * mu + 1.0)

    def beam_transmittance(self, mu0: Array) -> Array:
        """Share of the direct sunlight that reaches the ground, (..., 3), beyond what the reflection law holds."""
        return np.exp(
            -np.maximum(
                self.optical_depth * self.airmass(np.maximum(mu0, 0.0))[..., None] - self.law_optical_depth, 0.0
            )
        )

    def sky_irradiance(self, mu0: Array) -> Array:
        """Light of the sky on the ground, (..., 3), as a share of the Sun's on a surface that faces it."""
        dusk = np.where(mu0 < 0.0, np.exp(-0.3 * mu0**2 / self.height), 1.0)
        height = 0.5 * (mu0 + np.sqrt(mu0**2 + 0.01)) * dusk
        return 0.5 * self.albedo * (1.0 - self.beam_transmittance(mu0)) * height[..., None]

    def radiance(self, mu0: Array, cos_phase: Array, seen: Array, paths: Array, dust: Array) -> Array:
        """I/F of the air itself, (..., 3), over ground where the Sun's zenith cosine is ``mu0``.

        ``seen`` (..., 3) is its optical depth along the line of sight, which holds ``paths`` columns; ``dust``
        (..., 3) is the dust's share of it.
        """
        to_sun, c = self.airmass(np.maximum(mu0, 0.0)), cos_phase[..., None]
        once = _henyey_greenstein(self.asymmetry, c)
        once = once + self.forward * _henyey_greenstein(self.forward_peak_g, c) * np.exp(-seen)
        gamma = np.sqrt(1.0 - self.albedo)

        def repeated(mu: Array) -> Array:
            return (1.0 + 2.0 * mu[..., None]) / (1.0 + 2.0 * mu[..., None] * gamma)

        again = (repeated(np.maximum(mu0, 0.0)) * repeated(np.minimum(1.0 / paths, 1.0)) - 1.0) * (1.0 - np.exp(-seen))
        ratio = (to_sun / paths)[..., None]
        lit = np.where(mu0 < 0.0, np.exp(-0.5 * mu0**2 / self.height), 1.0)[..., None]
        source = dust * self.albedo * (once + again) + (1.0 - dust) * rayleigh_phase(c)
        return 0.25 * source * (1.0 - np.exp(-seen * (1.0 + ratio))) / (1.0 + ratio) * lit

    def radiance_over_ground(self, ground: Array, mu0: Array, mu: Array, cos_phase: Array) -> Array:
        """I/F (..., 3) of ground seen through the air; ``ground`` is what it would be under the beam alone."""
        paths = self.airmass(mu)
        seen = np.maximum(self.optical_depth * paths[..., None] - self.law_optical_depth, 0.0)
        return ground * np.exp(-seen) + self.radiance(mu0, cos_phase, seen, paths, self.dust)

    def radiance_above_limb(self, height: Array, mu0: Array, cos_phase: Array) -> Array:
        """I/F (..., 3) of the air above the limb, ``height`` in planet radii at the ray's lowest point."""
        scale = height / self.height
        gas = 2.0 * self.horizon_airmass * np.exp(-scale)
        dust = gas * np.exp(self.top * (1.0 - np.exp(np.minimum(scale, 50.0))))
        dusty = self.optical_depth * self.dust * dust[..., None]
        seen = dusty + self.optical_depth * (1.0 - self.dust) * gas[..., None]
        return self.radiance(mu0, cos_phase, seen, np.maximum(dust, 1.0), dusty / np.maximum(seen, _MIN_OPTICAL_DEPTH))


def _henyey_greenstein(g: Array, cos_phase: Array) -> Array:
    """Phase function, 1 for isotropic scattering; the scattering angle is 180 degrees less the phase angle."""
    return np.asarray((1.0 - g * g) / (1.0 + g * g + 2.0 * g * cos_phase) ** 1.5)


def rayleigh_phase(cos_phase: Array) -> Array:
    """Phase function of gas, 1 for isotropic scattering; alike forward and back."""
    return np.asarray(0.75 * (1.0 + cos_phase * cos_phase))


def build_atmosphere(dust_opacity: float, planet_radius_m: float, gas: float = 0.0) -> Atmosphere:
    """The air for a vertical optical depth of dust at 550 nm, and for ``gas`` times Mars' column of gas."""
    w, g = _SINGLE_SCATTERING_ALBEDO, _ASYMMETRY
    forward = g * g
    scaled = _RELATIVE_EXTINCTION * (1.0 - w * forward)
    clear = gas * gas_scattering(BANDS_NM) * SCALE_HEIGHT_M
    optical_depth = dust_opacity * scaled + clear
    return Atmosphere(
        optical_depth=optical_depth,
        dust=dust_opacity * scaled / np.maximum(optical_depth, _MIN_OPTICAL_DEPTH),
        law_optical_depth=LAW_OPACITY * scaled + clear,
        albedo=(1.0 - forward) * w / (1.0 - w * forward),
        asymmetry=g / (1.0 + g),
        height=SCALE_HEIGHT_M / planet_radius_m,
        forward=forward / (1.0 - forward),
        forward_peak_g=_FORWARD_PEAK_G,
        top=CONRATH_NU,
    )
