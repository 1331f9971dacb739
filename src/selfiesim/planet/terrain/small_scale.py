"""Statistics of the relief of Mars below what the measured heights resolve: a continuation, not a measurement.

The amplitude comes from the heights themselves: the slopes of degrees 400 to 650 (waves of 53 to 33 km) around each
place, which ``design/make_mars_heights.py`` puts into ``mars_heights.npz``. Below that a power law continues it.
Published roughness supports its form, not each number: from 10 km down to 300 m the topography is simply fractal
(Landais, Schmidt and Lovejoy 2015, Nonlin. Processes Geophys. 22, 713); the exponent of median slope against baseline
lies between 0 and -1 (Kreslavsky and Head 1999, Lunar Planet. Sci. XXX, 1191); high latitudes have a young, smooth
mantle (Kreslavsky and Head 2000, J. Geophys. Res. 105, 26695).
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM
from selfiesim.planet.terrain.mars_heights import TABLE

BAND_DEGREES = (400, 650)
BAND_KM = float(2 * np.pi * MARS_RADIUS_KM / np.sqrt(BAND_DEGREES[0] * BAND_DEGREES[1]))
"""Wavelength at the middle of the band, 41.8 km."""

RESOLVED_KM = 15.0
"""Half the shortest wave of the heights: craters of this diameter and larger are in them."""

# Power of a profile falls as frequency to this exponent; 3 keeps the slope of every octave the same. Assumed, in the
# range 2 to 3. The heights between degrees 100 and 719 have 1.8 on the mean.
EXPONENT = 2.5
MANTLED_EXPONENT = 3.0
STEEPEST = 0.035  # of the band: what is steeper are cliffs that the heights already have (assumed)
# Where the mantle begins and is complete (assumed).
_MANTLE_LAT_RAD = (float(np.radians(45.0)), float(np.radians(60.0)))

# Craters over 5 km per 10^6 km^2: over 400 on Middle Noachian ground, under 25 on Middle Amazonian (Tanaka 1986,
# J. Geophys. Res. 91, E139, table 2).
OLD_DENSITY = 400.0
YOUNG_DENSITY = 25.0
_YOUNG_SLOPE, _OLD_SLOPE = 0.011, 0.021  # of the band, on northern plains and southern highlands
# Tharsis and Elysium are steep, yet young: latitude, longitude (rad), rms radius (km).
_YOUNG_RISES = (
    (0.0, float(np.radians(248.0)), 1100.0),
    (float(np.radians(26.0)), float(np.radians(148.0)), 550.0),
)
_COUNT_EXPONENT = 2.0  # the cumulative number falls as diameter to this power (assumed)


@cache
def _band_slope_map() -> Field:
    """Return the rms slope per octave in the band (rows, 2 rows), averaged over some 150 km around each place."""
    with np.load(TABLE, allow_pickle=False) as table:
        return np.asarray(table["band_slope"], np.float32)


def band_slope(lat_rad: ArrayLike, lon_rad: ArrayLike) -> NDArray[np.float64]:
    """Return the rms slope per octave that the heights have around 42 km, within some 150 km of each place."""
    from scipy.ndimage import map_coordinates

    field = _band_slope_map()
    rows = len(field)
    lat, lon = np.broadcast_arrays(np.atleast_1d(lat_rad), np.atleast_1d(lon_rad))
    north, south = np.roll(field[:1], rows, axis=1), np.roll(field[-1:], rows, axis=1)
    tall = np.concatenate([north, field, south])
    wide = np.concatenate([tall[:, -1:], tall, tall[:, :1]], axis=1)
    place = np.stack([(0.5 - lat / np.pi) * rows + 0.5, np.mod(lon / np.pi, 2.0) * rows + 0.5])
    value = map_coordinates(wide, place, order=1, output=np.float64, mode="nearest")
    return np.asarray(value).reshape(np.broadcast_shapes(np.shape(lat_rad), np.shape(lon_rad)))


def spectral_exponent(lat_rad: ArrayLike) -> NDArray[np.float64]:
    """Return the assumed exponent of the continuation; mantled high latitudes lose their short waves first."""
    mantle = smoothstep(*_MANTLE_LAT_RAD, np.abs(np.asarray(lat_rad, np.float64)))
    return np.asarray(EXPONENT + (MANTLED_EXPONENT - EXPONENT) * mantle, np.float64)


def small_scale_slope(lat_rad: ArrayLike, lon_rad: ArrayLike, wavelength_km: ArrayLike) -> NDArray[np.float64]:
    """Return the rms slope, magnitude and not component, that one octave of wavelengths has around each place.

    Parameters
    ----------
    lat_rad, lon_rad : array_like
        Places; they broadcast with the wavelength.
    wavelength_km : array_like
        Middle of the octave, below the 42 km of the band it is continued from.
    """
    growth = (3 - spectral_exponent(lat_rad)) / 2
    base = np.minimum(band_slope(lat_rad, lon_rad), STEEPEST)
    return np.asarray(base * (BAND_KM / np.asarray(wavelength_km)) ** growth)


def crater_density(lat_rad: ArrayLike, lon_rad: ArrayLike, diameter_km: float = 5.0) -> NDArray[np.float64]:
    """Return the number of unresolved craters of ``diameter_km`` up to :data:`RESOLVED_KM`, per 10^6 km^2.

    Roughness stands in for age, except on the volcanic rises, which are rough and young, and on the polar layered
    deposits, where craters are nearly absent (assumed: none in the north, a tenth in the south).
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, np.float64), np.asarray(lon_rad, np.float64))
    old = smoothstep(np.log(_YOUNG_SLOPE), np.log(_OLD_SLOPE), np.log(band_slope(lat, lon))).astype(np.float64)
    for rise_lat, rise_lon, radius_km in _YOUNG_RISES:
        half = np.sin((lat - rise_lat) / 2) ** 2
        half += np.cos(lat) * np.cos(rise_lat) * np.sin((lon - rise_lon) / 2) ** 2
        arc_km = 2 * MARS_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1)))
        old *= 1 - np.exp(-0.5 * (arc_km / radius_km) ** 2)
    layered = smoothstep(np.radians(76.0), np.radians(81.0), np.abs(lat))
    density = (YOUNG_DENSITY + (OLD_DENSITY - YOUNG_DENSITY) * old) * np.where(lat > 0, 1 - layered, 1 - 0.9 * layered)
    steep = (5.0 / diameter_km) ** _COUNT_EXPONENT - (5.0 / RESOLVED_KM) ** _COUNT_EXPONENT
    return np.asarray(density * max(steep, 0.0))
