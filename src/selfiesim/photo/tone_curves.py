"""Tone curves and the sRGB transfer function: from linear light to the pixel values of a picture."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import srgb_from_linear
from selfiesim.photo.optics import Floats

_Number = TypeVar("_Number", np.uint8, np.uint16)
_KNEE = 0.6
_LUT_SIZE = 4096
_UINT16_PER_UINT8 = 257  # 16-bit steps per 8-bit step
MAX_LINEAR = 4.0  # times saturation: there the shoulder has reached white to within a step of 8 bits

# In the manner of AgX (T. Sobotka), with our own parameters: colours are desaturated before a sigmoid of the light's
# logarithm, so that bright ones fade to white instead of shifting in hue.
_AGX_INSET = 0.10
_AGX_STOPS = (-10.0, 3.0)
_AGX_CONTRAST = 6.2


def shoulder(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear up to 0.6 of saturation, then an exponential shoulder that keeps detail in the highlights."""
    room = np.float32(1.0 - _KNEE)
    above = np.maximum(linear - np.float32(_KNEE), 0.0)
    return np.asarray(np.minimum(linear, np.float32(_KNEE)) + room * (1.0 - np.exp(-above / room)), np.float32)


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
