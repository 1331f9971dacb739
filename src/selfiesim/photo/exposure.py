"""Exposure: shutter time, f-number and ISO, with a light meter that chooses the shutter time.

Sensitivity is the saturation-based speed of ISO 12232: the sensor saturates at an exposure of 78 / ISO lux seconds, and
the exposure behind a lens is 0.65 * luminance * shutter / f_number^2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.parallel import for_each_band
from selfiesim.photo.tone_curves import MAX_LINEAR, tone_lut
from selfiesim.scene.photo import MAX_SHUTTER_S, MIN_SHUTTER_S

if TYPE_CHECKING:
    from selfiesim.render.common.truth import Truth
    from selfiesim.scene.photo import PhotoSection

# Luminous efficacy (lm/W) times the width of the eye's response (nm): CIE 1924 V(lambda).
_LUMEN_NM_PER_WATT = 683.0 * 106.857
# V(lambda) at 620, 550 and 460 nm (0.381, 0.995, 0.060), scaled to a sum of 1.
LUMINANCE_SHARE = np.array([0.2653, 0.6929, 0.0418])

# Levels of the meter, as fractions of saturation.
MIDDLE_GREY = 0.16  # for the geometric mean of the lit blocks
HIGHLIGHT_SHARE = 0.003  # fraction of the lit blocks that may exceed the limit or target below
HIGHLIGHT_LIMIT = 2.6
CRAFT_HIGHLIGHTS = 0.02
"""Share of the sunlit craft that the subject meter lets burn out."""
CLIPPED_LEVEL = 250
"""8-bit value at and above which a pixel counts as burnt out."""
BLACK_LEVEL = 5
"""8-bit value at and below which a pixel counts as black."""
_CLIPPING_MARGIN, _SENSOR_MARGIN = 4, 0.65  # levels, for dither; share of saturation, for noise and sharpening
_FIRST_PART = 2  # of the craft, among the part numbers of the truth
_SUNLIT = 0.5  # visible share of the Sun from which a surface counts as sunlit
HIGHLIGHT_TARGET = 0.9
# Luminances in units of a sunlit white wall.
_LIT_THRESHOLD = 1e-4  # darker pixels are sky or night
FAINT_THRESHOLD = 1e-7
"""The same in a frame that has no such pixels: a Moon in the Earth's shadow counts, most stars do not."""
_FAINT_SHARE = 0.02  # of the frame's blocks that must be lit to count then; fewer are stars
_SUN_DISC_THRESHOLD = 1e3  # brighter pixels are the Sun's disc or its mirror image


@dataclass(frozen=True)
class Exposure:
    """Settings of the camera.

    Attributes
    ----------
    shutter_s : float
        Exposure time, with ``stops`` applied.
    f_number, iso : float
        Aperture and sensitivity.
    stops : float
        Exposure compensation, EV.
    metered : bool
        Whether the meter chose the exposure time.
    meter : str
        ``"matrix"``, ``"centre"``, ``"highlight"`` or ``"subject"``.
    """

    shutter_s: float
    f_number: float
    iso: float
    stops: float
    metered: bool
    meter: str = "matrix"

    @property
    def saturation_luminance(self) -> float:
        """Luminance, cd/m2, that saturates the sensor."""
        return 78.0 * self.f_number**2 / (0.65 * self.iso * self.shutter_s)

    def __str__(self) -> str:
        shutter = f"1/{1.0 / self.shutter_s:.0f} s" if self.shutter_s < 0.5 else f"{self.shutter_s:.2g} s"
        return f"{shutter}, f/{self.f_number:g}, ISO {self.iso:.4g}" + (
            f" (metered: {self.meter})" if self.metered else ""
        )


def white_light(illuminant: NDArray[np.float64], options: PhotoSection) -> NDArray[np.float64]:
    """Return the light (3,) that comes out white: that of the Sun, or by ``photo.white`` another as bright.

    Parameters
    ----------
    illuminant : (3,) array
        Irradiance of the Sun, W m^-2 nm^-1.
    options : PhotoSection
        The ``[photo]`` section.
    """
    if options.white is None:
        return illuminant
    other = illuminant * np.array(options.white)
    return np.asarray(other * ((illuminant @ LUMINANCE_SHARE) / (other @ LUMINANCE_SHARE)))


def limit_shutter(seconds: float) -> float:
    """Return the exposure time nearest to ``seconds`` that the scene key ``photo.shutter_s`` allows."""
    return min(max(seconds, MIN_SHUTTER_S), MAX_SHUTTER_S)


def set_exposure(options: PhotoSection, iso: float, metered_s: float | None = None) -> Exposure:
    """Return the exposure of a ``[photo]`` section at a sensitivity, with its compensation applied.

    ``metered_s`` is the light meter's exposure time, None where the section gives one itself.
    """
    seconds = options.shutter_s if metered_s is None else metered_s
    assert seconds != "auto"
    shutter = limit_shutter(seconds * 2.0**options.stops)
    return Exposure(shutter, options.f_number, iso, options.stops, metered_s is not None, options.meter)


def luminance(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Luminance (...), cd/m2, of spectral radiance (..., 3), W m^-2 sr^-1 nm^-1, at the three bands."""
    return np.asarray(rgb @ (LUMINANCE_SHARE * _LUMEN_NM_PER_WATT).astype(np.float32))


def metered_shutter(
    rgb: NDArray[np.float32],
    sunlit_white: float,
    f_number: float,
    iso: float,
    meter: str = "matrix",
    highlight_limit: float = HIGHLIGHT_LIMIT,
) -> float:
    """Meter a frame.

    Parameters
    ----------
    rgb : (H, W, 3) float32
        Spectral radiance, W m^-2 sr^-1 nm^-1.
    sunlit_white : float
        Luminance of a white wall that faces the Sun, cd/m2: the threshold for lit pixels scales with it, and a frame
        without any light is exposed for it.
    f_number, iso : float
        Aperture and sensitivity.
    meter : str
        ``"matrix"``: middle grey for all lit blocks, darker where highlights would exceed the limit; ``"centre"``:
        middle grey for the lit blocks in the middle fifth of the frame; ``"highlight"``: the brightest blocks just
        below saturation; ``"subject"``: as ``"matrix"``, for which see :func:`protect_subject` too.
    highlight_limit : float
        Highest level of the matrix meter's highlights, as a multiple of saturation.

    Returns
    -------
    float
        Exposure time, s.
    """
    window = rgb[metered_window(meter, *rgb.shape[:2])]
    lit = lit_blocks(window, sunlit_white)
    if not lit.size:
        faint = lit_blocks(window, sunlit_white, FAINT_THRESHOLD)
        lit = faint if is_seen(faint, window.shape) else lit
    return shutter_for(lit, sunlit_white, f_number, iso, meter, highlight_limit)


def metered_window(meter: str, height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of a frame that a meter measures."""
    if meter != "centre":
        return slice(0, height), slice(0, width)
    rows, columns = (slice(int(0.28 * n), max(int(np.ceil(0.72 * n)), 1)) for n in (height, width))
    return rows, columns


def shutter_for(
    lit: NDArray[np.float32], sunlit_white: float, f_number: float, iso: float, meter: str, highlight_limit: float
) -> float:
    """Exposure time, s, from the luminances (N,) of a frame's lit blocks; see :func:`metered_shutter`."""
    full = sunlit_white
    if lit.size:
        mean = float(np.exp(np.log(lit).mean()))
        highlight = float(np.quantile(lit, 1.0 - HIGHLIGHT_SHARE))
        full = {
            "matrix": max(mean / MIDDLE_GREY, highlight / highlight_limit),
            "centre": mean / MIDDLE_GREY,
            "highlight": highlight / HIGHLIGHT_TARGET,
            "subject": max(mean / MIDDLE_GREY, highlight / highlight_limit),
        }[meter]
    return 78.0 * f_number**2 / (0.65 * iso * full)


def white_balance(irradiance: NDArray[np.floating[Any]], exposure: Exposure) -> NDArray[np.float32]:
    """Factors (3,) from radiance to balanced bands: sunlit white is neutral and 1 is the saturation of the exposure.

    A colour matrix follows, see :data:`selfiesim.core.colour.SRGB_FROM_BANDS`.

    Parameters
    ----------
    irradiance : (3,) array
        Of the Sun, W m^-2 nm^-1.
    exposure : Exposure
        Settings of the camera.

    Returns
    -------
    (3,) float32
        m^2 sr nm W^-1.
    """
    sun = np.asarray(irradiance, np.float32)
    balance = float(sun @ LUMINANCE_SHARE.astype(np.float32)) / sun
    full = exposure.saturation_luminance * float(sun @ LUMINANCE_SHARE)
    return np.asarray(balance * np.float32(float(luminance(sun)) / full), np.float32)


def sunlit_craft(truth: Truth) -> NDArray[np.bool_]:
    """Return which pixels (H, W) show craft in sunlight."""
    return (truth.part >= _FIRST_PART) & (truth.sun_visibility > _SUNLIT)


def protect_subject(shutter_s: float, colours: NDArray[np.float32], scale: float, tone: str, has_sensor: bool) -> float:
    """Shorten an exposure until no more than :data:`CRAFT_HIGHLIGHTS` of the sunlit craft burn out.

    Parameters
    ----------
    shutter_s : float
        Exposure time of another meter.
    colours : (N, 3) float32
        Linear sRGB of the pixels that show sunlit craft, in any unit.
    scale : float
        Factor from that unit to saturation at ``shutter_s``.
    tone : str
        Name of the tone curve.
    has_sensor : bool
        Whether light above saturation is lost before development.

    Returns
    -------
    float
        Exposure time, s; ``shutter_s`` if it does, or without such pixels.
    """
    if not len(colours):
        return shutter_s
    brightest = float(np.quantile(colours.max(axis=1), 1.0 - CRAFT_HIGHLIGHTS)) * scale
    limit = _highlight_limit(tone, has_sensor)
    return shutter_s * min(1.0, limit / brightest) if brightest > 0.0 else shutter_s


def stops_held(tone: str, has_sensor: bool) -> float:
    """Return how many stops a picture holds, from the darkest light that is not black to highlights that are kept.

    Parameters
    ----------
    tone : str
        Name of the tone curve.
    has_sensor : bool
        Whether light above saturation is lost before development.
    """
    return float(np.log2(_highlight_limit(tone, has_sensor) / _light_shown_as(BLACK_LEVEL + 1, tone, has_sensor)))


def _highlight_limit(tone: str, has_sensor: bool) -> float:
    """Return the light, as a multiple of saturation, up to which the subject meter lets highlights go."""
    limit = _light_shown_as(CLIPPED_LEVEL - _CLIPPING_MARGIN, tone, has_sensor)
    return limit * (_SENSOR_MARGIN if has_sensor else 1.0)


def _light_shown_as(level: int, tone: str, has_sensor: bool) -> float:
    """Return the least light that is shown as an 8-bit ``level``, as a multiple of saturation."""
    white = 1.0 if has_sensor else MAX_LINEAR
    lut = tone_lut(tone, white, 8)
    return float(white * (int(np.searchsorted(lut, level)) / (len(lut) - 1)) ** 2)


def is_seen(faint: NDArray[np.float32], shape: tuple[int, ...]) -> bool:
    """Whether faintly lit blocks (N,) of a frame of ``shape`` are more than stars."""
    side = min(8, *shape[:2])
    return faint.size >= _FAINT_SHARE * (shape[0] // side) * (shape[1] // side)


def lit_blocks(rgb: NDArray[np.float32], sunlit_white: float, threshold: float = _LIT_THRESHOLD) -> NDArray[np.float32]:
    """Mean luminance (N,), cd/m2, of the lit pixels in each block of 8x8 pixels that has any.

    Blocks keep glints of single pixels from driving the meter. Blocks with part of the Sun's disc are left out.
    """
    side = min(8, *rgb.shape[:2])
    rows, columns = (n // side for n in rgb.shape[:2])
    dark, dazzling = threshold * sunlit_white, _SUN_DISC_THRESHOLD * sunlit_white
    found: dict[int, NDArray[np.float32]] = {}

    def work(number: int, band: slice) -> None:
        whole = (min(band.stop, rows * side) - band.start) // side
        if whole <= 0:
            return
        light = luminance(rgb[band.start : band.start + whole * side, : columns * side])
        light[light <= dark] = 0.0
        # Columns first, then rows: many times faster than both at once.
        tall = light.reshape(whole, side, -1)
        total = tall.sum(axis=1).reshape(whole, columns, side).sum(axis=-1)
        count = (tall > 0.0).sum(axis=1, dtype=np.uint8).reshape(whole, columns, side).sum(axis=-1, dtype=np.uint8)
        used = (count > 0) & (tall.max(axis=1).reshape(whole, columns, side).max(axis=-1) < dazzling)
        found[number] = np.asarray(total[used] / count[used], np.float32)

    for_each_band(len(rgb), work)
    return np.concatenate([found[number] for number in sorted(found)])
