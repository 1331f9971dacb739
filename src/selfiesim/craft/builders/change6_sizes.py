"""The sizes of Chang'e-6's lander with its ascender on top, each with its source.

China has published no drawing. Proportions follow published pictures of Chang'e-5 and Chang'e-6 by eye.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Change6Sizes:
    """Sizes, m, in body axes: x forward, y left, z up, origin on the ground below the middle of the lander."""

    body_half_m: float = 1.06  # assumed
    body_flat_half_m: float = 0.62  # assumed: half length of the flat sides between the cut corners
    body_bottom_m: float = 0.78  # assumed
    body_top_m: float = 1.76  # assumed
    leg_reach_m: float = 2.10  # assumed: distance of the feet from the middle, along the diagonals
    footpad_m: float = 0.46  # assumed: diameter
    nozzle_radius_m: float = 0.40  # assumed
    nozzle_exit_m: float = 0.30  # assumed: height above the ground
    ascender_bottom_m: float = 1.94  # assumed
    ascender_top_m: float = 2.92  # assumed
    ascender_half_m: float = 0.66  # assumed
    panel_m: float = 1.02  # assumed: length of one of two panels of a wing, along y
    panel_width_m: float = 1.14  # assumed
    flag_width_m: float = 0.30  # assumed; two thirds as high
    flag_reach_m: float = 0.95  # assumed: length of the boom that holds it
    seed: int = 20240602  # the day of the landing
