"""Sets of time intervals: when something holds, and how such sets combine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Span = tuple[float, float]


@dataclass(frozen=True)
class Intervals:
    """Disjoint closed intervals in ascending order, s. Those that touch are one.

    Attributes
    ----------
    spans : tuple of (float, float)
        Start and end of each.
    """

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, spans: Iterable[Span]) -> Intervals:
        """Return the union of intervals in any order; those that end before they start are left out."""
        merged: list[Span] = []
        for start, end in sorted(span for span in spans if span[0] <= span[1]):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        return cls(tuple(merged))

    def __iter__(self) -> Iterator[Span]:
        return iter(self.spans)

    def __len__(self) -> int:
        return len(self.spans)

    def __or__(self, other: Intervals) -> Intervals:
        return Intervals.of((*self.spans, *other.spans))

    def __and__(self, other: Intervals) -> Intervals:
        found: list[Span] = []
        i = j = 0
        while i < len(self.spans) and j < len(other.spans):
            (a, b), (c, d) = self.spans[i], other.spans[j]
            if max(a, c) <= min(b, d):
                found.append((max(a, c), min(b, d)))
            i, j = (i + 1, j) if b < d else (i, j + 1)
        return Intervals(tuple(found))

    def outside(self, start: float, end: float) -> Intervals:
        """Return the rest of the time from ``start`` to ``end``: not."""
        edges = [start, *(edge for span in (self & Intervals(((start, end),))) for edge in span), end]
        return Intervals(tuple((a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b))

    def lasting(self, seconds: float) -> Intervals:
        """Return those that last at least so long."""
        return Intervals(tuple(span for span in self.spans if span[1] - span[0] >= seconds))

    @property
    def total(self) -> float:
        """The length of all, s."""
        return float(sum(end - start for start, end in self.spans))

    def contains(self, times: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether each of ``times`` (N,) is in one of them."""
        edges = np.array([edge for span in self.spans for edge in span])
        inside = np.searchsorted(edges, times, side="right") % 2 == 1
        return np.asarray(inside | np.isin(times, edges))
