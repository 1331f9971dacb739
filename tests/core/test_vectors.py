"""Vectors and rotations agree with numpy and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from selfiesim.core.vectors import cross, rotation_x, rotation_z, unit

rng = np.random.default_rng(7)


@pytest.mark.parametrize(("a", "b"), [((3,), (3,)), ((5, 3), (3,)), ((4, 1, 3), (5, 3))])
def test_cross_is_numpys_to_the_last_bit(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    one, other = rng.normal(size=a), rng.normal(size=b)
    assert np.array_equal(cross(one, other), np.cross(one, other))


def test_unit_divides_by_numpys_norm_to_the_last_bit() -> None:
    vectors = rng.normal(size=(1000, 3)) * 10.0 ** rng.uniform(-100, 100, (1000, 1))
    assert np.array_equal(unit(vectors), vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


@pytest.mark.parametrize("angle", [0.7, np.linspace(-4.0, 4.0, 6)])
def test_frame_rotations_are_the_inverse_of_scipys_active_ones(angle: float | np.ndarray) -> None:
    for rotate, axis in ((rotation_x, "x"), (rotation_z, "z")):
        expected = Rotation.from_euler(axis, np.reshape(angle, (-1, 1))).as_matrix().transpose(0, 2, 1)
        assert rotate(angle) == pytest.approx(expected.reshape(*np.shape(angle), 3, 3))
