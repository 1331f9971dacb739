"""Sunlight that the rough sea reflects: glint by Cox and Munk's slopes, Fresnel's law, and the sky in the water.

The shader (``render/shaders/earth.glsl``) has the same formulas: keep the two alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

WATER_INDEX = 1.34
"""Refractive index of sea water in visible light (Quan and Fry 1995, Applied Optics 34, 3477: 1.334 to 1.345)."""

NORMAL_REFLECTANCE = ((WATER_INDEX - 1.0) / (WATER_INDEX + 1.0)) ** 2
SEA_ICE_REFLECTANCE = (0.43, 0.44, 0.44)
"""A of sea ice in the bands, two thirds of its albedo: some 0.65 between bare and under snow (Perovich 1996, CRREL
Monograph 96-1)."""

_MIN_MU = 0.02  # keeps the glint finite at the horizon


def slope_variance(wind_m_s: ArrayLike) -> Floats:
    """Return the mean square slope of the sea in both directions together: Cox and Munk 1954 (JOSA 44, 838).

    Parameters
    ----------
    wind_m_s : array_like
        Wind speed 12.5 m above the sea.
    """
    return np.asarray(0.003 + 0.00512 * np.asarray(wind_m_s, float))


def fresnel(cosine: ArrayLike) -> Floats:
    """Return the reflectance of calm water for unpolarised light (...) by the cosine of incidence."""
    c = np.clip(np.asarray(cosine, float), 0.0, 1.0)
    g = np.sqrt(WATER_INDEX**2 - 1.0 + c * c)
    return np.asarray(0.5 * ((g - c) / (g + c)) ** 2 * (1.0 + ((c * (g + c) - 1.0) / (c * (g - c) + 1.0)) ** 2))


def hidden_slopes(mu: ArrayLike, variance: float) -> Floats:
    """Return Smith's Lambda (...), by which facets hide one another: the rational form of Walter et al. 2007.

    Parameters
    ----------
    mu : (...) array_like
        Cosine of the zenith angle of eye or Sun.
    variance : float
        Mean square slope in both directions together.
    """
    m = np.clip(np.asarray(mu, float), _MIN_MU, 0.9999)
    a = m / np.sqrt((1.0 - m * m) * variance)
    return np.where(a < 1.6, (1.0 - 1.259 * a + 0.396 * a * a) / (3.535 * a + 2.181 * a * a), 0.0)


def glint(mu0: ArrayLike, mu: ArrayLike, cos_phase: ArrayLike, wind_m_s: float) -> Floats:
    """Return I/F (...) of sunlight that the waves reflect.

    Parameters
    ----------
    mu0, mu, cos_phase : (...) array_like
        Cosines of the zenith angles of Sun and eye, and of the angle between them.
    wind_m_s : float
        Wind speed, m/s.
    """
    sun, eye, c = (np.asarray(each, float) for each in (mu0, mu, cos_phase))
    variance = float(slope_variance(wind_m_s))
    half = np.sqrt(np.maximum(0.5 + 0.5 * c, 1e-9))  # cosine of incidence on the facets that mirror the Sun
    tilt = np.maximum((sun + eye) / (2.0 * half), 1e-3)  # cosine of their slope
    slope_squared = 1.0 / (tilt * tilt) - 1.0
    facets = np.exp(-slope_squared / variance) / (np.pi * variance)
    seen = np.maximum(eye, _MIN_MU) * (1.0 + hidden_slopes(eye, variance) + hidden_slopes(sun, variance))
    light = np.pi * fresnel(half) * facets / (4.0 * seen * tilt**4)
    return np.where(sun > 0.0, light, 0.0)


def fresnel_power(wind_m_s: float) -> float:
    """Return the exponent of :func:`mean_fresnel`."""
    sigma = float(np.sqrt(0.5 * slope_variance(wind_m_s)))
    return float(5.0 * np.exp(-2.69 * sigma) / (1.0 + 22.7 * sigma**1.5))


def mean_fresnel(mu: ArrayLike, wind_m_s: float) -> Floats:
    """Return the reflectance (...) of the rough sea for the sky by the cosine of the eye's zenith angle.

    It is the fit of Bruneton, Neyret and Holzschuch 2010 (Computer Graphics Forum 29, 487).
    """
    fall = (1.0 - np.clip(np.asarray(mu, float), 0.0, 1.0)) ** fresnel_power(wind_m_s)
    return np.asarray(NORMAL_REFLECTANCE + (1.0 - NORMAL_REFLECTANCE) * fall)


def foam_reflectance(wind_m_s: float) -> float:
    """Return the mean Lambert albedo that whitecaps add to the sea.

    Notes
    -----
    Their share is 2.95e-6 U^3.52 (Monahan and O'Muircheartaigh 1980, J. Phys. Oceanogr. 10, 2094), their albedo 0.22
    (Koepke 1984, Applied Optics 23, 1816).
    """
    return float(0.22 * min(2.95e-6 * wind_m_s**3.52, 1.0))


def sea_ice_edges(solar_longitude: float) -> tuple[float, float]:
    """Return the latitudes (rad) of the edges of the sea ice at an Ls (rad), the same at all longitudes (assumed).

    Notes
    -----
    Between the mean extents of NSIDC's index: in the Arctic 15 million km2 in March and 6 in September, of which land
    takes a share; around Antarctica 3 in February and 18.5 in September (Fetterer et al. 2017).
    """
    late_winter = np.cos(solar_longitude)  # March in the north
    return float(np.radians(76.0 - 4.0 * late_winter)), float(np.radians(-66.0 - 4.0 * late_winter))
