"""Time the dispersion of a release: `make bench`."""

import tracemalloc

import numpy as np
import pytest

from selfiesim.analysis.dispersion import disperse
from selfiesim.astro.bodies import MARS
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.forces import MARS_ZONALS, zonal_acceleration
from selfiesim.astro.orbit import Elements, State, elements_to_state
from selfiesim.motion.ejection import Normal, Release, Scatter, Uniform, draw_samples, sample_camera_states
from selfiesim.motion.relative_motion import (
    clohessy_wiltshire,
    propagate_cloud,
    relative_state,
    relative_state_perturbed,
    yamanaka_ankersen,
)
from selfiesim.motion.tumble import tumble, tumble_many
from selfiesim.scene.scene import Scene

GM = MARS.gm_m3_s2
HOST = elements_to_state(Elements(8.89875e6, 0.5884, 1.506, 1.758, 0.997, 0.574), GM)
RELEASE = Release(Epoch.from_utc("2021-12-31T16:30:00Z"), np.array([0.1, 1.7, -1.0]), np.array([0.0, 1.0, 0.2]), 0.2)
SCATTER = Scatter(
    speed=Normal(0.0, 0.01), tilt_first=Normal(0.0, 0.03), tilt_second=Normal(0.0, 0.03), delay=Uniform(-1.0, 1.0)
)
TIMES = np.linspace(0.0, 6000.0, 600)


def states(count):
    return sample_camera_states(RELEASE, HOST, np.eye(3), draw_samples(SCATTER, count, 7), GM)


@pytest.fixture(scope="module")
def camera():
    one = states(1)[0]
    return State(one[:3], one[3:])


def test_ten_thousand_releases(benchmark):
    benchmark.pedantic(states, args=(10_000,), rounds=10, warmup_rounds=1)


def test_propagating_ten_thousand_releases_to_600_times(benchmark):
    """Target: 10 s and 1 GB."""
    many = states(10_000)
    found = benchmark.pedantic(propagate_cloud, args=(HOST, many, TIMES, GM), rounds=3, warmup_rounds=1)
    assert found.shape == (10_000, 600, 3)
    # numpy reports its arrays to tracemalloc.
    tracemalloc.start()
    propagate_cloud(HOST, many, TIMES, GM)
    benchmark.extra_info["peak_mb"] = round(tracemalloc.get_traced_memory()[1] / 1e6)
    tracemalloc.stop()
    assert benchmark.extra_info["peak_mb"] < 1000


def test_one_drift(benchmark, camera):
    benchmark(relative_state, HOST, camera, 100.0, GM)


def test_one_hour_of_drift_near_an_oblate_planet(benchmark, camera):
    pole = np.array([0.0, 0.0, 1.0])
    benchmark(
        relative_state_perturbed, HOST, camera, 3600.0, GM, lambda _s, r: zonal_acceleration(r, MARS_ZONALS, pole)
    )


def test_clohessy_wiltshire_at_600_times(benchmark):
    benchmark(clohessy_wiltshire, np.full(6, 0.1), TIMES, 3e-4)


def test_yamanaka_ankersen_at_600_times(benchmark):
    benchmark(yamanaka_ankersen, np.full(6, 0.1), HOST, TIMES, GM)


@pytest.mark.parametrize("inertia", [[1.1, 1.1, 2.0], [1.1, 1.7, 2.3]], ids=["top", "any"])
def test_tumble_at_600_times(benchmark, inertia):
    start, rate = np.array([0.0, 0.0, 0.0, 1.0]), np.array([0.02, -0.05, 0.08])
    benchmark(tumble, np.array(inertia), start, rate, TIMES)


def test_dispersion_of_ten_thousand_releases_with_framing_for_ten_minutes(benchmark):
    """`selfiesim drift tianwen1-mars --samples 10000 --from 1 --to 600 --step 1`. Target: 10 s."""
    scene = Scene.load("tianwen1-mars")
    times = [float(second) for second in range(1, 601)]
    found = benchmark.pedantic(disperse, args=(scene, 10_000, times), rounds=2, warmup_rounds=1)
    assert found.good.shape == (10_000, 600)


def test_ten_thousand_tumbling_cameras_at_600_times(benchmark):
    rng = np.random.default_rng(1)
    starts = np.tile([0.0, 0.0, 0.0, 1.0], (2_000, 1))
    moments, times = np.array([1.1, 1.7, 2.3]), np.tile(np.arange(600.0), (2_000, 1))

    def five_batches():
        for _ in range(5):
            tumble_many(moments, starts, rng.normal(0.0, 0.1, (2_000, 3)), times)

    benchmark.pedantic(five_batches, rounds=2)
