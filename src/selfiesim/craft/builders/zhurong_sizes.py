"""The sizes of the rover Zhurong, each with its source.

The overall size, the number and diameter of the wheels and the number of grousers are public. The other sizes are
measured on the group photo of 1 June 2021, at 177 pixels per metre at the rover's distance (its height is 1.85 m), or
assumed, and marked as such.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Outline = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class RoverSizes:
    """Sizes, m, in body axes: x forward, y left, z up, origin on the ground below the centre of the wheelbase."""

    # Nature Geoscience, doi 10.1038/s41561-022-00905-6, extended data figure 1: 2.6 x 3.0 x 1.85 m.
    length_m: float = 2.6  # sourced: the same
    width_m: float = 3.0  # sourced: the same
    height_m: float = 1.85  # sourced: the same

    # Wheels.
    wheel_diameter_m: float = 0.30  # sourced: the same
    grousers: int = 20  # sourced: the same
    wheel_width_m: float = 0.22  # assumed: 39 px on the photo
    wheel_x_m: tuple[float, float, float] = (0.68, -0.06, -0.80)  # assumed
    track_half_m: float = 0.60  # assumed: 106 px from the centre

    # Chassis.
    body_half_width_m: float = 0.42  # assumed: 148 px wide
    body_front_x_m: float = 0.70  # assumed
    body_rear_x_m: float = -0.70  # assumed
    body_bottom_m: float = 0.215  # assumed: 38 px above the ground
    deck_m: float = 0.82  # assumed: 145 px
    deck_thickness_m: float = 0.035  # assumed

    # Panels: two large ones in front, two smaller ones behind (assumed: tips and edges match the photo).
    # Corners (x, y) on the left side, clockwise from the inner front.
    front_panel: Outline = ((0.74, 0.75), (-0.28, 0.75), (-0.42, 1.18), (-0.24, 1.42), (0.20, 1.51), (0.78, 1.20))
    rear_panel: Outline = ((-0.50, 0.73), (-0.86, 0.41), (-1.20, 0.58), (-1.30, 1.00), (-1.02, 1.40), (-0.56, 1.34))
    panel_thickness_m: float = 0.022  # assumed
    panel_lift_m: float = 0.008  # assumed: above the deck

    # Mast and head.
    mast_x_m: float = 0.52  # assumed
    mast_y_m: float = -0.03  # assumed: 5 px left of the centre
    head_width_m: float = 0.385  # assumed: 68 px
    head_height_m: float = 0.205  # assumed: 36 px
    head_depth_m: float = 0.20  # assumed
    eye_spacing_m: float = 0.25  # assumed: 44 px
    eye_height_m: float = 1.73  # assumed: 306 px

    # On the front of the deck.
    cylinder_y_m: float = -0.32  # assumed: 56 px left
    cylinder_diameter_m: float = 0.14  # assumed: 25 px
    dome_y_m: float = 0.28  # assumed: 49 px right
    flag_width_m: float = 0.10  # assumed: 18 px

    # Radar rods: root and tip of the left one. That two are at the front is public; their length is not.
    rod_root_m: tuple[float, float, float] = (0.60, 0.55, 0.79)  # assumed
    rod_tip_m: tuple[float, float, float] = (1.30, 0.585, 1.13)  # assumed: reaches the published length

    seed: int = (
        20210522  # the day it drove off the platform; seeds the dents of the blankets and the shades of the cells
    )

    @property
    def wheel_radius_m(self) -> float:
        """From the axle to the tips of the grousers."""
        return 0.5 * self.wheel_diameter_m

    @property
    def panel_z_m(self) -> float:
        """Height of the panels' middle plane."""
        return self.deck_m + self.panel_lift_m

    def wheels(self) -> dict[str, NDArray[np.float64]]:
        """Centre (3,) of each wheel by the name of its joint."""
        rows = zip(("front", "middle", "rear"), self.wheel_x_m, strict=True)
        return {
            f"wheel_{row}_{side}": np.array([x, sign * self.track_half_m, self.wheel_radius_m])
            for row, x in rows
            for side, sign in (("left", 1.0), ("right", -1.0))
        }
