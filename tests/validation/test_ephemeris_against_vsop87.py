"""Mars and Jupiter against VSOP87, an analytical theory independent of JPL, over the whole table.

Bretagnon and Francou (1988), Astronomy and Astrophysics 202, 309: series D, as implemented by pymeeus.
"""

from __future__ import annotations

import erfa
import numpy as np
import pytest
from pymeeus.Epoch import Epoch as MeeusEpoch
from pymeeus.Jupiter import Jupiter
from pymeeus.Mars import Mars

from selfiesim.astro.bodies import AU_M
from selfiesim.astro.ephemeris import sun_to_body
from selfiesim.astro.epoch import Epoch
from selfiesim.core.vectors import unit

DATES = np.arange(2433283.0, 2491722.0, 130.7)  # TDB, 1950 to 2110


def vsop87(planet, date):
    """Return the heliocentric position (3,), m, in ICRF: from the ecliptic of date by ERFA's precession of 2006."""
    longitude, latitude, distance_au = planet.geometric_heliocentric_position(MeeusEpoch(date))
    ecliptic = erfa.s2c(np.radians(float(longitude)), np.radians(float(latitude)))
    return distance_au * AU_M * erfa.ecm06(date, 0.0).T @ ecliptic


# VSOP87 was fitted to DE200: its axes are offset from those of ICRF, and its mean longitudes drift, by some 0.1
# arcseconds per century.
@pytest.mark.parametrize(
    ("planet", "name", "largest_arcsec", "distance_km"), [(Mars, "mars", 0.25, 30), (Jupiter, "jupiter", 1.0, 900)]
)
def test_positions_agree_with_vsop87(figure, planet, name, largest_arcsec, distance_km):
    theirs = np.array([vsop87(planet, date) for date in DATES])
    ours = np.array([sun_to_body(name, Epoch.from_tdb_jd(date))[0] for date in DATES])
    arcsec = np.degrees(np.linalg.norm(unit(ours) - unit(theirs), axis=1).max()) * 3600.0
    figure(
        "time", f"direction of {name.title()} from the Sun, 1950 to 2110", "VSOP87", arcsec, largest_arcsec, "arcsec"
    )
    distances = np.linalg.norm(ours, axis=1) - np.linalg.norm(theirs, axis=1)
    worst = np.abs(distances).max() / 1e3
    figure("time", f"distance of {name.title()} from the Sun, 1950 to 2110", "VSOP87", worst, distance_km, "km")
