"""Underside of the Tianwen-1 orbiter: skirt, four tanks, the main engine, trim engines and attitude thrusters."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, nozzle, ring, rod, sphere, tube
from selfiesim.craft.builders.solid import face_of
from selfiesim.craft.builders.tianwen1_fittings import add_thruster
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes


def add_propulsion(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Everything below the -X deck."""
    _skirt(model, sizes)
    _tanks(model, sizes)
    _main_engine(model, sizes)
    _trim_engines(model, sizes)
    _attitude_thrusters(model, sizes)


def _skirt(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The launcher's interface ring: foil outside, black inside, metal flanges, stringers."""
    face, r, h = sizes.bottom, sizes.skirt_radius_m, sizes.skirt_height_m
    wall = [
        (r - 0.06, -0.02),
        (r - 0.02, -0.02),
        (r - 0.02, 0.03),
        (r - 0.006, 0.10),
        (r - 0.010, 0.16),
        (r, h - 0.02),
        (r - 0.05, h - 0.02),
    ]
    model.add("skirt", "gold_foil", face.put(ring(wall, 128)))
    model.add(
        "skirt",
        "black_kapton",
        face.put(ring([(r - 0.075, -0.024), (r - 0.055, -0.024), (r - 0.045, h - 0.022), (r - 0.065, h - 0.022)], 96)),
    )
    model.add(
        "skirt",
        "aluminium",
        face.put(ring([(r - 0.08, h - 0.03), (r + 0.022, h - 0.03), (r + 0.022, h), (r - 0.08, h)], 128)),
    )
    model.add(
        "skirt",
        "aluminium",
        face.put(ring([(r - 0.03, 0.018), (r + 0.004, 0.018), (r + 0.004, 0.036), (r - 0.03, 0.036)], 128)),
    )
    for k in range(36):
        angle = 10.0 * k
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        post = box(0.03, 0.022, h - 0.064, 0.004).moved(z=0.5 * h - 0.010).turned((0, 0, 1), angle)
        model.add("skirt", "gold_foil", face.put(post, (r - 0.002) * c, (r - 0.002) * s))
        model.add(
            "skirt", "aluminium", face.put(cylinder(0.010, 0.012, 8).moved(z=h - 0.004), (r - 0.03) * c, (r - 0.03) * s)
        )


def _tanks(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    face, r = sizes.bottom, sizes.tank_radius_m
    depth = -sizes.tank_bottom_x_m - 0.5 * sizes.body_height_x_m - r  # of a tank's centre below the deck
    for sx in (-1.0, 1.0):
        for sy in (-1.0, 1.0):
            x, y = sx * sizes.tank_offset_m, sy * sizes.tank_offset_m
            model.add("tanks", "tank_titanium", face.put(sphere(r, 52, 26), x, y, depth))
            bands = [
                ring([(q - 0.01, z - 0.012), (q + 0.006, z - 0.012), (q + 0.006, z + 0.012), (q - 0.01, z + 0.012)], 52)
                for q, z in [(r, 0.0), (r * np.cos(0.62), r * np.sin(0.62))]
            ]
            model.add("tanks", "aluminium", *(face.put(b, x, y, depth) for b in bands))
            boss = lathe([(0.06, -0.03), (0.06, 0.005), (0.04, 0.015), (0.02, 0.02), (0.02, 0.05), (0.0, 0.05)], 24)
            model.add("tanks", "aluminium", face.put(boss, x, y, depth + r))
            outward = np.arctan2(y, x)
            for turn in (-0.62, -0.20, 0.20, 0.62):
                lug = (x + r * np.cos(outward + 1.9 * turn), y + r * np.sin(outward + 1.9 * turn), depth)
                ring_r = sizes.skirt_radius_m - 0.065
                held = (
                    ring_r * np.cos(outward + 0.8 * turn),
                    ring_r * np.sin(outward + 0.8 * turn),
                    0.5 * sizes.skirt_height_m,
                )
                model.add("tanks", "cfrp", face.put(rod(lug, held, 0.016, 8)))
    # Pipes between the tanks and the engine.
    for sx in (-1.0, 1.0):
        for sy in (-1.0, 1.0):
            x, y = sx * sizes.tank_offset_m, sy * sizes.tank_offset_m
            path = [
                (x, y, depth + r + 0.035),
                (0.86 * x, 0.86 * y, depth + r + 0.055),
                (0.55 * x, 0.55 * y, depth + r + 0.01),
                (0.20 * x, 0.20 * y, depth + 0.22),
            ]
            model.add("tanks", "aluminium", face.put(tube(path, 0.013, 8)))


def _main_engine(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """A 3,000 N class engine: bell, injector, a black heat shield round the throat, the frame it hangs in."""
    throat, exit_r = sizes.nozzle_throat_radius_m, 0.5 * sizes.nozzle_exit_diameter_m
    exit_depth = -sizes.nozzle_exit_x_m - 0.5 * sizes.body_height_x_m
    length, wall = 0.66, 0.006
    face = face_of((-0.5 * sizes.body_height_x_m, 0.0, 0.0), (-1.0, 0.0, 0.0), up=(0.0, 0.0, 1.0))
    start = exit_depth - length - 1.5 * wall
    model.add(
        "main_engine", "nozzle_niobium", face.put(nozzle(throat, exit_r - 2.2 * wall, length, wall, 56, 12), z=start)
    )
    ribs = [(0.30, 0.45), (0.55, 0.75)]
    for share in (a for pair in ribs for a in pair):
        radius = throat + (exit_r - 2.2 * wall - throat) * (1.75 * share - 0.75 * share**2) + wall
        hoop = ring(
            [
                (radius - 0.004, share * length - 0.005),
                (radius + 0.006, share * length - 0.005),
                (radius + 0.006, share * length + 0.005),
                (radius - 0.004, share * length + 0.005),
            ],
            56,
        )
        model.add("main_engine", "nozzle_niobium", face.put(hoop, z=start))
    model.add(
        "main_engine",
        "aluminium",
        face.put(
            lathe([(0.17, -0.32), (0.19, -0.30), (0.19, -0.22), (0.15, -0.20), (0.15, -0.05), (0.0, -0.05)], 40),
            z=start,
        ),
    )
    shield = [
        (throat + 0.025, 0.02),
        (0.34, -0.035),
        (0.48, 0.0),
        (0.485, 0.014),
        (0.34, -0.018),
        (throat + 0.03, 0.04),
    ]
    model.add("main_engine", "black_kapton", face.put(ring(shield, 64), z=start))
    # The pillar it hangs from, and stays to the deck.
    model.add(
        "main_engine", "black_kapton", face.put(lathe([(0.26, -0.02), (0.20, start - 0.24), (0.0, start - 0.24)], 32))
    )
    for k in range(4):
        angle = np.radians(90.0 * k)
        foot, top = (
            (0.62 * np.cos(angle), 0.62 * np.sin(angle), -0.01),
            (0.17 * np.cos(angle), 0.17 * np.sin(angle), start - 0.25),
        )
        model.add("main_engine", "cfrp", face.put(rod(foot, top, 0.02, 10)))
    for k in range(2):
        valve = cylinder(0.035, 0.14, 16, 0.006).aimed((0.7, (-1.0) ** k, 0.0), (0, 0, 1)).moved(z=-0.14)
        model.add("main_engine", "aluminium", face.put(valve, z=start))


def _trim_engines(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Four 120 N engines, outside the skirt on the -X deck."""
    face = sizes.bottom
    for x in (-1.23, 1.23):
        for y in (-1.03, 1.03):
            model.add("trim_engines", "aluminium", face.put(box_on_face(0.22, 0.22, 0.06, 0.012), x, y))
            model.add("trim_engines", "gold_foil", face.put(box_on_face(0.15, 0.15, 0.16, 0.015, sunk_m=0.014), x, y))
            model.add(
                "trim_engines",
                "black_kapton",
                face.put(ring([(0.03, 0.155), (0.115, 0.14), (0.12, 0.15), (0.03, 0.175)], 28), x, y),
            )
            model.add("trim_engines", "thruster_black", face.put(nozzle(0.018, 0.072, 0.20, 0.003, 24, 6), x, y, 0.20))
            for dx in (-0.05, 0.05):
                model.add("trim_engines", "aluminium", face.put(cylinder(0.018, 0.09, 12, 0.003), x + dx, y + 0.09))


def _attitude_thrusters(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Clusters at the lower rim: two down and one aslant, on the middle of each flat wall and by the wing drives."""
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
        bar = beam(
            (x - 0.14 * side[0], y - 0.14 * side[1], 0.12),
            (x + 0.14 * side[0], y + 0.14 * side[1], 0.12),
            0.08,
            0.05,
            (0, 0, 1),
            0.008,
        )
        model.add("thrusters", "aluminium", face.put(bar))
        for s in (-0.09, 0.09):
            px, py = x + s * side[0], y + s * side[1]
            mounted = face_of(face.point(px, py, 0.125), face.z, up=(0.0, 0.0, 1.0))
            add_thruster(model, mounted, "thrusters", 0.0, 0.0, (0.25 * out[0], 0.25 * out[1], 1.0), 1.25)
