"""Rotations between frames, as 3x3 matrices named ``from_to``: ``v_to = from_to @ v_from``.

ICRF            the celestial reference frame, in which all states are kept
body-fixed      rotates with the planet: z to the IAU north pole, x to the prime meridian
mars-inertial   GMAT's "MarsInertial", inertial: z to the Mars pole of J2000, x along the ascending node of the Mars
                equator on the ICRF equator
equator-of-date inertial: z to a body's pole at an epoch, x along the ascending node of its equator on the ICRF equator;
                Tianwen-1's telemetry about Mars is in these axes (design/cruise_path.py)
ecliptic        inertial: x to the equinox and z to the ecliptic pole of J2000 (SPICE's ECLIPJ2000)
RTN             radial (up), transverse (along the motion) and normal (along the angular momentum) of an orbit
body            fixed to the craft, as defined by its model
camera          x right, y down, z forward, as in OpenCV
"""

from __future__ import annotations

import numpy as np

from selfiesim.astro.bodies import Body
from selfiesim.astro.epoch import Epoch
from selfiesim.core.vectors import Matrix, Vector, cross, rotation_x, rotation_z, unit

# Mars pole of the "MarsInertial" frame, degrees (IAU 2009 constants at J2000, as in GMAT).
_MARS_INERTIAL_POLE_DEG = (317.68143, 52.88650)

# Obliquity of the ecliptic at J2000, 84381.448 arcseconds (IAU 1976; SPICE's ECLIPJ2000), in rad.
_OBLIQUITY = float(np.radians(84381.448 / 3600.0))


def icrf_to_equator(pole_ra_deg: float | Vector, pole_dec_deg: float | Vector) -> Matrix:
    """Return the rotations (..., 3, 3) from ICRF to axes with z to a pole and x to the node of its equator."""
    return np.asarray(rotation_x(np.radians(90.0 - pole_dec_deg)) @ rotation_z(np.radians(pole_ra_deg + 90.0)))


def icrf_to_bodyfixed(body: Body, epoch: Epoch) -> Matrix:
    """Return the rotation (3, 3) from ICRF to the body-fixed frame of ``body`` at ``epoch``."""
    pole_ra, pole_dec, meridian = body.rotation_deg(epoch)
    return rotation_z(np.radians(meridian)) @ icrf_to_equator(pole_ra, pole_dec)


def icrf_to_bodyfixed_at(body: Body, days: Vector) -> Matrix:
    """Return the rotations (N, 3, 3) of :func:`icrf_to_bodyfixed` at TDB days (N,) since J2000."""
    pole_ra, pole_dec, meridian = (np.broadcast_to(angle, days.shape) for angle in body.rotation_deg_at(days))
    return np.asarray(rotation_z(np.radians(meridian)) @ icrf_to_equator(pole_ra, pole_dec))


def icrf_to_inertial(frame: str, body: Body | None = None, epoch: Epoch | None = None) -> Matrix:
    """Return the rotation (3, 3) from ICRF to an inertial frame of orbital elements.

    Parameters
    ----------
    frame : str
        ``icrf``, ``ecliptic``, ``mars-inertial`` or ``equator-of-date``.
    body, epoch : optional
        The body and the date of ``equator-of-date``.

    Raises
    ------
    ValueError
        The frame is unknown.
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
    """Return the rotation (3, 3) from ICRF to RTN axes of the orbit through ``position`` and ``velocity`` (3,)."""
    radial = unit(position)
    normal = unit(cross(position, velocity))
    return np.array([radial, cross(normal, radial), normal])


def direction_to_lonlat(direction: Vector) -> tuple[float, float]:
    """Return the planetocentric east longitude, in [0, 2 pi), and latitude of a body-fixed direction (3,), rad."""
    x, y, z = direction
    return float(np.arctan2(y, x) % (2.0 * np.pi)), float(np.arctan2(z, np.hypot(x, y)))
