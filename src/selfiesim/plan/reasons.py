"""Why not: which wants never hold, how near they come, and which exclude each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from selfiesim.core.vectors import Vector
from selfiesim.plan.expressions import Expression, Leaf
from selfiesim.plan.instants import Instants
from selfiesim.plan.ranges import Choices, halton
from selfiesim.plan.wants import Want, describe_leaf

_PICTURES = 60_000


@dataclass(frozen=True)
class Reason:
    """Why a required want, or two of them together, do not occur.

    Attributes
    ----------
    wants : tuple of str
        The want, or the two.
    text : str
        One sentence, with the nearest that does occur.
    """

    wants: tuple[str, ...]
    text: str


def explain(pictures: Instants, choices: Choices, wants: list[Want], show: Callable[[str], None]) -> list[Reason]:
    """Return why no picture meets all required wants.

    Parameters
    ----------
    pictures : Instants
        The scene's own pictures over the span.
    choices : Choices
        What may be chosen besides the time.
    wants : list of Want
        What was asked.
    show : callable
        Takes a line on what is being done.

    Returns
    -------
    list of Reason
        The wants that never occur by themselves; or else the pairs that never occur together; or else one for all.
    """
    show("looking for the reason")
    groups = _sample(pictures, choices)
    t = np.concatenate([group.t for group in groups])
    required = [want for want in wants if want.weight is None]
    rooms = [np.concatenate([want.expression.room(group) for group in groups]) for want in required]
    alone = [_never(pictures, want, room, t) for want, room in zip(required, rooms, strict=True) if room.max() <= 0.0]
    if alone:
        return alone
    pairs = [
        _apart(pictures, (required[a], required[b]), np.minimum(rooms[a], rooms[b]), t)
        for a in range(len(required))
        for b in range(a + 1, len(required))
        if np.minimum(rooms[a], rooms[b]).max() <= 0.0
    ]
    if pairs:
        return pairs
    together = np.minimum.reduce(rooms)
    when = (pictures.motion.start + float(t[together.argmax()])).utc()
    worst = required[int(np.argmin([room[together.argmax()] for room in rooms]))]
    names = tuple(want.text for want in required)
    return [
        Reason(
            names,
            f"each want occurs, and each two together, but not all at once for long enough; the nearest is {when}, "
            f"where '{worst.text}' is missed: give it a weight, or relax it",
        )
    ]


def _sample(pictures: Instants, choices: Choices) -> list[Instants]:
    """Return pictures spread over the span and over all that may be chosen."""
    points = halton(_PICTURES, Choices.DIMENSIONS + 2)
    t = points[:, 0] * pictures.motion.duration_s
    lens = (points[:, 1] * len(choices.lenses)).astype(int)
    push = choices.push(points[:, 2:])
    groups = []
    for number, each in enumerate(choices.lenses):
        index = np.flatnonzero(lens == number)
        if index.size:
            groups.append(Instants(pictures.motion, each, push.at(index), t[index]))
    return groups


def _never(pictures: Instants, want: Want, room: Vector, t: Vector) -> Reason:
    best = float(t[room.argmax()])
    short = describe_shortfall(want.expression, pictures, best)
    when = (pictures.motion.start + best).utc()
    return Reason((want.text,), f"'{want.text}' never occurs; it comes nearest at {when}, {short} short of it")


def _apart(pictures: Instants, pair: tuple[Want, Want], room: Vector, t: Vector) -> Reason:
    first, second = pair
    when = (pictures.motion.start + float(t[room.argmax()])).utc()
    return Reason(
        (first.text, second.text),
        f"'{first.text}' and '{second.text}' both occur, but never together; they come nearest at {when}",
    )


def describe_shortfall(expression: Expression, pictures: Instants, t: float) -> str:
    """Return by how much an expression is missed at a time, after its worst condition."""
    there = pictures.at(np.array([t]))
    missed: list[tuple[float, Leaf]] = [(float(leaf.room(there)[0]), leaf) for leaf in expression.leaves()]
    room, leaf = min(missed, key=lambda pair: pair[0])
    return describe_leaf(leaf, min(room, 0.0) * leaf.scale)
