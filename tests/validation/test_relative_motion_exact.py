"""Drift near an oblate planet against 40-digit arithmetic, and a two-body cloud against SPICE."""

from __future__ import annotations

from decimal import Decimal, getcontext

import numpy as np
import pytest

from selfiesim.astro.bodies import MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.forces import ZonalHarmonics, zonal_acceleration
from selfiesim.astro.orbit import Elements, State, elements_to_state, propagate_perturbed
from selfiesim.motion.ejection import Normal, Release, Scatter, draw_samples, sample_camera_states
from selfiesim.motion.relative_motion import propagate_cloud, relative_state, relative_state_perturbed

GM = MARS.gm_m3_s2
FIELD = ZonalHarmonics(GM, 3.3962e6, j2=1.96045e-3)
POLE = np.array([0.0, 0.0, 1.0])
millimetre = 1e-3


def oblateness(_seconds, position):
    return zonal_acceleration(position, FIELD, POLE)


class Series:
    """A power series in time, in Decimal, extended by one coefficient at a time."""

    def __init__(self, first):
        self.c = [first]

    def times(self, other, n):
        return sum(self.c[k] * other.c[n - k] for k in range(n + 1))

    def power_next(self, base, exponent):
        """Append the next coefficient of ``base ** exponent`` (Knuth, The Art of Computer Programming, 4.7)."""
        n = len(self.c)
        total = sum((exponent * k - (n - k)) * base.c[k] * self.c[n - k] for k in range(1, n + 1))
        self.c.append(total / (n * base.c[0]))


def taylor_step(r, v, step, j2, order):
    """Take one step of r'' = -GM r s3 - 3/2 J2 GM R^2 (r s5 - 5 z^2 r s7 + 2 z pole s5), with sk = |r|^-k."""
    gm, square = Decimal(GM), Decimal(FIELD.radius_m) ** 2
    place = [Series(x) for x in r]
    for axis, u in zip(place, v, strict=True):
        axis.c.append(u)
    q, zz, flat = Series(sum(x * x for x in r)), Series(r[2] * r[2]), None
    powers = {k: Series(q.c[0] ** (Decimal(-k) / 2)) for k in (3, 5, 7)}
    factor = Decimal("1.5") * Decimal(j2) * gm * square
    shape = Series(None)  # s5 - 5 z^2 s7
    for n in range(order - 1):
        if n:
            q.c.append(sum(axis.times(axis, n) for axis in place))
            zz.c.append(place[2].times(place[2], n))
            for k, power in powers.items():
                power.power_next(q, Decimal(-k) / 2)
        flat = powers[5].c[n] - 5 * zz.times(powers[7], n)
        if n:
            shape.c.append(flat)
        else:
            shape.c[0] = flat
        for k, axis in enumerate(place):
            pull = -gm * axis.times(powers[3], n) - factor * axis.times(shape, n)
            if k == 2:
                pull -= 2 * factor * axis.times(powers[5], n)
            axis.c.append(pull / ((n + 1) * (n + 2)))
    t = [step**n for n in range(order + 1)]
    here = [sum(c * p for c, p in zip(axis.c, t, strict=True)) for axis in place]
    speed = [sum(n * axis.c[n] * t[n - 1] for n in range(1, order + 1)) for axis in place]
    return here, speed


def exact_position(state, seconds, j2=FIELD.j2, steps=40, order=24):
    """Return the position (3,) in 40 digits."""
    getcontext().prec = 40
    r, v = ([Decimal(float(x)) for x in part] for part in (state.position, state.velocity))
    for _ in range(steps):
        r, v = taylor_step(r, v, Decimal(seconds) / steps, j2, order)
    return r


def exact_drift(host, camera, seconds, j2=FIELD.j2):
    pairs = zip(exact_position(camera, seconds, j2), exact_position(host, seconds, j2), strict=True)
    return np.array([float(a - b) for a, b in pairs])


def start(eccentricity=0.5884, anomaly=0.574):
    """Return the orbiter of December 2021 near its northernmost point, and a camera released at 0.2 m/s."""
    host = elements_to_state(Elements(8.89875e6, eccentricity, 1.506, 1.758, 0.997, anomaly), GM)
    away = np.array([0.36, -0.48, 0.8])
    return host, State(host.position + 1.9 * away, host.velocity + 0.2 * away)


def test_the_reference_series_has_converged():
    host, _camera = start()
    coarse, fine = (exact_position(host, 3600.0, steps=steps) for steps in (40, 60))
    assert max(abs(a - b) for a, b in zip(coarse, fine, strict=True)) < Decimal("1e-9")


def test_the_reference_includes_the_oblateness():
    # Over a millisecond the force is constant.
    host, _camera = start()
    spherical, oblate = (exact_position(host, 0.001, j2, steps=1) for j2 in (0.0, FIELD.j2))
    change = np.array([float(a - b) for a, b in zip(oblate, spherical, strict=True)])
    expected = 0.5e-6 * oblateness(0.0, host.position)
    np.testing.assert_allclose(change, expected, rtol=0, atol=1e-5 * np.linalg.norm(expected))


@pytest.mark.parametrize("anomaly", [0.574, -1.9], ids=["going-up", "through-the-periapsis"])
@pytest.mark.parametrize("seconds", [100.0, 1000.0, 3600.0])
def test_drift_near_an_oblate_planet_is_exact_to_a_millimetre(figure, seconds, anomaly):
    host, camera = start(anomaly=anomaly)
    exact = exact_drift(host, camera, seconds)
    ours = relative_state_perturbed(host, camera, seconds, GM, oblateness).position
    worst = 1e9 * np.linalg.norm(ours - exact)
    figure("orbits", "drift over an hour near an oblate planet", "motion in 40 digits", worst, 1000.0, "nm")
    # Without the oblateness the drift differs by centimetres to metres per hour.
    if seconds == 3600.0:
        assert np.linalg.norm(relative_state(host, camera, seconds, GM).position - exact) > 10 * millimetre


@pytest.mark.parametrize("eccentricity", [0.0, 0.1, 0.5884, 0.8])
def test_two_body_drift_is_exact_to_a_millimetre_by_all_methods(eccentricity):
    host, camera = start(eccentricity)
    exact = exact_drift(host, camera, 3600.0, j2=0.0)
    found = [
        relative_state(host, camera, 3600.0, GM).position,
        relative_state_perturbed(host, camera, 3600.0, GM, lambda _s, r: np.zeros(3)).position,
        propagate_cloud(host, np.concatenate([camera.position, camera.velocity])[None], np.array([3600.0]), GM)[0, 0],
    ]
    for ours in found:
        assert np.linalg.norm(ours - exact) < millimetre / 1000


def test_the_position_near_an_oblate_planet_is_exact_to_a_millimetre():
    host, _camera = start()
    exact = np.array([float(x) for x in exact_position(host, 3600.0)])
    assert np.linalg.norm(propagate_perturbed(host, 3600.0, GM, oblateness).position - exact) < millimetre / 10


def test_a_cloud_agrees_with_spice(spice):
    host, _camera = start()
    release = Release(
        Epoch.from_utc("2021-12-31T16:30:00Z"), np.array([0.1, 1.7, -1.0]), np.array([0.0, 0.6, 0.8]), 0.2
    )
    scatter = Scatter(speed=Normal(0.0, 0.01), tilt_first=Normal(0.0, 0.05), delay=Normal(0.0, 1.0))
    states = sample_camera_states(release, host, np.eye(3), draw_samples(scatter, 20, 4), GM)
    times = np.array([60.0, 3600.0, 25000.0])
    found = propagate_cloud(host, states, times, GM)
    rows = np.concatenate([[np.concatenate([host.position, host.velocity])], states]) / 1e3
    theirs = np.array([[spice.prop2b(GM / 1e9, row, seconds)[:3] for seconds in times] for row in rows]) * 1e3
    # A few times SPICE's rounding of 1e7 m.
    np.testing.assert_allclose(found, theirs[1:] - theirs[0], rtol=0, atol=1e-6)
