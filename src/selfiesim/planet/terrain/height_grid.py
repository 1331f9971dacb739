"""Heights of a whole planet as a cubic spline surface, which has a height and a slope at any place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.grids.fields import Field
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM, PolarGrid

_PAD = 2  # pixels around the grid that a cubic spline needs
_BAND = 256  # rows at a time, to bound memory


@dataclass(frozen=True)
class HeightGrid:
    """Cubic B-spline coefficients of heights on a plate carree grid, padded across the poles and the seam in longitude.

    Attributes
    ----------
    coefficients : (rows + 4, 2 rows + 4) float32
        Metres; row 2 is the northernmost, the left edge of column 2 lies at lon 0 E.
    resolved_km : float
        Shortest wave that the heights resolve; shorter waves are unknown.
    radius_km : float
        Mean radius of the planet.
    """

    coefficients: Field
    resolved_km: float
    radius_km: float = MARS_RADIUS_KM

    @classmethod
    def from_coefficients(cls, grid: Field, resolved_km: float, radius_km: float = MARS_RADIUS_KM) -> HeightGrid:
        """Pad coefficients (rows, 2 rows)."""
        rows = len(grid)
        # Over a pole a meridian continues as the opposite one.
        north, south = (np.roll(band[::-1], rows, axis=1) for band in (grid[:_PAD], grid[-_PAD:]))
        tall = np.concatenate([north, grid, south])
        return cls(np.concatenate([tall[:, -_PAD:], tall, tall[:, :_PAD]], axis=1), resolved_km, radius_km)

    @classmethod
    def from_heights(cls, height_m: Field, resolved_km: float, radius_km: float = MARS_RADIUS_KM) -> HeightGrid:
        """Interpolate heights (rows, 2 rows), m: row 0 in the north, the left edge at lon 0 E."""
        from scipy.ndimage import spline_filter1d

        rows, reach = len(height_m), 16  # pixels beyond which a spline's coefficient does not depend on a height
        north, south = (np.roll(band[::-1], rows, axis=1) for band in (height_m[:reach], height_m[-reach:]))
        tall = np.concatenate([north, height_m, south])
        tall = spline_filter1d(tall, axis=0, output=np.float32, mode="mirror")[reach:-reach]
        spline = spline_filter1d(tall, axis=1, output=np.float32, mode="grid-wrap")
        return cls.from_coefficients(spline, resolved_km, radius_km)

    @property
    def rows(self) -> int:
        """Rows from pole to pole."""
        return len(self.coefficients) - 2 * _PAD

    def at(self, lat_rad: ArrayLike, lon_rad: ArrayLike) -> NDArray[np.float64]:
        """Return the height, m, at places; planetocentric latitude and east longitude broadcast."""
        from scipy.ndimage import map_coordinates

        lat, lon = np.broadcast_arrays(np.atleast_1d(lat_rad), np.atleast_1d(lon_rad))
        row = (0.5 - lat / np.pi) * self.rows - 0.5 + _PAD
        column = np.mod(lon / np.pi, 2.0) * self.rows - 0.5 + _PAD
        place = np.stack([row, column])
        value = map_coordinates(self.coefficients, place, order=3, prefilter=False, output=np.float32, mode="nearest")
        return np.asarray(value, np.float64).reshape(np.broadcast_shapes(np.shape(lat_rad), np.shape(lon_rad)))

    def on_plate_carree(self, rows: int) -> Field:
        """Return heights (rows, 2 rows), m: row 0 in the north, the left edge at lon 0 E."""
        lat = (0.5 - (np.arange(rows) + 0.5) / rows) * np.pi
        lon = (np.arange(2 * rows) + 0.5) / rows * np.pi
        out = np.empty((rows, 2 * rows), np.float32)
        for start in range(0, rows, _BAND):
            out[start : start + _BAND] = self.at(lat[start : start + _BAND, None], lon[None, :])
        return out

    def on_polar_grid(self, grid: PolarGrid, north: bool, columns: slice = slice(None)) -> Field:
        """Return heights (size, n), m, at the pixels of a polar grid."""
        lat = np.float32(np.pi / 2) - grid.colatitude(columns)
        return self.at(lat if north else -lat, grid.longitude(columns)).astype(np.float32)

    def gradient(self, rows: slice) -> tuple[Field, Field]:
        """Return the slopes toward east and north, each (n, 2 rows), at the pixels of some rows."""
        c = self.coefficients[rows.start : rows.stop + 2 * _PAD]
        step = np.float32(np.pi / self.rows * self.radius_km * 1000)
        lat = (0.5 - (np.arange(rows.start, rows.stop, dtype=np.float32) + 0.5) / self.rows) * np.pi
        # At a node a cubic spline is the mean with weights 1, 4, 1 of its coefficients, and its slope their difference.
        across = (c[:, 1:-3] + 4 * c[:, 2:-2] + c[:, 3:-1]) / np.float32(6)
        north = (across[1:-3] - across[3:-1]) / (2 * step)
        down = (c[1:-3] + 4 * c[2:-2] + c[3:-1]) / np.float32(6)
        east = (down[:, 3:-1] - down[:, 1:-3]) / (2 * step * np.cos(lat)[:, None])
        return np.asarray(east, np.float32), np.asarray(north, np.float32)
