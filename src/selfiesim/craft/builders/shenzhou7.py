"""A simplified model of the crewed spaceship Shenzhou 7, from whose orbital module the satellite BX-1 was released.

Published: 9.25 m long and 2.8 m wide at most, three modules, two wings 2.0 m wide. Recalled and not checked: the length
and width of each module, 17 m from tip to tip. Everything else is assumed. Body axes: origin on the axis where re-entry
and service module meet, +X the orbital module, the wings along Y, +Z the side of the satellite.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from selfiesim.core.errors import ModelError
from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import beam, box_on_face, cylinder, lathe, nozzle, ring, rod, tube
from selfiesim.craft.builders.solar_panel import add_hinges, add_panel, panel_finishes
from selfiesim.craft.builders.solid import Face, face_of

__all__ = ["Shenzhou7Sizes", "build", "glb"]

_PANELS = 4
_GAP_M = 0.04
_TEXEL_M = 0.008
_CELL_M = (0.08, 0.04)
_X, _UP = np.array([1.0, 0.0, 0.0]), (0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Shenzhou7Sizes:
    """Sizes, m."""

    length_m: float = 9.25  # sourced: Wikipedia
    base_width_m: float = 2.8  # sourced: the greatest width (CMSA)
    service_length_m: float = 2.94  # assumed: recalled, not checked
    service_width_m: float = 2.5  # assumed: recalled, not checked
    entry_length_m: float = 2.5  # assumed: recalled, not checked
    orbital_length_m: float = 2.8  # assumed: recalled, not checked
    orbital_width_m: float = 2.25  # assumed: recalled, not checked
    span_m: float = 17.0  # assumed: recalled, not checked
    panel_width_m: float = 2.0  # sourced: measured on a model by S. Pietrobon
    panel_thickness_m: float = 0.03  # assumed
    yoke_m: float = 0.75  # assumed: from the service module to the first panel
    satellite_m: float = 0.40  # sourced: the edge of BX-1, whose empty cradle is on the orbital module
    seed: int = 20080925  # the day of its launch

    def __post_init__(self) -> None:
        if self.panel_m < 0.5:
            raise ModelError(f"span_m leaves {self.panel_m:.2f} m for each of the four panels, which need 0.5 m")
        if self.front_m < self.entry_length_m + self.orbital_length_m:
            raise ModelError(f"length_m is {self.length_m:.2f} m, less than the three modules together")

    @property
    def front_m(self) -> float:
        """X of the front of the ship."""
        return self.length_m - self.service_length_m

    @property
    def panel_m(self) -> float:
        """Length of one of a wing's four panels."""
        return (0.5 * (self.span_m - self.service_width_m) - self.yoke_m - (_PANELS - 1) * _GAP_M) / _PANELS


def build(sizes: Shenzhou7Sizes | None = None) -> ModelBuilder:
    """Build the ship as solids in body axes."""
    sizes = sizes or Shenzhou7Sizes()
    model = ModelBuilder("shenzhou7")
    _service_module(model, sizes)
    _entry_module(model, sizes)
    _orbital_module(model, sizes)
    _front(model, sizes)
    for sign, name in ((1.0, "wing_plus_y"), (-1.0, "wing_minus_y")):
        _wing(model, sizes, sign, name)
    return model


def glb(sizes: Shenzhou7Sizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    sizes = sizes or Shenzhou7Sizes()
    return build(sizes).glb(panel_finishes((sizes.panel_width_m, sizes.panel_m), _CELL_M, _TEXEL_M, sizes.seed))


def _along_x(model: ModelBuilder, group: str, material: str, profile: list[tuple[float, float]]) -> None:
    """Add a solid of revolution about X: a profile of (radius, x)."""
    model.add(group, material, lathe(profile, 72).aimed(_X, _UP))


def _hoop(model: ModelBuilder, group: str, material: str, r: float, x: float, wide: float) -> None:
    section = [
        (r - 0.05, x - 0.5 * wide),
        (r + 0.02, x - 0.5 * wide),
        (r + 0.02, x + 0.5 * wide),
        (r - 0.05, x + 0.5 * wide),
    ]
    model.add(group, material, ring(section, 72).aimed(_X, _UP))


def _wall(r: float, x: float, angle_deg: float) -> Face:
    """A face on a cylinder about X, at an angle from +Y toward +Z; its y axis is forward."""
    angle = np.radians(angle_deg)
    radial = np.array([0.0, np.cos(angle), np.sin(angle)])
    return face_of(r * radial + x * _X, radial, _X)


def _service_module(model: ModelBuilder, sizes: Shenzhou7Sizes) -> None:
    """The cylinder with its radiator, the skirt at its base, four main engines and small thrusters."""
    r, low, wide = 0.5 * sizes.service_width_m, -sizes.service_length_m, 0.5 * sizes.base_width_m
    skirt = [(0.0, low + 0.14), (wide - 0.10, low + 0.14), (wide - 0.05, low), (wide, low), (wide, low + 0.10)]
    _along_x(model, "service_module", "white_paint", [*skirt, (r, low + 0.55), (r, -0.06), (r - 0.14, 0.0), (0.0, 0.0)])
    for k in range(12):
        side = _wall(r * np.cos(np.pi / 12) - 0.01, -1.10, 30.0 * k + 15.0)
        model.add("radiator", "radiator_white", side.put(box_on_face(0.58, 1.30, 0.05, 0.012, 0.02)))
    _hoop(model, "service_module", "aluminium", r, -1.98, 0.09)
    _hoop(model, "service_module", "aluminium", r, -0.20, 0.09)
    for y, z in ((0.34, 0.34), (-0.34, 0.34), (0.34, -0.34), (-0.34, -0.34)):
        bell = nozzle(0.06, 0.20, 0.46, 0.006, 32, 10).aimed(-_X, _UP).at((low - 0.02, y, z))
        model.add("engines", "nozzle_niobium", bell)
        collar = cylinder(0.12, 0.30, 24, 0.01).aimed(-_X, _UP).at((low + 0.08, y, z))
        model.add("engines", "aluminium", collar)
    for angle in (45.0, 135.0, 225.0, 315.0):
        for x in (-2.16, -0.34):
            side = _wall(r - 0.02, x, angle + 8.0)
            model.add("thrusters", "aluminium", side.put(box_on_face(0.26, 0.13, 0.09, 0.01, 0.02)))
            for s in (-0.07, 0.07):
                cup = lathe(
                    [(0.012, -0.02), (0.012, 0.02), (0.035, 0.08), (0.030, 0.08), (0.008, 0.02), (0.0, 0.02)], 16
                )
                model.add("thrusters", "thruster_black", side.put(cup, s, 0.0, 0.08))


def _entry_module(model: ModelBuilder, sizes: Shenzhou7Sizes) -> None:
    """The bell of the re-entry module, its windows, and the cable duct across it."""
    r, top = 0.5 * sizes.service_width_m + 0.01, sizes.entry_length_m
    bell = [(0.0, 0.02), (r - 0.10, 0.02), (r, 0.14), (r - 0.03, 0.45)]
    bell += [(r - 0.03 - 0.52 * f**1.6, 0.45 + f * (top - 0.75)) for f in np.linspace(0.2, 1.0, 6)]
    _along_x(model, "entry_module", "capsule_silver", [*bell, (0.62, top - 0.06), (0.0, top - 0.06)])
    for angle in (20.0, 160.0):
        side = _wall(r - 0.13, 1.16, angle)
        pane = ring([(0.12, -0.10), (0.19, -0.10), (0.19, 0.05), (0.12, 0.05)], 32)
        model.add("windows", "aluminium", side.put(pane))
        model.add("windows", "glass", side.put(cylinder(0.125, 0.10, 32), z=-0.04))
    duct = [
        _wall(d, x, 268.0).centre
        for d, x in ((r - 0.06, -0.25), (r + 0.06, 0.1), (r + 0.01, 0.7), (r - 0.38, 2.2), (0.98, 2.75))
    ]
    model.add("duct", "silver_foil", tube(np.array(duct), 0.07, 12))


def _orbital_module(model: ModelBuilder, sizes: Shenzhou7Sizes) -> None:
    """The cylinder of the orbital module with its hatch, windows, handrails and antennas."""
    r, low = 0.5 * sizes.orbital_width_m, sizes.entry_length_m - 0.10
    high = low + sizes.orbital_length_m
    wall = [(0.0, low), (0.66, low), (0.72, low + 0.10), (r - 0.16, low + 0.30), (r, low + 0.52)]
    _along_x(
        model,
        "orbital_module",
        "white_paint",
        [*wall, (r, high - 0.46), (r - 0.20, high - 0.16), (0.62, high), (0.0, high)],
    )
    for x in (low + 0.62, high - 0.56):
        _hoop(model, "orbital_module", "aluminium", r, x, 0.07)
    hatch = _wall(r - 0.03, 0.5 * (low + high), 0.0)
    model.add("hatch", "aluminium", hatch.put(ring([(0.43, -0.12), (0.52, -0.12), (0.52, 0.07), (0.43, 0.07)], 48)))
    model.add("hatch", "white_paint", hatch.put(lathe([(0.44, -0.10), (0.44, 0.02), (0.38, 0.05), (0.0, 0.06)], 48)))
    for angle in (62.0, 118.0):
        side = _wall(r - 0.01, low + 1.05, angle)
        model.add(
            "windows", "aluminium", side.put(ring([(0.10, -0.06), (0.16, -0.06), (0.16, 0.05), (0.10, 0.05)], 32))
        )
        model.add("windows", "glass", side.put(cylinder(0.105, 0.06, 32), z=-0.005))
    for angle in (38.0, -38.0, 90.0):
        side = _wall(r, 0.5 * (low + high), angle)
        rail = [side.point(0.0, y, z) for y, z in ((-0.62, -0.02), (-0.62, 0.10), (0.62, 0.10), (0.62, -0.02))]
        model.add("rails", "flag_gold", *(rod(a, b, 0.018, 10) for a, b in pairwise(rail)))
    for angle in (150.0, 210.0):
        side = _wall(r - 0.01, high - 0.75, angle)
        model.add("antennas", "aluminium", rod(side.point(0, 0, -0.02), side.point(0, 0.10, 0.70), 0.015, 10))
        model.add("antennas", "aluminium", side.put(box_on_face(0.12, 0.12, 0.05, 0.008, 0.02)))


def _front(model: ModelBuilder, sizes: Shenzhou7Sizes) -> None:
    """What stands on the front of the orbital module: a frame with instruments, and the cradle of BX-1 on +Z."""
    low, r = sizes.entry_length_m - 0.10 + sizes.orbital_length_m, 0.44
    top = sizes.front_m
    _along_x(
        model,
        "front",
        "aluminium",
        [(0.0, low - 0.02), (0.56, low - 0.02), (0.56, low + 0.10), (r, low + 0.14), (0.0, low + 0.14)],
    )
    for angle in np.radians([30.0, 90.0, 150.0, 210.0, 270.0, 330.0]):
        foot = np.array([low + 0.12, r * np.cos(angle) * 0.9, r * np.sin(angle) * 0.9])
        model.add("front", "aluminium", rod(foot, foot + (top - 0.32 - low) * _X, 0.02, 10))
    deck = [(0.0, top - 0.24), (0.40, top - 0.24), (0.42, top - 0.20), (0.42, top - 0.12), (0.0, top - 0.12)]
    _along_x(model, "front", "silver_foil", deck)
    _along_x(
        model,
        "front",
        "black_kapton",
        [(0.0, top - 0.13), (0.20, top - 0.13), (0.20, top - 0.02), (0.17, top), (0.0, top)],
    )
    edge = 0.5 * sizes.satellite_m
    seat = face_of(np.array([low - 0.20, 0.0, 0.78]), np.array([0.75, 0.0, 0.66]), np.array([0.0, 1.0, 0.0]))
    model.add("cradle", "aluminium", seat.put(box_on_face(2.2 * edge, 2.2 * edge, 0.05, 0.008, 0.12)))
    for x in (-1.0, 1.0):
        for y in (-1.0, 1.0):
            model.add(
                "cradle", "tank_titanium", seat.put(box_on_face(0.05, 0.05, 0.13, 0.006, 0.0), x * edge, y * edge, 0.04)
            )


def _wing(model: ModelBuilder, sizes: Shenzhou7Sizes, sign: float, name: str) -> None:
    """Four panels on a yoke, their cells toward +Z, rotating about Y."""
    along, normal = np.array([0.0, sign, 0.0]), np.array([0.0, 0.0, 1.0])
    root = np.array([-1.75, sign * 0.5 * sizes.service_width_m, 0.0])
    model.joint(name, root)
    size, thick, step = (sizes.panel_width_m, sizes.panel_m), sizes.panel_thickness_m, sizes.panel_m + _GAP_M
    for k in range(_PANELS):
        centre = root + (sizes.yoke_m + 0.5 * sizes.panel_m + k * step) * along
        front = face_of(centre + 0.5 * thick * normal, normal, along)
        add_panel(model, f"{name}_panel_{k + 1}", front, size, thick, name)
        if k:
            hinges = [(x, -0.5 * step) for x in (-0.32 * size[0], 0.32 * size[0])]
            add_hinges(model, f"{name}_hinges", front, hinges, across_x=False, thickness_m=thick, joint=name)
    drum = lathe([(0.15, -0.14), (0.15, 0.12), (0.10, 0.16), (0.0, 0.16)], 32)
    model.add(f"{name}_drive", "aluminium", drum.aimed(along).at(root))
    for s in (-1.0, 1.0):
        ends = root + 0.10 * along + 0.05 * s * _X, root + (sizes.yoke_m + 0.03) * along + 0.70 * s * _X
        model.add(f"{name}_yoke", "cfrp", beam(*ends, 0.06, 0.045, normal, 0.006), joint=name)
    bar, half = root + (sizes.yoke_m - 0.01) * along, 0.8 * _X
    model.add(f"{name}_yoke", "cfrp", beam(bar - half, bar + half, 0.05, 0.040, normal, 0.006), joint=name)
