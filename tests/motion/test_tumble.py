"""Torque-free tumbling: conserved quantities, textbook solutions and another integrator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.spatial.transform import Rotation
from scipy.special import ellipj, ellipk

from selfiesim.core.vectors import quaternion, rotation_about, unit
from selfiesim.motion.tumble import inertia_tensor, tumble, tumble_many

BOX = np.array([1.1e-3, 1.7e-3, 2.3e-3])  # kg m2, a camera of 0.68 kg in a box of about 10 x 15 x 17 cm
DISC = np.array([1.1e-3, 1.1e-3, 2.0e-3])
STILL = np.array([0.0, 0.0, 0.0, 1.0])
HOUR_S = 3600.0

components = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1).map(np.array)
# Moments of a box are sums of two squares, which always gives a possible body.
sizes = st.tuples(*[st.floats(0.05, 1.0)] * 3).map(lambda s: np.array([s[1] + s[2], s[2] + s[0], s[0] + s[1]]))


def energy(inertia, rate):
    return 0.5 * np.sum(rate @ inertia_tensor(inertia) * rate, axis=-1)


def momentum(inertia, found):
    """Angular momentum in inertial axes."""
    return Rotation.from_quat(found.attitude).inv().apply(found.rate @ inertia_tensor(inertia))


def assert_kept(inertia, start, found):
    before = energy(inertia, start)
    np.testing.assert_allclose(energy(inertia, found.rate), before, rtol=1e-12)
    kept = inertia_tensor(inertia) @ start
    assert np.abs(momentum(inertia, found) - kept).max() < 1e-12 * np.linalg.norm(kept)
    np.testing.assert_allclose(np.linalg.norm(found.attitude, axis=-1), 1.0, rtol=1e-14)


@pytest.mark.parametrize("inertia", [BOX, DISC, DISC[[2, 0, 1]], np.full(3, 1e-3)], ids=["box", "disc", "top", "ball"])
@pytest.mark.parametrize("rate_deg_s", [(3.0, -5.0, 8.0), (0.01, 20.0, 0.01), (0.0, 0.0, 60.0)])
def test_energy_and_momentum_are_conserved_for_an_hour(inertia, rate_deg_s):
    rate = np.radians(rate_deg_s)
    assert_kept(inertia, rate, tumble(inertia, STILL, rate, np.linspace(0.0, HOUR_S, 200)))


@given(inertia=sizes, rate=components, turn_axis=components, turn=st.floats(-3.0, 3.0))
def test_energy_and_momentum_are_conserved_for_any_body_and_axes(inertia, rate, turn_axis, turn):
    axes = rotation_about(turn_axis, turn)
    tensor = axes @ np.diag(inertia) @ axes.T
    found = tumble(tensor, STILL, rate, np.array([0.0, 1.0, 30.0]))
    assert_kept(tensor, rate, found)
    # The same body in its principal axes.
    plain = tumble(inertia, STILL, axes.T @ rate, np.array([0.0, 1.0, 30.0]))
    np.testing.assert_allclose(found.rate, plain.rate @ axes.T, atol=1e-7)


def test_another_initial_attitude_rotates_the_whole_motion():
    attitude = quaternion(rotation_about(np.array([0.3, -0.5, 0.8]), 2.1))
    rate, times = np.array([0.1, -0.2, 0.3]), np.array([0.0, 5.0, 50.0])
    plain, turned = tumble(BOX, STILL, rate, times), tumble(BOX, 3.0 * attitude, rate, times)
    expected = Rotation.from_quat(plain.attitude) * Rotation.from_quat(attitude)
    np.testing.assert_allclose(turned.attitude[0], attitude, atol=1e-15)
    assert (expected.inv() * Rotation.from_quat(turned.attitude)).magnitude().max() < 1e-13
    np.testing.assert_array_equal(turned.rate, plain.rate)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_spin_about_a_principal_axis_is_steady(axis):
    rate = 0.2 * np.eye(3)[axis]
    found = tumble(BOX, STILL, rate, np.array([10.0, 300.0]))
    np.testing.assert_allclose(found.rate, [rate, rate], atol=1e-15)
    # The quaternion of a frame rotation: coordinates rotate opposite to the body.
    expected = [quaternion(rotation_about(-np.eye(3)[axis], angle)) for angle in (2.0, 60.0)]
    for ours, theirs in zip(found.attitude, expected, strict=True):
        assert abs(ours @ theirs) == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 2, 0)])
def test_a_symmetric_top_precesses_at_the_textbook_rate(order):
    # Landau and Lifshitz, Mechanics, section 33: the axis circles the momentum at |M| / I_across, at a fixed angle.
    order = list(order)
    inertia, rate = DISC[order], np.array([0.02, 0.03, 0.4])[order]
    axis = np.eye(3)[order.index(2)]
    kept = inertia * rate
    turn = 2 * np.pi * 1.1e-3 / np.linalg.norm(kept)
    found = tumble(inertia, STILL, rate, turn * np.array([0.0, 0.25, 0.5, 1.0]))
    way = Rotation.from_quat(found.attitude).inv().apply(axis)
    np.testing.assert_allclose(way @ unit(kept), way[0] @ unit(kept), rtol=1e-14)
    np.testing.assert_allclose(way[3], way[0], atol=1e-13)
    across = way - np.outer(way @ unit(kept), unit(kept))
    np.testing.assert_allclose(across[2], -across[0], atol=1e-13)
    np.testing.assert_allclose(across[1], np.cross(unit(kept), across[0]), atol=1e-13)


def jacobi(inertia, momentum_square, twice_energy, times):
    """Rates of a body with moments in rising order, from a start in the plane of the first and third axis.

    Landau and Lifshitz, Mechanics, section 37, for M^2 > 2 E I2; with the quarter period.
    """
    a, b, c = inertia
    e, m = twice_energy, momentum_square
    k = (b - a) * (e * c - m) / ((c - b) * (m - e * a))
    speed = np.sqrt((c - b) * (m - e * a) / (a * b * c))
    sn, cn, dn, _ = ellipj(times * speed, k)
    rates = np.stack(
        [
            np.sqrt((e * c - m) / (a * (c - a))) * cn,
            np.sqrt((e * c - m) / (b * (c - b))) * sn,
            np.sqrt((m - e * a) / (c * (c - a))) * dn,
        ],
        axis=-1,
    )
    return rates, 4 * ellipk(k) / speed


@pytest.mark.parametrize("start", [(0.05, 0.0, 0.3), (0.3, 0.0, 0.25), (0.3, 0.0, 0.211)])
def test_the_rates_of_any_body_are_jacobi_functions(start):
    start = np.array(start)
    square, twice = np.sum((BOX * start) ** 2), np.sum(BOX * start**2)
    times = np.linspace(-100.0, 300.0, 41)
    expected, _period = jacobi(BOX, square, twice, times)
    np.testing.assert_allclose(tumble(BOX, STILL, start, times).rate, expected, atol=2e-9)


@pytest.mark.parametrize("nudge", [1e-2, 1e-4, 1e-6])
def test_rotation_about_the_intermediate_axis_flips_periodically(nudge):
    # The tennis racket: its rate about the middle axis is reversed after half a period of Jacobi's functions, which
    # grows as the logarithm of the nudge.
    start = np.array([0.0, 0.5, 0.5 * nudge])
    square, twice = np.sum((BOX * start) ** 2), np.sum(BOX * start**2)
    _rates, period = jacobi(BOX, square, twice, np.zeros(1))
    half, whole = tumble(BOX, STILL, start, np.array([period / 2, period])).rate
    np.testing.assert_allclose(half[1], -0.5, atol=1e-9)
    np.testing.assert_allclose(whole, start, atol=1e-6 * 0.5)
    # Linear theory (Landau and Lifshitz, section 37): the nudge grows as exp(w sqrt((I2-I1)(I3-I2) / (I1 I3)) t).
    growth = 0.5 * np.sqrt((BOX[1] - BOX[0]) * (BOX[2] - BOX[1]) / (BOX[0] * BOX[2]))
    early = tumble(BOX, STILL, start, 1.0 / growth).rate
    assert early[2] == pytest.approx(start[2] * np.cosh(1.0), rel=10 * nudge**2 + 1e-9)


@pytest.mark.parametrize("inertia", [BOX, DISC, BOX[[2, 0, 1]]])
def test_attitude_agrees_with_another_integrator(inertia):
    # Rotation matrices instead of quaternions, momentum in fixed axes instead of rates, Adams' method instead of ours.
    rate = np.array([0.11, -0.23, 0.31])
    kept = inertia * rate

    def motion(_time, y):
        matrix = y.reshape(3, 3)  # fixed axes to body axes
        p, q, r = (matrix @ kept) / inertia
        return (-np.array([[0, -r, q], [r, 0, -p], [-q, p, 0]]) @ matrix).ravel()

    times = np.array([20.0, 200.0])
    solved = solve_ivp(motion, (0, 200), np.eye(3).ravel(), method="LSODA", rtol=1e-12, atol=1e-13, t_eval=times)
    found = tumble(inertia, STILL, rate, times)
    for k in range(2):
        matrix = solved.y[:, k].reshape(3, 3)
        np.testing.assert_allclose(Rotation.from_quat(found.attitude[k]).as_matrix(), matrix, atol=2e-8)
        np.testing.assert_allclose(found.rate[k], matrix @ kept / inertia, atol=2e-8)


def test_a_nearly_symmetric_top_moves_like_a_symmetric_one():
    # The closed form and the integration agree.
    rate, times = np.array([0.1, 0.2, 0.3]), np.array([10.0, 100.0])
    closed = tumble(DISC, STILL, rate, times)
    integrated = tumble(DISC * [1.0, 1.0 + 1e-12, 1.0], STILL, rate, times)
    np.testing.assert_allclose(integrated.rate, closed.rate, atol=1e-10)
    np.testing.assert_allclose(integrated.attitude, closed.attitude, atol=1e-10)


@pytest.mark.parametrize("inertia", [BOX, DISC])
def test_times_may_have_any_order_and_shape(inertia):
    rate = np.array([0.1, -0.2, 0.3])
    one = tumble(inertia, STILL, rate, 7.0)
    assert one.attitude.shape == (4,)
    assert one.rate.shape == (3,)
    many = tumble(inertia, STILL, rate, np.array([[7.0, -3.0], [0.0, 100.0]]))
    assert many.attitude.shape == (2, 2, 4)
    np.testing.assert_allclose(many.attitude[0, 0], one.attitude, atol=1e-13)
    np.testing.assert_allclose(many.attitude[1, 0], STILL, atol=1e-15)
    back = tumble(inertia, many.attitude[0, 1], many.rate[0, 1], 3.0)
    np.testing.assert_allclose(back.attitude, STILL, atol=1e-12)
    np.testing.assert_allclose(back.rate, rate, atol=1e-12)


@pytest.mark.parametrize("inertia", [BOX, DISC])
def test_a_body_at_rest_stays_at_rest(inertia):
    found = tumble(inertia, STILL, np.zeros(3), np.array([0.0, HOUR_S]))
    np.testing.assert_array_equal(found.rate, np.zeros((2, 3)))
    np.testing.assert_array_equal(found.attitude, [STILL, STILL])


def test_quaternion_signs_are_continuous():
    found = tumble(BOX, STILL, np.array([0.1, -0.2, 0.3]), np.arange(0.0, 200.0, 0.5))
    assert np.all(np.sum(found.attitude[1:] * found.attitude[:-1], axis=-1) > 0.99)


@pytest.mark.parametrize(
    ("inertia", "words"),
    [
        ([1.0, 2.0, 3.1], "principal moments 1, 2, 3.1 kg m2: the largest exceeds"),
        ([0.0, 1.0, 1.0], "principal moments 0, 1, 1 kg m2: each must be positive"),
        ([[2.0, 0.0, 0.0], [0.0, 1.0, 2.0], [0.0, 2.0, 1.0]], "principal moments -1, 2, 3 kg m2: each must be"),
        ([[1.0, 0.5, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], "not symmetric"),
        ([1.0, 1.0], "three principal moments or a 3x3 tensor"),
        ([1.0, np.nan, 1.0], "three principal moments or a 3x3 tensor"),
    ],
)
def test_an_impossible_inertia_is_rejected_with_its_moments(inertia, words):
    with pytest.raises(ValueError, match=words):
        tumble(np.array(inertia), STILL, np.array([0.1, 0.0, 0.0]), 1.0)


def test_a_flat_plate_is_valid_and_a_zero_quaternion_is_not():
    assert inertia_tensor(np.array([0.1, 0.2, 0.1 + 0.2])).shape == (3, 3)
    with pytest.raises(ValueError, match="length 0"):
        tumble(BOX, np.zeros(4), np.array([0.1, 0.0, 0.0]), 1.0)


@pytest.mark.parametrize(
    "order",
    [
        [0, 1, 2],
        [1, 2, 0],
        *[pytest.param(order, marks=pytest.mark.slow) for order in ([1, 0, 2], [2, 1, 0], [0, 2, 1], [2, 0, 1])],
    ],
)
@pytest.mark.parametrize("moments", [BOX, DISC, BOX[0] * np.array([1.0, 1.9999, 2.0])], ids=["box", "disc", "near-top"])
def test_many_bodies_at_once_equal_single_bodies(figure, moments, order):
    inertia = moments[order]
    rng = np.random.default_rng(3)
    steady = [[0.1, 0, 0], [0, 0.1, 0], [0, 0, 0.1], [0, 0, -0.1], [1e-7, 1e-7, -0.1], [1e-5, 0.3, 1e-5], [0, 0, 0]]
    count = 20 if order == [0, 1, 2] else 3  # other orders only permute the axes
    rates = np.concatenate([steady, rng.normal(0.0, 0.5, (count, 3))])
    starts = Rotation.random(len(rates), random_state=4).as_quat()
    times = rng.uniform(-100.0, 600.0, (len(rates), 12))
    found = tumble_many(inertia, starts, rates, times)
    for k, rate in enumerate(rates):
        alone = tumble(inertia, starts[k], rate, times[k])
        np.testing.assert_allclose(found.rate[k], alone.rate, atol=1e-9)
        off = Rotation.from_quat(found.attitude[k]) * Rotation.from_quat(alone.attitude).inv()
        worst = off.magnitude().max()
        figure("orbits", "many tumbling cameras at once, in elliptic functions", "each integrated", worst, 1e-7, "rad")


def test_many_bodies_with_an_inertia_tensor_equal_single_bodies():
    axes = rotation_about(np.array([1.0, 2.0, -1.0]), 0.7)
    tensor = axes @ np.diag(BOX) @ axes.T
    rates = np.array([[0.1, -0.2, 0.3], [0.4, 0.1, 0.0]])
    found = tumble_many(tensor, np.array([STILL, 2.0 * STILL]), rates, np.array([[5.0, 50.0], [7.0, 70.0]]))
    for k, times in enumerate(([5.0, 50.0], [7.0, 70.0])):
        np.testing.assert_allclose(
            found.attitude[k], tumble(tensor, STILL, rates[k], np.array(times)).attitude, atol=1e-8
        )


def test_zero_quaternions_are_rejected():
    with pytest.raises(ValueError, match="length 0"):
        tumble_many(BOX, np.zeros((1, 4)), np.zeros((1, 3)), np.zeros((1, 1)))
