"""Tumbling: how a body turns when nothing turns it.

Nobody steers the camera once it has left, so it keeps its angular momentum and its energy, and swings about them as its
inertia says: steadily about an axis of symmetry, and head over heels about the middle one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.orbit import integrate
from selfiesim.core.vectors import Matrix, Vector

# Two moments this near to each other are one: the axis of symmetry is then exact to a rounding.
_SYMMETRY_TOLERANCE = 1e-13
_GRID = 256  # steps of one swing in the quick way for many bodies


@dataclass(frozen=True)
class Tumble:
    """A turning body at some times.

    Attributes
    ----------
    attitude : (..., 4) array
        Unit quaternions (x, y, z, w), scalar last, of the rotation ``icrf_to_body``
        (:func:`selfiesim.core.vectors.quaternion`); neighbours in time have like signs.
    rate : (..., 3) array
        Angular velocity in body axes, rad/s.
    """

    attitude: Vector
    rate: Vector


def inertia_tensor(inertia: Vector) -> Matrix:
    """The inertia tensor (3, 3), kg m2, of three principal moments (3,) or of itself (3, 3), once it is a body's.

    Raises
    ------
    ValueError
        When the tensor is not symmetric, or no body has such moments: each is positive, and none is more than the other
        two together. The message names the principal moments.
    """
    tensor = np.asarray(inertia, float)
    tensor = np.diag(tensor) if tensor.shape == (3,) else tensor
    if tensor.shape != (3, 3) or not np.all(np.isfinite(tensor)):
        raise ValueError("an inertia is three principal moments or a 3x3 tensor of numbers")
    if not np.allclose(tensor, tensor.T, rtol=0.0, atol=1e-9 * np.max(np.abs(tensor))):
        raise ValueError("the inertia tensor is not symmetric")
    moments = np.linalg.eigvalsh(tensor)
    named = ", ".join(f"{moment:.6g}" for moment in moments)
    if moments[0] <= 0.0:
        raise ValueError(f"no body has the principal moments {named} kg m2: each must be positive")
    # A flat plate has equality, and its numbers are rounded.
    if moments[2] > (moments[0] + moments[1]) * (1.0 + 1e-9):
        raise ValueError(
            f"no body has the principal moments {named} kg m2: the largest exceeds the sum of the other two"
        )
    return np.asarray(0.5 * (tensor + tensor.T))


def tumble(inertia: Vector, attitude: Vector, rate: Vector, seconds: float | Vector) -> Tumble:
    """Torque-free motion of a rigid body (Landau and Lifshitz, Mechanics, sections 33 and 36).

    A body with an axis of symmetry is solved in closed form; any other is integrated by DOP853 with a step error of
    2.3e-14 and then set back onto its energy and angular momentum, which are kept to a few roundings for ever.

    Parameters
    ----------
    inertia : (3,) or (3, 3) array
        Principal moments along the body axes, or the tensor in body axes, kg m2.
    attitude : (4,) array
        Quaternion (x, y, z, w) of ``icrf_to_body`` at the start, of any length but 0.
    rate : (3,) array
        Angular velocity at the start in body axes, rad/s.
    seconds : float or (T,) array
        Times since the start, forward or back, in any order.

    Returns
    -------
    Tumble
        Attitude (4,) and rate (3,), or (T, 4) and (T, 3) for an array of times.

    Raises
    ------
    ValueError
        When no body has such an inertia, or the quaternion is 0.
    """
    tensor = inertia_tensor(inertia)
    start = np.asarray(attitude, float)
    if not np.linalg.norm(start) > 0.0:
        raise ValueError("a quaternion of length 0 is no attitude")
    start = start / np.linalg.norm(start)
    moments, axes = _principal(tensor)
    turning = axes.T @ np.asarray(rate, float)
    times = np.asarray(seconds, float)
    moment_gaps = np.abs(moments[[1, 2, 0]] - moments[[2, 0, 1]])
    distinct_axis = int(np.argmin(moment_gaps))
    if moment_gaps[distinct_axis] <= _SYMMETRY_TOLERANCE * moments.max():
        turn, later = _solve_symmetric(moments, distinct_axis, turning, times)
    else:
        turn, later = _integrate_asymmetric(moments, turning, times)
    # turn is told in principal axes: from those of the start to those of the moment.
    turn = np.concatenate([turn[..., :3] @ axes.T, turn[..., 3:]], axis=-1)
    return Tumble(_quaternion_product(turn, start), later @ axes.T)


def tumble_many(inertia: Vector, attitudes: Vector, rates: Vector, seconds: Vector) -> Tumble:
    """:func:`tumble` for N bodies alike in inertia, each with its own start: thousands at once, to 1e-6 rad.

    The rates are Jacobi's elliptic functions. The turn about the angular momentum is a periodic swing on a steady
    turn (Whittaker 1937, section 69), summed over one swing by Fourier's series and interpolated.

    Parameters
    ----------
    inertia : (3,) or (3, 3) array
        As for :func:`tumble`.
    attitudes : (N, 4) array
        Quaternions (x, y, z, w) of ``icrf_to_body`` at the start.
    rates : (N, 3) array
        Angular velocities at the start in body axes, rad/s.
    seconds : (N, T) array
        Times since the start of each.

    Returns
    -------
    Tumble
        Attitude (N, T, 4) and rate (N, T, 3).

    Raises
    ------
    ValueError
        As :func:`tumble`.
    """
    tensor = inertia_tensor(inertia)
    starts = np.asarray(attitudes, float)
    sizes = np.linalg.norm(starts, axis=-1, keepdims=True)
    if not np.all(sizes > 0.0):
        raise ValueError("a quaternion of length 0 is no attitude")
    moments, axes = _principal(tensor)
    turning, times = np.asarray(rates, float) @ axes, np.asarray(seconds, float)
    moment_gaps = np.abs(moments[[1, 2, 0]] - moments[[2, 0, 1]])
    distinct_axis = int(np.argmin(moment_gaps))
    if moment_gaps[distinct_axis] <= _SYMMETRY_TOLERANCE * moments.max():
        turn, later = _solve_symmetric(moments, distinct_axis, turning[:, None], times)
    else:
        turn, later = _solve_asymmetric_many(moments, turning, times)
    turn = np.concatenate([turn[..., :3] @ axes.T, turn[..., 3:]], axis=-1)
    return Tumble(_quaternion_product(turn, (starts / sizes)[:, None]), later @ axes.T)


def _principal(tensor: Matrix) -> tuple[Vector, Matrix]:
    """Principal moments (3,) and their axes in columns, right-handed."""
    if np.count_nonzero(tensor - np.diag(np.diag(tensor))) == 0:
        return np.diag(tensor), np.eye(3)
    moments, axes = np.linalg.eigh(tensor)
    if np.linalg.det(axes) < 0.0:
        axes[:, 0] *= -1.0
    return moments, axes


def _solve_symmetric(moments: Vector, distinct_axis: int, rate: Vector, times: Vector) -> tuple[Vector, Vector]:
    """Turn (..., 4) and rate (..., 3) of a top: its axis circles the angular momentum while it spins about itself."""
    axial = moments[distinct_axis]
    across = 0.5 * (moments.sum() - axial)
    axis = np.eye(3)[distinct_axis]
    momentum = np.where(axis > 0.0, axial, across) * rate
    spin = (1.0 - axial / across) * rate[..., distinct_axis, None]
    spinning = _quaternion_from_rotation_vector(-spin * times[..., None] * axis)
    return _quaternion_product(
        spinning, _quaternion_from_rotation_vector(-times[..., None] / across * momentum)
    ), _rotate_vectors(spinning, rate)


def _integrate_asymmetric(moments: Vector, rate: Vector, times: Vector) -> tuple[Vector, Vector]:
    """Turn (..., 4) and rate (..., 3) by integrating Euler's equations and the quaternion, in turns of the body."""
    speed = float(np.linalg.norm(rate))
    if speed == 0.0:
        return np.broadcast_to([0.0, 0.0, 0.0, 1.0], (*times.shape, 4)), np.broadcast_to(rate, (*times.shape, 3))
    a, b, c = (float(x) for x in (moments[[1, 2, 0]] - moments[[2, 0, 1]]) / moments)

    def motion(_time: float, y: Vector) -> Vector:
        p, q, r, i, j, k, w = y.tolist()
        # The frame turns with the body, so what stands still turns the other way in it: half of (-rate, 0) times it.
        return np.array(
            [
                a * q * r,
                b * r * p,
                c * p * q,
                0.5 * (r * j - q * k - w * p),
                0.5 * (p * k - r * i - w * q),
                0.5 * (q * i - p * j - w * r),
                0.5 * (p * i + q * j + r * k),
            ]
        )

    y = integrate(motion, np.array([*(rate / speed), 0.0, 0.0, 0.0, 1.0]), times * speed, rtol=2.3e-14)
    later = _project_onto_invariants(moments, rate, speed * y[..., :3])
    return _align_to_momentum(moments * rate, moments * later, y[..., 3:]), later


def _solve_asymmetric_many(moments: Vector, rates: Vector, times: Vector) -> tuple[Vector, Vector]:
    """Turns (N, T, 4) and rates (N, T, 3) of bodies with three unlike moments, from rates (N, 3)."""
    turn, later = np.zeros((*times.shape, 4)), np.zeros((*times.shape, 3))
    turn[..., 3] = 1.0  # what stands still
    least, middle, most = np.argsort(moments)
    # Twice the energy times the middle moment, less the square of the momentum: its sign tells which axis is circled.
    excess = (rates**2) @ (moments * (moments[middle] - moments))
    scale = (rates**2) @ moments**2
    for distinct_axis, far in ((most, least), (least, most)):
        sign = 1.0 if distinct_axis == least else -1.0
        picked = np.flatnonzero((sign * excess > 1e-9 * scale) & (scale > 0.0))
        if len(picked):
            order = np.array([far, middle, distinct_axis])
            turn[picked], later[picked] = _solve_elliptic(moments, order, rates[picked], times[picked])
    # Between the two the swing takes for ever, and the series with it.
    for k in np.flatnonzero((np.abs(excess) <= 1e-9 * scale) & (scale > 0.0)):
        turn[k], later[k] = _integrate_asymmetric(moments, rates[k], times[k])
    return turn, later


def _solve_elliptic(moments: Vector, order: NDArray[np.intp], rates: Vector, times: Vector) -> tuple[Vector, Vector]:
    """Turns (N, T, 4) and rates (N, T, 3) of bodies whose momentum circles the last axis of ``order``."""
    from scipy.special import ellipj, ellipkinc

    i1, i2, i3 = moments[order]
    p, q, r = rates[:, order].T
    parity = 1.0 if (order[1] - order[0]) % 3 == 1 else -1.0
    side = np.where(r < 0.0, -1.0, 1.0)
    momentum = np.sqrt((i1 * p) ** 2 + (i2 * q) ** 2 + (i3 * r) ** 2)
    # L^2 - 2 E I3 and L^2 - 2 E I1, without the subtraction.
    off_last = i1 * (i1 - i3) * p**2 + i2 * (i2 - i3) * q**2
    off_first = i2 * (i2 - i1) * q**2 + i3 * (i3 - i1) * r**2
    first, second, last = (
        np.sqrt(np.maximum(a, 0.0))
        for a in (off_last / (i1 * (i1 - i3)), off_last / (i2 * (i2 - i3)), off_first / (i3 * (i3 - i1)))
    )
    m = np.clip(off_last * (i1 - i2) / (off_first * (i3 - i2)), 0.0, 1.0)
    phase_rate = parity * side * (i3 - i1) / i2 * last * np.sqrt(i2 * (i2 - i3) / (i1 * (i1 - i3)))
    start = ellipkinc(np.arctan2(q * np.sqrt(i2 * abs(i2 - i3)), p * np.sqrt(i1 * abs(i1 - i3))), m)
    phase = start[:, None] + phase_rate[:, None] * times
    sn, cn, dn, _ = ellipj(phase, m[:, None])
    later = np.empty((*times.shape, 3))
    later[..., order] = np.stack([first[:, None] * cn, second[:, None] * sn, (side * last)[:, None] * dn], axis=-1)
    energy = i1 * p**2 + i2 * q**2 + i3 * r**2  # twice
    angle = _precession_angle(energy / momentum, last, i3 / momentum, m, phase_rate, phase, start, times)
    along = moments * later / momentum[:, None, None]
    return _attitude_from_momenta(moments * rates / momentum[:, None], along, order[2], side, angle), later


def _precession_angle(
    steady: Vector,
    last: Vector,
    share: Vector,
    m: Vector,
    phase_rate: Vector,
    phase: Vector,
    start: Vector,
    times: Vector,
) -> Vector:
    """How far (N, T) the body has turned about its angular momentum, rad.

    Against the frame that goes the shortest way with the momentum, its speed is (2 E / L + w) / (1 + I w / L), w being
    the size of the rate about the axis that the momentum circles: periodic in the phase.
    """
    from scipy.special import ellipj, ellipk

    period = 2.0 * ellipk(m)
    grid = np.arange(_GRID) / _GRID
    w = last[:, None] * ellipj(grid * period[:, None], m[:, None])[2]
    speed = (steady[:, None] + w) / (1.0 + share[:, None] * w)
    mean = speed.mean(axis=1)
    waves = np.fft.rfft(speed, axis=1)
    number = np.arange(waves.shape[1])
    waves[:, 0] = waves[:, -1] = 0.0
    waves[:, 1:] /= 2j * np.pi * number[1:]
    # Both over the phase in periods; the swing in time follows by the pace.
    swing, slope = np.fft.irfft(waves, n=_GRID, axis=1), (speed - mean[:, None]) / _GRID
    now, before = (_interpolate_periodic(swing, slope, where / period[:, None]) for where in (phase, start[:, None]))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(phase_rate == 0.0, 0.0, period / phase_rate)
    return np.asarray(mean[:, None] * times + scale[:, None] * (now - before))


def _interpolate_periodic(value: Vector, slope: Vector, where: Vector) -> Vector:
    """Cubic between values and slopes (N, G) on an even grid over one period, at ``where`` (N, T) in periods."""
    place = (where % 1.0) * _GRID
    left = np.minimum(place.astype(int), _GRID - 1)
    s, right = place - left, (left + 1) % _GRID
    t = 1.0 - s
    a, b, da, db = (
        np.take_along_axis(table, index, axis=1)
        for table, index in ((value, left), (value, right), (slope, left), (slope, right))
    )
    return np.asarray(t * t * ((1.0 + 2.0 * s) * a + s * da) + s * s * ((1.0 + 2.0 * t) * b - t * db))


def _attitude_from_momenta(before: Vector, now: Vector, distinct_axis: int, side: Vector, angle: Vector) -> Vector:
    """Turns (N, T, 4) that carry momenta ``before`` (N, 3) to ``now`` (N, T, 3), both unit, with a turn about them."""
    axis = side[:, None] * np.eye(3)[distinct_axis]
    there = _shortest_rotation(np.broadcast_to(axis[:, None], now.shape), now)
    back = _shortest_rotation(before, axis)[:, None]
    return _quaternion_product(
        there, _quaternion_product(back, _quaternion_from_rotation_vector(-angle[..., None] * before[:, None]))
    )


def _shortest_rotation(start: Vector, end: Vector) -> Vector:
    """Quaternions (..., 4) of the shortest turn from unit vectors to others less than a right angle away."""
    whole = np.concatenate([np.cross(start, end), 1.0 + np.sum(start * end, axis=-1, keepdims=True)], axis=-1)
    return np.asarray(whole / np.linalg.norm(whole, axis=-1, keepdims=True))


def _project_onto_invariants(moments: Vector, start: Vector, later: Vector) -> Vector:
    """Rates (..., 3) set back onto the energy and angular momentum of ``start`` (3,), by one step of Newton's."""
    share = moments / moments.max()
    weights = np.stack([share, share**2])  # rows: twice the energy, the square of the momentum
    missing = (start**2 - later**2) @ weights.T
    slopes = 2.0 * weights * later[..., None, :]
    # The smallest step does it. Where the two surfaces nearly touch, at a steady spin, only their common slope counts.
    return np.asarray(later + np.einsum("...ij,...j->...i", np.linalg.pinv(slopes, rcond=1e-4), missing))


def _align_to_momentum(before: Vector, now: Vector, turn: Vector) -> Vector:
    """Turns (..., 4) set back so that they carry the momentum ``before`` (3,) onto ``now`` (..., 3)."""
    turn = turn / np.linalg.norm(turn, axis=-1, keepdims=True)
    carried = _rotate_vectors(turn, before)
    # The shortest turn from one direction to a nearly equal one.
    off = np.cross(now, carried) / np.sum(now * carried, axis=-1, keepdims=True)
    return _quaternion_product(_quaternion_from_rotation_vector(-off), turn)


def _quaternion_from_rotation_vector(vector: Vector) -> Vector:
    """Quaternions (..., 4) of turns about ``vector`` (..., 3) by its length, rad."""
    angle = np.linalg.norm(vector, axis=-1, keepdims=True)
    # Not numpy's sinc: its pi, there and back, costs digits after thousands of turns.
    return np.concatenate(
        [np.sin(0.5 * angle) / np.where(angle > 0.0, angle, 1.0) * vector, np.cos(0.5 * angle)], axis=-1
    )


def _quaternion_product(second: Vector, first: Vector) -> Vector:
    """Quaternions (..., 4) of ``first`` and then ``second``."""
    v, w, u, s = second[..., :3], second[..., 3:], first[..., :3], first[..., 3:]
    scalar = w * s - np.sum(v * u, axis=-1, keepdims=True)
    return np.concatenate([w * u + s * v + np.cross(v, u), scalar], axis=-1)


def _rotate_vectors(turn: Vector, vector: Vector) -> Vector:
    """``vector`` (..., 3) turned by quaternions (..., 4)."""
    v, w = turn[..., :3], turn[..., 3:]
    twice = 2.0 * np.cross(v, vector)
    return np.asarray(vector + w * twice + np.cross(v, twice))
