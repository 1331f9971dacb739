"""The directions around the camera: what is how far from the middle of the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from selfiesim.analysis.situation.footprint import border_pixels
from selfiesim.analysis.situation.style import (
    BODY_COLOURS,
    CRAFT,
    LIMB,
    NIGHT,
    NIGHT_ALPHA,
    PICTURE,
    SUN,
    body_colour,
    convex_hull,
    note,
)
from selfiesim.astro.bodies import AU_M
from selfiesim.astro.ellipsoid import intersect_ellipsoid
from selfiesim.core.vectors import Vector, unit
from selfiesim.view.resolved_scene import ResolvedScene
from selfiesim.view.view import View

_SIZE = 520  # of the picture of the disc, pixels
_CLOSE_DEG = np.array([60.0, 20.0])  # names closer than this, across and down, would overlap
_SURROUNDS_DEG = 150.0  # a part that is wider than this is all around the camera, and has no outline


def directions_deg(rays: Vector) -> Vector:
    """Position (N, 2) of rays (N, 3), camera axes: degrees right and down from the optical axis.

    Azimuthal equidistant: the length is the angle from the axis.
    """
    across = np.hypot(rays[..., 0], rays[..., 1])
    angle = np.degrees(np.arctan2(across, rays[..., 2]))
    return np.asarray(rays[..., :2] * (angle / np.where(across > 0.0, across, 1.0))[..., None])


@dataclass(frozen=True)
class Mark:
    """A direction that the panel names: a unit vector (3,), camera axes, and how it is drawn."""

    name: str
    direction: Vector
    colour: str
    marker: str
    size: int


def marked_directions(resolved: ResolvedScene, view: View) -> list[Mark]:
    """Return the Sun, the Earth where it is not below, and the nadir in orbit."""
    found = [Mark(f"Sun, {view.sun.distance / AU_M:.3f} au", view.sun.direction, SUN, "*", 13)]
    if resolved.body.name != "earth":
        # Names are those of the compass of a story; light time is ignored as everywhere in a view.
        toward = unit(view.icrf_to_camera @ resolved.toward("earth", view.epoch, view.track.host))
        found.append(Mark("Earth", toward, BODY_COLOURS["earth"], "o", 6))
    if view.planet is not None and view.ground is None:
        found.append(Mark("nadir", unit(view.planet.position), CRAFT, "v", 7))
    return found


def draw_sky(axes: Any, resolved: ResolvedScene, view: View) -> None:
    """Draw the whole sphere around the camera, the optical axis in the middle and the picture upright."""
    if view.planet is not None:
        _draw_planet(axes, view)
    border = directions_deg(view.camera.unproject(border_pixels(view.camera)))
    axes.fill(*border[np.isfinite(border[:, 0])].T, facecolor=PICTURE, alpha=0.18, zorder=3)
    axes.plot(*border.T, color=PICTURE, linewidth=1.6, label="edge of the picture", zorder=6)
    _draw_crafts(axes, view)
    marks = marked_directions(resolved, view)
    spots = directions_deg(np.array([mark.direction for mark in marks]))
    for mark, spot in zip(marks, spots, strict=True):
        axes.plot(
            *spot,
            mark.marker,
            color=mark.colour,
            markersize=mark.size,
            markeredgecolor="white",
            zorder=8,
            linestyle="none",
        )
        # Of two that are close, as Sun and Earth often are, the names move apart.
        apart = spot - spots
        close = apart[(np.abs(apart) < _CLOSE_DEG).all(axis=1), 1]
        lift = -6.0 * float(np.sign(close.sum()))
        note(axes, mark.name, tuple(spot), mark.colour, (-8 if spot[0] > 60.0 else 8, lift))
    for angle in range(30, 181, 30):
        circle = np.radians(np.linspace(0.0, 360.0, 181))
        axes.plot(angle * np.cos(circle), angle * np.sin(circle), color="#909090", linewidth=0.5, zorder=4)
        axes.annotate(f"{angle}°", (angle * 0.7071, angle * 0.7071), fontsize=7, color="#404040", zorder=5, ha="center")
    axes.set(xlim=(-184, 184), ylim=(184, -184), aspect="equal")
    axes.axis("off")
    axes.set_title("Directions from the camera: angle from the optical axis", pad=16)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.06), ncols=3, fontsize=8.5, frameon=False)


def _draw_planet(axes: Any, view: View) -> None:
    """Draw the planet's disc, by day and by night, as rays meet its ellipsoid."""
    planet = view.planet
    assert planet is not None
    cells = (np.arange(_SIZE) + 0.5) / _SIZE * 360.0 - 180.0
    right, down = np.meshgrid(cells, cells)
    angle = np.hypot(right, down)
    sine = np.sin(np.radians(angle)) / np.maximum(angle, 1e-9)
    rays = np.stack([right * sine, down * sine, np.cos(np.radians(angle))], axis=-1).reshape(-1, 3)
    eye = -planet.camera_to_bodyfixed @ planet.position
    if view.ground is not None:  # on its surface, where rounding decides on which side
        hit = (rays @ unit(planet.position)) > 0.0
        lit = np.ones_like(hit)
    else:
        points = intersect_ellipsoid(eye, rays @ planet.camera_to_bodyfixed.T, planet.body)
        hit = np.isfinite(points[:, 0])
        lit = (points / np.array(planet.body.radii_m) ** 2) @ (planet.camera_to_bodyfixed @ view.sun.direction) > 0.0
    from matplotlib.colors import to_rgb

    image = np.zeros((_SIZE * _SIZE, 4))
    image[hit] = (*to_rgb(body_colour(view.shot.body)), 0.45)
    image[hit & ~lit] = (*to_rgb(NIGHT), NIGHT_ALPHA + 0.1)
    image[angle.ravel() > 180.0] = 0.0
    axes.imshow(image.reshape(_SIZE, _SIZE, 4), extent=(-180, 180, 180, -180), interpolation="antialiased", zorder=1)
    name = "ground" if view.ground is not None else view.shot.body.capitalize()
    _swatch(axes, body_colour(view.shot.body), 0.45, name)
    if view.ground is None:
        _swatch(axes, NIGHT, NIGHT_ALPHA + 0.1, "its night side")


def _draw_crafts(axes: Any, view: View) -> None:
    """Draw the convex hull of each rigid part of each craft; none of one that surrounds the camera."""
    for number, craft in enumerate((view.craft, *view.objects)):
        colour = CRAFT if number == 0 else LIMB
        pieces = [directions_deg(piece) for piece in craft.outline_by_joint()]
        seen = [piece for piece in pieces if np.ptp(piece, axis=0).max() < _SURROUNDS_DEG]
        for piece in seen:
            axes.fill(*convex_hull(piece).T, facecolor=colour, alpha=0.45, edgecolor=colour, linewidth=0.8, zorder=7)
        if seen:
            _swatch(axes, colour, 0.6, craft.name or "craft")


def _swatch(axes: Any, colour: str, alpha: float, label: str) -> None:
    axes.plot([], [], "s", color=colour, alpha=alpha, markersize=7, linestyle="none", label=label)
