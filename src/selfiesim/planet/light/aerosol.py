"""How aerosol scatters light in the three bands: extinction, albedo and a phase function of two lobes.

Most of the narrow lobe goes straight on, and for multiple scattering it counts as not scattered (delta scaling, Joseph,
Wiscombe and Weinman 1976, J. Atmos. Sci. 33, 2452; Wiscombe 1977, J. Atmos. Sci. 34, 1408).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.light.phase_functions import henyey_greenstein

Floats = NDArray[np.float64]
Bands = tuple[float, float, float]

MOMENTS = 16
"""Legendre moments of a phase function that multiple scattering resolves."""


@dataclass(frozen=True)
class Aerosol:
    """Optics of a kind of grains or droplets; all triples are per band, 620, 550 and 460 nm.

    Attributes
    ----------
    albedo : (3,) tuple of float
        Fraction of the extinguished light that is scattered.
    narrow_share : float
        Share of the narrow lobe in the scattered light.
    narrow_g : (3,) tuple of float
        Henyey-Greenstein g of the narrow lobe.
    wide_g : float
        The same of the wide lobe.
    relative_extinction : (3,) tuple of float
        Extinction over that at 550 nm.
    """

    albedo: Bands
    narrow_share: float
    narrow_g: Bands
    wide_g: float
    relative_extinction: Bands

    @cached_property
    def raw_moments(self) -> Floats:
        """Moments (MOMENTS + 1, 3) of the phase function."""
        narrow, share = np.array(self.narrow_g), self.narrow_share
        return np.array([share * narrow**order + (1.0 - share) * self.wide_g**order for order in range(MOMENTS + 1)])

    @property
    def peak_fraction(self) -> Floats:
        """Fraction (3,) of the scattered light in the peak that the moments do not resolve: within some 8 degrees."""
        return np.asarray(self.raw_moments[MOMENTS])

    @property
    def delta_extinction(self) -> Floats:
        """Extinction (3,) over that before, if that peak counts as not scattered."""
        return np.asarray(1.0 - np.array(self.albedo) * self.peak_fraction)

    @property
    def delta_albedo(self) -> Floats:
        """Albedo (3,) if that peak counts as not scattered."""
        return np.asarray(np.array(self.albedo) * (1.0 - self.peak_fraction) / self.delta_extinction)

    @property
    def delta_moments(self) -> Floats:
        """Moments (MOMENTS, 3) of the phase function without that peak."""
        return np.asarray((self.raw_moments[:MOMENTS] - self.peak_fraction) / (1.0 - self.peak_fraction))

    @property
    def asymmetry(self) -> Floats:
        """Mean cosine (3,) of the scattering angle."""
        return np.asarray(self.raw_moments[1])

    @property
    def forward_fraction(self) -> Floats:
        """Second moment (3,), the fraction that delta-Eddington scaling counts as not scattered."""
        return np.asarray(self.raw_moments[2])

    @property
    def scaled_extinction(self) -> Floats:
        """Extinction (3,) over that before, after delta-Eddington scaling."""
        return np.asarray(1.0 - np.array(self.albedo) * self.forward_fraction)

    @property
    def scaled_albedo(self) -> Floats:
        """Albedo (3,) after that scaling."""
        return np.asarray(np.array(self.albedo) * (1.0 - self.forward_fraction) / self.scaled_extinction)

    @property
    def scaled_asymmetry(self) -> Floats:
        """Mean cosine (3,) of the scattering angle after that scaling."""
        return np.asarray((self.asymmetry - self.forward_fraction) / (1.0 - self.forward_fraction))

    def phase(self, cos_scattering: ArrayLike) -> Floats:
        """Return the phase function (..., 3) for cosines (...) of the scattering angle."""
        c = np.asarray(cos_scattering, float)[..., None]
        narrow, wide = henyey_greenstein(np.array(self.narrow_g), c), henyey_greenstein(self.wide_g, c)
        return np.asarray(self.narrow_share * narrow + (1.0 - self.narrow_share) * wide)
