"""An entry capsule: a backshell (truncated cone with a round shoulder and cap) on a shallow heat shield."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from selfiesim.craft.builders.assembly import ModelBuilder
from selfiesim.craft.builders.shapes import box_on_face, cylinder, lathe, ring
from selfiesim.craft.builders.solid import Face, face_of


@dataclass(frozen=True)
class CapsuleSizes:
    """Sizes of a capsule, m, its local z from the heat shield toward the top of the backshell.

    Attributes
    ----------
    width_m, height_m : float
        Outer diameter and overall height.
    shield_m : float
        Height of the heat shield's rim above its tip.
    cap_width_m : float
        Diameter of the backshell's cap.
    """

    width_m: float
    height_m: float
    shield_m: float
    cap_width_m: float


def _profile(sizes: CapsuleSizes) -> list[tuple[float, float]]:
    """Radius and height along the backshell from its lower edge up: bulging, with a round cap."""
    radius, cap = 0.5 * sizes.width_m, 0.5 * sizes.cap_width_m
    low, high = sizes.shield_m, sizes.height_m
    fraction = np.linspace(0.0, 1.0, 15)
    r = radius + (cap - radius) * fraction + 0.055 * sizes.width_m * np.sin(np.pi * fraction) ** 1.2
    r = np.minimum(r, radius)
    z = low + 0.06 + (high - 0.12 * (high - low) - low - 0.06) * fraction
    top = [(float(cap * np.cos(a)), float(z[-1] + (high - z[-1]) * np.sin(a))) for a in np.linspace(0.25, 1.35, 6)]
    return [(radius - 0.03, low + 0.005), *zip(r.tolist(), z.tolist(), strict=True), *top, (0.0, high)]


def add_capsule(model: ModelBuilder, face: Face, sizes: CapsuleSizes) -> None:
    """Add the capsule to a face, with the tip of its heat shield in the plane z = 0."""
    radius, low = 0.5 * sizes.width_m, sizes.shield_m
    profile = _profile(sizes)
    model.add("backshell", "capsule_silver", face.put(lathe([(0.0, low + 0.005), *profile], 144)))
    fraction = np.linspace(0.0, 1.0, 9)
    shield = [(float(0.97 * radius * s), float(low * 0.86 * s**1.35)) for s in fraction[1:]]
    shield += [(radius, low * 0.94), (radius + 0.004, low - 0.03), (radius - 0.01, low - 0.004)]
    model.add("heat_shield", "heat_shield", face.put(lathe([(0.0, 0.0), *shield, (0.0, low - 0.004)], 144)))
    # The band that joins the two, with a clamp every 15 degrees.
    band = [(radius - 0.05, low - 0.008), (radius + 0.008, low - 0.008), (radius + 0.008, low + 0.03)]
    model.add("separation_band", "aluminium", face.put(ring([*band, (radius - 0.05, low + 0.03)], 144)))
    for k in range(24):
        clamp = box_on_face(0.035, 0.07, 0.05, 0.005).moved(x=radius, z=low - 0.012).rotated((0, 0, 1), 15.0 * k)
        model.add("separation_band", "aluminium", face.put(clamp))
    _seams(model, face, profile)
    _hatches(model, face, profile)
    _thruster_ports(model, face, profile)


def _radius_at(profile: list[tuple[float, float]], z: float) -> float:
    """Radius of the backshell at a height."""
    heights, radii = [p[1] for p in profile], [p[0] for p in profile]
    return float(np.interp(z, heights, radii))


def _seams(model: ModelBuilder, face: Face, profile: list[tuple[float, float]]) -> None:
    """Rings at the seams of the thermal coating and at the edge of the parachute cover."""
    low, high = profile[1][1], profile[-1][1]
    for fraction in (0.34, 0.66, 0.90):
        z = low + fraction * (high - low)
        r, above = _radius_at(profile, z), _radius_at(profile, z + 0.014)
        hoop = [(r - 0.03, z), (r + 0.004, z), (above + 0.004, z + 0.014), (above - 0.03, z + 0.014)]
        model.add("backshell", "aluminium", face.put(ring(hoop, 144)))


def _hatches(model: ModelBuilder, face: Face, profile: list[tuple[float, float]]) -> None:
    """Covers and vents in the backshell; their number and positions are assumed."""
    low, high = profile[1][1], profile[-1][1]
    # Height as a fraction, positions per row, width and height of a cover, angle of the first.
    rows = [
        (0.18, 12, (0.26, 0.16), 8.0),
        (0.50, 8, (0.20, 0.30), 20.0),
        (0.78, 6, (0.16, 0.16), 0.0),
    ]
    for fraction, count, (w, h), start_deg in rows:
        z = low + fraction * (high - low)
        for k in range(count):
            if (k * 5 + count) % 4 == 0:
                continue  # some positions stay empty, so that the rows look irregular
            patch = _tangent_face(face, profile, z, start_deg + 360.0 * k / count)
            model.add("backshell_hatches", "white_paint", patch.put(box_on_face(w, h, 0.012, 0.004, sunk_m=0.03)))
            screw = cylinder(0.007, 0.028, 8).moved(z=-0.012)
            corners = [(sx * (0.5 * w - 0.02), sy * (0.5 * h - 0.02)) for sx in (-1, 1) for sy in (-1, 1)]
            model.add("backshell_hatches", "aluminium", *(patch.put(screw, x, y) for x, y in corners))


def _thruster_ports(model: ModelBuilder, face: Face, profile: list[tuple[float, float]]) -> None:
    """Four pairs of thrusters recessed into the backshell; assumed."""
    low, high = profile[1][1], profile[-1][1]
    section = [(0.0, -0.04), (0.055, -0.04), (0.055, 0.012), (0.042, 0.016), (0.030, -0.01), (0.0, -0.012)]
    for k in range(4):
        for offset_deg in (-3.2, 3.2):
            patch = _tangent_face(face, profile, low + 0.30 * (high - low), 45.0 + 90.0 * k + offset_deg)
            model.add("backshell_thrusters", "thruster_black", patch.put(lathe(section, 28)))


def _tangent_face(face: Face, profile: list[tuple[float, float]], z: float, angle_deg: float) -> Face:
    """The face tangent to the backshell at a height and an angle, its local y up the cone."""
    out = np.array([np.cos(np.radians(angle_deg)), np.sin(np.radians(angle_deg))])
    slope = (_radius_at(profile, z + 0.02) - _radius_at(profile, z - 0.02)) / 0.04
    point = _radius_at(profile, z) * out
    normal = face.vector(out[0], out[1], -slope)
    return face_of(face.point(point[0], point[1], z), normal, up=face.z)
