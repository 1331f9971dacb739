"""Relief of Mercury where its map, taken under a high Sun, shows no shading: craters and a statistical continuation.

Named craters lie where they are and smaller ones anywhere (:mod:`selfiesim.planet.terrain.mercury_craters`). Between
them is noise with the spectrum that the Mercury Laser Altimeter found north of 45 N: self-affine, with Hurst exponents
of 0.66, 0.80 and 0.81 on smooth plains, intercrater plains and heavily cratered terrain, whose bidirectional slopes are
as 1 to 2 to 2.4 (Fa et al. 2016, Geophys. Res. Lett. 43). Such scaling holds for baselines from 1 to 20 km (Susorney et
al. 2014, AGU Fall Meeting, paper 10385), so no wave is longer than 40 km. All of it fades out where the shading of the
map tells the slopes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.terrain import mercury_craters
from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.map_shading import ShadedRelief, smooth_globe
from selfiesim.planet.terrain.mars_heights import HeightSpectrum, taper
from selfiesim.planet.terrain.relief import resize_plate_carree

HURST_EXPONENT = 0.80
LONGEST_KM, SHORTEST_KM = 40.0, 12.0
NOISE_SLOPE = 0.007
"""Rms slope of the noise on intercrater plains (assumed): a third of what the map's shaded ground has from 70 to 80 S,
since craters make up the rest."""
SMOOTH_PLAINS = 0.5
"""Roughness of smooth plains relative to intercrater plains (Fa et al. 2016)."""

SMOOTH_PLAINS_DENSITY = 0.25
"""Share of the invented craters that lie on smooth plains: those have far fewer (Head et al. 2011); assumed."""

_ROWS = 3072  # four pixels to the smallest crater
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
    """Return heights with craters and noise where the shading tells nothing, on a grid that holds them."""
    heights = shaded.heights
    lat = ((0.5 - (np.arange(180) + 0.5) / 180) * np.pi)[:, None]
    plains = smooth_plains_share(lat, (np.arange(360) + 0.5)[None, :] / 180 * np.pi)
    noise = resize_plate_carree(1 - (1 - np.float32(SMOOTH_PLAINS)) * plains, _ROWS)
    noise *= _noise(heights.radius_km)
    # The share has steps where the mosaic's Sun changes. Slopes of independent fields add in their squares.
    known = resize_plate_carree(smooth_globe(shaded.known_share, _BLEND_KM / heights.radius_km), _ROWS)
    unknown = np.sqrt(1 - np.clip(known, 0, 1) ** 2)
    relief = unknown * (noise + crater_relief(heights.radius_km))
    return HeightGrid.from_heights(heights.on_plate_carree(_ROWS) + relief, heights.resolved_km, heights.radius_km)


def crater_relief(radius_km: float) -> Field:
    """Return the height (rows, 2 rows), m, of the named craters and of invented ones, few on smooth plains."""
    invented = mercury_craters.invented_craters(radius_km)
    plains = smooth_plains_share(invented.lat_rad, invented.lon_rad)
    kept = np.random.default_rng(_SEED).uniform(0, 1, len(plains)) < 1 - (1 - SMOOTH_PLAINS_DENSITY) * plains
    return mercury_craters.crater_heights(mercury_craters.named_craters().and_of(invented, kept), _ROWS, radius_km)


def _noise(radius_km: float) -> Field:
    """Return isotropic noise (rows, 2 rows), m, as steep as on intercrater plains: random harmonics."""
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
    random *= np.tril(np.ones((degrees, degrees))) * (weight * NOISE_SLOPE / slope)[:, None]
    return HeightSpectrum.from_harmonics(random).heights(_ROWS)
