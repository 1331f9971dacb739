"""Tianwen-1 on its way to Mars: the orbiter with the entry capsule on its +X deck, radar rods still folded.

It follows the pictures published on 1 October 2020. The orbiter is that of :mod:`.tianwen1_orbiter`; the capsule's
sizes are assumed, from measurements on a labelled side view (see :mod:`.tianwen1_sizes`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.capsule import CapsuleSizes, add_capsule
from selfiesim.craft.builders.shapes import lathe, ring
from selfiesim.craft.builders.tianwen1_orbiter import add_orbiter, finishes
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes

__all__ = ["CruiseSizes", "build", "glb"]


@dataclass(frozen=True)
class CruiseSizes(OrbiterSizes):
    """Sizes of the orbiter and of the capsule, m."""

    hga_joint_z_m: float = -2.85  # assumed: farther out than in Mars orbit, where the dish tilts less
    capsule_width_m: float = 3.05  # assumed: 109 px on the side view
    capsule_height_m: float = 2.49  # assumed: 89 px, shield included
    capsule_shield_m: float = 0.50  # assumed: 18 px from the tip of the shield to its rim
    capsule_cap_width_m: float = 0.95  # assumed: 34 px
    capsule_above_deck_m: float = 0.17  # assumed: the tip of the shield above the deck


def build(sizes: CruiseSizes | None = None) -> ModelBuilder:
    """Build the craft as solids in body axes, with every joint at zero (cells and boresight toward -Z)."""
    sizes = sizes or CruiseSizes()
    model = ModelBuilder("tianwen1_cruise")
    add_orbiter(model, sizes, cruise=True)
    face = sizes.top
    # The adapter: a cone from the ring on the deck to the shield, which holds the capsule until its release.
    seat = sizes.capsule_above_deck_m + 0.30
    wall = [(0.90, 0.10), (0.97, 0.10), (1.05, seat), (0.98, seat)]
    model.add("adapter", "aluminium", face.put(ring(wall, 128)))
    model.add("adapter", "gold_foil", face.put(lathe([(0.82, 0.024), (0.86, 0.11), (0.0, 0.13)], 96)))
    capsule = CapsuleSizes(
        sizes.capsule_width_m, sizes.capsule_height_m, sizes.capsule_shield_m, sizes.capsule_cap_width_m
    )
    add_capsule(model, replace(face, centre=face.point(0.0, 0.0, sizes.capsule_above_deck_m)), capsule)
    return model


def glb(sizes: CruiseSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    return build(sizes).glb(finishes(sizes))
