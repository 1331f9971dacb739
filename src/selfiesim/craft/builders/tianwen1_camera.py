"""The camera that Tianwen-1 released: a small box with a wide-angle lens on each of two opposite sides.

Published: 680 g, two lenses on two sides, Wi-Fi. The size and all details are assumed. Body axes: origin at the centre,
+Z the boresight of the outer lens, which points away from the craft before the release, -Z that of the inner lens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import box, box_on_face, cylinder, dome, lathe, ring, rod, tube
from selfiesim.craft.builders.solid import Solid, face_of
from selfiesim.craft.materials import FINISHES

__all__ = ["CameraSizes", "build", "camera_solids", "glb"]

MaterialSolids = list[tuple[str, Solid]]


@dataclass(frozen=True)
class CameraSizes:
    """Sizes, m."""

    width_m: float = 0.12  # assumed: 680 g at about half a kilogram per litre
    depth_m: float = 0.10  # assumed: between the two lens plates
    lens_m: float = 0.068  # assumed: diameter of the front glass
    hood_m: float = 0.020  # assumed: height of the lens hood
    seed: int = 680


def camera_solids(sizes: CameraSizes) -> MaterialSolids:
    """Build every piece with its material, centred on the origin, the outer lens along +z."""
    width, half = sizes.width_m, 0.5 * sizes.depth_m
    out: MaterialSolids = [("white_paint", box(width, width, sizes.depth_m, 0.010))]
    for sign in (1.0, -1.0):
        front = face_of((0.0, 0.0, sign * half), (0.0, 0.0, sign), up=(0.0, 1.0, 0.0))
        out += [(material, front.put(solid)) for material, solid in _lens(sizes)]
        inset = 0.5 * width - 0.014
        for x, y in [(inset, inset), (-inset, inset), (inset, -inset), (-inset, -inset)]:
            out.append(("aluminium", front.put(cylinder(0.0055, 0.0070, 20, 0.001).moved(z=-0.004), x, y)))
            out.append(("thruster_black", front.put(cylinder(0.0026, 0.0042, 6), x, y)))
    fittings = [_wifi_antenna(sizes), _connector(), _whip_antenna(), _release_rails(sizes)]
    for k, pieces in enumerate(fittings):
        angle = np.radians(90.0 * k)
        normal = np.array([np.cos(angle), np.sin(angle), 0.0]).round(12)
        side = face_of(0.5 * width * normal, normal, up=(0.0, 0.0, 1.0))
        out += [(material, side.put(solid)) for material, solid in pieces]
    return out


def _lens(sizes: CameraSizes) -> MaterialSolids:
    """A wide-angle lens on a plate: flange, grooved hood, and a dome of glass."""
    r, hood = 0.5 * sizes.lens_m, sizes.hood_m
    flange = [(r + 0.014, -0.006), (r + 0.014, 0.004), (r + 0.011, 0.006), (r + 0.004, 0.006), (r + 0.004, -0.006)]
    barrel = [(r + 0.006, -0.005), (r + 0.006, 0.45 * hood), (r + 0.0045, 0.48 * hood), (r + 0.0045, 0.55 * hood)]
    barrel += [(r + 0.006, 0.58 * hood), (r + 0.006, hood - 0.0015), (r + 0.0045, hood), (r + 0.001, hood)]
    barrel += [(r - 0.0015, hood - 0.006), (r - 0.0015, -0.005)]
    angle = np.linspace(0.0, np.pi / 2, 12)[:-1]
    front = r - 0.001
    glass = [(front, 0.2 * hood), *((front * np.cos(a), 0.50 * hood + 0.55 * front * np.sin(a)) for a in angle)]
    screws = [
        dome(0.0022, 0.0018, 14, 4).moved(x=(r + 0.0100) * np.cos(a), y=(r + 0.0100) * np.sin(a), z=0.0052)
        for a in np.radians(np.arange(8) * 45.0 + 22.5)
    ]
    return [
        ("aluminium", ring(flange, 96)),
        ("thruster_black", ring(barrel, 96)),
        ("glass", lathe([*glass, (0.0, 0.50 * hood + 0.55 * front)], 96)),
        *[("aluminium", screw) for screw in screws],
    ]


def _wifi_antenna(sizes: CameraSizes) -> MaterialSolids:
    """The patch antenna on the first side."""
    patch = 0.36 * sizes.depth_m
    return [
        ("gold_foil", box_on_face(1.45 * patch, 1.45 * patch, 0.002, 0.0006, sunk_m=0.007)),
        ("white_paint", box_on_face(patch, patch, 0.004, 0.001)),
        ("aluminium", cylinder(0.0025, 0.0055, 16)),
    ]


def _connector() -> MaterialSolids:
    """The umbilical connector and its switch on the second side."""
    shell = ring([(0.010, -0.004), (0.014, -0.004), (0.014, 0.010), (0.010, 0.010)], 40)
    pins = [rod((x, y, -0.002), (x, y, 0.006), 0.0009, 8) for x in (-0.004, 0.0, 0.004) for y in (-0.004, 0.0, 0.004)]
    return [
        ("aluminium", box_on_face(0.034, 0.034, 0.003, 0.001)),
        ("aluminium", shell),
        ("thruster_black", cylinder(0.0105, 0.0035, 32)),
        *(("gold_foil", pin) for pin in pins),
        ("aluminium", cylinder(0.004, 0.008, 24, 0.001).moved(x=0.032)),
    ]


def _whip_antenna() -> MaterialSolids:
    """The whip of a second antenna, folded against the third side."""
    path = [
        (-0.030, -0.030, 0.004),
        (-0.030, 0.0, 0.005),
        (-0.024, 0.022, 0.005),
        (0.0, 0.030, 0.004),
        (0.0, 0.032, -0.003),
    ]
    clips = [box_on_face(0.008, 0.008, 0.008, 0.001).moved(x=-0.030, y=y) for y in (-0.030, -0.008)]
    return [("black_kapton", tube(path, 0.0018, 12)), *(("aluminium", clip) for clip in clips)]


def _release_rails(sizes: CameraSizes) -> MaterialSolids:
    """The rails of the release mechanism and a cover on the fourth side."""
    width, depth = sizes.width_m, sizes.depth_m
    rails = [box_on_face(0.010, 0.80 * depth, 0.006, 0.001).moved(x=x) for x in (-0.30 * width, 0.30 * width)]
    cover = box_on_face(0.40 * width, 0.55 * depth, 0.0025, 0.0008, sunk_m=0.007)
    screws = [
        dome(0.002, 0.0015, 12, 3).moved(x=sx * 0.17 * width, y=sy * 0.24 * depth, z=0.0022)
        for sx in (-1, 1)
        for sy in (-1, 1)
    ]
    return [*(("aluminium", rail) for rail in rails), ("silver_foil", cover), *(("aluminium", each) for each in screws)]


def build(sizes: CameraSizes | None = None) -> ModelBuilder:
    """Build the camera as solids in body axes."""
    model = ModelBuilder("tianwen1_camera")
    for material, solid in camera_solids(sizes or CameraSizes()):
        model.add("camera", material, solid)
    return model


def glb(sizes: CameraSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    return build(sizes).glb(FINISHES)
