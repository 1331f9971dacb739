"""Histogram matching of a user's colour map of Mars to measured tones.

Images of Mars differ in contrast and hue, but agree on which ground is brighter. So the image decides the order, and
the default maps, which are toned to measured reflectance, decide the values. Area-weighted histograms are matched by
luminance and by each colour, and the two results averaged geometrically; bare ground and ice are matched separately.
Bright dust in the image becomes as bright as bright dust is, ice as bright as ice, and the disc keeps the published
albedo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.light.photometry import LAWS
from selfiesim.planet.maps.albedo import disc_row_weights, luminance
from selfiesim.planet.maps.globes import ReflectanceTransform
from selfiesim.planet.readers.resample import Values

_QUANTILES = np.linspace(0.0005, 0.9995, 400)
_LIGHT_STEPS = 8192  # entries of the lookup tables
_NO_ICE_BELOW_RAD = float(np.radians(60.0))
_ICE_ABOVE_RAD = float(np.radians(80.0))
_MIN_ICE_DUST_RATIO = 1.3  # least ratio of ice to the brightest dust, in blue, at which the two can be separated


@dataclass(frozen=True)
class _PixelSample:
    """An image's light at the known cell centres of a small map, with absolute latitude and area weight."""

    light: Values
    latitude: NDArray[np.float64]
    weight: NDArray[np.float64]

    @property
    def white(self) -> Values:
        """Light in blue, in which dust is dark and ice is bright."""
        return self.light[:, -1]

    def ice_endmembers(self) -> tuple[float, float] | None:
        """Return the blue light of the brightest dust and of clean ice; None if the two cannot be separated."""
        low = _quantiles(self.white, self.weight * (self.latitude < _NO_ICE_BELOW_RAD), np.array([0.999]))[0]
        high = _quantiles(self.white, self.weight * (self.latitude > _ICE_ABOVE_RAD), np.array([0.9]))[0]
        return (float(low), float(high)) if high > _MIN_ICE_DUST_RATIO * low else None


def match_measured_tones(light: Values, reference: Values, law: str, name: str) -> ReflectanceTransform:
    """Return the transform that gives an image the tones of a reference map of the same body.

    Parameters
    ----------
    light : (H, W, 1 or 3) float32
        The image's light in the bands, plate carree, NaN in gaps.
    reference : (H, W, 3) float32
        Reflectance at the same places.
    law : str
        Key of the reflection law in :data:`selfiesim.planet.light.photometry.LAWS`.
    name : str
        The image's name, for messages.

    Raises
    ------
    MapError
        The image has only gaps, or only one shade.
    """
    known = np.asarray(~np.isnan(light).any(axis=-1))
    if not known.any():
        raise MapError(f"{name}: has only gaps")
    latitude = np.broadcast_to(np.pi * (0.5 - (np.arange(len(light))[:, None] + 0.5) / len(light)), known.shape)
    geometry = np.abs(latitude[known]), np.cos(latitude[known])
    image, target = _PixelSample(light[known], *geometry), _PixelSample(reference[known], *geometry)
    if float(np.ptp(luminance(image.light))) < 1e-4:
        raise MapError(f"{name}: has only one shade; is it a colour map?")
    toned = _histogram_match(image, target)
    disc_ratio = _disc_ratio(reference, toned(light), known, law)
    return lambda strip: toned(strip) * disc_ratio


def _histogram_match(image: _PixelSample, target: _PixelSample) -> ReflectanceTransform:
    ends, target_ends = image.ice_endmembers(), target.ice_endmembers()
    iced, target_iced = _ice_fraction(image.white, ends), _ice_fraction(target.white, target_ends)
    if ends is None or target_ends is None:
        iced, target_iced = np.zeros_like(iced), np.zeros_like(target_iced)
        ends = None
    ground = _TransferCurves(image, image.weight * (1 - iced), target, target.weight * (1 - target_iced))
    ice = _TransferCurves(image, image.weight * iced, target, target.weight * target_iced) if ends else None

    def toned(strip: Values) -> Values:
        out = ground(strip)
        if ice is not None:
            share = _ice_fraction(strip[..., -1], ends)[..., None]
            out += (ice(strip) - out) * share
        return out

    return toned


def _ice_fraction(white: Values, ends: tuple[float, float] | None) -> Values:
    """Return the ice fraction, 0..1: none at the brightest dust's light, all at 40 percent of the way to clean ice."""
    if ends is None:
        return np.zeros_like(white)
    low, high = ends
    return smoothstep(low, low + 0.4 * (high - low), white)


class _TransferCurves:
    """Curves from an image's light to a reference's that match their area-weighted histograms.

    One curve per band goes through luminance and one through the colour itself; the result is their geometric mean.
    """

    def __init__(
        self,
        image: _PixelSample,
        weight: NDArray[np.float64],
        target: _PixelSample,
        target_weight: NDArray[np.float64],
    ) -> None:
        targets = [_quantiles(target.light[:, band], target_weight) for band in range(3)]
        bright = _quantiles(luminance(image.light), weight)
        self._by_luminance = [_lookup_table(bright, each) for each in targets]
        self._coloured = image.light.shape[1] == 3
        self._by_colour = self._by_luminance
        if self._coloured:
            own = [_quantiles(image.light[:, band], weight) for band in range(3)]
            self._by_colour = [_lookup_table(*pair) for pair in zip(own, targets, strict=True)]

    def __call__(self, light: Values) -> Values:
        shade = _quantize_light(luminance(light))
        out = np.empty((*light.shape[:-1], 3), np.float32)
        for band in range(3):
            own = _quantize_light(light[..., band]) if self._coloured else shade
            out[..., band] = np.sqrt(self._by_luminance[band][shade] * self._by_colour[band][own])
        return out


def _lookup_table(values: NDArray[np.float64], targets: NDArray[np.float64]) -> Values:
    """Tabulate targets against light, evenly in its square root to resolve shadows; the last entry is for gaps."""
    light = (np.arange(_LIGHT_STEPS) / (_LIGHT_STEPS - 1)) ** 2
    return np.append(np.interp(light, values, targets), np.nan).astype(np.float32)


def _quantize_light(light: Values) -> NDArray[np.uint16]:
    """Return each value's index in a lookup table; gaps get the entry past the last."""
    step = np.sqrt(np.clip(light, 0.0, 1.0)) * np.float32(_LIGHT_STEPS - 1) + np.float32(0.5)
    return np.asarray(np.nan_to_num(step, nan=_LIGHT_STEPS)).astype(np.uint16)


def _quantiles(
    values: Values, weight: NDArray[np.float64], shares: NDArray[np.float64] = _QUANTILES
) -> NDArray[np.float64]:
    """Return the values below which ``shares`` of the area lie; they never decrease."""
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    middle = (below - 0.5 * weight[order]) / max(below[-1], 1e-12)
    return np.maximum.accumulate(np.interp(shares, middle, values[order]))


def _disc_ratio(reference: Values, toned: Values, known: NDArray[np.bool_], law: str) -> Values:
    """Return the ratio (3,) of the reference's to the image's disc-integrated light, over known pixels."""
    weight = disc_row_weights(len(known), LAWS[law])[:, None, None]
    here = known[..., None]
    ours = (weight * np.where(here, toned, 0.0)).sum(axis=(0, 1))
    target = (weight * np.where(here, reference, 0.0)).sum(axis=(0, 1))
    return np.asarray(target / ours, np.float32)
