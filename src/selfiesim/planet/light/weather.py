"""Seasons of Mars: frost, dust and clouds.

The edges of seasonal frost are rounded means over the years of infrared mapping (Kieffer and Titus 2001, Icarus 154,
162; Piqueux et al. 2015, Icarus 251, 164, describe the method and how little years differ; recalled, not checked). The
numbers below were read by eye from such curves and count as assumed, good to some three degrees. The seasonal dust
follows the shape of eleven years of orbital maps (Montabone et al. 2015, Icarus 251, 65; recalled, not checked): clear
until Ls 140, dusty from 180 to 340; its two levels are assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Ls and latitude of the edge of the seasonal CO2 frost, degrees; 90 for none.
_FROST_EDGE_NORTH = (
    (0, 58.5), (15, 61.0), (30, 64.0), (45, 68.0), (60, 73.0), (70, 78.0), (80, 85.0), (86, 90.0),
    (172, 90.0), (185, 80.0), (200, 72.0), (220, 66.0), (240, 60.0), (270, 55.0), (300, 52.0), (330, 53.0), (345, 55.5),
)  # fmt: skip
_FROST_EDGE_SOUTH = (
    (0, -80.0), (15, -72.0), (30, -64.0), (50, -57.0), (70, -52.0), (100, -49.0), (140, -50.0), (165, -53.0),
    (180, -57.0), (200, -61.5), (220, -66.0), (240, -72.0), (260, -79.0), (280, -84.0), (300, -86.5), (340, -86.5),
)  # fmt: skip

FROST_REFLECTANCE = (0.40, 0.385, 0.36)
"""A of seasonal frost under :func:`selfiesim.planet.light.photometry.ice`, with a little dust in it (assumed)."""

MAX_FROST_COVER = 0.93
"""Fraction of the ground covered by frost well inside its edge (assumed)."""

FROST_EDGE_HALF_WIDTH_RAD = float(np.radians(1.6))
"""Half the width of the transition from bare to covered ground."""

_CLEAR_SEASON_OPACITY, _DUSTY_SEASON_OPACITY = 0.2, 0.45


@dataclass(frozen=True)
class Weather:
    """Air and frost at an instant.

    Attributes
    ----------
    dust_opacity, cloud_opacity, hood_opacity : float
        Vertical optical depth at 550 nm of dust, of water-ice clouds in the tropics, of the hood over the winter pole.
    frost_north, frost_south : float
        Latitude (rad) of the edge of seasonal frost; pi/2 and -pi/2 for none.
    winter_pole_sign : float
        1 if the hood is over the north pole, -1 if over the south pole.
    gas : float
        Column of gas relative to the usual one of Mars.
    layer_opacity : float
        Vertical optical depth of a detached layer of haze.
    layer_height_m, layer_thickness_m : float
        Height of its middle, and its full thickness.
    """

    dust_opacity: float = 0.0
    cloud_opacity: float = 0.0
    hood_opacity: float = 0.0
    frost_north: float = float(np.pi / 2)
    frost_south: float = float(-np.pi / 2)
    winter_pole_sign: float = 1.0
    gas: float = 0.0
    layer_opacity: float = 0.0
    layer_height_m: float = 50_000.0
    layer_thickness_m: float = 8_000.0

    @property
    def has_air(self) -> bool:
        """Whether dust or gas scatters any light."""
        return self.dust_opacity > 0.0 or self.gas > 0.0


AIRLESS = Weather()


def seasonal_dust(solar_longitude: float) -> float:
    """Return the usual dust opacity at 550 nm at an Ls (rad): low in northern spring and summer, high after that."""
    ls = np.degrees(solar_longitude) % 360.0
    return float(
        np.interp(
            ls,
            [0, 140, 210, 250, 320, 360],
            [_CLEAR_SEASON_OPACITY] * 2 + [_DUSTY_SEASON_OPACITY] * 3 + [_CLEAR_SEASON_OPACITY],
        )
    )


def frost_edge_latitudes(solar_longitude: float) -> tuple[float, float]:
    """Return the latitudes (rad) of the northern and southern edges of seasonal frost at an Ls (rad)."""
    ls = np.degrees(solar_longitude) % 360.0
    north, south = (
        float(np.interp(ls, [at for at, _ in table], [edge for _, edge in table], period=360.0))
        for table in (_FROST_EDGE_NORTH, _FROST_EDGE_SOUTH)
    )
    return math.radians(north), math.radians(south)


def frost_fraction(weather: Weather, lat_rad: ArrayLike) -> NDArray[np.float64]:
    """Return the fraction of the ground under seasonal frost at latitudes (rad), averaged along the ragged edge."""
    lat = np.asarray(lat_rad, dtype=float)
    share = np.zeros_like(lat)
    for sign, edge in ((1.0, weather.frost_north), (-1.0, -weather.frost_south)):
        if edge < np.pi / 2:
            t = np.clip((sign * lat - edge) / (2 * FROST_EDGE_HALF_WIDTH_RAD) + 0.5, 0.0, 1.0)
            share = np.maximum(share, t * t * (3.0 - 2.0 * t))
    return share * MAX_FROST_COVER
