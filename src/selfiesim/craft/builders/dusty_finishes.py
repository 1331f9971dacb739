"""Finishes of vehicles on Mars: those of :mod:`selfiesim.craft.materials`, some under a film of dust.

All assumed: the colours are chosen by eye against the published photograph of June 2021, not measured.
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
    "yellow_foil": Finish((0.80, 0.47, 0.055), 0.30, 0.45),  # the chassis: yellower than the orbiter's blankets
    "amber_film": Finish((0.40, 0.195, 0.065), 0.15, 0.50),  # undersides of the panels, the deck's edges
    "copper_brown": Finish((0.30, 0.088, 0.036), 0.25, 0.55),  # the cylinder and the windows
    "dome_blue": Finish((0.58, 0.66, 0.82), 0.0, 0.25),
}
SURFACE_FINISHES |= {f"{name}_dusted": FINISHES[name].with_dust(cover) for name, cover in _DUST_COVERAGE.items()}
