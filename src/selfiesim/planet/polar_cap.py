"""A polar patch of the planet that stands a look from 500 km.

A plate carree map pinches at the pole, and its pixels are 10 km there from north to south. The cap is our subject, so
it gets a map of its own: Lambert's azimuthal equal-area projection, resampled smoothly across the pole, and sharpened
below what the source resolves. What is added is invented but bounded: edges become crisp and ragged within about the
width of a source pixel, plains get a mottling of a few percent, dunes a faint grain. Averaged over 20 km it is the
source again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.planet import albedo
from selfiesim.planet.albedo import Field, smoothstep

MARS_RADIUS_KM = 3389.5


@dataclass(frozen=True)
class Detail:
    """How much is added below the source's resolution. Lengths in km, the rest relative."""

    brightest_ground: float = 0.13  # luminance in the source; what is brighter has ice in it
    warp_km: float = 1.6  # rms shift of an edge
    steepening: float = 2.5  # gain of the step from ground to ice
    threshold: float = 0.38  # cover at which a pixel turns to ice
    unsharp: float = 0.45  # local contrast given back to what the source blurred
    raggedness: float = 0.10  # noise in the threshold between ground and ice
    dark_walls: float = 0.5  # how much darker ground is that lies between ice: trough walls are steep and layered
    mottling: float = 0.045  # rms of the plains' tone
    dune_grain: float = 0.09  # rms of the dunes' tone
    dune_depth: float = 0.3  # log of how much darker dunes are than the source has them: half as bright as the plains
    firn: float = 0.035  # rms of the ice's tone


@dataclass(frozen=True)
class Patch:
    """Fields on a patch of ``size`` pixels a side: see :func:`build_patch`."""

    ground_tone: Field
    ice_tone: Field
    cover: Field


@dataclass(frozen=True)
class _Grid:
    """Pixel centres of a patch, as colatitude and east longitude in rad, and the size of a pixel."""

    size: int
    span_rad: float
    colatitude: Field
    longitude: Field

    @property
    def km_per_pixel(self) -> float:
        return float(4 * np.sin(self.span_rad / 2) * MARS_RADIUS_KM / self.size)

    @property
    def inside(self) -> Field:
        """How much of the added detail to use: all of it, fading to none at the rim, where the globe takes over."""
        return smoothstep(self.span_rad - np.radians(2.0), self.span_rad - np.radians(6.0), self.colatitude)


def build_patch(luminance: Field, size: int, span_rad: float, seed: int, detail: Detail | None = None) -> Patch:
    """Ground tone, ice tone and ice cover around the pole at row 0 of a plate carree map.

    Parameters
    ----------
    luminance : (H, W) float32
        Linear luminance, row 0 at the pole, column 0 at lon 0 E. For a south pole hand over the rows upside down.
    size, span_rad
        Pixels a side, a multiple of 4, and the colatitude at the middle of each side.
    seed
        Of the noise: the same seed gives the same bytes.
    detail
        What is invented; None for the default.
    """
    detail = detail or Detail()
    grid = patch_grid(size, span_rad)
    rng = np.random.default_rng(seed)
    inside = grid.inside
    tone = _sampled(luminance, grid, detail.warp_km, rng)
    bare, firn, enclosed = _ends(tone, grid, detail.brightest_ground)
    raw = np.clip((tone - bare) / (firn - bare), 0, 1)
    cover = _sharpened_cover(raw, grid, detail, rng)
    gate = albedo.ice_gate(np.pi / 2 - grid.colatitude)
    simple = albedo.simple_ice_cover(tone, np.pi / 2 - grid.colatitude)
    cover = (simple + (cover * gate - simple) * inside).astype(np.float32)

    ground_tone = tone + (np.minimum(tone, bare) - tone) * inside * gate
    ground_tone *= 1 - detail.dark_walls * enclosed * inside
    ground_tone *= np.exp(inside * _ground_texture(ground_tone, grid, detail, rng))
    ice_tone = tone + (np.maximum(tone, 0.85 * firn) - tone) * inside
    ice_tone *= np.exp(inside * detail.firn * _noise(rng, size, grid.km_per_pixel, 4.0, 90.0, 1.4))
    return Patch(ground_tone.astype(np.float32), ice_tone.astype(np.float32), cover)


def patch_grid(size: int, span_rad: float) -> _Grid:
    """Where each pixel of a patch lies. Row up means away from lon 0 E, column right means toward 90 E."""
    axis = (2 * (np.arange(size, dtype=np.float32) + 0.5) / size - 1) * np.float32(2 * np.sin(span_rad / 2))
    x, y = axis[:, None], axis[None, :]
    radius = np.sqrt(x * x + y * y)
    colatitude = 2 * np.arcsin(radius / 2)
    return _Grid(size, span_rad, colatitude, np.mod(np.arctan2(y, x), np.float32(2 * np.pi)))


def _sampled(luminance: Field, grid: _Grid, warp_km: float, rng: np.random.Generator) -> Field:
    """The map on the patch's grid, each point looked up a few km aside."""
    from scipy import ndimage

    height, width = luminance.shape
    pad = 8
    rows = min(height, round(height / np.pi * float(grid.colatitude.max())) + 16)
    polar = _smoothed_in_longitude(luminance[:rows], height)
    # Over the pole a meridian goes on as the opposite one.
    across = np.roll(polar[:pad][::-1], width // 2, axis=1)
    padded = np.concatenate([across, polar])
    padded = np.concatenate([padded[:, -pad:], padded, padded[:, :pad]], axis=1)
    coefficients = ndimage.spline_filter(np.sqrt(padded), order=3, output=np.float32)

    km = grid.km_per_pixel
    along, aside = (_noise(rng, grid.size, km, 3.0, 45.0, 2.0) for _ in range(2))
    shift = np.float32(warp_km / MARS_RADIUS_KM) * grid.inside
    # Along the meridian and across it; at the pole itself "across" has no meaning and the shift in angle is held.
    colatitude = grid.colatitude + shift * along
    longitude = grid.longitude + shift * aside / np.maximum(np.sin(grid.colatitude), np.float32(0.02))
    row = colatitude * np.float32(height / np.pi) - 0.5 + pad
    column = np.mod(longitude, np.float32(2 * np.pi)) * np.float32(width / (2 * np.pi)) - 0.5 + pad
    out = ndimage.map_coordinates(coefficients, [row, column], order=3, prefilter=False, output=np.float32)
    return np.asarray(np.maximum(out, 0.01) ** 2, dtype=np.float32)


def _smoothed_in_longitude(polar: Field, height: int) -> Field:
    """Rows blurred to one width in km: near the pole the source has far more columns than detail."""
    rows, width = polar.shape
    colatitude = (np.arange(rows) + 0.5) / height * np.pi
    blur_km = 3.2 * smoothstep(np.radians(28.0), np.radians(18.0), colatitude)
    sigma = blur_km / (MARS_RADIUS_KM * np.sin(colatitude) * 2 * np.pi / width)
    frequency = np.fft.rfftfreq(width)
    gain = np.exp(-2 * (np.pi * frequency[None, :] * sigma[:, None]) ** 2)
    return np.fft.irfft(np.fft.rfft(polar, axis=1) * gain, width, axis=1).astype(np.float32)


def _ends(tone: Field, grid: _Grid, brightest_ground: float) -> tuple[Field, Field, Field]:
    """Luminance of bare ground and of ice around each pixel, what a pixel in between is a mixture of; and a share.

    The share is how far a pixel lies between ice, 0..1.
    """
    from scipy.ndimage import gaussian_filter

    step = 4
    small = _binned(tone, step)
    pixel = grid.km_per_pixel * step
    iced = gaussian_filter(smoothstep(0.12, 0.4, small), 20 / pixel, truncate=3.0)
    # Near ice a grey pixel is a mixture, not ground: take the ground's tone from the dark pixels, as 1/L weights do.
    dark_first = smoothstep(brightest_ground, 0.62 * brightest_ground, small) / np.maximum(small, 0.02) ** 2
    bare = _local_mean(small, dark_first * 0.05**2, (8 / pixel, 30 / pixel, 120 / pixel), 0.06)
    bare *= 1.6 - 0.5 * smoothstep(0.02, 0.15, iced)
    firn = _local_mean(small, smoothstep(0.36, 0.46, small), (12 / pixel, 40 / pixel), 0.55)
    enclosed = smoothstep(0.3, 0.6, iced)
    return _enlarged(bare, step), _enlarged(np.maximum(firn, 0.4), step), _enlarged(enclosed, step)


def _local_mean(field: Field, weight: Field, sigmas: tuple[float, ...], fallback: float) -> Field:
    """Mean of the pixels that count, from as near as there are any."""
    from scipy.ndimage import gaussian_filter

    out = np.full_like(field, fallback)
    for sigma in sorted(sigmas, reverse=True):
        mass = gaussian_filter(weight, sigma, truncate=3.0)
        mean = gaussian_filter(weight * field, sigma, truncate=3.0) / np.maximum(mass, 1e-6)
        trust = smoothstep(0.01, 0.12, mass)
        out = out + (mean - out) * trust
    return out


def _sharpened_cover(raw: Field, grid: _Grid, detail: Detail, rng: np.random.Generator) -> Field:
    """Ice or not, with edges a pixel or two wide where the source has ten kilometres of grey."""
    from scipy.ndimage import gaussian_filter

    km = grid.km_per_pixel
    step = 4
    around = _enlarged(gaussian_filter(_binned(raw, step), 9.0 / (km * step)), step)
    crisp = raw + np.float32(detail.unsharp) * (raw - around)
    # Noise matters on an edge only: clean ice and bare ground stay whole.
    on_edge = 4 * np.clip(crisp, 0, 1) * (1 - np.clip(crisp, 0, 1))
    crisp += detail.raggedness * on_edge * _noise(rng, grid.size, km, 3.2, 35.0, 1.3)
    half_width = 0.75 / detail.steepening
    steep = smoothstep(detail.threshold - half_width, detail.threshold + half_width, crisp)
    return np.asarray(0.7 * steep + 0.3 * np.clip(crisp, 0, 1), dtype=np.float32)


def _ground_texture(tone: Field, grid: _Grid, detail: Detail, rng: np.random.Generator) -> Field:
    """Log of a factor on the ground's tone: mottled plains, grained dunes."""
    km, size = grid.km_per_pixel, grid.size
    patches = _noise(rng, size, km, 3.0, 160.0, 1.25)
    where = _noise(rng, size, km, 60.0, 400.0, 1.0)
    mottling = detail.mottling * patches * (0.75 + 0.35 * np.tanh(where))
    dark = smoothstep(0.055, 0.03, tone) * smoothstep(np.radians(17.0), np.radians(14.0), grid.colatitude)
    ridges = _noise(rng, size, km, 2.6, 9.0, 0.3, stretch=(1.0, 2.2))
    return np.asarray(mottling + dark * (detail.dune_grain * ridges - detail.dune_depth), dtype=np.float32)


def _noise(
    rng: np.random.Generator,
    size: int,
    km: float,
    shortest_km: float,
    longest_km: float,
    slope: float,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Field:
    """Gaussian noise of mean 0 and variance 1 between two wavelengths, (size, size).

    Amplitude falls as frequency to the power ``slope``; ``stretch`` lengthens the grain along rows and columns.
    """
    from scipy import fft

    spectrum = fft.rfft2(rng.standard_normal((size, size), dtype=np.float32), workers=2)
    down = np.fft.fftfreq(size, km).astype(np.float32)[:, None] * np.float32(stretch[0])  # cycles per km
    right = np.fft.rfftfreq(size, km).astype(np.float32)[None, :] * np.float32(stretch[1])
    squared = down * down + right * right
    shape = np.exp(squared * np.float32(-(shortest_km**2)))
    shape *= (squared + np.float32(1 / longest_km**2)) ** np.float32(-slope / 2)
    shape[0, 0] = 0
    spectrum *= shape
    field = fft.irfft2(spectrum, (size, size), overwrite_x=True, workers=2)
    field *= np.float32(size / np.linalg.norm(field))
    return np.asarray(field, dtype=np.float32)


def _binned(field: Field, step: int) -> Field:
    """Means of step x step pixels."""
    size = field.shape[0] // step
    return np.asarray(field.reshape(size, step, size, step).mean(axis=(1, 3)), dtype=np.float32)


def _enlarged(field: Field, step: int) -> Field:
    """Back to full size, linearly between the means."""
    size = field.shape[0]
    at = (np.arange(size * step, dtype=np.float32) + 0.5) / step - 0.5
    low = np.clip(np.floor(at).astype(np.intp), 0, size - 2)
    share = np.clip(at - low, 0, 1).astype(np.float32)
    rows = field[low] + (field[low + 1] - field[low]) * share[:, None]
    return np.asarray(rows[:, low] + (rows[:, low + 1] - rows[:, low]) * share[None, :], dtype=np.float32)
