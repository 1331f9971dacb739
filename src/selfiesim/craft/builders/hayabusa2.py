"""A simplified model of the asteroid explorer Hayabusa2, with its wings deployed.

Published: the body 1.0 x 1.6 x 1.25 m, 6.0 x 4.23 m with its wings, two flat high-gain antennas, four ion engines, the
capsule 40 cm wide. Everything else is assumed, including the position of each part. Body axes: origin at the centre of
the body, +Z the side of the antennas and cells, -Z the side of the sampler horn, the wings along Y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, ring, rod, tube
from selfiesim.craft.builders.solar_panel import add_hinges, add_panel, panel_finishes
from selfiesim.craft.builders.solid import BOX_SIDES, Face, box_side, face_of

__all__ = ["Hayabusa2Sizes", "build", "glb"]

_GAP_M = 0.03
_TEXEL_M = 0.0015


@dataclass(frozen=True)
class Hayabusa2Sizes:
    """Sizes, m."""

    body_x_m: float = 1.0  # sourced: 1.0 x 1.6 x 1.25 m
    body_y_m: float = 1.6  # sourced
    body_z_m: float = 1.25  # sourced
    span_y_m: float = 6.0  # sourced: 6 x 4.23 m including the wings
    wing_x_m: float = 4.23  # sourced
    panel_y_m: float = 1.45  # assumed: width of a wing
    panel_thickness_m: float = 0.024  # assumed
    cell_m: float = 0.06  # assumed
    antenna_m: float = 0.72  # assumed: width of each of the two flat antennas
    horn_length_m: float = 1.0  # assumed: "about 1 m"
    horn_width_m: float = 0.20  # assumed
    capsule_m: float = 0.40  # sourced: 40 cm across
    rise_m: float = 0.016  # assumed: puff of the blankets
    seed: int = 20141203  # the day of its launch

    def __post_init__(self) -> None:
        if self.yoke_m < 0.3:
            raise ModelError(
                f"span_y_m, body_y_m and panel_y_m leave {self.yoke_m:.2f} m for the yoke, which needs 0.3 m"
            )

    @property
    def yoke_m(self) -> float:
        """Distance from the side of the body to the wing."""
        return 0.5 * (self.span_y_m - self.body_y_m) - self.panel_y_m

    @property
    def panel_x_m(self) -> float:
        """Length of one of a wing's three panels."""
        return (self.wing_x_m - 2.0 * _GAP_M) / 3.0

    def side(self, axis: int, sign: float) -> tuple[Face, float, float]:
        """A side of the body, with its width and height (see :func:`.solid.box_side`)."""
        return box_side((self.body_x_m, self.body_y_m, self.body_z_m), axis, sign)


def build(sizes: Hayabusa2Sizes | None = None) -> ModelBuilder:
    """Build the craft as solids in body axes."""
    sizes = sizes or Hayabusa2Sizes()
    model = ModelBuilder("hayabusa2")
    _body(model, sizes)
    _antennas(model, sizes)
    _star_trackers(model, sizes)
    _sampler(model, sizes)
    _instruments(model, sizes)
    _ion_engines(model, sizes)
    _capsule(model, sizes)
    _thrusters(model, sizes)
    _landers(model, sizes)
    _released_camera(model, sizes)
    for sign, name in ((1.0, "wing_plus_y"), (-1.0, "wing_minus_y")):
        _wing(model, sizes, sign, name)
    return model


def glb(sizes: Hayabusa2Sizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    sizes = sizes or Hayabusa2Sizes()
    panel = (sizes.panel_y_m, sizes.panel_x_m)
    return build(sizes).glb(panel_finishes(panel, (sizes.cell_m, 0.66 * sizes.cell_m), _TEXEL_M, sizes.seed))


def _body(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """The box under its blankets, with the radiators of the electronics on the Y sides."""
    model.add("bus", "gold_foil", box(sizes.body_x_m, sizes.body_y_m, sizes.body_z_m, 0.025))
    for number, (axis, sign) in enumerate(BOX_SIDES):
        face, wide, high = sizes.side(axis, sign)
        a, b = 0.5 * wide - 0.03, 0.5 * high - 0.03
        for k, (low, up) in enumerate([(-b, -0.12 * b), (-0.12 * b + 0.016, b)]):
            corners = [(-a, low), (a, low), (a, up), (-a, up)]
            model.add("bus", "gold_foil", face.put(blanket(corners, sizes.rise_m, sizes.seed + 10 * number + k, 0.03)))
    for sign in (1.0, -1.0):
        face, wide, _ = sizes.side(1, sign)
        tiles = [
            face.put(box_on_face(0.174, 0.174, 0.034), 0.18 * (i - 1.5), 0.18 * (j - 2.6))
            for i in range(4)
            for j in range(3)
        ]
        model.add("radiators", "radiator_white", *tiles)


def _antennas(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """The two flat high-gain antennas on short feet, and the medium-gain antenna, on +Z."""
    face, _, _ = sizes.side(2, 1.0)
    r = 0.5 * sizes.antenna_m
    for k, x in enumerate((-0.5 * sizes.antenna_m - 0.025, 0.5 * sizes.antenna_m + 0.025)):
        for angle in (0.5, 2.6, 4.7):
            foot = (x + 0.6 * r * np.cos(angle), 0.6 * r * np.sin(angle))
            model.add("antennas", "cfrp", face.put(cylinder(0.018, 0.14, 12).moved(z=-0.01), *foot))
        plate = [(r - 0.01, 0.0), (r, 0.01), (r, 0.04), (r - 0.012, 0.052), (0.0, 0.054)]
        model.add("antennas", "white_paint", face.put(lathe(plate, 72), x, 0.0, 0.12))
        hoop = [(r - 0.02, 0.015), (r + 0.008, 0.015), (r + 0.008, 0.034), (r - 0.02, 0.034)]
        model.add("antennas", "aluminium", face.put(ring(hoop, 72), x, 0.0, 0.12))
        cap = lathe([(0.05, -0.01), (0.05, 0.01 + 0.01 * k), (0.0, 0.014 + 0.01 * k)], 24)
        model.add("antennas", "aluminium", face.put(cap, x, 0.0, 0.17))
    for x, y in ((-0.02, 0.42), (0.02, -0.42)):
        horn = lathe([(0.03, -0.01), (0.03, 0.10), (0.055, 0.19), (0.05, 0.19), (0.024, 0.11), (0.0, 0.11)], 24)
        model.add("antennas", "white_paint", face.put(horn, x, y))


def _star_trackers(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """Two baffles next to the antennas."""
    face, _, _ = sizes.side(2, 1.0)
    for x in (-0.66, 0.66):
        baffle = lathe([(0.06, -0.01), (0.06, 0.09), (0.085, 0.20), (0.078, 0.20), (0.05, 0.09), (0.0, 0.08)], 28)
        model.add("star_trackers", "black_kapton", face.put(baffle, x, -0.40))


def _sampler(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """The sampler horn on -Z."""
    face, _, _ = sizes.side(2, -1.0)
    r, long = 0.5 * sizes.horn_width_m, sizes.horn_length_m
    horn = [(0.62 * r, -0.03), (0.62 * r, 0.18)]
    for k in range(12):  # a fabric tube pleated over a spring
        z = 0.2 + (long - 0.32) * k / 12
        horn += [(0.62 * r, z), (0.66 * r, z + 0.02)]
    horn += [(0.66 * r, long - 0.12), (r, long - 0.02), (r, long), (r - 0.012, long), (0.6 * r, long - 0.11)]
    horn += [(0.56 * r, 0.5 * long), (0.0, 0.5 * long)]
    model.add("sampler", "silver_foil", face.put(lathe(horn, 40), 0.32, 0.12))
    collar = [(0.55 * r, -0.01), (1.3 * r, -0.01), (1.3 * r, 0.07), (1.1 * r, 0.09), (0.55 * r, 0.09)]
    model.add("sampler", "aluminium", face.put(ring(collar, 40), 0.32, 0.12))


def _instruments(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """The impactor's cone, cameras, laser and target markers on -Z."""
    face, _, _ = sizes.side(2, -1.0)
    cone = [(0.16, -0.01), (0.16, 0.10), (0.14, 0.14), (0.13, 0.14), (0.02, 0.06), (0.0, 0.06)]
    model.add("impactor", "aluminium", face.put(lathe(cone, 40), -0.34, 0.16))
    for x, y, wide, high, rise in [(-0.08, -0.26, 0.26, 0.20, 0.10), (0.46, -0.26, 0.30, 0.28, 0.16)]:
        model.add("instruments", "black_kapton", face.put(box_on_face(wide, high, rise, 0.01), x, y))
    for x, y, r, rise in [(-0.08, -0.26, 0.06, 0.20), (0.46, -0.22, 0.07, 0.19), (-0.48, -0.28, 0.05, 0.16)]:
        barrel = [(r, -0.01), (r, rise), (r - 0.008, rise), (r - 0.008, rise - 0.06), (0.0, rise - 0.06)]
        model.add("instruments", "black_kapton", face.put(lathe(barrel, 28), x, y))
    for x in (-0.66, -0.55, 0.02, 0.13):
        model.add("instruments", "white_paint", face.put(cylinder(0.045, 0.07, 24, 0.01).moved(z=-0.01), x, 0.36))


def _ion_engines(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """Four engines on a plate on +X, each with a small cylinder next to it."""
    face, _, _ = sizes.side(0, 1.0)
    model.add("ion_engines", "aluminium", face.put(box_on_face(0.62, 0.62, 0.06, 0.012), 0.0, 0.05))
    for x, y in ((-0.16, -0.11), (0.16, -0.11), (-0.16, 0.21), (0.16, 0.21)):
        grid = [(0.085, 0.05), (0.085, 0.10), (0.075, 0.12), (0.064, 0.12), (0.060, 0.10), (0.0, 0.092)]
        model.add("ion_engines", "thruster_black", face.put(lathe(grid, 36), x, y))
        post = cylinder(0.014, 0.10, 10).moved(z=0.05)
        model.add("ion_engines", "white_paint", face.put(post, x + 0.10, y + 0.05))


def _capsule(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """The capsule in its seat on -X."""
    face, _, _ = sizes.side(0, -1.0)
    r = 0.5 * sizes.capsule_m
    shell = [(0.7 * r, -0.01), (0.7 * r, 0.04), (r, 0.08), (r, 0.10), (0.82 * r, 0.16), (0.45 * r, 0.20), (0.0, 0.212)]
    model.add("capsule", "heat_shield", face.put(lathe(shell, 56), 0.0, 0.06))
    seat = [(0.6 * r, -0.013), (0.94 * r, -0.013), (0.94 * r, 0.046), (0.6 * r, 0.046)]
    model.add("capsule", "aluminium", face.put(ring(seat, 56), 0.0, 0.06))


def _thrusters(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """An attitude thruster at each corner of the +X and -X sides."""
    front, back = (sizes.side(0, sign)[0] for sign in (1.0, -1.0))
    for sign_x in (-1, 1):
        for sign_y in (-1, 1):
            bell = lathe([(0.02, -0.01), (0.02, 0.03), (0.032, 0.075), (0.028, 0.075), (0.012, 0.03), (0.0, 0.03)], 20)
            for face in (front, back):
                model.add("thrusters", "thruster_black", face.put(bell, 0.70 * sign_x, 0.50 * sign_y))


def _landers(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """The landers MASCOT on -Y and MINERVA on -X."""
    side, back = sizes.side(1, -1.0)[0], sizes.side(0, -1.0)[0]
    model.add("mascot", "black_kapton", side.put(box_on_face(0.30, 0.20, 0.14, 0.01), -0.27, 0.38))
    minerva = lathe([(0.09, -0.01), (0.09, 0.08), (0.08, 0.09), (0.0, 0.09)], 16)
    model.add("minerva", "aluminium", back.put(minerva, 0.42, -0.30))


def _released_camera(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """The tube of DCAM3 on -X."""
    back, _, _ = sizes.side(0, -1.0)
    camera = face_of(back.point(-0.46, -0.36), back.z, back.y)
    model.add(
        "released_camera",
        "aluminium",
        camera.put(ring([(0.041, -0.01), (0.05, -0.01), (0.05, 0.09), (0.041, 0.09)], 32)),
    )
    model.add("released_camera", "thruster_black", camera.put(cylinder(0.0415, 0.075, 32).moved(z=-0.01)))


def _wing(model: ModelBuilder, sizes: Hayabusa2Sizes, sign: float, name: str) -> None:
    """Three panels in a row along X, the middle one carried by a yoke from the top of the body's side."""
    z = 0.5 * sizes.body_z_m - 0.12
    y = sign * (0.5 * sizes.span_y_m - 0.5 * sizes.panel_y_m)
    size, thick, step = (sizes.panel_y_m, sizes.panel_x_m), sizes.panel_thickness_m, sizes.panel_x_m + _GAP_M
    for k in (-1, 0, 1):
        add_panel(model, f"{name}_panel_{k + 2}", face_of((k * step, y, z), (0.0, 0.0, 1.0)), size, thick)
    middle = face_of((0.0, y, z), (0.0, 0.0, 1.0))
    hinges = [(x, s * 0.5 * step) for x in (-0.3 * size[0], 0.3 * size[0]) for s in (-1, 1)]
    add_hinges(model, f"{name}_hinges", middle, hinges, across_x=False, thickness_m=thick)
    _yoke(model, sizes, sign, f"{name}_yoke", z - 0.5 * thick)


def _yoke(model: ModelBuilder, sizes: Hayabusa2Sizes, sign: float, group: str, z: float) -> None:
    """The drive, two arms, the bar along the panel, and the cable, at height ``z``."""
    root, edge = 0.5 * sizes.body_y_m, 0.5 * sizes.span_y_m - sizes.panel_y_m
    drive = lathe([(0.08, -0.02), (0.08, 0.07), (0.05, 0.09), (0.05, 0.14), (0.0, 0.14)], 32)
    model.add(group, "aluminium", drive.aimed((0.0, sign, 0.0)).at((0.0, sign * root, z)))
    knot = sign * (root + 0.12)
    for x in (-0.42, 0.42):
        arm = beam((0.04 * np.sign(x), knot, z), (x, sign * (edge + 0.03), z), 0.05, 0.035, (0, 0, 1), 0.005)
        model.add(group, "cfrp", arm)
    bar = beam((-0.5, sign * (edge - 0.01), z), (0.5, sign * (edge - 0.01), z), 0.045, 0.031, (0, 0, 1), 0.005)
    model.add(group, "cfrp", bar)
    cable = [
        (0.03, sign * (root + 0.02), z - 0.03),
        (0.12, sign * (root + 0.3), z - 0.022),
        (0.36, sign * edge, z - 0.02),
    ]
    model.add(
        group,
        "black_kapton",
        tube(cable, 0.011, 6),
        rod(cable[-1], (0.36, sign * (edge + 0.1), z - 0.012), 0.01),
    )
