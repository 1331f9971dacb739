"""The built-in ephemeris, light time and aberration against DE421, ERFA, SPICE and published positions of the moons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from selfiesim.astro.bodies import AU_M, BODIES, MARS
from selfiesim.astro.ephemeris import (
    BUILTIN_EPHEMERIS,
    SPEED_OF_LIGHT_M_S,
    EphemerisError,
    apparent_position,
    apply_aberration,
    light_time_position,
    position_from_body,
)
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.astro.spice_kernels import Kernels
from selfiesim.core.vectors import unit

arcsecond = np.radians(1 / 3600)
DATES = np.linspace(2451544.5, 2469807.5, 501)
NOW = Epoch.from_utc("2021-12-31T16:30:00Z")


@pytest.fixture(scope="module")
def de421_kernel():
    from skyfield_data import get_skyfield_data_path

    return Kernels([Path(get_skyfield_data_path()) / "de421.bsp"])


@pytest.mark.parametrize(
    ("target", "center", "largest_arcsec", "largest_km"),
    [
        ("moon", "earth", 10, 18),
        ("jupiter", "mars", 0.3, 820),
        ("jupiter", "sun", 0.25, 820),
        ("sun", "mars", 0.03, 28),
        ("earth", "mars", 0.1, 32),
        ("ssb", "sun", 10, 6),
    ],
)
def test_builtin_positions_agree_with_de421(de421_kernel, target, center, largest_arcsec, largest_km):
    epochs = [Epoch.from_tdb_jd(date) for date in DATES]
    ours = np.array([BUILTIN_EPHEMERIS.position(target, center, epoch) for epoch in epochs])
    theirs = np.array([de421_kernel.position(target, center, epoch) for epoch in epochs])
    angles = np.arcsin(np.linalg.norm(np.cross(unit(ours), unit(theirs)), axis=1))
    assert angles.max() < largest_arcsec * arcsecond
    assert np.linalg.norm(ours - theirs, axis=1).max() < largest_km * 1e3


@pytest.mark.parametrize(
    ("target", "center", "tolerance_m_s"),
    [("moon", "earth", 1), ("earth", "ssb", 1), ("mars", "sun", 0.05), ("jupiter", "sun", 1)],
)
def test_builtin_velocities_agree_with_de421(figure, de421_kernel, target, center, tolerance_m_s):
    for date in DATES[::25]:
        epoch = Epoch.from_tdb_jd(date)
        ours, theirs = BUILTIN_EPHEMERIS.velocity(target, center, epoch), de421_kernel.velocity(target, center, epoch)
        quantity = f"velocity of {target.title()} from {center.title()}".replace("Ssb", "the barycentre")
        figure("time", quantity, "JPL's DE421", np.linalg.norm(ours - theirs), tolerance_m_s, "m/s")


# V. Lainey's MarsSatV1_0 (Lainey, Dehant and Paetzold 2007, A&A 465, 1075; the README at ftp.imcce.fr): days since
# J2000 TDB, then x, y, z from Mars in au, J2000 equatorial axes.
LAINEY_AU_M = 149_597_870_691.0
LAINEY = {
    "phobos": [
        (0.0, -0.000013308157, -0.000058444725, -0.000021266023),
        (10.0, 0.000050907508, 0.000033574979, -0.000011296402),
        (20.0, -0.000051052809, 0.000012426617, 0.000033811410),
        (30.0, 0.000011455883, -0.000053566072, -0.000032215644),
        (40.0, 0.000035899752, 0.000050192828, 0.000004641808),
        (50.0, -0.000056181406, -0.000012965245, 0.000024600096),
        (60.0, 0.000033910062, -0.000038516526, -0.000037325256),
    ],
    "deimos": [
        (0.0, 0.000069313218, -0.000105248430, -0.000093221981),
        (10.0, 0.000003554238, -0.000139120094, -0.000072183842),
        (20.0, -0.000063012999, -0.000139517199, -0.000033799655),
        (30.0, -0.000114484040, -0.000106353638, 0.000012773591),
        (40.0, -0.000138399541, -0.000047650734, 0.000056274718),
        (50.0, -0.000129040645, 0.000022457606, 0.000086250692),
        (60.0, -0.000088636495, 0.000087252940, 0.000095540292),
    ],
}


@pytest.mark.parametrize(("moon", "tolerance_km"), [("phobos", 20), ("deimos", 50)])
def test_positions_of_the_moons_of_mars_agree_with_lainey(moon, tolerance_km):
    for days, *place_au in LAINEY[moon]:
        ours = BUILTIN_EPHEMERIS.position(moon, "mars", Epoch.from_tdb_jd(2451545.0, days))
        assert np.linalg.norm(ours - np.array(place_au) * LAINEY_AU_M) < tolerance_km * 1e3


@pytest.mark.parametrize(("moon", "tolerance_deg"), [("phobos", 0.15), ("deimos", 0.1)])
@pytest.mark.parametrize("year", [1995, 2010, 2022, 2030])
def test_prime_meridians_of_the_moons_point_at_mars(moon, year, tolerance_deg):
    # The prime meridian of either moon points at Mars on average over its orbit (Archinal et al. 2018). That report has
    # another theory of the moons' motion, so this measures the error along the orbit, to the accuracy of both.
    start = 2451545.0 + (year - 2000) * 365.25
    longitudes, latitudes = [], []
    for days in np.arange(0.0, 40.0, 0.0137):
        epoch = Epoch.from_tdb_jd(start + days)
        x, y, z = unit(icrf_to_bodyfixed(BODIES[moon], epoch) @ BUILTIN_EPHEMERIS.position("mars", moon, epoch))
        longitudes.append(np.degrees(np.arctan2(y, x)))
        latitudes.append(np.degrees(np.arcsin(z)))
    assert abs(np.mean(longitudes)) < tolerance_deg
    assert np.abs(latitudes).max() < 0.25


def test_velocities_of_the_moons_of_mars_are_the_derivatives_of_their_positions():
    for moon in ("phobos", "deimos"):
        change = BUILTIN_EPHEMERIS.position(moon, "mars", NOW + 5.0) - BUILTIN_EPHEMERIS.position(
            moon, "mars", NOW + -5.0
        )
        velocity = BUILTIN_EPHEMERIS.velocity(moon, "mars", NOW)
        assert np.linalg.norm(change / 10.0 - velocity) < 1e-6 * np.linalg.norm(velocity)


def test_the_error_names_an_unknown_body():
    with pytest.raises(EphemerisError, match="'vulcan'"):
        BUILTIN_EPHEMERIS.position("vulcan", "mars", NOW)


@pytest.mark.parametrize("target", ["sun", "earth", "jupiter"])
def test_light_time_and_aberration_agree_with_spice(de421_kernel, spice, target):
    from skyfield_data import get_skyfield_data_path

    name = str(Path(get_skyfield_data_path()) / "de421.bsp")
    spice.furnsh(name)
    try:
        seconds = (NOW.day - 2451545.0) * 86400.0 + NOW.fraction * 86400.0
        code = {"sun": "SUN", "earth": "EARTH", "jupiter": "5"}[target]
        retarded, light_time = spice.spkpos(code, seconds, "J2000", "CN", "MARS")
        converged, _ = spice.spkpos(code, seconds, "J2000", "CN+S", "MARS")
        single, _ = spice.spkpos(code, seconds, "J2000", "LT+S", "MARS")
    finally:
        spice.unload(name)
    ours, ours_seconds = light_time_position(de421_kernel, target, "mars", NOW)
    assert ours_seconds == pytest.approx(light_time, abs=1e-6)
    assert np.linalg.norm(ours - retarded * 1e3) < 5.0
    apparent = apparent_position(target, "mars", NOW, de421_kernel)
    # SPICE's aberration is classical, ours relativistic: they differ by (v/c)^2 / 4, half a milliarcsecond.
    assert np.linalg.norm(unit(apparent) - unit(converged)) < 5e-9
    assert np.linalg.norm(unit(apparent) - unit(single)) < 5e-9
    assert np.linalg.norm(apparent) == pytest.approx(np.linalg.norm(converged) * 1e3, rel=1e-10)
    # The effect is large compared with that: up to half an arcminute.
    geometric = de421_kernel.position(target, "mars", NOW)
    assert 1 * arcsecond < np.arcsin(np.linalg.norm(np.cross(unit(apparent), unit(geometric)))) < 40 * arcsecond


def test_aberration_agrees_with_erfa():
    import erfa

    rng = np.random.default_rng(7)
    for _ in range(50):
        direction, velocity = unit(rng.normal(size=3)), rng.normal(size=3) * 30e3
        beta = velocity / SPEED_OF_LIGHT_M_S
        # With the Sun very far away, erfa.ab's gravitational term vanishes.
        theirs = erfa.ab(direction, beta, 1e15, np.sqrt(1 - beta @ beta))
        np.testing.assert_allclose(apply_aberration(direction, velocity), theirs, atol=1e-14)


def test_apparent_positions_include_the_crafts_position_and_velocity():
    offset, motion = np.array([4e6, 0.0, 0.0]), np.array([0.0, 3000.0, 0.0])
    moved = light_time_position(BUILTIN_EPHEMERIS, "earth", "mars", NOW, offset)[0]
    still = light_time_position(BUILTIN_EPHEMERIS, "earth", "mars", NOW)[0]
    # Light takes 13 ms for 4e6 m, in which the Earth moves by 400 m.
    assert np.linalg.norm(still - moved - offset) < 500.0
    moving = apparent_position("earth", "mars", NOW, BUILTIN_EPHEMERIS, offset, motion)
    fixed = apparent_position("earth", "mars", NOW, BUILTIN_EPHEMERIS, offset)
    angle = np.linalg.norm(np.cross(unit(moving), unit(fixed)))
    across = np.linalg.norm(np.cross(unit(fixed), motion)) / SPEED_OF_LIGHT_M_S
    assert angle == pytest.approx(across, rel=1e-3)


def test_position_from_body_accepts_any_ephemeris(de421_kernel):
    ours, theirs = position_from_body(MARS, "sun", NOW), position_from_body(MARS, "sun", NOW, de421_kernel)
    assert np.linalg.norm(ours) / AU_M == pytest.approx(np.linalg.norm(theirs) / AU_M, abs=2e-7)
    assert np.linalg.norm(unit(ours) - unit(theirs)) < 0.03 * arcsecond
