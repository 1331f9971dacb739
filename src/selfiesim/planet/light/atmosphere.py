"""Atmosphere of dust and gas: haze over slanting views, a bright line above the limb, a soft terminator, dust storms.

The air is one layer of dust and gas. Single scattering in a plane layer has a closed form; the air masses are those of
the spherical planet. Chandrasekhar's H functions add multiple scattering, and forward-peaked light counts as not
scattered (delta scaling, Joseph, Wiscombe and Weinman 1976; recalled, not checked). The reflection law of
:mod:`selfiesim.planet.light.photometry` follows the light of the whole disc, so it already includes the air of a clear
day seen straight down (:data:`LAW_OPACITY`); only the optical depth beyond that is rendered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.astro.bodies import BANDS_NM, Body
from selfiesim.planet.light.phase_functions import henyey_greenstein, rayleigh
from selfiesim.planet.light.weather import Weather

Array = NDArray[np.float64]

SCALE_HEIGHT_M = 11_000.0
"""Scale height of dust and gas alike: Collienne et al. 2013; Costa et al. 2020 have 11.1 km."""

CONRATH_NU = 0.02
"""Dust over gas falls as exp(nu (1 - exp(z / H))), Conrath's profile (Icarus 24, 36, 1975; recalled, not checked): the
dust ends some 40 km up. Published values run from 0.003 to 0.1; this one is in the middle (assumed)."""

# Gas at the ground: n - 1, molecules per cubic metre, depolarisation. Schneegans et al., Eurographics 2024, as
# CosmoScout VR has them.
GAS_REFRACTIVITY = 3.37e-6
GAS_DENSITY_M3 = 2.05e23
GAS_DEPOLARISATION = 0.09

LAW_OPACITY = 0.2
"""Vertical optical depth that the reflection law already includes: the default of ``planet.dust_opacity`` (assumed)."""

# Mie optics of Martian dust at 680, 550 and 440 nm: Schneegans et al., Eurographics 2024, as CosmoScout VR has them.
_SINGLE_SCATTERING_ALBEDO = np.array([0.96, 0.84, 0.69])
_ASYMMETRY = np.array([0.70, 0.75, 0.80])
# Grains of 1.5 micrometres diffract blue light into a narrower cone than red, so blue outshines red near a low Sun.
# The width scales as wavelength over radius; the level is assumed.
_FORWARD_PEAK_G = np.array([0.90, 0.915, 0.935])
_MIN_OPTICAL_DEPTH = 1e-12
_RELATIVE_EXTINCTION = np.array([0.0315, 0.0305, 0.0303]) / 0.0305


def gas_scattering(wavelength_nm: ArrayLike) -> Array:
    """Scattering coefficient of the gas at the ground, 1/m: Rayleigh's law with King's factor for depolarisation.

    Parameters
    ----------
    wavelength_nm : array_like
        Wavelength of the light, nm.
    """
    rho, n = GAS_DEPOLARISATION, 1.0 + GAS_REFRACTIVITY
    king = (6.0 + 3.0 * rho) / (6.0 - 7.0 * rho)
    fourth = (np.asarray(wavelength_nm, float) * 1e-9) ** 4
    return np.asarray(8.0 * np.pi**3 / 3.0 * (n * n - 1.0) ** 2 / (GAS_DENSITY_M3 * fourth) * king)


@dataclass(frozen=True)
class Atmosphere:
    """Optical properties of dust and gas in the form a renderer needs, per band (3,).

    Attributes
    ----------
    optical_depth : (3,)
        Vertical optical depth of dust (after delta scaling) and gas.
    dust : (3,)
        Dust's fraction of the optical depth; the rest is gas.
    law_optical_depth : (3,)
        Part of the optical depth that the reflection law already includes.
    albedo : (3,)
        Single-scattering albedo of the dust after delta scaling.
    asymmetry : (3,)
        Henyey-Greenstein g of the dust after delta scaling.
    height : float
        Scale height over the planet's radius.
    forward : (3,)
        Light that delta scaling counts as not scattered, relative to the scattered light: the glow around a low Sun.
    forward_peak_g : (3,)
        Henyey-Greenstein g of that glow.
    top : float
        Conrath's nu: how soon the dust ends with height.
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

    @classmethod
    def from_weather(cls, weather: Weather, body: Body) -> Atmosphere:
        """Return the air over a body: dust and gas of ``weather``, scaled to the body's mean radius."""
        return build_atmosphere(weather.dust_opacity, float(np.mean(body.radii_m)), weather.gas)

    @property
    def horizon_airmass(self) -> float:
        """Air mass along the horizon, from the ground to space."""
        return float(np.sqrt(np.pi / 2.0 / self.height))

    def airmass(self, mu: Array) -> Array:
        """Air mass of a path to space at a zenith cosine: Schueler's form of Chapman's function."""
        return self.horizon_airmass / ((self.horizon_airmass - 1.0) * mu + 1.0)

    def beam_transmittance(self, mu0: Array) -> Array:
        """Fraction of direct sunlight that reaches the ground, (..., 3), beyond what the reflection law includes."""
        return np.exp(
            -np.maximum(
                self.optical_depth * self.airmass(np.maximum(mu0, 0.0))[..., None] - self.law_optical_depth, 0.0
            )
        )

    def sky_irradiance(self, mu0: Array) -> Array:
        """Irradiance of the ground by the sky, (..., 3), relative to the Sun's on a surface that faces it."""
        dusk = np.where(mu0 < 0.0, np.exp(-0.3 * mu0**2 / self.height), 1.0)
        height = 0.5 * (mu0 + np.sqrt(mu0**2 + 0.01)) * dusk
        return 0.5 * self.albedo * (1.0 - self.beam_transmittance(mu0)) * height[..., None]

    def radiance(self, mu0: Array, cos_phase: Array, path_depth: Array, paths: Array, dust: Array) -> Array:
        """Return I/F of the air itself.

        Parameters
        ----------
        mu0, cos_phase : (...)
            Cosines of the Sun's zenith angle at the ground below and of the phase angle.
        path_depth : (..., 3)
            Optical depth of the air along the line of sight.
        paths : (...)
            Air mass along the line of sight.
        dust : (..., 3)
            Dust's fraction of ``path_depth``.

        Returns
        -------
        (..., 3) array
        """
        to_sun, c = self.airmass(np.maximum(mu0, 0.0)), cos_phase[..., None]
        # The scattering angle is 180 degrees less the phase angle.
        once = henyey_greenstein(self.asymmetry, -c)
        once = once + self.forward * henyey_greenstein(self.forward_peak_g, -c) * np.exp(-path_depth)
        gamma = np.sqrt(1.0 - self.albedo)

        def chandrasekhar_h(mu: Array) -> Array:
            return (1.0 + 2.0 * mu[..., None]) / (1.0 + 2.0 * mu[..., None] * gamma)

        h_product = chandrasekhar_h(np.maximum(mu0, 0.0)) * chandrasekhar_h(np.minimum(1.0 / paths, 1.0))
        multiple = (h_product - 1.0) * (1.0 - np.exp(-path_depth))
        ratio = (to_sun / paths)[..., None]
        lit = np.where(mu0 < 0.0, np.exp(-0.5 * mu0**2 / self.height), 1.0)[..., None]
        source = dust * self.albedo * (once + multiple) + (1.0 - dust) * rayleigh(c)
        return 0.25 * source * (1.0 - np.exp(-path_depth * (1.0 + ratio))) / (1.0 + ratio) * lit

    def radiance_over_ground(self, ground: Array, mu0: Array, mu: Array, cos_phase: Array) -> Array:
        """I/F (..., 3) of ground seen through the air; ``ground`` is its I/F under the beam alone."""
        paths = self.airmass(mu)
        path_depth = np.maximum(self.optical_depth * paths[..., None] - self.law_optical_depth, 0.0)
        return ground * np.exp(-path_depth) + self.radiance(mu0, cos_phase, path_depth, paths, self.dust)

    def radiance_above_limb(self, height: Array, mu0: Array, cos_phase: Array) -> Array:
        """I/F (..., 3) of the air above the limb, ``height`` in planet radii at the ray's lowest point."""
        scale = height / self.height
        gas = 2.0 * self.horizon_airmass * np.exp(-scale)
        dust = gas * np.exp(self.top * (1.0 - np.exp(np.minimum(scale, 50.0))))
        dust_depth = self.optical_depth * self.dust * dust[..., None]
        path_depth = dust_depth + self.optical_depth * (1.0 - self.dust) * gas[..., None]
        dust_fraction = dust_depth / np.maximum(path_depth, _MIN_OPTICAL_DEPTH)
        return self.radiance(mu0, cos_phase, path_depth, np.maximum(dust, 1.0), dust_fraction)


def build_atmosphere(dust_opacity: float, planet_radius_m: float, gas: float = 0.0) -> Atmosphere:
    """Return the air for given amounts of dust and gas; scenes use :meth:`Atmosphere.from_weather`.

    Parameters
    ----------
    dust_opacity : float
        Vertical optical depth of the dust at 550 nm.
    planet_radius_m : float
        Mean radius of the planet, m.
    gas : float
        Column of gas relative to that of Mars.
    """
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
