"""The Tianwen-1 orbiter in Mars orbit, its capsule gone, built from named sizes.

No published mesh of this craft may be copied, so this one is made from numbers: the few that are public, proportions
measured on a labelled side view, and assumptions that say so (see :mod:`.tianwen1_sizes`).

Body axes, metres: origin at the centre of the body prism; +X the long axis, toward the deck that carried the capsule
(the main engine points to -X); +/-Y the solar-wing axis; -Z the side that carries the high-gain antenna and faces Sun
and Earth after May 2021. That Sun and Earth stay in the XZ plane is measured from telemetry; that the wing axis is
therefore Y, and which physical side is which, is partly assumed.
"""

from __future__ import annotations

from dataclasses import replace

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.cells import solar_cell_png
from selfiesim.craft.builders.tianwen1_antennas import add_antennas
from selfiesim.craft.builders.tianwen1_bus import add_bus
from selfiesim.craft.builders.tianwen1_fittings import add_fittings
from selfiesim.craft.builders.tianwen1_propulsion import add_propulsion
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes
from selfiesim.craft.builders.tianwen1_wings import add_wings
from selfiesim.craft.materials import FINISHES, Finish

__all__ = ["OrbiterSizes", "add_orbiter", "build", "finishes", "glb"]

_TEXEL_M = 0.0015


def build(sizes: OrbiterSizes | None = None) -> ModelBuilder:
    """The whole craft as solids in body axes, joints at zero (cells and boresight toward -Z)."""
    sizes = sizes or OrbiterSizes()
    model = ModelBuilder("tianwen1_orbiter")
    add_orbiter(model, sizes)
    return model


def add_orbiter(model: ModelBuilder, sizes: OrbiterSizes, cruise: bool = False) -> None:
    """All of the orbiter; on the way to Mars (``cruise``) its radar rods are still folded."""
    add_bus(model, sizes)
    add_fittings(model, sizes)
    add_wings(model, sizes)
    add_antennas(model, sizes, stowed=cruise)
    add_propulsion(model, sizes)


def finishes(sizes: OrbiterSizes | None = None) -> dict[str, Finish]:
    """Its materials, the cell picture drawn for its panels."""
    sizes = sizes or OrbiterSizes()
    cell = (sizes.cell_y_m, sizes.cell_x_m)  # the picture's width runs along Y, its height along X
    picture = solar_cell_png(sizes.panel_y_m, sizes.panel_x_m, cell, _TEXEL_M, sizes.seed)
    return FINISHES | {"solar_cell": replace(FINISHES["solar_cell"], picture=picture)}


def glb(sizes: OrbiterSizes | None = None) -> bytes:
    """The model file, the same byte for byte for the same sizes."""
    return build(sizes).glb(finishes(sizes))
