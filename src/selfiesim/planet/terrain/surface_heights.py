"""The heights that the maps of a planet are shaded with, coded in two bytes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.grids.fields import Field, smoothstep

STEP_M = 0.5
LOWEST_M = -10_000.0
"""Height of the code 0; that of the code 65535 is 22.8 km."""

_BLOCK_PX = 32
_PATCH_DETAIL_M = 300.0  # by which the patches may be higher than the globe's map
_BAND = 256  # rows at a time, to bound memory
_PAD = 2  # rows and columns around the globe's coefficients
_FINE_STEP_PX = 1.5  # step, in a patch's pixels, from which on the nearest pixel will do
_BLEND_RAD = float(np.radians(1.2))  # width of the blend from patch to globe, as that of the maps

Codes = NDArray[np.uint16]


def encode_heights(height_m: Field) -> NDArray[np.uint8]:
    """Encode heights (H, W), m, as two bytes each, (H, W, 2), the lower first."""
    code = np.empty(height_m.shape, "<u2")
    for start in range(0, len(code), _BAND):
        band = height_m[start : start + _BAND] * np.float32(1 / STEP_M) + np.float32(0.5 - LOWEST_M / STEP_M)
        code[start : start + _BAND] = np.clip(band, 0, 65535)
    return code.view(np.uint8).reshape(*height_m.shape, 2)


def _codes(pairs: NDArray[np.uint8]) -> Codes:
    return np.asarray(pairs.view("<u2")[..., 0])


@dataclass(frozen=True, eq=False)
class SurfaceHeights:
    """Heights above a planet's datum, coded; those of the polar patches have more detail than the globe's.

    Attributes
    ----------
    globe : (rows + 4, 2 rows + 4) uint16
        Padded spline coefficients, laid out as :class:`selfiesim.planet.terrain.height_grid.HeightGrid`.
    north, south : (N, N) uint16
        Laid out as the patches of :class:`selfiesim.planet.maps.planet_maps.PlanetMaps`.
    span_rad : float
        Colatitude at the middle of a patch's side.
    highest_sun_rad : float
        Elevation of the Sun above which the relief casts no shadow: as steep as the steepest slopes.
    """

    globe: Codes
    north: Codes
    south: Codes
    span_rad: float
    highest_sun_rad: float = float(np.radians(20.0))

    @classmethod
    def from_bytes(
        cls,
        globe: NDArray[np.uint8],
        north: NDArray[np.uint8],
        south: NDArray[np.uint8],
        span_rad: float,
        highest_sun_rad: float = float(np.radians(20.0)),
    ) -> SurfaceHeights:
        """Take the bytes of :func:`encode_heights`."""
        return cls(_codes(globe), _codes(north), _codes(south), span_rad, highest_sun_rad)

    @property
    def rows(self) -> int:
        """Rows of the globe from pole to pole."""
        return len(self.globe) - 2 * _PAD

    @cached_property
    def _blocks(self) -> tuple[NDArray[np.float64], Field, Field]:
        """Return directions (N, 3) to blocks of the globe's map, and the lowest and the highest height, m, of each."""
        inner = self.globe[_PAD:-_PAD, _PAD:-_PAD]
        rows = max(len(inner) // _BLOCK_PX, 1)
        step = len(inner) // rows
        blocks = inner[: rows * step, : 2 * rows * step].reshape(rows, step, 2 * rows, step)
        lat, lon = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi, (np.arange(2 * rows) + 0.5) / rows * np.pi
        lat, lon = (part.ravel() for part in np.meshgrid(lat, lon, indexing="ij"))
        directions = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)
        lowest, highest = blocks.min(axis=(1, 3)).ravel(), blocks.max(axis=(1, 3)).ravel()
        return directions, lowest * np.float32(STEP_M), highest * np.float32(STEP_M)

    def range_within(self, direction: NDArray[np.float64], reach: float) -> float:
        """Return the height, m, of the highest ground above the lowest within ``reach``, rad, of a direction."""
        directions, lowest, highest = self._blocks
        near = directions @ direction > np.cos(min(reach + 0.05, np.pi))
        return float(highest[near].max() - lowest[near].min()) + _PATCH_DETAIL_M

    def at(self, latitude: float, longitude: float) -> float:
        """Return the height, m, at a place, rad."""
        across = np.cos(latitude)
        place = np.array([across * np.cos(longitude), across * np.sin(longitude), np.sin(latitude)], np.float32)
        direction = place[:1], place[1:2], place[2:]
        height = self.of_globe(direction)
        self.add_patches(height, direction)
        return float(height[0])

    def of_globe(self, direction: tuple[Field, Field, Field]) -> Field:
        """Return the globe's height, m, in directions from the planet's centre: three fields, body-fixed axes.

        It is 0 well inside the polar patches, whose own heights are used there.
        """
        needed = self.globe_share(direction)
        x, y, z = (part[needed] for part in direction)
        row = np.asarray((0.5 - np.arcsin(np.clip(z, -1, 1)) / np.pi) * self.rows - 0.5 + _PAD, np.float32)
        column = np.asarray(np.mod(np.arctan2(y, x) / np.pi, 2.0) * self.rows - 0.5 + _PAD, np.float32)
        height = np.zeros(needed.shape, np.float32)
        height[needed] = _interpolate(self.globe, row, column, 3)
        return height

    def add_patches(self, height: Field, direction: tuple[Field, Field, Field], step_rad: float = 0.0) -> None:
        """Replace the globe's ``height`` by that of the polar patches, in place, with a blend inside their rim.

        Directions ``step_rad`` apart, 1.5 pixels of a patch or more, get the heights of the nearest pixels: six times
        as fast, and off by at most a third of a step.
        """
        x, y, z = direction
        edge, inner = np.cos(self.span_rad), np.cos(self.span_rad - _BLEND_RAD)
        for sign, patch in ((1.0, self.north), (-1.0, self.south)):
            up = z if sign > 0.0 else -z
            lowest = up.min()
            if lowest > edge:
                where, px, py = ..., x, y
            else:
                near = up > edge
                if not near.any():
                    continue
                where, px, py, up = near, x[near], y[near], up[near]
            per_rad = len(patch) / (4 * np.sin(self.span_rad / 2))
            scale = np.sqrt(2 / (1 + up)) * np.float32(per_rad)
            middle = np.float32(len(patch) / 2 - 0.5)
            read = _read_nearest if step_rad * per_rad >= _FINE_STEP_PX else _read_linear
            own = read(patch, px * scale + middle, py * scale + middle)
            if lowest < inner:
                own = height[where] + (own - height[where]) * smoothstep(edge, inner, up)
            height[where] = own

    def globe_share(self, direction: tuple[Field, Field, Field]) -> NDArray[np.bool_]:
        """Return where the globe's heights are used, or are near enough to matter for a spline."""
        return np.asarray(np.abs(direction[2]) < np.cos(self.span_rad - 2 * _BLEND_RAD))


def _read_nearest(codes: Codes, row: Field, column: Field) -> Field:
    last = len(codes) - 1
    place = (np.clip(each + np.float32(0.5), 0, last).astype(np.intp) for each in (row, column))
    return _metres(codes[tuple(place)].astype(np.float32))


def _read_linear(codes: Codes, row: Field, column: Field) -> Field:
    return _interpolate(codes, row, column, 1)


def _interpolate(codes: Codes, row: Field, column: Field, order: int) -> Field:
    from scipy.ndimage import map_coordinates

    place = np.stack([row, column])
    return _metres(map_coordinates(codes, place, order=order, prefilter=False, output=np.float32, mode="nearest"))


def _metres(code: Field) -> Field:
    return np.asarray(code * np.float32(STEP_M) + np.float32(LOWEST_M), np.float32)
