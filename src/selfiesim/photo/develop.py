"""From light to picture: exposure, white balance on the Sun, one tone curve, 8 bits."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.photo.exposure import LUMINANCE_SHARE, Exposure, luminance, metered_shutter

if TYPE_CHECKING:
    from selfiesim.render.base import Radiance

TONE = "shoulder"
_KNEE = 0.6
_TABLE_TOP = 4.0  # times a full sensor: the shoulder is white to the last step of 8 bits by then


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
    """

    pixels: NDArray[np.uint8]
    exposure: Exposure
    radiance: Radiance = field(repr=False)
    tone: str = TONE

    def save(self, path: str | Path) -> Path:
        """Write a PNG with its recipe inside, and the same recipe as JSON beside it. Returns the picture's path.

        Raises
        ------
        OutputError
            When the name does not end in ``.png`` or the folder cannot be written to.
        """
        from selfiesim.output.images import save

        return save(self, Path(path))

    def _repr_png_(self) -> bytes:
        from selfiesim.output.images import png_bytes

        return png_bytes(self)

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"Photo({width}x{height}, {self.exposure}, tone {self.tone!r})"


def expose(radiance: Radiance, **settings: Any) -> Photo:
    """Expose and develop. ``settings`` replace keys of the scene's ``[photo]`` section.

    Raises
    ------
    SceneError
        For an unknown setting or a value out of range.
    """
    options = radiance.view.scene.with_changes(**{f"photo__{k}": v for k, v in settings.items()}).photo
    sun = np.asarray(radiance.view.sun.irradiance, np.float32)
    white_wall = float(luminance(sun / np.float32(np.pi)))
    metered = options.shutter_s == "auto"
    shutter = options.shutter_s
    if shutter == "auto":
        shutter = metered_shutter(radiance.rgb, white_wall, options.f_number, options.iso)
    exposure = Exposure(shutter * 2.0**options.stops, options.f_number, options.iso, options.stops, metered)
    return Photo(develop(radiance.rgb, white_balance(sun, exposure)), exposure, radiance)


def white_balance(sun: NDArray[np.float32], exposure: Exposure) -> NDArray[np.float32]:
    """What radiance is multiplied by in each band (3,): white is what the Sun (3,) lights, and 1 fills the sensor.

    The three bands are shown as the three primaries of sRGB.
    """
    balance = float(sun @ LUMINANCE_SHARE.astype(np.float32)) / sun
    full = exposure.saturation_luminance * float(sun @ LUMINANCE_SHARE)
    return np.asarray(balance * np.float32(float(luminance(sun)) / full), np.float32)


def shoulder(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """The tone curve: straight up to 0.6 of a full sensor, then bending smoothly so that highlights keep drawing."""
    room = np.float32(1.0 - _KNEE)
    above = np.maximum(linear - np.float32(_KNEE), 0.0)
    return np.asarray(np.minimum(linear, np.float32(_KNEE)) + room * (1.0 - np.exp(-above / room)), np.float32)


def develop(rgb: NDArray[np.float32], scale: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Bytes (H, W, 3), sRGB, of radiance times ``scale`` (3,), through the tone curve and the sRGB transfer curve.

    Both curves together are one table of 4096 steps, spaced by the square root so that shadows keep theirs.
    """
    steps = 4096
    linear = (_TABLE_TOP * np.linspace(0.0, 1.0, steps) ** 2).astype(np.float32)
    table = np.round(255.0 * _srgb(shoulder(linear)))
    index = np.sqrt(np.clip(rgb * (scale / np.float32(_TABLE_TOP)), 0.0, 1.0)) * np.float32(steps - 1) + np.float32(0.5)
    return np.asarray(table.astype(np.uint8)[index.astype(np.uint16)])


def _srgb(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """IEC 61966-2-1."""
    curve = 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    return np.asarray(np.where(linear <= 0.0031308, 12.92 * linear, curve), np.float32)
