"""A rover wheel: a barrel-shaped rim with grousers across it, two rows of spokes, a hub."""

from __future__ import annotations

import numpy as np

from selfiesim.craft.builders.shapes import box, cylinder, lathe, ring, tube
from selfiesim.craft.builders.solid import Solid

_SKEW_RAD = 0.12  # of the outer pieces of a grouser


def rim(radius_m: float, width_m: float, crown_m: float, grouser_m: float, wall_m: float = 0.004) -> Solid:
    """The rim about the z axis, edges bent inward; its radius is ``crown_m`` larger at the centre than at the edges."""
    z = np.linspace(-0.5, 0.5, 11) * width_m
    outer = radius_m - grouser_m - crown_m * (2.0 * z / width_m) ** 2
    lip = 0.012
    section = list(zip(outer, z, strict=True))
    section += [(outer[-1] - lip, z[-1]), (outer[-1] - lip, z[-1] - wall_m)]
    section += list(zip(outer[-2:0:-1] - wall_m, z[-2:0:-1], strict=True))
    section += [(outer[0] - lip, z[0] + wall_m), (outer[0] - lip, z[0])]
    return ring(section, 120)


def grousers(radius_m: float, width_m: float, crown_m: float, height_m: float, count: int) -> list[Solid]:
    """Grousers across the rim, each of three straight pieces that follow the barrel, skewed like a chevron."""
    out = []
    for k in range(count):
        # One grouser points straight down (local -y), so that the wheel rests on it.
        angle = np.degrees(2.0 * np.pi * k / count) - 90.0
        for part, fraction in ((-1, 0.335), (0, 0.35), (1, 0.335)):
            drop = crown_m * (2.0 * 0.33 * part) ** 2 * 1.25
            bar = box(height_m + 0.008, 0.007, fraction * width_m, 0.0015)
            lean = np.degrees(np.arctan(2.0 * crown_m / (0.5 * width_m))) * part * 0.7
            bar = bar.rotated((0.0, 1.0, 0.0), -lean).rotated((1.0, 0.0, 0.0), np.degrees(_SKEW_RAD) * part)
            # The skewed pieces start where the middle one ends.
            aside = 0.5 * fraction * width_m * np.sin(_SKEW_RAD) * abs(part)
            bar = bar.moved(radius_m - drop - 0.5 * (height_m + 0.008), -aside, 0.33 * part * width_m)
            out.append(bar.rotated((0.0, 0.0, 1.0), angle))
    return out


def spokes(radius_m: float, hub_m: float, z_m: float, count: int) -> list[Solid]:
    """Bent flat blades from the hub to the rim in the plane z = ``z_m``."""
    out = []
    for k in range(count):
        fraction = np.linspace(0.0, 1.0, 7)
        r = hub_m * 0.85 + (radius_m - hub_m * 0.85) * fraction
        angle = 2.0 * np.pi * k / count + 0.55 * np.sin(np.pi * fraction) * (1.0 - 0.5 * fraction)
        path = np.stack([r * np.cos(angle), r * np.sin(angle), np.full(7, z_m)], axis=1)
        out.append(_flattened(tube(path, 0.010, 8), z_m, 0.75))
    return out


def _flattened(solid: Solid, z_m: float, fraction: float) -> Solid:
    """The solid scaled by ``fraction`` along z about the plane z = ``z_m``."""
    vertices = solid.vertices.copy()
    vertices[:, 2] = z_m + fraction * (vertices[:, 2] - z_m)
    return Solid(vertices, solid.faces)


def hub(radius_m: float, width_m: float) -> Solid:
    """The drive in the centre: a drum with stepped caps."""
    half = 0.5 * width_m
    profile = [(0.0, -half), (0.55 * radius_m, -half), (0.60 * radius_m, -half + 0.012), (radius_m, -half + 0.018)]
    profile += [(radius_m, half - 0.018), (0.60 * radius_m, half - 0.012), (0.55 * radius_m, half), (0.0, half)]
    return lathe(profile, 32)


def wheel(
    radius_m: float, width_m: float, grouser_count: int, spoke_count: int = 12
) -> tuple[list[Solid], list[Solid], list[Solid]]:
    """Build a wheel about the z axis; local -y is down.

    Parameters
    ----------
    radius_m, width_m : float
        Radius to the tips of the grousers, and width of the rim.
    grouser_count, spoke_count : int
        Number of grousers, and of spokes per row.

    Returns
    -------
    tuple of lists of Solid
        Rim and grousers; spokes; hub and bolts.
    """
    grouser, crown, hub_m = 0.008, 0.007, 0.036
    skin = [rim(radius_m, width_m, crown, grouser), *grousers(radius_m, width_m, crown, grouser, grouser_count)]
    reach = radius_m - grouser - crown - 0.003
    blades = [s for z in (-0.30, 0.30) for s in spokes(reach, hub_m, z * width_m, spoke_count)]
    bolts = [
        cylinder(0.004, 0.012, 6).moved(0.026 * np.cos(a), 0.026 * np.sin(a), 0.5 * width_m - 0.022)
        for a in np.arange(8) * np.pi / 4
    ]
    return skin, blades, [hub(hub_m, width_m * 1.04), *bolts]
