"""Fittings on the landing platform's deck: hold-downs, wrapped cables, boxes, poles, cameras."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder, hose
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, dome, lathe, rod, sphere
from selfiesim.craft.builders.solid import face_of
from selfiesim.craft.builders.tianwen1_lander_sizes import LanderSizes


def add_deck_fittings(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """Add blankets, hold-downs, boxes, cables, poles and cameras to the deck."""
    _blankets(model, sizes)
    _hold_downs(model, sizes)
    rng = np.random.default_rng(sizes.seed + 1)
    _boxes(model, sizes, rng)
    _cables(model, sizes, rng)
    _poles(model, sizes)
    _cameras(model, sizes)


def _blankets(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """Crumpled silver foil over the whole deck between the rails."""
    top = face_of((0.0, 0.0, sizes.deck_m), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0))  # local x = body x, local y = body y
    areas = [(-1.30, 1.32, -0.40, 0.40), (-0.74, 0.74, 0.82, 1.32), (-0.74, 0.74, -1.32, -0.82)]
    for number, (x0, x1, y0, y1) in enumerate(areas):
        sheet = blanket([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], 0.022, sizes.seed + 40 + number, 0.028)
        model.add("deck_blankets", "silver_foil", top.put(sheet))


def _hold_downs(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """The rover's clamps: eight posts with cups, and the stubs of cut cables."""
    z = sizes.deck_m
    post = [(0.05, -0.01), (0.05, 0.03), (0.032, 0.04), (0.032, 0.09), (0.046, 0.10), (0.046, 0.12)]
    post += [(0.02, 0.105), (0.0, 0.105)]
    for x in (-0.72, -0.24, 0.24, 0.72):
        for y in (-0.30, 0.30):
            model.add("hold_downs", "white_paint_dusted", lathe(post, 32).at((x, y, z)))
            foot = box_on_face(0.14, 0.12, 0.028, 0.006, sunk_m=0.014)
            model.add("hold_downs", "aluminium_dusted", foot.at((x, y, z)))
            path = [
                (x + 0.05, y, z + 0.02),
                (x + 0.08, y + 0.02, z + 0.10),
                (x + 0.14, y + 0.04, z + 0.08),
                (x + 0.17, y + 0.05, z - 0.01),
            ]
            model.add("hold_downs", "silver_foil", hose(path, 0.009, 10))


def _boxes(model: SurfaceModelBuilder, sizes: LanderSizes, rng: np.random.Generator) -> None:
    """Small wrapped boxes along the rim, placed at random."""
    z = sizes.deck_m
    materials = ("silver_foil", "white_paint_dusted", "silver_foil", "aluminium_dusted", "black_kapton")
    for k in range(46):
        x, y = _on_rim(sizes, (k + 0.6 * rng.random()) / 46, 0.07 + 0.10 * rng.random())
        if x > 0.6 and abs(abs(y) - sizes.ramp_half_m) < 0.26:
            continue  # keep the upper ends of the ramps clear
        size = 0.05 + 0.09 * rng.random(3)
        block = box_on_face(size[0], size[1], 0.8 * size[2], 0.012, sunk_m=0.008 + 0.0007 * (k % 11))
        block = block.rotated((0, 0, 1), 360.0 * rng.random())
        model.add("deck_boxes", materials[k % 5], block.at((x, y, z)))
        if k % 2 == 0:
            knob = sphere(0.03 + 0.02 * rng.random(), 20, 10)
            model.add("deck_boxes", "silver_foil", knob.at((x + 0.02, y, z + 0.8 * size[2])))


def _cables(model: SurfaceModelBuilder, sizes: LanderSizes, rng: np.random.Generator) -> None:
    """Loops of cable along the rim, placed at random."""
    z = sizes.deck_m
    materials = ("silver_foil", "white_paint_dusted", "aluminium_dusted", "gold_foil_dusted")
    for k in range(46):
        x, y = _on_rim(sizes, (k + rng.random()) / 46, 0.10 + 0.22 * rng.random())
        a, reach, rise = 2 * np.pi * rng.random(), 0.10 + 0.14 * rng.random(), 0.05 + 0.10 * rng.random()
        dx, dy = 0.5 * reach * np.cos(a), 0.5 * reach * np.sin(a)
        if x > 0.5 and abs(abs(y) - sizes.ramp_half_m) < 0.30:
            continue
        path = [
            (x - dx, y - dy, z - 0.01),
            (x - 0.5 * dx, y - 0.5 * dy, z + rise),
            (x + 0.5 * dx, y + 0.5 * dy, z + rise),
            (x + dx, y + dy, z - 0.01),
        ]
        model.add("deck_cables", materials[k % 4], hose(path, 0.006 + 0.006 * rng.random(), 9, 6))


def _on_rim(sizes: LanderSizes, fraction: float, inside_m: float) -> tuple[float, float]:
    """A point (x, y) on the deck, ``fraction`` of the way around its edge and ``inside_m`` in from it."""
    angle = 2.0 * np.pi * fraction
    c, s = np.cos(angle), np.sin(angle)
    half = sizes.deck_half_m - inside_m
    cut = (sizes.deck_half_m + sizes.deck_flat_half_m - 1.4 * inside_m) / (abs(c) + abs(s))
    reach = min(half / max(abs(c), abs(s)), cut)
    return float(reach * c), float(reach * s)


def _poles(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """The poles and stalks that rise against the sky in the photo, and the drum next to them."""
    z = sizes.deck_m
    for x, y, height, r in [
        (0.40, -0.95, 0.32, 0.018),
        (1.24, 0.10, 0.24, 0.020),
        (-0.55, 1.05, 0.20, 0.012),
        (-1.05, -0.45, 0.12, 0.012),
    ]:
        model.add("poles", "aluminium_dusted", rod((x, y, z - 0.01), (x, y, z + height), r, 20))
        foot = cylinder(2.4 * r, 0.03, 24, 0.004)
        model.add("poles", "white_paint_dusted", foot.at((x, y, z - 0.006)))
    drum = [(0.0, -0.01), (0.07, -0.01), (0.07, 0.10), (0.045, 0.12), (0.045, 0.17), (0.06, 0.18)]
    drum += [(0.06, 0.215), (0.0, 0.23)]
    model.add("poles", "silver_foil_dusted", lathe(drum, 40).at((0.70, -0.98, z)))
    model.add("poles", "aluminium_dusted", cylinder(0.10, 0.04, 40, 0.006).at((0.70, -0.98, z - 0.008)))
    model.add(
        "poles",
        "white_paint_dusted",
        dome(0.07, 0.07, 36, 10).at((-0.35, -1.10, z + 0.02)),
        box(0.16, 0.16, 0.05, 0.008).at((-0.35, -1.10, z + 0.01)),
    )


def _cameras(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """A pair of cameras with dark lenses on a bracket over the edge, at the end opposite the ramps."""
    x, z = -sizes.deck_half_m, sizes.deck_m
    model.add("cameras", "white_paint_dusted", box(0.16, 0.10, 0.09, 0.01).at((x + 0.02, -0.62, z + 0.02)))
    for dx in (-0.035, 0.035):
        barrel = lathe([(0.0, 0.0), (0.03, 0.0), (0.03, 0.09), (0.022, 0.09), (0.018, 0.07), (0.0, 0.07)], 28)
        position = (x + 0.02 + dx, -0.645, z + 0.03)
        model.add("cameras", "thruster_black", barrel.aimed((0.0, -1.0, 0.0)).at(position))
        glass = cylinder(0.020, 0.075, 24, 0.002)
        model.add("cameras", "glass", glass.aimed((0.0, -1.0, 0.0)).at(position))
