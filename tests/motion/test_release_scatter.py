"""Springs, recoil, and scatter of the release."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kstest

from selfiesim.astro.bodies import MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.orbit import Elements, elements_to_state, propagate
from selfiesim.core.vectors import rotation_about, unit
from selfiesim.motion.ejection import (
    Constant,
    Normal,
    Release,
    ReleaseSamples,
    Scatter,
    Uniform,
    camera_state_after_push,
    draw_samples,
    recoil,
    sample_camera_states,
    spring_release_speed,
    tilt_axes,
)

GM = MARS.gm_m3_s2
NOW = Epoch.from_utc("2021-12-31T16:30:00Z")
HOST = elements_to_state(Elements(8.9e6, 0.59, 1.5, 1.8, 1.0, 0.6), GM)
ATTITUDE = rotation_about(np.array([0.2, 0.5, -0.7]), 1.9)
RELEASE = Release(NOW, np.array([0.1, 1.7, -1.0]), np.array([0.1, 0.6, -0.8]), 0.2)
WILD = Scatter(
    speed=Normal(0.0, 0.01),
    tilt_first=Normal(0.01, 0.03),
    tilt_second=Uniform(-0.05, 0.02),
    tip_off_x=Uniform(-0.1, 0.1),
    tip_off_y=Normal(0.0, 0.05),
    tip_off_z=Constant(0.02),
    delay=Uniform(-0.5, 2.0),
    spin=Normal(0.1, 0.2),
)
velocity_rounding = 2e-12
position_rounding = 2e-9

axes = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1).map(np.array)


def still(count, **given):
    nothing = {"speed": np.zeros(count), "tilt": np.zeros((count, 2)), "tip_off": np.zeros((count, 3))}
    return ReleaseSamples(**nothing | {"delay": np.zeros(count), "spin": np.zeros(count)} | given)


@given(st.floats(1e-3, 10.0), st.floats(0.01, 100.0), st.floats(0.01, 1e4))
def test_a_spring_conserves_energy_and_momentum(energy, mass, host_mass):
    speed = spring_release_speed(energy, mass, host_mass)
    release = Release(NOW, RELEASE.mount, RELEASE.axis, speed)
    camera, craft = camera_state_after_push(release, HOST, ATTITUDE), recoil(release, HOST, ATTITUDE, mass, host_mass)
    gained, back = camera.velocity - HOST.velocity, craft.velocity - HOST.velocity
    rounding = velocity_rounding * (1 + speed)
    np.testing.assert_allclose(mass * gained, -host_mass * back, atol=(mass + host_mass) * rounding)
    own = 0.5 * mass * gained @ gained + 0.5 * host_mass * back @ back
    assert own == pytest.approx(energy, rel=1e-9, abs=1e-9)


def test_a_spring_against_a_wall_transfers_all_its_energy():
    # m v^2 / 2: 13.6 mJ release the 0.68 kg camera at 0.2 m/s.
    assert spring_release_speed(0.0136, 0.68, np.inf) == pytest.approx(0.2, rel=1e-12)
    # With recoil: sqrt(1 / (1 + 0.68 / 1600)).
    assert spring_release_speed(0.0136, 0.68, 1600.0) == pytest.approx(0.2 * (1 - 0.5 * 0.68 / 1600), rel=1e-7)


@pytest.mark.parametrize("numbers", [(-1.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, -2.0)])
def test_an_impossible_spring_is_rejected(numbers):
    with pytest.raises(ValueError, match="the spring energy must not be negative"):
        spring_release_speed(*numbers)


def test_samples_follow_their_distributions():
    found = draw_samples(WILD, 20000, seed=5)
    # Kolmogorov and Smirnov's test, scipy's distributions.
    for sample, law, numbers in (
        (found.speed, "norm", (0.0, 0.01)),
        (found.tilt[:, 0], "norm", (0.01, 0.03)),
        (found.tilt[:, 1], "uniform", (-0.05, 0.07)),
        (found.tip_off[:, 0], "uniform", (-0.1, 0.2)),
        (found.tip_off[:, 1], "norm", (0.0, 0.05)),
        (found.delay, "uniform", (-0.5, 2.5)),
        (found.spin, "norm", (0.1, 0.2)),
    ):
        assert kstest(sample, law, numbers).pvalue > 1e-3
    np.testing.assert_array_equal(found.tip_off[:, 2], 0.02)
    everything = np.column_stack([found.speed, found.tilt, found.tip_off[:, :2], found.delay, found.spin])
    assert np.abs(np.corrcoef(everything.T) - np.eye(7)).max() < 0.03


def test_samples_depend_on_the_seed_only():
    first, again, other = draw_samples(WILD, 50, 7), draw_samples(WILD, 50, 7), draw_samples(WILD, 50, 8)
    for part in ("speed", "tilt", "tip_off", "delay", "spin"):
        np.testing.assert_array_equal(getattr(first, part), getattr(again, part))
        np.testing.assert_array_equal(getattr(draw_samples(WILD, 500, 7), part)[:50], getattr(first, part))
    assert not np.any(first.speed == other.speed)


@pytest.mark.parametrize("off", [field.name for field in fields(Scatter)])
def test_disabling_one_quantity_leaves_the_others_unchanged(off):
    whole, less = draw_samples(WILD, 100, 3), draw_samples(replace(WILD, **{off: Constant()}), 100, 3)

    def by_name(draws):
        tilt, tip_off = draws.tilt.T, draws.tip_off.T
        return dict(
            zip([f.name for f in fields(Scatter)], [draws.speed, *tilt, *tip_off, draws.delay, draws.spin], strict=True)
        )

    for name, numbers in by_name(less).items():
        np.testing.assert_array_equal(numbers, 0.0 if name == off else by_name(whole)[name])


def test_samples_are_pinned_to_numpy_streams():
    # Pinned, so that seeds stay reproducible: SeedSequence(11, spawn_key=(0,)) of numpy's PCG64.
    stream = np.random.Generator(np.random.PCG64(np.random.SeedSequence(11, spawn_key=(0,))))
    np.testing.assert_array_equal(draw_samples(WILD, 4, 11).speed, 0.01 * stream.standard_normal(4))


@pytest.mark.parametrize("make", [lambda: Normal(0.0, -1.0), lambda: Uniform(1.0, 0.0)])
def test_an_invalid_distribution_is_rejected(make):
    with pytest.raises(ValueError, match=r"negative|above"):
        make()


@given(axes)
def test_tilt_axes_are_perpendicular_and_right_handed(axis):
    first, second = tilt_axes(axis)
    np.testing.assert_allclose(
        np.array([unit(axis), first, second]) @ np.array([unit(axis), first, second]).T, np.eye(3), atol=1e-12
    )
    np.testing.assert_allclose(np.cross(unit(axis), first), second, atol=1e-12)
    assert np.abs(first).max() > 0.8


def test_without_scatter_all_samples_are_nominal():
    states = sample_camera_states(RELEASE, HOST, ATTITUDE, draw_samples(Scatter(), 5, 1), GM)
    one = camera_state_after_push(RELEASE, HOST, ATTITUDE)
    np.testing.assert_allclose(states[:, :3], [one.position] * 5, atol=position_rounding)
    np.testing.assert_allclose(states[:, 3:], [one.velocity] * 5, atol=velocity_rounding)


def test_a_tilted_push_has_its_angle_and_speed():
    tilt = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, -0.2], [0.03, 0.04]])
    states = sample_camera_states(RELEASE, HOST, ATTITUDE, still(4, tilt=tilt), GM)
    gained = (states[:, 3:] - HOST.velocity) @ ATTITUDE.T
    np.testing.assert_allclose(np.linalg.norm(gained, axis=1), 0.2, atol=2 * velocity_rounding)
    away = unit(gained)
    angles = np.arctan2(np.linalg.norm(np.cross(unit(RELEASE.axis), away), axis=1), away @ unit(RELEASE.axis))
    np.testing.assert_allclose(angles, [0.0, 0.1, 0.2, 0.05], atol=1e-10)
    first, second = tilt_axes(RELEASE.axis)
    np.testing.assert_allclose(away[1] @ first, np.sin(0.1), atol=1e-10)
    np.testing.assert_allclose(away[2] @ second, -np.sin(0.2), atol=1e-10)


@pytest.mark.parametrize("rate", [None, np.array([0.02, -0.01, 0.03])], ids=["still", "turning"])
def test_a_delayed_release_starts_from_the_later_craft_state(rate):
    # One at a time: propagate and rotate the craft, release the camera, propagate it back.
    delay, speed = np.array([0.0, 3.0, -2.0, 40.0]), np.array([0.0, 0.01, -0.02, 0.0])
    states = sample_camera_states(RELEASE, HOST, ATTITUDE, still(4, delay=delay, speed=speed), GM, rate)
    for k in range(4):
        turned = ATTITUDE
        if rate is not None:
            # Coordinates in rotated axes rotate the other way.
            turned = rotation_about(rate, -np.linalg.norm(rate) * delay[k]) @ ATTITUDE
        later = replace(RELEASE, speed=0.2 + speed[k])
        camera = propagate(camera_state_after_push(later, propagate(HOST, delay[k], GM), turned, rate), -delay[k], GM)
        np.testing.assert_allclose(states[k, :3], camera.position, rtol=0, atol=5 * position_rounding)
        np.testing.assert_allclose(states[k, 3:], camera.velocity, rtol=0, atol=5 * velocity_rounding)


def test_a_negative_release_speed_is_rejected():
    with pytest.raises(ValueError, match="2 of 3 samples push the camera into the craft"):
        sample_camera_states(RELEASE, HOST, ATTITUDE, still(3, speed=np.array([-0.3, 0.0, -0.21])), GM)
