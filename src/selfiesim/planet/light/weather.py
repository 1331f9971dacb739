"""What changes on Mars from season to season: frost, dust, clouds.

The lines of seasonal frost are rounded means of what infrared mappers saw from one year to the next (Kieffer and Titus
2001, Icarus 154, 162; Piqueux et al. 2015, Icarus 251, 164, describe the method and how little years differ; recalled,
not checked); the numbers below are read by eye from such curves and count as assumed, good to some three degrees. The
seasonal dust follows the shape of eleven years of orbiters' maps (Montabone et al. 2015, Icarus 251, 65; recalled, not
checked): clear until Ls 140, dusty from 180 to 340; its two levels are assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Ls and latitude of the edge of the seasonal CO2 frost, degrees; 90 is none.
_FROST_EDGE_NORTH = (
    (0, 58.5), (15, 61.0), (30, 64.0), (45, 68.0), (60, 73.0), (70, 78.0), (80, 85.0), (86, 90.0),
    (172, 90.0), (185, 80.0), (200, 72.0), (220, 66.0), (240, 60.0), (270, 55.0), (300, 52.0), (330, 53.0), (345, 55.5),
)  # fmt: skip
_FROST_EDGE_SOUTH = (
    (0, -80.0), (15, -72.0), (30, -64.0), (50, -57.0), (70, -52.0), (100, -49.0), (140, -50.0), (165, -53.0),
    (180, -57.0), (200, -61.5), (220, -66.0), (240, -72.0), (260, -79.0), (280, -84.0), (300, -86.5), (340, -86.5),
)  # fmt: skip

FROST_REFLECTANCE = (0.40, 0.385, 0.36)
"""A of seasonal frost, by :func:`selfiesim.planet.light.photometry.ice`: a little dust in it (assumed)."""

MAX_FROST_COVER = 0.93
"""Share of the ground that frost whitens well inside its edge (assumed)."""

FROST_EDGE_HALF_WIDTH_RAD = float(np.radians(1.6))
"""Half the width over which it goes from bare to covered."""

_CLEAR_SEASON_OPACITY, _DUSTY_SEASON_OPACITY = 0.2, 0.45


@dataclass(frozen=True)
class Weather:
    """Air and frost of one moment.

    Attributes
    ----------
    dust_opacity, cloud_opacity, hood_opacity
        Vertical optical depth at 550 nm of dust, of water-ice clouds in the tropics, of the hood over the winter pole.
    frost_north, frost_south
        Latitude (rad) of the edge of seasonal frost; pi/2 and -pi/2 are none.
    gas
        The column of gas over Mars' usual one.
    layer_opacity
        Vertical optical depth of a detached layer of haze.
    layer_height_m, layer_thickness_m
        Of its middle, and from its lower to its upper end.
    winter_pole_sign
        1 where the hood is the north's, -1 the south's.
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


AIRLESS = Weather()


def seasonal_dust(solar_longitude: float) -> float:
    """Usual dust opacity at 550 nm for an Ls (rad): clear in northern spring and summer, dusty in autumn and winter."""
    ls = np.degrees(solar_longitude) % 360.0
    return float(
        np.interp(
            ls,
            [0, 140, 210, 250, 320, 360],
            [_CLEAR_SEASON_OPACITY] * 2 + [_DUSTY_SEASON_OPACITY] * 3 + [_CLEAR_SEASON_OPACITY],
        )
    )


def frost_edge_latitudes(solar_longitude: float) -> tuple[float, float]:
    """Latitudes (rad) of the edges of northern and southern seasonal frost for an Ls (rad)."""
    ls = np.degrees(solar_longitude) % 360.0
    north, south = (
        float(np.interp(ls, [at for at, _ in table], [edge for _, edge in table], period=360.0))
        for table in (_FROST_EDGE_NORTH, _FROST_EDGE_SOUTH)
    )
    return math.radians(north), math.radians(south)


def frost_fraction(weather: Weather, lat_rad: ArrayLike) -> NDArray[np.float64]:
    """Share of the ground under seasonal frost at a latitude, the edge's frays averaged out."""
    lat = np.asarray(lat_rad, dtype=float)
    share = np.zeros_like(lat)
    for sign, edge in ((1.0, weather.frost_north), (-1.0, -weather.frost_south)):
        if edge < np.pi / 2:
            t = np.clip((sign * lat - edge) / (2 * FROST_EDGE_HALF_WIDTH_RAD) + 0.5, 0.0, 1.0)
            share = np.maximum(share, t * t * (3.0 - 2.0 * t))
    return share * MAX_FROST_COVER
