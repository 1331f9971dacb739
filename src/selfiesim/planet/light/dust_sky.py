"""The dusty sky of Mars from the ground: its radiance in any direction, and the light it casts.

The air of :mod:`selfiesim.planet.light.air_column` is seen from below. Single scattering of a plane layer has a closed
form; multiple scattering is an even term, scaled so that the flux on the ground agrees with the delta-Eddington
solution (Joseph, Wiscombe and Weinman 1976; in the form of Meador and Weaver 1980) over reflecting ground. Near the
horizon the sphere's slant path replaces the plane layer's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.light.air_column import AirColumn
from selfiesim.planet.light.dust_optics import DUST, RELATIVE_EXTINCTION
from selfiesim.planet.light.phase_functions import henyey_greenstein, rayleigh

Floats = NDArray[np.float64]

_SAMPLES = 900  # directions over the sphere

ICE_ASYMMETRY = 0.8
"""Mean cosine of the scattering angle of the ice in thin clouds, which absorbs no light (assumed)."""

_ICE_SCALED_ASYMMETRY = ICE_ASYMMETRY / (1.0 + ICE_ASYMMETRY)


@dataclass(frozen=True, eq=False)
class DustSky:
    """The sky over a place at an instant, in site axes: x east, y north, z up.

    Attributes
    ----------
    air : AirColumn
        Dust and gas.
    to_sun : (3,)
        Unit vector to the Sun.
    ground : (3,)
        Reflectance of the ground per band.
    cloud_opacity : float
        Vertical optical depth of thin water-ice clouds: an even veil, mixed with the dust.
    """

    air: AirColumn
    to_sun: Floats
    ground: Floats
    cloud_opacity: float = 0.0

    @property
    def sun_cosine(self) -> float:
        """Cosine of the Sun's zenith angle, kept a little above 0."""
        return max(float(self.to_sun[2]), 0.01)

    @property
    def beam_transmittance(self) -> Floats:
        """Transmittance (3,) for direct sunlight; light scattered straight forward counts as direct."""
        return np.exp(-self._optical_depth * self._airmass(self.sun_cosine))

    @cached_property
    def _optical_depth(self) -> Floats:
        """Vertical optical depth (3,) after delta scaling."""
        return np.asarray(self._dust_depth + self.air.gas_depth + self._cloud_depth)

    @property
    def _cloud_depth(self) -> float:
        return self.cloud_opacity * (1.0 - ICE_ASYMMETRY**2)

    @cached_property
    def _dust_depth(self) -> Floats:
        return np.asarray(self.air.dust_opacity * RELATIVE_EXTINCTION * DUST.scaled_extinction)

    @cached_property
    def _dust_share(self) -> Floats:
        """Fraction (3,) of the optical depth that is dust."""
        return np.asarray(self._dust_depth / np.maximum(self._optical_depth, 1e-12))

    @cached_property
    def _cloud_share(self) -> Floats:
        """Fraction (3,) of the optical depth that is cloud."""
        return np.asarray(self._cloud_depth / np.maximum(self._optical_depth, 1e-12))

    @property
    def _mixture(self) -> tuple[Floats, Floats]:
        """Single-scattering albedo and asymmetry of the mixture, (3,) each; gas and ice absorb nothing."""
        dust = self._dust_share * DUST.scaled_albedo
        albedo = dust + (1.0 - self._dust_share)
        return albedo, (dust * DUST.scaled_asymmetry + self._cloud_share * _ICE_SCALED_ASYMMETRY) / albedo

    @cached_property
    def ground_irradiance_fraction(self) -> Floats:
        """Irradiance (3,) of level ground by beam and sky, relative to the Sun's on a level surface above the air."""
        optical_depth, (albedo, g) = self._optical_depth, self._mixture
        through = delta_eddington(optical_depth, albedo, g, self.sun_cosine)[1]
        mu, weight = _quadrature()
        back = sum(
            2.0 * m * w * delta_eddington(optical_depth, albedo, g, float(m))[0]
            for m, w in zip(mu, weight, strict=True)
        )
        # Interreflection between ground and sky, as a geometric series.
        return np.asarray(np.maximum(through, self.beam_transmittance) / (1.0 - self.ground * back))

    @property
    def diffuse_share(self) -> Floats:
        """Irradiance (3,) of level ground by the sky alone, relative to a surface facing the Sun above the air."""
        return np.asarray((self.ground_irradiance_fraction - self.beam_transmittance) * self.sun_cosine)

    def radiance(self, directions: Floats, glow: bool = True) -> Floats:
        """Return I/F (..., 3) of the sky, 1 for a white card that faces the Sun above the air.

        Times irradiance over pi it is the radiance.

        Parameters
        ----------
        directions : (..., 3) array
            Unit vectors; those below the horizon get the value at the horizon.
        glow : bool
            Whether to include the narrow cone of light around the Sun, which :attr:`beam_transmittance` counts as
            direct.
        """
        mu = np.maximum(np.asarray(directions, float)[..., 2], 0.0)
        return self._single_scattering(
            mu, directions @ self.to_sun, glow
        ) + self._multiple_scattering_strength * self._multiple_scattering_profile(mu)

    def light(self) -> tuple[Floats, Floats]:
        """Return the diffuse light on a craft, from the sky above and the lit ground below.

        Returns
        -------
        directions : (N, 3) array
            Unit vectors over the whole sphere.
        irradiance : (N, 3) array
            Irradiance that each brings on a surface facing it, relative to the Sun's.
        """
        k = np.arange(_SAMPLES) + 0.5
        z, azimuth = 1.0 - 2.0 * k / _SAMPLES, np.pi * (1.0 + np.sqrt(5.0)) * k
        rays = np.stack([np.sqrt(1.0 - z * z) * np.cos(azimuth), np.sqrt(1.0 - z * z) * np.sin(azimuth), z], axis=1)
        below = self.ground * self.ground_irradiance_fraction * self.sun_cosine
        diffuse = np.where(z[:, None] > 0.0, self.radiance(rays, glow=False), below) / np.pi
        return rays, diffuse * (4.0 * np.pi / _SAMPLES)

    @cached_property
    def _multiple_scattering_strength(self) -> Floats:
        """Strength (3,) of the even term: the flux that single scattering does not account for."""
        mu, weight = _quadrature()
        azimuth = (np.arange(24) + 0.5) * (2.0 * np.pi / 24)
        sine, height = np.sqrt(1.0 - self.sun_cosine**2), self.sun_cosine
        toward = np.sqrt(1.0 - mu[:, None] ** 2) * sine * np.cos(azimuth) + mu[:, None] * height
        once = self._single_scattering(np.broadcast_to(mu[:, None], toward.shape), toward, glow=False).mean(axis=1)
        single = 2.0 * (mu * weight) @ once  # flux relative to the Sun's at normal incidence
        even = 2.0 * (mu * weight) @ self._multiple_scattering_profile(mu)
        return np.asarray(np.maximum(self.diffuse_share - single, 0.0) / np.maximum(even, 1e-12))  # 0 without air

    def _single_scattering(self, mu: Floats, toward_sun: Floats, glow: bool) -> Floats:
        """Return I/F (..., 3) of light scattered once on its way down."""
        optical_depth, c = self._optical_depth, np.asarray(toward_sun)
        path, sun_path = self._airmass(mu)[..., None], self._airmass(self.sun_cosine)
        if glow:
            phase = DUST.phase(c) / (1.0 - DUST.forward_fraction)
            ice_phase = henyey_greenstein(ICE_ASYMMETRY, c[..., None]) / (1.0 - ICE_ASYMMETRY**2)
        else:
            phase = henyey_greenstein(DUST.scaled_asymmetry, c[..., None])
            ice_phase = henyey_greenstein(_ICE_SCALED_ASYMMETRY, c[..., None])
        gas = (1.0 - self._dust_share - self._cloud_share) * rayleigh(c)[..., None]
        source = self._dust_share * DUST.scaled_albedo * phase + self._cloud_share * ice_phase + gas
        # Equal paths give 0 over 0; a small offset avoids that.
        path = np.where(np.abs(path - sun_path) < 1e-4, sun_path + 1e-4, path)
        lost = np.exp(-optical_depth * sun_path) - np.exp(-optical_depth * path)
        return np.asarray(0.25 * source * path * lost / (path - sun_path))

    def _multiple_scattering_profile(self, mu: Floats) -> Floats:
        """Return the even term's growth (..., 3) toward the horizon, with the dust along the line of sight."""
        return np.asarray(1.0 - np.exp(-(self._optical_depth * (self._airmass(mu) + 0.5)[..., None])))

    def _airmass(self, mu: Floats | float) -> Floats:
        return np.asarray(self.air.airmass(np.asarray(mu, float)))


def delta_eddington(optical_depth: Floats, albedo: Floats, g: Floats, mu0: float) -> tuple[Floats, Floats]:
    """Return the reflected and transmitted fractions of sunlight on a plane layer over black ground.

    Parameters
    ----------
    optical_depth, albedo, g : (3,)
        Optical depth, single-scattering albedo and asymmetry after delta scaling.
    mu0 : float
        Cosine of the Sun's zenith angle.
    """
    w = np.minimum(albedo, 1.0 - 1e-7)  # k = 0 gives 0 over 0
    g1, g2 = 0.25 * (7.0 - w * (4.0 + 3.0 * g)), -0.25 * (1.0 - w * (4.0 - 3.0 * g))
    g3 = 0.25 * (2.0 - 3.0 * g * mu0)
    g4 = 1.0 - g3
    a1, a2 = g1 * g4 + g2 * g3, g1 * g3 + g2 * g4
    k = np.sqrt(g1 * g1 - g2 * g2)
    # At mu0 = 1 / k both numerator and denominator vanish; a small offset avoids that.
    mu = np.where(np.abs(1.0 - (k * mu0) ** 2) < 1e-6, mu0 * 1.00001, mu0)
    up, down, beam_transmittance = np.exp(k * optical_depth), np.exp(-k * optical_depth), np.exp(-optical_depth / mu)
    share = w / ((1.0 - (k * mu) ** 2) * ((k + g1) * up + (k - g1) * down))
    reflected = share * (
        (1.0 - k * mu) * (a2 + k * g3) * up
        - (1.0 + k * mu) * (a2 - k * g3) * down
        - 2.0 * k * (g3 - a2 * mu) * beam_transmittance
    )
    lost = share * (
        (1.0 + k * mu) * (a1 + k * g4) * up
        - (1.0 - k * mu) * (a1 - k * g4) * down
        - 2.0 * k * (g4 + a1 * mu) / beam_transmittance
    )
    return np.asarray(reflected), np.asarray(beam_transmittance * (1.0 - lost))


def _quadrature() -> tuple[Floats, Floats]:
    """Return Gauss-Legendre points on 0 to 1 and their weights."""
    x, w = np.polynomial.legendre.leggauss(12)
    return 0.5 * (x + 1.0), 0.5 * w
