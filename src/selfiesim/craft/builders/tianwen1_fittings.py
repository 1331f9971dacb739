"""Fittings on the walls of the Tianwen-1 orbiter: instruments, flag, the released camera."""

from __future__ import annotations

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.flag import add_flag_stars
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, lathe, ring, rod, tube
from selfiesim.craft.builders.solid import Face, unit
from selfiesim.craft.builders.tianwen1_camera import CameraSizes, camera_solids
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes
from selfiesim.craft.builders.tianwen1_top_deck import add_top_deck


def add_fittings(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Add the fittings of the +X deck and of the -Z and +Z walls; their positions are assumed."""
    add_top_deck(model, sizes)
    _minus_z_wall(model, sizes.walls["-z"][0])
    _flag(model, sizes)
    _payload(model, sizes.walls["+z"][0])
    _released_camera(model, sizes)


def _minus_z_wall(model: ModelBuilder, face: Face) -> None:
    """The fittings that are visible next to the dish."""
    _hold_downs_and_boxes(model, face)
    _monitoring_cameras(model, face)
    _sun_sensors(model, face)
    _cable_run(model, face)
    _vents(model, face)


def _hold_downs_and_boxes(model: ModelBuilder, face: Face) -> None:
    """Two hold-downs tied by a rod, a closeout plate with its handle, and a foil box."""
    group = "minus_z_wall"
    for x, y in [(0.18, 0.45), (0.18, -0.45)]:
        foot, post = box_on_face(0.13, 0.06, 0.07, 0.008), cylinder(0.022, 0.11, 12, 0.004)
        model.add(group, "aluminium", face.put(foot, x, y), face.put(post, x, y))
    model.add(group, "aluminium", face.put(rod((0.18, -0.43, 0.06), (0.18, 0.43, 0.06), 0.011)))
    model.add(group, "silver_foil", face.put(box_on_face(0.24, 0.20, 0.045, 0.012), 0.62, 0.42))
    model.add(group, "aluminium", face.put(box(0.16, 0.025, 0.02, 0.004), 0.62, 0.42, 0.05))
    model.add(group, "gold_foil", face.put(box_on_face(0.30, 0.12, 0.08, 0.015), 0.48, -0.48))


def _monitoring_cameras(model: ModelBuilder, face: Face) -> None:
    """Two cameras, one facing the wing, one facing the dish."""
    group, up = "minus_z_wall", (0.0, 1.0, 0.0)
    for x, y, boresight in [(1.02, 0.46, (0.8, 0.1, 0.6)), (0.40, 0.08, (-0.7, 0.1, 0.7))]:
        model.add(group, "aluminium", face.put(box_on_face(0.10, 0.10, 0.06, 0.008), x, y))
        for material, part in [
            ("white_paint", box(0.08, 0.08, 0.11, 0.008)),
            ("black_kapton", cylinder(0.03, 0.10, 20, 0.003)),
            ("glass", cylinder(0.024, 0.096, 20).moved(z=0.006)),
        ]:
            model.add(group, material, face.put(part.aimed(boresight, up).moved(z=0.08), x, y))


def _sun_sensors(model: ModelBuilder, face: Face) -> None:
    """Small dark windows on plates."""
    for x, y in [(0.80, 0.02), (-0.95, -0.55)]:
        model.add("minus_z_wall", "aluminium", face.put(box_on_face(0.12, 0.12, 0.05, 0.01), x, y))
        model.add("minus_z_wall", "glass", face.put(box(0.07, 0.07, 0.01), x, y, 0.048))


def _cable_run(model: ModelBuilder, face: Face) -> None:
    """A cable in clamps that leads to the base of the antenna."""
    path = [(0.80, 0.06, 0.038), (0.70, 0.20, 0.038), (0.30, 0.20, 0.038), (0.0, 0.14, 0.038), (-0.6, 0.10, 0.038)]
    model.add("minus_z_wall", "black_kapton", face.put(tube(path, 0.014, 8)))
    for x, y in [(0.60, 0.20), (0.36, 0.20), (-0.2, 0.125)]:
        model.add("minus_z_wall", "aluminium", face.put(box_on_face(0.03, 0.05, 0.05, 0.004), x, y))


def _vents(model: ModelBuilder, face: Face) -> None:
    """The vent and the purge fitting."""
    profile = [
        (0.028, -0.01),
        (0.028, 0.035),
        (0.018, 0.045),
        (0.018, 0.075),
        (0.012, 0.075),
        (0.012, 0.05),
        (0.0, 0.05),
    ]
    for x in (0.10, 0.22):
        model.add("minus_z_wall", "aluminium", face.put(lathe(profile, 16), x, -0.58))


def _flag(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The flag on a backing plate above the blankets of the -Z wall."""
    face, group, top = sizes.walls["-z"][0], "flag", 0.034
    x, y, w, h = sizes.flag_y_m, sizes.flag_x_m, sizes.flag_width_m, sizes.flag_height_m
    model.add(group, "aluminium", face.put(box_on_face(w + 0.012, h + 0.012, top - 0.004), x, y))
    model.add(group, "flag_red", face.put(box_on_face(w, h, top, sunk_m=-0.020), x, y))
    add_flag_stars(model, group, face, (x, y, top - 0.0015), (w, h), 0.004)


def _payload(model: ModelBuilder, face: Face) -> None:
    """Cameras and spectrometers on the +Z wall."""
    _high_resolution_camera(model, face)
    _small_barrels(model, face)
    _particle_analyser(model, face)
    _payload_electronics(model, face)


def _high_resolution_camera(model: ModelBuilder, face: Face) -> None:
    """A foil-wrapped telescope with a dark bore."""
    group, x, y = "payload", -0.66, 0.12
    model.add(group, "gold_foil", face.put(box_on_face(0.62, 0.62, 0.16, 0.03), x, y))
    tube_profile = [(0.27, 0.0), (0.27, 0.60), (0.255, 0.62), (0.235, 0.62), (0.225, 0.20), (0.0, 0.20)]
    bore_profile = [(0.228, 0.15), (0.228, 0.61), (0.222, 0.61), (0.215, 0.24), (0.0, 0.24)]
    lens_profile = [(0.0, 0.22), (0.20, 0.22), (0.19, 0.25), (0.0, 0.27)]
    for material, profile, segments in [
        ("silver_foil", tube_profile, 48),
        ("black_kapton", bore_profile, 48),
        ("glass", lens_profile, 40),
    ]:
        model.add(group, material, face.put(lathe(profile, segments).moved(z=0.10), x, y))
    hoops = [ring([(0.262, z), (0.280, z), (0.280, z + 0.02), (0.262, z + 0.02)], 48) for z in (0.30, 0.52, 0.69)]
    model.add(group, "aluminium", *(face.put(hoop, x, y) for hoop in hoops))


def _small_barrels(model: ModelBuilder, face: Face) -> None:
    """The medium-resolution camera, the mineral spectrometer and the energetic-particle counter."""
    group = "payload"
    for x, y, r, length in [(0.10, 0.34, 0.085, 0.26), (0.10, -0.02, 0.06, 0.20), (-0.15, 0.42, 0.05, 0.17)]:
        model.add(group, "gold_foil", face.put(box_on_face(2.6 * r, 2.6 * r, 0.13, 0.015), x, y))
        barrel = [(r, 0.10), (r, 0.10 + length), (0.8 * r, 0.10 + length), (0.7 * r, 0.17), (0.0, 0.17)]
        model.add(group, "black_kapton", face.put(lathe(barrel, 28), x, y))
        lens = [(0.0, 0.15), (0.65 * r, 0.15), (0.6 * r, 0.19), (0.0, 0.20)]
        model.add(group, "glass", face.put(lathe(lens, 24), x, y))


def _particle_analyser(model: ModelBuilder, face: Face) -> None:
    """The ion and neutral particle analyser: a dome with a slit on a box."""
    dome = [(0.10, 0.11), (0.10, 0.16), (0.12, 0.165), (0.12, 0.20), (0.07, 0.25), (0.0, 0.26)]
    base = box_on_face(0.26, 0.22, 0.12, 0.012)
    model.add("payload", "white_paint", face.put(base, 0.78, 0.36), face.put(lathe(dome, 28), 0.78, 0.36))


def _payload_electronics(model: ModelBuilder, face: Face) -> None:
    """Two foil boxes, the larger one with two windows."""
    large, small = box_on_face(0.34, 0.26, 0.18, 0.02), box_on_face(0.20, 0.16, 0.10, 0.012)
    model.add("payload", "silver_foil", face.put(large, 0.88, -0.42), face.put(small, 0.18, -0.48))
    for x in (0.80, 0.96):
        model.add("payload", "glass", face.put(box(0.10, 0.16, 0.02), x, -0.42, 0.175))


def _released_camera(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """The camera on its bracket on the +Y-Z chamfer, tilted so that it departs along its axis; the bracket remains."""
    group, bracket, axis = "released_camera", "camera_bracket", unit(sizes.camera_axis)
    wall, _ = sizes.walls["+y-z"]
    x, y = -sizes.camera_along_wall_m, sizes.camera_x_m
    model.add(bracket, "aluminium", wall.put(box_on_face(0.20, 0.24, 0.035, 0.006), x, y))
    for dy in (-0.075, 0.075):
        model.add(bracket, "aluminium", wall.put(box(0.10, 0.016, 0.15, 0.003).moved(z=0.09), x, y + dy))
    model.add(bracket, "aluminium", wall.put(box_on_face(0.05, 0.12, 0.13, 0.004), x, y))
    for material, solid in camera_solids(CameraSizes(seed=sizes.seed)):
        model.add(group, material, solid.aimed(axis).at(sizes.camera_position_m))
