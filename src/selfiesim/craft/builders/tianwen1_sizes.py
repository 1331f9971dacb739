"""The sizes of the Tianwen-1 orbiter, each with its source.

China has not published a drawing of the orbiter. Only the radar antennas, the magnetometer boom and the flag have
published sizes. The others are measured on a labelled side view with a person for scale (0.028 m per pixel, accurate to
10 percent) or assumed, and marked as such.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from selfiesim.core.errors import ModelError
from selfiesim.craft.builders.solid import Face, face_of, unit

_MIN_YOKE_M = 0.35


@dataclass(frozen=True)
class OrbiterSizes:
    """Sizes, m, in body axes.

    The origin is the centre of the body prism, +X points toward the capsule deck, +/-Y is the solar-wing axis, -Z the
    side of the high-gain antenna.
    """

    # Body: an elongated hexagonal prism.
    body_width_y_m: float = 4.2  # assumed: 150 px on the side view
    body_height_x_m: float = 1.4  # assumed: 49 px
    body_depth_z_m: float = 3.0  # assumed: hidden on the side view
    wall_width_y_m: float = 2.4  # assumed: width of the flat +Z and -Z walls
    body_bevel_m: float = 0.035  # assumed
    blanket_rise_m: float = 0.020  # assumed: puff of the foil blankets

    # Solar wings.
    wing_span_m: float = 15.2  # assumed: 544 px tip to tip
    panels_per_wing: int = 3  # counted on the side view
    panel_y_m: float = 1.5  # assumed: 54 px
    panel_x_m: float = 1.9  # assumed: 67 px
    panel_thickness_m: float = 0.03  # assumed: typical of carbon-fibre honeycomb
    panel_gap_m: float = 0.05  # assumed: 2 px
    wing_joint_y_m: float = 2.26  # assumed: just outside the body's corner
    cell_x_m: float = 0.08  # assumed: a typical triple-junction cell measures about 4 x 8 cm
    cell_y_m: float = 0.05  # assumed

    # High-gain antenna.
    dish_width_m: float = 2.5  # assumed: 89 px
    dish_height_m: float = 2.0  # assumed: 71 px between the flat cuts
    dish_focus_m: float = 0.95  # assumed: focal ratio 0.38
    dish_thickness_m: float = 0.02  # assumed
    hga_joint_y_m: float = -1.5  # assumed: 53 px off the centre
    hga_joint_x_m: float = 0.10  # assumed: 4 px above the centre
    hga_joint_z_m: float = -2.05  # assumed: clears the wall at 45 deg of tilt
    hga_vertex_beyond_joint_m: float = 0.16  # assumed

    # Propulsion, toward -X.
    skirt_radius_m: float = 1.40  # assumed
    skirt_height_m: float = 0.25  # assumed: 9 px
    tank_radius_m: float = 0.48  # assumed: four of them fill the skirt
    tank_offset_m: float = 0.55  # assumed
    tank_bottom_x_m: float = -1.50  # assumed: 54 px below the centre
    nozzle_exit_diameter_m: float = 0.59  # assumed: 21 px
    nozzle_exit_x_m: float = -2.14  # assumed: 77 px below the centre
    nozzle_throat_radius_m: float = 0.075  # assumed

    # Radar and magnetometer.
    radar_rod_length_m: float = 5.0  # sourced: interview with Zhu Xinbo; four rods of 5 m
    radar_rod_diameter_m: float = 0.030  # assumed
    magnetometer_boom_length_m: float = 3.19  # sourced: Liu et al. 2020, doi 10.26464/epp2020058
    magnetometer_sensor_spacing_m: float = 0.90  # sourced: the same
    magnetometer_boom_diameter_m: float = 0.045  # assumed
    magnetometer_direction: tuple[float, float, float] = (0.93, -0.33, 0.16)  # assumed: "upper left" in an image

    # National flag.
    flag_width_m: float = 0.39  # sourced: CNSA 2020-10-01
    flag_height_m: float = 0.26  # sourced: the same
    flag_y_m: float = 0.93  # assumed: 33 px right of the centre
    flag_x_m: float = -0.47  # assumed: 17 px below the centre

    # The released camera, before its release.
    camera_from_wall_m: float = 0.16  # assumed: distance of its centre from the chamfer wall
    camera_along_wall_m: float = 0.25  # assumed: from the middle of the chamfer wall toward the -Z wall
    camera_x_m: float = 0.12  # assumed
    camera_axis: tuple[float, float, float] = (-0.30, 0.88, -0.36)  # assumed: close to the wall's normal

    seed: int = 20200723  # the launch date; seeds the dents of the blankets and the shades of the cells

    def __post_init__(self) -> None:
        least = 2.0 * (self.wing_joint_y_m + _MIN_YOKE_M + self.wing_tip_y_m - self.wing_root_y_m)
        if self.wing_span_m < least - 1e-9:
            raise ModelError(
                f"wing_span_m = {self.wing_span_m:g}: {self.panels_per_wing} panels of {self.panel_y_m:g} m per wing "
                f"and the yokes need at least {least:.2f} m"
            )

    @cached_property
    def outline_yz(self) -> list[tuple[float, float]]:
        """Corners (y, z) of the hexagon, counter-clockwise seen from +X."""
        w, d, a = 0.5 * self.body_width_y_m, 0.5 * self.body_depth_z_m, 0.5 * self.wall_width_y_m
        return [(w, 0.0), (a, d), (-a, d), (-w, 0.0), (-a, -d), (a, -d)]

    @cached_property
    def walls(self) -> dict[str, tuple[Face, float]]:
        """Face and width of each side wall by its outward direction: local x along the wall, local y = body +X."""
        names = ["+y+z", "+z", "-y+z", "-y-z", "-z", "+y-z"]
        out = {}
        for k, name in enumerate(names):
            (y0, z0), (y1, z1) = self.outline_yz[k], self.outline_yz[(k + 1) % 6]
            normal = unit([0.0, z1 - z0, y0 - y1])
            centre = [0.0, 0.5 * (y0 + y1), 0.5 * (z0 + z1)]
            out[name] = (face_of(centre, normal), float(np.hypot(y1 - y0, z1 - z0)))
        return out

    @cached_property
    def top(self) -> Face:
        """The +X deck: local x = body +Y, local y = body +Z."""
        return face_of([0.5 * self.body_height_x_m, 0.0, 0.0], [1.0, 0.0, 0.0], up=(0.0, 0.0, 1.0))

    @cached_property
    def bottom(self) -> Face:
        """The -X deck: local x = body -Y, local y = body +Z."""
        return face_of([-0.5 * self.body_height_x_m, 0.0, 0.0], [-1.0, 0.0, 0.0], up=(0.0, 0.0, 1.0))

    @cached_property
    def camera_position_m(self) -> NDArray[np.float64]:
        """Centre of the camera on its bracket, body axes (3,)."""
        wall, _ = self.walls["+y-z"]
        # Local x of this wall points from the -Z wall toward the +Y corner.
        return wall.point(-self.camera_along_wall_m, self.camera_x_m, self.camera_from_wall_m)

    @property
    def wing_tip_y_m(self) -> float:
        """Distance of a wing tip from the body's centre."""
        return 0.5 * self.wing_span_m

    @property
    def wing_root_y_m(self) -> float:
        """Distance of the inner edge of the first panel from the body's centre."""
        n = self.panels_per_wing
        return self.wing_tip_y_m - n * self.panel_y_m - (n - 1) * self.panel_gap_m
