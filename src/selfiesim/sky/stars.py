"""The stars seen with the naked eye: the Yale Bright Star Catalogue to V = 5.5.

The table, 137 kB, is made by ``design/make_stars.py``. Places are good to an arcsecond, magnitudes to 0.05; variable
stars stand at one brightness.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.epoch import Epoch
from selfiesim.core.vectors import unit
from selfiesim.sky.band_photometry import irradiance


@dataclass(frozen=True)
class StarTable:
    """The catalogue, brightest first.

    Attributes
    ----------
    number : (N,) int
        HR, the catalogue's own.
    direction : (N, 3)
        Unit vectors, ICRF axes, at J2000.
    proper_motion : (N, 3)
        Their change in a year.
    magnitude, colour : (N,)
        V and B-V.
    irradiance : (N, 3)
        Light in the bands, W m^-2 nm^-1.
    """

    number: NDArray[np.int64]
    direction: NDArray[np.float64]
    proper_motion: NDArray[np.float64]
    magnitude: NDArray[np.float64]
    colour: NDArray[np.float64]
    irradiance: NDArray[np.float64]

    def directions(self, epoch: Epoch) -> NDArray[np.float64]:
        """Unit vectors (N, 3), ICRF axes, with proper motion; no parallax, no aberration (21 arcseconds at Earth)."""
        return unit(self.direction + epoch.days_since_j2000 / 365.25 * self.proper_motion)


@cache
def stars() -> StarTable:
    """Read the table."""
    from importlib.resources import files

    lines = files("selfiesim.sky").joinpath("stars.txt").read_text(encoding="ascii").splitlines()
    rows = np.array([line.split() for line in lines if not line.startswith("#")], float)
    ra, dec = np.radians(rows[:, 1:3]).T
    east_motion, north_motion = np.radians(rows[:, 5:7].T / 3600.0)
    east = np.stack([-np.sin(ra), np.cos(ra), np.zeros_like(ra)], axis=-1)
    north = np.stack([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)], axis=-1)
    return StarTable(
        number=rows[:, 0].astype(int),
        direction=np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1),
        proper_motion=east_motion[:, None] * east + north_motion[:, None] * north,
        magnitude=rows[:, 3],
        colour=rows[:, 4],
        irradiance=irradiance(rows[:, 3], rows[:, 4]),
    )
