"""Which bodies have measured heights in the package, and what those are counted from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from selfiesim.planet.terrain import mars_heights, moon_heights
from selfiesim.planet.terrain.height_grid import HeightGrid


@dataclass(frozen=True)
class MeasuredHeights:
    """Heights of a body.

    Attributes
    ----------
    load : callable
        Returns them; the first call takes some seconds.
    credit : str
        Source to name.
    datum : str
        The surface that they are counted from, for people.
    """

    load: Callable[[], HeightGrid]
    credit: str
    datum: str


MEASURED_HEIGHTS = {
    "mars": MeasuredHeights(mars_heights.load_grid, mars_heights.CREDIT, "the areoid"),
    "moon": MeasuredHeights(moon_heights.load_grid, moon_heights.CREDIT, "a sphere of 1737.4 km"),
}
