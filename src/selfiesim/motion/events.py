"""Times of orbit events: periapsis, apoapsis, maximum latitude, polar cap edge and terminator.

Each event is a root of a smooth function of time. Of several, the one nearest to the host's reference epoch counts.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from selfiesim.astro.ephemeris import Ephemeris
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed
from selfiesim.astro.orbit import State, period, state_to_elements, true_to_mean
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import unit
from selfiesim.motion.host_trajectories import Host, OrbitingHost
from selfiesim.motion.roots import find_root

CAP_EDGE_DEG = 80.0
"""Latitude of the edge of the residual north polar cap (Planum Boreum, FU Berlin and IAU gazetteer)."""

_SEARCH_STEPS = 720  # half a degree each on a circular orbit
_ROOT_TOLERANCE_S = 1e-7
# Whether the event's function must rise (+1) or fall (-1) through zero, or may do either (0).
_CROSSING_SIGN = {"periapsis": 1, "apoapsis": -1, "max-latitude": -1, "cap-crossing": 1, "terminator": 0}
_NO_EVENT_REASON = {
    "periapsis": "the distance has no minimum",
    "apoapsis": "the distance has no maximum",
    "max-latitude": "the latitude has no maximum",
    "cap-crossing": f"the ground track does not cross {CAP_EDGE_DEG:.0f} degrees north, northward",
    "terminator": "the ground below stays in daylight or in darkness",
}


def find_event_epoch(name: str, host: Host, almanac: Ephemeris) -> Epoch:
    """Return the time of the event nearest to the host's reference epoch.

    Parameters
    ----------
    name : str
        ``periapsis`` or ``apoapsis``: nearest to or farthest from the body. ``max-latitude``: farthest north.
        ``cap-crossing``: northward across 80 degrees north. ``terminator``: sunrise or sunset on the ground below. The
        event ``over`` is the epoch of an orbit that :mod:`selfiesim.motion.overflight` has found.
    host : Host
        The craft.
    almanac : Ephemeris
        The source of the Sun's position.

    Raises
    ------
    SceneError
        The event does not occur within the host's search span, or it is ``over``.
    """
    if name == "over":
        raise SceneError("over: no place is given that the craft is over; write it in orbit.over")
    if host.body.name == "sun" and name not in ("periapsis", "apoapsis"):
        raise SceneError(f"{name}: not defined for a heliocentric orbit; give a UTC time")
    if isinstance(host, OrbitingHost) and name in ("periapsis", "apoapsis") and host.perturbations is None:
        return _apsis(host, 0.0 if name == "periapsis" else np.pi)
    roots = _event_times(name, host, almanac)
    if not roots:
        start, stop = (host.reference_epoch + t for t in host.event_search_span)
        raise SceneError(f"no {name} occurs from {start.utc()} to {stop.utc()}: {_NO_EVENT_REASON[name]}")
    return host.reference_epoch + min(roots, key=abs)


def _event_times(name: str, host: Host, almanac: Ephemeris) -> list[float]:
    """Return the times of the event, in seconds from the reference epoch, in the host's search span."""
    function = _EVENT_FUNCTIONS[name]
    times = np.linspace(*host.event_search_span, _SEARCH_STEPS + 1).tolist()
    states = host.sample_states(np.array(times))
    samples = {t: function(host, almanac, host.reference_epoch + t, s) for t, s in zip(times, states, strict=True)}

    def value(t: float) -> float:
        if t in samples:  # so that the signs that bracket a root are those of the samples
            return samples[t]
        epoch = host.reference_epoch + t
        return function(host, almanac, epoch, host.state(epoch))

    return [
        find_root(value, early, late, _ROOT_TOLERANCE_S)
        for (early, first), (late, last) in pairwise(samples.items())
        if first * last <= 0.0 and (last - first) * (_CROSSING_SIGN[name] or last - first) > 0.0
    ]


def _apsis(host: OrbitingHost, anomaly: float) -> Epoch:
    """Return the time of a true anomaly from Kepler's equation.

    This works for a circle too, whose anomaly is measured from the node.
    """
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
