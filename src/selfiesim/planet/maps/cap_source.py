"""Choice of the polar caps for a user's map of Mars: the map's own, or the default's where the map is overexposed.

Many images of Mars are exposed for the plains, and their caps are burnt out: without troughs, and wider than the ice.
The relief of the default cap, and its reflection law, which follows the ice, would not fit such an image: ice would
appear on dark ground and bright ground without ice. So the image's bands at the scale of troughs are correlated with
those of the default map, which agree with other maps (design/maps.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.grids.polar_grid import PolarGrid
from selfiesim.planet.maps.albedo import decode, encode
from selfiesim.planet.readers.resample import Values

CAPS_FORMAT_VERSION = 1  # increment whenever the caps change
MIN_BAND_CORRELATION = 0.6  # least correlation of the bands at which an image keeps its own cap

_COMPARE_SIZE = 512  # pixels per side at which patches are compared: 5 km
_CORRELATION_COLATITUDE_RAD = float(np.radians(8.0))  # rim of the area compared
_BRIGHTNESS_COLATITUDE_RAD = float(np.radians(12.0))  # rim of the area whose ice brightness is compared
_BANDPASS_SIGMAS_KM = (6.0, 42.0)  # Gaussians whose difference shows troughs
_ICE_BLUE_RANGE = (0.13, 0.22)  # blue reflectance at which ice begins and is complete; the brightest dust has 0.12
_ICE_DILATION_KM = 14.0  # how far an image's blur spreads light from ice onto the ground
_BLEND_SIGMA_KM = 7.0
_GAIN_RANGE = (0.6, 1.3)  # limits of the factor that matches the brightness of ice
_STRIP_ROWS = 256


def fit_polar_cap(patch: NDArray[np.uint8], default: NDArray[np.uint8], span_rad: float) -> NDArray[np.uint8]:
    """Return an image's polar patch with a cap that fits the default's relief.

    Parameters
    ----------
    patch, default : (N, N, 3), (M, M, 3) uint8
        Codes of reflectance (:func:`selfiesim.planet.maps.albedo.encode`), laid out as a patch of ``PlanetMaps``.
    span_rad : float
        Colatitude at the middle of a side, of both patches.

    Returns
    -------
    (N or M, ., 3) uint8
        The patch with its own cap, scaled to the default's mean brightness, or with the default's cap.
    """
    grid = PolarGrid(_COMPARE_SIZE, span_rad)
    from_user, from_default = (decode(_resize_codes(each, _COMPARE_SIZE)) for each in (patch, default))
    if band_correlation(from_user[..., 1], from_default[..., 1], grid) >= MIN_BAND_CORRELATION:
        return _match_ice_brightness(patch, from_user, from_default, grid)
    from scipy.ndimage import gaussian_filter, maximum_filter

    iced = np.maximum(_ice_mask(from_user), _ice_mask(from_default))
    reach = 2 * round(grid.km_to_pixels(_ICE_DILATION_KM)) + 1
    share = gaussian_filter(maximum_filter(iced, reach), grid.km_to_pixels(_BLEND_SIGMA_KM))
    size = max(len(patch), len(default))
    return _blend_codes(_resize_codes(patch, size), _resize_codes(default, size), share)


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


def _match_ice_brightness(
    patch: NDArray[np.uint8], from_user: Values, from_default: Values, grid: PolarGrid
) -> NDArray[np.uint8]:
    """Scale the patch's ice to the default's mean brightness."""
    near = grid.colatitude() < _BRIGHTNESS_COLATITUDE_RAD
    means = [
        float(np.average(each[near][:, 1], weights=_ice_mask(each)[near] + 1e-9)) for each in (from_user, from_default)
    ]
    factor = np.float32(np.clip(means[1] / means[0], *_GAIN_RANGE))
    out = np.empty_like(patch)
    for start in range(0, len(patch), _STRIP_ROWS):
        light = decode(patch[start : start + _STRIP_ROWS])
        out[start : start + _STRIP_ROWS] = encode(light * (1 + (factor - 1) * _ice_mask(light))[..., None])
    return out


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
