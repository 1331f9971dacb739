"""Body, antennas, instruments and booms of the Jupiter Icy Moons Explorer."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.juice_sizes import JuiceSizes
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, lathe, nozzle, ring, rod, sphere, tube
from selfiesim.craft.builders.solid import BOX_SIDES, face_of, unit


def add_body(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """Add the box under its dark blankets, with radiators and wing drives on the Y sides."""
    model.add("bus", "black_kapton", box(sizes.body_x_m, sizes.body_y_m, sizes.body_z_m, 0.03))
    rng = np.random.default_rng(sizes.seed)
    for number, (axis, sign) in enumerate(BOX_SIDES):
        face, wide, high = sizes.side(axis, sign)
        columns, rows = (2, 3) if axis < 2 else (2, 2)
        xs = np.linspace(-0.5 * wide + 0.04, 0.5 * wide - 0.04, columns + 1)
        ys = np.linspace(-0.5 * high + 0.04, 0.5 * high - 0.04, rows + 1)
        xs[1:-1] += 0.16 * (rng.random(columns - 1) - 0.5)
        ys[1:-1] += 0.16 * (rng.random(rows - 1) - 0.5)
        for i in range(columns):
            for j in range(rows):
                x0, x1, y0, y1 = xs[i] + 0.01, xs[i + 1] - 0.01, ys[j] + 0.01, ys[j + 1] - 0.01
                corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
                sheet = blanket(corners, sizes.rise_m, sizes.seed + 100 * number + 10 * i + j)
                model.add("bus", "black_kapton", face.put(sheet))
    for sign in (1.0, -1.0):
        face, _, _ = sizes.side(1, sign)
        tiles = [
            face.put(box_on_face(0.244, 0.244, 0.045), 0.25 * (i - 3.0), 0.25 * j + 0.5)
            for i in range(7)
            for j in range(4)
        ]
        model.add("radiators", "radiator_white", *tiles)
        drum = lathe([(0.20, -0.02), (0.20, 0.16), (0.17, 0.19), (0.0, 0.19)], 40)
        model.add("wing_drives", "aluminium", face.put(drum))


def add_dish(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """Add the fixed high-gain antenna toward -X: white shell, feed on three struts, a cone behind."""
    face, _, _ = sizes.side(0, -1.0)
    r, f, lift, thick = 0.5 * sizes.dish_m, sizes.dish_focus_m, 0.42, 0.03
    reach = np.linspace(0.0, r, 25)[1:]
    front = [(float(a), float(a * a / (4 * f))) for a in reach]
    back = [(a, z - thick) for a, z in front]
    shell = lathe([(0.0, -thick), *back, *front[::-1], (0.0, 0.0)], 120)
    model.add("hga", "white_paint", face.put(shell, 0.0, 0.35, lift))
    rim = r * r / (4 * f)
    hoop = [(r - 0.015, rim - 0.05), (r + 0.018, rim - 0.05), (r + 0.018, rim + 0.008), (r - 0.015, rim + 0.008)]
    model.add("hga", "aluminium", face.put(ring(hoop, 120), 0.0, 0.35, lift))
    cone = lathe([(0.62, -0.43), (0.40, -0.01), (0.36, 0.0)], 48)
    model.add("hga", "black_kapton", face.put(cone, 0.0, 0.35, lift))
    feed = lathe([(0.11, f - 0.14), (0.17, f - 0.04), (0.17, f), (0.0, f + 0.04)], 40)
    model.add("hga", "white_paint", face.put(feed, 0.0, 0.35, lift))
    for angle in np.radians([90.0, 210.0, 330.0]):
        a = 0.86 * r
        foot = face.point(a * np.cos(angle), 0.35 + a * np.sin(angle), lift + a * a / (4 * f) - 0.01)
        top = face.point(0.10 * np.cos(angle), 0.35 + 0.10 * np.sin(angle), lift + f - 0.06)
        model.add("hga", "cfrp", rod(foot, top, 0.022, 12))


def add_fittings(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """Add the engine and thrusters on -Z, the instruments on +Z, the medium-gain antenna and the monitoring cameras."""
    _engines(model, sizes)
    _instruments(model, sizes)
    _medium_gain_antenna(model, sizes)
    # Clear of the highest folds of the blankets; the lenses match the mounts of juice.toml.
    front, above = sizes.side(0, 1.0)[0], sizes.side(2, 1.0)[0]
    for position in (front.point(-0.15, -1.3, 0.06), above.point(0.0, 0.85, 0.06)):
        model.add("monitoring_cameras", "aluminium", box(0.11, 0.11, 0.13, 0.008).at(position))


def _engines(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """The main engine inside the adapter ring, and a pod of two thrusters at each corner of -Z."""
    below, _, _ = sizes.side(2, -1.0)
    skirt = [(0.58, -0.02), (0.64, -0.02), (0.64, 0.20), (0.68, 0.20), (0.68, 0.24), (0.58, 0.24)]
    model.add("adapter", "aluminium", below.put(ring(skirt, 96)))
    model.add("engine", "nozzle_niobium", below.put(nozzle(0.03, 0.16, 0.38, 0.004).moved(z=0.08)))
    model.add("engine", "aluminium", below.put(cylinder(0.14, 0.10, 40, 0.01).moved(z=-0.03)))
    for s, t in ((-1, -1), (-1, 1), (1, -1), (1, 1)):
        pod = box_on_face(0.16, 0.16, 0.12, 0.015)
        model.add("thrusters", "silver_foil", below.put(pod, 1.0 * s, 0.95 * t))
        for dx in (-0.04, 0.04):
            bell = lathe([(0.016, -0.02), (0.016, 0.02), (0.035, 0.09), (0.031, 0.09), (0.01, 0.02), (0.0, 0.02)], 20)
            model.add("thrusters", "thruster_black", below.put(bell, 1.0 * s + dx, 0.95 * t, 0.12))


def _instruments(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """Boxes and telescope barrels on +Z."""
    above, _, _ = sizes.side(2, 1.0)
    for x, y, wide, high, rise, finish in [
        (-0.72, -0.55, 0.62, 0.50, 0.36, "silver_foil"),
        (0.10, -0.62, 0.70, 0.42, 0.50, "black_kapton"),
        (0.78, -0.45, 0.40, 0.60, 0.30, "silver_foil"),
        (-0.85, 0.55, 0.34, 0.46, 0.26, "black_kapton"),
        (0.72, 0.62, 0.50, 0.40, 0.24, "silver_foil"),
    ]:
        model.add("instruments", finish, above.put(box_on_face(wide, high, rise, 0.02), x, y))
    for x, y, r, rise in [(-0.72, -0.55, 0.13, 0.56), (0.22, -0.62, 0.10, 0.68), (0.72, 0.62, 0.08, 0.40)]:
        wall = [(r, -0.02), (r, rise), (r - 0.012, rise), (r - 0.012, rise - 0.14), (0.0, rise - 0.14)]
        model.add("instruments", "black_kapton", above.put(lathe(wall, 36), x, y))


def _medium_gain_antenna(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """A small dish on a post at the upper edge of -X."""
    back, _, _ = sizes.side(0, -1.0)
    model.add("mga", "aluminium", back.put(cylinder(0.06, 0.32, 28, 0.01).moved(z=-0.02), 1.0, 1.38))
    plate = [(0.0, -0.02), (0.24, 0.03), (0.255, 0.05), (0.255, 0.06), (0.24, 0.055), (0.0, 0.012)]
    model.add("mga", "white_paint", back.put(lathe(plate, 56), 1.0, 1.38, 0.31))


def add_booms(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """Add the magnetometer boom, the radar antenna and the four Langmuir probes."""
    _magnetometer_boom(model, sizes)
    _radar(model, sizes)
    _langmuir_probes(model, sizes)


def _magnetometer_boom(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """The boom in three segments, its sensors, and the three dipoles of the radio-wave antenna."""
    start = np.array([0.10 - 0.5 * sizes.body_x_m, 0.35, 0.05 - 0.5 * sizes.body_z_m])
    along = unit(sizes.magboom_direction)
    end = start + sizes.magboom_m * along
    model.add("magboom", "aluminium", box(0.34, 0.26, 0.30, 0.02).at(start))
    thirds = [start + fraction * (end - start) for fraction in (0.0, 0.36, 0.68, 1.0)]
    model.add("magboom", "black_kapton", rod(start, end, 0.055, 20))
    for joint in thirds[1:-1]:
        model.add("magboom", "aluminium", cylinder(0.075, 0.20, 24, 0.012).aimed(along).at(joint - 0.10 * along))
    for fraction, size in ((0.66, 0.16), (0.82, 0.20), (0.995, 0.22)):
        sensor = box(size, size, 1.3 * size, 0.02).aimed(along, (0.0, 1.0, 0.0)).at(start + fraction * (end - start))
        model.add("magboom", "silver_foil", sensor)
    hub = start + 0.90 * (end - start)
    across = np.array([[0.0, 1.0, 0.0], np.cross(along, [0.0, 1.0, 0.0]), [0.5, -0.6, -0.5]])
    for direction in across:
        model.add("magboom", "aluminium", rod(hub - 1.25 * unit(direction), hub + 1.25 * unit(direction), 0.012, 10))


def _radar(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """The dipole along X on two posts above +Z."""
    above, _, _ = sizes.side(2, 1.0)
    radar_y, height = -0.95, 0.42
    bracket = [above.point(radar_y, x, -0.02) for x in (-0.5, 0.5)]
    axle = face_of(above.point(radar_y, 0.0, height), (0.0, 0.0, 1.0))
    for foot in bracket:
        model.add("radar", "aluminium", rod(foot, foot + np.array((0.0, 0.0, height + 0.04)), 0.035, 16))
    half = 0.5 * sizes.radar_m
    line = [axle.point(0.0, x, 0.0) for x in np.linspace(-half, half, 9)]
    model.add("radar", "cfrp", tube(np.array(line), 0.028, 14))
    for point in line[1:-1]:
        collar = cylinder(0.04, 0.09, 18, 0.006).aimed((1.0, 0.0, 0.0))
        model.add("radar", "aluminium", collar.at(point - (0.045, 0, 0)))


def _langmuir_probes(model: ModelBuilder, sizes: JuiceSizes) -> None:
    """Four spheres on booms from corners of the body."""
    for sx, sz, sy in ((1, 1, -1), (1, -1, 1), (1, -1, -1), (-1, -1, 1)):
        root = np.array([sx * (0.5 * sizes.body_x_m - 0.05), sy * 0.9, sz * 0.5 * (sizes.body_z_m - 0.4)])
        tip = root + sizes.probe_boom_m * unit((0.75 * sx, 0.25 * sy, 0.60 * sz))
        model.add("langmuir_probes", "aluminium", rod(root, tip, 0.014, 12), box(0.14, 0.14, 0.14, 0.012).at(root))
        model.add("langmuir_probes", "gold_foil", sphere(0.05, 24, 12).at(tip))
