"""The steps of a descent: their derivatives are those of the guesses that they lead to."""

from __future__ import annotations

import numpy as np
import pytest
from match_points import synthetic_picture

from selfiesim import Scene
from selfiesim.matching.orbits import path_from
from selfiesim.matching.parameters import Parameters


# Released from a craft that spins, from one that keeps its attitude, mounted on a boom, and far from its craft.
@pytest.mark.parametrize(
    ("name", "fit"),
    [
        ("ikaros-dcam2", ["pose", "fov", "speed"]),
        ("tianwen1-closeup", ["pose", "fov"]),
        ("tianwen1-boom", ["pose", "fov"]),
        ("shenzhou7-bx1", ["pose", "fov"]),
    ],
)
def test_slopes_of_a_path_are_its_differences(name, fit):
    rng = np.random.default_rng(5)
    picture = next(filter(None, (synthetic_picture(Scene.load(name), fit, rng, count=12) for _ in range(20))))
    setup, targets = picture.problem.parameters.setup, picture.problem.parameters.targets
    parameters = Parameters(setup, fit, targets)
    scales = parameters.scales
    path = path_from(parameters, parameters.moved(parameters.start(), 0.03 * scales * rng.normal(size=len(scales))))
    step = 0.05 * scales * rng.normal(size=len(scales))
    differences = np.stack(
        [parameters.difference(path(step - d), path(step + d)) / (2.0 * d.sum()) for d in np.diag(1e-6 * scales)],
        axis=-1,
    )
    slopes = path.slopes(step, path(step))
    assert np.abs((slopes - differences) * scales / scales[:, None]).max() < 1e-6
