"""Where the Sun, the planets and the moons are: one small protocol, and an answer to it that needs no data file.

Built in: the Earth by VSOP2000 (``erfa.epv00``), the Moon by Meeus' form of ELP-2000 (``erfa.moon98``), Mars and
Jupiter by splines fitted to JPL's DE440 (:mod:`selfiesim.astro.heliocentric`, 1950 to 2110), Phobos and Deimos by Sinclair
(1989). Against DE421 between 2000 and 2050: seen from Mars, the Sun within 0.03 and the Earth within 0.1 arcseconds;
Jupiter within 0.3 arcseconds; the Moon, from the Earth, within 18 km.
Phobos is within 20 km and Deimos within 50 km of the numerical ephemerides of Lainey et al. (2007) around 2000, and
Phobos falls behind by a further 20 km until the 2020s. Velocities are the derivatives of the positions (the Moon's
within 3 mm/s). For better, or for a spacecraft, use SPICE kernels (:mod:`selfiesim.astro.spice_kernels`), which answer the same
questions.

Positions are geometric: light time and aberration (together up to half an arcminute at Mars) are far below what a
picture shows, and are put on when asked for (:func:`apparent_position`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from selfiesim.astro import heliocentric
from selfiesim.astro.bodies import AU_M, Body
from selfiesim.astro.epoch import DAY_S, J2000_JD, Epoch
from selfiesim.core.errors import EphemerisError
from selfiesim.core.vectors import Vector, rotation_x, rotation_z

SPEED_OF_LIGHT_M_S = 299_792_458.0
"""Speed of light, m/s."""


class Ephemeris(Protocol):
    """Whatever can say where things are."""

    def position(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Vector (3,) in m, ICRF axes, from ``center`` to ``target``, geometric."""

    def velocity(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Its rate of change (3,) in m/s."""


class BuiltinEphemeris:
    """ERFA, the table, Sinclair's moons. Bodies: ``sun``, ``ssb`` (the solar system's barycentre) and :data:`NAMES`.

    Raises
    ------
    EphemerisError
        Any other name; Mars, its moons or Jupiter before 1950 or after 2110.
    """

    NAMES = ("sun", "ssb", "earth", "moon", "mars", "jupiter", "phobos", "deimos")

    def position(self, target: str, center: str, epoch: Epoch) -> Vector:
        """See :class:`Ephemeris`."""
        return self._from_sun(target, epoch)[0] - self._from_sun(center, epoch)[0]

    def velocity(self, target: str, center: str, epoch: Epoch) -> Vector:
        """See :class:`Ephemeris`."""
        return self._from_sun(target, epoch)[1] - self._from_sun(center, epoch)[1]

    def _from_sun(self, name: str, epoch: Epoch) -> tuple[Vector, Vector]:
        import erfa

        if name == "sun":
            return np.zeros(3), np.zeros(3)
        if name in _MOONS:
            position, velocity = sun_to_body("mars", epoch)
            moon_position, moon_velocity = _mars_moon_state(_MOONS[name], epoch)
            return position + moon_position, velocity + moon_velocity
        if name == "moon":
            position, velocity = sun_to_body("earth", epoch)
            moon_position, moon_velocity = _erfa_to_si(erfa.moon98(epoch.day, epoch.fraction))
            return position + moon_position, velocity + moon_velocity
        if name == "ssb":
            (position, velocity), (from_ssb, from_ssb_velocity) = _earth(epoch)
            return position - from_ssb, velocity - from_ssb_velocity
        return sun_to_body(name, epoch)


BUILTIN_EPHEMERIS: Ephemeris = BuiltinEphemeris()
"""The ephemeris that needs no file of the user's."""


def sun_to_body(name: str, epoch: Epoch) -> tuple[Vector, Vector]:
    """Heliocentric position (m) and velocity (m/s) of ``earth``, ``mars`` or ``jupiter`` in ICRF axes, each (3,).

    Raises
    ------
    EphemerisError
        Any other name; Mars or Jupiter before 1950 or after 2110.
    """
    if name == "earth":
        return _earth(epoch)[0]
    if name in heliocentric.load_planet_splines():
        return heliocentric.load_planet_splines()[name].state(epoch)
    known = ", ".join(BuiltinEphemeris.NAMES)
    raise EphemerisError(f"the built-in ephemeris does not know {name!r} (it has {known}); give SPICE kernels")


def _earth(epoch: Epoch) -> tuple[tuple[Vector, Vector], tuple[Vector, Vector]]:
    """Position (m) and velocity (m/s) of the Earth from the Sun, and the same from the barycentre, ICRF axes."""
    import erfa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)  # "year outside 1900-2100": epochs are checked on the way in
        from_sun, from_ssb = erfa.epv00(epoch.day, epoch.fraction)
    return _erfa_to_si(from_sun), _erfa_to_si(from_ssb)


def _erfa_to_si(state: Any) -> tuple[Vector, Vector]:
    """ERFA's position and velocity, au and au per day, in m and m/s."""
    return np.array(state["p"]) * AU_M, np.array(state["v"]) * AU_M / DAY_S


def position_from_body(body: Body, target: str, epoch: Epoch, ephemeris: Ephemeris = BUILTIN_EPHEMERIS) -> Vector:
    """Vector (3,) in m, ICRF axes, from the centre of ``body`` to ``target`` (``sun``, ``earth`` ...)."""
    return ephemeris.position(target, body.name, epoch)


def light_time_position(
    ephemeris: Ephemeris, target: str, center: str, epoch: Epoch, offset: Vector | None = None
) -> tuple[Vector, float]:
    """Where ``target`` was when the light left it that arrives at ``epoch``: vector (3,) in m, and the seconds it took.

    Counted from a point ``offset`` (3,) m from ``center``, ICRF axes, in the frame of the solar system's barycentre.
    Iterated to the end, as SPICE's ``CN``.
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
    """The unit vector (3,) in which light from unit vector ``direction`` (3,) is seen when moving at ``velocity`` m/s.

    Special relativity, without the Sun's bending of light (Urban and Seidelmann 2013, equation 7.40). ``velocity`` is
    relative to the barycentre of the solar system.
    """
    beta = np.asarray(velocity, float) / SPEED_OF_LIGHT_M_S
    along = float(direction @ beta)
    inverse_gamma = float(np.sqrt(1.0 - beta @ beta))
    seen = inverse_gamma * direction + (1.0 + along / (1.0 + inverse_gamma)) * beta
    return np.asarray(seen / np.linalg.norm(seen))


def apparent_position(
    target: str,
    center: str,
    epoch: Epoch,
    ephemeris: Ephemeris = BUILTIN_EPHEMERIS,
    offset: Vector | None = None,
    offset_velocity: Vector | None = None,
) -> Vector:
    """Where ``target`` is seen: its vector (3,) in m with light time, turned by stellar aberration (SPICE's ``CN+S``).

    The observer is at ``center``, or ``offset`` (3,) m from it and moving at ``offset_velocity`` (3,) m/s about it.
    """
    vector, _seconds = light_time_position(ephemeris, target, center, epoch, offset)
    velocity = ephemeris.velocity(center, "ssb", epoch) + (np.zeros(3) if offset_velocity is None else offset_velocity)
    distance = float(np.linalg.norm(vector))
    return distance * apply_aberration(vector / distance, velocity)


@dataclass(frozen=True)
class _MoonOrbit:
    """A precessing ellipse: km, degrees, per day; the plane's own slow motion per year. Epoch JD 2441266.5 TDB.

    Longitudes run from the B1950 equinox along the equator to the Laplace plane's node, along that plane to the
    orbit's node, then along the orbit.
    """

    semi_major_axis_km: float
    eccentricity: float
    inclination: float
    longitude: tuple[float, float, float]  # last one per year squared
    periapsis: tuple[float, float]
    node: tuple[float, float]
    plane_node: tuple[float, float]
    plane_tilt: tuple[float, float]
    wave: tuple[float, float] = (0.0, 0.0)  # amplitude in longitude, phase against the node


# Sinclair (1989), "The orbits of the satellites of Mars determined from Earth-based and spacecraft observations",
# Astronomy and Astrophysics 220, 321. The sign and phase of Deimos' wave are those that agree with Lainey et al.
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
    """Position (m) and velocity (m/s) of a moon about Mars, ICRF axes."""
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
    place, slope = _perifocal_state(orbit, np.radians((longitude - periapsis) % 360.0))
    argument = np.radians(periapsis - node - plane_node)
    to_orbit = (
        rotation_z(argument)
        @ rotation_x(np.radians(orbit.inclination))
        @ rotation_z(np.radians(node))
        @ rotation_x(np.radians(plane_tilt))
        @ rotation_z(np.radians(plane_node))
        @ np.array(erfa.pmat76(2433282.42345905, 0.0))  # J2000 equator to that of B1950
    )
    # The ellipse turns within its plane and with its node about the Laplace plane's pole; that pole's own motion,
    # 20 micrometres a second, is left out.
    anomaly_rate = longitude_rate - orbit.periapsis[1]
    pole = rotation_z(argument) @ rotation_x(np.radians(orbit.inclination))[:, 2]
    turning = orbit.node[1] * pole + (orbit.periapsis[1] - orbit.node[1]) * np.array([0.0, 0.0, 1.0])
    velocity = np.radians(anomaly_rate * slope + np.cross(turning, place)) / DAY_S
    return to_orbit.T @ place, to_orbit.T @ velocity


def _perifocal_state(orbit: _MoonOrbit, mean_anomaly: float) -> tuple[Vector, Vector]:
    """Position (m) and its change with the mean anomaly (m/rad); x to the periapsis, z along the angular momentum."""
    e, a = orbit.eccentricity, orbit.semi_major_axis_km * 1e3
    eccentric = mean_anomaly
    for _ in range(12):  # each turn wins a factor e: 0.015 and less
        eccentric = mean_anomaly + e * np.sin(eccentric)
    c, s = np.cos(eccentric), np.sin(eccentric)
    short = np.sqrt(1.0 - e * e)
    rate = 1.0 / (1.0 - e * c)
    return a * np.array([c - e, short * s, 0.0]), a * rate * np.array([-s, short * c, 0.0])
