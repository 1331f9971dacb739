"""Charts of Mars' heights, for tests that need one of a user."""

from __future__ import annotations

from functools import cache

from selfiesim.planet.terrain.mars_heights import MAX_DEGREE, HeightSpectrum, load_coefficients, taper


@cache
def load_spectrum(max_degree=MAX_DEGREE):
    """Return the measured harmonics to a degree, tapered below it: walls ripple, as those of the product do not."""
    coefficients = load_coefficients()[: max_degree + 1, : max_degree + 1]
    return HeightSpectrum.from_harmonics(coefficients * taper(len(coefficients))[:, None])


def synthesize(rows):
    """Return heights (rows, 2 rows), m, plate carree: row 0 in the north, the left edge at lon 0 E.

    Degrees that ``rows`` rows cannot hold are left out, and those just below are tapered.
    """
    return load_spectrum(min(MAX_DEGREE, rows - 1)).heights(rows)
