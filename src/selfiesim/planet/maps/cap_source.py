"""The polar caps of a user's map of Mars: the map's own where it shows them, the default's where it is overexposed.

An image keeps its caps if their bands at the scale of troughs agree at all with those of the default map, which agree
with other maps (design/maps.md). An image exposed for the plains may have caps without any pattern, wider than the ice;
the relief of the default cap, and its reflection law, which follows the ice, would not fit them.

Images blur the edge of the ice, and a mixture of ice and ground is bright: matched to measured tones as ground, it
comes out as the brightest dust there is, an ochre fringe. So near ice a pixel is a mixture of the ground and the ice
around. Where an image keeps its own cap, ice is where the image has it: it reflects by the law of ice there, and not
where the default cap lies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.grids.polar_grid import PolarGrid
from selfiesim.planet.maps.albedo import BAND_EXPONENTS, BRIGHT_GROUND, ICE_REFLECTANCE, decode, encode
from selfiesim.planet.maps.map_file import Cap
from selfiesim.planet.readers.resample import Values

CAPS_FORMAT_VERSION = 4  # increment whenever the caps change
MIN_BAND_CORRELATION = 0.3  # least correlation of the bands at which an image keeps its own cap

_COMPARE_SIZE = 512  # pixels per side at which patches are compared: 5 km
_CORRELATION_COLATITUDE_RAD = float(np.radians(8.0))  # rim of the area compared
_BRIGHTNESS_COLATITUDE_RAD = float(np.radians(9.0))  # rim of the area whose brightness is compared
_BANDPASS_SIGMAS_KM = (6.0, 42.0)  # Gaussians whose difference shows troughs
_ICE_BLUE_RANGE = (0.13, 0.22)  # blue reflectance at which ice begins and is complete; the brightest dust has 0.12
_BARE_SHARE, _PURE_SHARE = 0.12, 0.9  # of ice in red light by its hue; hues of ground and of ice vary that much
_LEAST_RED = 0.08  # reflectance; darker ground is as blue as ice
_BLUE_OF_RED = BAND_EXPONENTS[2] / BAND_EXPONENTS[0]  # ground's blue is red to this power
_ICE_GREEN, _GROUND_GREEN = (colour[1] / colour[0] for colour in (ICE_REFLECTANCE, BRIGHT_GROUND))  # over red
_ICE_DILATION_KM = 14.0  # how far an image's blur spreads light from ice onto the ground
_BLEND_SIGMA_KM = 7.0
_MARGIN_KM = 40.0  # from ice; ground farther away shows its own tone
_GROUND_SIGMAS_KM = (40.0, 120.0, 400.0)  # over which the ground around is averaged, the smallest that finds any
_ICE_SIGMAS_KM = (20.0, 80.0, 400.0)
_GAIN_RANGE = (0.6, 1.3)  # limits of the factor that matches the brightness of ice
_STRIP_ROWS = 256


@dataclass(frozen=True)
class FittedCap:
    """A polar patch of an image, and where its cap is from.

    Attributes
    ----------
    patch : (N, N, 3) uint8
        Codes of reflectance (:func:`selfiesim.planet.maps.albedo.encode`).
    own : bool
        Whether the cap is the image's own.
    correlation : float
        Of the bands of the two caps.
    """

    patch: NDArray[np.uint8]
    own: bool
    correlation: float


def fit_polar_cap(
    patch: NDArray[np.uint8], default: NDArray[np.uint8], span_rad: float, choice: Cap = "auto"
) -> FittedCap:
    """Return an image's polar patch with its own cap or the default's.

    Parameters
    ----------
    patch, default : (N, N, 3), (M, M, 3) uint8
        Codes of reflectance, toned as measured, laid out as a patch of ``PlanetMaps``.
    span_rad : float
        Colatitude at the middle of a side, of both patches.
    choice : {"auto", "own", "default"}
        Which cap; "auto" is the image's own unless it is overexposed.

    Returns
    -------
    FittedCap
        The image's own cap has the default's mean brightness.
    """
    grid = PolarGrid(_COMPARE_SIZE, span_rad)
    from_user, from_default = (decode(_resize_codes(each, _COMPARE_SIZE)) for each in (patch, default))
    correlation = band_correlation(from_user[..., 1], from_default[..., 1], grid)
    if choice == "own" or (choice == "auto" and correlation >= MIN_BAND_CORRELATION):
        factor = _ice_brightness_factor(from_user, from_default, grid)
        return FittedCap(_mix_margins(patch, from_user, factor, grid), True, correlation)
    from scipy.ndimage import gaussian_filter, maximum_filter

    # The fringe of the image's own ice goes before its ice is hidden.
    patch = _mix_margins(patch, from_user, np.float32(1.0), grid)
    iced = np.maximum(_ice_mask(from_user), _ice_mask(from_default))
    reach = 2 * round(grid.km_to_pixels(_ICE_DILATION_KM)) + 1
    share = gaussian_filter(maximum_filter(iced, reach), grid.km_to_pixels(_BLEND_SIGMA_KM))
    size = max(len(patch), len(default))
    blended = _blend_codes(_resize_codes(patch, size), _resize_codes(default, size), share)
    return FittedCap(blended, False, correlation)


def own_ice(patch: NDArray[np.uint8], relief: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the relief (M, M, 4) of a polar patch with the ice where the image's patch (N, N, 3) has it.

    A pixel's hue is between those of ice and of ground as bright in red, as the ice's share of the red light is.
    """
    codes = _resize_codes(patch, len(relief))
    out = relief.copy()
    for start in range(0, len(out), _STRIP_ROWS):
        rows = slice(start, start + _STRIP_ROWS)
        light = decode(codes[rows])
        red = np.maximum(light[..., 0], np.float32(_LEAST_RED))
        bare = np.float32(BRIGHT_GROUND[2]) * (red / np.float32(BRIGHT_GROUND[0])) ** _BLUE_OF_RED / red
        hue = ICE_REFLECTANCE[2] / ICE_REFLECTANCE[0]
        share = (light[..., 2] / red - bare) / (hue - bare)
        share = np.clip((share - _BARE_SHARE) / (_PURE_SHARE - _BARE_SHARE), 0, 1)
        ice, ground = share * _ICE_GREEN, (1 - share) * _GROUND_GREEN
        out[rows, :, 3] = np.rint(255 * ice / (ice + ground))
    return out


def band_correlation(from_user: Values, from_default: Values, grid: PolarGrid) -> float:
    """Return the correlation near the pole of two single-band images (N, N), filtered to the scale of troughs."""
    from scipy.ndimage import gaussian_filter

    fine, coarse = (grid.km_to_pixels(km) for km in _BANDPASS_SIGMAS_KM)
    near = grid.colatitude() < _CORRELATION_COLATITUDE_RAD
    bands = [(gaussian_filter(each, fine) - gaussian_filter(each, coarse))[near] for each in (from_user, from_default)]
    if min(float(band.std()) for band in bands) < 1e-6:
        return 0.0
    return float(np.corrcoef(*bands)[0, 1])


def _ice_mask(light: Values) -> Values:
    return smoothstep(*_ICE_BLUE_RANGE, light[..., 2])


def _ice_brightness_factor(from_user: Values, from_default: Values, grid: PolarGrid) -> np.float32:
    """Return the factor for an image's ice that gives its cap, troughs included, the default's mean brightness."""
    near = grid.colatitude() < _BRIGHTNESS_COLATITUDE_RAD
    means = [float(each[near][:, 1].mean()) for each in (from_user, from_default)]
    return np.float32(np.clip(means[1] / means[0], *_GAIN_RANGE))


def _mix_margins(
    patch: NDArray[np.uint8], from_user: Values, ice_factor: np.float32, grid: PolarGrid
) -> NDArray[np.uint8]:
    """Make pixels near ice that are brighter than the ground around a mixture of it and the ice; scale the ice."""
    margin, ground, ice = (np.moveaxis(each, -1, 0) for each in _surroundings(from_user, grid))
    if not margin.any():
        return patch
    size, out = len(patch), np.empty_like(patch)
    for start in range(0, size, _STRIP_ROWS):
        rows = slice(start, min(start + _STRIP_ROWS, size))
        near, bare, firn = (np.stack([_resize_rows(band, size, rows) for band in each], -1) for each in
                            (margin, ground, ice))  # fmt: skip
        light = decode(patch[rows])
        share = (light[..., 1] - bare[..., 1]) / np.maximum(firn[..., 1] - bare[..., 1], np.float32(0.02))
        share = np.clip(share, 0, 1)[..., None]
        mixed = bare + share * (firn - bare)
        # Darker than the ground around, or as bright as the ice around, a pixel is what it is.
        mixed = np.where((share > 0) & (share < 1), mixed, light)
        light += near * (mixed - light)
        out[rows] = encode(light * (1 + (ice_factor - 1) * _ice_mask(light))[..., None])
    return out


def _surroundings(light: Values, grid: PolarGrid) -> tuple[Values, Values, Values]:
    """Return where ice is near (N, N, 1), and the reflectance of the ground and of the ice around each pixel."""
    from scipy.ndimage import gaussian_filter, maximum_filter

    iced = _ice_mask(light)
    reach = 2 * round(grid.km_to_pixels(_MARGIN_KM)) + 1
    near = maximum_filter(smoothstep(0.3, 0.6, iced), reach)
    margin = gaussian_filter(near, grid.km_to_pixels(_BLEND_SIGMA_KM))
    ground = _local_mean(light, (near < 0.05).astype(np.float32), _GROUND_SIGMAS_KM, grid)
    ice = _local_mean(light, smoothstep(0.8, 1.0, iced), _ICE_SIGMAS_KM, grid)
    return np.asarray(margin[..., None], np.float32), ground, ice


def _local_mean(light: Values, weight: Values, sigmas_km: tuple[float, ...], grid: PolarGrid) -> Values:
    """Return the weighted mean (N, N, 3) around each pixel, over the smallest sigma that finds enough weight."""
    from scipy.ndimage import gaussian_filter

    out = np.broadcast_to(np.average(light.reshape(-1, 3), axis=0, weights=weight.ravel() + 1e-6), light.shape)
    out = out.astype(np.float32)
    for km in sorted(sigmas_km, reverse=True):
        sigma = grid.km_to_pixels(km)
        mass = gaussian_filter(weight, sigma, truncate=3.0)
        mean = gaussian_filter(light * weight[..., None], (sigma, sigma, 0), truncate=3.0)
        mean /= np.maximum(mass, np.float32(1e-6))[..., None]
        out += (mean - out) * smoothstep(0.01, 0.1, mass)[..., None]
    return out


def _resize_rows(field: Values, size: int, rows: slice) -> Values:
    """Return rows of a square field resized to ``size``, interpolated linearly."""
    from PIL import Image

    k = len(field) / size
    box = (0.0, rows.start * k, float(len(field)), rows.stop * k)
    image = Image.fromarray(np.ascontiguousarray(field, np.float32))
    return np.asarray(image.resize((size, rows.stop - rows.start), Image.Resampling.BILINEAR, box=box))


def _blend_codes(patch: NDArray[np.uint8], default: NDArray[np.uint8], share: Values) -> NDArray[np.uint8]:
    """Blend two patches: the default where ``share`` (any size) is 1, the image's where it is 0."""
    weight = _resize_codes(np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8), len(patch))
    out = np.empty_like(patch)
    for start in range(0, len(patch), _STRIP_ROWS):
        rows = slice(start, start + _STRIP_ROWS)
        from_default, from_user, w = (each[rows].astype(np.int32) for each in (default, patch, weight[..., None]))
        out[rows] = (from_user * 255 + (from_default - from_user) * w + 127) // 255
    return out


def _resize_codes(codes: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize codes: area mean when shrinking, linear interpolation when enlarging."""
    from PIL import Image

    if len(codes) == size:
        return np.asarray(codes)
    return np.asarray(Image.fromarray(np.ascontiguousarray(codes)).resize((size, size), Image.Resampling.BILINEAR))
