"""What carries the camera: a craft on an orbit, on a path from a file, or standing on the ground.

A host knows its own motion, and how a camera that leaves it moves away: craft and camera are never propagated apart
and compared as two large numbers more than arithmetic allows. States are about the body's centre, ICRF axes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from selfiesim.astro import forces
from selfiesim.astro.bodies import Body
from selfiesim.astro.ellipsoid import ellipsoid_height, sun_share
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.orbit import Acceleration, State, period, propagate, propagate_with, state_to_elements
from selfiesim.core.vectors import Vector, unit
from selfiesim.motion import relative_motion

TRACE_S = 86_400.0
"""Half the time over which a path from a file is searched for events."""


class Host(Protocol):
    """Whatever a camera can leave."""

    @property
    def body(self) -> Body:
        """What it goes round or stands on."""

    @property
    def reference(self) -> Epoch:
        """The instant its events are counted from."""

    @property
    def span(self) -> tuple[float, float]:
        """Seconds from the reference between which its events are looked for."""

    def state(self, epoch: Epoch) -> State:
        """Where it is."""

    def trace(self, seconds: Vector) -> list[State]:
        """Where it is at each of ``seconds`` (T,) after the reference."""

    def up(self, epoch: Epoch, state: State) -> Vector:
        """The unit vector (3,) away from the ground."""

    def apart(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """The host, and camera minus host, ``seconds`` after both had the states given.

        Raises
        ------
        ValueError
            When one of them flies off for good.
        """


@dataclass(frozen=True)
class Orbiter:
    """A craft on a closed orbit, two-body or under further forces.

    Attributes
    ----------
    reference : Epoch
        When ``start`` holds.
    pulls : Pulls, optional
        Further forces; None for two-body motion.
    """

    body: Body
    reference: Epoch
    start: State
    pulls: Pulls | None = None

    @property
    def span(self) -> tuple[float, float]:
        """Half a turn either way."""
        half = 0.5 * period(state_to_elements(self.start, self.body.gm_m3_s2), self.body.gm_m3_s2)
        return -half, half

    def state(self, epoch: Epoch) -> State:
        """Where it is."""
        seconds = epoch - self.reference
        if self.pulls is None or seconds == 0.0:
            return propagate(self.start, seconds, self.body.gm_m3_s2)
        return propagate_with(self.start, seconds, self.body.gm_m3_s2, self.pulls.on_craft(self.reference))

    def trace(self, seconds: Vector) -> list[State]:
        """Where it is at each of ``seconds`` (T,) after the reference."""
        if self.pulls is None:
            return [self.state(self.reference + t) for t in seconds]
        later = propagate_with(self.start, seconds, self.body.gm_m3_s2, self.pulls.on_craft(self.reference))
        return [State(*each) for each in zip(later.position, later.velocity, strict=True)]

    def up(self, epoch: Epoch, state: State) -> Vector:
        """Away from the body's centre."""
        return unit(state.position)

    def apart(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """See :class:`Host`."""
        gm = self.body.gm_m3_s2
        if self.pulls is None or seconds == 0.0:
            return propagate(host, seconds, gm), relative_motion.relative_state(host, camera, seconds, gm)
        on_craft, on_camera = self.pulls.on_craft(release), self.pulls.on_camera(release)
        later = propagate_with(host, seconds, gm, on_craft)
        return later, relative_motion.relative_state_with(host, camera, seconds, gm, on_craft, on_camera)


@dataclass(frozen=True)
class Pathfinder:
    """A craft whose path a file tells; the camera that leaves it falls freely beside it.

    Attributes
    ----------
    path : callable
        Epoch to state.
    span : tuple of float
        Seconds from the reference, cut to what the file covers.
    """

    body: Body
    reference: Epoch
    span: tuple[float, float]
    path: Callable[[Epoch], State]

    def state(self, epoch: Epoch) -> State:
        """Where it is."""
        return self.path(epoch)

    def trace(self, seconds: Vector) -> list[State]:
        """Where it is at each of ``seconds`` (T,) after the reference."""
        return [self.path(self.reference + t) for t in seconds]

    def up(self, epoch: Epoch, state: State) -> Vector:
        """Away from the body's centre."""
        return unit(state.position)

    def apart(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """The difference is integrated along the path of the file, whatever made that: see :class:`Host`.

        A host that recoils has left its file by as much: the difference holds, its own path does not show it.
        """

        def place(t: float) -> Vector:
            return self.path(release + t).position

        start = State(camera.position - host.position, camera.velocity - host.velocity)
        later = relative_motion.relative_along(
            place, start, seconds, self.body.gm_m3_s2, zonals_of(self.body), self._pole(release)
        )
        return self.path(release + seconds), later

    def _pole(self, epoch: Epoch) -> Vector:
        return np.asarray(icrf_to_bodyfixed(self.body, epoch)[2])


@dataclass(frozen=True)
class Lander:
    """A craft that stands on the ground; what leaves it falls, and lies where it has fallen.

    Attributes
    ----------
    body : Body
        Its ellipsoid grown to the height of the ground there.
    longitude, latitude : float
        Planetocentric, rad.
    rest_m : float
        Height above the ground at which the fallen camera's lens comes to rest.
    """

    body: Body
    reference: Epoch
    longitude: float
    latitude: float
    rest_m: float = 0.05
    _foot: Vector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        across = np.cos(self.latitude)
        direction = np.array([across * np.cos(self.longitude), across * np.sin(self.longitude), np.sin(self.latitude)])
        foot = direction / np.sqrt(np.sum((direction / np.array(self.body.radii_m)) ** 2))
        object.__setattr__(self, "_foot", foot)

    @property
    def span(self) -> tuple[float, float]:
        """Half a day of the body either way."""
        rate = abs(self.body.meridian.rate) or 1.0
        half = 0.5 * 360.0 / rate * 86_400.0
        return -half, half

    def state(self, epoch: Epoch) -> State:
        """Its place turns with the body."""
        return self._carried(self._foot, epoch)

    def trace(self, seconds: Vector) -> list[State]:
        """Where it is at each of ``seconds`` (T,) after the reference."""
        return [self.state(self.reference + t) for t in seconds]

    def up(self, epoch: Epoch, state: State) -> Vector:
        """Square to the ellipsoid."""
        return np.asarray(icrf_to_bodyfixed(self.body, epoch).T @ self._normal)

    @property
    def _normal(self) -> Vector:
        return unit(self._foot / np.array(self.body.radii_m) ** 2)

    def apart(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """Free fall to the ground, then rest."""
        fallen = self._fall_time(release, camera, seconds)
        later = propagate_any(camera, min(seconds, fallen), self.body.gm_m3_s2)
        now = release + seconds
        if fallen < seconds:
            place = icrf_to_bodyfixed(self.body, release + fallen) @ later.position
            later = self._carried(place, now)
        here = self.state(now)
        return here, State(later.position - here.position, later.velocity - here.velocity)

    def _carried(self, fixed: Vector, epoch: Epoch) -> State:
        turn = icrf_to_bodyfixed(self.body, epoch)
        spin = np.radians(self.body.meridian.rate) / 86_400.0 * turn[2]
        position = turn.T @ fixed
        return State(position, np.cross(spin, position))

    def _fall_time(self, release: Epoch, camera: State, most: float) -> float:
        """Seconds until the camera's height above the ground is :attr:`rest_m`; infinite when later than ``most``."""

        def height(t: float) -> float:
            place = propagate_any(camera, t, self.body.gm_m3_s2).position
            return ellipsoid_height(icrf_to_bodyfixed(self.body, release + t) @ place, self.body) - self.rest_m

        if height(0.0) <= 0.0:
            return 0.0
        step = most / 256.0
        passed = next((k for k in range(1, 257) if height(k * step) <= 0.0), None) if step > 0.0 else None
        if passed is None:
            return float("inf")
        low, high = (passed - 1) * step, passed * step
        for _ in range(50):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if height(middle) > 0.0 else (low, middle)
        return high


def propagate_any(state: State, seconds: float, gm: float) -> State:
    """Two-body motion, or a straight line with constant gravity's sag for a state that is on no ellipse."""
    try:
        return propagate(state, seconds, gm)
    except ValueError:
        pull = -gm * state.position / np.linalg.norm(state.position) ** 3
        return State(
            state.position + seconds * state.velocity + 0.5 * seconds**2 * pull, state.velocity + seconds * pull
        )


@dataclass(frozen=True)
class Pulls:
    """The further forces of an orbit: which of them, and what they need to know.

    ``sunward`` gives the Sun's place (m, ICRF axes, from the body) at seconds after ``reference``.
    """

    body: Body
    reference: Epoch
    sunward: Callable[[float], Vector]
    zonals: bool = True
    sun: bool = True
    area_to_mass: float = 0.0
    camera_area_to_mass: float = 0.0
    reflectivity: float = 1.3

    def on_craft(self, start: Epoch) -> Acceleration:
        """Acceleration of the craft by seconds after ``start``."""
        return self._acceleration(start, self.area_to_mass)

    def on_camera(self, start: Epoch) -> Acceleration:
        """Acceleration of the camera by seconds after ``start``."""
        return self._acceleration(start, self.camera_area_to_mass)

    def _acceleration(self, start: Epoch, area_to_mass: float) -> Acceleration:
        shift = start - self.reference
        pole = icrf_to_bodyfixed(self.body, start)[2]
        field_ = zonals_of(self.body)

        def acceleration(seconds: float, position: Vector) -> Vector:
            total = np.zeros(3)
            if self.zonals:
                total = total + forces.zonal(position, field_, pole)
            if self.sun or area_to_mass:
                to_sun = self.sunward(shift + seconds)
                if self.sun:
                    total = total + forces.third_body(position, to_sun, forces.GM_SUN_M3_S2)
                if area_to_mass:
                    push = forces.sunlight(position, to_sun, area_to_mass, self.reflectivity)
                    total = total + self._lit(start + seconds, position, to_sun) * push
            return total

        return acceleration

    def _lit(self, epoch: Epoch, position: Vector, to_sun: Vector) -> float:
        turn = icrf_to_bodyfixed(self.body, epoch)
        return sun_share(turn @ position, turn @ to_sun, self.body)


def zonals_of(body: Body) -> forces.Zonals:
    """The body's gravity field as :mod:`selfiesim.astro.forces` takes it."""
    return forces.Zonals(body.gm_m3_s2, body.gravity_radius_m, body.j2, body.j3, body.j4)
