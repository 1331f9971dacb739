"""Irradiance in the three bands: of stars from magnitude and colour index, of planets from magnitude and albedo."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.astro.bodies import BANDS_NM, SOLAR_IRRADIANCE_1AU

ZERO_MAG_IRRADIANCE = 3.631e-11
"""Spectral irradiance of a star of V = 0 at 545 nm, W m^-2 nm^-1 (Bessell, Castelli and Plez 1998, table A2)."""

SUN_B_V = 0.653
"""B-V of the Sun (Ramirez et al. 2012, Astrophysical Journal 752, 5)."""

_SECOND_RADIATION_CONSTANT_NM_K = 1.438777e7  # second radiation constant (CODATA 2018), nm K


def irradiance(magnitude: ArrayLike, colour: ArrayLike) -> NDArray[np.float64]:
    """Return the irradiance (..., 3) in the bands, W m^-2 nm^-1, by stars of magnitude V and colour B-V (...).

    The green band represents V. Red and blue follow a black body of the colour's temperature, scaled so that a star of
    the Sun's colour has the Sun's spectrum in the bands: white in an image whose white is sunlight.
    """
    sun = np.array(SOLAR_IRRADIANCE_1AU)
    relative_spectrum = (
        _black_body(b_v_to_temperature(colour)) / _black_body(b_v_to_temperature(SUN_B_V)) * (sun / sun[1])
    )
    return np.asarray(
        ZERO_MAG_IRRADIANCE * 10.0 ** (-0.4 * np.asarray(magnitude, float))[..., None] * relative_spectrum
    )


def reflected_irradiance(magnitude: ArrayLike, band_albedo: ArrayLike) -> NDArray[np.float64]:
    """Return the irradiance (..., 3) in the bands, W m^-2 nm^-1, by a sunlit body of magnitude V (...).

    The green band represents V; red and blue follow the Sun's spectrum times the geometric albedo (3,) in the bands.
    """
    albedo, sun = np.asarray(band_albedo, float), np.array(SOLAR_IRRADIANCE_1AU)
    level = ZERO_MAG_IRRADIANCE * 10.0 ** (-0.4 * np.asarray(magnitude, float))
    return np.asarray(level[..., None] * (sun * albedo) / (sun * albedo)[1])


def b_v_to_temperature(colour: ArrayLike) -> NDArray[np.float64]:
    """Return the temperature (K) of a star of colour B-V (Ballesteros 2012, Europhysics Letters 97, 34008)."""
    x = 0.92 * np.asarray(colour, float)
    return np.asarray(4600.0 * (1.0 / (x + 1.7) + 1.0 / (x + 0.62)))


def _black_body(kelvin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return Planck's law in the bands (..., 3), relative to its value in green."""
    bands = np.array(BANDS_NM)
    light = bands**-5 / np.expm1(_SECOND_RADIATION_CONSTANT_NM_K / (bands * kelvin[..., None]))
    return np.asarray(light / light[..., 1:2])
