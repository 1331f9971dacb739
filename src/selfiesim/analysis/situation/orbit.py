"""The orbit panels: about a planet, seen from its normal; about the Sun, seen from ecliptic north."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from selfiesim.analysis.situation.footprint import LIMB_STEPS
from selfiesim.analysis.situation.style import (
    BODY_COLOURS,
    CRAFT,
    LIMB,
    NIGHT,
    NIGHT_ALPHA,
    PICTURE,
    SUN,
    TRACK,
    arrow,
    body_colour,
    key_below,
    note,
)
from selfiesim.astro.bodies import AU_M, Body
from selfiesim.astro.ellipsoid import ellipsoid_height, intersect_ellipsoid, limb_points
from selfiesim.astro.epoch import Epoch
from selfiesim.astro.frames import icrf_to_bodyfixed, icrf_to_inertial
from selfiesim.astro.orbit import State, period, state_to_elements
from selfiesim.core.vectors import Matrix, Vector, unit
from selfiesim.motion.host_trajectories import OrbitingHost
from selfiesim.view.resolved_scene import ResolvedScene
from selfiesim.view.view import View

_STEPS = 480  # along the orbit
_FLYBY_REACH = 5.0  # of a path that is not closed: distances from the planet at the instant
_SIZE = 400  # of the planet's picture, pixels


@dataclass(frozen=True)
class OrbitPath:
    """The host's path about its body.

    Attributes
    ----------
    epochs : tuple of Epoch
        In order; one revolution about the instant where the orbit is closed, else what the file covers nearby.
    positions : (N, 3) array
        m, ICRF axes from the body's centre.
    revolution_s : float, optional
        Period of the osculating orbit; None where it is not closed.
    """

    epochs: tuple[Epoch, ...]
    positions: Vector
    revolution_s: float | None


def orbit_path(resolved: ResolvedScene, view: View) -> OrbitPath:
    """The path of the craft around the instant of a view.

    Raises
    ------
    UserError
        For forces that cannot be followed over the revolution.
    """
    host, body = resolved.host, resolved.body
    try:
        revolution = period(state_to_elements(view.track.host, body.gm_m3_s2), body.gm_m3_s2)
    except ValueError:  # not closed
        revolution = None
    now = view.epoch - host.reference_epoch
    if isinstance(host, OrbitingHost):
        assert revolution is not None
        first, last = now - revolution / 2.0, now + revolution / 2.0
    else:
        first, last = host.event_search_span
        if revolution is not None:
            first, last = max(first, now - revolution / 2.0), min(last, now + revolution / 2.0)
    seconds = np.unique(np.append(np.linspace(first, last, _STEPS), np.clip(now, first, last)))
    positions = np.array([each.position for each in host.sample_states(seconds)])
    if revolution is None:
        near = np.linalg.norm(positions, axis=1) <= _FLYBY_REACH * np.linalg.norm(view.track.host.position)
        seconds, positions = seconds[near], positions[near]
    return OrbitPath(tuple(host.reference_epoch + float(t) for t in seconds), positions, revolution)


def plane_axes(state: State, to_sun: Vector) -> Matrix:
    """Rows (3, 3), ICRF: the Sun's direction within the orbit plane, across it, and the orbit normal."""
    normal = unit(np.cross(state.position, state.velocity))
    in_plane = to_sun - (to_sun @ normal) * normal
    if np.linalg.norm(in_plane) < 1e-3 * np.linalg.norm(to_sun):  # the Sun is over the plane
        in_plane = state.position
    right = unit(in_plane)
    return np.array([right, np.cross(normal, right), normal])


def draw_orbit(axes: Any, resolved: ResolvedScene, view: View, path: OrbitPath) -> None:
    """Draw planet and orbit to scale, seen from the end of the orbit's normal, with the Sun to the right."""
    state, body = view.track.host, resolved.body
    to_sun = view.icrf_to_camera.T @ view.sun.direction
    rows = plane_axes(state, to_sun)
    flat, here = path.positions @ rows.T / 1e3, rows @ state.position / 1e3
    _draw_globe(axes, body, rows, to_sun, view.track.icrf_to_bodyfixed)
    axes.plot(*flat[:, :2].T, color=TRACK, linewidth=1.3, label="path of the craft, one revolution"
              if path.revolution_s else "path of the craft", zorder=3)  # fmt: skip
    _draw_limb_lines(axes, view, rows, here)
    _draw_craft(axes, view, rows, here, 0.22 * float(np.abs(np.concatenate([flat[:, :2], here[None, :2]])).max()))
    _label_apsides(axes, path, flat, view, body)
    _frame(axes, flat, body, float(np.degrees(np.arcsin(np.clip(unit(to_sun) @ rows[2], -1.0, 1.0)))))
    axes.set_title(
        f"Orbit about {body.name.capitalize()}, from the end of its normal\n{_elements_text(state, body, view)}"
    )
    axes.grid(alpha=0.25)
    key_below(axes, 2)


def _draw_craft(axes: Any, view: View, rows: Matrix, here: Vector, reach: float) -> None:
    """Draw the craft with its motion and the optical axis, an arrow ``reach`` km long where it is in the plane."""
    look = rows @ view.icrf_to_camera[2]
    arrow(axes, here[:2], reach * look[:2], PICTURE)
    tilt = np.degrees(np.arcsin(np.clip(look[2], -1.0, 1.0)))
    side = "to" if tilt >= 0.0 else "against"
    axes.plot([], [], color=PICTURE, label=f"optical axis, {abs(tilt):.0f}° out of the plane {side} the normal")
    motion = rows @ unit(view.track.host.velocity)
    arrow(axes, here[:2], 0.7 * reach * motion[:2], CRAFT)
    axes.plot([], [], color=CRAFT, label="motion")
    axes.plot(*here[:2], "o", color=CRAFT, markersize=6, zorder=7)
    outward = 13.0 * here[:2] / max(float(np.linalg.norm(here[:2])), 1e-9)
    note(axes, "craft", (here[0], here[1]), CRAFT, (outward[0], outward[1]))


def _frame(axes: Any, flat: Vector, body: Body, beta_deg: float) -> None:
    """Set limits with room for labels, and draw the direction of the Sun in the upper right corner."""
    from matplotlib.ticker import MaxNLocator

    radius = body.radii_m[0] / 1e3
    low, high = np.minimum(flat[:, :2].min(axis=0), -radius), np.maximum(flat[:, :2].max(axis=0), radius)
    middle, half = (low + high) / 2.0, 0.74 * float((high - low).max())
    axes.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half), aspect="equal")
    tail = np.array([middle[0] + 0.72 * half, middle[1] + 0.88 * half])
    arrow(axes, tail, np.array([0.25 * half, 0.0]), SUN, 2.2)
    note(axes, f"Sun, β = {beta_deg:+.1f}°", (tail[0], tail[1]), SUN, (-6, 0))
    axes.set(xlabel="toward the Sun within the orbit plane, km", ylabel="across, km")
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_formatter("{x:,.0f}")


def _draw_globe(axes: Any, body: Body, rows: Matrix, to_sun: Vector, icrf_to_bodyfixed: Matrix) -> None:
    """Draw the body's ellipsoid as seen from far along the normal, with its night side."""
    from matplotlib.colors import to_rgb

    radius = max(body.radii_m)
    cells = (np.arange(_SIZE) + 0.5) / _SIZE * 2.0 - 1.0
    x, y = np.meshgrid(cells * radius, -cells * radius)
    start = np.stack([x, y, np.full_like(x, 10.0 * radius)], axis=-1).reshape(-1, 3)
    to_fixed = icrf_to_bodyfixed @ rows.T
    rays = np.broadcast_to(to_fixed @ np.array([0.0, 0.0, -1.0]), start.shape)
    points = intersect_ellipsoid(start @ to_fixed.T, rays, body)
    lit = points / np.array(body.radii_m) ** 2 @ (icrf_to_bodyfixed @ to_sun) > 0.0
    image = np.zeros((len(points), 4))
    hit = np.isfinite(points[:, 0])
    image[hit] = (*to_rgb(body_colour(body.name)), 0.5)
    image[hit & ~lit] = (*to_rgb(NIGHT), NIGHT_ALPHA + 0.2)
    edge = radius / 1e3
    axes.imshow(
        image.reshape(_SIZE, _SIZE, 4), extent=(-edge, edge, -edge, edge), interpolation="antialiased", zorder=2
    )


def _draw_limb_lines(axes: Any, view: View, rows: Matrix, here: Vector) -> None:
    """Draw the two lines of sight to the limb that are widest apart in the drawing."""
    planet = view.planet
    assert planet is not None
    eye = view.track.icrf_to_bodyfixed @ view.track.camera.position
    limb = limb_points(eye, planet.body, LIMB_STEPS) @ view.track.icrf_to_bodyfixed @ rows.T / 1e3
    if not len(limb):
        return
    away = limb[:, :2] - here[:2]
    down = -here[:2]
    angle = np.arctan2(down[0] * away[:, 1] - down[1] * away[:, 0], away @ down)
    for k, label in ((int(angle.argmin()), "lines of sight to the limb"), (int(angle.argmax()), None)):
        axes.plot([here[0], limb[k, 0]], [here[1], limb[k, 1]], "--", color=LIMB, linewidth=1.0, label=label, zorder=4)


def _label_apsides(axes: Any, path: OrbitPath, flat: Vector, view: View, body: Body) -> None:
    """Mark the lowest and the highest point of an eccentric revolution with their heights above the ellipsoid."""
    distance = np.linalg.norm(path.positions, axis=1)
    if path.revolution_s is None or distance.max() < 1.02 * distance.min():
        return
    for name, k in (("periapsis", int(distance.argmin())), ("apoapsis", int(distance.argmax()))):
        height = ellipsoid_height(icrf_to_bodyfixed(body, path.epochs[k]) @ path.positions[k], body) / 1e3
        x, y = flat[k, :2]
        axes.plot(x, y, "x", color=TRACK, markersize=6, zorder=6)
        note(axes, f"{name},\n{height:,.0f} km high", (x, y), TRACK, (-7, 10) if x < 0.0 else (7, -10))


def _elements_text(state: State, body: Body, view: View) -> str:
    to_equator = icrf_to_inertial("equator-of-date", body, view.epoch)
    try:
        found = state_to_elements(State(to_equator @ state.position, to_equator @ state.velocity), body.gm_m3_s2)
    except ValueError:
        return "not a closed orbit"
    seconds = period(found, body.gm_m3_s2)
    lasts = f"{seconds / 60.0:.1f} min" if seconds < 7200.0 else f"{seconds / 3600.0:.2f} h"
    return (
        f"a = {found.semi_major_axis / 1e3:,.0f} km, e = {found.eccentricity:.4f}, "
        f"i = {np.degrees(found.inclination):.1f}° (equator of date), period {lasts}"
    )


def draw_solar_system(axes: Any, resolved: ResolvedScene, view: View, path: OrbitPath) -> None:
    """Draw Sun, planets and craft from ecliptic north, in astronomical units."""
    rows = icrf_to_inertial("ecliptic")
    flat = path.positions @ rows.T / AU_M
    here = rows @ view.track.camera.position / AU_M
    axes.plot(*flat[:, :2].T, color=TRACK, linewidth=1.3, label="orbit of the craft, one revolution", zorder=3)
    reach = 1.15 * float(np.abs(flat[:, :2]).max())
    axes.plot(0.0, 0.0, "*", color=SUN, markersize=15, markeredgecolor="white", zorder=6)
    note(axes, "Sun", (0.0, 0.0), SUN, (9, 0))
    for name, colour in BODY_COLOURS.items():
        place = rows @ resolved.almanac.position(name, "sun", view.epoch) / AU_M
        if np.hypot(*place[:2]) > 1.05 * reach:
            continue
        circle = np.radians(np.linspace(0.0, 360.0, 361))
        axes.plot(*np.hypot(*place[:2]) * np.array([np.cos(circle), np.sin(circle)]), ":", color=colour, linewidth=0.8)
        axes.plot(*place[:2], "o", color=colour, markersize=6, zorder=5)
        note(axes, name.capitalize(), (place[0], place[1]), colour, (-8, -8))
        reach = max(reach, 1.1 * float(np.abs(place[:2]).max()))
    look = rows @ view.icrf_to_camera[2]
    arrow(axes, here[:2], 0.22 * reach * look[:2], PICTURE)
    tilt = np.degrees(np.arcsin(np.clip(look[2], -1.0, 1.0)))
    axes.plot([], [], color=PICTURE, label=f"optical axis, ecliptic latitude {tilt:+.0f}°")
    axes.plot([], [], ":", color="#606060", label="planets: circles at their present distance")
    axes.plot(*here[:2], "o", color=CRAFT, markersize=6, zorder=7)
    latitude = np.degrees(np.arcsin(here[2] / np.linalg.norm(here)))
    note(axes, f"craft, {np.linalg.norm(here):.3f} au", (here[0], here[1]), CRAFT, (4, -14))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    axes.set(xlabel="toward the vernal equinox, au", ylabel="ecliptic longitude 90°, au")
    axes.set_title(f"Around the Sun, from ecliptic north; craft at ecliptic latitude {latitude:+.2f}°")
    axes.grid(alpha=0.25)
    key_below(axes, 1)
