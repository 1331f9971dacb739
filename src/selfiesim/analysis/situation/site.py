"""The panels of a landed camera: a plan of the site, and the Sun over the sky in the course of a day."""

from __future__ import annotations

from typing import Any

import numpy as np

from selfiesim.analysis.situation.style import CRAFT, LIMB, PICTURE, SUN, arrow, convex_hull, key_below, note
from selfiesim.astro.epoch import DAY_S
from selfiesim.astro.frames import icrf_to_bodyfixed
from selfiesim.core.vectors import Vector
from selfiesim.view.ground import Ground
from selfiesim.view.resolved_scene import ResolvedScene
from selfiesim.view.view import View

_STEPS = 288  # of the Sun over a day


def azimuth_span_deg(view: View, ground: Ground) -> tuple[float, float]:
    """Left and right edge of the picture along its middle row, azimuths from north through east, degrees."""
    camera = view.camera
    middle = (camera.height - 1) / 2.0
    rays = camera.unproject(np.array([[-0.5, middle], [camera.width - 0.5, middle]])) @ ground.enu_to_camera
    left, right = (np.degrees(np.arctan2(rays[:, 0], rays[:, 1])) % 360.0).tolist()
    return left, right


def draw_site(axes: Any, view: View, ground: Ground) -> None:
    """Draw the site from above: craft, camera, its field of view, and where the Sun is."""
    lens = ground.lens
    reach = float(np.hypot(*lens[:2]))
    for number, craft in enumerate((view.craft, *view.objects)):
        points = (craft.outline() - ground.position) @ ground.enu_to_camera
        outline = convex_hull(points[:, :2])
        colour = CRAFT if number == 0 else LIMB
        axes.fill(*outline.T, facecolor=colour, alpha=0.25, edgecolor=colour, zorder=3)
        middle = outline.mean(axis=0)
        note(axes, craft.name or "craft", (middle[0], middle[1]), colour, (0, 0))
        reach = max(reach, float(np.abs(outline).max()))
    half = 1.3 * reach
    left, right = azimuth_span_deg(view, ground)
    fan = np.radians(left + np.linspace(0.0, (right - left) % 360.0, 60))
    far = 3.0 * half * np.stack([np.sin(fan), np.cos(fan)], axis=-1) + lens[:2]
    axes.fill(*np.concatenate([lens[None, :2], far]).T, facecolor=PICTURE, alpha=0.15, edgecolor=PICTURE, linewidth=1.2,
              label=f"field of view, azimuth {left:.0f}° to {right:.0f}°", zorder=2)  # fmt: skip
    axes.plot(*lens[:2], "o", color=PICTURE, markersize=7, markeredgecolor="white", zorder=6)
    note(axes, f"camera, {ground.lens_height_m:.2f} m above the ground", (lens[0], lens[1]), PICTURE, (9, -9))
    toward = np.array([np.sin(np.radians(ground.sun_azimuth_deg)), np.cos(np.radians(ground.sun_azimuth_deg))])
    height = float(np.degrees(np.arcsin(np.clip(ground.sky.to_sun[2], -1.0, 1.0))))
    tip = 0.93 * half * toward
    arrow(axes, tip, -0.25 * half * toward, SUN, 2.0)
    axes.plot([], [], color=SUN, label=f"sunlight, from azimuth {ground.sun_azimuth_deg:.0f}°, {height:.0f}° high")
    axes.set(xlim=(-half, half), ylim=(-half, half), aspect="equal", xlabel="east, m", ylabel="north, m")
    axes.set_title("The site from above, from the craft's origin")
    axes.grid(alpha=0.3)
    key_below(axes, 1)


def sun_over_day(resolved: ResolvedScene, view: View) -> tuple[Vector, Vector]:
    """Hours from the picture's instant and height of the Sun (N,), degrees, over a rotation of the body.

    Geometric, above the plane of the ellipsoid at the camera.
    """
    body = resolved.body
    assert view.planet is not None
    day_s = 360.0 / (abs(body.meridian.rate) or 360.0) * DAY_S
    hours = np.linspace(-day_s / 2.0, day_s / 2.0, _STEPS + 1) / 3600.0
    position = view.track.icrf_to_bodyfixed @ view.track.camera.position
    zenith = position / np.array(view.planet.body.radii_m) ** 2
    zenith /= np.linalg.norm(zenith)
    heights = []
    for hour in hours:
        epoch = view.epoch + float(hour * 3600.0)
        sun = icrf_to_bodyfixed(body, epoch) @ resolved.almanac.position("sun", body.name, epoch) - position
        heights.append(np.degrees(np.arcsin(sun @ zenith / np.linalg.norm(sun))))
    return hours, np.array(heights)


def draw_sun_height(axes: Any, resolved: ResolvedScene, view: View) -> None:
    """Draw how high the Sun stands in the course of the day about the picture."""
    hours, height = sun_over_day(resolved, view)
    axes.fill_between(hours, -90.0, 0.0, color="#182238", alpha=0.12, linewidth=0)
    axes.plot(hours, height, color=SUN, label="height of the Sun's centre, geometric")
    now = float(view.facts["sun_elevation_below_camera_deg"])
    solar = float(view.facts["local_true_solar_time_h"])
    clock = f"{int(solar):02d}:{int(solar % 1 * 60):02d}"
    axes.plot(0.0, now, "o", color=CRAFT, label=f"this picture: {now:.1f}°, true solar time {clock}")
    axes.axvline(0.0, color=CRAFT, linewidth=1.0, linestyle="--")
    axes.set(xlabel="hours from the picture", ylabel="height of the Sun, °", xlim=(hours[0], hours[-1]))
    axes.set(ylim=(min(-30.0, height.min() - 5.0), max(90.0, height.max() + 5.0) if height.max() > 60 else 70.0))
    axes.set_title("The Sun over the site in a rotation of the planet")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8.5, loc="best")
