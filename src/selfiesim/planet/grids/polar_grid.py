"""Grids around a pole in Lambert's azimuthal equal-area projection, which does not pinch at the pole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.planet.grids.fields import Field

MARS_RADIUS_KM = 3389.5
"""Mean radius of Mars."""


@dataclass(frozen=True)
class PolarGrid:
    """Square grid around a pole; rows run toward lon 0 E, columns toward 90 E.

    Attributes
    ----------
    size : int
        Pixels per side.
    span_rad : float
        Colatitude at the middle of each side.
    radius_km : float
        Mean radius of the planet.
    """

    size: int
    span_rad: float
    radius_km: float = MARS_RADIUS_KM

    @property
    def km_per_pixel(self) -> float:
        """Side of a pixel, km; it is the same everywhere because the projection is equal-area."""
        return float(4 * np.sin(self.span_rad / 2) * self.radius_km / self.size)

    def plane_coordinates(self, columns: slice = slice(None)) -> tuple[Field, Field]:
        """Return x (size, 1) toward lon 0 E and y (1, n) toward 90 E, in planet radii."""
        places = 2 * (np.arange(self.size, dtype=np.float32) + 0.5) / self.size - 1
        axis = (places * np.float32(2 * np.sin(self.span_rad / 2))).astype(np.float32)
        return axis[:, None], axis[None, columns]

    def colatitude(self, columns: slice = slice(None)) -> Field:
        """Return the colatitude (size, n), rad; corners beyond the far pole get pi."""
        x, y = self.plane_coordinates(columns)
        return np.asarray(2 * np.arcsin(np.minimum(np.sqrt(x * x + y * y) / 2, np.float32(1.0))), dtype=np.float32)

    def longitude(self, columns: slice = slice(None)) -> Field:
        """Return the east longitude (size, n), rad, 0 to 2 pi."""
        x, y = self.plane_coordinates(columns)
        return np.asarray(np.mod(np.arctan2(y, x), np.float32(2 * np.pi)), dtype=np.float32)

    def km_to_pixels(self, km: float) -> float:
        """Convert a length in km to pixels."""
        return km / self.km_per_pixel
