"""Climate of the dust and of the water-ice clouds of Mars, by season, latitude and height.

Dust follows the "MGS scenario" of the Mars Climate Database (Lewis et al. 1999, JGR 104, 24177; Montmessin et al. 2004,
JGR 109, E10004; as MarsWRF and DART have it), a fit to a year without a global storm. Its dust reaches 43 km in every
season, twice as high as the limb shows at aphelion: the heights at the equator are those of Smith et al. 2013 (JGR
Planets 118, 321; CRISM), under 20 km at aphelion and 40 to 50 km at perihelion, and the database gives the dependence
on latitude.
"""

from __future__ import annotations

import numpy as np

# Sine of Ls in the database's formulas is that of Ls - 2.76 rad; opacity peaks at Ls = 4.363 rad, 250 degrees.
_TOP_PHASE_RAD, _PEAK_RAD = 2.76, 4.363

# Mean and amplitude of the top at the equator, km: 1 percent of the extinction at the ground is left at 18 and at 40
# km.
_TOP_KM, _TOP_SWING_KM = 37.0, 18.0

_STORM_TOP_M = 60_000.0  # that a storm reaches (assumed)
_STORM_OPACITY = 2.0  # from which on it does (assumed)

_CLOUDS = ((0, 0.02), (20, 0.1), (60, 0.25), (93, 0.5), (140, 0.5), (155, 0.08), (180, 0.02), (360, 0.02))
_NORTH_HOOD = ((0, 0.2), (30, 0.0), (160, 0.0), (190, 0.35), (345, 0.35), (360, 0.2))
_SOUTH_HOOD = ((0, 0.3), (15, 0.35), (150, 0.35), (200, 0.0), (330, 0.0), (360, 0.3))


def seasonal_dust(solar_longitude: float, lat_rad: float) -> float:
    """Return the usual dust opacity in visible light at an Ls (rad) and a latitude (rad)."""
    peak = np.cos(0.5 * (solar_longitude - _PEAK_RAD)) ** 14
    tropics, north, south = 0.2 + 0.3 * peak, 0.1, 0.1 + 0.4 * peak
    pole = north if lat_rad >= 0.0 else south
    # From 45 degrees on, over some 10 degrees.
    return float(pole + (tropics - pole) * 0.5 * (1.0 + np.tanh(4.5 - abs(lat_rad) * 18.0 / np.pi)))


def dust_top(solar_longitude: float, lat_rad: float) -> float:
    """Return the height (m) at which the usual dust ends at an Ls (rad) and a latitude (rad).

    Notes
    -----
    The top is that of Conrath's profile, where a thousandth of the mixing ratio is left; extinction falls to 1 percent
    at about 0.8 of it.
    """
    season, sine = np.sin(solar_longitude - _TOP_PHASE_RAD), np.sin(lat_rad)
    equator = 60.0 + 18.0 * season
    there = equator - (32.0 + 18.0 * season) * sine**4 - 8.0 * season * sine**5
    return float(1000.0 * (_TOP_KM + _TOP_SWING_KM * season) * there / equator)


def raised_dust_top(top_m: float, opacity: float) -> float:
    """Return the top of the dust (m) in a storm: thick dust heats itself and rises."""
    t = np.clip((opacity - 0.5) / (_STORM_OPACITY - 0.5), 0.0, 1.0)
    return float(top_m + max(_STORM_TOP_M - top_m, 0.0) * t * t * (3.0 - 2.0 * t))


def seasonal_clouds(solar_longitude: float) -> tuple[float, float, float]:
    """Return the opacity of water-ice clouds at an Ls (rad): in the tropics, over the north pole, over the south pole.

    Notes
    -----
    Mateshvili et al. 2007 (JGR 112, E07004; SPICAM, ultraviolet): clouds in the tropics of 0.1 to 0.3 between Ls 20
    and 60 and 0.3 to 0.8 after 93, which decay fast from 140 on; hoods of about 0.35, in the north from Ls 160, in the
    south from 330. When they end, and the rest of the year, is assumed.
    """
    ls = np.degrees(solar_longitude) % 360.0
    tropics, north, south = (
        float(np.interp(ls, *np.array(table, float).T)) for table in (_CLOUDS, _NORTH_HOOD, _SOUTH_HOOD)
    )
    return tropics, north, south
