"""Rocks: the published size distribution, and valid meshes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad

from selfiesim.planet.ground.rocks import RockSizeDistribution, scatter_rocks


# Golombek et al. 2003, NTRS 20030111177: F(D) = k exp(-q D) with q = 1.79 + 0.152 / k.
def published_fraction(diameter_m, k):
    return k * np.exp(-(1.79 + 0.152 / k) * diameter_m)


@pytest.mark.parametrize("k", [0.02, 0.05, 0.19])  # Phoenix, Spirit, Pathfinder
def test_rocks_cover_the_published_fraction_of_the_ground(k):
    least, largest, reach = 0.05, 3.0, 60.0
    field = scatter_rocks(RockSizeDistribution(k), [1e-6, reach], least / 1e-6, largest, np.random.default_rng(4))
    ground = np.pi * reach**2
    for d in (0.05, 0.1, 0.2, 0.4):
        rocks = field.diameters_m[field.diameters_m >= d]
        covered = (0.25 * np.pi * rocks**2).sum() / ground
        spread = np.linalg.norm(0.25 * np.pi * rocks**2 / ground)  # standard deviation of a sum of independent rocks
        assert covered == pytest.approx(published_fraction(d, k) - published_fraction(largest, k), abs=4.0 * spread)
    assert field.diameters_m.min() >= least
    assert np.hypot(*field.places_m.T).max() <= reach


def test_number_of_rocks_follows_from_the_area_law():
    k, q = 0.07, 1.79 + 0.152 / 0.07
    for d in (0.02, 0.3):
        number, _ = quad(lambda x: k * q * np.exp(-q * x) / (0.25 * np.pi * x * x), d, 20.0)
        assert float(RockSizeDistribution(k).cumulative_count_per_m2(d)) == pytest.approx(number, rel=1e-6)


def test_rocks_are_scattered_evenly():
    field = scatter_rocks(RockSizeDistribution(0.05), np.linspace(1e-6, 20.0, 5), 0.0, 3.0, np.random.default_rng(2))
    x, y = field.places_m.T
    quadrants = [int(((x * i > 0) & (y * j > 0)).sum()) for i in (-1, 1) for j in (-1, 1)]
    assert_allclose(quadrants, len(x) / 4, rtol=0.05)
    half = (np.hypot(x, y) < 10.0).sum()
    assert half == pytest.approx(len(x) / 4, rel=0.05)


@pytest.mark.parametrize("k", [0.0, 1.0, -0.1])
def test_an_invalid_fraction_is_rejected(k):
    with pytest.raises(ValueError, match="rock fraction"):
        RockSizeDistribution(k)


def test_no_rock_is_larger_than_the_limit():
    field = scatter_rocks(RockSizeDistribution(0.19), [0.5, 40.0], 0.02, 0.3, np.random.default_rng(9))
    assert 0.25 < field.diameters_m.max() <= 0.3
