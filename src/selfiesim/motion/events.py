"""When a host passes the landmarks of its way: periapsis, the edge of the polar cap, the terminator.

Each is the zero of a smooth function of time. Those nearest to the host's reference instant are meant.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from selfiesim.astro.ephemeris import Ephemeris
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.astro.orbit import State, period, state_to_elements, true_to_mean
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import unit
from selfiesim.motion.host_trajectories import Host, OrbitingHost

CAP_EDGE_DEG = 80.0
"""North of this latitude lies the residual cap (Planum Boreum, FU Berlin and IAU gazetteer)."""

_SEARCH_STEPS = 720  # half a degree of a circle
# What crosses zero, and whether it has to rise (+1), to fall (-1), or may do either (0).
_CROSSING_SIGN = {"periapsis": 1, "apoapsis": -1, "max-latitude": -1, "cap-crossing": 1, "terminator": 0}
_NO_EVENT_REASON = {
    "periapsis": "its distance does not turn",
    "apoapsis": "its distance does not turn",
    "max-latitude": "its latitude has no highest point",
    "cap-crossing": f"it does not cross {CAP_EDGE_DEG:.0f} degrees north, northward",
    "terminator": "the ground below stays in day or in night",
}


def find_event_epoch(name: str, host: Host, almanac: Ephemeris) -> Epoch:
    """When the event ``name`` nearest to the host's reference happens.

    ``periapsis``, ``apoapsis``: nearest to and farthest from the body. ``max-latitude``: farthest north.
    ``cap-crossing``: over 80 degrees north, on the way north. ``terminator``: the Sun rises or sets below.

    Raises
    ------
    SceneError
        When there is none within the host's span.
    """
    if host.body.name == "sun" and name not in ("periapsis", "apoapsis"):
        raise SceneError(f"{name}: has no meaning on a way round the sun; give a UTC time")
    if isinstance(host, OrbitingHost) and name in ("periapsis", "apoapsis") and host.perturbations is None:
        return _apsis(host, 0.0 if name == "periapsis" else np.pi)
    function = _EVENT_FUNCTIONS[name]

    def value(t: float) -> float:
        epoch = host.reference_epoch + t
        return function(host, almanac, epoch, host.state(epoch))

    times = np.linspace(*host.event_search_span, _SEARCH_STEPS + 1)
    states = host.sample_states(times)
    values = [function(host, almanac, host.reference_epoch + t, state) for t, state in zip(times, states, strict=True)]
    found = [
        _find_root(value, (early, late), (first, last))
        for (early, late), (first, last) in zip(pairwise(times), pairwise(values), strict=True)
        if first * last <= 0.0 and (last - first) * (_CROSSING_SIGN[name] or last - first) > 0.0
    ]
    if not found:
        start, stop = (host.reference_epoch + t for t in host.event_search_span)
        raise SceneError(f"there is no {name} from {start.utc()} to {stop.utc()}: {_NO_EVENT_REASON[name]}")
    return host.reference_epoch + min(found, key=abs)


def _apsis(host: OrbitingHost, anomaly: float) -> Epoch:
    """By Kepler's equation, which a circle too has an answer to: the elements' own periapsis, or the node."""
    gm = host.body.gm_m3_s2
    elements = state_to_elements(host.start, gm)
    change = true_to_mean(anomaly, elements.eccentricity) - true_to_mean(elements.true_anomaly, elements.eccentricity)
    change = (change + np.pi) % (2.0 * np.pi) - np.pi
    return host.reference_epoch + change / (2.0 * np.pi) * period(elements, gm)


def _distance_rate(_host: Host, _almanac: Ephemeris, _epoch: Epoch, state: State) -> float:
    return float(state.position @ state.velocity)


def _latitude_rate(host: Host, _almanac: Ephemeris, epoch: Epoch, state: State) -> float:
    pole, r, v = icrf_to_bodyfixed(host.body, epoch)[2], state.position, state.velocity
    return float(pole @ (v * (r @ r) - r * (r @ v)))


def _latitude_past_cap_edge(host: Host, _almanac: Ephemeris, epoch: Epoch, state: State) -> float:
    _longitude, latitude = direction_to_lonlat(icrf_to_bodyfixed(host.body, epoch) @ state.position)
    return latitude - float(np.radians(CAP_EDGE_DEG))


def _sun_elevation_sine(host: Host, almanac: Ephemeris, epoch: Epoch, state: State) -> float:
    return float(host.local_vertical(epoch, state) @ unit(almanac.position("sun", host.body.name, epoch)))


_EVENT_FUNCTIONS = {
    "periapsis": _distance_rate,
    "apoapsis": _distance_rate,
    "max-latitude": _latitude_rate,
    "cap-crossing": _latitude_past_cap_edge,
    "terminator": _sun_elevation_sine,
}


def _find_root(function: Callable[[float], float], times: tuple[float, float], values: tuple[float, float]) -> float:
    """The zero between two times, to a microsecond: false position, Illinois form (Dowell and Jarratt 1971)."""
    (a, b), (at_a, at_b) = times, values
    if at_a == 0.0:
        return a
    for _ in range(60):
        if at_b == 0.0 or abs(b - a) < 1e-7:
            break
        c = b - at_b * (b - a) / (at_b - at_a)
        at_c = function(c)
        if at_c * at_b < 0.0:
            a, at_a = b, at_b
        else:
            at_a *= 0.5  # the end that stands still is made light, or the steps would creep
        if abs(c - b) < 1e-7:
            return c
        b, at_b = c, at_c
    return b
