"""Chang'e-6's ascender: a small octagonal craft in foil with two wings, tanks, and the docking gear on its top."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.change6_sizes import Change6Sizes
from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder, hose
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, lathe, nozzle, prism, ring, rod, sphere
from selfiesim.craft.builders.solar_panel import add_hinges, add_panel
from selfiesim.craft.builders.solid import face_of, loft
from selfiesim.craft.builders.tianwen1_lander import chamfered_square

CELL_M, TEXEL_M = (0.08, 0.04), 0.006

_UP = np.array([0.0, 0.0, 1.0])
_PANEL_THICKNESS_M, _GAP_M = 0.022, 0.03


def add_ascender(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """Add the ascender to the lander's model."""
    _hull(model, sizes)
    _tanks(model, sizes)
    _docking_gear(model, sizes)
    _antennas(model, sizes)
    for side in (1.0, -1.0):
        _wing(model, sizes, side)


def _hull(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    a, low, high = sizes.ascender_half_m, sizes.ascender_bottom_m, sizes.ascender_top_m
    outline = np.array(chamfered_square(a, 0.58 * a))
    model.add(
        "ascender", "silver_foil", loft([np.c_[outline * s, np.full(8, z)] for z, s in ((low, 0.92), (high, 1.0))])
    )
    for z in (low, high):
        plate = chamfered_square(a + 0.03, 0.6 * a)
        model.add("ascender", "aluminium", prism(plate, 0.045, 0.006).moved(z=z))
    rng = np.random.default_rng(sizes.seed + 200)
    middle, half = 0.5 * (low + high), 0.5 * (high - low) - 0.05
    for eighth in range(8):
        angle = eighth * np.pi / 4
        out = np.array([np.cos(angle), np.sin(angle), 0.0])
        straight = eighth % 2 == 0
        reach = 0.965 * (a if straight else 1.58 * a / np.sqrt(2.0))
        face = face_of(reach * out + middle * _UP, out, _UP)
        w = (0.56 if straight else 0.28) * a
        sheet = blanket([(-w, -half), (w, -half), (w, half), (-w, half)], 0.024, sizes.seed + 210 + eighth, 0.045)
        model.add("ascender", "gold_foil" if straight else "silver_foil", face.put(sheet))
        for number in range(2):
            x, y = (rng.random(2) - 0.5) * (0.9 * w, 1.2 * half)
            w_m, h_m, rise_m = 0.06 + 0.08 * rng.random(), 0.06 + 0.10 * rng.random(), 0.07 + 0.021 * number
            unit_box = box_on_face(w_m, h_m, rise_m, 0.006, sunk_m=0.02 + 0.005 * number)
            material = ("white_paint", "black_kapton", "aluminium")[(eighth + number) % 3]
            model.add("ascender", material, face.put(unit_box, x, y))
        if not straight:
            bell = lathe([(0.0, 0.0), (0.012, 0.0), (0.012, 0.02), (0.032, 0.09), (0.028, 0.09), (0.0, 0.02)], 18)
            for down in (-1.0, 1.0):
                block = box_on_face(0.08, 0.08, 0.105, 0.006, sunk_m=0.036)
                model.add("ascender", "white_paint", face.put(block, 0.0, 0.8 * half * down))
                put = face.put(bell.aimed((0.0, down, 0.5)), 0.0, 0.8 * half * down, 0.08)
                model.add("ascender", "thruster_black", put)
    bell = nozzle(0.03, 0.15, 0.20, 0.005, 40, 10).aimed((0.0, 0.0, -1.0))
    model.add("ascender", "nozzle_niobium", bell.at((0.0, 0.0, low + 0.03)))


def _tanks(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """Four spherical tanks, half outside the hull at its corners, each with a strap."""
    z, r = 0.5 * (sizes.ascender_bottom_m + sizes.ascender_top_m) - 0.05, 0.20
    for quarter in range(4):
        angle = np.pi / 4 + quarter * np.pi / 2
        at = (0.66 * np.cos(angle), 0.66 * np.sin(angle), z)
        model.add("tanks", "tank_titanium", sphere(r, 40, 20).at(at))
        hoop = ring([(r - 0.004, -0.016), (r + 0.006, -0.016), (r + 0.006, 0.016), (r - 0.004, 0.016)], 44)
        model.add("tanks", "aluminium", hoop.at(at))
        path = [
            (at[0], at[1], z + r - 0.02),
            (1.05 * at[0], 1.05 * at[1], z + r + 0.06),
            (0.9 * at[0], 0.9 * at[1], z + 0.48),
        ]
        model.add("tanks", "silver_foil", hose(path, 0.010, 8))


def _docking_gear(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    """Three claws' handles and the hatch of the sample canister on the top, which face the orbiter later."""
    z = sizes.ascender_top_m + 0.02
    collar = ring([(0.30, -0.01), (0.36, -0.01), (0.36, 0.07), (0.30, 0.07)], 48)
    model.add("docking", "aluminium", collar.at((0.0, 0.0, z)))
    funnel = lathe([(0.0, 0.0), (0.13, 0.0), (0.13, 0.10), (0.17, 0.15), (0.16, 0.15), (0.11, 0.09), (0.0, 0.09)], 40)
    model.add("docking", "white_paint", funnel.at((0.0, 0.0, z - 0.02)))
    for third in range(3):
        angle = third * 2.0 * np.pi / 3
        foot = 0.42 * np.array([np.cos(angle), np.sin(angle), 0.0]) + z * _UP
        side = 0.07 * np.array([-np.sin(angle), np.cos(angle), 0.0])
        for s in (-1.0, 1.0):
            model.add(
                "docking", "aluminium", rod(foot + s * side - 0.02 * _UP, foot + s * side + 0.13 * _UP, 0.014, 10)
            )
        model.add("docking", "aluminium", rod(foot - side + 0.13 * _UP, foot + side + 0.13 * _UP, 0.014, 10))


def _antennas(model: SurfaceModelBuilder, sizes: Change6Sizes) -> None:
    z = sizes.ascender_top_m + 0.02
    for x, y, tall in ((0.50, 0.26, 0.30), (-0.50, -0.22, 0.36), (-0.46, 0.30, 0.22)):
        model.add("antennas", "aluminium", rod((x, y, z - 0.02), (x, y, z + tall), 0.012, 10))
        horn = lathe([(0.0, 0.0), (0.03, 0.0), (0.055, 0.10), (0.050, 0.10), (0.0, 0.02)], 24)
        model.add("antennas", "white_paint", horn.at((x, y, z + tall)))
    for y in (-0.20, 0.0):  # star trackers
        tube = cylinder(0.055, 0.20, 24, 0.004).aimed((0.7, 0.0, 0.7)).at((0.46, y - 0.14, z))
        model.add("antennas", "black_kapton", tube)
        model.add("antennas", "white_paint", box(0.12, 0.12, 0.08, 0.006).at((0.46, y - 0.14, z + 0.01)))


def _wing(model: SurfaceModelBuilder, sizes: Change6Sizes, side: float) -> None:
    """Two panels beside the hull, level, their cells up."""
    name = "left" if side > 0.0 else "right"
    z, root = sizes.ascender_top_m - 0.16, sizes.ascender_half_m + 0.16
    for y in (-0.22, 0.22):
        strut = rod(
            (y, side * (sizes.ascender_half_m - 0.04), z - 0.10), (y, side * (root + 0.05), z - 0.012), 0.018, 12
        )
        model.add(f"wing_{name}", "aluminium", strut)
    for number in range(2):
        middle = root + 0.5 * sizes.panel_m + number * (sizes.panel_m + _GAP_M)
        front = face_of((0.0, side * middle, z), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
        add_panel(model, f"wing_{name}_{number + 1}", front, (sizes.panel_width_m, sizes.panel_m), _PANEL_THICKNESS_M)
    inner = face_of((0.0, side * root, z), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))
    seam = side * (sizes.panel_m + 0.5 * _GAP_M)
    for x in (-0.35, 0.35):
        add_hinges(model, f"wing_{name}", inner, [(x, seam)], False, _PANEL_THICKNESS_M)
