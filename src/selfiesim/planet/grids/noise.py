"""Periodic Gaussian noise with a given spectrum."""

from __future__ import annotations

import numpy as np

from selfiesim.planet.grids.fields import Field


def power_law_noise(
    rng: np.random.Generator,
    size: int,
    km_per_pixel: float,
    shortest_km: float,
    longest_km: float,
    slope: float,
) -> Field:
    """Return periodic Gaussian noise (size, size) of mean 0 and variance 1.

    Parameters
    ----------
    km_per_pixel : float
        Side of a pixel, km.
    shortest_km, longest_km : float
        Range of wavelengths, km.
    slope : float
        Amplitude falls as frequency to this power.
    """
    spectrum, squared, _down, _right = _white_noise_spectrum(rng, size, km_per_pixel)
    shape = np.exp(squared * np.float32(-(shortest_km**2)))
    shape *= (squared + np.float32(1 / longest_km**2)) ** np.float32(-slope / 2)
    return _shape_spectrum(spectrum, shape, size)


def dune_noise(
    rng: np.random.Generator, size: int, km_per_pixel: float, wavelength_km: float, toward_rad: float, spread: float
) -> Field:
    """Return noise (size, size) whose crests run, join and end as dunes do; mean 0, variance 1.

    Parameters
    ----------
    km_per_pixel, wavelength_km : float
        Side of a pixel and the wavelength, km.
    toward_rad : float
        Direction across the crests, from rows to columns.
    spread : float
        Relative width of the spectrum in wavelength and in direction.
    """
    spectrum, squared, down, right = _white_noise_spectrum(rng, size, km_per_pixel)
    radial = (np.sqrt(squared) * np.float32(wavelength_km) - 1) / np.float32(spread)
    across = down * np.float32(np.cos(toward_rad)) + right * np.float32(np.sin(toward_rad))
    along = right * np.float32(np.cos(toward_rad)) - down * np.float32(np.sin(toward_rad))
    angle = np.arctan2(along, np.abs(across)) / np.float32(spread)
    return _shape_spectrum(spectrum, np.exp(-0.5 * (radial * radial + angle * angle)), size)


def _white_noise_spectrum(
    rng: np.random.Generator, size: int, km_per_pixel: float
) -> tuple[Field, Field, Field, Field]:
    """Return the spectrum of white noise, its squared frequency, and frequencies of rows and columns, cycles per km."""
    from scipy import fft

    spectrum = fft.rfft2(rng.standard_normal((size, size), dtype=np.float32), workers=2)
    down = np.fft.fftfreq(size, km_per_pixel).astype(np.float32)[:, None]
    right = np.fft.rfftfreq(size, km_per_pixel).astype(np.float32)[None, :]
    return spectrum, down * down + right * right, down, right


def _shape_spectrum(spectrum: Field, shape: Field, size: int) -> Field:
    from scipy import fft

    shape[0, 0] = 0
    spectrum *= shape
    field = fft.irfft2(spectrum, (size, size), overwrite_x=True, workers=2)
    field *= np.float32(size / max(float(np.linalg.norm(field)), 1e-30))
    return np.asarray(field, dtype=np.float32)
