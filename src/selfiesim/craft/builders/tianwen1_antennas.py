"""The high-gain antenna, radar rods and magnetometer boom of the Tianwen-1 orbiter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, dish, lathe, ring, rod, tube
from selfiesim.craft.builders.solid import Face, face_of, loft, unit
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes

HGA_JOINT = "hga"

_STOWED_ROD_LENGTH_M = 0.62  # assumed: length of a folded radar rod
_SUBREFLECTOR_M = 0.74  # height of the subreflector above the vertex


def add_antennas(model: ModelBuilder, sizes: OrbiterSizes, stowed: bool = False) -> None:
    """Add the antennas and booms; ``stowed``: with the radar rods folded."""
    model.joint(HGA_JOINT, (sizes.hga_joint_x_m, sizes.hga_joint_y_m, sizes.hga_joint_z_m))
    _add_arm(model, sizes)
    _add_gimbal(model, sizes)
    _add_reflector(model, sizes)
    _add_feed(model, sizes)
    rods = replace(sizes, radar_rod_length_m=_STOWED_ROD_LENGTH_M, radar_rod_diameter_m=0.05) if stowed else sizes
    _add_radar(model, rods)
    _add_magnetometer(model, sizes)


def _dish_face(sizes: OrbiterSizes) -> Face:
    """Local axes of the dish: origin at the vertex, z along the boresight, x toward body +Y, y toward body +X."""
    z = sizes.hga_joint_z_m - sizes.hga_vertex_beyond_joint_m
    return face_of((sizes.hga_joint_x_m, sizes.hga_joint_y_m, z), (0.0, 0.0, -1.0))


def _add_arm(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The fixed arm from the -Z wall to the joint, its struts, and the drive at its end."""
    x, y, z = sizes.hga_joint_x_m, sizes.hga_joint_y_m, sizes.hga_joint_z_m
    wall_z, foot_y, elbow_z = -0.5 * sizes.body_depth_z_m, -0.72, z + 0.26
    wall = face_of((x, foot_y, wall_z), (0.0, 0.0, -1.0))
    turret = lathe([(0.13, 0.03), (0.13, 0.10), (0.10, 0.12), (0.10, 0.20), (0.0, 0.20)], 32)
    model.add("hga_arm", "aluminium", wall.put(box_on_face(0.36, 0.36, 0.05, 0.012)), wall.put(turret))
    for dx, dy in [(a, b) for a in (-0.14, 0.14) for b in (-0.14, 0.14)]:
        model.add("hga_arm", "aluminium", wall.put(cylinder(0.016, 0.068, 10, 0.003), dx, dy))
    elbow, hand = np.array([x, foot_y, elbow_z]), np.array([x, y, elbow_z])
    inset = np.array((0.0, 0.09, 0.0))
    model.add("hga_arm", "white_paint", beam(elbow + inset, hand - inset, 0.13, 0.11, (1, 0, 0), 0.015))
    # Struts from the wall to the arm, so that the load path looks plausible.
    for dx in (-0.42, 0.42):
        strut = rod((x + dx, -0.95, wall_z + 0.02), (x + 0.03 * np.sign(dx), y + 0.22, elbow_z), 0.022, 12)
        model.add("hga_arm", "cfrp", strut)
        foot = face_of((x + dx, -0.95, wall_z), (0.0, 0.0, -1.0))
        model.add("hga_arm", "aluminium", foot.put(box_on_face(0.11, 0.11, 0.05, 0.01)))
    drive = [(0.0, -0.10), (0.095, -0.10), (0.105, -0.09), (0.105, 0.11), (0.085, 0.13), (0.085, 0.20), (0.0, 0.20)]
    model.add("hga_arm", "black_kapton", lathe(drive, 32).aimed((0.0, 0.0, -1.0)).at(hand))
    cable = [
        wall.point(0.2, 0.06, 0.03),
        wall.point(0.1, 0.12, 0.20),
        elbow + np.array((0.06, 0.02, -0.065)),
        hand + np.array((0.05, 0.2, -0.06)),
        hand + np.array((0.05, 0.05, -0.1)),
    ]
    model.add("hga_arm", "gold_foil", tube(np.array(cable), 0.014, 8))


def _add_gimbal(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The moving part of the gimbal: the elevation drive along Y, and the cone behind the dish."""
    x, y, z = sizes.hga_joint_x_m, sizes.hga_joint_y_m, sizes.hga_joint_z_m
    barrel = cylinder(0.075, 0.34, 28, 0.010).aimed((0.0, 1.0, 0.0)).at((x, y - 0.17, z))
    model.add("hga_gimbal", "aluminium", barrel, box(0.17, 0.20, 0.17, 0.015).at((x, y, z)), joint=HGA_JOINT)
    cone = lathe([(0.22, -0.030), (0.20, -0.060), (0.10, -0.115), (0.0, -0.115)], 36)
    model.add("hga_gimbal", "black_kapton", _dish_face(sizes).put(cone), joint=HGA_JOINT)


def _add_reflector(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The shell of the dish with its rim, stiffeners and shim bosses."""
    face = _dish_face(sizes)
    shell, rim = dish(0.5 * sizes.dish_width_m, 0.5 * sizes.dish_height_m, sizes.dish_focus_m, sizes.dish_thickness_m)
    model.add("hga_dish", "dish_silver", face.put(shell), joint=HGA_JOINT)
    lip = rim * (0.992, 0.992, 1.0) - (0.0, 0.0, 0.012)
    model.add("hga_dish", "aluminium", face.put(tube(lip, 0.018, 8, closed=True)), joint=HGA_JOINT)
    _add_stiffeners(model, sizes, face)
    for k in range(4):
        angle = np.radians(45.0 + 90.0 * k)
        x, y = 0.98 * np.array([np.cos(angle), np.sin(angle)])
        boss = cylinder(0.020, 0.030, 14, 0.004).moved(z=0.98**2 / (4.0 * sizes.dish_focus_m) - 0.012)
        model.add("hga_dish", "aluminium", face.put(boss, float(x), float(y)), joint=HGA_JOINT)


def _add_stiffeners(model: ModelBuilder, sizes: OrbiterSizes, face: Face) -> None:
    """Eight radial ribs and one hoop behind the shell."""

    def back(r: float, angle: float, drop_m: float) -> tuple[float, float, float]:
        z = r * r / (4.0 * sizes.dish_focus_m) - sizes.dish_thickness_m - drop_m
        return r * np.cos(angle), r * np.sin(angle), z

    for k in range(8):
        angle = np.radians(22.5 + 45.0 * k)
        reach = min(0.5 * sizes.dish_width_m, 0.5 * sizes.dish_height_m / max(abs(np.sin(angle)), 1e-9)) - 0.05
        side = 0.014 * np.array([-np.sin(angle), np.cos(angle), 0.0])
        sections = []
        for r in np.linspace(0.12, reach, 9):
            depth = 0.065 - 0.04 * (r - 0.12) / (reach - 0.12)
            low, high = np.array(back(r, angle, depth)), np.array(back(r, angle, -0.008))
            sections.append(np.array([low - side, low + side, high + side, high - side]))
        model.add("hga_dish", "cfrp", face.put(loft(sections)), joint=HGA_JOINT)
    hoop = np.array([back(0.62, a, 0.012) for a in np.linspace(0.0, 2.0 * np.pi, 64, endpoint=False)])
    model.add("hga_dish", "cfrp", face.put(tube(hoop, 0.020, 8, closed=True)), joint=HGA_JOINT)


def _add_feed(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """A Cassegrain feed: a horn at the vertex that faces a subreflector."""
    face, top = _dish_face(sizes), _SUBREFLECTOR_M
    horn = [(0.15, -0.01), (0.15, 0.035), (0.085, 0.05), (0.075, 0.20), (0.105, 0.34), (0.115, 0.34)]
    horn += [(0.115, 0.35), (0.098, 0.35), (0.065, 0.20), (0.0, 0.19)]
    model.add("hga_feed", "aluminium", face.put(lathe(horn, 40)), joint=HGA_JOINT)
    throat = lathe([(0.0, 0.18), (0.066, 0.192), (0.080, 0.27), (0.0, 0.27)], 32)
    model.add("hga_feed", "black_kapton", face.put(throat), joint=HGA_JOINT)
    subreflector = [(0.0, top - 0.055), (0.09, top - 0.035), (0.175, top), (0.180, top + 0.012)]
    subreflector += [(0.165, top + 0.022), (0.06, top + 0.032), (0.055, top + 0.06), (0.0, top + 0.065)]
    model.add("hga_feed", "white_paint", face.put(lathe(subreflector, 44)), joint=HGA_JOINT)
    _add_feed_struts(model, sizes, face)


def _add_feed_struts(model: ModelBuilder, sizes: OrbiterSizes, face: Face) -> None:
    """Four struts from pads on the dish to the subreflector."""
    r, focus = 0.60, sizes.dish_focus_m
    for k in range(4):
        angle = np.radians(45.0 + 90.0 * k)
        foot = np.array([r * np.cos(angle), r * np.sin(angle), r * r / (4.0 * focus) - 0.005])
        top = np.array([0.15 * np.cos(angle), 0.15 * np.sin(angle), _SUBREFLECTOR_M + 0.010])
        model.add("hga_feed", "black_kapton", face.put(rod(foot, top, 0.014, 10)), joint=HGA_JOINT)
        pad = box_on_face(0.07, 0.05, 0.022, 0.005).rotated((0, 0, 1), float(np.degrees(angle)))
        pad = pad.moved(z=float(foot[2]))
        model.add("hga_feed", "aluminium", face.put(pad, float(foot[0]), float(foot[1])), joint=HGA_JOINT)


def _add_radar(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Four rods: a pair along +/-Y above the top deck, a pair along +/-X on the +Z wall; their roots are assumed."""
    top, back = sizes.top, sizes.walls["+z"][0]
    for sign in (1.0, -1.0):
        x, z = sign * 1.42, 0.62
        model.add("radar_y", "gold_foil", top.put(box_on_face(0.15, 0.13, 0.26, 0.015), x, z))
        model.add("radar_y", "aluminium", top.put(box(0.20, 0.17, 0.13, 0.015).moved(z=0.30), x, z))
        root = top.point(x + sign * 0.06, z, 0.30)
        _add_radar_rod(model, sizes, root, (0.0, sign, 0.0), "radar_y")
    for sign in (1.0, -1.0):
        # Local x of the +Z wall is body -Y.
        model.add("radar_x", "gold_foil", back.put(box_on_face(0.15, 0.18, 0.10, 0.015), -0.46, sign * 0.57))
        model.add("radar_x", "aluminium", back.put(box(0.12, 0.17, 0.10, 0.012).moved(z=0.14), -0.46, sign * 0.57))
        _add_radar_rod(model, sizes, back.point(-0.46, sign * 0.60, 0.14), (sign, 0.0, 0.0), "radar_x")


def _add_radar_rod(
    model: ModelBuilder, sizes: OrbiterSizes, root: NDArray[np.float64], along: tuple[float, float, float], group: str
) -> None:
    """One rod from its root, with a sleeve and five joints."""
    r, length = 0.5 * sizes.radar_rod_diameter_m, sizes.radar_rod_length_m
    profile = [(r, 0.0), (r, 0.6 * length), (0.92 * r, length - 0.02), (0.5 * r, length - 0.004), (0.0, length)]
    model.add(group, "white_paint", lathe(profile, 14).aimed(along).at(root))
    sleeve = lathe([(0.052, 0.004), (0.052, 0.14), (0.034, 0.17), (0.034, 0.28), (0.0, 0.28)], 24)
    model.add(group, "aluminium", sleeve.aimed(along).at(root))
    joints = [
        ring([(0.6 * r, z), (1.25 * r, z), (1.25 * r, z + 0.03), (0.6 * r, z + 0.03)], 14)
        for z in np.arange(1, 6) * length / 6.0
    ]
    model.add(group, "aluminium", *(j.aimed(along).at(root) for j in joints))


def _add_magnetometer(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The boom with its two sensors, outward from the -Y side of the top deck."""
    group, length, r = "magnetometer", sizes.magnetometer_boom_length_m, 0.5 * sizes.magnetometer_boom_diameter_m
    along, foot = unit(sizes.magnetometer_direction), sizes.top.point(-1.55, -0.42)
    model.add(group, "aluminium", sizes.top.put(box_on_face(0.18, 0.18, 0.06, 0.012), -1.55, -0.42))
    hinge = cylinder(0.055, 0.14, 24, 0.008).aimed((0.0, 0.0, 1.0)).at(foot + np.array((0.075, 0.0, -0.07)))
    model.add(group, "aluminium", hinge)
    root = foot + np.array((0.075, 0.0, 0.0))
    model.add(group, "white_paint", lathe([(r, 0.0), (r, length), (0.0, length)], 20).aimed(along).at(root))
    collars = [
        ring([(0.6 * r, s), (1.18 * r, s), (1.18 * r, s + 0.025), (0.6 * r, s + 0.025)], 20)
        for s in np.arange(1, 8) * 0.4 - 0.1
    ]
    model.add(group, "aluminium", *(c.aimed(along).at(root) for c in collars))
    for name, distance in [("outer", length), ("inner", length - sizes.magnetometer_sensor_spacing_m)]:
        centre = root + distance * along
        shell = lathe([(0.05, -0.07), (0.065, -0.055), (0.065, 0.055), (0.05, 0.07), (0.0, 0.07)], 28).aimed(along)
        model.add(f"{group}_{name}", "white_paint", shell.at(centre))
        band = ring([(0.045, -0.02), (0.070, -0.02), (0.070, 0.02), (0.045, 0.02)], 28).aimed(along)
        model.add(f"{group}_{name}", "gold_foil", band.at(centre))
    cable = [(0.05, 0.026), (1.2, 0.024), (length - 0.06, 0.023)]
    path = [root + distance * along + (0, offset, 0) for distance, offset in cable]
    model.add(group, "black_kapton", tube(path, 0.008, 6))
