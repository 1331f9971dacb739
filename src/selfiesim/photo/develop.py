"""From light to picture: exposure, the lens and the sensor where the look has them, and development to 8 or 16 bits."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import PhotoError
from selfiesim.core.parallel import for_each_band, mixed
from selfiesim.photo import optics, sensor
from selfiesim.photo.annotations import draw_marks
from selfiesim.photo.coarse_grid import block_mean
from selfiesim.photo.demosaic import MARGIN, demosaic, pad_mosaic
from selfiesim.photo.detectors import detector
from selfiesim.photo.exposure import HIGHLIGHT_LIMIT, LUMINANCE_SHARE, Exposure, luminance, metered_shutter
from selfiesim.photo.finish import sharpen_and_compress
from selfiesim.photo.looks import LOOKS, enabled_effects
from selfiesim.photo.tone_curves import (
    MAX_LINEAR,
    apply_lut,
    dither_lut,
    dither_to_8bit,
    shoulder,
    tone_inset,
    tone_lut,
)

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Radiance
    from selfiesim.scene.photo import PhotoSection
    from selfiesim.view.poses import Sun
    from selfiesim.view.view import View

__all__ = ["Photo", "develop", "expose", "shoulder"]

SENSOR_HIGHLIGHTS = 1.25  # a sensor clips at 1: the meter lets the few brightest blocks go a third of a stop over
DigitalNumbers = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class Photo:
    """A developed picture.

    Attributes
    ----------
    pixels : (H, W, 3) uint8
        sRGB, row 0 at the top.
    exposure : Exposure
        What the camera was set to.
    radiance : Radiance
        The light it was made from.
    settings : PhotoSection
        The ``[photo]`` section it was made by.
    raw : (1 or 3, H, W) uint16 or float32, optional
        The converter's numbers, for looks that have a sensor.
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
        """Of a lens that would do so with the sensor's pixels; along the picture's rows, on the axis."""
        return focal_length_m(self.radiance.view, self.settings)

    @cached_property
    def pixels16(self) -> NDArray[np.uint16]:
        """(H, W, 3) uint16: developed anew to 16 bits, before sharpening and JPEG."""
        if self.raw is None or self.sensor is None:
            scale = white_balance(self.radiance.view.sun.irradiance, self.exposure)
            numbers = develop(self.radiance.rgb, scale, self.tone, 16)
        else:
            numbers = develop_raw(self.raw, self.sensor, self.radiance.view, self.settings, 16)
        return draw_marks(np.asarray(numbers, np.uint16), self.radiance.view, self.settings.marks)

    def save(self, path: str | Path, bits: int = 8, half: bool = True) -> Path:
        """Write a picture with its recipe inside, and the same recipe as JSON beside it. Returns the picture's path.

        The ending chooses: ``.png`` or ``.tif`` (8 or 16 ``bits``), ``.jpg``; ``.exr`` and ``.npz`` hold the light and
        the layers of truth instead of the picture, EXR with light and colours in ``half`` precision or in full.

        Raises
        ------
        OutputError
            For another ending, or a folder that cannot be written to.
        """
        from selfiesim.files.images import save

        return save(self, Path(path), bits, half)

    def _repr_png_(self) -> bytes:
        from selfiesim.files.images import png_bytes

        return png_bytes(self)

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"Photo({width}x{height}, {self.exposure}, look {self.settings.look!r}, tone {self.tone!r})"


def focal_length_m(view: View, options: PhotoSection) -> float:
    """Of a lens that pictures as a view's camera does on its sensor's pixels; along the rows, on the axis."""
    return view.camera.fx * detector(options.detector, view.scene.camera).pixel_pitch_um * 1e-6


def expose(radiance: Radiance, **settings: Any) -> Photo:
    """Expose and develop. ``settings`` replace keys of the scene's ``[photo]`` section, ``__`` for the dot.

    Raises
    ------
    SceneError
        For an unknown setting or a value out of range.
    PhotoError
        For light that is not finite.
    """
    scene = radiance.view.scene
    options = scene.with_changes(**{f"photo__{k}": v for k, v in settings.items()}).photo if settings else scene.photo
    check_finite(radiance.rgb)
    if options.look == "clean":
        exposure = _resolve_exposure(radiance, options, options.iso, HIGHLIGHT_LIMIT)
        tone = options.tone or LOOKS["clean"].tone
        pixels = develop(radiance.rgb, white_balance(radiance.view.sun.irradiance, exposure), tone)
        return Photo(draw_marks(pixels, radiance.view, options.marks), exposure, radiance, options, tone)  # type: ignore[arg-type]
    return _expose_sensor(radiance, options)


def check_finite(rgb: NDArray[np.float32]) -> None:
    """Refuse light (H, W, 3) that is infinite or no number.

    Raises
    ------
    PhotoError
        With the number of such pixels.
    """
    bad: list[int] = []

    def work(_number: int, rows: slice) -> None:
        # The sum of the ends is finite where all between them is.
        if not np.isfinite(rgb[rows].max(initial=0.0) + rgb[rows].min(initial=0.0)):
            bad.append(int((~np.isfinite(rgb[rows])).any(axis=-1).sum()))

    for_each_band(len(rgb), work)
    if bad:
        raise PhotoError(
            f"radiance: {sum(bad)} pixels hold light that is infinite or no number; nothing can be exposed by it"
        )


def _expose_sensor(radiance: Radiance, options: PhotoSection) -> Photo:
    """The picture as a camera takes it: through the lens onto the sensor, then developed."""
    view = radiance.view
    exposure = _resolve_exposure(radiance, options, camera_iso(view, options), SENSOR_HIGHLIGHTS)
    image_sensor = build_sensor(view, options, exposure)
    camera_lens = build_lens(view, options)
    raw = sensor.simulate_raw(
        apply_lens(radiance, camera_lens, image_sensor), optics.transmission(camera_lens), image_sensor
    )
    shown = develop_raw(raw, image_sensor, view, options, 8)
    pixels = draw_marks(postprocess(shown, options, image_sensor), radiance.view, options.marks)  # type: ignore[arg-type]
    return Photo(pixels, exposure, radiance, options, options.tone or LOOKS[options.look].tone, raw, image_sensor)


def camera_iso(view: View, options: PhotoSection) -> float:
    """The ISO that is set: the one asked for, or the sensor's lowest."""
    device = detector(options.detector, view.scene.camera)
    return max(options.iso, sensor.base_iso(device, view.sun.irradiance))


def build_sensor(view: View, options: PhotoSection, exposure: Exposure) -> sensor.Sensor:
    """The sensor of a view's camera at an exposure."""
    device = detector(options.detector, view.scene.camera)
    return sensor.configure_sensor(
        device, exposure, view.sun.irradiance, enabled_effects(options, device.colour), options.seed
    )


def build_lens(view: View, options: PhotoSection) -> optics.Lens:
    """The lens of a view's camera at the settings."""
    device = detector(options.detector, view.scene.camera)
    on = enabled_effects(options, device.colour) & _LENS_EFFECTS
    return optics.Lens(view.camera, options.lens, options.f_number, device.pixel_pitch_um * 1e-6, on)


def postprocess(pixels: NDArray[np.uint8], options: PhotoSection, image_sensor: sensor.Sensor) -> NDArray[np.uint8]:
    """Sharpening and JPEG, as far as the look has them."""
    look = LOOKS[options.look]
    return sharpen_and_compress(
        pixels,
        (look.sharpening if options.sharpening is None else options.sharpening)
        if "sharpening" in image_sensor.on
        else 0.0,
        (options.jpeg_quality or look.jpeg_quality) if "jpeg" in image_sensor.on else None,
    )


_SUN_DISC_LIMIT = 1e3  # sunlit white walls: what is brighter is the Sun's disc
_LENS_EFFECTS = frozenset(
    {"vignetting", "diffraction", "defocus", "glare", "ghosts", "sun_disc", "lateral_colour", "dust"}
)


def apply_lens(radiance: Radiance, lens: optics.Lens, image_sensor: sensor.Sensor | None = None) -> optics.Floats:
    """The light on the sensor (3, H, W), before vignetting; rows shifted where the sensor reads one after the other."""
    from selfiesim.photo.sun_glare import add_sun

    planes = split_planes(radiance.rgb, radiance.view)
    if image_sensor is not None and "rolling_shutter" in image_sensor.on and image_sensor.detector.readout_s > 0.0:
        from selfiesim.photo.rolling_shutter import apply_rolling_shutter

        planes = apply_rolling_shutter(planes, radiance, image_sensor.detector.readout_s)
    wide = optics.veiling_glare(block_mean(planes), lens) if "glare" in lens.on else None
    planes = apply_aberrations(planes, lens, wide)
    add_sun(planes, radiance, lens)
    return planes


def split_planes(rgb: NDArray[np.float32], view: View) -> optics.Floats:
    """Radiance (H, W, 3) as planes (3, H, W), the Sun's disc held back.

    It would drown the rest in the rounding of the blur; it is added in full after it.
    """
    brightest = (_SUN_DISC_LIMIT / np.pi * view.sun.irradiance).astype(np.float32)
    planes = np.empty((3, *rgb.shape[:2]), np.float32)

    def work(_number: int, rows: slice) -> None:
        for band in range(3):
            np.minimum(rgb[rows, :, band], brightest[band], out=planes[band, rows])

    for_each_band(len(rgb), work)
    return planes


def apply_aberrations(
    planes: optics.Floats, lens: optics.Lens, wide: optics.Floats | None, top: int = 0
) -> optics.Floats:
    """Planes (3, h, W), the picture's rows from ``top`` on, with lateral colour and blur, and the wide halo added."""
    if "lateral_colour" in lens.on and lens.part.lateral_share:
        planes = optics.lateral_colour(planes, lens.camera, lens.part.lateral_share, top)
    return optics.apply_blur(planes, lens, top, wide)


def _resolve_exposure(radiance: Radiance, options: PhotoSection, iso: float, highlight_limit: float) -> Exposure:
    metered = options.shutter_s == "auto"
    shutter = options.shutter_s
    if shutter == "auto":
        white = sunlit_white_luminance(radiance.view.sun)
        shutter = metered_shutter(radiance.rgb, white, options.f_number, iso, options.meter, highlight_limit)
    return Exposure(shutter * 2.0**options.stops, options.f_number, iso, options.stops, metered, options.meter)


def sunlit_white_luminance(sun: Sun) -> float:
    """Luminance of a white wall that faces the Sun, cd/m2."""
    return float(luminance(np.asarray(sun.irradiance, np.float32) / np.float32(np.pi)))


def white_balance(irradiance: NDArray[np.floating[Any]], exposure: Exposure) -> NDArray[np.float32]:
    """What radiance is multiplied by in each band (3,): white is what the Sun's ``irradiance`` (3,) lights, 1 is full.

    The three bands are shown as the three primaries of sRGB.
    """
    sun = np.asarray(irradiance, np.float32)
    balance = float(sun @ LUMINANCE_SHARE.astype(np.float32)) / sun
    full = exposure.saturation_luminance * float(sun @ LUMINANCE_SHARE)
    return np.asarray(balance * np.float32(float(luminance(sun)) / full), np.float32)


def develop(
    rgb: NDArray[np.float32], scale: NDArray[np.float32], tone: str = "shoulder", bits: int = 8, first_row: int = 0
) -> DigitalNumbers:
    """Numbers (H, W, 3), sRGB, of radiance times ``scale`` (3,), through the tone curve and the sRGB transfer curve.

    Both curves together are one table, spaced by the square root so that shadows keep theirs. Where 8 bits are asked
    for, dither keeps smooth skies smooth; ``first_row`` is where the rows are in their picture.
    """
    lut, before = (
        dither_lut(tone, MAX_LINEAR) if bits == 8 else tone_lut(tone, MAX_LINEAR, bits).astype(np.uint16),
        tone_inset(tone),
    )
    out = np.empty(rgb.shape, np.uint8 if bits == 8 else np.uint16)

    def work(_number: int, rows: slice) -> None:
        linear = np.asarray(rgb[rows] * scale, np.float32)
        numbers = apply_lut(linear if before is None else np.einsum("...c,rc->...r", linear, before), lut, MAX_LINEAR)
        out[rows] = dither_to_8bit(numbers, first_row + rows.start) if bits == 8 else numbers

    for_each_band(len(rgb), work)
    return out


def develop_raw(
    raw: sensor.DigitalNumbers, image_sensor: sensor.Sensor, view: View, options: PhotoSection, bits: int, top: int = 0
) -> DigitalNumbers:
    """Numbers (h, W, 3), sRGB, of the converter's numbers (C, h, W), the picture's rows from ``top`` on (even).

    Black level, shading, mosaic, colours, tone. Black level and shading are taken care of before the mosaic is put
    together: one number a pixel instead of three.
    """
    look, sun = LOOKS[options.look], view.sun.irradiance
    lut = tone_lut(options.tone or look.tone, 1.0, bits)
    height, width = raw.shape[1:]
    colours, limits = _colour_matrix(image_sensor, sun, look.balanced, tone_inset(options.tone or look.tone))
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
        # Where one colour is full the others must not go on: highlights would turn pink.
        np.minimum(part, limits[:, None, None], out=part)
        for band in range(3):
            out[rows, :, band] = apply_lut(mixed(part, colours[band]), lut, 1.0)  # type: ignore[type-var]

    for_each_band(height, work)
    return out


def _colour_matrix(
    image_sensor: sensor.Sensor, sun: NDArray[np.float64], balanced: bool, before_tone: optics.Floats | None
) -> tuple[optics.Floats, optics.Floats]:
    """Matrix (3, C) from shares of a full converter to linear sRGB, and where each of the C colours is cut."""
    count = len(image_sensor.electrons)
    if count == 1:
        matrix, limits = np.ones((3, 1)), np.ones(1)
    elif not balanced:
        matrix, limits = np.eye(3), np.ones(3)
    else:
        white = sensor.white_electrons(image_sensor, sun)
        limits = white / white.max()
        matrix = sensor.camera_to_light(image_sensor, sun) / limits
    if before_tone is not None:
        matrix = before_tone @ matrix
    return matrix.astype(np.float32), limits.astype(np.float32)


@lru_cache(maxsize=1)
def _vignetting_gain(lens: optics.Lens, share: float, rows: tuple[int, int]) -> optics.Floats | None:
    """What pixels are multiplied by to even out a share of the vignetting (h, W), or nothing.

    ``rows`` are the first of them and how many.
    """
    if not share or "vignetting" not in lens.on:
        return None
    part, wanted = lens.part, slice(rows[0], rows[0] + rows[1])
    fall = optics.vignetting(lens.camera, lens.pupil_power, part.mechanical_from, part.mechanical_loss, wanted)
    return np.asarray(np.maximum(fall, np.float32(0.05)) ** np.float32(-share), np.float32)
