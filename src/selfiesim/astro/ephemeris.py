"""Positions and velocities of the Sun, planets and moons: the :class:`Ephemeris` protocol and a built-in ephemeris.

The built-in ephemeris needs no data files. The Earth follows VSOP2000 (``erfa.epv00``), the Moon Meeus' form of
ELP-2000 (``erfa.moon98``), Mars and Jupiter splines fitted to JPL's DE440 (:mod:`selfiesim.astro.heliocentric`, 1950 to
2110), Phobos and Deimos Sinclair (1989), the moons of Jupiter Lieske's E5, the other planets Simon et al. (1994).

Accuracy against DE421 between 2000 and 2050: seen from Mars, the Sun within 0.03 and the Earth within 0.1 arcseconds;
Jupiter within 0.3 arcseconds; the Moon, from the Earth, within 18 km. Around 2000, Phobos is within 20 km and Deimos
within 50 km of the numerical ephemerides of Lainey et al. (2007); by the 2020s Phobos lags by a further 20 km.
Velocities are the derivatives of the positions (the Moon's within 3 mm/s). For higher accuracy, or for a spacecraft,
use SPICE kernels (:mod:`selfiesim.astro.spice_kernels`), which implement the same protocol.

Positions are geometric. Light time and aberration, together up to half an arcminute at Mars, are too small to see in a
picture; :func:`apparent_position` applies them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np

from selfiesim.astro import heliocentric
from selfiesim.astro.bodies import AU_M, Body
from selfiesim.astro.epoch import DAY_S, J2000_JD, Epoch
from selfiesim.astro.galilean_moons import GALILEAN_MOONS, galilean_moon_state
from selfiesim.astro.outer_moons import OUTER_MOON_PLANETS, OUTER_MOONS, outer_moon_state
from selfiesim.astro.planets import SERIES_NUMBERS
from selfiesim.core.errors import EphemerisError
from selfiesim.core.vectors import Vector, cross, rotation_x, rotation_z

SPEED_OF_LIGHT_M_S = 299_792_458.0
"""Speed of light, m/s."""


class Ephemeris(Protocol):
    """A source of positions and velocities of bodies."""

    def position(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Return the geometric vector (3,) from ``center`` to ``target``, m, ICRF axes."""

    def velocity(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Return the rate of change (3,) of :meth:`position`, m/s."""


class BuiltinEphemeris:
    """The ephemeris without data files: ERFA, the DE440 splines, theories and mean elements of the moons.

    Bodies are those of :data:`NAMES`; ``ssb`` is the solar system barycentre.

    Raises
    ------
    EphemerisError
        The name is unknown, or the time is outside 1950 to 2110 for Mars, Jupiter or their moons.
    """

    NAMES = (
        "sun",
        "ssb",
        "earth",
        "moon",
        "mars",
        "jupiter",
        "phobos",
        "deimos",
        *GALILEAN_MOONS,
        *SERIES_NUMBERS,
        *OUTER_MOONS,
    )

    def position(self, target: str, center: str, epoch: Epoch) -> Vector:
        """See :class:`Ephemeris`."""
        return _from_sun(target, epoch)[0] - _from_sun(center, epoch)[0]

    def velocity(self, target: str, center: str, epoch: Epoch) -> Vector:
        """See :class:`Ephemeris`."""
        return _from_sun(target, epoch)[1] - _from_sun(center, epoch)[1]


BUILTIN_EPHEMERIS: Ephemeris = BuiltinEphemeris()
"""The default ephemeris, which needs no data files."""


@lru_cache(256)  # a view asks for the same few places many times
def _from_sun(name: str, epoch: Epoch) -> tuple[Vector, Vector]:
    import erfa

    if name == "sun":
        return np.zeros(3), np.zeros(3)
    if name in _MOONS:
        position, velocity = sun_to_body("mars", epoch)
        moon_position, moon_velocity = _mars_moon_state(_MOONS[name], epoch)
        return position + moon_position, velocity + moon_velocity
    if name in GALILEAN_MOONS:
        position, velocity = sun_to_body("jupiter", epoch)
        moon_position, moon_velocity = galilean_moon_state(name, epoch)
        return position + moon_position, velocity + moon_velocity
    if name in OUTER_MOONS:
        position, velocity = sun_to_body(OUTER_MOON_PLANETS[name], epoch)
        moon_position, moon_velocity = outer_moon_state(name, epoch)
        return position + moon_position, velocity + moon_velocity
    if name == "moon":
        position, velocity = sun_to_body("earth", epoch)
        moon_position, moon_velocity = _erfa_to_si(erfa.moon98(epoch.day, epoch.fraction))
        return position + moon_position, velocity + moon_velocity
    if name == "ssb":
        (position, velocity), (from_ssb, from_ssb_velocity) = _earth(epoch)
        return position - from_ssb, velocity - from_ssb_velocity
    return sun_to_body(name, epoch)


def sun_to_body(name: str, epoch: Epoch) -> tuple[Vector, Vector]:
    """Return the heliocentric position (m) and velocity (m/s) of a planet, ICRF axes, (3,) each.

    Raises
    ------
    EphemerisError
        The name is unknown, or the time is outside 1950 to 2110 for Mars or Jupiter.
    """
    if name == "earth":
        return _earth(epoch)[0]
    if name in heliocentric.load_planet_splines():
        return heliocentric.load_planet_splines()[name].state(epoch)
    if name in SERIES_NUMBERS:
        from erfa import ufunc

        state, _status = ufunc.plan94(epoch.day, epoch.fraction, SERIES_NUMBERS[name])
        return _erfa_to_si(state)
    known = ", ".join(BuiltinEphemeris.NAMES)
    raise EphemerisError(f"the built-in ephemeris does not know {name!r} (it has {known}); give SPICE kernels")


def _earth(epoch: Epoch) -> tuple[tuple[Vector, Vector], tuple[Vector, Vector]]:
    """Return position (m) and velocity (m/s) of the Earth from the Sun and from the barycentre, ICRF axes."""
    from erfa import ufunc

    # Its status warns of years outside 1900 to 2100, which Epoch checks on input.
    from_sun, from_ssb, _status = ufunc.epv00(epoch.day, epoch.fraction)
    return _erfa_to_si(from_sun), _erfa_to_si(from_ssb)


def _erfa_to_si(state: Any) -> tuple[Vector, Vector]:
    """Convert ERFA's position and velocity from au and au per day to m and m/s."""
    return np.array(state["p"]) * AU_M, np.array(state["v"]) * AU_M / DAY_S


def position_from_body(body: Body, target: str, epoch: Epoch, ephemeris: Ephemeris = BUILTIN_EPHEMERIS) -> Vector:
    """Return the vector (3,) from the centre of ``body`` to ``target`` (``sun``, ``earth`` ...), m, ICRF axes."""
    return ephemeris.position(target, body.name, epoch)


def light_time_position(
    ephemeris: Ephemeris, target: str, center: str, epoch: Epoch, offset: Vector | None = None
) -> tuple[Vector, float]:
    """Return the vector (3,) to ``target`` corrected for light time, m, ICRF axes, and the light time in seconds.

    The observer is at ``center``, or ``offset`` (3,) m from it. The light time is iterated to convergence in the frame
    of the solar system barycentre, as with SPICE's ``CN``.
    """
    observer = ephemeris.position(center, "ssb", epoch) + (np.zeros(3) if offset is None else offset)
    seconds = 0.0
    for _ in range(10):
        vector = ephemeris.position(target, "ssb", epoch + -seconds) - observer
        change = float(np.linalg.norm(vector)) / SPEED_OF_LIGHT_M_S - seconds
        seconds += change
        if abs(change) < 1e-9:
            break
    return vector, seconds


def apply_aberration(direction: Vector, velocity: Vector) -> Vector:
    """Return the apparent unit vector (3,) of a direction (3,), corrected for stellar aberration.

    Special relativity, without light deflection by the Sun (Urban and Seidelmann 2013, equation 7.40).

    Parameters
    ----------
    direction : (3,) array
        Unit vector from the observer, without aberration.
    velocity : (3,) array
        The observer's velocity relative to the solar system barycentre, m/s.
    """
    beta = np.asarray(velocity, float) / SPEED_OF_LIGHT_M_S
    along = float(direction @ beta)
    inverse_gamma = float(np.sqrt(1.0 - beta @ beta))
    apparent = inverse_gamma * direction + (1.0 + along / (1.0 + inverse_gamma)) * beta
    return np.asarray(apparent / np.linalg.norm(apparent))


def apparent_position(
    target: str,
    center: str,
    epoch: Epoch,
    ephemeris: Ephemeris = BUILTIN_EPHEMERIS,
    offset: Vector | None = None,
    offset_velocity: Vector | None = None,
) -> Vector:
    """Return the apparent vector (3,) to ``target``, m, ICRF axes, with light time and aberration (SPICE's ``CN+S``).

    The observer is at ``center``, or ``offset`` (3,) m from it and moving at ``offset_velocity`` (3,) m/s relative to
    it.
    """
    vector, _seconds = light_time_position(ephemeris, target, center, epoch, offset)
    velocity = ephemeris.velocity(center, "ssb", epoch) + (np.zeros(3) if offset_velocity is None else offset_velocity)
    distance = float(np.linalg.norm(vector))
    return distance * apply_aberration(vector / distance, velocity)


@dataclass(frozen=True)
class _MoonOrbit:
    """A precessing ellipse at epoch JD 2441266.5 TDB, in km and degrees.

    Angles are pairs of value and rate, per day for the orbit and per year for the Laplace plane. Longitudes are
    measured from the B1950 equinox along the equator to the node of the Laplace plane, along that plane to the node of
    the orbit, then along the orbit.
    """

    semi_major_axis_km: float
    eccentricity: float
    inclination: float
    longitude: tuple[float, float, float]  # the last is per year squared
    periapsis: tuple[float, float]
    node: tuple[float, float]
    plane_node: tuple[float, float]
    plane_tilt: tuple[float, float]
    wave: tuple[float, float] = (0.0, 0.0)  # periodic term in longitude: amplitude, and phase relative to the node


# Sinclair (1989), "The orbits of the satellites of Mars determined from Earth-based and spacecraft observations",
# Astronomy and Astrophysics 220, 321. The sign and phase of Deimos' periodic term agree with Lainey et al.
_MOONS = {
    "phobos": _MoonOrbit(
        semi_major_axis_km=9379.40,
        eccentricity=0.014979,
        inclination=1.1029,
        longitude=(232.412, 1128.8445566, 0.001237),
        periapsis=(278.96, 0.435258),
        node=(327.90, -0.435330),
        plane_node=(47.386, -0.00140),
        plane_tilt=(37.271, 0.00080),
    ),
    "deimos": _MoonOrbit(
        semi_major_axis_km=23461.13,
        eccentricity=0.000391,
        inclination=1.7901,
        longitude=(28.963, 285.1618875, 0.0),
        periapsis=(111.70, 0.017985),
        node=(240.38, -0.018008),
        plane_node=(46.367, -0.00138),
        plane_tilt=(36.623, 0.00079),
        wave=(-0.274, -43.83),
    ),
}


def _mars_moon_state(orbit: _MoonOrbit, epoch: Epoch) -> tuple[Vector, Vector]:
    """Return position (m) and velocity (m/s) of a moon relative to Mars, ICRF axes."""
    import erfa

    days = epoch.days_since_j2000 + (J2000_JD - 2441266.5)
    years = days / 365.25
    node = orbit.node[0] + orbit.node[1] * days
    periapsis = orbit.periapsis[0] + orbit.periapsis[1] * days
    longitude = orbit.longitude[0] + orbit.longitude[1] * days + orbit.longitude[2] * years**2
    longitude_rate = orbit.longitude[1] + 2.0 * orbit.longitude[2] * years / 365.25
    wave = np.radians(node + orbit.wave[1])
    longitude += orbit.wave[0] * np.sin(wave)
    longitude_rate += orbit.wave[0] * np.cos(wave) * np.radians(orbit.node[1])
    plane_node = orbit.plane_node[0] + orbit.plane_node[1] * years
    plane_tilt = orbit.plane_tilt[0] + orbit.plane_tilt[1] * years
    position, slope = _perifocal_state(orbit, np.radians((longitude - periapsis) % 360.0))
    argument = np.radians(periapsis - node - plane_node)
    to_orbit = (
        rotation_z(argument)
        @ rotation_x(np.radians(orbit.inclination))
        @ rotation_z(np.radians(node))
        @ rotation_x(np.radians(plane_tilt))
        @ rotation_z(np.radians(plane_node))
        @ np.array(erfa.pmat76(2433282.42345905, 0.0))  # equator of J2000 to equator of B1950
    )
    # The ellipse precesses within its plane, and with its node about the pole of the Laplace plane. The motion of that
    # pole is neglected; it contributes 20 micrometres per second.
    anomaly_rate = longitude_rate - orbit.periapsis[1]
    pole = rotation_z(argument) @ rotation_x(np.radians(orbit.inclination))[:, 2]
    precession = orbit.node[1] * pole + (orbit.periapsis[1] - orbit.node[1]) * np.array([0.0, 0.0, 1.0])
    velocity = np.radians(anomaly_rate * slope + cross(precession, position)) / DAY_S
    return to_orbit.T @ position, to_orbit.T @ velocity


def _perifocal_state(orbit: _MoonOrbit, mean_anomaly: float) -> tuple[Vector, Vector]:
    """Return position (m) and its derivative by mean anomaly (m/rad); x to periapsis, z along the angular momentum."""
    e, a = orbit.eccentricity, orbit.semi_major_axis_km * 1e3
    eccentric = mean_anomaly
    for _ in range(12):  # each iteration reduces the error by a factor e, at most 0.015
        eccentric = mean_anomaly + e * np.sin(eccentric)
    c, s = np.cos(eccentric), np.sin(eccentric)
    axis_ratio = np.sqrt(1.0 - e * e)
    rate = 1.0 / (1.0 - e * c)
    return a * np.array([c - e, axis_ratio * s, 0.0]), a * rate * np.array([-s, axis_ratio * c, 0.0])
