"""Measured heights of Mars above the areoid, synthesized from spherical harmonics to degree 719 (half-waves of 15 km).

The table ``mars_heights.npz`` holds the coefficients of MarsTopo719 (Wieczorek 2015, Treatise on Geophysics, 2nd ed.,
10, 153, doi:10.1016/B978-0-444-53802-4.00169-X; data doi:10.5281/zenodo.6475460), an expansion of the radii that the
Mars Orbiter Laser Altimeter measured (Smith et al. 2001, J. Geophys. Res. 106, 23689), less those of the areoid.
``design/make_mars_heights.py`` makes it; ``design/mars_heights.md`` has sources, formats tried and accuracy.

Harmonics are normalized to 4 pi, without the Condon-Shortley phase. Latitudes are planetocentric and longitudes east,
in radians; heights are in metres above the areoid, the equipotential surface with a mean radius of 3396 km at the
equator.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.planet.grids.fields import Field
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM
from selfiesim.planet.terrain.height_grid import HeightGrid

TABLE = Path(__file__).with_name("mars_heights.npz")
CLIFF_TABLE = Path(__file__).with_name("mars_cliffs.npz")
"""What keeps the heights from rippling beside cliffs, to degree 959: of all surfaces with these harmonics to 719,
that of fewest bends, less the model (``design/sharpen_mars_heights.py``)."""
MAX_DEGREE = 719
TAPER_START = (
    640 / 720
)  # share of the degrees above which a cosine taper runs to zero, where nothing else keeps it from ringing
CLIFF_TAPER_START = 0.85  # likewise of the degrees of CLIFF_TABLE
GRID_ROWS = 2048  # of the grid that places are read from: 5.7 pixels to the shortest wave
SHORTEST_KM = float(2 * np.pi * MARS_RADIUS_KM / MAX_DEGREE)
"""Shortest wave, 29.6 km."""

CREDIT = (
    "Mars heights: MOLA (NASA/JPL/GSFC), spherical harmonic model MarsTopo719 by M. Wieczorek (2015) to degree 719, "
    "above the areoid of gravity model GMM-3 (Genova et al. 2016)"
)

_THREADS = 2
_ROWS_AT_ONCE = 45  # keeps the arrays of the recursion in the processor's cache
_SMALLEST = 1e-280  # sectoral functions below this are set to zero; none of them matters before degree 2000

Complex = NDArray[np.complex128]


def load_coefficients(file: Path = TABLE) -> Complex:
    """Return the coefficients C - iS (degree, order), m, of a table of heights."""
    with np.load(file, allow_pickle=False) as table:
        planes, step = table["planes"].astype(np.int64), float(table["step_m"])
    folded = sum(plane << (8 * k) for k, plane in enumerate(planes))
    value = np.where(folded & 1, -(folded + 1) // 2, folded // 2) * step
    return unflatten_coefficients(value)


def unflatten_coefficients(value: NDArray[np.float64]) -> Complex:
    """Return C - iS (degree, order) from the table's list: by degree, C of orders 0 to l, then S of orders 1 to l."""
    degrees = int(np.sqrt(len(value)))
    out = np.zeros((degrees, degrees), np.complex128)
    for degree in range(degrees):
        own = value[degree * degree : (degree + 1) ** 2]
        out[degree, : degree + 1] = own[: degree + 1]
        out[degree, 1 : degree + 1] -= 1j * own[degree + 1 :]
    return out


def taper(degrees: int, start_share: float = TAPER_START) -> NDArray[np.float64]:
    """Return the weight of each degree below ``degrees``: 1, then half a cosine wave down to 0."""
    start = start_share * degrees
    t = np.clip((np.arange(degrees) - start) / (degrees - start), 0, 1)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * t))


def order_profiles(coefficients: Complex, rows: int) -> Complex:
    """Sum the harmonics over degree: the complex amplitude of each order, (rows, orders), at a grid's latitudes.

    The recursion over degree is that of Holmes and Featherstone 2002, J. Geod. 76, 279, eq. 11. To degree 719 it needs
    no rescaling: where a function matters its sectoral seed is above 1e-120.

    Parameters
    ----------
    coefficients : (L + 1, L + 1) complex
        C - iS by degree and order.
    rows : int
        Even number of rows of a plate carree grid; latitudes are those of the pixel centres, north first.
    """
    north = (np.arange(rows // 2) + 0.5) / rows * np.pi
    blocks = [north[k : k + _ROWS_AT_ONCE] for k in range(0, len(north), _ROWS_AT_ONCE)]
    with ThreadPoolExecutor(_THREADS) as pool:
        parts = list(pool.map(lambda colatitude: _sum_over_degree(coefficients, colatitude), blocks))
    even, odd = (np.concatenate([part[k] for part in parts], axis=1) for k in (0, 1))
    mirror = np.where(np.arange(len(even)) % 2, -1.0, 1.0)[:, None]
    return np.concatenate([(even + odd).T, ((even - odd) * mirror).T[::-1]])


# Long because the recursion and the sums share their buffers.
def _sum_over_degree(coefficients: Complex, colatitude: NDArray[np.float64]) -> tuple[Complex, Complex]:
    """Return the sums over even and over odd degrees, (orders, n)."""
    degrees = len(coefficients)
    x, sine = np.cos(colatitude), np.sin(colatitude)
    # Toward a pole high orders fade: where the order exceeds degree times sine by 50, a function is below 1e-7.
    orders = min(degrees, int(degrees * sine.max()) + 50)
    parts = np.ascontiguousarray(coefficients.real), np.ascontiguousarray(coefficients.imag)
    totals = np.zeros((2, 2, degrees, len(x)))
    last, now, term = (np.zeros((orders + 1, len(x))) for _ in range(3))
    sectoral = np.ones_like(x)
    for degree in range(degrees):
        lower, upto = min(degree, orders), min(degree + 1, orders)
        if degree:
            # P(l, m) from P(l - 1, m) and P(l - 2, m) for the orders below l.
            m = np.arange(lower, dtype=np.float64)
            span = degree * degree - m * m
            a = np.sqrt((4.0 * degree * degree - 1) / span)
            b = np.sqrt((2 * degree + 1) * np.maximum((degree - 1) ** 2 - m * m, 0) / (max(2 * degree - 3, 1) * span))
            last[:lower] *= -b[:, None]
            np.multiply(now[:lower], a[:, None], out=term[:lower])
            term[:lower] *= x
            last[:lower] += term[:lower]
            sectoral = sectoral * sine * np.sqrt((2 * degree + 1) / (2 * degree) if degree > 1 else 3.0)
            sectoral[sectoral < _SMALLEST] = 0
        if degree < orders:
            last[degree] = sectoral
        last, now = now, last
        for part, value in enumerate(parts):
            np.multiply(now[:upto], value[degree, :upto, None], out=term[:upto])
            totals[degree % 2, part, :upto] += term[:upto]
    even, odd = totals[:, 0] + 1j * totals[:, 1]
    return even, odd


@dataclass(frozen=True)
class HeightSpectrum:
    """Heights as a Fourier series in colatitude and longitude, which an FFT evaluates on any plate carree grid.

    A sum of harmonics to degree L is exactly such a series: cosines of the colatitude for even orders, sines for odd
    ones. Derivatives of the series are the exact slopes.

    Attributes
    ----------
    even : (L + 1, orders) complex64
        Amplitudes of cos(k colatitude), k from 0, for orders 0, 2, 4...
    odd : (L + 1, orders) complex64
        Amplitudes of sin(k colatitude), k from 1, for orders 1, 3, 5...
    """

    even: NDArray[np.complex64]
    odd: NDArray[np.complex64]

    @classmethod
    def from_harmonics(cls, coefficients: Complex) -> HeightSpectrum:
        """Convert harmonics C - iS (degree, order)."""
        from scipy import fft

        rows = len(coefficients) + len(coefficients) % 2
        profile = order_profiles(coefficients, rows)
        even = fft.dct(profile[:, 0::2], axis=0) / rows
        even[0] /= 2
        odd = fft.dst(profile[:, 1::2], axis=0) / rows
        odd[-1] /= 2
        return cls(even.astype(np.complex64), odd.astype(np.complex64))

    def heights(self, rows: int) -> Field:
        """Return heights (rows, 2 rows), m: row 0 in the north, the left edge at lon 0 E."""
        return self._evaluate(_cosines(self.even, rows), _sines(self.odd, rows), rows)

    def for_cubic_spline(self, rows: int) -> HeightSpectrum:
        """Return the spectrum of the cubic B-spline coefficients that interpolate the heights on a grid."""
        step = np.pi / rows
        even, odd = (
            amplitude
            * _spline_gain((np.arange(len(amplitude)) + first) * step)[:, None]
            * _spline_gain(np.arange(first, 2 * amplitude.shape[1] + first, 2) * step)
            for first, amplitude in enumerate((self.even, self.odd))
        )
        return HeightSpectrum(even.astype(np.complex64), odd.astype(np.complex64))

    def gradient(self, rows: int) -> tuple[Field, Field]:
        """Return the slopes toward east and north, each (rows, 2 rows); laid out as :meth:`heights`."""
        metres = np.float32(MARS_RADIUS_KM * 1000)
        even, odd = _cosines(self.even, rows), _sines(self.odd, rows)
        even *= 1j * np.arange(0, 2 * even.shape[1], 2, dtype=np.float32)
        odd *= 1j * np.arange(1, 2 * odd.shape[1], 2, dtype=np.float32)
        sine = np.sin((np.arange(rows) + 0.5) / rows * np.pi).astype(np.float32)[:, None]
        east = self._evaluate(even / (metres * sine), odd / (metres * sine), rows)
        k = np.arange(len(self.even) + 1, dtype=np.float32)[:, None]
        even, odd = _sines(self.even[1:] * k[1:-1], rows), _cosines(_shifted(self.odd) * k, rows)
        return east, self._evaluate(even / metres, odd / -metres, rows)

    @staticmethod
    def _evaluate(even: NDArray[np.complex64], odd: NDArray[np.complex64], rows: int) -> Field:
        """Evaluate the series in longitude from its amplitudes of even and odd orders, (rows, orders) each."""
        from scipy import fft

        orders = min(even.shape[1] + odd.shape[1], rows)
        amplitude = np.zeros((rows, rows + 1), np.complex64)
        amplitude[:, 0:orders:2] = even[:, : (orders + 1) // 2]
        amplitude[:, 1:orders:2] = odd[:, : orders // 2]
        # Column 0 is half a pixel east of the meridian.
        amplitude *= (rows * np.exp(0.5j * np.pi / rows * np.arange(rows + 1))).astype(np.complex64)
        amplitude[:, 0] *= 2
        return np.asarray(fft.irfft(amplitude, 2 * rows, axis=1, overwrite_x=True, workers=_THREADS), np.float32)


def _spline_gain(phase_per_pixel: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the inverse of what sampling a cubic B-spline does to a wave."""
    return np.asarray(3 / (2 + np.cos(phase_per_pixel)))


def _shifted(odd: NDArray[np.complex64]) -> NDArray[np.complex64]:
    """Return amplitudes of sines with one for k = 0 in front."""
    return np.concatenate([np.zeros_like(odd[:1]), odd])


def _cosines(amplitude: NDArray[np.complex64], rows: int) -> NDArray[np.complex64]:
    """Evaluate a cosine series at the pixel centres of ``rows`` rows; waves that the rows cannot hold are left out."""
    from scipy import fft

    padded = np.zeros((rows, amplitude.shape[1]), np.complex64)
    kept = amplitude[:rows]
    padded[: len(kept)] = kept / 2
    padded[0] *= 2
    return np.asarray(fft.dct(padded, type=3, axis=0, overwrite_x=True, workers=_THREADS))


def _sines(amplitude: NDArray[np.complex64], rows: int) -> NDArray[np.complex64]:
    """Evaluate a sine series likewise; the first amplitude is that of k = 1."""
    from scipy import fft

    padded = np.zeros((rows, amplitude.shape[1]), np.complex64)
    kept = amplitude[: rows - 1]
    padded[: len(kept)] = kept / 2
    return np.asarray(fft.dst(padded, type=3, axis=0, overwrite_x=True, workers=_THREADS))


def load_sharp_spectrum() -> HeightSpectrum:
    """Return the heights with walls as straight as degree 719 allows; it takes some two seconds."""
    coefficients = load_coefficients(CLIFF_TABLE)
    coefficients *= taper(len(coefficients), CLIFF_TAPER_START)[:, None]
    coefficients[: MAX_DEGREE + 1, : MAX_DEGREE + 1] += load_coefficients()
    return HeightSpectrum.from_harmonics(coefficients)


@cache
def load_grid() -> HeightGrid:
    """Return the heights as a spline surface, walls straightened; the first call takes about two seconds and 34 MB."""
    coefficients = load_sharp_spectrum().for_cubic_spline(GRID_ROWS).heights(GRID_ROWS)
    return HeightGrid.from_coefficients(coefficients, SHORTEST_KM)


def height(lat_rad: ArrayLike, lon_rad: ArrayLike) -> NDArray[np.float64]:
    """Return the height above the areoid, m, at places of any shape; detail below 15 km is not in it.

    Parameters
    ----------
    lat_rad, lon_rad : array_like
        Planetocentric latitude and east longitude, broadcast together.
    """
    return load_grid().at(lat_rad, lon_rad)
