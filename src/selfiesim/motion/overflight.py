"""The orbit that is over a place at a local time: the elements that ``[orbit] over`` asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from selfiesim.astro.bodies import Body
from selfiesim.astro.ephemeris import Ephemeris
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.frames import icrf_to_bodyfixed, icrf_to_equator
from selfiesim.astro.galilean_moons import GALILEAN_MOONS
from selfiesim.astro.mars_time import solar_longitude, true_solar_time
from selfiesim.astro.orbit import Elements, State, period, state_to_elements
from selfiesim.astro.outer_moons import OUTER_MOONS
from selfiesim.core.errors import EphemerisError, SceneError
from selfiesim.core.vectors import Vector, unit
from selfiesim.motion.roots import find_root

_SAMPLES = 400  # of each window in which a local time or a season is sought
_DOUBLINGS = 6  # of that window from one rotation: Mercury's solar day is three of them
_SEASON_TOLERANCE = np.radians(2.0)  # half a Martian day changes Ls by 0.3 degrees
_REACH_TOLERANCE = 1e-9
_MOONS = ("moon", "phobos", "deimos", *GALILEAN_MOONS, *OUTER_MOONS)


@dataclass(frozen=True)
class Overflight:
    """What is asked of an orbit over a place; angles in rad.

    Attributes
    ----------
    latitude, longitude : float
        The place, planetocentric, east-positive.
    altitude_m : float
        Height of the craft above the ellipsoid there.
    inclination : float
        To the equator of the date.
    eccentricity : float
        Of the orbit, whose periapsis is over the place.
    northbound : bool
        Whether the craft flies north there.
    local_time_h : float, optional
        Local true solar time of the place.
    sun_elevation : float, optional
        Elevation of the Sun at the place, in the morning; instead of the local time.
    season : float, optional
        Ls near which the moment is sought.
    """

    latitude: float
    longitude: float
    altitude_m: float
    inclination: float
    eccentricity: float = 0.0
    northbound: bool = True
    local_time_h: float | None = None
    sun_elevation: float | None = None
    season: float | None = None


def find_overflight(wanted: Overflight, body: Body, ephemeris: Ephemeris, near: Epoch) -> tuple[Epoch, Elements]:
    """Return the moment over the place nearest to ``near``, and the elements then, in ``equator-of-date`` axes.

    Raises
    ------
    SceneError
        The inclination does not reach the latitude, the Sun does not reach the elevation, or the season and the local
        time do not come together; the message gives the nearest that does.
    """
    argument, node_offset = _place_on_orbit(wanted)
    epoch = near if wanted.season is None else _season_epoch(wanted.season, body, ephemeris, near)
    if wanted.local_time_h is not None:
        epoch = _local_time_epoch(wanted, wanted.local_time_h, body, ephemeris, epoch)
    elif wanted.sun_elevation is not None:
        epoch = _sun_elevation_epoch(wanted, wanted.sun_elevation, body, ephemeris, epoch)
    _check_season(wanted, body, ephemeris, epoch)
    pole_ra, pole_dec, _meridian = body.rotation_deg(epoch)
    overhead = icrf_to_equator(pole_ra, pole_dec) @ icrf_to_bodyfixed(body, epoch).T @ _direction(wanted)
    right_ascension = float(np.arctan2(overhead[1], overhead[0]))
    ground = float(1.0 / np.linalg.norm(_direction(wanted) / np.array(body.radii_m)))
    elements = Elements(
        semi_major_axis=(ground + wanted.altitude_m) / (1.0 - wanted.eccentricity),
        eccentricity=wanted.eccentricity,
        inclination=wanted.inclination,
        raan=float((right_ascension - node_offset) % (2.0 * np.pi)),
        arg_periapsis=argument,
        true_anomaly=0.0,
    )
    return epoch, elements


def _direction(wanted: Overflight) -> Vector:
    across = np.cos(wanted.latitude)
    return np.array([across * np.cos(wanted.longitude), across * np.sin(wanted.longitude), np.sin(wanted.latitude)])


def _place_on_orbit(wanted: Overflight) -> tuple[float, float]:
    """Return the argument of latitude over the place, and its right ascension from the ascending node; rad."""
    reach = min(wanted.inclination, np.pi - wanted.inclination)
    if abs(wanted.latitude) > reach + _REACH_TOLERANCE:
        latitude, tilt = np.degrees([abs(wanted.latitude), wanted.inclination])
        side = "north" if wanted.latitude > 0.0 else "south"
        nearest = latitude if tilt <= 90.0 else 180.0 - latitude
        raise SceneError(
            f"inclination_deg: an orbit inclined by {tilt:g} degrees never reaches {latitude:.2f} degrees {side}; the "
            f"nearest inclination that does is {nearest:.2f}"
        )
    sine = np.clip(np.sin(wanted.latitude) / np.sin(wanted.inclination), -1.0, 1.0) if reach > 0.0 else 0.0
    argument = float(np.arcsin(sine))
    if not wanted.northbound:
        argument = np.pi - argument
    node_offset = float(np.arctan2(np.cos(wanted.inclination) * np.sin(argument), np.cos(argument)))
    return argument % (2.0 * np.pi), node_offset


def _season_epoch(season: float, body: Body, ephemeris: Ephemeris, near: Epoch) -> Epoch:
    """Return the time of an Ls nearest to ``near``."""
    if body.name in _MOONS:
        raise SceneError(f"ls_deg: seasons are those of a planet, and {body.name} is a moon; give epoch_utc alone")
    try:
        state = State(ephemeris.position(body.name, "sun", near), ephemeris.velocity(body.name, "sun", near))
        year = period(state_to_elements(state, GM_SUN_M3_S2), GM_SUN_M3_S2)
        times = np.linspace(-0.51, 0.51, _SAMPLES + 1) * year
        function = _wrapped(lambda t: solar_longitude(body, near + t, ephemeris) - season)
        roots = _roots(function, times)
    except (ValueError, EphemerisError) as error:
        raise SceneError(
            f"ls_deg: no season is known for {body.name} near {near.utc()}; give epoch_utc alone"
        ) from error
    if not roots:
        raise SceneError(f"ls_deg: {np.degrees(season):g} does not occur within a year of {near.utc()}")
    return near + min(roots, key=abs)


def _check_season(wanted: Overflight, body: Body, ephemeris: Ephemeris, epoch: Epoch) -> None:
    """Refuse a local time that comes at another season, on a body whose day is a good part of its year."""
    if wanted.season is None:
        return
    found = solar_longitude(body, epoch, ephemeris)
    if abs((found - wanted.season + np.pi) % (2.0 * np.pi) - np.pi) > _SEASON_TOLERANCE:
        raise SceneError(
            f"ls_deg: a day on {body.name} is so long that the local time nearest to Ls {np.degrees(wanted.season):g} "
            f"comes at Ls {np.degrees(found):.1f}; ask for that, or leave out one of the two"
        )


def _local_time_epoch(wanted: Overflight, hours: float, body: Body, ephemeris: Ephemeris, near: Epoch) -> Epoch:
    def function(t: float) -> float:
        return (true_solar_time(body, near + t, wanted.longitude, ephemeris) - hours) * np.pi / 12.0

    roots = _nearest_roots(_wrapped(function), body)
    if not roots:
        raise SceneError(f"local_time_h: {hours:g} does not occur on {body.name} near {near.utc()}")
    return near + min(roots, key=abs)


def _sun_elevation_epoch(wanted: Overflight, elevation: float, body: Body, ephemeris: Ephemeris, near: Epoch) -> Epoch:
    """Return the time nearest to ``near`` at which the rising Sun is at an elevation."""
    normal = unit(_direction(wanted) / np.array(body.radii_m) ** 2)

    def height(t: float) -> float:
        to_sun = icrf_to_bodyfixed(body, near + t) @ ephemeris.position("sun", body.name, near + t)
        return float(np.arcsin(np.clip(normal @ unit(to_sun), -1.0, 1.0)))

    roots = _nearest_roots(lambda t: height(t) - elevation, body, rising=True)
    if roots:
        return near + min(roots, key=abs)
    day = np.linspace(-1.5, 1.5, 3 * _SAMPLES) * _rotation_s(body)
    heights = np.degrees([height(t) for t in day])
    low, high = np.ceil(100.0 * heights.min()) / 100.0, np.floor(100.0 * heights.max()) / 100.0
    raise SceneError(
        f"sun_elevation_deg: the Sun does not pass {np.degrees(elevation):g} degrees there near {near.utc()}; the "
        f"nearest elevation that it does is {np.clip(np.degrees(elevation), low, high):.2f}"
    )


def _nearest_roots(function: Callable[[float], float], body: Body, rising: bool = False) -> list[float]:
    """Return the roots within the smallest window about 0 that has any, in seconds."""
    half = 0.55 * _rotation_s(body)
    for _ in range(_DOUBLINGS):
        if roots := _roots(function, np.linspace(-half, half, _SAMPLES + 1), rising):
            return roots
        half *= 2.0
    return []


def _rotation_s(body: Body) -> float:
    """Return the sidereal day, s; of a body that does not rotate, a day."""
    return 360.0 / abs(body.meridian.rate) * DAY_S if body.meridian.rate else DAY_S


def _roots(function: Callable[[float], float], times: Vector, rising: bool = False) -> list[float]:
    values = [function(float(t)) for t in times]
    return [
        find_root(function, float(times[k]), float(times[k + 1]), 1e-6)
        for k in range(len(values) - 1)
        if values[k] * values[k + 1] <= 0.0
        and abs(values[k + 1] - values[k]) < np.pi  # the jump of a wrapped angle is not a root
        and (values[k] < values[k + 1] or not rising)
    ]


def _wrapped(angle: Callable[[float], float]) -> Callable[[float], float]:
    """Return the angle (rad) in [-pi, pi)."""
    return lambda t: (angle(t) + np.pi) % (2.0 * np.pi) - np.pi
