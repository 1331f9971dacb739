"""Equality of objects that hold arrays, whose own ``==`` gives an array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


class EqualByContent:
    """Makes a dataclass equal to another of its class whose fields have equal content; both are unhashable."""

    def __eq__(self, other: object) -> bool:
        return has_equal_content(self, other)

    __hash__ = None  # type: ignore[assignment]  # as of anything that holds arrays


def has_equal_content(one: Any, other: Any) -> bool:
    """Return whether two objects are equal: arrays by shape, type and values, dataclasses by their compared fields.

    NaN equals NaN. Mappings, lists and tuples are compared item by item, and all else by ``==``.
    """
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        is_float = one.dtype.kind in "fc"
        return one.dtype == other.dtype and bool(np.array_equal(one, other, equal_nan=is_float))
    if is_dataclass(one):
        names = [each.name for each in fields(one) if each.compare]
        return all(has_equal_content(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(has_equal_content(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(has_equal_content, one, other))
    return bool(one == other) or (isinstance(one, float) and one != one and other != other)
