"""The rover Zhurong as it stood on Mars on 1 June 2021, built from named sizes.

The sizes are the few that are public, and those measured on the published group photo (see :mod:`.zhurong_sizes`).
Body axes, metres: x forward, y left, z up; the origin on the ground below the centre of the wheelbase, so that the
wheels touch z = 0.
"""

from __future__ import annotations

from selfiesim.craft.builders.dusty_finishes import SURFACE_FINISHES
from selfiesim.craft.builders.ground_vehicle import SurfaceModelBuilder
from selfiesim.craft.builders.solar_panel import panel_finishes
from selfiesim.craft.builders.zhurong_body import add_body
from selfiesim.craft.builders.zhurong_mast import add_mast
from selfiesim.craft.builders.zhurong_panels import CELL_TEXTURE_M, add_deck, add_panels
from selfiesim.craft.builders.zhurong_sizes import RoverSizes
from selfiesim.craft.builders.zhurong_wheels import add_wheels
from selfiesim.craft.materials import Finish

__all__ = ["RoverSizes", "build", "finishes", "glb"]

_CELL_M = (0.064, 0.040)  # assumed: about the size of the orbiter's cells
_TEXEL_M = 0.002


def build(sizes: RoverSizes | None = None) -> SurfaceModelBuilder:
    """Build the rover as solids in body axes, every joint at zero: panels deployed, head and wheels straight ahead."""
    sizes = sizes or RoverSizes()
    model = SurfaceModelBuilder("zhurong")
    add_body(model, sizes)
    add_deck(model, sizes)
    add_panels(model, sizes)
    add_mast(model, sizes)
    add_wheels(model, sizes)
    return model


def finishes(sizes: RoverSizes | None = None) -> dict[str, Finish]:
    """Return the materials, with the texture of the solar cells."""
    sizes = sizes or RoverSizes()
    return panel_finishes(CELL_TEXTURE_M, _CELL_M, _TEXEL_M, sizes.seed, SURFACE_FINISHES, "solar_cell_dusted")


def glb(sizes: RoverSizes | None = None) -> bytes:
    """Return the model file; equal sizes yield equal bytes."""
    return build(sizes).glb(finishes(sizes))
