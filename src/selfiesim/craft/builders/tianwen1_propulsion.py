"""The underside of the Tianwen-1 orbiter: skirt, four tanks, main engine, trim engines and attitude thrusters."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, nozzle, ring, rod, sphere, tube
from selfiesim.craft.builders.solid import Face, face_of
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes
from selfiesim.craft.builders.tianwen1_thruster import add_thruster

_BELL_LENGTH_M, _BELL_WALL_M = 0.66, 0.006  # of the main engine


def add_propulsion(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Add everything below the -X deck."""
    _skirt(model, sizes)
    _tanks(model, sizes)
    _main_engine(model, sizes)
    _trim_engines(model, sizes)
    _attitude_thrusters(model, sizes)


def _skirt(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The launch adapter ring: foil outside, black inside, metal flanges, stringers."""
    face, r, h = sizes.bottom, sizes.skirt_radius_m, sizes.skirt_height_m
    wall = [(r - 0.06, -0.02), (r - 0.02, -0.02), (r - 0.02, 0.03), (r - 0.006, 0.10), (r - 0.010, 0.16)]
    wall += [(r, h - 0.02), (r - 0.05, h - 0.02)]
    lining = [(r - 0.075, -0.024), (r - 0.055, -0.024), (r - 0.045, h - 0.022), (r - 0.065, h - 0.022)]
    lower_flange = [(r - 0.08, h - 0.03), (r + 0.022, h - 0.03), (r + 0.022, h), (r - 0.08, h)]
    upper_flange = [(r - 0.03, 0.018), (r + 0.004, 0.018), (r + 0.004, 0.036), (r - 0.03, 0.036)]
    for material, section, segments in [
        ("gold_foil", wall, 128),
        ("black_kapton", lining, 96),
        ("aluminium", lower_flange, 128),
        ("aluminium", upper_flange, 128),
    ]:
        model.add("skirt", material, face.put(ring(section, segments)))
    for k in range(36):
        angle = 10.0 * k
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        post = box(0.03, 0.022, h - 0.064, 0.004).moved(z=0.5 * h - 0.010).rotated((0, 0, 1), angle)
        model.add("skirt", "gold_foil", face.put(post, (r - 0.002) * c, (r - 0.002) * s))
        bolt = cylinder(0.010, 0.012, 8).moved(z=h - 0.004)
        model.add("skirt", "aluminium", face.put(bolt, (r - 0.03) * c, (r - 0.03) * s))


def _tanks(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Four spherical tanks with bands, bosses and stays to the skirt, and the pipes to the engine."""
    face, r = sizes.bottom, sizes.tank_radius_m
    depth = -sizes.tank_bottom_x_m - 0.5 * sizes.body_height_x_m - r  # of a tank's centre below the deck
    centres = [(sx * sizes.tank_offset_m, sy * sizes.tank_offset_m) for sx in (-1.0, 1.0) for sy in (-1.0, 1.0)]
    bands = [
        ring([(q - 0.01, z - 0.012), (q + 0.006, z - 0.012), (q + 0.006, z + 0.012), (q - 0.01, z + 0.012)], 52)
        for q, z in [(r, 0.0), (r * np.cos(0.62), r * np.sin(0.62))]
    ]
    boss = lathe([(0.06, -0.03), (0.06, 0.005), (0.04, 0.015), (0.02, 0.02), (0.02, 0.05), (0.0, 0.05)], 24)
    for x, y in centres:
        model.add("tanks", "tank_titanium", face.put(sphere(r, 52, 26), x, y, depth))
        model.add("tanks", "aluminium", *(face.put(band, x, y, depth) for band in bands))
        model.add("tanks", "aluminium", face.put(boss, x, y, depth + r))
        _tank_stays(model, sizes, x, y, depth)
    for x, y in centres:
        pipe = [
            (x, y, depth + r + 0.035),
            (0.86 * x, 0.86 * y, depth + r + 0.055),
            (0.55 * x, 0.55 * y, depth + r + 0.01),
            (0.20 * x, 0.20 * y, depth + 0.22),
        ]
        model.add("tanks", "aluminium", face.put(tube(pipe, 0.013, 8)))


def _tank_stays(model: ModelBuilder, sizes: OrbiterSizes, x: float, y: float, depth: float) -> None:
    """Four stays from the equator of the tank at (x, y) to the skirt."""
    r, skirt_r = sizes.tank_radius_m, sizes.skirt_radius_m - 0.065
    outward = np.arctan2(y, x)
    for offset in (-0.62, -0.20, 0.20, 0.62):
        on_tank, on_skirt = outward + 1.9 * offset, outward + 0.8 * offset
        lug = (x + r * np.cos(on_tank), y + r * np.sin(on_tank), depth)
        end = (skirt_r * np.cos(on_skirt), skirt_r * np.sin(on_skirt), 0.5 * sizes.skirt_height_m)
        model.add("tanks", "cfrp", sizes.bottom.put(rod(lug, end, 0.016, 8)))


def _main_engine(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """A 3,000 N class engine: bell, injector, a black heat shield around the throat, and its mount."""
    exit_depth = -sizes.nozzle_exit_x_m - 0.5 * sizes.body_height_x_m
    throat_z = exit_depth - _BELL_LENGTH_M - 1.5 * _BELL_WALL_M
    _engine_bell(model, sizes, throat_z)
    face, throat = sizes.bottom, sizes.nozzle_throat_radius_m
    injector = [(0.17, -0.32), (0.19, -0.30), (0.19, -0.22), (0.15, -0.20), (0.15, -0.05), (0.0, -0.05)]
    model.add("main_engine", "aluminium", face.put(lathe(injector, 40), z=throat_z))
    shield = [(throat + 0.025, 0.02), (0.34, -0.035), (0.48, 0.0), (0.485, 0.014), (0.34, -0.018)]
    shield += [(throat + 0.03, 0.04)]
    model.add("main_engine", "black_kapton", face.put(ring(shield, 64), z=throat_z))
    _engine_mount(model, face, throat_z)
    for k in range(2):
        valve = cylinder(0.035, 0.14, 16, 0.006).aimed((0.7, (-1.0) ** k, 0.0), (0, 0, 1)).moved(z=-0.14)
        model.add("main_engine", "aluminium", face.put(valve, z=throat_z))


def _engine_bell(model: ModelBuilder, sizes: OrbiterSizes, throat_z: float) -> None:
    """The bell and the four hoops around it."""
    face, throat, length, wall = sizes.bottom, sizes.nozzle_throat_radius_m, _BELL_LENGTH_M, _BELL_WALL_M
    exit_r = 0.5 * sizes.nozzle_exit_diameter_m - 2.2 * wall
    bell = nozzle(throat, exit_r, length, wall, 56, 12)
    model.add("main_engine", "nozzle_niobium", face.put(bell, z=throat_z))
    for fraction in (0.30, 0.45, 0.55, 0.75):
        r = throat + (exit_r - throat) * (1.75 * fraction - 0.75 * fraction**2) + wall
        low, high = fraction * length - 0.005, fraction * length + 0.005
        hoop = ring([(r - 0.004, low), (r + 0.006, low), (r + 0.006, high), (r - 0.004, high)], 56)
        model.add("main_engine", "nozzle_niobium", face.put(hoop, z=throat_z))


def _engine_mount(model: ModelBuilder, face: Face, throat_z: float) -> None:
    """The pillar that carries the engine, and its stays to the deck."""
    pillar = lathe([(0.26, -0.02), (0.20, throat_z - 0.24), (0.0, throat_z - 0.24)], 32)
    model.add("main_engine", "black_kapton", face.put(pillar))
    for k in range(4):
        c, s = np.cos(np.radians(90.0 * k)), np.sin(np.radians(90.0 * k))
        stay = rod((0.62 * c, 0.62 * s, -0.01), (0.17 * c, 0.17 * s, throat_z - 0.25), 0.02, 10)
        model.add("main_engine", "cfrp", face.put(stay))


def _trim_engines(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Four 120 N engines, outside the skirt on the -X deck."""
    face = sizes.bottom
    for x in (-1.23, 1.23):
        for y in (-1.03, 1.03):
            model.add("trim_engines", "aluminium", face.put(box_on_face(0.22, 0.22, 0.06, 0.012), x, y))
            model.add("trim_engines", "gold_foil", face.put(box_on_face(0.15, 0.15, 0.16, 0.015, sunk_m=0.014), x, y))
            shield = ring([(0.03, 0.155), (0.115, 0.14), (0.12, 0.15), (0.03, 0.175)], 28)
            model.add("trim_engines", "black_kapton", face.put(shield, x, y))
            model.add("trim_engines", "thruster_black", face.put(nozzle(0.018, 0.072, 0.20, 0.003, 24, 6), x, y, 0.20))
            for dx in (-0.05, 0.05):
                model.add("trim_engines", "aluminium", face.put(cylinder(0.018, 0.09, 12, 0.003), x + dx, y + 0.09))


def _attitude_thrusters(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Clusters of two thrusters at the lower rim, along the flat walls and by the wing drives."""
    face = sizes.bottom
    for x, y in [
        (0.0, -1.44),
        (0.0, 1.44),
        (1.86, 0.0),
        (-1.86, 0.0),
        (0.78, -1.44),
        (-0.78, 1.44),
        (0.78, 1.44),
        (-0.78, -1.44),
    ]:
        out = np.array([x, y]) / np.hypot(x, y)
        side = np.array([-out[1], out[0]])
        model.add("thrusters", "gold_foil", face.put(box_on_face(0.16, 0.16, 0.10, 0.015), x, y))
        ends = [(x + s * side[0], y + s * side[1], 0.12) for s in (-0.14, 0.14)]
        bar = beam(ends[0], ends[1], 0.08, 0.05, (0, 0, 1), 0.008)
        model.add("thrusters", "aluminium", face.put(bar))
        for s in (-0.09, 0.09):
            px, py = x + s * side[0], y + s * side[1]
            mounted = face_of(face.point(px, py, 0.125), face.z, up=(0.0, 0.0, 1.0))
            add_thruster(model, mounted, "thrusters", 0.0, 0.0, (0.25 * out[0], 0.25 * out[1], 1.0), 1.25)
