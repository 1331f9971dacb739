"""What stands on Mars is covered with: the finishes of :mod:`.look`, some of them under a film of dust.

All assumed: colours chosen by eye beside the published photograph of June 2021, not measured.
"""

from __future__ import annotations

from selfiesim.craft.builders.look import FINISHES, Finish

DUST = (0.40, 0.19, 0.085)
"""Linear reflectance of bright Martian dust: red as the plains are, darker than the brightest drifts (assumed)."""


def dusted(finish: Finish, share: float) -> Finish:
    """The finish with ``share`` of it under dust: the dust's colour, less metal, rougher."""
    r, g, b = (c + share * (d - c) for c, d in zip(finish.base_color, DUST, strict=True))
    roughness = finish.roughness + share * (0.95 - finish.roughness)
    return Finish((r, g, b), finish.metallic * (1.0 - share), roughness, finish.picture)


SURFACE_FINISHES: dict[str, Finish] = FINISHES | {
    "yellow_foil": Finish((0.80, 0.47, 0.055), 0.30, 0.45),  # the chassis: yellower than the orbiter's blankets
    "amber_film": Finish((0.40, 0.195, 0.065), 0.15, 0.50),  # undersides of the panels, the deck's edges
    "copper_brown": Finish((0.30, 0.088, 0.036), 0.25, 0.55),  # the cylinder and the windows
    "dome_blue": Finish((0.58, 0.66, 0.82), 0.0, 0.25),
    "gold_foil_dusted": dusted(FINISHES["gold_foil"], 0.30),
    "silver_foil_dusted": dusted(FINISHES["silver_foil"], 0.25),
    "white_paint_dusted": dusted(FINISHES["white_paint"], 0.18),
    "aluminium_dusted": dusted(FINISHES["aluminium"], 0.22),
    "solar_cell_dusted": dusted(FINISHES["solar_cell"], 0.10),
}
