"""Relative illumination of the sensor: vignetting, and dust on the lens."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.rng import stream

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.photo.optics import Floats, Lens


def transmission(lens: Lens, rows: slice | None = None) -> Floats:
    """Illumination (h, W) relative to the axis, by vignetting and dust where they are on; for all rows, or some."""
    return _whole_transmission(lens) if rows is None else _transmission(lens, rows)


@lru_cache(maxsize=1)
def _whole_transmission(lens: Lens) -> Floats:
    return _transmission(lens, slice(0, lens.camera.height))


def _transmission(lens: Lens, rows: slice) -> Floats:
    share = np.ones((rows.stop - rows.start, lens.camera.width), np.float32)
    settings = lens.settings
    if "vignetting" in lens.on:
        share *= vignetting(lens.camera, lens.pupil_power, settings.mechanical_from, settings.mechanical_loss, rows)
    if "dust" in lens.on:
        _apply_dust(share, rows.start, lens)
    return share


def vignetting(
    camera: Camera, pupil_power: float, mechanical_from: float, mechanical_loss: float, rows: slice | None = None
) -> Floats:
    """Relative illumination of a lens, 1 on the axis.

    Illumination is proportional to the projected area of the aperture, cos(angle)^pupil_power, times the solid angle of
    a pixel, from the camera's rays; for a pinhole and power 1 that is cos^4. Panoramas have no vignetting: their
    frames are corrected before they are stitched.

    Parameters
    ----------
    camera : Camera
        Geometry of the lens.
    pupil_power : float
        Exponent of the cosine.
    mechanical_from : float
        Radius at which mechanical vignetting begins, half diagonals.
    mechanical_loss : float
        Fraction of the light it removes in the corners.
    rows : slice, optional
        Rows of the picture; by default all.

    Returns
    -------
    (h, W) float32
        Relative illumination.
    """
    from selfiesim.camera.distortion import Panorama

    if isinstance(camera.distortion, Panorama):
        return np.ones((len(range(camera.height)[rows or slice(None)]), camera.width), np.float32)
    coarse, y, x = _falloff(camera, pupil_power, mechanical_from, mechanical_loss)
    span = rows or slice(0, camera.height)
    fine = [np.interp(np.arange(first, last), grid, np.arange(len(grid))) for first, last, grid in
            ((span.start, span.stop, y), (0, camera.width, x))]  # fmt: skip
    return _bilinear(coarse, fine[0], fine[1])


@lru_cache(maxsize=4)
def _falloff(
    camera: Camera, pupil_power: float, mechanical_from: float, mechanical_loss: float
) -> tuple[Floats, NDArray[np.float64], NDArray[np.float64]]:
    """Relative illumination on a coarse grid (h, w), and the grid's rows (h,) and columns (w,) in pixels."""
    # It varies slowly: every fourth pixel, or 512 across a larger picture, are enough. The ends are included.
    every = max(4, -(-max(camera.width, camera.height) // 512))
    y, x = (np.unique(np.r_[np.arange(-1, n + every, every), n]).astype(float) for n in (camera.height, camera.width))
    columns, rows = np.meshgrid(x, y)
    step = 0.25
    ray = camera.unproject(np.stack([columns, rows], -1))
    right = camera.unproject(np.stack([columns + step, rows], -1))
    below = camera.unproject(np.stack([columns, rows + step], -1))
    solid = np.linalg.norm(np.cross(right - ray, below - ray), axis=-1) / step**2 * camera.fx * camera.fy
    cosine = np.maximum(ray[..., 2], 0.0) if pupil_power else np.ones_like(ray[..., 2])
    half = 0.5 * np.hypot(camera.width, camera.height)
    radius = np.hypot(columns - camera.cx, rows - camera.cy) / half
    cut = np.clip((radius - mechanical_from) / max(1.0 - mechanical_from, 1e-3), 0.0, 1.0)
    coarse = np.nan_to_num(solid * cosine**pupil_power) * (1.0 - mechanical_loss * cut**2)
    return coarse.astype(np.float32), y, x


def _bilinear(coarse: Floats, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Floats:
    """Interpolate a coarse grid (h, w) bilinearly at fractional rows (H,) and columns (W,)."""
    low, high = np.floor(rows).astype(int), np.minimum(np.floor(rows).astype(int) + 1, coarse.shape[0] - 1)
    weight = (rows - low).astype(np.float32)[:, None]
    tall = coarse[low] * (1.0 - weight) + coarse[high] * weight
    low, high = np.floor(columns).astype(int), np.minimum(np.floor(columns).astype(int) + 1, coarse.shape[1] - 1)
    weight = (columns - low).astype(np.float32)
    left = np.take(tall, low, axis=1)
    right = np.take(tall, high, axis=1)
    right -= left
    right *= weight
    right += left
    return np.asarray(right)


def _apply_dust(share: Floats, top: int, lens: Lens) -> None:
    """Multiply rows (h, W) of a picture, from ``top`` on, by the transmittance of specks, the same in each frame."""
    rng, (width, height) = stream(0, "dust"), (lens.camera.width, lens.camera.height)
    for _ in range(lens.settings.dust_count):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        radius = width * rng.uniform(0.006, 0.03)
        loss = lens.settings.dust_loss * rng.uniform(0.2, 1.0)
        first, last = max(0, int(y - radius - 2) - top), min(len(share), int(y + radius + 3) - top)
        if first >= last:
            continue
        window = np.s_[first:last, max(0, int(x - radius - 2)) : min(width, int(x + radius + 3))]
        rows, columns = np.mgrid[window]
        depth = np.clip((radius - np.hypot(columns - x, rows + top - y)) / (0.25 * radius), 0.0, 1.0)
        share[window] *= (1.0 - loss * depth).astype(np.float32)
