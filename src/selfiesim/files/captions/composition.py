"""What is where in a picture, as far as its recipe states it: craft, planet, and the side that light comes from."""

from __future__ import annotations

import math
from typing import Any

# Names of places by thirds of the frame: column, then row.
_COLUMNS, _ROWS = ("left", "", "right"), ("top", "", "bottom")
_BEHIND_COS = math.cos(math.radians(25.0))


def place_of_craft(recipe: dict[str, Any]) -> str | None:
    """Place of the craft's origin in the frame by thirds, ``outside``, or None where that is unknown."""
    position = (recipe["bodies"].get("craft") or {}).get("position_camera_m")
    return _place(recipe, position) if position else None


def describe_planet(recipe: dict[str, Any]) -> tuple[str, str, str]:
    """Return which sentence of ``[alt]`` describes the planet, its place in the frame, and its diameter, deg."""
    view, planet = recipe["view"], recipe["bodies"].get("planet")
    points = view.get("ground") or []
    hits = [each for each in points if each.get("ground_sample_m")]
    if planet is None:
        return "planet_none", "", ""
    if points and len(hits) == len(points):
        return "planet_fills", "", ""
    if len(hits) > 2:
        return "planet_most", "", ""
    centre = planet.get("position_camera_m")
    place = _place(recipe, centre) if centre else None
    if hits:
        return "planet_part", _nearest(recipe, centre), ""
    diameter = view.get("planet_angular_diameter_deg")
    if place in (None, "outside") or diameter is None:
        return "planet_none", "", ""
    return "planet_disc", str(place), f"{diameter:.0f}" if diameter >= 10.0 else f"{diameter:.1f}"


def describe_light(recipe: dict[str, Any]) -> tuple[str, str]:
    """Return which sentence of ``[alt]`` describes the direction of sunlight, and the side of the frame."""
    right, down, ahead = recipe["bodies"]["sun"]["direction_camera"]
    if ahead < -_BEHIND_COS:
        return "sun_behind_camera", ""
    if ahead > _BEHIND_COS:
        return "sun_behind_scene", ""
    return "sun_side", _side(right, down)


def _side(right: float, down: float) -> str:
    """Side of a direction in the picture's plane, one of eight."""
    eighth = round(math.atan2(down, right) / (math.pi / 4.0)) % 8
    return ("right", "bottom_right", "bottom", "bottom_left", "left", "top_left", "top", "top_right")[eighth]


def _nearest(recipe: dict[str, Any], position: list[float] | None) -> str:
    """Place of a point, or, outside of the frame, the side that it lies on."""
    if not position:
        return "centre"
    place = _place(recipe, position)
    return place if place not in (None, "outside") else _side(position[0], position[1])


def _place(recipe: dict[str, Any], position: list[float]) -> str | None:
    """Place of a point by thirds of the frame; None for other lenses than pinholes."""
    camera = recipe["camera"]
    if camera.get("model") != "pinhole":
        return None
    x, y, z = position
    (fx, _, cx), (_, fy, cy), _ = camera["matrix_px"]
    width, height = camera["size_px"]
    if z <= 0.0:
        return "outside"
    across, down = (fx * x / z + cx + 0.5) / width, (fy * y / z + cy + 0.5) / height
    if not (0.0 <= across < 1.0 and 0.0 <= down < 1.0):
        return "outside"
    words = [word for word in (_ROWS[int(3.0 * down)], _COLUMNS[int(3.0 * across)]) if word]
    return "_".join(words) or "centre"
