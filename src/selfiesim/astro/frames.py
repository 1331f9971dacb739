"""Rotations between frames, as 3x3 matrices named ``from_to``: ``v_to = from_to @ v_from``.

ICRF            the celestial frame everything is kept in
body-fixed      turns with the planet; z to the IAU north pole, x to the prime meridian
mars-inertial   GMAT's "MarsInertial": z to the Mars pole of J2000, x along the ascending node of the Mars equator on
                the ICRF equator, not turning
equator-of-date z to a body's pole at some epoch, x on the ascending node of its equator there, not turning
ecliptic        x to the equinox and z to the pole of the ecliptic of J2000 (SPICE's ECLIPJ2000)
RTN             radial (up), transverse (along the motion), normal (along the angular momentum) of an orbit
body            fixed to the craft (its model says how)
camera          x right, y down, z forward, as OpenCV has it
"""

from __future__ import annotations

import numpy as np

from selfiesim.astro.bodies import Body
from selfiesim.astro.epoch import Epoch
from selfiesim.core.vectors import Matrix, Vector, rotation_x, rotation_z, unit

# Mars pole of the "MarsInertial" frame, degrees (IAU 2009 constants at J2000, as GMAT has them).
_MARS_INERTIAL_POLE_DEG = (317.68143, 52.88650)

# Of the ecliptic of J2000, 84381.448 arcseconds (IAU 1976; SPICE's ECLIPJ2000).
_OBLIQUITY = float(np.radians(84381.448 / 3600.0))


def icrf_to_equator(pole_ra_deg: float, pole_dec_deg: float) -> Matrix:
    """ICRF to axes with z to the given pole and x on the ascending node of its equator."""
    return np.asarray(rotation_x(np.radians(90.0 - pole_dec_deg)) @ rotation_z(np.radians(pole_ra_deg + 90.0)))


def icrf_to_bodyfixed(body: Body, epoch: Epoch) -> Matrix:
    """ICRF to the body-fixed frame of ``body`` at ``epoch`` (IAU 2015)."""
    pole_ra, pole_dec, meridian = body.rotation_deg(epoch)
    return rotation_z(np.radians(meridian)) @ icrf_to_equator(pole_ra, pole_dec)


def icrf_to_inertial(frame: str, body: Body | None = None, epoch: Epoch | None = None) -> Matrix:
    """ICRF to one of the non-turning frames an orbit may be written in.

    ``icrf``, ``ecliptic``, ``mars-inertial``, or ``equator-of-date``: that of ``body`` at ``epoch``.

    Raises
    ------
    ValueError
        For another name.
    """
    if frame == "icrf":
        return np.eye(3)
    if frame == "ecliptic":
        return rotation_x(_OBLIQUITY)
    if frame == "mars-inertial":
        return icrf_to_equator(*_MARS_INERTIAL_POLE_DEG)
    if frame == "equator-of-date" and body is not None and epoch is not None:
        pole_ra, pole_dec, _meridian = body.rotation_deg(epoch)
        return icrf_to_equator(pole_ra, pole_dec)
    raise ValueError(f"unknown inertial frame {frame!r}")


def icrf_to_rtn(position: Vector, velocity: Vector) -> Matrix:
    """ICRF to radial, transverse, normal of the orbit through ``position`` and ``velocity`` (3,)."""
    radial = unit(position)
    normal = unit(np.cross(position, velocity))
    return np.array([radial, np.cross(normal, radial), normal])


def direction_to_lonlat(direction: Vector) -> tuple[float, float]:
    """Planetocentric east longitude [0, 2 pi) and latitude of a body-fixed direction (3,), radians."""
    x, y, z = direction
    return float(np.arctan2(y, x) % (2.0 * np.pi)), float(np.arctan2(z, np.hypot(x, y)))
