"""The sky of Mars from the ground: its radiance in any direction, and the soft light it sheds.

The dust of :mod:`selfiesim.planet.light.atmosphere` seen from below: single scattering of a plane layer in closed form, and
light scattered more than once, spread evenly, as much of it as brings the flux on the ground to the delta-Eddington
solution (Joseph, Wiscombe and Weinman 1976; in the form of Meador and Weaver 1980) over ground that reflects. Near the
horizon the plane layer's slant path is replaced by the sphere's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.light.atmosphere import Atmosphere

Floats = NDArray[np.float64]

_SAMPLES = 900  # directions over the sphere


@dataclass(frozen=True, eq=False)
class DustSky:
    """The sky over one place at one moment, site axes: x east, y north, z up.

    Attributes
    ----------
    air : Haze
        The dust.
    to_sun : (3,)
        Unit vector to the Sun.
    ground : (3,)
        Reflectance of the ground, per band.
    """

    air: Atmosphere
    to_sun: Floats
    ground: Floats

    @property
    def sun_cosine(self) -> float:
        """Cosine of the Sun's zenith angle, kept a little above 0."""
        return max(float(self.to_sun[2]), 0.01)

    @property
    def beam_transmittance(self) -> Floats:
        """Share of direct sunlight that gets through, (3,): what is scattered straight on counts as direct."""
        return np.exp(-self.air.optical_depth * self._airmass(self.sun_cosine))

    @cached_property
    def ground_irradiance_fraction(self) -> Floats:
        """Light on the level ground, beam and sky, (3,), as a share of what the Sun sends on a level surface."""
        optical_depth, albedo, g = self.air.optical_depth, self.air.albedo, self.air.asymmetry
        through = delta_eddington(optical_depth, albedo, g, self.sun_cosine)[1]
        mu, weight = _quadrature()
        back = sum(
            2.0 * m * w * delta_eddington(optical_depth, albedo, g, float(m))[0]
            for m, w in zip(mu, weight, strict=True)
        )
        # The ground's light goes up, some of it comes back down, again and again.
        return np.asarray(np.maximum(through, self.beam_transmittance) / (1.0 - self.ground * back))

    def radiance(self, directions: Floats, glow: bool = True) -> Floats:
        """I/F (..., 3) of the sky in ``directions`` (..., 3): 1 is a white card that faces the Sun above the air.

        Times irradiance over pi it is radiance. Below the horizon it is that at the horizon. ``glow`` is the narrow
        cone of light round the Sun, which :attr:`beam_transmittance` counts as direct.
        """
        mu = np.maximum(np.asarray(directions, float)[..., 2], 0.0)
        return self._single_scattering(
            mu, directions @ self.to_sun, glow
        ) + self._multiple_scattering_strength * self._multiple_scattering_profile(mu)

    def light(self) -> tuple[Floats, Floats]:
        """Directions (N, 3) over the whole sphere, and the irradiance each brings face-on, (N, 3), over the Sun's.

        From above the sky, from below the lit ground: what a craft on the ground is softly lit by.
        """
        k = np.arange(_SAMPLES) + 0.5
        z, turn = 1.0 - 2.0 * k / _SAMPLES, np.pi * (1.0 + np.sqrt(5.0)) * k
        rays = np.stack([np.sqrt(1.0 - z * z) * np.cos(turn), np.sqrt(1.0 - z * z) * np.sin(turn), z], axis=1)
        below = self.ground * self.ground_irradiance_fraction * self.sun_cosine
        shine = np.where(z[:, None] > 0.0, self.radiance(rays, glow=False), below) / np.pi
        return rays, shine * (4.0 * np.pi / _SAMPLES)

    @cached_property
    def _multiple_scattering_strength(self) -> Floats:
        """The even term's strength (3,): what single scattering leaves to be brought down."""
        mu, weight = _quadrature()
        turn = (np.arange(24) + 0.5) * (2.0 * np.pi / 24)
        sine, height = np.sqrt(1.0 - self.sun_cosine**2), self.sun_cosine
        toward = np.sqrt(1.0 - mu[:, None] ** 2) * sine * np.cos(turn) + mu[:, None] * height
        once = self._single_scattering(np.broadcast_to(mu[:, None], toward.shape), toward, glow=False).mean(axis=1)
        share = 2.0 * (mu * weight) @ once  # flux over that of the Sun face-on
        even = 2.0 * (mu * weight) @ self._multiple_scattering_profile(mu)
        wanted = (self.ground_irradiance_fraction - self.beam_transmittance) * self.sun_cosine
        return np.asarray(np.maximum(wanted - share, 0.0) / even)

    def _single_scattering(self, mu: Floats, toward_sun: Floats, glow: bool) -> Floats:
        """I/F (..., 3) of light scattered once on its way down."""
        optical_depth, c = self.air.optical_depth, np.asarray(toward_sun)[..., None]
        path, sun_path = self._airmass(mu)[..., None], self._airmass(self.sun_cosine)
        phase = _henyey_greenstein(self.air.asymmetry, c)
        if glow:
            phase = phase + self.air.forward * _henyey_greenstein(self.air.forward_peak_g, c)
        # Equal paths make 0 over 0; a hair beside that nothing does.
        path = np.where(np.abs(path - sun_path) < 1e-4, sun_path + 1e-4, path)
        return np.asarray(
            0.25
            * self.air.albedo
            * phase
            * path
            * (np.exp(-optical_depth * sun_path) - np.exp(-optical_depth * path))
            / (path - sun_path)
        )

    def _multiple_scattering_profile(self, mu: Floats) -> Floats:
        """How the even term grows toward the horizon, (..., 3), with the dust along the line of sight."""
        return np.asarray(1.0 - np.exp(-(self.air.optical_depth * (self._airmass(mu) + 0.5)[..., None])))

    def _airmass(self, mu: Floats | float) -> Floats:
        return np.asarray(self.air.airmass(np.asarray(mu, float)))


def delta_eddington(optical_depth: Floats, albedo: Floats, g: Floats, mu0: float) -> tuple[Floats, Floats]:
    """Reflected and transmitted share of the sunlight on a plane layer over black ground, after delta scaling.

    Parameters
    ----------
    optical_depth, albedo, g : (3,)
        Scaled optical depth, single-scattering albedo and asymmetry.
    mu0 : float
        Cosine of the Sun's zenith angle.
    """
    w = np.minimum(albedo, 1.0 - 1e-7)  # k = 0 makes 0 over 0
    g1, g2 = 0.25 * (7.0 - w * (4.0 + 3.0 * g)), -0.25 * (1.0 - w * (4.0 - 3.0 * g))
    g3 = 0.25 * (2.0 - 3.0 * g * mu0)
    g4 = 1.0 - g3
    a1, a2 = g1 * g4 + g2 * g3, g1 * g3 + g2 * g4
    k = np.sqrt(g1 * g1 - g2 * g2)
    # At mu0 = 1 / k both numerator and denominator vanish; a hair beside it nothing does.
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
    """Gauss points on 0 to 1 and their weights."""
    x, w = np.polynomial.legendre.leggauss(12)
    return 0.5 * (x + 1.0), 0.5 * w


def _henyey_greenstein(g: Floats, cosine: Floats) -> Floats:
    """Phase function of the scattering angle, 1 for isotropic scattering."""
    return np.asarray((1.0 - g * g) / (1.0 + g * g - 2.0 * g * cosine) ** 1.5)
