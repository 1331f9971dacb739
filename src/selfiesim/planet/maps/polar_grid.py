"""Grids about a pole, noise on them, and the way from a coarse grid to a fine one.

Lambert's azimuthal equal-area projection: no pinch at the pole. Everything that the source map knows is worked out on
a coarse grid of some 2 km, whole; the fine picture is made from it in blocks of columns, so that memory stays small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.planet.maps.albedo import Field

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MARS_RADIUS_KM = 3389.5


@dataclass(frozen=True)
class PolarGrid:
    """``size`` pixels a side about a pole; the colatitude at the middle of each side is ``span_rad``.

    Row up means away from lon 0 E, column right means toward 90 E.
    """

    size: int
    span_rad: float

    @property
    def km_per_pixel(self) -> float:
        """The same everywhere, the projection being equal-area."""
        return float(4 * np.sin(self.span_rad / 2) * MARS_RADIUS_KM / self.size)

    def plane_coordinates(self, columns: slice = slice(None)) -> tuple[Field, Field]:
        """Places x (size, 1) toward lon 0 E and y (1, n) toward 90 E, on a planet of radius 1."""
        places = 2 * (np.arange(self.size, dtype=np.float32) + 0.5) / self.size - 1
        axis = (places * np.float32(2 * np.sin(self.span_rad / 2))).astype(np.float32)
        return axis[:, None], axis[None, columns]

    def colatitude(self, columns: slice = slice(None)) -> Field:
        """(size, n), rad; the square's corners count up to where a sphere ends."""
        x, y = self.plane_coordinates(columns)
        return np.asarray(2 * np.arcsin(np.minimum(np.sqrt(x * x + y * y) / 2, np.float32(1.0))), dtype=np.float32)

    def longitude(self, columns: slice = slice(None)) -> Field:
        """(size, n), east, rad, in 0..2 pi."""
        x, y = self.plane_coordinates(columns)
        return np.asarray(np.mod(np.arctan2(y, x), np.float32(2 * np.pi)), dtype=np.float32)

    def km_to_pixels(self, km: float) -> float:
        """A length in pixels."""
        return km / self.km_per_pixel


class SplineUpsampler:
    """From a coarse grid to a fine one of the same span by cubic B-splines: smooth curves stay smooth."""

    def __init__(self, coarse: int, fine: int) -> None:
        self._matrix = _spline_matrix(coarse, fine)

    def prepare(self, field: Field) -> Field:
        """Spline coefficients of a coarse field, (N, N), transposed for :meth:`columns`."""
        from scipy.ndimage import spline_filter

        return np.ascontiguousarray(spline_filter(field, order=3, output=np.float32, mode="mirror").T)

    def columns(self, prepared: Field, columns: slice) -> Field:
        """The fine field's columns, (fine, n)."""
        across = (self._matrix[columns] @ prepared).T
        return np.asarray(self._matrix @ np.ascontiguousarray(across), dtype=np.float32)


def _spline_matrix(coarse: int, fine: int) -> csr_array:
    """(fine, coarse) sparse: cubic B-spline weights at the fine pixels' centres."""
    from scipy.sparse import csr_array

    at = (np.arange(fine) + 0.5) / fine * coarse - 0.5
    low = np.floor(at).astype(np.intp)
    t = at - low
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1) / 6
    index = low[:, None] + np.arange(-1, 3)
    index = np.where(index < 0, -index, index)
    index = np.where(index > coarse - 1, 2 * (coarse - 1) - index, index)
    rows = np.repeat(np.arange(fine), 4)
    return csr_array((weights.ravel().astype(np.float32), (rows, index.ravel())), shape=(fine, coarse))


def power_law_noise(
    rng: np.random.Generator,
    size: int,
    km: float,
    shortest_km: float,
    longest_km: float,
    slope: float,
) -> Field:
    """Gaussian noise of mean 0 and variance 1 between two wavelengths, (size, size), periodic.

    Amplitude falls as frequency to the power ``slope``.
    """
    spectrum, squared, _down, _right = _white_noise_spectrum(rng, size, km)
    shape = np.exp(squared * np.float32(-(shortest_km**2)))
    shape *= (squared + np.float32(1 / longest_km**2)) ** np.float32(-slope / 2)
    return _shape_spectrum(spectrum, shape, size)


def dune_noise(
    rng: np.random.Generator, size: int, km: float, wavelength_km: float, toward_rad: float, spread: float
) -> Field:
    """Noise of one wavelength and nearly one direction, variance 1: crests that run, join and end as dunes do.

    ``toward_rad`` is the direction across the crests, from rows to columns; ``spread`` the relative width in
    wavelength and in direction.
    """
    spectrum, squared, down, right = _white_noise_spectrum(rng, size, km)
    radial = (np.sqrt(squared) * np.float32(wavelength_km) - 1) / np.float32(spread)
    along = down * np.float32(np.cos(toward_rad)) + right * np.float32(np.sin(toward_rad))
    aside = right * np.float32(np.cos(toward_rad)) - down * np.float32(np.sin(toward_rad))
    turn = np.arctan2(aside, np.abs(along)) / np.float32(spread)
    return _shape_spectrum(spectrum, np.exp(-0.5 * (radial * radial + turn * turn)), size)


def _white_noise_spectrum(rng: np.random.Generator, size: int, km: float) -> tuple[Field, Field, Field, Field]:
    """Spectrum of white noise, and frequency squared, along rows and along columns, cycles per km."""
    from scipy import fft

    spectrum = fft.rfft2(rng.standard_normal((size, size), dtype=np.float32), workers=2)
    down = np.fft.fftfreq(size, km).astype(np.float32)[:, None]
    right = np.fft.rfftfreq(size, km).astype(np.float32)[None, :]
    return spectrum, down * down + right * right, down, right


def _shape_spectrum(spectrum: Field, shape: Field, size: int) -> Field:
    from scipy import fft

    shape[0, 0] = 0
    spectrum *= shape
    field = fft.irfft2(spectrum, (size, size), overwrite_x=True, workers=2)
    field *= np.float32(size / max(float(np.linalg.norm(field)), 1e-30))
    return np.asarray(field, dtype=np.float32)
