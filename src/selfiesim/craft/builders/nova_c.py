"""Odysseus, the first Nova-C lander of Intuitive Machines, built from named sizes.

Body axes, metres: x forward, the side that carries EagleCam; y left; z up; the origin on the ground below the middle of
the lander when it stands, the feet on z = 0. No drawing is published: what is not sourced follows pictures by eye.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder, hose
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, lathe, nozzle, prism, rod, sphere
from selfiesim.craft.builders.solar_panel import add_panel, panel_finishes
from selfiesim.craft.builders.solid import Face, face_of, loft
from selfiesim.craft.materials import Finish

__all__ = ["NovaCSizes", "build", "finishes", "glb"]

_UP = np.array([0.0, 0.0, 1.0])
_CELL_M, _TEXEL_M = (0.08, 0.04), 0.004
_PANEL_M = 0.02  # thickness of a solar panel
_PANEL_SIDES = (1, 2, 4)  # of the six; the others carry blankets and equipment


@dataclass(frozen=True)
class NovaCSizes:
    """Sizes, m, in body axes."""

    height_m: float = 4.0  # sourced: NSSDCA 2024-034A
    body_width_m: float = 1.57  # sourced: NSSDCA 2024-034A, across the flats of the hexagon
    body_bottom_m: float = 1.02  # assumed
    body_top_m: float = 3.36  # assumed
    leg_reach_m: float = 2.05  # assumed: distance of the feet from the middle
    leg_top_m: float = 2.12  # assumed: height at which the main struts meet the body
    footpad_m: float = 0.40  # assumed: diameter
    nozzle_radius_m: float = 0.31  # assumed
    nozzle_exit_m: float = 0.42  # assumed: height above the ground
    panel_width_m: float = 0.80  # assumed: of a solar panel on a side
    panel_height_m: float = 2.08  # assumed
    eaglecam_length_m: float = 0.15  # sourced: a CubeSat of 1.5 units
    seed: int = 20240222  # the day of the landing


def build(sizes: NovaCSizes | None = None) -> SurfaceModelBuilder:
    """Build the lander as solids in body axes."""
    sizes = sizes or NovaCSizes()
    model = SurfaceModelBuilder("nova_c")
    _body(model, sizes)
    for sixth in range(6):
        _side(model, sizes, sixth)
        _leg(model, sizes, sixth)
    _engine(model, sizes)
    _top(model, sizes)
    _eaglecam(model, sizes)
    return model


def finishes(sizes: NovaCSizes | None = None) -> dict[str, Finish]:
    """Return the materials; the texture of the solar cells has the size of a panel."""
    sizes = sizes or NovaCSizes()
    return panel_finishes((sizes.panel_width_m, sizes.panel_height_m), _CELL_M, _TEXEL_M, sizes.seed)


def glb(sizes: NovaCSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    sizes = sizes or NovaCSizes()
    return build(sizes).glb(finishes(sizes))


def _hexagon(across_flats_m: float) -> NDArray[np.float64]:
    """Corners (6, 2), counter-clockwise, with a flat side toward +x."""
    angle = np.radians(30.0 + 60.0 * np.arange(6))
    return np.asarray(across_flats_m / np.sqrt(3.0) * np.column_stack([np.cos(angle), np.sin(angle)]))


def _side_face(sizes: NovaCSizes, sixth: int) -> tuple[Face, float]:
    """One of the six sides, from +x toward +y, and its width, m."""
    angle = np.radians(60.0 * sixth)
    out = np.array([np.cos(angle), np.sin(angle), 0.0])
    middle = 0.5 * (sizes.body_bottom_m + sizes.body_top_m)
    return face_of(0.5 * sizes.body_width_m * out + middle * _UP, out, _UP), sizes.body_width_m / np.sqrt(3.0)


def _body(model: SurfaceModelBuilder, sizes: NovaCSizes) -> None:
    """The hexagonal column between two plates, with ribs along its corners."""
    outline = _hexagon(sizes.body_width_m)
    rings = [np.c_[outline, np.full(6, z)] for z in (sizes.body_bottom_m, sizes.body_top_m)]
    model.add("body", "aluminium", loft(rings))
    for z, thick, grow in (
        (sizes.body_bottom_m, 0.06, 0.07),
        (sizes.leg_top_m, 0.05, 0.06),
        (sizes.body_top_m, 0.06, 0.09),
    ):
        plate = prism(_hexagon(sizes.body_width_m + grow).tolist(), thick, 0.008)
        model.add("body", "white_paint", plate.moved(z=z))
    for x, y in 1.004 * outline:
        rib = rod((x, y, sizes.body_bottom_m + 0.01), (x, y, sizes.body_top_m - 0.01), 0.026, 10)
        model.add("body", "white_paint", rib)


def _side(model: SurfaceModelBuilder, sizes: NovaCSizes, sixth: int) -> None:
    """A solar panel, or blankets with a radiator, boxes and cables; thrusters on every other side."""
    face, width = _side_face(sizes, sixth)
    half = 0.5 * (sizes.body_top_m - sizes.body_bottom_m)
    shelf = sizes.leg_top_m - 0.5 * (sizes.body_bottom_m + sizes.body_top_m)
    if sixth in _PANEL_SIDES:
        front = face_of(face.point(0.0, 0.0, 0.085), face.z, face.y)
        add_panel(model, "panels", front, (sizes.panel_width_m, sizes.panel_height_m), _PANEL_M)
        for x in (-0.25, 0.25):
            for y in (-0.7, 0.8):
                model.add("panels", "aluminium", face.put(cylinder(0.022, 0.09, 12), x, y, -0.015))
        return
    rng = np.random.default_rng(sizes.seed + sixth)
    w = 0.5 * width - 0.045
    for number, (low, high) in enumerate(((-half + 0.05, shelf - 0.045), (shelf + 0.045, half - 0.05))):
        sheet = blanket([(-w, low), (w, low), (w, high), (-w, high)], 0.020, sizes.seed + 10 * sixth + number, 0.055)
        model.add("blankets", "silver_foil", face.put(sheet))
    model.add("radiators", "aluminium", face.put(box_on_face(0.60, 0.56, 0.034, 0.004, 0.02), 0.0, 0.62))
    model.add("radiators", "radiator_white", face.put(box_on_face(0.55, 0.51, 0.044, 0.004), 0.0, 0.62))
    for number in range(4):
        x, y = (rng.random(2) - (0.5, 1.3)) * (0.50, 0.75)
        wide, high, deep = 0.09 + 0.11 * rng.random(3)
        material = ("white_paint", "black_kapton", "aluminium", "gold_foil")[(sixth + number) % 4]
        unit = box_on_face(wide, high, 0.04 + deep, 0.006, sunk_m=0.012 + 0.006 * number)
        model.add("units", material, face.put(unit, x, y))
        path = [(x, y, 0.03), (x + 0.05, y - 0.10, 0.06), (x - 0.04, y - 0.18, 0.055), (x + 0.02, y - 0.30, -0.005)]
        model.add("units", ("silver_foil", "black_kapton")[number % 2], face.put(hose(path, 0.009, 8, 4)))
    if sixth % 2:
        _thrusters(model, face, half)


def _thrusters(model: SurfaceModelBuilder, face: Face, half: float) -> None:
    """A block with three small thrusters near the top of a side."""
    at = 0.0, half - 0.20
    model.add("thrusters", "white_paint", face.put(box_on_face(0.13, 0.13, 0.16, 0.008, sunk_m=0.03), *at))
    outside = [(0.0, 0.0), (0.016, 0.0), (0.016, 0.03), (0.046, 0.12)]
    bell = lathe([*outside, (0.041, 0.12), (0.010, 0.03), (0.0, 0.03)], 20)
    for direction in ((1.0, 0.0, 0.2), (-1.0, 0.0, 0.2), (0.0, -1.0, 0.2)):
        model.add("thrusters", "thruster_black", face.put(bell.aimed(direction), at[0], at[1], 0.10))


def _leg(model: SurfaceModelBuilder, sizes: NovaCSizes, sixth: int) -> None:
    """A main strut from a corner of the body, two side struts below it, and a pad."""
    group, angle = f"leg_{sixth + 1}", np.radians(30.0 + 60.0 * sixth)
    along, across = np.array([np.cos(angle), np.sin(angle), 0.0]), np.array([-np.sin(angle), np.cos(angle), 0.0])
    corner = sizes.body_width_m / np.sqrt(3.0)
    ankle = sizes.leg_reach_m * along + 0.12 * _UP
    top = (corner + 0.02) * along + sizes.leg_top_m * _UP
    joint = ankle + 0.34 * (top - ankle)
    model.add(group, "white_paint", rod(ankle + 0.42 * (top - ankle), top, 0.048, 24))
    model.add(group, "aluminium", rod(ankle, ankle + 0.50 * (top - ankle), 0.032, 20))
    collar = lathe([(0.02, -0.03), (0.062, -0.03), (0.062, 0.04), (0.02, 0.04)], 24).aimed(top - ankle)
    model.add(group, "aluminium", collar.at(ankle + 0.42 * (top - ankle)))
    model.add(group, "aluminium", sphere(0.052, 20, 10).at(joint))
    model.add(group, "aluminium", box(0.14, 0.16, 0.16, 0.012).aimed(along, _UP).at(top))
    for side in (1.0, -1.0):
        hip = (corner - 0.07) * along + 0.16 * side * across + (sizes.body_bottom_m + 0.01) * _UP
        model.add(group, "white_paint", rod(joint, hip, 0.027, 16))
        model.add(group, "aluminium", sphere(0.045, 18, 9).at(hip))
    r = 0.5 * sizes.footpad_m
    pad = [(0.0, 0.0), (0.55 * r, 0.0), (0.90 * r, 0.025), (r, 0.075), (r, 0.088), (0.88 * r, 0.082)]
    pad += [(0.55 * r, 0.065), (0.28 * r, 0.09), (0.0, 0.10)]
    model.add(group, "aluminium", lathe(pad, 44).at(sizes.leg_reach_m * along))
    model.add(group, "aluminium", sphere(0.055, 20, 10).at(ankle))


def _engine(model: SurfaceModelBuilder, sizes: NovaCSizes) -> None:
    """The bell of the main engine under a shield of foil, with the lower caps of tanks and their pipes around it."""
    z = sizes.body_bottom_m
    bell = nozzle(0.075, sizes.nozzle_radius_m, z - sizes.nozzle_exit_m, 0.007, 60, 16).aimed((0.0, 0.0, -1.0))
    model.add("engine", "nozzle_niobium", bell.at((0.0, 0.0, z)))
    skirt = lathe([(0.56, -0.02), (0.56, 0.03), (0.15, -0.07), (0.15, -0.12)], 48)
    model.add("engine", "silver_foil", skirt.at((0.0, 0.0, z - 0.02)))
    for sixth in range(6):
        angle = np.radians(60.0 * sixth)
        x, y = 0.54 * np.cos(angle), 0.54 * np.sin(angle)
        material = ("black_kapton", "tank_titanium")[sixth % 2]
        model.add("tanks", material, sphere(0.17, 32, 16).at((x, y, z - 0.03)))
        path = [(x, y, z - 0.19), (0.7 * x, 0.7 * y, z - 0.22), (0.42 * x, 0.42 * y, z - 0.15), (0.3 * x, 0.3 * y, z)]
        model.add("tanks", "aluminium", hose(path, 0.013, 10))


def _top(model: SurfaceModelBuilder, sizes: NovaCSizes) -> None:
    """A tapering deck in foil, the level solar panel over it, two dishes, and masts up to the full height."""
    z, top = sizes.body_top_m + 0.02, sizes.body_top_m + 0.28
    rings = [np.c_[_hexagon(wide), np.full(6, at)] for wide, at in ((1.46, z), (1.02, top))]
    model.add("deck", "silver_foil", loft(rings))
    level = face_of((0.0, 0.0, top + 0.16), (0.12, 0.0, 1.0), (0.0, 1.0, 0.0))
    add_panel(model, "top_panel", level, (1.10, 0.86), _PANEL_M)
    for x in (-0.30, 0.30):
        for y in (-0.22, 0.22):
            model.add("top_panel", "aluminium", rod((x, y, top - 0.02), (x, y, top + 0.15 - 0.12 * x), 0.018, 12))
    for x, y, aim in ((-0.52, 0.42, (-0.3, 0.5, 0.8)), (-0.50, -0.46, (-0.4, -0.5, 0.75))):
        foot = np.array([x, y, z + 0.05])
        model.add("antennas", "aluminium", rod(foot - 0.06 * _UP, foot + 0.30 * _UP, 0.022, 14))
        shell = [(0.0, 0.0), (0.09, 0.012), (0.17, 0.045), (0.166, 0.051), (0.09, 0.02), (0.0, 0.010)]
        model.add("antennas", "white_paint", lathe(shell, 40).aimed(aim).at(foot + 0.29 * _UP))
    for x, y in ((0.60, 0.30), (0.60, -0.34)):
        model.add("antennas", "white_paint", rod((x, y, z), (x, y, sizes.height_m), 0.014, 12))
    rng = np.random.default_rng(sizes.seed + 90)
    for number in range(8):
        angle = 2.0 * np.pi * (number + 0.4 * rng.random()) / 8
        wide, deep, high = 0.08 + 0.09 * rng.random(3)
        unit = box_on_face(wide, deep, high + 0.06, 0.008, sunk_m=0.05).rotated((0, 0, 1), float(np.degrees(angle)))
        material = ("white_paint", "black_kapton", "gold_foil", "aluminium")[number % 4]
        model.add("deck", material, unit.at((0.66 * np.cos(angle), 0.66 * np.sin(angle), z + 0.014)))


def _eaglecam(model: SurfaceModelBuilder, sizes: NovaCSizes) -> None:
    """EagleCam on its cradle at the front, with the lens that looks forward."""
    face, _ = _side_face(sizes, 0)
    long, wide, at = sizes.eaglecam_length_m, 0.10, (0.0, 0.02)
    model.add("cradle", "aluminium", face.put(box_on_face(wide + 0.06, wide + 0.06, 0.05, 0.006, sunk_m=0.03), *at))
    model.add("eaglecam", "black_kapton", face.put(box(wide, wide, long, 0.006), *at, 0.045 + 0.5 * long))
    lens = cylinder(0.022, 0.02, 24, 0.004)
    model.add("eaglecam", "glass", face.put(lens, at[0], at[1], 0.045 + long - 0.006))
