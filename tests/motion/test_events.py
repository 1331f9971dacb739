"""Orbit events, each checked against its definition, on a fine grid of times or by SPICE."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shipped_scene import scene

from selfiesim.astro.orbit import period, state_to_elements
from selfiesim.core.errors import SceneError

angles = st.floats(0.0, 360.0)


def around(resolved, event, reach=2000.0, steps=401):
    """Times on a grid about an event, and the states at them."""
    times = np.linspace(-reach, reach, steps)
    epoch = resolved.epoch_at(event, "at")
    return times, [resolved.host.state(epoch + t) for t in times]


@given(angles, angles)
def test_apsides_are_extrema_of_the_distance(arg_periapsis, anomaly):
    resolved = scene(orbit__arg_periapsis_deg=arg_periapsis, orbit__true_anomaly_deg=anomaly,
                 release__at="2021-12-31T13:05:00Z").resolve()  # fmt: skip
    for event, pick in (("periapsis", np.argmin), ("apoapsis", np.argmax)):
        times, states = around(resolved, event)
        assert abs(times[pick([np.linalg.norm(state.position) for state in states])]) <= times[1] - times[0]
        turn = period(state_to_elements(states[0], resolved.body.gm_m3_s2), resolved.body.gm_m3_s2)
        assert abs(resolved.epoch_at(event, "at") - resolved.host.reference_epoch) <= 0.5 * turn + 1e-3


def test_apsides_under_perturbations_are_extrema_of_the_distance():
    resolved = scene(orbit__forces={}, release__at="2021-12-31T13:05:00Z").resolve()
    for event in ("periapsis", "apoapsis"):
        state = resolved.host.state(resolved.epoch_at(event, "at"))
        rate = state.position @ state.velocity / np.linalg.norm(state.position)
        assert abs(rate) < 1e-5  # m/s; the rate changes by about 1 m/s per second


@given(st.floats(82.0, 98.0), angles)
def test_the_cap_is_entered_going_north_at_eighty_degrees(inclination, raan):
    shot = scene(orbit__inclination_deg=inclination, orbit__raan_deg=raan, release__at="cap-crossing")
    resolved = shot.resolve()
    epoch = resolved.release_state.release.epoch
    from selfiesim.astro.frames import direction_to_lonlat, icrf_to_bodyfixed

    latitudes = [
        np.degrees(direction_to_lonlat(icrf_to_bodyfixed(resolved.body, at) @ resolved.host.state(at).position)[1])
        for at in (epoch + -1.0, epoch, epoch + 1.0)
    ]
    assert latitudes[1] == pytest.approx(80.0, abs=1e-6)
    assert latitudes[0] < latitudes[1] < latitudes[2]
    assert shot.view(at=0.0).facts["camera_latitude_deg"] == pytest.approx(80.0, abs=1e-4)


def test_maximum_latitude_is_an_extremum_of_the_latitude():
    resolved = scene(release__at="max-latitude").resolve()
    times, states = around(resolved, "max-latitude", reach=100.0)
    epoch = resolved.release_state.release.epoch
    from selfiesim.astro.frames import icrf_to_bodyfixed

    pole = icrf_to_bodyfixed(resolved.body, epoch)[2]
    sines = [pole @ state.position / np.linalg.norm(state.position) for state in states]
    assert abs(times[np.argmax(sines)]) <= times[1] - times[0]


def test_at_the_terminator_the_sun_is_on_the_horizon_below(spice):
    view = scene(release__at="terminator").view(at=0.0)
    assert view.facts["sun_elevation_below_camera_deg"] == pytest.approx(0.0, abs=0.2)  # geodetic against geocentric
    # SPICE: the angle between the direction from the centre and the Sun.
    to_sun = view.icrf_to_camera.T @ view.sun.direction
    assert spice.vsep(view.track.host.position, to_sun) == pytest.approx(np.pi / 2.0, abs=1e-4)


def test_an_event_that_never_occurs_is_rejected_with_the_reason():
    with pytest.raises(SceneError, match=r"no cap-crossing occurs from .* does not cross 80 degrees north"):
        scene(orbit__inclination_deg=60.0, release__at="cap-crossing").view()


def test_events_accept_offsets():
    shot = scene()
    base = shot.view("apoapsis").epoch
    assert shot.view("apoapsis-60s").epoch - base == pytest.approx(-60.0, abs=1e-6)
    assert shot.view("apoapsis+60.5s").epoch - base == pytest.approx(60.5, abs=1e-6)
