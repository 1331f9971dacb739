"""Which ephemeris answers: the scene's kernels for what they hold, the built-in one for the rest.

An :class:`Almanac` is itself an :class:`selfiesim.astro.ephemeris.Ephemeris`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from selfiesim.astro.bodies import BODIES, AngleSeries, Body
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS, Ephemeris
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.forces import GM_SUN_M3_S2
from selfiesim.astro.orbit import State, propagate
from selfiesim.core.errors import EphemerisError, KernelError
from selfiesim.core.vectors import Vector

if TYPE_CHECKING:
    from selfiesim.astro.spice_kernels import Kernels

SUN = Body(
    name="sun",
    radii_m=(695_700e3, 695_700e3, 695_700e3),
    gm_m3_s2=GM_SUN_M3_S2,
    pole_ra=AngleSeries(286.13),
    pole_dec=AngleSeries(63.87),
    meridian=AngleSeries(84.176, 14.1844),
)
"""The Sun as a centre of motion (nominal radius and GM, IAU 2015 B3; rotation IAU 2015)."""


@dataclass(frozen=True)
class HeliocentricBody:
    """A body whose path round the Sun is an ellipse: its state (ICRF axes, about the Sun) at an epoch."""

    body: Body
    epoch: Epoch
    state: State

    def heliocentric_state(self, epoch: Epoch) -> State:
        """Where it is, about the Sun."""
        return propagate(self.state, epoch - self.epoch, GM_SUN_M3_S2)


@dataclass(frozen=True)
class Almanac:
    """Kernels first, then a body of the scene's own, then the built-in ephemeris.

    Attributes
    ----------
    kernels : Kernels, optional
        Asked first. Outside the time that they cover a body they refuse rather than hand over to the built-in
        ephemeris, so that one path is never made of two.
    heliocentric_body : Wanderer, optional
        A body that only the scene knows.
    """

    kernels: Kernels | None = None
    heliocentric_body: HeliocentricBody | None = None

    def position(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Vector (3,) in m, ICRF axes, from ``center`` to ``target``, geometric.

        Raises
        ------
        EphemerisError
            A body that none of the sources knows, or a time that the kernels do not cover.
        """
        return self._query(target, center, lambda source: source.position(target, center, epoch), epoch, "position")

    def velocity(self, target: str, center: str, epoch: Epoch) -> Vector:
        """Its rate of change (3,) in m/s; raises as :meth:`position` does."""
        return self._query(target, center, lambda source: source.velocity(target, center, epoch), epoch, "velocity")

    def _query(
        self, target: str, center: str, question: Callable[[Ephemeris], Vector], epoch: Epoch, what: str
    ) -> Vector:
        if target == center:
            return np.zeros(3)
        if self.kernels is not None:
            try:
                return question(self.kernels)
            except KernelError:
                for name in (target, center):
                    spans = _coverage(self.kernels, name)
                    if spans and not any(start <= epoch <= stop for start, stop in spans):
                        raise
        own = self.heliocentric_body.body.name if self.heliocentric_body else None
        if own in (target, center):
            return self._heliocentric_vector(target, epoch, what) - self._heliocentric_vector(center, epoch, what)
        return question(BUILTIN_EPHEMERIS)

    def _heliocentric_vector(self, name: str, epoch: Epoch, what: str) -> Vector:
        if self.heliocentric_body and name == self.heliocentric_body.body.name:
            return np.asarray(getattr(self.heliocentric_body.heliocentric_state(epoch), what))
        ask = BUILTIN_EPHEMERIS.position if what == "position" else BUILTIN_EPHEMERIS.velocity
        return ask(name, "sun", epoch)


@lru_cache(maxsize=256)
def _coverage(kernels: Kernels, name: str) -> tuple[tuple[Epoch, Epoch], ...]:
    """When the SPK files know a body or, for a planet, its system's barycentre."""
    spans: list[tuple[Epoch, Epoch]] = []
    for known in (name, f"{name} barycenter"):
        with contextlib.suppress(KernelError):  # not a name of SPICE's
            spans += kernels.coverage(known)
    return tuple(spans)


def find_body(name: str, own: Body | None = None) -> Body:
    """The body of a name: one of :data:`selfiesim.astro.bodies.BODIES`, the Sun, or the scene's own.

    Raises
    ------
    EphemerisError
        Any other name.
    """
    if own is not None and name == own.name:
        return own
    if name == "sun":
        return SUN
    if name in BODIES:
        return BODIES[name]
    raise EphemerisError(f"there is no body {name!r}; known are {', '.join((*BODIES, 'sun'))}")


class SunVectorInterpolator:
    """The vector from a body to the Sun, smooth and quick enough to ask ten thousand times: cubic between days.

    Through positions and velocities a day apart, the cubic is within 10 m of Mars' path by the built-in ephemeris.
    """

    def __init__(self, almanac: Ephemeris, body: str, start: Epoch) -> None:
        self._almanac, self._body, self._start = almanac, body, start
        self._day_cache: dict[int, tuple[Vector, Vector]] = {}

    def __call__(self, seconds: float) -> Vector:
        """(3,) in m, ``seconds`` after the start."""
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
