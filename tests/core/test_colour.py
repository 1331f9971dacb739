"""The sRGB transfer functions against IEC 61966-2-1."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from selfiesim.core.colour import linear_from_srgb, srgb_from_linear


def test_known_values_of_the_standard():
    # IEC 61966-2-1: linear below 0.04045 (slope 1 / 12.92), a power of 2.4 above; 0.5 is 0.2140 in linear light.
    assert_allclose(linear_from_srgb(np.array([0.0, 0.02, 0.5, 1.0])), [0.0, 0.02 / 12.92, 0.21404, 1.0], atol=1e-5)
    assert_allclose(srgb_from_linear(np.array([0.0, 0.002, 0.21404, 1.0])), [0.0, 0.02584, 0.5, 1.0], atol=1e-5)


def test_the_functions_are_inverse_for_every_8_bit_code():
    codes = np.arange(256) / 255.0
    assert_allclose(srgb_from_linear(linear_from_srgb(codes)), codes, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_kept(dtype):
    values = np.linspace(0.0, 1.0, 5, dtype=dtype)
    assert linear_from_srgb(values).dtype == srgb_from_linear(values).dtype == dtype


def test_negative_values_are_linear():
    assert_allclose(linear_from_srgb(np.array([-0.5])), [-0.5 / 12.92])
    assert_allclose(srgb_from_linear(np.array([-0.5])), [-0.5 * 12.92])
