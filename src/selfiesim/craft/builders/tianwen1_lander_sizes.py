"""The sizes of Tianwen-1's landing platform, each with its source.

Nothing is published. Heights and widths are measured on the group photo of 1 June 2021, at 133 pixels per metre: the
platform is behind the rover, and a width of 2.8 m, which fits a 3.4 m capsule, is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LanderSizes:
    """Sizes, m, in body axes: x toward the ramps, y left, z up, origin on the ground below the centre of the deck."""

    deck_half_m: float = 1.40  # assumed: 370 px across
    deck_flat_half_m: float = 0.80  # assumed: half length of the flat edges between the cut corners
    deck_m: float = 0.93  # assumed: 123 px above the ground
    deck_thickness_m: float = 0.05  # assumed
    hull_bottom_m: float = 0.42  # assumed: 55 px
    hull_half_m: float = 0.82  # assumed: 105 px to either side
    leg_reach_m: float = 1.62  # assumed: distance of the feet from the centre, along the diagonals
    footpad_m: float = 0.26  # assumed: diameter
    nozzle_exit_m: float = 0.27  # assumed: 36 px above the ground
    nozzle_radius_m: float = 0.15  # assumed
    ramp_half_m: float = 0.60  # assumed: half the rover's track
    ramp_width_m: float = 0.30  # assumed
    ramp_foot_x_m: float = 4.10  # assumed
    flag_width_m: float = 0.47  # assumed: 62 px
    flag_x_m: float = 0.18  # assumed: 24 px right of the centre
    seed: int = 20210515  # the day of the landing
