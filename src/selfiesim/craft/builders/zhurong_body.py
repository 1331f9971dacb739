"""Zhurong's chassis: a foil-wrapped box, and the fittings of its front and of the front of the deck."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.flag import add_flag
from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder, extrude_x, hose
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, dome, lathe, prism, ring, rod, sphere
from selfiesim.craft.builders.solid import Face, face_of
from selfiesim.craft.builders.zhurong_sizes import RoverSizes


def add_body(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Add the box with its blankets, its front wall, the antennas and the radar rods."""
    _chassis(model, sizes)
    _front(model, sizes)
    _windows(model, sizes)
    _flag_box(model, sizes)
    _harness(model, sizes)
    _cylinder(model, sizes)
    _dome_antenna(model, sizes)
    _radar_rods(model, sizes)
    _dish(model, sizes)
    _rear(model, sizes)


def _front_face(sizes: RoverSizes) -> Face:
    """The front wall: local x to the left (right in an image of the front), y up, z forward; origin on the ground."""
    return face_of((sizes.body_front_x_m, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))


def _chassis(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The box with its blankets, and the bay of the released camera."""
    half, low, high = sizes.body_half_width_m, sizes.body_bottom_m, sizes.deck_m - 0.02
    length = sizes.body_front_x_m - sizes.body_rear_x_m
    middle = 0.5 * (sizes.body_front_x_m + sizes.body_rear_x_m)
    cut = 0.05  # the lower edges are cut off
    profile = [(-half + cut, low), (half - cut, low), (half, low + 1.6 * cut), (half, high), (-half, high)]
    profile.append((-half, low + 1.6 * cut))
    model.add("chassis", "yellow_foil", extrude_x(profile, length, 0.012).moved(x=middle))
    for sign in (1.0, -1.0):
        wall = face_of((middle, sign * half, 0.0), (0.0, sign, 0.0), (0.0, 0.0, 1.0))
        for number, (a, b) in enumerate([(-0.5, -0.02), (0.02, 0.5)]):
            x0, x1, z0, z1 = a * length + 0.02, b * length - 0.02, low + 0.10, 0.62
            quilt = blanket([(x0, z0), (x1, z0), (x1, z1), (x0, z1)], 0.010, sizes.seed + 10 + number, 0.016)
            model.add("chassis", "yellow_foil", wall.put(quilt))
        shade = blanket([(-0.66, 0.64), (0.66, 0.64), (0.66, 0.775), (-0.66, 0.775)], 0.012, sizes.seed + 12, 0.016)
        model.add("chassis", "gold_foil_dusted", wall.put(shade))
    belly = face_of((middle, 0.0, low), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0))
    quilt = blanket([(-0.35, -0.64), (0.35, -0.64), (0.35, 0.64), (-0.35, 0.64)], 0.008, sizes.seed + 13, 0.025)
    model.add("chassis", "yellow_foil", belly.put(quilt))
    # The bay of the separation camera, empty since its release.
    model.add("camera_bay", "aluminium_dusted", belly.put(box_on_face(0.16, 0.16, 0.03, 0.006), 0.0, 0.35))
    model.add("camera_bay", "black_kapton", belly.put(box_on_face(0.11, 0.11, 0.034, 0.004, sunk_m=0.005), 0.0, 0.35))


def _front(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Yellow sheets below, a band of crumpled gold foil above, and small fittings."""
    face, low = _front_face(sizes), sizes.body_bottom_m
    bottom, top = low + 0.015, 0.600
    sheet = blanket([(-0.365, bottom), (0.365, bottom), (0.405, top), (-0.405, top)], 0.007, sizes.seed, 0.012)
    model.add("front", "yellow_foil", face.put(sheet))
    band = blanket([(-0.41, 0.612), (0.41, 0.612), (0.41, 0.785), (-0.41, 0.785)], 0.016, sizes.seed + 1, 0.012)
    model.add("front", "gold_foil_dusted", face.put(band))
    seam = [face.put(box(0.80, 0.012, 0.02, 0.003), 0.0, y, 0.006) for y in (0.606, low + 0.05)]
    model.add("front", "amber_film", *seam)
    # The porch under the antennas and the mast: the deck extends beyond the front wall, narrower.
    z = sizes.deck_m - 0.0175
    corners = [(-0.16, -0.44), (0.14, -0.44), (0.20, -0.36), (0.20, 0.36), (0.14, 0.44), (-0.16, 0.44)]
    porch = prism(corners, 0.044, 0.006, radius_m=0.03, steps=3).at((0.62, 0.0, z))
    model.add("front", "amber_film", porch)
    for y in (-0.40, -0.22, 0.08, 0.20):
        model.add("front", "gold_foil_dusted", face.put(box_on_face(0.07, 0.06, 0.07, 0.010, sunk_m=0.014), y, 0.765))
    _hazard_cameras(model, face)
    for x in (-0.34, 0.345):
        model.add("front", "aluminium_dusted", face.put(box_on_face(0.055, 0.10, 0.020, 0.004), x, 0.295))
        model.add("front", "black_kapton", face.put(box_on_face(0.030, 0.074, 0.026, 0.003, sunk_m=0.005), x, 0.295))
    model.add("front", "black_kapton", face.put(box_on_face(0.10, 0.02, 0.020, 0.004), 0.06, low + 0.008))


def _hazard_cameras(model: SurfaceModelBuilder, face: Face) -> None:
    """A black block with two lenses under a white visor."""
    group, x = "hazard_cameras", -0.085
    model.add(group, "white_paint_dusted", face.put(box_on_face(0.22, 0.075, 0.075, 0.008), x, 0.725))
    model.add(group, "black_kapton", face.put(box_on_face(0.20, 0.055, 0.09, 0.006, sunk_m=0.006), x, 0.685))
    barrel = [(0.0, 0.0), (0.024, 0.0), (0.024, 0.10), (0.030, 0.115), (0.024, 0.115), (0.015, 0.105), (0.0, 0.105)]
    lens = [(0.0, 0.09), (0.0145, 0.09), (0.0145, 0.106), (0.008, 0.111), (0.0, 0.112)]
    for x in (-0.135, -0.035):
        model.add(group, "thruster_black", face.put(lathe(barrel, 28), x, 0.685))
        model.add(group, "glass", face.put(lathe(lens, 24), x, 0.685))


def _windows(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Two framed red-brown trapezoids low on the front."""
    face = _front_face(sizes)
    for x, y in ((-0.21, 0.425), (0.215, 0.400)):
        for grow, thick, sunk, material in (
            (0.010, 0.018, 0.009, "gold_foil_dusted"),
            (0.0, 0.024, 0.007, "copper_brown"),
        ):
            half_low, half_high, h = 0.085 + grow, 0.070 + grow, 0.112 + grow
            corners = [(-half_low, -h), (half_low, -h), (half_high, h), (-half_high, h)]
            pane = prism(corners, thick + sunk, 0.003).moved(z=0.5 * (thick - sunk))
            model.add("windows", material, face.put(pane, x, y))
        for k in range(7):
            rib = box(0.006, 0.20, 0.0085, 0.001)
            model.add("windows", "copper_brown", face.put(rib, x - 0.06 + 0.02 * k, y, 0.0245))


def _flag_box(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The white box with the flag on the left of the front (right in an image), and the brown foil under it."""
    face, x, y = _front_face(sizes), 0.30, 0.655
    model.add("flag_box", "silver_foil_dusted", face.put(box_on_face(0.25, 0.27, 0.13, 0.012), x, y))
    foot = blanket([(-0.12, -0.04), (0.12, -0.04), (0.12, 0.04), (-0.12, 0.04)], 0.02, sizes.seed + 2, 0.012)
    model.add("flag_box", "copper_brown", face.put(box_on_face(0.235, 0.09, 0.115, 0.02), x, y - 0.165))
    model.add("flag_box", "copper_brown", face.put(foot, x, y - 0.165, 0.114))
    w = sizes.flag_width_m
    add_flag(model, "flag", face, (x - 0.01, y + 0.015, 0.128), (w, w * 26.0 / 39.0))


def _harness(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The tangle of wrapped cables down the middle of the front, the most cluttered area of the photo."""
    face, rng = _front_face(sizes), np.random.default_rng(sizes.seed + 3)
    materials = (
        "silver_foil",
        "black_kapton",
        "silver_foil",
        "gold_foil_dusted",
        "black_kapton",
        "silver_foil",
        "copper_brown",
    )
    for k, material in enumerate(materials * 2):
        x = -0.03 + 0.10 * rng.random(6) - 0.012 * np.arange(6)
        y = np.linspace(0.73 - 0.02 * (k % 3), 0.36 + 0.10 * rng.random(), 6)
        z = 0.022 + 0.03 * rng.random(6)
        z[[0, -1]] = 0.0
        path = np.c_[x, y, z]
        model.add("harness", material, face.put(hose(path, 0.006 + 0.007 * rng.random(), 9, 7)))
    for across, up in [(0.0, 0.55), (0.045, 0.47), (-0.01, 0.40), (0.03, 0.63)]:
        model.add("harness", "silver_foil", face.put(box_on_face(0.06, 0.035, 0.045, 0.008), across, up))
    for x0, x1 in [(-0.30, -0.20), (0.02, 0.06)]:
        path = [(x0, 0.72, 0.0), (x0, 0.66, 0.03), (0.5 * (x0 + x1), 0.60, 0.03), (x1, 0.555, 0.0)]
        model.add("harness", "black_kapton", face.put(hose(path, 0.005, 8)))


def _cylinder(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The red-brown cylinder on legs at the right front of the deck (left in the photo)."""
    position, r = (0.66, sizes.cylinder_y_m, sizes.deck_m), 0.5 * sizes.cylinder_diameter_m
    base, top = 0.075, 0.37
    model.add("cylinder", "copper_brown", cylinder(r, top - base - 0.035, 56, 0.006).moved(z=base + 0.035).at(position))
    skirt = [(0.0, base), (0.75 * r, base), (1.06 * r, base + 0.035), (1.06 * r, base + 0.050), (0.0, base + 0.050)]
    model.add("cylinder", "copper_brown", lathe(skirt, 56).at(position))
    hoop = ring([(r - 0.003, 0.0), (r + 0.002, 0.0), (r + 0.002, 0.006), (r - 0.003, 0.006)], 56)
    model.add("cylinder", "aluminium_dusted", hoop.moved(z=top - 0.02).at(position))
    for k in range(6):
        a = 2.0 * np.pi * k / 6
        foot = np.array([0.9 * r * np.cos(a), 0.9 * r * np.sin(a), -0.01])
        leg = rod(foot, (0.62 * r * np.cos(a), 0.62 * r * np.sin(a), base + 0.01), 0.006, 8)
        model.add("cylinder", "thruster_black", leg.at(position))
    flange = lathe([(0.0, -0.01), (1.1 * r, -0.01), (1.1 * r, 0.012), (0.0, 0.012)], 40)
    model.add("cylinder", "aluminium_dusted", flange.at(position))


def _dome_antenna(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """A blue-white dome on a drum, inside a four-post frame with a white ring (right in the photo)."""
    position = (0.64, sizes.dome_y_m, sizes.deck_m)
    model.add("dome_antenna", "silver_foil_dusted", cylinder(0.074, 0.055, 48, 0.006).moved(z=-0.012).at(position))
    model.add("dome_antenna", "white_paint_dusted", cylinder(0.060, 0.09, 48, 0.004).moved(z=0.03).at(position))
    curve = [(0.058 * np.cos(a), 0.15 + 0.062 * np.sin(a)) for a in np.linspace(0.1, 1.5, 12)]
    shell = [(0.058, 0.115), (0.058, 0.15), *curve, (0.0, 0.212)]
    model.add("dome_antenna", "dome_blue", lathe(shell, 48).at(position))
    frame = ring([(0.088, 0.170), (0.100, 0.170), (0.100, 0.188), (0.088, 0.188)], 56)
    model.add("dome_antenna", "white_paint", frame.at(position))
    for k in range(4):
        a = np.pi / 4 + k * np.pi / 2
        x, y = 0.093 * np.cos(a), 0.093 * np.sin(a)
        model.add("dome_antenna", "white_paint", rod((x, y, -0.012), (x, y, 0.18), 0.006, 10).at(position))
        foot = box_on_face(0.02, 0.02, 0.015, 0.003).at((position[0] + x, position[1] + y, position[2]))
        model.add("dome_antenna", "thruster_black", foot)


def _radar_rods(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Two long rods of the subsurface radar, forward and up, with beads at their traps."""
    for side, sign in (("left", 1.0), ("right", -1.0)):
        mirror = np.array([1.0, sign, 1.0])
        root, tip = np.array(sizes.rod_root_m) * mirror, np.array(sizes.rod_tip_m) * mirror
        group = f"radar_{side}"
        model.add(group, "thruster_black", rod(root, tip, 0.0055, 12))
        for fraction, size in ((0.38, 0.015), (0.55, 0.011), (0.78, 0.011), (1.0, 0.009)):
            model.add(group, "copper_brown", sphere(size, 18, 10).at(root + fraction * (tip - root)))
        model.add(group, "aluminium_dusted", box(0.06, 0.05, 0.05, 0.006).at(root - np.array([0.005, 0.0, 0.0])))


def _dish(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """The flat high-gain antenna on a short post behind the mast, steerable about two axes."""
    x, y, z = -0.50, 0.0, 0.98
    model.joint("hga", (x, y, z))
    model.add("hga_post", "black_kapton", rod((x, y, sizes.deck_m - 0.02), (x, y, z - 0.03), 0.020, 20))
    model.add("hga_post", "aluminium_dusted", cylinder(0.04, 0.045, 28, 0.005).at((x, y, sizes.deck_m - 0.006)))
    model.add("hga_post", "silver_foil_dusted", cylinder(0.032, 0.06, 28, 0.006).at((x, y, z - 0.055)))
    plate = lathe(
        [(0.0, 0.03), (0.05, 0.03), (0.17, 0.048), (0.18, 0.052), (0.18, 0.068), (0.172, 0.072), (0.0, 0.072)], 72
    )
    model.add("hga_dish", "silver_foil_dusted", plate.at((x, y, z)), joint="hga")
    model.add("hga_dish", "white_paint_dusted", cylinder(0.165, 0.010, 72, 0.002).at((x, y, z + 0.066)), joint="hga")
    model.add("hga_dish", "aluminium_dusted", sphere(0.038, 28, 14).at((x, y, z + 0.01)), joint="hga")
    horn = [rod((x, y, z + 0.06), (x, y, z + 0.15), 0.009, 14), cylinder(0.022, 0.02, 20, 0.003).at((x, y, z + 0.145))]
    model.add("hga_dish", "aluminium_dusted", *horn, joint="hga")


def _rear(model: SurfaceModelBuilder, sizes: RoverSizes) -> None:
    """Radiator, hold-downs and a cable loop on the rear wall: not visible in the photo, assumed."""
    face = face_of((sizes.body_rear_x_m, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
    sheet = blanket([(-0.40, 0.26), (0.40, 0.26), (0.40, 0.76), (-0.40, 0.76)], 0.010, sizes.seed + 5, 0.016)
    model.add("rear", "yellow_foil", face.put(sheet))
    model.add("rear", "white_paint_dusted", face.put(box_on_face(0.34, 0.22, 0.035, 0.006), 0.0, 0.46))
    for x in (-0.30, 0.30):
        foot, button = box_on_face(0.08, 0.10, 0.05, 0.008), dome(0.02, 0.02, 16, 6)
        model.add("rear", "aluminium_dusted", face.put(foot, x, 0.40), face.put(button, x, 0.40, 0.045))
    cable = [(-0.3, 0.62, 0.0), (-0.2, 0.66, 0.04), (0.2, 0.64, 0.04), (0.3, 0.60, 0.0)]
    model.add("rear", "black_kapton", face.put(hose(cable, 0.009, 8)))
