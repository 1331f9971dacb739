"""The :class:`Almanac` of a scene: an ephemeris of its SPICE kernels, with the built-in ephemeris for the rest."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

import numpy as np

from selfiesim.astro.bodies import BODIES, SUN_RADIUS_M, AngleSeries, Body
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS, Ephemeris
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.galilean_moons import GALILEAN_MOONS
from selfiesim.astro.orbit import State, propagate
from selfiesim.astro.outer_moons import OUTER_MOONS
from selfiesim.astro.planets import PLANETS
from selfiesim.core.errors import EphemerisError, KernelError
from selfiesim.core.vectors import Vector

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels

Quantity = Literal["position", "velocity"]

SUN = Body(
    name="sun",
    radii_m=(SUN_RADIUS_M, SUN_RADIUS_M, SUN_RADIUS_M),
    gm_m3_s2=GM_SUN_M3_S2,
    pole_ra=AngleSeries(286.13),
    pole_dec=AngleSeries(63.87),
    meridian=AngleSeries(84.176, 14.1844),
)
"""The Sun as a central body (nominal radius and GM, IAU 2015 B3; rotation IAU 2015)."""


KNOWN_BODIES = {**BODIES, **PLANETS, **GALILEAN_MOONS, **OUTER_MOONS, "sun": SUN}
"""The bodies that a craft can be at, by name."""


@dataclass(frozen=True)
class HeliocentricBody:
    """A body on an elliptical orbit about the Sun, given by its state (ICRF axes, from the Sun) at an epoch."""

    body: Body
    epoch: Epoch
    state: State

    def heliocentric_state(self, epoch: Epoch) -> State:
        """Return the state relative to the Sun at ``epoch``."""
        return propagate(self.state, epoch - self.epoch, GM_SUN_M3_S2)


@dataclass(frozen=True)
class Almanac:
    """An :class:`selfiesim.astro.ephemeris.Ephemeris` that queries several sources in turn.

    Attributes
    ----------
    kernels : Kernels, optional
        The first source. At times outside their coverage of a body they raise an error instead of falling back to the
        built-in ephemeris, so that no trajectory is joined from two sources.
    heliocentric_body : HeliocentricBody, optional
        A body defined by the scene, the second source. The built-in ephemeris is the last.
    """

    kernels: Kernels | None = None
    heliocentric_body: HeliocentricBody | None = None

    def position(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Return the geometric vector (3,) from ``center`` to ``target``, m, ICRF axes.

        Raises
        ------
        EphemerisError
            No source knows the body, or the kernels do not cover the time.
        """
        return self._query("position", target, center, epoch)

    def velocity(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Return the rate of change (3,) of :meth:`position`, m/s, with the same errors."""
        return self._query("velocity", target, center, epoch)

    def _query(self, quantity: Quantity, target: str, center: str, epoch: Epoch) -> Vector:
        if target == center:
            return np.zeros(3)
        if self.kernels is not None:
            try:
                return _vector(self.kernels, quantity, target, center, epoch)
            except KernelError:
                for name in (target, center):
                    spans = _coverage(self.kernels, name)
                    if spans and not any(start <= epoch <= stop for start, stop in spans):
                        raise
        own = self.heliocentric_body.body.name if self.heliocentric_body else None
        if own in (target, center):
            from_sun = [self._heliocentric_vector(quantity, name, epoch) for name in (target, center)]
            return from_sun[0] - from_sun[1]
        return _vector(BUILTIN_EPHEMERIS, quantity, target, center, epoch)

    def _heliocentric_vector(self, quantity: Quantity, name: str, epoch: Epoch) -> Vector:
        if self.heliocentric_body and name == self.heliocentric_body.body.name:
            state = self.heliocentric_body.heliocentric_state(epoch)
            return state.position if quantity == "position" else state.velocity
        return _vector(BUILTIN_EPHEMERIS, quantity, name, "sun", epoch)


def _vector(source: Ephemeris, quantity: Quantity, target: str, center: str, epoch: Epoch) -> Vector:
    query = source.position if quantity == "position" else source.velocity
    return query(target, center, epoch)


@lru_cache(maxsize=256)
def _coverage(kernels: Kernels, name: str) -> tuple[tuple[Epoch, Epoch], ...]:
    """Return the SPK coverage of a body and, for a planet, of its system's barycentre."""
    spans: list[tuple[Epoch, Epoch]] = []
    for spice_name in (name, f"{name} barycenter"):
        with contextlib.suppress(KernelError):  # SPICE does not know the name
            spans += kernels.coverage(spice_name)
    return tuple(spans)


def find_body(name: str, own: Body | None = None) -> Body:
    """Return the body of a name: a planet or moon that the built-in ephemeris knows, the Sun, or ``own`` of the scene.

    Raises
    ------
    EphemerisError
        The name is unknown.
    """
    if own is not None and name == own.name:
        return own
    if name in KNOWN_BODIES:
        return KNOWN_BODIES[name]
    raise EphemerisError(f"unknown body {name!r}; known bodies are {', '.join(KNOWN_BODIES)}")


class SunVectorInterpolator:
    """The vector from a body to the Sun by cubic Hermite interpolation between days: smooth, and fast to evaluate.

    For Mars it is within 10 m of the built-in ephemeris.
    """

    def __init__(self, almanac: Ephemeris, body: str, start: Epoch) -> None:
        self._almanac, self._body, self._start = almanac, body, start
        self._day_cache: dict[int, tuple[Vector, Vector]] = {}

    def __call__(self, seconds: float) -> Vector:
        """Return the vector (3,) in m, ICRF axes, ``seconds`` after the start."""
        day = int(np.floor(seconds / DAY_S))
        (p0, v0), (p1, v1) = self._state_at_day(day), self._state_at_day(day + 1)
        s = seconds / DAY_S - day
        h, t = DAY_S, 1.0 - s
        return np.asarray(t * t * (1.0 + 2.0 * s) * p0 + s * s * (3.0 - 2.0 * s) * p1 + h * s * t * (t * v0 - s * v1))

    def _state_at_day(self, day: int) -> tuple[Vector, Vector]:
        if day not in self._day_cache:
            epoch = self._start + day * DAY_S
            self._day_cache[day] = (
                self._almanac.position("sun", self._body, epoch),
                self._almanac.velocity("sun", self._body, epoch),
            )
        return self._day_cache[day]
