"""The lens: from the light of the scene to the light on the sensor.

Light stays in radiance: what a pixel is given is the radiance of an even scene that would expose it as much on the
axis of a perfect lens. Every blur keeps its energy; vignetting and dust take some away; the Sun beside the picture adds
some.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.parallel import for_each_band, run_parallel, workers
from selfiesim.core.rng import stream
from selfiesim.photo.coarse_grid import COARSE_CELL_PX, add_upsampled, block_mean

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.scene.photo import LensSection

Floats = NDArray[np.float32]

WAVELENGTHS_M = (620e-9, 550e-9, 460e-9)
CORE_PX = 24  # half the side of the kernel that is applied at full size
MAX_REACH_PX = CORE_PX + 32  # of diffraction and defocus together
TILE_PX = (216, 480)  # rows and columns blurred at a time: such transforms stay in the cache


@dataclass(frozen=True)
class Lens:
    """A lens before a sensor: what the effects need to know. ``on`` names the effects of the lens that are on."""

    camera: Camera
    part: LensSection
    f_number: float
    pixel_pitch_m: float
    on: frozenset[str]

    @property
    def pupil_power(self) -> float:
        """How the aperture shrinks off the axis: flat by default, turning along in a fisheye."""
        from selfiesim.camera.distortion import KannalaBrandt

        if self.part.pupil_power is not None:
            return self.part.pupil_power
        return 0.0 if isinstance(self.camera.distortion, KannalaBrandt) else 1.0


def transmission(lens: Lens, rows: slice | None = None) -> Floats:
    """Share (h, W) of the axis' light that each pixel gets: vignetting and dust, as far as they are on.

    Of all rows of the picture, or of some.
    """
    return _whole_transmission(lens) if rows is None else _transmission(lens, rows)


@lru_cache(maxsize=1)
def _whole_transmission(lens: Lens) -> Floats:
    return _transmission(lens, slice(0, lens.camera.height))


def _transmission(lens: Lens, rows: slice) -> Floats:
    share = np.ones((rows.stop - rows.start, lens.camera.width), np.float32)
    part = lens.part
    if "vignetting" in lens.on:
        share *= vignetting(lens.camera, lens.pupil_power, part.mechanical_from, part.mechanical_loss, rows)
    if "dust" in lens.on:
        _apply_dust(share, rows.start, lens)
    return share


def vignetting(
    camera: Camera, pupil_power: float, mechanical_from: float, mechanical_loss: float, rows: slice | None = None
) -> Floats:
    """Relative illumination (h, W) of all rows or some, 1 on the axis.

    Light on the sensor is radiance times the aperture's area as seen from the ray's direction, cos(angle)^pupil_power,
    times the solid angle a pixel spans, taken from the camera's rays; for a pinhole and power 1 that is cos^4. The
    mount cuts smoothly from ``mechanical_from`` half diagonals on, and takes ``mechanical_loss`` in the corner. A
    panorama has none: its pictures were evened out before they were put together.
    """
    from selfiesim.camera.distortion import Panorama

    if isinstance(camera.distortion, Panorama):
        return np.ones((len(range(camera.height)[rows or slice(None)]), camera.width), np.float32)
    coarse, y, x = _falloff(camera, pupil_power, mechanical_from, mechanical_loss)
    wanted = rows or slice(0, camera.height)
    fine = [np.interp(np.arange(first, last), grid, np.arange(len(grid))) for first, last, grid in
            ((wanted.start, wanted.stop, y), (0, camera.width, x))]  # fmt: skip
    return _bilinear(coarse, fine[0], fine[1])


@lru_cache(maxsize=4)
def _falloff(
    camera: Camera, pupil_power: float, mechanical_from: float, mechanical_loss: float
) -> tuple[Floats, NDArray[np.float64], NDArray[np.float64]]:
    """The illumination on a coarse grid (h, w), and the rows (h,) and columns (w,) of the grid."""
    # Every fourth pixel, or 512 across a larger picture, is enough for what varies so slowly; the ends are among them.
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


def _apply_dust(share: Floats, top: int, lens: Lens) -> None:
    """Multiply rows (h, W) of a picture, from ``top`` on, by what specks on the lens let through.

    Soft discs, the same in each frame.
    """
    rng, (width, height) = stream(0, "dust"), (lens.camera.width, lens.camera.height)
    for _ in range(lens.part.dust_count):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        radius = width * rng.uniform(0.006, 0.03)
        taken = lens.part.dust_loss * rng.uniform(0.2, 1.0)
        first, last = max(0, int(y - radius - 2) - top), min(len(share), int(y + radius + 3) - top)
        if first >= last:
            continue
        window = np.s_[first:last, max(0, int(x - radius - 2)) : min(width, int(x + radius + 3))]
        rows, columns = np.mgrid[window]
        depth = np.clip((radius - np.hypot(columns - x, rows + top - y)) / (0.25 * radius), 0.0, 1.0)
        share[window] *= (1.0 - taken * depth).astype(np.float32)


def lateral_colour(planes: Floats, camera: Camera, share: float, top: int = 0) -> Floats:
    """Planes (3, h, W) with red pictured larger by ``share`` about the axis and blue smaller; green stays.

    What is pictured larger is as much the fainter: the light is kept. The planes hold the picture's rows from ``top``
    on; what would come from rows above or below them is their edge's.
    """
    height, width = planes.shape[1:]
    out = np.empty_like(planes)

    def work(_number: int, rows: slice) -> None:
        out[1, rows] = planes[1, rows]
        for band, scale in ((0, 1.0 + share), (2, 1.0 - share)):
            y = camera.cy + (np.arange(rows.start, rows.stop) + top - camera.cy) / scale
            y = np.clip(np.clip(y, 0, camera.height - 1) - top, 0, height - 1)
            x = np.clip(camera.cx + (np.arange(width) - camera.cx) / scale, 0, width - 1)
            np.multiply(_resample_shifted(planes[band], y, x), np.float32(scale**-2), out=out[band, rows])

    for_each_band(height, work)
    return out


def _resample_shifted(plane: Floats, rows: NDArray[np.float64], columns: NDArray[np.float64]) -> Floats:
    """As :func:`_bilinear`, for places almost a pixel apart: whole stretches of rows and columns at once."""
    tall = np.empty((len(rows), plane.shape[1]), np.float32)
    for to, start, share in _contiguous_runs(rows, len(plane)):
        low, high = plane[start : start + len(share)], plane[start + 1 : start + 1 + len(share)]
        np.multiply(high - low, share[:, None], out=tall[to])
        tall[to] += low
    out = np.empty((len(rows), len(columns)), np.float32)
    for to, start, share in _contiguous_runs(columns, plane.shape[1]):
        low, high = tall[:, start : start + len(share)], tall[:, start + 1 : start + 1 + len(share)]
        np.multiply(high - low, share, out=out[:, to])
        out[:, to] += low
    return out


def _contiguous_runs(places: NDArray[np.float64], count: int) -> list[tuple[slice, int, Floats]]:
    """Where places (N,) follow one another pixel by pixel: which of them, the pixel before the first, shares (n,)."""
    low = np.clip(np.floor(places).astype(int), 0, count - 2)
    share = (places - low).astype(np.float32)
    ends = [0, *(np.flatnonzero(np.diff(low) != 1) + 1), len(places)]
    return [(slice(a, b), int(low[a]), share[a:b]) for a, b in itertools.pairwise(ends)]


def airy_kernel(f_number: float, pitch_m: float, wavelength_m: float) -> NDArray[np.float64]:
    """The Airy pattern (2 CORE_PX + 1, same), averaged over each pixel, with a sum of 1. Born and Wolf, 8.5.2."""
    from scipy.special import j1

    fine = 5  # samples a pixel, across
    edge = np.arange(-CORE_PX * fine - fine // 2, CORE_PX * fine + fine // 2 + 1) / fine
    x = np.pi * np.hypot(*np.meshgrid(edge, edge)) * pitch_m / (wavelength_m * f_number)
    x[x < 1e-6] = 1e-6
    side = 2 * CORE_PX + 1
    kernel = ((2.0 * j1(x) / x) ** 2).reshape(side, fine, side, fine).sum(axis=(1, 3))
    return np.asarray(kernel / kernel.sum())


def defocus_kernel(diameter_px: float) -> NDArray[np.float64]:
    """A blur disc (2 * 32 + 1, same) with soft edges and a sum of 1."""
    reach = np.arange(-32, 33)
    kernel = np.clip(0.5 * diameter_px - np.hypot(*np.meshgrid(reach, reach)) + 0.5, 0.0, 1.0)
    kernel[32, 32] = max(kernel[32, 32], 1e-9)
    return np.asarray(kernel / kernel.sum())


def harvey_scatter(radius: NDArray[np.float64], shoulder: float, slope: float) -> NDArray[np.float64]:
    """Harvey's law of scattered light, not normalised: flat to ``shoulder``, then falling with ``slope``."""
    return np.asarray((1.0 + (radius / shoulder) ** 2) ** (-0.5 * slope))


def _window(radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 in the middle, 0 from CORE_PX on, smooth between: what of the halo is applied at full size."""
    t = np.clip(radius / CORE_PX, 0.0, 1.0)
    return np.asarray(1.0 - t * t * (3.0 - 2.0 * t))


@dataclass(frozen=True)
class _NearKernel:
    """The transforms (3, h, w) of what is applied at full size, tile by tile, and how far it reaches.

    ``size`` is that of the transform: a tile and what reaches into it from all sides.
    """

    transfer: Floats
    reach: int
    size: tuple[int, int]


@dataclass(frozen=True)
class _Scatter:
    """Scattered light: the near kernel (49, 49) and the transform of the far one on the coarse grid, and their shares.

    The kernels have a sum of 1.
    """

    halo: NDArray[np.float64]
    halo_share: float
    veil: NDArray[np.complex64]
    coarse_size: tuple[int, int]
    veil_share: float


@lru_cache(maxsize=2)
def _scatter(lens: Lens) -> _Scatter:
    import scipy.fft as fft

    low = tuple(-(-side // COARSE_CELL_PX) for side in (lens.camera.height, lens.camera.width))
    coarse_size = (fft.next_fast_len(2 * low[0], True), fft.next_fast_len(2 * low[1], True))
    glare = lens.part.glare_share if "glare" in lens.on else 0.0
    shoulder = np.radians(lens.part.glare_angle_deg) / lens.camera.pixel_angle
    near = np.hypot(*np.meshgrid(np.arange(-CORE_PX, CORE_PX + 1), np.arange(-CORE_PX, CORE_PX + 1)))
    halo = harvey_scatter(near, shoulder, lens.part.glare_slope) * _window(near)
    down, across = (COARSE_CELL_PX * np.minimum(np.arange(n), n - np.arange(n)) for n in coarse_size)
    veil = np.empty(coarse_size, np.float32)
    for row, y in enumerate(down):  # row by row: a poster's grid is four thousand cells wide
        far = np.hypot(across, y)
        veil[row] = harvey_scatter(far, shoulder, lens.part.glare_slope) * (1.0 - _window(far))
    within, beyond = float(halo.sum()), float(veil.sum(dtype=np.float64)) * COARSE_CELL_PX**2
    veil *= np.float32(COARSE_CELL_PX**2 / beyond)
    halo_share, veil_share = (glare * part / (within + beyond) for part in (within, beyond))
    return _Scatter(halo / within, halo_share, fft.rfft2(veil, workers=workers()), coarse_size, veil_share)


@lru_cache(maxsize=2)
def _near_kernel(lens: Lens) -> _NearKernel:
    import scipy.fft as fft
    from scipy.signal import fftconvolve

    kernels = []
    for wavelength in WAVELENGTHS_M:
        kernel = np.ones((1, 1))
        if "diffraction" in lens.on:
            kernel = airy_kernel(lens.f_number, lens.pixel_pitch_m, wavelength)
        if "defocus" in lens.on and lens.part.defocus_px > 0.0:
            kernel = fftconvolve(kernel, defocus_kernel(lens.part.defocus_px))
        kernels.append(kernel)
    # Room for the widest kernel on each side: nothing comes in again on the other.
    reach = max(CORE_PX, max(kernel.shape[0] // 2 for kernel in kernels))
    tile = (min(TILE_PX[0], lens.camera.height), min(TILE_PX[1], lens.camera.width))
    size = (fft.next_fast_len(tile[0] + 2 * reach, True), fft.next_fast_len(tile[1] + 2 * reach, True))
    scatter = _scatter(lens)
    sharp = 1.0 - scatter.halo_share - scatter.veil_share
    halo = scatter.halo_share * _transfer_function(scatter.halo, size)
    transfer = [(sharp * _transfer_function(kernel, size) + halo).astype(np.float32) for kernel in kernels]
    return _NearKernel(np.stack(transfer), reach, size)


def _transfer_function(kernel: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Transfer function of an odd, symmetric kernel: real."""
    import scipy.fft as fft

    middle = np.zeros(size)
    middle[: kernel.shape[0], : kernel.shape[1]] = kernel
    return np.asarray(fft.rfft2(np.roll(middle, (-(kernel.shape[0] // 2), -(kernel.shape[1] // 2)), (0, 1))).real)


def apply_blur(planes: Floats, lens: Lens, top: int = 0, wide: Floats | None = None) -> Floats:
    """Planes (3, h, W), the picture's rows from ``top`` on, through diffraction, defocus and scatter.

    Outside the planes it goes on as at their edge, for the sharp part; the wide halo takes it as dark there. The halo
    (:func:`veiling_glare`) is that of the planes unless given.
    """
    if not lens.on & {"diffraction", "defocus", "glare"}:
        return planes
    import scipy.fft as fft

    if wide is None:
        wide = veiling_glare(block_mean(planes), lens)
    height, width = planes.shape[1:]
    near = _near_kernel(lens)
    margin = near.reach
    step = (near.size[0] - 2 * margin, near.size[1] - 2 * margin)
    # Whole tiles to the last: what is beyond the planes is filled up here once.
    beyond = (margin + -height % step[0], margin + -width % step[1])
    wider = np.pad(planes, ((0, 0), (margin, beyond[0]), (margin, beyond[1])), mode="edge")
    out = np.empty_like(planes)

    def blur_tile(tile: tuple[int, int, int]) -> None:
        band, y, x = tile
        spectrum = fft.rfft2(wider[band, y : y + near.size[0], x : x + near.size[1]])
        spectrum *= near.transfer[band]
        spread = fft.irfft2(spectrum, near.size, overwrite_x=True)
        to = out[band, y : y + step[0], x : x + step[1]]
        # Rounding in the transform goes below zero by 1e-7 of the peak.
        np.maximum(spread[margin : margin + to.shape[0], margin : margin + to.shape[1]], 0.0, out=to)

    run_parallel(itertools.product(range(3), range(0, height, step[0]), range(0, width, step[1])), blur_tile)
    if wide is not None:
        add_upsampled(out, wide, top)
    return out


def reach(lens: Lens) -> int:
    """Rows above and below that :func:`lateral_colour` and the sharp part of :func:`apply_blur` may look at, at most."""
    aside = abs(lens.part.lateral_share) * lens.camera.height if "lateral_colour" in lens.on else 0.0
    return MAX_REACH_PX + int(np.ceil(aside)) + 1


def veiling_glare(coarse: Floats, lens: Lens) -> Floats | None:
    """The light (3, h, w) that the wide halo brings to each cell of the coarse grid, from all cells' means."""
    import scipy.fft as fft

    scatter = _scatter(lens)
    if not scatter.veil_share:
        return None
    wide = np.empty_like(coarse)
    for band, plane in enumerate(coarse):
        spectrum = fft.rfft2(plane, scatter.coarse_size, workers=workers())
        spectrum *= scatter.veil
        spread = fft.irfft2(spectrum, scatter.coarse_size, workers=workers(), overwrite_x=True)
        np.multiply(spread[: coarse.shape[1], : coarse.shape[2]], np.float32(scatter.veil_share), out=wide[band])
    return wide
