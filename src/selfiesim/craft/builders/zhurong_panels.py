"""Zhurong's deck and its four panels, deployed like a butterfly's wings, with cells on top."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder, mirror_y, project_uv
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, lathe, prism, ring, rounded_outline, tube
from selfiesim.craft.builders.solid import Solid, loft, unit
from selfiesim.craft.builders.zhurong_sizes import Outline, RoverSizes

CELL_TEXTURE_M = (1.6, 1.6)
"""Size (x, y) of the texture of solar cells; every panel and field shows a part of it."""

# The hinge line of each left panel: its two ends (x, y).
_HINGES = {"front": ((0.60, 0.72), (-0.18, 0.72)), "rear": ((-0.460, 0.705), (-0.820, 0.385))}


def add_panels(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Add the four panels on their hinge joints."""
    for row, corners in (("front", sizes.front_panel), ("rear", sizes.rear_panel)):
        for side, sign in (("left", 1.0), ("right", -1.0)):
            name = f"panel_{row}_{side}"
            middle = np.mean(_HINGES[row], axis=0)
            model.joint(name, (middle[0], sign * middle[1], sizes.panel_z_m))
            _panel(model, sizes, name, corners, row, sign)


def _panel(model: SurfaceModelBuilder, sizes: RoverSizes, name: str, corners: Outline, row: str, sign: float) -> None:
    """One panel; the right one mirrors the left one."""

    def add(material: str, *solids: Solid) -> None:
        model.add(name, material, *(s if sign > 0 else mirror_y(s) for s in solids), joint=name)

    outline = list(reversed(corners))  # counter-clockwise seen from above
    z, t = sizes.panel_z_m, sizes.panel_thickness_m
    board = prism(outline, t, 0.006, radius_m=0.07, steps=4).moved(z=z)
    add("white_paint_dusted", board)
    cells = _cell_sheet(
        rounded_outline(outline, 0.07, 6, 0.018), z + 0.5 * t - 0.004, 0.0065, np.min(outline, axis=0) - 0.1
    )
    add("solar_cell_dusted", cells)
    flat = rounded_outline(outline, 0.07, 6, 0.012)
    under = loft([np.c_[flat, np.full(len(flat), h)] for h in (z - 0.5 * t - 0.0025, z - 0.5 * t + 0.004)])
    add("amber_film", under)
    _underside(add, outline, z - 0.5 * t)
    _hinges(add, row, z, t)


def _cell_sheet(flat: NDArray[np.float64], bottom_m: float, height_m: float, corner_m: ArrayLike) -> Solid:
    """A sheet of cells over an outline (K, 2), with its texture's lower left corner at ``corner_m``."""
    sheet = loft([np.c_[flat, np.full(len(flat), h)] for h in (bottom_m, bottom_m + height_m)])
    return project_uv(sheet, CELL_TEXTURE_M, corner_m)


def _underside(add: Callable[..., None], outline: ArrayLike, bottom_m: float) -> None:
    """Ribs, cable runs and dark hold-down points under a panel."""
    p = np.asarray(outline, dtype=float)
    middle = p.mean(axis=0)
    inset = middle + 0.86 * (p - middle)
    for a, b in zip(inset, np.roll(inset, -1, axis=0), strict=True):
        add("amber_film", _rib(a, b, bottom_m, 0.022, 0.010))
    for a, b in zip(inset, np.roll(inset, -3, axis=0), strict=True):
        add("amber_film", _rib(a, 0.5 * (a + b), bottom_m, 0.014, 0.0085))
    for fraction in (0.30, 0.62):
        for corner in p[::2]:
            x, y = middle + fraction * (corner - middle) * 0.95 + 0.03
            foot = cylinder(0.016, 0.024, 16, 0.003).moved(x, y, bottom_m - 0.018)
            add("thruster_black", foot)
    for fraction in (0.40, 0.70):
        loop = middle + fraction * (p - middle)
        path = np.c_[loop, np.full(len(loop), bottom_m - 0.006)]
        add("black_kapton", tube(path, 0.0055, 6, closed=True))


def _rib(a: NDArray[np.float64], b: NDArray[np.float64], bottom_m: float, width_m: float, height_m: float) -> Solid:
    """A rib under a panel between two points (x, y)."""
    along = np.array([b[0] - a[0], b[1] - a[1], 0.0])
    rib = box(width_m, height_m + 0.008, float(np.linalg.norm(along)), 0.002).aimed(along, (0.0, 0.0, 1.0))
    return rib.at((0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1]), bottom_m - 0.5 * height_m + 0.004))


def _hinges(add: Callable[..., None], row: str, z: float, t: float) -> None:
    """Three hinge arms from the edge of the deck to the root of the panel, with a motor below."""
    a, b = (np.array([*point, z]) for point in _HINGES[row])
    along = unit(b - a)
    outward = np.cross(along, (0.0, 0.0, 1.0))
    outward = outward if outward[1] > 0.0 else -outward
    for fraction in (0.14, 0.5, 0.86):
        at = a + fraction * (b - a)
        arm = box(0.05, 0.014, 0.16, 0.003).aimed(outward, (0.0, 0.0, 1.0))
        add("aluminium_dusted", arm.at(at + 0.005 * outward - (0, 0, 0.5 * t + 0.006)))
        pin = cylinder(0.013, 0.085, 16).aimed(along)
        add("aluminium_dusted", pin.at(at - 0.0425 * along - (0, 0, 0.5 * t + 0.004)))
    motor = lathe([(0.0, -0.09), (0.024, -0.09), (0.028, -0.08), (0.028, 0.06), (0.018, 0.07), (0.0, 0.07)], 24)
    at = a + 0.68 * (b - a) - (0, 0, 0.5 * t + 0.018)
    add("silver_foil_dusted", motor.aimed(along).at(at))
    add("aluminium_dusted", box(0.045, 0.02, 0.16, 0.003).aimed(outward, (0, 0, 1)).at(at + np.array([0, 0, 0.008])))


def add_deck(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Add the deck above the chassis: an octagon wider than the body, with cells around two round windows.

    The windows, behind the mast, let sunlight onto the n-undecane containers that keep the rover warm.
    """
    z, t = sizes.deck_m, sizes.deck_thickness_m
    outline = [(-0.78, -0.34), (-0.42, -0.66), (0.46, -0.66), (0.70, -0.50)]
    outline = [*outline, *((x, -y) for x, y in reversed(outline))]
    plate = prism(outline, t, 0.006, radius_m=0.05, steps=3).moved(z=z - 0.5 * t)
    model.add("deck", "white_paint_dusted", plate)
    flat = rounded_outline(outline, 0.05, 4, 0.010)
    under = loft([np.c_[flat, np.full(len(flat), h)] for h in (z - t - 0.004, z - t + 0.004)])
    model.add("deck", "amber_film", under)
    fields = [
        [(-0.66, -0.32), (-0.40, -0.58), (-0.14, -0.58), (-0.14, -0.32)],
        [(-0.10, -0.60), (0.40, -0.60), (0.40, -0.32), (-0.10, -0.32)],
    ]
    fields += [[(x, -y) for x, y in reversed(field)] for field in fields]
    fields += [[(-0.70, -0.30), (-0.48, -0.30), (-0.48, 0.30), (-0.70, 0.30)]]
    for field in fields:
        model.add("deck", "solar_cell_dusted", _cell_sheet(np.array(field), z - 0.004, 0.007, (-0.8, -0.8)))
    for y in (-0.155, 0.155):
        hoop = ring([(0.128, -0.01), (0.150, -0.01), (0.150, 0.022), (0.128, 0.022)], 64)
        model.add("deck", "aluminium_dusted", hoop.at((-0.22, y, z)))
        lid = lathe([(0.0, -0.007), (0.135, -0.007), (0.135, 0.012), (0.0, 0.020)], 64)
        model.add("deck", "white_paint", lid.at((-0.22, y, z)))
    for x, y in [(0.30, -0.26), (0.30, 0.26), (0.02, 0.29), (0.02, -0.29), (-0.42, 0.0)]:
        model.add(
            "deck",
            "aluminium_dusted",
            box_on_face(0.05, 0.035, 0.03, 0.004).at((x, y, z)),
            cylinder(0.012, 0.05, 12, 0.002).at((x, y, z)),
        )
