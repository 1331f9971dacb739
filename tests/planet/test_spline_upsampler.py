"""Cubic B-splines between coarse pixels, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from selfiesim.planet.grids.spline_upsampler import spline_matrix


@pytest.mark.parametrize(("coarse", "fine"), [(8, 24), (5, 13)])
def test_weights_are_those_of_scipy_with_edges_mirrored(coarse: int, fine: int) -> None:
    values = np.random.default_rng(1).normal(size=coarse)
    places = (np.arange(fine) + 0.5) / fine * coarse - 0.5
    expected = map_coordinates(values, [places], order=3, mode="mirror", prefilter=False)
    np.testing.assert_allclose(spline_matrix(coarse, fine) @ values, expected, atol=1e-6)
