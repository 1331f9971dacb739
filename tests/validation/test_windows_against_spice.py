"""Windows of the planner against SPICE's geometry finder (gfoclt, gfsep, gfpa, gfdist) on one common trajectory.

SPICE is given the same positions: the craft as an SPK of type 5, which is two-body motion, and Sun, Earth and Phobos as
Hermite interpolation of the built-in ephemeris. What differs is everything that the planner adds: the functions, their
sampling, the near misses and the roots.
"""

from __future__ import annotations

import numpy as np
import pytest
from windows_by_spice import CRAFT, Finder, write_trajectories

from selfiesim.plan.motion import Motion
from selfiesim.plan.planner import scene_pictures
from selfiesim.plan.wants import Subject, parse_wants
from selfiesim.scene.scene import Scene

PERIAPSIS_KM = 8898.75 * (1.0 - 0.5884)  # of the shipped scene's orbit
GM_KM3_S2 = 42828.37362
# A window of 2 s about the periapsis: the distance grows by GM e / r^2 / 2 in the first second.
TWO_SECONDS_KM = PERIAPSIS_KM + 0.5 * GM_KM3_S2 * 0.5884 / PERIAPSIS_KM**2

WANTS = {
    "eclipse": lambda find: find.occultation("ANY", "SUN", "ELLIPSOID"),
    "eclipse total": lambda find: find.occultation("FULL", "SUN", "ELLIPSOID"),
    "earth hidden": lambda find: find.occultation("ANY", "EARTH", "POINT"),
    "earth within 20deg of sun": lambda find: find.separation("EARTH", "SUN", 20.0),
    "phobos within 8deg of sun": lambda find: find.separation("PHOBOS", "SUN", 8.0),
    "planet phase 0..40": lambda find: find.phase(40.0),
    "distance to phobos < 800km": lambda find: find.distance("PHOBOS", 800.0),
    f"distance to mars < {TWO_SECONDS_KM:.6f}km": lambda find: find.distance("MARS", TWO_SECONDS_KM),
}


@pytest.fixture(scope="module")
def year(spice, tmp_path_factory):
    """The shipped orbit for 365 days: the planner's pictures, and SPICE's finder."""
    return span(spice, tmp_path_factory.mktemp("year"), 365.0)


def span(spice, folder, days):
    resolved = Scene.load("tianwen1-mars").resolve()
    motion = Motion(resolved, resolved.host.reference_epoch, days * 86400.0)
    kernel = write_trajectories(spice, folder / "span.bsp", motion)
    spice.furnsh(str(kernel))
    return scene_pictures(motion), Finder(spice, motion, CRAFT)


@pytest.mark.slow
@pytest.mark.parametrize("want", WANTS)
def test_windows_of_a_year_are_those_of_spice(year, want):
    pictures, finder = year
    subject = Subject(pictures.motion.resolved, np.zeros((1, 3)))
    found = parse_wants([want], subject)[0].expression.windows(pictures)
    expected = WANTS[want](finder)
    assert len(found) == len(expected) > 0
    np.testing.assert_allclose(found.spans, expected, rtol=0.0, atol=1.0)
