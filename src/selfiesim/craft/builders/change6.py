"""Chang'e-6's lander on the Moon, with the ascender on top, built from named sizes.

Body axes, metres: x forward, to the side of the drill and the flag; y left; z up; the origin on the ground below the
middle of the lander, the feet on z = 0.
"""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.change6_ascender import CELL_M, TEXEL_M, add_ascender
from selfiesim.craft.builders.change6_sizes import Change6Sizes
from selfiesim.craft.builders.flag import add_flag
from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder, hose
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, nozzle, prism, rod, sphere
from selfiesim.craft.builders.solar_panel import panel_finishes
from selfiesim.craft.builders.solid import Face, face_of, loft
from selfiesim.craft.builders.tianwen1_lander import chamfered_square
from selfiesim.craft.materials import Finish

__all__ = ["Change6Sizes", "build", "finishes", "glb"]

_UP = np.array([0.0, 0.0, 1.0])


def build(sizes: Change6Sizes | None = None) -> SurfaceModelBuilder:
    """Build lander and ascender as solids in body axes."""
    sizes = sizes or Change6Sizes()
    model = SurfaceModelBuilder("change6")
    _body(model, sizes)
    _engine(model, sizes)
    for quarter in range(4):
        _leg(model, sizes, quarter)
    _tanks(model, sizes)
    _drill(model, sizes)
    _arm(model, sizes)
    _top_deck(model, sizes)
    _flag(model, sizes)
    add_ascender(model, sizes)
    return model


def finishes(sizes: Change6Sizes | None = None) -> dict[str, Finish]:
    """Return the materials; the texture of the solar cells has the size of a panel."""
    sizes = sizes or Change6Sizes()
    return panel_finishes((sizes.panel_width_m, sizes.panel_m), CELL_M, TEXEL_M, sizes.seed)


def glb(sizes: Change6Sizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    sizes = sizes or Change6Sizes()
    return build(sizes).glb(finishes(sizes))


def side_face(sizes: Change6Sizes, eighth: int) -> tuple[Face, float]:
    """Return one of the eight sides of the lander's body, from +x toward +y, and its width, m."""
    a, b = sizes.body_half_m, sizes.body_flat_half_m
    angle = eighth * np.pi / 4
    out = np.array([np.cos(angle), np.sin(angle), 0.0])
    straight = eighth % 2 == 0
    reach = a if straight else (a + b) / np.sqrt(2.0)
    middle = 0.5 * (sizes.body_bottom_m + sizes.body_top_m)
    return face_of(reach * out + middle * _UP, out, _UP), 2.0 * b if straight else float(np.sqrt(2.0) * (a - b))


def _body(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """The octagonal body: gold foil in quilted blankets, with radiators on three sides, between two plates."""
    outline = np.array(chamfered_square(sizes.body_half_m, sizes.body_flat_half_m))
    rings = [np.c_[outline, np.full(8, z)] for z in (sizes.body_bottom_m, sizes.body_top_m)]
    model.add("body", "gold_foil", loft(rings))
    height = sizes.body_top_m - sizes.body_bottom_m
    for eighth in range(8):
        face, width = side_face(sizes, eighth)
        w, h = 0.5 * width - 0.02, 0.5 * height - 0.05
        # Two blankets to a side, sewn together at different heights.
        seam = 0.10 * (eighth % 3 - 1)
        for number, (low, high) in enumerate(((-h, seam - 0.008), (seam + 0.008, h))):
            sheet = blanket([(-w, low), (w, low), (w, high), (-w, high)], 0.022, sizes.seed + 2 * eighth + number, 0.05)
            model.add("blankets", "gold_foil", face.put(sheet))
        if eighth in (2, 6, 7):
            mirror, frame = (
                box_on_face(0.72 * width, 0.42, 0.048, 0.004),
                box_on_face(0.72 * width + 0.05, 0.47, 0.038, 0.004, 0.02),
            )
            model.add("radiators", "radiator_white", face.put(mirror, 0.0, 0.16))
            model.add("radiators", "aluminium", face.put(frame, 0.0, 0.16))
        _wall_boxes(model, sizes, face, width, eighth)
    for z, t, grow in ((sizes.body_bottom_m, 0.05, 0.03), (sizes.body_top_m, 0.06, 0.05)):
        plate = chamfered_square(sizes.body_half_m + grow, sizes.body_flat_half_m + 0.5 * grow)
        model.add("body", "black_kapton" if z < 1.0 else "aluminium", prism(plate, t, 0.008).moved(z=z))
    for x, y in outline * 1.009:  # ribs along the corners
        model.add(
            "body", "aluminium", rod((x, y, sizes.body_bottom_m + 0.01), (x, y, sizes.body_top_m - 0.01), 0.019, 9)
        )


def _wall_boxes(model: SurfaceModelBuilder, sizes: Change6Sizes, face: Face, width: float, eighth: int) -> None:
    """Small units, cables and an attitude thruster on one side."""
    rng = np.random.default_rng(sizes.seed + 50 + eighth)
    for number in range(3):
        x, y = (rng.random(2) - 0.5) * (0.72 * width, 0.70)
        w, h, d = 0.07 + 0.10 * rng.random(3)
        material = ("white_paint", "black_kapton", "silver_foil")[(eighth + number) % 3]
        model.add("units", material, face.put(box_on_face(w, h, 0.04 + d, 0.006, sunk_m=0.012 + 0.007 * number), x, y))
        path = [(x, y, 0.03), (x + 0.05, y - 0.12, 0.05), (x - 0.04, y - 0.22, 0.045), (x + 0.02, y - 0.36, -0.005)]
        model.add("units", ("silver_foil", "black_kapton")[number % 2], face.put(hose(path, 0.008, 8, 4)))
    if eighth % 2 == 0:
        bell = lathe(
            [(0.0, 0.0), (0.014, 0.0), (0.014, 0.03), (0.040, 0.11), (0.036, 0.11), (0.009, 0.03), (0.0, 0.03)], 20
        )
        for s in (-1.0, 1.0):
            block = box_on_face(0.07, 0.07, 0.10, 0.006, sunk_m=0.02)
            at = 0.40 * s * width, -0.40
            model.add("thrusters", "white_paint", face.put(block, *at))
            turned = face.put(bell.aimed((0.7 * s, -0.7, 0.3)), at[0], at[1], 0.075)
            model.add("thrusters", "thruster_black", turned)


def _engine(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """The descent engine's bell below the body, and a heat shield around its root."""
    length = sizes.body_bottom_m - sizes.nozzle_exit_m
    bell = nozzle(0.10, sizes.nozzle_radius_m, length, 0.008, 56, 14).aimed((0.0, 0.0, -1.0))
    model.add("engine", "nozzle_niobium", bell.at((0.0, 0.0, sizes.body_bottom_m)))
    skirt = lathe([(0.62, -0.02), (0.62, 0.03), (0.16, -0.06), (0.16, -0.11)], 48)
    model.add("engine", "silver_foil", skirt.at((0.0, 0.0, sizes.body_bottom_m - 0.02)))


def _leg(model: SurfaceModelBuilder, sizes: Change6Sizes, quarter: int) -> None:
    """A main strut in foil, two side struts that meet it above the ankle, and a wide pad."""
    group, angle = f"leg_{quarter + 1}", np.pi / 4 + quarter * np.pi / 2
    along, across = np.array([np.cos(angle), np.sin(angle), 0.0]), np.array([-np.sin(angle), np.cos(angle), 0.0])
    corner = (sizes.body_half_m + sizes.body_flat_half_m) / np.sqrt(2.0)
    ankle = sizes.leg_reach_m * along + 0.13 * _UP
    top = (corner - 0.02) * along + (sizes.body_top_m - 0.18) * _UP
    knee = ankle + 0.52 * (top - ankle)
    model.add(group, "gold_foil", rod(knee, top, 0.078, 28))
    model.add(group, "aluminium", rod(ankle, ankle + 0.58 * (top - ankle), 0.050, 24))
    collar = lathe([(0.04, -0.03), (0.094, -0.03), (0.094, 0.04), (0.04, 0.04)], 28)
    model.add(
        group, "aluminium", collar.aimed(top - knee).at(knee), collar.aimed(top - knee).at(knee + 0.3 * (top - knee))
    )
    model.add(group, "white_paint", box(0.20, 0.26, 0.22, 0.02).aimed(along, _UP).at(top))
    joint = ankle + 0.30 * (top - ankle)
    model.add(group, "aluminium", sphere(0.075, 24, 12).at(joint))
    for side in (1.0, -1.0):
        hip = (corner - 0.10) * along + side * 0.50 * across + (sizes.body_bottom_m + 0.04) * _UP
        model.add(group, "gold_foil", rod(joint, hip, 0.040, 20))
        model.add(group, "aluminium", sphere(0.062, 20, 10).at(hip))
    r = 0.5 * sizes.footpad_m
    pad = [(0.0, 0.0), (0.60 * r, 0.0), (0.92 * r, 0.03), (r, 0.085), (r, 0.10), (0.90 * r, 0.092)]
    pad += [(0.60 * r, 0.075), (0.30 * r, 0.10), (0.0, 0.11)]
    model.add(group, "silver_foil", lathe(pad, 56).at(sizes.leg_reach_m * along))
    model.add(group, "aluminium", sphere(0.075, 24, 12).at(ankle))


def _tanks(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """The lower caps of four tanks, and pipes, under the body."""
    for quarter in range(4):
        angle = quarter * np.pi / 2
        x, y, z = 0.70 * np.cos(angle), 0.70 * np.sin(angle), sizes.body_bottom_m + 0.06
        model.add("tanks", "gold_foil", sphere(0.30, 36, 18).at((x, y, z)))
        path = [(x, y, z - 0.28), (0.6 * x, 0.6 * y, z - 0.24), (0.35 * x, 0.35 * y, z - 0.10), (0.3 * x, 0.3 * y, z)]
        model.add("tanks", "tank_titanium", hose(path, 0.014, 10))


def _drill(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """The drill's mast on the front: two rails with rungs, a carriage, and the tube that enters the ground."""
    x, low, high = sizes.body_half_m + 0.20, 0.30, sizes.ascender_bottom_m + 0.55
    for y in (-0.12, 0.12):
        rail = beam((x, y, low), (x, y, high), 0.045, 0.05, (1, 0, 0), 0.004)
        model.add("drill", "aluminium", rail)
        for z in (sizes.body_bottom_m + 0.12, sizes.body_top_m - 0.12):
            model.add("drill", "aluminium", rod((sizes.body_half_m - 0.02, 2.2 * y, z), (x, y, z), 0.018, 10))
    for z in np.linspace(low + 0.03, high - 0.03, 12):
        model.add("drill", "aluminium", beam((x, -0.13, z), (x, 0.13, z), 0.02, 0.025, (0, 0, 1), 0.002))
    model.add("drill", "gold_foil", box(0.20, 0.24, 0.34, 0.02).at((x + 0.06, 0.0, 1.30)))
    model.add("drill", "white_paint", cylinder(0.07, 0.16, 24, 0.01).at((x + 0.06, 0.0, 1.46)))
    model.add("drill", "tank_titanium", rod((x + 0.06, 0.0, -0.04), (x + 0.06, 0.0, 1.20), 0.020, 16))
    hoop = [(x + 0.06, 0.0, 1.60), (x + 0.12, 0.05, 1.85), (x + 0.02, 0.1, 2.2), (x - 0.02, 0.1, 2.46)]
    model.add("drill", "black_kapton", hose(hoop, 0.016, 10))


def _arm(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """The sampling arm, folded over the top deck: a shoulder, two links, and the sampler at its wrist."""
    shoulder = np.array([0.62, 0.86, sizes.body_top_m + 0.10])
    elbow, wrist = np.array([1.62, 1.22, 2.46]), np.array([2.06, 0.62, 1.46])
    model.add("arm", "aluminium", cylinder(0.10, 0.22, 28, 0.01).at(shoulder - 0.14 * _UP))
    for a, b, r in ((shoulder, elbow, 0.045), (elbow, wrist, 0.038)):
        model.add("arm", "white_paint", rod(a, b, r, 20))
        for share in (0.03, 0.91):
            collar = cylinder(r + 0.025, 0.07, 24, 0.008).aimed(b - a)
            model.add("arm", "aluminium", collar.at(a + share * (b - a)))
    for point in (shoulder, elbow, wrist):
        model.add("arm", "silver_foil", sphere(0.075, 24, 12).at(point))
    scoop = [(0.0, 0.0), (0.07, 0.0), (0.07, 0.16), (0.045, 0.28), (0.0, 0.28)]
    model.add("arm", "aluminium", lathe(scoop, 24).aimed((0.15, -0.1, -1.0)).at(wrist))
    model.add("arm", "black_kapton", box(0.12, 0.12, 0.10, 0.01).at(wrist + np.array([0.05, -0.06, 0.0])))
    cable = [shoulder + 0.05 * _UP, 0.5 * (shoulder + elbow) + 0.10 * _UP, elbow + 0.08 * _UP]
    model.add("arm", "black_kapton", hose([*cable, 0.5 * (elbow + wrist) + (0.06, 0, 0), wrist], 0.012, 8))


def _top_deck(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """Blankets, units and struts on the deck around the ascender."""
    z = sizes.body_top_m + 0.03
    rng = np.random.default_rng(sizes.seed + 90)
    top = face_of((0.0, 0.0, z), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    for number, (x0, x1, y0, y1) in enumerate(
        ((-1.0, 1.0, 0.62, 1.0), (-1.0, 1.0, -1.0, -0.62), (-1.02, -0.62, -0.6, 0.6))
    ):
        q = [(0.62 * x0 if abs(y0 + y1) > 1.0 else x0, y0), (0.62 * x1 if abs(y0 + y1) > 1.0 else x1, y0)]
        sheet = blanket([*q, (q[1][0], y1), (q[0][0], y1)], 0.025, sizes.seed + 60 + number, 0.045)
        model.add("deck", "gold_foil", top.put(sheet))
    for k in range(14):
        angle = 2.0 * np.pi * (k + 0.5 * rng.random()) / 14
        r = min(0.90, 0.90 / max(abs(np.cos(angle)), abs(np.sin(angle))))
        w, d, h = 0.08 + 0.12 * rng.random(3)
        material = ("white_paint", "gold_foil", "black_kapton", "aluminium")[k % 4]
        unit_box = box_on_face(w, d, h + 0.03, 0.008, sunk_m=0.03).rotated((0, 0, 1), float(np.degrees(angle)))
        model.add("deck", material, unit_box.at((r * np.cos(angle), r * np.sin(angle), z)))
    for k in range(8):  # struts that carry the ascender
        angle, turn = (k // 2) * np.pi / 2 + np.pi / 4, (0.30 if k % 2 else -0.30)
        foot = (0.80 * np.cos(angle + turn), 0.80 * np.sin(angle + turn), z - 0.02)
        head = (0.60 * np.cos(angle), 0.60 * np.sin(angle), sizes.ascender_bottom_m + 0.02)
        model.add("deck", "aluminium", rod(foot, head, 0.022, 12))
    mast = np.array([-0.70, -0.70, z])  # the relay antenna
    model.add("deck", "aluminium", rod(mast - 0.02 * _UP, mast + 0.62 * _UP, 0.020, 12))
    reflector = lathe([(0.0, 0.0), (0.10, 0.012), (0.20, 0.05), (0.195, 0.056), (0.10, 0.022), (0.0, 0.012)], 40)
    model.add("deck", "white_paint", reflector.aimed((-0.5, -0.4, 0.8)).at(mast + 0.62 * _UP))


def _flag(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """The flag, stiff on a frame at the end of a boom that points forward and to the right of the lander."""
    root = np.array([sizes.body_half_m - 0.02, -sizes.body_flat_half_m + 0.06, sizes.body_top_m - 0.10])
    end = root + sizes.flag_reach_m * np.array([0.35, -0.93, 0.10])
    model.add("flag", "aluminium", rod(root, end, 0.016, 12))
    model.add("flag", "white_paint", box(0.12, 0.12, 0.12, 0.01).at(root))
    w = sizes.flag_width_m
    h = 2.0 / 3.0 * w
    plane = face_of(end - 0.5 * h * _UP, (0.94, 0.35, 0.0), (0.0, 0.0, 1.0))
    model.add("flag", "aluminium", plane.put(box(w + 0.02, h + 0.02, 0.012, 0.002), -0.5 * w, 0.0, -0.004))
    model.add("flag", "aluminium", rod(end + 0.03 * _UP, end - (h + 0.02) * _UP, 0.012, 10))
    add_flag(model, "flag", plane, (-0.5 * w, 0.0, 0.006), (w, h))
