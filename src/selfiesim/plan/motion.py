"""Where craft, Sun, planets and moons are at many instants at once.

These are the trajectories of :class:`selfiesim.view.resolved_scene.ResolvedScene`, evaluated for arrays of times. An
orbit without perturbations is evaluated exactly. Other trajectories, and the ephemerides, are sampled once and
interpolated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed_at
from selfiesim.astro.orbit import State, propagate_many
from selfiesim.core.errors import EphemerisError, SceneError
from selfiesim.core.vectors import Matrix, Vector, quaternion, quaternion_to_matrix, unit
from selfiesim.motion import pointing_laws
from selfiesim.motion.host_trajectories import LandedHost, OrbitingHost
from selfiesim.view.resolved_scene import ResolvedScene

_NODE_RADIANS = 0.06  # of motion between samples of a body: Hermite's error is then 4e-8 of the distance
_LONGEST_NODE_S = DAY_S
_HOST_NODES_PER_TURN = 60
_SAMPLES_PER_TURN = 240  # of a search
_LONGEST_STEP_S = 400.0  # of a search: a thirtieth of a turn of Phobos' shadow, a two-hundredth of a Martian day
_PACE_STEP_S = 60.0
_ATTITUDE_NODE_S = 30.0
_RATE_STEP_S = 0.1
_MAX_NODES = 400_000


@dataclass(frozen=True, eq=False)
class Motion:
    """The motion of a scene's craft, and of what it sees, over a span of time.

    Attributes
    ----------
    resolved : ResolvedScene
        The scene.
    start : Epoch
        Time zero of all methods.
    duration_s : float
        End of the span.
    lead_s : float
        The span begins so much before time zero, for releases before the first picture.
    """

    resolved: ResolvedScene
    start: Epoch
    duration_s: float
    lead_s: float = 0.0
    _bodies: dict[str, Callable[[Vector], tuple[Vector, Vector]]] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if isinstance(self.resolved.host, LandedHost):
            raise SceneError("site: a craft on the ground has no orbit to plan on; give [orbit] or [path]")

    @property
    def gm(self) -> float:
        """Gravitational parameter of the central body, m3/s2."""
        return self.resolved.body.gm_m3_s2

    def host(self, t: Vector) -> Vector:
        """Return positions and velocities (N, 6) of the craft from the body's centre, ICRF axes."""
        host = self.resolved.host
        if isinstance(host, OrbitingHost) and host.perturbations is None:
            start = np.concatenate([host.start.position, host.start.velocity])
            return propagate_many(start, t + (self.start - host.reference_epoch), self.gm)
        return self._sampled_host(t)

    @cached_property
    def _host_nodes(self) -> tuple[Vector, Vector]:
        host = self.resolved.host
        step = _turn_s(host.state(self.start), self.gm) / _HOST_NODES_PER_TURN
        times = _nodes(-self.lead_s, self.duration_s, step)
        states = host.sample_states(times + (self.start - host.reference_epoch))
        return times, np.array([np.concatenate([each.position, each.velocity]) for each in states])

    def _sampled_host(self, t: Vector) -> Vector:
        """Propagate from the two nearest samples by two-body motion, and blend (as in SPK type 5)."""
        times, states = self._host_nodes
        k = np.clip(np.searchsorted(times, t, side="right") - 1, 0, len(times) - 2)
        step = times[k + 1] - times[k]
        early = propagate_many(states[k], t - times[k], self.gm)
        late = propagate_many(states[k + 1], t - times[k + 1], self.gm)
        weight = (0.5 + 0.5 * np.cos(np.pi * np.clip((t - times[k]) / step, 0.0, 1.0)))[:, None]
        return np.asarray(weight * early + (1.0 - weight) * late)

    def body(self, name: str, t: Vector) -> Vector:
        """Return the positions (N, 3) of a planet, moon or the Sun from the central body's centre, m, ICRF axes.

        Raises
        ------
        SceneError
            The ephemeris does not have it then.
        """
        if name == self.resolved.body.name:
            return np.zeros((len(t), 3))
        if name not in self._bodies:
            self._bodies[name] = self._interpolate(name)
        return self._bodies[name](t)[0]

    def _interpolate(self, name: str) -> Callable[[Vector], tuple[Vector, Vector]]:
        almanac, center = self.resolved.almanac, self.resolved.body.name

        def state(epoch: Epoch) -> Vector:
            return np.concatenate([almanac.position(name, center, epoch), almanac.velocity(name, center, epoch)])

        try:
            now = state(self.start)
            rate = np.linalg.norm(np.cross(now[:3], now[3:])) / (now[:3] @ now[:3])
            times = _nodes(-self.lead_s, self.duration_s, min(_NODE_RADIANS / float(rate), _LONGEST_NODE_S))
            states = np.array([state(self.start + float(t)) for t in times])
        except EphemerisError as error:
            last = (self.start + self.duration_s).utc()
            raise SceneError(f"{name}: its position is not known from {self.start.utc()} to {last}: {error}") from error
        from scipy.interpolate import CubicHermiteSpline

        spline = CubicHermiteSpline(times, states[:, :3], states[:, 3:])
        speed = spline.derivative()
        return lambda t: (spline(t), speed(t))

    def to_bodyfixed(self, t: Vector) -> Matrix:
        """Return the rotations (N, 3, 3) from ICRF to body-fixed axes."""
        return icrf_to_bodyfixed_at(self.resolved.body, self.start.days_since_j2000 + t / DAY_S)

    def toward(self, target: str, t: Vector, host: Vector) -> Vector:
        """Return unit vectors (N, 3), ICRF axes, toward one of :data:`selfiesim.motion.pointing_laws.TARGETS`."""
        position, velocity = host[:, :3], host[:, 3:]
        if target in ("sun", "earth"):
            return unit(self.body(target, t) - position)
        zenith = unit(position)
        if target in ("north", "east"):
            east = unit(np.cross(self.to_bodyfixed(t)[:, 2], zenith))
            return east if target == "east" else np.cross(zenith, east)
        vectors = {"nadir": -zenith, "zenith": zenith, "velocity": velocity}
        return unit(vectors[target] if target in vectors else np.cross(position, velocity))

    def attitude(self, t: Vector, host: Vector) -> Matrix:
        """Return the attitudes (N, 3, 3) of the craft, ICRF to body axes, without its spin.

        Raises
        ------
        SceneError
            The pointing axes are parallel to each other, or the targets in the sky are.
        """
        section = self.resolved.scene.attitude
        if section.quaternion_icrf_to_body is not None:
            held = quaternion_to_matrix(unit(np.array(section.quaternion_icrf_to_body)))
            return np.broadcast_to(held, (len(t), 3, 3))
        if section.aem is not None or section.ck_frame is not None:
            return self._attitude_nodes(t)
        first, second = section.primary, section.secondary
        try:
            return pointing_laws.icrf_to_body(
                np.array(first.axis),
                self.toward(first.toward, t, host),
                np.array(second.axis),
                self.toward(second.toward, t, host),
            )
        except ValueError as error:
            raise SceneError(
                "attitude: primary and secondary must not be parallel, in their axes or in their targets"
            ) from error

    @cached_property
    def _attitude_nodes(self) -> Callable[[Vector], Matrix]:
        from scipy.spatial.transform import Rotation, Slerp

        resolved = self.resolved
        times = _nodes(-self.lead_s, self.duration_s, _ATTITUDE_NODE_S)
        epochs = [self.start + t for t in times.tolist()]
        laws = [quaternion(resolved.law(epoch, resolved.host.state(epoch))) for epoch in epochs]
        slerp = Slerp(times, Rotation.from_quat(laws))
        return lambda t: slerp(np.clip(t, times[0], times[-1])).as_matrix()

    def spin_axis_rate(self) -> tuple[Vector, float] | None:
        """Axis (3,), body axes, and rate of the craft's spin, rad/s; None where it has none."""
        section = self.resolved.scene.attitude
        if not section.spin_deg_s:
            return None
        return unit(np.array(section.primary.axis)), float(np.radians(section.spin_deg_s))

    def attitude_and_rate(self, t: Vector, host: Vector) -> tuple[Matrix, Vector]:
        """Return the attitudes (N, 3, 3) at a release and the craft's rotation rates (N, 3), rad/s, body axes."""
        now = self.attitude(t, host)
        later = self.attitude(t + _RATE_STEP_S, self.host(t + _RATE_STEP_S))
        turn = later @ np.swapaxes(now, -1, -2)
        # The rotation vector of a turn by a few milliradians is its antisymmetric part.
        vector = 0.5 * np.stack(
            [turn[:, 2, 1] - turn[:, 1, 2], turn[:, 0, 2] - turn[:, 2, 0], turn[:, 1, 0] - turn[:, 0, 1]], axis=-1
        )
        rate = -vector / _RATE_STEP_S
        spin = self.spin_axis_rate()
        return now, rate if spin is None else rate + spin[1] * spin[0]

    def sampling_step(self) -> float:
        """Return the shortest step of a search, s: a small part of a turn at the periapsis."""
        return float(np.diff(self.grid).min())

    @cached_property
    def grid(self) -> Vector:
        """The times (N,) from which a search starts, at even steps of the craft's way round: close at the periapsis."""
        times = _nodes(0.0, self.duration_s, min(_PACE_STEP_S, self.duration_s / 50.0))
        states = self.host(times)
        rate = np.linalg.norm(np.cross(states[:, :3], states[:, 3:]), axis=1) / (states[:, :3] ** 2).sum(axis=1)
        density = np.maximum(rate * _SAMPLES_PER_TURN / (2.0 * np.pi), 1.0 / _LONGEST_STEP_S)
        counted = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(times))])
        count = max(int(np.ceil(counted[-1])), 8)
        return np.interp(np.linspace(0.0, counted[-1], count + 1), counted, times)


def _nodes(start: float, end: float, step: float) -> Vector:
    count = max(int(np.ceil((end - start) / step)), 3) + 1
    if count > 10 * _MAX_NODES:
        raise SceneError(f"{(end - start) / DAY_S:.0f} days are too long at this orbit's pace; ask for fewer")
    return np.linspace(start, end, count)


def _turn_s(state: State, gm: float) -> float:
    """Return the time of one turn on a circular orbit at the present distance, s."""
    return float(2.0 * np.pi * np.sqrt(np.linalg.norm(state.position) ** 3 / gm))
