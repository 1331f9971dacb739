"""A detached layer of haze: a thin bright line separate from the limb, as seen through a blue filter.

Height, thickness and opacity of such layers change from day to day; the scene sets all three. The layer consists of
grains of a single size that scatter once, with a density that is a parabola across the layer, so the optical depth
along a line of sight has a closed form and the layer has sharp limits.
"""

from __future__ import annotations

from dataclasses import dataclass

ASYMMETRY = 0.4  # Henyey-Greenstein g once the forward peak counts as not scattered (assumed)


@dataclass(frozen=True)
class HazeLayer:
    """A detached haze layer; lengths in planet radii.

    Attributes
    ----------
    height : float
        Height of its middle above the ground.
    half_thickness : float
        Distance from the middle to its upper and lower limit.
    opacity : float
        Vertical optical depth.
    """

    height: float
    half_thickness: float
    opacity: float
