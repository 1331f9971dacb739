"""Bodies: rotations against SPICE, sizes against published values, and custom bodies."""

from __future__ import annotations

import numpy as np
import pytest

from selfiesim.astro import bodies
from selfiesim.astro.bodies import BODIES, AngleSeries, Body, custom_body
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed

EPOCHS = [Epoch.from_utc(text) for text in ("1976-07-20T11:53:00Z", "2000-01-01T12:00:00Z", "2021-12-31T16:30:00Z")]

# In the layout of NAIF's pck00011.tpc: angles per planetary system and century, with amplitudes in the same order.
CONSTANTS_KERNEL = """KPL/PCK
\\begindata
BODY399_POLE_RA  = ( 0. -0.641 0. )
BODY399_POLE_DEC = ( 90. -0.557 0. )
BODY399_PM       = ( 190.147 360.9856235 0. )
BODY3_NUT_PREC_ANGLES = (
 125.045 -1935.5364525   250.089 -3871.0729050   260.008 475263.3328725   176.625 487269.6299850
 357.529 35999.0509575   311.589 964468.4993100  134.963 477198.8693250   276.617 12006.3007650
 34.226 63863.5132425    15.134 -5806.6093575    119.743 131.8406400      239.961 6003.1503825
 25.053 473327.7964200 )
BODY301_POLE_RA  = ( 269.9949 0.0031 0. )
BODY301_POLE_DEC = ( 66.5392 0.0130 0. )
BODY301_PM       = ( 38.3213 13.17635815 -1.4D-12 )
BODY301_NUT_PREC_RA  = ( -3.8787 -0.1204 0.0700 -0.0172 0. 0.0072 0. 0. 0. -0.0052 0. 0. 0.0043 )
BODY301_NUT_PREC_DEC = ( 1.5419 0.0239 -0.0278 0.0068 0. -0.0029 0.0009 0. 0. 0.0008 0. 0. -0.0009 )
BODY301_NUT_PREC_PM  = ( 3.5610 0.1208 -0.0642 0.0158 0.0252 -0.0066 -0.0047 -0.0046 0.0028 0.0052 0.0040
 0.0019 -0.0044 )
BODY4_MAX_PHASE_DEGREE = 2
BODY4_NUT_PREC_ANGLES = (
 190.72646643 15917.10818695 0   21.46892470 31834.27934054 0   332.86082793 19139.89694742 0
 394.93256437 38280.79631835 0   189.63271560 41215158.18420050 12.711923222
 121.46893664 660.22803474 0     231.05028581 660.99123540 0    251.37314025 1320.50145245 0
 217.98635955 38279.96125550 0   196.19729402 19139.83628608 0 )
BODY401_POLE_RA  = ( 317.67071657 -0.10844326 0. )
BODY401_POLE_DEC = ( 52.88627266 -0.06134706 0. )
BODY401_PM       = ( 35.18774440 1128.84475928 9.536137031212154e-09 )
BODY401_NUT_PREC_RA  = ( -1.78428399 0.02212824 -0.01028251 -0.00475595 )
BODY401_NUT_PREC_DEC = ( -1.07516537 0.00668626 -0.00648740 0.00281576 )
BODY401_NUT_PREC_PM  = ( 1.42421769 -0.02273783 0.00410711 0.00631964 -1.143 )
BODY402_POLE_RA  = ( 316.65705808 -0.10518014 0. )
BODY402_POLE_DEC = ( 53.50992033 -0.05979094 0. )
BODY402_PM       = ( 79.39932954 285.16188899 0. )
BODY402_NUT_PREC_RA  = ( 0 0 0 0 0 3.09217726 0.22980637 0.06418655 0.02533537 0.00778695 )
BODY402_NUT_PREC_DEC = ( 0 0 0 0 0 1.83936004 0.14325320 0.01911409 -0.01482590 0.00192430 )
BODY402_NUT_PREC_PM  = ( 0 0 0 0 0 -2.73954829 -0.39968606 -0.06563259 -0.02912940 0.01699160 )
BODY5_NUT_PREC_ANGLES = (
 73.32 91472.9   24.62 45137.2   283.90 4850.7   355.80 1191.3   119.90 262.1   229.80 64.3   352.25 2382.6
 113.35 6070.0   146.64 182945.8   49.24 90274.4   99.360714 4850.4046   175.895369 1191.9605
 300.323162 262.5475   114.012305 6070.2476   49.511251 64.3000 )
BODY599_POLE_RA  = ( 268.056595 -0.006499 0. )
BODY599_POLE_DEC = ( 64.495303 0.002413 0. )
BODY599_PM       = ( 284.95 870.5360000 0. )
BODY599_NUT_PREC_RA  = ( 0. 0. 0. 0. 0. 0. 0. 0. 0. 0. 0.000117 0.000938 0.001432 0.000030 0.002150 )
BODY599_NUT_PREC_DEC = ( 0. 0. 0. 0. 0. 0. 0. 0. 0. 0. 0.000050 0.000404 0.000617 -0.000013 0.000926 )
\\begintext
"""


@pytest.fixture(scope="module")
def rotations(spice, tmp_path_factory):
    """SPICE with the constants of every body but Mars; unloaded at the end."""
    kernel = tmp_path_factory.mktemp("pck") / "bodies.tpc"
    kernel.write_text(CONSTANTS_KERNEL)
    spice.furnsh(str(kernel))
    yield spice
    spice.unload(str(kernel))


@pytest.mark.parametrize("epoch", EPOCHS, ids=str)
@pytest.mark.parametrize("name", ["earth", "moon", "phobos", "deimos", "jupiter"])
def test_rotations_agree_with_spice(rotations, name, epoch):
    seconds = epoch.days_since_j2000 * 86400.0
    theirs = rotations.pxform("J2000", f"IAU_{name.upper()}", seconds)
    # Phobos rotates by 1129 degrees a day: a double of 23 years in seconds resolves 1e-10 rad of it.
    np.testing.assert_allclose(icrf_to_bodyfixed(BODIES[name], epoch), theirs, rtol=0, atol=2e-9)


# Equatorial and polar radii, km (Archinal et al. 2018); surface gravity at the mean radius, m/s2 (NSSDC fact sheets).
@pytest.mark.parametrize(
    ("name", "equator_km", "pole_km", "gravity"),
    [
        ("mars", 3396.19, 3376.20, 3.73),
        ("earth", 6378.1366, 6356.7519, 9.82),
        ("moon", 1737.4, 1737.4, 1.62),
        ("jupiter", 71492.0, 66854.0, 25.92),
    ],
)
def test_sizes_and_masses_are_as_published(name, equator_km, pole_km, gravity):
    body = BODIES[name]
    assert body.radii_m[0] / 1e3 == pytest.approx(equator_km, abs=1e-9)
    assert body.radii_m[2] / 1e3 == pytest.approx(pole_km, abs=1e-9)
    assert body.gm_m3_s2 / np.cbrt(np.prod(body.radii_m)) ** 2 == pytest.approx(gravity, rel=0.005)


def test_flattening_agrees_with_j2_and_rotation_rate():
    # To first order in the spin, f = 3/2 J2 + m/2 with m = w^2 a^3 / GM (Clairaut): within a few percent for the Earth,
    # which is nearly fluid, and for Mars, whose Tharsis bulge breaks the rule by an eighth.
    for name, tolerance in (("earth", 0.01), ("mars", 0.13), ("jupiter", 0.1)):
        body = BODIES[name]
        a, c = body.radii_m[0], body.radii_m[2]
        spin = np.radians(body.meridian.rate) / 86400.0
        expected = 1.5 * body.j2 * (body.gravity_radius_m / a) ** 2 + 0.5 * spin**2 * a**3 / body.gm_m3_s2
        assert (a - c) / a == pytest.approx(expected, rel=tolerance)


def test_moons_of_mars_are_tidally_locked():
    # Their days are their months: 0.31891 and 1.26244 days (NSSDC Mars Fact Sheet).
    assert 360.0 / bodies.PHOBOS.meridian.rate == pytest.approx(0.31891, abs=1e-5)
    assert 360.0 / bodies.DEIMOS.meridian.rate == pytest.approx(1.26244, abs=1e-5)


def test_a_custom_body_rotates_uniformly_about_its_pole():
    own = custom_body(
        "ryugu",
        (448e3, 448e3, 437e3),
        30.0,
        pole_ra_deg=96.4,
        pole_dec_deg=-66.4,
        meridian_deg=10.0,
        spin_deg_day=-1000.0,
    )
    for epoch in EPOCHS:
        ra, dec, meridian = own.rotation_deg(epoch)
        assert (ra, dec) == (96.4, -66.4)
        assert meridian == pytest.approx((10.0 - 1000.0 * epoch.days_since_j2000) % 360.0, abs=1e-6)
    assert own.j2 == 0.0
    assert own.gravity_radius_m == 448e3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": ""}, "name of its own"),
        ({"name": "mars"}, "name of its own"),
        ({"radii_m": (1.0, 1.0, 0.0)}, "three positive lengths"),
        ({"radii_m": (1.0, 1.0)}, "three positive lengths"),
        ({"radii_m": (1.0, float("inf"), 1.0)}, "three positive lengths"),
        ({"gm_m3_s2": -1.0}, "gm_m3_s2 must be positive"),
        ({"gm_m3_s2": float("nan")}, "gm_m3_s2 must be positive"),
        ({"pole_dec_deg": 90.5}, "between -90 and 90"),
        ({"spin_deg_day": float("nan")}, "spin_deg_day must be a finite number"),
        ({"j2": float("inf")}, "j2 must be a finite number"),
        ({"gravity_radius_m": -1.0}, "gravity_radius_m must be positive"),
    ],
)
def test_an_impossible_body_is_rejected(change, message):
    values = {"name": "pebble", "radii_m": (1.0, 1.0, 1.0), "gm_m3_s2": 1.0}
    with pytest.raises(ValueError, match=message):
        custom_body(**(values | change))


def test_a_series_without_terms_is_its_polynomial():
    assert AngleSeries(1.0, 2.0, acceleration=3.0).at(2.0, 0.0, cosine=True) == 17.0


def test_bodies_are_found_by_their_names():
    assert set(BODIES) == {"mars", "earth", "moon", "phobos", "deimos", "jupiter"}
    assert all(isinstance(body, Body) and body.name == name for name, body in BODIES.items())
