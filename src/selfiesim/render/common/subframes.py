"""Sampling pattern of the passes that are averaged: each moves the pixel grid, the Sun and the planetshine a little.

One mechanism gives antialiased edges, soft shadows and soft occlusion of planetshine. All samples are fixed
low-discrepancy points, so the same view gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import gcd
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.vectors import perpendicular, rotation_about

if TYPE_CHECKING:
    from selfiesim.view.view import View

PASSES = {"draft": 3, "final": 16}
MAX_PASSES = 1024
# Rank-1 lattices of so few points are diagonals, along which an edge would stay a staircase.
_SMALL_LATTICES = {3: [0, 2, 1], 4: [1, 3, 0, 2], 6: [1, 4, 2, 0, 5, 3]}
# Planet and atmosphere have no sharp edge but the limb, which the shader antialiases: fewer passes suffice.
_CRAFT_PER_PLANET = 4


@dataclass(frozen=True)
class Subframe:
    """One pass.

    Attributes
    ----------
    shift : (2,) tuple of float
        Shift of the pixel grid, pixels right and down, from -0.5 to 0.5.
    sun : (3,) array
        Direction to a point on the Sun's disc, camera axes.
    beam : int, optional
        Index of the planetshine beam that casts shadows in this pass; None for planetshine without shadows.
    number : int
        Index of the pass, from 0.
    """

    shift: tuple[float, float]
    sun: NDArray[np.float64]
    beam: int | None = None
    number: int = 0


def subframes(view: View, quality: str, count: int) -> Iterator[Subframe]:
    """Yield the ``count`` passes of the craft; a draft has a point Sun and planetshine without shadows.

    The pixel shifts form a lattice with zero mean, so that nothing moves between draft and final. Points on the Sun's
    disc follow Roberts' R2 sequence. Each pass has one of ``count`` equal beams of planetshine.
    """
    sun = view.sun.direction
    if quality == "draft" or count == 1:
        yield from (Subframe(shift, sun, None, number) for number, shift in enumerate(pixel_shifts(count)))
        return
    across = perpendicular(sun)
    g = 1.32471795724474602596
    for index, shift in enumerate(pixel_shifts(count)):
        s, t = (0.5 + (index + 0.5) / g**2) % 1.0, (0.5 + (index + 0.5) / g) % 1.0
        off_axis = rotation_about(across, view.sun.angular_radius * np.sqrt(s)) @ sun
        yield Subframe(shift, rotation_about(sun, 2.0 * np.pi * t) @ off_axis, index, index)


def planet_shifts(count: int) -> list[tuple[float, float]]:
    """Return the pixel shifts of the planet's passes that go with ``count`` passes of the craft."""
    return pixel_shifts(max(1, count // _CRAFT_PER_PLANET))


def pass_count(quality: str, samples: int | None) -> int:
    """Return the number of passes to average: ``samples``, or the default of the quality.

    Raises
    ------
    ValueError
        For an unknown quality, or samples out of range.
    """
    if quality not in PASSES:
        raise ValueError(f"quality {quality!r}: must be one of {', '.join(PASSES)}")
    count = PASSES[quality] if samples is None else samples
    if not 1 <= count <= MAX_PASSES:
        raise ValueError(f"{count} samples: give a number from 1 to {MAX_PASSES}")
    return count


def pass_times(quality: str, samples: int | None, shutter_open_s: float) -> list[float]:
    """Return the time of each pass in seconds after the shutter opens; empty for a shutter time of 0.

    Raises
    ------
    ValueError
        As :func:`pass_count`, and for a shutter time that is negative or over an hour.
    """
    if not 0.0 <= shutter_open_s <= 3600.0:
        raise ValueError(f"shutter_open_s {shutter_open_s}: give seconds from 0 to 3600")
    if shutter_open_s == 0.0:
        return []
    return [shutter_open_s * fraction for fraction in _shutter_fractions(pass_count(quality, samples))]


def _shutter_fractions(count: int) -> list[float]:
    """Return the time of each pass as a fraction of the shutter time, uncorrelated with the pixel shifts."""
    order = np.argsort([index * 0.6180339887498949 % 1.0 for index in range(count)])
    return [float((rank + 0.5) / count) for rank in np.argsort(order)]


def pixel_shifts(count: int) -> list[tuple[float, float]]:
    """Return ``count`` points about the pixel centre, pixels right and down: one in each row and each column."""
    rows = _SMALL_LATTICES.get(count) or [_generator(count) * k % count for k in range(count)]
    return [((k + 0.5) / count - 0.5, (row + 0.5) / count - 0.5) for k, row in enumerate(rows)]


@lru_cache(maxsize=64)
def _generator(count: int) -> int:
    """Return the generator of the rank-1 lattice of ``count`` points with the largest minimum distance."""
    if count == 1:
        return 0
    index = np.arange(1, count)

    def nearest(step: int) -> float:
        x, y = index / count, step * index % count / count
        return float(np.min(np.minimum(x, 1.0 - x) ** 2 + np.minimum(y, 1.0 - y) ** 2))

    # A generator coprime to the count puts one point in each row and each column.
    return max((step for step in range(1, count // 2 + 1) if gcd(step, count) == 1), key=nearest)
