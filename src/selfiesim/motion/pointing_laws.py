"""Pointing laws: an attitude from two body axes and two targets, and joint angles toward a target.

The primary axis points exactly and the secondary as closely as the primary allows, as in flight rules such as "-Z to
the Sun, Earth in the XZ plane".
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from selfiesim.astro import ephemeris
from selfiesim.astro.bodies import Body
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.orbit import State
from selfiesim.core.vectors import Matrix, Vector, cross, triad_axes, unit

TARGETS = ("sun", "earth", "nadir", "zenith", "velocity", "orbit-normal", "north", "east")


def target_direction(
    target: str,
    body: Body,
    epoch: Epoch,
    host: State,
    almanac: ephemeris.Ephemeris = ephemeris.BUILTIN_EPHEMERIS,
    up: Vector | None = None,
) -> Vector:
    """Return the unit vector (3,) in ICRF axes from the craft toward one of :data:`TARGETS`.

    Parameters
    ----------
    target : str
        One of :data:`TARGETS`.
    body : Body
        The central body.
    epoch : Epoch
        The time.
    host : State
        The craft's state relative to ``body`` in ICRF axes.
    almanac : Ephemeris
        The source of geometric positions of Sun and Earth, without light time and aberration.
    up : (3,) array, optional
        The zenith; by default away from the body's centre.
    """
    if target in ("sun", "earth"):
        return unit(ephemeris.position_from_body(body, target, epoch, almanac) - host.position)
    zenith = unit(host.position) if up is None else up
    if target in ("north", "east"):
        east = unit(cross(icrf_to_bodyfixed(body, epoch)[2], zenith))
        return east if target == "east" else cross(zenith, east)
    directions = {
        "nadir": -zenith,
        "zenith": zenith,
        "velocity": host.velocity,
        "orbit-normal": cross(host.position, host.velocity),
    }
    return unit(directions[target])


def icrf_to_body(primary_axis: Vector, primary: Vector, secondary_axis: Vector, secondary: Vector) -> Matrix:
    """Return the attitude (3, 3) that points two body axes (3,) toward two ICRF directions (3,).

    ``primary_axis`` points exactly along ``primary``, ``secondary_axis`` as closely as possible along ``secondary``.

    Raises
    ------
    ValueError
        The two axes, or the two directions, are parallel.
    """
    return triad_axes(primary_axis, secondary_axis).T @ triad_axes(primary, secondary)


def joint_angles(
    axes: Sequence[Vector],
    zero: Vector,
    target: Vector,
    limits: Sequence[tuple[float, float]] | None = None,
) -> tuple[float, ...]:
    """Return the angles (rad) of a joint that point it as closely as possible toward ``target``.

    With two axes, the inner rotation sets the angle to the outer axis and the outer rotation the azimuth about it. Of
    the two solutions, the one with the smaller inner angle is taken.

    Parameters
    ----------
    axes : sequence of (3,) array
        One or two rotation axes, the outer first, body axes.
    zero, target : (3,) array
        The pointing direction at zero angles and the target, body axes.
    limits : sequence of tuple of float, optional
        Lower and upper limit of each angle, rad, applied to the solution.
    """
    outer, zero, target = unit(axes[0]), unit(zero), unit(target)
    angles = [hinge_angle(outer, zero, target)]
    if len(axes) == 2:
        inner = unit(axes[1])
        along = np.dot(inner, zero) * inner
        across, normal = zero - along, cross(inner, zero)
        # Solve outer . (along + across cos b + normal sin b) = outer . target for b, as closely as the axis allows.
        c, s = float(outer @ across), float(outer @ normal)
        reach = np.hypot(c, s)
        inner_angle = 0.0
        if reach > 1e-12:
            spread = float(np.arccos(np.clip((outer @ target - outer @ along) / reach, -1.0, 1.0)))
            middle = float(np.arctan2(s, c))
            inner_angle = min(_wrap_angle(middle + spread), _wrap_angle(middle - spread), key=abs)
        rotated = along + across * np.cos(inner_angle) + normal * np.sin(inner_angle)
        angles = [hinge_angle(outer, rotated, target), inner_angle]
    if limits:
        angles = [float(np.clip(angle, *bounds)) for angle, bounds in zip(angles, limits, strict=True)]
    return tuple(angles)


def _wrap_angle(angle: float) -> float:
    return float((angle + np.pi) % (2.0 * np.pi) - np.pi)


def hinge_angle(axis: Vector, zero: Vector, target: Vector) -> float:
    """Return the angle (rad) about ``axis`` that brings ``zero`` closest to ``target``; (3,) each, body axes.

    For a target along the axis it is 0.
    """
    axis = unit(axis)
    from_ = np.asarray(zero, float) - np.dot(zero, axis) * axis
    toward = np.asarray(target, float) - np.dot(target, axis) * axis
    if min(np.linalg.norm(from_), np.linalg.norm(toward)) < 1e-9:
        return 0.0
    return float(np.arctan2(np.dot(cross(from_, toward), axis), np.dot(from_, toward)))
