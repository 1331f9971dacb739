"""A polar patch with detail enough for a view from 250 km.

A plate carree map pinches at the pole, and its pixels are 10 km there from north to south. The patch uses Lambert's
azimuthal equal-area projection instead, resampled smoothly across the pole and sharpened beyond the source's
resolution. The source is analysed on a coarse grid; the fine map thresholds that smooth field, so that edges are crisp
curves. Heights are the measured ones; trough walls that face the equator are darker, and layers crop out along their
contours. Added detail is synthetic but bounded: plains mottled by a few percent, dunes, relief below what the heights
resolve (:mod:`selfiesim.planet.terrain.continuation`). Averaged over 20 km the patch equals the source.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.grids.noise import dune_noise, power_law_noise
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM, PolarGrid
from selfiesim.planet.grids.spline_upsampler import SplineUpsampler
from selfiesim.planet.maps import albedo
from selfiesim.planet.terrain import continuation, troughs

NOISE_TILE_SIZE = 2048  # pixels per side of the fine noise, which repeats beyond


@dataclass(frozen=True)
class DetailParams:
    """Amounts of detail added beyond the source's resolution. Lengths in km, the rest relative."""

    max_ground_luminance: float = 0.13  # luminance in the source above which a pixel contains ice
    warp_km: float = 0.7  # rms shift of an edge
    ice_thresholds: tuple[float, ...] = (0.17, 0.34, 0.56)  # ice fractions at which the cover steps up
    cover_steps: tuple[float, ...] = (0.13, 0.54, 0.17)  # cover that each step adds; the rest follows the ice fraction
    edge: float = 0.04  # half a step's width, in ice fraction
    unsharp_amount: float = 0.55  # local contrast restored to the blurred source
    along_band_blur_km: float = 4.5  # rms length over which a band is smoothed along itself
    trough_edge_noise: float = 0.05  # noise of the edges between ground and ice, along a trough
    edge_noise: float = 0.14  # likewise away from troughs
    wall_darkening: float = 0.6  # darkening of ground between ice: trough walls are steep and layered
    layer_contrast: float = 0.36  # rms tone of the layers in a trough's wall
    iced_layer_contrast: float = 0.018  # likewise where ice covers the layers
    mottling: float = 0.04  # rms tone of the plains
    dune_depth: float = 0.2  # log of the factor by which dunes are darker than in the source
    dune_tone: float = 0.1  # rms tone of the dune crests
    dune_km: float = 0.5  # spacing of the crests (Olympia Undae); longer where a pixel cannot hold it
    dune_azimuth_rad: float = 0.35  # across the crests, from rows to columns (assumed)
    firn: float = 0.012  # rms tone of the ice
    exposure_shift: float = (
        0.06  # ice fraction that steep walls lose which face the equator, and those facing the pole gain
    )
    troughs: bool = True  # whether there are the north's spiral troughs and dunes


@dataclass(frozen=True)
class PatchColumns:
    """Columns of a patch, each field (size, n): tones as luminance of the source, ice cover 0..1, height in m."""

    ground_tone: Field
    ice_tone: Field
    cover: Field
    height: Field


@dataclass(frozen=True)
class PolarTerrain:
    """Heights around a pole on the grid that a cap is analysed on.

    Attributes
    ----------
    height : (N, N) float32
        Height, m, as far as it is known.
    craters : (N, N) float32
        Height, m, of invented craters, which ground without ice has.
    roughness : (N, N) float32
        Rms slope per octave of what is not.
    longest_km : float
        Longest wave that unresolved relief has.
    """

    height: Field
    craters: Field
    roughness: Field
    longest_km: float


class PolarCap:
    """One pole's surface, which can be read at any resolution.

    Parameters
    ----------
    luminance : (H, W) float32
        Linear luminance, row 0 at the pole, column 0 at lon 0 E. For the south pole pass the rows upside down.
    grid : PolarGrid
        Grid that the source is analysed on; some 2 km per pixel is enough.
    seed : int
        Random seed of the noise: the same seed gives the same bytes.
    detail : DetailParams
        Synthetic detail.
    terrain : PolarTerrain
        Heights on ``grid``.
    """

    def __init__(
        self,
        luminance: Field,
        grid: PolarGrid,
        seed: int,
        detail: DetailParams,
        terrain: PolarTerrain,
    ) -> None:
        self.detail = detail
        self.span_rad = grid.span_rad
        self._seed = seed
        self._longest_km = terrain.longest_km
        self._coarse = _analyze_source(luminance, grid, self.detail, terrain, np.random.default_rng(seed))

    def reader(self, size: int, *, rough: bool = False) -> PatchColumnReader:
        """Return a reader of patches with ``size`` pixels per side; ``rough`` adds unresolved relief to the height."""
        grid = PolarGrid(size, self.span_rad)
        return PatchColumnReader(grid, self._coarse, self.detail, self._seed + 1, self._longest_km if rough else 0.0)


class PatchColumnReader:
    """Reads fine columns of one patch, in any order and from any thread."""

    def __init__(
        self, grid: PolarGrid, coarse: dict[str, Field], detail: DetailParams, seed: int, rough_km: float
    ) -> None:
        self.grid = grid
        self.detail = detail
        self._upsampler = SplineUpsampler(len(coarse["share"]), grid.size)
        self._coarse = {name: self._upsampler.prepare(field) for name, field in coarse.items()}
        rng = np.random.default_rng(seed)
        tile, km = min(grid.size, NOISE_TILE_SIZE), grid.km_per_pixel
        # The grid cannot hold waves below two pixels.
        self._edge = power_law_noise(rng, tile, km, 0.9, 25.0, 1.35)
        self._grain = power_law_noise(rng, tile, km, 0.8, 14.0, 0.8)
        wave = max(detail.dune_km, 2.2 * km)
        self._dunes = dune_noise(rng, tile, km, wave, detail.dune_azimuth_rad, 0.30)
        self._layers = _stratigraphy(np.random.default_rng(seed))
        self._rough = None
        if rough_km > 2 * km:
            patch = PolarGrid(tile, 2 * np.arcsin(np.sin(grid.span_rad / 2) * tile / grid.size))
            self._rough = continuation.polar_noise(patch, rough_km, seed + 1)

    def strip(self, columns: slice) -> PatchColumns:
        """Return all rows of some columns."""
        d = self.detail
        fine = {name: self._upsampler.columns(field, columns) for name, field in self._coarse.items()}
        edge, grain, dunes = (self._tile_columns(tile, columns) for tile in (self._edge, self._grain, self._dunes))
        share, weight = fine["share"], fine["sharp"]
        dune = np.clip(fine["dunes"], 0, 1)
        height = fine["height"]
        # Noise counts only on an edge, and least along a trough.
        mixed = 4 * np.clip(share, 0, 1) * (1 - np.clip(share, 0, 1))
        wall = np.clip(fine["wall"], 0, 1)
        share = (
            share + (d.edge_noise + (d.trough_edge_noise - d.edge_noise) * np.clip(fine["grain"], 0, 1)) * edge * mixed
        )
        stepped = (1 - sum(d.cover_steps)) * np.clip(share * 1.15, 0, 1)
        for level, step in zip(d.ice_thresholds, d.cover_steps, strict=True):
            stepped += step * smoothstep(level - d.edge, level + d.edge, share)
        cover = fine["simple"] + weight * stepped
        layer = self._layer_tone(height)
        dune *= 1 - np.clip(2 * cover, 0, 1)
        mottle = np.float32(d.dune_tone) * dune * dunes + np.float32(0.35 * d.mottling) * weight * grain * (1 - dune)
        ground = fine["ground"] * np.exp(mottle + np.float32(d.layer_contrast) * wall * layer)
        ice = fine["ice"] * (
            1 + np.float32(d.iced_layer_contrast) * wall * layer + np.float32(d.firn) * weight * grain * 0.5
        )
        if self._rough is not None:
            height = height + fine["roughness"] * self._tile_columns(self._rough, columns)
        return PatchColumns(ground, ice, np.clip(cover, 0, 1), height)

    def _tile_columns(self, tile: Field, columns: slice) -> Field:
        """Return a tile's columns, repeated down and across."""
        across = np.take(tile, np.arange(columns.start, columns.stop) % len(tile), axis=1)
        times = -(-self.grid.size // len(tile))
        return np.tile(across, (times, 1))[: self.grid.size]

    def _layer_tone(self, height: Field) -> Field:
        """Return the tone of the layer that crops out at a height; variance 1 over all heights."""
        index = (height * np.float32(1 / _LAYER_STEP_M)).astype(np.int32)
        return np.take(self._layers, index, mode="wrap")


_LAYER_STEP_M = 4.0


def _stratigraphy(rng: np.random.Generator) -> Field:
    """Return tone against height in steps of ``_LAYER_STEP_M``, for 4 km: waves of 90 to 400 m."""
    n = 1024
    frequency = np.fft.rfftfreq(n, _LAYER_STEP_M)
    shape = np.exp(-((frequency * 75.0) ** 2)) * (frequency > 1 / 420.0)
    field = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * shape, n)
    return np.asarray(field / field.std(), dtype=np.float32)


# Long because each field feeds the next, and the order of the random draws is part of the result.
def _analyze_source(
    luminance: Field, grid: PolarGrid, detail: DetailParams, terrain: PolarTerrain, rng: np.random.Generator
) -> dict[str, Field]:
    """Return smooth fields (N, N) on the coarse grid that describe the source, ready to be upsampled."""
    km, n = grid.km_per_pixel, grid.size
    colatitude = grid.colatitude()
    inside = continuation.polar_share(colatitude, grid.span_rad)
    tone = _resample_with_warp(luminance, grid, detail.warp_km * inside, rng)
    bare, firn, enclosed = _ice_endmembers(tone, grid, detail.max_ground_luminance)
    raw = np.clip((tone - bare) / (firn - bare), 0, 1)
    grain = troughs.estimate_band_orientation(raw, grid)
    even = troughs.smooth_along_bands(raw, grain, grid, detail.along_band_blur_km)
    gate = albedo.ice_latitude_mask(np.pi / 2 - colatitude)
    simple = albedo.ice_cover_from_luminance(tone, np.pi / 2 - colatitude)

    ground = tone + (np.minimum(tone, bare) - tone) * inside * gate
    steepness, fall = _slopes(terrain.height, grid)
    equatorward = smoothstep(-0.02, 0.03, fall)
    ground *= 1 - detail.wall_darkening * (0.4 + 0.6 * equatorward) * enclosed * inside
    dunes = (
        smoothstep(0.075, 0.04, ground) * smoothstep(np.radians(17.0), np.radians(14.0), colatitude) * (1 - enclosed)
    )
    dunes = _gaussian_blur(dunes * inside, grid, 3.0) * np.float32(detail.troughs)
    ground *= np.exp(
        inside * detail.mottling * power_law_noise(rng, n, km, 4.0, 160.0, 1.25) - detail.dune_depth * dunes
    )
    ice = tone + (np.maximum(tone, 0.88 * firn) - tone) * inside
    ice = _gaussian_blur(ice, grid, 5.0) * np.exp(inside * detail.firn * power_law_noise(rng, n, km, 6.0, 90.0, 1.4))
    roughness = terrain.roughness * inside
    craters = terrain.craters * inside * smoothstep(0.3, 0.05, _gaussian_blur(even, grid, 5.0))
    wall, on_cap = np.zeros_like(tone), np.ones_like(tone)
    if detail.troughs:
        iced = troughs.plateau_mask(even, grid)
        roughness = roughness * (1 + (continuation.ICE_SMOOTHNESS - 1) * iced)
        on_cap = smoothstep(0.05, 0.5, iced)
        wall = on_cap * smoothstep(0.008, 0.025, steepness)
        even = even - np.float32(detail.exposure_shift) * (2 * equatorward - 1) * iced * smoothstep(
            0.005, 0.03, steepness
        )
    crisp = even + np.float32(detail.unsharp_amount) * (even - _gaussian_blur(even, grid, 9.0))
    return {
        "share": crisp.astype(np.float32),
        "sharp": gate * inside,
        "simple": (simple * (1 - inside)).astype(np.float32),
        "ground": ground.astype(np.float32),
        "ice": ice.astype(np.float32),
        "height": (terrain.height + craters).astype(np.float32),
        "roughness": roughness.astype(np.float32),
        "wall": wall.astype(np.float32),
        "grain": smoothstep(0.3, 0.7, _gaussian_blur(grain.coherence, grid, 5.0)) * on_cap,
        "dunes": dunes.astype(np.float32),
    }


def _slopes(height_m: Field, grid: PolarGrid) -> tuple[Field, Field]:
    """Return the steepness of the ground, and how steeply it falls away from the pole."""
    down, right = np.gradient(height_m, np.float32(grid.km_per_pixel * 1000))
    x, y = grid.plane_coordinates()
    fall = -(down * x + right * y) / np.maximum(np.hypot(x, y), np.float32(1e-6))
    return np.hypot(down, right).astype(np.float32), fall.astype(np.float32)


def _gaussian_blur(field: Field, grid: PolarGrid, km: float) -> Field:
    """Blur with a Gaussian of ``km`` rms; a wide one runs on means of 4 x 4 pixels."""
    from scipy.ndimage import gaussian_filter

    sigma, n = grid.km_to_pixels(km), grid.size // 4
    if sigma < 8 or 4 * n != grid.size:
        return np.asarray(gaussian_filter(field, sigma, truncate=3.0), dtype=np.float32)
    means = np.asarray(field, np.float32).reshape(n, 4, n, 4).mean(axis=(1, 3))
    upsampler = SplineUpsampler(n, grid.size)
    means = gaussian_filter(means, sigma / 4, truncate=3.0)
    return upsampler.columns(upsampler.prepare(means), slice(0, grid.size))


def _resample_with_warp(luminance: Field, grid: PolarGrid, warp_km: Field, rng: np.random.Generator) -> Field:
    """Resample the map on the patch's grid, with a small random shift of each point."""
    from scipy import ndimage

    height, width = luminance.shape
    pad = 8
    colatitude, longitude = grid.colatitude(), grid.longitude()
    rows = min(height, round(height / np.pi * float(colatitude.max())) + 16)
    polar = _blur_longitude(luminance[:rows], height)
    # Over the pole a meridian continues as the opposite one.
    across = np.roll(polar[:pad][::-1], width // 2, axis=1)
    padded = np.concatenate([across, polar])
    padded = np.concatenate([padded[:, -pad:], padded, padded[:, :pad]], axis=1)
    coefficients = ndimage.spline_filter(np.sqrt(padded), order=3, output=np.float32)

    along, aside = (power_law_noise(rng, grid.size, grid.km_per_pixel, 4.0, 45.0, 2.0) for _ in range(2))
    shift = warp_km / np.float32(MARS_RADIUS_KM)
    # Shifts along and across the meridian; at the pole "across" has no meaning, so the shift in angle is limited.
    down = colatitude + shift * along
    right = longitude + shift * aside / np.maximum(np.sin(down), np.float32(0.02))
    row = down * np.float32(height / np.pi) - 0.5 + pad
    column = np.mod(right, np.float32(2 * np.pi)) * np.float32(width / (2 * np.pi)) - 0.5 + pad
    out = ndimage.map_coordinates(coefficients, [row, column], order=3, prefilter=False, output=np.float32)
    return np.asarray(np.maximum(out, 0.01) ** 2, dtype=np.float32)


def _blur_longitude(polar: Field, height: int) -> Field:
    """Blur rows to one width in km: near the pole the source has far more columns than detail."""
    rows, width = polar.shape
    colatitude = (np.arange(rows) + 0.5) / height * np.pi
    blur_km = 2.6 * smoothstep(np.radians(20.0), np.radians(14.0), colatitude)
    sigma = blur_km / (MARS_RADIUS_KM * np.sin(colatitude) * 2 * np.pi / width)
    frequency = np.fft.rfftfreq(width)
    gain = np.exp(-2 * (np.pi * frequency[None, :] * sigma[:, None]) ** 2)
    return np.fft.irfft(np.fft.rfft(polar, axis=1) * gain, width, axis=1).astype(np.float32)


def _ice_endmembers(tone: Field, grid: PolarGrid, max_ground_luminance: float) -> tuple[Field, Field, Field]:
    """Estimate the luminance of bare ground and of ice around each pixel, and how far ice encloses it, 0..1.

    A pixel of intermediate luminance is a mixture of the two.
    """
    iced = _gaussian_blur(smoothstep(0.12, 0.4, tone), grid, 20.0)
    # Near ice a grey pixel is a mixture, not ground: weight the ground's tone toward dark pixels.
    dark_first = smoothstep(max_ground_luminance, 0.62 * max_ground_luminance, tone) / np.maximum(tone, 0.02) ** 2
    bare = _local_mean(tone, dark_first * 0.05**2, (8.0, 30.0, 120.0), 0.06, grid)
    bare *= 1.3 - 0.2 * smoothstep(0.02, 0.15, iced)
    firn = _local_mean(tone, smoothstep(0.36, 0.46, tone), (12.0, 40.0), 0.55, grid)
    return bare, np.maximum(firn, np.float32(0.4)), smoothstep(0.3, 0.6, iced)


def _local_mean(field: Field, weight: Field, sigmas_km: tuple[float, ...], fallback: float, grid: PolarGrid) -> Field:
    """Return the weighted mean of the pixels around each pixel, over the smallest sigma that finds enough weight."""
    out = np.full_like(field, fallback)
    for sigma in sorted(sigmas_km, reverse=True):
        mass = np.maximum(_gaussian_blur(weight, grid, sigma), np.float32(1e-6))
        mean = np.clip(_gaussian_blur(weight * field, grid, sigma) / mass, 0, 1)
        trust = smoothstep(0.01, 0.12, mass)
        out += (mean - out) * trust
    return np.asarray(out, dtype=np.float32)
