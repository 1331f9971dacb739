"""What scenes may be given from Python: numpy's numbers become plain, and what no TOML file can hold is refused."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from selfiesim.core.errors import SceneError
from selfiesim.core.untrusted.plain_values import MAX_DEPTH, plain_table


def plain(value):
    return plain_table(value, SceneError, "scene")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.float32(0.5), 0.5),
        (np.longdouble(0.25), 0.25),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.str_("mars"), "mars"),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        ([np.int16(1), (np.float64(2.0),)], [1, [2.0]]),
        (np.datetime64("2021-12-31T13:05:00.000000000"), datetime.datetime(2021, 12, 31, 13, 5)),
        ({"a": {"b": np.uint8(3)}}, {"a": {"b": 3}}),
    ],
)
def test_numbers_of_numpy_become_plain(value, expected):
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)


# TOML 1.0.0, Integer: 64-bit signed integers; one that cannot be represented losslessly is an error.
@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400])
def test_integers_beyond_64_bits_are_refused_by_key(value):
    with pytest.raises(SceneError, match=r"scene: camera\.size_px\.1: an integer must fit into 64 bits"):
        plain({"camera": {"size_px": [64, value]}})


def test_the_largest_integers_of_64_bits_stay():
    assert plain([2**63 - 1, -(2**63)]) == [2**63 - 1, -(2**63)]


def test_nesting_without_end_is_refused():
    loop: list = []
    loop.append(loop)
    with pytest.raises(SceneError, match=f"nested more than {MAX_DEPTH} deep"):
        plain({"title": loop})
