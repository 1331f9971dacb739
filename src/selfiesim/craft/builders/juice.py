"""A simplified model of the Jupiter Icy Moons Explorer, with all its booms deployed.

Published: two wings of five panels in the shape of a cross, each panel 2.5 x 3.5 m, 85 m2 in all, 27.1 m from tip to
tip, a high-gain antenna 2.54 m wide, a magnetometer boom of 10.6 m, a radar antenna of 16 m. Everything else is
assumed, including the directions of the booms except where :mod:`.juice_sizes` names a source. Body axes: origin at the
centre of the body, -X the side of the high-gain antenna, +Z the side of the instruments, the wings along Y.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.juice_fittings import add_body, add_booms, add_dish, add_fittings
from selfiesim.craft.builders.juice_sizes import JuiceSizes
from selfiesim.craft.builders.shapes import beam, box, lathe, tube
from selfiesim.craft.builders.solar_panel import add_hinges, add_panel, panel_finishes
from selfiesim.craft.builders.solid import face_of

__all__ = ["JuiceSizes", "build", "glb"]

_TEXEL_M = 0.0026


def build(sizes: JuiceSizes | None = None) -> ModelBuilder:
    """Build the craft as solids in body axes, with every joint at zero (cells toward -X, like the antenna)."""
    sizes = sizes or JuiceSizes()
    model = ModelBuilder("juice")
    add_body(model, sizes)
    add_dish(model, sizes)
    add_fittings(model, sizes)
    add_booms(model, sizes)
    for sign, name in ((1.0, "wing_plus_y"), (-1.0, "wing_minus_y")):
        _wing(model, sizes, sign, name)
    return model


def glb(sizes: JuiceSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    sizes = sizes or JuiceSizes()
    panel = (sizes.panel_y_m, sizes.panel_z_m)
    return build(sizes).glb(panel_finishes(panel, (0.08, 0.05), _TEXEL_M, sizes.seed))


def _wing(model: ModelBuilder, sizes: JuiceSizes, sign: float, joint: str) -> None:
    """Three panels in a row outward and one on either side of the middle one, on a yoke that rotates about Y."""
    model.joint(joint, (0.0, sign * sizes.wing_joint_y_m, 0.0))
    size, thick, gap = (sizes.panel_y_m, sizes.panel_z_m), sizes.panel_thickness_m, sizes.panel_gap_m
    step_y, step_z = sizes.panel_y_m + gap, sizes.panel_z_m + gap
    first = 0.5 * sizes.span_y_m - 2.5 * sizes.panel_y_m - 2.0 * gap
    centres = [(first + k * step_y, 0.0) for k in range(3)] + [(first + step_y, s * step_z) for s in (-1, 1)]
    for number, (y, z) in enumerate(centres):
        cells = face_of((0.0, sign * y, z), (-1.0, 0.0, 0.0), (0, 0, 1))
        add_panel(model, f"{joint}_panel_{number + 1}", cells, size, thick, joint)
    front = face_of((0.0, sign * (first + step_y), 0.0), (-1.0, 0.0, 0.0), (0, 0, 1))
    along = [(s * 0.5 * step_y, z) for s in (-1, 1) for z in (-0.32 * size[1], 0.32 * size[1])]
    aside = [(y, s * 0.5 * step_z) for s in (-1, 1) for y in (-0.32 * size[0], 0.32 * size[0])]
    add_hinges(model, f"{joint}_hinges", front, along, across_x=True, thickness_m=thick, joint=joint)
    add_hinges(model, f"{joint}_hinges", front, aside, across_x=False, thickness_m=thick, joint=joint)
    _yoke(model, sizes, sign, joint, first - 0.5 * sizes.panel_y_m)


def _yoke(model: ModelBuilder, sizes: JuiceSizes, sign: float, joint: str, edge: float) -> None:
    """The drive's shaft, two arms, the bar along the first panel at ``edge`` and a tie between the arms."""
    group, root, x = f"{joint}_yoke", sizes.wing_joint_y_m, 0.5 * sizes.panel_thickness_m

    def point(y: float, z: float, back: float = 0.0) -> NDArray[np.float64]:
        return np.array([x + back, sign * y, z])

    shaft = lathe([(0.11, -0.12), (0.11, 0.04), (0.15, 0.05), (0.15, 0.09), (0.0, 0.09)], 32)
    model.add(group, "aluminium", shaft.aimed((0.0, sign, 0.0)).at((x, sign * root, 0.0)), joint=joint)
    model.add(group, "aluminium", box(0.10, 0.12, 0.30, 0.012).at(point(root + 0.12, 0.0)), joint=joint)
    for s in (1.0, -1.0):
        arm = beam(point(root + 0.12, 0.09 * s), point(edge + 0.03, 0.85 * s), 0.07, 0.05, (1, 0, 0), 0.007)
        model.add(group, "cfrp", arm, joint=joint)
    bar = beam(point(edge - 0.02, -1.0), point(edge - 0.02, 1.0), 0.06, 0.043, (1, 0, 0), 0.006)
    model.add(group, "cfrp", bar, joint=joint)
    tie = 0.55 * (edge - root) + root
    model.add(group, "cfrp", beam(point(tie, -0.50), point(tie, 0.50), 0.045, 0.036, (1, 0, 0), 0.005), joint=joint)
    cable = [point(root + 0.06, 0.05, 0.06), point(tie, 0.42, 0.034), point(edge + 0.25, 0.72, 0.026)]
    model.add(group, "black_kapton", tube(np.array(cable), 0.014, 8), joint=joint)
