"""Zhurong's mast: a slim pole with a bright winding cable, and a head with two cameras."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder, extrude_y, hose
from selfiesim.craft.builders.shapes import box, box_on_face, lathe, ring, rod
from selfiesim.craft.builders.solid import Solid, face_of, loft
from selfiesim.craft.builders.zhurong_sizes import RoverSizes


def add_mast(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Add the fixed pole, and the head on the joint ``head``: pan about z, then tilt about y."""
    model.joint("head", (sizes.mast_x_m, sizes.mast_y_m, _neck_height(sizes)))
    _pole(model, sizes)
    _mast_base(model, sizes)
    _cables(model, sizes)
    _neck_drives(model, sizes)
    _head(model, sizes)
    _mast_cameras(model, sizes)


def _neck_height(sizes: RoverSizes) -> float:
    """Height of the joint of the head."""
    return sizes.height_m - sizes.head_height_m - 0.055


def _pole(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The pole with three white hoops."""
    x, y, deck = sizes.mast_x_m, sizes.mast_y_m, sizes.deck_m
    top = _neck_height(sizes) - 0.03
    model.add("mast", "silver_foil_dusted", rod((x, y, deck - 0.01), (x, y, top), 0.021, 24))
    for z in (1.22, 1.33, 1.43):
        hoop = ring([(0.018, 0.0), (0.029, 0.0), (0.029, 0.022), (0.018, 0.022)], 28)
        model.add("mast", "white_paint_dusted", hoop.at((x, y, z)))


def _mast_base(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The drive that deployed the mast, in gathered foil, and its fittings."""
    x, y, deck = sizes.mast_x_m, sizes.mast_y_m, sizes.deck_m
    # Height above the deck, lower radius, upper radius, height of each skirt.
    skirts = [(0.0, 0.085, 0.055, 0.10), (0.10, 0.060, 0.085, 0.09), (0.19, 0.085, 0.030, 0.09)]
    skirts += [(0.275, 0.04, 0.024, 0.10)]
    for number, (dz, low, high, height) in enumerate(skirts):
        skirt = _foil_cone(low, high, height + 0.01, sizes.seed + 20 + number)
        model.add("mast", "silver_foil", skirt.at((x, y, deck + dz - 0.005)))
    model.add("mast", "silver_foil_dusted", box_on_face(0.16, 0.30, 0.055, 0.010).at((x, y, deck)))
    drum = lathe([(0.0, -0.11), (0.04, -0.11), (0.045, -0.10), (0.045, 0.10), (0.04, 0.11), (0.0, 0.11)], 32)
    model.add("mast", "white_paint_dusted", drum.aimed((0.0, 1.0, 0.0)).at((x + 0.01, y, deck + 0.19)))
    knob = lathe([(0.0, 0.0), (0.028, 0.0), (0.034, 0.02), (0.034, 0.05), (0.0, 0.06)], 24)
    model.add("mast", "white_paint_dusted", knob.at((0.66, 0.085, deck - 0.06)))
    model.add("mast", "white_paint_dusted", rod((0.66, 0.085, deck), (0.66, 0.085, deck - 0.10), 0.020, 16))


def _cables(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The cable that winds around the pole, its path measured on the photo, and a shorter one at the base."""
    x, y = sizes.mast_x_m, sizes.mast_y_m
    winding = [(-0.085, 0.80), (-0.147, 0.94), (-0.118, 1.04), (-0.020, 1.115), (0.062, 1.164), (0.107, 1.243)]
    winding += [(0.070, 1.335), (0.000, 1.40), (-0.030, 1.47), (-0.030, _neck_height(sizes))]
    front = 0.5 * np.sin(np.linspace(0.0, 2.6 * np.pi, len(winding)))
    path = [(x + 0.045 + 0.05 * f, v, z) for (v, z), f in zip(winding, front, strict=True)]
    path[-1] = (x + 0.012, y, path[-1][2])
    model.add("mast", "white_paint", hose(path, 0.017, 18, 10))
    second = [(x - 0.03, 0.10, 0.80), (x + 0.02, 0.145, 0.88), (x + 0.05, 0.10, 0.925), (x + 0.03, y + 0.02, 0.90)]
    model.add("mast", "gold_foil_dusted", hose(second, 0.013, 14, 8))


def _neck_drives(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Pan drive on the pole, tilt drive to its right, and the yoke below the head."""
    x, y, z = sizes.mast_x_m, sizes.mast_y_m, _neck_height(sizes)
    pan = lathe([(0.0, -0.10), (0.026, -0.10), (0.042, -0.07), (0.042, -0.012), (0.0, -0.012)], 32)
    model.add("head_yoke", "white_paint_dusted", pan.at((x, y, z)), joint="head")
    tilt = lathe([(0.0, -0.13), (0.034, -0.13), (0.040, -0.12), (0.040, 0.05), (0.030, 0.06), (0.0, 0.06)], 32)
    model.add("head_yoke", "silver_foil_dusted", tilt.aimed((0.0, 1.0, 0.0)).at((x, y, z + 0.002)), joint="head")
    drum = lathe([(0.0, -0.05), (0.05, -0.05), (0.055, -0.04), (0.055, 0.02), (0.0, 0.02)], 36)
    model.add("head_yoke", "silver_foil", drum.aimed((0.0, -1.0, 0.0)).at((x, y - 0.10, z - 0.01)), joint="head")
    for dy in (-0.085, 0.085):
        strut = rod((x, y + 0.35 * dy, z - 0.02), (x, y + 1.6 * dy, z + 0.065), 0.009, 12)
        model.add("head_yoke", "aluminium_dusted", strut, joint="head")
    block = box_on_face(0.04, 0.035, 0.05, 0.004)
    model.add("head_yoke", "copper_brown", block.at((x + 0.06, y + 0.055, z + 0.01)), joint="head")
    model.add("head_yoke", "aluminium_dusted", box(0.09, 0.30, 0.014, 0.003).at((x + 0.01, y, z + 0.052)), joint="head")
    _side_arms(model, sizes)


def _side_arms(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The yoke's side arm, and the calibration plate below the head's left end (right in the photo)."""
    x, y, z = sizes.mast_x_m, sizes.mast_y_m, _neck_height(sizes)
    half = 0.5 * sizes.head_width_m
    arm = [rod((x, y - half + 0.01, z + 0.12), (x, y - half - 0.015, z - 0.02), 0.011, 12)]
    arm.append(rod((x, y - half - 0.016, z - 0.018), (x, y - 0.13, z - 0.018), 0.011, 12))
    model.add("head_yoke", "white_paint_dusted", *arm, joint="head")
    plate = lathe([(0.0, 0.0), (0.045, 0.0), (0.050, 0.006), (0.050, 0.012), (0.0, 0.014)], 36)
    model.add("head_yoke", "white_paint_dusted", plate.at((x, y + half + 0.02, z - 0.01)), joint="head")
    rods = [rod((x, y + half + 0.02, z - 0.005), (x, y + half + 0.018, z + 0.16), 0.010, 12)]
    rods.append(rod((x, y + half - 0.02, z + 0.14), (x, y + half + 0.028, z + 0.14), 0.010, 12))
    model.add("head_yoke", "white_paint_dusted", *rods, joint="head")


def _head(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """A box with a rounded top of crumpled silver foil, and white plates on its other sides."""
    x, y = sizes.mast_x_m, sizes.mast_y_m
    low, high = sizes.height_m - sizes.head_height_m, sizes.height_m
    d, w = 0.5 * sizes.head_depth_m, sizes.head_width_m
    arc = [(d * np.cos(a) * 0.98, high - 0.055 + 0.055 * np.sin(a)) for a in np.linspace(0.0, np.pi, 13)]
    profile = [(-d, low), *((px, pz) for px, pz in reversed(arc)), (d, low)]
    shell = extrude_y(profile, w, 0.0).at((x, y, 0.0))
    model.add("head_box", "silver_foil", shell, joint="head")
    front = face_of((x + d, y, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    plate = box_on_face(w - 0.02, 0.146, 0.012, 0.004, sunk_m=0.007)
    model.add("head_box", "white_paint_dusted", front.put(plate, 0.0, low + 0.075), joint="head")
    for sign in (1.0, -1.0):
        cheek = box(2 * d - 0.03, 0.014, 0.14, 0.004).at((x, y + sign * 0.5 * w, low + 0.075))
        model.add("head_box", "white_paint_dusted", cheek, joint="head")
    patch = box_on_face(0.055, 0.045, 0.016, 0.003, sunk_m=0.004)
    model.add("head_box", "copper_brown", front.put(patch, 0.0, low + 0.122), joint="head")
    floor = box(2 * d - 0.02, w + 0.012, 0.016, 0.004).at((x, y, low + 0.003))
    model.add("head_box", "white_paint_dusted", floor, joint="head")


def _mast_cameras(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The two navigation and terrain cameras, and the small multispectral camera between and below them."""
    x, y = sizes.mast_x_m + 0.5 * sizes.head_depth_m, sizes.mast_y_m
    front = face_of((x, y, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    half, z = 0.5 * sizes.eye_spacing_m, sizes.eye_height_m
    for lateral, height, r in ((-half, z, 0.023), (half, z, 0.023), (0.0, z - 0.022, 0.010)):
        for material, solid in camera_barrel(r):
            model.add("head_box", material, front.put(solid, lateral, height), joint="head")


def camera_barrel(radius_m: float) -> list[tuple[str, Solid]]:
    """A camera barrel with a dark bore and a lens, its boresight along z."""
    r = radius_m
    barrel = [(0.0, 0.0), (1.35 * r, 0.0), (1.35 * r, 0.020), (1.12 * r, 0.026), (1.12 * r, 0.040)]
    barrel += [(0.95 * r, 0.040), (0.8 * r, 0.018), (0.0, 0.018)]
    lens = [(0.0, 0.012), (0.85 * r, 0.012), (0.85 * r, 0.022), (0.5 * r, 0.028), (0.0, 0.030)]
    return [("thruster_black", lathe(barrel, 36)), ("glass", lathe(lens, 32))]


def _foil_cone(radius_low: float, radius_high: float, height: float, seed: int) -> Solid:
    """A pleated skirt of foil around a post: a cone from z = 0 to ``height``, its pleats random."""
    rng = np.random.default_rng(seed)
    angle = np.arange(48) * (2.0 * np.pi / 48)
    pleats = 0.10 * np.sin(7 * angle + rng.random()) + 0.07 * np.sin(13 * angle + 6 * rng.random())
    rings = []
    for fraction in np.linspace(0.0, 1.0, 7):
        r = (radius_low + (radius_high - radius_low) * fraction) * (1.0 + pleats * (1.0 - 0.6 * fraction))
        r = r * (1.0 + 0.05 * (rng.random(48) - 0.5))
        rings.append(np.c_[r * np.cos(angle), r * np.sin(angle), np.full(48, fraction * height)])
    return loft(rings)
