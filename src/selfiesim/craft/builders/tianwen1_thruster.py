"""A small attitude thruster of the Tianwen-1 orbiter."""

from __future__ import annotations

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import box, box_on_face, lathe
from selfiesim.craft.builders.solid import Face, Solid

_BELL = [(0.0, 0.03), (0.018, 0.03), (0.013, 0.055), (0.030, 0.125), (0.033, 0.125)]
_BELL += [(0.033, 0.130), (0.027, 0.130), (0.009, 0.06), (0.0, 0.058)]


def add_thruster(
    model: ModelBuilder,
    face: Face,
    group: str,
    x: float,
    y: float,
    direction: tuple[float, float, float],
    scale: float = 1.0,
) -> None:
    """Add a thruster on a bracket at (x, y) of a face, its exhaust along a direction local to the face."""
    up = (0.0, 1.0, 0.2)
    foot = box_on_face(0.09 * scale, 0.09 * scale, 0.05 * scale, 0.008)
    block = box(0.065 * scale, 0.065 * scale, 0.08 * scale, 0.006).aimed(direction, up).moved(z=0.055 * scale)
    model.add(group, "aluminium", face.put(foot, x, y), face.put(block, x, y))
    bell = lathe(_BELL, 16)
    scaled = Solid(bell.vertices * scale, bell.faces).aimed(direction, up).moved(z=0.055 * scale)
    model.add(group, "thruster_black", face.put(scaled, x, y))
