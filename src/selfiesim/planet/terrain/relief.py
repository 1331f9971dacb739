"""Synthetic heights of Mars, and the slopes that a renderer shades with.

Heights combine named landforms (:mod:`selfiesim.planet.terrain.landforms`), thousands of craters that follow a
size-frequency law, and noise. Slopes are stored as the three components of the height's gradient in body-fixed axes:
they need no rotation at the poles, have no seam between maps, and their mean over an area is the area's mean slope.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM, PolarGrid
from selfiesim.planet.terrain import landforms
from selfiesim.planet.terrain.landforms import Crater

MAX_SLOPE = 0.5  # slope of the code 255

# Craters over 16 km per 10^6 km^2 of highlands: some 200 (Tanaka 1986, the base of the Noachian). The cumulative number
# falls as diameter to the power -2; the lowlands have a tenth of it, Tharsis less (assumed).
_DENSITY_16_KM = 170.0
_MIN_DIAMETER_KM = 14.0
_MAX_DIAMETER_KM = 110.0
_SEED = 8703


def crater_height(crater: Crater, distance_km: NDArray[np.floating]) -> Field:
    """Return the height (m) that a crater adds at a distance from its centre.

    A fresh complex crater has a depth of 0.36 D^0.49 km and a rim of 0.07 D^0.52 km: Garvin et al. 2003, Sixth
    International Conference on Mars, abstract 3277 (recalled, not checked); both shrink with degradation. An ice-filled
    crater contains a mound that does not reach its wall.
    """
    size = crater.diameter_km
    fresh = 1.0 - 0.85 * crater.degradation
    depth, rim = 360.0 * size**0.49 * fresh, 70.0 * size**0.52 * fresh * 1.6
    r = np.asarray(distance_km, dtype=np.float32) / np.float32(size / 2)
    floor = 0.55 if size > 15 else 0.25
    inside = (depth + rim) * smoothstep(floor, 1.0, r) - depth
    outside = rim * np.maximum(r, 1.0) ** -4 * smoothstep(2.2, 1.2, r)
    height = np.where(r < 1, inside, outside)
    if 18 < size < 120 and not crater.ice:
        height = height + 0.25 * depth * np.exp(-((r / np.float32(0.14)) ** 2)) * (1 - crater.degradation)
    if crater.ice:
        height = height + 0.85 * depth * (1 - 0.25 * r * r) * smoothstep(0.78, 0.62, r)
    return np.asarray(height, dtype=np.float32)


def random_craters(seed: int = _SEED) -> Iterator[Crater]:
    """Yield unnamed craters at random places."""
    rng = np.random.default_rng(seed)
    per_km2 = _DENSITY_16_KM / 1e6 * (16.0 / _MIN_DIAMETER_KM) ** 2
    count = int(per_km2 * 4 * np.pi * MARS_RADIUS_KM**2)
    lat, lon = np.arcsin(rng.uniform(-1, 1, count)), rng.uniform(0, 2 * np.pi, count)
    share = rng.uniform((_MIN_DIAMETER_KM / _MAX_DIAMETER_KM) ** 2, 1, count)
    size, degradation = _MIN_DIAMETER_KM / np.sqrt(share), rng.uniform(0.05, 1.0, count) ** 0.6
    kept = rng.uniform(0, 1, count) < _crater_density(lat, lon)
    for k in np.flatnonzero(kept):
        yield Crater("", float(lat[k]), float(lon[k]), float(size[k]), float(min(degradation[k], 0.95)))


def _crater_density(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the crater density relative to that of the southern highlands."""
    high = np.asarray(_highland_mask(_unit_vectors(lat, lon)), dtype=np.float64)
    young = np.zeros_like(high)
    for rise in landforms.SWELLS[:2]:
        young = np.maximum(young, np.exp(-0.5 * (_great_circle_km(lat, lon, rise.lat_rad, rise.lon_rad) / 900.0) ** 2))
    polar = smoothstep(np.radians(76.0), np.radians(70.0), np.abs(lat))
    return (0.07 + 0.93 * high) * (1 - 0.93 * young) * np.where(lat > 0, polar, 0.4 + 0.6 * polar)


def globe_height(rows: int) -> Field:
    """Return the height (rows, 2 rows), m, plate carree: row 0 in the north, the left edge at lon 0 E."""
    coarse = 512
    lat, lon = _plate_carree_axes(coarse)
    height = _large_scale_height(lat[:, None], lon[None, :])
    height = resize_plate_carree(height, rows)
    lat, lon = _plate_carree_axes(rows)
    rng = np.random.default_rng(_SEED + 1)
    rough = _roughness(rng, rows)
    high = resize_plate_carree(
        _highland_mask(_unit_vectors(*np.broadcast_arrays(*(a for a in _plate_carree_mesh(256))))), rows
    )
    # A plate carree map stretches noise into streaks toward the poles.
    even = smoothstep(np.radians(72.0), np.radians(48.0), np.abs(lat))[:, None]
    height += rough * (90.0 + 190.0 * high) * (0.15 + 0.85 * even)
    _add_mountains(height, lat, lon)
    _add_craters(height, lat, lon, random_craters())
    _add_craters(height, lat, lon, reversed(landforms.craters()))
    return height


def _plate_carree_axes(rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitudes and longitudes of the pixel centres, rad."""
    return (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi, (np.arange(2 * rows) + 0.5) / rows * np.pi


def _plate_carree_mesh(rows: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lat, lon = _plate_carree_axes(rows)
    return lat[:, None], lon[None, :]


def _unit_vectors(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return unit vectors (3, ...)."""
    return np.stack(np.broadcast_arrays(np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)))


def _great_circle_km(
    lat: NDArray[np.float64], lon: NDArray[np.float64], lat0: float, lon0: float
) -> NDArray[np.float64]:
    """Return the distance along the ground; the haversine keeps its digits at small distances."""
    half = np.sin((lat - lat0) / 2) ** 2 + np.cos(lat) * np.cos(lat0) * np.sin((lon - lon0) / 2) ** 2
    return np.asarray(2 * MARS_RADIUS_KM * np.arcsin(np.sqrt(np.clip(half, 0, 1))))


def _highland_mask(direction: NDArray[np.float64]) -> Field:
    """Return 1 in the southern highlands and 0 in the northern lowlands, which fill an ellipse."""
    lat, lon = landforms.LOWLANDS_LAT_RAD, landforms.LOWLANDS_LON_RAD
    middle = _unit_vectors(np.array(lat), np.array(lon))
    east = np.array([-np.sin(lon), np.cos(lon), 0.0])
    north = np.cross(middle, east)
    x, y, z = (np.tensordot(axis, direction, 1) for axis in (east, north, middle))
    arc = np.arccos(np.clip(z, -1, 1)) / np.maximum(np.hypot(x, y), 1e-9) * MARS_RADIUS_KM
    # The long axis points 30 degrees east of north at the centre.
    angle = np.radians(60.0)
    u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    a, b = landforms.LOWLANDS_AXES_KM
    return smoothstep(0.93, 1.07, np.hypot(u * arc / a, v * arc / b))


def _large_scale_height(lat: NDArray[np.float64], lon: NDArray[np.float64]) -> Field:
    """Return the height (m) of lowlands, highlands, rises, basins and canyons."""
    high = _highland_mask(_unit_vectors(lat, lon))
    height = landforms.LOWLANDS_M + (landforms.HIGHLANDS_M - landforms.LOWLANDS_M) * high.astype(np.float64)
    for rise in landforms.SWELLS:
        height += rise.height_m * np.exp(
            -0.5 * (_great_circle_km(lat, lon, rise.lat_rad, rise.lon_rad) / rise.radius_km) ** 2
        )
    for lat_deg, lon_deg, radius, depth, rim in landforms.BASINS:
        r = _great_circle_km(lat, lon, np.radians(lat_deg), np.radians(lon_deg)) / radius
        height += rim * np.exp(-(((r - 1.15) / 0.3) ** 2)) - depth * smoothstep(1.12, 0.62, r)
    carved = np.zeros_like(height)
    for chain in landforms.CANYONS:
        for start, end in pairwise(chain):
            for share in np.linspace(0, 1, 16):
                lat_deg, lon_deg, half, depth = (a + (b - a) * share for a, b in zip(start, end, strict=True))
                place = np.radians(lat_deg), np.radians(lon_deg)
                rows, columns = _window(lat[:, 0], lon[0], *place, 1.2 * half)
                r = _great_circle_km(lat[rows], lon[:, columns], *place) / half
                near = np.ix_(rows, columns)
                carved[near] = np.maximum(carved[near], depth * smoothstep(1.15, 0.55, r))
    return np.asarray(height - carved, dtype=np.float32)


def resize_plate_carree(field: Field, rows: int) -> Field:
    """Resize a plate carree field to (rows, 2 rows), linearly and across the seam in longitude."""
    at_row = np.clip((np.arange(rows) + 0.5) / rows * len(field) - 0.5, 0, len(field) - 1)
    at_column = (np.arange(2 * rows) + 0.5) / rows * len(field) - 0.5
    top, left = np.floor(at_row).astype(int), np.floor(at_column).astype(int)
    down, right = (at_row - top).astype(np.float32)[:, None], (at_column - left).astype(np.float32)[None, :]
    bottom, width = np.minimum(top + 1, len(field) - 1), field.shape[1]
    tall = field[top] + (field[bottom] - field[top]) * down
    return np.asarray(tall[:, left % width] + (tall[:, (left + 1) % width] - tall[:, left % width]) * right)


def _roughness(rng: np.random.Generator, rows: int) -> Field:
    """Return noise of variance 1, wavelengths 14 to 400 km: periodic in longitude, stretched toward the poles."""
    from scipy import fft

    km = np.pi * MARS_RADIUS_KM / rows
    spectrum = fft.rfft2(rng.standard_normal((rows, 2 * rows), dtype=np.float32), workers=2)
    squared = np.fft.fftfreq(rows, km)[:, None] ** 2 + np.fft.rfftfreq(2 * rows, km)[None, :] ** 2
    spectrum *= (np.exp(-squared * 14.0**2) * (squared + 1 / 400.0**2) ** -0.8).astype(np.float32)
    spectrum[0, 0] = 0
    field = fft.irfft2(spectrum, (rows, 2 * rows), workers=2)
    return np.asarray(field / field.std(), dtype=np.float32)


def _add_mountains(height: Field, lat: NDArray[np.float64], lon: NDArray[np.float64]) -> None:
    for m in landforms.MOUNTAINS:
        rows, columns = _window(lat, lon, m.lat_rad, m.lon_rad, 1.4 * m.radius_km)
        place = lat[rows, None], lon[None, columns]
        from_top = _great_circle_km(*place, m.caldera_lat_rad, m.caldera_lon_rad)
        down = _cone_descent_fraction(m, *place, from_top)
        slope = np.clip((1 - down) / (1 - m.caldera_km / m.radius_km), 0, 1)
        caldera = 0.12 * m.height_m * smoothstep(m.caldera_km, 0.75 * m.caldera_km, from_top)
        flank = (m.height_m - m.scarp_m) * (0.75 * slope + 0.25 * slope**3) + m.scarp_m * smoothstep(1.0, 0.86, down)
        height[np.ix_(rows, columns)] += (flank - caldera).astype(np.float32)


def _cone_descent_fraction(
    m: landforms.Mountain, lat: NDArray[np.float64], lon: NDArray[np.float64], from_top: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how far down an oblique cone each place is: 0 at the top, 1 at the foot, with circular contours."""
    top_north = (m.caldera_lat_rad - m.lat_rad) * MARS_RADIUS_KM
    top_east = _wrap_to_pi(m.caldera_lon_rad - m.lon_rad) * np.cos(m.lat_rad) * MARS_RADIUS_KM
    north = (lat - m.caldera_lat_rad) * MARS_RADIUS_KM
    east = _wrap_to_pi(lon - m.caldera_lon_rad) * np.cos(lat) * MARS_RADIUS_KM
    # |q + d t| = R t, with q from the top and d from foot to top, is a quadratic in t.
    a = m.radius_km**2 - top_north**2 - top_east**2
    b = north * top_north + east * top_east
    return np.asarray((b + np.sqrt(b * b + a * from_top**2)) / a)


def _wrap_to_pi(angle: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Wrap an angle to -pi..pi."""
    return np.asarray((np.asarray(angle) + np.pi) % (2 * np.pi) - np.pi)


def _add_craters(height: Field, lat: NDArray[np.float64], lon: NDArray[np.float64], craters: Iterable[Crater]) -> None:
    for crater in craters:
        rows, columns = _window(lat, lon, crater.lat_rad, crater.lon_rad, 1.1 * crater.diameter_km)
        distance = _great_circle_km(lat[rows, None], lon[None, columns], crater.lat_rad, crater.lon_rad)
        height[np.ix_(rows, columns)] += crater_height(crater, distance)


def _window(
    lat: NDArray[np.float64], lon: NDArray[np.float64], lat0: float, lon0: float, reach_km: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and (wrapped) columns within reach of a place."""
    n, reach = len(lat), reach_km / MARS_RADIUS_KM
    first, last = (int(np.clip((0.5 - (lat0 + side) / np.pi) * n, 0, n - 1)) for side in (reach, -reach))
    narrow = np.cos(min(abs(lat0) + reach, np.pi / 2 - 1e-3))
    half = int(np.ceil(min(reach / narrow / np.pi, 1.0) * n))
    middle = int(lon0 / np.pi * n)
    columns = np.arange(middle - half, middle + half) if half < n else np.arange(2 * n)
    return np.arange(first, last + 1), columns % (2 * n)


def polar_crater_height(grid: PolarGrid, north: bool) -> Field:
    """Return the height (N, N), m, of the craters around a pole."""
    x, y = grid.plane_coordinates()
    height = np.zeros((grid.size, grid.size), np.float32)
    sign = 1.0 if north else -1.0
    edge = np.pi / 2 - grid.span_rad * 1.45
    per_pixel = grid.km_per_pixel / MARS_RADIUS_KM
    for crater in (*random_craters(), *reversed(landforms.craters())):
        if sign * crater.lat_rad < edge:
            continue
        colatitude = np.pi / 2 - sign * crater.lat_rad
        radius = 2 * np.sin(colatitude / 2)
        cx, cy = radius * np.cos(crater.lon_rad), radius * np.sin(crater.lon_rad)
        reach = int(1.15 * crater.diameter_km / grid.km_per_pixel) + 2
        row, column = (int(c / per_pixel + grid.size / 2) for c in (cx, cy))
        rows = slice(max(row - reach, 0), max(min(row + reach, grid.size), 0))
        columns = slice(max(column - reach, 0), max(min(column + reach, grid.size), 0))
        distance = np.hypot(x[rows] - cx, y[:, columns] - cy) * MARS_RADIUS_KM
        height[rows, columns] += crater_height(crater, distance)
    return height


def encode_globe_relief(height: Field, ice: Field) -> NDArray[np.uint8]:
    """Encode gradient and ice fraction, (H, W, 4), of a plate carree height (m)."""
    rows = len(height)
    lat, lon = (a.astype(np.float32) for a in _plate_carree_axes(rows))
    step = np.float32(np.pi / rows * MARS_RADIUS_KM * 1000)
    out = np.empty((*height.shape, 4), np.uint8)
    for start in range(0, rows, 256):
        band = slice(start, min(start + 256, rows))
        padded = height[max(start - 1, 0) : band.stop + 1]
        middle = slice(min(start, 1), min(start, 1) + band.stop - start)
        north = -np.gradient(padded, step, axis=0)[middle]
        row = height[band]
        narrow = np.maximum(np.cos(lat[band]), np.float32(0.05))[:, None]
        east = (np.roll(row, -1, axis=1) - np.roll(row, 1, axis=1)) / (2 * step * narrow)
        sin_lat, cos_lat = np.sin(lat[band])[:, None], np.cos(lat[band])[:, None]
        sin_lon, cos_lon = np.sin(lon)[None, :], np.cos(lon)[None, :]
        out[band, :, 0] = encode_slope(-sin_lon * east - sin_lat * cos_lon * north)
        out[band, :, 1] = encode_slope(cos_lon * east - sin_lat * sin_lon * north)
        out[band, :, 2] = encode_slope(cos_lat * north)
        out[band, :, 3] = _encode_fraction(ice[band])
    return out


def encode_patch_relief(height: Field, cover: Field, grid: PolarGrid, north: bool, columns: slice) -> NDArray[np.uint8]:
    """Encode gradient and ice fraction of columns of a polar patch; ``height`` has one more column on either side."""
    step = np.float32(grid.km_per_pixel * 1000)
    down = np.gradient(height, step, axis=0)[:, 1:-1]
    right = (height[:, 2:] - height[:, :-2]) / (2 * step)
    x, y = grid.plane_coordinates(columns)
    # The plane's axes, carried to each place by the shortest rotation from the pole.
    colatitude = grid.colatitude(columns)
    shrink = np.cos(colatitude / 2)  # sin(c) over the plane's radius
    dx, dy, dz = x * shrink, y * shrink, np.cos(colatitude)
    along = (down * dx + right * dy) / (1 + dz)
    out = np.empty((*cover.shape, 4), np.uint8)
    out[..., 0] = encode_slope(down - along * dx)
    out[..., 1] = encode_slope(right - along * dy)
    out[..., 2] = encode_slope(-(down * dx + right * dy) * np.float32(1.0 if north else -1.0))
    out[..., 3] = _encode_fraction(cover)
    return out


def encode_slope(slope: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Encode slopes around 128, a quarter linear and three quarters cubic, so that flat ground has the finest steps."""
    index = np.asarray(slope, np.float32) * np.float32(_TABLE_HALF / MAX_SLOPE)
    return np.asarray(_TABLE[np.clip(index, -_TABLE_HALF, _TABLE_HALF).astype(np.int32) + _TABLE_HALF])


def decode_slope(code: NDArray[np.uint8]) -> Field:
    """Decode codes of :func:`encode_slope` to slopes, as the shader does."""
    t = (np.asarray(code, np.float32) - 128) / 127
    return np.asarray(MAX_SLOPE * t * (0.25 + 0.75 * t * t), np.float32)


def _code_table(half: int) -> NDArray[np.uint8]:
    t = np.arange(-127, 128) / 127
    value = np.arange(-half, half + 1) / half
    return np.asarray(np.rint(np.interp(value, t * (0.25 + 0.75 * t * t), t) * 127) + 128, np.uint8)


_TABLE_HALF = 4096
_TABLE = _code_table(_TABLE_HALF)


def _encode_fraction(share: Field) -> NDArray[np.uint8]:
    return np.asarray(np.clip(share, 0, 1) * 255 + 0.5).astype(np.uint8)
