"""The bodies: size, gravity, pole and rotation, each number with its source.

Shape and rotation follow the IAU Working Group on Cartographic Coordinates and Rotational Elements, 2015 report
(Archinal et al. 2018, Celestial Mechanics and Dynamical Astronomy 130:22), as in NAIF's text kernel pck00011.tpc.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.epoch import Epoch

AU_M = 149_597_870_700.0
"""The astronomical unit, m (IAU 2012 Resolution B2)."""

SUN_RADIUS_M = 695_700e3
"""Nominal solar radius, m (IAU 2015 Resolution B3)."""


BANDS_NM = (620.0, 550.0, 460.0)
"""Centres of the three bands light is carried in: red, green, blue."""

SOLAR_IRRADIANCE_1AU = (1.693, 1.856, 2.000)
"""Sunlight at 1 AU in those bands, W m^-2 nm^-1: ASTM G173-03 extraterrestrial spectrum, mean over +-20 nm."""


@dataclass(frozen=True)
class Series:
    """An angle in degrees: a polynomial in time plus periodic terms, as the IAU report writes them.

    ``rate`` is per Julian century for the pole and per day for the prime meridian; each term is
    ``(amplitude_deg, phase_deg, rate_deg_per_century)``.
    """

    constant: float
    rate: float
    terms: tuple[tuple[float, float, float], ...]

    def at(self, unit_time: float, centuries: float, cosine: bool) -> float:
        """Degrees, with ``unit_time`` in the unit of ``rate``."""
        amplitude, phase, rate = np.array(self.terms).T
        angle = np.radians(phase + rate * centuries)
        wave = np.cos(angle) if cosine else np.sin(angle)
        return float(self.constant + self.rate * unit_time + amplitude @ wave)


@dataclass(frozen=True)
class Body:
    """A planet or moon.

    Attributes
    ----------
    radii_m : (3,) tuple of float
        Semi-axes of the reference ellipsoid along body-fixed x, y, z.
    gm_m3_s2 : float
        Gravitational parameter.
    """

    name: str
    radii_m: tuple[float, float, float]
    gm_m3_s2: float
    pole_ra: Series
    pole_dec: Series
    meridian: Series

    def rotation_deg(self, epoch: Epoch) -> tuple[float, float, float]:
        """Right ascension and declination of the north pole in ICRF, and the prime meridian angle W, degrees."""
        centuries, days = epoch.centuries_since_j2000, epoch.days_since_j2000
        return (
            self.pole_ra.at(centuries, centuries, cosine=False),
            self.pole_dec.at(centuries, centuries, cosine=True),
            self.meridian.at(days, centuries, cosine=False) % 360.0,
        )


# IAU 2015; GM from the Mars Fact Sheet (NSSDC) as used by DE440: 42,828.37 km3/s2.
MARS = Body(
    name="mars",
    radii_m=(3_396_190.0, 3_396_190.0, 3_376_200.0),
    gm_m3_s2=4.282837362e13,
    pole_ra=Series(
        317.269202,
        -0.10927547,
        (
            (0.000068, 198.991226, 19139.4819985),
            (0.000238, 226.292679, 38280.8511281),
            (0.000052, 249.663391, 57420.7251593),
            (0.000009, 266.183510, 76560.6367950),
            (0.419057, 79.398797, 0.5042615),
        ),
    ),
    pole_dec=Series(
        54.432516,
        -0.05827105,
        (
            (0.000051, 122.433576, 19139.9407476),
            (0.000141, 43.058401, 38280.8753272),
            (0.000031, 57.663379, 57420.7517205),
            (0.000005, 79.476401, 76560.6495004),
            (1.591274, 166.325722, 0.5042615),
        ),
    ),
    meridian=Series(
        176.049863,
        350.891982443297,
        (
            (0.000145, 129.071773, 19140.0328244),
            (0.000157, 36.352167, 38281.0473591),
            (0.000040, 56.668646, 57420.9295360),
            (0.000001, 67.364003, 76560.2552215),
            (0.000001, 104.792680, 95700.4387578),
            (0.584542, 95.391654, 0.5042615),
        ),
    ),
)

BODIES = {body.name: body for body in (MARS,)}
