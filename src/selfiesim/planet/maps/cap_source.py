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

VERSION = 1  # one more whenever caps come out differently
AGREES = 0.6  # correlation of the bands from which on a picture's own cap is drawn

_SIZE = 512  # pixels a side that patches are compared at: 5 km
_CAP_RAD = float(np.radians(8.0))  # colatitude that the comparison reaches to
_TIED_RAD = float(np.radians(12.0))  # likewise for the brightness of ice
_BANDS_KM = (6.0, 42.0)  # Gaussians whose difference shows troughs
_WHITE = (0.13, 0.22)  # reflectance in blue of no ice and of ice enough; the brightest dust has 0.12
_REACH_KM = 14.0  # how far a picture's blur carries light from ice onto the ground
_SOFT_KM = 7.0
_RANGE = (0.6, 1.3)  # of the factor that ties the brightness of ice
_STRIP = 256


def fitting_cap(patch: NDArray[np.uint8], default: NDArray[np.uint8], span_rad: float) -> NDArray[np.uint8]:
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
    grid = PolarGrid(_SIZE, span_rad)
    theirs, ours = (decode(_resized(each, _SIZE)) for each in (patch, default))
    if agreement(theirs[..., 1], ours[..., 1], grid) >= AGREES:
        return _tied(patch, theirs, ours, grid)
    from scipy.ndimage import gaussian_filter, maximum_filter

    iced = np.maximum(_white(theirs), _white(ours))
    reach = 2 * round(grid.pixels_of(_REACH_KM)) + 1
    share = gaussian_filter(maximum_filter(iced, reach), grid.pixels_of(_SOFT_KM))
    size = max(len(patch), len(default))
    return _mixed(_resized(patch, size), _resized(default, size), share)


def agreement(theirs: Values, ours: Values, grid: PolarGrid) -> float:
    """Correlation of bands as wide as troughs near the pole, of two pictures (N, N) of one band."""
    from scipy.ndimage import gaussian_filter

    fine, coarse = (grid.pixels_of(km) for km in _BANDS_KM)
    near = grid.colatitude() < _CAP_RAD
    bands = [(gaussian_filter(each, fine) - gaussian_filter(each, coarse))[near] for each in (theirs, ours)]
    if min(float(band.std()) for band in bands) < 1e-6:
        return 0.0
    return float(np.corrcoef(*bands)[0, 1])


def _white(light: Values) -> Values:
    return smoothstep(*_WHITE, light[..., 2])


def _tied(patch: NDArray[np.uint8], theirs: Values, ours: Values, grid: PolarGrid) -> NDArray[np.uint8]:
    """The patch with its ice as bright on the mean as the default's."""
    near = grid.colatitude() < _TIED_RAD
    means = [float(np.average(each[near][:, 1], weights=_white(each)[near] + 1e-9)) for each in (theirs, ours)]
    factor = np.float32(np.clip(means[1] / means[0], *_RANGE))
    out = np.empty_like(patch)
    for start in range(0, len(patch), _STRIP):
        light = decode(patch[start : start + _STRIP])
        out[start : start + _STRIP] = encode(light * (1 + (factor - 1) * _white(light))[..., None])
    return out


def _mixed(patch: NDArray[np.uint8], default: NDArray[np.uint8], share: Values) -> NDArray[np.uint8]:
    """The default where ``share`` (any size) is 1, the picture where it is 0."""
    weight = _resized(np.rint(255 * np.clip(share, 0, 1)).astype(np.uint8), len(patch))
    out = np.empty_like(patch)
    for start in range(0, len(patch), _STRIP):
        rows = slice(start, start + _STRIP)
        ours, theirs, w = (each[rows].astype(np.int32) for each in (default, patch, weight[..., None]))
        out[rows] = (theirs * 255 + (ours - theirs) * w + 127) // 255
    return out


def _resized(codes: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Codes at another size: the mean of what lies in a pixel, or linear between pixels."""
    from PIL import Image

    if len(codes) == size:
        return np.asarray(codes)
    return np.asarray(Image.fromarray(np.ascontiguousarray(codes)).resize((size, size), Image.Resampling.BILINEAR))
