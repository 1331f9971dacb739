"""Interval sets: their algebra against the same operations on samples of time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from selfiesim.plan.intervals import Intervals

# Ends at halves, samples at other times, so that no sample is on an edge.
EDGES = st.integers(0, 40).map(lambda number: number + 0.5)
SETS = st.lists(st.tuples(EDGES, EDGES), max_size=6).map(Intervals.of)
TIMES = np.arange(0.0, 41.0, 0.25) + 0.1


@given(a=SETS, b=SETS)
def test_and_or_not_are_those_of_membership(a, b):
    in_a, in_b = a.contains(TIMES), b.contains(TIMES)
    assert ((a & b).contains(TIMES) == (in_a & in_b)).all()
    assert ((a | b).contains(TIMES) == (in_a | in_b)).all()
    assert (a.outside(0.0, 41.0).contains(TIMES) == ~in_a).all()


@given(a=SETS)
def test_intervals_are_disjoint_and_in_order(a):
    edges = [edge for span in a for edge in span]
    assert edges == sorted(edges)
    assert all(first[1] < second[0] for first, second in zip(a.spans, a.spans[1:], strict=False))
    assert a & a == a
    assert a | a == a


def test_lasting_drops_what_is_too_short():
    assert Intervals.of([(0.0, 1.0), (2.0, 4.0), (5.0, 8.0)]).lasting(2.0).spans == ((2.0, 4.0), (5.0, 8.0))


def test_touching_intervals_are_one():
    assert Intervals.of([(1.0, 2.0), (0.0, 1.0)]).spans == ((0.0, 2.0),)
    assert Intervals.of([(3.0, 2.0)]).spans == ()
