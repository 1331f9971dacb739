"""What the ground of a body is like: its relief of centimetres, its colours, its stones and clods.

Numbers without a source are assumed: chosen by eye against published images of the surface.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from selfiesim.planet.ground.rock_shapes import SHARP, WORN, RockForm

Floats = NDArray[np.float64]
Colour = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class RockKind:
    """How rocks or clods look: colours relative to the dust, and height relative to a rock's (assumed)."""

    families: Floats  # one colour a row
    shares: tuple[float, ...]  # of the families
    dust: tuple[float, float]  # share of their upper faces under dust, least and most
    tall: float
    form: RockForm


@dataclass(frozen=True)
class Soil:
    """The ground of a body.

    Attributes
    ----------
    lump_sizes : tuple of (float, float)
        Lumps and the pits between them: spacing, m, and the share of places that have one.
    pit_share : float
        Share of the lumps that are pits.
    mottling : float
        Change of tone between patches of metres.
    thick_dust_tint, bare_soil_loss : (3,) tuple of float
        Tint of thick dust, and what is missing where the crust is gone, per band.
    grit_tint : (3,) tuple of float
        How strong the tones of fine grit are, per band: bright dust over darker, redder soil gives it a hue.
    rocks, clods : RockKind
        The stones, and the clods between them.
    law : str, optional
        Reflection law, a key of :data:`selfiesim.planet.light.photometry.LAWS`; None: Lambert's.
    """

    lump_sizes: tuple[tuple[float, float], ...]
    pit_share: float
    mottling: float
    thick_dust_tint: Colour
    bare_soil_loss: Colour
    grit_tint: Colour
    rocks: RockKind
    clods: RockKind
    law: str | None = None


SOILS = {
    # A crust of dust over grit. Thicker dust is redder, the soil below the crust darker and redder. Stones are dark
    # red, brown, and a few grey; clods have the soil's colour, or that of the darker soil below the crust.
    "mars": Soil(
        ((0.16, 0.4), (0.075, 0.6), (0.034, 0.6)),
        0.3,
        0.10,
        (0.03, -0.03, -0.14),
        (0.10, 0.24, 0.32),
        (0.8, 1.0, 1.25),
        RockKind(
            np.array([[0.34, 0.16, 0.19], [0.56, 0.42, 0.42], [0.44, 0.62, 0.95]]),
            (0.65, 0.29, 0.06),
            (0.85, 1.0),
            0.85,
            WORN,
        ),
        RockKind(
            np.array([[0.44, 0.27, 0.30], [0.92, 0.88, 0.86], [0.50, 0.68, 1.00]]),
            (0.35, 0.62, 0.03),
            (0.75, 1.0),
            0.62,
            WORN,
        ),
    ),
    # Regolith without a crust, gardened by impacts: craters of centimetres to metres, one over the other; stones with
    # sharp edges, brighter than the soil, little of them under dust.
    "moon": Soil(
        ((3.1, 0.45), (1.3, 0.5), (0.55, 0.55), (0.23, 0.6), (0.10, 0.6), (0.042, 0.6)),
        0.72,
        0.05,
        (0.02, 0.0, -0.02),
        (0.05, 0.05, 0.05),
        (1.0, 1.0, 1.0),
        RockKind(
            np.array([[1.25, 1.24, 1.22], [0.95, 0.95, 0.96], [1.65, 1.64, 1.62]]),
            (0.55, 0.30, 0.15),
            (0.1, 0.7),
            0.95,
            SHARP,
        ),
        RockKind(
            np.array([[0.85, 0.85, 0.85], [1.0, 1.0, 1.0], [1.3, 1.3, 1.28]]), (0.3, 0.6, 0.1), (0.5, 1.0), 0.7, WORN
        ),
        law="lunar",
    ),
}
"""The kinds of ground by body."""
