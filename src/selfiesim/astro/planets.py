"""The planets that are not in :data:`selfiesim.astro.bodies.BODIES`: Mercury, Venus, Saturn, Uranus and Neptune.

Their positions follow the series of Simon et al. (1994), Astronomy and Astrophysics 282, 663 (``erfa.plan94``), which
from 1800 to 2050 is within 4 arcseconds of longitude for Mercury, 5 for Venus, 81 for Saturn, 86 for Uranus and 11 for
Neptune.
"""

from __future__ import annotations

from selfiesim.astro.bodies import AngleSeries, Body

SERIES_NUMBERS = {"mercury": 1, "venus": 2, "saturn": 6, "uranus": 7, "neptune": 8}
"""Number of each planet in the series."""

# Radii and rotation: IAU 2015 as in NAIF's pck00011.tpc; gravitational parameters: gm_de440.tpc (Park et al. 2021). No
# zonal harmonics.
PLANETS = {
    "mercury": Body(
        name="mercury",
        radii_m=(2_440_530.0, 2_440_530.0, 2_438_260.0),
        gm_m3_s2=2.2031868551e13,
        pole_ra=AngleSeries(281.0103, -0.0328),
        pole_dec=AngleSeries(61.4155, -0.0049),
        meridian=AngleSeries(
            329.5988,
            6.1385108,
            (
                (0.01067257, 174.7910857, 149472.53587500003),
                (-0.00112309, 349.5821714, 298945.07175000006),
                (-0.00011040, 164.3732571, 448417.60762500006),
                (-0.00002539, 339.1643429, 597890.14350000012),
                (-0.00000571, 153.9554286, 747362.67937499995),
            ),
        ),
    ),
    "venus": Body(
        name="venus",
        radii_m=(6_051_800.0,) * 3,
        gm_m3_s2=3.24858592e14,
        pole_ra=AngleSeries(272.76),
        pole_dec=AngleSeries(67.16),
        meridian=AngleSeries(160.20, -1.4813688),
    ),
    "saturn": Body(
        name="saturn",
        radii_m=(60_268_000.0, 60_268_000.0, 54_364_000.0),
        gm_m3_s2=3.793120623e16,
        pole_ra=AngleSeries(40.589, -0.036),
        pole_dec=AngleSeries(83.537, -0.004),
        meridian=AngleSeries(38.90, 810.7939024),
    ),
    "uranus": Body(
        name="uranus",
        radii_m=(25_559_000.0, 25_559_000.0, 24_973_000.0),
        gm_m3_s2=5.793950610e15,
        pole_ra=AngleSeries(257.311),
        pole_dec=AngleSeries(-15.175),
        meridian=AngleSeries(203.81, -501.1600928),
    ),
    "neptune": Body(
        name="neptune",
        radii_m=(24_764_000.0, 24_764_000.0, 24_341_000.0),
        gm_m3_s2=6.835103145e15,
        pole_ra=AngleSeries(299.36, 0.0, ((0.70, 357.85, 52.316),)),
        pole_dec=AngleSeries(43.46, 0.0, ((-0.51, 357.85, 52.316),)),
        meridian=AngleSeries(249.978, 541.1397757, ((-0.48, 357.85, 52.316),)),
    ),
}
"""Those planets by name."""
