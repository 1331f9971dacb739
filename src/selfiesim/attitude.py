"""How the craft is turned: two body axes, each toward something in the sky.

The first axis points exactly, the second as nearly as the first allows: the way flight rules are written
("-Z to the Sun, Earth in the XZ plane").
"""

from __future__ import annotations

import numpy as np

from selfiesim import ephemeris
from selfiesim.bodies import Body
from selfiesim.epoch import Epoch
from selfiesim.frames import Matrix, Vector, axes_from_two, unit
from selfiesim.orbit import State

TARGETS = ("sun", "earth", "nadir", "zenith", "velocity", "orbit-normal")


def target_direction(target: str, body: Body, epoch: Epoch, host: State) -> Vector:
    """Unit vector (3,) in ICRF axes from the craft toward one of :data:`TARGETS`.

    ``host`` is the craft's state about ``body`` in ICRF axes.
    """
    if target in ("sun", "earth"):
        return unit(ephemeris.from_body(body, target, epoch) - host.position)
    directions = {
        "nadir": -host.position,
        "zenith": host.position,
        "velocity": host.velocity,
        "orbit-normal": np.cross(host.position, host.velocity),
    }
    return unit(directions[target])


def icrf_to_body(primary_axis: Vector, primary: Vector, secondary_axis: Vector, secondary: Vector) -> Matrix:
    """The attitude that turns ``primary_axis`` (body) onto ``primary`` (ICRF) and ``secondary_axis`` near ``secondary``.

    Raises
    ------
    ValueError
        When the two axes, or the two directions, are parallel.
    """
    return axes_from_two(primary_axis, secondary_axis).T @ axes_from_two(primary, secondary)


def joint_angle(axis: Vector, zero: Vector, target: Vector) -> float:
    """Angle (rad) about ``axis`` that brings ``zero`` as near to ``target`` as one hinge can; body axes, (3,) each.

    A target along the axis leaves the joint where it is.
    """
    axis = unit(axis)
    from_ = np.asarray(zero, float) - np.dot(zero, axis) * axis
    toward = np.asarray(target, float) - np.dot(target, axis) * axis
    if min(np.linalg.norm(from_), np.linalg.norm(toward)) < 1e-9:
        return 0.0
    return float(np.arctan2(np.dot(np.cross(from_, toward), axis), np.dot(from_, toward)))
