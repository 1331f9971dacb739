"""Finishes of vehicles on Mars: those of :mod:`selfiesim.craft.materials`, some under a film of dust.

Films have the hue of Kapton on aluminium in the thickness, chosen by eye, that comes nearest to the published
photograph of June 2021 (design/colour.md). All else is chosen by eye against that photograph, not measured.
"""

from __future__ import annotations

from selfiesim.craft.materials import FINISHES, Finish

# Fraction of each surface that dust covers.
_DUST_COVERAGE = {
    "gold_foil": 0.30,
    "silver_foil": 0.25,
    "white_paint": 0.18,
    "aluminium": 0.22,
    "solar_cell": 0.10,
}

SURFACE_FINISHES: dict[str, Finish] = FINISHES | {
    "yellow_foil": Finish((0.687, 0.496, 0.140), 0.30, 0.45),  # the chassis: 50 um
    "amber_film": Finish((0.374, 0.212, 0.073), 0.15, 0.50),  # undersides of the panels, the deck's edges: 125 um
    "copper_brown": Finish((0.242, 0.112, 0.051), 0.25, 0.55),  # the cylinder and the windows
    "dome_blue": Finish((0.608, 0.661, 0.788), 0.0, 0.25),
}
SURFACE_FINISHES |= {f"{name}_dusted": FINISHES[name].with_dust(cover) for name, cover in _DUST_COVERAGE.items()}
