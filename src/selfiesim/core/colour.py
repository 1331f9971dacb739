"""The renderer's three bands as sRGB colours, and the sRGB transfer functions (IEC 61966-2-1).

A band value is a reflectance, or light over that of a white surface in sunlight: the mean under sunlight with a
Gaussian weight of 80 nm full width at half maximum, centred on 620, 550 or 460 nm. The bands are wavelengths and not
colours: a matrix turns them into the linear sRGB that a viewer sees, and its inverse turns sRGB colours into bands.

All functions keep the precision of their input: float64 gives float64, float32 gives float32.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

_Float = TypeVar("_Float", bound=np.floating[Any])

BAND_FWHM_NM = 80.0
"""Full width at half maximum of the Gaussian weight that defines a band, nm."""

SRGB_FROM_BANDS = np.array(
    [
        [1.4278, -0.3896, -0.0382],
        [-0.2368, 1.3459, -0.1091],
        [0.0032, -0.2600, 1.2568],
    ]
)
"""Matrix (3, 3) from bands R, G, B relative to a sunlit white to linear sRGB; its rows sum to 1, so neutral is neutral.

Fitted by design/fit_colour_matrix.py to 14 public spectra: bright and dark ground, disc, soils and ice of Mars (Singer
et al. 1979; McCord and Westphal 1971; Pathfinder; Phoenix), a leaf, the ocean, Kapton on aluminium, two solar cells,
white and grey paint. Their colours are CIE 1931 under the Sun of CALSPEC, adapted to D65 (Bradford). The difference
CIEDE2000 is 0.55 on the mean and at most 1.15; design/colour.md lists all.
"""

MATRIX_NAME = "selfiesim-14-spectra"
"""Name of :data:`SRGB_FROM_BANDS` in recipes; a refitted matrix gets another."""

BANDS_FROM_SRGB = np.linalg.inv(SRGB_FROM_BANDS)
"""Matrix (3, 3) from linear sRGB to the bands, the inverse: no entry is negative, so neither is a colour's band."""


def linear_srgb_from_bands(bands: NDArray[_Float]) -> NDArray[_Float]:
    """Return linear sRGB of band values relative to a sunlit white.

    Parameters
    ----------
    bands : (..., 3) float
        Red, green and blue band, 1 for a sunlit white.

    Returns
    -------
    (..., 3) float
        Linear sRGB, 1 for white; a colour outside sRGB has a value below 0.
    """
    return np.asarray(bands @ SRGB_FROM_BANDS.T.astype(bands.dtype))


def bands_from_linear_srgb(linear: NDArray[_Float]) -> NDArray[_Float]:
    """Return the band values (..., 3) of linear sRGB (..., 3), the inverse of :func:`linear_srgb_from_bands`."""
    return np.asarray(linear @ BANDS_FROM_SRGB.T.astype(linear.dtype))


def linear_from_srgb(srgb: NDArray[_Float]) -> NDArray[_Float]:
    """Decode sRGB values to linear light.

    Parameters
    ----------
    srgb : (...) float
        Display values, 1 for white. Divide 8-bit codes by 255 first.

    Returns
    -------
    (...) float
        Linear light, 1 for white; values below 0 stay on the linear segment.
    """
    curve = ((np.maximum(srgb, 0.0) + 0.055) / 1.055) ** 2.4
    return np.asarray(np.where(srgb <= 0.04045, srgb / 12.92, curve))


def srgb_from_linear(linear: NDArray[_Float]) -> NDArray[_Float]:
    """Encode linear light as sRGB values.

    Parameters
    ----------
    linear : (...) float
        Linear light, 1 for white.

    Returns
    -------
    (...) float
        Display values, 1 for white; values below 0 stay on the linear segment.
    """
    curve = 1.055 * np.maximum(linear, 1e-9) ** (1.0 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, curve))
