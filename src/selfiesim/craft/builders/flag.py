"""The national flag of China, as its flag law lays it out on a grid of 30 x 20 squares."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import box_on_face, star
from selfiesim.craft.builders.solid import Face

_LARGE_STAR = (5, 5)  # column and row of its centre, from the upper left corner
_SMALL_STARS = [(10, 2), (12, 4), (12, 7), (10, 9)]


def add_flag(
    model: ModelBuilder, group: str, face: Face, at: tuple[float, float, float], size_m: tuple[float, float]
) -> None:
    """Add a flag of ``size_m`` (width, height) as a thin plate centred on (x, y, z) of a face."""
    (x, y, z), (w, h) = at, size_m
    model.add(group, "flag_red", face.put(box_on_face(w, h, 0.006, 0.001, sunk_m=0.006), x, y, z))
    add_flag_stars(model, group, face, (x, y, z + 0.005), size_m, 0.0025)


def add_flag_stars(
    model: ModelBuilder,
    group: str,
    face: Face,
    at: tuple[float, float, float],
    size_m: tuple[float, float],
    thickness_m: float,
) -> None:
    """Add the large star and the four small ones, each with a point toward its centre, on a field centred at ``at``."""
    (x, y, z), (w, h) = at, size_m
    square = h / 20.0

    def place(column: float, row: float) -> tuple[float, float]:
        return x - 0.5 * w + column * w / 30.0, y + 0.5 * h - row * square

    model.add(group, "flag_gold", face.put(star(3.0 * square, thickness_m), *place(*_LARGE_STAR), z))
    for column, row in _SMALL_STARS:
        toward_deg = float(np.degrees(np.arctan2(row - 5.0, 5.0 - column)))
        model.add(group, "flag_gold", face.put(star(square, thickness_m, toward_deg), *place(column, row), z))
