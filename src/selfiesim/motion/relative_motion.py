"""Motion of the camera relative to the craft after the release.

Exact two-body motion (:func:`relative_state`, and :func:`propagate_cloud` for thousands of releases), perturbed motion
(:func:`relative_state_perturbed`), and two standard closed-form solutions, accurate to first order in the ratio of
distance to orbit radius: :func:`clohessy_wiltshire` for a circular orbit, :func:`yamanaka_ankersen` for an ellipse.

The closed-form solutions use six RTN components (:func:`selfiesim.astro.frames.icrf_to_rtn`). The velocity is relative
to the rotating axes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from selfiesim.astro.forces import ZonalHarmonics, tidal_acceleration, zonal_acceleration
from selfiesim.astro.frames import icrf_to_rtn
from selfiesim.astro.orbit import Acceleration, State, integrate, lagrange_coefficients, propagate, propagate_many
from selfiesim.core.vectors import Matrix, Vector, cross

_CHUNK = 1 << 16  # releases times instants per chunk of a cloud; arrays of half a megabyte stay in the cache


def relative_state(host: State, camera: State, seconds: float, gm: float) -> State:
    """Return camera minus craft ``seconds`` after the given states, by two-body motion, in their axes.

    The two propagated states are subtracted. The rounding error, about 1e-8 m for positions of 4e6 m, is far below a
    millimetre.
    """
    craft_later = propagate(host, seconds, gm)
    camera_later = propagate(camera, seconds, gm)
    return State(
        camera_later.position - craft_later.position,
        camera_later.velocity - craft_later.velocity,
    )


def propagate_cloud(host: State, states: Vector, times: Vector, gm: float) -> Vector:
    """Return the positions of many cameras relative to the craft, as :func:`relative_state` does for one.

    Parameters
    ----------
    host : State
        The craft.
    states : (N, 6) array
        Positions and velocities of the cameras relative to the planet, at the time of ``host``
        (:func:`selfiesim.motion.ejection.sample_camera_states`).
    times : (T,) array
        Seconds after that time.
    gm : float
        Gravitational parameter of the planet, m3/s2.

    Returns
    -------
    (N, T, 3) array
        Camera minus craft, m, in the axes of the states.

    Raises
    ------
    ValueError
        One of the orbits is not closed.
    """
    times = np.asarray(times, float)
    host_state = np.concatenate([host.position, host.velocity])
    f, g, _f_dot, _g_dot = (part[:, None] for part in lagrange_coefficients(host_state, times, gm))
    craft = f * host.position + g * host.velocity
    relative = np.empty((len(states), len(times), 3))
    for rows in np.array_split(np.arange(len(states)), max(1, states.shape[0] * times.size // _CHUNK)):
        chunk = states[rows, None]
        f, g, _f_dot, _g_dot = lagrange_coefficients(chunk, times, gm, near=host_state)
        for axis in range(3):
            relative[rows, :, axis] = f * chunk[..., axis] + g * chunk[..., 3 + axis] - craft[:, axis]
    return relative


# Long for its docstring.
def relative_state_perturbed(
    host: State,
    camera: State,
    seconds: float | Vector,
    gm: float,
    acceleration: Acceleration,
    camera_acceleration: Acceleration | None = None,
    rtol: float = 1e-13,
) -> State:
    """Return camera minus craft under perturbations, integrating the difference itself (Encke's method).

    The difference has its own scale and error control, and its gravity gradient is computed without cancellation, so
    errors are relative to the drift and not to the size of the orbit.

    Parameters
    ----------
    host, camera : State
        The states at the start.
    seconds : float or (T,) array
        Times since the start, positive or negative, in any order.
    gm : float
        Gravitational parameter of the planet, m3/s2.
    acceleration : callable
        ``acceleration(seconds, position (3,)) -> (3,)`` in m/s2 on the craft, in addition to central gravity
        (:mod:`selfiesim.astro.forces`).
    camera_acceleration : callable, optional
        The same for the camera, if it differs: radiation pressure depends on area and mass.
    rtol : float
        Error allowed per step, relative to the orbit for the craft and to the drift for the difference.

    Returns
    -------
    State
        Position and velocity, (3,) each, or (T, 3) for an array of times.

    Raises
    ------
    SceneError
        The integration fails.
    """
    on_camera = camera_acceleration or acceleration
    length = float(np.linalg.norm(host.position))
    time_unit = float(np.sqrt(length**3 / gm))
    offset, velocity = camera.position - host.position, camera.velocity - host.velocity
    # A nanometre, so that two bodies at one position under different forces have a scale too.
    reach = float(np.linalg.norm(offset) + np.linalg.norm(velocity) * time_unit) + 1e-9
    orbit_scale, drift_scale = time_unit * time_unit / length, time_unit * time_unit / reach

    def motion(time: float, y: Vector) -> Vector:
        r, d = y[0:3], y[6:9]
        craft_position, now = length * r, time * time_unit
        camera_position = craft_position + reach * d
        on_craft = acceleration(now, craft_position)
        orbit_change = -r / float(r @ r) ** 1.5 + orbit_scale * on_craft
        drift_change = tidal_acceleration(r, d * (reach / length), 1.0) * (length / reach) + drift_scale * (
            on_camera(now, camera_position) - on_craft
        )
        return np.concatenate([y[3:6], orbit_change, y[9:12], drift_change])

    start = np.concatenate(
        [host.position / length, host.velocity * time_unit / length, offset / reach, velocity * time_unit / reach]
    )
    y = integrate(motion, start, np.asarray(seconds) / time_unit, rtol)
    return State(y[..., 6:9] * reach, y[..., 9:12] * (reach / time_unit))


# Long for its docstring.
def relative_state_along_path(
    path: Callable[[float], Vector], relative: State, seconds: float, gm: float, field: ZonalHarmonics, pole: Vector
) -> State:
    """Return camera minus craft along a given trajectory of the craft, integrating only the difference.

    The gravity gradient of the planet, with zonal harmonics, moves the two apart. All other forces are assumed to act
    equally on both.

    Parameters
    ----------
    path : callable
        ``path(seconds) -> (3,)``: the craft from the planet's centre, m, ICRF axes.
    relative : State
        Camera minus craft at 0 s.
    seconds : float
        Time since then.
    gm : float
        Gravitational parameter of the planet, m3/s2.
    field : ZonalHarmonics
        The planet's zonal harmonics.
    pole : (3,) array
        The planet's north pole, ICRF axes.

    Raises
    ------
    SceneError
        The integration fails.
    """
    length = float(np.linalg.norm(path(0.0)))
    time_unit = float(np.sqrt(length**3 / gm))
    reach = float(np.linalg.norm(relative.position) + np.linalg.norm(relative.velocity) * time_unit) + 1e-9

    def motion(time: float, y: Vector) -> Vector:
        craft, drift = path(time * time_unit), reach * y[:3]
        tide = tidal_acceleration(craft, drift, gm)
        # The zonal part is a thousandth of the tide, so the cancellation in its difference is negligible.
        tide = tide + zonal_acceleration(craft + drift, field, pole) - zonal_acceleration(craft, field, pole)
        return np.concatenate([y[3:], time_unit * time_unit / reach * tide])

    start = np.concatenate([relative.position / reach, relative.velocity * time_unit / reach])
    y = integrate(motion, start, np.asarray(seconds) / time_unit, 1e-11)
    return State(y[:3] * reach, y[3:] * (reach / time_unit))


def relative_to_rtn(host: State, relative: State) -> Vector:
    """Convert a relative state in inertial axes to position (m) and velocity (m/s) in rotating RTN axes (6,)."""
    to_rtn, rotation_rate = _rtn_axes(host)
    position = to_rtn @ relative.position
    return np.concatenate([position, to_rtn @ relative.velocity - cross(rotation_rate, position)])


def rtn_to_relative(host: State, relative_rtn: Vector) -> State:
    """Convert position and velocity in rotating RTN axes (6,) to inertial axes, inverting :func:`relative_to_rtn`."""
    to_rtn, rotation_rate = _rtn_axes(host)
    position, velocity = relative_rtn[:3], relative_rtn[3:]
    return State(to_rtn.T @ position, to_rtn.T @ (velocity + cross(rotation_rate, position)))


def _rtn_axes(host: State) -> tuple[Matrix, Vector]:
    """Return the RTN axes (3, 3) of a two-body orbit and their angular velocity (3,), rad/s, in RTN."""
    momentum = np.linalg.norm(cross(host.position, host.velocity))
    return icrf_to_rtn(host.position, host.velocity), np.array([0.0, 0.0, momentum / (host.position @ host.position)])


def clohessy_wiltshire(relative_rtn: Vector, seconds: float | Vector, mean_motion: float) -> Vector:
    """Propagate relative motion near a circular orbit to first order.

    Clohessy and Wiltshire 1960; Vallado, section 6.8.

    Parameters
    ----------
    relative_rtn : (..., 6) array
        Position (m) and velocity (m/s) in RTN at the start.
    seconds : float or (T...) array
        Times since the start.
    mean_motion : float
        Mean motion of the craft, rad/s.

    Returns
    -------
    (..., T..., 6) array
        Position and velocity in the RTN axes of each time.
    """
    n = mean_motion
    angle = n * np.asarray(seconds, float)
    s, c = np.sin(angle), np.cos(angle)
    one_minus_c = 2.0 * np.sin(angle / 2.0) ** 2  # without cancellation for short times
    matrix = _sparse_matrix(angle.shape, {
        (0, 0): 1.0 + 3.0 * one_minus_c, (0, 3): s / n, (0, 4): 2.0 * one_minus_c / n,
        (1, 0): 6.0 * (s - angle), (1, 1): 1.0, (1, 3): -2.0 * one_minus_c / n, (1, 4): (4.0 * s - 3.0 * angle) / n,
        (2, 2): c, (2, 5): s / n,
        (3, 0): 3.0 * n * s, (3, 3): c, (3, 4): 2.0 * s,
        (4, 0): -6.0 * n * one_minus_c, (4, 3): -2.0 * s, (4, 4): 1.0 - 4.0 * one_minus_c,
        (5, 2): -n * s, (5, 5): c,
    })  # fmt: skip
    return np.tensordot(relative_rtn, matrix, axes=([-1], [-1]))


def yamanaka_ankersen(relative_rtn: Vector, host: State, seconds: float | Vector, gm: float) -> Vector:
    """Propagate relative motion near an elliptical orbit to first order.

    Yamanaka and Ankersen, New state transition matrix for relative motion on an arbitrary elliptical orbit, Journal of
    Guidance, Control, and Dynamics 25 (2002) 60-66. Their x is the transverse axis, their z the radial axis reversed.

    Parameters
    ----------
    relative_rtn : (..., 6) array
        Position (m) and velocity (m/s) in RTN at the start.
    host : State
        The craft at the start (from elements: :func:`selfiesim.astro.orbit.elements_to_state`).
    seconds : float or (T...) array
        Times since the start.
    gm : float
        Gravitational parameter of the planet, m3/s2.

    Returns
    -------
    (..., T..., 6) array
        Position and velocity in the RTN axes of each time.

    Raises
    ------
    ValueError
        The orbit of the craft is not closed.
    """
    seconds = np.asarray(seconds, float)
    start = np.concatenate([host.position, host.velocity])
    momentum = float(np.linalg.norm(cross(host.position, host.velocity)))
    e, anomaly0, anomaly = _true_anomalies(start, propagate_many(start, seconds, gm), momentum, gm)
    rate = gm**2 / momentum**3  # rate of the true anomaly over (1 + e cos)^2
    start_to_anomaly = _to_anomaly(e, anomaly0, rate)
    transition = _fundamental(e, anomaly, rate * seconds) @ _fundamental_inverse(e, anomaly0)
    matrix = _from_anomaly(e, anomaly, rate) @ transition @ start_to_anomaly
    return np.tensordot(relative_rtn, matrix, axes=([-1], [-1]))


def _sparse_matrix(shape: tuple[int, ...], entries: dict[tuple[int, int], Vector | float]) -> Matrix:
    """Return matrices (*shape, 6, 6) of the given entries and zeros elsewhere."""
    matrix = np.zeros((*shape, 6, 6))
    for (row, column), value in entries.items():
        matrix[..., row, column] = value
    return matrix


def _true_anomalies(start: Vector, later: Vector, momentum: float, gm: float) -> tuple[float, float, Vector]:
    """Return eccentricity, true anomaly (rad) of a state (6,), and those of later states within half a revolution."""
    r, v = start[:3], start[3:]
    radius = float(np.linalg.norm(r))
    e_cos, e_sin = momentum**2 / (gm * radius) - 1.0, momentum * float(r @ v) / (gm * radius)
    anomaly = float(np.arctan2(e_sin, e_cos))
    # The later anomalies add the angle between the positions, which is defined on a circle as well.
    normal = cross(r, v) / momentum
    return (
        float(np.hypot(e_cos, e_sin)),
        anomaly,
        anomaly + np.arctan2(cross(r, later[..., :3]) @ normal, later[..., :3] @ r),
    )


def _to_anomaly(e: float, anomaly: float, rate: float) -> Matrix:
    """Return the matrix (6, 6) from position and velocity to position times rho and its derivative by true anomaly.

    rho is 1 + e cos(true anomaly).
    """
    rho, e_sin = 1.0 + e * np.cos(anomaly), e * np.sin(anomaly)
    matrix = np.zeros((6, 6))
    for k in range(3):
        matrix[k, k] = rho
        matrix[k + 3, k] = -e_sin
        matrix[k + 3, k + 3] = 1.0 / (rate * rho)
    return matrix


def _from_anomaly(e: float, anomaly: Vector, rate: float) -> Matrix:
    """Return the inverse of :func:`_to_anomaly` at anomalies (...): (..., 6, 6)."""
    rho, e_sin = 1.0 + e * np.cos(anomaly), e * np.sin(anomaly)
    matrix = np.zeros((*np.shape(anomaly), 6, 6))
    for k in range(3):
        matrix[..., k, k] = 1.0 / rho
        matrix[..., k + 3, k] = rate * e_sin
        matrix[..., k + 3, k + 3] = rate * rho
    return matrix


def _fundamental(e: float, anomaly: Vector, drift: Vector) -> Matrix:
    """Return six solutions of the Tschauner-Hempel equations as columns (..., 6, 6).

    ``drift`` is the J of the paper, the time in radians.
    """
    sin, cos = np.sin(anomaly), np.cos(anomaly)
    rho = 1.0 + e * cos
    s, c = rho * sin, rho * cos
    s_dot, c_dot = cos + e * np.cos(2.0 * anomaly), -(sin + e * np.sin(2.0 * anomaly))
    return _sparse_matrix(np.shape(anomaly), {
        (0, 1): -s, (0, 2): -c, (0, 3): -(2.0 - 3.0 * e * s * drift),
        (1, 0): 1.0, (1, 1): -c * (1.0 + 1.0 / rho), (1, 2): s * (1.0 + 1.0 / rho), (1, 3): 3.0 * rho**2 * drift,
        (2, 4): cos, (2, 5): sin,
        (3, 1): -s_dot, (3, 2): -c_dot, (3, 3): 3.0 * e * (s_dot * drift + s / rho**2),
        (4, 1): 2.0 * s, (4, 2): 2.0 * c - e, (4, 3): 3.0 * (1.0 - 2.0 * e * s * drift),
        (5, 4): -sin, (5, 5): cos,
    })  # fmt: skip


def _fundamental_inverse(e: float, anomaly: float) -> Matrix:
    """Return the inverse (6, 6) of :func:`_fundamental` at zero drift (equation 82 of the paper)."""
    sin, cos = np.sin(anomaly), np.cos(anomaly)
    rho = 1.0 + e * cos
    s, c = rho * sin, rho * cos
    eta_squared = 1.0 - e * e
    matrix = np.zeros((6, 6))
    # Columns: radial and transverse position, then their derivatives.
    matrix[:4, [0, 1, 3, 4]] = np.array(
        [
            [-3.0 * e * s / rho * (1.0 + 1.0 / rho), eta_squared, e * c - 2.0, -e * s * (1.0 + 1.0 / rho)],
            [3.0 * s / rho * (1.0 + e * e / rho), 0.0, -(c - 2.0 * e), s * (1.0 + 1.0 / rho)],
            [3.0 * (c / rho + e), 0.0, s, c * (1.0 + 1.0 / rho) + e],
            [-(3.0 * rho + e * e - 1.0), 0.0, -e * s, -(rho**2)],
        ]
    ) / eta_squared  # fmt: skip
    matrix[4:, [2, 5]] = np.array([[cos, -sin], [sin, cos]])
    return matrix
