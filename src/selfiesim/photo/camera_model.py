"""The lens and sensor of a view's camera: from rendered radiance to the light that reaches the sensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.parallel import for_each_band
from selfiesim.photo import sensor
from selfiesim.photo.coarse_grid import block_mean
from selfiesim.photo.detectors import Detector, resolve_detector
from selfiesim.photo.exposure import Exposure
from selfiesim.photo.looks import enabled_effects
from selfiesim.photo.optics import Floats, Lens, apply_blur, lateral_colour, veiling_glare
from selfiesim.photo.sensor import Sensor

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Radiance
    from selfiesim.scene.photo import PhotoSection
    from selfiesim.view.view import View

_SUN_DISC_LIMIT = 1e3  # in units of a sunlit white wall: brighter pixels are the Sun's disc
_LENS_EFFECTS = frozenset(
    {"vignetting", "diffraction", "defocus", "glare", "ghosts", "sun_disc", "lateral_colour", "dust"}
)


def detector_of(view: View, options: PhotoSection) -> Detector:
    """The sensor of a view's camera: the one the settings name, else that of the scene's known camera."""
    return resolve_detector(options.detector, view.shot.camera_preset, view.shot.pixel_pitch_um)


def focal_length_m(view: View, options: PhotoSection) -> float:
    """Focal length, m, that gives the view's field of view with the sensor's pixel pitch; on the axis, along rows."""
    return view.camera.fx * detector_of(view, options).pixel_pitch_um * 1e-6


def camera_iso(view: View, options: PhotoSection) -> float:
    """The ISO in use: that of the settings, but at least the sensor's base ISO."""
    return max(options.iso, sensor.base_iso(detector_of(view, options), view.sun.illuminant))


def build_sensor(view: View, options: PhotoSection, exposure: Exposure) -> Sensor:
    """The sensor of a view's camera at an exposure."""
    detector = detector_of(view, options)
    effects = enabled_effects(options, detector.is_colour)
    return sensor.configure_sensor(detector, exposure, view.sun.illuminant, effects, options.seed)


def build_lens(view: View, options: PhotoSection) -> Lens:
    """The lens of a view's camera at the f-number of the settings."""
    detector = detector_of(view, options)
    effects = enabled_effects(options, detector.is_colour) & _LENS_EFFECTS
    return Lens(view.camera, options.lens, options.f_number, detector.pixel_pitch_um * 1e-6, effects)


def apply_lens(radiance: Radiance, lens: Lens, image_sensor: Sensor | None = None) -> Floats:
    """Pass rendered light through a lens.

    Parameters
    ----------
    radiance : Radiance
        The rendered light.
    lens : Lens
        With the effects to apply.
    image_sensor : Sensor, optional
        For the rolling shutter, which shifts rows that are read later.

    Returns
    -------
    (3, H, W) float32
        Radiance as imaged on the sensor, before vignetting, W m^-2 sr^-1 nm^-1.
    """
    from selfiesim.photo.sun_glare import add_sun

    planes = split_planes(radiance.rgb, radiance.view)
    if image_sensor is not None and "rolling_shutter" in image_sensor.on and image_sensor.detector.readout_s > 0.0:
        from selfiesim.photo.rolling_shutter import apply_rolling_shutter

        planes = apply_rolling_shutter(planes, radiance, image_sensor.detector.readout_s)
    veil = veiling_glare(block_mean(planes), lens) if "glare" in lens.on else None
    planes = apply_aberrations(planes, lens, veil)
    add_sun(planes, radiance, lens)
    return planes


def split_planes(rgb: NDArray[np.float32], view: View) -> Floats:
    """Radiance (H, W, 3) as planes (3, H, W), clipped below the radiance of the Sun's disc.

    The disc would drown the rest in the rounding errors of the blur; it is added in full afterwards.
    """
    brightest = (_SUN_DISC_LIMIT / np.pi * view.sun.illuminant).astype(np.float32)
    planes = np.empty((3, *rgb.shape[:2]), np.float32)

    def work(_number: int, rows: slice) -> None:
        for band in range(3):
            np.minimum(rgb[rows, :, band], brightest[band], out=planes[band, rows])

    for_each_band(len(rgb), work)
    return planes


def apply_aberrations(planes: Floats, lens: Lens, veil: Floats | None, top: int = 0) -> Floats:
    """Apply lateral colour and blur, and add veiling glare.

    Parameters
    ----------
    planes : (3, h, W) float32
        Rows of the picture.
    lens : Lens
        With the effects to apply.
    veil : (3, h', w') float32, optional
        Veiling glare of the whole picture on the coarse grid.
    top : int
        Row of the picture at which ``planes`` begin.

    Returns
    -------
    (3, h, W) float32
        The same rows as imaged.
    """
    if "lateral_colour" in lens.on and lens.settings.lateral_share:
        planes = lateral_colour(planes, lens.camera, lens.settings.lateral_share, top)
    return apply_blur(planes, lens, top, veil)
