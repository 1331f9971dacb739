"""What a check is, and the list of all checks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Status = Literal["passed", "failed", "skipped"]
Run = Callable[[], "Measured"]


@dataclass(frozen=True)
class Measured:
    """What a check found.

    Attributes
    ----------
    got : float
        What this package computes; of many numbers, the one that is farthest off.
    expected : float
        What the authority says. 0 where ``got`` is a largest difference.
    tolerance : float
        How far the two may be apart.
    unit : str
        Unit of all three; empty for ratios.
    picture : (H, W, 3) uint8, optional
        What was rendered for it.
    """

    got: float
    expected: float
    tolerance: float
    unit: str = ""
    picture: NDArray[np.uint8] | None = field(default=None, compare=False, repr=False)

    @property
    def is_met(self) -> bool:
        """Whether the two agree within the tolerance."""
        return math.isfinite(self.got) and abs(self.got - self.expected) <= self.tolerance


@dataclass(frozen=True)
class Check:
    """A claim, and how to check it.

    Attributes
    ----------
    group : str
        What it is about: ``orbits``, ``lenses`` ...
    claim : str
        One line: which quantity, in which cases.
    authority : str
        The law, the published number with its source, or the library it is compared with.
    run : callable
        Computes it.
    packages : tuple of str
        Modules that have to be importable; the check is skipped otherwise.
    peer : str
        What other software states about its own accuracy in the same quantity, with the source; empty if nothing
        is known.
    """

    group: str
    claim: str
    authority: str
    run: Run
    packages: tuple[str, ...] = ()
    peer: str = ""

    @property
    def missing(self) -> list[str]:
        """Packages that are not installed."""
        return [name for name in self.packages if find_spec(name) is None]


CHECKS: list[Check] = []


def check(
    group: str, claim: str, authority: str, packages: tuple[str, ...] = (), peer: str = ""
) -> Callable[[Run], Run]:
    """Return a decorator that adds a function to :data:`CHECKS`."""

    def add(run: Run) -> Run:
        CHECKS.append(Check(group, claim, authority, run, packages, peer))
        return run

    return add
