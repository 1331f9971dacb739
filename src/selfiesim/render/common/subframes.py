"""The passes that a picture is the mean of: each with the pixel grid, the Sun and the planet's light moved a little.

One mechanism for soft edges, soft shadows and the shade that parts give each other from the light of the planet. Every
choice is a fixed lattice, so the same view gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import rotation_about

if TYPE_CHECKING:
    from selfiesim.view.view import View

PASSES = {"draft": 3, "final": 16}
MAX_PASSES = 1024
# Lattices of so few points are diagonals, along which an edge would stay a staircase.
_SMALL_LATTICES = {3: [0, 2, 1], 4: [1, 3, 0, 2], 6: [1, 4, 2, 0, 5, 3]}
# Ground and air have no edges but the limb, which is drawn as smooth as it is: fewer of their passes do.
_CRAFT_PER_PLANET = 4


@dataclass(frozen=True)
class Subframe:
    """One pass.

    Attributes
    ----------
    shift : (2,) tuple of float
        Of the pixel grid, pixels right and down, from -0.5 to 0.5.
    sun : (3,) array
        Direction to a point on the Sun's disc, camera axes.
    beam : int, optional
        Which share of the planet's light throws its shade; None leaves that shade out.
    number : int
        Of the pass, from 0 on.
    """

    shift: tuple[float, float]
    sun: NDArray[np.float64]
    beam: int | None = None
    number: int = 0


def subframes(view: View, quality: str, count: int) -> Iterator[Subframe]:
    """The ``count`` passes of the craft: in a draft with the Sun a point, and without the planet's shade.

    The shifts are a lattice whose mean is zero, so that nothing moves between draft and final; the points on the Sun's
    disc follow Roberts' R2 sequence; the planet's light is shared out evenly.
    """
    sun = view.sun.direction
    if quality == "draft" or count == 1:
        yield from (Subframe(shift, sun, None, number) for number, shift in enumerate(pixel_shifts(count)))
        return
    across = np.cross(sun, np.eye(3)[int(np.argmin(np.abs(sun)))])
    g = 1.32471795724474602596
    for index, shift in enumerate(pixel_shifts(count)):
        s, t = (0.5 + (index + 0.5) / g**2) % 1.0, (0.5 + (index + 0.5) / g) % 1.0
        off_axis = rotation_about(across, view.sun.angular_radius * np.sqrt(s)) @ sun
        yield Subframe(shift, rotation_about(sun, 2.0 * np.pi * t) @ off_axis, index, index)


def planet_shifts(count: int) -> list[tuple[float, float]]:
    """Of the pixel grid, for the passes of the planet that go with ``count`` passes of the craft."""
    return pixel_shifts(max(1, count // _CRAFT_PER_PLANET))


def shutter_fractions(count: int) -> list[float]:
    """When each of ``count`` passes is, from 0 to 1 of the shutter's time, in no step with the shifts."""
    order = np.argsort([index * 0.6180339887498949 % 1.0 for index in range(count)])
    return [float((rank + 0.5) / count) for rank in np.argsort(order)]


def pixel_shifts(count: int) -> list[tuple[float, float]]:
    """``count`` points in the pixel about its middle, pixels right and down: one in each row and each column."""
    rows = _SMALL_LATTICES.get(count) or [_generator(count) * k % count for k in range(count)]
    return [((k + 0.5) / count - 0.5, (row + 0.5) / count - 0.5) for k, row in enumerate(rows)]


@lru_cache(maxsize=64)
def _generator(count: int) -> int:
    """The step of the lattice of ``count`` points whose nearest two lie farthest apart."""
    if count == 1:
        return 0
    index = np.arange(1, count)

    def nearest(step: int) -> float:
        x, y = index / count, step * index % count / count
        return float(np.min(np.minimum(x, 1.0 - x) ** 2 + np.minimum(y, 1.0 - y) ** 2))

    # Without a common factor each row and each column holds one point.
    return max((step for step in range(1, count // 2 + 1) if gcd(step, count) == 1), key=nearest)
