"""A simplified model of BepiColombo as it cruises: transfer module, planetary orbiter and sunshield, stacked.

Published: wings 30 m from tip to tip, the planetary orbiter's array 7.5 m long, tilted by 24 degrees, a dish 1.1 m wide
on its +X side, medium-gain antenna and magnetometer boom on its -X side. Everything else is assumed. Body axes are
those of the transfer module in the mission's frames kernel: origin on its separation plane, the planetary orbiter and
the sunshield toward -Z, the wings along X, their cells toward +Y.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.membrane import blanket
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, nozzle, ring, rod, tube
from selfiesim.craft.builders.solar_panel import add_hinges, add_panel, panel_finishes
from selfiesim.craft.builders.solid import BOX_SIDES, Face, box_side, face_of, unit

__all__ = ["BepiColomboSizes", "build", "glb"]

_PANELS, _ARRAY_PANELS = 5, 3
_GAP_M = 0.05
_TEXEL_M = 0.0032
_CELL_M = (0.08, 0.04)
_MLI = "capsule_silver"  # white ceramic cloth over metal foil


@dataclass(frozen=True)
class BepiColomboSizes:
    """Sizes, m; directions in body axes."""

    module_x_m: float = 3.0  # assumed: the transfer module's box
    module_y_m: float = 3.0  # assumed
    module_z_m: float = 1.9  # assumed
    orbiter_x_m: float = 2.4  # sourced, recalled and not checked: 2.4 x 2.2 x 1.7 m (ESA)
    orbiter_y_m: float = 2.2  # sourced, recalled and not checked
    orbiter_z_m: float = 1.7  # sourced, recalled and not checked
    radiator_m: float = 3.6  # assumed: width of the radiator, which overhangs
    span_x_m: float = 30.0  # sourced: about 30 m from tip to tip (ESA)
    panel_z_m: float = 1.75  # assumed: width of a wing
    panel_thickness_m: float = 0.03  # assumed
    wing_joint_x_m: float = 1.62  # assumed: just outside the module
    yoke_m: float = 0.95  # assumed: from the drive to the first panel
    array_m: float = 7.5  # sourced: length of the planetary orbiter's array (ESA)
    array_width_m: float = 1.4  # assumed
    array_tilt_deg: float = 24.0  # sourced: frames kernel, ESA SPICE Service
    dish_m: float = 1.1  # sourced: frames kernel, ESA SPICE Service
    dish_focus_m: float = 0.36  # assumed
    magboom_m: float = 2.8  # assumed
    shield_m: float = 2.6  # assumed: length of the sunshield
    rise_m: float = 0.03  # assumed: puff of the blankets
    seed: int = 20181020  # the day of its launch

    def __post_init__(self) -> None:
        if self.panel_x_m < 0.5:
            raise ModelError(f"span_x_m leaves {self.panel_x_m:.2f} m for each of the five panels, which need 0.5 m")

    @property
    def panel_x_m(self) -> float:
        """Length of one of a wing's five panels along the wing."""
        wing = 0.5 * self.span_x_m - self.wing_joint_x_m - self.yoke_m
        return (wing - (_PANELS - 1) * _GAP_M) / _PANELS

    def orbiter_side(self, axis: int, sign: float) -> tuple[Face, float, float]:
        """A side of the planetary orbiter, with its width and height (see :func:`.solid.box_side`)."""
        return _lowered(
            self.orbiter_x_m, self.orbiter_y_m, self.orbiter_z_m, -0.5 * self.orbiter_z_m - 0.04, axis, sign
        )

    def module_side(self, axis: int, sign: float) -> tuple[Face, float, float]:
        """A side of the transfer module, likewise."""
        return _lowered(self.module_x_m, self.module_y_m, self.module_z_m, 0.5 * self.module_z_m + 0.04, axis, sign)


def _lowered(x_m: float, y_m: float, z_m: float, at_z_m: float, axis: int, sign: float) -> tuple[Face, float, float]:
    face, wide, high = box_side((x_m, y_m, z_m), axis, sign)
    return Face(face.centre + np.array([0.0, 0.0, at_z_m]), face.x, face.y, face.z), wide, high


def build(sizes: BepiColomboSizes | None = None) -> ModelBuilder:
    """Build the craft as solids in body axes, with every joint at zero (cells toward +Y)."""
    sizes = sizes or BepiColomboSizes()
    model = ModelBuilder("bepicolombo")
    _boxes(model, sizes)
    _engines(model, sizes)
    _shield(model, sizes)
    _radiator(model, sizes)
    _dish(model, sizes)
    _medium_gain_antenna(model, sizes)
    _magnetometer(model, sizes)
    _array(model, sizes)
    for sign, name in ((1.0, "wing_plus_x"), (-1.0, "wing_minus_x")):
        _wing(model, sizes, sign, name)
    return model


def glb(sizes: BepiColomboSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    sizes = sizes or BepiColomboSizes()
    panel = (sizes.panel_x_m, sizes.panel_z_m)
    return build(sizes).glb(panel_finishes(panel, _CELL_M, _TEXEL_M, sizes.seed))


def _boxes(model: ModelBuilder, sizes: BepiColomboSizes) -> None:
    """Transfer module and planetary orbiter under their blankets, the ring between them, and small boxes on top."""
    for group, side, columns, rows in (
        ("module", sizes.module_side, 3, 2),
        ("orbiter", sizes.orbiter_side, 3, 2),
    ):
        (low, wide, high), (_, _, deep) = side(2, -1.0), side(0, 1.0)
        size = (wide, high, deep) if abs(low.x[0]) > 0.5 else (high, wide, deep)
        model.add(group, _MLI, box(*size, 0.03).at(low.centre + np.array([0.0, 0.0, 0.5 * deep])))
        for number, (axis, sign) in enumerate(BOX_SIDES):
            face, a, b = side(axis, sign)
            xs, ys = (
                np.linspace(-0.5 * a + 0.04, 0.5 * a - 0.04, columns + 1),
                np.linspace(-0.5 * b + 0.04, 0.5 * b - 0.04, rows + 1),
            )
            for i in range(columns):
                for j in range(rows):
                    x0, x1, y0, y1 = xs[i] + 0.012, xs[i + 1] - 0.012, ys[j] + 0.012, ys[j + 1] - 0.012
                    seed = sizes.seed + 100 * number + 10 * i + j + len(group)
                    model.add(
                        group, _MLI, face.put(blanket([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], sizes.rise_m, seed))
                    )
    model.add("interface", "aluminium", cylinder(0.72, 0.20, 72).at((0.0, 0.0, -0.10)))
    for sign, y in ((1.0, -0.55), (-1.0, 0.55)):
        wall, _, _ = sizes.module_side(0, sign)
        model.add("sun_sensors", "aluminium", wall.put(box_on_face(0.16, 0.16, 0.10, 0.01), y, 0.62))
        model.add("sun_sensors", "thruster_black", wall.put(cylinder(0.05, 0.05, 24, 0.008).moved(z=0.09), y, 0.62))


def _engines(model: ModelBuilder, sizes: BepiColomboSizes) -> None:
    """Four ion engines on +Z of the transfer module, and pods of chemical thrusters."""
    aft, _, _ = sizes.module_side(2, 1.0)
    for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        model.add("ion_engines", "aluminium", aft.put(box_on_face(0.52, 0.52, 0.16, 0.02, 0.02), x, y))
        grid = [(0.20, 0.14), (0.20, 0.26), (0.17, 0.30), (0.14, 0.30), (0.13, 0.26), (0.0, 0.25)]
        model.add("ion_engines", "thruster_black", aft.put(lathe(grid, 48), x, y))
    for x, y in ((-1.25, -1.25), (1.25, -1.25), (1.25, 1.25), (-1.25, 1.25)):
        model.add("thrusters", "silver_foil", aft.put(box_on_face(0.2, 0.2, 0.14, 0.015, 0.02), x, y))
        model.add("thrusters", "thruster_black", aft.put(nozzle(0.012, 0.04, 0.10, 0.003, 20, 6).moved(z=0.16), x, y))


def _shield(model: ModelBuilder, sizes: BepiColomboSizes) -> None:
    """The sunshield, a cone that widens away from the planetary orbiter, and the orbiter Mio inside."""
    face, _, _ = sizes.orbiter_side(2, -1.0)
    low, high, long = 1.00, 1.42, sizes.shield_m
    wall = [(low, -0.02), (high, long), (high - 0.06, long), (low - 0.06, -0.02)]
    model.add("sunshield", _MLI, face.put(ring(wall, 96)))
    for share in (0.35, 0.7):
        r, z = low + (high - low) * share, share * long
        hoop = [(r - 0.03, z - 0.02), (r + 0.022, z - 0.02), (r + 0.022, z + 0.02), (r - 0.03, z + 0.02)]
        model.add("sunshield", "aluminium", face.put(ring(hoop, 96)))
    prism = lathe([(0.90, -0.03), (0.90, 0.95), (0.0, 0.95)], 8, 22.5)
    model.add("mio", _MLI, face.put(prism))
    model.add("mio", "white_paint", face.put(cylinder(0.40, 0.16, 48, 0.02).moved(z=0.93)))


def _radiator(model: ModelBuilder, sizes: BepiColomboSizes) -> None:
    """The radiator on -Y, wider than the orbiter, its fins in rows."""
    face, _, high = sizes.orbiter_side(1, -1.0)
    model.add("radiator", "aluminium", face.put(box(sizes.radiator_m, high - 0.04, 0.05, 0.006).moved(z=0.07)))
    for x in (-0.9, 0.0, 0.9):
        model.add("radiator", "aluminium", face.put(box_on_face(0.12, high - 0.3, 0.08, 0.01, 0.02), x, 0.0))
    fins = [
        face.put(box_on_face(sizes.radiator_m - 0.06, 0.035, 0.03, 0.004, 0.006), 0.0, y, 0.095)
        for y in np.linspace(-0.5 * high + 0.08, 0.5 * high - 0.08, 16)
    ]
    model.add("radiator", "radiator_white", *fins)


def _dish(model: ModelBuilder, sizes: BepiColomboSizes) -> None:
    """The high-gain antenna on its elbow, beside +X at the sunshield's end; its back is toward the transfer module."""
    wall, _, high = sizes.orbiter_side(0, 1.0)
    root = wall.point(0.45 * np.sign(wall.x[1]) * -1.0, -0.5 * high + 0.16, 0.0)
    elbow = root + np.array([0.55, 0.0, -0.05])
    model.add(
        "hga",
        "aluminium",
        wall.put(box_on_face(0.30, 0.26, 0.12, 0.015, 0.03), 0.45 * np.sign(wall.x[1]) * -1.0, -0.5 * high + 0.16),
    )
    model.add(
        "hga",
        _MLI,
        rod(root, elbow, 0.075, 28),
        cylinder(0.13, 0.26, 36, 0.02).aimed((0, 1, 0)).at(elbow - (0.0, 0.13, 0.0)),
    )
    along = unit((0.35, 0.35, -0.87))
    r, f, thick = 0.5 * sizes.dish_m, sizes.dish_focus_m, 0.02
    hub = elbow + 0.26 * along
    model.add("hga", _MLI, rod(elbow, hub + 0.02 * along, 0.06, 24))
    reach = np.linspace(0.0, r, 17)[1:]
    front = [(float(a), float(a * a / (4 * f))) for a in reach]
    back = [(a, z - thick) for a, z in front]
    plate = face_of(hub + thick * along, along, (0.0, 1.0, 0.0))
    model.add("hga", "tank_titanium", plate.put(lathe([(0.0, -thick), *back, *front[::-1], (0.0, 0.0)], 96)))
    for angle in np.radians([0.0, 60.0, 120.0, 180.0, 240.0, 300.0]):
        x, y = np.cos(angle), np.sin(angle)
        ends = [
            plate.point(a * x, a * y, a * a / (4 * f) - thick - 0.004) for a in (0.05, 0.34 * r, 0.68 * r, 0.96 * r)
        ]
        model.add("hga", "cfrp", tube(np.array(ends), 0.012, 10))
    feed = lathe([(0.06, f - 0.10), (0.09, f - 0.02), (0.09, f), (0.0, f + 0.02)], 32)
    model.add("hga", "white_paint", plate.put(feed))
    for angle in np.radians([90.0, 210.0, 330.0]):
        x, y, a = np.cos(angle), np.sin(angle), 0.84 * r
        foot, head = plate.point(a * x, a * y, a * a / (4 * f) - 0.006), plate.point(0.05 * x, 0.05 * y, f - 0.05)
        model.add("hga", "cfrp", rod(foot, head, 0.011, 10))


def _medium_gain_antenna(model: ModelBuilder, sizes: BepiColomboSizes) -> None:
    """A horn on a boom from the sunshield's end of -X."""
    root = np.array([-0.5 * sizes.orbiter_x_m, 0.45, -0.9 * sizes.orbiter_z_m])
    elbow = root + np.array([-1.25, -0.10, -0.10])
    model.add("mga", "aluminium", box(0.16, 0.22, 0.20, 0.012).at(root))
    model.add(
        "mga",
        _MLI,
        rod(root, elbow, 0.04, 20),
        cylinder(0.085, 0.22, 28, 0.012).aimed((0, 1, 0)).at(elbow - (0, 0.11, 0)),
    )
    aim = unit((-0.55, 0.25, -0.80))
    horn = lathe([(0.05, -0.03), (0.05, 0.12), (0.13, 0.36), (0.118, 0.36), (0.04, 0.14), (0.0, 0.14)], 40)
    model.add("mga", "white_paint", horn.aimed(aim).at(elbow + 0.06 * aim))
    hoop = ring([(0.116, 0.335), (0.14, 0.335), (0.14, 0.352), (0.116, 0.352)], 40)
    model.add("mga", "aluminium", hoop.aimed(aim).at(elbow + 0.06 * aim))


def _magnetometer(model: ModelBuilder, sizes: BepiColomboSizes) -> None:
    """The boom from the corner of -X and -Y, with a sensor at its end and one further in."""
    start = np.array([-0.5 * sizes.orbiter_x_m - 0.02, -0.42 * sizes.orbiter_y_m, -0.93 * sizes.orbiter_z_m])
    along = unit((-0.80, -0.60, 0.0))
    end = start + sizes.magboom_m * along
    model.add("magboom", "aluminium", box(0.18, 0.20, 0.18, 0.012).at(start), rod(start, end, 0.032, 20))
    for fraction in (0.06, 0.5):
        collar = cylinder(0.055, 0.14, 24, 0.008).aimed(along).at(start + (fraction * sizes.magboom_m - 0.07) * along)
        model.add("magboom", "aluminium", collar)
    for fraction in (0.70, 1.0):
        sensor = box(0.13, 0.13, 0.17, 0.015).aimed(along, (0, 0, 1)).at(start + fraction * (end - start))
        model.add("magboom", _MLI, sensor)


def _array(model: ModelBuilder, sizes: BepiColomboSizes) -> None:
    """The planetary orbiter's array of three panels along +Y, tilted toward +Z."""
    tilt = np.radians(sizes.array_tilt_deg)
    along, normal = np.array([0.0, np.cos(tilt), np.sin(tilt)]), np.array([0.0, np.sin(tilt), -np.cos(tilt)])
    root = np.array([0.0, 0.5 * sizes.orbiter_y_m, -0.72 * sizes.orbiter_z_m])
    yoke, long = 1.1, (sizes.array_m - 1.1 - 2 * _GAP_M) / _ARRAY_PANELS
    size, thick = (sizes.array_width_m, long), sizes.panel_thickness_m
    for k in range(_ARRAY_PANELS):
        centre = root + (yoke + 0.5 * long + k * (long + _GAP_M)) * along
        front = face_of(centre + 0.5 * thick * normal, normal, along)
        add_panel(model, f"array_panel_{k + 1}", front, size, thick)
        if k:
            hinges = [(x, -0.5 * (long + _GAP_M)) for x in (-0.32 * size[0], 0.32 * size[0])]
            add_hinges(model, "array_hinges", front, hinges, across_x=False, thickness_m=thick)
    drive = lathe([(0.12, -0.06), (0.12, 0.10), (0.08, 0.13), (0.0, 0.13)], 36)
    model.add("array_yoke", "aluminium", drive.aimed(along).at(root))
    for s in (-1.0, 1.0):
        ends = root + 0.10 * along + (0.04 * s, 0, 0), root + (yoke + 0.03) * along + (0.45 * s, 0, 0)
        model.add("array_yoke", "cfrp", beam(*ends, 0.05, 0.04, normal, 0.006))
    ends = root + (yoke - 0.01) * along - (0.55, 0, 0), root + (yoke - 0.01) * along + (0.55, 0, 0)
    model.add("array_yoke", "cfrp", beam(*ends, 0.05, 0.037, normal, 0.006))


def _wing(model: ModelBuilder, sizes: BepiColomboSizes, sign: float, joint: str) -> None:
    """Five panels in a row along X, on a yoke that rotates about X, at the middle of the transfer module."""
    height = 0.04 + 0.5 * sizes.module_z_m
    model.joint(joint, (sign * sizes.wing_joint_x_m, 0.0, height))
    size, thick = (sizes.panel_z_m, sizes.panel_x_m), sizes.panel_thickness_m
    first, step = sizes.wing_joint_x_m + sizes.yoke_m, sizes.panel_x_m + _GAP_M
    for k in range(_PANELS):
        x = sign * (first + 0.5 * sizes.panel_x_m + k * step)
        front = face_of((x, 0.5 * thick, height), (0.0, 1.0, 0.0), (0, 0, 1))
        add_panel(model, f"{joint}_panel_{k + 1}", front, size[::-1], thick, joint)
        if k:
            toward_root = -sign * 0.5 * step * np.sign(front.x[0])
            hinges = [(toward_root, y) for y in (-0.32 * size[0], 0.32 * size[0])]
            add_hinges(model, f"{joint}_hinges", front, hinges, across_x=True, thickness_m=thick, joint=joint)
    _yoke(model, sizes, sign, joint, height)


def _yoke(model: ModelBuilder, sizes: BepiColomboSizes, sign: float, joint: str, height: float) -> None:
    """The drive's shaft, two arms and the bar along the first panel."""
    group, root, edge = f"{joint}_yoke", sizes.wing_joint_x_m, sizes.wing_joint_x_m + sizes.yoke_m
    shaft = lathe([(0.11, -0.14), (0.11, 0.04), (0.15, 0.05), (0.15, 0.09), (0.0, 0.09)], 36)
    model.add(group, "aluminium", shaft.aimed((sign, 0.0, 0.0)).at((sign * root, 0.0, height)), joint=joint)
    model.add(group, "aluminium", box(0.12, 0.08, 0.28, 0.012).at((sign * (root + 0.11), 0.0, height)), joint=joint)
    for s in (1.0, -1.0):
        ends = (sign * (root + 0.11), 0, height + 0.09 * s), (sign * (edge + 0.03), 0, height + 0.6 * s)
        model.add(group, "cfrp", beam(*ends, 0.06, 0.045, (0, 1, 0), 0.006), joint=joint)
    bar = (sign * (edge - 0.02), 0, height - 0.75), (sign * (edge - 0.02), 0, height + 0.75)
    model.add(group, "cfrp", beam(*bar, 0.055, 0.042, (0, 1, 0), 0.006), joint=joint)
