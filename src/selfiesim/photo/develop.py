"""Development: from radiance to an sRGB picture of 8 or 16 bits, through lens and sensor where the look has them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.colour import SRGB_FROM_BANDS
from selfiesim.core.equality import EqualByContent
from selfiesim.core.errors import PhotoError
from selfiesim.core.parallel import for_each_band, weighted_sum
from selfiesim.photo import optics, sensor
from selfiesim.photo.annotations import draw_marks
from selfiesim.photo.camera_model import apply_lens, build_lens, build_sensor, camera_iso, focal_length_m
from selfiesim.photo.demosaic import MARGIN, demosaic, pad_mosaic
from selfiesim.photo.exposure import (
    HIGHLIGHT_LIMIT,
    Exposure,
    luminance,
    metered_shutter,
    protect_subject,
    set_exposure,
    sunlit_craft,
    white_balance,
    white_light,
)
from selfiesim.photo.finish import sharpen_and_compress
from selfiesim.photo.looks import LOOKS
from selfiesim.photo.tone_curves import (
    MAX_LINEAR,
    apply_lut,
    colours_before_tone,
    dither_lut,
    dither_to_8bit,
    mix_colours,
    shoulder,
    tone_inset,
    tone_lut,
)
from selfiesim.photo.vignetting import transmission, vignetting

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Radiance
    from selfiesim.scene.photo import PhotoSection
    from selfiesim.view.poses import Sun
    from selfiesim.view.view import View

__all__ = ["Photo", "develop", "expose", "shoulder"]

_LINEAR_LIMIT = 1e4  # times saturation: brighter is white, and infinite radiance stays out of the matrix
SENSOR_HIGHLIGHTS = 1.25  # a sensor clips at 1: the meter lets the few brightest blocks exceed it by a third of a stop
Pixels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, eq=False)
class Photo(EqualByContent):
    """A developed picture.

    Attributes
    ----------
    pixels : (H, W, 3) uint8
        sRGB, row 0 at the top.
    exposure : Exposure
        Settings of the camera.
    radiance : Radiance
        The rendered light.
    settings : PhotoSection
        The scene's ``[photo]`` section, with changed keys.
    tone : str
        Name of the tone curve.
    raw : (1 or 3, H, W) uint16 or float32, optional
        Digital numbers of the sensor; None for the look ``clean``, which has no sensor.
    sensor : Sensor, optional
        The sensor at this exposure.
    """

    pixels: NDArray[np.uint8]
    exposure: Exposure
    radiance: Radiance = field(repr=False)
    settings: PhotoSection = field(repr=False)
    tone: str = "shoulder"
    raw: NDArray[np.uint16] | optics.Floats | None = field(default=None, repr=False)
    sensor: sensor.Sensor | None = field(default=None, repr=False)

    @property
    def focal_length_m(self) -> float:
        """Focal length, m, that gives the picture's field of view with the sensor's pixel pitch."""
        return focal_length_m(self.radiance.view, self.settings)

    def pixels_sha256(self) -> str:
        """SHA-256 of the 8-bit pixels, row by row.

        Returns
        -------
        str
            64 hexadecimal digits, as in the recipe.
        """
        return hashlib.sha256(np.ascontiguousarray(self.pixels).tobytes()).hexdigest()

    @cached_property
    def pixels16(self) -> NDArray[np.uint16]:
        """The picture developed to 16 bits, (H, W, 3) sRGB, without sharpening and JPEG compression."""
        if self.raw is None or self.sensor is None:
            scale = white_balance(white_light(self.radiance.view.sun.illuminant, self.settings), self.exposure)
            numbers = develop(self.radiance.rgb, scale, self.tone, 16)
        else:
            numbers = develop_raw(self.raw, self.sensor, self.radiance.view, self.settings, 16)
        return draw_marks(np.asarray(numbers, np.uint16), self.radiance.view, self.settings.marks)

    def save(
        self, path: str | Path, bits: int = 8, half: bool = True, dpi: float | None = None, lights: bool = False
    ) -> Path:
        """Write a picture with its recipe inside, and the same recipe as a JSON file next to it.

        Parameters
        ----------
        path : str or Path
            The file. Its extension sets the format: ``.png``, ``.tif`` or ``.jpg`` for the picture; ``.exr`` or
            ``.npz`` for radiance, depth and the other layers of ground truth.
        bits : int
            8, or 16 for PNG and TIFF.
        half : bool
            Whether EXR stores light and colours in half precision.
        dpi : float, optional
            Resolution in print, pixels per inch.
        lights : bool
            Whether EXR holds each kind of light on its own as well, in full precision.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OutputError
            For another extension or bit depth, or a folder that cannot be written to.
        """
        from selfiesim.files.images import save

        return save(self, Path(path), bits, half, dpi, lights)

    def _repr_png_(self) -> bytes:
        from selfiesim.files.images import png_bytes

        return png_bytes(self)

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"Photo({width}x{height}, {self.exposure}, look {self.settings.look!r}, tone {self.tone!r})"


def expose(radiance: Radiance, **settings: Any) -> Photo:
    """Expose and develop a render.

    Parameters
    ----------
    radiance : Radiance
        The rendered light.
    **settings
        Replace keys of the scene's ``[photo]`` section, with ``__`` for the dot: ``detector__preset="cmv4000"``.

    Returns
    -------
    Photo
        The picture.

    Raises
    ------
    SceneError
        For an unknown setting or a value out of range.
    PhotoError
        For radiance that is not finite.
    """
    shot = radiance.view.shot
    options = shot.photo.with_changes(shot.source, **settings) if settings else shot.photo
    check_finite(radiance.rgb)
    if options.look == "clean":
        exposure = _resolve_exposure(radiance, options, options.iso, HIGHLIGHT_LIMIT)
        tone = options.tone or LOOKS["clean"].tone
        scale = white_balance(white_light(radiance.view.sun.illuminant, options), exposure)
        pixels = develop(radiance.rgb, scale, tone)
        return Photo(draw_marks(pixels, radiance.view, options.marks), exposure, radiance, options, tone)  # type: ignore[arg-type]
    return _expose_sensor(radiance, options)


def check_finite(rgb: NDArray[np.float32]) -> None:
    """Check that radiance (H, W, 3) is finite.

    Raises
    ------
    PhotoError
        Gives the number of pixels that are not.
    """
    bad: list[int] = []

    def work(_number: int, rows: slice) -> None:
        # The sum of the extremes is finite if and only if all values are.
        if not np.isfinite(rgb[rows].max(initial=0.0) + rgb[rows].min(initial=0.0)):
            bad.append(int((~np.isfinite(rgb[rows])).any(axis=-1).sum()))

    for_each_band(len(rgb), work)
    if bad:
        raise PhotoError(f"radiance: {sum(bad)} pixels are infinite or not a number; such a frame cannot be exposed")


def _expose_sensor(radiance: Radiance, options: PhotoSection) -> Photo:
    """Expose through lens and sensor, and develop."""
    view = radiance.view
    exposure = _resolve_exposure(radiance, options, camera_iso(view, options), SENSOR_HIGHLIGHTS)
    image_sensor = build_sensor(view, options, exposure)
    camera_lens = build_lens(view, options)
    raw = sensor.simulate_raw(apply_lens(radiance, camera_lens, image_sensor), transmission(camera_lens), image_sensor)
    shown = develop_raw(raw, image_sensor, view, options, 8)
    pixels = draw_marks(postprocess(shown, options, image_sensor), radiance.view, options.marks)  # type: ignore[arg-type]
    return Photo(pixels, exposure, radiance, options, options.tone or LOOKS[options.look].tone, raw, image_sensor)


def postprocess(pixels: NDArray[np.uint8], options: PhotoSection, image_sensor: sensor.Sensor) -> NDArray[np.uint8]:
    """Apply the sharpening and JPEG compression of the look, where they are on."""
    look = LOOKS[options.look]
    sharpening = look.sharpening if options.sharpening is None else options.sharpening
    return sharpen_and_compress(
        pixels,
        sharpening if "sharpening" in image_sensor.on else 0.0,
        (options.jpeg_quality or look.jpeg_quality) if "jpeg" in image_sensor.on else None,
    )


def _resolve_exposure(radiance: Radiance, options: PhotoSection, iso: float, highlight_limit: float) -> Exposure:
    if options.shutter_s != "auto":
        return set_exposure(options, iso)
    white = sunlit_white_luminance(radiance.view.sun)
    metered = metered_shutter(radiance.rgb, white, options.f_number, iso, options.meter, highlight_limit)
    return protect(radiance, options, set_exposure(options, iso, metered))


def protect(radiance: Radiance, options: PhotoSection, exposure: Exposure) -> Exposure:
    """Return the exposure, shortened by the subject meter for the craft that ``radiance`` shows."""
    if options.meter != "subject" or not exposure.metered:
        return exposure
    colours = radiance.rgb[sunlit_craft(radiance.truth)] @ (
        SRGB_FROM_BANDS * white_balance(white_light(radiance.view.sun.illuminant, options), exposure)
    ).T.astype(np.float32)
    look = LOOKS[options.look]
    tone = options.tone or look.tone
    # The compensation comes on top of what the meter chooses.
    shutter = exposure.shutter_s / 2.0**options.stops
    shorter = protect_subject(shutter, colours, 2.0**-options.stops, tone, options.look != "clean")
    return set_exposure(options, exposure.iso, shorter)


def sunlit_white_luminance(sun: Sun) -> float:
    """Luminance, cd/m2, of a white wall that faces the Sun, or under the sky where hardly any sunlight gets through."""
    return float(luminance(np.asarray(sun.illuminant, np.float32) / np.float32(np.pi)))


def develop(
    rgb: NDArray[np.float32], scale: NDArray[np.float32], tone: str = "shoulder", bits: int = 8, first_row: int = 0
) -> Pixels:
    """Develop radiance without a sensor: white balance, colour matrix, tone curve and sRGB transfer function.

    Tone curve and transfer function are combined in one lookup table, spaced by the square root of the light so that
    shadows keep their resolution. Output of 8 bits is dithered, which avoids bands in smooth skies.

    Parameters
    ----------
    rgb : (H, W, 3) float32
        Radiance, W m^-2 sr^-1 nm^-1.
    scale : (3,) float32
        Factors to balanced bands, from :func:`white_balance`.
    tone : str
        Name of the tone curve.
    bits : int
        8 or 16.
    first_row : int
        Row of the picture at which ``rgb`` begins, for the dither pattern.

    Returns
    -------
    (H, W, 3) uint8 or uint16
        sRGB.
    """
    lut = dither_lut(tone, MAX_LINEAR) if bits == 8 else tone_lut(tone, MAX_LINEAR, bits).astype(np.uint16)
    colours = (colours_before_tone(tone) * scale).astype(np.float32)
    brightest = np.float32(_LINEAR_LIMIT / float(scale.max()))
    out = np.empty(rgb.shape, np.uint8 if bits == 8 else np.uint16)

    def work(_number: int, rows: slice) -> None:
        light = np.empty((3, *rgb[rows].shape[:2]), np.float32)
        np.clip(np.moveaxis(rgb[rows], -1, 0), np.float32(0.0), brightest, out=light)
        numbers = np.empty(rgb[rows].shape, np.uint16)
        for primary, plane in enumerate(mix_colours(light, colours)):
            numbers[..., primary] = apply_lut(plane, lut, MAX_LINEAR)
        out[rows] = dither_to_8bit(numbers, first_row + rows.start) if bits == 8 else numbers

    for_each_band(len(rgb), work)
    return out


# Long: the docstring, and two closures over shared buffers.
def develop_raw(
    raw: sensor.DigitalNumbers, image_sensor: sensor.Sensor, view: View, options: PhotoSection, bits: int, top: int = 0
) -> Pixels:
    """Develop the digital numbers of a sensor: black level, shading, demosaicing, colour matrix and tone curve.

    Black level and shading come before demosaicing, where there is one value per pixel instead of three.

    Parameters
    ----------
    raw : (C, h, W) uint16 or float32
        Digital numbers; C is 1 for mosaics and monochrome sensors, else 3.
    image_sensor : Sensor
        The sensor that took them.
    view : View
        The view, for lens and sunlight.
    options : PhotoSection
        The ``[photo]`` section.
    bits : int
        8 or 16.
    top : int
        Row of the picture at which ``raw`` begins; even.

    Returns
    -------
    (h, W, 3) uint8 or uint16
        sRGB.
    """
    look, sun = LOOKS[options.look], white_light(view.sun.illuminant, options)
    tone = options.tone or look.tone
    lut = tone_lut(tone, 1.0, bits)
    height, width = raw.shape[1:]
    colours, limits = _colour_matrix(image_sensor, sun, look.balanced, tone)
    shading = _vignetting_gain(
        build_lens(view, options), look.shading if "shading" in image_sensor.on else 0.0, (top, height)
    )
    black = np.float32(image_sensor.detector.black_level_dn)
    gain = np.float32(1.0 / (image_sensor.detector.max_dn - image_sensor.detector.black_level_dn))
    linear = np.empty(raw.shape, np.float32)

    def level(_number: int, rows: slice) -> None:
        np.subtract(raw[:, rows], black, out=linear[:, rows], dtype=np.float32)
        linear[:, rows] *= gain if shading is None else gain * shading[rows]

    for_each_band(height, level)
    mosaic = pad_mosaic(linear[0]) if image_sensor.mosaic else None
    out = np.empty((height, width, 3), lut.dtype)

    def work(_number: int, rows: slice) -> None:
        part = linear[:, rows]
        if mosaic is not None:
            even = rows.stop + (rows.stop - rows.start) % 2
            part = demosaic(mosaic[rows.start : even + 2 * MARGIN])[:, : rows.stop - rows.start, :width]
        # All colours clip at the same level, or saturated highlights would turn pink.
        np.minimum(part, limits[:, None, None], out=part)
        shown = mix_colours(part, colours) if look.balanced else [weighted_sum(part, row) for row in colours]
        for primary, plane in enumerate(shown):
            out[rows, :, primary] = apply_lut(plane, lut, 1.0)  # type: ignore[type-var]

    for_each_band(height, work)
    return out


def _colour_matrix(
    image_sensor: sensor.Sensor, sun: NDArray[np.float64], balanced: bool, tone: str
) -> tuple[optics.Floats, optics.Floats]:
    """Matrix (3, C) from fractions of the converter's range to linear sRGB, and the clip level (C,) of each colour.

    A sensor of one colour gives grey. Without balance the camera's own colours are shown as sRGB.
    """
    count = len(image_sensor.electrons)
    if count == 3 and balanced:
        white = sensor.white_electrons(image_sensor, sun)
        limits = white / white.max()
        matrix = colours_before_tone(tone) @ sensor.camera_to_light(image_sensor, sun) / limits
    else:
        limits = np.ones(count)
        matrix = np.eye(3) if count == 3 else np.ones((3, 1))
        if (inset := tone_inset(tone)) is not None:
            matrix = inset @ matrix
    return matrix.astype(np.float32), limits.astype(np.float32)


@lru_cache(maxsize=1)
def _vignetting_gain(lens: optics.Lens, share: float, rows: tuple[int, int]) -> optics.Floats | None:
    """Gain (h, W) that corrects a share of the vignetting in some rows (the first, and their number); None if none."""
    if not share or "vignetting" not in lens.on:
        return None
    settings, span = lens.settings, slice(rows[0], rows[0] + rows[1])
    falloff = vignetting(lens.camera, lens.pupil_power, settings.mechanical_from, settings.mechanical_loss, span)
    return np.asarray(np.maximum(falloff, np.float32(0.05)) ** np.float32(-share), np.float32)
