"""The air of the Earth: Rayleigh scattering, ozone and aerosol over a place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from selfiesim.planet.light.aerosol import Aerosol
from selfiesim.planet.light.air_column import AirColumn, Floats

# Rayleigh optical depth of the standard air at 620, 550 and 460 nm (Bodhaine et al. 1999, J. Atmos. Oceanic Technol.
# 16, 1854).
RAYLEIGH_DEPTH = (0.0598, 0.0973, 0.2021)

# Density over that at the ground by height: US Standard Atmosphere 1976 (NOAA-S/T 76-1562), table 1.
_HEIGHT_KM = (0.0, 2.0, 5.0, 8.0, 11.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0, 132.0)
_DENSITY = (
    1.225, 1.0066, 0.73643, 0.52579, 0.36480, 0.19476, 0.088910, 0.040084, 0.018410, 3.9957e-3, 1.0269e-3, 3.0968e-4,
    8.2829e-5, 1.8458e-5, 3.416e-6, 5.604e-7, 1.0e-8,
)  # fmt: skip

# Cross-section of ozone in the bands, m^2: means with the bands' weight over the spectrum of Serdyuchenko et al. 2014
# (Atmos. Meas. Tech. 7, 625) at 233 K, as Bruneton's "Precomputed Atmospheric Scattering" of 2017 tabulates it.
OZONE_CROSS_SECTION_M2 = (3.49e-25, 3.36e-25, 5.9e-26)
OZONE_DOBSON = 300.0
_DOBSON_M2 = 2.687e20  # molecules per square metre of one Dobson unit
# Ozone is a layer at 22 km with a standard deviation of 5 km, and a tenth of it lies in the troposphere: read off mean
# profiles (assumed).
_OZONE_KM, _OZONE_WIDTH_KM, _OZONE_LOW = 22.0, 5.0, 0.1

AEROSOL_OPACITY = 0.14
"""At 550 nm over the oceans: 0.13 by MODIS on Aqua, 0.14 on Terra (Remer et al. 2008, J. Geophys. Res. 113, D14S07)."""

AEROSOL_TOP_M = 30_000.0
"""Above this there is next to no aerosol."""

EARTH_RADIUS_M = 6_371_000.0
_AEROSOL_HEIGHT_M = 2_000.0  # scale height of the lower troposphere's aerosol (assumed)

# Clean maritime air: nearly white, Angstrom's exponent 0.6, mean cosine 0.7 (assumed, after AERONET's islands; Smirnov
# et al. 2002, J. Atmos. Sci. 59, 501, has exponents of 0.3 to 0.7).
_ANGSTROM = 0.6
MARITIME = Aerosol(
    (0.98, 0.98, 0.98),
    0.9,
    (0.75, 0.75, 0.75),
    0.1,
    ((620.0 / 550.0) ** -_ANGSTROM, 1.0, (460.0 / 550.0) ** -_ANGSTROM),
)


# The green line of oxygen at 557.7 nm glows by day and night at 97 km, with 250 rayleighs overhead on a quiet night
# (Chamberlain 1961, Physics of the Aurora and Airglow; 100 to 500 are common). Spread over the green band, 85 nm wide,
# that is a radiance of 8.1e-10 W m^-2 sr^-1 nm^-1.
AIRGLOW_OVERHEAD = 8.1e-10
AIRGLOW_HEIGHT_M, AIRGLOW_HALF_WIDTH_M = 97_000.0, 5_000.0


def airglow(height: ArrayLike) -> Floats:
    """Return the green radiance (...) of the airglow above the limb, W m^-2 sr^-1 nm^-1.

    A thin shell shines along a ray by the length of the ray in it; the shader has the same formula.

    Parameters
    ----------
    height : (...) array_like
        Height of the ray's lowest point, planet radii.
    """
    middle, half = AIRGLOW_HEIGHT_M / EARTH_RADIUS_M, AIRGLOW_HALF_WIDTH_M / EARTH_RADIUS_M
    below = middle + half - np.asarray(height, float)
    inside = np.clip(below / (2.0 * half), 0.0, 1.0)
    return np.asarray(
        2.0 * AIRGLOW_OVERHEAD * inside**2 * (3.0 - 2.0 * inside) / np.sqrt(2.0 * np.maximum(below, half))
    )


@dataclass(frozen=True)
class EarthColumn(AirColumn):
    """Aerosol, gas and ozone over a place of the Earth: the opacity is the aerosol's, the top does not count.

    Gas is relative to that of the standard air, and ozone goes with it.
    """

    aerosol: ClassVar[Aerosol] = MARITIME
    # Sea, land and clouds from above, in the mean: the spherical albedo of the Earth, 0.29 (Robinson 2025,
    # arXiv:2507.22258).
    ground_albedo: ClassVar[tuple[float, float, float]] = (0.29, 0.28, 0.26)
    thick_gas: ClassVar[bool] = True

    @cached_property
    def gas_depth(self) -> Floats:
        """Vertical optical depth (3,) of Rayleigh scattering."""
        return self.gas * np.array(RAYLEIGH_DEPTH)

    @cached_property
    def absorber_depth(self) -> Floats:  # type: ignore[override]
        """Vertical optical depth (3,) of ozone."""
        return self.gas * OZONE_DOBSON * _DOBSON_M2 * np.array(OZONE_CROSS_SECTION_M2)

    def gas_profile(self, height_m: ArrayLike) -> Floats:
        """Return the gas at heights (m) as a fraction of the column per metre."""
        return np.asarray(_density(np.asarray(height_m, float)) / _COLUMN_M)

    def absorber_profile(self, height_m: ArrayLike) -> Floats:
        """Return the ozone at heights (m) as a fraction of the column per metre."""
        z = np.asarray(height_m, float) / 1000.0
        layer = np.exp(-0.5 * ((z - _OZONE_KM) / _OZONE_WIDTH_KM) ** 2) / (np.sqrt(2.0 * np.pi) * _OZONE_WIDTH_KM)
        low = np.where(z < _OZONE_KM / 2.0, 2.0 / _OZONE_KM, 0.0)
        return np.asarray(((1.0 - _OZONE_LOW) * layer + _OZONE_LOW * low) / 1000.0)

    def dust_profile(self, height_m: ArrayLike) -> Floats:
        """Return the aerosol at heights (m) as a fraction of the column per metre."""
        return np.asarray(np.exp(-np.asarray(height_m, float) / _AEROSOL_HEIGHT_M) / _AEROSOL_HEIGHT_M)


def _density(height_m: Floats) -> Floats:
    """Return the density of the standard air at heights (m) over that at the ground."""
    return np.asarray(np.exp(np.interp(height_m / 1000.0, _HEIGHT_KM, np.log(np.array(_DENSITY) / _DENSITY[0]))))


_fine = np.linspace(0.0, 132_000.0, 8001)
_COLUMN_M = float(np.trapezoid(_density(_fine), _fine))
