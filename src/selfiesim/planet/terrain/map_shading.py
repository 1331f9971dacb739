"""Shading by relief in a mosaic of a planet: removed where the slopes are known, and slopes from it where they are not.

Mosaics of the Moon are taken under a low Sun, so that their tones are mostly slopes. Rendered as albedo they would
show every crater lit twice, from two sides. Where slopes have been measured, the light of a place relative to its
surroundings is regressed on them; divided by the fit, the mosaic shows rays and plains instead of craters.

Without measured slopes the shading itself tells them, along the Sun's azimuth. For relief without a preferred direction
the squared gradient of the light is three times as large along the azimuth as across it, while albedo has no such
preference: this gives the azimuth and how much of the light is shading. The Sun is on the equator's side. Tested on the
mosaic of the Moon, the slopes so found correlate by 0.8 (east) and 0.6 (north) with those that LOLA measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.terrain.height_grid import HeightGrid

_SURROUNDINGS_KM = 60.0  # rms radius of what a place is compared with: larger than the craters that shade
_WINDOW_KM = 120.0  # rms radius over which the Sun's direction in the mosaic is taken as one
_TILE_DEG = 90.0  # mosaics change their Sun at such meridians
_FEWEST = 0.4  # of the light of level ground, below which a slope is too dark to be corrected
_ODD_RANGE = (-0.35, 0.6)  # deviation of a corrected tone from its surroundings beyond which it is a shadow or a glint
_FADE_DEG = 14.0  # of latitude over which the tones of shadowed ground are smoothed
_RIDGE = 1e-4  # square of a slope that tells nothing about the Sun
_HIGHEST_GAIN = 4.0  # contrast per slope; more is not shading
_COARSENING = 4
_AZIMUTH_WINDOW_KM = 300.0  # rms radius over which the Sun's azimuth is found
_LEAST_PREFERENCE = 0.2  # of the light's gradient for one direction, below which tones are albedo; all shading is 0.5
# Contrast per slope is _GAIN / cos(latitude)^0.7, as in the mosaic of the Moon: 1.6 at 20 degrees and 2.9 at 67.
_GAIN = 1.5
_BLUR_PX = 0.75  # rms radius of what is smoothed of the light before slopes are read from it
_STIFFNESS = 0.15  # square of a slope that shading does not tell, relative to one that it does
_STEPS = 30  # of the conjugate gradients
_LEAST_COSINE = 0.15  # of the latitude, beyond which a meridian counts as no closer to the next
_BAND = 256  # rows at a time, to bound memory


@dataclass(frozen=True, eq=False)
class ShadedRelief:
    """Relief that the shading of a mosaic tells.

    Attributes
    ----------
    heights : HeightGrid
        Heights; flat where the mosaic shows no shading.
    known_share : (H, 2H) array
        Share of the true slopes that they have around each place: 0 where nothing is known, 1 where all the light's
        contrast is shading.
    """

    heights: HeightGrid
    known_share: Field


def remove_shading(light: Field, heights: HeightGrid, shadowed_from_deg: float) -> Field:
    """Return the tones of a plate carree mosaic (H, 2H) without its shading by relief.

    Parameters
    ----------
    light : (H, 2H) array
        Linear light, row 0 in the north and the left edge at lon 0 E; H is a divisor of the rows of ``heights``.
    heights : HeightGrid
        Heights of the body.
    shadowed_from_deg : float
        Latitude poleward of which shadows come to fill the mosaic, and its tones are smoothed.
    """
    rows = len(light)
    near, window = (km / heights.radius_km for km in (_SURROUNDINGS_KM, _WINDOW_KM))
    level = np.maximum(smooth_globe(light, near), 1e-3)
    contrast = np.asarray(np.clip(light / level - 1, -1, 1.5), np.float32)
    east, north = _mean_slopes(heights, rows)
    slopes = east - smooth_globe(east, near), north - smooth_globe(north, near)
    fit = _fit_shading(contrast, slopes, window)
    tone = np.clip((1 + contrast) / np.maximum(1 + fit, _FEWEST) - 1, *_ODD_RANGE)
    # The Sun's light on level ground falls toward the poles, and shadows fill the mosaic.
    latitude = np.abs(90 - (np.arange(rows) + 0.5) / rows * 180)
    dark = smoothstep(shadowed_from_deg, shadowed_from_deg + _FADE_DEG, latitude)[:, None]
    zonal = level.mean(axis=1)
    rim = zonal[(latitude > shadowed_from_deg - 8) & (latitude < shadowed_from_deg)].mean()
    even = smooth_globe(level, 2 * near) * (rim / np.maximum(smooth_globe(level, 2 * near).mean(axis=1), 1e-3))[:, None]
    return np.asarray((level * (1 - dark) + even * dark) * (1 + tone * (1 - dark)), np.float32)


def relief_from_shading(light: Field, radius_km: float) -> ShadedRelief:
    """Return relief from the shading of a plate carree mosaic (H, 2H), laid out as in :func:`remove_shading`.

    Its waves are those between some pixels and 400 km.
    """
    from scipy.sparse.linalg import LinearOperator, cg

    level = np.maximum(smooth_globe(light, _SURROUNDINGS_KM / radius_km), 1e-3)
    contrast = smooth_globe(np.clip(light / level - 1, -1, 1), _BLUR_PX * np.pi / len(light))
    grid = _Differences(len(light))
    east, north, share = _find_azimuth(contrast, grid, _AZIMUTH_WINDOW_KM / radius_km)
    weight: Field = share * grid.cosine

    def normal_equations(column: Field) -> Field:
        along, up = grid.gradient(column.reshape(contrast.shape))
        seen = weight * (east * along + north * up)
        stiff = np.asarray(_STIFFNESS * grid.cosine, np.float32)
        return grid.adjoint(seen * east + stiff * along, seen * north + stiff * up).ravel()

    seen = np.asarray(weight * contrast * grid.cosine**0.7 / _GAIN, np.float32)
    target = grid.adjoint(seen * east, seen * north).ravel()
    size = contrast.size
    height, _ = cg(LinearOperator((size, size), normal_equations, dtype=np.float32), target, maxiter=_STEPS)
    metres = np.asarray(height.reshape(contrast.shape) * 1000 * radius_km, np.float32)
    heights = HeightGrid.from_heights(metres, 4 * np.pi * radius_km / contrast.shape[1], radius_km)
    return ShadedRelief(heights, share * (1 + _STIFFNESS) / (share + _STIFFNESS))


def _find_azimuth(contrast: Field, grid: _Differences, window: float) -> tuple[Field, Field, Field]:
    """Return the unit vector away from the Sun, toward east and north, and the share of shading in the light."""
    east, north = grid.gradient(contrast)
    k = _COARSENING
    products = [_block_means(part, k) for part in (east * east, north * north, east * north)]
    rows, columns = products[0].shape
    tile = int(columns * _TILE_DEG / 360)
    tensor = [np.empty((rows, columns), np.float32) for _ in products]
    for left in range(0, columns, tile):
        own = slice(left, left + tile)
        mask = np.zeros(columns, np.float32)
        mask[own] = 1
        for out, part in zip(tensor, products, strict=True):
            out[:, own] = smooth_globe(part * mask, window)[:, own]
    ee, nn, en = tensor
    axis = 0.5 * np.arctan2(2 * en, ee - nn)
    preference = np.hypot(ee - nn, 2 * en) / np.maximum(ee + nn, 1e-12)
    toward = np.where(np.sin(axis) * np.linspace(1, -1, rows)[:, None] < 0, -1, 1)
    share = np.clip((preference - _LEAST_PREFERENCE) / (0.5 - _LEAST_PREFERENCE), 0, 1)
    return _enlarge(toward * np.cos(axis), k), _enlarge(toward * np.sin(axis), k), _enlarge(share, k)


class _Differences:
    """Central differences on a plate carree grid (rows, 2 rows) of the unit sphere, and their adjoint."""

    def __init__(self, rows: int) -> None:
        self.step = np.float32(2 * np.pi / rows)
        latitude = (0.5 - (np.arange(rows, dtype=np.float32) + 0.5) / rows) * np.float32(np.pi)
        self.cosine: Field = np.cos(latitude)[:, None]
        self._wide: Field = np.asarray(self.step * np.maximum(self.cosine, _LEAST_COSINE), np.float32)

    def gradient(self, field: Field) -> tuple[Field, Field]:
        """Return the slopes toward east and north; the first and the last row have none toward north."""
        north = np.zeros_like(field)
        north[1:-1] = (field[:-2] - field[2:]) / self.step
        return (np.roll(field, -1, axis=1) - np.roll(field, 1, axis=1)) / self._wide, north

    def adjoint(self, east: Field, north: Field) -> Field:
        """Return the transpose of :meth:`gradient` applied to two fields."""
        scaled = east / self._wide
        out = np.roll(scaled, 1, axis=1) - np.roll(scaled, -1, axis=1)
        out[:-2] += north[1:-1] / self.step
        out[2:] -= north[1:-1] / self.step
        return np.asarray(out)


def _fit_shading(contrast: Field, slopes: tuple[Field, Field], window: float) -> Field:
    """Regress contrast on the slopes toward east and north, around each place and within its tile of the mosaic."""
    east, north = slopes
    products = (east * east, east * north, north * north, contrast * east, contrast * north)
    k = _COARSENING if contrast.shape[0] % _COARSENING == 0 else 1
    coarse = [_block_means(product, k) for product in products]
    columns = coarse[0].shape[1]
    tile = int(columns * _TILE_DEG / 360)
    fit = np.empty_like(contrast)
    for left in range(0, columns, tile):
        mask = np.zeros(columns, np.float32)
        mask[left : left + tile] = 1
        ee, en, nn, ce, cn = (smooth_globe(part * mask, window)[:, left : left + tile] for part in coarse)
        share = np.maximum(smooth_globe(np.broadcast_to(mask, coarse[0].shape), window)[:, left : left + tile], 1e-3)
        ridge = np.asarray(_RIDGE * share, np.float32)
        ee, nn = ee + ridge, nn + ridge
        determinant = ee * nn - en * en
        toward_east, toward_north = (ce * nn - cn * en) / determinant, (cn * ee - ce * en) / determinant
        excess = np.maximum(np.hypot(toward_east, toward_north) / _HIGHEST_GAIN, 1)
        toward_east, toward_north = toward_east / excess, toward_north / excess
        own = slice(left * k, (left + tile) * k)
        fit[:, own] = _enlarge(toward_east, k) * east[:, own] + _enlarge(toward_north, k) * north[:, own]
    return fit


def _mean_slopes(heights: HeightGrid, rows: int) -> tuple[Field, Field]:
    """Return slopes toward east and north, each (rows, 2 rows), averaged over the pixels of the heights."""
    k = heights.rows // rows
    parts = [heights.gradient(slice(top, top + _BAND)) for top in range(0, heights.rows, _BAND)]
    east, north = (np.concatenate([_block_means(part[axis], k) for part in parts]) for axis in (0, 1))
    return east, north


def _block_means(field: Field, k: int) -> Field:
    rows, columns = field.shape[0] // k, field.shape[1] // k
    return np.asarray(field.reshape(rows, k, columns, k).mean(axis=(1, 3)), np.float32)


def _enlarge(field: NDArray[np.floating], k: int) -> Field:
    return np.asarray(np.repeat(np.repeat(field, k, axis=0), k, axis=1), np.float32)


def smooth_globe(field: Field, sigma: float) -> Field:
    """Smooth a plate carree field (H, 2H) with a Gaussian of ``sigma``, rad, on the ground."""
    from scipy import fft, ndimage

    rows, columns = field.shape
    latitude = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
    wider = sigma / np.maximum(np.cos(latitude), 0.02)[:, None]
    gain = np.exp(-0.5 * (np.arange(columns // 2 + 1) * wider) ** 2)
    along = fft.irfft(fft.rfft(field, axis=1) * gain.astype(np.float32), columns, axis=1)
    # Over a pole a meridian continues as the opposite one.
    reach = min(int(4 * sigma / np.pi * rows) + 1, rows)
    over_north, over_south = (np.roll(part[::-1], columns // 2, axis=1) for part in (along[:reach], along[-reach:]))
    tall = ndimage.gaussian_filter1d(np.concatenate([over_north, along, over_south]), sigma / np.pi * rows, axis=0)
    return np.asarray(tall[reach : reach + rows], np.float32)
