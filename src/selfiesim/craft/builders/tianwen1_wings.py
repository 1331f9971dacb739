"""The solar wings of the Tianwen-1 orbiter: a black yoke and three panels each, rotating about the Y axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, rod, tube
from selfiesim.craft.builders.solar_panel import add_cell_side, add_clipped_cable, rim_strips
from selfiesim.craft.builders.solid import Face, Solid, face_of
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes

_HINGE_X_M = 0.62  # distance of the two hinge lines from the wing's centre line


def add_wings(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Add both wings, cell sides toward -Z, each on the joint at its root."""
    for sign, joint in [(1.0, "wing_plus_y"), (-1.0, "wing_minus_y")]:
        model.joint(joint, (0.0, sign * sizes.wing_joint_y_m, 0.0))
        _yoke(model, sizes, sign, joint)
        for number in range(sizes.panels_per_wing):
            inner = sizes.wing_root_y_m + number * (sizes.panel_y_m + sizes.panel_gap_m)
            _panel(model, sizes, sign * (inner + 0.5 * sizes.panel_y_m), f"{joint}_panel_{number + 1}", joint)
            _hinges(model, sizes, sign, inner, f"{joint}_yoke", joint)


def _yoke(model: ModelBuilder, sizes: OrbiterSizes, sign: float, joint: str) -> None:
    """A V of two box beams from the drive's shaft to the first panel, tied by a cross bar."""
    group, black = f"{joint}_yoke", "cfrp"
    root = sizes.wing_joint_y_m
    edge = sizes.wing_root_y_m - 0.045
    shaft = lathe([(0.075, -0.06), (0.075, 0.05), (0.105, 0.055), (0.105, 0.085), (0.0, 0.085)], 28)
    model.add(group, "aluminium", shaft.aimed((0.0, sign, 0.0)).at((0.0, sign * root, 0.0)), joint=joint)
    hub = box(0.30, 0.05, 0.10, 0.012).aimed((0.0, sign, 0.0), (0.0, 0.0, 1.0)).at((0.0, sign * (root + 0.11), 0.0))
    model.add(group, "aluminium", hub, joint=joint)

    def point(x: float, y: float, z: float = 0.0) -> NDArray[np.float64]:
        return np.array([x, sign * y, z])

    for side in (1.0, -1.0):
        arm = beam(point(0.10 * side, root + 0.10), point(_HINGE_X_M * side, edge), 0.06, 0.045, (0, 0, 1), 0.006)
        model.add(group, black, arm, joint=joint)
    fraction = 0.62  # position of the cross bar along the arms
    half, y = 0.10 + fraction * (_HINGE_X_M - 0.10), root + 0.10 + fraction * (edge - root - 0.10)
    model.add(group, black, beam(point(-half, y), point(half, y), 0.035, 0.03, (0, 0, 1), 0.004), joint=joint)
    model.add(group, black, beam(point(-0.80, edge), point(0.80, edge), 0.05, 0.04, (0, 0, 1), 0.006), joint=joint)
    for side in (1.0, -1.0):
        cable = [
            point(0.06 * side, root + 0.08, 0.035),
            point(0.33 * side, root + 0.42, 0.034),
            point(0.58 * side, edge, 0.032),
            point(0.58 * side, edge + 0.12, 0.024),
        ]
        model.add(group, "black_kapton", tube(cable, 0.012, 6), joint=joint)


def _panel(model: ModelBuilder, sizes: OrbiterSizes, y: float, group: str, joint: str) -> None:
    """One panel: honeycomb board, cells in front, stiffeners and harness behind."""
    size, t = (sizes.panel_y_m, sizes.panel_x_m), sizes.panel_thickness_m
    front = face_of((0.0, y, -0.5 * t), (0.0, 0.0, -1.0))
    back = face_of((0.0, y, 0.5 * t), (0.0, 0.0, 1.0))
    model.add(group, "cfrp", box(sizes.panel_x_m, sizes.panel_y_m, t, 0.004).at((0.0, y, 0.0)), joint=joint)
    add_cell_side(model, group, front, size, 0.022, joint)
    _panel_back(model, back, size, group, joint)


def _panel_back(model: ModelBuilder, back: Face, size: tuple[float, float], group: str, joint: str) -> None:
    """Stiffeners, two black blankets, and four cables."""
    w, rim = size[0], 0.045

    def strip(x: float, y: float, width: float, height: float, rise: float) -> Solid:
        return back.put(box_on_face(width, height, rise, 0.003), x, y)

    frame = rim_strips(back, size, rim)
    frame += [strip(0.0, s * _HINGE_X_M, w - 2 * rim, 0.055, 0.018) for s in (-1, 1)]
    frame += [strip(x, 0.0, 0.035, 2 * _HINGE_X_M, 0.010) for x in (-0.22 * w, 0.22 * w)]
    model.add(group, "aluminium", *frame, joint=joint)
    sheet = box_on_face(0.40 * w, 1.05 * _HINGE_X_M, 0.006, 0.002, sunk_m=0.008)
    blankets = [back.put(sheet, 0.0, s * 0.5 * _HINGE_X_M) for s in (-0.96, 0.96)]
    model.add(group, "black_kapton", *blankets, joint=joint)
    runs = [[(-0.5 * w + 0.03, y), (0.5 * w - 0.03, y)] for y in (0.50, -0.50)]
    runs += [[(x, 0.495), (x + 0.03, 0.2), (x, -0.1), (x, -0.495)] for x in (-0.36 * w, 0.36 * w)]
    for run in runs:
        path = [(x, y, 0.014) for x, y in run]
        add_clipped_cable(model, group, back, path, path[1:-1], joint)


def _hinges(model: ModelBuilder, sizes: OrbiterSizes, sign: float, inner_y: float, group: str, joint: str) -> None:
    """Two hinges across the gap at a panel's inner edge: knuckles on a pin along X, and a leaf on either side."""
    y = inner_y - 0.5 * sizes.panel_gap_m
    for x in (-_HINGE_X_M, _HINGE_X_M):
        z = 0.5 * sizes.panel_thickness_m + 0.006
        pin = cylinder(0.009, 0.17, 10).aimed((1.0, 0.0, 0.0)).at((x - 0.085, sign * y, z))
        knuckles = [
            cylinder(0.018, 0.04, 12).aimed((1.0, 0.0, 0.0)).at((x + d, sign * y, z)) for d in (-0.075, -0.02, 0.035)
        ]
        leaves = [box(0.12, 0.055, 0.012, 0.002).at((x, sign * (y + d), z + 0.0045)) for d in (-0.035, 0.035)]
        model.add(group, "aluminium", pin, *knuckles, *leaves, joint=joint)
    # The closed cable loop that synchronizes the deployment of the panels.
    loop = rod((0.30, sign * (y - 0.05), 0.024), (0.30, sign * (y + 0.05), 0.024), 0.006, 6)
    model.add(group, "aluminium", loop, joint=joint)
    if inner_y > sizes.wing_root_y_m:
        return
    for x in (-0.30, 0.30):
        stay = box(0.06, 0.10, 0.02, 0.003).at((x, sign * (y - 0.005), 0.012))
        model.add(group, "aluminium", stay, joint=joint)
