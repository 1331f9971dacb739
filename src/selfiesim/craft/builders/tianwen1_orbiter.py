"""The Tianwen-1 orbiter in Mars orbit, after the release of its capsule, built from named sizes.

No published mesh of this craft may be copied, so this one is built from numbers: the few that are public, proportions
measured on a labelled side view, and assumptions marked as such (see :mod:`.tianwen1_sizes`).

Body axes, metres: origin at the centre of the body prism; +X the long axis, toward the deck that carried the capsule
(the main engine points to -X); +/-Y the solar-wing axis; -Z the side that carries the high-gain antenna and faces Sun
and Earth after May 2021. Telemetry shows that Sun and Earth stay in the XZ plane. That the wing axis is therefore Y is
partly assumed, and so is the identity of the physical sides.
"""

from __future__ import annotations

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.solar_panel import panel_finishes
from selfiesim.craft.builders.tianwen1_antennas import add_antennas
from selfiesim.craft.builders.tianwen1_bus import add_bus
from selfiesim.craft.builders.tianwen1_fittings import add_fittings
from selfiesim.craft.builders.tianwen1_propulsion import add_propulsion
from selfiesim.craft.builders.tianwen1_sizes import OrbiterSizes
from selfiesim.craft.builders.tianwen1_wings import add_wings
from selfiesim.craft.materials import Finish

__all__ = ["OrbiterSizes", "add_orbiter", "build", "finishes", "glb"]

_TEXEL_M = 0.0015


def build(sizes: OrbiterSizes | None = None) -> ModelBuilder:
    """Build the craft as solids in body axes, with every joint at zero (cells and boresight toward -Z)."""
    sizes = sizes or OrbiterSizes()
    model = ModelBuilder("tianwen1_orbiter")
    add_orbiter(model, sizes)
    return model


def add_orbiter(model: ModelBuilder, sizes: OrbiterSizes, cruise: bool = False) -> None:
    """Add the orbiter; on the way to Mars (``cruise``) its radar rods are still folded."""
    add_bus(model, sizes)
    add_fittings(model, sizes)
    add_wings(model, sizes)
    add_antennas(model, sizes, stowed=cruise)
    add_propulsion(model, sizes)


def finishes(sizes: OrbiterSizes | None = None) -> dict[str, Finish]:
    """Return the materials, with the texture of the solar cells."""
    sizes = sizes or OrbiterSizes()
    panel, cell = (sizes.panel_y_m, sizes.panel_x_m), (sizes.cell_y_m, sizes.cell_x_m)
    return panel_finishes(panel, cell, _TEXEL_M, sizes.seed)


def glb(sizes: OrbiterSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    return build(sizes).glb(finishes(sizes))
