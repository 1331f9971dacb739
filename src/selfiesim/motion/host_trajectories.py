"""Hosts, the craft that release the camera: on an orbit, on a trajectory from a file, or landed.

A host computes its own motion and that of a released camera relative to it, so that precision is not lost in the
difference of two large position vectors. States are relative to the body's centre, ICRF axes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from selfiesim.astro import forces
from selfiesim.astro.bodies import Body
from selfiesim.astro.ellipsoid import ellipsoid_height, sun_visible_fraction
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.orbit import Acceleration, State, period, propagate, propagate_perturbed, state_to_elements
from selfiesim.core.vectors import Vector, cross, unit
from selfiesim.motion import relative_motion

EVENT_SEARCH_S = 86_400.0
"""Events on a trajectory from a file are searched this long before and after the reference epoch, s."""


class Host(Protocol):
    """A craft that releases a camera."""

    @property
    def body(self) -> Body:
        """The body it orbits or stands on."""

    @property
    def reference_epoch(self) -> Epoch:
        """The epoch to which the nearest event is chosen."""

    @property
    def event_search_span(self) -> tuple[float, float]:
        """Start and end of the event search, seconds from the reference epoch."""

    def state(self, epoch: Epoch) -> State:
        """Return the state at ``epoch``."""

    def sample_states(self, seconds: Vector) -> list[State]:
        """Return the states at ``seconds`` (T,) after the reference epoch."""

    def local_vertical(self, epoch: Epoch, state: State) -> Vector:
        """Return the unit vector (3,) away from the ground."""

    def propagate_pair(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """Propagate both from their states at ``release``; return the host, and camera minus host.

        Raises
        ------
        ValueError
            One of the two is not on a closed orbit.
        """


@dataclass(frozen=True)
class OrbitingHost:
    """A craft on a closed orbit, with or without perturbations.

    Attributes
    ----------
    body : Body
        The central body.
    reference_epoch : Epoch
        The epoch of ``start``.
    start : State
        The initial state.
    perturbations : Perturbations, optional
        Perturbing forces; None for two-body motion.
    """

    body: Body
    reference_epoch: Epoch
    start: State
    perturbations: Perturbations | None = None

    @property
    def event_search_span(self) -> tuple[float, float]:
        """Half a revolution before and after the reference epoch."""
        half = 0.5 * period(state_to_elements(self.start, self.body.gm_m3_s2), self.body.gm_m3_s2)
        return -half, half

    def state(self, epoch: Epoch) -> State:
        """Return the state at ``epoch``."""
        seconds = epoch - self.reference_epoch
        if self.perturbations is None or seconds == 0.0:
            return propagate(self.start, seconds, self.body.gm_m3_s2)
        return propagate_perturbed(
            self.start, seconds, self.body.gm_m3_s2, self.perturbations.craft_acceleration(self.reference_epoch)
        )

    def sample_states(self, seconds: Vector) -> list[State]:
        """Return the states at ``seconds`` (T,) after the reference epoch."""
        if self.perturbations is None:
            return [self.state(self.reference_epoch + t) for t in seconds]
        later = propagate_perturbed(
            self.start, seconds, self.body.gm_m3_s2, self.perturbations.craft_acceleration(self.reference_epoch)
        )
        return [State(*each) for each in zip(later.position, later.velocity, strict=True)]

    def local_vertical(self, epoch: Epoch, state: State) -> Vector:
        """Return the unit vector (3,) away from the body's centre."""
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
    """A craft on a trajectory from a file; a released camera is in free fall near it.

    Attributes
    ----------
    body : Body
        The central body.
    reference_epoch : Epoch
        See :class:`Host`.
    event_search_span : tuple of float
        Seconds from the reference epoch, clipped to the coverage of the file.
    path : callable
        The state as a function of epoch.
    """

    body: Body
    reference_epoch: Epoch
    event_search_span: tuple[float, float]
    path: Callable[[Epoch], State]

    def state(self, epoch: Epoch) -> State:
        """Return the state at ``epoch``."""
        return self.path(epoch)

    def sample_states(self, seconds: Vector) -> list[State]:
        """Return the states at ``seconds`` (T,) after the reference epoch."""
        return [self.path(self.reference_epoch + t) for t in seconds]

    def local_vertical(self, epoch: Epoch, state: State) -> Vector:
        """Return the unit vector (3,) away from the body's centre."""
        return unit(state.position)

    def propagate_pair(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """Integrate the difference along the trajectory of the file; see :class:`Host`.

        The recoil of the host is included in the difference, but not in the host's own state, which is the file's.
        """

        def host_position(t: float) -> Vector:
            return self.path(release + t).position

        start = State(camera.position - host.position, camera.velocity - host.velocity)
        later = relative_motion.relative_state_along_path(
            host_position, start, seconds, self.body.gm_m3_s2, zonal_harmonics_of(self.body), self._pole(release)
        )
        return self.path(release + seconds), later

    def _pole(self, epoch: Epoch) -> Vector:
        return np.asarray(icrf_to_bodyfixed(self.body, epoch)[2])


@dataclass(frozen=True)
class LandedHost:
    """A craft on the ground, or on its way down to it; a released camera falls and then rests where it has landed.

    Attributes
    ----------
    body : Body
        The body, with its ellipsoid enlarged to the height of the ground at the site.
    reference_epoch : Epoch
        See :class:`Host`.
    longitude, latitude : float
        Planetocentric coordinates of the site, rad.
    height_m : float
        That height, of which the body's radii are larger than those of its reference ellipsoid.
    rest_height_m : float
        Height of the lens above the ground when the camera rests.
    above_m, descent_m_s : float
        Height of the craft above the ground at the reference epoch, and its speed straight down until it stands there.
    """

    body: Body
    reference_epoch: Epoch
    longitude: float
    latitude: float
    height_m: float = 0.0
    rest_height_m: float = 0.05
    above_m: float = 0.0
    descent_m_s: float = 0.0
    _site_position: Vector = field(init=False, repr=False)

    def __post_init__(self) -> None:
        across = np.cos(self.latitude)
        direction = np.array([across * np.cos(self.longitude), across * np.sin(self.longitude), np.sin(self.latitude)])
        foot = direction / np.sqrt(np.sum((direction / np.array(self.body.radii_m)) ** 2))
        object.__setattr__(self, "_site_position", foot)

    @property
    def event_search_span(self) -> tuple[float, float]:
        """Half a rotation of the body before and after the reference epoch."""
        rate = abs(self.body.meridian.rate) or 1.0
        half = 0.5 * 360.0 / rate * DAY_S
        return -half, half

    def state(self, epoch: Epoch) -> State:
        """Return the state of the craft over its site, which rotates with the body."""
        above = self.height_above_ground(epoch)
        state = self._bodyfixed_to_state(self._site_position + above * self._surface_normal, epoch)
        if above == 0.0 or self.descent_m_s == 0.0:
            return state
        return State(state.position, state.velocity - self.descent_m_s * self.local_vertical(epoch, state))

    def height_above_ground(self, epoch: Epoch) -> float:
        """Return the height of the craft above the ground, m."""
        return max(self.above_m - self.descent_m_s * (epoch - self.reference_epoch), 0.0)

    def sample_states(self, seconds: Vector) -> list[State]:
        """Return the states at ``seconds`` (T,) after the reference epoch."""
        return [self.state(self.reference_epoch + t) for t in seconds]

    def local_vertical(self, epoch: Epoch, state: State) -> Vector:
        """Return the unit normal (3,) of the ellipsoid."""
        return np.asarray(icrf_to_bodyfixed(self.body, epoch).T @ self._surface_normal)

    @property
    def _surface_normal(self) -> Vector:
        return unit(self._site_position / np.array(self.body.radii_m) ** 2)

    def propagate_pair(self, release: Epoch, host: State, camera: State, seconds: float) -> tuple[State, State]:
        """Propagate free fall to the ground, then rest; see :class:`Host`."""
        impact = self._time_to_ground(release, camera, seconds)
        later = propagate_ballistic(camera, min(seconds, impact), self.body.gm_m3_s2)
        now = release + seconds
        if impact < seconds:
            resting_place = icrf_to_bodyfixed(self.body, release + impact) @ later.position
            later = self._bodyfixed_to_state(resting_place, now)
        site = self.state(now)
        return site, State(later.position - site.position, later.velocity - site.velocity)

    def _bodyfixed_to_state(self, fixed: Vector, epoch: Epoch) -> State:
        to_bodyfixed = icrf_to_bodyfixed(self.body, epoch)
        spin = np.radians(self.body.meridian.rate) / DAY_S * to_bodyfixed[2]
        position = to_bodyfixed.T @ fixed
        return State(position, cross(spin, position))

    def _comes_down_once(self, camera: State, seconds: float) -> bool:
        """Whether a camera that is above the ground after a time never was below it.

        That is so while it is slower than a low orbit, pulled down all the time, and has no time to pass the centre.
        """
        radius = float(np.linalg.norm(camera.position))
        pull = self.body.gm_m3_s2 / radius**2
        return bool(camera.velocity @ camera.velocity < 0.5 * pull * radius and seconds < 0.6 * np.sqrt(radius / pull))

    def _time_to_ground(self, release: Epoch, camera: State, max_seconds: float) -> float:
        """Return the seconds until the camera is at ``rest_height_m``, or infinity if later than ``max_seconds``."""

        def height(t: float) -> float:
            position = propagate_ballistic(camera, t, self.body.gm_m3_s2).position
            in_bodyfixed = icrf_to_bodyfixed(self.body, release + t) @ position
            return ellipsoid_height(in_bodyfixed, self.body) - self.rest_height_m

        if height(0.0) <= 0.0:
            return 0.0
        steps = 1 if self._comes_down_once(camera, max_seconds) else 256
        step = max_seconds / steps
        passed = next((k for k in range(1, steps + 1) if height(k * step) <= 0.0), None) if step > 0.0 else None
        if passed is None:
            return float("inf")
        low, high = (passed - 1) * step, passed * step
        for _ in range(50):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if height(middle) > 0.0 else (low, middle)
        return high


def height_above_ground(host: Host, epoch: Epoch) -> float:
    """Return the height of a craft above the ground of its landing site, m; 0 where it has none."""
    return host.height_above_ground(epoch) if isinstance(host, LandedHost) else 0.0


def propagate_ballistic(state: State, seconds: float, gm: float) -> State:
    """Propagate by two-body motion, or under constant gravity if the orbit is not closed."""
    try:
        return propagate(state, seconds, gm)
    except ValueError:
        gravity = -gm * state.position / np.linalg.norm(state.position) ** 3
        return State(
            state.position + seconds * state.velocity + 0.5 * seconds**2 * gravity, state.velocity + seconds * gravity
        )


@dataclass(frozen=True)
class Perturbations:
    """The perturbing forces on an orbit.

    Attributes
    ----------
    body : Body
        The central body.
    reference_epoch : Epoch
        Time zero of ``sun_position``.
    sun_position : callable
        The Sun from the body (3,), m, ICRF axes, as a function of seconds after ``reference_epoch``.
    zonals, sun : bool
        Whether the zonal harmonics and the Sun's tide act.
    area_to_mass, camera_area_to_mass : float
        Cross-section over mass of craft and camera, m2/kg; 0 for no radiation pressure.
    reflectivity : float
        See :func:`selfiesim.astro.forces.radiation_pressure_acceleration`.
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
        """Return the craft's acceleration as a function of seconds after ``start`` and position."""
        return self._acceleration(start, self.area_to_mass)

    def camera_acceleration(self, start: Epoch) -> Acceleration:
        """Return the camera's acceleration as a function of seconds after ``start`` and position."""
        return self._acceleration(start, self.camera_area_to_mass)

    def _acceleration(self, start: Epoch, area_to_mass: float) -> Acceleration:
        shift = start - self.reference_epoch
        pole = icrf_to_bodyfixed(self.body, start)[2]
        harmonics = zonal_harmonics_of(self.body)

        def acceleration(seconds: float, position: Vector) -> Vector:
            total = np.zeros(3)
            if self.zonals:
                total = total + forces.zonal_acceleration(position, harmonics, pole)
            if self.sun or area_to_mass:
                to_sun = self.sun_position(shift + seconds)
                if self.sun:
                    total = total + forces.third_body_acceleration(position, to_sun, forces.GM_SUN_M3_S2)
                if area_to_mass:
                    pressure = forces.radiation_pressure_acceleration(position, to_sun, area_to_mass, self.reflectivity)
                    total = total + self._sunlit_fraction(start + seconds, position, to_sun) * pressure
            return total

        return acceleration

    def _sunlit_fraction(self, epoch: Epoch, position: Vector, to_sun: Vector) -> float:
        to_bodyfixed = icrf_to_bodyfixed(self.body, epoch)
        if self.body.name == "sun":
            return 1.0
        return sun_visible_fraction(to_bodyfixed @ position, to_bodyfixed @ to_sun, self.body)


def zonal_harmonics_of(body: Body) -> forces.ZonalHarmonics:
    """Return the zonal harmonics of the body's gravity field."""
    return forces.ZonalHarmonics(body.gm_m3_s2, body.gravity_radius_m, body.j2, body.j3, body.j4)
