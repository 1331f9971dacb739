"""Relief of Mercury where its map, taken under a high Sun, shows no shading: a statistical continuation.

It is noise with the spectrum that the Mercury Laser Altimeter found north of 45 N: self-affine, with Hurst exponents of
0.66, 0.80 and 0.81 on smooth plains, intercrater plains and heavily cratered terrain, whose bidirectional slopes are as
1 to 2 to 2.4 (Fa et al. 2016, Geophys. Res. Lett. 43). Such scaling holds for baselines from 1 to 20 km (Susorney et
al. 2014, AGU Fall Meeting, paper 10385), so no wave is longer than 40 km: neither craters nor basins are invented. The
noise fades out where the shading of the map tells the slopes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.map_shading import ShadedRelief, smooth_globe
from selfiesim.planet.terrain.mars_heights import HeightSpectrum, taper
from selfiesim.planet.terrain.relief import resize_plate_carree

HURST_EXPONENT = 0.80
LONGEST_KM, SHORTEST_KM = 40.0, 12.0
ROUGH_SLOPE = 0.024
"""Rms slope of the waves between, on intercrater plains. Assumed: that of the map's shaded ground from 70 to 80 S. Fa
et al. put such plains between twice the lunar maria and the lunar highlands."""
SMOOTH_PLAINS = 0.5
"""Roughness of smooth plains relative to intercrater plains (Fa et al. 2016)."""

_ROWS = 2048  # three pixels to the shortest wave
_SEED = 8704
_BLEND_KM = 60.0  # rms radius over which the noise fades out
# Smooth plains around the pole cover 6 percent of Mercury (Head et al. 2011, Science 333, 1853), as does a cap of 60 N.
_NORTHERN_PLAINS_RAD = (float(np.radians(57.0)), float(np.radians(63.0)))
# The plains within and around Caloris are the largest others (Fassett et al. 2011, Geophys. Res. Lett. 38, L10202):
# centre, and the arcs at which they begin to end and do (the rim is at 18 degrees; the outline is assumed).
_CALORIS_RAD = (float(np.radians(31.0)), float(np.radians(162.0)))
_CALORIS_EDGE_RAD = (float(np.radians(20.0)), float(np.radians(30.0)))


def smooth_plains_share(lat_rad: NDArray[np.floating], lon_rad: NDArray[np.floating]) -> Field:
    """Return 1 on the large smooth plains, 0 elsewhere; latitude and longitude broadcast."""
    lat0, lon0 = _CALORIS_RAD
    cosine = np.sin(lat_rad) * np.sin(lat0) + np.cos(lat_rad) * np.cos(lat0) * np.cos(lon_rad - lon0)
    caloris = smoothstep(_CALORIS_EDGE_RAD[1], _CALORIS_EDGE_RAD[0], np.arccos(np.clip(cosine, -1, 1)))
    return np.maximum(caloris, smoothstep(*_NORTHERN_PLAINS_RAD, lat_rad))


def add_unshaded_relief(shaded: ShadedRelief) -> HeightGrid:
    """Return heights with noise where the shading tells nothing, on a grid that holds its waves."""
    heights = shaded.heights
    lat = ((0.5 - (np.arange(180) + 0.5) / 180) * np.pi)[:, None]
    plains = smooth_plains_share(lat, (np.arange(360) + 0.5)[None, :] / 180 * np.pi)
    amplitude = resize_plate_carree(1 - (1 - np.float32(SMOOTH_PLAINS)) * plains, _ROWS)
    # The share has steps where the mosaic's Sun changes. Slopes of independent fields add in their squares.
    known = resize_plate_carree(smooth_globe(shaded.known_share, _BLEND_KM / heights.radius_km), _ROWS)
    amplitude *= np.sqrt(1 - np.clip(known, 0, 1) ** 2)
    relief = amplitude * _unit_noise(heights.radius_km)
    return HeightGrid.from_heights(heights.on_plate_carree(_ROWS) + relief, heights.resolved_km, heights.radius_km)


def _unit_noise(radius_km: float) -> Field:
    """Return isotropic noise (rows, 2 rows), m, with the rms slope of intercrater plains: random harmonics."""
    degrees = int(2 * np.pi * radius_km / SHORTEST_KM)
    degree = np.arange(degrees, dtype=np.float64)
    rng = np.random.default_rng(_SEED)
    random = rng.standard_normal((degrees, degrees)) - 1j * rng.standard_normal((degrees, degrees))
    random[:, 0] = np.sqrt(2) * random[:, 0].real
    # A profile's power falls as frequency to 1 + 2 H; that of a degree, summed over its 2 l + 1 harmonics, does too.
    longest = 2 * np.pi * radius_km / LONGEST_KM
    power = np.maximum(degree, 1.0) ** -(1 + 2 * HURST_EXPONENT) * smoothstep(0.8 * longest, 1.2 * longest, degree)
    weight = np.sqrt(power / (2 * degree + 1)) * taper(degrees, 0.8)
    # A degree of unit power has a mean square slope of l (l + 1) / radius^2; harmonics are normalized to 4 pi.
    slope = np.sqrt((degree * (degree + 1) * 2 * weight**2 * (degree + 0.5)).sum()) / (1000 * radius_km)
    random *= np.tril(np.ones((degrees, degrees))) * (weight * ROUGH_SLOPE / slope)[:, None]
    return HeightSpectrum.from_harmonics(random).heights(_ROWS)
