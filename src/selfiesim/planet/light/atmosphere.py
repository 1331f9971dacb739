"""The air of a planet as the renderers see it: haze over the ground, light above the limb, daylight on the ground.

Everything is read from the table of :mod:`selfiesim.planet.light.air_table`, which is worked out once per weather, with
the formulas of ``render/shaders/atmosphere.glsl``: keep the two alike (``tests/render/test_render_planet_radiance.py``
compares them).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.astro.bodies import BANDS_NM, Body
from selfiesim.planet.light.air_column import COLUMN_TOP_M, AirColumn, gas_scattering
from selfiesim.planet.light.air_table import (
    AZIMUTHS,
    BEAM,
    BLOCK_ROWS,
    GROUND_ROWS,
    LATITUDES,
    LIMB_ROWS,
    SKY,
    SUN_COLUMNS,
    VIEW,
    AirTable,
    build_table,
    sun_coordinate,
)
from selfiesim.planet.light.phase_functions import rayleigh
from selfiesim.planet.light.weather import Weather

Array = NDArray[np.float64]

_green = gas_scattering(BANDS_NM)
GAS_COLOUR: Array = _green / _green[1]
"""Scattering (3,) of the gas over that in green."""

_cached_table = lru_cache(maxsize=8)(build_table)


@dataclass(frozen=True)
class Atmosphere:
    """The air of a planet.

    Attributes
    ----------
    columns : tuple of AirColumn
        Dust and gas at latitudes evenly spaced from the south to the north pole, or one for all latitudes.
    """

    columns: tuple[AirColumn, ...]

    @classmethod
    def from_weather(cls, weather: Weather, body: Body) -> Atmosphere:
        """Return the air over a body, a sphere of its mean radius."""
        latitudes = np.linspace(-np.pi / 2, np.pi / 2, LATITUDES) if weather.dust_varies else [0.0]
        return cls(tuple(air_column(weather, body, float(lat)) for lat in latitudes))

    @cached_property
    def table(self) -> AirTable:
        """The light of the air along lines of sight."""
        return _cached_table(self.columns)

    @property
    def top(self) -> float:
        """Height of the top of the air, planet radii."""
        return COLUMN_TOP_M / self.columns[0].radius_m

    def beam_transmittance(self, mu0: ArrayLike, lat_rad: ArrayLike = 0.0) -> Array:
        """Return the fraction (..., 3) of direct sunlight that reaches the ground, with the glow around the Sun.

        Parameters
        ----------
        mu0 : (...) array_like
            Cosine of the Sun's zenith angle.
        lat_rad : (...) array_like
            Latitude.
        """
        return self._on_ground(BEAM, np.maximum(mu0, 0.0), lat_rad)[..., :3]

    def sky_irradiance(self, mu0: ArrayLike, lat_rad: ArrayLike = 0.0) -> Array:
        """Return the irradiance (..., 3) of the ground by the sky, relative to the Sun's on a surface that faces it."""
        return self._on_ground(SKY, mu0, lat_rad)[..., :3]

    def sky_on_slope(self, slope: Array, level: Array, sun: Array, lat_rad: ArrayLike = 0.0) -> Array:
        """Return the sky's irradiance (N, 3) of slopes, relative to the Sun's on a surface that faces it.

        Parameters
        ----------
        slope, level : (N, 3) array
            Unit normals of the slope and of level ground.
        sun : (3,) array
            Unit vector to the Sun.
        lat_rad : (N,) array_like
            Latitude.
        """
        mu0, upright = level @ sun, (slope * level).sum(axis=-1)
        entry = self._on_ground(SKY, mu0, lat_rad)
        aside = np.sqrt(np.maximum(1.0 - mu0 * mu0, 1e-6))
        toward = entry[..., 3] * (slope @ sun - upright * mu0) / aside
        # Exact for gentle slopes toward either side; a steep one that faces away still sees the sky above it.
        seen = (0.5 + 0.5 * upright) * np.where(toward > 0.0, 1.0 + toward, 1.0 / (1.0 - np.minimum(toward, 0.0)))
        return np.asarray(entry[..., :3] * seen[..., None])

    def radiance_over_ground(
        self,
        ground: Array,
        mu0: Array,
        mu: Array,
        cos_phase: Array,
        lat_rad: ArrayLike = 0.0,
        share: ArrayLike = 1.0,
    ) -> Array:
        """Return I/F (..., 3) of ground, or of the tops of clouds, seen through the air.

        Parameters
        ----------
        ground : (..., 3) array
            I/F of the ground under the daylight that reaches it.
        mu0, mu, cos_phase, lat_rad : (...) array
            Cosines of the Sun's zenith angle, of the eye's, and of the phase angle; latitude.
        share : (...) array_like
            Share of the air that lies above.
        """
        # The air scatters before the line of sight reaches its end, where the Sun is higher or lower.
        place = np.sqrt(mu * mu + self.table.horizon_place**2) - mu
        row, sun = np.sqrt(mu) * (GROUND_ROWS - 1.0), mu0 + place * cos_phase
        above = np.asarray(share, float)[..., None]
        seen = 1.0 + (self._on_ground(VIEW, mu, lat_rad)[..., :3] - 1.0) * above
        return np.asarray(ground * seen + above * self._radiance(row, sun, mu0, mu, cos_phase, lat_rad))

    def radiance_above_limb(
        self, height: ArrayLike, mu0: ArrayLike, cos_phase: ArrayLike, lat_rad: ArrayLike = 0.0
    ) -> Array:
        """Return I/F (..., 3) of the air above the limb.

        Parameters
        ----------
        height : (...) array_like
            Height of the lowest point of the line of sight, planet radii.
        mu0, cos_phase, lat_rad : (...) array_like
            Cosines of the Sun's zenith angle at that point and of the phase angle; latitude of the point.
        """
        row = GROUND_ROWS + np.sqrt(np.clip(np.asarray(height) / self.top, 0.0, 1.0)) * (LIMB_ROWS - 1.0)
        first = np.zeros_like(row)
        place = self._blend(self.table.more, first, row, np.asarray(lat_rad, float))[..., 3] ** 2
        return self._radiance(row, mu0 + place * np.asarray(cos_phase), mu0, 0.0, cos_phase, lat_rad)

    def _radiance(
        self, row: Array, sun: ArrayLike, mu0: ArrayLike, mu: ArrayLike, cos_phase: ArrayLike, lat_rad: ArrayLike
    ) -> Array:
        """Return I/F (..., 3); ``sun`` is the cosine of the Sun's zenith angle where the air scatters."""
        given = (np.asarray(each, float) for each in (row, sun, mu0, mu, cos_phase, lat_rad))
        row, sun, mu0, mu, c, lat = np.broadcast_arrays(*given)
        sines = np.sqrt(np.maximum((1.0 - mu * mu) * (1.0 - mu0 * mu0), 1e-6))
        turn = np.sqrt(np.clip(0.5 - 0.5 * (mu * mu0 - c) / sines, 0.0, 1.0)) * (AZIMUTHS - 1.0)
        first = np.minimum(np.floor(turn), AZIMUTHS - 2.0)
        column = sun_coordinate(sun) * (SUN_COLUMNS - 1.0)
        low, high = (self._blend(self.table.more, (first + k) * SUN_COLUMNS + column, row, lat) for k in (0, 1))
        more = (low + (high - low) * (turn - first)[..., None])[..., :3] ** 2
        once = self._blend(self.table.once, column, row, lat) ** 2
        gas = once[..., 3:] * GAS_COLOUR * rayleigh(c)[..., None]
        return np.asarray(once[..., :3] * self.columns[0].aerosol.phase(-c) + gas + more)

    def _on_ground(self, kind: int, mu: ArrayLike, lat_rad: ArrayLike) -> Array:
        """Return a row about the ground (..., 4) at cosines and latitudes."""
        blocks = self.table.blocks
        rows = self.table.once[blocks * (BLOCK_ROWS + kind) :][:blocks]
        mu, lat = np.broadcast_arrays(np.asarray(mu, float), np.asarray(lat_rad, float))
        column = sun_coordinate(mu) * (SUN_COLUMNS - 1.0)
        return np.asarray(_bilinear(rows, column, _block_of(lat, blocks)) ** 2)

    def _blend(self, image: NDArray[np.float32], column: Array, row: Array, lat_rad: Array) -> Array:
        """Interpolate in column, row and latitude; the table holds square roots."""
        block = _block_of(lat_rad, self.table.blocks)
        low = np.minimum(np.floor(block), max(self.table.blocks - 2.0, 0.0))
        first = _bilinear(image, column, low * BLOCK_ROWS + row)
        if self.table.blocks == 1:
            return first
        return first + (_bilinear(image, column, (low + 1.0) * BLOCK_ROWS + row) - first) * (block - low)[..., None]


def _block_of(lat_rad: Array, blocks: int) -> Array:
    """Return the place (...) of latitudes among the blocks of a table."""
    return np.asarray(np.clip(lat_rad / np.pi + 0.5, 0.0, 1.0) * (blocks - 1.0))


def _bilinear(image: NDArray[np.float32], column: Array, row: Array) -> Array:
    """Return entries (..., 4) of an image between its columns and rows."""
    i, j = np.floor(column).astype(int), np.floor(row).astype(int)
    u, v = (column - i)[..., None], (row - j)[..., None]
    i_next, j_next = np.minimum(i + 1, image.shape[1] - 1), np.minimum(j + 1, image.shape[0] - 1)
    low, high = (image[each, i] * (1.0 - u) + image[each, i_next] * u for each in (j, j_next))
    return np.asarray(low * (1.0 - v) + high * v)


def air_column(weather: Weather, body: Body, lat_rad: float) -> AirColumn:
    """Return dust and gas of ``weather`` over a latitude of a body."""
    radius = float(np.mean(body.radii_m))
    return weather.air(weather.dust_opacity_at(lat_rad), weather.dust_top_m_at(lat_rad), weather.gas, radius)
