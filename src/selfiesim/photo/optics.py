"""The lens: from the light of the scene to the light on the sensor.

Light stays in radiance: what a pixel is given is the radiance of an even scene that would expose it as much on the
axis of a perfect lens. Every blur keeps its energy; vignetting and dust take some away; the Sun beside the picture adds
some.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.photo.rows import by_bands, workers
from selfiesim.photo.streams import stream

if TYPE_CHECKING:
    from selfiesim.camera import Camera
    from selfiesim.photo.settings import LensPart

Floats = NDArray[np.float32]

WAVELENGTHS_M = (620e-9, 550e-9, 460e-9)
CORE_PX = 24  # half the side of the kernel that is applied at full size
_COARSE = 8  # pixels of the grid for the wide halo


@dataclass(frozen=True)
class Lens:
    """A lens before a sensor: what the effects need to know. ``on`` names the effects of the lens that are on."""

    camera: Camera
    part: LensPart
    f_number: float
    pixel_pitch_m: float
    on: frozenset[str]

    @property
    def pupil_power(self) -> float:
        """How the aperture shrinks off the axis: flat by default, turning along in a fisheye."""
        from selfiesim.lens import KannalaBrandt

        if self.part.pupil_power is not None:
            return self.part.pupil_power
        return 0.0 if isinstance(self.camera.distortion, KannalaBrandt) else 1.0


def transmission(lens: Lens) -> Floats:
    """Share (H, W) of the axis' light that each pixel gets: vignetting and dust, as far as they are on."""
    share = np.ones((lens.camera.height, lens.camera.width), np.float32)
    if "vignetting" in lens.on:
        share = share * vignetting(lens.camera, lens.pupil_power, lens.part.mechanical_from, lens.part.mechanical_loss)
    if "dust" in lens.on and lens.part.dust_count:
        share = share * _dust(lens.camera.width, lens.camera.height, lens.part.dust_count, lens.part.dust_loss)
    return share


@lru_cache(maxsize=4)
def vignetting(camera: Camera, pupil_power: float, mechanical_from: float, mechanical_loss: float) -> Floats:
    """Relative illumination (H, W), 1 on the axis.

    Light on the sensor is radiance times the aperture's area as seen from the ray's direction, cos(angle)^pupil_power,
    times the solid angle a pixel spans, taken from the camera's rays; for a pinhole and power 1 that is cos^4. The
    mount cuts smoothly from ``mechanical_from`` half diagonals on, and takes ``mechanical_loss`` in the corner.
    """
    # Every fourth pixel is enough for what varies so slowly; the ends are always among them.
    rows, columns = (np.unique(np.r_[np.arange(-1, n + 4, 4), n]).astype(float) for n in (camera.height, camera.width))
    x, y = np.meshgrid(columns, rows)
    step = 0.25
    ray = camera.unproject(np.stack([x, y], -1))
    right, below = camera.unproject(np.stack([x + step, y], -1)), camera.unproject(np.stack([x, y + step], -1))
    solid = np.linalg.norm(np.cross(right - ray, below - ray), axis=-1) / step**2 * camera.fx * camera.fy
    cosine = np.maximum(ray[..., 2], 0.0) if pupil_power else np.ones_like(ray[..., 2])
    half = 0.5 * np.hypot(camera.width, camera.height)
    radius = np.hypot(x - camera.cx, y - camera.cy) / half
    cut = np.clip((radius - mechanical_from) / max(1.0 - mechanical_from, 1e-3), 0.0, 1.0)
    coarse = np.nan_to_num(solid * cosine**pupil_power) * (1.0 - mechanical_loss * cut**2)
    fine = [np.interp(np.arange(n), grid, np.arange(len(grid))) for n, grid in
            ((camera.height, rows), (camera.width, columns))]  # fmt: skip
    return _between(coarse.astype(np.float32), fine[0], fine[1])


def _between(coarse: Floats, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Floats:
    """Values (H, W) between those of a coarse grid (h, w), bilinear, at fractional rows (H,) and columns (W,)."""
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


@lru_cache(maxsize=4)
def _dust(width: int, height: int, count: int, loss: float) -> Floats:
    """Share of light (H, W) that specks on the lens let through: soft discs, the same in each frame."""
    dice = stream(0, "dust")
    share = np.ones((height, width), np.float32)
    for _ in range(count):
        x, y = dice.uniform(0, width), dice.uniform(0, height)
        radius = width * dice.uniform(0.006, 0.03)
        taken = loss * dice.uniform(0.2, 1.0)
        top, left = max(0, int(y - radius - 2)), max(0, int(x - radius - 2))
        window = np.s_[top : min(height, int(y + radius + 3)), left : min(width, int(x + radius + 3))]
        rows, columns = np.mgrid[window]
        depth = np.clip((radius - np.hypot(columns - x, rows - y)) / (0.25 * radius), 0.0, 1.0)
        share[window] *= (1.0 - taken * depth).astype(np.float32)
    return share


def lateral_colour(planes: Floats, camera: Camera, share: float) -> Floats:
    """Planes (3, H, W) with red pictured larger by ``share`` about the axis and blue smaller; green stays."""
    height, width = planes.shape[1:]
    out = np.empty_like(planes)

    def work(_number: int, rows: slice) -> None:
        out[1, rows] = planes[1, rows]
        for band, scale in ((0, 1.0 + share), (2, 1.0 - share)):
            y = np.clip(camera.cy + (np.arange(rows.start, rows.stop) - camera.cy) / scale, 0, height - 1)
            x = np.clip(camera.cx + (np.arange(width) - camera.cx) / scale, 0, width - 1)
            out[band, rows] = _between(planes[band], y, x)

    by_bands(height, work)
    return out


def airy(f_number: float, pitch_m: float, wavelength_m: float) -> NDArray[np.float64]:
    """The Airy pattern (2 CORE_PX + 1, same), averaged over each pixel, with a sum of 1. Born and Wolf, 8.5.2."""
    from scipy.special import j1

    fine = 5  # samples a pixel, across
    edge = np.arange(-CORE_PX * fine - fine // 2, CORE_PX * fine + fine // 2 + 1) / fine
    x = np.pi * np.hypot(*np.meshgrid(edge, edge)) * pitch_m / (wavelength_m * f_number)
    x[x < 1e-6] = 1e-6
    side = 2 * CORE_PX + 1
    kernel = ((2.0 * j1(x) / x) ** 2).reshape(side, fine, side, fine).sum(axis=(1, 3))
    return np.asarray(kernel / kernel.sum())


def disc(diameter_px: float) -> NDArray[np.float64]:
    """A blur disc (2 * 32 + 1, same) with soft edges and a sum of 1."""
    reach = np.arange(-32, 33)
    kernel = np.clip(0.5 * diameter_px - np.hypot(*np.meshgrid(reach, reach)) + 0.5, 0.0, 1.0)
    kernel[32, 32] = max(kernel[32, 32], 1e-9)
    return np.asarray(kernel / kernel.sum())


def scatter_law(radius: NDArray[np.float64], shoulder: float, slope: float) -> NDArray[np.float64]:
    """Harvey's law of scattered light, not normalised: flat to ``shoulder``, then falling with ``slope``."""
    return np.asarray((1.0 + (radius / shoulder) ** 2) ** (-0.5 * slope))


def _window(radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 in the middle, 0 from CORE_PX on, smooth between: what of the halo is applied at full size."""
    t = np.clip(radius / CORE_PX, 0.0, 1.0)
    return np.asarray(1.0 - t * t * (3.0 - 2.0 * t))


@dataclass(frozen=True)
class _Blur:
    """The transform of the near kernel at full size, the far one's at the coarse size, and what share it has."""

    near: Floats
    reach: int
    size: tuple[int, int]
    far: NDArray[np.complex64]
    coarse_size: tuple[int, int]
    far_share: float


@lru_cache(maxsize=2)
def _blur(lens: Lens) -> _Blur:
    import scipy.fft as fft
    from scipy.signal import fftconvolve

    height, width = lens.camera.height, lens.camera.width
    kernels = []
    for wavelength in WAVELENGTHS_M:
        kernel = np.ones((1, 1))
        if "diffraction" in lens.on:
            kernel = airy(lens.f_number, lens.pixel_pitch_m, wavelength)
        if "defocus" in lens.on and lens.part.defocus_px > 0.0:
            kernel = fftconvolve(kernel, disc(lens.part.defocus_px))
        kernels.append(kernel)
    # Room for the widest kernel on each side: nothing comes in again on the other.
    reach = max(CORE_PX, max(kernel.shape[0] // 2 for kernel in kernels))
    size = (fft.next_fast_len(height + 2 * reach, True), fft.next_fast_len(width + 2 * reach, True))
    low = (-(-height // _COARSE), -(-width // _COARSE))
    coarse_size = (fft.next_fast_len(2 * low[0], True), fft.next_fast_len(2 * low[1], True))
    glare = lens.part.glare_share if "glare" in lens.on else 0.0
    shoulder = np.radians(lens.part.glare_angle_deg) / lens.camera.pixel_angle
    reach_px = np.hypot(*np.meshgrid(np.arange(-CORE_PX, CORE_PX + 1), np.arange(-CORE_PX, CORE_PX + 1)))
    halo = scatter_law(reach_px, shoulder, lens.part.glare_slope) * _window(reach_px)
    radius = _COARSE * np.hypot(*np.meshgrid(*(np.minimum(np.arange(n), n - np.arange(n)) for n in coarse_size[::-1])))
    veil = scatter_law(radius, shoulder, lens.part.glare_slope) * (1.0 - _window(radius)) * _COARSE**2
    near_share, far_share = (glare * part.sum() / (halo.sum() + veil.sum()) for part in (halo, veil))
    otf = [
        (1.0 - near_share - far_share) * _transfer(kernel, size) + near_share * _transfer(halo / halo.sum(), size)
        for kernel in kernels
    ]
    return _Blur(
        np.stack(otf).astype(np.float32),
        reach,
        size,
        fft.rfft2((veil / veil.sum()).astype(np.float32)),
        coarse_size,
        float(far_share),
    )


def _transfer(kernel: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Transfer function of an odd, symmetric kernel: real."""
    import scipy.fft as fft

    middle = np.zeros(size)
    middle[: kernel.shape[0], : kernel.shape[1]] = kernel
    return np.asarray(fft.rfft2(np.roll(middle, (-(kernel.shape[0] // 2), -(kernel.shape[1] // 2)), (0, 1))).real)


def blurred(planes: Floats, lens: Lens) -> Floats:
    """Planes (3, H, W) through diffraction, defocus and scatter.

    Outside the picture it goes on as at its edge, for the sharp part; the wide halo takes it as dark there.
    """
    if not lens.on & {"diffraction", "defocus", "glare"}:
        return planes
    import scipy.fft as fft

    blur, (height, width) = _blur(lens), planes.shape[1:]
    reach = blur.reach
    # To the size of the transform at once: it would make another copy to fill up what is missing.
    margins = [(reach, whole - reach - side) for whole, side in zip(blur.size, (height, width), strict=True)]
    wider = np.pad(planes, ((0, 0), *margins), mode="edge")
    spectrum = fft.rfft2(wider, workers=workers())
    by_bands(blur.size[0], lambda _number, rows: np.multiply(spectrum[:, rows], blur.near[:, rows], spectrum[:, rows]))
    near = fft.irfft2(spectrum, blur.size, workers=workers(), overwrite_x=True)
    near = near[:, reach : reach + height, reach : reach + width]
    if blur.far_share:
        _add_veil(near, planes, blur)
    return np.asarray(np.maximum(near, 0.0, out=near))  # rounding in the transform goes below zero by 1e-7 of the peak


def _add_veil(near: Floats, planes: Floats, blur: _Blur) -> None:
    """Add the wide halo, worked out on the coarse grid."""
    import scipy.fft as fft

    height, width = planes.shape[1:]
    coarse = _block_mean(planes)
    wide = fft.irfft2(fft.rfft2(coarse, blur.coarse_size) * blur.far, blur.coarse_size)
    wide = np.asarray(wide[:, : coarse.shape[1], : coarse.shape[2]] * blur.far_share, np.float32)
    add_coarse(near, wide)
    assert near.shape[1:] == (height, width)


def _block_mean(planes: Floats) -> Floats:
    """Mean of each coarse cell (3, h, w); cells at the right and lower edges count what is outside as dark."""
    height, width = planes.shape[1:]
    ragged = (-height % _COARSE, -width % _COARSE)
    if any(ragged):
        planes = np.pad(planes, ((0, 0), (0, ragged[0]), (0, ragged[1])))
    out = np.empty((3, planes.shape[1] // _COARSE, planes.shape[2] // _COARSE), np.float32)

    def work(_number: int, rows: slice) -> None:
        tall = planes[:, rows].reshape(3, -1, _COARSE, planes.shape[2]).sum(axis=2)
        cells = tall.reshape(3, len(tall[0]), -1, _COARSE).sum(axis=-1)
        out[:, rows.start // _COARSE : rows.start // _COARSE + cells.shape[1]] = cells / np.float32(_COARSE**2)

    by_bands(planes.shape[1], work)
    return out


def coarse_pixels(camera: Camera) -> NDArray[np.float64]:
    """Pixels (h, w, 2) in the middle of each cell of the coarse grid."""
    x = (np.arange(-(-camera.width // _COARSE)) + 0.5) * _COARSE - 0.5
    y = (np.arange(-(-camera.height // _COARSE)) + 0.5) * _COARSE - 0.5
    return np.stack(np.meshgrid(x, y), -1)


def add_coarse(planes: Floats, coarse: Floats) -> None:
    """Add what is known on the coarse grid (3, h, w) to planes (3, H, W), bilinear between the cells' middles."""
    height, width = planes.shape[1:]
    columns = np.clip((np.arange(width) - 0.5 * (_COARSE - 1)) / _COARSE, 0, coarse.shape[2] - 1)
    left = np.minimum(columns.astype(int), max(coarse.shape[2] - 2, 0))
    weight = (columns - left).astype(np.float32)
    step = np.diff(coarse, axis=2, append=coarse[..., -1:])

    def work(_number: int, rows: slice) -> None:
        at = np.clip((np.arange(rows.start, rows.stop) - 0.5 * (_COARSE - 1)) / _COARSE, 0, coarse.shape[1] - 1)
        above = np.minimum(at.astype(int), max(coarse.shape[1] - 2, 0))
        below = np.minimum(above + 1, coarse.shape[1] - 1)
        share = (at - above).astype(np.float32)[:, None]
        for band in range(3):
            value = coarse[band, above] * (1.0 - share) + coarse[band, below] * share
            slope = step[band, above] * (1.0 - share) + step[band, below] * share
            planes[band, rows] += np.take(value, left, axis=1)
            planes[band, rows] += np.take(slope, left, axis=1) * weight

    by_bands(height, work)
