"""Reflectance maps of a planet, and lookups in them.

The renderer samples three images: a plate carree globe for the far view, and a patch around each pole, where a plate
carree map pinches. A code means ``reflectance = (code / 255)**2 * reflectance_max``, in the bands R 620, G 550 and
B 460 nm; I/F is the reflectance times a shape from :mod:`selfiesim.planet.light.photometry`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.grids.fields import smoothstep
from selfiesim.planet.maps import albedo
from selfiesim.planet.terrain.relief import decode_slope
from selfiesim.planet.terrain.surface_heights import SurfaceHeights

PATCH_SPAN_RAD = float(np.radians(22.0))
"""Colatitude at the middle of a polar patch's side."""

MapArrays = dict[str, NDArray[np.uint8]]
"""Coded maps by part: ``globe``, ``north``, ``south``, and where known ``globe-relief`` and so on."""

MAX_CRATER_DENSITY = 500.0
"""Craters over 5 km per 10^6 km^2 that the code 255 stands for."""

Floats = NDArray[np.float32]
_PATCH_BLEND_RAD = float(np.radians(1.2))  # width of the blend from patch to globe


@dataclass(frozen=True)
class PlanetMaps:
    """What a planet's surface reflects, as square-root coded bytes.

    Attributes
    ----------
    globe : (H, W, 3) uint8
        Plate carree, row 0 in the north, the left edge of column 0 at lon 0 E, planetocentric.
    north : (N, N, 3) uint8
        Lambert azimuthal equal-area: for a unit direction d the point (x, y) = d.xy * sqrt(2 / (1 + d.z)) / r with
        r = 2 sin(patch_span_rad / 2); rows run along +x (lon 0 E at the bottom), columns along +y (90 E at the right),
        with the image's edges at -1 and 1.
    south : (M, M, 3) uint8
        Likewise with d.z negated: the same longitudes at the same edges.
    patch_span_rad : float
        Colatitude at the middle of a patch's side.
    reflectance_max : float
        Reflectance of the code 255.
    name : str
        The body.
    credits : str
        Source of the maps.
    law : str
        Reflection law of the ground: one of :data:`selfiesim.planet.light.photometry.LAWS`.
    globe_relief, north_relief, south_relief : (., ., 4) uint8, optional
        Laid out as the maps, at sizes of their own: the gradient of the height in body-fixed axes, coded by
        :func:`selfiesim.planet.terrain.relief.encode_slope`, and the fraction of ice. None where nothing is known:
        flat and without ice.
    craters : (H, W) uint8, optional
        Plate carree, coarse: the density of craters too small for the slopes; 255 is :data:`MAX_CRATER_DENSITY`.
    heights : SurfaceHeights, optional
        The heights that cast shadows.
    water : (H, W, 2) uint8, optional
        Plate carree: the share of open water, and how much of that is coastal; 255 for all. None where there is none.
    """

    globe: NDArray[np.uint8]
    north: NDArray[np.uint8]
    south: NDArray[np.uint8]
    patch_span_rad: float
    reflectance_max: float
    name: str
    credits: str
    law: str = "mars"
    globe_relief: NDArray[np.uint8] | None = None
    north_relief: NDArray[np.uint8] | None = None
    south_relief: NDArray[np.uint8] | None = None
    craters: NDArray[np.uint8] | None = None
    heights: SurfaceHeights | None = None
    water: NDArray[np.uint8] | None = None


def reflectance(maps: PlanetMaps, lat_rad: ArrayLike, lon_rad: ArrayLike) -> NDArray[np.float32]:
    """Look up the reflectance at places, bilinearly.

    Near the poles it comes from the patches, elsewhere from the globe; the two are blended inside the patches' rim.

    Parameters
    ----------
    maps : PlanetMaps
        Maps of the body.
    lat_rad, lon_rad : array_like
        Planetocentric latitude and east longitude, rad; they broadcast.

    Returns
    -------
    (..., 3) float32
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, dtype=np.float64), np.asarray(lon_rad, dtype=np.float64))
    return _sample_maps(
        (maps.globe, maps.north, maps.south),
        maps.patch_span_rad,
        lat,
        lon,
        lambda c: albedo.decode(c, maps.reflectance_max),
    )


def relief(maps: PlanetMaps, lat_rad: ArrayLike, lon_rad: ArrayLike) -> tuple[Floats, Floats]:
    """Look up slopes and ice at places, as :func:`reflectance` does.

    Returns
    -------
    gradient : (..., 3) float32
        Gradient of the height in body-fixed axes, m per m; 0 where the maps have no relief.
    ice : (...) float32
        Fraction of the reflected light that comes from ice.
    """
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, dtype=np.float64), np.asarray(lon_rad, dtype=np.float64))
    parts = (maps.globe_relief, maps.north_relief, maps.south_relief)
    if any(part is None for part in parts):
        return np.zeros((*lat.shape, 3), np.float32), np.zeros(lat.shape, np.float32)
    out = _sample_maps(parts, maps.patch_span_rad, lat, lon, _decode_relief)  # type: ignore[arg-type]
    return out[..., :3], out[..., 3]


def water_share(maps: PlanetMaps, lat_rad: ArrayLike, lon_rad: ArrayLike) -> NDArray[np.float32]:
    """Return the share (...) of open water at places, 0 where the maps have none; they broadcast."""
    lat, lon = np.broadcast_arrays(np.asarray(lat_rad, dtype=np.float64), np.asarray(lon_rad, dtype=np.float64))
    if maps.water is None:
        return np.zeros(lat.shape, np.float32)
    height, width = maps.water.shape[:2]
    row = np.clip((0.5 - lat / np.pi) * height - 0.5, 0, height - 1)
    column = np.mod(lon, 2 * np.pi) / (2 * np.pi) * width - 0.5
    return _sample_bilinear(maps.water[..., :1], row, column, _decode_share, wrap=True)[..., 0]


def _decode_share(code: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(code.astype(np.float32) / 255)


def _decode_relief(code: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.concatenate([decode_slope(code[..., :3]), code[..., 3:].astype(np.float32) / 255], axis=-1)


Decode = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


def _sample_maps(
    parts: tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]],
    span_rad: float,
    lat: NDArray[np.float64],
    lon: NDArray[np.float64],
    decode: Decode,
) -> NDArray[np.float32]:
    """Sample globe, north and south patch at places; returns (..., bands)."""
    globe, *patches = parts
    height, width = globe.shape[:2]
    row = np.clip((0.5 - lat / np.pi) * height - 0.5, 0, height - 1)
    out = _sample_bilinear(globe, row, np.mod(lon, 2 * np.pi) / (2 * np.pi) * width - 0.5, decode, wrap=True)
    for sign, patch in zip((1.0, -1.0), patches, strict=True):
        colatitude = np.pi / 2 - sign * lat
        near = colatitude < span_rad
        if near.any():
            weight = smoothstep(span_rad, span_rad - _PATCH_BLEND_RAD, colatitude[near])[:, None]
            radius = np.sin(colatitude[near] / 2) / np.sin(span_rad / 2)
            row = (radius * np.cos(lon[near]) + 1) / 2 * len(patch) - 0.5
            column = (radius * np.sin(lon[near]) + 1) / 2 * len(patch) - 0.5
            out[near] += (_sample_bilinear(patch, row, column, decode, wrap=False) - out[near]) * weight
    return out


def _sample_bilinear(
    image: NDArray[np.uint8], row: NDArray[np.float64], column: NDArray[np.float64], decode: Decode, *, wrap: bool
) -> NDArray[np.float32]:
    """Interpolate between the four nearest pixels; ``wrap`` joins the last column to the first."""
    height, width = image.shape[:2]
    top, left = np.floor(row).astype(np.intp), np.floor(column).astype(np.intp)
    down, right = (row - top)[..., None].astype(np.float32), (column - left)[..., None].astype(np.float32)
    rows = [np.clip(top + k, 0, height - 1) for k in (0, 1)]
    columns = [np.mod(left + k, width) if wrap else np.clip(left + k, 0, width - 1) for k in (0, 1)]
    corner = [[decode(image[r, c]) for c in columns] for r in rows]
    upper = corner[0][0] + (corner[0][1] - corner[0][0]) * right
    lower = corner[1][0] + (corner[1][1] - corner[1][0]) * right
    return np.asarray(upper + (lower - upper) * down, dtype=np.float32)
