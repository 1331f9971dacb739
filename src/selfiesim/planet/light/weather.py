"""Seasons of Mars: frost, dust and clouds.

Dust by season, latitude and height is in :mod:`selfiesim.planet.light.climate`. The edges of seasonal frost are rounded
means over the years of infrared mapping (Kieffer and Titus 2001, Icarus 154, 162; Piqueux et al. 2015, Icarus 251, 164,
describe the method and how little years differ; recalled, not checked). The numbers below were read by eye from such
curves and count as assumed, good to some three degrees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.light.air_column import AirColumn
from selfiesim.planet.light.climate import dust_top, raised_dust_top, seasonal_dust

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

_MEAN_WISP = 0.37  # of wisps over the noise of weather.glsl

FROST_EDGE_HALF_WIDTH_RAD = float(np.radians(1.6))
"""Half the width of the transition from bare to covered ground."""


@dataclass(frozen=True)
class Weather:
    """Air and frost at an instant.

    Attributes
    ----------
    dust_opacity : float, optional
        Vertical optical depth of the dust at 550 nm, the same everywhere; None for that of the season.
    dust_top_m : float, optional
        Height at which the dust ends, the same everywhere; None for that of the season, by latitude if the opacity is.
    dust_latitude : float
        Latitude, rad, whose season sets the height of dust that is the same everywhere: that in view.
    solar_longitude : float
        Ls, rad.
    cloud_opacity, north_hood_opacity, south_hood_opacity : float
        Vertical optical depth of water-ice clouds in the tropics and of the hoods over the poles.
    frost_north, frost_south : float
        Latitude (rad) of the edge of seasonal frost; pi/2 and -pi/2 for none.
    gas : float
        Column of gas relative to the usual one of Mars.
    layer_opacity : float
        Vertical optical depth of a detached layer of haze.
    layer_height_m, layer_thickness_m : float
        Height of its middle, and its full thickness.
    cloud_cover : float
        Share of the Earth under clouds.
    cloud_seed : int
        Which of many clouds.
    wind_m_s : float
        Wind over the Earth's sea.
    air : type
        What the air consists of: :class:`selfiesim.planet.light.air_column.AirColumn`, or a kind of it.
    """

    dust_opacity: float | None = 0.0
    dust_top_m: float | None = None
    dust_latitude: float = 0.0
    solar_longitude: float = 0.0
    cloud_opacity: float = 0.0
    north_hood_opacity: float = 0.0
    south_hood_opacity: float = 0.0
    frost_north: float = float(np.pi / 2)
    frost_south: float = float(-np.pi / 2)
    gas: float = 0.0
    layer_opacity: float = 0.0
    layer_height_m: float = 50_000.0
    layer_thickness_m: float = 8_000.0
    cloud_cover: float = 0.0
    cloud_seed: int = 0
    wind_m_s: float = 7.0
    air: type[AirColumn] = AirColumn

    @property
    def has_air(self) -> bool:
        """Whether dust or gas scatters any light."""
        return self.dust_opacity != 0.0 or self.gas > 0.0

    @property
    def dust_varies(self) -> bool:
        """Whether the dust differs from one latitude to another."""
        return self.dust_opacity is None

    def dust_opacity_at(self, lat_rad: float) -> float:
        """Return the vertical optical depth of the dust at a latitude, 550 nm."""
        return seasonal_dust(self.solar_longitude, lat_rad) if self.dust_opacity is None else self.dust_opacity

    def dust_top_m_at(self, lat_rad: float) -> float:
        """Return the height at which the dust ends at a latitude, m."""
        if self.dust_top_m is not None:
            return self.dust_top_m
        there = lat_rad if self.dust_varies else self.dust_latitude
        return raised_dust_top(dust_top(self.solar_longitude, there), self.dust_opacity_at(lat_rad))


AIRLESS = Weather()


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


def cloud_optical_depth(weather: Weather, lat_rad: ArrayLike) -> NDArray[np.float64]:
    """Return the optical depth of water-ice clouds at latitudes (rad), averaged over the wisps of the shader."""
    lat = np.asarray(lat_rad, dtype=float)
    belt = weather.cloud_opacity * smoothstep(0.55, 0.1, np.abs(lat - 0.12)) * _MEAN_WISP
    hood = np.where(lat > 0.0, weather.north_hood_opacity, weather.south_hood_opacity)
    return np.asarray(belt + 0.8 * hood * smoothstep(0.95, 1.2, np.abs(lat)))


def cover_with_clouds(light: ArrayLike, depth: ArrayLike, mu0: ArrayLike, mu: ArrayLike) -> NDArray[np.float64]:
    """Return I/F (..., 3) seen through thin white clouds, which scatter sunlight almost isotropically.

    Parameters
    ----------
    light : (..., 3) array_like
        I/F below the clouds.
    depth, mu0, mu : (...) array_like
        Vertical optical depth; cosines of the zenith angles of Sun and eye.
    """
    below, tau, sun, eye = (np.asarray(each, dtype=float) for each in (light, depth, mu0, mu))
    thick, low, high = tau / np.maximum(eye, 0.08), np.maximum(eye, 0.08), np.maximum(sun, 0.08)
    white = 1.0 - np.exp(-0.35 * thick * (1.0 + eye / high))
    scattered = np.maximum(sun, 0.0) * white * high / (high + low) * 1.4
    return np.asarray(below * np.exp(-0.5 * thick)[..., None] + scattered[..., None])
