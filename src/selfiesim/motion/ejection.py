"""The release: a spring pushes the camera off a mount on the craft.

What is known of the real one: about 0.2 m/s, from the outer side wall, no attitude control afterwards. No push is known
exactly, so a :class:`Scatter` says how far each of its numbers may be off, and :func:`draw_samples` throws the dice.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import State, propagate_many
from selfiesim.core.vectors import Matrix, Vector, unit


@dataclass(frozen=True)
class Release:
    """One push-off.

    Attributes
    ----------
    epoch : Epoch
        The instant the camera leaves.
    mount : (3,) array
        Where the camera sits, body axes, m.
    axis : (3,) array
        The way it is pushed, body axes (any length).
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
    """State of the camera just after the push, about the planet's centre, ICRF axes.

    ``host`` is the craft's state at the release and ``body_rate`` its angular velocity (rad/s, body axes, default
    none). The craft's recoil (0.68 kg against 1,600 kg: 0.04 percent of the speed) is left out here; see
    :func:`recoil`.
    """
    rate = np.zeros(3) if body_rate is None else body_rate
    mount_velocity = np.cross(rate, release.mount) + release.speed * unit(release.axis)
    return State(
        host.position + icrf_to_body.T @ release.mount,
        host.velocity + icrf_to_body.T @ mount_velocity,
    )


def spring_release_speed(energy_j: float, mass_kg: float, host_mass_kg: float) -> float:
    """Speed (m/s) the camera gains when a spring gives off ``energy_j`` between it and the craft.

    Momentum and energy are kept: the craft takes the share mass / (mass + host mass) of the energy, and recoils. It is
    the speed of :class:`Release`, against the craft before the push; the two part a little faster.

    Raises
    ------
    ValueError
        When an energy is negative or a mass not positive.
    """
    if energy_j < 0.0 or mass_kg <= 0.0 or host_mass_kg <= 0.0:
        raise ValueError("a spring has an energy of 0 or more, and both bodies have a mass above 0")
    return float(np.sqrt(2.0 * energy_j / (mass_kg * (1.0 + mass_kg / host_mass_kg))))


def recoil(release: Release, host: State, icrf_to_body: Matrix, mass_kg: float, host_mass_kg: float) -> State:
    """State of the craft just after the push: pushed back so that the momentum of both is kept.

    The craft is taken as a point at its centre of mass: the turn that a push beside it gives is left to the craft's
    wheels. Masses are those of the camera and of the craft without it.
    """
    back = release.speed * mass_kg / host_mass_kg * unit(release.axis)
    return State(host.position, host.velocity - icrf_to_body.T @ back)


@dataclass(frozen=True)
class Constant:
    """A number without scatter."""

    value: float = 0.0

    def draw_samples(self, rng: np.random.Generator, count: int) -> Vector:
        """The number, ``count`` times."""
        return np.full(count, self.value)


@dataclass(frozen=True)
class Normal:
    """A number with a bell curve around ``mean``; ``sigma`` is its standard deviation.

    Raises
    ------
    ValueError
        When ``sigma`` is negative.
    """

    mean: float
    sigma: float

    def __post_init__(self) -> None:
        if self.sigma < 0.0:
            raise ValueError(f"a standard deviation cannot be negative: {self.sigma}")

    def draw_samples(self, rng: np.random.Generator, count: int) -> Vector:
        """``count`` of them."""
        return self.mean + self.sigma * rng.standard_normal(count)


@dataclass(frozen=True)
class Uniform:
    """A number that may lie anywhere from ``low`` to ``high`` alike.

    Raises
    ------
    ValueError
        When ``low`` is above ``high``.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"the lower end lies above the upper one: {self.low} > {self.high}")

    def draw_samples(self, rng: np.random.Generator, count: int) -> Vector:
        """``count`` of them."""
        return self.low + (self.high - self.low) * rng.random(count)


Distribution = Constant | Normal | Uniform


@dataclass(frozen=True)
class Scatter:
    """How the numbers of a release vary about the :class:`Release` itself. As it stands, none does.

    Attributes
    ----------
    speed : Spread
        Added to the release's speed, m/s.
    tilt_first, tilt_second : Spread
        The push leans from the release's axis by these angles (rad) toward two directions square to it
        (:func:`tilt_axes`).
    tip_off_x, tip_off_y, tip_off_z : Spread
        Rates of turn the camera leaves with, about its body axes, rad/s. They do not bend its path; see
        :mod:`selfiesim.motion.tumble`.
    delay : Spread
        Added to the time of the release, s.
    spin : Spread
        Rate of turn about the push, rad/s.
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
    """What the dice gave: ``speed``, ``delay``, ``spin`` (N,), ``tilt`` (N, 2), ``tip_off`` (N, 3), see Scatter."""

    speed: Vector
    tilt: Vector
    tip_off: Vector
    delay: Vector
    spin: Vector


def draw_samples(scatter: Scatter, count: int, seed: int) -> ReleaseSamples:
    """``count`` releases' worth of scatter; the same seed gives the same ones.

    Each quantity has dice of its own, so that changing one leaves the others as they were, and more draws begin with
    the same ones as fewer.
    """
    samples_by_field = {
        # The stream is told by the field's place, so a new quantity belongs at the end of the class.
        part.name: getattr(scatter, part.name).draw_samples(
            np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(place,))), count
        )
        for place, part in enumerate(fields(Scatter))
    }
    return ReleaseSamples(
        speed=samples_by_field["speed"],
        tilt=np.stack([samples_by_field["tilt_first"], samples_by_field["tilt_second"]], axis=-1),
        tip_off=np.stack([samples_by_field[f"tip_off_{axis}"] for axis in "xyz"], axis=-1),
        delay=samples_by_field["delay"],
        spin=samples_by_field["spin"],
    )


def tilt_axes(axis: Vector) -> Matrix:
    """Two unit vectors (2, 3) square to ``axis`` (3,) and to each other, for a push to lean toward.

    The first is the body axis that stands most nearly square to ``axis``, made so altogether; the second completes the
    right-handed three (axis, first, second).
    """
    along = unit(np.asarray(axis, float))
    square = np.eye(3)[np.argmin(np.abs(along))]
    first = unit(square - (square @ along) * along)
    return np.array([first, np.cross(along, first)])


def sample_camera_states(
    release: Release,
    host: State,
    icrf_to_body: Matrix,
    samples: ReleaseSamples,
    gm: float,
    body_rate: Vector | None = None,
) -> Vector:
    """States of many cameras, all at the instant of the nominal release, ICRF axes about the planet's centre.

    A camera that leaves later is moved back along its own orbit to that instant, so that one clock serves all; before
    it has left it is not really there. The craft keeps its attitude meanwhile, unless ``body_rate`` turns it.

    Parameters
    ----------
    host : State
        The craft at ``release.epoch``.
    samples : Draws
        N of them, from :func:`draw_samples`.
    gm : float
        Of the planet, m3/s2.
    body_rate : (3,) array, optional
        Angular velocity of the craft, rad/s, body axes.

    Returns
    -------
    (N, 6) array
        Position (m) and velocity (m/s).

    Raises
    ------
    ValueError
        When a draw leaves the spring a negative speed, or the camera on no ellipse.
    """
    speed = release.speed + samples.speed
    if np.any(speed < 0.0):
        raise ValueError(
            f"{int(np.sum(speed < 0.0))} of {len(speed)} draws push the camera into the craft: lower sigma"
        )
    rate = np.zeros(3) if body_rate is None else np.asarray(body_rate, float)
    mount = np.concatenate(
        [
            np.broadcast_to(release.mount, (len(speed), 3)),
            np.cross(rate, release.mount) + speed[:, None] * tilt_directions(release.axis, samples.tilt),
        ],
        axis=-1,
    )
    to_icrf = np.broadcast_to(icrf_to_body.T, (len(speed), 3, 3))
    if np.any(rate):
        to_icrf = to_icrf @ _rotation_after(rate, samples.delay)
    pushed = np.concatenate([np.einsum("nij,nj->ni", to_icrf, mount[:, part]) for part in (slice(3), slice(3, 6))], -1)
    one = np.concatenate([host.position, host.velocity])
    if not np.any(samples.delay):
        return np.asarray(one + pushed)
    return propagate_many(propagate_many(one, samples.delay, gm) + pushed, -samples.delay, gm)


def tilt_directions(axis: Vector, tilt: Vector) -> Vector:
    """Unit vectors (N, 3): ``axis`` leaning by the angles ``tilt`` (N, 2) toward its two tilt axes."""
    angle = np.linalg.norm(tilt, axis=-1, keepdims=True)
    # sin(x) / x, whole at 0.
    return np.asarray(np.cos(angle) * unit(np.asarray(axis, float)) + np.sinc(angle / np.pi) * (tilt @ tilt_axes(axis)))


def _rotation_after(rate: Vector, seconds: Vector) -> Matrix:
    """Body axes ``seconds`` (N,) later to body axes now, (N, 3, 3), when the body turns at ``rate`` (3,) in rad/s."""
    x, y, z = unit(rate)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    angle = (np.linalg.norm(rate) * seconds)[:, None, None]
    return np.asarray(np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross)
