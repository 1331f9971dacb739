"""Sun, Earth and Jupiter as seen from Mars against JPL's DE421, 2000 to 2050.

The table of Mars and Jupiter was fitted to DE440, also by JPL, twelve years later, from other data and another
integration; at Mars the two differ by 2 km. For an independent authority see test_ephemeris_against_vsop87.py.
"""

from __future__ import annotations

import numpy as np
import pytest
from figures import largest

from selfiesim.astro.bodies import AU_M, MARS
from selfiesim.astro.ephemeris import position_from_body
from selfiesim.astro.epoch import Epoch

arcsecond = np.radians(1 / 3600)
DATES = np.linspace(2451544.5, 2469807.5, 2501)  # TDB, every week


def de421_from_mars(de421, target):
    """Return the positions (N, 3), m, relative to Mars."""
    from skyfield.api import load

    times = load.timescale(builtin=True).tdb_jd(DATES)
    there = de421["jupiter barycenter" if target == "jupiter" else target]
    return (there.at(times).position.m - de421["mars"].at(times).position.m).T


# The largest angles are those stated in the ephemeris module. The Earth's is larger than the Sun's, because the Earth
# comes as close as 0.37 AU.
@pytest.mark.parametrize(
    ("target", "largest_arcsec", "median_arcsec", "distance_km"),
    [("sun", 0.03, 0.003, 28), ("earth", 0.1, 0.005, 32), ("jupiter", 0.3, 0.1, 820)],
)
def test_directions_from_mars_agree_with_de421(figure, de421, target, largest_arcsec, median_arcsec, distance_km):
    theirs = de421_from_mars(de421, target)
    ours = np.array([position_from_body(MARS, target, Epoch.from_tdb_jd(date)) for date in DATES])
    length, true_length = np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1)
    angles = np.arcsin(np.linalg.norm(np.cross(ours, theirs), axis=1) / (length * true_length))
    assert np.all(np.sum(ours * theirs, axis=1) > 0)
    assert angles.max() < largest_arcsec * arcsecond
    assert np.median(angles) < median_arcsec * arcsecond
    worst = largest(length, true_length) / 1e3
    figure("time", f"distance from Mars to {target.title()}, 2000 to 2050", "JPL's DE421", worst, distance_km, "km")


def test_sunlight_on_mars_agrees_with_de421_to_a_millionth(de421):
    theirs = np.linalg.norm(de421_from_mars(de421, "sun"), axis=1) / AU_M
    ours = np.array([np.linalg.norm(position_from_body(MARS, "sun", Epoch.from_tdb_jd(date))) for date in DATES]) / AU_M
    np.testing.assert_allclose(ours**-2, theirs**-2, rtol=1e-6)
