"""Corrections of steep-walled craters, whose middles the harmonics of :mod:`mars_heights` get wrong.

Walls steeper than the shortest wave make ripples, which meet in the middle of a circle: the mound of ice in Korolev
came out 500 m too high. ``design/make_crater_profiles.py`` finds each named crater's mean profile with the fewest bends
that has the same harmonics; ``mars_craters.npz`` holds its difference from the model.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from selfiesim.planet.grids.fields import Field
from selfiesim.planet.grids.polar_grid import MARS_RADIUS_KM

TABLE = Path(__file__).with_name("mars_craters.npz")
STEP_KM = 4.0  # width of the rings that a profile has


def add_crater_profiles(coefficients: Field) -> None:
    """Add the corrections to cubic spline coefficients of heights, m, plate carree (rows, 2 rows), in place."""
    with np.load(TABLE, allow_pickle=False) as table:
        place, profile = table["place"].astype(np.float64), table["profile"].astype(np.float64)
    rows = len(coefficients)
    for at, change in zip(place, profile, strict=True):
        _add_profile(coefficients, at, change, rows)


def _add_profile(coefficients: Field, at: np.ndarray, change: np.ndarray, rows: int) -> None:
    """Add one crater's correction, a mean for each ring around the unit vector ``at``."""
    lat, lon = np.arcsin(at[2] / np.linalg.norm(at)), np.arctan2(at[1], at[0])
    reach = STEP_KM * (1 + int(np.flatnonzero(change).max(initial=0))) / MARS_RADIUS_KM
    step = np.pi / rows
    height, width = (int(np.ceil(reach / step / narrow)) + 2 for narrow in (1.0, np.cos(min(abs(lat) + reach, 1.5))))
    row = np.arange(-height, height + 1) + int((np.pi / 2 - lat) / step)
    column = np.arange(-min(width, rows - 1), min(width, rows - 1) + 1) + int(lon / step)
    row = row[(row >= 0) & (row < rows)]
    there = np.pi / 2 - (row + 0.5)[:, None] * step
    half = np.sin((there - lat) / 2) ** 2
    half = half + np.cos(there) * np.cos(lat) * np.sin(((column + 0.5)[None, :] * step - lon) / 2) ** 2
    distance_km = 2 * MARS_RADIUS_KM * np.arcsin(np.sqrt(half))
    value = np.interp(distance_km, (np.arange(len(change)) + 0.5) * STEP_KM, change, right=0.0)
    # Coefficients of a smooth field are the field less a sixth of its second differences.
    bend = np.zeros_like(value)
    bend[1:-1] += np.diff(value, 2, axis=0)
    bend[:, 1:-1] += np.diff(value, 2, axis=1)
    coefficients[row[:, None], np.mod(column, 2 * rows)] += (value - bend / 6).astype(np.float32)
