"""A polar patch with detail enough for a view from 250 km.

A plate carree map pinches at the pole, and its pixels are 10 km there from north to south. The patch uses Lambert's
azimuthal equal-area projection instead, resampled smoothly across the pole and sharpened beyond the source's
resolution. The source is analysed on a coarse grid: the share of each pixel that ice covers is kept as it is, and edges
are made harder only at the brinks of troughs. Heights are the measured ones; trough walls that face the equator are
darker, and layers crop out along their contours. Added detail is synthetic but bounded: plains mottled by a few
percent, dunes, relief below what the heights resolve (:mod:`selfiesim.planet.terrain.continuation`). Averaged over 20
km the patch equals the source.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.planet.grids.blur import blur
from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.grids.noise import dune_noise, power_law_noise
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM, PolarGrid
from selfiesim.planet.grids.spline_upsampler import SplineUpsampler, spline_coefficients
from selfiesim.planet.maps import albedo
from selfiesim.planet.terrain import continuation, troughs

NOISE_TILE_SIZE = 2048  # pixels per side of the fine noise, which repeats beyond


@dataclass(frozen=True)
class DetailParams:
    """Amounts of detail added beyond the source's resolution. Lengths in km, the rest relative.

    Ice covers a share of each pixel. The source measures it to some 10 km; edges and texture below that are added.
    """

    max_ground_luminance: float = 0.13  # luminance in the source above which a pixel contains ice
    restored_contrast: float = 3.2  # contrast at some 10 km that the source's pixels have lost
    removed_contrast: float = 0.2  # contrast at some 40 km that the source's maker has added
    along_band_blur_km: float = 3.0  # rms length over which a band is smoothed along itself
    cover_exponent: float = 0.8  # from the source's light to area: compression flattened the source's mid-tones
    brink_width: float = 0.24  # half the width, in cover, of a hard edge: the brink of a trough
    edge_noise: float = 0.06  # rms of cover at half cover, where ice thins out gradually
    brink_noise: float = 0.03  # likewise at a hard edge
    wall_darkening: float = 0.2  # darkening of ground between ice: trough walls are steep and layered
    layer_contrast: float = 0.28  # rms tone of the layers in a trough's wall
    layer_cover: float = 0.04  # rms of cover, at half cover, that follows a wall's layers: frost keeps to benches
    mottling: float = 0.04  # rms tone of the plains
    dune_depth: float = 0.3  # log of the factor by which dunes are darker than in the source
    dune_tone: float = 0.1  # rms tone of the dune crests
    dune_km: float = 0.5  # spacing of the crests (Olympia Undae); longer where a pixel cannot hold it
    dune_azimuth_rad: float = 0.35  # across the crests, from rows to columns (assumed)
    firn: float = 0.012  # rms tone of the ice
    exposure_shift: float = 0.06  # cover that steep walls lose which face the equator, and those facing the pole gain
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
        fields = _analyze_source(luminance, grid, self.detail, terrain, np.random.default_rng(seed))
        self._coarse = {name: spline_coefficients(fields[name]) for name in sorted(fields)}

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
        self._upsampler = SplineUpsampler(len(coarse["cover"]), grid.size)
        self._coarse = {name: each for name, each in coarse.items() if rough_km > 0 or name != "roughness"}
        rng = np.random.default_rng(seed)
        tile, km = min(grid.size, NOISE_TILE_SIZE), grid.km_per_pixel
        # The grid cannot hold waves below two pixels.
        self._grain = power_law_noise(rng, tile, km, 0.9, 20.0, 1.2)
        wave = max(detail.dune_km, 2.2 * km)
        self._dunes = dune_noise(rng, tile, km, wave, detail.dune_azimuth_rad, 0.30) if detail.troughs else None
        self._layers = _stratigraphy(np.random.default_rng(seed))
        self._rough = None
        if rough_km > 2 * km:
            patch = PolarGrid(tile, 2 * np.arcsin(np.sin(grid.span_rad / 2) * tile / grid.size))
            self._rough = continuation.polar_noise(patch, rough_km, seed + 1)

    def strip(self, columns: slice) -> PatchColumns:
        """Return all rows of some columns."""
        d = self.detail
        fine = {name: self._upsampler.columns(field, columns) for name, field in self._coarse.items()}
        grain, height, hard = self._tile_columns(self._grain, columns), fine["height"], fine["hard"]
        texture = (np.float32(d.edge_noise) + np.float32(d.brink_noise - d.edge_noise) * hard) * grain
        tone = np.float32(0.35 * d.mottling) * grain
        if self.detail.troughs:
            layer = fine["wall"] * self._layer_tone(height)
            texture += np.float32(d.layer_cover) * layer
            tone += np.float32(d.layer_contrast) * layer
        cover = self._cover(fine["cover"], hard, texture)
        if self._dunes is not None:
            crests = fine["dunes"] * (1 - np.clip(2 * cover, 0, 1))
            tone += np.float32(d.dune_tone) * crests * self._tile_columns(self._dunes, columns)
        if self._rough is not None:
            height = height + fine["roughness"] * self._tile_columns(self._rough, columns)
        return PatchColumns(fine["ground"] * np.exp(tone), fine["ice"], cover, height)

    def _cover(self, cover: Field, hard: Field, texture: Field) -> Field:
        """Return the ice cover with texture, which counts most at half cover, and with hard edges made steeper."""
        cover = np.clip(cover, 0, 1)
        cover = cover + 4 * cover * (1 - cover) * texture
        width = self.detail.brink_width
        steep = smoothstep(0.5 - width, 0.5 + width, cover)
        return np.asarray(np.clip(cover + hard * (steep - cover), 0, 1), dtype=np.float32)

    def _tile_columns(self, tile: Field, columns: slice) -> Field:
        """Return a tile's columns, repeated down and across."""
        first, last = columns.start % len(tile), (columns.stop - 1) % len(tile) + 1
        wraps = last - first != columns.stop - columns.start
        across = np.concatenate([tile[:, first:], tile[:, :last]], axis=1) if wraps else tile[:, first:last]
        times = -(-self.grid.size // len(tile))
        return np.tile(across, (times, 1))[: self.grid.size] if times > 1 else across

    def _layer_tone(self, height: Field) -> Field:
        """Return the tone of the layer that crops out at a height; variance 1 over all heights."""
        index = (height * np.float32(1 / _LAYER_STEP_M)).astype(np.intp)
        index &= _LAYERS - 1
        return np.take(self._layers, index)


_LAYER_STEP_M = 4.0
_LAYERS = 1024  # a power of two, so that the index wraps fast


def _stratigraphy(rng: np.random.Generator) -> Field:
    """Return tone against height in steps of ``_LAYER_STEP_M``, for 4 km: waves of 90 to 400 m."""
    frequency = np.fft.rfftfreq(_LAYERS, _LAYER_STEP_M)
    shape = np.exp(-((frequency * 75.0) ** 2)) * (frequency > 1 / 420.0)
    field = np.fft.irfft(np.fft.rfft(rng.standard_normal(_LAYERS)) * shape, _LAYERS)
    return np.asarray(field / field.std(), dtype=np.float32)


# Long because each field feeds the next, and the order of the random draws is part of the result.
def _analyze_source(
    luminance: Field, grid: PolarGrid, detail: DetailParams, terrain: PolarTerrain, rng: np.random.Generator
) -> dict[str, Field]:
    """Return smooth fields (N, N) on the coarse grid that describe the source, ready to be upsampled."""
    km, n = grid.km_per_pixel, grid.size
    colatitude = grid.colatitude()
    inside = continuation.polar_share(colatitude, grid.span_rad)
    tone = _resample(luminance, grid)
    bare, firn, enclosed = _ice_endmembers(tone, grid, detail.max_ground_luminance)
    even = np.clip((tone - bare) / (firn - bare), 0, 1)
    bands = troughs.estimate_band_orientation(even, grid)
    even = troughs.smooth_along_bands(even, bands, grid, detail.along_band_blur_km) ** np.float32(detail.cover_exponent)
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
    crisp = even + np.float32(detail.restored_contrast) * (even - _gaussian_blur(even, grid, 3.0))
    crisp -= np.float32(detail.removed_contrast) * (even - _gaussian_blur(even, grid, 16.0))
    wall = np.zeros_like(tone)
    hard = _edge_hardness(crisp, grid, power_law_noise(rng, n, km, 12.0, 60.0, 1.0))
    if detail.troughs:
        iced = troughs.plateau_mask(even, grid)
        roughness = roughness * (1 + (continuation.ICE_SMOOTHNESS - 1) * iced)
        wall = smoothstep(0.05, 0.5, iced) * smoothstep(0.008, 0.025, steepness)
        crisp = crisp - np.float32(detail.exposure_shift) * (2 * equatorward - 1) * iced * smoothstep(
            0.005, 0.03, steepness
        )
    fields = {
        "cover": (crisp * gate * inside + simple * (1 - inside)).astype(np.float32),
        "hard": (hard * inside).astype(np.float32),
        "ground": ground.astype(np.float32),
        "ice": ice.astype(np.float32),
        "height": (terrain.height + craters).astype(np.float32),
        "roughness": roughness.astype(np.float32),
    }
    return fields | ({"wall": wall.astype(np.float32), "dunes": dunes} if detail.troughs else {})


def _edge_hardness(cover: Field, grid: PolarGrid, noise: Field) -> Field:
    """Return how hard edges are, 0..1: most where ice ends toward the equator, as at the brink of a trough.

    Toward the pole a trough's floor rises gently, and ice thins out over kilometres.
    """
    steepness, fall = _slopes(cover, grid)  # per metre
    edge = smoothstep(0.02, 0.10, steepness * np.float32(1000)) * (0.75 + np.float32(0.2) * noise)
    brink = smoothstep(-0.04, 0.06, fall * np.float32(1000))
    return _gaussian_blur(np.clip(edge * (0.35 + 0.65 * brink), 0, 1), grid, 3.0)


def _slopes(height_m: Field, grid: PolarGrid) -> tuple[Field, Field]:
    """Return the steepness of the ground, and how steeply it falls away from the pole."""
    down, right = np.gradient(height_m, np.float32(grid.km_per_pixel * 1000))
    x, y = grid.plane_coordinates()
    fall = -(down * x + right * y) / np.maximum(np.hypot(x, y), np.float32(1e-6))
    return np.hypot(down, right).astype(np.float32), fall.astype(np.float32)


def _gaussian_blur(field: Field, grid: PolarGrid, km: float) -> Field:
    """Blur with a Gaussian of ``km`` rms; a wide one runs on means of 4 x 4 pixels."""
    sigma, n = grid.km_to_pixels(km), grid.size // 4
    if sigma < 3.5 or 4 * n != grid.size:
        return blur(field, sigma)
    means = np.asarray(field, np.float32).reshape(n, 4, n, 4).mean(axis=(1, 3))
    upsampler = SplineUpsampler(n, grid.size)
    return upsampler.columns(spline_coefficients(blur(means, sigma / 4)), slice(0, grid.size))


def _resample(luminance: Field, grid: PolarGrid) -> Field:
    """Resample the map on the patch's grid."""
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
    row = colatitude * np.float32(height / np.pi) - 0.5 + pad
    column = longitude * np.float32(width / (2 * np.pi)) - 0.5 + pad
    out = ndimage.map_coordinates(coefficients, [row, column], order=3, prefilter=False, output=np.float32)
    return np.asarray(np.maximum(out, 0.01) ** 2, dtype=np.float32)


def _blur_longitude(polar: Field, height: int) -> Field:
    """Blur rows to one width in km: near the pole the source has far more columns than detail."""
    rows, width = polar.shape
    colatitude = (np.arange(rows) + 0.5) / height * np.pi
    blur_km = 1.6 * smoothstep(np.radians(20.0), np.radians(14.0), colatitude)
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
