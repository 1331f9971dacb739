"""From the three bands to pixel values: linear sRGB within its gamut, tone curves, the sRGB transfer function."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import SRGB_FROM_BANDS, srgb_from_linear
from selfiesim.core.parallel import weighted_sum
from selfiesim.photo.optics import Floats

_Number = TypeVar("_Number", np.uint8, np.uint16)
_KNEE = 0.6
_LUT_SIZE = 4096
_UINT16_PER_UINT8 = 257  # 16-bit steps per 8-bit step
MAX_LINEAR = 8.0
"""Light that comes out white, times saturation: three stops above it, as in AgX."""

LUMINANCE_OF_SRGB = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Luminance of linear sRGB (IEC 61966-2-1)."""

_GAMUT_KNEE = 0.9
"""Saturation up to which colours stay as they are; 1 is the edge of sRGB, where the least primary is 0."""

# In the manner of AgX (T. Sobotka), with our own parameters: colours are desaturated before a sigmoid of the light's
# logarithm, so that bright ones fade to white instead of shifting in hue.
_AGX_INSET = 0.10
_AGX_STOPS = (-10.0, 3.0)
_AGX_CONTRAST = 6.2


def shoulder(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear up to 0.6 of saturation, then a soft shoulder, which reaches white three stops above saturation.

    The shoulder is the curve of Reinhard, Stark, Shirley and Ferwerda (2002), "Photographic tone reproduction for
    digital images", equation 4, L (1 + L / white^2) / (1 + L), begun at the knee, where its slope is 1. White paint and
    metal in sunlight, one to three times as bright as what saturates the exposure, keep their shading.
    """
    room = np.float32(1.0 - _KNEE)
    above = np.clip(linear - np.float32(_KNEE), 0.0, np.float32(MAX_LINEAR - _KNEE)) / room
    white = np.float32((MAX_LINEAR - _KNEE) / (1.0 - _KNEE))
    bent = above * (1.0 + above / white**2) / (1.0 + above)
    return np.asarray(np.minimum(np.minimum(linear, np.float32(_KNEE)) + room * bent, 1.0), np.float32)


def filmic(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """K. Narkowicz's fit (2016) of the ACES reference rendering, scaled so that middle grey 0.18 stays at 0.18."""

    def fit(x: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14))

    return fit(linear * 0.6028)


def agx(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """A sigmoid over 13 stops, from 10 below to 3 above saturation; middle grey stays at 0.18."""
    low, high = _AGX_STOPS
    share = np.clip((np.log2(np.maximum(linear, 1e-9)) - low) / (high - low), 0.0, 1.0)
    pivot = (np.log2(0.18) - low) / (high - low)
    grey = 0.18 ** (1 / 2.2)  # as encoded for a display with gamma 2.2

    def bend(x: NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(1.0 / (1.0 + np.exp(-_AGX_CONTRAST * (np.asarray(x) - pivot))))

    toe, top = bend(0.0), bend(1.0)
    half = bend(pivot)
    curve = np.where(
        share < pivot,
        grey * (bend(share) - toe) / (half - toe),
        grey + (1 - grey) * (bend(share) - half) / (top - half),
    )
    return np.asarray(curve**2.2)


_CURVES: dict[str, Any] = {"linear": lambda x: np.minimum(x, 1.0), "shoulder": shoulder, "filmic": filmic, "agx": agx}
TONES = tuple(_CURVES)


@lru_cache(maxsize=16)
def tone_lut(tone: str, white: float, bits: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Lookup table of pixel values for linear light, 0 to ``white``, spaced by its square root.

    Parameters
    ----------
    tone : str
        One of :data:`TONES`.
    white : float
        Linear light of the last entry, which is white, as a multiple of saturation.
    bits : int
        8 or 16.

    Returns
    -------
    (4096,) uint8 or (65536,) uint16
        sRGB.
    """
    steps = _LUT_SIZE if bits == 8 else 65536
    linear = white * np.linspace(0.0, 1.0, steps) ** 2
    curve = np.asarray(_CURVES[tone](linear.astype(np.float32) if bits == 8 else linear), float)
    if white < MAX_LINEAR or tone in ("filmic", "agx"):  # the others reach white by MAX_LINEAR by themselves
        curve = curve / curve[-1]
    numbers = np.round((2**bits - 1) * srgb_from_linear(np.clip(curve, 0.0, 1.0)))
    return np.asarray(numbers.astype(np.uint8 if bits == 8 else np.uint16))


def desaturation_matrix(share: float) -> Floats:
    """Matrix (3, 3) that desaturates colours by ``share``; its rows sum to 1."""
    return ((1.0 - share) * np.eye(3) + share / 3.0).astype(np.float32)


def tone_inset(tone: str) -> Floats | None:
    """Matrix (3, 3) to apply before a tone curve, or None."""
    return desaturation_matrix(_AGX_INSET) if tone == "agx" else None


def apply_lut(linear: Floats, lut: NDArray[_Number], white: float) -> NDArray[_Number]:
    """Look up linear light, 0 to ``white``, in a table of :func:`tone_lut`; NaN becomes black. Same shape."""
    index = np.multiply(linear, np.float32(1.0 / white))
    np.fmax(index, 0.0, out=index)  # fmax and fmin ignore NaN
    np.fmin(index, 1.0, out=index)
    np.sqrt(index, out=index)
    index *= np.float32(len(lut) - 1)
    index += np.float32(0.5)
    return np.take(lut, index.astype(np.uint16))


@lru_cache(maxsize=16)
def dither_lut(tone: str, white: float) -> NDArray[np.uint16]:
    """16-bit :func:`tone_lut` for :func:`dither_to_8bit`, in which 8-bit black and white are exact: no dither."""
    numbers = tone_lut(tone, white, 16).astype(np.uint16)
    numbers[numbers < 0.5 * _UINT16_PER_UINT8] = 0
    numbers[numbers >= 254.5 * _UINT16_PER_UINT8] = 65535
    return numbers


def dither_to_8bit(numbers: NDArray[np.uint16], first_row: int) -> NDArray[np.uint8]:
    """Reduce pixels to 8 bits with a fixed dither pattern that preserves local means.

    A clear sky changes by less than a step from pixel to pixel; plain rounding would show bands. Values that are whole
    8-bit steps, such as black and white, are unchanged.

    Parameters
    ----------
    numbers : (h, W, 3) uint16
        Rows of a picture.
    first_row : int
        Row of the picture at which they begin.

    Returns
    -------
    (h, W, 3) uint8
        The same rows.
    """
    # Points of Roberts' R2 sequence are evenly spread over any neighbourhood.
    down = (0.5698402909980532 * np.arange(first_row, first_row + len(numbers))) % 1.0
    across = (0.7548776662466927 * np.arange(numbers.shape[1])) % 1.0
    pattern = (down[:, None] + across).astype(np.float32)
    pattern -= np.floor(pattern)
    steps = numbers.astype(np.float32)
    steps *= np.float32(1.0 / _UINT16_PER_UINT8)
    steps += (np.float32(0.001) + np.float32(0.998) * pattern)[..., None]
    return steps.astype(np.uint8)


def colours_before_tone(tone: str) -> NDArray[np.float64]:
    """Return the matrix (3, 3) from balanced bands to what a tone curve takes: linear sRGB, for AgX less saturated."""
    inset = tone_inset(tone)
    return SRGB_FROM_BANDS if inset is None else inset @ SRGB_FROM_BANDS


def mix_colours(planes: Floats, matrix: Floats) -> Floats:
    """Return linear sRGB (3, h, W) of planes (3, h, W) by a matrix (3, 3), all of it within sRGB."""
    mixed = np.stack([weighted_sum(planes, row) for row in matrix])
    compress_gamut(mixed)
    return mixed


def compress_gamut(planes: Floats) -> None:
    """Draw colours near and beyond the edge of sRGB toward the grey of their luminance, in place.

    Saturation s is the least primary's distance below the luminance, over the luminance. Beyond the knee k it becomes
    k + (1 - k) u / (1 + u) with u = (s - k) / (1 - k), which is smooth and stays below 1. What has no luminance, such
    as noise below the black level, becomes black.

    Parameters
    ----------
    planes : (3, h, W) float32
        Linear sRGB, contiguous.
    """
    grey = weighted_sum(planes, LUMINANCE_OF_SRGB)
    least = np.minimum(planes[0], planes[1])
    np.minimum(least, planes[2], out=least)
    outside = np.flatnonzero(least < np.float32(1.0 - _GAMUT_KNEE) * grey)
    if not outside.size:
        return
    flat = planes.reshape(3, -1)
    grey, least = np.maximum(grey.ravel()[outside], 0.0), least.ravel()[outside]
    saturation = (grey - least) / np.maximum(grey, np.float32(1e-12))
    above = (saturation - np.float32(_GAMUT_KNEE)) / np.float32(1.0 - _GAMUT_KNEE)
    kept = np.float32(_GAMUT_KNEE) + np.float32(1.0 - _GAMUT_KNEE) * above / (1.0 + above)
    flat[:, outside] = np.maximum(grey + (flat[:, outside] - grey) * (kept / saturation), 0.0)
