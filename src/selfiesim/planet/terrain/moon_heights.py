"""Measured heights of the Moon, synthesized from spherical harmonics to degree 1079 (half-waves of 5 km).

The table ``moon_heights.npz`` holds the harmonics of the grid LDEM_16 of the Lunar Orbiter Laser Altimeter (Smith et
al. 2010, Geophys. Res. Lett. 37, L18204; NASA's Planetary Data System, LRO-L-LOLA-4-GDR-V1.0, of 2013).
``design/make_moon_heights.py`` makes it; ``design/moon_heights.md`` has sizes and accuracy.

Conventions are those of :mod:`selfiesim.planet.terrain.mars_heights`; heights are in metres above a sphere of 1737.4
km.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np

from selfiesim.planet.terrain.height_grid import HeightGrid
from selfiesim.planet.terrain.mars_heights import HeightSpectrum, load_coefficients, taper

TABLE = Path(__file__).with_name("moon_heights.npz")
MAX_DEGREE = 1079
RADIUS_KM = 1737.4
"""Radius of the sphere that heights are counted from."""

CREDIT = "Moon heights: LOLA (NASA/GSFC, Lunar Reconnaissance Orbiter), grid LDEM_16 of 2013, to degree 1079"

_ROWS = 2048  # 2.7 km: four pixels to the shortest wave
_TAPER_START = 0.4  # share of the degrees above which a cosine taper runs to zero: with less, craters ring visibly


@cache
def load_grid() -> HeightGrid:
    """Return the heights as a spline surface; the first call takes about three seconds."""
    coefficients = load_coefficients(TABLE) * taper(MAX_DEGREE + 1, _TAPER_START)[:, None]
    spectrum = HeightSpectrum.from_harmonics(coefficients).for_cubic_spline(_ROWS)
    return HeightGrid.from_coefficients(spectrum.heights(_ROWS), 2 * np.pi * RADIUS_KM / MAX_DEGREE, RADIUS_KM)
