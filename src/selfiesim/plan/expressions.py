"""Conditions on a picture, and how they combine: and, or, not, and for at least some time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from selfiesim.core.vectors import Vector
from selfiesim.plan.instants import Instants
from selfiesim.plan.intervals import Intervals
from selfiesim.plan.search import find_windows


@dataclass(frozen=True)
class Leaf:
    """One condition: a smooth function of time that is positive where it holds.

    Attributes
    ----------
    text : str
        What it asks.
    evaluate : callable
        The margin (N,) by which N pictures meet it, in its own unit.
    scale : float
        A margin of this size is comfortable.
    unit : str
        Unit of the margin, to report how near it came: ``deg`` for margins in rad, ``m``, or nothing.
    of_time : bool
        Whether it depends on the time alone: on neither the release nor the lens, but for a few metres.
    """

    text: str
    evaluate: Callable[[Instants], Vector] = field(compare=False)
    scale: float = 1.0
    unit: str = ""
    of_time: bool = False

    def room(self, pictures: Instants) -> Vector:
        """Return the margins (N,) in units of the scale."""
        parts = [part.once(("leaf", id(self)), partial(self.evaluate, part)) for part in pictures.chunks]
        return np.concatenate(parts) / self.scale

    def windows(self, pictures: Instants) -> Intervals:
        """Return when it holds, from the first to the last of the pictures."""
        return find_windows(lambda t: self.evaluate(pictures.at(t)), pictures.t, self.room(pictures) * self.scale)

    def leaves(self) -> Iterator[Leaf]:
        """Yield the conditions of the expression."""
        yield self


@dataclass(frozen=True)
class Every:
    """All of some expressions at once."""

    parts: tuple[Expression, ...]

    def room(self, pictures: Instants) -> Vector:
        """Return the least margin (N,)."""
        return np.asarray(np.minimum.reduce([part.room(pictures) for part in self.parts]))

    def windows(self, pictures: Instants) -> Intervals:
        """Return when all hold."""
        # What never holds in the samples' whole span needs no company.
        found = self.parts[0].windows(pictures)
        for part in self.parts[1:]:
            if not found:
                return found
            found = found & part.windows(pictures)
        return found

    def leaves(self) -> Iterator[Leaf]:
        """Yield the conditions of the expression."""
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True)
class Either:
    """At least one of some expressions."""

    parts: tuple[Expression, ...]

    def room(self, pictures: Instants) -> Vector:
        """Return the largest margin (N,)."""
        return np.asarray(np.maximum.reduce([part.room(pictures) for part in self.parts]))

    def windows(self, pictures: Instants) -> Intervals:
        """Return when one holds."""
        return Intervals.of(span for part in self.parts for span in part.windows(pictures))

    def leaves(self) -> Iterator[Leaf]:
        """Yield the conditions of the expression."""
        for part in self.parts:
            yield from part.leaves()


@dataclass(frozen=True)
class Without:
    """Not an expression."""

    part: Expression

    def room(self, pictures: Instants) -> Vector:
        """Return the margin (N,) by which it does not hold."""
        return -self.part.room(pictures)

    def windows(self, pictures: Instants) -> Intervals:
        """Return when it does not hold."""
        return self.part.windows(pictures).outside(float(pictures.t[0]), float(pictures.t[-1]))

    def leaves(self) -> Iterator[Leaf]:
        """Yield the conditions of the expression."""
        return self.part.leaves()


@dataclass(frozen=True)
class Lasting:
    """An expression that holds without a break for at least some time, s."""

    part: Expression
    seconds: float

    def room(self, pictures: Instants) -> Vector:
        """Return the margin (N,) of the expression itself."""
        return self.part.room(pictures)

    def windows(self, pictures: Instants) -> Intervals:
        """Return the windows that are long enough."""
        return self.part.windows(pictures).lasting(self.seconds)

    def leaves(self) -> Iterator[Leaf]:
        """Yield the conditions of the expression."""
        return self.part.leaves()


Expression = Leaf | Every | Either | Without | Lasting


def time_windows(expression: Expression, pictures: Instants) -> Intervals:
    """Return when an expression can hold by its conditions of time alone, whatever the release and the lens."""
    whole = Intervals(((float(pictures.t[0]), float(pictures.t[-1])),))
    if isinstance(expression, (Leaf, Without)):
        return expression.windows(pictures) if all(leaf.of_time for leaf in expression.leaves()) else whole
    if isinstance(expression, Lasting):
        return time_windows(expression.part, pictures).lasting(expression.seconds)
    parts = [time_windows(part, pictures) for part in expression.parts]
    if isinstance(expression, Every):
        for part in parts:
            whole = whole & part
        return whole
    return Intervals.of(span for part in parts for span in part)
