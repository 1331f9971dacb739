"""Planets and moons: size, gravity, pole and rotation, each number with its source.

Shape and rotation follow the 2015 report of the IAU Working Group on Cartographic Coordinates and Rotational Elements
(Archinal et al. 2018, Celestial Mechanics and Dynamical Astronomy 130:22), as in NAIF's text kernel pck00011.tpc. The
rotation of the Earth and the Moon, which that report omits, follows its predecessor of 2009 (Archinal et al. 2011,
109:101), from the same kernel. The reports state an accuracy of about 0.1 degree; the Earth's longitude is good to 0.05
degree near 2000.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from selfiesim.astro.epoch import Epoch

AU_M = 149_597_870_700.0
"""The astronomical unit, m (IAU 2012 Resolution B2)."""

SUN_RADIUS_M = 695_700e3
"""Nominal solar radius, m (IAU 2015 Resolution B3)."""

BANDS_NM = (620.0, 550.0, 460.0)
"""Centres of the three spectral bands of the renderer, nm: red, green, blue."""

SOLAR_IRRADIANCE_1AU = (1.693, 1.856, 2.000)
"""Solar irradiance at 1 AU in those bands, W m^-2 nm^-1: ASTM G173-03 extraterrestrial spectrum, mean over +-20 nm."""


class Term(NamedTuple):
    """One periodic term: amplitude and phase in degrees, rate per Julian century, acceleration per century squared."""

    amplitude: float
    phase: float
    rate: float
    acceleration: float = 0.0


@dataclass(frozen=True)
class AngleSeries:
    """An angle in degrees as the IAU report gives it: a polynomial in time plus periodic terms.

    Attributes
    ----------
    constant : float
        The angle at J2000, without the periodic terms.
    rate, acceleration : float
        Per Julian century and century squared for the pole, per day and day squared for the prime meridian.
    terms : tuple of Term
        Periodic terms, each a :class:`Term` or a tuple of its numbers.
    """

    constant: float
    rate: float = 0.0
    terms: tuple[tuple[float, ...], ...] = ()
    acceleration: float = 0.0

    def at(self, unit_time: Any, centuries: Any, cosine: bool) -> Any:
        """Return the angle in degrees, a float or an array as the times are.

        Terms are cosines (of the declination) or sines. Both times are counted from J2000, ``unit_time`` in the unit of
        ``rate`` and ``centuries`` for the terms.
        """
        polynomial = self.constant + self.rate * unit_time + self.acceleration * unit_time**2
        if not self.terms:
            return polynomial
        amplitude, phase, rate, acceleration = np.array([Term(*term) for term in self.terms]).T
        time = np.asarray(centuries)[..., None]
        angle = np.radians(phase + rate * time + acceleration * time**2)
        total = polynomial + (np.cos(angle) if cosine else np.sin(angle)) @ amplitude
        return float(total) if np.ndim(total) == 0 else total


@dataclass(frozen=True)
class Body:
    """A planet or moon.

    Attributes
    ----------
    radii_m : (3,) tuple of float
        Semi-axes of the reference ellipsoid along body-fixed x, y, z.
    gm_m3_s2 : float
        Gravitational parameter of the body alone, without its moons.
    j2, j3, j4 : float
        Zonal harmonics of the gravity field, unnormalised; 0 if none is given.
    pole_ra, pole_dec, meridian : AngleSeries
        Right ascension and declination of the north pole in ICRF, and the prime meridian angle W.
    gravity_radius_m : float
        Reference radius of the harmonics; 0 means the first of ``radii_m``.

    Raises
    ------
    ValueError
        The radii or GM are not positive, or a number is not finite.
    """

    name: str
    radii_m: tuple[float, float, float]
    gm_m3_s2: float
    pole_ra: AngleSeries
    pole_dec: AngleSeries
    meridian: AngleSeries
    j2: float = 0.0
    j3: float = 0.0
    j4: float = 0.0
    gravity_radius_m: float = 0.0

    def __post_init__(self) -> None:
        if len(self.radii_m) != 3 or not all(math.isfinite(radius) and radius > 0.0 for radius in self.radii_m):
            raise ValueError(f"{self.name}: radii_m must be three positive lengths, not {self.radii_m}")
        if not (math.isfinite(self.gm_m3_s2) and self.gm_m3_s2 > 0.0):
            raise ValueError(f"{self.name}: gm_m3_s2 must be positive, not {self.gm_m3_s2}")
        if not (math.isfinite(self.gravity_radius_m) and self.gravity_radius_m >= 0.0):
            raise ValueError(f"{self.name}: gravity_radius_m must be positive, not {self.gravity_radius_m}")
        for key in ("j2", "j3", "j4"):
            if not math.isfinite(getattr(self, key)):
                raise ValueError(f"{self.name}: {key} must be a finite number, not {getattr(self, key)}")
        if self.gravity_radius_m == 0.0:
            object.__setattr__(self, "gravity_radius_m", float(self.radii_m[0]))

    def rotation_deg(self, epoch: Epoch) -> tuple[float, float, float]:
        """Return right ascension and declination of the north pole in ICRF and prime meridian angle W, degrees."""
        return self.rotation_deg_at(epoch.days_since_j2000)

    def rotation_deg_at(self, days: Any) -> tuple[Any, Any, Any]:
        """Return the angles of :meth:`rotation_deg` at TDB days since J2000, floats or arrays as the days are."""
        centuries = days / 36525.0
        return (
            self.pole_ra.at(centuries, centuries, cosine=False),
            self.pole_dec.at(centuries, centuries, cosine=True),
            self.meridian.at(days, centuries, cosine=False) % 360.0,
        )


# Long for its signature and docstring: the fields of a body by keyword.
def custom_body(
    name: str,
    radii_m: tuple[float, float, float],
    gm_m3_s2: float,
    *,
    pole_ra_deg: float = 0.0,
    pole_dec_deg: float = 90.0,
    meridian_deg: float = 0.0,
    spin_deg_day: float = 0.0,
    j2: float = 0.0,
    j3: float = 0.0,
    j4: float = 0.0,
    gravity_radius_m: float = 0.0,
) -> Body:
    """Return a user-defined body that rotates uniformly about a fixed pole.

    Parameters
    ----------
    name : str
        A name that no built-in body has.
    radii_m, gm_m3_s2, j2, j3, j4, gravity_radius_m
        As in :class:`Body`.
    pole_ra_deg, pole_dec_deg : float
        The north pole in ICRF.
    meridian_deg : float
        Prime meridian angle W at J2000 (TDB).
    spin_deg_day : float
        Rotation rate, negative for retrograde rotation.

    Raises
    ------
    ValueError
        The name is empty or taken, a size is not positive, the declination is outside -90 to 90 degrees, or a number
        is not finite.
    """
    if not name or name in BODIES:
        raise ValueError(f"a custom body needs a name of its own, not {name!r}")
    for key, angle in (("pole_ra_deg", pole_ra_deg), ("meridian_deg", meridian_deg), ("spin_deg_day", spin_deg_day)):
        if not math.isfinite(angle):
            raise ValueError(f"{name}: {key} must be a finite number, not {angle}")
    if not -90.0 <= pole_dec_deg <= 90.0:
        raise ValueError(f"{name}: pole_dec_deg must be between -90 and 90, not {pole_dec_deg}")
    return Body(
        name=name,
        radii_m=radii_m,
        gm_m3_s2=gm_m3_s2,
        pole_ra=AngleSeries(pole_ra_deg),
        pole_dec=AngleSeries(pole_dec_deg),
        meridian=AngleSeries(meridian_deg, spin_deg_day),
        j2=j2,
        j3=j3,
        j4=j4,
        gravity_radius_m=gravity_radius_m,
    )


def _terms(amplitudes: tuple[float, ...], angles: tuple[tuple[float, ...], ...]) -> tuple[Term, ...]:
    """Pair amplitudes with angles in order, omitting those of amplitude zero."""
    pairs = zip(amplitudes, angles, strict=False)  # the list of amplitudes may be shorter than that of angles
    return tuple(Term(amplitude, *angle) for amplitude, angle in pairs if amplitude)


# IAU 2015; GM and zonal harmonics (radius 3396.0 km) from JPL's satellite solution MAR097 (mar097.cmt at NAIF).
MARS = Body(
    name="mars",
    radii_m=(3_396_190.0, 3_396_190.0, 3_376_200.0),
    gm_m3_s2=4.282837362e13,
    j2=1.956608644161255e-3,
    j3=3.147495502044837e-5,
    j4=-1.538684158075500e-5,
    gravity_radius_m=3_396_000.0,
    pole_ra=AngleSeries(
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
    pole_dec=AngleSeries(
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
    meridian=AngleSeries(
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

# Angles E1 to E13 of the Earth-Moon system, per Julian century (36525 times the report's daily rates).
_EARTH_ANGLES = (
    (125.045, -1935.5364525),
    (250.089, -3871.072905),
    (260.008, 475263.3328725),
    (176.625, 487269.629985),
    (357.529, 35999.0509575),
    (311.589, 964468.49931),
    (134.963, 477198.869325),
    (276.617, 12006.300765),
    (34.226, 63863.5132425),
    (15.134, -5806.6093575),
    (119.743, 131.84064),
    (239.961, 6003.1503825),
    (25.053, 473327.79642),
)

# Shape IAU 2015, rotation IAU 2009: without nutation and polar motion, 0.05 degree of longitude at best. GM from DE440;
# zonal harmonics from EGM96 for 6378.1363 km (Lemoine et al. 1998).
EARTH = Body(
    name="earth",
    radii_m=(6_378_136.6, 6_378_136.6, 6_356_751.9),
    gm_m3_s2=3.986004355070e14,
    j2=1.0826266835531513e-3,
    j3=-2.5326564853322355e-6,
    j4=-1.619621591367e-6,
    gravity_radius_m=6_378_136.3,
    pole_ra=AngleSeries(0.0, -0.641),
    pole_dec=AngleSeries(90.0, -0.557),
    meridian=AngleSeries(190.147, 360.9856235),
)

# Shape IAU 2015, rotation IAU 2009 (mean Earth and pole axes). GM from DE440; zonal harmonics from DE430 for 1738.0 km
# (Folkner et al. 2014, IPN Progress Report 42-196).
MOON = Body(
    name="moon",
    radii_m=(1_737_400.0, 1_737_400.0, 1_737_400.0),
    gm_m3_s2=4.902800118458e12,
    j2=2.0321568464952570e-4,
    j3=8.4597026974594570e-6,
    j4=-9.7044138365700000e-6,
    gravity_radius_m=1_738_000.0,
    pole_ra=AngleSeries(
        269.9949,
        0.0031,
        _terms(
            (-3.8787, -0.1204, 0.0700, -0.0172, 0.0, 0.0072, 0.0, 0.0, 0.0, -0.0052, 0.0, 0.0, 0.0043), _EARTH_ANGLES
        ),
    ),
    pole_dec=AngleSeries(
        66.5392,
        0.0130,
        _terms(
            (1.5419, 0.0239, -0.0278, 0.0068, 0.0, -0.0029, 0.0009, 0.0, 0.0, 0.0008, 0.0, 0.0, -0.0009), _EARTH_ANGLES
        ),
    ),
    meridian=AngleSeries(
        38.3213,
        13.17635815,
        _terms(
            (
                *(3.5610, 0.1208, -0.0642, 0.0158, 0.0252, -0.0066, -0.0047),
                *(-0.0046, 0.0028, 0.0052, 0.0040, 0.0019, -0.0044),
            ),
            _EARTH_ANGLES,
        ),
        acceleration=-1.4e-12,
    ),
)

# Angles M1 to M10 of the moons of Mars.
_PHOBOS_ANGLES = (
    (190.72646643, 15917.10818695),
    (21.46892470, 31834.27934054),
    (332.86082793, 19139.89694742),
    (394.93256437, 38280.79631835),
    (189.63271560, 41215158.18420050, 12.711923222),
)
_DEIMOS_ANGLES = (
    (121.46893664, 660.22803474),
    (231.05028581, 660.99123540),
    (251.37314025, 1320.50145245),
    (217.98635955, 38279.96125550),
    (196.19729402, 19139.83628608),
)

# IAU 2015 with its correction (2019); GM from JPL's MAR097. No zonal harmonics: they do not describe irregular bodies.
PHOBOS = Body(
    name="phobos",
    radii_m=(13_000.0, 11_400.0, 9_100.0),
    gm_m3_s2=7.087546066894452e5,
    pole_ra=AngleSeries(
        317.67071657, -0.10844326, _terms((-1.78428399, 0.02212824, -0.01028251, -0.00475595), _PHOBOS_ANGLES)
    ),
    pole_dec=AngleSeries(
        52.88627266, -0.06134706, _terms((-1.07516537, 0.00668626, -0.00648740, 0.00281576), _PHOBOS_ANGLES)
    ),
    meridian=AngleSeries(
        35.18774440,
        1128.84475928,
        _terms((1.42421769, -0.02273783, 0.00410711, 0.00631964, -1.143), _PHOBOS_ANGLES),
        acceleration=9.536137031212154e-09,
    ),
)
DEIMOS = Body(
    name="deimos",
    radii_m=(7_800.0, 6_000.0, 5_100.0),
    gm_m3_s2=9.615569648120313e4,
    pole_ra=AngleSeries(
        316.65705808,
        -0.10518014,
        _terms((3.09217726, 0.22980637, 0.06418655, 0.02533537, 0.00778695), _DEIMOS_ANGLES),
    ),
    pole_dec=AngleSeries(
        53.50992033,
        -0.05979094,
        _terms((1.83936004, 0.14325320, 0.01911409, -0.01482590, 0.00192430), _DEIMOS_ANGLES),
    ),
    meridian=AngleSeries(
        79.39932954,
        285.16188899,
        _terms((-2.73954829, -0.39968606, -0.06563259, -0.02912940, 0.01699160), _DEIMOS_ANGLES),
    ),
)

# Angles Ja to Je of Jupiter.
_JUPITER_ANGLES = (
    (99.360714, 4850.4046),
    (175.895369, 1191.9605),
    (300.323162, 262.5475),
    (114.012305, 6070.2476),
    (49.511251, 64.3000),
)

# IAU 2015, System III; GM and zonal harmonics from the first half of the Juno mission, for 71492 km (Durante et al.
# 2020, Geophysical Research Letters 47, e2019GL086572, table 2).
JUPITER = Body(
    name="jupiter",
    radii_m=(71_492_000.0, 71_492_000.0, 66_854_000.0),
    gm_m3_s2=1.266865341e17,
    j2=14696.5735e-6,
    j3=-0.0450e-6,
    j4=-586.6085e-6,
    gravity_radius_m=71_492_000.0,
    pole_ra=AngleSeries(
        268.056595, -0.006499, _terms((0.000117, 0.000938, 0.001432, 0.000030, 0.002150), _JUPITER_ANGLES)
    ),
    pole_dec=AngleSeries(
        64.495303, 0.002413, _terms((0.000050, 0.000404, 0.000617, -0.000013, 0.000926), _JUPITER_ANGLES)
    ),
    meridian=AngleSeries(284.95, 870.5360000),
)

BODIES = {body.name: body for body in (MARS, EARTH, MOON, PHOBOS, DEIMOS, JUPITER)}
