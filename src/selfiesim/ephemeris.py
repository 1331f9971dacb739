"""Where the Sun and the planets are, from ERFA alone, without a data file.

Mars: Simon et al. (1994) mean elements with perturbations (``erfa.plan94``). Earth: VSOP2000 (``erfa.epv00``).
Seen from Mars between 2000 and 2050, the Sun stands within 27 and the Earth within 52 arcseconds of DE421, in the
median within 5. Geometric directions: light time and aberration (together up to half an arcminute at Mars) are left
out, far below what a picture shows.
"""

from __future__ import annotations

import warnings

import numpy as np

from selfiesim.bodies import AU_M, Body
from selfiesim.epoch import DAY_S, Epoch
from selfiesim.frames import Vector, icrf_to_bodyfixed, unit

_PLAN94_NUMBER = {"mars": 4}


def sun_to_body(name: str, epoch: Epoch) -> tuple[Vector, Vector]:
    """Heliocentric position (m) and velocity (m/s) of ``earth`` or ``mars`` in ICRF axes, each (3,)."""
    import erfa

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)  # "year outside 1900-2100": epochs are checked on the way in
        if name == "earth":
            state, _barycentric = erfa.epv00(epoch.day, epoch.fraction)
        else:
            state = erfa.plan94(epoch.day, epoch.fraction, _PLAN94_NUMBER[name])
    return np.array(state["p"]) * AU_M, np.array(state["v"]) * AU_M / DAY_S


def from_body(body: Body, target: str, epoch: Epoch) -> Vector:
    """Vector (3,) in m, ICRF axes, from the centre of ``body`` to ``sun`` or ``earth``."""
    origin = sun_to_body(body.name, epoch)[0]
    return -origin if target == "sun" else sun_to_body(target, epoch)[0] - origin


def solar_longitude(body: Body, epoch: Epoch) -> float:
    """Ls, the planetocentric longitude of the Sun (rad, [0, 2 pi)): 0 at northern spring, pi/2 at northern summer.

    Counted in the orbit plane of the moment from the ascending node of that plane's Sun path on the body's equator.
    """
    position, velocity = sun_to_body(body.name, epoch)
    pole = icrf_to_bodyfixed(body, epoch)[2]
    orbit_normal = unit(np.cross(position, velocity))
    equinox = unit(np.cross(pole, orbit_normal))  # where the Sun, seen from the planet, crosses the equator northward
    sun = -unit(position)
    return float(np.arctan2(np.dot(np.cross(equinox, sun), orbit_normal), np.dot(equinox, sun)) % (2.0 * np.pi))
