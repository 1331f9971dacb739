"""Poses to begin with: each minimum once."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.spatial.transform import Rotation

from selfiesim.camera.distortion import BrownConrady, KannalaBrandt
from selfiesim.core.vectors import unit
from selfiesim.matching.parameters import _with_terms
from selfiesim.matching.start import find_poses


def test_each_pose_is_found_once():
    rng = np.random.default_rng(2)
    rotation, translation = Rotation.random(random_state=5).as_matrix(), np.array([0.3, -0.2, 9.0])
    for points in (rng.normal(size=(6, 3)), rng.normal(size=(4, 3)) * [1.0, 1.0, 0.0]):
        placed = points @ rotation.T + translation
        weights = 1.0 / (placed**2).sum(axis=1)
        found = find_poses(points, unit(placed), np.zeros(len(points), bool), weights, np.eye(3))
        np.testing.assert_allclose(found[0].rotation, rotation, atol=1e-5)
        np.testing.assert_allclose(found[0].translation, translation, atol=1e-4)
        for one, other in combinations(found, 2):
            assert np.abs(one.rotation - other.rotation).max() > 1e-3


def test_terms_are_added_to_those_of_the_lens():
    class Lens:
        distortion = KannalaBrandt((0.1, 0.02, 0.003, 0.0004))

    terms = {"k1": 0.01, "k2": 0.002, "k3": 0.0003, "k4": 0.00004, "p1": 0.001, "p2": -0.002}
    np.testing.assert_allclose(_with_terms(Lens(), terms).k, [0.11, 0.022, 0.0033, 0.00044])
    Lens.distortion = BrownConrady((-0.2, 0.05, 0.01, 0.0, 0.0, 0.0), (0.001, 0.002))
    found = _with_terms(Lens(), terms)
    np.testing.assert_allclose(found.k[:3], [-0.19, 0.052, 0.0103])
    np.testing.assert_allclose(found.p, [0.002, 0.0])
