"""A plain likeness of the asteroid explorer Hayabusa2, its wings spread.

Published: the body 1.0 x 1.6 x 1.25 m, 6.0 x 4.23 m with its wings, two flat high-gain antennas, four ion engines, the
capsule 40 cm wide. The rest, with where each thing sits, is assumed. Body axes: origin at the middle of the body, +Z
the side of the antennas and cells, -Z that of the sampler's horn, the wings along Y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.cell_panel import add_hinges, add_panel, panel_finishes
from selfiesim.craft.builders.shapes import beam, blanket, box, box_on_face, cylinder, lathe, ring, rod, tube
from selfiesim.craft.builders.solid import Face, face_of

__all__ = ["Hayabusa2Sizes", "build", "glb"]

_GAP_M = 0.03
_TEXEL_M = 0.0015


@dataclass(frozen=True)
class Hayabusa2Sizes:
    """Metres."""

    body_x_m: float = 1.0  # sourced: 1.0 x 1.6 x 1.25 m
    body_y_m: float = 1.6  # sourced
    body_z_m: float = 1.25  # sourced
    span_y_m: float = 6.0  # sourced: 6 x 4.23 m over the wings
    wing_x_m: float = 4.23  # sourced
    panel_y_m: float = 1.45  # assumed: each wing's width
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
            raise ModelError(f"span_y_m, body_y_m, panel_y_m leave {self.yoke_m:.2f} m for the yoke; it takes 0.3 m")

    @property
    def yoke_m(self) -> float:
        """From the body's side to the wing."""
        return 0.5 * (self.span_y_m - self.body_y_m) - self.panel_y_m

    @property
    def panel_x_m(self) -> float:
        """Of one of the three panels that a wing is made of."""
        return (self.wing_x_m - 2.0 * _GAP_M) / 3.0


def build(sizes: Hayabusa2Sizes | None = None) -> ModelBuilder:
    """The whole craft as solids in body axes."""
    sizes = sizes or Hayabusa2Sizes()
    model = ModelBuilder("hayabusa2")
    _body(model, sizes)
    _sun_side(model, sizes)
    _asteroid_side(model, sizes)
    _ends(model, sizes)
    for sign, name in ((1.0, "wing_plus_y"), (-1.0, "wing_minus_y")):
        _wing(model, sizes, sign, name)
    return model


def glb(sizes: Hayabusa2Sizes | None = None) -> bytes:
    """The model file, the same byte for byte for the same sizes."""
    sizes = sizes or Hayabusa2Sizes()
    panel = (sizes.panel_y_m, sizes.panel_x_m)
    return build(sizes).glb(panel_finishes(panel, (sizes.cell_m, 0.66 * sizes.cell_m), _TEXEL_M, sizes.seed))


def _side(sizes: Hayabusa2Sizes, axis: int, sign: float) -> tuple[Face, float, float]:
    """A side of the body, and its width and height along the face's own axes."""
    size = (sizes.body_x_m, sizes.body_y_m, sizes.body_z_m)
    normal = sign * np.eye(3)[axis]
    up = np.eye(3)[0] if axis == 2 else np.eye(3)[2]
    face = face_of(0.5 * size[axis] * normal, normal, up)
    return face, float(abs(face.x) @ size), float(abs(face.y) @ size)


def _body(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    model.add("bus", "gold_foil", box(sizes.body_x_m, sizes.body_y_m, sizes.body_z_m, 0.025))
    for number, (axis, sign) in enumerate([(0, 1.0), (0, -1.0), (1, 1.0), (1, -1.0), (2, 1.0), (2, -1.0)]):
        face, wide, high = _side(sizes, axis, sign)
        a, b = 0.5 * wide - 0.03, 0.5 * high - 0.03
        for k, (low, up) in enumerate([(-b, -0.12 * b), (-0.12 * b + 0.016, b)]):
            corners = [(-a, low), (a, low), (a, up), (-a, up)]
            model.add("bus", "gold_foil", face.put(blanket(corners, sizes.rise_m, sizes.seed + 10 * number + k, 0.03)))
    for sign in (1.0, -1.0):  # the electronics' radiators
        face, wide, _ = _side(sizes, 1, sign)
        tiles = [
            face.put(box_on_face(0.174, 0.174, 0.034), 0.18 * (i - 1.5), 0.18 * (j - 2.6))
            for i in range(4)
            for j in range(3)
        ]
        model.add("radiators", "radiator_white", *tiles)


def _sun_side(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """The two flat antennas on short feet, the medium-gain antenna and star trackers between and beside them."""
    face, _, _ = _side(sizes, 2, 1.0)
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
    for x in (-0.66, 0.66):
        baffle = lathe([(0.06, -0.01), (0.06, 0.09), (0.085, 0.20), (0.078, 0.20), (0.05, 0.09), (0.0, 0.08)], 28)
        model.add("star_trackers", "black_kapton", face.put(baffle, x, -0.40))


def _asteroid_side(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """The sampler's horn, the impactor's cone, cameras, laser and target markers."""
    face, _, _ = _side(sizes, 2, -1.0)
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
    cone = [(0.16, -0.01), (0.16, 0.10), (0.14, 0.14), (0.13, 0.14), (0.02, 0.06), (0.0, 0.06)]
    model.add("impactor", "aluminium", face.put(lathe(cone, 40), -0.34, 0.16))
    for x, y, wide, high, rise in [(-0.08, -0.26, 0.26, 0.20, 0.10), (0.46, -0.26, 0.30, 0.28, 0.16)]:
        model.add("instruments", "black_kapton", face.put(box_on_face(wide, high, rise, 0.01), x, y))
    for x, y, r_tube, rise in [(-0.08, -0.26, 0.06, 0.20), (0.46, -0.22, 0.07, 0.19), (-0.48, -0.28, 0.05, 0.16)]:
        tube_ = [(r_tube, -0.01), (r_tube, rise), (r_tube - 0.008, rise), (r_tube - 0.008, rise - 0.06)]
        model.add("instruments", "black_kapton", face.put(lathe([*tube_, (0.0, rise - 0.06)], 28), x, y))
    for x in (-0.66, -0.55, 0.02, 0.13):
        model.add("instruments", "white_paint", face.put(cylinder(0.045, 0.07, 24, 0.01).moved(z=-0.01), x, 0.36))


def _ends(model: ModelBuilder, sizes: Hayabusa2Sizes) -> None:
    """Ion engines on +X, capsule and released camera on -X, the lander on -Y, thrusters at the corners."""
    engines, _, _ = _side(sizes, 0, 1.0)
    model.add("ion_engines", "aluminium", engines.put(box_on_face(0.62, 0.62, 0.06, 0.012), 0.0, 0.05))
    for x, y in ((-0.16, -0.11), (0.16, -0.11), (-0.16, 0.21), (0.16, 0.21)):
        grid = [(0.085, 0.05), (0.085, 0.10), (0.075, 0.12), (0.064, 0.12), (0.060, 0.10), (0.0, 0.092)]
        model.add("ion_engines", "thruster_black", engines.put(lathe(grid, 36), x, y))
        model.add(
            "ion_engines", "white_paint", engines.put(cylinder(0.014, 0.10, 10).moved(z=0.05), x + 0.10, y + 0.05)
        )
    back, _, _ = _side(sizes, 0, -1.0)
    r = 0.5 * sizes.capsule_m
    shell = [(0.7 * r, -0.01), (0.7 * r, 0.04), (r, 0.08), (r, 0.10), (0.82 * r, 0.16), (0.45 * r, 0.20), (0.0, 0.212)]
    model.add("capsule", "heat_shield", back.put(lathe(shell, 56), 0.0, 0.06))
    seat = [(0.6 * r, -0.013), (0.94 * r, -0.013), (0.94 * r, 0.046), (0.6 * r, 0.046)]
    model.add("capsule", "aluminium", back.put(ring(seat, 56), 0.0, 0.06))
    for sign_x in (-1, 1):
        for sign_y in (-1, 1):
            bell = lathe([(0.02, -0.01), (0.02, 0.03), (0.032, 0.075), (0.028, 0.075), (0.012, 0.03), (0.0, 0.03)], 20)
            for face in (engines, back):
                model.add("thrusters", "thruster_black", face.put(bell, 0.70 * sign_x, 0.50 * sign_y))
    lander, _, _ = _side(sizes, 1, -1.0)
    model.add("mascot", "black_kapton", lander.put(box_on_face(0.30, 0.20, 0.14, 0.01), -0.27, 0.38))
    minerva = lathe([(0.09, -0.01), (0.09, 0.08), (0.08, 0.09), (0.0, 0.09)], 16)
    model.add("minerva", "aluminium", back.put(minerva, 0.42, -0.30))
    camera = face_of(back.point(-0.46, -0.36), back.z, back.y)
    model.add(
        "released_camera",
        "aluminium",
        camera.put(ring([(0.041, -0.01), (0.05, -0.01), (0.05, 0.09), (0.041, 0.09)], 32)),
    )
    model.add("released_camera", "thruster_black", camera.put(cylinder(0.0415, 0.075, 32).moved(z=-0.01)))


def _wing(model: ModelBuilder, sizes: Hayabusa2Sizes, sign: float, name: str) -> None:
    """Three panels in a row along X, held at the middle one by a yoke from the top of the body's side."""
    z = 0.5 * sizes.body_z_m - 0.12
    y = sign * (0.5 * sizes.span_y_m - 0.5 * sizes.panel_y_m)
    size, thick, step = (sizes.panel_y_m, sizes.panel_x_m), sizes.panel_thickness_m, sizes.panel_x_m + _GAP_M
    for k in (-1, 0, 1):
        add_panel(model, f"{name}_panel_{k + 2}", face_of((k * step, y, z), (0.0, 0.0, 1.0)), size, thick)
    middle = face_of((0.0, y, z), (0.0, 0.0, 1.0))
    hinges = [(x, s * 0.5 * step) for x in (-0.3 * size[0], 0.3 * size[0]) for s in (-1, 1)]
    add_hinges(model, f"{name}_hinges", middle, hinges, across_x=False, thickness_m=thick)
    root, edge, low = 0.5 * sizes.body_y_m, 0.5 * sizes.span_y_m - sizes.panel_y_m, z - 0.5 * thick
    drive = lathe([(0.08, -0.02), (0.08, 0.07), (0.05, 0.09), (0.05, 0.14), (0.0, 0.14)], 32)
    model.add(f"{name}_yoke", "aluminium", drive.aimed((0.0, sign, 0.0)).at((0.0, sign * root, low)))
    knot = sign * (root + 0.12)
    for x in (-0.42, 0.42):
        arm = beam((0.04 * np.sign(x), knot, low), (x, sign * (edge + 0.03), low), 0.05, 0.035, (0, 0, 1), 0.005)
        model.add(f"{name}_yoke", "cfrp", arm)
    bar = beam((-0.5, sign * (edge - 0.01), low), (0.5, sign * (edge - 0.01), low), 0.045, 0.031, (0, 0, 1), 0.005)
    model.add(f"{name}_yoke", "cfrp", bar)
    cable = [
        (0.03, sign * (root + 0.02), low - 0.03),
        (0.12, sign * (root + 0.3), low - 0.022),
        (0.36, sign * edge, low - 0.02),
    ]
    model.add(
        f"{name}_yoke",
        "black_kapton",
        tube(cable, 0.011, 6),
        rod(cable[-1], (0.36, sign * (edge + 0.1), low - 0.012), 0.01),
    )
