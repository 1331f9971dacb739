"""The solar sail IKAROS with its square membrane deployed, spinning about its axis.

Published: 14 m square, about 20 m diagonal, 1.1 revolutions per minute when DCAM1 was released. Everything else is
assumed, from the shape of the hub to the pattern of the cells. Body axes: origin at the centre of the membrane, +Z the
spin axis, toward the Sun; the sides of the square run along X and Y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.membrane import HeightField, draped_sheet
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, lathe, ring, rod
from selfiesim.craft.builders.solid import Face, Solid, face_of
from selfiesim.craft.materials import FINISHES

__all__ = ["SailSizes", "build", "glb"]


@dataclass(frozen=True)
class SailSizes:
    """Sizes, m."""

    side_m: float = 14.0  # sourced: 14 m square
    inner_m: float = 2.4  # assumed: side of the hole around the hub
    hub_width_m: float = 1.6  # assumed
    hub_height_m: float = 0.8  # assumed
    film_m: float = 0.008  # assumed: thickness of the mesh; the film measures some micrometres
    ripple_m: float = 0.11  # assumed: height of the waves in the membrane
    seed: int = 20100614  # the day of the first image of the whole sail


def build(sizes: SailSizes | None = None) -> ModelBuilder:
    """Build the craft as solids in body axes."""
    sizes = sizes or SailSizes()
    model, height = ModelBuilder("ikaros"), _ripples(sizes)
    for quarter in range(4):
        _petal(model, sizes, height, quarter)
        _tethers(model, sizes, height, quarter)
    _hub(model, sizes)
    return model


def glb(sizes: SailSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    return build(sizes).glb(FINISHES)


def _ripples(sizes: SailSizes) -> HeightField:
    """The membrane's shape: radial waves that grow outward, and creases where it was folded."""
    rng = np.random.default_rng(sizes.seed)
    waves = [(int(n), 2 * np.pi * rng.random(), 0.35 + 0.65 * rng.random()) for n in (4, 7, 12, 19)]
    slow = [(rng.normal(size=2) * 0.9, 2 * np.pi * rng.random()) for _ in range(4)]

    def height(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        r, angle = np.hypot(x, y) / (0.5 * sizes.side_m), np.arctan2(y, x)
        z = sum(fraction * np.sin(n * angle + phase) * r / np.sqrt(n) for n, phase, fraction in waves)
        z = z + 0.35 * sum(np.sin(k[0] * x + k[1] * y + phase) for k, phase in slow) * np.minimum(r, 1.0)
        # The membrane was pleated in strips parallel to the outer edge.
        strips = np.maximum(np.abs(x), np.abs(y)) / 0.46
        z = z + 0.16 * (np.abs((strips % 2.0) - 1.0) - 0.5)
        return np.asarray(sizes.ripple_m * z)

    return height


def _rotate_quarters(points: list[tuple[float, float]], quarter: int) -> list[tuple[float, float]]:
    """The points rotated about the origin by quarter turns."""
    for _ in range(quarter):
        points = [(-y, x) for x, y in points]
    return points


def _petal(model: ModelBuilder, sizes: SailSizes, height: HeightField, quarter: int) -> None:
    """One of four trapezia, with its cells and steering panels."""
    a, b, gap, film = 0.5 * sizes.inner_m, 0.5 * sizes.side_m, 0.03, sizes.film_m
    group = f"petal_{quarter + 1}"

    def sheet(points: list[tuple[float, float]], low: float, high: float, cell_m: float) -> Solid:
        return draped_sheet(_rotate_quarters(points, quarter), height, low, high, cell_m)

    outline = [(a, gap - a), (b, gap - b), (b, b - gap), (a, a - gap)]
    model.add(group, "sail_film", sheet(outline, -0.5 * film, 0.5 * film, 0.085))
    top = 0.5 * film
    # Thin-film cells in two belts.
    for low, high, count in [(a + 0.45, a + 1.05, 4), (a + 1.15, a + 1.75, 5)]:
        reach = 0.80 * low
        for k in range(count):
            y0, y1 = (-reach + 2 * reach * (k + e) / count for e in (0.03, 0.97))
            cell = _rectangle(low, high, y0, y1)
            model.add(f"{group}_cells", "thin_cell", sheet(cell, 0.0, top + 0.006, 0.05))
            for fraction in (0.25, 0.5, 0.75):
                y = y0 + fraction * (y1 - y0)
                bar = _rectangle(low + 0.02, high - 0.02, y - 0.004, y + 0.004)
                model.add(f"{group}_cells", "aluminium", sheet(bar, 0.001, top + 0.010, 0.05))
    # Steering panels, which switch from clear to milky, along the outer edge.
    count = 18
    for k in range(count):
        y0, y1 = (-b + 0.5 + (2 * b - 1.0) * (k + e) / count for e in (0.05, 0.95))
        panel = _rectangle(b - 0.34, b - 0.10, y0, y1)
        model.add(f"{group}_steering", "steering_film", sheet(panel, 0.0, top + 0.006, 0.1))
    hem = [(b - 0.05, 0.05 - b), (b + 0.004, gap - b), (b + 0.004, b - gap), (b - 0.05, b - 0.05)]
    model.add(group, "aluminium", sheet(hem, -top - 0.003, top + 0.004, 0.1))


def _rectangle(x0: float, x1: float, y0: float, y1: float) -> list[tuple[float, float]]:
    """Corners, counter-clockwise."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


def _tethers(model: ModelBuilder, sizes: SailSizes, height: HeightField, quarter: int) -> None:
    """Tethers from the hub to the petal, bridges to the next petal, and the tip mass at the corner."""
    a, b = 0.5 * sizes.inner_m, 0.5 * sizes.side_m

    def point(x: float, y: float) -> NDArray[np.float64]:
        ((x, y),) = _rotate_quarters([(x, y)], quarter)
        return np.array([x, y, float(height(np.array(x), np.array(y)))])

    drum = 0.5 * sizes.hub_width_m
    for fraction in (-0.9, -0.45, 0.0, 0.45, 0.9):
        angle = 0.25 * np.pi * fraction * 0.9 + 0.5 * np.pi * quarter
        foot = np.array([(drum - 0.02) * np.cos(angle), (drum - 0.02) * np.sin(angle), 0.0])
        model.add("tethers", "aluminium", rod(foot, point(a + 0.02, fraction * a), 0.006, 8))
    for along in np.linspace(a + 0.3, b - 0.3, 16):
        model.add("bridges", "aluminium", rod(point(along, along - 0.05), point(along - 0.05, along), 0.008, 6))
    corner, end = point(b - 0.03, b - 0.05), point(b + 0.22, b + 0.22)
    model.add("tip_masses", "aluminium", rod(corner, end, 0.006, 8))
    other = point(b - 0.05, b - 0.03)
    model.add("tip_masses", "aluminium", rod(other, end, 0.006, 8), box(0.12, 0.12, 0.07, 0.012).at(end))
    model.add("tip_masses", "gold_foil", cylinder(0.035, 0.05, 24, 0.006).at(end + np.array([0.0, 0.0, 0.02])))


def _hub(model: ModelBuilder, sizes: SailSizes) -> None:
    """The drum: cells and the two DCAM tubes on the sunward end, foil around the side."""
    r, half = 0.5 * sizes.hub_width_m, 0.5 * sizes.hub_height_m
    body = [(r - 0.03, -half), (r, -half + 0.03), (r, half - 0.03), (r - 0.03, half)]
    model.add("hub", "gold_foil", lathe(body, 96))
    for z in (-0.10, 0.10):
        hoop = [(r - 0.02, z - 0.02), (r + 0.03, z - 0.02), (r + 0.03, z + 0.02), (r - 0.02, z + 0.02)]
        model.add("hub", "aluminium", ring(hoop, 96))
    model.add(
        "hub", "aluminium", ring([(r - 0.03, -0.05), (r + 0.012, -0.05), (r + 0.012, 0.05), (r - 0.03, 0.05)], 96)
    )
    for k in range(4):
        angle = np.radians(45.0 + 90.0 * k)
        centre = (r + 0.02) * np.array([np.cos(angle), np.sin(angle), 0.0])
        model.add("hub", "black_kapton", box(0.20, 0.26, 0.16, 0.02).rotated((0, 0, 1), 45.0 + 90.0 * k).at(centre))
    sunward = face_of((0.0, 0.0, half), (0.0, 0.0, 1.0), up=(0.0, 1.0, 0.0))
    dark = face_of((0.0, 0.0, -half), (0.0, 0.0, -1.0), up=(0.0, 1.0, 0.0))
    _sunward_end(model, sunward, r)
    _dark_end(model, dark, r)


def _dark_end(model: ModelBuilder, face: Face, r: float) -> None:
    """Foil, the ring of the launch adapter, and two antennas."""
    cover = [(r - 0.10, -0.013), (r - 0.10, 0.012), (0.30, 0.03), (0.0, 0.034)]
    model.add("hub", "silver_foil", face.put(lathe(cover, 64)))
    adapter = [(0.36, -0.01), (0.42, -0.01), (0.42, 0.05), (0.44, 0.055), (0.44, 0.07), (0.36, 0.07)]
    model.add("hub", "aluminium", face.put(ring(adapter, 72)))
    for x in (-0.55, 0.55):
        antenna = lathe([(0.05, -0.01), (0.05, 0.10), (0.03, 0.16), (0.0, 0.17)], 28)
        model.add("hub", "white_paint", face.put(antenna, x, 0.0))


def _sunward_end(model: ModelBuilder, face: Face, r: float) -> None:
    """Cells around a central mast, and the two tubes that released the cameras."""
    tile, reach = 0.115, r - 0.09
    for i in range(-6, 6):
        for j in range(-6, 6):
            x, y = (i + 0.5) * tile, (j + 0.5) * tile
            farthest = np.hypot(abs(x) + 0.5 * tile, abs(y) + 0.5 * tile)
            to_tube = min(np.hypot(x - 0.46, y), np.hypot(x + 0.46, y))
            if farthest < reach and np.hypot(x, y) > 0.20 and to_tube > 0.14:
                cell = box_on_face(tile - 0.012, tile - 0.012, 0.008, 0.001)
                model.add("hub_cells", "thin_cell", face.put(cell, x, y))
    mast = [(0.13, -0.01), (0.13, 0.06), (0.09, 0.08), (0.09, 0.16), (0.11, 0.17), (0.11, 0.20), (0.0, 0.22)]
    model.add("hub", "white_paint", face.put(lathe(mast, 48)))
    for x in (-0.46, 0.46):
        shell = [(0.036, -0.01), (0.052, -0.01), (0.052, 0.11), (0.036, 0.11)]
        model.add("camera_tubes", "aluminium", face.put(ring(shell, 40), x, 0.0))
        model.add("camera_tubes", "aluminium", face.put(box_on_face(0.15, 0.15, 0.015, 0.004), x, 0.0))
        model.add("camera_tubes", "thruster_black", face.put(cylinder(0.037, 0.06, 32), x, 0.0))
