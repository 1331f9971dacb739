"""A simplified model of Orion as it flew on Artemis I: crew module, its adapter, European service module, four wings.

Published: the crew module 5.0 m wide and 3.3 m high, the service module with its adapter 4 m high, wings 19 m from tip
to tip, of three panels each, in the shape of an X, with a camera at each tip. Everything else is assumed. Body axes:
origin on the axis where crew module and adapter meet, +X the nose, -X the engine, the wings between Y and Z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, nozzle, ring, rod
from selfiesim.craft.builders.solar_panel import add_hinges, add_panel, panel_finishes
from selfiesim.craft.builders.solid import Face, face_of, unit

__all__ = ["OrionSizes", "build", "glb"]

_WINGS, _PANELS = 4, 3
_GAP_M = 0.04
_TEXEL_M = 0.006
_CELL_M = (0.08, 0.04)
_X = np.array([1.0, 0.0, 0.0])


@dataclass(frozen=True)
class OrionSizes:
    """Sizes, m; angles in degrees."""

    crew_width_m: float = 5.02  # sourced: 16.5 feet
    crew_height_m: float = 3.3  # sourced: 11 feet
    crew_slope_deg: float = 32.5  # assumed: half angle of the cone
    service_width_m: float = 4.1  # assumed: of the service module; its adapter is as wide as the crew module
    service_height_m: float = 4.0  # sourced: service module and adapter (ESA)
    nozzle_m: float = 1.3  # assumed: length of the engine's bell
    span_m: float = 19.0  # sourced: from tip to tip (ESA), with the wings straight out
    panel_width_m: float = 1.92  # assumed: across a wing
    panel_thickness_m: float = 0.025  # assumed
    yoke_m: float = 1.1  # assumed: from the drive to the first panel
    sweep_deg: float = 25.0  # assumed: the wings lean toward the engine
    rise_m: float = 0.02  # assumed: depth of the blankets' seams
    seed: int = 20221116  # the day of its launch

    def __post_init__(self) -> None:
        if self.panel_m < 0.5:
            raise ModelError(f"span_m leaves {self.panel_m:.2f} m for each of the three panels, which need 0.5 m")

    @property
    def root_m(self) -> NDArray[np.float64]:
        """Distance from the axis, and X, of the wings' drives (2,)."""
        return np.array([0.5 * self.service_width_m + 0.12, -self.service_height_m + 0.55])

    @property
    def panel_m(self) -> float:
        """Length of one of a wing's three panels along the wing."""
        return float(0.5 * self.span_m - self.root_m[0] - self.yoke_m - (_PANELS - 1) * _GAP_M) / _PANELS

    def wing_axes(self, number: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Root (3,) of a wing, and unit vectors along it and toward the engine, off its cells."""
        angle, sweep = np.radians(45.0 + 90.0 * number), np.radians(self.sweep_deg)
        radial = np.array([0.0, np.cos(angle), np.sin(angle)])
        root = self.root_m[0] * radial + self.root_m[1] * _X
        return root, np.cos(sweep) * radial - np.sin(sweep) * _X, -np.sin(sweep) * radial - np.cos(sweep) * _X


def build(sizes: OrionSizes | None = None) -> ModelBuilder:
    """Build the craft as solids in body axes."""
    sizes = sizes or OrionSizes()
    model = ModelBuilder("orion")
    _crew_module(model, sizes)
    _adapter(model, sizes)
    _service_module(model, sizes)
    _engines(model, sizes)
    for number in range(_WINGS):
        _wing(model, sizes, number)
    return model


def glb(sizes: OrionSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    sizes = sizes or OrionSizes()
    return build(sizes).glb(panel_finishes((sizes.panel_width_m, sizes.panel_m), _CELL_M, _TEXEL_M, sizes.seed))


def _along_x(model: ModelBuilder, group: str, material: str, profile: list[tuple[float, float]], segments: int) -> None:
    """Add a solid of revolution about X: a profile of (radius, x)."""
    model.add(group, material, lathe(profile, segments).aimed(_X, (0.0, 1.0, 0.0)))


def _crew_module(model: ModelBuilder, sizes: OrionSizes) -> None:
    """The cone under silvered tiles, its forward bay cover with the docking ring, windows, and the heat shield."""
    r, high, slope = 0.5 * sizes.crew_width_m, sizes.crew_height_m, np.tan(np.radians(sizes.crew_slope_deg))
    base, shoulder, top = 0.42, 0.62, high - 0.42
    cone = [(0.86 * r, 0.0), (r - 0.06, 0.20), (r, base), (r - 0.03, shoulder)]
    for k in range(1, 6):  # rows of tiles with a step between them
        x = shoulder + (top - shoulder) * k / 5
        radius = r - 0.03 - slope * (x - shoulder)
        cone += [(radius + 0.012, x - 0.012), (radius, x)]
    lid = cone[-1][0]
    _along_x(model, "crew_module", "capsule_silver", [*cone, (0.0, top)], 96)
    bay = [(lid - 0.05, top - 0.02), (lid - 0.20, top + 0.20), (0.62, top + 0.24), (0.0, top + 0.24)]
    _along_x(model, "forward_bay", "white_paint", bay, 72)
    docking = ring([(0.40, top + 0.20), (0.58, top + 0.20), (0.58, high - 0.02), (0.50, high), (0.40, high)], 64)
    model.add("forward_bay", "aluminium", docking.aimed(_X, (0.0, 1.0, 0.0)))
    seams = np.radians(np.arange(15.0, 375.0, 30.0))
    for angle in seams:
        radial = np.array([0.0, np.cos(angle), np.sin(angle)])
        low, up = (r - 0.018) * radial + (shoulder + 0.04) * _X, (lid + 0.012) * radial + (top - 0.03) * _X
        model.add("seams", "aluminium", beam(low, up, 0.05, 0.02, radial))
    for angle in np.radians([-14.0, 14.0, 166.0, 194.0]):
        radial = np.array([0.0, np.sin(angle), np.cos(angle)])
        x = shoulder + 0.52 * (top - shoulder)
        wall = (r - 0.03 - slope * (x - shoulder)) * radial + x * _X
        normal = unit(radial + slope * _X)
        pane = face_of(wall, normal, _X)
        model.add("windows", "aluminium", pane.put(box(0.44, 0.52, 0.06, 0.02)))
        model.add("windows", "glass", pane.put(box(0.34, 0.42, 0.05, 0.02), z=0.014))
    for k, angle in enumerate(np.radians([60.0, 120.0, 240.0, 300.0])):
        radial = np.array([0.0, np.sin(angle), np.cos(angle)])
        x = shoulder + 0.30 * (top - shoulder)
        wall = face_of((r - 0.03 - slope * (x - shoulder)) * radial + x * _X, unit(radial + slope * _X), _X)
        for y in (-0.14, 0.14):
            cup = lathe([(0.07, -0.03), (0.07, 0.02), (0.05, 0.02), (0.03, -0.005), (0.0, -0.005)], 20)
            model.add("thrusters", "thruster_black", wall.put(cup, 0.05 * (k % 2), y, 0.01))


def _adapter(model: ModelBuilder, sizes: OrionSizes) -> None:
    """The crew module adapter: a ring of white radiators between dark bands."""
    r = 0.5 * sizes.crew_width_m - 0.06
    _along_x(
        model,
        "adapter",
        "black_kapton",
        [
            (r - 0.30, 0.05),
            (r - 0.02, -0.04),
            (r - 0.02, -0.16),
            (r - 0.05, -0.16),
            (r - 0.05, -1.18),
            (r - 0.42, -1.32),
        ][::-1],
        96,
    )
    count = 12
    for k in range(count):
        angle = np.radians(360.0 * (k + 0.5) / count)
        radial = np.array([0.0, np.cos(angle), np.sin(angle)])
        side = face_of((r - 0.03) * np.cos(np.pi / count) * radial - 0.66 * _X, radial, _X)
        wide = 2.0 * r * np.sin(np.pi / count) - 0.10
        model.add("adapter", "radiator_white", side.put(box(wide, 0.92, 0.10, 0.02)))
    for number in range(_WINGS):
        angle = np.radians(90.0 * number)
        radial = np.array([0.0, np.cos(angle), np.sin(angle)])
        side = face_of((r - 0.01) * radial - 0.10 * _X, radial, _X)
        model.add("adapter", "aluminium", side.put(box_on_face(0.30, 0.20, 0.08, 0.02, 0.06)))


def _service_module(model: ModelBuilder, sizes: OrionSizes) -> None:
    """The cylinder of the service module: radiators around it, dark blankets above and below, a closed base."""
    r, low = 0.5 * sizes.service_width_m, -sizes.service_height_m
    _along_x(model, "service_module", "white_paint", [(r - 0.05, low), (r - 0.05, -1.26)], 96)
    count, height = 8, -1.42 - low - 0.34
    for k in range(count):
        angle = np.radians(360.0 * k / count)
        radial = np.array([0.0, np.cos(angle), np.sin(angle)])
        side = face_of(r * np.cos(np.pi / count) * radial + (low + 0.30 + 0.5 * height) * _X, radial, _X)
        wide = 2.0 * r * np.sin(np.pi / count) - 0.16
        model.add("service_module", "radiator_white", side.put(box(wide, height, 0.22, 0.03)))
    for x, thick in ((low + 0.13, 0.185), (-1.33, 0.10)):
        hoop = [
            (r - 0.08, x - 0.5 * thick),
            (r - 0.015, x - 0.5 * thick),
            (r - 0.015, x + 0.5 * thick),
            (r - 0.08, x + 0.5 * thick),
        ]
        model.add("service_module", "black_kapton", ring(hoop, 96).aimed(_X, (0.0, 1.0, 0.0)))
    base = [
        (0.0, low - 0.16),
        (0.72, low - 0.16),
        (r - 0.30, low - 0.05),
        (r - 0.06, low + 0.02),
        (r - 0.06, low + 0.06),
    ]
    _along_x(model, "base", "silver_foil", base, 96)


def _engines(model: ModelBuilder, sizes: OrionSizes) -> None:
    """The main engine, eight auxiliary engines in pairs, and six pods of small thrusters around the base."""
    low, r = -sizes.service_height_m, 0.5 * sizes.service_width_m
    bell = nozzle(0.15, 0.55, sizes.nozzle_m, 0.008, 64, 14).aimed(-_X, (0.0, 1.0, 0.0)).at((low - 0.34, 0.0, 0.0))
    model.add("engine", "nozzle_niobium", bell)
    collar = cylinder(0.34, 0.30, 48, 0.03).aimed(-_X, (0.0, 1.0, 0.0)).at((low - 0.05, 0.0, 0.0))
    model.add("engine", "aluminium", collar)
    for number in range(_WINGS):
        angle = np.radians(90.0 * number)
        radial, tangent = np.array([0.0, np.cos(angle), np.sin(angle)]), np.array([0.0, -np.sin(angle), np.cos(angle)])
        for s in (-0.19, 0.19):
            at = 1.42 * radial + s * tangent + (low - 0.12) * _X
            model.add("engine", "nozzle_niobium", nozzle(0.03, 0.13, 0.30, 0.005, 28, 8).aimed(-_X, radial).at(at))
            stub = cylinder(0.07, 0.20, 24, 0.01).aimed(-_X, radial).at(at + 0.14 * _X)
            model.add("engine", "aluminium", stub)
    for k in range(6):
        angle = np.radians(60.0 * k + 30.0)
        radial = np.array([0.0, np.cos(angle), np.sin(angle)])
        pod = face_of((r - 0.04) * radial + (low + 0.16) * _X, radial, _X)
        _pod(model, pod)


def _pod(model: ModelBuilder, pod: Face) -> None:
    model.add("pods", "aluminium", pod.put(box_on_face(0.50, 0.26, 0.24, 0.03, 0.03)))
    for x in (-0.15, 0.15):
        cup = lathe([(0.02, -0.02), (0.02, 0.02), (0.05, 0.11), (0.045, 0.11), (0.015, 0.02), (0.0, 0.02)], 20)
        model.add("pods", "thruster_black", pod.put(cup, x, 0.0, 0.24))


def _wing(model: ModelBuilder, sizes: OrionSizes, number: int) -> None:
    """Three panels on a yoke, their cells toward the engine, and the camera on a bracket at the tip."""
    root, along, normal = sizes.wing_axes(number)
    size, thick, step = (sizes.panel_width_m, sizes.panel_m), sizes.panel_thickness_m, sizes.panel_m + _GAP_M
    name = f"wing_{number + 1}"
    for k in range(_PANELS):
        centre = root + (sizes.yoke_m + 0.5 * sizes.panel_m + k * step) * along
        front = face_of(centre + 0.5 * thick * normal, normal, along)
        add_panel(model, f"{name}_panel_{k + 1}", front, size, thick)
        if k:
            hinges = [(x, -0.5 * step) for x in (-0.32 * size[0], 0.32 * size[0])]
            add_hinges(model, f"{name}_hinges", front, hinges, across_x=False, thickness_m=thick)
    across = np.cross(along, normal)
    drum = lathe([(0.16, -0.22), (0.16, 0.10), (0.11, 0.14), (0.0, 0.14)], 36)
    model.add(f"{name}_yoke", "aluminium", drum.aimed(along).at(root))
    for s in (-1.0, 1.0):
        ends = root + 0.08 * along + 0.06 * s * across, root + (sizes.yoke_m + 0.03) * along + 0.60 * s * across
        model.add(f"{name}_yoke", "cfrp", beam(*ends, 0.06, 0.045, normal, 0.006))
    bar, half = root + (sizes.yoke_m - 0.01) * along, 0.75 * across
    model.add(f"{name}_yoke", "cfrp", beam(bar - half, bar + half, 0.05, 0.040, normal, 0.006))
    tip = root + (sizes.yoke_m + _PANELS * step) * along
    lens = tip + 0.06 * along - 0.24 * normal
    model.add("cameras", "aluminium", rod(tip - 0.12 * along, tip + 0.06 * along, 0.02, 12))
    model.add("cameras", "aluminium", rod(tip + 0.06 * along, lens, 0.02, 12))
    model.add("cameras", "black_kapton", box(0.09, 0.07, 0.06, 0.008).aimed(along, normal).at(lens))
