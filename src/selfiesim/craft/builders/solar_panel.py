"""A flat solar panel: honeycomb board, cells in front, stiffeners and harness behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, textured_sheet, tube
from selfiesim.craft.builders.solar_cell_texture import solar_cell_png
from selfiesim.craft.builders.solid import Face, Solid, face_of
from selfiesim.craft.materials import FINISHES, Finish

_BORDER_M = 0.02  # width of board that the cells leave free, both edges together

Point = tuple[float, float, float]


def panel_finishes(
    size_m: tuple[float, float],
    cell_m: tuple[float, float],
    texel_m: float,
    seed: int,
    finishes: Mapping[str, Finish] = FINISHES,
    material: str = "solar_cell",
) -> dict[str, Finish]:
    """Return the finishes with the cells of a panel as the texture of one of them.

    Parameters
    ----------
    size_m, cell_m : tuple of float
        Size of the panel and of a cell along the panel's local x and y, m.
    texel_m : float
        Size of a texel, m.
    seed : int
        Random seed of the cells' shades.
    finishes, material
        The library of finishes, and the one that gets the texture.
    """
    texture = solar_cell_png(*size_m, cell_m, texel_m, seed)
    return {**finishes, material: replace(finishes[material], texture_png=texture)}


def add_panel(
    model: ModelBuilder,
    group: str,
    front: Face,
    size_m: tuple[float, float],
    thickness_m: float,
    joint: str | None = None,
) -> None:
    """Add a panel whose cell side is ``front``, ``size_m`` along the face's x and y."""
    w, h = size_m
    model.add(group, "cfrp", front.put(box(w, h, thickness_m, 0.004), z=-0.5 * thickness_m), joint=joint)
    add_cell_side(model, group, front, size_m, 0.02, joint)
    back = face_of(front.point(0.0, 0.0, -thickness_m), -front.z, front.y)
    rim = 0.04
    ribs = [(x, 0.0, 0.035, h - 2 * rim, 0.009) for x in (-0.2 * w, 0.2 * w)]
    strips = [back.put(box_on_face(wide, high, rise, 0.003), x, y) for x, y, wide, high, rise in ribs]
    model.add(group, "aluminium", *rim_strips(back, size_m, rim), *strips, joint=joint)
    cable = [(-0.42 * w, 0.28 * h, 0.012), (0.0, 0.24 * h, 0.014), (0.42 * w, 0.28 * h, 0.012)]
    add_clipped_cable(model, group, back, cable, cable, joint)


def add_cell_side(
    model: ModelBuilder,
    group: str,
    front: Face,
    size_m: tuple[float, float],
    clamp_radius_m: float,
    joint: str | None = None,
) -> None:
    """Add the cells, and the four standoffs where the folded stack was clamped."""
    w, h = size_m
    sheet = textured_sheet(w - _BORDER_M, h - _BORDER_M, 0.006).moved(z=-0.004)
    model.add(group, "solar_cell", front.put(sheet), joint=joint)
    for x in (-0.3 * w, 0.3 * w):
        for y in (-0.3 * h, 0.3 * h):
            clamp = cylinder(clamp_radius_m, 0.018, 14, 0.004).moved(z=-0.005)
            model.add(group, "aluminium", front.put(clamp, x, y), joint=joint)


def rim_strips(back: Face, size_m: tuple[float, float], rim_m: float) -> list[Solid]:
    """The stiffeners along the four edges of a panel's back, ``rim_m`` wide."""
    w, h = size_m
    # The sides along y rise above the others, so that no two strips share a plane.
    strips = [(s * (0.5 * w - 0.5 * rim_m - 0.006), 0.0, rim_m, h - 0.012, 0.013) for s in (-1, 1)]
    strips += [(0.0, s * (0.5 * h - 0.5 * rim_m - 0.006), w - 2 * rim_m, rim_m, 0.011) for s in (-1, 1)]
    return [back.put(box_on_face(wide, high, rise, 0.003), x, y) for x, y, wide, high, rise in strips]


def add_clipped_cable(
    model: ModelBuilder, group: str, back: Face, path: list[Point], clips: list[Point], joint: str | None = None
) -> None:
    """Add a cable along a path on a panel's back, and the clips that hold it."""
    model.add(group, "gold_foil", back.put(tube(path, 0.010, 6)), joint=joint)
    plates = [back.put(box_on_face(0.035, 0.035, 0.026, 0.003), x, y) for x, y, _ in clips]
    model.add(group, "aluminium", *plates, joint=joint)


def add_hinges(
    model: ModelBuilder,
    group: str,
    front: Face,
    at: list[tuple[float, float]],
    across_x: bool,
    thickness_m: float,
    joint: str | None = None,
) -> None:
    """Add hinges behind the board.

    Parameters
    ----------
    model, group, joint
        Model, group and joint that receive the hinges.
    front : Face
        The cell side of a panel.
    at : list of (x, y)
        Points of the face, m, each in the middle of the gap between two panels.
    across_x : bool
        Whether the hinges bridge the gap along x, or along y.
    thickness_m : float
        Thickness of the board.
    """
    for x, y in at:
        long, wide = (0.16, 0.09) if across_x else (0.09, 0.16)
        plate = box(long, wide, 0.022, 0.004)
        model.add(group, "aluminium", front.put(plate, x, y, -thickness_m - 0.006), joint=joint)
        pin = cylinder(0.016, 0.12, 12).aimed((0.0, 1.0, 0.0) if across_x else (1.0, 0.0, 0.0))
        dx, dy = (0.0, -0.06) if across_x else (-0.06, 0.0)
        model.add(group, "aluminium", front.put(pin, x + dx, y + dy, -thickness_m - 0.016), joint=joint)
