"""Clouds of the Earth, invented: where they are by latitude and season, with the shapes of real systems.

A map of amounts, seeded and the same for the same numbers: above 0 there is cloud, and how much above tells its
optical depth. It is made of systems whose places are known from climatology and whose instances are not: the
convergence zone of the tropics with its clusters, cyclones with fronts in the storm tracks, decks of stratocumulus off
the west coasts of the subtropics, the clear belts between. All of it is assumed; the mean over the globe is the cover
that is asked for.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.shared_cache import shared_cache
from selfiesim.planet.grids.fields import Field, smoothstep
from selfiesim.planet.maps.map_cache import load_or_build

if TYPE_CHECKING:
    from selfiesim.planet.light.weather import Weather

DEFAULT_COVER = 0.64
"""Share of the globe under clouds: 0.60 to 0.67 by satellites (Stubenrauch et al. 2013, BAMS 94, 1031)."""

FORMAT_VERSION = 1  # increment whenever the same numbers give other clouds
SHAPE = (1024, 2048)
"""Rows and columns of the map: 20 km at the equator; the shader adds what is finer."""

LOWEST_TOP, HIGHEST_TOP = 1.2 / 6371.0, 10.0 / 6371.0
"""Heights of the tops of the lowest and the highest clouds, planet radii (assumed)."""

CODE_ZERO, CODE_SCALE = 96.0, 159.0
"""Code of the edge of a cloud, and codes from there to the thickest."""

# Decks of marine stratocumulus: latitude, east longitude, half widths in latitude and longitude, degrees (Klein and
# Hartmann 1993, J. Climate 6, 1587).
_DECKS = ((-18, 278, 10, 14), (-14, 4, 9, 11), (25, 232, 8, 11), (24, 330, 7, 10), (-30, 98, 8, 12), (33, 130, 5, 8))
# Storm tracks: latitude, cyclones at a time and their strength in winter.
_TRACKS = ((50.0, 8), (-52.0, 11))
_EARTH_RADIUS_KM = 6371.0


@dataclass(frozen=True)
class CloudScene:
    """What a map of clouds depends on.

    Attributes
    ----------
    cover : float
        Share of the globe under clouds, 0 to 1.
    seed : int
        Which clouds.
    solar_longitude_deg : int
        Season: 0 at the northern spring equinox.
    """

    cover: float
    seed: int
    solar_longitude_deg: int


def scene_of(weather: Weather) -> CloudScene:
    """Return what the clouds of a weather depend on; the season counts in steps of ten degrees."""
    season = 10 * round(np.degrees(weather.solar_longitude) / 10.0) % 360
    return CloudScene(weather.cloud_cover, weather.cloud_seed, int(season))


@shared_cache(maxsize=4)
def cloud_map(scene: CloudScene) -> NDArray[np.uint8]:
    """Return amounts and kinds (H, W, 2) of clouds, plate carree from 0 E, built unless they are cached.

    The first channel is coded by ``CODE_ZERO`` and ``CODE_SCALE``; the second is the height of the tops and the grain,
    0 for low decks to 255 for high, smooth clouds.
    """
    digest = hashlib.sha256(repr((FORMAT_VERSION, scene)).encode()).hexdigest()[:16]
    return load_or_build(f"earth-clouds-{digest}", lambda: {"clouds": _build(scene)}, ("clouds",))["clouds"]


def _build(scene: CloudScene) -> NDArray[np.uint8]:
    rng = np.random.default_rng(scene.seed)
    places = _Places(rng)
    amount, height = _systems(places, rng, scene)
    amount = amount - _level(amount, places.area, scene.cover)
    amount = np.where(amount > 0.0, np.tanh(0.5 * amount), 0.6 * np.tanh(amount / 0.6))
    code = np.clip(CODE_ZERO + CODE_SCALE * amount + 0.5, 0, 255)
    return np.stack([code, np.clip(255 * height + 0.5, 0, 255)], axis=-1).astype(np.uint8)


def _level(amount: Field, area: Field, cover: float) -> float:
    """Return the amount above which a share ``cover`` of the globe lies."""
    order = np.argsort(amount, axis=None)[::-1]
    reached = np.cumsum(np.broadcast_to(area, amount.shape).ravel()[order].astype(float))
    index = np.searchsorted(reached, cover * reached[-1])
    return float(amount.ravel()[order[min(index, len(order) - 1)]]) if cover > 0.0 else float(amount.max()) + 1.0


class _Places:
    """The pixels of the map as directions, and noise on the sphere."""

    def __init__(self, rng: np.random.Generator) -> None:
        rows, columns = SHAPE
        self.lat = ((0.5 - (np.arange(rows) + 0.5) / rows) * np.pi)[:, None].astype(np.float32)
        self.lon = ((np.arange(columns) + 0.5) / columns * 2 * np.pi)[None, :].astype(np.float32)
        self.area = np.cos(self.lat)
        self.up = np.stack(
            np.broadcast_arrays(self.area * np.cos(self.lon), self.area * np.sin(self.lon), np.sin(self.lat))
        ).astype(np.float32)
        self._lattice = rng.standard_normal((64, 64, 64)).astype(np.float32)

    def noise(self, where: Field, cells: float, octaves: int, roughness: float = 0.55) -> Field:
        """Return fractal noise (H, W), variance about 1, at directions (3, H, W), from so many cells to a radius."""
        from scipy import ndimage

        total, weight, norm = np.zeros(where.shape[1:], np.float32), 1.0, 0.0
        for octave in range(octaves):
            at = where * np.float32(cells * 2.03**octave) + np.float32(7.7 * octave + 32.0)
            total += np.float32(weight) * ndimage.map_coordinates(
                self._lattice, at, order=1, mode="grid-wrap", prefilter=False, output=np.float32
            )
            norm += weight**2
            weight *= roughness
        return np.asarray(total / np.float32(0.62 * norm**0.5))


def _systems(places: _Places, rng: np.random.Generator, scene: CloudScene) -> tuple[Field, Field]:
    """Return the amount (H, W), in no unit, and the height, 0 to 1, of all systems together."""
    season = float(np.sin(np.radians(scene.solar_longitude_deg)))
    lat = np.degrees(places.lat)
    swirled, storms = _storms(places, rng, season)
    warp = np.stack([places.noise(places.up + np.float32(k), 3.0, 2) for k in range(3)]) * np.float32(0.05)
    texture = places.noise(swirled + warp, 6.0, 7, 0.66)
    broad = places.noise(places.up + np.float32(0.6) * warp, 2.2, 3)
    wobble = 5.0 * places.noise(places.up * np.float32(0.5), 2.0, 2)
    itcz = np.exp(-(((lat - 5.0 - 5.0 * season - wobble) / 5.5) ** 2))
    dry = np.exp(-(((lat - 23.0 - 5.0 * season - wobble) / 9.0) ** 2)) + np.exp(
        -(((lat + 21.0 - 5.0 * season - wobble) / 9.0) ** 2)
    )
    polar = smoothstep(38.0, 58.0, np.abs(lat))
    decks = _decks(places)
    clusters = np.maximum(texture + 0.3 * broad, 0.0)
    amount = 0.75 * texture + 0.3 * broad + 0.35 * polar - 0.75 * dry * (1.0 - decks)
    amount = amount + itcz * (0.9 * clusters - 0.1) + 1.1 * storms + decks * (1.0 - 0.45 * texture)
    height = 0.45 + 0.22 * broad + 0.35 * itcz * clusters + 0.3 * np.clip(storms, 0, 1) - 0.75 * decks - 0.2 * dry
    return np.asarray(amount, np.float32), np.asarray(np.clip(height, 0, 1), np.float32)


def _decks(places: _Places) -> Field:
    total = np.zeros(SHAPE, np.float32)
    for lat, lon, tall, wide in _DECKS:
        away = (np.degrees(places.lon) - lon + 180.0) % 360.0 - 180.0
        total += np.exp(-(((np.degrees(places.lat) - lat) / tall) ** 2) - (away / wide) ** 2).astype(np.float32)
    return np.minimum(total, 1.0)


def _storms(places: _Places, rng: np.random.Generator, season: float) -> tuple[Field, Field]:
    """Return directions (3, H, W) wound up around cyclones, and the amount of cloud in their fronts (H, W)."""
    where, total = places.up.copy(), np.zeros(SHAPE, np.float32)
    for track_lat, count in _TRACKS:
        side = np.sign(track_lat)
        winter = 1.0 - 0.3 * season * side
        for k in range(count):
            lat = np.radians(track_lat + rng.uniform(-9.0, 9.0))
            lon = 2 * np.pi * (k + rng.uniform(-0.35, 0.35)) / count
            size = rng.uniform(900.0, 1500.0) * winter / _EARTH_RADIUS_KM
            wound = rng.uniform(1.6, 3.0)
            center = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], np.float32)
            east = np.array([-np.sin(lon), np.cos(lon), 0.0], np.float32)
            north = np.cross(center, east).astype(np.float32)
            x, y, up = (np.tensordot(axis, places.up, 1) for axis in (east, north, center))
            near = up > np.cos(2.6 * size)
            x, y = x[near], y[near]
            away = np.sqrt(x * x + y * y) / np.float32(size) + np.float32(1e-3)
            # Winds turn counterclockwise in the north: what was a straight band is wound up, most near the middle.
            turn = np.float32(side * wound) * np.exp(-1.6 * away) * smoothstep(2.6, 1.5, away)
            cosine, sine = np.cos(turn), np.sin(turn)
            where[:, near] += east[:, None] * (x * cosine + y * sine - x) + north[:, None] * (y * cosine - x * sine - y)
            total[near] += _comma(x, side * y, away, winter)
    return where, np.clip(total, -1.0, 1.3)


def _comma(x: Field, poleward: Field, away: Field, strength: float) -> Field:
    """Return the cloud (N,) of a cyclone's head and cold front, 0 to 1, and less than 0 in the dry air behind it.

    The front runs along a spiral of Archimedes from the centre eastward and toward the equator; behind it is dry air.
    """
    angle = np.arctan2(poleward, x)
    along = np.mod(angle - 0.9 - 1.15 * away, 2 * np.pi)  # 0 on the front
    across = np.minimum(along, 2 * np.pi - along) * away
    front = np.exp(-((across / (0.16 + 0.06 * away)) ** 2)) * smoothstep(2.3, 1.2, away)
    head = np.exp(-((away / 0.42) ** 2)) * 0.8
    rear = np.mod(along - 0.9 + np.pi, 2 * np.pi) - np.pi
    behind = np.exp(-((rear / 0.5) ** 2)) * np.exp(-(((away - 0.75) / 0.4) ** 2))
    return np.asarray(np.maximum(front, head) * strength - 0.9 * behind, np.float32)


def clouds_at(image: NDArray[np.uint8], directions: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Return the amount of cloud (N,) and the height of its top (N,), planet radii, at unit directions (N, 3)."""
    from scipy import ndimage

    rows, columns = image.shape[:2]
    row = (0.5 - np.arcsin(np.clip(directions[:, 2], -1.0, 1.0)) / np.pi) * rows - 0.5
    column = np.arctan2(directions[:, 1], directions[:, 0]) / (2 * np.pi) % 1.0 * columns - 0.5
    at = [np.clip(row, 0, rows - 1), column]
    amount, height = (
        ndimage.map_coordinates(image[..., k], at, order=1, mode="grid-wrap", output=np.float64) for k in (0, 1)
    )
    return (amount - CODE_ZERO) / CODE_SCALE, LOWEST_TOP + (HIGHEST_TOP - LOWEST_TOP) * height / 255.0
