"""Fittings of the +X deck of the Tianwen-1 orbiter: the capsule's ring, units, antennas, thrusters."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import beam, box, box_on_face, cylinder, lathe, ring, tube
from selfiesim.craft.builders.solid import Face
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes
from selfiesim.craft.builders.tianwen1_thruster import add_thruster

_GROUP = "top_deck"


def add_top_deck(model: ModelBuilder, sizes: OrbiterSizes) -> None:
    """Add the fittings of the +X deck; their positions are assumed."""
    face = sizes.top
    _capsule_ring(model, face)
    _spokes(model, face)
    _star_trackers(model, face)
    _electronics(model, face)
    _low_gain_antennas(model, face)
    for x, y in [(1.72, 0.18), (1.72, -0.18), (-1.72, 0.18), (-1.72, -0.18)]:
        add_thruster(model, face, "thrusters", x, y, (np.sign(x) * 0.35, np.sign(y) * 0.25, 0.9))
    _cables(model, face)


def _capsule_ring(model: ModelBuilder, face: Face) -> None:
    """The flanged ring that carried the capsule, its separation bolts, and a foil floor inside."""
    section = [(0.90, -0.01), (0.98, -0.01), (0.98, 0.015), (0.945, 0.02), (0.935, 0.125), (0.965, 0.135)]
    section += [(0.965, 0.155), (0.90, 0.155), (0.905, 0.02)]
    model.add(_GROUP, "aluminium", face.put(ring(section, 96)))
    lining = [(0.86, -0.014), (0.902, -0.014), (0.902, 0.10), (0.86, 0.09)]
    model.add(_GROUP, "black_kapton", face.put(ring(lining, 72)))
    floor = [(0.87, -0.02), (0.86, 0.03), (0.70, 0.045), (0.50, 0.028), (0.28, 0.042), (0.0, 0.05)]
    model.add(_GROUP, "gold_foil", face.put(lathe(floor, 72)))
    for k in range(12):
        angle_deg = 30.0 * k + 15.0
        x, y = 0.99 * np.cos(np.radians(angle_deg)), 0.99 * np.sin(np.radians(angle_deg))
        block = box_on_face(0.06, 0.06, 0.10, 0.008, sunk_m=0.012).rotated((0, 0, 1), angle_deg)
        bolt = cylinder(0.018, 0.15, 10, 0.004)
        material = "aluminium" if k % 3 else "silver_foil"
        model.add(_GROUP, material, face.put(block, x, y), face.put(bolt, x, y))


def _spokes(model: ModelBuilder, face: Face) -> None:
    """Eight beams over the foil floor, from a hub to the ring."""
    for k in range(8):
        angle = np.radians(45.0 * k)
        inner, outer = ((r * np.cos(angle), r * np.sin(angle), 0.055) for r in (0.16, 0.86))
        model.add(_GROUP, "cfrp", face.put(beam(inner, outer, 0.03, 0.03, (0, 0, 1), 0.005)))
    model.add(_GROUP, "cfrp", face.put(lathe([(0.19, 0.02), (0.19, 0.075), (0.17, 0.085), (0.0, 0.085)], 32)))
    model.add(_GROUP, "aluminium", face.put(cylinder(0.07, 0.12, 20, 0.008)))


def _star_trackers(model: ModelBuilder, face: Face) -> None:
    """Two star trackers: a foot, a tilted box, and a flared baffle with two hoops."""
    baffle = [(0.0, 0.04), (0.055, 0.04), (0.06, 0.10), (0.105, 0.30), (0.112, 0.30), (0.112, 0.315)]
    baffle += [(0.097, 0.315), (0.050, 0.12), (0.0, 0.11)]
    hoops = [
        ring([(r - 0.006, z), (r + 0.006, z), (r + 0.006, z + 0.01), (r - 0.006, z + 0.01)], 28)
        for r, z in [(0.078, 0.15), (0.094, 0.22)]
    ]
    up = (0.0, 0.0, 1.0)
    for x, y, boresight in [(1.15, -0.98, (0.62, -0.10, 0.78)), (0.88, -1.16, (-0.42, -0.12, 0.90))]:
        housing = box(0.13, 0.13, 0.16, 0.01).aimed(boresight, up).moved(z=0.14)
        model.add(_GROUP, "aluminium", face.put(box_on_face(0.17, 0.17, 0.10, 0.012), x, y), face.put(housing, x, y))
        shade = lathe(baffle, 32).aimed(boresight, up).moved(z=0.14)
        model.add(_GROUP, "black_kapton", face.put(shade, x, y))
        model.add(_GROUP, "aluminium", *(face.put(h.aimed(boresight, up).moved(z=0.14), x, y) for h in hoops))


def _electronics(model: ModelBuilder, face: Face) -> None:
    """Boxes in gold foil with silver lids."""
    for x, y, size in [
        (-1.12, -0.98, (0.34, 0.24, 0.16)),
        (-1.42, 0.55, (0.24, 0.36, 0.20)),
        (0.0, 1.26, (0.50, 0.22, 0.14)),
        (1.12, 0.98, (0.28, 0.22, 0.12)),
        (-0.55, -1.22, (0.22, 0.18, 0.24)),
    ]:
        model.add(_GROUP, "gold_foil", face.put(box_on_face(*size, bevel_m=0.02, sunk_m=0.02), x, y))
        lid = box(size[0] * 0.7, size[1] * 0.7, 0.012, 0.003)
        model.add(_GROUP, "silver_foil", face.put(lid, x, y, size[2] + 0.004))


def _low_gain_antennas(model: ModelBuilder, face: Face) -> None:
    """A white cone on a short mast, and a dome on a collar."""
    x, y = -0.95, 1.15
    mast, foot = cylinder(0.02, 0.30, 12).moved(z=-0.01), cylinder(0.06, 0.03, 16, 0.004)
    model.add(_GROUP, "aluminium", face.put(mast, x, y), face.put(foot, x, y))
    cone = [(0.0, 0.27), (0.05, 0.27), (0.085, 0.36), (0.085, 0.39), (0.05, 0.44), (0.0, 0.455)]
    model.add(_GROUP, "white_paint", face.put(lathe(cone, 24), x, y))
    x, y = 0.62, 1.22
    dome = [(0.11, -0.01), (0.11, 0.10), (0.125, 0.11), (0.125, 0.17), (0.10, 0.22), (0.055, 0.245), (0.0, 0.25)]
    model.add(_GROUP, "white_paint", face.put(lathe(dome, 32), x, y))
    collar = [(0.108, 0.05), (0.118, 0.05), (0.118, 0.075), (0.108, 0.075)]
    model.add(_GROUP, "aluminium", face.put(ring(collar, 32), x, y))


def _cables(model: ModelBuilder, face: Face) -> None:
    """Cable runs from the ring to the boxes."""
    for path in [
        [(-0.98, -0.3), (-1.1, -0.5), (-1.12, -0.9)],
        [(-0.97, 0.35), (-1.2, 0.5), (-1.4, 0.55)],
        [(0.95, 0.35), (1.08, 0.6), (1.12, 0.9)],
        [(0.0, 1.0), (0.05, 1.1), (0.0, 1.2)],
    ]:
        model.add(_GROUP, "black_kapton", face.put(tube([(x, y, 0.022) for x, y in path], 0.016, 8)))
