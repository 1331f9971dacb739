"""The Sun in the lens: its disc, veiling glare from inside or outside the picture, and ghosts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.photo.coarse_grid import COARSE_CELL_PX, add_upsampled, coarse_cell_centres, coarse_row_range
from selfiesim.photo.optics import Floats, Lens, harvey_scatter

if TYPE_CHECKING:
    from selfiesim.render.common.radiance import Radiance
    from selfiesim.view.view import View

# Ghosts of an assumed lens of four elements: position along the line from the principal point to the Sun (1 is the Sun,
# -1 its mirror image), radius in half diagonals, and relative strength.
_GHOSTS = ((-0.35, 0.05, 1.0), (-0.6, 0.11, 0.8), (0.4, 0.035, 0.6), (-1.1, 0.19, 1.0), (0.75, 0.02, 0.4))
_DISC_BAND_ROWS = 256
_TINTS = ((1.0, 0.9, 0.7), (0.7, 1.0, 0.8), (0.8, 0.85, 1.0), (1.0, 0.8, 0.9), (0.8, 1.0, 1.0))


@dataclass(frozen=True)
class SunImage:
    """The Sun as imaged by the lens.

    Attributes
    ----------
    pixel : (2,) array, optional
        Its position, x and y, inside or outside the picture; None where the projection has no image of it.
    direction : (3,) array
        Unit vector, camera axes.
    flux : (3,) array
        Sum of its disc's radiance over pixels, on the axis, W m^-2 sr^-1 nm^-1.
    radius_px : float
        Radius of its disc, px.
    """

    pixel: NDArray[np.float64] | None
    direction: NDArray[np.float64]
    flux: NDArray[np.float64]
    radius_px: float


def image_sun(view: View, lens: Lens, is_occluded: Callable[[int, int], bool]) -> SunImage | None:
    """Image the Sun.

    Parameters
    ----------
    view : View
        The view.
    lens : Lens
        With the effects that are on.
    is_occluded : callable
        Whether craft or planet cover a pixel (row, column) of the picture.

    Returns
    -------
    SunImage or None
        None if it is behind the lens, occulted by craft or planet, or no effect of it is on.
    """
    if not lens.on & {"sun_disc", "glare", "ghosts"}:
        return None
    direction = np.asarray(view.sun.direction, float)
    if direction[2] <= 0.0 and lens.pupil_power > 0.0:
        return None
    pixel = np.asarray(lens.camera.project(direction), float)
    imaged = bool(np.all(np.isfinite(pixel)))
    share = view.craft.sun_visible_fraction
    if imaged:
        column, row = (round(float(value)) for value in np.clip(pixel, -1e6, 1e6))
        if 0 <= row < lens.camera.height and 0 <= column < lens.camera.width and is_occluded(row, column):
            share = 0.0
    if share <= 0.0:
        return None
    flux = view.sun.irradiance * share / lens.camera.pixel_angle**2
    return SunImage(pixel if imaged else None, direction, flux, view.sun.angular_radius / lens.camera.pixel_angle)


def add_sun(planes: Floats, radiance: Radiance, lens: Lens) -> None:
    """Add the Sun's disc, glare and ghosts, where they are on, to ``planes`` (3, H, W) in place."""
    sun = image_sun(radiance.view, lens, lambda row, column: bool(np.isfinite(radiance.depth[row, column])))
    if sun is not None:
        add_sunlight(planes, sun, lens, radiance.view.shot.sky.sun)


def add_sunlight(planes: Floats, sun: SunImage, lens: Lens, with_disc: bool, top: int = 0) -> None:
    """Add the Sun's light to ``planes`` (3, h, W), rows of the picture from ``top`` on, in place."""
    if "glare" in lens.on:
        rows = coarse_row_range(top, planes.shape[1], lens.camera.height)
        add_upsampled(planes, _veil(sun, lens, rows), top - COARSE_CELL_PX * rows.start)
    if "sun_disc" in lens.on and sun.pixel is not None and with_disc:
        radius = max(sun.radius_px, 0.5)
        add_soft_disc(planes, sun.pixel - (0.0, top), radius, sun.flux / (np.pi * radius**2))
    if "ghosts" in lens.on and sun.pixel is not None:
        _add_ghosts(planes, sun, lens, top)


def _veil(sun: SunImage, lens: Lens, rows: slice) -> Floats:
    """Sunlight scattered in the lens, (3, h, w) on rows of the coarse grid, by Harvey's law of the angle from the Sun.

    The irradiance of the front lens is proportional to the cosine of the Sun's angle from the axis.
    """
    rays = lens.camera.unproject(coarse_cell_centres(lens.camera, rows))
    angle = np.arctan2(np.linalg.norm(np.cross(rays, sun.direction), axis=-1), rays @ sun.direction)
    shoulder, slope = np.radians(lens.settings.glare_angle_deg), lens.settings.glare_slope
    theta = np.linspace(0.0, 1.0, 20001) ** 3 * 0.5 * np.pi
    density = 2.0 * np.pi * np.sin(theta) * harvey_scatter(theta, shoulder, slope)
    per_sr = harvey_scatter(np.nan_to_num(angle, nan=np.pi), shoulder, slope) / np.trapezoid(density, theta)
    lit = max(float(sun.direction[2]), 0.0)
    light = lens.settings.glare_share * lit * sun.flux * lens.camera.pixel_angle**2
    return np.asarray(light[:, None, None] * per_sr, np.float32)


def add_soft_disc(planes: Floats, middle: NDArray[np.float64], radius: float, light: NDArray[np.float64]) -> None:
    """Add a soft-edged disc to ``planes`` (3, H, W) in place; its sum is ``light`` (3,) times its area."""
    height, width = planes.shape[1:]
    if not (-radius - 2 < middle[0] < width + radius + 1 and -radius - 2 < middle[1] < height + radius + 1):
        return
    first, last = ((np.floor(middle + side * (radius + 1)) + max(side, 0)).astype(int) for side in (-1, 1))
    columns = np.arange(first[0], last[0] + 1) - middle[0]

    def cover(rows: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray(np.clip(radius - np.hypot(columns, rows[:, None] - middle[1]) + 0.5, 0.0, 1.0))

    # A few rows at a time: a ghost may be thousands of pixels wide. The scale counts the disc outside the picture too.
    bands = [
        np.arange(start, min(start + _DISC_BAND_ROWS, last[1] + 1))
        for start in range(first[1], last[1] + 1, _DISC_BAND_ROWS)
    ]
    scale = np.pi * radius**2 / sum(float(cover(rows).sum()) for rows in bands)
    left, right = max(0, first[0]), min(width, last[0] + 1)
    for rows in bands:
        inside = rows[(rows >= 0) & (rows < height)]
        if inside.size and left < right:
            part = scale * cover(inside)[:, left - first[0] : right - first[0]]
            planes[:, inside[0] : inside[-1] + 1, left:right] += (light[:, None, None] * part).astype(np.float32)


def _add_ghosts(planes: Floats, sun: SunImage, lens: Lens, top: int) -> None:
    """Add light reflected by two surfaces: reflectance squared, in discs, fading as the Sun leaves the frame."""
    assert sun.pixel is not None
    centre = np.array([lens.camera.cx, lens.camera.cy])
    half = 0.5 * np.hypot(lens.camera.width, lens.camera.height)
    sun_offset = sun.pixel - centre
    fading = float(np.clip(1.6 - 0.6 * np.linalg.norm(sun_offset) / half, 0.0, 1.0))
    for (place, size, share), tint in zip(_GHOSTS, _TINTS, strict=True):
        radius = max(size * half, 1.0)
        light = sun.flux * np.array(tint) * share * fading * lens.settings.reflectance**2 / (np.pi * radius**2)
        add_soft_disc(planes, centre + place * sun_offset - (0.0, top), radius, light)
