"""Built-in ephemeris: the Sun and the planets."""

from __future__ import annotations

import numpy as np
import pytest
from figures import largest

from selfiesim.astro.bodies import AU_M, MARS
from selfiesim.astro.ephemeris import BUILTIN_EPHEMERIS, position_from_body, sun_to_body
from selfiesim.astro.epoch import DAY_S, Epoch
from selfiesim.astro.mars_time import solar_longitude

NOW = Epoch.from_utc("2021-12-31T16:30:00Z")


def test_the_sun_from_mars_is_opposite_to_mars_from_the_sun():
    np.testing.assert_array_equal(position_from_body(MARS, "sun", NOW), -sun_to_body("mars", NOW)[0])


def test_sun_mars_and_earth_form_a_closed_triangle():
    around = position_from_body(MARS, "earth", NOW) - position_from_body(MARS, "sun", NOW)
    np.testing.assert_allclose(around, sun_to_body("earth", NOW)[0], rtol=1e-15, atol=1e-4)


@pytest.mark.parametrize(("body", "slowest", "fastest"), [("mars", 21.97e3, 26.50e3), ("earth", 29.29e3, 30.29e3)])
def test_planets_move_at_their_published_speeds(body, slowest, fastest):
    # NSSDC planetary fact sheets: minimum and maximum orbital velocity.
    speeds = [np.linalg.norm(sun_to_body(body, NOW + day * DAY_S)[1]) for day in range(0, 690, 2)]
    assert min(speeds) == pytest.approx(slowest, rel=2e-3)
    assert max(speeds) == pytest.approx(fastest, rel=2e-3)


# Largest errors in longitude between 1800 and 2050, arcseconds: ERFA's documentation of plan94. The places of the outer
# planets in DE421 are those of their barycentres.
@pytest.mark.parametrize(
    ("body", "arcsec"), [("mercury", 4), ("venus", 5), ("saturn", 81), ("uranus", 86), ("neptune", 11)]
)
def test_the_series_of_the_planets_is_as_close_to_de421_as_published(de421, body, arcsec):
    from skyfield.api import load

    epochs = [Epoch.from_utc(f"{year}-05-01T00:00:00Z") for year in range(2000, 2050, 7)]
    times = load.timescale(builtin=True).tdb_jd([epoch.day + epoch.fraction for epoch in epochs])
    name = body if body in ("mercury", "venus") else f"{body} barycenter"
    theirs = (de421[name].at(times).position.m - de421["sun"].at(times).position.m).T
    for epoch, expected in zip(epochs, theirs, strict=True):
        ours = sun_to_body(body, epoch)[0]
        angle = np.linalg.norm(np.cross(ours, expected)) / np.linalg.norm(ours) / np.linalg.norm(expected)
        # Latitude adds to longitude.
        assert np.degrees(angle) * 3600.0 < 1.5 * arcsec


# A double of 2e11 m is rounded by 3e-5 m, ERFA's time by 1e-7 s; the 3 mm/s of the Moon are ERFA's own error.
@pytest.mark.parametrize(
    ("target", "center", "step", "tolerance_m_s"),
    [
        ("mars", "sun", 60.0, 1e-5),
        ("jupiter", "sun", 60.0, 5e-5),
        ("earth", "sun", 60.0, 5e-4),
        ("sun", "mars", 60.0, 1e-5),
        ("earth", "mars", 60.0, 5e-4),
        ("ssb", "sun", 600.0, 1e-5),
        ("moon", "earth", 60.0, 1e-2),
        ("phobos", "mars", 2.0, 2e-3),
        ("deimos", "mars", 4.0, 5e-4),
    ],
)
def test_velocity_is_the_derivative_of_position(figure, target, center, step, tolerance_m_s):
    for days in np.linspace(-6000.0, 12000.0, 151):  # at varying distances from Mars' knots, which are 40 days apart
        epoch = NOW + days * DAY_S
        near, far = (
            BUILTIN_EPHEMERIS.position(target, center, epoch + h)
            - BUILTIN_EPHEMERIS.position(target, center, epoch + -h)
            for h in (step, 2 * step)
        )
        slope = (8 * near - far) / (12 * step)  # central, to the fourth order
        worst = largest(slope, BUILTIN_EPHEMERIS.velocity(target, center, epoch))
        quantity = f"velocity of {target.title()} from {center.title()}".replace("Ssb", "the barycentre")
        figure("time", quantity, "central differences of its positions", worst, tolerance_m_s, "m/s")


def test_solar_longitude_always_increases():
    days = np.arange(0.0, 687.0)
    ls = np.array([solar_longitude(MARS, NOW + day * DAY_S) for day in days])
    steps = np.degrees((np.diff(ls) + np.pi) % (2 * np.pi) - np.pi)
    assert steps.min() > 0.43
    assert steps.max() < 0.65
    assert ls.min() >= 0.0
    assert ls.max() < 2 * np.pi


def test_the_astronomical_unit_is_that_of_the_iau():
    assert AU_M == 149_597_870_700.0  # IAU 2012 Resolution B2
