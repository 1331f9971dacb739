"""A CubeSat of three units with deployed wings: no particular one, but one of the standard's size.

Published: the size, 100 x 100 x 340.5 mm with rails 8.5 mm wide (CubeSat Design Specification, revision 14.1, 2022).
Everything else is assumed, as many such satellites have it. Body axes: origin at the centre of the body, +Z the end
with the wings and the camera's bay, -Z the end with the telescope; the wings reach out along Y, cells toward +Z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, dome, ring, rod, textured_sheet, tube
from selfiesim.craft.builders.solar_panel import panel_finishes
from selfiesim.craft.builders.solid import Face, Solid, face_of
from selfiesim.craft.materials import Finish

__all__ = ["CubesatSizes", "build", "finishes", "glb"]

_TEXEL_M = 0.0004
_PANEL_THICKNESS_M = 0.0018
_SCREWS = 0.0016  # radius of their heads, m


@dataclass(frozen=True)
class CubesatSizes:
    """Sizes, m."""

    width_m: float = 0.100  # sourced: CubeSat Design Specification
    length_m: float = 0.3405  # sourced: the same, three units
    rail_m: float = 0.0085  # sourced: the same
    panel_x_m: float = 0.082  # assumed: width of a wing
    panel_y_m: float = 0.320  # assumed: length of a wing
    cell_m: float = 0.040  # assumed: width of a cell
    antenna_m: float = 0.17  # assumed: a quarter wave at 435 MHz
    seed: int = 3


def finishes(sizes: CubesatSizes | None = None) -> dict[str, Finish]:
    """Return the materials, with the texture of the solar cells."""
    sizes = sizes or CubesatSizes()
    return panel_finishes((sizes.panel_y_m, sizes.panel_x_m), (2 * sizes.cell_m, sizes.cell_m), _TEXEL_M, sizes.seed)


def build(sizes: CubesatSizes | None = None) -> ModelBuilder:
    """Build the craft as solids in body axes."""
    sizes = sizes or CubesatSizes()
    model = ModelBuilder("cubesat")
    _frame(model, sizes)
    for number in range(4):
        _side(model, sizes, number)
    _upper_end(model, sizes)
    _telescope(model, sizes)
    for sign in (1.0, -1.0):
        _wing(model, sizes, sign)
    _antennas(model, sizes)
    return model


def glb(sizes: CubesatSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    return build(sizes).glb(finishes(sizes))


def _frame(model: ModelBuilder, sizes: CubesatSizes) -> None:
    """The body, the four rails with rounded edges, and the ribs between the units."""
    half, inset = 0.5 * sizes.width_m, 0.5 * (sizes.width_m - sizes.rail_m)
    inner = sizes.width_m - 0.006
    model.add("frame", "black_kapton", box(inner, inner, sizes.length_m - 0.014, 0.001))
    for x in (-inset, inset):
        for y in (-inset, inset):
            rail = box(sizes.rail_m, sizes.rail_m, sizes.length_m, 0.001).at((x, y, 0.0))
            model.add("frame", "aluminium", rail)
    for z in (-0.5 * sizes.length_m + 0.012, -sizes.length_m / 6, sizes.length_m / 6, 0.5 * sizes.length_m - 0.012):
        for k in range(4):
            angle = 0.5 * np.pi * k
            along = np.array([-np.sin(angle), np.cos(angle), 0.0]).round(12)
            out = np.array([np.cos(angle), np.sin(angle), 0.0]).round(12)
            size = np.abs(along) * (sizes.width_m - 2 * sizes.rail_m + 0.004) + np.abs(out) * 0.006
            rib = box(float(size[0]), float(size[1]), 0.009, 0.0006).at((half - 0.0036) * out + (0.0, 0.0, z))
            model.add("frame", "aluminium", rib)


def _side(model: ModelBuilder, sizes: CubesatSizes, number: int) -> None:
    """A long side: three panels of cells, or radiators on the sides away from the wings' fold."""
    angle = 0.5 * np.pi * number
    normal = np.array([np.cos(angle), np.sin(angle), 0.0]).round(12)
    front = face_of((0.5 * sizes.width_m - 0.004) * normal, normal, up=(0.0, 0.0, 1.0))
    group, third = f"side_{number + 1}", sizes.length_m / 3
    wide, high = sizes.width_m - 2 * sizes.rail_m - 0.002, third - 0.016
    for k in (-1, 0, 1):
        centre = k * (third - 0.002)
        model.add(group, "cfrp", front.put(box_on_face(wide, high, 0.0026, 0.0006, sunk_m=0.002), 0.0, centre))
        if number % 2 == 0 or k == 0:
            for x in (-0.25 * wide, 0.25 * wide):
                cell = textured_sheet(0.46 * wide, high - 0.010, 0.0016).moved(z=0.0018)
                model.add(group, "solar_cell", front.put(cell, x, centre))
        else:
            plate = box_on_face(0.86 * wide, high - 0.012, 0.0016, 0.0005, sunk_m=0.001)
            model.add(group, "radiator_white", front.put(plate.moved(z=0.0024), 0.0, centre))
        screws = [
            front.put(
                dome(_SCREWS, 0.0012, 16, 4).moved(z=0.0024),
                sx * (0.5 * wide - 0.004),
                centre + sy * (0.5 * high - 0.003),
            )
            for sx in (-1, 1)
            for sy in (-1, 1)
        ]
        model.add(group, "aluminium", *screws)
    _fittings(model, group, front, number, third)


def _fittings(model: ModelBuilder, group: str, front: Face, number: int, third: float) -> None:
    """What sits between the panels: Sun sensors, a connector under its cover, the access port."""
    y = 0.5 * third
    if number % 2 == 0:
        model.add(group, "aluminium", front.put(box_on_face(0.016, 0.010, 0.005, 0.0008, sunk_m=0.004), 0.012, y))
        model.add(group, "glass", front.put(cylinder(0.0030, 0.0062, 24).moved(z=-0.001), 0.012, y))
    else:
        model.add(group, "gold_foil", front.put(box_on_face(0.030, 0.0125, 0.0045, 0.0006, sunk_m=0.004), -0.010, -y))
        model.add(
            group, "thruster_black", front.put(box_on_face(0.022, 0.004, 0.0058, 0.0003, sunk_m=0.004), -0.010, -y)
        )


def _upper_end(model: ModelBuilder, sizes: CubesatSizes) -> None:
    """The end that the camera left: its empty bay, a patch antenna and a star tracker."""
    top = face_of((0.0, 0.0, 0.5 * sizes.length_m - 0.008), (0.0, 0.0, 1.0), up=(0.0, 1.0, 0.0))
    plate = sizes.width_m - 2 * sizes.rail_m + 0.004
    model.add("upper_end", "silver_foil", top.put(box_on_face(plate, plate, 0.003, 0.0008, sunk_m=0.004)))
    bay = [(0.019, -0.002), (0.024, -0.002), (0.024, 0.009), (0.019, 0.009)]
    model.add("upper_end", "aluminium", top.put(ring(bay, 72), -0.016, 0.016))
    model.add("upper_end", "thruster_black", top.put(cylinder(0.0195, 0.0045, 72).moved(z=-0.001), -0.016, 0.016))
    model.add(
        "upper_end", "white_paint", top.put(box_on_face(0.026, 0.026, 0.006, 0.0008, sunk_m=0.002), 0.022, -0.022)
    )
    model.add("upper_end", "gold_foil", top.put(cylinder(0.0022, 0.0075, 24).moved(z=-0.001), 0.022, -0.022))
    hood = [(0.0075, -0.003), (0.0100, -0.003), (0.0115, 0.012), (0.0105, 0.012)]
    model.add("upper_end", "thruster_black", top.put(ring(hood, 48), 0.026, 0.024))
    model.add("upper_end", "glass", top.put(cylinder(0.0078, 0.004, 48).moved(z=-0.002), 0.026, 0.024))


def _telescope(model: ModelBuilder, sizes: CubesatSizes) -> None:
    """The lower end: a telescope behind a baffle, with a ring of screws."""
    end = face_of((0.0, 0.0, -0.5 * sizes.length_m + 0.008), (0.0, 0.0, -1.0), up=(0.0, 1.0, 0.0))
    plate = sizes.width_m - 2 * sizes.rail_m + 0.004
    model.add("telescope", "black_kapton", end.put(box_on_face(plate, plate, 0.003, 0.0008, sunk_m=0.004)))
    baffle = [(0.0335, -0.004), (0.038, -0.004), (0.038, 0.007), (0.0360, 0.0085), (0.0335, 0.0085)]
    model.add("telescope", "thruster_black", end.put(ring(baffle, 96)))
    model.add("telescope", "glass", end.put(cylinder(0.0340, 0.0045, 96).moved(z=-0.001)))
    model.add("telescope", "aluminium", end.put(cylinder(0.0095, 0.0062, 48).moved(z=-0.001)))


def _wing(model: ModelBuilder, sizes: CubesatSizes, sign: float) -> None:
    """A wing: a thin board with cells toward +Z, three hinges at the body, a cable and a snubber behind."""
    group, t = "wing_plus_y" if sign > 0 else "wing_minus_y", _PANEL_THICKNESS_M
    root = 0.5 * sizes.width_m + 0.006
    z = 0.5 * sizes.length_m - 0.006
    centre = (0.0, sign * (root + 0.5 * sizes.panel_y_m), z)
    front = face_of((*centre[:2], z + 0.5 * t), (0.0, 0.0, 1.0), up=(1.0, 0.0, 0.0))
    back = face_of((*centre[:2], z - 0.5 * t), (0.0, 0.0, -1.0), up=(1.0, 0.0, 0.0))
    model.add(group, "cfrp", box(sizes.panel_x_m, sizes.panel_y_m, t, 0.0004).at(centre))
    sheet = textured_sheet(sizes.panel_y_m - 0.006, sizes.panel_x_m - 0.006, 0.0014).moved(z=-0.0008)
    model.add(group, "solar_cell", front.put(sheet))
    edge = [rod((-0.5 * sizes.panel_y_m + 0.004, y, 0.0), (0.5 * sizes.panel_y_m - 0.004, y, 0.0), 0.0012, 10)
            for y in (-0.5 * sizes.panel_x_m + 0.006, 0.5 * sizes.panel_x_m - 0.006)]  # fmt: skip
    model.add(group, "aluminium", *(back.put(each) for each in edge))
    path = [(-0.46 * sizes.panel_y_m, 0.012, 0.0008), (-0.2 * sizes.panel_y_m, -0.010, 0.0012),
            (0.1 * sizes.panel_y_m, 0.008, 0.0012), (0.44 * sizes.panel_y_m, 0.0, 0.0008)]  # fmt: skip
    model.add(group, "gold_foil", back.put(tube(path, 0.0012, 12)))
    for x in (-0.030, 0.0, 0.030):
        model.add(group, "aluminium", *_hinge(x, sign, root, z))


def _hinge(x: float, sign: float, root: float, z: float) -> list[Solid]:
    """A pin with a spring around it, a leaf on the wing and one on the body."""
    pin = cylinder(0.0016, 0.016, 20).aimed((1.0, 0.0, 0.0)).at((x - 0.008, sign * (root - 0.003), z))
    spring = cylinder(0.0026, 0.008, 24, 0.0006).aimed((1.0, 0.0, 0.0)).at((x - 0.004, sign * (root - 0.003), z))
    outer = box(0.014, 0.012, 0.0060, 0.0005).at((x, sign * (root + 0.002), z - 0.0005))
    inner = box(0.014, 0.012, 0.0030, 0.0005).at((x, sign * (root - 0.0085), z - 0.0004))
    return [pin, spring, outer, inner]


def _antennas(model: ModelBuilder, sizes: CubesatSizes) -> None:
    """Four tapes across the lower end, each from a small block."""
    z = -0.5 * sizes.length_m + 0.017
    for k in range(4):
        angle = 0.5 * np.pi * k + 0.25 * np.pi
        out = np.array([np.cos(angle), np.sin(angle), 0.0]).round(12)
        start = 0.052 * np.sqrt(2.0) * out * 0.94 + (0.0, 0.0, z)
        end = start + sizes.antenna_m * out - (0.0, 0.0, 0.012)
        model.add("antennas", "white_paint", box(0.013, 0.012, 0.010, 0.0008).aimed(out).at(start - 0.0015 * out))
        model.add("antennas", "tank_titanium", rod(start, end, 0.0009, 12))
