"""Perturbations against their potentials; perturbed orbits against textbooks and a tracked spacecraft."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import eval_legendre

from selfiesim.astro.bodies import AU_M, MARS
from selfiesim.astro.forces import (
    GM_SUN_M3_S2,
    MARS_ZONALS,
    ZonalHarmonics,
    radiation_pressure_acceleration,
    third_body_acceleration,
    tidal_acceleration,
    zonal_acceleration,
)
from selfiesim.astro.frames import icrf_to_inertial
from selfiesim.astro.orbit import (
    Elements,
    State,
    elements_to_state,
    period,
    propagate,
    propagate_perturbed,
    state_to_elements,
)
from selfiesim.core.errors import SceneError
from selfiesim.core.vectors import unit

GM = MARS.gm_m3_s2
DAY_S = 86400.0
POLE = np.array([0.0, 0.0, 1.0])

components = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: np.linalg.norm(v) > 0.1)
directions = components.map(lambda v: unit(np.array(v)))
radii = st.floats(3.5e6, 2e7)


def no_force(_seconds, position):
    return np.zeros_like(position)


def gradient(potential, position, step):
    """Central differences of order 8."""
    weights = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
    return np.array(
        [
            sum(w * (potential(position + k * dx) - potential(position - k * dx)) for k, w in weights.items()) / step
            for dx in step * np.eye(3)
        ]
    )


@pytest.mark.parametrize("n", [2, 3, 4])
@given(direction=directions, radius=radii, pole=directions)
def test_zonal_acceleration_is_the_gradient_of_its_potential(n, direction, radius, pole):
    # Montenbruck and Gill, Satellite Orbits, equation 3.28; the polynomials are scipy's.
    field = ZonalHarmonics(GM, 3.3962e6, **{"j2": 0.0, "j3": 0.0, "j4": 0.0} | {f"j{n}": 1e-3})

    def potential(r):
        distance = np.linalg.norm(r)
        return -GM / distance * 1e-3 * (field.radius_m / distance) ** n * eval_legendre(n, r @ pole / distance)

    expected = gradient(potential, radius * direction, 0.01 * radius)
    scale = GM / radius**2 * 1e-3 * (field.radius_m / radius) ** n
    np.testing.assert_allclose(
        zonal_acceleration(radius * direction, field, pole), expected, rtol=0, atol=3e-10 * scale
    )


@pytest.mark.parametrize(
    ("place", "turning", "gravity"),
    [([6378137.0, 0.0, 0.0], 7.292115e-5, 9.7803267715), ([0.0, 0.0, 6356752.3141], 0.0, 9.8321863685)],
    ids=["equator", "pole"],
)
def test_surface_gravity_is_that_of_grs80(place, turning, gravity):
    # GRS80 (Moritz 1980, Bulletin Geodesique 54:395): gravity on the ellipsoid at the equator and at the pole. J6 and
    # higher are not modelled: 7 J6 = 4e-8.
    grs80 = ZonalHarmonics(3.986005e14, 6378137.0, j2=1.08263e-3, j4=-2.37091222e-6)
    place = np.array(place)
    pull = (
        -grs80.gm_m3_s2 * place / np.linalg.norm(place) ** 3
        + zonal_acceleration(place, grs80, POLE)
        + turning**2 * place
    )
    assert np.linalg.norm(pull) == pytest.approx(gravity, rel=1e-7)


def test_the_zonals_of_mars_agree_with_published_models():
    # NSSDC Mars Fact Sheet: J2 = 1960.45e-6. Mars-50c on the fact sheet's equator is within 0.3 percent of it.
    on_equator = MARS_ZONALS.j2 * (MARS_ZONALS.radius_m / MARS.radii_m[0]) ** 2
    assert on_equator == pytest.approx(1960.45e-6, rel=3e-3)
    # MRO120D (Konopliv et al. 2016): normalised C20 = -8.750220925e-4 at 3396 km.
    on_3396 = MARS_ZONALS.j2 * (MARS_ZONALS.radius_m / 3.396e6) ** 2
    assert on_3396 == pytest.approx(8.750220925e-4 * np.sqrt(5), rel=1e-4)
    assert MARS_ZONALS.gm_m3_s2 == pytest.approx(GM, rel=1e-6)


@given(direction=directions, radius=radii, sunward=directions)
def test_the_suns_tide_is_the_gradient_of_the_disturbing_function(direction, radius, sunward):
    # Vallado, section 8.6: R = GM (1 / |s - r| - r . s / s^3). The Sun is close, so that differences resolve the tide.
    to_sun, gm = 1e9 * sunward, 1e20
    position = radius * direction

    def disturbing(r):
        return gm * (1 / np.linalg.norm(to_sun - r) - r @ to_sun / np.linalg.norm(to_sun) ** 3)

    expected = gradient(disturbing, position, 2e7)
    scale = gm * radius / 1e27
    np.testing.assert_allclose(third_body_acceleration(position, to_sun, gm), expected, rtol=0, atol=1e-6 * scale)


@pytest.mark.parametrize(("direction", "factor"), [([1.0, 0.0, 0.0], 2.0), ([0.0, 1.0, 0.0], -1.0)])
def test_the_suns_tide_at_mars_has_the_textbook_size(direction, factor):
    # Montenbruck and Gill, equation 3.39: 2 GM r / s^3 toward the Sun, and half of it inward perpendicular to that.
    to_sun, position = np.array([1.5 * AU_M, 0.0, 0.0]), 1e7 * np.array(direction)
    expected = factor * GM_SUN_M3_S2 * 1e7 / (1.5 * AU_M) ** 3 * np.array(direction)
    np.testing.assert_allclose(
        third_body_acceleration(position, to_sun, GM_SUN_M3_S2), expected, rtol=0, atol=3e-4 * 2.4e-7
    )


@given(place=components, offset=components, size=st.floats(1e-6, 1e6))
def test_tidal_acceleration_has_no_cancellation(place, offset, size):
    place, offset = 1e7 * np.array(place), size * np.array(offset)
    with localcontext() as context:
        context.prec = 50
        near = [Decimal(float(x)) for x in place]
        far = [x + Decimal(float(d)) for x, d in zip(near, offset, strict=True)]
        cubes = [(q := sum(x * x for x in r)) * q.sqrt() for r in (near, far)]
        exact = [float(Decimal(GM) * (n / cubes[0] - f / cubes[1])) for n, f in zip(near, far, strict=True)]
    ours = tidal_acceleration(place, offset, GM)
    assert np.linalg.norm(ours - exact) < 1e-14 * GM * np.linalg.norm(offset) / np.linalg.norm(place) ** 3


def test_radiation_pressure_has_the_textbook_size_and_acts_away_from_the_sun():
    # Montenbruck and Gill, equation 3.69: 4.56e-6 N/m2 at 1 AU, from an older solar constant of 1367 W/m2.
    to_sun = np.array([0.0, AU_M, 0.0])
    force = radiation_pressure_acceleration(np.zeros(3), to_sun, area_to_mass=1.0)
    np.testing.assert_allclose(force, [0.0, -4.56e-6, 0.0], rtol=0.005)
    np.testing.assert_allclose(radiation_pressure_acceleration(np.zeros(3), 2 * to_sun, 1.0), force / 4, rtol=1e-12)
    np.testing.assert_allclose(
        radiation_pressure_acceleration(np.zeros(3), to_sun, 0.02, reflectivity=1.3), 0.026 * force, rtol=1e-12
    )
    # The distance is that of the craft, not of the planet.
    np.testing.assert_allclose(radiation_pressure_acceleration(to_sun / 2, to_sun, 1.0), 4 * force, rtol=1e-12)


def test_forces_broadcast_over_positions():
    rng = np.random.default_rng(1)
    many, to_sun = 1e7 * rng.standard_normal((4, 5, 3)), np.array([2e11, 1e11, 3e10])
    for force in (
        lambda r: zonal_acceleration(r, MARS_ZONALS, POLE),
        lambda r: third_body_acceleration(r, to_sun, GM_SUN_M3_S2),
        lambda r: radiation_pressure_acceleration(r, to_sun, 0.01),
    ):
        assert force(many).shape == (4, 5, 3)
        np.testing.assert_allclose(force(many)[2, 3], force(many[2, 3]), rtol=1e-12)


@pytest.mark.parametrize("eccentricity", [0.0, 0.1, 0.5884, 0.8])
@pytest.mark.parametrize("turns", [0.37, -0.6, 3.0])
def test_without_perturbations_the_integrator_reproduces_two_body_motion(eccentricity, turns):
    elements = Elements(8.9e6, eccentricity, 1.5, 1.8, 1.0, 0.6)
    start, seconds = elements_to_state(elements, GM), turns * period(elements, GM)
    ours, exact = propagate_perturbed(start, seconds, GM, no_force), propagate(start, seconds, GM)
    assert np.linalg.norm(ours.position - exact.position) < 2e-3
    assert np.linalg.norm(ours.velocity - exact.velocity) < 2e-6


def test_without_perturbations_the_integrator_agrees_with_spice(spice):
    start = elements_to_state(Elements(8.9e6, 0.5884, 1.5, 1.8, 1.0, 0.6), GM)
    theirs = spice.prop2b(GM / 1e9, np.concatenate([start.position, start.velocity]) / 1e3, 3600.0) * 1e3
    ours = propagate_perturbed(start, 3600.0, GM, no_force)
    assert np.linalg.norm(ours.position - theirs[:3]) < 1e-4
    assert np.linalg.norm(ours.velocity - theirs[3:]) < 1e-7


def test_many_times_in_any_order_equal_single_propagations():
    start = elements_to_state(Elements(8.9e6, 0.5, 1.5, 1.8, 1.0, 0.6), GM)
    times = np.array([500.0, -300.0, 0.0, 2000.0, 500.0, -4000.0])

    def force(_seconds, position):
        return zonal_acceleration(position, MARS_ZONALS, POLE)

    together = propagate_perturbed(start, times, GM, force)
    assert together.position.shape == together.velocity.shape == (6, 3)
    for k, seconds in enumerate(times):
        alone = propagate_perturbed(start, seconds, GM, force)
        assert alone.position.shape == (3,)
        np.testing.assert_allclose(together.position[k], alone.position, rtol=0, atol=1e-4)
        np.testing.assert_allclose(together.velocity[k], alone.velocity, rtol=0, atol=1e-7)


def test_a_time_dependent_acceleration_in_free_space_has_the_analytic_path():
    start = State(np.array([1e9, 0.0, 0.0]), np.array([0.0, 1.0, 0.0]))
    later = propagate_perturbed(start, 1000.0, 1e-3, lambda seconds, _position: np.array([0.0, 0.0, 6e-3 * seconds]))
    np.testing.assert_allclose(later.position, [1e9, 1e3, 1e6], atol=1e-3)
    np.testing.assert_allclose(later.velocity, [0.0, 1.0, 3e3], atol=1e-6)


def test_a_fall_into_the_centre_is_an_error():
    with pytest.raises(SceneError, match="integration stopped"):
        propagate_perturbed(State(np.array([4e6, 0.0, 0.0]), np.zeros(3)), 3000.0, GM, no_force)


@pytest.mark.parametrize("revolutions", [60, 1e6, math.inf])
def test_too_many_revolutions_are_refused_and_soon(revolutions):
    start = State(np.array([4e6, 0.0, 0.0]), np.array([0.0, math.sqrt(GM / 4e6), 0.0]))
    turn = 2.0 * math.pi * math.sqrt(4e6**3 / GM)
    propagate_perturbed(start, 20.0 * turn, GM, no_force)
    with pytest.raises(SceneError, match="propagation-steps"):
        propagate_perturbed(start, revolutions * turn, GM, no_force)


@pytest.mark.parametrize(("eccentricity", "inclination"), [(0.2, 0.5), (0.5884, 1.2), (0.4, 2.3)])
def test_j2_precesses_node_and_periapsis_at_the_textbook_rates(eccentricity, inclination):
    # Vallado, section 9.6, first order in J2: node -3/2 n J2 (R/p)^2 cos i, periapsis 3/4 n J2 (R/p)^2 (5 cos^2 i - 1).
    field = ZonalHarmonics(GM, 3.3962e6, j2=1e-6)  # so small that the second order is a millionth of it
    elements = Elements(1.0e7, eccentricity, inclination, 1.0, 1.3, 0.0)
    start = elements_to_state(elements, GM)
    turns = 3
    later = propagate_perturbed(
        start, turns * period(elements, GM), GM, lambda _s, r: zonal_acceleration(r, field, POLE), rtol=2.3e-14
    )
    found = state_to_elements(later, GM)
    reach = 2 * np.pi * turns * field.j2 * (field.radius_m / (1.0e7 * (1 - eccentricity**2))) ** 2
    # After whole revolutions the short-period terms cancel.
    assert found.raan - 1.0 == pytest.approx(-1.5 * reach * np.cos(inclination), rel=2e-4)
    turned = 0.75 * reach * (5 * np.cos(inclination) ** 2 - 1)
    assert found.arg_periapsis - 1.3 == pytest.approx(turned, rel=1e-3)


def periapsis_latitude_deg(state):
    """Latitude of the periapsis of the osculating orbit, in axes with z to the planet's pole."""
    elements = state_to_elements(state, MARS_ZONALS.gm_m3_s2)
    return np.degrees(np.arcsin(np.sin(elements.inclination) * np.sin(elements.arg_periapsis)))


# Tianwen-1 after its burn of 8 November 2021, from its own telemetry (D. Estevez, AMSAT-DL, destevez.net/2021/11):
# 2021-11-09 10:42:09 UTC, GMAT's MarsInertial axes, m and m/s.
TIANWEN1 = State(
    np.array([1786.3925178639424, -3521.8603918686213, -12884.286672718548]) * 1e3,
    np.array([-0.21100179119659598, 0.9822409035982982, -0.7303411191821157]) * 1e3,
)


def test_the_periapsis_of_tianwen1_moves_south_as_tracked(monkeypatch):
    monkeypatch.setenv("SELFIESIM_LIMITS", "propagation-steps=100k")  # months
    # destevez.net/2022/03, read off a plot: latitude of the periapsis 86 N on 9 November, 57 N on 1 January, 19 N on
    # 4 March, falling by 0.593 degrees a day. A reading is good to a degree, and the line through it to 0.01 a day.
    days = np.append(np.linspace(0.0, 114.6, 12), 52.6)
    gm = MARS_ZONALS.gm_m3_s2
    later = propagate_perturbed(
        TIANWEN1, days * DAY_S, gm, lambda _s, r: zonal_acceleration(r, MARS_ZONALS, POLE), rtol=1e-7
    )
    found = [periapsis_latitude_deg(State(r, v)) for r, v in zip(later.position, later.velocity, strict=True)]
    np.testing.assert_allclose([found[0], found[-1], found[-2]], [86.0, 57.0, 19.0], atol=0.6)
    assert np.polyfit(days, found, 1)[0] == pytest.approx(-0.593, abs=0.01)


def test_the_pole_may_have_any_direction():
    # The motion does not depend on the frame.
    turn = icrf_to_inertial("mars-inertial").T
    gm = MARS_ZONALS.gm_m3_s2
    plain = propagate_perturbed(TIANWEN1, 20000.0, gm, lambda _s, r: zonal_acceleration(r, MARS_ZONALS, POLE))
    tilted = State(turn @ TIANWEN1.position, turn @ TIANWEN1.velocity)
    turned = propagate_perturbed(tilted, 20000.0, gm, lambda _s, r: zonal_acceleration(r, MARS_ZONALS, turn @ POLE))
    np.testing.assert_allclose(turn @ plain.position, turned.position, rtol=0, atol=1e-3)
