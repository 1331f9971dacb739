"""Tianwen-1's landing platform after the rover has left it, built from named sizes.

Body axes, metres: x toward the ramps, y left, z up; the origin on the ground below the centre of the deck, the feet on
z = 0. In the group photo the camera points along +y, and the ramps extend to the right.
"""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.dusty_finishes import SURFACE_FINISHES
from selfiesim.craft.builders.flag import add_flag
from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder, hose
from selfiesim.craft.builders.shapes import beam, box, cylinder, lathe, nozzle, prism, ring, rod, sphere
from selfiesim.craft.builders.solid import face_of, loft
from selfiesim.craft.builders.tianwen1_lander_deck import add_deck_fittings
from selfiesim.craft.builders.tianwen1_lander_sizes import LanderSizes
from selfiesim.craft.materials import Finish

__all__ = ["LanderSizes", "build", "finishes", "glb"]

Outline = list[tuple[float, float]]


def build(sizes: LanderSizes | None = None) -> SurfaceModelBuilder:
    """Build the platform as solids in body axes."""
    sizes = sizes or LanderSizes()
    model = SurfaceModelBuilder("tianwen1_lander")
    _deck(model, sizes)
    _hull(model, sizes)
    _flag(model, sizes)
    _edge_beams(model, sizes)
    _equipment(model, sizes)
    _thrusters(model, sizes)
    _tanks(model, sizes)
    _engine(model, sizes)
    for quarter in range(4):
        _leg(model, sizes, quarter)
    _ramps(model, sizes)
    add_deck_fittings(model, sizes)
    return model


def finishes(sizes: LanderSizes | None = None) -> dict[str, Finish]:
    """Return the materials; they do not depend on the sizes."""
    return SURFACE_FINISHES


def glb(sizes: LanderSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    return build(sizes).glb(finishes(sizes))


def chamfered_square(half_m: float, flat_m: float) -> Outline:
    """Corners (x, y), counter-clockwise, of a square of half width ``half_m`` with its corners cut off."""
    a, b = half_m, flat_m
    return [(a, -b), (a, b), (b, a), (-b, a), (-a, b), (-a, -b), (-b, -a), (b, -a)]


def _underside_outline(sizes: LanderSizes) -> Outline:
    return chamfered_square(sizes.deck_half_m - 0.06, sizes.deck_flat_half_m - 0.02)


def _deck(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """The deck plate with its silver rim, and the black plate under it."""
    z, t = sizes.deck_m, sizes.deck_thickness_m
    deck = chamfered_square(sizes.deck_half_m, sizes.deck_flat_half_m)
    model.add("deck", "silver_foil_dusted", prism(deck, t, 0.01, radius_m=0.06, steps=3).moved(z=z - 0.5 * t))
    model.add("deck", "black_kapton", prism(_underside_outline(sizes), 0.06, 0.008).moved(z=z - t - 0.02))


def _hull(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """The core below the deck, and the bottom plate that carries the lower struts of the legs."""
    z, t = sizes.deck_m, sizes.deck_thickness_m
    scale = sizes.hull_half_m / sizes.deck_half_m
    rings = []
    for height, grow in [(sizes.hull_bottom_m + 0.03, 0.86), (0.56, 1.0), (0.72, 1.12), (z - t - 0.01, 1.16)]:
        flat = np.array(chamfered_square(sizes.deck_half_m, sizes.deck_flat_half_m)) * scale * grow * 0.92
        rings.append(np.c_[flat, np.full(8, height)])
    model.add("hull", "black_kapton", loft(rings))
    bottom = chamfered_square(sizes.hull_half_m, 0.5 * sizes.hull_half_m)
    model.add("hull", "gold_foil_dusted", prism(bottom, 0.05, 0.01).moved(z=sizes.hull_bottom_m + 0.025))


def _flag(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """The flag on a plate below the edge of the deck, on two brackets."""
    z, t = sizes.deck_m, sizes.deck_thickness_m
    wall = face_of((0.0, -sizes.deck_half_m - 0.02, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0))
    w = sizes.flag_width_m
    h = w * 26.0 / 39.0
    middle = z - t - 0.005 - 0.5 * h
    x = sizes.flag_x_m
    model.add("flag", "aluminium_dusted", wall.put(box(w + 0.02, h + 0.02, 0.02, 0.003), x, middle, 0.0))
    bracket = box(0.04, 0.103, 0.12, 0.004)
    brackets = [wall.put(bracket, x + s * 0.18, z - t - 0.0385, -0.058) for s in (-1, 1)]
    model.add("flag", "aluminium_dusted", *brackets)
    add_flag(model, "flag", wall, (x, middle, 0.008), (w, h))


def _edge_beams(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """Beams along the eight edges of the deck's underside."""
    z, t = sizes.deck_m, sizes.deck_thickness_m
    under = _underside_outline(sizes)
    for k in range(8):
        (x0, y0), (x1, y1) = under[k], under[(k + 1) % 8]
        low = z - t - 0.075 - 0.003 * (k % 2)  # no two beams share a plane
        edge = beam((x0, y0, low), (x1, y1, low), 0.045 - 0.004 * (k % 2), 0.06 - 0.004 * (k % 2), (0, 0, 1), 0.006)
        model.add("hull", "thruster_black", edge)


def _ceiling(sizes: LanderSizes) -> float:
    """Height of the deck's underside."""
    return sizes.deck_m - sizes.deck_thickness_m - 0.03


def _equipment(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """Boxes, then pipes, all around under the deck: the dark clutter of the photo, placed at random."""
    rng = np.random.default_rng(sizes.seed)
    ceiling = _ceiling(sizes)
    materials = (
        "gold_foil_dusted",
        "black_kapton",
        "amber_film",
        "silver_foil_dusted",
        "gold_foil_dusted",
        "white_paint_dusted",
    )
    for k in range(44):
        angle = 2.0 * np.pi * (k + 0.6 * rng.random()) / 44
        reach = 1.02 + 0.20 * rng.random()
        reach = min(reach, 1.27 / max(abs(np.cos(angle)), abs(np.sin(angle))))
        size = np.array([0.07 + 0.10 * rng.random(), 0.07 + 0.12 * rng.random(), 0.08 + 0.17 * rng.random()])
        block = (
            box(size[0], size[1], size[2], 0.008).moved(z=-0.5 * size[2]).rotated((0, 0, 1), float(np.degrees(angle)))
        )
        top = np.array([reach * np.cos(angle), reach * np.sin(angle), ceiling + 0.018 + 0.008 * rng.random()])
        model.add("equipment", materials[k % len(materials)], block.at(top))
    _equipment_pipes(model, rng, ceiling)


def _equipment_pipes(model: SurfaceModelBuilder, rng: np.random.Generator, ceiling: float) -> None:
    """Pipes that hang from the underside of the deck."""
    materials = ("black_kapton", "silver_foil_dusted", "aluminium_dusted", "gold_foil_dusted")
    for k in range(40):
        angle = 2.0 * np.pi * (k + rng.random()) / 40
        a, b = angle, angle + (0.10 + 0.25 * rng.random())
        drop = 0.10 + 0.16 * rng.random()
        r = 1.05 + 0.18 * rng.random()
        path = [(0.92 * r * np.cos(a), 0.92 * r * np.sin(a), ceiling + 0.02)]
        path += [
            (r * np.cos(v), r * np.sin(v), ceiling - drop * s) for v, s in ((a, 0.6), (0.5 * (a + b), 1.0), (b, 0.6))
        ]
        path.append((0.92 * r * np.cos(b), 0.92 * r * np.sin(b), ceiling + 0.02))
        model.add("equipment", materials[k % 4], hose(path, 0.008 + 0.009 * rng.random(), 10, 6))


def _thrusters(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """Eight small engines with their bells downward, under the deck."""
    profile = [(0.0, 0.06), (0.03, 0.06), (0.03, -0.10), (0.014, -0.13), (0.045, -0.24), (0.041, -0.24)]
    profile += [(0.010, -0.135), (0.0, -0.13)]
    for k in range(8):
        angle = np.pi / 8 + k * np.pi / 4
        position = (1.18 * np.cos(angle), 1.18 * np.sin(angle), _ceiling(sizes) - 0.03)
        model.add("thrusters", "thruster_black", lathe(profile, 24).at(position))


def _tanks(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """Four spherical tanks between the legs, half inside the hull, each with a strap and a pipe."""
    for k in range(4):
        angle = k * np.pi / 2
        x, y, z, r = 0.80 * np.cos(angle), 0.80 * np.sin(angle), 0.66, 0.205
        model.add("tanks", "gold_foil_dusted", sphere(r, 48, 24).at((x, y, z)))
        hoop = ring([(r - 0.004, -0.018), (r + 0.006, -0.018), (r + 0.006, 0.018), (r - 0.004, 0.018)], 56)
        model.add("tanks", "aluminium_dusted", hoop.at((x, y, z)))
        path = [
            (x, y, z + r - 0.02),
            (1.18 * x, 1.18 * y, z + r + 0.03),
            (1.34 * x, 1.34 * y, 0.84),
            (1.36 * x, 1.36 * y, 0.88),
        ]
        model.add("tanks", "silver_foil_dusted", hose(path, 0.010, 10))


def _engine(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """The braking engine in the centre of the bottom plate."""
    length = 0.26
    bell = nozzle(0.045, sizes.nozzle_radius_m, length, 0.006, 64, 14).aimed((0.0, 0.0, -1.0))
    model.add("engine", "nozzle_niobium", bell.at((0.0, 0.0, sizes.nozzle_exit_m + length + 0.009)))
    skirt = lathe([(0.30, -0.02), (0.30, 0.04), (0.27, 0.04), (0.27, -0.02)], 56)
    model.add("engine", "black_kapton", skirt.at((0.0, 0.0, sizes.hull_bottom_m - 0.01)))


def _leg(model: SurfaceModelBuilder, sizes: LanderSizes, quarter: int) -> None:
    """A thick main strut, and two thinner ones that meet it above a footpad."""
    group, angle = f"leg_{quarter + 1}", np.pi / 4 + quarter * np.pi / 2
    along, across = np.array([np.cos(angle), np.sin(angle), 0.0]), np.array([-np.sin(angle), np.cos(angle), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    ankle = sizes.leg_reach_m * along + 0.075 * up
    top = 1.02 * along + (sizes.deck_m - sizes.deck_thickness_m - 0.03) * up
    knee = ankle + 0.50 * (top - ankle)
    model.add(group, "white_paint_dusted", rod(knee, top, 0.062, 32))
    model.add(group, "silver_foil_dusted", rod(ankle, ankle + 0.56 * (top - ankle), 0.046, 28))
    collar = lathe([(0.04, -0.02), (0.074, -0.02), (0.074, 0.03), (0.04, 0.03)], 32)
    model.add(group, "aluminium_dusted", collar.aimed(top - knee).at(knee))
    model.add(group, "silver_foil", cylinder(0.060, 0.16, 28, 0.01).aimed(top - ankle).at(ankle + 0.02 * (top - ankle)))
    joint = ankle + 0.10 * (top - ankle)
    for side in (1.0, -1.0):
        hip = 0.78 * along + side * 0.42 * across + (sizes.hull_bottom_m + 0.03) * up
        model.add(group, "white_paint_dusted", rod(joint, hip, 0.033, 24))
        model.add(group, "aluminium_dusted", sphere(0.05, 24, 12).at(hip))
        shoulder = 1.0 * along + side * 0.30 * across + (sizes.deck_m - 0.10) * up
        model.add(group, "amber_film", rod(knee + 0.06 * (top - knee), shoulder, 0.020, 18))
    r = 0.5 * sizes.footpad_m
    pad = [(0.0, 0.0), (0.55 * r, 0.0), (0.9 * r, 0.018), (r, 0.045), (r, 0.055), (0.88 * r, 0.050)]
    pad += [(0.45 * r, 0.062), (0.0, 0.066)]
    model.add(group, "silver_foil", lathe(pad, 64).at(sizes.leg_reach_m * along))
    model.add(group, "aluminium_dusted", sphere(0.055, 28, 14).at(ankle))


def _ramps(model: SurfaceModelBuilder, sizes: LanderSizes) -> None:
    """Two lattice ramps from the edge of the deck to the ground, and their rails across the deck."""
    top, foot = sizes.deck_m + 0.03, np.array([sizes.ramp_foot_x_m, 0.0, 0.022])
    for side, sign in (("left", 1.0), ("right", -1.0)):
        group, middle = f"ramp_{side}", sign * sizes.ramp_half_m
        lip = np.array([sizes.deck_half_m - 0.04, 0.0, top])
        down = (foot - lip) / np.linalg.norm(foot - lip)
        for edge in (-0.5, 0.5):
            y = np.array([0.0, middle + edge * sizes.ramp_width_m, 0.0])
            model.add(group, "silver_foil_dusted", beam(lip + y, foot + y, 0.022, 0.045, (0, 0, 1), 0.004))
            rail = beam(lip + y + (0, 0, 0.055), foot + y + (0, 0, 0.055) - 0.1 * down, 0.012, 0.014, (0, 0, 1), 0.002)
            model.add(group, "white_paint_dusted", rail)
            for fraction in np.linspace(0.02, 0.94, 16):
                at = lip + fraction * (foot - lip) + y
                model.add(group, "white_paint_dusted", rod(at, at + np.array([0.0, 0.0, 0.056]), 0.005, 8))
            run = beam((-0.9, y[1], top), (lip[0] + 0.02, y[1], top), 0.022, 0.045, (0, 0, 1), 0.004)
            model.add(group, "silver_foil_dusted", run)
            for x in (-0.85, -0.3, 0.3, 0.9, 1.3):
                model.add(group, "aluminium_dusted", box(0.05, 0.034, 0.07, 0.004).at((x, y[1], sizes.deck_m)))
        for fraction in np.linspace(0.015, 0.985, 34):
            at = lip + fraction * (foot - lip) + (0.0, middle, 0.0)
            half = np.array([0.0, 0.5 * sizes.ramp_width_m, 0.0])
            rung = beam(at - half, at + half, 0.03, 0.010, np.cross(down, (0, 1, 0)), 0.002)
            model.add(group, "silver_foil_dusted", rung)
