"""The release: a spring pushes the camera off its mount on the craft.

Published about Tianwen-1's camera: about 0.2 m/s, from the outer side wall, without attitude control afterwards. The
parameters of a release are uncertain: :class:`Scatter` holds their distributions and :func:`draw_samples` draws from
them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State, propagate_many
from selfiesim.core.vectors import Matrix, Vector, cross, rotation_about, unit


@dataclass(frozen=True)
class Release:
    """The nominal parameters of one release.

    Attributes
    ----------
    epoch : Epoch
        Time of the release.
    mount : (3,) array
        Position of the camera before it, body axes, m.
    axis : (3,) array
        Direction of the push, body axes, of any length.
    speed : float
        Speed gained along the axis, m/s.
    """

    epoch: Epoch
    mount: Vector
    axis: Vector
    speed: float


def camera_state_after_push(
    release: Release, host: State, icrf_to_body: Matrix, body_rate: Vector | None = None
) -> State:
    """Return the camera's state just after the push, relative to the planet's centre, ICRF axes.

    The recoil of the craft (0.04 percent of the speed for 0.68 kg and 1,600 kg) is not included; see :func:`recoil`.

    Parameters
    ----------
    release : Release
        The push.
    host : State
        The craft's state at the release.
    icrf_to_body : (3, 3) array
        The craft's attitude.
    body_rate : (3,) array, optional
        The craft's angular velocity, rad/s, body axes; default 0.
    """
    rate = np.zeros(3) if body_rate is None else body_rate
    mount_velocity = cross(rate, release.mount) + release.speed * unit(release.axis)
    return State(
        host.position + icrf_to_body.T @ release.mount,
        host.velocity + icrf_to_body.T @ mount_velocity,
    )


def spring_release_speed(energy_j: float, mass_kg: float, host_mass_kg: float) -> float:
    """Return the speed (m/s) of a camera that a spring of ``energy_j`` pushes off the craft.

    Momentum and energy are conserved: the craft takes the fraction mass / (mass + host mass) of the energy and recoils.
    The speed, like that of :class:`Release`, is relative to the craft before the push; the relative speed afterwards is
    slightly higher.

    Raises
    ------
    ValueError
        The energy is negative, or a mass is not positive.
    """
    if energy_j < 0.0 or mass_kg <= 0.0 or host_mass_kg <= 0.0:
        raise ValueError("the spring energy must not be negative and both masses must be positive")
    return float(np.sqrt(2.0 * energy_j / (mass_kg * (1.0 + mass_kg / host_mass_kg))))


def recoil(release: Release, host: State, icrf_to_body: Matrix, mass_kg: float, host_mass_kg: float) -> State:
    """Return the craft's state just after the push, recoiling so that momentum is conserved.

    Only the centre of mass recoils; the craft's reaction wheels are assumed to absorb the torque of an off-centre push.
    ``mass_kg`` is the camera's mass, ``host_mass_kg`` that of the craft without it.
    """
    recoil_velocity = release.speed * mass_kg / host_mass_kg * unit(release.axis)
    return State(host.position, host.velocity - icrf_to_body.T @ recoil_velocity)


@dataclass(frozen=True)
class Constant:
    """A value without scatter."""

    value: float = 0.0

    def draw_samples(self, rng: np.random.Generator, count: int) -> Vector:
        """Return the value ``count`` times."""
        return np.full(count, self.value)


@dataclass(frozen=True)
class Normal:
    """A normal distribution with standard deviation ``sigma``.

    Raises
    ------
    ValueError
        ``sigma`` is negative.
    """

    mean: float
    sigma: float

    def __post_init__(self) -> None:
        if self.sigma < 0.0:
            raise ValueError(f"a standard deviation cannot be negative: {self.sigma}")

    def draw_samples(self, rng: np.random.Generator, count: int) -> Vector:
        """Draw ``count`` samples."""
        return self.mean + self.sigma * rng.standard_normal(count)


@dataclass(frozen=True)
class Uniform:
    """A uniform distribution from ``low`` to ``high``.

    Raises
    ------
    ValueError
        ``low`` is above ``high``.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"the lower bound is above the upper bound: {self.low} > {self.high}")

    def draw_samples(self, rng: np.random.Generator, count: int) -> Vector:
        """Draw ``count`` samples."""
        return self.low + (self.high - self.low) * rng.random(count)


Distribution = Constant | Normal | Uniform


@dataclass(frozen=True)
class Scatter:
    """Distributions of the deviations from a nominal :class:`Release`; by default there are none.

    Attributes
    ----------
    speed : Distribution
        Added to the release speed, m/s.
    tilt_first, tilt_second : Distribution
        Angles (rad) by which the push tilts from the release axis toward its two :func:`tilt_axes`.
    tip_off_x, tip_off_y, tip_off_z : Distribution
        Rotation rates of the camera about its own axes at the release, rad/s. They do not affect its trajectory; see
        :mod:`selfiesim.motion.tumble`.
    delay : Distribution
        Added to the time of the release, s.
    spin : Distribution
        Rotation rate about the push direction, rad/s.
    """

    speed: Distribution = Constant()
    tilt_first: Distribution = Constant()
    tilt_second: Distribution = Constant()
    tip_off_x: Distribution = Constant()
    tip_off_y: Distribution = Constant()
    tip_off_z: Distribution = Constant()
    delay: Distribution = Constant()
    spin: Distribution = Constant()


@dataclass(frozen=True)
class ReleaseSamples:
    """Samples of a :class:`Scatter`: ``speed``, ``delay`` and ``spin`` (N,), ``tilt`` (N, 2), ``tip_off`` (N, 3)."""

    speed: Vector
    tilt: Vector
    tip_off: Vector
    delay: Vector
    spin: Vector


def draw_samples(scatter: Scatter, count: int, seed: int) -> ReleaseSamples:
    """Draw ``count`` samples, reproducible by ``seed``.

    Each quantity has its own random stream, so changing one distribution leaves the samples of the others unchanged. A
    larger ``count`` begins with the same samples.
    """
    samples_by_field = {
        # The position of a field keys its stream, so new fields must go at the end of the class.
        part.name: getattr(scatter, part.name).draw_samples(
            np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(index,))), count
        )
        for index, part in enumerate(fields(Scatter))
    }
    return ReleaseSamples(
        speed=samples_by_field["speed"],
        tilt=np.stack([samples_by_field["tilt_first"], samples_by_field["tilt_second"]], axis=-1),
        tip_off=np.stack([samples_by_field[f"tip_off_{axis}"] for axis in "xyz"], axis=-1),
        delay=samples_by_field["delay"],
        spin=samples_by_field["spin"],
    )


def tilt_axes(axis: Vector) -> Matrix:
    """Return two unit vectors (2, 3) perpendicular to ``axis`` (3,) and to each other, the directions of a tilt.

    The first is the perpendicular part of the body axis farthest from ``axis``; the second completes the right-handed
    set (axis, first, second).
    """
    along = unit(np.asarray(axis, float))
    body_axis = np.eye(3)[np.argmin(np.abs(along))]
    first = unit(body_axis - (body_axis @ along) * along)
    return np.array([first, cross(along, first)])


# Long for its docstring.
def sample_camera_states(
    release: Release,
    host: State,
    icrf_to_body: Matrix,
    samples: ReleaseSamples,
    gm: float,
    body_rate: Vector | None = None,
) -> Vector:
    """Return the states of N sampled cameras at the time of the nominal release, ICRF axes from the planet's centre.

    A camera with a delay is propagated back along its own orbit to that time, so all states have one epoch; before its
    release such a state is fictitious. The craft keeps its attitude, unless ``body_rate`` rotates it.

    Parameters
    ----------
    release : Release
        The nominal release.
    host : State
        The craft at ``release.epoch``.
    icrf_to_body : (3, 3) array
        The craft's attitude then.
    samples : ReleaseSamples
        N samples of :func:`draw_samples`.
    gm : float
        Gravitational parameter of the planet, m3/s2.
    body_rate : (3,) array, optional
        Angular velocity of the craft, rad/s, body axes.

    Returns
    -------
    (N, 6) array
        Positions (m) and velocities (m/s).

    Raises
    ------
    ValueError
        A sample has a negative speed, or leaves the camera on an orbit that is not closed.
    """
    speed = release.speed + samples.speed
    if np.any(speed < 0.0):
        raise ValueError(
            f"{int(np.sum(speed < 0.0))} of {len(speed)} samples push the camera into the craft: lower sigma"
        )
    rate = np.zeros(3) if body_rate is None else np.asarray(body_rate, float)
    in_body = np.concatenate(
        [
            np.broadcast_to(release.mount, (len(speed), 3)),
            cross(rate, release.mount) + speed[:, None] * tilt_directions(release.axis, samples.tilt),
        ],
        axis=-1,
    )
    to_icrf = np.broadcast_to(icrf_to_body.T, (len(speed), 3, 3))
    if np.any(rate):
        to_icrf = to_icrf @ rotation_about(rate, np.linalg.norm(rate) * samples.delay)
    relative = np.concatenate(
        [np.einsum("nij,nj->ni", to_icrf, in_body[:, part]) for part in (slice(3), slice(3, 6))], -1
    )
    craft = np.concatenate([host.position, host.velocity])
    if not np.any(samples.delay):
        return np.asarray(craft + relative)
    return propagate_many(propagate_many(craft, samples.delay, gm) + relative, -samples.delay, gm)


def tilt_directions(axis: Vector, tilt: Vector) -> Vector:
    """Return unit vectors (N, 3) along ``axis`` (3,), tilted by ``tilt`` (N, 2), rad, toward its two tilt axes."""
    angle = np.linalg.norm(tilt, axis=-1, keepdims=True)
    # sinc is sin(x) / x, defined at 0.
    return np.asarray(np.cos(angle) * unit(np.asarray(axis, float)) + np.sinc(angle / np.pi) * (tilt @ tilt_axes(axis)))
