"""Tumbling: torque-free rotation of a rigid body.

The released camera has no attitude control, so it keeps its angular momentum and rotational energy. With an axis of
symmetry it precesses steadily; rotation about the intermediate axis is unstable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from selfiesim.astro.orbit import integrate
from selfiesim.core.limits import TUMBLE_STEPS
from selfiesim.core.vectors import Matrix, Vector, cross

# Two principal moments this close count as equal; the error is below a rounding.
_SYMMETRY_TOLERANCE = 1e-13
_GRID = 256  # nodes per period of the interpolated precession in tumble_many


@dataclass(frozen=True)
class Tumble:
    """Attitude and rotation rate of a body at some times.

    Attributes
    ----------
    attitude : (..., 4) array
        Unit quaternions (x, y, z, w), scalar last, of the rotation ``icrf_to_body``
        (:func:`selfiesim.core.vectors.quaternion`), with continuous signs in time.
    rate : (..., 3) array
        Angular velocity in body axes, rad/s.
    """

    attitude: Vector
    rate: Vector


def inertia_tensor(inertia: Vector) -> Matrix:
    """Validate principal moments (3,) or an inertia tensor (3, 3), kg m2, and return the tensor (3, 3).

    Raises
    ------
    ValueError
        The tensor is not symmetric, a principal moment is not positive, or one exceeds the sum of the other two. The
        message gives the principal moments.
    """
    tensor = np.asarray(inertia, float)
    tensor = np.diag(tensor) if tensor.shape == (3,) else tensor
    if tensor.shape != (3, 3) or not np.all(np.isfinite(tensor)):
        raise ValueError("the inertia must be three principal moments or a 3x3 tensor of finite numbers")
    if not np.allclose(tensor, tensor.T, rtol=0.0, atol=1e-9 * np.max(np.abs(tensor))):
        raise ValueError("the inertia tensor is not symmetric")
    moments = np.linalg.eigvalsh(tensor)
    listed = ", ".join(f"{moment:.6g}" for moment in moments)
    if moments[0] <= 0.0:
        raise ValueError(f"no body has the principal moments {listed} kg m2: each must be positive")
    # A flat plate reaches equality, and its moments may be rounded.
    if moments[2] > (moments[0] + moments[1]) * (1.0 + 1e-9):
        raise ValueError(
            f"no body has the principal moments {listed} kg m2: the largest exceeds the sum of the other two"
        )
    return np.asarray(0.5 * (tensor + tensor.T))


def tumble(inertia: Vector, attitude: Vector, rate: Vector, seconds: float | Vector) -> Tumble:
    """Propagate the torque-free rotation of a rigid body (Landau and Lifshitz, Mechanics, sections 33 and 36).

    A body with an axis of symmetry has a closed-form solution. Any other is integrated by DOP853 with a step error of
    2.3e-14 and then projected onto its energy and angular momentum, which are conserved to a few roundings at any time.

    Parameters
    ----------
    inertia : (3,) or (3, 3) array
        Principal moments along the body axes, or the tensor in body axes, kg m2.
    attitude : (4,) array
        Quaternion (x, y, z, w) of ``icrf_to_body`` at the start, of any length but 0.
    rate : (3,) array
        Angular velocity at the start in body axes, rad/s.
    seconds : float or (T,) array
        Times since the start, positive or negative, in any order.

    Returns
    -------
    Tumble
        Attitude (4,) and rate (3,), or (T, 4) and (T, 3) for an array of times.

    Raises
    ------
    ValueError
        The inertia is impossible, or the quaternion is 0.
    """
    start = np.asarray(attitude, float)
    start = _normalized(start, np.linalg.norm(start))
    moments, axes = _principal_axes(inertia_tensor(inertia))
    in_principal = axes.T @ np.asarray(rate, float)
    times = np.asarray(seconds, float)
    symmetry_axis = _symmetry_axis(moments)
    if symmetry_axis is not None:
        rotation, later = _solve_symmetric(moments, symmetry_axis, in_principal, times)
    else:
        rotation, later = _integrate_asymmetric(moments, in_principal, times)
    return _to_body_axes(axes, rotation, later, start)


def tumble_many(inertia: Vector, attitudes: Vector, rates: Vector, seconds: Vector) -> Tumble:
    """Propagate N bodies of equal inertia, as :func:`tumble` does one: for thousands at once, accurate to 1e-6 rad.

    The rates are Jacobi's elliptic functions. The precession about the angular momentum is a uniform rotation plus a
    periodic part (Whittaker 1937, section 69), which is integrated over one period by Fourier series and interpolated.

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
    starts = np.asarray(attitudes, float)
    starts = _normalized(starts, np.linalg.norm(starts, axis=-1, keepdims=True))
    moments, axes = _principal_axes(inertia_tensor(inertia))
    in_principal, times = np.asarray(rates, float) @ axes, np.asarray(seconds, float)
    symmetry_axis = _symmetry_axis(moments)
    if symmetry_axis is not None:
        rotation, later = _solve_symmetric(moments, symmetry_axis, in_principal[:, None], times)
    else:
        rotation, later = _solve_asymmetric_many(moments, in_principal, times)
    return _to_body_axes(axes, rotation, later, starts[:, None])


def _normalized(quaternions: Vector, lengths: Any) -> Vector:
    if not np.all(lengths > 0.0):
        raise ValueError("a quaternion of length 0 is not an attitude")
    return np.asarray(quaternions / lengths)


def _symmetry_axis(moments: Vector) -> int | None:
    """Return the index of the axis of symmetry, whose two other moments are equal, or None."""
    gaps = np.abs(moments[[1, 2, 0]] - moments[[2, 0, 1]])
    axis = int(np.argmin(gaps))
    return axis if gaps[axis] <= _SYMMETRY_TOLERANCE * moments.max() else None


def _to_body_axes(axes: Matrix, rotation: Vector, rates: Vector, start: Vector) -> Tumble:
    """Convert rotations (..., 4) since the start and rates (..., 3) from principal axes, and apply the start."""
    in_body = np.concatenate([rotation[..., :3] @ axes.T, rotation[..., 3:]], axis=-1)
    return Tumble(_quaternion_product(in_body, start), rates @ axes.T)


def _principal_axes(tensor: Matrix) -> tuple[Vector, Matrix]:
    """Return the principal moments (3,) and their axes as columns (3, 3), right-handed."""
    if np.count_nonzero(tensor - np.diag(np.diag(tensor))) == 0:
        return np.diag(tensor), np.eye(3)
    moments, axes = np.linalg.eigh(tensor)
    if np.linalg.det(axes) < 0.0:
        axes[:, 0] *= -1.0
    return moments, axes


def _solve_symmetric(moments: Vector, symmetry_axis: int, rate: Vector, times: Vector) -> tuple[Vector, Vector]:
    """Return rotation (..., 4) and rate (..., 3) of a symmetric top: spin about its axis plus uniform precession."""
    axial = moments[symmetry_axis]
    across = 0.5 * (moments.sum() - axial)
    axis = np.eye(3)[symmetry_axis]
    momentum = np.where(axis > 0.0, axial, across) * rate
    spin = (1.0 - axial / across) * rate[..., symmetry_axis, None]
    spinning = _quaternion_from_rotation_vector(-spin * times[..., None] * axis)
    return _quaternion_product(
        spinning, _quaternion_from_rotation_vector(-times[..., None] / across * momentum)
    ), _rotate_vectors(spinning, rate)


def _integrate_asymmetric(moments: Vector, rate: Vector, times: Vector) -> tuple[Vector, Vector]:
    """Integrate Euler's equations and the quaternion; return rotation (..., 4) and rate (..., 3).

    The rate is in units of its initial size, and the time in units of its inverse.
    """
    speed = float(np.linalg.norm(rate))
    if speed == 0.0:
        return np.broadcast_to([0.0, 0.0, 0.0, 1.0], (*times.shape, 4)), np.broadcast_to(rate, (*times.shape, 3))
    a, b, c = (float(x) for x in (moments[[1, 2, 0]] - moments[[2, 0, 1]]) / moments)

    def motion(_time: float, y: Vector) -> Vector:
        p, q, r, i, j, k, w = y.tolist()
        # The frame rotates with the body, so the quaternion changes by half of (-rate, 0) times itself.
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

    y = integrate(motion, np.array([*(rate / speed), 0.0, 0.0, 0.0, 1.0]), times * speed, 2.3e-14, TUMBLE_STEPS)
    later = _project_onto_invariants(moments, rate, speed * y[..., :3])
    return _align_to_momentum(moments * rate, moments * later, y[..., 3:]), later


def _solve_asymmetric_many(moments: Vector, rates: Vector, times: Vector) -> tuple[Vector, Vector]:
    """Return rotations (N, T, 4) and rates (N, T, 3) of bodies with three different moments, from rates (N, 3)."""
    rotation, later = np.zeros((*times.shape, 4)), np.zeros((*times.shape, 3))
    rotation[..., 3] = 1.0  # the identity, for bodies at rest
    least, middle, most = np.argsort(moments)
    # Twice the energy times the middle moment, minus the squared momentum. Its sign determines the precession axis, the
    # principal axis that circles the angular momentum.
    excess = (rates**2) @ (moments * (moments[middle] - moments))
    scale = (rates**2) @ moments**2
    for precession_axis, opposite in ((most, least), (least, most)):
        sign = 1.0 if precession_axis == least else -1.0
        selected = np.flatnonzero((sign * excess > 1e-9 * scale) & (scale > 0.0))
        if len(selected):
            order = np.array([opposite, middle, precession_axis])
            rotation[selected], later[selected] = _solve_elliptic(moments, order, rates[selected], times[selected])
    # On the separatrix between the two the period is infinite and the series does not converge.
    for k in np.flatnonzero((np.abs(excess) <= 1e-9 * scale) & (scale > 0.0)):
        rotation[k], later[k] = _integrate_asymmetric(moments, rates[k], times[k])
    return rotation, later


def _solve_elliptic(moments: Vector, order: NDArray[np.intp], rates: Vector, times: Vector) -> tuple[Vector, Vector]:
    """Return rotations (N, T, 4) and rates (N, T, 3) of bodies that precess about the last axis of ``order``."""
    from scipy.special import ellipj, ellipkinc

    i1, i2, i3 = moments[order]
    p, q, r = rates[:, order].T
    parity = 1.0 if (order[1] - order[0]) % 3 == 1 else -1.0
    side = np.where(r < 0.0, -1.0, 1.0)
    momentum = np.sqrt((i1 * p) ** 2 + (i2 * q) ** 2 + (i3 * r) ** 2)
    # L^2 - 2 E I3 and L^2 - 2 E I1, without cancellation.
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
    twice_energy = i1 * p**2 + i2 * q**2 + i3 * r**2
    angle = _precession_angle(twice_energy / momentum, last, i3 / momentum, m, phase_rate, phase, start, times)
    along = moments * later / momentum[:, None, None]
    return _attitude_from_momenta(moments * rates / momentum[:, None], along, order[2], side, angle), later


# Long for its signature and docstring.
def _precession_angle(
    steady: Vector,
    last: Vector,
    inertia_share: Vector,
    m: Vector,
    phase_rate: Vector,
    phase: Vector,
    start: Vector,
    times: Vector,
) -> Vector:
    """Return the rotation angle (N, T) of the body about its angular momentum, rad.

    It is measured from the frame that follows the momentum by the shortest rotation. The speed is then
    (2 E / L + w) / (1 + I w / L), with w the size of the rate about the precession axis, and periodic in the phase.

    Parameters
    ----------
    steady, last, inertia_share : (N,) array
        2 E / L, the largest rate about the precession axis, and I / L.
    m : (N,) array
        Parameter of the elliptic functions.
    phase_rate, phase, start : (N,), (N, T) and (N,) array
        Argument of the elliptic functions: its rate, its values and its initial value.
    times : (N, T) array
        Seconds since the start.
    """
    from scipy.special import ellipj, ellipk

    period = 2.0 * ellipk(m)
    grid = np.arange(_GRID) / _GRID
    w = last[:, None] * ellipj(grid * period[:, None], m[:, None])[2]
    speed = (steady[:, None] + w) / (1.0 + inertia_share[:, None] * w)
    mean = speed.mean(axis=1)
    harmonics = np.fft.rfft(speed, axis=1)
    order = np.arange(harmonics.shape[1])
    harmonics[:, 0] = harmonics[:, -1] = 0.0
    harmonics[:, 1:] /= 2j * np.pi * order[1:]
    # Integral and slope are per period of the phase; scale converts them to seconds.
    integral, slope = np.fft.irfft(harmonics, n=_GRID, axis=1), (speed - mean[:, None]) / _GRID
    now, before = (_interpolate_periodic(integral, slope, at / period[:, None]) for at in (phase, start[:, None]))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.where(phase_rate == 0.0, 0.0, period / phase_rate)
    return np.asarray(mean[:, None] * times + scale[:, None] * (now - before))


def _interpolate_periodic(value: Vector, slope: Vector, at: Vector) -> Vector:
    """Interpolate by cubic Hermite: values and slopes (N, G) uniform over one period, at ``at`` (N, T) periods."""
    position = (at % 1.0) * _GRID
    left = np.minimum(position.astype(int), _GRID - 1)
    s, right = position - left, (left + 1) % _GRID
    t = 1.0 - s
    a, b, da, db = (
        np.take_along_axis(table, index, axis=1)
        for table, index in ((value, left), (value, right), (slope, left), (slope, right))
    )
    return np.asarray(t * t * ((1.0 + 2.0 * s) * a + s * da) + s * s * ((1.0 + 2.0 * t) * b - t * db))


def _attitude_from_momenta(before: Vector, now: Vector, precession_axis: int, side: Vector, angle: Vector) -> Vector:
    """Return rotations (N, T, 4) that carry unit momenta ``before`` (N, 3) to ``now`` (N, T, 3).

    Each includes a rotation about the momentum by ``angle`` (N, T), rad.
    """
    axis = side[:, None] * np.eye(3)[precession_axis]
    from_axis = _shortest_rotation(np.broadcast_to(axis[:, None], now.shape), now)
    to_axis = _shortest_rotation(before, axis)[:, None]
    return _quaternion_product(
        from_axis, _quaternion_product(to_axis, _quaternion_from_rotation_vector(-angle[..., None] * before[:, None]))
    )


def _shortest_rotation(start: Vector, end: Vector) -> Vector:
    """Return quaternions (..., 4) of the shortest rotation between unit vectors less than a right angle apart."""
    q = np.concatenate([cross(start, end), 1.0 + np.sum(start * end, axis=-1, keepdims=True)], axis=-1)
    return np.asarray(q / np.linalg.norm(q, axis=-1, keepdims=True))


def _project_onto_invariants(moments: Vector, start: Vector, later: Vector) -> Vector:
    """Correct rates (..., 3) to the energy and angular momentum of ``start`` (3,) by one Newton step."""
    scaled = moments / moments.max()
    weights = np.stack([scaled, scaled**2])  # rows: twice the energy, the squared momentum
    missing = (start**2 - later**2) @ weights.T
    gradients = 2.0 * weights * later[..., None, :]
    # The step of least length. Where the two surfaces are nearly tangent, at a steady spin, the pseudo-inverse keeps
    # only their common gradient.
    return np.asarray(later + np.einsum("...ij,...j->...i", np.linalg.pinv(gradients, rcond=1e-4), missing))


def _align_to_momentum(before: Vector, now: Vector, rotation: Vector) -> Vector:
    """Correct rotations (..., 4) so that they carry the momentum ``before`` (3,) to ``now`` (..., 3)."""
    rotation = rotation / np.linalg.norm(rotation, axis=-1, keepdims=True)
    carried = _rotate_vectors(rotation, before)
    # The shortest rotation between two nearly equal directions.
    off = cross(now, carried) / np.sum(now * carried, axis=-1, keepdims=True)
    return _quaternion_product(_quaternion_from_rotation_vector(-off), rotation)


def _quaternion_from_rotation_vector(vector: Vector) -> Vector:
    """Return quaternions (..., 4) of rotations about ``vector`` (..., 3) by its length, rad."""
    angle = np.linalg.norm(vector, axis=-1, keepdims=True)
    # Not numpy's sinc: multiplying and dividing by pi loses digits after thousands of revolutions.
    return np.concatenate(
        [np.sin(0.5 * angle) / np.where(angle > 0.0, angle, 1.0) * vector, np.cos(0.5 * angle)], axis=-1
    )


def _quaternion_product(second: Vector, first: Vector) -> Vector:
    """Return the quaternions (..., 4) of the rotation ``first`` followed by ``second``."""
    v, w, u, s = second[..., :3], second[..., 3:], first[..., :3], first[..., 3:]
    scalar = w * s - np.sum(v * u, axis=-1, keepdims=True)
    return np.concatenate([w * u + s * v + cross(v, u), scalar], axis=-1)


def _rotate_vectors(rotation: Vector, vector: Vector) -> Vector:
    """Rotate ``vector`` (..., 3) by quaternions (..., 4)."""
    v, w = rotation[..., :3], rotation[..., 3:]
    twice = 2.0 * cross(v, vector)
    return np.asarray(vector + w * twice + cross(v, twice))
