"""The lens: lateral colour, diffraction, defocus and scattered light.

Light on the sensor is expressed as radiance: that of a uniform scene which would expose the pixel equally on the axis
of a perfect lens. All effects here conserve energy.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.parallel import for_each_band, run_parallel, workers
from selfiesim.photo.coarse_grid import COARSE_CELL_PX, add_upsampled, block_mean

if TYPE_CHECKING:
    from selfiesim.camera.pinhole import Camera
    from selfiesim.scene.photo import LensSection

Floats = NDArray[np.float32]

WAVELENGTHS_M = (620e-9, 550e-9, 460e-9)
CORE_PX = 24  # half the side of the kernel that is applied at full resolution
MAX_REACH_PX = CORE_PX + 32  # of diffraction and defocus together
TILE_PX = (216, 480)  # rows and columns blurred at a time: transforms of this size stay in the cache


@dataclass(frozen=True)
class Lens:
    """A lens in front of a sensor.

    Attributes
    ----------
    camera : Camera
        Its geometry.
    settings : LensSection
        ``photo.lens`` of the scene.
    f_number : float
        Aperture.
    pixel_pitch_m : float
        Pixel pitch of the sensor, m.
    on : frozenset of str
        Effects of the lens that are on.
    """

    camera: Camera
    settings: LensSection
    f_number: float
    pixel_pitch_m: float
    on: frozenset[str]

    @property
    def pupil_power(self) -> float:
        """Exponent of the cosine by which the projected aperture shrinks off axis: 1, but 0 for a fisheye."""
        from selfiesim.camera.distortion import KannalaBrandt

        if self.settings.pupil_power is not None:
            return self.settings.pupil_power
        return 0.0 if isinstance(self.camera.distortion, KannalaBrandt) else 1.0


def lateral_colour(planes: Floats, camera: Camera, share: float, top: int = 0) -> Floats:
    """Magnify red and shrink blue about the axis; energy is conserved.

    Parameters
    ----------
    planes : (3, h, W) float32
        Rows of the picture: red, green, blue. Samples beyond them repeat the edge.
    camera : Camera
        Gives the axis.
    share : float
        Relative change of magnification.
    top : int
        Row of the picture at which ``planes`` begin.

    Returns
    -------
    (3, h, W) float32
        The same rows; green is unchanged.
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
    """Interpolate bilinearly at samples about one pixel apart: whole runs of rows and columns at once."""
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
    """Runs of coordinates (N,) in consecutive pixels: their slice, the pixel before the first, and weights (n,)."""
    low = np.clip(np.floor(places).astype(int), 0, count - 2)
    share = (places - low).astype(np.float32)
    ends = [0, *(np.flatnonzero(np.diff(low) != 1) + 1), len(places)]
    return [(slice(a, b), int(low[a]), share[a:b]) for a, b in itertools.pairwise(ends)]


def airy_kernel(f_number: float, pitch_m: float, wavelength_m: float) -> NDArray[np.float64]:
    """Airy pattern (49, 49) averaged over each pixel, with a sum of 1 (Born and Wolf, Principles of Optics, 8.5.2)."""
    from scipy.special import j1

    fine = 5  # samples across a pixel
    edge = np.arange(-CORE_PX * fine - fine // 2, CORE_PX * fine + fine // 2 + 1) / fine
    x = np.pi * np.hypot(*np.meshgrid(edge, edge)) * pitch_m / (wavelength_m * f_number)
    x[x < 1e-6] = 1e-6
    side = 2 * CORE_PX + 1
    kernel = ((2.0 * j1(x) / x) ** 2).reshape(side, fine, side, fine).sum(axis=(1, 3))
    return np.asarray(kernel / kernel.sum())


def defocus_kernel(diameter_px: float) -> NDArray[np.float64]:
    """Blur disc (65, 65) with soft edges and a sum of 1."""
    reach = np.arange(-32, 33)
    kernel = np.clip(0.5 * diameter_px - np.hypot(*np.meshgrid(reach, reach)) + 0.5, 0.0, 1.0)
    kernel[32, 32] = max(kernel[32, 32], 1e-9)
    return np.asarray(kernel / kernel.sum())


def harvey_scatter(radius: NDArray[np.float64], shoulder: float, slope: float) -> NDArray[np.float64]:
    """Harvey's law of scattered light, not normalised: flat up to ``shoulder``, then falling with ``slope``."""
    return np.asarray((1.0 + (radius / shoulder) ** 2) ** (-0.5 * slope))


def _window(radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight of the halo that is applied at full resolution: 1 in the centre, falling smoothly to 0 at CORE_PX."""
    t = np.clip(radius / CORE_PX, 0.0, 1.0)
    return np.asarray(1.0 - t * t * (3.0 - 2.0 * t))


@dataclass(frozen=True)
class _NearKernel:
    """Transfer functions (3, h, w) of the blur at full resolution, and its reach, px.

    ``size`` is that of the transform: a tile and a margin of the reach on all sides.
    """

    transfer: Floats
    reach: int
    size: tuple[int, int]


@dataclass(frozen=True)
class _Scatter:
    """Scattered light, split into a near kernel and a far one on the coarse grid; each has a sum of 1.

    Attributes
    ----------
    halo : (49, 49) array
        The near kernel, and ``halo_share`` its share of all light.
    veil : (h, w) array
        Transform, of ``coarse_size``, of the far kernel, and ``veil_share`` its share of all light.
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
    glare = lens.settings.glare_share if "glare" in lens.on else 0.0
    shoulder = np.radians(lens.settings.glare_angle_deg) / lens.camera.pixel_angle
    near = np.hypot(*np.meshgrid(np.arange(-CORE_PX, CORE_PX + 1), np.arange(-CORE_PX, CORE_PX + 1)))
    halo = harvey_scatter(near, shoulder, lens.settings.glare_slope) * _window(near)
    down, across = (COARSE_CELL_PX * np.minimum(np.arange(n), n - np.arange(n)) for n in coarse_size)
    veil = np.empty(coarse_size, np.float32)
    for row, y in enumerate(down):  # row by row to save memory: a poster's grid is four thousand cells wide
        far = np.hypot(across, y)
        veil[row] = harvey_scatter(far, shoulder, lens.settings.glare_slope) * (1.0 - _window(far))
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
        if "defocus" in lens.on and lens.settings.defocus_px > 0.0:
            kernel = fftconvolve(kernel, defocus_kernel(lens.settings.defocus_px))
        kernels.append(kernel)
    # Room for the widest kernel on each side, so that nothing wraps around.
    reach = max(CORE_PX, max(kernel.shape[0] // 2 for kernel in kernels))
    tile = (min(TILE_PX[0], lens.camera.height), min(TILE_PX[1], lens.camera.width))
    size = (fft.next_fast_len(tile[0] + 2 * reach, True), fft.next_fast_len(tile[1] + 2 * reach, True))
    scatter = _scatter(lens)
    sharp = 1.0 - scatter.halo_share - scatter.veil_share
    halo = scatter.halo_share * _transfer_function(scatter.halo, size)
    transfer = [(sharp * _transfer_function(kernel, size) + halo).astype(np.float32) for kernel in kernels]
    return _NearKernel(np.stack(transfer), reach, size)


def _transfer_function(kernel: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float64]:
    """Transfer function of a symmetric kernel with odd sides, which is real."""
    import scipy.fft as fft

    middle = np.zeros(size)
    middle[: kernel.shape[0], : kernel.shape[1]] = kernel
    return np.asarray(fft.rfft2(np.roll(middle, (-(kernel.shape[0] // 2), -(kernel.shape[1] // 2)), (0, 1))).real)


# Long for its docstring.
def apply_blur(planes: Floats, lens: Lens, top: int = 0, veil: Floats | None = None) -> Floats:
    """Blur by diffraction, defocus and scattered light.

    Parameters
    ----------
    planes : (3, h, W) float32
        Rows of the picture. Beyond them, the sharp part of the blur repeats the edge, and the far scatter sees dark.
    lens : Lens
        With the effects to apply.
    top : int
        Row of the picture at which ``planes`` begin.
    veil : (3, h', w') float32, optional
        Far scatter of the whole picture, from :func:`veiling_glare`; by default that of ``planes``.

    Returns
    -------
    (3, h, W) float32
        The blurred rows; ``planes`` itself if no effect is on.
    """
    if not lens.on & {"diffraction", "defocus", "glare"}:
        return planes
    import scipy.fft as fft

    if veil is None:
        veil = veiling_glare(block_mean(planes), lens)
    height, width = planes.shape[1:]
    near = _near_kernel(lens)
    margin = near.reach
    step = (near.size[0] - 2 * margin, near.size[1] - 2 * margin)
    # Pad once to whole tiles and their margins.
    beyond = (margin + -height % step[0], margin + -width % step[1])
    wider = np.pad(planes, ((0, 0), (margin, beyond[0]), (margin, beyond[1])), mode="edge")
    out = np.empty_like(planes)

    def blur_tile(tile: tuple[int, int, int]) -> None:
        band, y, x = tile
        spectrum = fft.rfft2(wider[band, y : y + near.size[0], x : x + near.size[1]])
        spectrum *= near.transfer[band]
        spread = fft.irfft2(spectrum, near.size, overwrite_x=True)
        to = out[band, y : y + step[0], x : x + step[1]]
        # Rounding in the transform gives negative values down to -1e-7 of the peak.
        np.maximum(spread[margin : margin + to.shape[0], margin : margin + to.shape[1]], 0.0, out=to)

    run_parallel(itertools.product(range(3), range(0, height, step[0]), range(0, width, step[1])), blur_tile)
    if veil is not None:
        add_upsampled(out, veil, top)
    return out


def reach(lens: Lens) -> int:
    """Largest number of rows, above and below, from which lateral colour and the sharp part of the blur take light."""
    aside = abs(lens.settings.lateral_share) * lens.camera.height if "lateral_colour" in lens.on else 0.0
    return MAX_REACH_PX + int(np.ceil(aside)) + 1


def veiling_glare(coarse: Floats, lens: Lens) -> Floats | None:
    """Far scatter (3, h, w) on the coarse grid from the cells' mean light (3, h, w); None without glare."""
    import scipy.fft as fft

    scatter = _scatter(lens)
    if not scatter.veil_share:
        return None
    veil = np.empty_like(coarse)
    for band, plane in enumerate(coarse):
        spectrum = fft.rfft2(plane, scatter.coarse_size, workers=workers())
        spectrum *= scatter.veil
        spread = fft.irfft2(spectrum, scatter.coarse_size, workers=workers(), overwrite_x=True)
        np.multiply(spread[: coarse.shape[1], : coarse.shape[2]], np.float32(scatter.veil_share), out=veil[band])
    return veil
