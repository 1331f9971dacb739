"""The sizes of the Jupiter Icy Moons Explorer, each with its source."""

from __future__ import annotations

from dataclasses import dataclass

from selfiesim.core.errors import ModelError
from selfiesim.craft.builders.solid import Face, box_side


@dataclass(frozen=True)
class JuiceSizes:
    """Sizes, m; directions in body axes."""

    body_x_m: float = 2.3  # assumed
    body_y_m: float = 2.5  # assumed
    body_z_m: float = 3.3  # assumed
    span_y_m: float = 27.1  # sourced, recalled and not checked: 27.1 m, all deployed (ESA)
    # ESA, deployment test of June 2022: ten panels of 2.5 x 3.5 m, 85 m2 in all. (The 97 m2 of its page for scientists
    # and of news from 2017 belong to an earlier design.) With the long side along Y, the yoke is as long as in the
    # pictures.
    panel_y_m: float = 3.45  # sourced: 3.5 to one decimal
    panel_z_m: float = 2.46  # sourced: 2.5 to one decimal, and 85 m2 in all
    panel_gap_m: float = 0.05  # assumed
    panel_thickness_m: float = 0.03  # assumed
    wing_joint_y_m: float = 1.5  # assumed: just outside the body
    dish_m: float = 2.54  # sourced, recalled and not checked: width of the high-gain antenna (ESA)
    dish_focus_m: float = 0.80  # assumed
    magboom_m: float = 10.6  # sourced: ESA
    magboom_direction: tuple[float, float, float] = (-0.63, 0.0, -0.78)  # sourced: 141 degrees from +Z (ESA, SPICE)
    radar_m: float = 16.0  # sourced: tip to tip (ESA)
    probe_boom_m: float = 3.0  # sourced, recalled and not checked: four Langmuir probes on booms of 3 m (IRF)
    rise_m: float = 0.022  # assumed: puff of the blankets
    seed: int = 20230414  # the day of its launch

    def __post_init__(self) -> None:
        if self.yoke_m < 0.5:
            raise ModelError(
                f"span_y_m, panel_y_m and wing_joint_y_m leave {self.yoke_m:.2f} m for the yoke, which needs 0.5 m"
            )

    @property
    def yoke_m(self) -> float:
        """Distance from the wing's joint to its first panel."""
        return 0.5 * self.span_y_m - 3.0 * self.panel_y_m - 2.0 * self.panel_gap_m - self.wing_joint_y_m

    def side(self, axis: int, sign: float) -> tuple[Face, float, float]:
        """A side of the body, with its width and height (see :func:`.solid.box_side`)."""
        return box_side((self.body_x_m, self.body_y_m, self.body_z_m), axis, sign)
