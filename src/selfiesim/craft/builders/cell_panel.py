"""A flat solar panel: honeycomb board, cells in front, stiffeners and harness behind."""

from __future__ import annotations

from dataclasses import replace

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.cells import solar_cell_png
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, textured_sheet, tube
from selfiesim.craft.builders.solid import Face, face_of
from selfiesim.craft.materials import FINISHES, Finish

BORDER_M = 0.02  # of the board that the cells leave free


def panel_finishes(
    size_m: tuple[float, float], cell_m: tuple[float, float], texel_m: float, seed: int
) -> dict[str, Finish]:
    """The library of finishes with the cells of a panel of ``size_m`` (local x, y) drawn into it."""
    picture = solar_cell_png(*size_m, cell_m, texel_m, seed)
    return FINISHES | {"solar_cell": replace(FINISHES["solar_cell"], picture=picture)}


def add_panel(
    model: ModelBuilder,
    group: str,
    front: Face,
    size_m: tuple[float, float],
    thickness_m: float,
    joint: str | None = None,
) -> None:
    """A panel whose cell side is ``front``, ``size_m`` metres along the face's x and y."""
    w, h = size_m
    model.add(group, "cfrp", front.put(box(w, h, thickness_m, 0.004), z=-0.5 * thickness_m), joint=joint)
    sheet = textured_sheet(w - BORDER_M, h - BORDER_M, 0.006).moved(z=-0.004)
    model.add(group, "solar_cell", front.put(sheet), joint=joint)
    # Where the folded stack was clamped.
    for x in (-0.3 * w, 0.3 * w):
        for y in (-0.3 * h, 0.3 * h):
            clamp = cylinder(0.02, 0.018, 14, 0.004).moved(z=-0.005)
            model.add(group, "aluminium", front.put(clamp, x, y), joint=joint)
    back = face_of(front.point(0.0, 0.0, -thickness_m), -front.z, front.y)
    rim = 0.04
    # The long edges stand higher than the others, so that no two strips share a face.
    frame = [(s * (0.5 * w - 0.5 * rim - 0.006), 0.0, rim, h - 0.012, 0.013) for s in (-1, 1)]
    frame += [(0.0, s * (0.5 * h - 0.5 * rim - 0.006), w - 2 * rim, rim, 0.011) for s in (-1, 1)]
    frame += [(x, 0.0, 0.035, h - 2 * rim, 0.009) for x in (-0.2 * w, 0.2 * w)]
    strips = [back.put(box_on_face(wide, high, rise, 0.003), x, y) for x, y, wide, high, rise in frame]
    model.add(group, "aluminium", *strips, joint=joint)
    run = [(-0.42 * w, 0.28 * h, 0.012), (0.0, 0.24 * h, 0.014), (0.42 * w, 0.28 * h, 0.012)]
    model.add(group, "gold_foil", back.put(tube(run, 0.010, 6)), joint=joint)
    clips = [back.put(box_on_face(0.035, 0.035, 0.026, 0.003), x, y) for x, y, _ in run]
    model.add(group, "aluminium", *clips, joint=joint)


def add_hinges(
    model: ModelBuilder, group: str, front: Face, at: list[tuple[float, float]], across_x: bool, thickness_m: float,
    joint: str | None = None,
) -> None:  # fmt: skip
    """Hinges behind the board over gaps at the local points ``at``; ``across_x``: the gap is crossed along x."""
    for x, y in at:
        long, wide = (0.16, 0.09) if across_x else (0.09, 0.16)
        plate = box(long, wide, 0.022, 0.004)
        model.add(group, "aluminium", front.put(plate, x, y, -thickness_m - 0.006), joint=joint)
        pin = cylinder(0.016, 0.12, 12).aimed((0.0, 1.0, 0.0) if across_x else (1.0, 0.0, 0.0))
        shift = (0.0, -0.06) if across_x else (-0.06, 0.0)
        model.add(group, "aluminium", front.put(pin, x + shift[0], y + shift[1], -thickness_m - 0.016), joint=joint)
