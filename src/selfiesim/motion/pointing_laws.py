"""How the craft is turned: two body axes, each toward something in the sky.

The first axis points exactly, the second as nearly as the first allows: the way flight rules are written
("-Z to the Sun, Earth in the XZ plane").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfiesim.astro import ephemeris
from selfiesim.astro.bodies import Body
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.orbit import State
from selfiesim.core.vectors import Matrix, Vector, triad_axes, unit

TARGETS = ("sun", "earth", "nadir", "zenith", "velocity", "orbit-normal", "north", "east")


def target_direction(
    target: str,
    body: Body,
    epoch: Epoch,
    host: State,
    almanac: ephemeris.Ephemeris = ephemeris.BUILTIN_EPHEMERIS,
    up: Vector | None = None,
) -> Vector:
    """Unit vector (3,) in ICRF axes from the craft toward one of :data:`TARGETS`.

    Parameters
    ----------
    host : State
        The craft's state about ``body`` in ICRF axes.
    almanac : Ephemeris
        Where Sun and Earth are; geometric directions, without light time and aberration.
    up : (3,) array, optional
        What zenith and nadir are told by, when it is not the line from the body's centre.
    """
    if target in ("sun", "earth"):
        return unit(ephemeris.position_from_body(body, target, epoch, almanac) - host.position)
    zenith = unit(host.position) if up is None else up
    if target in ("north", "east"):
        east = unit(np.cross(icrf_to_bodyfixed(body, epoch)[2], zenith))
        return east if target == "east" else np.cross(zenith, east)
    directions = {
        "nadir": -zenith,
        "zenith": zenith,
        "velocity": host.velocity,
        "orbit-normal": np.cross(host.position, host.velocity),
    }
    return unit(directions[target])


def icrf_to_body(primary_axis: Vector, primary: Vector, secondary_axis: Vector, secondary: Vector) -> Matrix:
    """The attitude with ``primary_axis`` (body) on ``primary`` (ICRF) and ``secondary_axis`` near ``secondary``.

    Raises
    ------
    ValueError
        When the two axes, or the two directions, are parallel.
    """
    return triad_axes(primary_axis, secondary_axis).T @ triad_axes(primary, secondary)


def joint_angles(
    axes: Sequence[Vector],
    zero: Vector,
    target: Vector,
    limits: Sequence[tuple[float, float]] | None = None,
) -> tuple[float, ...]:
    """Angles (rad) about one or two axes (the outer first) that bring ``zero`` as near to ``target`` as they can.

    Body axes, (3,) each. With two axes, turning the inner one sets the angle to the outer axis and the outer one does
    the rest; of the two solutions the smaller turn is taken. ``limits`` (rad) bound each angle at the end.
    """
    outer, zero, target = unit(axes[0]), unit(zero), unit(target)
    angles = [hinge_angle(outer, zero, target)]
    if len(axes) == 2:
        inner = unit(axes[1])
        along = np.dot(inner, zero) * inner
        across, square = zero - along, np.cross(inner, zero)
        # outer . (along + across cos b + square sin b) = outer . target, as near as the hinge allows.
        c, s = float(outer @ across), float(outer @ square)
        reach = np.hypot(c, s)
        turn = 0.0
        if reach > 1e-12:
            spread = float(np.arccos(np.clip((outer @ target - outer @ along) / reach, -1.0, 1.0)))
            middle = float(np.arctan2(s, c))
            turn = min(_wrap_angle(middle + spread), _wrap_angle(middle - spread), key=abs)
        turned = along + across * np.cos(turn) + square * np.sin(turn)
        angles = [hinge_angle(outer, turned, target), turn]
    if limits:
        angles = [float(np.clip(angle, *bounds)) for angle, bounds in zip(angles, limits, strict=True)]
    return tuple(angles)


def _wrap_angle(angle: float) -> float:
    return float((angle + np.pi) % (2.0 * np.pi) - np.pi)


def hinge_angle(axis: Vector, zero: Vector, target: Vector) -> float:
    """Angle (rad) about ``axis`` that brings ``zero`` as near to ``target`` as one hinge can; body axes, (3,) each.

    A target along the axis leaves the hinge where it is.
    """
    axis = unit(axis)
    from_ = np.asarray(zero, float) - np.dot(zero, axis) * axis
    toward = np.asarray(target, float) - np.dot(target, axis) * axis
    if min(np.linalg.norm(from_), np.linalg.norm(toward)) < 1e-9:
        return 0.0
    return float(np.arctan2(np.dot(np.cross(from_, toward), axis), np.dot(from_, toward)))
