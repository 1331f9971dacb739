"""A simplified model of the comet chaser Rosetta with the lander Philae on its side, wings deployed.

Published: the body 2.8 x 2.1 x 2.0 m, two wings of five panels, each 14 m long, 64 m2 in all, a steerable dish 2.2 m
wide, Philae about 1 m wide. Everything else is assumed. Body axes, as in the mission's kernels: origin at the centre
of the body (assumed), +X the side of the dish, -X that of Philae, +Z that of the instruments, the wings along Y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, ring, rod, textured_sheet, tube
from selfiesim.craft.builders.solar_panel import add_hinges, add_panel, panel_finishes
from selfiesim.craft.builders.solid import BOX_SIDES, Face, box_side, face_of, loft

__all__ = ["RosettaSizes", "build", "glb"]

_PANELS = 5
_GAP_M = 0.05
_TEXEL_M = 0.0034
_CELL_M = (0.062, 0.038)


@dataclass(frozen=True)
class RosettaSizes:
    """Sizes, m."""

    body_x_m: float = 2.1  # sourced: 2.8 x 2.1 x 2.0 m (ESA); which is which is assumed
    body_y_m: float = 2.0  # sourced
    body_z_m: float = 2.8  # sourced
    wing_m: float = 14.0  # sourced: length of a wing (ESA)
    panel_x_m: float = 2.29  # sourced: 64 m2 in all (ESA)
    panel_thickness_m: float = 0.03  # assumed
    wing_joint_y_m: float = 1.12  # assumed: just outside the body
    yoke_m: float = 0.95  # assumed: from the drive to the first panel
    dish_m: float = 2.2  # sourced: ESA
    dish_focus_m: float = 0.72  # assumed
    lander_m: float = 0.95  # assumed: width of Philae's body; "about 1 m"
    lander_rise_m: float = 0.78  # assumed: how far Philae stands out from the wall
    rise_m: float = 0.022  # assumed: puff of the blankets
    seed: int = 20040302  # the day of its launch

    def __post_init__(self) -> None:
        if self.panel_y_m < 0.5:
            raise ModelError(f"wing_m leaves {self.panel_y_m:.2f} m for each of the five panels, which need 0.5 m")

    @property
    def panel_y_m(self) -> float:
        """Length of one of a wing's five panels along the wing."""
        return (self.wing_m - (_PANELS - 1) * _GAP_M) / _PANELS

    def side(self, axis: int, sign: float) -> tuple[Face, float, float]:
        """A side of the body, with its width and height (see :func:`.solid.box_side`)."""
        return box_side((self.body_x_m, self.body_y_m, self.body_z_m), axis, sign)


def build(sizes: RosettaSizes | None = None) -> ModelBuilder:
    """Build the craft as solids in body axes, with every joint at zero (cells and dish toward +X)."""
    sizes = sizes or RosettaSizes()
    model = ModelBuilder("rosetta")
    _body(model, sizes)
    _instruments(model, sizes)
    _thrusters(model, sizes)
    _dish(model, sizes)
    _philae(model, sizes)
    for sign, name in ((1.0, "wing_plus_y"), (-1.0, "wing_minus_y")):
        _wing(model, sizes, sign, name)
    return model


def glb(sizes: RosettaSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    sizes = sizes or RosettaSizes()
    panel = (sizes.panel_x_m, sizes.panel_y_m)
    return build(sizes).glb(panel_finishes(panel, _CELL_M, _TEXEL_M, sizes.seed))


def _body(model: ModelBuilder, sizes: RosettaSizes) -> None:
    """The box under its dark blankets, with louvred radiators on the Y sides and the wings' drives."""
    model.add("bus", "black_kapton", box(sizes.body_x_m, sizes.body_y_m, sizes.body_z_m, 0.03))
    for number, (axis, sign) in enumerate(BOX_SIDES):
        face, wide, high = sizes.side(axis, sign)
        columns, rows = 2, 3 if axis < 2 else 2
        xs = np.linspace(-0.5 * wide + 0.04, 0.5 * wide - 0.04, columns + 1)
        ys = np.linspace(-0.5 * high + 0.04, 0.5 * high - 0.04, rows + 1)
        for i in range(columns):
            for j in range(rows):
                x0, x1, y0, y1 = xs[i] + 0.01, xs[i + 1] - 0.01, ys[j] + 0.01, ys[j + 1] - 0.01
                sheet = blanket(
                    [(x0, y0), (x1, y0), (x1, y1), (x0, y1)], sizes.rise_m, sizes.seed + 100 * number + 10 * i + j
                )
                model.add("bus", "black_kapton", face.put(sheet))
    for sign in (1.0, -1.0):
        face, _, _ = sizes.side(1, sign)
        for x in (-0.56, 0.56):
            for y in (-0.95, 0.95):
                model.add("louvres", "aluminium", face.put(box_on_face(0.62, 0.52, 0.05, 0.008), x, y))
                blades = [
                    face.put(box_on_face(0.56, 0.042, 0.012, 0.002, 0.004), x, y + 0.052 * k, 0.052)
                    for k in range(-4, 5)
                ]
                model.add("louvres", "dish_silver", *blades)
        drum = lathe([(0.17, -0.02), (0.17, 0.07), (0.14, 0.10), (0.0, 0.10)], 40)
        model.add("wing_drives", "aluminium", face.put(drum))


def _instruments(model: ModelBuilder, sizes: RosettaSizes) -> None:
    """Boxes and barrels of the instruments on +Z."""
    above, _, _ = sizes.side(2, 1.0)
    for x, y, wide, high, rise, finish in [
        (-0.55, -0.55, 0.62, 0.55, 0.42, "black_kapton"),
        (0.20, -0.60, 0.50, 0.46, 0.30, "silver_foil"),
        (0.62, 0.05, 0.36, 0.60, 0.34, "black_kapton"),
        (-0.35, 0.55, 0.70, 0.40, 0.26, "black_kapton"),
        (0.45, 0.68, 0.40, 0.34, 0.22, "silver_foil"),
    ]:
        model.add("instruments", finish, above.put(box_on_face(wide, high, rise, 0.02), x, y))
    for x, y, r, rise in [(-0.62, -0.55, 0.15, 0.72), (-0.30, -0.55, 0.09, 0.60), (0.62, 0.15, 0.12, 0.52)]:
        barrel = [(r, -0.02), (r, rise), (r - 0.012, rise), (r - 0.012, rise - 0.18), (0.0, rise - 0.18)]
        model.add("instruments", "black_kapton", above.put(lathe(barrel, 40), x, y))


def _thrusters(model: ModelBuilder, sizes: RosettaSizes) -> None:
    """The adapter ring and pairs of thrusters on -Z."""
    below, _, _ = sizes.side(2, -1.0)
    hoop = [(0.58, -0.02), (0.64, -0.02), (0.64, 0.12), (0.67, 0.12), (0.67, 0.15), (0.58, 0.15)]
    model.add("adapter", "aluminium", below.put(ring(hoop, 96)))
    for s, t in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        model.add("thrusters", "silver_foil", below.put(box_on_face(0.15, 0.15, 0.10, 0.015), 0.88 * s, 0.90 * t))
        for dx in (-0.04, 0.04):
            bell = lathe([(0.014, -0.02), (0.014, 0.02), (0.032, 0.09), (0.028, 0.09), (0.01, 0.02), (0.0, 0.02)], 20)
            model.add("thrusters", "thruster_black", below.put(bell, 0.88 * s + dx, 0.90 * t, 0.10))


def _dish(model: ModelBuilder, sizes: RosettaSizes) -> None:
    """The high-gain antenna on its arm, in front of the lower edge of +X."""
    face, _, _ = sizes.side(0, 1.0)
    r, f, y, lift, thick = 0.5 * sizes.dish_m, sizes.dish_focus_m, -0.55, 0.62, 0.025
    reach = np.linspace(0.0, r, 21)[1:]
    front = [(float(a), float(a * a / (4 * f))) for a in reach]
    back = [(a, z - thick) for a, z in front]
    model.add("hga", "black_kapton", face.put(box_on_face(0.34, 0.34, 0.20, 0.02), 0.0, y))
    model.add("hga", "cfrp", face.put(cylinder(0.09, lift - 0.06, 32).moved(z=0.05), 0.0, y))
    shell = lathe([(0.0, -thick), *back, *front[::-1], (0.0, 0.0)], 96)
    model.add("hga", "white_paint", face.put(shell, 0.0, y, lift))
    collar = [(0.085, -0.10), (0.24, -0.016), (0.24, -0.006), (0.085, -0.03)]
    model.add("hga", "aluminium", face.put(ring(collar, 48), 0.0, y, lift))
    feed = lathe([(0.08, f - 0.12), (0.14, f - 0.03), (0.14, f), (0.0, f + 0.03)], 32)
    model.add("hga", "white_paint", face.put(feed, 0.0, y, lift))
    for angle in np.radians([90.0, 210.0, 330.0]):
        a = 0.80 * r
        foot = face.point(a * np.cos(angle), y + a * np.sin(angle), lift + a * a / (4 * f) - 0.01)
        top = face.point(0.09 * np.cos(angle), y + 0.09 * np.sin(angle), lift + f - 0.06)
        model.add("hga", "cfrp", rod(foot, top, 0.018, 12))


def _philae(model: ModelBuilder, sizes: RosettaSizes) -> None:
    """The lander on -X: a cut box covered with cells, its folded legs, and the panoramic cameras under its lid."""
    wall, _, _ = sizes.side(0, -1.0)
    half, cut, rise = 0.5 * sizes.lander_m, 0.20, sizes.lander_rise_m
    outline = [(-half, -half), (half, -half), (half, half - cut), (half - cut, half), (cut - half, half)]
    outline += [(-half, half - cut)]
    skirt = [np.c_[np.array(outline), np.full(6, z)] for z in (0.12, rise)]
    seat = wall.point(0.0, 0.0)
    lander = face_of(seat, wall.z, wall.y)
    model.add("philae", "black_kapton", lander.put(loft(skirt)))
    model.add("philae", "cfrp", lander.put(box_on_face(0.62, 0.62, 0.13, 0.01, 0.02)))
    for k in range(6):
        a, b = np.array(outline[k]), np.array(outline[(k + 1) % 6])
        along, middle = b - a, 0.5 * (a + b)
        out = np.array([along[1], -along[0]]) / np.linalg.norm(along)
        wide = float(np.linalg.norm(along)) - 0.05
        side = face_of(
            lander.point(middle[0], middle[1], 0.5 * (rise + 0.12)), lander.vector(out[0], out[1], 0.0), lander.z
        )
        board = box(wide, rise - 0.18, 0.014, 0.003)
        model.add("philae", "cfrp", side.put(board))
        sheet = textured_sheet(wide - 0.02, rise - 0.30, 0.006)
        model.add("philae", "solar_cell", side.put(sheet, 0.0, -0.05, 0.004))
        lens = lathe([(0.022, -0.01), (0.022, 0.03), (0.017, 0.03), (0.017, 0.016), (0.0, 0.016)], 24)
        model.add("philae", "aluminium", side.put(lens, 0.0, 0.5 * (rise - 0.12) - 0.23, 0.006))
    lid = [np.c_[1.02 * np.array(outline), np.full(6, z)] for z in (rise - 0.012, rise + 0.02)]
    model.add("philae", "cfrp", lander.put(loft(lid)))
    for angle in np.radians([30.0, 150.0, 270.0]):
        x, y = 0.62 * np.cos(angle), 0.62 * np.sin(angle)
        hip, foot = lander.point(0.1 * x, 0.1 * y, rise + 0.01), lander.point(1.04 * x, 1.04 * y, 0.13)
        knee, ankle = lander.point(1.04 * x, 1.04 * y, rise + 0.05), lander.point(1.04 * x, 1.04 * y, 0.15)
        model.add("legs", "cfrp", rod(hip, knee, 0.022, 12), rod(knee, ankle, 0.02, 12))
        model.add("legs", "aluminium", cylinder(0.06, 0.04, 24, 0.006).aimed(wall.z).at(foot))


def _wing(model: ModelBuilder, sizes: RosettaSizes, sign: float, joint: str) -> None:
    """Five panels in a row along Y, on a yoke that rotates about Y."""
    model.joint(joint, (0.0, sign * sizes.wing_joint_y_m, 0.0))
    size, thick = (sizes.panel_x_m, sizes.panel_y_m), sizes.panel_thickness_m
    first, step = sizes.wing_joint_y_m + sizes.yoke_m, sizes.panel_y_m + _GAP_M
    for k in range(_PANELS):
        y = sign * (first + 0.5 * size[1] + k * step)
        front = face_of((0.5 * thick, y, 0.0), (1.0, 0.0, 0.0), (0, 1, 0))
        add_panel(model, f"{joint}_panel_{k + 1}", front, size, thick, joint)
        if k:
            hinges = [(x, -sign * 0.5 * step) for x in (-0.32 * size[0], 0.32 * size[0])]
            add_hinges(model, f"{joint}_hinges", front, hinges, across_x=False, thickness_m=thick, joint=joint)
    _yoke(model, sizes, sign, joint)


def _yoke(model: ModelBuilder, sizes: RosettaSizes, sign: float, joint: str) -> None:
    """The drive's shaft, two arms, the bar along the first panel and its cable."""
    group, root, edge = f"{joint}_yoke", sizes.wing_joint_y_m, sizes.wing_joint_y_m + sizes.yoke_m
    shaft = lathe([(0.09, -0.10), (0.09, 0.04), (0.13, 0.05), (0.13, 0.08), (0.0, 0.08)], 32)
    model.add(group, "aluminium", shaft.aimed((0.0, sign, 0.0)).at((0.0, sign * root, 0.0)), joint=joint)
    model.add(group, "aluminium", box(0.08, 0.12, 0.28, 0.012).at((0.0, sign * (root + 0.11), 0.0)), joint=joint)
    for s in (1.0, -1.0):
        arm = beam(
            (0, sign * (root + 0.11), 0.09 * s), (0, sign * (edge + 0.03), 0.72 * s), 0.06, 0.045, (1, 0, 0), 0.006
        )
        model.add(group, "cfrp", arm, joint=joint)
    bar = beam((0, sign * (edge - 0.02), -0.9), (0, sign * (edge - 0.02), 0.9), 0.055, 0.042, (1, 0, 0), 0.006)
    model.add(group, "cfrp", bar, joint=joint)
    cable = [
        (-0.045, sign * (root + 0.06), 0.05),
        (-0.034, sign * (0.5 * (root + edge)), 0.36),
        (-0.027, sign * (edge + 0.2), 0.62),
    ]
    model.add(group, "black_kapton", tube(np.array(cable), 0.013, 8), joint=joint)
