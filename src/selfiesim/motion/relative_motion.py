"""The path after the release: craft and camera each on its own orbit, and the difference between them.

Exact two-body motion (:func:`relative_state`, and :func:`propagate_cloud` for thousands of releases), motion under further forces
(:func:`relative_state_perturbed`), and the two closed forms of the trade, good to first order in the distance over the
radius of the orbit: :func:`clohessy_wiltshire` from a circle and :func:`yamanaka_ankersen` from any ellipse.

The closed forms speak RTN: radial, transverse and normal (:func:`selfiesim.astro.frames.icrf_to_rtn`), six numbers, the
velocity as it is seen in those axes, which turn with the craft.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from selfiesim.astro.forces import ZonalHarmonics, tidal_acceleration, zonal_acceleration
from selfiesim.astro.frames import icrf_to_rtn
from selfiesim.astro.orbit import Acceleration, State, integrate, lagrange_coefficients, propagate, propagate_many
from selfiesim.core.vectors import Matrix, Vector

_CHUNK = 1 << 16  # of releases times instants, in cloud: half a megabyte an array stays in the processor's cache


def relative_state(host: State, camera: State, seconds: float, gm: float) -> State:
    """Camera minus craft, ``seconds`` after both states were given: position (m) and velocity (m/s), same axes.

    Both are moved by the exact two-body motion and subtracted. Two doubles of 4e6 m leave about 1e-8 m, so the
    millimetres of a 20 m drift are safe.
    """
    craft_later = propagate(host, seconds, gm)
    camera_later = propagate(camera, seconds, gm)
    return State(
        camera_later.position - craft_later.position,
        camera_later.velocity - craft_later.velocity,
    )


def propagate_cloud(host: State, states: Vector, times: Vector, gm: float) -> Vector:
    """Where many cameras are from the craft, as :func:`relative_state` has it for one.

    Parameters
    ----------
    host : State
        The craft.
    states : (N, 6) array
        Positions and velocities of the cameras about the planet at the same instant
        (:func:`selfiesim.motion.ejection.sample_camera_states`).
    times : (T,) array
        Seconds after that instant.

    Returns
    -------
    (N, T, 3) array
        Camera minus craft, m, in the axes of the states.

    Raises
    ------
    ValueError
        When one of the states is not on an ellipse.
    """
    times = np.asarray(times, float)
    one = np.concatenate([host.position, host.velocity])
    f, g, _f_dot, _g_dot = (part[:, None] for part in lagrange_coefficients(one, times, gm))
    craft = f * host.position + g * host.velocity
    relative = np.empty((len(states), len(times), 3))
    for rows in np.array_split(np.arange(len(states)), max(1, states.shape[0] * times.size // _CHUNK)):
        some = states[rows, None]
        f, g, _f_dot, _g_dot = lagrange_coefficients(some, times, gm, near=one)
        for axis in range(3):
            relative[rows, :, axis] = f * some[..., axis] + g * some[..., 3 + axis] - craft[:, axis]
    return relative


def relative_state_perturbed(
    host: State,
    camera: State,
    seconds: float | Vector,
    gm: float,
    acceleration: Acceleration,
    camera_acceleration: Acceleration | None = None,
    rtol: float = 1e-13,
) -> State:
    """Camera minus craft under further forces, the difference itself integrated (after Encke).

    The difference has its own scale and its own error control, and the planet's pull on it is formed without
    cancellation, so that what is lost is lost from the metres of the drift and not from the size of the orbit.

    Parameters
    ----------
    seconds : float or (T,) array
        Times after both states were given, forward or back, in any order.
    acceleration : callable
        ``acceleration(seconds, position (3,)) -> (3,)`` in m/s2 on the craft beside central gravity
        (:mod:`selfiesim.astro.forces`).
    camera_acceleration : callable, optional
        The same for the camera, when it differs: sunlight pushes a light body harder.
    rtol : float
        Error allowed in one step, relative to the orbit for the craft and to the drift for the difference.

    Returns
    -------
    State
        Position and velocity, (3,) each, or (T, 3) for an array of times.

    Raises
    ------
    ArithmeticError
        When the integrator cannot go on.
    """
    on_camera = camera_acceleration or acceleration
    length = float(np.linalg.norm(host.position))
    time_unit = float(np.sqrt(length**3 / gm))
    offset, speed = camera.position - host.position, camera.velocity - host.velocity
    # A nanometre, so that two bodies at one place under unlike forces have a scale too.
    reach = float(np.linalg.norm(offset) + np.linalg.norm(speed) * time_unit) + 1e-9
    pull, drift_acceleration_scale = time_unit * time_unit / length, time_unit * time_unit / reach

    def motion(time: float, y: Vector) -> Vector:
        r, d = y[0:3], y[6:9]
        place, now = length * r, time * time_unit
        apart = place + reach * d
        craft_pull = acceleration(now, place)
        host_change = -r / float(r @ r) ** 1.5 + pull * craft_pull
        change = tidal_acceleration(r, d * (reach / length), 1.0) * (length / reach) + drift_acceleration_scale * (
            on_camera(now, apart) - craft_pull
        )
        return np.concatenate([y[3:6], host_change, y[9:12], change])

    start = np.concatenate(
        [host.position / length, host.velocity * time_unit / length, offset / reach, speed * time_unit / reach]
    )
    y = integrate(motion, start, np.asarray(seconds) / time_unit, rtol)
    return State(y[..., 6:9] * reach, y[..., 9:12] * (reach / time_unit))


def relative_state_along_path(
    path: Callable[[float], Vector], relative: State, seconds: float, gm: float, field: ZonalHarmonics, pole: Vector
) -> State:
    """Camera minus craft when the craft's path is given, not its forces: only the difference is integrated.

    What moves the two apart is the tide of the planet, its flattening included; all else is taken to act on both alike.

    Parameters
    ----------
    path : callable
        ``path(seconds) -> (3,)``: the craft from the planet's centre, m, ICRF axes.
    relative : State
        Camera minus craft at 0 s.
    field, pole : Zonals, (3,) array
        The planet's flattening and its north pole, ICRF axes.

    Raises
    ------
    ArithmeticError
        When the integrator cannot go on.
    """
    length = float(np.linalg.norm(path(0.0)))
    time_unit = float(np.sqrt(length**3 / gm))
    reach = float(np.linalg.norm(relative.position) + np.linalg.norm(relative.velocity) * time_unit) + 1e-9

    def motion(time: float, y: Vector) -> Vector:
        place, apart = path(time * time_unit), reach * y[:3]
        pull = tidal_acceleration(place, apart, gm)
        # The flattening's share is a thousandth of the tide: the difference of two such numbers loses nothing felt.
        pull = pull + zonal_acceleration(place + apart, field, pole) - zonal_acceleration(place, field, pole)
        return np.concatenate([y[3:], time_unit * time_unit / reach * pull])

    start = np.concatenate([relative.position / reach, relative.velocity * time_unit / reach])
    y = integrate(motion, start, np.asarray(seconds) / time_unit, 1e-11)
    return State(y[:3] * reach, y[3:] * (reach / time_unit))


def relative_to_rtn(host: State, relative: State) -> Vector:
    """A relative state in non-turning axes as six numbers in RTN: place (m), and velocity (m/s) as seen there."""
    to_rtn, turning = _rtn_axes(host)
    position = to_rtn @ relative.position
    return np.concatenate([position, to_rtn @ relative.velocity - np.cross(turning, position)])


def rtn_to_relative(host: State, relative_rtn: Vector) -> State:
    """The reverse of :func:`relative_to_rtn`."""
    to_rtn, turning = _rtn_axes(host)
    position, velocity = relative_rtn[:3], relative_rtn[3:]
    return State(to_rtn.T @ position, to_rtn.T @ (velocity + np.cross(turning, position)))


def _rtn_axes(host: State) -> tuple[Matrix, Vector]:
    """The axes of a two-body orbit, and how fast they turn (3,), rad/s, in themselves."""
    momentum = np.linalg.norm(np.cross(host.position, host.velocity))
    return icrf_to_rtn(host.position, host.velocity), np.array([0.0, 0.0, momentum / (host.position @ host.position)])


def clohessy_wiltshire(relative_rtn: Vector, seconds: float | Vector, mean_motion: float) -> Vector:
    """Drift from a craft on a circle, to first order (Clohessy and Wiltshire 1960; Vallado, section 6.8).

    Parameters
    ----------
    relative_rtn : (..., 6) array
        Place (m) and velocity (m/s) in RTN at the start.
    seconds : float or (T...) array
        Times since.
    mean_motion : float
        Of the craft, rad/s.

    Returns
    -------
    (..., T..., 6) array
        The same in the RTN axes of each time.
    """
    n = mean_motion
    angle = n * np.asarray(seconds, float)
    s, c = np.sin(angle), np.cos(angle)
    less = 2.0 * np.sin(angle / 2.0) ** 2  # 1 - cos, whole for short times
    matrix = np.zeros((*angle.shape, 6, 6))
    rows = {
        (0, 0): 1.0 + 3.0 * less, (0, 3): s / n, (0, 4): 2.0 * less / n,
        (1, 0): 6.0 * (s - angle), (1, 1): 1.0, (1, 3): -2.0 * less / n, (1, 4): (4.0 * s - 3.0 * angle) / n,
        (2, 2): c, (2, 5): s / n,
        (3, 0): 3.0 * n * s, (3, 3): c, (3, 4): 2.0 * s,
        (4, 0): -6.0 * n * less, (4, 3): -2.0 * s, (4, 4): 1.0 - 4.0 * less,
        (5, 2): -n * s, (5, 5): c,
    }  # fmt: skip
    for (row, column), value in rows.items():
        matrix[..., row, column] = value
    return np.tensordot(relative_rtn, matrix, axes=([-1], [-1]))


def yamanaka_ankersen(relative_rtn: Vector, host: State, seconds: float | Vector, gm: float) -> Vector:
    """Drift from a craft on any ellipse, to first order.

    Yamanaka and Ankersen, New state transition matrix for relative motion on an arbitrary elliptical orbit, Journal of
    Guidance, Control, and Dynamics 25 (2002) 60-66; their x is our transverse, their z our radial turned about.

    Parameters
    ----------
    relative_rtn : (..., 6) array
        Place (m) and velocity (m/s) in RTN at the start.
    host : State
        The craft at the start (from elements: :func:`selfiesim.astro.orbit.elements_to_state`).
    seconds : float or (T...) array
        Times since.

    Returns
    -------
    (..., T..., 6) array
        The same in the RTN axes of each time.

    Raises
    ------
    ValueError
        When the craft is not on an ellipse.
    """
    seconds = np.asarray(seconds, float)
    start = np.concatenate([host.position, host.velocity])
    momentum = float(np.linalg.norm(np.cross(host.position, host.velocity)))
    e, anomaly0, anomaly = _true_anomalies(start, propagate_many(start, seconds, gm), momentum, gm)
    rate = gm**2 / momentum**3  # of the true anomaly, over (1 + e cos)^2
    begin = _to_anomaly(e, anomaly0, rate)
    whole = _fundamental(e, anomaly, rate * seconds) @ _fundamental_inverse(e, anomaly0)
    matrix = _from_anomaly(e, anomaly, rate) @ whole @ begin
    return np.tensordot(relative_rtn, matrix, axes=([-1], [-1]))


def _true_anomalies(start: Vector, later: Vector, momentum: float, gm: float) -> tuple[float, float, Vector]:
    """Eccentricity, the true anomaly (rad) of a state (6,), and those of later ones (..., 6) within half a turn."""
    r, v = start[:3], start[3:]
    radius = float(np.linalg.norm(r))
    e_cos, e_sin = momentum**2 / (gm * radius) - 1.0, momentum * float(r @ v) / (gm * radius)
    anomaly = float(np.arctan2(e_sin, e_cos))
    # Counted on by the angle between the places: on a circle the start is arbitrary, but the way from it is not.
    normal = np.cross(r, v) / momentum
    return (
        float(np.hypot(e_cos, e_sin)),
        anomaly,
        anomaly + np.arctan2(np.cross(r, later[..., :3]) @ normal, later[..., :3] @ r),
    )


def _to_anomaly(e: float, anomaly: float, rate: float) -> Matrix:
    """From place and velocity to place times rho = 1 + e cos and its derivative by the true anomaly: (6, 6)."""
    rho, e_sin = 1.0 + e * np.cos(anomaly), e * np.sin(anomaly)
    matrix = np.zeros((6, 6))
    for k in range(3):
        matrix[k, k] = rho
        matrix[k + 3, k] = -e_sin
        matrix[k + 3, k + 3] = 1.0 / (rate * rho)
    return matrix


def _from_anomaly(e: float, anomaly: Vector, rate: float) -> Matrix:
    """The inverse of :func:`_to_anomaly`."""
    rho, e_sin = 1.0 + e * np.cos(anomaly), e * np.sin(anomaly)
    matrix = np.zeros((*np.shape(anomaly), 6, 6))
    for k in range(3):
        matrix[..., k, k] = 1.0 / rho
        matrix[..., k + 3, k] = rate * e_sin
        matrix[..., k + 3, k + 3] = rate * rho
    return matrix


def _fundamental(e: float, anomaly: Vector, drift: Vector) -> Matrix:
    """Six solutions of the Tschauner-Hempel equations in columns, (..., 6, 6); ``drift`` is their J, time in rad."""
    sin, cos = np.sin(anomaly), np.cos(anomaly)
    rho = 1.0 + e * cos
    s, c = rho * sin, rho * cos
    s_dot, c_dot = cos + e * np.cos(2.0 * anomaly), -(sin + e * np.sin(2.0 * anomaly))
    matrix = np.zeros((*np.shape(anomaly), 6, 6))
    rows = {
        (0, 1): -s, (0, 2): -c, (0, 3): -(2.0 - 3.0 * e * s * drift),
        (1, 0): 1.0, (1, 1): -c * (1.0 + 1.0 / rho), (1, 2): s * (1.0 + 1.0 / rho), (1, 3): 3.0 * rho**2 * drift,
        (2, 4): cos, (2, 5): sin,
        (3, 1): -s_dot, (3, 2): -c_dot, (3, 3): 3.0 * e * (s_dot * drift + s / rho**2),
        (4, 1): 2.0 * s, (4, 2): 2.0 * c - e, (4, 3): 3.0 * (1.0 - 2.0 * e * s * drift),
        (5, 4): -sin, (5, 5): cos,
    }  # fmt: skip
    for (row, column), value in rows.items():
        matrix[..., row, column] = value
    return matrix


def _fundamental_inverse(e: float, anomaly: float) -> Matrix:
    """The inverse (6, 6) of :func:`_fundamental` where its drift is 0 (equation 82 of the paper)."""
    sin, cos = np.sin(anomaly), np.cos(anomaly)
    rho = 1.0 + e * cos
    s, c = rho * sin, rho * cos
    whole = 1.0 - e * e
    matrix = np.zeros((6, 6))
    # Columns: radial and transverse place, then their derivatives.
    matrix[:4, [0, 1, 3, 4]] = np.array(
        [
            [-3.0 * e * s / rho * (1.0 + 1.0 / rho), whole, e * c - 2.0, -e * s * (1.0 + 1.0 / rho)],
            [3.0 * s / rho * (1.0 + e * e / rho), 0.0, -(c - 2.0 * e), s * (1.0 + 1.0 / rho)],
            [3.0 * (c / rho + e), 0.0, s, c * (1.0 + 1.0 / rho) + e],
            [-(3.0 * rho + e * e - 1.0), 0.0, -e * s, -(rho**2)],
        ]
    ) / whole  # fmt: skip
    matrix[4:, [2, 5]] = np.array([[cos, -sin], [sin, cos]])
    return matrix
