"""Run-length encoded masks against pycocotools, character for character."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as authority

from selfiesim.labels.rle import decode, encode

MASKS = arrays(np.bool_, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40), elements=st.booleans())


@given(MASKS)
def test_any_mask_is_encoded_as_by_pycocotools(mask):
    encoded = encode(mask)
    expected = authority.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert encoded == {"size": expected["size"], "counts": expected["counts"].decode("ascii")}
    assert np.array_equal(authority.decode(encoded).astype(bool), mask)
    assert np.array_equal(decode(encoded), mask)


@pytest.mark.parametrize("shape", [(1080, 1920), (3, 70000)])
def test_long_runs_are_encoded_as_by_pycocotools(shape):
    y, x = np.mgrid[: shape[0], : shape[1]]
    for mask in (np.hypot(x - 400, y - 300) < 250, np.ones(shape, bool), np.zeros(shape, bool), (x + y) % 7 == 0):
        encoded = encode(mask)
        assert encoded["counts"] == authority.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode("ascii")
        assert np.array_equal(decode(encoded), mask)


def test_run_lengths_of_another_size_are_refused():
    encoded = encode(np.ones((4, 5), bool))
    with pytest.raises(ValueError, match="4x4"):
        decode(encoded | {"size": [4, 4]})
