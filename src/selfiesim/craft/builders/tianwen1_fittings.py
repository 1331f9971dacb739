"""What is bolted to the body of the Tianwen-1 orbiter: deck fittings, instruments, flag, the released camera."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, ring, rod, star, tube
from selfiesim.craft.builders.solid import Face, Solid, unit
from selfiesim.craft.builders.tianwen1_camera import CameraSizes, camera_solids
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes


def add_fittings(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Fittings of the +X deck and of the -Z and +Z walls. Their places are assumed."""
    _top_deck(model, sizes)
    _minus_z_wall(model, sizes)
    _flag(model, sizes)
    _payload(model, sizes)
    _released_camera(model, sizes)


def _top_deck(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    face, group = sizes.top, "top_deck"
    # The ring the capsule sat on: a flanged hoop, separation bolts, a foil floor inside.
    section = [
        (0.90, -0.01),
        (0.98, -0.01),
        (0.98, 0.015),
        (0.945, 0.02),
        (0.935, 0.125),
        (0.965, 0.135),
        (0.965, 0.155),
        (0.90, 0.155),
        (0.905, 0.02),
    ]
    model.add(group, "aluminium", face.put(ring(section, 96)))
    model.add(group, "black_kapton", face.put(ring([(0.86, -0.014), (0.902, -0.014), (0.902, 0.10), (0.86, 0.09)], 72)))
    floor = [(0.87, -0.02), (0.86, 0.03), (0.70, 0.045), (0.50, 0.028), (0.28, 0.042), (0.0, 0.05)]
    model.add(group, "gold_foil", face.put(lathe(floor, 72)))
    for k in range(12):
        angle = np.radians(30.0 * k + 15.0)
        x, y = 0.99 * np.cos(angle), 0.99 * np.sin(angle)
        bolt = [
            box_on_face(0.06, 0.06, 0.10, 0.008, sunk_m=0.012).turned((0, 0, 1), 30.0 * k + 15.0),
            cylinder(0.018, 0.15, 10, 0.004),
        ]
        model.add(group, "aluminium" if k % 3 else "silver_foil", *(face.put(b, x, y) for b in bolt))
    for k in range(8):
        angle = np.radians(45.0 * k)
        end = (0.86 * np.cos(angle), 0.86 * np.sin(angle), 0.055)
        model.add(
            group,
            "cfrp",
            face.put(beam((0.16 * np.cos(angle), 0.16 * np.sin(angle), 0.055), end, 0.03, 0.03, (0, 0, 1), 0.005)),
        )
    model.add(group, "cfrp", face.put(lathe([(0.19, 0.02), (0.19, 0.075), (0.17, 0.085), (0.0, 0.085)], 32)))
    model.add(group, "aluminium", face.put(cylinder(0.07, 0.12, 20, 0.008)))
    _deck_units(model, face, group)


def _deck_units(model: ModelBuilder, face: Face, group: str) -> None:
    """Star trackers, low-gain antenna, electronics, trim thrusters on the +X deck."""
    for x, y, tilt in [(1.15, -0.98, (0.62, -0.10, 0.78)), (0.88, -1.16, (-0.42, -0.12, 0.90))]:
        _star_tracker(model, face, group, x, y, tilt)
    for x, y, size in [
        (-1.12, -0.98, (0.34, 0.24, 0.16)),
        (-1.42, 0.55, (0.24, 0.36, 0.20)),
        (0.0, 1.26, (0.50, 0.22, 0.14)),
        (1.12, 0.98, (0.28, 0.22, 0.12)),
        (-0.55, -1.22, (0.22, 0.18, 0.24)),
    ]:
        model.add(group, "gold_foil", face.put(box_on_face(*size, bevel_m=0.02, sunk_m=0.02), x, y))
        model.add(
            group, "silver_foil", face.put(box(size[0] * 0.7, size[1] * 0.7, 0.012, 0.003), x, y, size[2] + 0.004)
        )
    # Low-gain antenna: a white cone on a short mast.
    model.add(
        group,
        "aluminium",
        face.put(cylinder(0.02, 0.30, 12).moved(z=-0.01), -0.95, 1.15),
        face.put(cylinder(0.06, 0.03, 16, 0.004), -0.95, 1.15),
    )
    cone = lathe([(0.0, 0.27), (0.05, 0.27), (0.085, 0.36), (0.085, 0.39), (0.05, 0.44), (0.0, 0.455)], 24)
    model.add(group, "white_paint", face.put(cone, -0.95, 1.15))
    # A second, dome-shaped one.
    model.add(
        group,
        "white_paint",
        face.put(
            lathe(
                [(0.11, -0.01), (0.11, 0.10), (0.125, 0.11), (0.125, 0.17), (0.10, 0.22), (0.055, 0.245), (0.0, 0.25)],
                32,
            ),
            0.62,
            1.22,
        ),
    )
    model.add(
        group,
        "aluminium",
        face.put(ring([(0.108, 0.05), (0.118, 0.05), (0.118, 0.075), (0.108, 0.075)], 32), 0.62, 1.22),
    )
    for x, y in [(1.72, 0.18), (1.72, -0.18), (-1.72, 0.18), (-1.72, -0.18)]:
        add_thruster(model, face, "thrusters", x, y, (np.sign(x) * 0.35, np.sign(y) * 0.25, 0.9))
    # Cable runs from the ring to the boxes.
    for path in [
        [(-0.98, -0.3), (-1.1, -0.5), (-1.12, -0.9)],
        [(-0.97, 0.35), (-1.2, 0.5), (-1.4, 0.55)],
        [(0.95, 0.35), (1.08, 0.6), (1.12, 0.9)],
        [(0.0, 1.0), (0.05, 1.1), (0.0, 1.2)],
    ]:
        model.add(group, "black_kapton", face.put(tube([(x, y, 0.022) for x, y in path], 0.016, 8)))


def _star_tracker(
    model: ModelBuilder, face: Face, group: str, x: float, y: float, look: tuple[float, float, float]
) -> None:
    up = (0.0, 0.0, 1.0)
    model.add(
        group,
        "aluminium",
        face.put(box_on_face(0.17, 0.17, 0.10, 0.012), x, y),
        face.put(box(0.13, 0.13, 0.16, 0.01).aimed(look, up).moved(z=0.14), x, y),
    )
    baffle = lathe(
        [
            (0.0, 0.04),
            (0.055, 0.04),
            (0.06, 0.10),
            (0.105, 0.30),
            (0.112, 0.30),
            (0.112, 0.315),
            (0.097, 0.315),
            (0.050, 0.12),
            (0.0, 0.11),
        ],
        32,
    )
    model.add(group, "black_kapton", face.put(baffle.aimed(look, up).moved(z=0.14), x, y))
    hoops = [
        ring([(r - 0.006, z), (r + 0.006, z), (r + 0.006, z + 0.01), (r - 0.006, z + 0.01)], 28)
        for r, z in [(0.078, 0.15), (0.094, 0.22)]
    ]
    model.add(group, "aluminium", *(face.put(h.aimed(look, up).moved(z=0.14), x, y) for h in hoops))


def add_thruster(
    model: ModelBuilder,
    face: Face,
    group: str,
    x: float,
    y: float,
    direction: tuple[float, float, float],
    size: float = 1.0,
) -> None:
    """A small attitude thruster on a bracket, exhaust along a direction local to the face."""
    up = (0.0, 1.0, 0.2)
    foot = box_on_face(0.09 * size, 0.09 * size, 0.05 * size, 0.008)
    block = box(0.065 * size, 0.065 * size, 0.08 * size, 0.006).aimed(direction, up).moved(z=0.055 * size)
    bell = lathe(
        [
            (0.0, 0.03),
            (0.018, 0.03),
            (0.013, 0.055),
            (0.030, 0.125),
            (0.033, 0.125),
            (0.033, 0.130),
            (0.027, 0.130),
            (0.009, 0.06),
            (0.0, 0.058),
        ],
        16,
    )
    scaled = Solid(bell.vertices * size, bell.faces)
    model.add(group, "aluminium", face.put(foot, x, y), face.put(block, x, y))
    model.add(group, "thruster_black", face.put(scaled.aimed(direction, up).moved(z=0.055 * size), x, y))


def _minus_z_wall(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """What shows beside the dish: hold-downs, boxes, sun sensors, a cable run, a closeout plate."""
    face, group = sizes.walls["-z"][0], "minus_z_wall"
    for x, y in [(0.18, 0.45), (0.18, -0.45)]:
        model.add(
            group,
            "aluminium",
            face.put(box_on_face(0.13, 0.06, 0.07, 0.008), x, y),
            face.put(cylinder(0.022, 0.11, 12, 0.004), x, y),
        )
    model.add(group, "aluminium", face.put(rod((0.18, -0.43, 0.06), (0.18, 0.43, 0.06), 0.011), 0.0, 0.0))
    model.add(group, "silver_foil", face.put(box_on_face(0.24, 0.20, 0.045, 0.012), 0.62, 0.42))
    model.add(group, "aluminium", face.put(box(0.16, 0.025, 0.02, 0.004), 0.62, 0.42, 0.05))
    model.add(group, "gold_foil", face.put(box_on_face(0.30, 0.12, 0.08, 0.015), 0.48, -0.48))
    # Monitoring cameras that watch the wing and the dish.
    for x, y, look in [(1.02, 0.46, (0.8, 0.1, 0.6)), (0.40, 0.08, (-0.7, 0.1, 0.7))]:
        model.add(group, "aluminium", face.put(box_on_face(0.10, 0.10, 0.06, 0.008), x, y))
        model.add(
            group, "white_paint", face.put(box(0.08, 0.08, 0.11, 0.008).aimed(look, (0, 1, 0)).moved(z=0.08), x, y)
        )
        lens = [cylinder(0.03, 0.10, 20, 0.003), cylinder(0.024, 0.096, 20).moved(z=0.006)]
        model.add(group, "black_kapton", face.put(lens[0].aimed(look, (0, 1, 0)).moved(z=0.08), x, y))
        model.add(group, "glass", face.put(lens[1].aimed(look, (0, 1, 0)).moved(z=0.08), x, y))
    # Sun sensors: small dark windows on plates.
    for x, y in [(0.80, 0.02), (-0.95, -0.55)]:
        model.add(group, "aluminium", face.put(box_on_face(0.12, 0.12, 0.05, 0.01), x, y))
        model.add(group, "glass", face.put(box(0.07, 0.07, 0.01), x, y, 0.048))
    # A cable run in clamps toward the antenna's base.
    path = [(0.80, 0.06, 0.038), (0.70, 0.20, 0.038), (0.30, 0.20, 0.038), (0.0, 0.14, 0.038), (-0.6, 0.10, 0.038)]
    model.add(group, "black_kapton", face.put(tube(path, 0.014, 8)))
    for x, y in [(0.60, 0.20), (0.36, 0.20), (-0.2, 0.125)]:
        model.add(group, "aluminium", face.put(box_on_face(0.03, 0.05, 0.05, 0.004), x, y))
    # The vent and the purge fittings.
    for x in (0.10, 0.22):
        model.add(
            group,
            "aluminium",
            face.put(
                lathe(
                    [
                        (0.028, -0.01),
                        (0.028, 0.035),
                        (0.018, 0.045),
                        (0.018, 0.075),
                        (0.012, 0.075),
                        (0.012, 0.05),
                        (0.0, 0.05),
                    ],
                    16,
                ),
                x,
                -0.58,
            ),
        )


def _flag(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Red field, one large star and four small ones that each point at it, on a backing plate over the blankets."""
    face, group, top = sizes.walls["-z"][0], "flag", 0.034
    w, h = sizes.flag_width_m, sizes.flag_height_m
    model.add(
        group, "aluminium", face.put(box_on_face(w + 0.012, h + 0.012, top - 0.004), sizes.flag_y_m, sizes.flag_x_m)
    )
    model.add(group, "flag_red", face.put(box_on_face(w, h, top, sunk_m=-0.020), sizes.flag_y_m, sizes.flag_x_m))
    grid = h / 20.0  # the flag law's grid: 30 x 20 squares, stars placed in the upper left quarter

    def place(column: float, row: float) -> tuple[float, float]:
        return sizes.flag_y_m - 0.5 * w + column * w / 30.0, sizes.flag_x_m + 0.5 * h - row * grid

    model.add(group, "flag_gold", face.put(star(3.0 * grid, 0.004), *place(5, 5), top - 0.0015))
    for column, row in [(10, 2), (12, 4), (12, 7), (10, 9)]:
        toward = np.degrees(np.arctan2(row - 5.0, 5.0 - column))
        model.add(group, "flag_gold", face.put(star(grid, 0.004, float(toward)), *place(column, row), top - 0.0015))


def _payload(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Cameras and spectrometers on the +Z wall. Their places are assumed."""
    face, group = sizes.walls["+z"][0], "payload"
    # The high-resolution camera: a foil-wrapped telescope with a dark bore.
    model.add(group, "gold_foil", face.put(box_on_face(0.62, 0.62, 0.16, 0.03), -0.66, 0.12))
    tele = lathe([(0.27, 0.0), (0.27, 0.60), (0.255, 0.62), (0.235, 0.62), (0.225, 0.20), (0.0, 0.20)], 48)
    model.add(group, "silver_foil", face.put(tele.moved(z=0.10), -0.66, 0.12))
    model.add(
        group,
        "black_kapton",
        face.put(
            lathe([(0.228, 0.15), (0.228, 0.61), (0.222, 0.61), (0.215, 0.24), (0.0, 0.24)], 48).moved(z=0.10),
            -0.66,
            0.12,
        ),
    )
    model.add(
        group,
        "glass",
        face.put(lathe([(0.0, 0.22), (0.20, 0.22), (0.19, 0.25), (0.0, 0.27)], 40).moved(z=0.10), -0.66, 0.12),
    )
    model.add(
        group,
        "aluminium",
        *(
            face.put(ring([(0.262, z), (0.280, z), (0.280, z + 0.02), (0.262, z + 0.02)], 48), -0.66, 0.12)
            for z in (0.30, 0.52, 0.69)
        ),
    )
    # Three smaller barrels: medium-resolution camera, mineral spectrometer, energetic-particle counter.
    for x, y, radius, length in [(0.10, 0.34, 0.085, 0.26), (0.10, -0.02, 0.06, 0.20), (-0.15, 0.42, 0.05, 0.17)]:
        model.add(group, "gold_foil", face.put(box_on_face(2.6 * radius, 2.6 * radius, 0.13, 0.015), x, y))
        barrel = lathe(
            [(radius, 0.10), (radius, 0.10 + length), (0.8 * radius, 0.10 + length), (0.7 * radius, 0.17), (0.0, 0.17)],
            28,
        )
        model.add(group, "black_kapton", face.put(barrel, x, y))
        model.add(
            group,
            "glass",
            face.put(lathe([(0.0, 0.15), (0.65 * radius, 0.15), (0.6 * radius, 0.19), (0.0, 0.20)], 24), x, y),
        )
    # Ion and neutral particle analyser: a dome with a slit; electronics boxes.
    model.add(
        group,
        "white_paint",
        face.put(box_on_face(0.26, 0.22, 0.12, 0.012), 0.78, 0.36),
        face.put(
            lathe([(0.10, 0.11), (0.10, 0.16), (0.12, 0.165), (0.12, 0.20), (0.07, 0.25), (0.0, 0.26)], 28), 0.78, 0.36
        ),
    )
    model.add(
        group,
        "silver_foil",
        face.put(box_on_face(0.34, 0.26, 0.18, 0.02), 0.88, -0.42),
        face.put(box_on_face(0.20, 0.16, 0.10, 0.012), 0.18, -0.48),
    )
    for x in (0.80, 0.96):
        model.add(group, "glass", face.put(box(0.10, 0.16, 0.02), x, -0.42, 0.175))


def _released_camera(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The bracket on the +Y-Z chamfer, which stays, and the camera on it, wedged so that it leaves along its axis."""
    group, bracket, axis = "released_camera", "camera_bracket", unit(sizes.camera_axis)
    wall = sizes.walls["+y-z"][0]
    centre = sizes.camera_position_m
    x, y = -sizes.camera_along_wall_m, sizes.camera_x_m
    model.add(bracket, "aluminium", wall.put(box_on_face(0.20, 0.24, 0.035, 0.006), x, y))
    for dy in (-0.075, 0.075):
        model.add(bracket, "aluminium", wall.put(box(0.10, 0.016, 0.15, 0.003).moved(z=0.09), x, y + dy))
    model.add(bracket, "aluminium", wall.put(box_on_face(0.05, 0.12, 0.13, 0.004), x, y))
    for material, solid in camera_solids(CameraSizes(seed=sizes.seed)):
        model.add(group, material, solid.aimed(axis).at(centre))
