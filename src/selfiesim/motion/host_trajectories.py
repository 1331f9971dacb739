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
from selfiesim.astro.ellipsoid import ellipsoid_height, sun_visible_fraction
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.orbit import Acceleration, State, period, propagate, propagate_perturbed, state_to_elements
from selfiesim.core.vectors import Vector, unit
from selfiesim.motion import relative_motion

EVENT_SEARCH_S = 86_400.0
"""Half the time over which a path from a file is searched for events."""


class Host(Protocol):
    """Whatever a camera can leave."""

    @property
    def body(self) -> Body:
        """What it goes round or stands on."""

    @property
    def reference_epoch(self) -> Epoch:
        """The instant its events are counted from."""

    @property
    def event_search_span(self) -> tuple[float, float]:
        """Seconds from the reference between which its events are looked for."""

    def state(self, epoch: Epoch) -> State:
        """Where it is."""

    def sample_states(self, seconds: Vector) -> list[State]:
        """Where it is at each of ``seconds`` (T,) after the reference."""

    def local_vertical(self, epoch: Epoch, state: State) -> Vector:
        """The unit vector (3,) away from the ground."""

    def propagate_pair(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """The host, and camera minus host, ``seconds`` after both had the states given.

        Raises
        ------
        ValueError
            When one of them flies off for good.
        """


@dataclass(frozen=True)
class OrbitingHost:
    """A craft on a closed orbit, two-body or under further forces.

    Attributes
    ----------
    reference_epoch : Epoch
        When ``start`` holds.
    perturbations : Pulls, optional
        Further forces; None for two-body motion.
    """

    body: Body
    reference_epoch: Epoch
    start: State
    perturbations: Perturbations | None = None

    @property
    def event_search_span(self) -> tuple[float, float]:
        """Half a turn either way."""
        half = 0.5 * period(state_to_elements(self.start, self.body.gm_m3_s2), self.body.gm_m3_s2)
        return -half, half

    def state(self, epoch: Epoch) -> State:
        """Where it is."""
        seconds = epoch - self.reference_epoch
        if self.perturbations is None or seconds == 0.0:
            return propagate(self.start, seconds, self.body.gm_m3_s2)
        return propagate_perturbed(
            self.start, seconds, self.body.gm_m3_s2, self.perturbations.craft_acceleration(self.reference_epoch)
        )

    def sample_states(self, seconds: Vector) -> list[State]:
        """Where it is at each of ``seconds`` (T,) after the reference."""
        if self.perturbations is None:
            return [self.state(self.reference_epoch + t) for t in seconds]
        later = propagate_perturbed(
            self.start, seconds, self.body.gm_m3_s2, self.perturbations.craft_acceleration(self.reference_epoch)
        )
        return [State(*each) for each in zip(later.position, later.velocity, strict=True)]

    def local_vertical(self, epoch: Epoch, state: State) -> Vector:
        """Away from the body's centre."""
        return unit(state.position)

    def propagate_pair(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """See :class:`Host`."""
        gm = self.body.gm_m3_s2
        if self.perturbations is None or seconds == 0.0:
            return propagate(host, seconds, gm), relative_motion.relative_state(host, camera, seconds, gm)
        craft_acceleration, camera_acceleration = (
            self.perturbations.craft_acceleration(release),
            self.perturbations.camera_acceleration(release),
        )
        later = propagate_perturbed(host, seconds, gm, craft_acceleration)
        return later, relative_motion.relative_state_perturbed(
            host, camera, seconds, gm, craft_acceleration, camera_acceleration
        )


@dataclass(frozen=True)
class SampledTrajectory:
    """A craft whose path a file tells; the camera that leaves it falls freely beside it.

    Attributes
    ----------
    path : callable
        Epoch to state.
    event_search_span : tuple of float
        Seconds from the reference, cut to what the file covers.
    """

    body: Body
    reference_epoch: Epoch
    event_search_span: tuple[float, float]
    path: Callable[[Epoch], State]

    def state(self, epoch: Epoch) -> State:
        """Where it is."""
        return self.path(epoch)

    def sample_states(self, seconds: Vector) -> list[State]:
        """Where it is at each of ``seconds`` (T,) after the reference."""
        return [self.path(self.reference_epoch + t) for t in seconds]

    def local_vertical(self, epoch: Epoch, state: State) -> Vector:
        """Away from the body's centre."""
        return unit(state.position)

    def propagate_pair(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """The difference is integrated along the path of the file, whatever made that: see :class:`Host`.

        A host that recoils has left its file by as much: the difference holds, its own path does not show it.
        """

        def place(t: float) -> Vector:
            return self.path(release + t).position

        start = State(camera.position - host.position, camera.velocity - host.velocity)
        later = relative_motion.relative_state_along_path(
            place, start, seconds, self.body.gm_m3_s2, zonal_harmonics_of(self.body), self._pole(release)
        )
        return self.path(release + seconds), later

    def _pole(self, epoch: Epoch) -> Vector:
        return np.asarray(icrf_to_bodyfixed(self.body, epoch)[2])


@dataclass(frozen=True)
class LandedHost:
    """A craft that stands on the ground; what leaves it falls, and lies where it has fallen.

    Attributes
    ----------
    body : Body
        Its ellipsoid grown to the height of the ground there.
    longitude, latitude : float
        Planetocentric, rad.
    rest_height_m : float
        Height above the ground at which the fallen camera's lens comes to rest.
    """

    body: Body
    reference_epoch: Epoch
    longitude: float
    latitude: float
    rest_height_m: float = 0.05
    _site_position: Vector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        across = np.cos(self.latitude)
        direction = np.array([across * np.cos(self.longitude), across * np.sin(self.longitude), np.sin(self.latitude)])
        foot = direction / np.sqrt(np.sum((direction / np.array(self.body.radii_m)) ** 2))
        object.__setattr__(self, "_site_position", foot)

    @property
    def event_search_span(self) -> tuple[float, float]:
        """Half a day of the body either way."""
        rate = abs(self.body.meridian.rate) or 1.0
        half = 0.5 * 360.0 / rate * 86_400.0
        return -half, half

    def state(self, epoch: Epoch) -> State:
        """Its place turns with the body."""
        return self._bodyfixed_to_state(self._site_position, epoch)

    def sample_states(self, seconds: Vector) -> list[State]:
        """Where it is at each of ``seconds`` (T,) after the reference."""
        return [self.state(self.reference_epoch + t) for t in seconds]

    def local_vertical(self, epoch: Epoch, state: State) -> Vector:
        """Square to the ellipsoid."""
        return np.asarray(icrf_to_bodyfixed(self.body, epoch).T @ self._surface_normal)

    @property
    def _surface_normal(self) -> Vector:
        return unit(self._site_position / np.array(self.body.radii_m) ** 2)

    def propagate_pair(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """Free fall to the ground, then rest."""
        fallen = self._time_to_ground(release, camera, seconds)
        later = propagate_ballistic(camera, min(seconds, fallen), self.body.gm_m3_s2)
        now = release + seconds
        if fallen < seconds:
            place = icrf_to_bodyfixed(self.body, release + fallen) @ later.position
            later = self._bodyfixed_to_state(place, now)
        here = self.state(now)
        return here, State(later.position - here.position, later.velocity - here.velocity)

    def _bodyfixed_to_state(self, fixed: Vector, epoch: Epoch) -> State:
        turn = icrf_to_bodyfixed(self.body, epoch)
        spin = np.radians(self.body.meridian.rate) / 86_400.0 * turn[2]
        position = turn.T @ fixed
        return State(position, np.cross(spin, position))

    def _time_to_ground(self, release: Epoch, camera: State, max_seconds: float) -> float:
        """Seconds until the camera's height above the ground is :attr:`rest_height_m`; infinite when later than ``max_seconds``."""

        def height(t: float) -> float:
            place = propagate_ballistic(camera, t, self.body.gm_m3_s2).position
            return ellipsoid_height(icrf_to_bodyfixed(self.body, release + t) @ place, self.body) - self.rest_height_m

        if height(0.0) <= 0.0:
            return 0.0
        step = max_seconds / 256.0
        passed = next((k for k in range(1, 257) if height(k * step) <= 0.0), None) if step > 0.0 else None
        if passed is None:
            return float("inf")
        low, high = (passed - 1) * step, passed * step
        for _ in range(50):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if height(middle) > 0.0 else (low, middle)
        return high


def propagate_ballistic(state: State, seconds: float, gm: float) -> State:
    """Two-body motion, or a straight line with constant gravity's sag for a state that is on no ellipse."""
    try:
        return propagate(state, seconds, gm)
    except ValueError:
        pull = -gm * state.position / np.linalg.norm(state.position) ** 3
        return State(
            state.position + seconds * state.velocity + 0.5 * seconds**2 * pull, state.velocity + seconds * pull
        )


@dataclass(frozen=True)
class Perturbations:
    """The further forces of an orbit: which of them, and what they need to know.

    ``sun_position`` gives the Sun's place (m, ICRF axes, from the body) at seconds after ``reference_epoch``.
    """

    body: Body
    reference_epoch: Epoch
    sun_position: Callable[[float], Vector]
    zonals: bool = True
    sun: bool = True
    area_to_mass: float = 0.0
    camera_area_to_mass: float = 0.0
    reflectivity: float = 1.3

    def craft_acceleration(self, start: Epoch) -> Acceleration:
        """Acceleration of the craft by seconds after ``start``."""
        return self._acceleration(start, self.area_to_mass)

    def camera_acceleration(self, start: Epoch) -> Acceleration:
        """Acceleration of the camera by seconds after ``start``."""
        return self._acceleration(start, self.camera_area_to_mass)

    def _acceleration(self, start: Epoch, area_to_mass: float) -> Acceleration:
        shift = start - self.reference_epoch
        pole = icrf_to_bodyfixed(self.body, start)[2]
        field_ = zonal_harmonics_of(self.body)

        def acceleration(seconds: float, position: Vector) -> Vector:
            total = np.zeros(3)
            if self.zonals:
                total = total + forces.zonal_acceleration(position, field_, pole)
            if self.sun or area_to_mass:
                to_sun = self.sun_position(shift + seconds)
                if self.sun:
                    total = total + forces.third_body_acceleration(position, to_sun, forces.GM_SUN_M3_S2)
                if area_to_mass:
                    push = forces.radiation_pressure_acceleration(position, to_sun, area_to_mass, self.reflectivity)
                    total = total + self._sunlit_fraction(start + seconds, position, to_sun) * push
            return total

        return acceleration

    def _sunlit_fraction(self, epoch: Epoch, position: Vector, to_sun: Vector) -> float:
        turn = icrf_to_bodyfixed(self.body, epoch)
        return sun_visible_fraction(turn @ position, turn @ to_sun, self.body)


def zonal_harmonics_of(body: Body) -> forces.ZonalHarmonics:
    """The body's gravity field as :mod:`selfiesim.astro.forces` takes it."""
    return forces.ZonalHarmonics(body.gm_m3_s2, body.gravity_radius_m, body.j2, body.j3, body.j4)
