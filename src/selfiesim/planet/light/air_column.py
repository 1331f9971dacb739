"""A column of aerosol and gas: how its extinction falls with height, and optical depths along slanting paths.

The numbers are those of Mars; :mod:`selfiesim.planet.earth.air` has a column with others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.astro.bodies import BANDS_NM
from selfiesim.planet.light.aerosol import Aerosol
from selfiesim.planet.light.dust_optics import DUST

Floats = NDArray[np.float64]

SCALE_HEIGHT_M = 11_000.0
"""Scale height of the gas: Collienne et al. 2013; Costa et al. 2020 have 11.1 km."""

# Gas at the ground: n - 1, molecules per cubic metre, depolarisation. Schneegans et al., Eurographics 2024, as
# CosmoScout VR has them.
GAS_REFRACTIVITY = 3.37e-6
GAS_DENSITY_M3 = 2.05e23
GAS_DEPOLARISATION = 0.09

# Dust over gas falls as exp(nu (1 - (p0 / p)^(70 km / top))): Conrath's profile (Icarus 24, 36, 1975) in the form of
# the Mars Climate Database (Lewis et al. 1999, JGR 104, 24177). At the top 1/2000 of the mixing ratio at the ground is
# left.
CONRATH_NU = 0.007
_CONRATH_HEIGHT_M = 70_000.0

COLUMN_TOP_M = 12.0 * SCALE_HEIGHT_M
"""Height above which there is no air."""

EDGES_M: Floats = COLUMN_TOP_M * np.linspace(0.0, 1.0, 129) ** 1.5
COARSE_EDGES_M: Floats = COLUMN_TOP_M * np.linspace(0.0, 1.0, 21) ** 1.5


def gas_scattering(wavelength_nm: ArrayLike) -> Floats:
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
class AirColumn:
    """Dust and gas over a place.

    Attributes
    ----------
    dust_opacity : float
        Vertical optical depth of the dust at 550 nm.
    dust_top_m : float
        Height at which the dust ends, m.
    gas : float
        Column of gas relative to that of Mars.
    radius_m : float
        Radius of the planet, m.
    """

    dust_opacity: float
    dust_top_m: float
    gas: float
    radius_m: float

    aerosol: ClassVar[Aerosol] = DUST
    """Optics of the dust."""

    ground_albedo: ClassVar[tuple[float, float, float]] = (0.25, 0.15, 0.08)
    """Lambert albedo of the ground that lights the air from below: about the mean of the planet (assumed)."""

    thick_gas: ClassVar[bool] = False
    """Whether the gas is so thick that the colour of light that it scatters once changes along the way."""

    absorber_depth: ClassVar[Floats] = np.zeros(3)
    """Vertical optical depth (3,) of gas that absorbs and does not scatter."""

    @cached_property
    def dust_depth(self) -> Floats:
        """Vertical optical depth (3,) of the dust, without the light that goes straight on."""
        return np.asarray(
            self.dust_opacity * np.array(self.aerosol.relative_extinction) * self.aerosol.delta_extinction
        )

    @cached_property
    def gas_depth(self) -> Floats:
        """Vertical optical depth (3,) of the gas."""
        return np.asarray(self.gas * gas_scattering(BANDS_NM) * SCALE_HEIGHT_M)

    @property
    def optical_depth(self) -> Floats:
        """Vertical optical depth (3,) of everything."""
        return self.dust_depth + self.gas_depth + self.absorber_depth

    def gas_profile(self, height_m: ArrayLike) -> Floats:
        """Return the gas at heights (m) as a fraction of the column per metre."""
        z = np.asarray(height_m, float)
        return np.asarray(np.exp(-z / SCALE_HEIGHT_M) / SCALE_HEIGHT_M)

    def dust_profile(self, height_m: ArrayLike) -> Floats:
        """Return the dust at heights (m) as a fraction of the column per metre."""
        return np.asarray(self._mixed_dust(np.asarray(height_m, float)) / self._dust_integral)

    def absorber_profile(self, height_m: ArrayLike) -> Floats:
        """Return the absorber at heights (m) as a fraction of the column per metre."""
        return np.zeros(np.shape(height_m))

    @cached_property
    def _dust_integral(self) -> float:
        height = np.linspace(0.0, COLUMN_TOP_M, 4001)
        return float(np.trapezoid(self._mixed_dust(height), height))

    def _mixed_dust(self, z: Floats) -> Floats:
        power = np.minimum(z / SCALE_HEIGHT_M * (_CONRATH_HEIGHT_M / self.dust_top_m), 60.0)
        return np.asarray(np.exp(-z / SCALE_HEIGHT_M + CONRATH_NU * (1.0 - np.exp(power))))

    def layers(self, edges_m: Floats) -> tuple[Floats, Floats, Floats]:
        """Return the extinction (N, 3) of dust, gas and absorber in layers between ``edges_m`` (N + 1,), 1/m."""
        low, high = edges_m[:-1, None], edges_m[1:, None]
        x, weight = np.polynomial.legendre.leggauss(4)
        height = low + (high - low) * (x + 1.0) / 2.0
        dust, gas, absorber = (
            profile(height) @ weight / 2.0 for profile in (self.dust_profile, self.gas_profile, self.absorber_profile)
        )
        return (
            dust[:, None] * self.dust_depth,
            gas[:, None] * self.gas_depth,
            absorber[:, None] * self.absorber_depth,
        )

    @cached_property
    def extinction(self) -> Floats:
        """Extinction (N, 3) of the layers, 1/m."""
        return np.asarray(np.sum(self.layers(EDGES_M), axis=0))

    def slant_depth(self, height_m: ArrayLike, mu: ArrayLike) -> Floats:
        """Return the optical depth (..., 3) of straight paths to space; infinite where the ground is in the way.

        Parameters
        ----------
        height_m, mu : (...) array_like
            Height of the start, m, and zenith cosine there; they broadcast.
        """
        z, cosine = np.broadcast_arrays(np.asarray(height_m, float), np.asarray(mu, float))
        start = self.radius_m + z[..., None]
        lowest = start * np.sqrt(1.0 - cosine[..., None] ** 2)
        distance = np.sqrt(np.maximum((self.radius_m + EDGES_M) ** 2 - lowest**2, 0.0))
        behind = start * np.abs(cosine[..., None])  # distance from the start to the lowest point
        up = np.diff(np.maximum(distance, behind), axis=-1)
        down = np.diff(np.minimum(distance, behind), axis=-1) + np.diff(distance, axis=-1)
        depth = np.where(cosine[..., None] >= 0.0, up, down) @ self.extinction
        hidden = (cosine < 0.0) & (lowest[..., 0] < self.radius_m)
        depth[hidden] = np.inf
        return np.asarray(depth)

    @cached_property
    def horizon_airmass(self) -> float:
        """Air mass along the horizon, from the ground to space, in green."""
        vertical = float(self.optical_depth[1])
        return float(self.slant_depth(0.0, 0.0)[1]) / vertical if vertical > 0.0 else 1.0

    def airmass(self, mu: ArrayLike) -> Floats:
        """Return the air mass (...) of paths from the ground to space: Schueler's form of Chapman's function.

        Parameters
        ----------
        mu : (...) array_like
            Cosine of the zenith angle, 0 to 1.
        """
        return np.asarray(self.horizon_airmass / ((self.horizon_airmass - 1.0) * np.asarray(mu, float) + 1.0))

    def limb_depth(self, height_m: ArrayLike) -> Floats:
        """Return the optical depth (..., 3) from space to space along rays whose lowest points are at heights, m."""
        return 2.0 * self.slant_depth(height_m, 0.0)
