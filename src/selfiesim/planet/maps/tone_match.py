"""A user's colour map of Mars in the tones that were measured.

Every picture of Mars has contrast and hue of its own taste; which ground is brighter than which they agree on. So the
picture decides the order, and the default maps, which were toned to measured reflectance, decide the values: shares of
the globe by area are laid on theirs, by luminance and by each colour, half and half, bare ground and ice apart. What is
bright dust in the picture becomes as bright as bright dust is, ice as ice, and the disc keeps the published albedo.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import MapError
from selfiesim.planet.light.photometry import LAWS
from selfiesim.planet.maps.albedo import disc_row_weights, smoothstep
from selfiesim.planet.maps.globes import ReflectanceTransform, luminance
from selfiesim.planet.readers.resample import Values

_QUANTILES = np.linspace(0.0005, 0.9995, 400)
_LIGHT_STEPS = 8192  # of light, in the tables
_NO_ICE_BELOW_RAD = float(np.radians(60.0))
_ICE_ABOVE_RAD = float(np.radians(80.0))
_MIN_ICE_DUST_RATIO = 1.3  # how much brighter in blue ice must be than the brightest dust to be told from it


@dataclass(frozen=True)
class _PixelSample:
    """What is known of a picture at the middles of a small map's cells, each array (N,) or (N, bands)."""

    light: Values
    latitude: NDArray[np.float64]
    weight: NDArray[np.float64]

    @property
    def white(self) -> Values:
        """Light in blue, where dust is dark and ice is not."""
        return self.light[:, -1]

    def ice_endmembers(self) -> tuple[float, float] | None:
        """Blue light of the brightest dust and of clean ice; None where the two cannot be told apart."""
        low = _quantiles(self.white, self.weight * (self.latitude < _NO_ICE_BELOW_RAD), np.array([0.999]))[0]
        high = _quantiles(self.white, self.weight * (self.latitude > _ICE_ABOVE_RAD), np.array([0.9]))[0]
        return (float(low), float(high)) if high > _MIN_ICE_DUST_RATIO * low else None


def match_measured_tones(light: Values, reference: Values, law: str, name: str) -> ReflectanceTransform:
    """A paint that gives a picture the tones of a reference of the same body.

    Parameters
    ----------
    light : (H, W, 1 or 3) float32
        The picture's light, plate carree, NaN in gaps.
    reference : (H, W, 3) float32
        Reflectance at the same places.

    Raises
    ------
    MapError
        When the picture is one shade all over; ``name`` is for the message.
    """
    known = np.asarray(~np.isnan(light).any(axis=-1))
    if not known.any():
        raise MapError(f"{name}: has nothing but gaps")
    latitude = np.broadcast_to(np.pi * (0.5 - (np.arange(len(light))[:, None] + 0.5) / len(light)), known.shape)
    place = np.abs(latitude[known]), np.cos(latitude[known])
    picture, theirs = _PixelSample(light[known], *place), _PixelSample(reference[known], *place)
    if float(np.ptp(luminance(picture.light))) < 1e-4:
        raise MapError(f"{name}: is one shade all over; is it a colour map?")
    toned = _histogram_match(picture, theirs)
    level = _disc_ratio(reference, toned(light), known, law)
    return lambda strip: toned(strip) * level


def _histogram_match(picture: _PixelSample, theirs: _PixelSample) -> ReflectanceTransform:
    ends, their_ends = picture.ice_endmembers(), theirs.ice_endmembers()
    iced, their_iced = _ice_fraction(picture.white, ends), _ice_fraction(theirs.white, their_ends)
    if ends is None or their_ends is None:
        iced, their_iced = np.zeros_like(iced), np.zeros_like(their_iced)
        ends = None
    ground = _TransferCurves(picture, picture.weight * (1 - iced), theirs, theirs.weight * (1 - their_iced))
    ice = _TransferCurves(picture, picture.weight * iced, theirs, theirs.weight * their_iced) if ends else None

    def toned(strip: Values) -> Values:
        out = ground(strip)
        if ice is not None:
            share = _ice_fraction(strip[..., -1], ends)[..., None]
            out += (ice(strip) - out) * share
        return out

    return toned


def _ice_fraction(white: Values, ends: tuple[float, float] | None) -> Values:
    """How much of each place is ice, 0..1: none at the brightest dust's light, all a good way up to clean ice's."""
    if ends is None:
        return np.zeros_like(white)
    low, high = ends
    return smoothstep(low, low + 0.4 * (high - low), white)


class _TransferCurves:
    """From a picture's light to a reference's, by shares of area: through luminance and through each colour."""

    def __init__(
        self,
        picture: _PixelSample,
        weight: NDArray[np.float64],
        theirs: _PixelSample,
        their_weight: NDArray[np.float64],
    ) -> None:
        targets = [_quantiles(theirs.light[:, band], their_weight) for band in range(3)]
        bright = _quantiles(luminance(picture.light), weight)
        self._by_luminance = [_lookup_table(bright, target) for target in targets]
        self._coloured = picture.light.shape[1] == 3
        self._by_colour = self._by_luminance
        if self._coloured:
            own = [_quantiles(picture.light[:, band], weight) for band in range(3)]
            self._by_colour = [_lookup_table(*pair) for pair in zip(own, targets, strict=True)]

    def __call__(self, light: Values) -> Values:
        shade = _quantize_light(luminance(light))
        out = np.empty((*light.shape[:-1], 3), np.float32)
        for band in range(3):
            own = _quantize_light(light[..., band]) if self._coloured else shade
            out[..., band] = np.sqrt(self._by_luminance[band][shade] * self._by_colour[band][own])
        return out


def _lookup_table(values: NDArray[np.float64], targets: NDArray[np.float64]) -> Values:
    """Target for each step of light, spaced by the root so that shadows keep theirs; last, for gaps, none."""
    light = (np.arange(_LIGHT_STEPS) / (_LIGHT_STEPS - 1)) ** 2
    return np.append(np.interp(light, values, targets), np.nan).astype(np.float32)


def _quantize_light(light: Values) -> NDArray[np.uint16]:
    """The step of each value, the one past the last for gaps."""
    step = np.sqrt(np.clip(light, 0.0, 1.0)) * np.float32(_LIGHT_STEPS - 1) + np.float32(0.5)
    return np.asarray(np.nan_to_num(step, nan=_LIGHT_STEPS)).astype(np.uint16)


def _quantiles(
    values: Values, weight: NDArray[np.float64], shares: NDArray[np.float64] = _QUANTILES
) -> NDArray[np.float64]:
    """Values below which ``shares`` of the area lie; never falling."""
    order = np.argsort(values)
    below = np.cumsum(weight[order])
    middle = (below - 0.5 * weight[order]) / max(below[-1], 1e-12)
    return np.maximum.accumulate(np.interp(shares, middle, values[order]))


def _disc_ratio(reference: Values, toned: Values, known: NDArray[np.bool_], law: str) -> Values:
    """Reference over picture (3,) of the light of the whole disc, where the picture has any."""
    weight = disc_row_weights(len(known), LAWS[law])[:, None, None]
    here = known[..., None]
    ours = (weight * np.where(here, toned, 0.0)).sum(axis=(0, 1))
    theirs = (weight * np.where(here, reference, 0.0)).sum(axis=(0, 1))
    return np.asarray(theirs / ours, np.float32)
