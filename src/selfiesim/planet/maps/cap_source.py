"""The polar caps of a user's map of Mars: its own where it shows the cap, the default's where it shows a white blot.

Many pictures of Mars are exposed for the plains, and their caps are burnt out: without troughs, and wider than the ice.
Under such a picture the relief of the default cap, and its law of reflection, which the ice decides, would show ice
without light and light without ice. Whether a picture has the cap is measured: bands of the size of troughs must lie as
they do in the default map, whose own agree with other maps (design/maps.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.maps.albedo import decode, encode, smoothstep
from selfiesim.planet.maps.polar_grid import PolarGrid
from selfiesim.planet.readers.resample import Values

CAPS_FORMAT_VERSION = 1  # one more whenever caps come out differently
MIN_BAND_CORRELATION = 0.6  # correlation of the bands from which on a picture's own cap is drawn

_COMPARE_SIZE = 512  # pixels a side that patches are compared at: 5 km
_CORRELATION_COLATITUDE_RAD = float(np.radians(8.0))  # colatitude that the comparison reaches to
_BRIGHTNESS_COLATITUDE_RAD = float(np.radians(12.0))  # likewise for the brightness of ice
_BANDPASS_SIGMAS_KM = (6.0, 42.0)  # Gaussians whose difference shows troughs
_ICE_BLUE_RANGE = (0.13, 0.22)  # reflectance in blue of no ice and of ice enough; the brightest dust has 0.12
_ICE_DILATION_KM = 14.0  # how far a picture's blur carries light from ice onto the ground
_BLEND_SIGMA_KM = 7.0
_GAIN_RANGE = (0.6, 1.3)  # of the factor that ties the brightness of ice
_STRIP_ROWS = 256


def fit_polar_cap(patch: NDArray[np.uint8], default: NDArray[np.uint8], span_rad: float) -> NDArray[np.uint8]:
    """A picture's polar patch with a cap that fits the default's relief.

    Parameters
    ----------
    patch, default : (N, N, 3), (M, M, 3) uint8
        Codes of reflectance (:func:`selfiesim.planet.maps.albedo.encode`), laid out as a patch of ``PlanetMaps``.
    span_rad
        Of both.

    Returns
    -------
    (N or M, ., 3) uint8
        The patch with its own cap, as bright on the mean as the default's, or with the default's cap.
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
    """Correlation of bands as wide as troughs near the pole, of two pictures (N, N) of one band."""
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
    """The patch with its ice as bright on the mean as the default's."""
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
    """The default where ``share`` (any size) is 1, the picture where it is 0."""
    weight = _resize_codes(np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8), len(patch))
    out = np.empty_like(patch)
    for start in range(0, len(patch), _STRIP_ROWS):
        rows = slice(start, start + _STRIP_ROWS)
        from_default, from_user, w = (each[rows].astype(np.int32) for each in (default, patch, weight[..., None]))
        out[rows] = (from_user * 255 + (from_default - from_user) * w + 127) // 255
    return out


def _resize_codes(codes: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Codes at another size: the mean of what lies in a pixel, or linear between pixels."""
    from PIL import Image

    if len(codes) == size:
        return np.asarray(codes)
    return np.asarray(Image.fromarray(np.ascontiguousarray(codes)).resize((size, size), Image.Resampling.BILINEAR))
